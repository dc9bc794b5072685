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
