//! What all readers do alike: gather rows into chunks, and give an error only after the rows before it.

use crate::SourceError;
use crate::chunk::Chunks;
use crate::reader::{Chunk, Options, Reader};

/// The rows of one format.
pub trait Rows: Send {
    /// Puts the next row, or the next few, into the chunks; false at the end.
    ///
    /// # Errors
    /// When nothing more can be read.
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError>;

    /// As [`Reader::position_bytes`].
    fn position_bytes(&self) -> u64;

    /// As [`Reader::total_bytes`].
    fn total_bytes(&self) -> Option<u64>;

    /// As [`Reader::format`].
    fn format(&self) -> &str;
}

/// A reader over the rows of a format.
pub struct Stream<R> {
    rows: R,
    chunks: Chunks,
    ended: bool,
    error: Option<SourceError>,
}

impl<R: Rows> Stream<R> {
    /// The reader of these rows.
    pub fn new(rows: R, options: Options) -> Self {
        Self {
            rows,
            chunks: Chunks::new(options),
            ended: false,
            error: None,
        }
    }
}

impl<R: Rows> Reader for Stream<R> {
    fn next(&mut self) -> Result<Option<Chunk>, SourceError> {
        while !self.ended && !self.chunks.is_full() {
            match self.rows.read(&mut self.chunks) {
                Ok(more) => self.ended = !more,
                Err(error) => {
                    self.ended = true;
                    self.error = Some(error);
                }
            }
        }
        if !self.chunks.is_empty() {
            return Ok(Some(self.chunks.take()));
        }
        self.error.take().map_or(Ok(None), Err)
    }

    fn position_bytes(&self) -> u64 {
        self.rows.position_bytes()
    }

    fn total_bytes(&self) -> Option<u64> {
        self.rows.total_bytes()
    }

    fn format(&self) -> &str {
        self.rows.format()
    }
}
