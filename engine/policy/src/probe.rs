//! A condition taken apart, to see which of its tests were ever true and which false.
//!
//! The operands of `&&` and `||` are asked one by one, in Cedar's order: what `&&` and `||` pass over is not asked, so that a
//! test which its guard keeps from being asked is never said to have been seen. Whoever evaluates messages asks a
//! [`crate::Program`]; this is for coverage.

use std::ops::Range;

use cedar_policy::{Policy, PolicyId};
use lexhold_document::{Node, Place};
use serde_json::Value;

use crate::asked::Cast;
use crate::facts::Facts;
use crate::lex::{Token, tokens};
use crate::reads::Reads;
use crate::{Action, Condition, Decider, FactsRow, Insiders, Program};

/// The clauses of one rule, schedule or hold, and the operands of `&&` and `||` that they are made of.
#[derive(Clone, Debug)]
pub struct Probe {
    clauses: Vec<Tree>,
    operands: Vec<Operand>,
    program: Program,
}

/// An operand of `&&` and `||` that is not made of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Where it stands.
    pub place: Place,
    /// What it says.
    pub text: String,
    /// The position of its clause.
    pub clause: usize,
}

/// What the clauses and operands of a condition came to for one message and one person; `None` where they were not asked, or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// By clause.
    pub clauses: Vec<Option<bool>>,
    /// By operand.
    pub operands: Vec<Option<bool>>,
}

#[derive(Clone, Debug)]
enum Tree {
    Test(usize),
    Not(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
}

impl Probe {
    /// Takes apart clauses that compile together. What cannot be taken apart without changing what it says stays whole.
    pub fn of(action: Action, clauses: &[&Node]) -> Self {
        let mut probe = Self {
            clauses: Vec::new(),
            operands: Vec::new(),
            program: Program::build(action, Vec::new()),
        };
        for (clause, node) in clauses.iter().enumerate() {
            let text = node.as_text().unwrap_or_default();
            let mut ranges = Vec::new();
            let mut tree = taken_apart(text, 0..text.len(), &mut ranges);
            if body_of(&written(&tree, text, &ranges)) != body_of(text) {
                ranges = vec![trimmed(text, 0..text.len())];
                tree = Tree::Test(0);
            }
            probe.clauses.push(tree.moved(probe.operands.len()));
            probe.operands.extend(ranges.into_iter().map(|range| Operand {
                place: node.inner(range.clone()),
                text: text[range].to_owned(),
                clause,
            }));
        }
        let conditions = probe.operands.iter().map(|test| condition(action, &test.text));
        probe.program = Program::build(action, conditions.collect());
        probe
    }

    /// The operands, in the order of the text.
    pub fn operands(&self) -> &[Operand] {
        &self.operands
    }

    /// What came of it for each person who is asked about; see [`Decider::decide`].
    pub fn ask(&self, row: &FactsRow, sent_at_us: Option<i64>) -> Vec<Seen> {
        let mut decider = Decider::new(&self.program);
        let mut seen = Vec::new();
        for row in &one_by_one(self.program.action(), row) {
            let answer = decider.decide(row, sent_at_us);
            let values = |test: usize| match answer.errors.iter().any(|(at, _)| *at == test) {
                true => None,
                false => Some(answer.determining.contains(&test)),
            };
            seen.push(self.seen(&values));
        }
        seen
    }

    fn seen(&self, values: &dyn Fn(usize) -> Option<bool>) -> Seen {
        let mut seen = Seen {
            clauses: vec![None; self.clauses.len()],
            operands: vec![None; self.operands.len()],
        };
        for (at, clause) in self.clauses.iter().enumerate() {
            seen.clauses[at] = clause.value(values, &mut seen.operands);
            if seen.clauses[at] != Some(true) {
                break;
            }
        }
        seen
    }
}

/// The row as each of the people sees it who are asked about.
fn one_by_one(action: Action, row: &FactsRow) -> Vec<FactsRow> {
    if action.asks_sender_only() || row.facts.insiders.is_empty() {
        return vec![row.clone()];
    }
    let people = Cast::of(action, row);
    let alone = people.people().map(|person| {
        row.with(Facts {
            insiders: vec![Insiders {
                ids: [person.principal.id.to_owned()].into(),
                facts: person.principal.facts.clone(),
            }],
            ..row.facts.clone()
        })
    });
    alone.collect()
}

impl Tree {
    fn moved(self, by: usize) -> Self {
        let all = |trees: Vec<Tree>| trees.into_iter().map(|tree| tree.moved(by)).collect();
        match self {
            Self::Test(at) => Self::Test(at + by),
            Self::Not(tree) => Self::Not(Box::new(tree.moved(by))),
            Self::All(trees) => Self::All(all(trees)),
            Self::Any(trees) => Self::Any(all(trees)),
        }
    }

