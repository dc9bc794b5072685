//! The kinds of document, named by the second key of a file.

use std::fmt;

/// Declares the kinds: what each describes is written once, for rustdoc and for a schema.
macro_rules! kinds {
    ($(#[doc = $doc:literal] $name:ident = $key:literal;)*) => {
        /// What a document describes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = $doc] $name,)*
        }

        impl Kind {
            /// Every kind, in the order of the manual.
            pub const ALL: [Kind; [$($key),*].len()] = [$(Kind::$name),*];

            /// The key that names a document of this kind.
            pub fn key(self) -> &'static str {
                match self {
                    $(Kind::$name => $key,)*
                }
            }

            /// What a document of this kind describes.
            pub fn doc(self) -> &'static str {
                match self {
                    $(Kind::$name => $doc.trim_ascii(),)*
                }
            }

            /// A small document of this kind, as somebody would write it.
            pub fn example(self) -> &'static str {
                match self {
                    $(Kind::$name => include_str!(concat!("../examples/", $key, ".yaml")),)*
                }
            }
        }
    };
}

kinds! {
    /// Schedules: which messages are kept, from when, for how long.
    Retention = "retention";
    /// Patterns that flag text.
    Ruleset = "ruleset";
    /// Cedar conditions on who may write to whom.
    Supervision = "supervision";
    /// Business days.
    Calendar = "calendar";
    /// A legal hold.
    Hold = "hold";
    /// Named lists of terms.
    Lexicon = "lexicon";
    /// A registered text whose span is masked.
    Disclaimer = "disclaimer";
    /// Which messages are drawn for review.
    Sampling = "sampling";
    /// Who acts for whom, and until when.
    Delegation = "delegation";
    /// An approved departure from a rule, with an expiry.
    Exception = "exception";
    /// Test cases.
    Cases = "cases";
    /// People, groups and channels.
    Directory = "directory";
    /// Who operates Lexhold, with public keys.
    Operators = "operators";
    /// How many messages exports are said to hold.
    Counts = "counts";
    /// How the columns of a foreign table become messages.
    Mapping = "mapping";
}

impl Kind {
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
