//! CSV: a header and records, separated by comma, semicolon or tab.

use std::borrow::Cow;
use std::io::Read;

use lexhold_model::SourcePlace;

use crate::chunk::Chunks;
use crate::input::{Input, Origin};
use crate::message::Reading;
use crate::reader::{Options, Place};
use crate::records::{Header, Record, Records};
use crate::row::{Field, Row};
use crate::stream::Rows;
use crate::{ErrorKind, SourceError, cell, message};

/// The records of a CSV file.
pub(crate) struct Csv {
    records: Records<Box<dyn Read + Send>>,
    columns: Vec<Column>,
    origin: Origin,
    format: String,
}

/// What a column is for.
pub(crate) enum Column {
    /// A field of the message.
    Known(Field),
    /// Metadata under this name.
    Other(String),
}

impl Column {
    /// The column of this name at this position, from 1.
    pub(crate) fn named(name: &str, position: usize) -> Self {
        match Field::of_column(name) {
            Some(field) => Self::Known(field),
            None if name.is_empty() => Self::Other(format!("column {position}")),
            None => Self::Other(name.to_owned()),
        }
    }
}

impl Csv {
    pub(crate) fn new(mut input: Input, header: &Header, options: Options) -> Result<Self, SourceError> {
        if let Some(name) = header.repeated() {
            let why = format!("its header names the column `{name}` twice");
            return Err(SourceError::new(ErrorKind::Header, &input.name, why));
        }
        let bom = input.peek(3).starts_with(b"\xef\xbb\xbf");
        let (mut bytes, origin) = input.split();
        if bom {
            bytes.read_exact(&mut [0; 3]).map_err(|error| origin.broken(error))?;
        }
        let mut records = Records::new(bytes, header.delimiter, options.line_bytes);
        records.next().map_err(|error| origin.broken(error))?;
        Ok(Self {
            records,
            columns: header
                .columns
                .iter()
                .zip(1..)
                .map(|(name, at)| Column::named(name, at))
                .collect(),
            format: origin.format("csv"),
            origin,
        })
    }
}

fn read(record: &Record, columns: &[Column], place: SourcePlace) -> Result<Reading, String> {
    if record.len() != columns.len() {
        return Err(format!(
            "{} fields where the header has {}",
            record.len(),
            columns.len()
        ));
    }
    let mut row = Row::default();
    for (column, text) in columns.iter().zip(record.texts()) {
        row.undecodable |= matches!(text, Cow::Owned(_));
        match column {
            Column::Known(field) => cell::set(&mut row, *field, text)?,
            Column::Other(_) if text.is_empty() => {}
            Column::Other(name) => row.keep(name.into(), Some(text.into_owned()))?,
        }
    }
    message::read(row, place)
}

impl Rows for Csv {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let record = self.records.next().map_err(|error| self.origin.broken(error))?;
        let Some((line, record)) = record else { return Ok(false) };
        let place = self.origin.line(line);
        to.push(
            Place::Line(line),
            record.and_then(|record| read(record, &self.columns, place)),
        );
        Ok(true)
    }

    fn position_bytes(&self) -> u64 {
        self.origin.position_bytes()
    }

    fn total_bytes(&self) -> Option<u64> {
        self.origin.total_bytes
    }

    fn format(&self) -> &str {
        &self.format
    }
}
