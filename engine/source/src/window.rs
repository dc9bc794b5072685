//! A stream of bytes seen through a buffer that grows only as long as its user asks for more.

use std::io::{self, Read};

/// The bytes that have been read and not yet consumed.
pub struct Window<R> {
    from: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<R: Read> Window<R> {
    const FIRST_BYTES: usize = 256 << 10;

    /// A window on a stream, with nothing read yet.
    pub fn new(from: R) -> Self {
        Self {
            from,
            buffer: vec![0; Self::FIRST_BYTES],
            start: 0,
            end: 0,
        }
    }

    /// What has been read and not consumed.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Goes on behind so many bytes.
    pub fn consume(&mut self, bytes: usize) {
        self.start = (self.start + bytes).min(self.end);
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Reads some more bytes; false at the end of the stream.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub fn more(&mut self) -> io::Result<bool> {
        if self.start > 0 && (self.end == self.buffer.len() || self.start == self.end) {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.from.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
