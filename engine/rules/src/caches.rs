//! The caches of patterns, bounded in total.

use regex_automata::meta::{Cache, Regex};

use crate::limits;
use crate::reach::{Reach, ReachCache};

/// The caches of some patterns, made when first needed. What is in them changes no result.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    slots: Vec<Slot>,
    bytes: usize,
    /// Counts the uses, so that the least recent is known.
    now: u64,
}

/// The caches of one pattern.
#[derive(Debug, Default)]
struct Slot {
    caches: Option<InUse>,
    bytes: usize,
    last_used: u64,
}

/// The caches of one pattern, in use.
#[derive(Debug, Default)]
pub(crate) struct InUse {
    first: Option<Box<Cache>>,
    longest: Option<Box<Cache>>,
    reach: Option<Box<ReachCache>>,
}

impl Caches {
    /// Room for so many patterns.
    pub(crate) fn new(n_patterns: usize) -> Self {
        Caches {
            slots: std::iter::repeat_with(Slot::default).take(n_patterns).collect(),
            bytes: 0,
            now: 0,
        }
    }

    /// How many bytes they take together.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes out the caches of a pattern.
    pub(crate) fn take(&mut self, pattern: usize) -> InUse {
        self.slots[pattern].caches.take().unwrap_or_default()
    }

    /// Puts them back, and drops those that were not used for longest if there are too many bytes in all.
    pub(crate) fn put(&mut self, pattern: usize, caches: InUse) {
        self.now += 1;
        let slot = &mut self.slots[pattern];
        self.bytes -= slot.bytes;
        slot.bytes = caches.bytes();
        slot.last_used = self.now;
        slot.caches = Some(caches);
        self.bytes += slot.bytes;
        if self.bytes > limits::CACHES_BYTES {
            self.shrink();
        }
    }

    /// Drops caches until half of what is allowed is left, so that this happens seldom.
    fn shrink(&mut self) {
        let mut by_age: Vec<usize> = (0..self.slots.len())
            .filter(|slot| self.slots[*slot].caches.is_some())
            .collect();
        by_age.sort_unstable_by_key(|slot| self.slots[*slot].last_used);
        for slot in by_age {
            if self.bytes <= limits::CACHES_BYTES / 2 {
                break;
            }
            let slot = std::mem::take(&mut self.slots[slot]);
            self.bytes -= slot.bytes;
        }
    }
}

impl InUse {
    /// The cache of the pattern itself.
    pub(crate) fn first(&mut self, regex: &Regex) -> &mut Cache {
        self.first.get_or_insert_with(|| Box::new(regex.create_cache()))
    }

    /// The cache of its twin that prefers the longest match.
    pub(crate) fn longest(&mut self, regex: &Regex) -> &mut Cache {
        self.longest.get_or_insert_with(|| Box::new(regex.create_cache()))
    }

    /// The cache for how far a match can reach.
    pub(crate) fn reach(&mut self, reach: &Reach) -> &mut ReachCache {
        self.reach.get_or_insert_with(|| Box::new(reach.create_cache()))
    }

    fn bytes(&self) -> usize {
        let caches = [&self.first, &self.longest];
        let bytes: usize = caches.into_iter().flatten().map(|cache| cache.memory_usage()).sum();
        bytes + self.reach.as_ref().map_or(0, |cache| cache.memory_usage())
    }
}
