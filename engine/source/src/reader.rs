//! What every reader gives: chunks of messages, and what was wrong with the rows it could not read.

use std::fmt;
use std::sync::Arc;

use lexhold_model::MessageBatch;

use crate::SourceError;

/// One open input. Chunks come in the order of the file; how it is cut into chunks changes no message.
///
/// A reader MUST report every row it could not read, and go on with the next one. After an error, or at the
/// end, it MUST answer `None` for ever. Rows read before an error MUST have been given first.
pub trait Reader: Send {
    /// The next chunk, or `None` at the end.
    ///
    /// # Errors
    /// When the rest of the file cannot be read at all.
    fn next(&mut self) -> Result<Option<Chunk>, SourceError>;

    /// How many bytes of the file, compressed as it is, have been consumed: for progress.
    fn position_bytes(&self) -> u64;

    /// How many bytes the file has; `None` for a pipe.
    fn total_bytes(&self) -> Option<u64>;

    /// The format by name, such as `ndjson` or `csv (zstd)`.
    fn format(&self) -> &str;
}

/// Some messages of an input, at most as many as [`Options`] allows.
#[derive(Debug)]
pub struct Chunk {
    /// The messages.
    pub batch: MessageBatch,
    /// The rows that are no messages, in the order of the file.
    pub unreadable: Vec<Unreadable>,
    /// What had to be put right in messages that were read.
    pub notes: Vec<Note>,
    /// What the messages are parts of, in their order: the file or folder inside the input that they are counted under, empty
    /// where that is the input itself, and how many of them in a row.
    pub parts: Vec<(Arc<str>, usize)>,
    /// What else a person should know of the input; no message is lost by it.
    pub remarks: Vec<String>,
}

/// One row, or a run of rows, that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What it is counted under, as in [`Chunk::parts`].
    pub part: Arc<str>,
    /// The file inside the input, when the input is a folder or an archive.
    pub file: Option<Arc<str>>,
    /// Where it stands in the file.
    pub place: Place,
    /// Why, without a word of its content.
    pub reason: String,
}

/// Something in a message that was put right rather than let the message go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file inside the input, when the input is a folder or an archive.
    pub file: Option<Arc<str>>,
    /// Where the message stands in the file.
    pub place: Place,
    /// Which row of the chunk's batch it is, from 0.
    pub row: usize,
    /// Which field.
    pub field: &'static str,
    /// What was done and why, without a word of the content.
    pub reason: String,
}

/// A place in an input, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A line of text: for a CSV record the line it begins on.
    Line(u64),
    /// Rows of a Parquet file, first and last.
    Rows(u64, u64),
    /// An item of a list, such as a message of a JSON array.
    Item(u64),
    /// All that is in the file.
    Whole,
}

impl Place {
    /// How many rows it stands for.
    pub fn rows(self) -> u64 {
        match self {
            Self::Line(_) | Self::Item(_) | Self::Whole => 1,
            Self::Rows(first, last) => last.saturating_sub(first) + 1,
        }
    }

    /// The line, the item or the first row.
    pub fn first(self) -> u64 {
        match self {
            Self::Line(at) | Self::Rows(at, _) | Self::Item(at) => at,
            Self::Whole => 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "{line}"),
            Self::Rows(first, last) if first == last => write!(f, "row {first}"),
            Self::Rows(first, last) => write!(f, "rows {first}-{last}"),
            Self::Item(number) => write!(f, "item {number}"),
            Self::Whole => f.write_str("all of it"),
        }
    }
}

/// How much a reader takes at a time. Reaching `line_bytes` makes a row unreadable; the others only cut chunks.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The most rows in a chunk.
    pub chunk_rows: usize,
    /// The most bytes of text in a chunk, unless one message alone has more.
    pub chunk_bytes: usize,
    /// The longest line, or CSV record, that is read.
    pub line_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            chunk_rows: 16_384,
            chunk_bytes: 16 << 20,
            line_bytes: 64 << 20,
        }
    }
}
