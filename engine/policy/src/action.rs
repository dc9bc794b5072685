//! What a condition decides.

use std::fmt;

/// The four questions that conditions answer. Each admits one effect, which its author never writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Whether a pattern rule applies; the condition forbids, and cannot read labels.
    Scan,
    /// Whether a message breaches a supervision rule; the condition forbids.
    Communicate,
    /// Whether a retention schedule applies; the condition permits.
    Retain,
    /// Whether a legal hold applies; the condition permits.
    Hold,
}

impl Action {
    /// The name in the schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Communicate => "communicate",
            Self::Retain => "retain",
            Self::Hold => "hold",
        }
    }

    /// The one effect of the action's policies: a stray effect could silence every policy of the other one.
    pub(crate) fn effect(self) -> &'static str {
        match self {
            Self::Scan | Self::Communicate => "forbid",
            Self::Retain | Self::Hold => "permit",
        }
    }

    /// Whether the question is put for the sender alone, or for every participant inside the firm.
    pub(crate) fn asks_sender_only(self) -> bool {
        matches!(self, Self::Scan | Self::Communicate)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
