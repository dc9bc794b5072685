//! What tests have seen of the documents that they test: two-sided coverage.
//!
//! A [`Unit`] is something that a document says and that can come out in different ways, its *sides*: a rule fires or is quiet,
//! a condition is true or false. A test sees a side only where it expects something of that kind, and only of documents that
//! it concerns: its own and what that imports, or the subject of its case file. Otherwise every rule would be quiet in
//! every test of another.
//!
//! - A rule: fired, quiet. An alternative of its `match`, which is a list of words, a lexicon or any other item of `any` or
//!   of a list: matched. An item of `unless`: a hit taken away.
//! - A schedule: chosen, not chosen. An event that it counts from or that extends it: recorded, awaited.
//! - A Cedar condition, and each operand of `&&` and `||` in it: true, false; as Cedar asks them, so that an operand which the
//!   one before it decides is not seen.

mod alternatives;
mod survey;
mod units;

pub(crate) use alternatives::{alternatives, exclusions};
pub use survey::Survey;

use lexhold_document::Place;

/// Something that can come out in different ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub what: What,
    /// What it is called: its id, with the words of an operand.
    pub name: String,
}

/// The kinds of unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A rule of any kind.
    Rule,
    /// An alternative of what a pattern rule looks for.
    Alternative,
    /// An item of `unless`.
    Exclusion,
    /// A schedule.
    Schedule,
    /// An event that a schedule counts from, or that extends it.
    Event,
    /// A Cedar condition.
    Condition,
    /// An operand of a Cedar condition.
    Operand,
}

impl What {
    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Alternative => "alternative",
            Self::Exclusion => "exclusion",
            Self::Schedule => "schedule",
            Self::Event => "event",
            Self::Condition => "condition",
            Self::Operand => "operand",
        }
    }

    /// The ways in which it can come out.
    pub fn sides(self) -> &'static [&'static str] {
        match self {
            Self::Rule => &["fired", "quiet"],
            Self::Alternative => &["matched"],
            Self::Exclusion => &["applied"],
            Self::Schedule => &["chosen", "not chosen"],
            Self::Event => &["recorded", "awaited"],
            Self::Condition | Self::Operand => &["true", "false"],
        }
    }
}

/// A side that a test has seen: the positions of the unit and of its side.
pub type Sighting = (usize, usize);
