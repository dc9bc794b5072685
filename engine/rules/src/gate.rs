//! The gate in front of the patterns: one pass over a text tells which of them could match in it, and where.
//!
//! A pattern waits for one of three things: its rarest set of required literals ([`crate::literals`]), so many digits
//! in a stretch ([`crate::digits`]), or nothing, and then it is run on every text. Where it is known how far a match
//! can reach around what was found, only that neighbourhood is searched.
//!
//! Why a search in a window finds what a search in all of the text finds: let W be a union of neighbourhoods that
//! touch. A match that begins in W holds a literal (or touches a chain of digits) whose neighbourhood covers all of
//! the match, so that neighbourhood touches W and is a part of it. Hence no match that begins in W is cut off by W's
//! end, whichever of several the pattern prefers; and every match begins in some W. Look-around sees all of the text.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::automaton::Automaton;
use crate::digits::{self, Chain, Shape};
use crate::frequency::BIT;
use crate::limits;
use crate::literals::Required;
use crate::pattern::Pattern;

/// A set of literals that is at least so rare is waited for even where digits could be.
const RARE: u32 = 12 * BIT;

/// A further set that is at least so rare is worth asking for.
const WORTH_ASKING: u32 = 8 * BIT;

/// An automaton of the literals that patterns need, and what each pattern waits for.
#[derive(Debug)]
pub(crate) struct Gate {
    automaton: Option<Automaton>,
    /// The bytes of each literal, and the patterns that wait for it.
    literals: Vec<(u32, Vec<u32>)>,
    waits: Vec<Wait>,
    /// Patterns that wait for digits.
    of_digits: Vec<u32>,
    /// The fewest digits that any of them waits for.
    least_digits: u32,
    /// Patterns that have to be run whatever the text holds.
    always: Vec<u32>,
    /// Whether texts have case, which the literals have not.
    cased: bool,
}

/// What a pattern waits for.
#[derive(Clone, Debug)]
enum Wait {
    /// One of each of these sets. The first says where to search.
    Literals(Box<[Set]>),
    /// So many digits, around which a match reaches so far, if it is known.
    Digits(Shape, Option<usize>),
    /// Nothing.
    Nothing,
}

/// A set of literals, any of which will do.
#[derive(Clone, Debug)]
struct Set {
    literals: Box<[u32]>,
    before: Option<usize>,
    after: Option<usize>,
}

/// What one pass found. Empty between passes, but for what was allocated.
#[derive(Debug, Default)]
pub(crate) struct GateScratch {
    lowered: String,
    /// Where each literal ends.
    ends: Vec<Vec<u32>>,
    /// The literals that were found.
    found: Vec<u32>,
    chains: Vec<Chain>,
    /// The patterns that could match, in no order.
    pub(crate) candidates: Vec<u32>,
    is_candidate: Vec<bool>,
    /// From how many places on a literal says no more than that it is there.
    flood: usize,
}

