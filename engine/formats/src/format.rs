//! What a module says of its format, and what it is handed.

use std::sync::Arc;

use jiff::tz::TimeZone;
use lexhold_source::{Chunks, Mapping, SourceError};

use crate::sqlite::Tables;
use crate::tree::Tree;

/// A format as people are told of it.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its short name, such as `slack`.
    pub name: &'static str,
    /// The product and the export.
    pub title: &'static str,
    /// What is handed over: a folder, a ZIP archive, a file.
    pub input: &'static str,
    /// What is preserved, a word or two each.
    pub preserves: &'static [&'static str],
    /// What the product itself does not export.
    pub lacks: &'static [&'static str],
    /// The manual: how to get the export, what is read and how.
    pub page: &'static str,
}

/// How inputs are read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How much is read at a time.
    pub chunks: lexhold_source::Options,
    /// The zone of times that an export writes without one.
    pub zone: Option<TimeZone>,
    /// The order of dates that could be read in two ways.
    pub dates: Option<DateOrder>,
    /// What the columns are, where every input is a table with columns of its own.
    pub mapping: Option<Arc<Mapping>>,
}

/// In which order the numbers of a date stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// `31/12/24`.
    DayMonthYear,
    /// `12/31/24`.
    MonthDayYear,
    /// `24-12-31`.
    YearMonthDay,
}

/// One product's format.
pub(crate) trait Format: Sync {
    /// What people are told of it.
    fn about(&self) -> &'static About;

    /// The folders of a tree that hold an export in this format as a whole; the root is the empty text.
    fn folders(&self, _tree: &Tree) -> Vec<String> {
        Vec::new()
    }

    /// Whether a single file that begins so is in this format.
    fn is_file(&self, _first: &[u8]) -> bool {
        false
    }

    /// Whether a database with these tables is in this format.
    fn is_database(&self, _tables: &Tables) -> bool {
        false
    }

    /// Whether a file of this name in a folder of the format is known to hold nothing of a message.
    fn passes_by(&self, _name: &str) -> bool {
        false
    }

    /// Whether a file that begins so holds a single message, and is counted with the folder it lies in.
    fn is_single(&self, _first: &[u8]) -> bool {
        false
    }

    /// Whether everything is known that the export does not say of itself.
    ///
    /// # Errors
    /// What has to be said first; nothing has been read of the input by then.
    fn check(&self, _part: &Part) -> Result<(), SourceError> {
        Ok(())
    }

    /// Opens a part of a tree.
    ///
    /// # Errors
    /// When nothing of it can be read.
    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError>;
}

/// What one reader has to read: entries of a tree.
pub(crate) struct Part {
    pub(crate) tree: Arc<Tree>,
    /// The folder that they lie in, with its slash; empty for the root.
    pub(crate) root: String,
    /// Their positions in the tree, in the order of their names.
    pub(crate) entries: Vec<usize>,
    pub(crate) options: Options,
}

/// A stream of messages and reports.
pub(crate) trait Messages: Send {
    /// Gathers the next few messages or reports; false at the end.
    ///
    /// # Errors
    /// When nothing more can be read.
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError>;
}
