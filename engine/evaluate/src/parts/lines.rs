//! The lines of a text, looked at one after the other, in memory that does not grow with it.

/// One line, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The line's first byte in the text.
    pub(super) start: usize,
    /// The first byte of the next line, or the end of the text.
    pub(super) end: usize,
    /// The line, without its line feed and the return before it.
    pub(super) text: &'a str,
}

impl Line<'_> {
    /// Whether it holds nothing but white space.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim_start().is_empty()
    }
}

/// The lines from one place on. A clone looks ahead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let (length, end) = match memchr::memchr(b'\n', rest.as_bytes()) {
            Some(feed) => (feed, feed + 1),
            None => (rest.len(), rest.len()),
        };
        let text = &rest[..length];
        let line = Line {
            start: self.at,
            end: self.at + end,
            text: text.strip_suffix('\r').unwrap_or(text),
        };
        self.at = line.end;
        Some(line)
    }
}
