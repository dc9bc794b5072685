//! What has to hold at the edges of a pattern's hit.
//!
//! They stand in for look-around, which no engine of linear time has. A short pattern is tried at one place each;
//! word edges are asked of the tokens.

use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input, MatchKind};

use crate::pattern::{self, Refusal};
use crate::tokens::Token;
use crate::{codes, limits};

/// The qualifiers of a pattern as written: each a list of alternatives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Qualifiers {
    /// `edge: word`: a hit neither begins nor ends inside a token.
    pub(crate) word_edges: bool,
    /// Nothing of this ends where a hit begins.
    pub(crate) not_preceded_by: Vec<String>,
    /// Nothing of this begins where a hit ends.
    pub(crate) not_followed_by: Vec<String>,
    /// Something of this begins where a hit begins, and ends within it.
    pub(crate) starts_with: Vec<String>,
    /// Something of this ends where a hit ends, and begins within it.
    pub(crate) ends_with: Vec<String>,
}

/// Qualifiers, compiled.
#[derive(Debug)]
pub(crate) struct Edges {
    word_edges: bool,
    not_preceded_by: Vec<Short>,
    not_followed_by: Vec<Short>,
    starts_with: Vec<Short>,
    ends_with: Vec<Short>,
}

/// A short pattern, compiled so that a search reports the longest match.
#[derive(Debug)]
pub(crate) struct Short {
    regex: Regex,
    least: usize,
    most: usize,
}

impl Qualifiers {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Qualifiers::default()
    }
}

impl Edges {
    /// Compiles qualifiers.
    pub(crate) fn compile(qualifiers: &Qualifiers, unicode: bool, cased: bool) -> Result<Edges, Refusal> {
        let all = |sources: &[String]| -> Result<Vec<Short>, Refusal> {
            sources
                .iter()
                .map(|source| Short::compile(source, unicode, cased))
                .collect()
        };
        Ok(Edges {
            word_edges: qualifiers.word_edges,
            not_preceded_by: all(&qualifiers.not_preceded_by)?,
            not_followed_by: all(&qualifiers.not_followed_by)?,
            starts_with: all(&qualifiers.starts_with)?,
            ends_with: all(&qualifiers.ends_with)?,
        })
    }

    /// Whether all holds that depends on a hit's start alone.
    pub(crate) fn hold_at_start<'t>(&self, text: &str, start: usize, tokens: &impl Fn() -> &'t [Token]) -> bool {
        let cut = self.word_edges && is_inside_token(tokens(), start);
        let preceded = || self.not_preceded_by.iter().any(|short| short.ends_at(text, 0, start));
        !(cut || preceded())
    }

    /// Whether all else holds.
    pub(crate) fn hold<'t>(&self, text: &str, start: usize, end: usize, tokens: &impl Fn() -> &'t [Token]) -> bool {
        let cut = self.word_edges && is_inside_token(tokens(), end);
        let followed = || {
            self.not_followed_by
                .iter()
                .any(|short| short.begins_at(text, end, text.len()))
        };
        let any = |shorts: &[Short], holds: &dyn Fn(&Short) -> bool| shorts.is_empty() || shorts.iter().any(holds);
        !(cut || followed())
            && any(&self.starts_with, &|short| short.begins_at(text, start, end))
            && any(&self.ends_with, &|short| short.ends_at(text, start, end))
    }
}

impl Short {
    /// Compiles a short pattern.
    pub(crate) fn compile(source: &str, unicode: bool, cased: bool) -> Result<Short, Refusal> {
        let (hir, _) = pattern::parse(source, unicode, cased)?;
        let (least, most) = (hir.properties().minimum_len(), hir.properties().maximum_len());
        let (Some(least), Some(most)) = (least, most.filter(|most| *most <= limits::QUALIFIER_BYTES)) else {
            let message = format!(
                "what stands at the edge of a hit can be longer than {} bytes",
                limits::QUALIFIER_BYTES
            );
            let help = "bound its repetitions, as in `\\d{1,20}`; for words at a distance use `unless` or `near`";
            return Err(Refusal::new(codes::QUALIFIER_TOO_LONG, message).help(help));
        };
        let regex = pattern::build(&hir, MatchKind::All, limits::COMPILED_BYTES)?;
        Ok(Short { regex, least, most })
    }

    fn begins_at(&self, text: &str, at: usize, end: usize) -> bool {
        self.longest(text, at, end.min(at.saturating_add(self.most))).is_some()
    }

    /// Whether a match ends at a place and begins no earlier than `from`.
    fn ends_at(&self, text: &str, from: usize, at: usize) -> bool {
        let Some(last) = at.checked_sub(self.least) else {
            return false;
        };
        let first = from.max(at.saturating_sub(self.most));
        // A match that begins there and may end nowhere but before `at` or there: the longest tells.
        (first..=last).any(|start| text.is_char_boundary(start) && self.longest(text, start, at) == Some(at))
    }

    fn longest(&self, text: &str, start: usize, end: usize) -> Option<usize> {
        let input = Input::new(text).span(start..end).anchored(Anchored::Yes);
        // The engine's own pool keeps the caches of so small a pattern.
        self.regex.search_half(&input).map(|found| found.offset())
    }
}

/// Whether a token reaches across a place.
fn is_inside_token(tokens: &[Token], at: usize) -> bool {
    let token = tokens.get(tokens.partition_point(|token| token.end as usize <= at));
    token.is_some_and(|token| (token.start as usize) < at)
}
