//! Proximity: operands on different tokens, close to one another.
//!
//! The distance of two spots is the word of the later one's start minus that of the earlier one's end; neighbours
//! are 1 apart, and so are two tokens of one word. For more operands, `within` bounds the sum of the gaps plus one.
//!
//! The spots are passed once, by their first token. For every set of operands the search keeps the *chains* that
//! could still become part of a result: spots of these operands on different tokens, in text order. A chain is
//! dropped as soon as another one of the same set starts no earlier and will have no larger gap whatever follows,
//! and as soon as its gap has grown beyond `within`. So each spot costs the same however long the text is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::spot::{Spot, keep_minimal};
use crate::tokens::Token;

/// What is wanted of the operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nearness {
    /// The largest distance.
    pub(crate) within: u32,
    /// Whether the operands have to come in their order.
    pub(crate) ordered: bool,
}

/// A spot of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    first: usize,
    last: usize,
    operand: usize,
    spot: Spot,
}

/// Spots of a set of operands, in text order, on different tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Chain {
    /// The last token.
    last: usize,
    /// The word of the last token.
    word: u32,
    /// The words passed over between the spots.
    gap: u32,
    /// The operands, one bit each.
    operands: usize,
    /// From the start of the first spot to the end of the last one.
    span: Spot,
}

/// The minimal intervals in which every operand has a spot, in order.
pub(crate) fn near(tokens: &[Token], operands: &[Vec<Spot>], nearness: Nearness) -> Vec<Spot> {
    let mut search = Search::new(operands, Some(nearness.within), nearness.ordered);
    for event in events(operands) {
        search.release(event.first);
        search.pass(tokens, event);
    }
    search.finish()
}

/// The minimal intervals in which every operand has a spot, none of which crosses the start of a stretch: the
/// stretches begin at the first token and at `starts`.
pub(crate) fn within(tokens: &[Token], operands: &[Vec<Spot>], starts: &[usize]) -> Vec<Spot> {
    let mut search = Search::new(operands, None, false);
    let stretch = |token: usize| starts.partition_point(|start| *start <= token);
    let mut current = 0;
    for event in events(operands) {
        let here = stretch(event.first);
        if here != stretch(event.last) {
            continue;
        }
        if std::mem::replace(&mut current, here) != here {
            search.forget();
        }
        search.release(event.first);
        search.pass(tokens, event);
    }
    search.finish()
}

fn events(operands: &[Vec<Spot>]) -> Vec<Event> {
    let mut events = Vec::new();
    for (operand, spots) in operands.iter().enumerate() {
        events.extend(spots.iter().filter_map(|spot| {
            let (first, last) = spot.tokens()?;
            Some(Event {
                first,
                last,
                operand,
                spot: *spot,
            })
        }));
    }
    events.sort_unstable();
    events
}

struct Search {
    /// The largest distance; none where any is near enough.
    within: Option<u32>,
    ordered: bool,
    /// The set of all operands.
    all: usize,
    /// By set of operands, the chains that end before the token at hand.
    kept: Vec<Vec<Chain>>,
    /// Chains that end at the token at hand or later.
    waiting: BinaryHeap<Reverse<Chain>>,
    found: Vec<Spot>,
}

impl Search {
    fn new(operands: &[Vec<Spot>], within: Option<u32>, ordered: bool) -> Self {
        Search {
            within,
            ordered,
            all: (1 << operands.len()) - 1,
            kept: vec![Vec::new(); 1 << operands.len()],
            waiting: BinaryHeap::new(),
            found: Vec::new(),
        }
    }

    fn finish(mut self) -> Vec<Spot> {
        keep_minimal(&mut self.found);
        self.found
    }

    /// Drops every chain.
    fn forget(&mut self) {
        self.kept.iter_mut().for_each(Vec::clear);
        self.waiting.clear();
    }

    /// Keeps the waiting chains that end before a token.
    fn release(&mut self, token: usize) {
        while self.waiting.peek().is_some_and(|Reverse(chain)| chain.last < token) {
            if let Some(Reverse(chain)) = self.waiting.pop() {
                keep(&mut self.kept[chain.operands], chain);
            }
        }
    }

    /// Lengthens every kept chain that lacks the event's operand, and begins one.
    fn pass(&mut self, tokens: &[Token], event: Event) {
        let bit = 1 << event.operand;
        let first_word = tokens[event.first].word;
        // Where any distance will do, chains differ by their start alone: the latest one is as good as all others.
        let last_word = self.within.map_or(0, |_| tokens[event.last].word);
        for operands in self.shorter(bit) {
            if operands == 0 {
                self.push(Chain {
                    last: event.last,
                    word: last_word,
                    gap: 0,
                    operands: bit,
                    span: event.spot,
                });
                continue;
            }
            // Words only grow from event to event, so a chain that is too far away now stays so.
            if let Some(within) = self.within {
                self.kept[operands].retain(|chain| gap(chain, first_word) < within);
            }
            for at in 0..self.kept[operands].len() {
                let chain = self.kept[operands][at];
                self.push(Chain {
                    last: event.last,
                    word: last_word,
                    gap: self.within.map_or(0, |_| gap(&chain, first_word)),
                    operands: operands | bit,
                    span: Spot::spanning(chain.span, event.spot),
                });
            }
        }
    }

    /// The sets of operands that may stand before one.
    fn shorter(&self, bit: usize) -> impl Iterator<Item = usize> + use<> {
        let (all, ordered) = (self.all, self.ordered);
        let first = if ordered { bit - 1 } else { 0 };
        (first..=all)
            .take(if ordered { 1 } else { all + 1 })
            .filter(move |operands| operands & bit == 0)
    }

