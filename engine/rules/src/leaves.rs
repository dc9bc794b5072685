//! The leaves of all rules, each kept once: a term, list, lexicon or pattern that many rules name is looked for once.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::pattern::{Pattern, Refusal};
use crate::patterns::Patterns;
use crate::stem::Stem;
use crate::term::Term;
use crate::trie::{Trie, TrieBuilder};

/// Collects leaves and numbers them.
#[derive(Debug, Default)]
pub(crate) struct Leaves {
    trie: TrieBuilder,
    lists: FxHashMap<Vec<Term>, u32>,
    /// The patterns, and the leaf of each.
    patterns: Vec<(Pattern, u32)>,
    by_source: FxHashMap<(String, bool), u32>,
    /// The words under `stem`, with the terms that they stand for.
    pub(crate) stems: Vec<Stem>,
    n_leaves: u32,
}

impl Leaves {
    /// The leaf of some terms as alternatives.
    pub(crate) fn terms(&mut self, terms: Vec<Term>) -> u32 {
        if let Some(leaf) = self.lists.get(&terms) {
            return *leaf;
        }
        let leaf = self.next();
        terms.iter().for_each(|term| self.trie.insert(term, leaf));
        self.lists.insert(terms, leaf);
        leaf
    }

    /// The leaf of a pattern, and where the pattern wants what the folded view never has.
    pub(crate) fn pattern(&mut self, source: &str, unicode: bool) -> Result<(u32, Option<Range<usize>>), Refusal> {
        let key = (source.to_owned(), unicode);
        if let Some(index) = self.by_source.get(&key) {
            let (pattern, leaf) = &self.patterns[*index as usize];
            return Ok((*leaf, pattern.folded_away.clone()));
        }
        let pattern = Pattern::compile(source, unicode)?;
        let folded_away = pattern.folded_away.clone();
        let leaf = self.next();
        self.by_source
            .insert(key, u32::try_from(self.patterns.len()).unwrap_or(u32::MAX));
        self.patterns.push((pattern, leaf));
        Ok((leaf, folded_away))
    }

    /// How many leaves there are.
    pub(crate) fn len(&self) -> usize {
        self.n_leaves as usize
    }

    /// The terms and the patterns.
    pub(crate) fn build(self) -> (Trie, Patterns) {
        (self.trie.build(), Patterns::new(self.patterns))
    }

    fn next(&mut self) -> u32 {
        self.n_leaves += 1;
        self.n_leaves - 1
    }
}
