//! Bytes of any encoding as UTF-8, a piece at a time.

use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding};

const STEP_BYTES: usize = 16 << 10;

/// A stream in UTF-8 over one in another encoding, without its byte order mark. What cannot be decoded is U+FFFD.
pub(crate) struct Decoded<R> {
    from: R,
    decoder: Decoder,
    raw: Vec<u8>,
    /// Bytes of `raw` that are decoded.
    used: usize,
    text: Vec<u8>,
    /// Bytes of `text` that are handed over.
    given: usize,
    ended: bool,
    done: bool,
}

impl<R: Read> Decoded<R> {
    pub(crate) fn new(from: R, encoding: &'static Encoding) -> Self {
        Self {
            from,
            decoder: encoding.new_decoder(),
            raw: Vec::new(),
            used: 0,
            text: Vec::new(),
            given: 0,
            ended: false,
            done: false,
        }
    }

    /// Decodes the next piece.
    fn refill(&mut self) -> io::Result<()> {
        if self.used == self.raw.len() && !self.ended {
            self.raw.resize(STEP_BYTES, 0);
            let read = self.from.read(&mut self.raw)?;
            self.raw.truncate(read);
            self.used = 0;
            self.ended = read == 0;
        }
        self.text.resize(4 * STEP_BYTES, 0);
        let raw = &self.raw[self.used..];
        let (result, read, written, _) = self.decoder.decode_to_utf8(raw, &mut self.text, self.ended);
        self.used += read;
        self.text.truncate(written);
        self.given = 0;
        self.done = self.ended && result == encoding_rs::CoderResult::InputEmpty;
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if self.done {
                return Ok(0);
            }
            self.refill()?;
        }
        let length = to.len().min(self.text.len() - self.given);
        to[..length].copy_from_slice(&self.text[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_comes_out_as_utf8_whatever_its_length() {
        let long = "Zażółć gęślą jaźń, naïve, 漢字 ".repeat(3000);
        for name in ["utf-8", "gb18030"] {
            let encoding = Encoding::for_label(name.as_bytes()).unwrap();
            let (bytes, ..) = encoding.encode(&long);
            let mut text = String::new();
            Decoded::new(&*bytes, encoding).read_to_string(&mut text).unwrap();
            assert_eq!(text, long, "{name}");
        }
        for (label, bytes, expected) in [
            ("windows-1252", &b"na\xefve \x80"[..], "naïve €"),
            ("utf-16", b"\xfe\xff\x00a\x20\xac", "a€"),
            ("utf-16", b"\xff\xfea\x00", "a"),
            ("utf-8", b"\xef\xbb\xbfa\xff", "a\u{fffd}"),
            ("shift_jis", b"\x82", "\u{fffd}"),
        ] {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            let mut text = String::new();
            Decoded::new(bytes, encoding).read_to_string(&mut text).unwrap();
            assert_eq!(text, expected, "{label}");
        }
    }
}
