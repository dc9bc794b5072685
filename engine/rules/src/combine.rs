//! From the spots of leaves to the spots of a condition in one part.

use crate::beside::Beside;
use crate::expression::{Exclusion, Expression, Reach};
use crate::found::Found;
use crate::near::{near, within};
use crate::spot::{Spot, keep_longest, order};

/// A rule's hits in one part on one view.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    /// Those that stand, in order.
    pub(crate) standing: Vec<Spot>,
    /// How many more would stand, but lie inside one of these.
    pub(crate) n_nested: usize,
    /// Those that an exclusion took away, with its position, in order.
    pub(crate) excluded: Vec<(Spot, usize)>,
}

/// What exclusions leave of a rule's spots. Where hits nest the longest is kept, among those that stand and among
/// excluded ones: a long excluded hit does not cover a short one that stands.
pub(crate) fn hits(mut standing: Vec<Spot>, exclusions: &[Exclusion], found: &Found<'_>) -> Hits {
    let mut hits = Hits::default();
    if standing.is_empty() {
        return hits;
    }
    for (index, exclusion) in exclusions.iter().enumerate() {
        let Some(away) = Away::new(exclusion, found) else {
            continue;
        };
        let mut excluded: Vec<Spot> = Vec::new();
        standing.retain(|spot| {
            let stays = !away.takes(*spot);
            if !stays {
                excluded.push(*spot);
            }
            stays
        });
        keep_longest(&mut excluded);
        hits.excluded.extend(excluded.into_iter().map(|spot| (spot, index)));
    }
    hits.excluded.sort_unstable();
    let n_all = standing.len();
    keep_longest(&mut standing);
    hits.n_nested = n_all - standing.len();
    hits.standing = standing;
    hits
}

/// Every spot of an expression that does not depend on other parts, in order and without repeats.
pub(crate) fn spots(expression: &Expression, found: &Found<'_>) -> Vec<Spot> {
    let mut spots = match expression {
        Expression::Leaf(leaf) => found.leaves[*leaf as usize].clone(),
        Expression::Any(items) => items.iter().flat_map(|item| spots(item, found)).collect(),
        Expression::All(items) | Expression::Message(items) => each(items, found).unwrap_or_default().concat(),
        Expression::Near(items, nearness) => {
            let near = |operands: Vec<Vec<Spot>>| near(found.tokens, &operands, *nearness);
            each(items, found).map(near).unwrap_or_default()
        }
        Expression::Within(items, scope) => {
            let within = |operands: Vec<Vec<Spot>>| within(found.tokens, &operands, found.starts(*scope));
            each(items, found).map(within).unwrap_or_default()
        }
        Expression::NotNear(operands, window) => {
            let (of, without) = &**operands;
            let mut spots = spots(of, found);
            if !spots.is_empty() && !is_missing(without, found) {
                let beside = Beside::new(&self::spots(without, found), found.tokens);
                spots.retain(|spot| !beside.holds(*spot, *window));
            }
            spots
        }
    };
    order(&mut spots);
    spots
}

/// The spots of each item, unless one has none.
fn each(items: &[Expression], found: &Found<'_>) -> Option<Vec<Vec<Spot>>> {
    if items.iter().any(|item| is_missing(item, found)) {
        return None;
    }
    let each: Vec<Vec<Spot>> = items.iter().map(|item| spots(item, found)).collect();
    each.iter().all(|spots| !spots.is_empty()).then_some(each)
}

/// Whether it is plain to see that an expression has no spot.
pub(crate) fn is_missing(expression: &Expression, found: &Found<'_>) -> bool {
    match expression {
        Expression::Leaf(leaf) => found.leaves[*leaf as usize].is_empty(),
        Expression::Any(items) => items.iter().all(|item| is_missing(item, found)),
        Expression::NotNear(operands, _) => is_missing(&operands.0, found),
        Expression::All(items)
        | Expression::Near(items, _)
        | Expression::Within(items, _)
        | Expression::Message(items) => items.iter().any(|item| is_missing(item, found)),
    }
}

/// The spots of an exclusion, arranged so that each hit asks in logarithmic time.
struct Away<'a> {
    exclusion: &'a Exclusion,
    /// By start, each with the farthest end so far.
    by_start: Vec<(u32, u32)>,
    beside: Beside<'a>,
}

impl<'a> Away<'a> {
    /// `None` if there is nothing of the exclusion, or it looks at whole messages.
    fn new(exclusion: &'a Exclusion, found: &Found<'a>) -> Option<Self> {
        if exclusion.reach == Reach::Message || is_missing(&exclusion.expression, found) {
            return None;
        }
        let spots = spots(&exclusion.expression, found);
        let mut farthest = 0;
        let by_start = spots.iter().map(|spot| {
            farthest = farthest.max(spot.end);
            (spot.start, farthest)
        });
        Some(Away {
            exclusion,
            by_start: by_start.collect(),
            beside: Beside::new(&spots, found.tokens),
        })
    }

    /// Whether a hit lies wholly inside a spot, or a spot within the window beside it.
    fn takes(&self, hit: Spot) -> bool {
        let n_before = self.by_start.partition_point(|(start, _)| *start <= hit.start);
        let inside = n_before > 0 && self.by_start[n_before - 1].1 >= hit.end;
        inside || matches!(self.exclusion.reach, Reach::Window(window) if self.beside.holds(hit, window))
    }
}
