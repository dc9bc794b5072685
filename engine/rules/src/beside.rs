//! What stands beside a hit, and how far away.

use crate::spot::Spot;
use crate::tokens::Token;

/// How many words before and behind a hit something may stand; 0 for not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) before: u32,
    pub(crate) after: u32,
}

/// Spots, arranged so that the nearest one to a hit is found in logarithmic time. Those that touch no token have no
/// place among words, and are left out.
pub(crate) struct Beside<'a> {
    tokens: &'a [Token],
    /// By last token, then start and end.
    by_last: Vec<Spot>,
    /// By first token, then end and start.
    by_first: Vec<Spot>,
}

impl<'a> Beside<'a> {
    pub(crate) fn new(spots: &[Spot], tokens: &'a [Token]) -> Self {
        let placed = spots.iter().copied().filter(|spot| spot.tokens().is_some());
        let mut by_last: Vec<Spot> = placed.collect();
        let mut by_first = by_last.clone();
        by_last.sort_unstable_by_key(|spot| (spot.tokens().map(|(_, last)| last), *spot));
        by_first.sort_unstable_by_key(|spot| (spot.tokens().map(|(first, _)| first), spot.end, *spot));
        Beside {
            tokens,
            by_last,
            by_first,
        }
    }

    /// Whether some spot stands in the window of a hit.
    pub(crate) fn holds(&self, hit: Spot, window: Window) -> bool {
        let within = |found: Option<(u32, Spot)>, most: u32| found.is_some_and(|(distance, _)| distance <= most);
        window.before > 0 && within(self.before(hit), window.before)
            || window.after > 0 && within(self.after(hit), window.after)
    }

    /// The nearest spot that ends before a hit begins, and its distance in words.
    pub(crate) fn before(&self, hit: Spot) -> Option<(u32, Spot)> {
        let (first, _) = hit.tokens()?;
        let n_before = self
            .by_last
            .partition_point(|spot| spot.tokens().is_some_and(|(_, last)| last < first));
        let nearest = *self.by_last.get(n_before.checked_sub(1)?)?;
        let (_, last) = nearest.tokens()?;
        Some((self.distance(last, first), nearest))
    }

    /// The nearest spot that begins behind the end of a hit, and its distance in words.
    pub(crate) fn after(&self, hit: Spot) -> Option<(u32, Spot)> {
        let (_, last) = hit.tokens()?;
        let n_before = self
            .by_first
            .partition_point(|spot| spot.tokens().is_some_and(|(first, _)| first <= last));
        let nearest = *self.by_first.get(n_before)?;
        let (first, _) = nearest.tokens()?;
        Some((self.distance(last, first), nearest))
    }

    /// The distance from one token to a later one, in words; two tokens of one word are neighbours.
    fn distance(&self, from: usize, to: usize) -> u32 {
        (self.tokens[to].word - self.tokens[from].word).max(1)
    }
}