    fn value(&self, values: &dyn Fn(usize) -> Option<bool>, seen: &mut [Option<bool>]) -> Option<bool> {
        match self {
            Self::Test(at) => {
                seen[*at] = values(*at);
                seen[*at]
            }
            Self::Not(tree) => tree.value(values, seen).map(|value| !value),
            Self::All(trees) => decided(trees, false, values, seen),
            Self::Any(trees) => decided(trees, true, values, seen),
        }
    }
}

/// The value of operands up to the first that decides or fails.
fn decided(
    trees: &[Tree],
    by: bool,
    values: &dyn Fn(usize) -> Option<bool>,
    seen: &mut [Option<bool>],
) -> Option<bool> {
    for tree in trees {
        if tree.value(values, seen)? == by {
            return Some(by);
        }
    }
    Some(!by)
}

/// A test as a condition of its own. It is not type-checked: what guards it stands elsewhere.
fn condition(action: Action, text: &str) -> Condition {
    let effect = action.effect();
    let parsed = |action: &str, text: &str| {
        let source = policy_text(effect, action, text);
        Policy::parse(Some(PolicyId::new("test")), source).ok()
    };
    let scope = format!("action == Action::\"{action}\"");
    #[expect(clippy::expect_used, reason = "`false` is a condition")]
    let policy = parsed(&scope, text)
        .or_else(|| parsed("action", "false"))
        .expect("a policy");
    let est = policy.to_json().unwrap_or_default();
    Condition::bare(action, policy, Reads::of_policy(&est))
}

fn policy_text(effect: &str, action: &str, clause: &str) -> String {
    format!("{effect}(principal, {action}, resource) when {{\n{clause}\n}};")
}

/// Cedar's own form of a clause.
fn body_of(clause: &str) -> Option<Value> {
    let policy = Policy::parse(None, policy_text("permit", "action", clause)).ok()?;
    policy.to_json().ok()?.get("conditions").cloned()
}

/// The clause put together again from its tests.
fn written(tree: &Tree, text: &str, ranges: &[Range<usize>]) -> String {
    let joined = |trees: &[Tree], by: &str| {
        let each: Vec<String> = trees
            .iter()
            .map(|tree| format!("(\n{}\n)", written(tree, text, ranges)))
            .collect();
        each.join(by)
    };
    match tree {
        Tree::Test(at) => text[ranges[*at].clone()].to_owned(),
        Tree::Not(tree) => format!("!(\n{}\n)", written(tree, text, ranges)),
        Tree::All(trees) => joined(trees, "&&"),
        Tree::Any(trees) => joined(trees, "||"),
    }
}

fn taken_apart(text: &str, range: Range<usize>, tests: &mut Vec<Range<usize>>) -> Tree {
    let range = trimmed(text, range);
    let inside = &text[range.clone()];
    let mut all = |ranges: Vec<Range<usize>>| {
        ranges
            .into_iter()
            .map(|range| taken_apart(text, range, tests))
            .collect()
    };
    if !inside.starts_with("if ") {
        for (operator, join) in [("||", Tree::Any as fn(Vec<Tree>) -> Tree), ("&&", Tree::All)] {
            let operands = operands(text, range.clone(), operator);
            if operands.len() > 1 {
                return join(all(operands));
            }
        }
        let negated = inside.starts_with('!');
        let rest = if negated {
            trimmed(text, range.start + 1..range.end)
        } else {
            range.clone()
        };
        if is_wrapped(text, rest.clone()) {
            let tree = taken_apart(text, rest.start + 1..rest.end - 1, tests);
            return if negated { Tree::Not(Box::new(tree)) } else { tree };
        }
    }
    tests.push(range);
    Tree::Test(tests.len() - 1)
}

/// The range without white space and comments around it.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let said = |token: &Token| !matches!(token, Token::Comment(_));
    let marks = marks(text, range.clone());
    let (first, last) = (
        marks.iter().find(|(token, _)| said(token)),
        marks.iter().rev().find(|(token, _)| said(token)),
    );
    match (first, last) {
        (Some((_, first)), Some((_, last))) => first.start..last.end,
        _ => range,
    }
}

