//! Where the decoded text of a scalar lies in the file.
//!
//! A scalar is a row of pieces. In an exact piece, byte after byte of the text stands so in the
//! file; any other piece (an escape, a parameter, a folded scalar) is pointed at as a whole.

use std::borrow::Cow;
use std::ops::Range;

use crate::{Node, Place, Style};

/// A stretch of decoded text and the bytes of the file that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub text: Range<usize>,
    pub source: Range<usize>,
    pub exact: bool,
}

/// Where a byte range of a text stands, given its pieces; `whole` if there are none.
pub(crate) fn place(whole: Place, pieces: &[Piece], range: Range<usize>) -> Place {
    let last_byte = range.end.max(range.start + 1) - 1;
    let (Some(first), Some(last)) = (piece_at(pieces, range.start), piece_at(pieces, last_byte)) else {
        return whole;
    };
    let start = first.start_of(range.start);
    let end = if range.is_empty() && first.exact {
        start
    } else {
        last.end_of(range.end)
    };
    Place {
        start,
        end: end.max(start),
        ..whole
    }
}

impl Piece {
    fn start_of(&self, at: usize) -> usize {
        if self.exact {
            self.clamped(at)
        } else {
            self.source.start
        }
    }

    fn end_of(&self, at: usize) -> usize {
        if self.exact { self.clamped(at) } else { self.source.end }
    }

    fn clamped(&self, at: usize) -> usize {
        (self.source.start + (at - self.text.start)).min(self.source.end)
    }

    /// The part of the piece inside a range of the text.
    pub fn cut(&self, range: &Range<usize>) -> Option<Piece> {
        let text = self.text.start.max(range.start)..self.text.end.min(range.end);
        if text.is_empty() {
            return None;
        }
        let source = if self.exact {
            self.clamped(text.start)..self.clamped(text.end)
        } else {
            self.source.clone()
        };
        Some(Piece {
            text,
            source,
            exact: self.exact,
        })
    }
}

/// The piece that holds a byte of the text; the last one for what lies behind the end.
fn piece_at(pieces: &[Piece], at: usize) -> Option<&Piece> {
    let after = pieces.partition_point(|piece| piece.text.start <= at);
    pieces.get(after.checked_sub(1)?)
}

/// The pieces of a node's text, those included that are plain to see.
pub(crate) fn all_pieces<'n>(node: &'n Node, text: &str) -> Cow<'n, [Piece]> {
    if let Some(pieces) = &node.pieces {
        return Cow::Borrowed(pieces);
    }
    let whole = node.place.start..node.place.end;
    let quote = usize::from(matches!(node.style, Style::SingleQuoted | Style::DoubleQuoted));
    let inside = whole.start + quote..whole.end.saturating_sub(quote);
    let exact = !node.multiline && node.style != Style::Folded && inside.len() == text.len();
    let source = if exact { inside } else { whole };
    Cow::Owned(vec![Piece {
        text: 0..text.len(),
        source,
        exact,
    }])
}

/// The pieces of a scalar that is just being read, where they are not plain to see.
///
/// `span` is the parser's range in `body`; `base` is what has to be added to get places.
pub(crate) fn pieces(style: Style, text: &str, body: &str, span: Range<usize>, base: usize) -> Option<Box<[Piece]>> {
    let source = &body[span.clone()];
    let mut pieces = match style {
        Style::Literal => literal(text, body, span.start)?,
        Style::SingleQuoted | Style::DoubleQuoted if source.len() != text.len() + 2 && !source.contains('\n') => {
            quoted(style, source, span.start)?
        }
        _ => return None,
    };
    // What does not put the text together again would point at the wrong place.
    let same = |piece: &Piece| {
        let (text, source) = (text.get(piece.text.clone()), body.get(piece.source.clone()));
        text.map(without_break) == source.map(without_break)
    };
    let fits = pieces.last().map_or(0, |piece| piece.text.end) == text.len()
        && pieces.iter().filter(|piece| piece.exact).all(same);
    for piece in &mut pieces {
        piece.source = piece.source.start + base..piece.source.end + base;
    }
    fits.then(|| pieces.into_boxed_slice())
}

fn without_break(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

/// One piece a line of a `|` block, whose first line with content begins at `start`.
fn literal(text: &str, body: &str, start: usize) -> Option<Vec<Piece>> {
    let line_start = body[..start].rfind('\n')? + 1;
    let indent = start - line_start;
    let blank = text.bytes().take_while(|b| *b == b'\n').count();
    let mut at = blank;
    let mut source = line_start;
    let mut pieces = vec![Piece {
        text: 0..blank,
        source: start..start,
        exact: false,
    }];
    for line in text[blank..].split_inclusive('\n') {
        let rest = body.get(source..)?;
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        // A blank line may be shorter than the indentation.
        let content = source + indent.min(without_break(&rest[..length]).len());
        pieces.push(Piece {
            text: at..at + line.len(),
            source: content..source + length,
            exact: true,
        });
        at += line.len();
        source += length;
    }
    pieces.retain(|piece| !piece.text.is_empty());
    Some(pieces)
}

/// The pieces of a quoted scalar on one line: runs of plain text, and escapes.
fn quoted(style: Style, source: &str, start: usize) -> Option<Vec<Piece>> {
    let inside = &source[1..source.len() - 1];
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut at, mut text_at) = (0, 0);
    while at < inside.len() {
        let rest = &inside[at..];
        let (length, text_length, exact) = match style {
            Style::SingleQuoted if rest.starts_with("''") => (2, 1, false),
            Style::DoubleQuoted if rest.starts_with('\\') => {
                let (length, c) = escape(&rest[1..])?;
                (1 + length, c.len_utf8(), false)
            }
            _ => {
                let mark = rest.char_indices().skip(1).find(|(_, c)| matches!(c, '\'' | '\\'));
                let end = mark.map_or(rest.len(), |(end, _)| end);
                (end, end, true)
            }
        };
        let from = start + 1 + at;
        pieces.push(Piece {
            text: text_at..text_at + text_length,
            source: from..from + length,
            exact,
        });
        at += length;
        text_at += text_length;
    }
    Some(pieces)
}

/// The length of an escape behind its backslash, and its character.
fn escape(rest: &str) -> Option<(usize, char)> {
    let digits = |n: usize| {
        Some((
            1 + n,
            char::from_u32(u32::from_str_radix(rest.get(1..1 + n)?, 16).ok()?)?,
        ))
    };
    match rest.chars().next()? {
        'x' => digits(2),
        'u' => digits(4),
        'U' => digits(8),
        'N' => Some((1, '\u{85}')),
        '_' => Some((1, '\u{a0}')),
        'L' => Some((1, '\u{2028}')),
        'P' => Some((1, '\u{2029}')),
        // All the others are one ASCII character for another.
        c if c.is_ascii() => Some((1, '\0')),
        _ => None,
    }
}
