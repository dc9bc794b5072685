//! Which alternatives and exclusions of pattern rules tests have seen.
//!
//! A program says that a rule hit, not by which of its alternatives. So each alternative becomes a rule of its own, which has it
//! in place of the list that it stands in, and each item of `unless` one that has no other; a second program runs them.

use std::collections::BTreeMap;

use lexhold_document::{Diagnostics, Document, Kind, Node, Place, Value};
use lexhold_model::Row;
use lexhold_rules::{Program, RuleHit, Scanner, check_examples};

use super::What;
use crate::hits::parts_of;
use crate::parts::split;
use crate::tree::{Step, at, remove};

/// An alternative or exclusion, before it is known whether it is asked for.
pub(super) struct Choice {
    /// The full id of its rule.
    pub rule: String,
    pub what: What,
    pub place: Place,
}

/// The alternatives of all rules, runnable.
pub(super) struct Alternatives {
    program: Program,
    pub choices: Vec<Choice>,
    /// The positions of choices, by that of their rule in the program.
    by_rule: BTreeMap<u32, usize>,
}

impl Alternatives {
    pub(super) fn of(documents: &[Document]) -> Self {
        let mut choices = Vec::new();
        let mut names = Vec::new();
        let mut apart = Vec::new();
        for document in documents {
            match document.kind {
                Kind::Ruleset => apart.extend(ruleset(document, &mut choices, &mut names)),
                Kind::Lexicon | Kind::Disclaimer => apart.push(document.clone()),
                _ => {}
            }
        }
        let apart: Vec<&Document> = apart.iter().collect();
        let program = lexhold_rules::compile(&apart, &mut Diagnostics::new());
        let positions: BTreeMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
        let by_rule = (0..)
            .zip(program.rules())
            .filter_map(|(at, rule)| Some((at, *positions.get(rule.id.as_str())?)));
        Self {
            by_rule: by_rule.collect(),
            choices,
            program,
        }
    }

    /// The choices that the examples of a rule show.
    pub(super) fn of_examples(&self, rule: &str) -> Vec<usize> {
        let mine = self
            .by_rule
            .iter()
            .filter(|(_, choice)| self.choices[**choice].rule == rule);
        let shown = mine.filter(|(at, choice)| {
            let n_examples = self.program.rules()[**at as usize].hits.len();
            let failures = check_examples(&self.program, **at);
            let of_hits = || {
                failures
                    .iter()
                    .filter(|failure| failure.expected == lexhold_rules::Expected::Hit)
            };
            let excluded = of_hits().any(|failure| failure.excluded_by.is_some());
            match self.choices[**choice].what {
                What::Exclusion => excluded,
                _ => excluded || of_hits().filter(|failure| failure.found.is_none()).count() < n_examples,
            }
        });
        shown.map(|(_, choice)| *choice).collect()
    }

    /// The choices that a message shows.
    pub(super) fn of_message(&self, row: Row<'_>) -> Vec<usize> {
        if self.choices.is_empty() {
            return Vec::new();
        }
        let mut hits: Vec<RuleHit> = Vec::new();
        Scanner::new(&self.program).scan(&parts_of(row, &split(row)), &mut hits);
        let shown = hits.iter().filter_map(|hit| {
            let choice = *self.by_rule.get(&hit.rule)?;
            let seen = self.choices[choice].what == What::Alternative || hit.excluded_by.is_some();
            seen.then_some(choice)
        });
        shown.collect()
    }
}

/// The ruleset with a rule a choice in place of its own rules; `None` if it has no choice.
fn ruleset(document: &Document, choices: &mut Vec<Choice>, names: &mut Vec<String>) -> Option<Document> {
    let mut rules = Vec::new();
    for rule in document.root.get("rules").and_then(Node::as_list).unwrap_or_default() {
        let (Some(id), Some(_)) = (rule.get("id").and_then(Node::as_text), rule.get("match")) else {
            continue;
        };
        if rule.get("status").and_then(Node::as_text) == Some("retired") {
            continue;
        }
        for (what, place, alone) in alone(rule) {
            let name = format!("{id}--{}", choices.len());
            names.push(format!("{}.{name}", document.name));
            choices.push(Choice {
                rule: format!("{}.{id}", document.name),
                what,
                place,
            });
            rules.push(renamed(alone, name));
        }
    }
    if rules.is_empty() {
        return None;
    }
    let mut apart = document.clone();
    at(&mut apart.root, &[Step::Key("rules".into())])?.value = Value::List(rules);
    Some(apart)
}

/// Each choice of a rule, with its place and the rule that has no other.
fn alone(rule: &Node) -> Vec<(What, Place, Node)> {
    let choices = alternatives(rule).into_iter().map(|path| (What::Alternative, path));
    let all = choices.chain(exclusions(rule).into_iter().map(|path| (What::Exclusion, path)));
    let alone = all.filter_map(|(what, path)| {
        let mut alone = rule.clone();
        remove(&mut alone, "threshold");
        let place = narrowed(&mut alone, &path)?;
        Some((what, place, alone))
    });
    alone.collect()
}

