//! Every message of an archive by the month in which it may go.
//!
//! What decides a message's dates, and its state, follow from the order in which its duties end and from which of them are
//! over, not from the days themselves. So each order of each set of schedules is resolved once, and messages are counted under it.

use std::sync::{Arc, Mutex, PoisonError};

use lexhold_catalog::{CaseEnds, Catalog, Combination, Covered, MessageNumbers, Sign};
use lexhold_retention::{Limit, Resolved, State};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::calendar::{ABSENT, Calendar, DUTIES};
use super::{Dates, Group, MessageDates};
use crate::report::ViewerSight;

/// A set of schedules, and the order in which their duties end.
pub(super) type Order = (u32, [u8; DUTIES]);

/// Messages counted by one thread.
#[derive(Default)]
struct Counts {
    decisions: FxHashMap<Order, u32>,
    decided: Vec<(Order, Arc<Decision>)>,
    /// By decision, months and how holds cover them: how many, and the rank of one end in these months.
    counted: FxHashMap<(u32, u32, usize), (i64, u32)>,
    /// Those whose dates are not known.
    doubtful: FxHashMap<usize, i64>,
}

/// What one order comes to.
struct Decision {
    /// Dates of one message with it.
    example: Resolved,
    /// The duty whose end is the first instant at which it may go; none where nothing ends.
    eligible: Option<usize>,
}

/// The ways in which messages are covered; the first is not at all.
struct Covers(Vec<Covered>);

impl Covers {
    fn number(&mut self, covered: Covered) -> usize {
        self.0.iter().position(|one| *one == covered).unwrap_or_else(|| {
            self.0.push(covered);
            self.0.len() - 1
        })
    }
}

/// What messages are looked up in.
pub(super) struct Counter<'d> {
    dates: &'d Dates<'d>,
    calendar: Calendar,
    /// By class: equal for those with the same schedules.
    sets: Vec<u32>,
    /// By origin.
    classes: Vec<u32>,
    decided: Mutex<FxHashMap<Order, Arc<Decision>>>,
    threads: Vec<Mutex<Counts>>,
}

/// No messages yet, with these dates, or with none that are known.
fn group(resolved: Option<&Resolved>) -> Group {
    Group {
        dates: MessageDates::united(resolved.into_iter()),
        covered: Covered::default(),
        n_messages: 0,
    }
}

impl Dates<'_> {
    /// Hands over all messages of a catalog, or of one run, grouped by the months in which they may go, in no particular order.
    ///
    /// Of a group's dates, its state, the schedules of its duties, those that decide when it may go, and the months of that are those
    /// of each of its messages; other days are those of one of them. [`Self::each_group`] tells these apart.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn each_month(&self, catalog: &Catalog, run: Option<&str>, mut each: impl FnMut(&Group)) -> anyhow::Result<()> {
        let mut counter = Counter::of(self);
        catalog.each_message::<anyhow::Error>(run, |messages, sign| {
            counter.add(&messages, sign);
            Ok(())
        })?;
        // What is in doubt is counted as such, whatever its days.
        let streamed = |class| counter.calendar.has(class) || self.classes.at(class).is_none();
        if !self.classes.all_are(streamed) {
            self.count_combinations(catalog, run, Some(&streamed), &mut each)?;
        }
        let mut counts = Counts::default();
        let mut covers = Covers(vec![Covered::default()]);
        catalog.each_covered::<anyhow::Error>(|message, covered| {
            counter.count(&mut counts, message, covers.number(covered), 1);
            Ok(())
        })?;
        let take = |one: &Combination, covered: Covered, n: u64| {
            // What somebody asked to have erased goes on other days than the rest of its order.
            let is_streamed = covered.asked.is_none() && counter.class_of(one.origin).is_some_and(streamed);
            if is_streamed {
                let message = [one.origin, one.days, one.conversation];
                let n = i64::try_from(n).unwrap_or(i64::MAX);
                counter.count(&mut counts, message, covers.number(covered), n);
            }
            is_streamed
        };
        self.each_apart(catalog, take, &mut each)?;
        counter.threads.push(Mutex::new(counts));
        counter.groups(&covers.0, each);
        Ok(())
    }
}

