//! A rule's own examples as its test.

use lexhold_document::{Node, Place, Shape, choice, either, map, one_or_many, optional};
use lexhold_model::{Field, PartKind};

use crate::parts::PART_NAMES;
use crate::shape::SEVERITIES;
use crate::{Confidence, Example, Part, PartSet, Program, RuleHit, RuleOutcome, Scanner, Status};

/// An example that turned out otherwise than the rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFailure {
    /// What the rule promised.
    pub expected: Expected,
    /// The example's text.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// Whether the rule matched, but an item of `unless` took the hit away.
    pub excluded_by: Option<Box<str>>,
    /// What the hits turned out to be where they are not what the example says.
    pub found: Option<String>,
}

/// What a rule promises of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A hit.
    Hit,
    /// No hit, or an excluded one.
    Miss,
}

/// Runs a rule's `hits` and `misses` as one message each. `rule` is a position in
/// [`Program::rules`]; a retired rule has nothing to prove.
pub fn check_examples(program: &Program, rule: u32) -> Vec<ExampleFailure> {
    let Some(info) = program
        .rules()
        .get(rule as usize)
        .filter(|info| info.status != Status::Retired)
    else {
        return Vec::new();
    };
    let mut scanner = Scanner::new(program);
    let mut failures = Vec::new();
    for (expected, examples) in [(Expected::Hit, &info.hits), (Expected::Miss, &info.misses)] {
        failures.extend(
            examples
                .iter()
                .filter_map(|example| failure(&mut scanner, rule, expected, example)),
        );
    }
    failures
}

fn failure(scanner: &mut Scanner<'_>, rule: u32, expected: Expected, example: &Example) -> Option<ExampleFailure> {
    let mut hits = Vec::new();
    let outcome = scanner.scan(&example.laid_out(), &mut hits);
    hits.retain(|hit| hit.rule == rule);
    let of_rule = outcome.rules.iter().find(|outcome| outcome.rule == rule);
    let standing = hits.iter().any(|hit| hit.excluded_by.is_none());
    let as_promised = !outcome.incomplete
        && match expected {
            Expected::Hit => standing,
            Expected::Miss => !standing,
        };
    let found = of_rule
        .filter(|_| standing)
        .and_then(|outcome| example.otherwise(outcome, &hits));
    (!as_promised || found.is_some()).then(|| ExampleFailure {
        expected,
        text: example.text(),
        place: example.place,
        excluded_by: hits.into_iter().find_map(|hit| hit.excluded_by),
        found,
    })
}

impl Example {
    /// All of its text.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self.parts.iter().map(|(_, text)| text.as_str()).collect();
        texts.join(" / ")
    }

    /// The parts of its message. Those of the text stand one behind the other.
    fn laid_out(&self) -> Vec<Part<'_>> {
        let (mut base, mut n_attachments) = (0, 0);
        let mut parts = Vec::new();
        for (name, text) in &self.parts {
            let (field, kind) = place_of(name, n_attachments);
            let part = Part {
                kind,
                ..Part::authored(field, text)
            };
            match field {
                Field::Text => {
                    parts.push(Part { base, ..part });
                    base += text.len();
                }
                Field::Subject => parts.push(part),
                Field::AttachmentName(_) => {
                    parts.push(part);
                    n_attachments = n_attachments.saturating_add(1);
                }
            }
        }
        parts
    }

    /// In what the hits differ from what the example says.
    fn otherwise(&self, outcome: &RuleOutcome, hits: &[RuleHit]) -> Option<String> {
        let standing = hits.iter().filter(|hit| hit.excluded_by.is_none());
        let confidence = standing.filter_map(|hit| hit.confidence).max();
        let named = |tier: Option<Confidence>| tier.map_or("none", Confidence::as_str);
        if self.confidence.is_some_and(|wanted| Some(wanted) != confidence) {
            let (found, wanted) = (named(confidence), named(self.confidence));
            return Some(format!("the confidence is {found}, not {wanted}"));
        }
        let wanted = self.severity.filter(|wanted| *wanted != outcome.severity)?;
        Some(format!("the severity is {}, not {wanted}", outcome.severity))
    }
}

/// A text as a part that a rule looks at: what somebody wrote, or else the first sort of part that the rule names.
pub fn example_part(parts: PartSet, text: &str) -> Part<'_> {
    let (field, kind) = place_of(sort(parts), 0);
    Part {
        kind,
        ..Part::authored(field, text)
    }
}

/// The sort of part that an example is which names none.
fn sort(parts: PartSet) -> &'static str {
    let mut names = parts.names();
    let first = names.next().unwrap_or("authored");
    if names.any(|name| name == "authored") {
        "authored"
    } else {
        first
    }
}

