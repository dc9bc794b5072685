//! NDJSON: one object a line.

use std::io::Read;

use crate::chunk::Chunks;
use crate::input::{Input, Origin};
use crate::lines::{Line, Lines};
use crate::open::without_bom;
use crate::reader::{Options, Place};
use crate::stream::Rows;
use crate::{SourceError, json, message};

/// The lines of an NDJSON file.
pub(crate) struct Ndjson {
    lines: Lines<Box<dyn Read + Send>>,
    origin: Origin,
    format: String,
    options: Options,
}

impl Ndjson {
    pub(crate) fn new(input: Input, options: Options) -> Self {
        let (bytes, origin) = input.split();
        let format = origin.format("ndjson");
        Self {
            lines: Lines::new(bytes, options.line_bytes),
            origin,
            format,
            options,
        }
    }
}

impl Rows for Ndjson {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let line = self.lines.next_line().map_err(|error| self.origin.broken(error))?;
        let Some((number, line)) = line else { return Ok(false) };
        let row = match line {
            Line::TooLong(length) => Err(format!(
                "a line of {length} bytes is longer than the limit of {}",
                self.options.line_bytes
            )),
            Line::Bytes(bytes) => {
                let bytes = if number == 1 { without_bom(bytes) } else { bytes };
                if bytes.trim_ascii().is_empty() {
                    return Ok(true);
                }
                let place = self.origin.line(number);
                json::with_row(bytes, |row| message::read(row, place))
            }
        };
        to.push(Place::Line(number), row);
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