/// The tokens in a range of a text, each with its place in the text.
fn marks(text: &str, range: Range<usize>) -> Vec<(Token, Range<usize>)> {
    let mut at = range.start;
    let mut marks = Vec::new();
    for token in tokens(&text[range.clone()]) {
        let rest = &text[at..range.end];
        let start = at + rest.len() - rest.trim_start().len();
        let length = match &token {
            Token::Comment(range) | Token::Word(range) | Token::Text(range) => range.len(),
            Token::Path => 2,
            Token::End(_) => 1,
            Token::Other => text[start..].chars().next().map_or(0, char::len_utf8),
        };
        at = start + length;
        marks.push((token, start..at));
    }
    marks
}

/// The characters that are neither in strings nor in comments nor in names, with how deep in brackets they stand.
fn signs(text: &str, range: Range<usize>) -> Vec<(char, usize, usize)> {
    let mut depth = 0_usize;
    let mut signs = Vec::new();
    for (_, place) in marks(text, range)
        .into_iter()
        .filter(|(token, _)| *token == Token::Other)
    {
        let Some(sign) = text[place.start..].chars().next() else {
            continue;
        };
        if matches!(sign, ')' | ']' | '}') {
            depth = depth.saturating_sub(1);
        }
        signs.push((sign, place.start, depth));
        if matches!(sign, '(' | '[' | '{') {
            depth += 1;
        }
    }
    signs
}

/// What stands between the outermost of these operators.
fn operands(text: &str, range: Range<usize>, operator: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = range.start;
    for (_, at, depth) in signs(text, range.clone()) {
        if depth == 0 && at >= start && text[at..range.end].starts_with(operator) {
            found.push(start..at);
            start = at + operator.len();
        }
    }
    found.push(start..range.end);
    found
}

/// Whether the brackets that the range begins and ends with belong together.
fn is_wrapped(text: &str, range: Range<usize>) -> bool {
    let signs = signs(text, range.clone());
    let close = signs.iter().find(|(sign, _, depth)| *sign == ')' && *depth == 0);
    text[range.clone()].starts_with('(') && close.is_some_and(|(_, at, _)| at + 1 == range.end)
}

/// A condition with one thing changed, for tests to notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionMutant {
    /// Where in the text the change is.
    pub range: Range<usize>,
    /// What was changed.
    pub what: String,
    /// The condition with the change.
    pub text: String,
}

/// Every operand of `&&` and `||` negated, and every `&&`, `||` and comparison turned into its neighbour.
pub fn condition_mutants(text: &str) -> Vec<ConditionMutant> {
    const TURNED: [(&str, &str); 6] = [
        ("&&", "||"),
        ("||", "&&"),
        ("<=", "<"),
        (">=", ">"),
        ("<", "<="),
        (">", ">="),
    ];
    let changed = |range: Range<usize>, what: String, by: &str| ConditionMutant {
        what,
        text: format!("{}{by}{}", &text[..range.start], &text[range.end..]),
        range,
    };
    let mut operands = Vec::new();
    taken_apart(text, 0..text.len(), &mut operands);
    let negated = operands.into_iter().map(|range| {
        let operand = &text[range.clone()];
        let words: Vec<&str> = operand.split_whitespace().collect();
        changed(
            range.clone(),
            format!("`{}` negated", words.join(" ")),
            &format!("!({operand})"),
        )
    });
    let mut mutants: Vec<ConditionMutant> = negated.collect();
    let mut next = 0;
    for (_, at, _) in signs(text, 0..text.len()) {
        if let Some((old, new)) = TURNED.iter().find(|(old, _)| at >= next && text[at..].starts_with(old)) {
            next = at + old.len();
            mutants.push(changed(at..next, format!("`{new}` in place of `{old}`"), new));
        }
    }
    mutants
}

#[cfg(test)]
mod tests {
    use lexhold_document::path;

    use super::*;
    use crate::facts::PersonFacts;
    use crate::testing::{document, row, set};

