//! Terms: the words and phrases of lexicons, read like the text that they are looked for in.

use std::ops::Range;

use crate::lane::lay;
use crate::unicode::{is_emoji, is_symbol};
use crate::{TextView, limits};

/// A term as the tokens that have to follow one another. Equal terms are equal after folding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Term(Box<[Step]>);

/// One token of a term.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Step {
    /// The folded token.
    pub(crate) token: Box<str>,
    /// Whether it has to stand in one word with the token before, as the `t` of `don't` does.
    pub(crate) joined: bool,
}

/// Why a text is not a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing is left of it after folding.
    Empty,
    /// It holds `*` or `?` at this place.
    Wildcard(Range<usize>),
    /// It has more tokens than the limit.
    TooLong,
}

impl Term {
    /// Reads a term as it stands in a view.
    pub(crate) fn read(text: &str, view: TextView) -> Result<Term, Refusal> {
        if let Some(at) = text.find(['*', '?']) {
            return Err(Refusal::Wildcard(at..at + 1));
        }
        let (view, tokens) = lay(text, view);
        if tokens.len() > limits::TERM_TOKENS {
            return Err(Refusal::TooLong);
        }
        let mut word = None;
        let step = |token: &crate::tokens::Token| Step {
            token: view.text()[token.start as usize..token.end as usize].into(),
            joined: word.replace(token.word) == Some(token.word),
        };
        let steps: Box<[Step]> = tokens.iter().map(step).collect();
        if steps.is_empty() {
            Err(Refusal::Empty)
        } else {
            Ok(Term(steps))
        }
    }

    /// The tokens, in order.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether the term is one word of UAX #29.
    pub(crate) fn is_word(&self) -> bool {
        self.0.iter().skip(1).all(|step| step.joined)
    }
}

/// The first character of a term that matching passes over though it may have been meant: a symbol, or one of
/// `#@%&\`.
pub(crate) fn unmatched(text: &str) -> Option<Range<usize>> {
    let passed_over = |c: char| matches!(c, '#' | '@' | '%' | '&' | '\\') || is_symbol(c) && !is_emoji(c);
    let (at, c) = text.char_indices().find(|(_, c)| passed_over(*c))?;
    Some(at..at + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let term = Term::read(text, TextView::Folded).unwrap();
        term.steps()
            .iter()
            .map(|step| format!("{}{}", if step.joined { "+" } else { "" }, step.token))
            .collect()
    }

    #[test]
    fn k4_a_term_is_its_tokens() {
        assert_eq!(read("Off the\u{a0}RECORD"), ["off", "the", "record"]);
        assert_eq!(read("I\u{2019}ll"), ["i", "+ll"]);
        assert_eq!(read("机密"), ["机", "密"]);
    }

    #[test]
    fn k5_nothing_left_is_refused() {
        for text in ["", " ", "...", "\u{200b}", "$"] {
            assert_eq!(Term::read(text, TextView::Folded), Err(Refusal::Empty), "{text:?}");
        }
    }

    #[test]
    fn k3_wildcards_are_refused() {
        assert_eq!(Term::read("guarante*", TextView::Folded), Err(Refusal::Wildcard(8..9)));
    }

    #[test]
    fn symbols_are_told() {
        assert_eq!(unmatched("c++"), Some(1..2));
        assert_eq!(unmatched("off-the-record"), None);
    }
}