impl<'d> Counter<'d> {
    pub(super) fn of(dates: &'d Dates<'d>) -> Self {
        let mut numbers = FxHashMap::default();
        let sets = dates.classes.iter().map(|class| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(class.assigned(None)).or_insert(next)
        });
        let sets = sets.collect();
        let mut classes: Vec<u32> = Vec::new();
        for (origin, class) in dates.classes.origins() {
            let at = origin as usize;
            if classes.len() <= at {
                classes.resize(at + 1, u32::MAX);
            }
            classes[at] = class;
        }
        Self {
            dates,
            calendar: Calendar::of(dates),
            sets,
            classes,
            decided: Mutex::default(),
            threads: (0..=rayon::current_num_threads()).map(|_| Mutex::default()).collect(),
        }
    }

    fn class_of(&self, origin: u32) -> Option<u32> {
        self.classes
            .get(origin as usize)
            .copied()
            .filter(|class| *class != u32::MAX)
    }

    /// Counts messages under no hold.
    fn add(&self, messages: &MessageNumbers, sign: Sign) {
        const SHARE: usize = 1 << 15;
        let n = match sign {
            Sign::More => 1,
            Sign::Fewer => -1,
        };
        let shares = messages.origins.par_chunks(SHARE).zip(messages.days.par_chunks(SHARE));
        let shares = shares.zip(messages.conversations.par_chunks(SHARE));
        shares.for_each(|((origins, days), conversations)| {
            let thread = rayon::current_thread_index().map_or(0, |thread| thread + 1);
            let mut counts = self.threads[thread].lock().unwrap_or_else(PoisonError::into_inner);
            for ((origin, days), conversation) in origins.iter().zip(days).zip(conversations) {
                self.count(&mut counts, [*origin, *days, *conversation], 0, n);
            }
        });
    }

    fn count(&self, counts: &mut Counts, message: [u32; 3], cover: usize, n: i64) {
        let [origin, days, conversation] = message;
        let class = self.class_of(origin);
        if class.is_some_and(|class| !self.calendar.has(class) && self.dates.classes.at(class).is_some()) {
            // Its class is counted by combination.
            return;
        }
        let found = class.and_then(|class| self.look_up(class, days, conversation));
        let Some((order, ranks, n_ranks)) = found else {
            *counts.doubtful.entry(cover).or_default() += n;
            return;
        };
        let ranks = &ranks[..n_ranks];
        let decision = match counts.decisions.get(&order) {
            Some(decision) => *decision,
            None => {
                let next = counts.decided.len() as u32;
                counts.decided.push((order, self.decided(order, message, ranks)));
                counts.decisions.insert(order, next);
                next
            }
        };
        let eligible = counts.decided[decision as usize].1.eligible;
        let rank = eligible.map_or(ABSENT, |at| ranks[at]);
        let count = counts
            .counted
            .entry((decision, self.calendar.months(rank), cover))
            .or_insert((0, rank));
        count.0 += n;
    }

    /// The order in which a message's duties end, with the ranks of the ends and how many they are.
    fn look_up(&self, class: u32, days: u32, conversation: u32) -> Option<(Order, [u32; DUTIES], usize)> {
        let mut ranks = [ABSENT; DUTIES];
        let n_ranks = self.calendar.look_up(class, days, conversation, &mut ranks)?;
        let order = (self.sets[class as usize], self.calendar.order(&ranks[..n_ranks]));
        Some((order, ranks, n_ranks))
    }

    /// Whether the time of a message may be over, by its own dates; `known` has what was said of its like.
    pub(super) fn may_be_due(&self, known: &mut FxHashMap<Order, bool>, message: [u32; 3]) -> bool {
        let [origin, days, conversation] = message;
        // What is in doubt is never due.
        let Some(class) = self
            .class_of(origin)
            .filter(|class| self.dates.classes.at(*class).is_some())
        else {
            return false;
        };
        let Some((order, ranks, n_ranks)) = self.look_up(class, days, conversation) else {
            return true;
        };
        *known.entry(order).or_insert_with(|| {
            let example = self.decide(message, &ranks[..n_ranks]).example;
            let dates = MessageDates::united(std::iter::once(&example));
            let (state, also) = dates.state(self.dates.as_of, &Covered::default(), &ViewerSight::ALL);
            state == State::Eligible || also.contains(&State::Eligible)
        })
    }

    /// What an order comes to, worked out once for all threads.
    fn decided(&self, order: Order, message: [u32; 3], ranks: &[u32]) -> Arc<Decision> {
        let known = || self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().get(&order).cloned();
        found.unwrap_or_else(|| {
            let decision = Arc::new(self.decide(message, ranks));
            known().entry(order).or_insert(decision).clone()
        })
    }

    /// Resolves one message, for all that have its order.
    fn decide(&self, [origin, days, conversation]: [u32; 3], ranks: &[u32]) -> Decision {
        let combination = Combination {
            origin,
            days,
            conversation,
            sent_at: None,
            captured_at: i64::MAX,
        };
        let example = self.dates.resolve(&combination, CaseEnds::default(), false);
        let limit = Some(example.eligible_from.limit);
        let eligible = ranks.iter().position(|rank| self.calendar.limit(*rank) == limit);
        Decision { example, eligible }
    }

    /// Hands over what was counted.
    fn groups(self, covers: &[Covered], mut each: impl FnMut(&Group)) {
        let mut numbers: FxHashMap<Order, usize> = FxHashMap::default();
        let mut decided: Vec<Arc<Decision>> = Vec::new();
        let mut counted: FxHashMap<(usize, u32, usize), (i64, u32)> = FxHashMap::default();
        let mut doubtful: FxHashMap<usize, i64> = FxHashMap::default();
        for thread in self.threads {
            let counts = thread.into_inner().unwrap_or_else(PoisonError::into_inner);
            let of_thread = counts.decided.into_iter().map(|(order, decision)| {
                *numbers.entry(order).or_insert_with(|| {
                    decided.push(decision);
                    decided.len() - 1
                })
            });
            let of_thread: Vec<usize> = of_thread.collect();
            for ((decision, months, cover), (n, rank)) in counts.counted {
                let key = (of_thread[decision as usize], months, cover);
                counted.entry(key).or_insert((0, rank)).0 += n;
            }
            for (cover, n) in counts.doubtful {
                *doubtful.entry(cover).or_default() += n;
            }
        }
        let mut hand_over = |group: &mut Group, cover: usize, n: i64| {
            if let Ok(n_messages @ 1..) = u64::try_from(n) {
                (group.covered, group.n_messages) = (covers[cover], n_messages);
                each(group);
            }
        };
        let mut counted: Vec<_> = counted.into_iter().collect();
        counted.sort_unstable_by_key(|(key, _)| *key);
        for of_decision in counted.chunk_by(|((one, ..), _), ((other, ..), _)| one == other) {
            let example = &decided[of_decision[0].0.0].example;
            let mut group = group(Some(example));
            for ((_, _, cover), (n, rank)) in of_decision {
                if let Some(limit @ Limit::Through { .. }) = self.calendar.limit(*rank) {
                    group.dates.resolved.eligible_from.limit = limit;
                }
                hand_over(&mut group, *cover, *n);
            }
        }
        for (cover, n) in doubtful {
            hand_over(&mut group(None), cover, n);
        }
    }
}
