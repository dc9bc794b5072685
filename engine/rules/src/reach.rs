//! How far a search has to read before it is sure of a match.
//!
//! A pattern without a longest match may read on to the end of the text each time it finds something, as
//! `.*[^a-z]|[a-z]` does on letters: then all its matches together take time by the square of the text's length. The
//! engines do not tell how far they read, so it is measured here, with an automaton that reads the same bytes.

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

use crate::limits;

/// The scratch of one pattern's automaton.
pub(crate) type ReachCache = Cache;

/// The automaton of one pattern.
#[derive(Debug)]
pub(crate) struct Reach(DFA);

impl Reach {
    /// The automaton of a pattern; `kind` is what the search asks for. `None` if it cannot be built, which the limits
    /// rule out for a pattern that compiles.
    pub(crate) fn new(hir: &Hir, kind: MatchKind) -> Option<Reach> {
        let config = Config::new().which_captures(WhichCaptures::None);
        let nfa = Compiler::new().configure(config).build_from_hir(hir).ok()?;
        let config = DFA::config()
            .match_kind(kind)
            .unicode_word_boundary(true)
            .cache_capacity(limits::LAZY_STATES_BYTES)
            .skip_cache_capacity_check(true);
        DFA::builder().configure(config).build_from_nfa(nfa).ok().map(Reach)
    }

    /// An empty cache.
    pub(crate) fn create_cache(&self) -> ReachCache {
        self.0.create_cache()
    }

    /// One past the last byte that a search anchored at `start` reads; `end` where that cannot be told.
    pub(crate) fn from(&self, cache: &mut ReachCache, text: &str, start: usize, end: usize) -> usize {
        let input = Input::new(text).range(start..end).anchored(Anchored::Yes);
        let Ok(mut state) = self.0.start_state_forward(cache, &input) else {
            return end;
        };
        for (at, byte) in (start..end).zip(&text.as_bytes()[start..end]) {
            match self.0.next_state(cache, state, *byte) {
                Ok(next) if next.is_dead() => return at + 1,
                Ok(next) if !next.is_quit() => state = next,
                _ => return end,
            }
        }
        end
    }
}
