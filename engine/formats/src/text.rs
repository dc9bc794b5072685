//! A text of an export: its lines go to the format's module, its damage into reports.

use std::io::Read;
use std::sync::Arc;

use lexhold_model::SourcePlace;
use lexhold_source::{Chunks, Line, Lines, Place, SourceError, without_bom};

use crate::document::Readings;
use crate::format::Part;

/// A text under way.
pub(crate) struct Text {
    /// The path inside the input, for reports.
    path: Arc<str>,
    /// The same with the input's name, for messages.
    file: String,
    lines: Lines<Box<dyn Read + Send>>,
    limit_bytes: usize,
}

impl Text {
    /// Opens an entry.
    pub(crate) fn open(part: &Part, at: usize) -> Result<Self, SourceError> {
        let entry = &part.tree.entries[at];
        let limit_bytes = part.options.chunks.line_bytes;
        Ok(Self {
            path: entry.path.as_str().into(),
            file: part.tree.full_name(entry),
            lines: Lines::new(part.tree.read(entry)?, limit_bytes),
            limit_bytes,
        })
    }

    /// Reads one line on, without its end; false at the end. Lines with nothing in them are passed by.
    pub(crate) fn read(&mut self, to: &mut Chunks, on: impl FnOnce(&[u8], SourcePlace) -> Readings) -> bool {
        let (number, readings) = match self.lines.next_line() {
            Ok(None) => return false,
            Ok(Some((number, Line::Bytes(bytes)))) => {
                let bytes = if number == 1 { without_bom(bytes) } else { bytes };
                let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
                if bytes.trim_ascii().is_empty() {
                    return true;
                }
                let place = SourcePlace {
                    file: self.file.clone(),
                    offset: number,
                };
                (number, on(bytes, place))
            }
            Ok(Some((number, Line::TooLong(_)))) => {
                let why = format!("is longer than the limit of {} bytes", self.limit_bytes);
                (number, vec![Err(why)])
            }
            Err(error) => {
                let why = format!("cannot be read on, the rest of the file is lost: {error}");
                self.push(to, Place::Whole, vec![Err(why)]);
                return false;
            }
        };
        self.push(to, Place::Line(number), readings);
        true
    }

    fn push(&self, to: &mut Chunks, place: Place, readings: Readings) {
        for reading in readings {
            if self.path.is_empty() {
                to.push(place, reading);
            } else {
                to.push_in(&self.path, place, reading);
            }
        }
    }
}

/// Hands over each line of an entry, for what has to be known before its messages are read. What is wrong with a line is told then.
pub(crate) fn each_line(part: &Part, at: usize, mut then: impl FnMut(&[u8])) -> Result<(), SourceError> {
    let entry = &part.tree.entries[at];
    let mut lines = Lines::new(part.tree.read(entry)?, part.options.chunks.line_bytes);
    let failed = |error| SourceError::io(&part.tree.full_name(entry), error);
    while let Some((number, line)) = lines.next_line().map_err(failed)? {
        if let Line::Bytes(bytes) = line {
            then(if number == 1 { without_bom(bytes) } else { bytes });
        }
    }
    Ok(())
}

/// The first line of some text that says anything.
pub(crate) fn first_line(first: &[u8]) -> &[u8] {
    let mut lines = without_bom(first).split(|byte| *byte == b'\n');
    lines
        .find_map(|line| Some(line.trim_ascii()).filter(|line| !line.is_empty()))
        .unwrap_or_default()
}
