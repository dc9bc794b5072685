//! The distinct tokens of all terms, found by one hash each.

use rustc_hash::FxHashMap;

use crate::runs::hash;

/// The id of every token that no term has.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// An immutable table from tokens to ids.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// Open addressing; a quarter full, so that most unknown tokens are told by one look.
    slots: Box<[Slot]>,
    tokens: Vec<Box<str>>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    id: u32,
}

impl Vocabulary {
    /// The id of the token that stands at these bytes of a text, [`UNKNOWN`] if no term has it.
    pub(crate) fn id(&self, text: &[u8], start: usize, end: usize) -> u32 {
        let (hash, token) = (hash(text, start, end), &text[start..end]);
        let mut at = slot(hash, self.slots.len());
        loop {
            let found = self.slots[at];
            if found.id == UNKNOWN {
                return UNKNOWN;
            }
            if found.tag == tag(hash) && self.tokens[found.id as usize].as_bytes() == token {
                return found.id;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// How many tokens there are.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The bytes that it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        let texts: usize = self
            .tokens
            .iter()
            .map(|token| token.len() + size_of::<Box<str>>())
            .sum();
        texts + size_of_val(&*self.slots)
    }
}

/// Collects tokens.
#[derive(Debug, Default)]
pub(crate) struct VocabularyBuilder {
    ids: FxHashMap<Box<str>, u32>,
}

impl VocabularyBuilder {
    /// The id of a token, a new one if it is new.
    pub(crate) fn intern(&mut self, token: &str) -> u32 {
        if let Some(id) = self.ids.get(token) {
            return *id;
        }
        let id = u32::try_from(self.ids.len()).unwrap_or(UNKNOWN);
        self.ids.insert(token.into(), id);
        id
    }

    /// The finished table.
    pub(crate) fn build(self) -> Vocabulary {
        let mut tokens: Vec<(Box<str>, u32)> = self.ids.into_iter().collect();
        tokens.sort_unstable_by_key(|(_, id)| *id);
        let tokens: Vec<Box<str>> = tokens.into_iter().map(|(token, _)| token).collect();
        let n_slots = (tokens.len() * 4).next_power_of_two().max(16);
        let mut slots = vec![Slot { tag: 0, id: UNKNOWN }; n_slots].into_boxed_slice();
        for (id, token) in (0..).zip(&tokens) {
            let hash = hash(token.as_bytes(), 0, token.len());
            let mut at = slot(hash, n_slots);
            while slots[at].id != UNKNOWN {
                at = (at + 1) & (n_slots - 1);
            }
            slots[at] = Slot { tag: tag(hash), id };
        }
        Vocabulary { slots, tokens }
    }
}

/// The lower half of a hash, while [`slot`] takes the upper one.
fn tag(hash: u64) -> u32 {
    (hash & u64::from(u32::MAX)) as u32
}

fn slot(hash: u64, n_slots: usize) -> usize {
    (hash >> 32) as usize & (n_slots - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_found_and_no_other() {
        let mut builder = VocabularyBuilder::default();
        let ids: Vec<u32> = (0..10_000).map(|n| builder.intern(&format!("token{n}"))).collect();
        assert_eq!(builder.intern("token7"), ids[7]);
        let vocabulary = builder.build();
        assert_eq!(vocabulary.len(), 10_000);
        let id = |n: u32| {
            let token = format!("token{n}");
            vocabulary.id(token.as_bytes(), 0, token.len())
        };
        assert!(ids.iter().all(|n| id(*n) == *n));
        assert!((10_000..20_000).all(|n| id(n) == UNKNOWN));
    }
}
