//! Whether a conversation rule holds: a pass over the events of one group, in order.
//!
//! A window reaches back one period from a message. The pass keeps the messages of the current window, counts of what
//! they hit and who sent them, and for an ordered rule the latest beginning of every prefix of its steps, so that a
//! message costs the same however many are in the window.

use std::collections::VecDeque;

use lexhold_model::Key;
use rustc_hash::FxHashMap;

use super::{Conversation, Demand, Episode, Event};
use crate::limits;

/// What a rule finds in one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The episodes, in order of time.
    pub episodes: Vec<Episode>,
    /// Whether the group was not judged in full: some message has no date, or a window held more messages than the
    /// limit.
    pub incomplete: bool,
}

/// The episodes among the events of one group, which come sorted by (time, message id).
pub fn matches(rule: &Conversation, events: impl IntoIterator<Item = Event>) -> Found {
    let mut watch = Watch::new(rule);
    let mut episodes: Vec<Episode> = events.into_iter().filter_map(|event| watch.push(event)).collect();
    let rest = watch.finish();
    episodes.extend(rest.episodes);
    Found {
        episodes,
        incomplete: rest.incomplete,
    }
}

/// Looks for one rule in one group, event by event.
#[derive(Debug)]
pub struct Watch<'r> {
    rule: &'r Conversation,
    /// The message whose events are being gathered.
    current: Option<Message>,
    /// The messages at most one period before the last one.
    window: VecDeque<Message>,
    /// How many messages have left the window.
    n_left: u64,
    /// Messages of the window that each component hits.
    hit: Vec<u32>,
    /// How many components hit some message of the window.
    n_hit: u32,
    /// Messages of the window by sender, if the rule asks for senders.
    senders: FxHashMap<String, u32>,
    /// For an ordered rule, the latest beginning of a chain through each of its steps.
    chains: Vec<Option<i64>>,
    open: Option<Open>,
    incomplete: bool,
}

/// A message that some component hits.
#[derive(Debug)]
struct Message {
    at_us: i64,
    id: String,
    keys: Vec<Key>,
    sender: String,
    components: Vec<u32>,
}

/// An episode that may go on.
#[derive(Debug)]
struct Open {
    episode: Episode,
    last_anchor_us: i64,
    /// How many messages of the group it has looked at.
    n_taken: u64,
}

impl<'r> Watch<'r> {
    /// A watch that has seen nothing.
    pub fn new(rule: &'r Conversation) -> Self {
        let n_steps = match &rule.demand {
            Demand::Ordered(steps) => steps.len(),
            Demand::Count(_) | Demand::Distinct(_) => 0,
        };
        Watch {
            rule,
            current: None,
            window: VecDeque::new(),
            n_left: 0,
            hit: vec![0; rule.components.len()],
            n_hit: 0,
            senders: FxHashMap::default(),
            chains: vec![None; n_steps],
            open: None,
            incomplete: false,
        }
    }

    /// Takes the next event, by (time, message id), and hands over the episode that is over by then.
    pub fn push(&mut self, event: Event) -> Option<Episode> {
        let Some(at_us) = event.at_us else {
            self.incomplete = true;
            return None;
        };
        if event.component as usize >= self.hit.len() {
            self.incomplete = true;
            return None;
        }
        if let Some(message) = &mut self.current
            && message.at_us == at_us
            && message.id == event.message_id
        {
            push_new(&mut message.keys, event.key);
            push_new(&mut message.components, event.component);
            return None;
        }
        let message = Message {
            at_us,
            id: event.message_id,
            keys: vec![event.key],
            sender: event.sender,
            components: vec![event.component],
        };
        let before = self.current.replace(message)?;
        self.judge(before)
    }

    /// Whether some of what came could not be judged, so far.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// The episodes that have not been handed over yet, and whether the group was judged in full.
    pub fn finish(mut self) -> Found {
        let ended = self.current.take().and_then(|message| self.judge(message));
        let last = self.open.take().map(|open| open.episode);
        Found {
            episodes: ended.into_iter().chain(last).collect(),
            incomplete: self.incomplete,
        }
    }

