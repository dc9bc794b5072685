//! What was found in one part on one view, and the borders in it that some operators ask for.

use std::cell::OnceCell;

use unicode_segmentation::UnicodeSegmentation;

use crate::expression::Scope;
use crate::spot::Spot;
use crate::tokens::Token;
use crate::view::View;

/// What was found in one part, leaf by leaf.
pub(crate) struct Found<'a> {
    /// The part as it was given.
    pub(crate) source: &'a str,
    pub(crate) view: &'a View,
    pub(crate) tokens: &'a [Token],
    /// The spots of each leaf.
    pub(crate) leaves: &'a [Vec<Spot>],
    sentences: OnceCell<Vec<usize>>,
    paragraphs: OnceCell<Vec<usize>>,
    characters: OnceCell<Vec<u32>>,
}

/// The bytes of a view between two marks at which characters are counted.
const MARK_BYTES: usize = 64;

impl<'a> Found<'a> {
    pub(crate) fn new(source: &'a str, view: &'a View, tokens: &'a [Token], leaves: &'a [Vec<Spot>]) -> Self {
        Found {
            source,
            view,
            tokens,
            leaves,
            sentences: OnceCell::new(),
            paragraphs: OnceCell::new(),
            characters: OnceCell::new(),
        }
    }

    /// The tokens with which sentences or paragraphs begin, but for the first one of all.
    pub(crate) fn starts(&self, scope: Scope) -> &[usize] {
        match scope {
            Scope::Sentence => self.sentences.get_or_init(|| self.sentences()),
            Scope::Paragraph => self.paragraphs.get_or_init(|| self.paragraphs()),
        }
    }

    /// How many characters of the view stand before a byte of it.
    pub(crate) fn n_characters(&self, at: usize) -> usize {
        let text = self.view.text();
        let marks = self.characters.get_or_init(|| marks(text));
        let mark = at / MARK_BYTES;
        let from = text.ceil_char_boundary(mark * MARK_BYTES);
        marks[mark] as usize + text.get(from..at).map_or(0, |rest| rest.chars().count())
    }

    fn paragraphs(&self) -> Vec<usize> {
        let tokens = self.tokens.iter().enumerate();
        tokens
            .filter(|(_, token)| token.after_break)
            .map(|(at, _)| at)
            .collect()
    }

    /// Sentences of UAX #29 in the original, where capitals tell a full stop from an abbreviation. Line breaks end
    /// none, as mails break their lines anywhere; paragraph breaks do.
    fn sentences(&self) -> Vec<usize> {
        let text = self.without_line_breaks();
        let mut starts: Vec<usize> = text.split_sentence_bound_indices().map(|(at, _)| at).collect();
        starts.extend(
            self.view
                .breaks()
                .iter()
                .map(|at| self.view.original_start(*at as usize)),
        );
        starts.sort_unstable();
        let begins = |token: &Token| starts.partition_point(|at| *at <= self.view.original_start(token.start as usize));
        let numbers: Vec<usize> = self.tokens.iter().map(begins).collect();
        (1..numbers.len())
            .filter(|at| numbers[*at] != numbers[at - 1])
            .collect()
    }

    /// The original with every line break replaced by white space of the same length.
    fn without_line_breaks(&self) -> String {
        let flat = |c: char| match c {
            '\n' | '\r' => ' ',
            '\u{85}' => '\u{a0}',
            '\u{2028}' | '\u{2029}' => '\u{2003}',
            c => c,
        };
        self.source.chars().map(flat).collect()
    }
}

/// The number of characters that begin before every [`MARK_BYTES`]th byte.
fn marks(text: &str) -> Vec<u32> {
    let mut marks = Vec::with_capacity(text.len() / MARK_BYTES + 1);
    for (n_before, (at, _)) in (0..).zip(text.char_indices()) {
        while marks.len() * MARK_BYTES <= at {
            marks.push(n_before);
        }
    }
    let n_all = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    marks.resize(text.len() / MARK_BYTES + 1, n_all);
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted() {
        for text in [
            "",
            "plain",
            "\u{673a}\u{5bc6}",
            &"a\u{e9}\u{673a}".repeat(100),
            &"a".repeat(128),
        ] {
            let mut view = View::default();
            view.fill(text);
            let found = Found::new(text, &view, &[], &[]);
            let edges = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            for (n, at) in edges.enumerate() {
                assert_eq!(found.n_characters(at), n, "{at} in {text:?}");
            }
        }
    }
}
