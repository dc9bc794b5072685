//! Presidio: recognisers of personal data, as regular expressions or lists of words.

use std::collections::BTreeMap;

use lexhold_model::Severity;
use serde::Deserialize;
use serde_json::Value;

use crate::ImportError;
use crate::draft::{Draft, Drafts, View};
use crate::json_lines::{items, typed};
use crate::loss::Losses;
use crate::pattern::{Escapes, translate};
use crate::yaml::Yaml;

#[derive(Deserialize)]
struct Recogniser {
    #[serde(alias = "recognizer")]
    name: String,
    #[serde(alias = "supported_entity")]
    entity: Option<String>,
    #[serde(default)]
    patterns: Vec<Pattern>,
    #[serde(default)]
    deny_list: Vec<String>,
    #[serde(default, alias = "context_words")]
    context: Vec<String>,
    #[serde(default)]
    has_validator: bool,
    #[serde(default)]
    has_invalidator: bool,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Pattern {
    name: String,
    regex: String,
    score: f64,
}

/// Keys that say nothing of what is looked for.
const BESIDE_THE_POINT: [&str; 6] = [
    "language",
    "supported_language",
    "supported_languages",
    "country",
    "type",
    "enabled",
];

/// Reads recognisers: those under `recognizers`, or a list.
pub(crate) fn read(text: &str) -> Result<Drafts, ImportError> {
    let recognisers = items(text, "recognizers").map_err(|reason| ImportError::Unreadable {
        format: "recognisers of Presidio",
        reason,
    })?;
    let mut drafts = Drafts {
        format: "Presidio",
        ..Drafts::default()
    };
    for (n, recogniser) in recognisers.into_iter().enumerate() {
        match typed::<Recogniser>(recogniser) {
            Ok(recogniser) => add(&recogniser, &mut drafts),
            Err(reason) => {
                drafts.n_read += 1;
                let item = format!("recogniser {}", n + 1);
                drafts.losses.whole(&item, "rule", "it cannot be read", reason);
            }
        }
    }
    Ok(drafts)
}

/// A rule for each pattern, and one for the words.
fn add(recogniser: &Recogniser, drafts: &mut Drafts) {
    let entity = recogniser.entity.as_deref().unwrap_or(&recogniser.name);
    drafts.n_read += recogniser.patterns.len() + usize::from(!recogniser.deny_list.is_empty());
    if recogniser.patterns.is_empty() && recogniser.deny_list.is_empty() {
        drafts.n_read += 1;
        drafts
            .losses
            .whole(entity, "rule", "it has neither patterns nor words", "");
    }
    for key in recogniser
        .rest
        .keys()
        .filter(|key| !BESIDE_THE_POINT.contains(&key.as_str()))
    {
        drafts.losses.part(entity, "key", "there is nothing like it", key);
    }
    for pattern in &recogniser.patterns {
        let item = format!("{entity} {}", pattern.name);
        match draft(recogniser, entity, &item, pattern, &mut drafts.losses) {
            Some(draft) => drafts.rules.push(draft),
            None => drafts
                .losses
                .whole(&item, "rule", "it looks for bytes, not characters", ""),
        }
    }
    if !recogniser.deny_list.is_empty() {
        drafts.rules.push(Draft {
            hits: recogniser.deny_list.clone(),
            ..blank(
                entity,
                &format!("{entity} words"),
                Severity::Low,
                ("phrase", Yaml::texts(&recogniser.deny_list)),
            )
        });
    }
}

fn draft(recogniser: &Recogniser, entity: &str, item: &str, pattern: &Pattern, losses: &mut Losses) -> Option<Draft> {
    // There patterns know no case, and `.` and `^` know lines.
    let source = format!("(?ms){}", translate(&pattern.regex, Escapes::Characters)?);
    if recogniser.has_validator {
        losses.part(item, "validator", "it is a program", "");
    }
    if recogniser.has_invalidator {
        losses.part(item, "invalidator", "it is a program", "");
    }
    if !recogniser.context.is_empty() {
        losses.part(
            item,
            "context",
            "scores are no conditions",
            recogniser.context.join(", "),
        );
    }
    let severity = match pattern.score {
        score if score >= 0.5 => Severity::Medium,
        score if score >= 0.3 => Severity::Low,
        _ => Severity::Info,
    };
    let mut draft = blank(entity, item, severity, ("regex", Yaml::text(&source)));
    draft.matches.push(("unicode", Yaml::Bool(true)));
    draft.patterns = vec![source];
    Some(draft)
}

fn blank(entity: &str, item: &str, severity: Severity, matched: (&'static str, Yaml)) -> Draft {
    Draft {
        item: item.to_owned(),
        title: None,
        severity,
        why: format!("It may be personal data: {entity}"),
        labels: vec![entity.to_lowercase()],
        view: View::Folded,
        keys: Vec::new(),
        matches: vec![matched],
        patterns: Vec::new(),
        hits: Vec::new(),
        misses: Vec::new(),
    }
}
