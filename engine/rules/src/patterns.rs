//! All patterns of a lane: which of them could match in a text, and where they do.

use regex_automata::{Input, meta::Cache};

use crate::gate::Gate;
use crate::limits;
use crate::pattern::Pattern;
use crate::tokens::Token;

/// The patterns of a lane, each once, behind their gate. Immutable and shared by all threads.
#[derive(Debug)]
pub(crate) struct Patterns {
    patterns: Vec<Pattern>,
    /// The leaf of each pattern.
    leaves: Vec<u32>,
    gate: Gate,
}

/// What the search for patterns needs beside the text: caches that grow warm, so keep one a lane and thread.
#[derive(Debug, Default)]
pub(crate) struct PatternScratch {
    /// The patterns that could match.
    candidates: Vec<u32>,
    is_candidate: Vec<bool>,
    caches: Vec<Option<Cache>>,
}

/// How the search in one text went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Whether a limit was reached before all matches were found. "No hit" then means nothing.
    pub(crate) incomplete: bool,
    /// How many matches of a leaf its validators rejected, for leaves with any.
    pub(crate) rejected: Vec<(u32, u64)>,
}

impl Patterns {
    /// The patterns with the leaf of each.
    pub(crate) fn new(patterns: Vec<(Pattern, u32)>) -> Self {
        let (patterns, leaves): (Vec<Pattern>, Vec<u32>) = patterns.into_iter().unzip();
        let gate = Gate::new(&patterns);
        Patterns { patterns, leaves, gate }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Calls `found` with the leaf and the bytes of every hit in a text, those of one pattern leftmost and not
    /// overlapping. `tokens` gives the tokens of the text; it is asked only if a hit's edges need them.
    pub(crate) fn find<'t>(
        &self,
        scratch: &mut PatternScratch,
        text: &str,
        tokens: impl Fn() -> &'t [Token],
        mut found: impl FnMut(u32, usize, usize),
    ) -> Outcome {
        let _ = &tokens;
        let mut outcome = Outcome::default();
        if self.is_empty() {
            return outcome;
        }
        scratch.gather(&self.gate, text);
        for at in 0..scratch.candidates.len() {
            let index = scratch.candidates[at] as usize;
            let (pattern, leaf) = (&self.patterns[index], self.leaves[index]);
            let cache = scratch.caches[index].get_or_insert_with(|| pattern.regex.create_cache());
            outcome.incomplete |= !search(pattern, cache, text, |start, end| found(leaf, start, end));
        }
        scratch.clear();
        outcome
    }
}

impl PatternScratch {
    /// Empty caches for some patterns.
    pub(crate) fn new(patterns: &Patterns) -> Self {
        PatternScratch {
            candidates: Vec::new(),
            is_candidate: vec![false; patterns.patterns.len()],
            caches: patterns.patterns.iter().map(|_| None).collect(),
        }
    }

    fn gather(&mut self, gate: &Gate, text: &str) {
        let (candidates, is_candidate) = (&mut self.candidates, &mut self.is_candidate);
        gate.pass(text, |pattern| {
            if !std::mem::replace(&mut is_candidate[pattern as usize], true) {
                candidates.push(pattern);
            }
        });
    }

    fn clear(&mut self) {
        for pattern in self.candidates.drain(..) {
            self.is_candidate[pattern as usize] = false;
        }
    }
}

/// Finds the leftmost matches of a pattern that do not overlap, and says whether it found all.
fn search(pattern: &Pattern, cache: &mut Cache, text: &str, mut found: impl FnMut(usize, usize)) -> bool {
    let mut input = Input::new(text);
    let mut steps = 0;
    while let Some(hit) = pattern.regex.search_with(cache, &input) {
        let ahead = (input.end() - hit.start()) as u64;
        steps += pattern.longest.map_or(ahead, |longest| ahead.min(longest as u64));
        found(hit.start(), hit.end());
        if steps > limits::PATTERN_STEPS {
            return false;
        }
        input.set_start(hit.end());
    }
    true
}
