//! Where rules over several messages hold: the same function for the catalog, for `scan` and for tests.

use lexhold_model::Key;
use lexhold_rules::conversation::{Conversation, Demand, Episode, Event, Watch};

/// An event of some group of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupEvent {
    /// The group.
    pub group: Key,
    /// The event.
    pub event: Event,
}

impl GroupEvent {
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
        let uncertain = open.undated.as_mut().and_then(|watch| watch.push(at_once(&event)));
        let certain = event.at_us.is_some().then(|| open.dated.push(event)).flatten();
        self.found
            .extend(uncertain.map(|episode| self.judge.undated(group, &episode)));
        self.found
            .extend(certain.and_then(|episode| self.judge.dated(group, &episode, None)));
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
        let rest = dated.finish();
        let crowded = rest.incomplete.then_some(TOO_MANY);
        let certain = rest
            .episodes
            .iter()
            .filter_map(|episode| self.judge.dated(group, episode, crowded));
        let uncertain = undated.map(Watch::finish).unwrap_or_default().episodes;
        let uncertain = uncertain.iter().map(|episode| self.judge.undated(group, episode));
        self.found.extend(certain.chain(uncertain));
    }
}

impl ConversationJudge {
    fn dated(&self, group: Key, episode: &Episode, doubt: Option<&'static str>) -> Option<Occurrence> {
        let mut names = episode
            .anchors
            .iter()
            .map(|anchor| name(&self.rule_id, group, Some(*anchor)));
        Some(occurrence(names.next()?, names.collect(), episode, doubt))
    }

    /// All that is uncertain in a group has one name, which does not change as messages come in.
    fn undated(&self, group: Key, episode: &Episode) -> Occurrence {
        let id = name(&self.rule_id, group, None);
        occurrence(id, Vec::new(), episode, Some(UNDATED))
    }
}

fn occurrence(alert_id: Key, aliases: Vec<Key>, episode: &Episode, indeterminate: Option<&'static str>) -> Occurrence {
    Occurrence {
        alert_id,
        aliases,
        members: episode.members.clone(),
        truncated: episode.n_members > episode.members.len() as u64,
        indeterminate,
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
