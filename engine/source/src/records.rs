//! Records of comma-separated text after RFC 4180, in bounded memory.
//!
//! Stricter than most: text after a closing quote makes a record unreadable, and reading goes on with the line
//! after its first one. So a quote that is never closed costs one record, not all that follow.

use std::borrow::Cow;
use std::io::{self, Read};

use crate::row::Field;
use crate::value::text_of;
use crate::window::Window;

/// The header of a table and what separates its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) delimiter: u8,
    pub(crate) columns: Vec<String>,
}

impl Header {
    /// The header with which some text begins, if one with a field of a message can be made out.
    pub(crate) fn find(text: &[u8]) -> Option<Self> {
        let known = |header: &Self| {
            header
                .columns
                .iter()
                .filter(|name| Field::of_column(name).is_some())
                .count()
        };
        let best = Self::candidates(text).max_by_key(known)?;
        (known(&best) > 0).then_some(best)
    }

    /// The header, read with whichever separator finds the most columns.
    pub(crate) fn widest(text: &[u8]) -> Option<Self> {
        Self::candidates(text).max_by_key(|header| header.columns.len())
    }

    fn candidates(text: &[u8]) -> impl Iterator<Item = Self> {
        // The last one wins a tie: the comma, as in the format's name.
        let delimiters = [b'\t', b';', b','].into_iter();
        delimiters.filter_map(move |delimiter| Self::with(text, delimiter))
    }

    /// The header, read with this separator.
    pub(crate) fn with(text: &[u8], delimiter: u8) -> Option<Self> {
        let mut records = Records::new(text, delimiter, text.len());
        let (_, record) = records.next().ok()??;
        let columns = record.ok()?.texts().map(|name| name.trim().to_owned()).collect();
        Some(Self { delimiter, columns })
    }

    /// The first name that stands twice.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let same = |one: &String, other: &String| match (Field::of_column(one), Field::of_column(other)) {
            (Some(one), Some(other)) => one == other,
            _ => one == other && !one.is_empty(),
        };
        let twice = self
            .columns
            .iter()
            .enumerate()
            .find(|(at, name)| self.columns[..*at].iter().any(|one| same(one, name)));
        twice.map(|(_, name)| name.as_str())
    }
}

