//! Lines of a stream, in memory that does not grow with the longest one.

use std::io::{self, Read};

use crate::window::Window;

/// The lines of a stream, without their ends, numbered from 1.
pub struct Lines<R> {
    window: Window<R>,
    limit_bytes: usize,
    number: u64,
    /// The line handed out last, with its end, which goes when the next one is asked for.
    used: usize,
}

/// One line, or what is known of one that is too long.
pub enum Line<'a> {
    /// The bytes of a line.
    Bytes(&'a [u8]),
    /// The length of a line that is longer than the limit.
    TooLong(u64),
}

impl<R: Read> Lines<R> {
    /// The lines of a stream; those longer than the limit are passed by.
    pub fn new(from: R, limit_bytes: usize) -> Self {
        Self {
            window: Window::new(from),
            limit_bytes,
            number: 0,
            used: 0,
        }
    }

    /// The next line with its number. A last line needs no end; one that an error cuts off is not handed out.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub fn next_line(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        self.window.consume(std::mem::take(&mut self.used));
        let mut searched = 0;
        loop {
            let bytes = self.window.bytes();
            if let Some(found) = memchr::memchr(b'\n', &bytes[searched..]) {
                return Ok(Some(self.hand_out(searched + found, 1)));
            }
            searched = bytes.len();
            if searched > self.limit_bytes {
                return self.pass_by().map(Some);
            }
            if !self.window.more()? {
                return Ok((searched > 0).then(|| self.hand_out(searched, 0)));
            }
        }
    }

    fn hand_out(&mut self, length: usize, end: usize) -> (u64, Line<'_>) {
        self.number += 1;
        self.used = length + end;
        if length > self.limit_bytes {
            return (self.number, Line::TooLong(length as u64));
        }
        (self.number, Line::Bytes(&self.window.bytes()[..length]))
    }

    /// Reads to the end of a line that is too long, keeping nothing of it.
    fn pass_by(&mut self) -> io::Result<(u64, Line<'_>)> {
        self.number += 1;
        let mut length = 0;
        loop {
            let bytes = self.window.bytes();
            if let Some(found) = memchr::memchr(b'\n', bytes) {
                self.used = found + 1;
                return Ok((self.number, Line::TooLong(length + found as u64)));
            }
            length += bytes.len() as u64;
            self.window.consume(bytes.len());
            if !self.window.more()? {
                return Ok((self.number, Line::TooLong(length)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], limit_bytes: usize) -> Vec<(u64, Result<Vec<u8>, u64>)> {
        let mut lines = Lines::new(text, limit_bytes);
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next_line().unwrap() {
            all.push((
                number,
                match line {
                    Line::Bytes(bytes) => Ok(bytes.to_vec()),
                    Line::TooLong(length) => Err(length),
                },
            ));
        }
        all
    }

    #[test]
    fn a_line_longer_than_the_limit_is_passed_by_and_counted() {
        let long = vec![b'x'; 3 << 20];
        let text = [b"one\n\n".as_slice(), &long, b"\nlast"].concat();
        let expected = vec![
            (1, Ok(b"one".to_vec())),
            (2, Ok(vec![])),
            (3, Err(3 << 20)),
            (4, Ok(b"last".to_vec())),
        ];
        assert_eq!(lines(&text, 1000), expected);
        assert_eq!(lines(&text, 3 << 20)[2], (3, Ok(long)));
        assert_eq!(lines(b"", 10), []);
        assert_eq!(lines(b"12345\n123456\n1234567", 5)[1..], [(2, Err(6)), (3, Err(7))]);
    }

    #[test]
    fn the_buffer_of_a_line_that_is_too_long_stays_small() {
        let text = vec![b'x'; 20 << 20];
        let mut lines = Lines::new(text.as_slice(), 1 << 20);
        assert!(matches!(lines.next_line().unwrap(), Some((1, Line::TooLong(length))) if length == 20 << 20));
        assert!(lines.window.capacity() <= 4 << 20);
    }
}
