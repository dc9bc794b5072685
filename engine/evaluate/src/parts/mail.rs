//! Quotes, forwarded mails and signatures in the text of a mail.
//!
//! One way through the lines, with a bounded look ahead and back, so the cost is linear.

use lexhold_model::PartKind;

use super::lines::{Line, Lines};
use super::words::{self, Header};
use super::{Range, Ranges, Reason};

/// Longest signature, in lines and bytes; what is longer is text.
const SIGNATURE_LINES: usize = 20;
const SIGNATURE_BYTES: usize = 2_000;

/// Lines among which the header of another mail stands.
const HEADER_LINES: usize = 16;

/// Blank lines that may stand between a quote and the line that names its author.
const BLANK_ABOVE: usize = 2;

/// The ranges of a mail's text; `forwards` says that its subject speaks of a mail passed on.
pub(super) fn ranges(text: &str, forwards: bool) -> Vec<Range> {
    let mut splitter = Splitter {
        text,
        lines: Lines::new(text),
        above: Above::default(),
        ranges: Ranges::default(),
        forwards,
    };
    splitter.run();
    splitter.ranges.0
}

struct Splitter<'a> {
    text: &'a str,
    lines: Lines<'a>,
    above: Above<'a>,
    ranges: Ranges,
    forwards: bool,
}

impl<'a> Splitter<'a> {
    fn run(&mut self) {
        while !self.ranges.is_full() {
            let Some(line) = self.lines.next() else { return };
            if is_quoted(line.text) {
                self.quote(line);
            } else if let Some((kind, reason)) = words::marker(line.text) {
                self.announced(line.start, kind, reason);
            } else if words::header(line.text) == Some(Header::From) && heads_a_mail(line, self.lines) {
                self.announced(line.start, PartKind::Quoted, Reason::HeaderBlock);
            } else if is_signature_mark(line.text) {
                self.signature(line);
            } else {
                if words::is_device_line(line.text) && ends_what_was_written(self.lines) {
                    self.ranges
                        .push(PartKind::Signature, line.start, line.end, Reason::DeviceLine);
                }
                self.above.push(line);
            }
        }
    }

    /// A run of quoted lines, blank lines between them included, with the line above that names the author.
    fn quote(&mut self, first: Line<'a>) {
        let end = self.quoted_until(first);
        let has_words = |line: &str| line.chars().any(char::is_alphanumeric);
        // Marks without a word quote nothing; as a range of their own they could cut a phrase in two.
        if self.text[first.start..end].lines().any(has_words) && !is_escaped_from(&self.text[first.start..end]) {
            let start = self.above.attribution().unwrap_or(first.start);
            self.ranges.push(PartKind::Quoted, start, end, Reason::QuoteMarks);
        }
        self.above = Above::default();
    }

    /// Reads on to the last quoted line, and says where it ends.
    fn quoted_until(&mut self, first: Line<'a>) -> usize {
        let mut end = first.end;
        let mut ahead = self.lines;
        while let Some(line) = ahead.next() {
            if is_quoted(line.text) {
                end = line.end;
                self.lines = ahead;
            } else if !line.is_blank() {
                break;
            }
        }
        end
    }

    /// What an announcement or a header stands above: quoted lines where the header is followed by some, else everything
    /// to the end of the forwarded mail or of the text.
    fn announced(&mut self, start: usize, kind: PartKind, reason: Reason) {
        let kind = if self.forwards { PartKind::Forwarded } else { kind };
        self.above = Above::default();
        let mut ahead = self.lines;
        let body = ahead.by_ref().take(HEADER_LINES).find(|line| {
            is_quoted(line.text) || !(line.is_blank() || words::header(line.text).is_some() || is_folded(line.text))
        });
        if let Some(first) = body.filter(|line| is_quoted(line.text)) {
            self.lines = ahead;
            let end = self.quoted_until(first);
            self.ranges.push(kind, start, end, reason);
            return;
        }
        let end = self.lines.find(|line| words::is_end(line.text)).map(|line| line.end);
        self.ranges.push(kind, start, end.unwrap_or(self.text.len()), reason);
        if end.is_none() {
            while self.lines.next().is_some() {}
        }
    }

