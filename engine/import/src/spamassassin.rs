//! SpamAssassin: Perl patterns over the body of a mail, from a `.cf` file.

use std::collections::BTreeMap;

use lexhold_model::Severity;
use serde::Deserialize;

use crate::draft::{Draft, Drafts, View, regex};
use crate::json_lines::{objects, typed};
use crate::loss::Losses;
use crate::pattern::{Escapes, translate};
use crate::secrets::or;
use crate::yaml::Yaml;
use crate::{ImportError, names};

/// A rule, whichever way it was written.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
struct Rule {
    id: String,
    kind: String,
    regex: String,
    flags: String,
    header: String,
    negated: bool,
    describe: String,
    /// One number, or four for four ways to run, of which the first counts.
    score: String,
    tflags: String,
    uses_replace_tags: bool,
}

/// Reads a `.cf` file, or its rules as objects a line.
pub(crate) fn read(text: &str) -> Result<Drafts, ImportError> {
    let mut losses = Losses::default();
    let rules = if text.trim_start().starts_with(['{', '[']) {
        let objects = objects(text).and_then(|objects| objects.into_iter().map(typed).collect());
        objects.map_err(|reason| ImportError::Unreadable {
            format: "rules of SpamAssassin",
            reason,
        })?
    } else {
        configuration(text, &mut losses)
    };
    let mut drafts = Drafts {
        format: "SpamAssassin",
        n_read: rules.len() + losses.0.iter().filter(|loss| loss.whole).count(),
        losses,
        ..Drafts::default()
    };
    for rule in &rules {
        match draft(rule, &mut drafts.losses) {
            Ok(draft) => drafts.rules.push(draft),
            Err((reason, detail)) => drafts.losses.whole(&rule.id, "rule", reason, detail),
        }
    }
    Ok(drafts)
}

fn draft(rule: &Rule, losses: &mut Losses) -> Result<Draft, (&'static str, String)> {
    let mut keys = Vec::new();
    match (rule.kind.as_str(), rule.header.as_str()) {
        ("body" | "rawbody", _) if rule.tflags.split(' ').any(|flag| flag == "nosubject") => {
            keys.push(("parts", Yaml::Flow(Box::new(Yaml::texts(BODY)))));
        }
        ("body" | "rawbody", _) => {}
        ("header", "Subject") => keys.push(("parts", Yaml::Flow(Box::new(Yaml::texts(["subject"]))))),
        ("header", header) => return Err(("it looks at a header", header.to_owned())),
        ("uri", _) => return Err(("it looks at links alone", String::new())),
        ("meta", _) => return Err(("it combines other rules", String::new())),
        (kind, _) => return Err(("it looks at the make-up of a mail", kind.to_owned())),
    }
    if rule.negated {
        return Err(("it wants the absence of something", String::new()));
    }
    if rule.uses_replace_tags {
        return Err(("it uses tags that stand elsewhere", String::new()));
    }
    let Some(pattern) = translate(&rule.regex, Escapes::Bytes) else {
        return Err(("it looks for bytes, not characters", String::new()));
    };
    let caseless = rule.flags.contains('i');
    // The folded view has what a body is there: no case, single spaces. It cannot serve who tells case or lines apart.
    let folded = caseless && rule.kind != "rawbody" && !pattern.contains("(?-i");
    let wanted = if folded { "msx" } else { "imsx" };
    let flags: String = rule.flags.chars().filter(|flag| wanted.contains(*flag)).collect();
    let (matches, body) = regex(&pattern, &flags);
    if let Some(strange) = rule.flags.chars().find(|flag| !"imsx".contains(*flag)) {
        losses.part(&rule.id, "flag", "there is nothing like it", strange);
    }
    if !folded && rule.kind != "rawbody" && pattern.contains(' ') {
        losses.part(
            &rule.id,
            "space",
            "a space there is any white space, here only a space",
            "",
        );
    }
    for flag in rule
        .tflags
        .split(' ')
        .filter(|flag| !["", "nosubject", "publish", "nopublish"].contains(flag))
    {
        losses.part(&rule.id, "tflags", "there is nothing like it", flag);
    }
    Ok(Draft {
        item: rule.id.clone(),
        title: None,
        severity: severity(rule),
        why: or(&rule.describe, &format!("A rule of SpamAssassin hits: {}", rule.id)),
        labels: Vec::new(),
        view: if folded { View::Folded } else { View::Raw },
        keys,
        matches,
        patterns: vec![body],
        hits: Vec::new(),
        misses: Vec::new(),
    })
}

/// The parts of the body.
const BODY: [&str; 5] = ["authored", "quoted", "forwarded", "signature", "disclaimer"];

