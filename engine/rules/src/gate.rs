//! The gate in front of the patterns: one pass over a part tells which of them could match in it.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use rustc_hash::FxHashMap;

use crate::pattern::Pattern;

/// Most literals for which the automaton is a full table, which is faster and larger.
const TABLE_LITERALS: usize = 2_000;

/// An automaton of the literals that patterns need, and the patterns that need none.
#[derive(Debug)]
pub(crate) struct Gate {
    automaton: Option<AhoCorasick>,
    /// The patterns that wait for each literal.
    waiting: Vec<Vec<u32>>,
    /// Patterns that have to be run whatever the part holds.
    always: Vec<u32>,
}

impl Gate {
    /// The gate of some patterns, which are named by their position.
    pub(crate) fn new(patterns: &[Pattern]) -> Self {
        let mut literals: FxHashMap<&str, usize> = FxHashMap::default();
        let mut waiting: Vec<Vec<u32>> = Vec::new();
        let mut always = Vec::new();
        for (index, pattern) in (0..).zip(patterns) {
            let Some(strings) = &pattern.literals else {
                always.push(index);
                continue;
            };
            for string in strings {
                let at = *literals.entry(string).or_insert_with(|| {
                    waiting.push(Vec::new());
                    waiting.len() - 1
                });
                waiting[at].push(index);
            }
        }
        let mut ordered: Vec<(&str, usize)> = literals.into_iter().collect();
        ordered.sort_unstable_by_key(|(_, at)| *at);
        match automaton(&ordered) {
            Ok(automaton) => Gate {
                automaton,
                waiting,
                always,
            },
            // Too many literals for one automaton: then every pattern is run on every part.
            Err(_) => Gate {
                automaton: None,
                waiting: Vec::new(),
                always: (0..).take(patterns.len()).collect(),
            },
        }
    }

    /// Calls `candidate` with each pattern that could match in a folded text, maybe more than once.
    pub(crate) fn pass(&self, text: &str, mut candidate: impl FnMut(u32)) {
        self.always.iter().for_each(|pattern| candidate(*pattern));
        let Some(automaton) = &self.automaton else { return };
        for found in automaton.find_overlapping_iter(text) {
            self.waiting[found.pattern().as_usize()]
                .iter()
                .for_each(|pattern| candidate(*pattern));
        }
    }
}

fn automaton(literals: &[(&str, usize)]) -> Result<Option<AhoCorasick>, aho_corasick::BuildError> {
    if literals.is_empty() {
        return Ok(None);
    }
    let kind = if literals.len() <= TABLE_LITERALS {
        AhoCorasickKind::DFA
    } else {
        AhoCorasickKind::ContiguousNFA
    };
    AhoCorasick::builder()
        .kind(Some(kind))
        .build(literals.iter().map(|(literal, _)| literal))
        .map(Some)
}
