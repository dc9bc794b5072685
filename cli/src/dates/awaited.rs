//! Which duties wait for an event, and for which keys.

use std::collections::HashMap;

use lexhold_catalog::Catalog;
use lexhold_retention::{Days, DutyKind, EventKey, Reason, Trigger};

use super::classes::CONVERSATION;
use super::keys::KeyFacts;
use super::{Dates, early_days, resolve_on};

/// A duty that waits for an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Awaited {
    /// The schedule's position in the ledger.
    pub schedule: usize,
    /// The event.
    pub event: EventKey,
    /// What the duty demands.
    pub kind: DutyKind,
}

impl Awaited {
    /// Whether the conversation is the key.
    pub fn by_conversation(&self) -> bool {
        self.event.key == CONVERSATION
    }
}

/// The keys of some origins' messages.
pub struct Keys(HashMap<u32, KeyFacts>);

impl Keys {
    /// Reads those of some origins' messages.
    ///
    /// # Errors
    /// Those of the catalog; facts that cannot be read.
    pub fn read(catalog: &Catalog, origins: &[u32]) -> anyhow::Result<Self> {
        let mut keys = HashMap::new();
        catalog.facts_of_origins::<anyhow::Error>(origins, |origin, facts| {
            keys.insert(origin, serde_json::from_str(facts)?);
            Ok(())
        })?;
        Ok(Self(keys))
    }

    /// The values that messages of an origin have for the attribute that an event's key comes from.
    pub fn values<'k>(&'k self, origin: u32, event: &EventKey, conversation: Option<&'k str>) -> Vec<&'k str> {
        if event.key == CONVERSATION {
            return conversation.into_iter().collect();
        }
        self.0.get(&origin).map(|facts| facts.values(event)).unwrap_or_default()
    }

    /// The insiders of an origin's messages; where there are none, their sender.
    pub fn people(&self, origin: u32) -> Vec<&str> {
        let facts = self.0.get(&origin);
        facts.map(KeyFacts::people).unwrap_or_default()
    }
}

impl Dates<'_> {
    /// What messages of each origin wait for, by origin; of those whose key is the conversation it is only certain that some
    /// conversation may be waited for.
    pub fn awaited(&self) -> HashMap<u32, Vec<Awaited>> {
        let by_class: Vec<Vec<Awaited>> = self.classes.iter().map(|class| self.awaited_in(class)).collect();
        let origins = self.classes.origins().filter_map(|(origin, class)| {
            let awaited = by_class.get(usize::try_from(class).ok()?)?;
            (!awaited.is_empty()).then(|| (origin, awaited.clone()))
        });
        origins.collect()
    }

    fn awaited_in(&self, class: &super::Class) -> Vec<Awaited> {
        let days: Days = early_days(class);
        let resolved = resolve_on(self.schedules, class, &days);
        let positions: HashMap<_, _> = self
            .schedules
            .iter()
            .enumerate()
            .map(|(at, one)| (one.key(), at))
            .collect();
        let waiting = resolved.duties.iter().filter_map(|duty| match &duty.trigger {
            Trigger::Event(event) if duty.ends.reason() == Some(Reason::AwaitingEvent) => Some(Awaited {
                schedule: *positions.get(&duty.schedule)?,
                event: event.clone(),
                kind: duty.kind,
            }),
            _ => None,
        });
        let mut waiting: Vec<Awaited> = waiting.collect();
        waiting.sort();
        waiting.dedup();
        // A deletion that follows a duty to keep waits for the same event as that.
        let kept: Vec<Awaited> = waiting
            .iter()
            .filter(|one| one.kind == DutyKind::Retain)
            .cloned()
            .collect();
        let with_kept = |one: &Awaited| {
            let same = |keeps: &&Awaited| (keeps.schedule, &keeps.event) == (one.schedule, &one.event);
            one.kind == DutyKind::Dispose && kept.iter().any(|keeps| same(&keeps))
        };
        waiting.retain(|one| !with_kept(one));
        waiting
    }

    /// The id of a conversation in messages.
    pub fn conversation(&self, number: u32) -> Option<&str> {
        let conversation = self.conversations.get(&number)?;
        Some(conversation.id.as_str()).filter(|id| !id.is_empty())
    }
}