/// How grave a score is; a rule that lowers it, or only serves others, is worth knowing of at most.
fn severity(rule: &Rule) -> Severity {
    let score: Option<f64> = rule.score.split(' ').next().and_then(|score| score.parse().ok());
    match score {
        _ if rule.id.starts_with("__") => Severity::Info,
        None => Severity::Low,
        Some(score) if score >= 3.0 => Severity::High,
        Some(score) if score >= 1.5 => Severity::Medium,
        Some(score) if score > 0.0 => Severity::Low,
        Some(_) => Severity::Info,
    }
}

/// Reads the lines of a `.cf` file.
fn configuration(text: &str, losses: &mut Losses) -> Vec<Rule> {
    let mut order: Vec<String> = Vec::new();
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (setting, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let (id, value) = rest
            .trim_start()
            .split_once(char::is_whitespace)
            .unwrap_or((rest.trim(), ""));
        let value = value.trim();
        let known = rules.get_mut(id);
        match setting {
            "body" | "rawbody" | "full" | "uri" | "header" | "mimeheader" | "meta" => {
                match definition(setting, id, value) {
                    Some(rule) => {
                        if rules.insert(id.to_owned(), rule).is_none() {
                            order.push(id.to_owned());
                        }
                    }
                    None => losses.whole(id, "rule", "it is no pattern", value),
                }
            }
            "describe" => with(known, |rule| rule.describe = value.to_owned()),
            "score" => with(known, |rule| rule.score = value.to_owned()),
            "tflags" => with(known, |rule| rule.tflags = value.to_owned()),
            "replace_rules" => {
                for id in std::iter::once(id).chain(value.split_whitespace()) {
                    with(rules.get_mut(id), |rule| rule.uses_replace_tags = true);
                }
            }
            setting => {
                let setting = names::id(setting);
                losses.part(&format!("line {}", n + 1), "setting", "it is no rule", setting);
            }
        }
    }
    order.iter().filter_map(|id| rules.remove(id)).collect()
}

fn with(rule: Option<&mut Rule>, change: impl FnOnce(&mut Rule)) {
    if let Some(rule) = rule {
        change(rule);
    }
}

/// A rule from what stands behind its id: `/pattern/flags`, `m{pattern}flags` or `Header =~ /pattern/flags`.
fn definition(kind: &str, id: &str, value: &str) -> Option<Rule> {
    let mut rule = Rule {
        id: id.to_owned(),
        kind: kind.to_owned(),
        ..Rule::default()
    };
    let mut value = value;
    match kind {
        "meta" => return Some(rule),
        "header" | "mimeheader" => {
            let (header, sign, rest) = match (value.split_once("=~"), value.split_once("!~")) {
                (Some((header, rest)), _) => (header, "=~", rest),
                (None, Some((header, rest))) => (header, "!~", rest),
                (None, None) => return None,
            };
            rule.header = header.trim().to_owned();
            rule.negated = sign == "!~";
            value = rest.trim();
        }
        _ => {}
    }
    let (open, rest) = match value.strip_prefix('m') {
        Some(rest) => (rest.chars().next()?, &rest[rest.chars().next()?.len_utf8()..]),
        None => ('/', value.strip_prefix('/')?),
    };
    let close = match open {
        '{' => '}',
        '(' => ')',
        '[' => ']',
        '<' => '>',
        same => same,
    };
    let (pattern, flags) = rest.rsplit_once(close)?;
    // What `[if-unset: …]` says is for the absence of a header.
    rule.flags = flags.split_whitespace().next().unwrap_or_default().to_owned();
    rule.regex = pattern.replace(&format!("\\{open}"), &escaped(open));
    Some(rule)
}

/// A delimiter that was escaped to be none, as a pattern means it.
fn escaped(c: char) -> String {
    if c.is_ascii_punctuation() {
        format!("\\{c}")
    } else {
        c.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_rules() {
        let mut losses = Losses::default();
        let text = r"
# a comment
body     MONEY   /million\/dollars?/i
describe MONEY   Much money
score    MONEY   1.5 2.0
body     BRACES  m{a/b}s
header   URGENT  Subject =~ /urgent/i  [if-unset: none]
header   ABSENT  Subject !~ /re:/
body     EVALED  eval:check()
meta     BOTH    (MONEY && URGENT)
required_score 5
";
        let rules = configuration(text, &mut losses);
        let shown: Vec<String> = rules
            .iter()
            .map(|r| format!("{} {} {} {} {} {}", r.kind, r.id, r.header, r.regex, r.flags, r.negated))
            .collect();
        assert_eq!(
            shown,
            [
                r"body MONEY  million\/dollars? i false",
                "body BRACES  a/b s false",
                "header URGENT Subject urgent i false",
                "header ABSENT Subject re:  true",
                "meta BOTH    false",
            ]
        );
        assert_eq!(
            (rules[0].describe.as_str(), severity(&rules[0])),
            ("Much money", Severity::Medium)
        );
        let lost: Vec<&str> = losses.0.iter().map(|loss| loss.item.as_str()).collect();
        assert_eq!(lost, ["EVALED", "line 11"]);
    }
}
