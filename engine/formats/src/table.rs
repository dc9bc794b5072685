//! Tables of messages inside an export or an archive: NDJSON, CSV, Parquet, as `lexhold_source` reads them by themselves.

use std::fs::File;
use std::io::{self, Read, Seek as _};

use lexhold_source::{Chunks, Rows, SourceError, is_table, open_table};

use crate::format::{About, Format, Messages, Part};

/// Not a product's format, and so not listed among them.
pub(crate) struct Table;

static ABOUT: About = About {
    name: "messages",
    title: "Tables of messages",
    input: "ndjson, csv, parquet",
    preserves: &[],
    lacks: &[],
    page: "",
};

impl Format for Table {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_file(&self, first: &[u8]) -> bool {
        is_table(first)
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let entry = &part.tree.entries[part.entries[0]];
        let bytes = part.tree.read(entry)?;
        let rows = open_table(&part.tree.full_name(entry), bytes, part.options.chunks, nameless)?;
        Ok(Box::new(TableRows(rows)))
    }
}

/// A file without a name that has these bytes.
fn nameless(bytes: &mut dyn Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(bytes, &mut file)?;
    file.rewind()?;
    Ok(file)
}

struct TableRows(Box<dyn Rows>);

impl Messages for TableRows {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        self.0.read(to)
    }
}