    fn probe(action: Action, clauses: &[&str]) -> Probe {
        let blocks = clauses
            .iter()
            .map(|clause| format!("  - |\n    {}\n", clause.replace('\n', "\n    ")));
        let (files, document) = document(&format!(
            "lexhold: 1\nsupervision: test\nversion: 1.0.0\nclauses:\n{}",
            blocks.collect::<String>()
        ));
        let nodes: Vec<_> = document
            .get(&path!["clauses"])
            .unwrap()
            .as_list()
            .unwrap()
            .iter()
            .collect();
        let probe = Probe::of(action, &nodes);
        for test in probe.operands() {
            assert_eq!(files.slice(test.place), test.text);
        }
        probe
    }

    fn texts(clause: &str) -> Vec<String> {
        probe(Action::Communicate, &[clause])
            .operands()
            .iter()
            .map(|test| test.text.clone())
            .collect()
    }

    #[test]
    fn operands_of_and_and_or_are_tests() {
        assert_eq!(texts("resource.business"), ["resource.business"]);
        assert_eq!(
            texts(
                "((principal in Group::\"a && b\" && resource.external) // || not this\n || !resource.business)\n&& !(resource has sent_at || false)"
            ),
            [
                "principal in Group::\"a && b\"",
                "resource.external",
                "!resource.business",
                "resource has sent_at",
                "false"
            ]
        );
        assert_eq!(
            texts("if resource.business then true || false else resource.external && true").len(),
            1
        );
        assert_eq!(
            texts("(if resource.business then true else false) && resource.labels.contains(\"x\")"),
            [
                "if resource.business then true else false",
                "resource.labels.contains(\"x\")"
            ]
        );
        assert_eq!(texts("resource.labels.containsAny([\"||\", \"b\"])").len(), 1);
        assert_eq!(
            texts("resource.recipients.count > 3 && resource.recipients.count < (4 + 1)").len(),
            2
        );
    }

    #[test]
    fn a_condition_is_changed_in_one_place_at_a_time() {
        let told = |text| {
            condition_mutants(text)
                .into_iter()
                .map(|mutant| mutant.text)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            told("a.b && !(c.d <= 3 || e < f)"),
            [
                "!(a.b) && !(c.d <= 3 || e < f)",
                "a.b && !(!(c.d <= 3) || e < f)",
                "a.b && !(c.d <= 3 || !(e < f))",
                "a.b || !(c.d <= 3 || e < f)",
                "a.b && !(c.d < 3 || e < f)",
                "a.b && !(c.d <= 3 && e < f)",
                "a.b && !(c.d <= 3 || e <= f)"
            ]
        );
        assert_eq!(told("x == \"a && b\""), ["!(x == \"a && b\")"]);
    }

    #[test]
    fn what_is_passed_over_is_not_seen() {
        let probe = probe(
            Action::Communicate,
            &[
                "resource has sent_at && resource.sent_at > datetime(\"2020-01-01\")",
                "resource.external || resource.business",
            ],
        );
        let facts = |external, business| {
            row(Facts {
                external,
                business,
                ..Facts::default()
            })
        };
        let after = Some(1_700_000_000_000_000);
        let no_date = Seen {
            clauses: vec![Some(false), None],
            operands: vec![Some(false), None, None, None],
        };
        assert_eq!(probe.ask(&facts(true, true), None), [no_date]);
        let external = Seen {
            clauses: vec![Some(true), Some(true)],
            operands: vec![Some(true), Some(true), Some(true), None],
        };
        assert_eq!(probe.ask(&facts(true, true), after), [external]);
        let neither = Seen {
            clauses: vec![Some(true), Some(false)],
            operands: vec![Some(true), Some(true), Some(false), Some(false)],
        };
        assert_eq!(probe.ask(&facts(false, false), after), [neither]);
    }

    #[test]
    fn everybody_inside_is_asked_about() {
        let probe = probe(Action::Retain, &["principal in Group::\"a\""]);
        let insider = |id: &str, groups: &[&str]| Insiders {
            ids: set(&[id]),
            facts: PersonFacts {
                groups: set(groups),
                ..PersonFacts::default()
            },
        };
        let seen = probe.ask(
            &row(Facts {
                insiders: vec![insider("ann", &["a"]), insider("bob", &["b"])],
                ..Facts::default()
            }),
            None,
        );
        let values: Vec<_> = seen.iter().map(|seen| seen.clauses[0]).collect();
        assert_eq!(values, [Some(true), Some(false)]);
    }
}
