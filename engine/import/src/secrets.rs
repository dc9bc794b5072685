//! Kingfisher and Nosey Parker: secrets, as regular expressions in YAML.

use std::collections::BTreeMap;

use lexhold_model::Severity;
use serde::Deserialize;
use serde_json::Value;

use crate::draft::{Draft, Drafts, View};
use crate::json_lines::{items, typed};
use crate::loss::Losses;
use crate::pattern::{Escapes, Secret, secret, translate};
use crate::yaml::Yaml;
use crate::{ImportError, Options};

#[derive(Deserialize)]
struct Rule {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(alias = "regex")]
    pattern: String,
    min_entropy: Option<f64>,
    confidence: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    examples: Vec<String>,
    #[serde(default)]
    negative_examples: Vec<String>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Reads rules: those under `rules`, or one a line.
pub(crate) fn read(format: &'static str, text: &str, options: &Options) -> Result<Drafts, ImportError> {
    let rules = items(text, "rules").map_err(|reason| ImportError::Unreadable { format, reason })?;
    let mut drafts = Drafts {
        format,
        n_read: rules.len(),
        ..Drafts::default()
    };
    for (n, rule) in rules.into_iter().enumerate() {
        match typed::<Rule>(rule) {
            Ok(rule) => {
                let draft = draft(&rule, options, &mut drafts.losses);
                drafts.rules.extend(draft);
            }
            Err(reason) => drafts
                .losses
                .whole(&format!("rule {}", n + 1), "rule", "it cannot be read", reason),
        }
    }
    Ok(drafts)
}

fn draft(rule: &Rule, options: &Options, losses: &mut Losses) -> Option<Draft> {
    let pattern = translate(&rule.pattern, Escapes::Characters)?;
    let mut matches = vec![("regex", Yaml::text(&pattern))];
    entropy(&rule.id, &pattern, None, rule.min_entropy, &mut matches, losses);
    for key in rule.rest.keys() {
        losses.part(&rule.id, "key", "there is nothing like it", key);
    }
    let severity = match rule.confidence.as_deref() {
        Some("low") => Severity::Low,
        Some("high") => Severity::High,
        _ => options.severity,
    };
    Some(Draft {
        item: rule.id.clone(),
        title: (!rule.name.is_empty()).then(|| rule.name.clone()),
        severity,
        why: or(
            &rule.description,
            &format!("It may be a secret: {}", or(&rule.name, &rule.id)),
        ),
        labels: rule.categories.clone(),
        view: View::Raw,
        keys: Vec::new(),
        matches,
        patterns: vec![pattern],
        hits: rule.examples.clone(),
        misses: rule.negative_examples.clone(),
    })
}

/// Adds what a rule says about the least entropy of its secret, where that is the whole match.
pub(crate) fn entropy(
    item: &str,
    pattern: &str,
    group: Option<u32>,
    least: Option<f64>,
    matches: &mut Vec<(&'static str, Yaml)>,
    losses: &mut Losses,
) {
    let Some(least) = least.filter(|least| *least > 0.0) else {
        return;
    };
    if secret(pattern, group) == Some(Secret::Whole) {
        let min = Yaml::Map(vec![("min", Yaml::Float(least))]);
        matches.push(("validate", Yaml::Flow(Box::new(Yaml::Map(vec![("entropy", min)])))));
    } else {
        losses.part(item, "entropy", "it is that of a part of the match", least.to_string());
    }
}

/// A text, or another one where it is empty.
pub(crate) fn or(text: &str, otherwise: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        otherwise.to_owned()
    } else {
        text.to_owned()
    }
}
