//! A rule's own examples as its test.

use lexhold_document::Place;
use lexhold_model::{Field, PartKind};

use crate::{Example, Part, PartSet, Program, Scanner, Status};

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
}

/// What a rule promises of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A hit.
    Hit,
    /// No hit, or an excluded one.
    Miss,
}

/// Runs a rule's `hits` and `misses` as the text of one message each. `rule` is a position in
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
                .filter_map(|example| failure(&mut scanner, rule, info.parts, expected, example)),
        );
    }
    failures
}

/// An example as a part that its rule looks at: what somebody wrote, or else the first sort of part that it names.
pub fn example_part(parts: PartSet, text: &str) -> Part<'_> {
    let of = |field, kind| Part {
        field,
        base: 0,
        text,
        kind,
    };
    let sorts = [
        of(Field::Text, PartKind::Authored),
        of(Field::Subject, PartKind::Authored),
        of(Field::Text, PartKind::Quoted),
        of(Field::Text, PartKind::Forwarded),
        of(Field::Text, PartKind::Signature),
        of(Field::Text, PartKind::Disclaimer),
        of(Field::AttachmentName(0), PartKind::Authored),
    ];
    let first = sorts[0];
    sorts.into_iter().find(|part| parts.contains(part)).unwrap_or(first)
}

fn failure(
    scanner: &mut Scanner<'_>,
    rule: u32,
    parts: PartSet,
    expected: Expected,
    example: &Example,
) -> Option<ExampleFailure> {
    let mut hits = Vec::new();
    let part = example_part(parts, &example.text);
    let outcome = scanner.scan(&[part], &mut hits);
    let mut of_rule = hits.into_iter().filter(|hit| hit.rule == rule);
    let standing = of_rule.clone().any(|hit| hit.excluded_by.is_none());
    let kept = !outcome.incomplete
        && match expected {
            Expected::Hit => standing,
            Expected::Miss => !standing,
        };
    (!kept).then(|| ExampleFailure {
        expected,
        text: example.text.clone(),
        place: example.place,
        excluded_by: of_rule.find_map(|hit| hit.excluded_by),
    })
}
