//! A first look at tokens: could a term begin here? Its answer is never "no" where one does.
//!
//! A term of one token is known by the hash of that token, a longer one by that of its first, and of its first two.
//! Small tables of bits tell whether a hash is among them, so that a token costs the same however many terms there are.

use crate::runs;

/// Tables of bits. Immutable.
#[derive(Debug)]
pub(crate) struct Sieve {
    /// Hashes of terms of one token, and of the first tokens of longer ones, told apart by their bits.
    words: Box<[u64]>,
    /// Hashes of the first two tokens of longer terms.
    pairs: Box<[u64]>,
}

/// What the sieve remembers of the token before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    hash: u64,
    is_head: bool,
}

impl Sieve {
    /// The sieve of terms given by the hashes of their first tokens: one, or two for longer terms.
    pub(crate) fn new(
        singles: impl ExactSizeIterator<Item = u64>,
        pairs: impl ExactSizeIterator<Item = (u64, u64)>,
    ) -> Self {
        let mut sieve = Sieve {
            words: table(singles.len() + pairs.len()),
            pairs: table(pairs.len()),
        };
        for hash in singles {
            sieve.words[place(&sieve.words, hash)] |= single(hash);
        }
        for (first, second) in pairs {
            sieve.words[place(&sieve.words, first)] |= head(first);
            let hash = runs::pair(first, second);
            sieve.pairs[place(&sieve.pairs, hash)] |= single(hash);
        }
        sieve
    }

    /// Whether a term could begin at a token, and whether one could have begun at the token before.
    #[inline(always)]
    pub(crate) fn look(&self, before: &mut Before, hash: u64) -> (bool, bool) {
        let word = self.words[place(&self.words, hash)];
        let has = |word: u64, bits: u64| word & bits == bits;
        let is_pair = before.is_head && {
            let pair = runs::pair(before.hash, hash);
            has(self.pairs[place(&self.pairs, pair)], single(pair))
        };
        *before = Before {
            hash,
            is_head: has(word, head(hash)),
        };
        (has(word, single(hash)), is_pair)
    }

    /// The bytes that it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.words) + size_of_val(&*self.pairs)
    }
}

/// Room for so many hashes: 32 to 64 bits each, of which two are set.
fn table(n_hashes: usize) -> Box<[u64]> {
    vec![0; (n_hashes / 2).next_power_of_two().max(64)].into()
}

#[inline(always)]
fn place(table: &[u64], hash: u64) -> usize {
    (hash >> 24) as usize & (table.len() - 1)
}

/// The bits of a hash that stands for a whole term, or for a pair.
#[inline(always)]
fn single(hash: u64) -> u64 {
    1 << (hash & 63) | 1 << (hash >> 6 & 63)
}

/// The bits of a hash that stands for the first token of a longer term.
#[inline(always)]
fn head(hash: u64) -> u64 {
    1 << (hash >> 12 & 63) | 1 << (hash >> 18 & 63)
}
