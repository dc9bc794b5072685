//! The kinds of document, named by the second key of a file.

use std::fmt;

/// What a document describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Schedules: which messages are kept, from when, for how long.
    Retention,
    /// Patterns that flag text.
    Ruleset,
    /// Cedar conditions on who may write to whom.
    Supervision,
    /// Business days.
    Calendar,
    /// A legal hold.
    Hold,
    /// Named lists of terms.
    Lexicon,
    /// A registered text whose span is masked.
    Disclaimer,
    /// Which messages are drawn for review.
    Sampling,
    /// Who acts for whom, and until when.
    Delegation,
    /// An approved departure from a rule, with an expiry.
    Exception,
    /// Test cases.
    Cases,
    /// People, groups and channels.
    Directory,
    /// Who operates Lexhold, with public keys.
    Operators,
}

impl Kind {
    /// Every kind, in the order of the manual.
    pub const ALL: [Kind; 13] = [
        Kind::Retention,
        Kind::Ruleset,
        Kind::Supervision,
        Kind::Calendar,
        Kind::Hold,
        Kind::Lexicon,
        Kind::Disclaimer,
        Kind::Sampling,
        Kind::Delegation,
        Kind::Exception,
        Kind::Cases,
        Kind::Directory,
        Kind::Operators,
    ];

    /// The key that names a document of this kind.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Retention => "retention",
            Kind::Ruleset => "ruleset",
            Kind::Supervision => "supervision",
            Kind::Calendar => "calendar",
            Kind::Hold => "hold",
            Kind::Lexicon => "lexicon",
            Kind::Disclaimer => "disclaimer",
            Kind::Sampling => "sampling",
            Kind::Delegation => "delegation",
            Kind::Exception => "exception",
            Kind::Cases => "cases",
            Kind::Directory => "directory",
            Kind::Operators => "operators",
        }
    }

    /// The kind that a key names.
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// Whether documents of this kind carry a `version`; the others must not.
    pub fn is_versioned(self) -> bool {
        matches!(
            self,
            Kind::Retention | Kind::Ruleset | Kind::Supervision | Kind::Calendar
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}
