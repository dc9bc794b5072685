//! What goes into a scan and what comes out of it.

use lexhold_model::{ByteSpan, Field};

/// A stretch of one field of a message. Nothing is matched across the border of two parts.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The field that the stretch lies in.
    pub field: Field,
    /// Where the stretch begins in its field, in bytes.
    pub base: usize,
    /// The stretch itself.
    pub text: &'a str,
    /// Whether it is quoted or forwarded text.
    pub quoted: bool,
}

/// One place where one rule matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleHit {
    /// The rule's position in [`crate::Program::rules`].
    pub rule: u32,
    /// The field that the span counts in.
    pub field: Field,
    /// The matched bytes of the field as it was given, on character boundaries.
    pub span: ByteSpan,
    /// Whether it lies in quoted or forwarded text.
    pub quoted: bool,
    /// The item of `unless` that took the hit away: the rule's words, never the message's.
    pub excluded_by: Option<Box<str>>,
    /// The folded text of the match. Must not leave the core unhashed.
    pub evidence: Box<str>,
}

/// How the scan of one message went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanOutcome {
    /// Whether some part of the message could not be scanned in full: it went over a limit, or a rule failed.
    /// "No hit" then means nothing.
    pub incomplete: bool,
    /// Rules with more hits in the message than are stored.
    pub truncated: Vec<Truncated>,
}

/// A rule with more hits in one message than are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncated {
    /// The rule's position in [`crate::Program::rules`].
    pub rule: u32,
    /// How many hits there are, stored or not.
    pub n_hits: u64,
}