impl Gate {
    /// The bytes that the automaton takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.automaton.as_ref().map_or(0, Automaton::memory_bytes)
    }

    /// The gate of some patterns, which are named by their position.
    pub(crate) fn new(patterns: &[Pattern], cased: bool) -> Self {
        let mut gate = Gate {
            automaton: None,
            literals: Vec::new(),
            waits: Vec::new(),
            of_digits: Vec::new(),
            least_digits: u32::MAX,
            always: Vec::new(),
            cased,
        };
        let mut numbers: FxHashMap<&str, u32> = FxHashMap::default();
        for (index, pattern) in (0..).zip(patterns) {
            let wait = gate.wait(pattern, &mut numbers);
            gate.enter(index, wait);
        }
        let mut ordered: Vec<(&str, u32)> = numbers.into_iter().collect();
        ordered.sort_unstable_by_key(|(_, number)| *number);
        let literals: Vec<&str> = ordered.into_iter().map(|(literal, _)| literal).collect();
        match Automaton::new(&literals) {
            _ if literals.is_empty() => gate,
            Some(automaton) => Gate {
                automaton: Some(automaton),
                ..gate
            },
            // Too many literals for one automaton: then every pattern is run on every text.
            None => Gate {
                waits: vec![Wait::Nothing; patterns.len()],
                always: (0..).take(patterns.len()).collect(),
                of_digits: Vec::new(),
                ..gate
            },
        }
    }

    /// The patterns that are run whatever a text holds.
    pub(crate) fn always(&self) -> &[u32] {
        &self.always
    }

    fn wait<'p>(&mut self, pattern: &'p Pattern, numbers: &mut FxHashMap<&'p str, u32>) -> Wait {
        let rarest = pattern.required.first().map_or(0, Required::cost);
        match pattern.shape {
            Some(shape) if rarest < RARE => Wait::Digits(shape, pattern.longest),
            _ if pattern.required.is_empty() => Wait::Nothing,
            _ => {
                let asked = pattern.required.iter().enumerate();
                let asked = asked.filter(|(n, set)| *n == 0 || set.cost() >= WORTH_ASKING);
                Wait::Literals(asked.map(|(_, set)| self.set(set, numbers)).collect())
            }
        }
    }

    fn set<'p>(&mut self, required: &'p Required, numbers: &mut FxHashMap<&'p str, u32>) -> Set {
        let mut number = |string: &'p str| {
            *numbers.entry(string).or_insert_with(|| {
                self.literals.push((offset(string.len()), Vec::new()));
                offset(self.literals.len() - 1)
            })
        };
        Set {
            literals: required.strings.iter().map(|string| number(string)).collect(),
            before: required.before,
            after: required.after,
        }
    }

    fn enter(&mut self, pattern: u32, wait: Wait) {
        match &wait {
            Wait::Literals(sets) => {
                for literal in sets.first().map_or(&[][..], |set| &set.literals) {
                    self.literals[*literal as usize].1.push(pattern);
                }
            }
            Wait::Digits(shape, _) => {
                self.of_digits.push(pattern);
                self.least_digits = self.least_digits.min(shape.digits);
            }
            Wait::Nothing => self.always.push(pattern),
        }
        self.waits.push(wait);
    }

    /// Looks through a text and gathers the patterns that could match in it.
    pub(crate) fn pass(&self, scratch: &mut GateScratch, text: &str) {
        scratch.clear();
        scratch.ends.resize_with(self.literals.len(), Vec::new);
        scratch.is_candidate.resize(self.waits.len(), false);
        scratch.flood = (text.len() / limits::FLOOD_BYTES).max(limits::FLOOD_PLACES);
        self.pass_literals(scratch, text);
        self.pass_digits(scratch, text);
        self.always.iter().for_each(|pattern| scratch.push(*pattern));
    }

    fn pass_literals(&self, scratch: &mut GateScratch, text: &str) {
        let Some(automaton) = &self.automaton else { return };
        let mut lowered = std::mem::take(&mut scratch.lowered);
        let text = if self.cased {
            lowered.clear();
            lowered.push_str(text);
            lowered.make_ascii_lowercase();
            &lowered
        } else {
            text
        };
        automaton.find(text, |literal, end| {
            let ends = &mut scratch.ends[literal as usize];
            if ends.is_empty() {
                scratch.found.push(literal);
            }
            if ends.len() <= scratch.flood {
                ends.push(offset(end));
            }
        });
        for at in 0..scratch.found.len() {
            for pattern in &self.literals[scratch.found[at] as usize].1 {
                scratch.push(*pattern);
            }
        }
        scratch.lowered = lowered;
    }

    fn pass_digits(&self, scratch: &mut GateScratch, text: &str) {
        if self.of_digits.is_empty() {
            return;
        }
        digits::chains(text, self.least_digits, &mut scratch.chains);
        if !scratch.chains.is_empty() {
            self.of_digits.iter().for_each(|pattern| scratch.push(*pattern));
        }
    }

    /// Where to search for a pattern, in place of what the list held: ranges in order that do not touch.
    pub(crate) fn windows(&self, pattern: u32, scratch: &GateScratch, len: usize, windows: &mut Vec<Range<usize>>) {
        windows.clear();
        match &self.waits[pattern as usize] {
            Wait::Nothing => windows.push(0..len),
            Wait::Digits(shape, longest) => {
                let fitting = scratch.chains.iter().filter(|chain| shape.fits(chain.shape));
                windows.extend(
                    fitting.map(|chain| around(chain.start as usize..chain.end as usize, *longest, *longest, len)),
                );
                merge(windows);
            }
            Wait::Literals(sets) => {
                let Some((first, others)) = sets.split_first() else {
                    return;
                };
                self.neighbourhoods(first, scratch, len, windows);
                merge(windows);
                windows.retain(|window| others.iter().all(|set| self.is_within(set, scratch, window)));
            }
        }
    }

    fn neighbourhoods(&self, set: &Set, scratch: &GateScratch, len: usize, windows: &mut Vec<Range<usize>>) {
        for literal in &set.literals {
            let ends = &scratch.ends[*literal as usize];
            if ends.len() > scratch.flood {
                windows.clear();
                windows.push(0..len);
                return;
            }
            let literal_len = self.literals[*literal as usize].0;
            windows.extend(
                ends.iter()
                    .map(|end| around((end - literal_len) as usize..*end as usize, set.before, set.after, len)),
            );
        }
    }

    /// Whether some literal of a set lies in a window.
    fn is_within(&self, set: &Set, scratch: &GateScratch, window: &Range<usize>) -> bool {
        set.literals.iter().any(|literal| {
            let ends = &scratch.ends[*literal as usize];
            let first_end = window.start + self.literals[*literal as usize].0 as usize;
            let at = ends.partition_point(|end| (*end as usize) < first_end);
            ends.len() > scratch.flood || ends.get(at).is_some_and(|end| *end as usize <= window.end)
        })
    }
}

impl GateScratch {
    fn push(&mut self, pattern: u32) {
        if !std::mem::replace(&mut self.is_candidate[pattern as usize], true) {
            self.candidates.push(pattern);
        }
    }

    /// Forgets what was found.
    fn clear(&mut self) {
        for literal in self.found.drain(..) {
            self.ends[literal as usize].clear();
        }
        for pattern in self.candidates.drain(..) {
            self.is_candidate[pattern as usize] = false;
        }
        self.chains.clear();
    }
}

/// What is so close to a range, within a text.
fn around(range: Range<usize>, before: Option<usize>, after: Option<usize>, len: usize) -> Range<usize> {
    let start = before.map_or(0, |before| range.start.saturating_sub(before));
    let end = after.map_or(len, |after| range.end.saturating_add(after).min(len));
    start..end
}

/// Puts ranges in order and joins those that touch.
fn merge(ranges: &mut Vec<Range<usize>>) {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, range| {
        let touch = next.start <= range.end;
        if touch {
            range.end = range.end.max(next.end);
        }
        touch
    });
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
