//! A first look at tokens: could a term begin here? Its answer is never "no" where one does.
//!
//! A term of one token is known by the hash of that token, a longer one by that of its first, and of its first two.
//! Small tables of bits tell whether a hash is among them, so that a token costs the same however many terms there are.

use crate::runs;
use crate::wildcard::WildcardSieve;

/// What is known of the beginnings of terms. Immutable.
#[derive(Debug)]
pub(crate) struct Sieve {
    /// All of `singles` and `heads`: most tokens are in neither.
    all: Hashes,
    /// Terms of one token.
    singles: Hashes,
    /// The first tokens of longer terms.
    heads: Hashes,
    /// The first two tokens of longer terms.
    pairs: Hashes,
    /// Words with wildcards that terms begin with.
    wildcards: WildcardSieve,
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
        wildcards: WildcardSieve,
    ) -> Self {
        let mut sieve = Sieve {
            all: Hashes::room_for(singles.len() + pairs.len()),
            singles: Hashes::room_for(singles.len()),
            heads: Hashes::room_for(pairs.len()),
            pairs: Hashes::room_for(pairs.len()),
            wildcards,
        };
        for hash in singles {
            sieve.all.insert(hash);
            sieve.singles.insert(hash);
        }
        for (first, second) in pairs {
            sieve.all.insert(first);
            sieve.heads.insert(first);
            sieve.pairs.insert(runs::pair(first, second));
        }
        sieve
    }

    /// Whether a term could begin at a token, and whether one could have begun at the token before.
    #[inline(always)]
    pub(crate) fn look(&self, before: &mut Before, text: &[u8], start: usize, end: usize) -> (bool, bool) {
        let (here, at_the_one_before) = self.look_at(before, runs::hash(text, start, end));
        (here || self.wildcards.could_match(&text[start..end]), at_the_one_before)
    }

    #[inline(always)]
    fn look_at(&self, before: &mut Before, hash: u64) -> (bool, bool) {
        if self.all.contains(hash) || before.is_head {
            self.look_closer(before, hash)
        } else {
            before.hash = hash;
            (false, false)
        }
    }

    fn look_closer(&self, before: &mut Before, hash: u64) -> (bool, bool) {
        let is_pair = before.is_head && self.pairs.contains(runs::pair(before.hash, hash));
        *before = Before {
            hash,
            is_head: self.heads.contains(hash),
        };
        (self.singles.contains(hash), is_pair)
    }

    /// The bytes that it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        let tables = [&self.all, &self.singles, &self.heads, &self.pairs];
        tables.iter().map(|hashes| size_of_val(&*hashes.0)).sum()
    }
}

/// A set of hashes that may take others for members: two bits a hash, both in one word of a table.
#[derive(Debug)]
struct Hashes(Box<[u64]>);

impl Hashes {
    /// An empty set with 32 to 64 bits for each of so many hashes.
    fn room_for(n_hashes: usize) -> Self {
        Hashes(vec![0; (n_hashes / 2).next_power_of_two().max(64)].into())
    }

    fn insert(&mut self, hash: u64) {
        let place = self.place(hash);
        self.0[place] |= bits(hash);
    }

    #[inline(always)]
    fn contains(&self, hash: u64) -> bool {
        self.0[self.place(hash)] & bits(hash) == bits(hash)
    }

    #[inline(always)]
    fn place(&self, hash: u64) -> usize {
        (hash >> 24) as usize & (self.0.len() - 1)
    }
}

#[inline(always)]
fn bits(hash: u64) -> u64 {
    1 << (hash & 63) | 1 << (hash >> 6 & 63)
}
