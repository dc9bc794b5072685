//! How tests come out.

use lexhold_document::{Diagnostic, Place};

/// How one test came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// What it is called: its name, or the rule and the example's text.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// How it came out.
    pub outcome: Outcome,
}

/// How a test comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As written.
    Pass,
    /// Otherwise than written.
    Fail(Vec<Mismatch>),
    /// Otherwise than written, which is known: what its `todo` says.
    Todo(String),
    /// It cannot be run as it is written.
    Error(Vec<Diagnostic>),
}

impl Outcome {
    /// The word for it in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::Todo(_) => "todo",
            Self::Error(_) => "error",
        }
    }
}

/// One expectation that was not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Where the expectation stands.
    pub place: Place,
    /// What it is about: `retain_until`, `alerts`.
    pub what: &'static str,
    /// What was expected.
    pub expected: String,
    /// What came instead. Like the rest of a test, it may hold words of the test's own messages.
    pub found: String,
    /// What would have to be written for it to be met, if that can be written.
    pub instead: Option<Instead>,
}

/// Words of YAML in place of an expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instead {
    /// What they take the place of.
    pub place: Place,
    /// The words.
    pub yaml: String,
}