/// The paths to every alternative of a rule.
pub(crate) fn alternatives(rule: &Node) -> Vec<Vec<Step>> {
    let mut paths = Vec::new();
    if let Some(node) = rule.get("match") {
        walk(node, &mut vec![Step::Key("match".into())], &mut paths);
    }
    paths
}

/// The paths to every exclusion of a rule.
pub(crate) fn exclusions(rule: &Node) -> Vec<Vec<Step>> {
    let unless = rule
        .get("match")
        .and_then(|node| node.get("unless"))
        .and_then(Node::as_list);
    let path = |at| {
        vec![
            Step::Key("match".into()),
            Step::Key("unless".into()),
            Step::Alternative(at),
        ]
    };
    (0..unless.map_or(0, <[Node]>::len)).map(path).collect()
}

/// Collects the paths to every alternative below a node. A list of words alone is like a lexicon: one thing.
fn walk(node: &Node, path: &mut Vec<Step>, paths: &mut Vec<Vec<Step>>) {
    let mut into = |step: Step, item: &Node, path: &mut Vec<Step>| {
        let is_choice = matches!(step, Step::Alternative(_));
        path.push(step);
        if is_choice {
            paths.push(path.clone());
        }
        walk(item, path, paths);
        path.pop();
    };
    if let Some(items) = node.as_list() {
        if items.len() > 1 && items.iter().any(|item| item.as_text().is_none()) {
            items
                .iter()
                .enumerate()
                .for_each(|(at, item)| into(Step::Alternative(at), item, path));
        }
        return;
    }
    for entry in node.as_map().unwrap_or_default() {
        let items = entry.node.as_list().unwrap_or_default();
        path.push(Step::Key(entry.key.clone()));
        match entry.key.as_str() {
            "any" | "regex" if items.len() > 1 => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(at, item)| into(Step::Alternative(at), item, path));
            }
            "any" | "all" | "same_message" | "same_sentence" | "same_paragraph" => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(at, item)| into(Step::Operand(at), item, path));
            }
            "near" | "before" => {
                if let Some(of) = entry.node.get("of") {
                    path.push(Step::Key("of".into()));
                    let operands = of.as_list().unwrap_or_default().iter().enumerate();
                    operands.for_each(|(at, item)| into(Step::Operand(at), item, path));
                    path.pop();
                }
            }
            "not_near" => {
                if let Some(of) = entry.node.get("of") {
                    into(Step::Key("of".into()), of, path);
                }
            }
            _ => {}
        }
        path.pop();
    }
}

/// Leaves nothing beside the items on a path in the lists of alternatives that it goes through; where the last item stands.
fn narrowed(rule: &mut Node, path: &[Step]) -> Option<Place> {
    let mut node = rule;
    for step in path {
        node = match (step, &mut node.value) {
            (Step::Key(key), Value::Map(entries)) => &mut entries.iter_mut().find(|entry| entry.key == *key)?.node,
            (Step::Operand(at), Value::List(items)) => items.get_mut(*at)?,
            (Step::Alternative(at), Value::List(items)) => {
                *items = vec![items.get(*at)?.clone()];
                &mut items[0]
            }
            _ => return None,
        };
    }
    Some(node.place)
}

/// The rule under another id, with all of its examples as texts that it may hit.
fn renamed(mut rule: Node, id: String) -> Node {
    let misses = rule.get("misses").and_then(Node::as_list).unwrap_or_default().to_vec();
    if let Value::Map(entries) = &mut rule.value {
        for entry in entries {
            match (entry.key.as_str(), &mut entry.node.value) {
                ("id", value) => *value = Value::Text(id.clone()),
                ("hits", Value::List(items)) => items.extend(misses.iter().cloned()),
                _ => {}
            }
        }
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::compiled;

    const RULESET: &str = r#"lexhold: 1
ruleset: a
version: 1.0.0
owner: me@example.com
rules:
  - id: x
    severity: low
    why: test
    threshold: { total: 2 }
    match:
      any:
        - near: { of: [[move, take, { phrase: go over }], [signal, telegram]], within: 6 }
        - phrase: text me
        - never seen
      unless: [{ phrase: do not, within: 1, side: before }, { word: ever }]
    hits: [move this to signal, text me and text me]
    misses: [do not text me, b]
"#;

    #[test]
    fn alternatives_and_exclusions_are_seen_one_by_one() {
        let (_, documents) = compiled(&[&RULESET.replace("    threshold: { total: 2 }\n", "")]);
        let alternatives = Alternatives::of(&documents);
        let choices: Vec<_> = alternatives.choices.iter().map(|choice| choice.what).collect();
        use What::{Alternative as A, Exclusion as E};
        assert_eq!(choices, [A, A, A, A, A, A, E, E]);
        // The list of three is taken apart for its phrase, that of two words is not.
        assert_eq!(alternatives.of_examples("a.x"), [0, 1, 4, 6]);
        assert_eq!(alternatives.of_examples("a.y"), [0; 0]);
        // What a threshold makes of hits is not asked here.
        let (_, documents) =
            compiled(&[&RULESET.replace("hits: [move this to signal,", "hits: [move this to signal text me,")]);
        assert_eq!(Alternatives::of(&documents).of_examples("a.x"), [0, 1, 4, 6]);
    }
}
