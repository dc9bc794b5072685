//! CSV: a header and records, separated by comma, semicolon or tab.

use std::borrow::Cow;
use std::io::Read;

use lexhold_model::SourcePlace;

use crate::chunk::Chunks;
use crate::input::{Input, Origin};
use crate::message::Reading;
use crate::reader::{Chunk, Options, Place, Reader};
use crate::records::{Header, Record, Records};
use crate::row::{Field, Row};
use crate::{ErrorKind, SourceError, cell, message};

/// Reads CSV.
pub(crate) struct CsvReader {
    records: Records<Box<dyn Read + Send>>,
    columns: Vec<Column>,
    origin: Origin,
    format: String,
    chunks: Chunks,
    ended: bool,
    error: Option<SourceError>,
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

impl CsvReader {
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
            chunks: Chunks::new(options),
            ended: false,
            error: None,
        })
    }

    fn read_record(&mut self) {
        match self.records.next() {
            Ok(Some((line, record))) => {
                let place = SourcePlace {
                    file: self.origin.name.clone(),
                    offset: line,
                };
                let row = record.and_then(|record| read(record, &self.columns, place));
                self.chunks.push(Place::Line(line), row);
            }
            Ok(None) => self.ended = true,
            Err(error) => {
                self.ended = true;
                self.error = Some(self.origin.broken(error));
            }
        }
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

impl Reader for CsvReader {
    fn next(&mut self) -> Result<Option<Chunk>, SourceError> {
        while !self.ended && !self.chunks.is_full() {
            self.read_record();
        }
        if !self.chunks.is_empty() {
            return Ok(Some(self.chunks.take()));
        }
        self.error.take().map_or(Ok(None), Err)
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
