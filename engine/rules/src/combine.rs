//! From the spots of leaves to the hits of a rule in one part.

use crate::expression::{Exclusion, Expression};
use crate::near::near;
use crate::spot::{Spot, keep_longest, order};
use crate::tokens::Token;

/// What was found in one part, leaf by leaf.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) tokens: &'a [Token],
    /// The spots of each leaf.
    pub(crate) leaves: &'a [Vec<Spot>],
}

/// A rule's hits in one part.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    /// Those that stand.
    pub(crate) standing: Vec<Spot>,
    /// How many more would stand, but lie inside one of these.
    pub(crate) n_nested: usize,
    /// Those that an exclusion took away, with its position.
    pub(crate) excluded: Vec<(Spot, usize)>,
}

impl Hits {
    /// All of them.
    pub(crate) fn spots(&self) -> impl Iterator<Item = Spot> {
        let excluded = self.excluded.iter().map(|(spot, _)| *spot);
        self.standing.iter().copied().chain(excluded)
    }
}

/// The hits of one rule. Where hits nest the longest is kept, among those that stand and among excluded ones: a long
/// excluded hit does not cover a short one that stands.
pub(crate) fn hits(expression: &Expression, exclusions: &[Exclusion], found: Found<'_>) -> Hits {
    let mut hits = Hits::default();
    let mut standing = spots(expression, found);
    if standing.is_empty() {
        return hits;
    }
    for (index, exclusion) in exclusions.iter().enumerate() {
        let away = Away::new(exclusion, found);
        let mut excluded: Vec<Spot> = Vec::new();
        standing.retain(|spot| {
            let stays = !away.takes(*spot, found.tokens);
            if !stays {
                excluded.push(*spot);
            }
            stays
        });
        keep_longest(&mut excluded);
        hits.excluded.extend(excluded.into_iter().map(|spot| (spot, index)));
    }
    let n_all = standing.len();
    keep_longest(&mut standing);
    hits.n_nested = n_all - standing.len();
    hits.standing = standing;
    hits
}

/// Every spot of an expression, in order and without repeats.
fn spots(expression: &Expression, found: Found<'_>) -> Vec<Spot> {
    let mut spots = match expression {
        Expression::Leaf(leaf) => found.leaves[*leaf as usize].clone(),
        Expression::Any(items) => items.iter().flat_map(|item| spots(item, found)).collect(),
        Expression::All(items) => each(items, found).unwrap_or_default().concat(),
        Expression::Near(items, nearness) => {
            let mut out = Vec::new();
            if let Some(operands) = each(items, found) {
                near(found.tokens, &operands, *nearness, &mut out);
            }
            out
        }
    };
    order(&mut spots);
    spots
}

/// The spots of each item, unless one has none.
fn each(items: &[Expression], found: Found<'_>) -> Option<Vec<Vec<Spot>>> {
    if items.iter().any(|item| is_missing(item, found)) {
        return None;
    }
    let each: Vec<Vec<Spot>> = items.iter().map(|item| spots(item, found)).collect();
    each.iter().all(|spots| !spots.is_empty()).then_some(each)
}

/// Whether it is plain to see that an expression has no spot.
fn is_missing(expression: &Expression, found: Found<'_>) -> bool {
    match expression {
        Expression::Leaf(leaf) => found.leaves[*leaf as usize].is_empty(),
        Expression::Any(items) => items.iter().all(|item| is_missing(item, found)),
        Expression::All(items) | Expression::Near(items, _) => items.iter().any(|item| is_missing(item, found)),
    }
}

/// The spots of an exclusion, arranged so that each hit asks in logarithmic time.
struct Away<'a> {
    exclusion: &'a Exclusion,
    /// By start, each with the farthest end so far.
    by_start: Vec<(u32, u32)>,
    /// First and last tokens, by the first.
    by_first: Vec<(usize, usize)>,
    /// Last tokens, in order.
    lasts: Vec<usize>,
}

impl<'a> Away<'a> {
    fn new(exclusion: &'a Exclusion, found: Found<'_>) -> Self {
        let spots = spots(&exclusion.expression, found);
        let mut farthest = 0;
        let by_start = spots.iter().map(|spot| {
            farthest = farthest.max(spot.end);
            (spot.start, farthest)
        });
        let by_start = by_start.collect();
        let mut by_first: Vec<(usize, usize)> = spots.iter().filter_map(|spot| spot.tokens()).collect();
        by_first.sort_unstable();
        let mut lasts: Vec<usize> = by_first.iter().map(|(_, last)| *last).collect();
        lasts.sort_unstable();
        Away {
            exclusion,
            by_start,
            by_first,
            lasts,
        }
    }

    /// Whether a hit lies wholly inside a spot, or a spot within the window beside it.
    fn takes(&self, hit: Spot, tokens: &[Token]) -> bool {
        self.surrounds(hit) || self.precedes(hit, tokens) || self.follows(hit, tokens)
    }

    fn surrounds(&self, hit: Spot) -> bool {
        let n_before = self.by_start.partition_point(|(start, _)| *start <= hit.start);
        n_before > 0 && self.by_start[n_before - 1].1 >= hit.end
    }

    fn precedes(&self, hit: Spot, tokens: &[Token]) -> bool {
        let Some((first, _)) = hit.tokens().filter(|_| self.exclusion.before > 0) else {
            return false;
        };
        let n_before = self.lasts.partition_point(|last| *last < first);
        n_before > 0 && distance(tokens, self.lasts[n_before - 1], first) <= self.exclusion.before
    }

    fn follows(&self, hit: Spot, tokens: &[Token]) -> bool {
        let Some((_, last)) = hit.tokens().filter(|_| self.exclusion.after > 0) else {
            return false;
        };
        let n_before = self.by_first.partition_point(|(first, _)| *first <= last);
        self.by_first
            .get(n_before)
            .is_some_and(|(first, _)| distance(tokens, last, *first) <= self.exclusion.after)
    }
}

/// The distance from one token to a later one, in words; 0 between two tokens of one word, which is as near as can be.
fn distance(tokens: &[Token], from: usize, to: usize) -> u32 {
    tokens[to].word - tokens[from].word
}
