//! Presidio: recognisers of personal data, as regular expressions or lists of words.

use std::collections::BTreeMap;

use lexhold_model::Severity;
use rustc_hash::FxHashSet;
use serde::Deserialize;
use serde_json::Value;

use crate::ImportError;
use crate::draft::{Draft, Drafts, View, regex};
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

/// Validators of ours that accept what those of an entity do.
const VALIDATORS: [(&str, &str); 12] = [
    ("ABA_ROUTING_NUMBER", "aba"),
    ("CREDIT_CARD", "luhn"),
    ("DE_TAX_ID", "mod11_10"),
    ("ES_NIE", "es_nif"),
    ("ES_NIF", "es_nif"),
    ("FI_PERSONAL_IDENTITY_CODE", "fi_hetu"),
    ("IBAN_CODE", "iban"),
    ("IN_AADHAAR", "verhoeff"),
    ("IT_FISCAL_CODE", "it_codice_fiscale"),
    ("PL_PESEL", "pl_pesel"),
    ("TR_NATIONAL_ID", "tr_kimlik"),
    ("UK_NHS", "nhs"),
];

/// Texts that no guess finds: their check digits, letters and length have to go together.
const HARD: [(&str, &str); 2] = [
    ("IBAN_CODE", "DE89370400440532013000"),
    ("IBAN_CODE", "paid from GB33BUKB20201555555555 today"),
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
            matches: vec![("phrase", Yaml::texts(&recogniser.deny_list))],
            ..blank(entity, &format!("{entity} words"), Severity::Low)
        });
    }
}

fn draft(recogniser: &Recogniser, entity: &str, item: &str, pattern: &Pattern, losses: &mut Losses) -> Option<Draft> {
    // There patterns know no case, and `.` and `^` know lines.
    let (mut matches, body) = regex(&translate(&pattern.regex, Escapes::Characters)?, "ms");
    matches.push(("unicode", Yaml::Bool(true)));
    let known = VALIDATORS
        .iter()
        .find(|(known, _)| *known == entity)
        .map(|(_, name)| *name);
    match known.filter(|_| recogniser.has_validator) {
        Some(validator) => matches.push(("validate", Yaml::text(validator))),
        None if recogniser.has_validator => losses.part(item, "validator", "there is none like it", ""),
        None => {}
    }
    if recogniser.has_invalidator {
        losses.part(item, "invalidator", "there is none like it", "");
    }
    let severity = match pattern.score {
        score if score >= 0.5 => Severity::Medium,
        score if score >= 0.3 => Severity::Low,
        _ => Severity::Info,
    };
    Some(Draft {
        hits: HARD
            .iter()
            .filter(|(known, _)| *known == entity)
            .map(|(_, text)| (*text).to_owned())
            .collect(),
        keys: confidence(pattern.score, &recogniser.context),
        matches,
        patterns: vec![body],
        ..blank(entity, item, severity)
    })
}

/// A score as a tier, and the next tier where a word of the context stands among the five before.
fn confidence(score: f64, context: &[String]) -> Vec<(&'static str, Yaml)> {
    let (tier, next) = match score {
        score if score >= 0.7 => ("high", None),
        score if score >= 0.4 => ("medium", Some("high")),
        _ => ("low", Some("medium")),
    };
    let mut words: Vec<String> = context.iter().map(|word| word.trim().to_lowercase()).collect();
    let mut seen = FxHashSet::default();
    words.retain(|word| {
        let plain = word
            .split(|c: char| !c.is_alphanumeric())
            .filter(|piece| !piece.is_empty());
        let plain = plain.collect::<Vec<_>>().join(" ");
        !plain.is_empty() && seen.insert(plain)
    });
    let mut tiers = vec![(tier, Yaml::Flow(Box::new(Yaml::Map(Vec::new()))))];
    let mut keys = Vec::new();
    if let Some(next) = next.filter(|_| !words.is_empty()) {
        let evidence = vec![
            ("name", Yaml::text("context")),
            ("match", Yaml::texts(words)),
            ("within", Yaml::Int(5)),
            ("side", Yaml::text("before")),
        ];
        keys.push(("support", Yaml::List(vec![Yaml::Map(evidence)])));
        tiers.push((
            next,
            Yaml::Flow(Box::new(Yaml::Map(vec![("all", Yaml::text("context"))]))),
        ));
    }
    keys.push(("confidence", Yaml::Map(tiers)));
    keys
}

fn blank(entity: &str, item: &str, severity: Severity) -> Draft {
    Draft {
        item: item.to_owned(),
        title: None,
        severity,
        why: format!("It may be personal data: {entity}"),
        labels: vec![entity.to_lowercase()],
        view: View::Folded,
        keys: Vec::new(),
        matches: Vec::new(),
        patterns: Vec::new(),
        hits: Vec::new(),
        misses: Vec::new(),
    }
}
