//! Changes to a file that mend what a diagnostic tells.
//!
//! Edits replace bytes and leave everything else, comments and layout included, as it is. A fix is [`Safe`](Applicability::Safe)
//! only if it leaves what a sound document says as it was, or if a document that says nothing as it stands can have
//! meant nothing else; whatever is a guess is [`Maybe`](Applicability::Maybe), to be offered to a person and not made by itself.

use crate::{FileId, Node, Place, Style};

/// A change that mends what a diagnostic tells. All of it is made, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is done, as an order: "write `severity`".
    pub title: String,
    /// Where what is put instead: in one file, none touching another.
    pub edits: Vec<Edit>,
    /// Whether it may be made unasked.
    pub applicability: Applicability,
}

/// A text that takes the place of what stands in a file; an empty place is where it is put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is taken away.
    pub place: Place,
    /// What is put there.
    pub text: String,
}

/// How sure a fix is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applicability {
    /// It changes nothing that the document says, or what is wrong can have meant nothing else.
    Safe,
    /// Somebody has to look at it.
    Maybe,
}

impl Fix {
    /// A fix that may be made unasked.
    pub fn safe(title: impl Into<String>, edits: impl IntoIterator<Item = Edit>) -> Self {
        Self {
            title: title.into(),
            edits: edits.into_iter().collect(),
            applicability: Applicability::Safe,
        }
    }

    /// A fix that somebody has to look at.
    pub fn maybe(title: impl Into<String>, edits: impl IntoIterator<Item = Edit>) -> Self {
        Self {
            applicability: Applicability::Maybe,
            ..Self::safe(title, edits)
        }
    }

    /// Puts this word where another stands.
    pub(crate) fn word(place: Place, word: &str, applicability: Applicability) -> Self {
        Self {
            applicability,
            ..Self::safe(format!("write `{word}`"), [Edit::replace(place, word)])
        }
    }

    /// Puts what stands at a place into quotes; it has no single quote in it.
    pub(crate) fn quote(place: Place) -> Self {
        Self::maybe("put it in quotes", [Edit::before(place, "'"), Edit::after(place, "'")])
    }

    /// The fix, if it is one that may be made unasked.
    pub fn if_safe(&self) -> Option<&Self> {
        (self.applicability == Applicability::Safe).then_some(self)
    }

    /// The fix as one that may be made unasked.
    pub(crate) fn surely(self) -> Self {
        Self {
            applicability: Applicability::Safe,
            ..self
        }
    }
}

impl Edit {
    /// Puts a text where something else stands.
    pub fn replace(place: Place, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { place, text }
    }

    /// Takes away what stands at a place.
    pub fn delete(place: Place) -> Self {
        Self::replace(place, "")
    }

    /// Puts a text in front of a place.
    pub fn before(place: Place, text: impl Into<String>) -> Self {
        let end = place.start;
        Self::replace(Place { end, ..place }, text)
    }

    /// Puts a text behind a place.
    pub fn after(place: Place, text: impl Into<String>) -> Self {
        let start = place.end;
        Self::replace(Place { start, ..place }, text)
    }

    /// Whether the order of two edits would matter. Something put in at the very edge of another has no place of its own.
    fn touches(&self, other: &Edit) -> bool {
        let (a, b) = (self.place, other.place);
        let is_insertion = a.start == a.end || b.start == b.end;
        let overlaps = a.start < b.end && b.start < a.end;
        overlaps || (is_insertion && a.start <= b.end && b.start <= a.end)
    }
}

impl Node {
    /// Whether a scalar says what stands in its place, on one line: no parameter was put in, and nothing in it is escaped.
    pub(crate) fn is_literal(&self) -> bool {
        let is_scalar = matches!(self.style, Style::Plain | Style::SingleQuoted | Style::DoubleQuoted);
        is_scalar && !self.multiline && self.pieces.is_none()
    }

    /// A fix that puts a pattern from double quotes into single ones, in which a backslash is a backslash.
    ///
    /// What is escaped is read by the pattern then, which knows the same escapes; only `\\` and `\"` are written anew.
    pub fn as_pattern_fix(&self) -> Option<Fix> {
        let (text, pieces) = (self.as_text()?, self.pieces.as_deref()?);
        if self.style != Style::DoubleQuoted || self.multiline {
            return None;
        }
        let at = |start: usize, end: usize| Place {
            start,
            end,
            ..self.place
        };
        let mut edits = vec![
            Edit::replace(at(self.place.start, self.place.start + 1), "'"),
            Edit::replace(at(self.place.end - 1, self.place.end), "'"),
        ];
        for piece in pieces {
            let said = text.get(piece.text.clone())?;
            let source = piece.source.clone();
            match said {
                _ if piece.exact => edits.extend(said.match_indices('\'').map(|(from, _)| {
                    let from = source.start + from;
                    Edit::after(at(from, from + 1), "'")
                })),
                "\\" | "\"" if source.len() == 2 => edits.push(Edit::replace(at(source.start, source.end), said)),
                // Characters that patterns have no short escape for.
                "\u{85}" | "\u{a0}" | "\u{2028}" | "\u{2029}" | "\0" if source.len() == 2 => return None,
                _ => {}
            }
        }
        Some(Fix::safe("put it in single quotes", edits))
    }

