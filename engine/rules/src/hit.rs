//! What goes into a scan and what comes out of it.

use lexhold_model::{ByteSpan, Field, PartKind, Severity};

/// A stretch of one field of a message. Nothing is matched across the border of two parts.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The field that the stretch lies in.
    pub field: Field,
    /// Where the stretch begins in its field, in bytes.
    pub base: usize,
    /// The stretch itself.
    pub text: &'a str,
    /// What the stretch is.
    pub kind: PartKind,
}

impl<'a> Part<'a> {
    /// A whole field as its sender wrote it.
    pub fn authored(field: Field, text: &'a str) -> Self {
        Part {
            field,
            base: 0,
            text,
            kind: PartKind::Authored,
        }
    }
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
    /// What the part is that it lies in.
    pub part: PartKind,
    /// Whether only a view that undoes disguises shows it: look-alike letters, digits for letters, letters set apart.
    pub evasion: bool,
    /// The highest tier whose demands hold; none if the rule has no tiers.
    pub confidence: Option<Confidence>,
    /// The supporting evidence found beside it, in the order of the rule and of the text.
    pub support: Box<[Support]>,
    /// The item of `unless` that took the hit away: the rule's words, never the message's.
    pub excluded_by: Option<Box<str>>,
    /// The matched text in the rule's view. Must not leave the core unhashed.
    pub evidence: Box<str>,
}

impl RuleHit {
    /// Whether it lies in quoted or forwarded text.
    pub fn quoted(&self) -> bool {
        matches!(self.part, PartKind::Quoted | PartKind::Forwarded)
    }
}

/// Supporting evidence of a hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support {
    /// What the rule calls it.
    pub name: Box<str>,
    /// The field that the span counts in.
    pub field: Field,
    /// Its bytes, on character boundaries.
    pub span: ByteSpan,
}

/// How sure a rule is of a hit: three tiers, no sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Confidence {
    /// All tiers, lowest first.
    pub const ALL: [Confidence; 3] = [Confidence::Low, Confidence::Medium, Confidence::High];

    /// The tier's name as documents and reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// How the scan of one message went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanOutcome {
    /// Whether some part of the message could not be scanned in full: it went over a limit, or a rule failed.
    /// "No hit" then means nothing.
    pub incomplete: bool,
    /// The rules that found something, by their position.
    pub rules: Vec<RuleOutcome>,
}

/// What one rule found in one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleOutcome {
    /// The rule's position in [`crate::Program::rules`].
    pub rule: u32,
    /// How grave its hits are in this message: the rule's own severity, or one that it was raised to.
    pub severity: Severity,
    /// How many hits stand, stored or not.
    pub n_hits: u64,
    /// How many hits that would stand lie inside longer ones, and are not reported.
    pub n_nested: u64,
    /// How many hits were taken away by `unless`, stored or not.
    pub n_excluded: u64,
    /// How many matches of its patterns a validator refused.
    pub n_rejected: u64,
    /// Whether there are more hits than are stored.
    pub truncated: bool,
}