/// The field and kind of a sort of part; of attachments so many come before it.
fn place_of(name: &str, n_attachments: u16) -> (Field, PartKind) {
    match name {
        "subject" => (Field::Subject, PartKind::Authored),
        "quoted" => (Field::Text, PartKind::Quoted),
        "forwarded" => (Field::Text, PartKind::Forwarded),
        "signature" => (Field::Text, PartKind::Signature),
        "disclaimer" => (Field::Text, PartKind::Disclaimer),
        "attachment_names" => (Field::AttachmentName(n_attachments), PartKind::Authored),
        _ => (Field::Text, PartKind::Authored),
    }
}

/// What an example may be: the text of a message, or its parts by their names.
pub(crate) fn shape(graded: bool) -> Shape {
    let part = |name: &&'static str| optional(name, one_or_many(Shape::Text), "a part of the message, or several");
    let grades = [
        optional(
            "confidence",
            choice(&["low", "medium", "high"]),
            "the highest tier of its hits",
        ),
        optional("severity", choice(SEVERITIES), "the severity of its hits"),
    ];
    let keys = PART_NAMES.iter().map(part).chain(grades.into_iter().filter(|_| graded));
    either([Shape::Text, map(keys)])
}

/// Reads the examples of a rule that looks at these parts; the shape has reported what is none.
pub(crate) fn read(node: Option<&Node>, parts: PartSet) -> Vec<Example> {
    let items = node.and_then(Node::as_list).unwrap_or_default();
    items.iter().map(|item| read_one(item, parts)).collect()
}

fn read_one(node: &Node, parts: PartSet) -> Example {
    let named = |key: &str| node.get(key).and_then(Node::as_text);
    let parts = match node.as_text() {
        Some(text) => vec![(sort(parts), text.to_owned())],
        None => PART_NAMES.into_iter().flat_map(|name| of_name(node, name)).collect(),
    };
    Example {
        parts,
        confidence: Confidence::ALL
            .into_iter()
            .find(|tier| named("confidence") == Some(tier.as_str())),
        severity: named("severity").and_then(|severity| severity.parse().ok()),
        place: node.place,
    }
}

fn of_name(node: &Node, name: &'static str) -> Vec<(&'static str, String)> {
    let texts = node
        .get(name)
        .map_or(&[][..], |node| node.as_list().unwrap_or(std::slice::from_ref(node)));
    texts
        .iter()
        .filter_map(|text| Some((name, text.as_text()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::check_examples;
    use crate::testing::{compiled, ruleset};

    /// What is told of the examples of a rule.
    fn failures(rule: &str, hits: &str, misses: &str) -> Vec<String> {
        let text = ruleset(&[rule]);
        let text = text
            .replace("[a, b]", &format!("[{hits}]"))
            .replace("[c, d]", &format!("[{misses}]"));
        let (program, diagnostics) = compiled(&[&text]);
        assert_eq!(diagnostics, [""; 0]);
        let failures = check_examples(&program, 0);
        failures
            .into_iter()
            .map(|failure| format!("{}: {}", failure.text, failure.found.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn g1_examples_may_have_parts() {
        let same = "{same_message: [x, y]}";
        assert_eq!(
            failures(
                same,
                "{subject: x, authored: y}, {quoted: [x, y]}",
                "x, {attachment_names: [x, z]}"
            ),
            [""; 0]
        );
        let subject = "x, parts: subject";
        assert_eq!(
            failures(subject, "{subject: x}, x, {authored: x}", "y, {subject: x}"),
            ["x: ", "x: "]
        );
        let names = "{same_message: [x, y]}, parts: [attachment_names, signature]";
        assert_eq!(
            failures(
                names,
                "{attachment_names: [x, y]}, {signature: x, attachment_names: y}",
                "{forwarded: x, disclaimer: y}, y"
            ),
            [""; 0]
        );
    }

    #[test]
    fn g1_examples_may_name_tier_and_severity() {
        let rule = "{word: x}, support: [{name: s, match: s, within: 1}], confidence: {low: {}, high: {all: s}}, \
                    raise: {to: critical, when: {confidence: high}}";
        let graded =
            "{authored: x s, confidence: high, severity: critical}, {authored: x, confidence: low, severity: low}";
        assert_eq!(failures(rule, graded, "y, z"), [""; 0]);
        let wrong = "{authored: x, confidence: high}, {authored: x s, severity: low}";
        assert_eq!(
            failures(rule, wrong, "y, z"),
            [
                "x: the confidence is low, not high",
                "x s: the severity is critical, not low"
            ]
        );
    }
}
