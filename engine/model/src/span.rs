//! Where in a message something was found.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A half-open byte range in stored UTF-8 text, which cannot end before it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ByteSpan {
    start: usize,
    end: usize,
}

impl ByteSpan {
    /// The range from `start` up to, but without, `end`; `None` when `end` lies before `start`.
    pub fn new(start: usize, end: usize) -> Option<Self> {
        (start <= end).then_some(Self { start, end })
    }

    /// The first byte.
    pub fn start(self) -> usize {
        self.start
    }

    /// One past the last byte.
    pub fn end(self) -> usize {
        self.end
    }

    /// The length in bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the range holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies wholly inside this range.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The same range, `by` bytes further on.
    #[must_use]
    pub fn shifted(self, by: usize) -> Self {
        Self {
            start: self.start + by,
            end: self.end + by,
        }
    }
}

/// The part of a message that a span counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The subject line.
    Subject,
    /// The text.
    Text,
    /// The name of the attachment at this position.
    AttachmentName(u16),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::Subject => f.write_str("subject"),
            Field::Text => f.write_str("text"),
            Field::AttachmentName(at) => write!(f, "attachment:{at}"),
        }
    }
}

impl FromStr for Field {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "subject" => Ok(Field::Subject),
            "text" => Ok(Field::Text),
            _ => text
                .strip_prefix("attachment:")
                .and_then(|at| at.parse().ok())
                .map(Field::AttachmentName)
                .ok_or(()),
        }
    }
}
