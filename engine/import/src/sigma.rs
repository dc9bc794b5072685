//! Sigma: rules that look for keywords anywhere in an event.

use std::collections::BTreeMap;

use lexhold_model::Severity;
use serde::Deserialize;
use serde_json::Value;

use crate::ImportError;
use crate::draft::{Draft, Drafts, View};
use crate::json_lines::{objects, typed};
use crate::loss::Losses;
use crate::yaml::Yaml;

#[derive(Deserialize)]
struct Rule {
    title: String,
    id: Option<String>,
    #[serde(default)]
    description: String,
    level: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    detection: BTreeMap<String, Value>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Keys about the rule, not about what it looks for.
const ABOUT: [&str; 9] = [
    "author",
    "date",
    "modified",
    "references",
    "status",
    "logsource",
    "license",
    "related",
    "name",
];

/// Reads rules, one a YAML document.
pub(crate) fn read(text: &str) -> Result<Drafts, ImportError> {
    let rules = objects(text).map_err(|reason| ImportError::Unreadable {
        format: "rules of Sigma",
        reason,
    })?;
    let mut drafts = Drafts {
        format: "Sigma",
        n_read: rules.len(),
        ..Drafts::default()
    };
    for (n, rule) in rules.into_iter().enumerate() {
        match typed::<Rule>(rule) {
            Ok(rule) => match draft(&rule, &mut drafts.losses) {
                Ok(draft) => drafts.rules.push(draft),
                Err((reason, detail)) => drafts.losses.whole(&rule.title, "rule", reason, detail),
            },
            Err(reason) => drafts
                .losses
                .whole(&format!("document {}", n + 1), "rule", "it cannot be read", reason),
        }
    }
    Ok(drafts)
}

fn draft(rule: &Rule, losses: &mut Losses) -> Result<Draft, (&'static str, String)> {
    let selections = condition(rule)?;
    for key in rule.rest.keys().filter(|key| !ABOUT.contains(&key.as_str())) {
        losses.part(&rule.title, "key", "there is nothing like it", key);
    }
    if rule.rest.contains_key("logsource") {
        losses.part(&rule.title, "logsource", "messages are the only source here", "");
    }
    let mut patterns = Vec::new();
    let mut items: Vec<Yaml> = Vec::new();
    for (selection, all) in &selections.named {
        let found: Vec<String> = selection.iter().map(|word| contains(word)).collect();
        patterns.extend(found.iter().cloned());
        items.push(joined(*all, found));
    }
    let matches = match (items.len(), selections.all) {
        (1, _) => match items.pop() {
            Some(Yaml::Map(entries)) => entries,
            _ => Vec::new(),
        },
        (_, true) => vec![("all", Yaml::List(items))],
        (_, false) => vec![("any", Yaml::List(items))],
    };
    Ok(Draft {
        item: rule.id.clone().unwrap_or_else(|| rule.title.clone()),
        title: Some(rule.title.clone()),
        severity: match rule.level.as_deref() {
            Some("informational") => Severity::Info,
            Some("low") => Severity::Low,
            Some("high") => Severity::High,
            Some("critical") => Severity::Critical,
            _ => Severity::Medium,
        },
        why: crate::secrets::or(&rule.description, &rule.title),
        labels: rule.tags.clone(),
        view: View::Folded,
        keys: Vec::new(),
        hits: selections.samples(),
        matches,
        patterns,
        misses: Vec::new(),
    })
}

/// Several patterns: all of them, or any.
fn joined(all: bool, patterns: Vec<String>) -> Yaml {
    if all {
        let each = patterns
            .into_iter()
            .map(|pattern| Yaml::Map(vec![("regex", Yaml::Text(pattern))]));
        return Yaml::Map(vec![("all", Yaml::List(each.collect()))]);
    }
    Yaml::Map(vec![("regex", Yaml::texts(patterns))])
}

/// The lists of keywords that a rule wants, and whether it wants something of each of them.
struct Selections {
    named: Vec<(Vec<String>, bool)>,
    all: bool,
}

impl Selections {
    /// Texts that hold what the condition wants of each list.
    fn samples(&self) -> Vec<String> {
        let wanted = self
            .named
            .iter()
            .flat_map(|(words, all)| &words[..if *all { words.len() } else { 1 }]);
        let words: Vec<String> = wanted.map(|word| word.replace(['*', '?'], "a")).collect();
        [" ", " and "]
            .iter()
            .map(|joint| format!("see {} there", words.join(joint)))
            .collect()
    }
}

/// Reads a condition: names of lists joined by `and` or `or`, `1 of …`, `all of …`.
fn condition(rule: &Rule) -> Result<Selections, (&'static str, String)> {
    let Some(condition) = rule.detection.get("condition").and_then(Value::as_str) else {
        return Err(("its condition is no text", String::new()));
    };
    let strange = || ("its condition is more than lists of keywords", condition.to_owned());
    let words: Vec<&str> = condition.split_whitespace().collect();
    let (names, all): (Vec<&String>, bool) = match words[..] {
        ["1" | "any" | "all", "of", which] => {
            let all = words[0] == "all";
            let prefix = if which == "them" {
                Some("")
            } else {
                which.strip_suffix('*')
            };
            let names = rule.detection.keys().filter(|name| name.as_str() != "condition");
            (
                names
                    .filter(|name| prefix.map_or(*name == which, |prefix| name.starts_with(prefix)))
                    .collect(),
                all,
            )
        }
        _ => {
            let joints: Vec<&str> = words.iter().copied().skip(1).step_by(2).collect();
            let all = joints.iter().all(|joint| *joint == "and");
            if words.len().is_multiple_of(2) || !(all || joints.iter().all(|joint| *joint == "or")) {
                return Err(strange());
            }
            let name = |name: &str| {
                rule.detection
                    .get_key_value(name)
                    .map(|(name, _)| name)
                    .ok_or_else(strange)
            };
            let names: Result<Vec<&String>, _> = words.iter().step_by(2).map(|word| name(word)).collect();
            (names?, all)
        }
    };
    let named: Option<Vec<_>> = names.iter().map(|name| keywords(&rule.detection[*name])).collect();
    match named {
        Some(named) if !named.is_empty() => Ok(Selections { named, all }),
        Some(_) => Err(strange()),
        None => Err((
            "it looks at fields of an event",
            names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", "),
        )),
    }
}

/// A list of keywords, and whether all are wanted; `None` if it speaks of fields.
fn keywords(selection: &Value) -> Option<(Vec<String>, bool)> {
    match selection {
        Value::Array(_) | Value::String(_) | Value::Number(_) => Some((words(selection)?, false)),
        Value::Object(map) if map.len() == 1 => Some((words(map.get("|all")?)?, true)),
        _ => None,
    }
}

fn words(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(word) => Some(vec![word.clone()]),
        Value::Number(number) => Some(vec![number.to_string()]),
        Value::Array(items) if !items.is_empty() => {
            let each: Option<Vec<Vec<String>>> = items
                .iter()
                .map(|item| if item.is_array() { None } else { words(item) })
                .collect();
            each.map(|each| each.concat())
        }
        _ => None,
    }
}

/// A keyword as a pattern: it stands anywhere, `*` and `?` stand for anything in its line.
fn contains(keyword: &str) -> String {
    let mut pattern = String::new();
    let mut chars = keyword.trim_matches('*').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(|next| matches!(next, '*' | '?' | '\\')) => {
                pattern.push('\\');
                pattern.extend(chars.next());
            }
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            c => pattern.push_str(&regex_syntax::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern
}