    /// Takes a message with all that it hits, and hands over the episode that is over by then.
    fn judge(&mut self, message: Message) -> Option<Episode> {
        let at_us = message.at_us;
        let from_us = at_us.saturating_sub(self.rule.within_us);
        while self.window.front().is_some_and(|first| first.at_us < from_us) {
            self.drop_first();
        }
        if self.window.len() == limits::WINDOW_MESSAGES {
            self.drop_first();
            self.incomplete = true;
        }
        let is_over = self.open.as_ref().is_some_and(|open| open.last_anchor_us < from_us);
        let ended = self.open.take_if(|_| is_over).map(|open| open.episode);
        let completes = self.enter(message, from_us);
        if completes {
            self.anchor(at_us);
        }
        ended
    }

    /// Lets a message into the window and says whether it completes one.
    fn enter(&mut self, message: Message, from_us: i64) -> bool {
        for component in &message.components {
            let hit = &mut self.hit[*component as usize];
            self.n_hit += u32::from(*hit == 0);
            *hit += 1;
        }
        if self.rule.participants > 1 {
            *self.senders.entry(message.sender.clone()).or_default() += 1;
        }
        let holds = match &self.rule.demand {
            Demand::Count(at_least) => self.window.len() + 1 >= *at_least as usize,
            Demand::Distinct(at_least) => self.n_hit >= *at_least,
            Demand::Ordered(steps) => lengthen(&mut self.chains, steps, &message) >= Some(from_us),
        };
        self.window.push_back(message);
        holds && (self.rule.participants <= 1 || self.senders.len() >= self.rule.participants as usize)
    }

    fn drop_first(&mut self) {
        let Some(message) = self.window.pop_front() else { return };
        self.n_left += 1;
        for component in message.components {
            let hit = &mut self.hit[component as usize];
            *hit -= 1;
            self.n_hit -= u32::from(*hit == 0);
        }
        if let Some(count) = self.senders.get_mut(&message.sender) {
            *count -= 1;
            if *count == 0 {
                self.senders.remove(&message.sender);
            }
        }
    }

    /// Makes the last message of the window an anchor.
    fn anchor(&mut self, at_us: i64) {
        let (Some(first), Some(last)) = (self.window.front(), self.window.back()) else {
            return;
        };
        let open = self.open.get_or_insert_with(|| Open {
            episode: Episode {
                anchors: Vec::new(),
                members: Vec::new(),
                n_members: 0,
                span_us: (first.at_us, at_us),
            },
            last_anchor_us: at_us,
            n_taken: self.n_left,
        });
        open.last_anchor_us = at_us;
        let episode = &mut open.episode;
        episode.span_us.1 = at_us;
        episode.anchors.extend(&last.keys);
        let n_known = usize::try_from(open.n_taken.saturating_sub(self.n_left)).unwrap_or(usize::MAX);
        for key in self.window.iter().skip(n_known).flat_map(|message| &message.keys) {
            episode.n_members += 1;
            if episode.members.len() < limits::WINDOW_MESSAGES {
                episode.members.push(*key);
            }
        }
        open.n_taken = self.n_left + self.window.len() as u64;
    }
}

/// Lengthens the chains by a message and gives the latest beginning of those that go through all steps and end here.
///
/// A message takes as many steps in a row as it has components for, each component once: in which order they stand
/// within it is not known, and to want a second message would miss what stands in one.
fn lengthen(chains: &mut [Option<i64>], steps: &[u32], message: &Message) -> Option<i64> {
    let mut complete = None;
    // From the last step down, so that a chain is never lengthened twice by one message.
    for end in (0..steps.len()).rev() {
        for begin in (0..=end).rev() {
            let step = &steps[begin];
            if !message.components.contains(step) || steps[begin + 1..=end].contains(step) {
                break;
            }
            let from = if begin == 0 {
                Some(message.at_us)
            } else {
                chains[begin - 1]
            };
            chains[end] = chains[end].max(from);
            if end + 1 == steps.len() {
                complete = complete.max(from);
            }
        }
    }
    complete
}