    /// What stands under a signature mark, to the end of the text or to what somebody else wrote; too much is text.
    fn signature(&mut self, mark: Line<'a>) {
        let mut ahead = self.lines;
        let mut rest = self.lines;
        let mut end = mark.end;
        let mut n_lines = 0;
        while let Some(line) = ahead.next() {
            if is_quoted(line.text) || words::marker(line.text).is_some() || is_signature_mark(line.text) {
                break;
            }
            if words::header(line.text) == Some(Header::From) && heads_a_mail(line, ahead) {
                break;
            }
            n_lines += usize::from(!line.is_blank());
            end = line.end;
            rest = ahead;
            if n_lines > SIGNATURE_LINES || end - mark.start > SIGNATURE_BYTES {
                self.above.push(mark);
                return;
            }
        }
        self.lines = rest;
        self.above = Above::default();
        self.ranges
            .push(PartKind::Signature, mark.start, end, Reason::SignatureMark);
    }
}

/// Whether a line is quoted: `>`, perhaps after one space that RFC 3676 stuffed in.
pub(super) fn is_quoted(line: &str) -> bool {
    line.starts_with('>') || line.starts_with(" >")
}

/// Whether a text is one line that a mailbox file marked only because it begins with `From `.
fn is_escaped_from(text: &str) -> bool {
    text.starts_with(">From ") && text.trim_end().lines().count() == 1
}

/// Whether a line goes on with a header line: it begins with white space, or holds addresses alone.
fn is_folded(line: &str) -> bool {
    line.starts_with([' ', '\t']) || line.trim_start().starts_with(['[', '<'])
}

fn is_signature_mark(line: &str) -> bool {
    line == "-- " || line == "--"
}

/// Whether a line `From: …` and those after it are the header of a mail: a date and an addressee or subject follow.
fn heads_a_mail(from: Line<'_>, following: Lines<'_>) -> bool {
    if from.text.len() > 1_000 {
        return false;
    }
    let (mut date, mut other) = (false, false);
    for line in following.take(HEADER_LINES) {
        match words::header(line.text) {
            Some(Header::Date) => date = true,
            Some(Header::To | Header::Subject) => other = true,
            Some(Header::Copy) => {}
            Some(Header::From) => return false,
            None if is_folded(line.text) => {}
            None => break,
        }
    }
    date && other
}

/// Whether nothing more of the sender's own follows: the text ends here, or what others wrote begins.
fn ends_what_was_written(mut following: Lines<'_>) -> bool {
    let next = following.by_ref().take(HEADER_LINES).find(|line| !line.is_blank());
    next.is_none_or(|line| {
        is_quoted(line.text)
            || words::marker(line.text).is_some()
            || words::is_attribution(line.text)
            || words::header(line.text) == Some(Header::From) && heads_a_mail(line, following)
    })
}

/// The lines above the one at hand, as far as they may name the author of a quote.
#[derive(Default)]
struct Above<'a> {
    /// The last lines without a blank one between them, the newest last.
    lines: Vec<Line<'a>>,
    n_blank: usize,
}

impl<'a> Above<'a> {
    const KEPT: usize = 3;

    fn push(&mut self, line: Line<'a>) {
        if line.is_blank() {
            self.n_blank += 1;
            return;
        }
        if self.n_blank > 0 {
            self.lines.clear();
            self.n_blank = 0;
        }
        if self.lines.len() == Self::KEPT {
            self.lines.remove(0);
        }
        self.lines.push(line);
    }

    /// Where the line or lines begin that name the author.
    fn attribution(&self) -> Option<usize> {
        let last = self.lines.last().filter(|_| self.n_blank <= BLANK_ABOVE)?;
        if !words::is_attribution(last.text) {
            return None;
        }
        let first = self
            .lines
            .iter()
            .rev()
            .find(|line| words::begins_attribution(line.text));
        Some(first.unwrap_or(last).start)
    }
}
