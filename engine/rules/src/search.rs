//! The search for one pattern in one text.
//!
//! Hits are leftmost and do not overlap. Where hits have demands to meet, these are the hits: from left to right, at each
//! place where the pattern matches, the match that the pattern prefers if it meets the demands, else the longest match
//! from that place that does; if none does, the search goes on one character further. So a demand that fails never
//! hides a hit beside it, as with look-around.

use std::ops::Range;

use regex_automata::{Anchored, Input};

use crate::caches::InUse;
use crate::pattern::{Demands, Pattern};
use crate::reach::Reach;
use crate::tokens::Token;
use crate::{limits, validators};

/// A search under way.
pub(crate) struct Search<'s, T> {
    pattern: &'s Pattern,
    caches: &'s mut InUse,
    text: &'s str,
    tokens: T,
    budget: Budget,
    /// Stretches that looked like a hit and were rejected by a validator; they do not overlap.
    pub(crate) n_rejected: u64,
    rejected_to: usize,
}

/// What came of one place where a pattern matches.
enum Verdict {
    /// There is a hit up to here.
    Hit(usize),
    /// There is none, for the edges do not fit.
    Miss,
    /// There is none, for a validator rejected what the pattern prefers.
    Rejected,
}

impl<'s, 't, T: Fn() -> &'t [Token]> Search<'s, T> {
    pub(crate) fn new(pattern: &'s Pattern, caches: &'s mut InUse, text: &'s str, tokens: T) -> Self {
        Search {
            pattern,
            caches,
            text,
            tokens,
            budget: Budget::new(pattern, text.len()),
            n_rejected: 0,
            rejected_to: 0,
        }
    }

    /// Calls `found` with the hits in some windows of the text, and says whether the search got through.
    pub(crate) fn run(&mut self, windows: &[Range<usize>], mut found: impl FnMut(usize, usize)) -> bool {
        windows.iter().all(|window| self.run_in(window, &mut found))
    }

    fn run_in(&mut self, window: &Range<usize>, found: &mut impl FnMut(usize, usize)) -> bool {
        let Some(regex) = self.pattern.regex.regex() else {
            return false;
        };
        let mut input = Input::new(self.text).range(window.clone());
        while let Some(matched) = regex.search_with(self.caches.first(regex), &input) {
            let (start, end) = (matched.start(), matched.end());
            let upto = self.upto(start, window.end);
            match self.judge(start, end, upto) {
                Verdict::Hit(end) => {
                    found(start, end);
                    input.set_start(end);
                }
                verdict => {
                    self.reject(&verdict, start, end);
                    input.set_start(start + self.text[start..].chars().next().map_or(1, char::len_utf8));
                }
            }
            if self.budget.is_spent() {
                return false;
            }
        }
        true
    }

    /// Up to where a match from a place can reach, at most. What has to be looked at for that is charged.
    fn upto(&mut self, start: usize, window_end: usize) -> usize {
        if let Some(longest) = self.pattern.longest {
            return window_end.min(start + longest);
        }
        let demands = self.pattern.demands.as_deref();
        if demands.is_none() && self.text.len() <= limits::CHARGED_BYTES {
            return window_end;
        }
        let reach = demands.map_or(&self.pattern.regex, |demands| &demands.longest).reach();
        let from = |reach| Reach::from(reach, self.caches.reach(reach), self.text, start, window_end);
        let upto = reach.map_or(window_end, from);
        self.budget.charge(upto - start);
        upto
    }

    /// Whether there is a hit at a place where the pattern matches, and up to where. No match from there ends behind
    /// `upto`.
    fn judge(&mut self, start: usize, end: usize, mut upto: usize) -> Verdict {
        let Some(demands) = self.pattern.demands.as_deref() else {
            return Verdict::Hit(end);
        };
        if !demands.edges.hold_at_start(self.text, start, &self.tokens) {
            return Verdict::Miss;
        }
        let preferred = self.judge_end(demands, start, end);
        if matches!(preferred, Verdict::Hit(_)) {
            return preferred;
        }
        while let Some(other) = self.longest(demands, start, upto) {
            if other != end
                && let hit @ Verdict::Hit(_) = self.judge_end(demands, start, other)
            {
                return hit;
            }
            upto = other - 1;
        }
        preferred
    }

    fn judge_end(&self, demands: &Demands, start: usize, end: usize) -> Verdict {
        if !demands.edges.hold(self.text, start, end, &self.tokens) {
            Verdict::Miss
        } else if validators::all_accept(&demands.validators, &self.text[start..end]) {
            Verdict::Hit(end)
        } else {
            Verdict::Rejected
        }
    }

    /// The longest match from a place that ends by another.
    fn longest(&mut self, demands: &Demands, start: usize, upto: usize) -> Option<usize> {
        if upto < start + self.pattern.shortest || self.budget.is_spent() {
            return None;
        }
        self.budget.charge(upto - start);
        let input = Input::new(self.text).range(start..upto).anchored(Anchored::Yes);
        let Some(regex) = demands.longest.regex() else {
            // What cannot be searched is not searched in full.
            self.budget.charge(usize::MAX);
            return None;
        };
        regex
            .search_half_with(self.caches.longest(regex), &input)
            .map(|found| found.offset())
    }

    fn reject(&mut self, verdict: &Verdict, start: usize, end: usize) {
        if matches!(verdict, Verdict::Rejected) && start >= self.rejected_to {
            self.n_rejected += 1;
            self.rejected_to = end;
        }
    }
}

/// How many bytes the searches of a pattern may yet look at.
struct Budget(u64);

impl Budget {
    /// Where matches are short, trying all their lengths costs little more than that, and is always paid for.
    fn new(pattern: &Pattern, len: usize) -> Self {
        if pattern.demands.is_none() {
            return Budget(limits::PATTERN_PASSES * (len.max(limits::CHARGED_BYTES) as u64));
        }
        let lengths = pattern.longest.unwrap_or(0).min(limits::SHORT_BYTES) as u64;
        let passes = limits::DEMANDING_PASSES.max(lengths * lengths);
        Budget(passes * (len.max(limits::CHARGED_BYTES) as u64))
    }

    fn charge(&mut self, n_bytes: usize) {
        self.0 = self.0.saturating_sub(n_bytes as u64);
    }

    fn is_spent(&self) -> bool {
        self.0 == 0
    }
}
