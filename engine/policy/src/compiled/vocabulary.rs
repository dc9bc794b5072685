//! The words that conditions compare attributes with, each comparison numbered: the interned facts.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::source::{Seen, Source};
use crate::entities::Principal;
use crate::facts::Facts;

/// What conditions compare, while they are compiled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vocabulary {
    lookups: BTreeMap<Source, Lookup>,
    atoms: u32,
}

/// The words that one attribute is compared with.
#[derive(Clone, Debug, Default)]
struct Lookup {
    truth: Option<u32>,
    words: FxHashMap<Box<str>, u32>,
}

impl Vocabulary {
    /// The atom of a truth value.
    pub(crate) fn truth(&mut self, source: Source) -> u32 {
        let atoms = &mut self.atoms;
        *self
            .lookups
            .entry(source)
            .or_default()
            .truth
            .get_or_insert_with(|| next(atoms))
    }

    /// The atom of an attribute being, or having among it, a word.
    pub(crate) fn word(&mut self, source: Source, word: &str) -> u32 {
        let lookup = self.lookups.entry(source).or_default();
        *lookup.words.entry(word.into()).or_insert_with(|| next(&mut self.atoms))
    }

    /// How many atoms there are.
    pub(crate) fn atoms(&self) -> usize {
        self.atoms as usize
    }

    /// Every atom with its attribute and, where it compares with a word, that word.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, Source, Option<&str>)> {
        self.lookups.iter().flat_map(|(source, lookup)| {
            let words = lookup.words.iter().map(|(word, atom)| (*atom, *source, Some(&**word)));
            let truth = lookup.truth.iter().map(|atom| (*atom, *source, None));
            words.chain(truth)
        })
    }

    /// Ready for messages: what is read of a message, and what of each person.
    pub(crate) fn finish(self) -> (Interner, Interner) {
        let (principal, message) = self
            .lookups
            .into_iter()
            .partition(|(source, _)| source.is_of_principal());
        (Interner(message), Interner(principal))
    }
}

fn next(atoms: &mut u32) -> u32 {
    *atoms += 1;
    *atoms - 1
}

/// Finds the atoms that are true.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner(Vec<(Source, Lookup)>);

impl Interner {
    /// Appends every atom that is true, each once.
    pub(crate) fn true_atoms(&self, facts: &Facts, principal: Principal<'_>, into: &mut Vec<u32>) {
        for (source, lookup) in &self.0 {
            match source.read(facts, principal) {
                Seen::Truth(value) => into.extend(lookup.truth.filter(|_| value)),
                Seen::Word(word) => into.extend(word.and_then(|word| lookup.words.get(word))),
                Seen::Words(words) if words.len() > 4 * lookup.words.len() => {
                    let known = lookup.words.iter().filter(|(word, _)| words.contains(&***word));
                    into.extend(known.map(|(_, atom)| *atom));
                }
                Seen::Words(words) => into.extend(words.iter().filter_map(|word| lookup.words.get(&**word))),
            }
        }
    }
}
