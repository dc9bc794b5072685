//! NDJSON: one object a line.

use std::io::Read;

use lexhold_model::SourcePlace;

use crate::chunk::Chunks;
use crate::input::{Input, Origin};
use crate::lines::{Line, Lines};
use crate::open::without_bom;
use crate::reader::{Chunk, Options, Place, Reader};
use crate::{SourceError, json, message};

/// Reads NDJSON.
pub(crate) struct NdjsonReader {
    lines: Lines<Box<dyn Read + Send>>,
    origin: Origin,
    format: String,
    options: Options,
    chunks: Chunks,
    /// Whether the end was reached; the error that broke the stream is given after the rows before it.
    ended: bool,
    error: Option<SourceError>,
}

impl NdjsonReader {
    pub(crate) fn new(input: Input, options: Options) -> Self {
        let (bytes, origin) = input.split();
        Self {
            lines: Lines::new(bytes, options.line_bytes),
            format: origin.format("ndjson"),
            origin,
            options,
            chunks: Chunks::new(options),
            ended: false,
            error: None,
        }
    }

    fn read_line(&mut self) {
        let (number, line) = match self.lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => {
                self.ended = true;
                return;
            }
            Err(error) => {
                self.ended = true;
                self.error = Some(self.origin.broken(error));
                return;
            }
        };
        let row = match line {
            Line::TooLong(length) => Err(format!(
                "a line of {length} bytes is longer than the limit of {}",
                self.options.line_bytes
            )),
            Line::Bytes(bytes) => {
                let bytes = if number == 1 { without_bom(bytes) } else { bytes };
                if bytes.trim_ascii().is_empty() {
                    return;
                }
                let place = SourcePlace {
                    file: self.origin.name.clone(),
                    offset: number,
                };
                json::with_row(bytes, |row| message::read(row, place))
            }
        };
        self.chunks.push(Place::Line(number), row);
    }
}

impl Reader for NdjsonReader {
    fn next(&mut self) -> Result<Option<Chunk>, SourceError> {
        while !self.ended && !self.chunks.is_full() {
            self.read_line();
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