fn push_new<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;
    use crate::conversation::Grouping;

    /// A message of a test: when, its name, its sender, what it hits.
    type Said = (i64, u8, u8, BTreeSet<u32>);

    fn rule(demand: Demand, within_us: i64, participants: u32) -> Conversation {
        Conversation {
            components: ["a", "b", "c"].map(String::from).to_vec(),
            demand,
            by: vec![Grouping::Conversation],
            within_us,
            participants,
        }
    }

    fn key(name: u8) -> Key {
        Key::of("test", [[name].as_slice()])
    }

    fn events(said: &[Said]) -> Vec<Event> {
        let mut said = said.to_vec();
        said.sort();
        let of_message = |(at, name, sender, hits): Said| {
            hits.into_iter().map(move |component| Event {
                at_us: Some(at),
                message_id: format!("m{name:03}"),
                key: key(name),
                sender: format!("s{sender}"),
                component,
            })
        };
        said.into_iter().flat_map(of_message).collect()
    }

    fn episodes(rule: &Conversation, said: &[Said]) -> Vec<Episode> {
        let found = matches(rule, events(said));
        assert!(!found.incomplete);
        found.episodes
    }

    /// Anchors of each episode by name.
    fn anchors(rule: &Conversation, said: &[(i64, u32)]) -> Vec<Vec<usize>> {
        let said: Vec<Said> = (0..)
            .zip(said)
            .map(|(name, (at, hit))| (*at, name, name, BTreeSet::from([*hit])))
            .collect();
        let name = |key_: &Key| (0..=255).position(|name| key(name) == *key_).unwrap();
        let of = |episode: &Episode| episode.anchors.iter().map(name).collect();
        episodes(rule, &said).iter().map(of).collect()
    }

    const MINUTE: i64 = 60_000_000;

    #[test]
    fn x2_windows_slide() {
        // 10:59 and 11:01: in different minutes, hours and five-minute buckets.
        let rule = rule(Demand::Count(2), 5 * MINUTE, 1);
        assert_eq!(anchors(&rule, &[(659 * MINUTE, 0), (661 * MINUTE, 0)]), [[1]]);
    }

    #[test]
    fn x4_a_distance_of_exactly_the_period_counts() {
        for demand in [Demand::Count(2), Demand::Distinct(2), Demand::Ordered(vec![0, 1])] {
            let rule = rule(demand, 5 * MINUTE, 2);
            assert_eq!(anchors(&rule, &[(0, 0), (5 * MINUTE, 1)]), [[1]]);
            assert_eq!(anchors(&rule, &[(0, 0), (5 * MINUTE + 1, 1)]), [[0; 0]; 0]);
        }
    }

    #[test]
    fn x4_equal_times_are_ordered_by_id() {
        let rule = rule(Demand::Ordered(vec![0, 1]), MINUTE, 1);
        assert_eq!(anchors(&rule, &[(7, 0), (7, 1)]), [[1]]);
        assert_eq!(anchors(&rule, &[(7, 1), (7, 0)]), [[0; 0]; 0]);
    }

    #[test]
    fn x1_the_four_demands() {
        let said = [(0, 0), (1, 0), (2, 1), (3, 0), (4, 2)];
        assert_eq!(anchors(&rule(Demand::Count(4), 9, 1), &said), [[3, 4]]);
        assert_eq!(anchors(&rule(Demand::Distinct(2), 9, 1), &said), [[2, 3, 4]]);
        assert_eq!(anchors(&rule(Demand::Distinct(3), 9, 1), &said), [[4]]);
        assert_eq!(anchors(&rule(Demand::Ordered(vec![0, 1, 0]), 9, 1), &said), [[3]]);
        assert_eq!(anchors(&rule(Demand::Ordered(vec![1, 0, 0]), 9, 1), &said), [[0; 0]; 0]);
    }

    #[test]
    fn x1_one_message_may_take_several_steps_but_none_twice() {
        let both: Vec<Said> = vec![(0, 0, 0, BTreeSet::from([0, 1]))];
        assert_eq!(episodes(&rule(Demand::Ordered(vec![1, 0]), 9, 1), &both).len(), 1);
        assert_eq!(episodes(&rule(Demand::Ordered(vec![0, 1, 0]), 9, 1), &both).len(), 0);
        assert_eq!(episodes(&rule(Demand::Count(2), 9, 1), &both).len(), 0);
        assert_eq!(episodes(&rule(Demand::Distinct(2), 9, 1), &both).len(), 1);
    }

    #[test]
    fn s1_senders_are_counted_once_each() {
        let said = |senders: [u8; 3]| -> Vec<Said> {
            let one = |(at, sender): (u8, u8)| (i64::from(at), at, sender, BTreeSet::from([0]));
            (0..).zip(senders).map(one).collect()
        };
        let rule = rule(Demand::Count(2), 9, 2);
        assert_eq!(episodes(&rule, &said([1, 1, 1])).len(), 0);
        assert_eq!(episodes(&rule, &said([1, 1, 2])).len(), 1);
    }

    #[test]
    fn x3_a_late_message_joins_episodes_and_drops_no_name() {
        let rule = rule(Demand::Count(2), 5, 1);
        let early = [(0, 0), (4, 0), (10, 0), (14, 0)];
        assert_eq!(anchors(&rule, &early), [vec![1], vec![3]]);
        // The message sent at 9 arrives last, and is an anchor between the two.
        let said: Vec<Said> = [(0, 0), (4, 1), (9, 9), (10, 2), (14, 3)]
            .map(|(at, name)| (at, name, 0, BTreeSet::from([0])))
            .to_vec();
        let late = episodes(&rule, &said);
        assert_eq!(late.len(), 1);
        assert_eq!(late[0].anchors, [1, 9, 2, 3].map(key));
        assert_eq!(late[0].members.len(), 5);
    }

    #[test]
    fn x5_over_the_limit_the_group_is_incomplete() {
        let many = |n: usize| {
            (0..n).map(|at| Event {
                at_us: Some(at as i64),
                message_id: String::new(),
                key: key(0),
                sender: String::new(),
                component: 0,
            })
        };
        let rule = rule(Demand::Count(2), i64::MAX, 1);
        let full = matches(&rule, many(limits::WINDOW_MESSAGES));
        assert_eq!((full.incomplete, full.episodes[0].n_members), (false, 100_000));
        let over = matches(&rule, many(limits::WINDOW_MESSAGES + 1));
        assert_eq!((over.incomplete, over.episodes[0].n_members), (true, 100_001));
        assert_eq!(over.episodes[0].members.len(), limits::WINDOW_MESSAGES);
    }

    #[test]
    fn x5_what_leaves_the_window_leaves_the_memory() {
        let rule = rule(Demand::Distinct(3), 10, 3);
        let mut watch = Watch::new(&rule);
        for at in 0..10_000 {
            watch.push(Event {
                at_us: Some(at),
                message_id: String::new(),
                key: key(0),
                sender: at.to_string(),
                component: 0,
            });
            assert!(watch.window.len() <= 11 && watch.senders.len() <= 11);
        }
    }

    #[test]
    fn x5_a_message_without_a_date_leaves_the_group_incomplete() {
        let mut all = events(&[(0, 0, 0, BTreeSet::from([0])), (1, 1, 0, BTreeSet::from([0]))]);
        all[0].at_us = None;
        let found = matches(&rule(Demand::Count(1), 9, 1), all);
        assert_eq!((found.incomplete, found.episodes.len()), (true, 1));
    }

    /// Whether a message completes a window, by the words of the definition.
    fn completes(rule: &Conversation, said: &[Said], at: usize) -> bool {
        let from = said[at].0 - rule.within_us;
        let window: Vec<&Said> = said[..=at].iter().filter(|message| message.0 >= from).collect();
        let senders: BTreeSet<u8> = window.iter().map(|message| message.2).collect();
        let hit: BTreeSet<u32> = window.iter().flat_map(|message| message.3.iter().copied()).collect();
        senders.len() >= rule.participants as usize
            && match &rule.demand {
                Demand::Count(n) => window.len() >= *n as usize,
                Demand::Distinct(n) => hit.len() >= *n as usize,
                Demand::Ordered(steps) => takes(&window, steps, 0, &mut Vec::new()),
            }
    }

    /// Tries every way to take the steps; the last one has to be taken by the last message.
    fn takes(window: &[&Said], steps: &[u32], from: usize, taken: &mut Vec<(usize, u32)>) -> bool {
        let Some((step, rest)) = steps.split_first() else {
            return taken.last().is_some_and(|(at, _)| at + 1 == window.len());
        };
        (from..window.len()).any(|at| {
            if !window[at].3.contains(step) || taken.contains(&(at, *step)) {
                return false;
            }
            taken.push((at, *step));
            let taken_all = takes(window, rest, at, taken);
            taken.pop();
            taken_all
        })
    }

    fn by_definition(rule: &Conversation, said: &[Said]) -> Vec<Episode> {
        let mut said = said.to_vec();
        said.sort();
        let anchors: Vec<usize> = (0..said.len()).filter(|at| completes(rule, &said, *at)).collect();
        let near = |one: &usize, next: &usize| said[*next].0 - said[*one].0 <= rule.within_us;
        let episode = |anchors: &[usize]| {
            let from = said[anchors[0]].0 - rule.within_us;
            let last = anchors[anchors.len() - 1];
            let members: Vec<&Said> = said[..=last].iter().filter(|message| message.0 >= from).collect();
            Episode {
                anchors: anchors.iter().map(|at| key(said[*at].1)).collect(),
                n_members: members.len() as u64,
                span_us: (members[0].0, said[last].0),
                members: members.iter().map(|message| key(message.1)).collect(),
            }
        };
        anchors.chunk_by(near).map(episode).collect()
    }

    fn demand() -> impl Strategy<Value = Demand> {
        prop_oneof![
            (1..5u32).prop_map(Demand::Count),
            (1..4u32).prop_map(Demand::Distinct),
            prop::collection::vec(0..3u32, 2..5).prop_map(Demand::Ordered),
        ]
    }

    fn rules() -> impl Strategy<Value = Conversation> {
        (demand(), 1..12i64, 1..4u32).prop_map(|(demand, within, participants)| rule(demand, within, participants))
    }

    fn said() -> impl Strategy<Value = Vec<Said>> {
        let one = (0..40i64, 0..3u8, prop::collection::btree_set(0..3u32, 1..3));
        let named = |said: Vec<(i64, u8, BTreeSet<u32>)>| -> Vec<Said> {
            let named = (0..).zip(said);
            named
                .map(|(name, (at, sender, hits))| (at, name, sender, hits))
                .collect()
        };
        prop::collection::vec(one, 0..14).prop_map(named)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn x1_the_pass_agrees_with_the_definition(rule in rules(), said in said()) {
            prop_assert_eq!(episodes(&rule, &said), by_definition(&rule, &said));
        }

        #[test]
        fn x3_more_messages_drop_no_episode(
            rule in rules(),
            (all, some) in said().prop_flat_map(|all| {
                let n = all.len();
                (Just(all.clone()), subsequence(all, 0..=n))
            }),
        ) {
            let later = episodes(&rule, &all);
            for before in episodes(&rule, &some) {
                let after = later.iter().find(|after| after.anchors.contains(&before.anchors[0]));
                let after = after.expect("the name is a name or an alias");
                prop_assert!(before.anchors.iter().all(|anchor| after.anchors.contains(anchor)));
                prop_assert!(before.members.iter().all(|member| after.members.contains(member)));
            }
        }

        #[test]
        fn x3_arrival_order_and_repeats_change_nothing(
            rule in rules(),
            said in said().prop_shuffle(),
            again in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let mut arrived = events(&said);
            for index in again.iter().filter(|_| !said.is_empty()) {
                arrived.push(index.get(&arrived).clone());
            }
            // What a reader of the record does: sort the set, whatever batches it came in.
            arrived.sort_by(|a, b| (a.at_us, &a.message_id).cmp(&(b.at_us, &b.message_id)));
            prop_assert_eq!(matches(&rule, arrived).episodes, by_definition(&rule, &said));
        }
    }
}