    fn push(&mut self, chain: Chain) {
        if chain.operands == self.all {
            self.found.push(chain.span);
        } else {
            self.waiting.push(Reverse(chain));
        }
    }
}

/// The gap of a chain that goes on with a spot whose first word this is.
fn gap(chain: &Chain, word: u32) -> u32 {
    chain.gap + word.saturating_sub(chain.word + 1)
}

/// Adds a chain, unless another one is at least as good; drops those that it is at least as good as.
fn keep(kept: &mut Vec<Chain>, chain: Chain) {
    if kept.iter().any(|other| is_as_good(other, &chain)) {
        return;
    }
    kept.retain(|other| !is_as_good(&chain, other));
    kept.push(chain);
}

/// Whether one chain starts no earlier than another, and will have no larger gap whatever follows.
fn is_as_good(one: &Chain, other: &Chain) -> bool {
    let reach = |chain: &Chain| i64::from(chain.word) - i64::from(chain.gap);
    one.span.start >= other.span.start && one.gap <= other.gap && reach(one) >= reach(other)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Tokens of two bytes each, of which some share a word.
    fn tokens(joined: &[bool]) -> Vec<Token> {
        let mut word = 0;
        let token = |(at, joined): (usize, &bool)| {
            word += u32::from(at > 0 && !joined);
            let start = u32::try_from(at * 3).unwrap();
            Token {
                start,
                end: start + 2,
                word,
                after_break: false,
            }
        };
        joined.iter().enumerate().map(token).collect()
    }

    /// Every choice of spots, and of the intervals those that contain no other.
    fn by_definition(tokens: &[Token], operands: &[Vec<Spot>], nearness: Nearness) -> BTreeSet<Spot> {
        let mut choices: Vec<Vec<Spot>> = vec![Vec::new()];
        for spots in operands {
            let longer = |choice: &Vec<Spot>| {
                spots
                    .iter()
                    .map(|spot| [choice.as_slice(), &[*spot]].concat())
                    .collect::<Vec<_>>()
            };
            choices = choices.iter().flat_map(longer).collect();
        }
        let interval = |mut choice: Vec<Spot>| {
            let given = choice.clone();
            choice.sort_unstable();
            let pairs = || {
                choice
                    .windows(2)
                    .map(|pair| (pair[0].tokens().unwrap().1, pair[1].tokens().unwrap().0))
            };
            let apart = pairs().all(|(last, first)| last < first);
            let gap = |(last, first): (usize, usize)| (tokens[first].word - tokens[last].word).saturating_sub(1);
            let holds =
                apart && pairs().map(gap).sum::<u32>() < nearness.within && (!nearness.ordered || choice == given);
            holds.then(|| Spot::spanning(choice[0], choice[choice.len() - 1]))
        };
        let all: BTreeSet<Spot> = choices.into_iter().filter_map(interval).collect();
        let contains = |one: &Spot, other: &Spot| one != other && one.start <= other.start && other.end <= one.end;
        all.iter()
            .filter(|one| !all.iter().any(|other| contains(one, other)))
            .copied()
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn p1_to_p4_the_search_agrees_with_trying_everything(
            joined in prop::collection::vec(prop::bool::weighted(0.2), 14),
            operands in prop::collection::vec(prop::collection::vec((0..14usize, 0..5usize), 1..6), 2..5),
            within in 1..6u32,
            ordered: bool,
        ) {
            let tokens = tokens(&joined);
            let spot = |(first, more): &(usize, usize)| Spot::of_tokens(&tokens, *first, (first + more).min(13));
            let operands: Vec<Vec<Spot>> = operands.iter().map(|spots| spots.iter().map(spot).collect()).collect();
            let nearness = Nearness { within, ordered };
            let found = near(&tokens, &operands, nearness);
            prop_assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), by_definition(&tokens, &operands, nearness));
        }

        #[test]
        fn p7_stretches_agree_with_trying_everything(
            joined in prop::collection::vec(prop::bool::weighted(0.2), 14),
            operands in prop::collection::vec(prop::collection::vec((0..14usize, 0..5usize), 1..6), 2..5),
            starts in prop::collection::btree_set(1..14usize, 0..4),
        ) {
            let tokens = tokens(&joined);
            let spot = |(first, more): &(usize, usize)| Spot::of_tokens(&tokens, *first, (first + more).min(13));
            let operands: Vec<Vec<Spot>> = operands.iter().map(|spots| spots.iter().map(spot).collect()).collect();
            let starts: Vec<usize> = starts.into_iter().collect();
            let anywhere = Nearness { within: u32::MAX, ordered: false };
            let edges: Vec<usize> = [0].into_iter().chain(starts.iter().copied()).chain([14]).collect();
            let in_stretch = |pair: &[usize]| {
                let inside = |spot: &&Spot| spot.tokens().is_some_and(|(first, last)| pair[0] <= first && last < pair[1]);
                let operands: Vec<Vec<Spot>> =
                    operands.iter().map(|spots| spots.iter().filter(inside).copied().collect()).collect();
                by_definition(&tokens, &operands, anywhere)
            };
            let expected: BTreeSet<Spot> = edges.windows(2).flat_map(in_stretch).collect();
            let found: BTreeSet<Spot> = within(&tokens, &operands, &starts).into_iter().collect();
            prop_assert_eq!(found, expected);
        }
    }
}
