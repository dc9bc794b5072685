//! Supporting evidence: what has to stand near a hit for the rule to be surer of it.

use crate::beside::{Beside, Window};
use crate::combine::{is_missing, spots};
use crate::expression::Expression;
use crate::found::Found;
use crate::spot::Spot;

/// One sort of supporting evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Supporting {
    pub(crate) name: Box<str>,
    pub(crate) expression: Expression,
    pub(crate) window: Window,
    pub(crate) unit: Unit,
    /// Whether text of the hit itself counts too.
    pub(crate) itself: bool,
}

/// What a window is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Words,
    /// Characters of the view. Neighbours are 1 apart.
    Characters,
}

/// The evidence of one sort in a part, arranged so that each hit asks in logarithmic time.
pub(crate) struct Evidence<'a> {
    supporting: &'a Supporting,
    found: &'a Found<'a>,
    beside: Beside<'a>,
    /// By end, then start.
    by_end: Vec<Spot>,
    /// By start, then end; with the position of the one with the farthest end so far.
    by_start: Vec<(Spot, usize)>,
}

impl<'a> Evidence<'a> {
    /// `None` if there is none in the part.
    pub(crate) fn new(supporting: &'a Supporting, found: &'a Found<'a>) -> Option<Self> {
        if is_missing(&supporting.expression, found) {
            return None;
        }
        let spots = spots(&supporting.expression, found);
        let mut by_end = spots.clone();
        by_end.sort_unstable_by_key(|spot| (spot.end, spot.start));
        let mut farthest = 0;
        let with_farthest = spots.iter().enumerate().map(|(at, spot)| {
            if spot.end > spots[farthest].end {
                farthest = at;
            }
            (*spot, farthest)
        });
        Some(Evidence {
            supporting,
            found,
            beside: Beside::new(&spots, found.tokens),
            by_end,
            by_start: with_farthest.collect(),
        })
    }

    /// The nearest evidence in the window of a hit; of two that are equally near the one before it.
    pub(crate) fn nearest(&self, hit: Spot) -> Option<Spot> {
        if self.supporting.itself
            && let Some(inside) = self.touching(hit)
        {
            return Some(inside);
        }
        let Window { before, after } = self.supporting.window;
        let before = self.before(hit).filter(|(distance, _)| *distance <= before);
        let after = self.after(hit).filter(|(distance, _)| *distance <= after);
        before
            .into_iter()
            .chain(after)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, spot)| spot)
    }

    /// Evidence that shares text with a hit.
    fn touching(&self, hit: Spot) -> Option<Spot> {
        let n_before = self.by_start.partition_point(|(spot, _)| spot.start < hit.end);
        let (_, farthest) = self.by_start[..n_before].last()?;
        let (spot, _) = self.by_start[*farthest];
        (spot.end > hit.start).then_some(spot)
    }

    fn before(&self, hit: Spot) -> Option<(u32, Spot)> {
        if self.supporting.unit == Unit::Words {
            return self.beside.before(hit);
        }
        let n_before = self.by_end.partition_point(|spot| spot.end <= hit.start);
        let nearest = *self.by_end[..n_before].last()?;
        Some((self.characters(nearest.end, hit.start), nearest))
    }

    fn after(&self, hit: Spot) -> Option<(u32, Spot)> {
        if self.supporting.unit == Unit::Words {
            return self.beside.after(hit);
        }
        let n_before = self.by_start.partition_point(|(spot, _)| spot.start < hit.end);
        let (nearest, _) = *self.by_start.get(n_before)?;
        Some((self.characters(hit.end, nearest.start), nearest))
    }

    fn characters(&self, from: u32, to: u32) -> u32 {
        let between = self.found.n_characters(to as usize) - self.found.n_characters(from as usize);
        u32::try_from(between).unwrap_or(u32::MAX).saturating_add(1)
    }
}