/// One record: its fields without their quotes.
#[derive(Debug, Default)]
pub(crate) struct Record {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    /// How many fields there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The fields. Bytes that are not UTF-8 are replaced, and the text is then owned.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        // All at once is faster. A field may still begin inside a character, when it and the one before are damaged.
        let whole = std::str::from_utf8(&self.bytes).ok();
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(
            move |(start, end)| match whole.and_then(|whole| whole.get(start..*end)) {
                Some(text) => Cow::Borrowed(text),
                None => text_of(&self.bytes[start..*end]),
            },
        )
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn end_field(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

/// The records of a stream, each with the line it begins on.
pub(crate) struct Records<R> {
    window: Window<R>,
    delimiter: u8,
    limit_bytes: usize,
    line: u64,
    record: Record,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    QuoteSeen,
    /// A carriage return ended the record; a line feed may follow.
    Return,
}

enum Step {
    On,
    More,
    Done,
    Wrong(&'static str),
}

impl<R: Read> Records<R> {
    pub(crate) fn new(from: R, delimiter: u8, limit_bytes: usize) -> Self {
        Self {
            window: Window::new(from),
            delimiter,
            limit_bytes,
            line: 1,
            record: Record::default(),
        }
    }

    /// The next record that is not an empty line, or the reason why it cannot be read, and its line.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, Result<&Record, String>)>> {
        loop {
            let line = self.line;
            match self.scan()? {
                None => return Ok(None),
                Some(Err(reason)) => {
                    self.pass_by_line()?;
                    return Ok(Some((line, Err(reason))));
                }
                Some(Ok(length)) => {
                    let used = &self.window.bytes()[..length];
                    let feeds = memchr::memchr_iter(b'\n', used).count() as u64;
                    self.line += feeds + u64::from(used.ends_with(b"\r"));
                    self.window.consume(length);
                    if self.record.bytes.is_empty() && self.record.ends.len() <= 1 {
                        continue;
                    }
                    return Ok(Some((line, Ok(&self.record))));
                }
            }
        }
    }

    /// Reads one record; the bytes it takes, its end included.
    fn scan(&mut self) -> io::Result<Option<Result<usize, String>>> {
        self.record.clear();
        let (mut state, mut at) = (State::FieldStart, 0);
        loop {
            match self.step(&mut state, &mut at) {
                Step::On => {}
                Step::Done => return Ok(Some(Ok(at))),
                Step::Wrong(reason) => return Ok(Some(Err(reason.to_owned()))),
                Step::More if at > self.limit_bytes => {
                    let quote = if state == State::Quoted {
                        ", perhaps because a quote is never closed"
                    } else {
                        ""
                    };
                    return Ok(Some(Err(format!(
                        "a record is longer than the limit of {} bytes{quote}",
                        self.limit_bytes
                    ))));
                }
                Step::More if self.window.more()? => {}
                Step::More if state == State::Quoted => return Ok(Some(Err("a quote is never closed".to_owned()))),
                Step::More if at == 0 => return Ok(None),
                Step::More => {
                    if state != State::Return {
                        self.record.end_field();
                    }
                    return Ok(Some(Ok(at)));
                }
            }
        }
    }

    /// Takes one stretch of bytes that is all of a kind.
    fn step(&mut self, state: &mut State, at: &mut usize) -> Step {
        let bytes = &self.window.bytes()[*at..];
        let Some(&first) = bytes.first() else { return Step::More };
        match *state {
            State::FieldStart if first == b'"' => {
                *at += 1;
                *state = State::Quoted;
            }
            State::FieldStart => *state = State::Plain,
            State::Plain => {
                let length = memchr::memchr3(self.delimiter, b'\n', b'\r', bytes).unwrap_or(bytes.len());
                self.record.bytes.extend_from_slice(&bytes[..length]);
                *at += length;
                if let Some(&end) = bytes.get(length) {
                    return self.end_field(end, state, at);
                }
            }
            State::Quoted => {
                let length = memchr::memchr(b'"', bytes);
                self.record
                    .bytes
                    .extend_from_slice(&bytes[..length.unwrap_or(bytes.len())]);
                *at += length.map_or(bytes.len(), |length| length + 1);
                if length.is_some() {
                    *state = State::QuoteSeen;
                }
            }
            State::QuoteSeen if first == b'"' => {
                self.record.bytes.push(b'"');
                *at += 1;
                *state = State::Quoted;
            }
            State::QuoteSeen if first == self.delimiter || first == b'\n' || first == b'\r' => {
                return self.end_field(first, state, at);
            }
            State::QuoteSeen => return Step::Wrong("text stands after a closing quote"),
            State::Return => {
                *at += usize::from(first == b'\n');
                return Step::Done;
            }
        }
        Step::On
    }

    fn end_field(&mut self, end: u8, state: &mut State, at: &mut usize) -> Step {
        self.record.end_field();
        *at += 1;
        match end {
            b'\n' => return Step::Done,
            b'\r' => *state = State::Return,
            _ => *state = State::FieldStart,
        }
        Step::On
    }

    /// Goes on after the line that an unreadable record begins on.
    fn pass_by_line(&mut self) -> io::Result<()> {
        self.line += 1;
        loop {
            let bytes = self.window.bytes();
            let found = memchr::memchr(b'\n', bytes);
            let length = found.map_or(bytes.len(), |found| found + 1);
            self.window.consume(length);
            if found.is_some() || !self.window.more()? {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str, limit_bytes: usize) -> Vec<(u64, Result<Vec<String>, String>)> {
        let mut records = Records::new(text.as_bytes(), b',', limit_bytes);
        let mut all = Vec::new();
        while let Some((line, record)) = records.next().unwrap() {
            all.push((line, record.map(|record| record.texts().map(Cow::into_owned).collect())));
        }
        all
    }

    fn fields(fields: &[&str]) -> Result<Vec<String>, String> {
        Ok(fields.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn quotes_line_ends_and_empty_fields() {
        let text = "a,b\r\n\"x, \"\"y\"\"\r\nz\",\n\n,\"\"\rlast,5\" pipe";
        let expected = vec![
            (1, fields(&["a", "b"])),
            (2, fields(&["x, \"y\"\r\nz", ""])),
            (5, fields(&["", ""])),
            (6, fields(&["last", "5\" pipe"])),
        ];
        assert_eq!(records(text, 1000), expected);
        assert_eq!(records("", 10), []);
        assert_eq!(records("a,", 10), [(1, fields(&["a", ""]))]);
        assert_eq!(records("a\r", 10), [(1, fields(&["a"]))]);
        assert_eq!(records("\"a\"", 10), [(1, fields(&["a"]))]);
    }

    #[test]
    fn a_record_that_cannot_be_read_costs_only_itself() {
        let text = "a,\"b\nc,d\ne,\"f\"g\nh,i\n";
        let lines: Vec<_> = records(text, 1000)
            .into_iter()
            .map(|(line, record)| (line, record.is_ok()))
            .collect();
        assert_eq!(lines, [(1, false), (2, true), (3, false), (4, true)]);
        assert_eq!(
            records("a,\"b\nc,d\n", 1000),
            [(1, Err("a quote is never closed".into())), (2, fields(&["c", "d"]))]
        );
    }

    #[test]
    fn a_record_longer_than_the_limit_is_passed_by() {
        let text = format!("a,{}\nb,c\n", "x".repeat(2 << 20));
        let found = records(&text, 1 << 20);
        assert!(found[0].1.as_ref().is_err_and(|reason| reason.contains("1048576")));
        assert_eq!(found[1], (2, fields(&["b", "c"])));
    }

    #[test]
    fn a_character_torn_apart_by_a_separator_is_no_character() {
        let mut records = Records::new(b"\xc3,\xa9,ok".as_slice(), b',', 100);
        let (_, record) = records.next().unwrap().unwrap();
        assert_eq!(
            record.unwrap().texts().collect::<Vec<_>>(),
            ["\u{fffd}", "\u{fffd}", "ok"]
        );
    }

    #[test]
    fn the_separator_is_the_one_that_finds_fields() {
        let find = |text: &str| Header::find(text.as_bytes()).map(|header| (header.delimiter, header.columns.len()));
        assert_eq!(find("id;sender;text,with comma\n1;2;3"), Some((b';', 3)));
        assert_eq!(find("id\tsender\ttext\n"), Some((b'\t', 3)));
        assert_eq!(find("text"), Some((b',', 1)));
        assert_eq!(find("nothing,of,ours"), None);
        assert_eq!(
            Header::find(b"id,account,accounts").unwrap().repeated(),
            Some("accounts")
        );
    }
}
