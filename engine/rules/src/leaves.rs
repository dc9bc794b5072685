//! The leaves of all rules, each kept once: a term, list, lexicon or pattern that many rules name is looked for once.

use std::ops::Range;

use lexhold_document::Place;
use rustc_hash::FxHashMap;

use crate::TextView;
use crate::lane::Lane;
use crate::pattern::{Pattern, PatternSpec, Refusal};
use crate::patterns::Patterns;
use crate::stem::Stem;
use crate::term::Term;
use crate::trie::TrieBuilder;

/// Collects leaves and numbers them, those of all views in one sequence.
#[derive(Debug, Default)]
pub(crate) struct Leaves {
    /// The view of the rule that is being read.
    pub(crate) view: TextView,
    of_views: [OfView; TextView::ALL.len()],
    /// The words under `stem`, with the terms that they stand for.
    pub(crate) stems: Vec<Stem>,
    /// The patterns that need nothing of a text, by where they stand, with whether they have a longest match.
    pub(crate) needing_nothing: FxHashMap<Place, bool>,
    n_leaves: u32,
}

/// The leaves of one view.
#[derive(Debug, Default)]
struct OfView {
    trie: TrieBuilder,
    lists: FxHashMap<Vec<Term>, u32>,
    /// The leaf of each lexicon, by where its name stands.
    lexicons: FxHashMap<Place, u32>,
    /// The patterns, and the leaf of each.
    patterns: Vec<(Pattern, u32)>,
    by_spec: FxHashMap<PatternSpec, u32>,
}

impl Leaves {
    /// The leaf of some terms as alternatives.
    pub(crate) fn terms(&mut self, terms: Vec<Term>) -> u32 {
        if let Some(leaf) = self.here().lists.get(&terms) {
            return *leaf;
        }
        let leaf = self.next();
        let here = self.here();
        terms.iter().for_each(|term| here.trie.insert(term, leaf));
        here.lists.insert(terms, leaf);
        leaf
    }

    /// The leaf of the lexicon whose name stands at a place. `read` gives its terms in the view at hand.
    pub(crate) fn lexicon(&mut self, place: Place, read: impl FnOnce(TextView) -> Vec<Term>) -> u32 {
        if let Some(leaf) = self.here().lexicons.get(&place) {
            return *leaf;
        }
        let terms = read(self.view);
        let leaf = self.terms(terms);
        self.here().lexicons.insert(place, leaf);
        leaf
    }

    /// The leaf of the pattern that stands at a place, and where the pattern wants what the folded view never has.
    pub(crate) fn pattern(
        &mut self,
        mut spec: PatternSpec,
        place: Place,
    ) -> Result<(u32, Option<Range<usize>>), Refusal> {
        spec.cased = self.view.has_case();
        let known = self.here().by_spec.get(&spec).copied();
        let index = match known {
            Some(index) => index as usize,
            None => self.new_pattern(spec)?,
        };
        let (pattern, leaf) = &self.here().patterns[index];
        let (leaf, bounded, folded_away) = (*leaf, pattern.longest.is_some(), pattern.folded_away.clone());
        if pattern.needs_nothing() {
            self.needing_nothing.insert(place, bounded);
        }
        Ok((leaf, folded_away))
    }

    fn new_pattern(&mut self, spec: PatternSpec) -> Result<usize, Refusal> {
        let pattern = Pattern::compile(&spec)?;
        let leaf = self.next();
        let here = self.here();
        let index = here.patterns.len();
        here.by_spec.insert(spec, u32::try_from(index).unwrap_or(u32::MAX));
        here.patterns.push((pattern, leaf));
        Ok(index)
    }

    /// How many leaves there are.
    pub(crate) fn len(&self) -> usize {
        self.n_leaves as usize
    }

    /// One lane a view, in the order of [`TextView::ALL`].
    pub(crate) fn build(self) -> Vec<Lane> {
        let has_skeleton = !self.of_views[TextView::Skeleton as usize].lists.is_empty()
            || !self.of_views[TextView::Skeleton as usize].patterns.is_empty();
        let lane = |(view, leaves): (TextView, OfView)| Lane {
            view,
            has_skeleton: has_skeleton && view == TextView::Folded,
            trie: leaves.trie.build(),
            patterns: Patterns::new(leaves.patterns, view.has_case()),
        };
        TextView::ALL.into_iter().zip(self.of_views).map(lane).collect()
    }

    fn here(&mut self) -> &mut OfView {
        &mut self.of_views[self.view as usize]
    }

    fn next(&mut self) -> u32 {
        self.n_leaves += 1;
        self.n_leaves - 1
    }
}
