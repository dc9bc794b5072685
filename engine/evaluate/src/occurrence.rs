//! Where rules over several messages hold: the same function for the catalog, for `scan` and for tests.

use lexhold_model::{Key, MessageBatch};
use lexhold_rules::conversation::{Conversation, Demand, Episode, Event, Watch};

use crate::{Evaluation, EventRow};

/// An event of some group of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupEvent {
    /// The group.
    pub group: Key,
    /// The event.
    pub event: Event,
}

impl GroupEvent {
    /// What a message of an evaluated batch adds to a rule.
    pub fn of(batch: &MessageBatch, evaluation: &Evaluation, event: &EventRow) -> Self {
        let (row, identity) = (batch.row(event.row), &evaluation.messages[event.row].identity);
        Self {
            group: event.group,
            event: Event {
                at_us: row.sent_at(),
                message_id: identity.message_id.clone(),
                key: identity.key,
                sender: row.sender().to_owned(),
                component: event.component,
            },
        }
    }

    /// What events are sorted by before they are looked at: by group, undated ones first, then by time and message id.
    pub fn order(&self) -> impl Ord + '_ {
        let Event {
            at_us,
            message_id,
            key,
            component,
            ..
        } = &self.event;
        (self.group, *at_us, message_id, *key, *component)
    }
}

/// A time at which a rule over several messages held: an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The alert's name, made of the first message that completed a window.
    pub alert_id: Key,
    /// The names that the others would have given it, had the first been missing.
    pub aliases: Vec<Key>,
    /// The messages, in order, as many as are listed.
    pub members: Vec<Key>,
    /// Whether there are more.
    pub truncated: bool,
    /// Its group, where messages may belong to it that are not among the members: any that count in the group.
    pub crowded: Option<Key>,
    /// Why it is not certain.
    pub indeterminate: Option<&'static str>,
}

const UNDATED: &str = "some message has no date, so it is not known whether they lie within the period";
const TOO_MANY: &str = "there are more messages within the period than are looked at";

/// A rule over several messages, ready to be held against events.
#[derive(Clone, Debug)]
pub struct ConversationJudge {
    rule_id: String,
    rule: Conversation,
    /// The rule without order and period.
    timeless: Conversation,
}

impl ConversationJudge {
    /// A judge for a rule; `rule_id` is `document.rule`.
    pub fn new(rule_id: &str, rule: Conversation) -> Self {
        Self {
            rule_id: rule_id.to_owned(),
            timeless: timeless(&rule),
            rule,
        }
    }

    /// Where the rule holds among events that come in any order.
    pub fn judge(&self, mut events: Vec<GroupEvent>) -> Vec<Occurrence> {
        events.sort_by(|a, b| a.order().cmp(&b.order()));
        let mut look = self.look();
        let mut found: Vec<Occurrence> = events.into_iter().flat_map(|event| look.push(event)).collect();
        found.extend(look.finish());
        found
    }

    /// Looks for the rule among events that come sorted by [`GroupEvent::order`].
    ///
    /// A group with undated messages is looked at twice: without them, and as if everything in it had happened at once.
    /// What the second look finds is an occurrence too, and an uncertain one, so that a missing date hides nothing.
    pub fn look(&self) -> Look<'_> {
        Look {
            judge: self,
            group: None,
            found: Vec::new(),
        }
    }
}

/// Holds a rule against events, one after the other. Memory holds the window of one group.
#[derive(Debug)]
pub struct Look<'j> {
    judge: &'j ConversationJudge,
    group: Option<InGroup<'j>>,
    /// Occurrences that are not handed over yet.
    found: Vec<Occurrence>,
}

#[derive(Debug)]
struct InGroup<'j> {
    group: Key,
    dated: Watch<'j>,
    undated: Option<Watch<'j>>,
}

impl<'j> Look<'j> {
    /// Takes the next event, and hands over what is certain to be over.
    pub fn push(&mut self, event: GroupEvent) -> Vec<Occurrence> {
        let GroupEvent { group, event } = event;
        if self.group.as_ref().is_none_or(|open| open.group != group) {
            self.close();
            self.group = Some(InGroup {
                group,
                dated: Watch::new(&self.judge.rule),
                undated: None,
            });
        }
        let Some(open) = &mut self.group else { return Vec::new() };
        if event.at_us.is_none() {
            open.undated.get_or_insert_with(|| Watch::new(&self.judge.timeless));
        }
        let at_once = |event: &Event| Event {
            at_us: Some(0),
            ..event.clone()
        };
        if let Some(watch) = &mut open.undated
            && let Some(episode) = watch.push(at_once(&event))
        {
            self.found
                .push(self.judge.undated(group, &episode, watch.is_incomplete()));
        }
        if event.at_us.is_some()
            && let Some(episode) = open.dated.push(event)
        {
            self.found
                .extend(self.judge.dated(group, &episode, open.dated.is_incomplete()));
        }
        std::mem::take(&mut self.found)
    }

    /// What is left.
    pub fn finish(mut self) -> Vec<Occurrence> {
        self.close();
        self.found
    }

