//! Terms: the words and phrases of lexicons, read like the text that they are looked for in.

use std::ops::Range;

use crate::lane::lay;
use crate::unicode::{is_emoji, is_symbol};
use crate::variants;
use crate::wildcard::{Wildcard, has_wildcard, is_fixed_enough};
use crate::{TextView, limits};

/// What stands in for `*` while a term is read: a letter like any other, that no view changes.
const MANY: &str = "\u{a500}";

/// What stands in for `?`.
const ONE: &str = "\u{a501}";

/// Whether a character stands in for a wildcard of a term, so that repeats of it mean something.
pub(crate) fn is_stand_in(c: char) -> bool {
    MANY.contains(c) || ONE.contains(c)
}

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
    /// The token read as a wildcard, if it holds `*` or `?`.
    pub(crate) wildcard: Option<Wildcard>,
}

/// Why a text is not a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing is left of it after folding.
    Empty,
    /// It has a word with `*` or `?` of which less than three characters are fixed.
    Wildcard(Range<usize>),
    /// Its parentheses do not match, or there are too many variants of it.
    Variants,
    /// It has more tokens than the limit.
    TooLong,
}

impl Term {
    /// Reads a term as it stands in a view, in all its variants: `(mkt|market) lvl` is two terms.
    pub(crate) fn read_all(text: &str, view: TextView) -> Result<Vec<Term>, Refusal> {
        let mut terms = Vec::new();
        for variant in variants::of(text).ok_or(Refusal::Variants)? {
            let term = Term::read(&variant, view)?;
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        Ok(terms)
    }

    /// Reads a term without variants as it stands in a view.
    pub(crate) fn read(text: &str, view: TextView) -> Result<Term, Refusal> {
        let stood_in = text.replace('*', MANY).replace('?', ONE);
        let (view, tokens) = lay(&stood_in, view);
        if tokens.len() > limits::TERM_TOKENS {
            return Err(Refusal::TooLong);
        }
        let mut word = None;
        let step = |token: &crate::tokens::Token| {
            let text = &view.text()[token.start as usize..token.end as usize];
            let text = text.replace(MANY, "*").replace(ONE, "?");
            Step {
                joined: word.replace(token.word) == Some(token.word),
                wildcard: has_wildcard(&text).then(|| Wildcard::new(&text)),
                token: text.into(),
            }
        };
        let steps: Box<[Step]> = tokens.iter().map(step).collect();
        if steps.is_empty() {
            return Err(Refusal::Empty);
        }
        if steps
            .iter()
            .any(|step| step.wildcard.is_some() && !is_fixed_enough(&step.token))
        {
            let at = text.find(['*', '?']).unwrap_or_default();
            return Err(Refusal::Wildcard(at..at + 1));
        }
        Ok(Term(steps))
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
    let passed_over = |c: char| matches!(c, '#' | '@' | '%' | '&' | '\\') || c != '|' && is_symbol(c) && !is_emoji(c);
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
    fn k3_words_with_wildcards() {
        assert_eq!(read("Guarante* wom?n"), ["guarante*", "wom?n"]);
        for view in TextView::ALL {
            let term = Term::read("soo***on wo???n", view).unwrap();
            assert_eq!(term.steps().len(), 2);
            assert!(
                term.steps().iter().all(|step| step.wildcard.is_some()),
                "{view:?} {term:?}"
            );
        }
        for (text, at) in [("a*", 1), ("call ab?", 7), ("call * now", 5), ("*", 0)] {
            assert_eq!(
                Term::read(text, TextView::Folded),
                Err(Refusal::Wildcard(at..at + 1)),
                "{text}"
            );
        }
    }

    #[test]
    fn k6_variants() {
        let read = |text: &str| Term::read_all(text, TextView::Folded).map(|terms| terms.len());
        assert_eq!(read("(mkt|market) (lvl|level)"), Ok(4));
        assert_eq!(read("I'll|I will"), Ok(2));
        assert_eq!(read("(a|A) b"), Ok(1));
        assert_eq!(read("(a|b"), Err(Refusal::Variants));
        assert_eq!(read("a||b"), Err(Refusal::Empty));
        assert_eq!(read("call (me)"), Ok(1));
    }

    #[test]
    fn symbols_are_told() {
        assert_eq!(unmatched("c++"), Some(1..2));
        assert_eq!(unmatched("off-the-record"), None);
    }
}
