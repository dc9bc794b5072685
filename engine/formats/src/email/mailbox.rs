//! Cuts a mailbox into its messages. A file with one message is a mailbox of one.
//!
//! A message begins with a line `From … 10:20:30 2024` behind an empty one. Where a message states its `Content-Length` and the next
//! one begins just there, that decides (mboxcl, mboxcl2); where it does not, the length is wrong and is not believed. In the other
//! dialects (mboxo, mboxrd) a `>` before `From ` at the start of a line was put there by the mailbox and is taken away again.

use std::io::{self, Read};

use lexhold_source::{Line, Lines, without_bom};

/// The messages of a mailbox.
pub(super) struct Mailbox {
    lines: Lines<Box<dyn Read + Send>>,
    limit_bytes: usize,
    /// Lines that were read and given back, with the number of the first; they come before all others.
    again: Vec<Vec<u8>>,
    again_number: u64,
    number: u64,
    /// The line with which the next message begins.
    from: Option<(u64, Vec<u8>)>,
    begun: bool,
}

/// A message and the line that introduces it.
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    /// `From …`, in a mailbox.
    pub(super) from: Option<Vec<u8>>,
}

/// Whether bytes begin like a mailbox.
pub(super) fn is_mailbox(first: &[u8]) -> bool {
    let first = without_bom(first);
    let mut lines = first.split(|byte| *byte == b'\n');
    lines.next().is_some_and(is_from) && lines.next().is_some_and(|line| line.contains(&b':'))
}

/// Whether a line introduces a message: `From `, a time and a year.
fn is_from(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else {
        return false;
    };
    let time = rest.windows(5).any(|five| {
        let digit = |at: usize| five[at].is_ascii_digit();
        digit(0) && digit(1) && five[2] == b':' && digit(3) && digit(4)
    });
    let year =
        |word: &[u8]| word.len() == 4 && matches!(&word[..2], b"19" | b"20") && word.iter().all(u8::is_ascii_digit);
    time && rest.split(u8::is_ascii_whitespace).any(year)
}

/// A message that is being gathered.
struct Gathered {
    bytes: Vec<u8>,
    /// Where its body begins, once it has.
    body: Option<usize>,
    /// What it says the body's length is.
    stated_bytes: Option<usize>,
    /// Where a message may begin inside of what is stated to be its body: the position and the line's number.
    doubtful: Option<(usize, u64)>,
    too_long: bool,
    after_blank: bool,
}

impl Mailbox {
    pub(super) fn new(bytes: Box<dyn Read + Send>, limit_bytes: usize) -> Self {
        Self {
            lines: Lines::new(bytes, limit_bytes),
            limit_bytes,
            again: Vec::new(),
            again_number: 0,
            number: 0,
            from: None,
            begun: false,
        }
    }

    /// The next message and the line that it begins on, or why it cannot be read.
    pub(super) fn next_message(&mut self) -> io::Result<Option<(u64, Result<Found, String>)>> {
        let mut gathered = Gathered {
            bytes: Vec::new(),
            body: None,
            stated_bytes: None,
            doubtful: None,
            too_long: false,
            after_blank: false,
        };
        let mut start = self.from.as_ref().map(|(number, _)| *number);
        loop {
            let Some(line) = self.line()? else {
                // A stated length that reaches beyond the end of the file is wrong.
                if gathered.is_inside_stated()
                    && let Some((at, number)) = gathered.doubtful.take()
                {
                    self.give_back(&mut gathered, at, number);
                    continue;
                }
                break;
            };
            let number = self.number;
            if !self.begun {
                if line.trim_ascii().is_empty() {
                    continue;
                }
                self.begun = true;
                start = Some(number);
                if is_from(&line) {
                    self.from = Some((number, line));
                    continue;
                }
            }
            if self.from.is_some() && gathered.after_blank && is_from(&line) {
                if !gathered.is_inside_stated() {
                    let found = self.finish(gathered, start.unwrap_or(1));
                    self.from = Some((number, line));
                    return Ok(Some(found));
                }
                gathered.doubtful = gathered.doubtful.or(Some((gathered.bytes.len(), number)));
            }
            gathered.add(&line, self.limit_bytes);
            if gathered.has_overrun()
                && let Some((at, number)) = gathered.doubtful.take()
            {
                self.give_back(&mut gathered, at, number);
            }
        }
        if gathered.bytes.is_empty() && self.from.is_none() && start.is_none() {
            return Ok(None);
        }
        let found = self.finish(gathered, start.unwrap_or(1));
        Ok(Some(found))
    }