    fn close(&mut self) {
        let Some(InGroup { group, dated, undated }) = self.group.take() else {
            return;
        };
        let dated = dated.finish();
        let certain = dated
            .episodes
            .iter()
            .filter_map(|episode| self.judge.dated(group, episode, dated.incomplete));
        let undated = undated.map(Watch::finish).unwrap_or_default();
        let uncertain = undated
            .episodes
            .iter()
            .map(|episode| self.judge.undated(group, episode, undated.incomplete));
        self.found.extend(certain.chain(uncertain));
    }
}

impl ConversationJudge {
    fn dated(&self, group: Key, episode: &Episode, crowded: bool) -> Option<Occurrence> {
        let mut names = episode
            .anchors
            .iter()
            .map(|anchor| name(&self.rule_id, group, Some(*anchor)));
        Some(Occurrence {
            alert_id: names.next()?,
            aliases: names.collect(),
            indeterminate: crowded.then_some(TOO_MANY),
            ..occurrence(group, episode, crowded)
        })
    }

    /// All that is uncertain in a group has one name, which does not change as messages come in.
    fn undated(&self, group: Key, episode: &Episode, crowded: bool) -> Occurrence {
        Occurrence {
            alert_id: name(&self.rule_id, group, None),
            indeterminate: Some(UNDATED),
            ..occurrence(group, episode, crowded)
        }
    }
}

/// An occurrence that has no name yet.
fn occurrence(group: Key, episode: &Episode, crowded: bool) -> Occurrence {
    let truncated = episode.n_members > episode.members.len() as u64;
    Occurrence {
        alert_id: group,
        aliases: Vec::new(),
        members: episode.members.clone(),
        truncated,
        crowded: (truncated || crowded).then_some(group),
        indeterminate: None,
    }
}

/// The group is a keyed hash already, and nothing else here is content.
fn name(rule_id: &str, group: Key, anchor: Option<Key>) -> Key {
    let anchor = anchor.map_or_else(String::new, |anchor| anchor.to_string());
    let group = group.to_string();
    Key::of(
        "lexhold conversation alert 1",
        [rule_id, &group, &anchor].map(str::as_bytes),
    )
}

/// The rule without order: what it demands of messages that all came at once.
fn timeless(rule: &Conversation) -> Conversation {
    let demand = match &rule.demand {
        Demand::Ordered(steps) => {
            let different: std::collections::BTreeSet<u32> = steps.iter().copied().collect();
            Demand::Distinct(u32::try_from(different.len()).unwrap_or(u32::MAX))
        }
        other => other.clone(),
    };
    Conversation { demand, ..rule.clone() }
}

#[cfg(test)]
mod tests {
    use lexhold_rules::conversation::Grouping;
    use lexhold_rules::limits;

    use super::*;

    const DAY_US: i64 = 86_400_000_000;

    fn key(name: &str) -> Key {
        Key::of("test", [name.as_bytes()])
    }

    /// What a rule that wants two messages in a day makes of messages at these times in one group.
    fn found(times: impl IntoIterator<Item = Option<i64>>) -> Vec<Occurrence> {
        let conversation = Conversation {
            components: vec!["a".to_owned()],
            demand: Demand::Count(2),
            by: vec![Grouping::Conversation],
            within_us: DAY_US,
            participants: 1,
        };
        let judge = ConversationJudge::new("r.r", conversation);
        let mut look = judge.look();
        let mut all = Vec::new();
        for (n, at_us) in times.into_iter().enumerate() {
            let event = Event {
                at_us,
                message_id: format!("{n:09}"),
                key: key("message"),
                sender: String::new(),
                component: 0,
            };
            all.extend(look.push(GroupEvent {
                group: key("group"),
                event,
            }));
        }
        all.extend(look.finish());
        all
    }

    #[test]
    fn x5_an_occurrence_that_does_not_name_all_its_messages_names_its_group() {
        let limit = i64::try_from(limits::WINDOW_MESSAGES).unwrap();
        let at = |n: i64| (0..n).map(Some);
        let crowded = |found: &[Occurrence]| -> Vec<bool> {
            found
                .iter()
                .map(|one| one.crowded.inspect(|group| assert_eq!(*group, key("group"))).is_some())
                .collect()
        };
        assert_eq!(crowded(&found(at(limit))), [false]);
        let over = found(at(limit + 1));
        assert_eq!((crowded(&over), over[0].truncated), (vec![true], true));
        // What comes later in a group that was crowded before is not certain either, nor is what was over by then.
        let later = [10 * DAY_US, 10 * DAY_US + 1, 20 * DAY_US].map(Some);
        let twice = found(at(limit + 1).chain(later));
        assert_eq!(crowded(&twice), [true, true]);
        assert!(twice.iter().all(|one| one.indeterminate == Some(TOO_MANY)));
        // Half a day apart, no window is crowded, but the episode goes on.
        let apart = DAY_US / 2;
        let long = found((0..=limit).map(|n| Some(n * apart)));
        assert_eq!((crowded(&long), long[0].indeterminate), (vec![true], None));
        // All at once, for want of a date.
        let undated = found(std::iter::once(None).chain(at(limit)));
        assert_eq!(crowded(&undated), [false, true]);
    }
}