    /// A fix that puts a list in brackets that holds words without quotes into quotes as a whole.
    pub fn as_quoted_fix(&self) -> Option<Fix> {
        let is_plain = |item: &Node| item.style == Style::Plain && item.is_literal();
        let is_words = self.style == Style::Flow && self.as_list()?.iter().all(is_plain);
        is_words.then(|| Fix::quote(self.place))
    }

    /// A fix that makes a number or boolean without quotes the text that it looks like.
    pub fn as_text_fix(&self) -> Option<Fix> {
        let is_word = self.style == Style::Plain && self.is_literal() && self.place.start < self.place.end;
        (is_word && self.as_text().is_none()).then(|| Fix::quote(self.place).surely())
    }
}

/// A text with fixes made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The whole text.
    pub text: String,
    /// How many fixes were made.
    pub n_made: usize,
}

/// Makes fixes in a file's text, from its end backwards.
///
/// Of two fixes that touch each other the one that begins first is made; the other may be told again once the text has been read
/// anew. Equal ones count once, and a fix with an edit in another file or beyond the text is not made at all.
pub fn mend<'f>(file: FileId, text: &str, fixes: impl IntoIterator<Item = &'f Fix>) -> Mended {
    let mut wanted: Vec<&Fix> = fixes.into_iter().filter(|fix| is_for(fix, file, text)).collect();
    wanted.sort_by_key(|fix| fix.edits.iter().map(|edit| edit.place.start).min());
    let mut edits: Vec<&Edit> = Vec::new();
    let mut n_made = 0;
    // All that was taken ends before this, so that not everything has to be held against everything.
    let mut free_from = 0;
    for fix in wanted {
        let touched = |edit: &Edit| edit.place.start < free_from && edits.iter().any(|taken| taken.touches(edit));
        if !fix.edits.iter().any(touched) {
            free_from = fix
                .edits
                .iter()
                .map(|edit| edit.place.end + 1)
                .fold(free_from, usize::max);
            edits.extend(&fix.edits);
            n_made += 1;
        }
    }
    edits.sort_by_key(|edit| edit.place.start);
    let mut text = text.to_owned();
    for edit in edits.iter().rev() {
        text.replace_range(edit.place.start..edit.place.end, &edit.text);
    }
    Mended { text, n_made }
}

/// Whether all edits of a fix lie in this text, none touching another.
fn is_for(fix: &Fix, file: FileId, text: &str) -> bool {
    let is_inside = |edit: &Edit| edit.place.file == file && text.get(edit.place.start..edit.place.end).is_some();
    let apart = |(at, edit): (usize, &Edit)| !fix.edits[..at].iter().any(|other| other.touches(edit));
    !fix.edits.is_empty() && fix.edits.iter().all(is_inside) && fix.edits.iter().enumerate().all(apart)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Files;

    /// From where to where stands what.
    type Written = (usize, usize, &'static str);

    /// Puts texts in place of ranges, a fix a row.
    fn mended(text: &str, fixes: &[&[Written]]) -> (String, usize) {
        let file = Files::new().add("a.yaml", text.to_owned());
        let edit = |&(start, end, text): &Written| Edit::replace(Place { file, start, end }, text);
        let fixes: Vec<Fix> = fixes
            .iter()
            .map(|edits| Fix::safe("", edits.iter().map(edit)))
            .collect();
        let mended = mend(file, text, &fixes);
        (mended.text, mended.n_made)
    }

    #[test]
    fn fixes_are_made_whole_and_none_touches_another() {
        let cases: [(&[&[Written]], &str, usize); 8] = [
            (&[], "0123456789", 0),
            (&[&[(1, 3, "xyz")], &[(5, 6, "")]], "0xyz346789", 2),
            (&[&[(5, 6, "")], &[(1, 3, "xyz")]], "0xyz346789", 2),
            // Equal ones count once.
            (&[&[(1, 2, "")], &[(1, 2, "")]], "023456789", 1),
            // The second touches the first, and waits with both of its edits.
            (&[&[(1, 3, "x")], &[(2, 4, "y"), (8, 9, "z")]], "0x3456789", 1),
            (&[&[(1, 3, "x")], &[(3, 3, "y")]], "0x3456789", 1),
            (&[&[(1, 3, "x")], &[(3, 4, "")]], "0x456789", 2),
            // Between the edits of another there is room.
            (&[&[(1, 2, "x"), (8, 9, "z")], &[(4, 5, "y")]], "0x23y567z9", 2),
        ];
        for (fixes, expected, n_made) in cases {
            assert_eq!(mended("0123456789", fixes), (expected.to_owned(), n_made), "{fixes:?}");
        }
    }

    #[test]
    fn what_does_not_fit_the_text_is_not_made() {
        let cases: [&[Written]; 4] = [&[], &[(8, 12, "x")], &[(1, 2, "")], &[(2, 3, "x"), (3, 3, "y")]];
        for edits in cases {
            assert_eq!(mended("é4", &[edits]), ("é4".to_owned(), 0), "{edits:?}");
        }
    }
}