    /// Reads on from a line inside the message, which was not its own.
    fn give_back(&mut self, gathered: &mut Gathered, at: usize, number: u64) {
        let rest = gathered.bytes.split_off(at);
        let mut lines: Vec<Vec<u8>> = rest.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        // What follows the last line feed is no line.
        lines.pop();
        lines.reverse();
        self.again = lines;
        self.again_number = number;
        gathered.stated_bytes = None;
        gathered.after_blank = true;
    }

    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.again.pop() {
            self.number = self.again_number;
            self.again_number += 1;
            return Ok(Some(line));
        }
        let Some((number, line)) = self.lines.next_line()? else {
            return Ok(None);
        };
        self.number = number;
        Ok(Some(match line {
            Line::Bytes(bytes) if number == 1 => without_bom(bytes).to_vec(),
            Line::Bytes(bytes) => bytes.to_vec(),
            // As long as the limit, so that the message is told to be too long.
            Line::TooLong(_) => vec![b' '; self.limit_bytes + 1],
        }))
    }

    fn finish(&mut self, gathered: Gathered, start: u64) -> (u64, Result<Found, String>) {
        let from = self.from.take().map(|(_, line)| line);
        if gathered.too_long {
            return (
                start,
                Err(format!("is longer than the limit of {} bytes", self.limit_bytes)),
            );
        }
        let quoted = from.is_some() && gathered.stated_bytes.is_none();
        let bytes = if quoted {
            unquoted(&gathered.bytes, gathered.body.unwrap_or(0))
        } else {
            gathered.bytes
        };
        (start, Ok(Found { bytes, from }))
    }
}

impl Gathered {
    fn add(&mut self, line: &[u8], limit_bytes: usize) {
        self.after_blank = line.trim_ascii().is_empty();
        if self.bytes.len() + line.len() > limit_bytes {
            self.too_long = true;
            return;
        }
        if self.body.is_none() {
            let stated = line.to_ascii_lowercase();
            if let Some(length) = stated.strip_prefix(b"content-length:") {
                self.stated_bytes = std::str::from_utf8(length)
                    .ok()
                    .and_then(|text| text.trim().parse().ok());
            }
        }
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
        if self.body.is_none() && self.after_blank {
            self.body = Some(self.bytes.len());
        }
    }

    /// Whether the body is still shorter than it is stated to be. The empty line behind a body belongs to the mailbox.
    fn is_inside_stated(&self) -> bool {
        let (Some(body), Some(stated)) = (self.body, self.stated_bytes) else {
            return false;
        };
        self.bytes.len() - body < stated
    }

    /// Whether the body is longer than stated, by more than the empty line behind it.
    fn has_overrun(&self) -> bool {
        let (Some(body), Some(stated)) = (self.body, self.stated_bytes) else {
            return false;
        };
        self.bytes.len() - body > stated.saturating_add(2)
    }
}

/// The body without the `>` that the mailbox put before `From `.
fn unquoted(bytes: &[u8], body: usize) -> Vec<u8> {
    let mut to = bytes[..body].to_vec();
    for line in bytes[body..].split_inclusive(|byte| *byte == b'\n') {
        let marks = line.iter().take_while(|byte| **byte == b'>').count();
        let quoted = marks > 0 && line[marks..].starts_with(b"From ");
        to.extend_from_slice(if quoted { &line[1..] } else { line });
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "From ann@x.com Wed Sep 22 05:05:28 2004\n";

    fn messages(text: &str) -> Vec<(u64, String)> {
        let mut mailbox = Mailbox::new(Box::new(io::Cursor::new(text.as_bytes().to_vec())), 200);
        let mut all = Vec::new();
        while let Some((line, found)) = mailbox.next_message().unwrap() {
            let bytes = found.map_or_else(|why| why, |found| String::from_utf8(found.bytes).unwrap());
            all.push((line, bytes));
        }
        all
    }

    #[test]
    fn messages_begin_behind_an_empty_line() {
        let text = format!(
            "{FROM}A: 1\n\nFrom the start it was late\nFrom 10:20 on 2024\n\n{FROM}B: 2\n\n>From us\n>>From you\n"
        );
        let expected = [
            (
                1,
                "A: 1\n\nFrom the start it was late\nFrom 10:20 on 2024\n\n".to_owned(),
            ),
            (7, "B: 2\n\nFrom us\n>From you\n".to_owned()),
        ];
        assert_eq!(messages(&text), expected);
        assert_eq!(
            messages("A: 1\n\n>From x\n"),
            [(1, "A: 1\n\n>From x\n".to_owned())],
            "no mailbox, nothing is quoted"
        );
        assert_eq!(messages(""), []);
    }

    #[test]
    fn a_stated_length_decides_when_it_is_right() {
        let inner = format!("x\n\n{FROM}y\n");
        let right = format!("{FROM}Content-Length: {}\n\n{inner}\n{FROM}B: 2\n\nz\n", inner.len());
        let found = messages(&right);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].1, format!("Content-Length: {}\n\n{inner}\n", inner.len()));
        for wrong in [3, 60, 5000] {
            let text = format!("{FROM}Content-Length: {wrong}\n\nx\n\n{FROM}B: 2\n\n>From y\n\n{FROM}C: 3\n\nz\n");
            let found = messages(&text);
            assert_eq!(found.len(), 3, "{wrong}: {found:?}");
            assert_eq!((found[1].0, found[1].1.as_str()), (6, "B: 2\n\nFrom y\n\n"), "{wrong}");
            assert_eq!(found[2].0, 11, "{wrong}");
        }
    }

    #[test]
    fn a_message_that_is_too_long_costs_only_itself() {
        let text = format!("{FROM}A: 1\n\n{}\n\n{FROM}B: 2\n\nx\n", "y".repeat(300));
        let found = messages(&text);
        assert_eq!(found.len(), 2);
        assert!(found[0].1.contains("longer than the limit"));
    }
}
