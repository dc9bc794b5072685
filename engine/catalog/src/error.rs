//! What can go wrong between Lexhold and its catalog.

use std::fmt;
use std::path::Path;

/// Who keeps a catalog open, as far as DuckDB says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Another process, by its number.
    Process(u32),
    /// This very process, through another [`Catalog`](crate::Catalog).
    OurOwn,
    /// DuckDB named nobody.
    Unnamed,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::Process(number) => write!(f, "process {number}"),
            Holder::OurOwn => f.write_str("this process"),
            Holder::Unnamed => f.write_str("another process"),
        }
    }
}

/// The sorts of trouble that callers tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The catalog stayed open elsewhere for as long as the caller was ready to wait.
    Busy {
        /// Who has it open.
        holder: Holder,
    },
    /// There is no catalog at this path, and a reader does not make one.
    Missing,
    /// The catalog was written by another version of Lexhold; `rebuild` makes a new one.
    SchemaVersion {
        /// The version found in the file, when it holds one.
        found: Option<i64>,
        /// The version that this Lexhold reads and writes.
        expected: i64,
    },
    /// The file is no catalog, is damaged, or may not be read or written.
    Unreadable,
    /// A journal entry arrived before the one that precedes it.
    Gap {
        /// The sequence number that comes next; `None` while the catalog waits for the first entry.
        expected: Option<u64>,
        /// The sequence number that came.
        found: u64,
    },
    /// A journal entry does not say what the catalog needs to know.
    Entry {
        /// The entry's sequence number.
        seq: u64,
    },
    /// A path that cannot be handed to DuckDB, because it is not UTF-8.
    Path,
    /// DuckDB could not carry out a statement: out of space, out of memory, a file that is missing or damaged.
    Statement,
}

/// An error of the catalog: its kind, what was being done, and DuckDB's own words.
///
/// The words may name files, tables, handles and ids. They never hold a message's body, because no body ever
/// reaches the catalog.
#[derive(Debug)]
pub struct CatalogError {
    kind: ErrorKind,
    doing: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl CatalogError {
    pub(crate) fn new(kind: ErrorKind, doing: impl Into<String>) -> Self {
        Self {
            kind,
            doing: doing.into(),
            source: None,
        }
    }

    pub(crate) fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What sort of trouble it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Who has the catalog open, when that is the trouble.
    pub fn holder(&self) -> Option<&Holder> {
        match &self.kind {
            ErrorKind::Busy { holder } => Some(holder),
            _ => None,
        }
    }

    /// Whether trying again later may help.
    pub fn is_busy(&self) -> bool {
        self.holder().is_some()
    }

    /// Whether there is no catalog yet.
    pub fn is_missing(&self) -> bool {
        self.kind == ErrorKind::Missing
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doing = &self.doing;
        match &self.kind {
            ErrorKind::Busy { holder } => write!(f, "{doing}: the catalog is in use by {holder}"),
            ErrorKind::Missing => write!(f, "{doing}: there is no catalog"),
            ErrorKind::SchemaVersion {
                found: Some(found),
                expected,
            } => {
                write!(
                    f,
                    "{doing}: the catalog has schema version {found}, this program needs {expected}"
                )
            }
            ErrorKind::SchemaVersion { found: None, expected } => {
                write!(
                    f,
                    "{doing}: the file has no schema version, this program needs {expected}"
                )
            }
            ErrorKind::Unreadable => write!(f, "{doing}: the catalog cannot be opened"),
            ErrorKind::Gap {
                expected: Some(expected),
                found,
            } => {
                write!(f, "{doing}: journal entry {found} came where {expected} was due")
            }
            ErrorKind::Gap { expected: None, found } => {
                write!(
                    f,
                    "{doing}: journal entry {found} came first, but does not create the home"
                )
            }
            ErrorKind::Entry { seq } => write!(f, "{doing}: journal entry {seq} lacks what the catalog needs"),
            ErrorKind::Path => write!(f, "{doing}: the path is not UTF-8"),
            ErrorKind::Statement => f.write_str(doing),
        }
    }
}

impl std::error::Error for CatalogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Results of this crate.
pub type Result<T, E = CatalogError> = std::result::Result<T, E>;

/// Says what was being done when DuckDB failed.
pub(crate) trait Doing<T> {
    fn doing(self, what: &str) -> Result<T>;
}

impl<T> Doing<T> for duckdb::Result<T> {
    fn doing(self, what: &str) -> Result<T> {
        self.map_err(|error| CatalogError::new(ErrorKind::Statement, what).because(error))
    }
}

impl<T> Doing<T> for Result<T, arrow::error::ArrowError> {
    fn doing(self, what: &str) -> Result<T> {
        self.map_err(|error| CatalogError::new(ErrorKind::Statement, what).because(error))
    }
}

/// The path as text, as DuckDB wants it.
pub(crate) fn utf8<'a>(path: &'a Path, doing: &str) -> Result<&'a str> {
    path.to_str()
        .ok_or_else(|| CatalogError::new(ErrorKind::Path, format!("{doing} {}", path.display())))
}
