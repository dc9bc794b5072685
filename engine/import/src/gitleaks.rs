//! gitleaks: secrets in code, as regular expressions in TOML.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

use crate::draft::{Draft, Drafts, View};
use crate::loss::Losses;
use crate::pattern::{Escapes, Secret, always_contains, secret, translate, with_secret};
use crate::yaml::Yaml;
use crate::{ImportError, Options, secrets};

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default, alias = "allowlist")]
    allowlists: OneOrMany,
}

#[derive(Default, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    #[default]
    None,
    One(Box<Allowlist>),
    Many(Vec<Allowlist>),
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    #[serde(default)]
    description: String,
    regex: Option<String>,
    entropy: Option<f64>,
    #[serde(rename = "secretGroup")]
    secret_group: Option<u32>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default, alias = "allowlist")]
    allowlists: OneOrMany,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Allowlist {
    condition: Option<String>,
    #[serde(rename = "regexTarget")]
    target: Option<String>,
    regexes: Vec<String>,
    stopwords: Vec<String>,
    paths: Vec<String>,
    commits: Vec<String>,
}

/// What most patterns demand behind a secret: the end of the text, of a word in quotes or of a line.
const END: &str = r#"(?:[\x60'"\s;]|\\[nr]|$)"#;

/// The same said of what does not stand there, so that it does not belong to the match.
const NO_END: [&str; 2] = [r#"[^\x60'"\s;\\]"#, r"\\(?:[^nrNR]|$)"];

impl OneOrMany {
    fn as_slice(&self) -> &[Allowlist] {
        match self {
            OneOrMany::None => &[],
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

/// Reads a configuration.
pub(crate) fn read(text: &str, options: &Options) -> Result<Drafts, ImportError> {
    let configuration: Configuration = toml::from_str(text).map_err(|error| ImportError::Unreadable {
        format: "a configuration of gitleaks",
        reason: error.message().to_owned(),
    })?;
    let mut drafts = Drafts {
        format: "gitleaks",
        n_read: configuration.rules.len(),
        ..Drafts::default()
    };
    for (n, list) in configuration.allowlists.as_slice().iter().enumerate() {
        let item = format!("allowlist {}", n + 1);
        elsewhere(&item, list, &mut drafts.losses);
        for allowed in &list.regexes {
            drafts
                .losses
                .part(&item, "allowlist", "it is meant for all rules at once", allowed);
        }
    }
    for rule in &configuration.rules {
        let draft = draft(rule, options, &mut drafts.losses);
        drafts.rules.extend(draft);
    }
    Ok(drafts)
}

fn draft(rule: &Rule, options: &Options, losses: &mut Losses) -> Option<Draft> {
    let item = &rule.id;
    let Some(regex) = &rule.regex else {
        losses.whole(item, "rule", "it looks at the names of files only", "");
        return None;
    };
    // Without bytes among its escapes any pattern can be put in our syntax.
    let whole = translate(regex, Escapes::Characters)?;
    let pattern = whole.strip_suffix(END).unwrap_or(&whole);
    let mut matches = vec![("regex", Yaml::text(pattern))];
    if pattern.len() < whole.len() {
        matches.push(("not_followed_by", Yaml::texts(NO_END)));
    }
    secrets::entropy(item, pattern, rule.secret_group, rule.entropy, &mut matches, losses);
    if !rule.keywords.is_empty() && !always_contains(pattern, &rule.keywords) {
        losses.part(
            item,
            "keywords",
            "a match need not contain one",
            rule.keywords.join(", "),
        );
    }
    for key in rule.rest.keys() {
        losses.part(item, "key", "there is nothing like it", key);
    }
    let mut unless = Vec::new();
    for list in rule.allowlists.as_slice() {
        elsewhere(item, list, losses);
        for allowed in &list.regexes {
            match exclusion(pattern, rule.secret_group, list, allowed) {
                Some(exclusion) => unless.push(exclusion),
                None => losses.part(item, "allowlist", "it looks inside the match or beside it", allowed),
            }
        }
    }
    if !unless.is_empty() {
        matches.push(("unless", Yaml::List(unless)));
    }
    Some(Draft {
        item: item.clone(),
        title: None,
        severity: options.severity,
        why: secrets::or(&rule.description, item),
        labels: rule.tags.clone(),
        view: View::Raw,
        keys: Vec::new(),
        matches,
        patterns: vec![pattern.to_owned()],
        hits: Vec::new(),
        misses: Vec::new(),
    })
}

/// An allowed text as an item of `unless`, where that means the same.
fn exclusion(pattern: &str, group: Option<u32>, list: &Allowlist, allowed: &str) -> Option<Yaml> {
    let both_wanted = list
        .condition
        .as_deref()
        .is_some_and(|word| word.eq_ignore_ascii_case("and") || word == "&&");
    if both_wanted && (!list.paths.is_empty() || !list.stopwords.is_empty() || !list.commits.is_empty()) {
        return None;
    }
    let allowed = translate(allowed, Escapes::Characters)?;
    let excluded = match list.target.as_deref() {
        None | Some("secret") => with_secret(pattern, group, &allowed)?,
        Some("match") if secret(pattern, group) == Some(Secret::Whole) => with_secret(pattern, group, &allowed)?,
        _ => return None,
    };
    Some(Yaml::Map(vec![("regex", Yaml::Text(excluded))]))
}

/// What an allowlist says about files and commits, which messages have not, and about words inside a match.
fn elsewhere(item: &str, list: &Allowlist, losses: &mut Losses) {
    for (values, reason) in [
        (&list.paths, "it looks at the names of files"),
        (&list.commits, "it looks at commits"),
        (&list.stopwords, "it looks inside the match or beside it"),
    ] {
        if !values.is_empty() {
            let many = if values.len() == 1 { "entry" } else { "entries" };
            losses.part(item, "allowlist", reason, format!("{} {many}", values.len()));
        }
    }
}
