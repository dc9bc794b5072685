//! Where something was found in a part.

use crate::tokens::Token;

/// A range of the folded text, with the tokens that it touches. Ordered by start, then end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    /// The first byte in the folded text.
    pub(crate) start: u32,
    /// One past the last byte.
    pub(crate) end: u32,
    /// The first token that it touches.
    first: u32,
    /// The last token that it touches; before the first if it touches none.
    last: u32,
}

impl Spot {
    /// The spot of these tokens, both included.
    pub(crate) fn of_tokens(tokens: &[Token], first: usize, last: usize) -> Self {
        Spot {
            start: tokens[first].start,
            end: tokens[last].end,
            first: index(first),
            last: index(last),
        }
    }

    /// The spot of these bytes.
    pub(crate) fn of_bytes(tokens: &[Token], start: usize, end: usize) -> Self {
        let (start, end) = (index(start), index(end));
        let first = tokens.partition_point(|token| token.end <= start);
        let behind = tokens.partition_point(|token| token.start < end);
        if first < behind {
            Spot {
                start,
                end,
                first: index(first),
                last: index(behind - 1),
            }
        } else {
            Spot {
                start,
                end,
                first: 1,
                last: 0,
            }
        }
    }

    /// The spot from the start of one to the end of another.
    pub(crate) fn spanning(from: Spot, to: Spot) -> Self {
        Spot {
            start: from.start,
            end: to.end,
            first: from.first,
            last: to.last,
        }
    }

    /// The first and last token, unless it touches none.
    pub(crate) fn tokens(self) -> Option<(usize, usize)> {
        (self.first <= self.last).then_some((self.first as usize, self.last as usize))
    }
}

/// Sorts spots and drops repeated ones.
pub(crate) fn order(spots: &mut Vec<Spot>) {
    if !spots.is_sorted_by(|a, b| a < b) {
        spots.sort_unstable();
        spots.dedup();
    }
}

/// Keeps the spots that no other contains, in order.
pub(crate) fn keep_longest(spots: &mut Vec<Spot>) {
    spots.sort_unstable_by_key(|spot| (spot.start, std::cmp::Reverse(spot.end)));
    let mut reach = None;
    spots.retain(|spot| {
        let keep = reach.is_none_or(|reach| spot.end > reach);
        reach = reach.max(Some(spot.end));
        keep
    });
}

/// Keeps the spots that contain no other, in order.
pub(crate) fn keep_minimal(spots: &mut Vec<Spot>) {
    spots.sort_unstable_by_key(|spot| (spot.end, std::cmp::Reverse(spot.start)));
    let mut latest = None;
    spots.retain(|spot| {
        let keep = latest.is_none_or(|latest| spot.start > latest);
        latest = latest.max(Some(spot.start));
        keep
    });
}

fn index(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
