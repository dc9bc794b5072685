//! What can go wrong with a whole file. What is wrong with one row is [`crate::Unreadable`].

use std::fmt;
use std::io;

/// Why a file could not be read, or not to its end. Never holds a word of what is in it.
#[derive(Debug)]
pub struct SourceError {
    kind: ErrorKind,
    name: String,
    why: String,
    cause: Option<io::Error>,
}

/// The kinds of [`SourceError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such file.
    NotFound,
    /// The operating system does not let us read it.
    NotPermitted,
    /// It is a directory.
    Directory,
    /// Its content is of no kind that Lexhold reads.
    UnknownFormat,
    /// Its kind is known, but not in this form (Parquet from a pipe, text in UTF-16, …).
    Unsupported,
    /// Its header names a column twice, or none that a message has.
    Header,
    /// Some of its rows say nothing usable, and without them the rest would mislead.
    Rows,
    /// It ends in the middle.
    Truncated,
    /// Its compressed or binary structure is damaged.
    Corrupt,
    /// Something has to be said that the file does not: a time zone, the order of day and month.
    Undecided,
    /// Reading failed for a reason of the operating system.
    Io,
}

impl SourceError {
    /// The trouble with a file, told without a word of what is in it.
    pub fn new(kind: ErrorKind, name: &str, why: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            why: why.into(),
            cause: None,
        }
    }

    /// The error of a file that could not be opened or read by the operating system.
    pub fn io(name: &str, error: io::Error) -> Self {
        let (kind, why) = match error.kind() {
            io::ErrorKind::NotFound => (ErrorKind::NotFound, "not found".to_owned()),
            io::ErrorKind::PermissionDenied => (ErrorKind::NotPermitted, "permission denied".to_owned()),
            io::ErrorKind::IsADirectory => return Self::directory(name),
            _ => (ErrorKind::Io, error.to_string()),
        };
        Self {
            kind,
            name: name.to_owned(),
            why,
            cause: Some(error),
        }
    }

    pub(crate) fn directory(name: &str) -> Self {
        Self::new(ErrorKind::Directory, name, "is a directory, not a file")
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The file, as it was named to Lexhold.
    pub fn file(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read {}: {}", self.name, self.why)
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
