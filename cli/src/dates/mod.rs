//! The dates of messages, from what they follow from: nothing of them is stored.
//!
//! A message's dates follow from its origin (the set assigned at ingest, and what later activations made of its facts), its
//! days, its conversation and the register of events, under the ledger as it stands. These combinations are few where
//! messages are many, so each is resolved once: [`Dates::of`] for one message with every step in words, [`Totals`] for a
//! whole archive with the dates alone.

mod awaited;
mod calendar;
mod classes;
mod due;
mod governed;
mod groups;
mod keys;
mod months;
mod open_cases;
mod totals;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lexhold_catalog::{Asked, CaseEnds, Catalog, Combination, Covered, Instants, OPEN, RetentionRow};
use lexhold_evaluate::family;
use lexhold_model::Key;
use lexhold_retention::{
    Assigned, Circumstances, Clocks, Day, Days, Erasure, EventFacts, EventKey, EventState, Limit, Register, Resolved,
    Schedules, State, Zone, state,
};
use rustc_hash::FxHashMap;

use crate::event;
use crate::ledger::Ledger;
use crate::report::ViewerSight;
pub use awaited::{Awaited, Keys};
pub use classes::CONVERSATION;
use classes::{ALERT, Class, Classes};
pub use governed::Governed;
pub use groups::Group;
use open_cases::Cases;
pub use totals::{DueMonth, Totals};

/// How many resolved combinations are kept: a bound on memory however many an archive has.
const ROOM: usize = 16_384;

/// What dates follow from besides messages: schedule versions as they stand, and events.
pub struct Grounds {
    /// The schedule versions.
    pub ledger: Ledger,
    /// The events.
    pub register: Register,
}

impl Grounds {
    /// What a catalog knows, as it stands at an instant.
    ///
    /// # Errors
    /// Those of the catalog; a schedule on record that cannot be read.
    pub fn read(catalog: &Catalog, as_of: Timestamp) -> anyhow::Result<Self> {
        Ok(Self {
            ledger: Ledger::read(catalog, as_of)?,
            register: event::register_of(&catalog.events()?),
        })
    }

    /// Whether any schedule counts from the end of an alert or a case.
    pub fn count_ends(&self) -> bool {
        let mut schedules = self.ledger.schedules().iter();
        schedules.any(|schedule| schedule.events().any(EventKey::is_own))
    }

    /// The schedule versions on record by their keys.
    pub fn versions(&self) -> HashMap<Key, &lexhold_retention::Schedule> {
        self.ledger.schedules().iter().map(|one| (one.key(), one)).collect()
    }
}

/// Resolves combinations of a catalog on some grounds.
pub struct Dates<'a> {
    schedules: &'a Schedules,
    register: &'a Register,
    as_of: Timestamp,
    classes: Classes,
    days: FxHashMap<u32, Days>,
    conversations: FxHashMap<u32, Conversation>,
    cases: Cases,
    /// What grants of erasure waived, by their journal entries.
    waived: HashMap<u64, BTreeSet<Key>>,
    kept: HashMap<(Combination, CaseEnds), Arc<Resolved>>,
}

/// The numbers of what is read; all where none are named.
#[derive(Default)]
struct Needed {
    origins: Option<Vec<u32>>,
    days: Option<Vec<u32>>,
    conversations: Option<Vec<u32>>,
}

/// What dates follow from in a conversation.
struct Conversation {
    id: String,
    active_at: Timestamp,
}

impl<'a> Dates<'a> {
    /// Everything that a catalog knows, for totals and for every message.
    ///
    /// # Errors
    /// Those of the catalog, and a day or zone on record that is none.
    pub fn open(catalog: &Catalog, grounds: &'a Grounds, as_of: Timestamp) -> anyhow::Result<Self> {
        let cases = open_cases::all(catalog, grounds.count_ends())?;
        Self::read(catalog, grounds, as_of, &Needed::default(), cases)
    }

    /// What messages of some origins need: to totals, all others are in doubt.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn for_origins(
        catalog: &Catalog,
        grounds: &'a Grounds,
        as_of: Timestamp,
        origins: Vec<u32>,
    ) -> anyhow::Result<Self> {
        let cases = open_cases::all(catalog, grounds.count_ends())?;
        let needed = Needed {
            origins: Some(origins),
            ..Needed::default()
        };
        Self::read(catalog, grounds, as_of, &needed, cases)
    }

    /// What some messages need: quick in an archive of any size.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn for_messages(
        catalog: &Catalog,
        grounds: &'a Grounds,
        as_of: Timestamp,
        messages: &[RetentionRow],
    ) -> anyhow::Result<Self> {
        let all: Vec<Combination> = messages
            .iter()
            .flat_map(|message| message.assigned.iter().copied())
            .collect();
        let numbers = |of: fn(&Combination) -> u32| {
            let numbers: BTreeSet<u32> = all.iter().map(of).collect();
            Some(numbers.into_iter().collect())
        };
        let needed = Needed {
            origins: numbers(|one| one.origin),
            days: numbers(|one| one.days),
            conversations: numbers(|one| one.conversation),
        };
        let cases = open_cases::among(catalog, messages)?;
        Self::read(catalog, grounds, as_of, &needed, cases)
    }

    fn read(
        catalog: &Catalog,
        grounds: &'a Grounds,
        as_of: Timestamp,
        needed: &Needed,
        cases: Cases,
    ) -> anyhow::Result<Self> {
        let (days, zones) = read_days(catalog, needed.days.as_deref())?;
        let narrow = |days: &Days| days.rows.len() < zones.len();
        // Days of runs under other bundles may lack a zone that others have.
        let lacking = if days.values().any(narrow) {
            common_zones(&days)
        } else {
            zones
        };
        let classes = Classes::read(catalog, grounds, &lacking, needed.origins.as_deref())?;
        let mut conversations = FxHashMap::default();
        if classes.any_by_conversation() {
            catalog.conversations::<anyhow::Error>(needed.conversations.as_deref(), |row| {
                let active_at = Timestamp::from_microsecond(row.active_at)?;
                let id = if classes.any_event_by_conversation() {
                    row.id.to_owned()
                } else {
                    String::new()
                };
                conversations.insert(row.conversation, Conversation { id, active_at });
                Ok(())
            })?;
        }
        Ok(Self {
            schedules: grounds.ledger.schedules(),
            register: &grounds.register,
            as_of,
            classes,
            days,
            conversations,
            cases,
            waived: catalog.waived()?,
            kept: HashMap::new(),
        })
    }

    /// The dates that one combination has, with every step, where these are the ends of what rests on its message.
    pub fn of(&mut self, combination: &Combination, ends: CaseEnds) -> Arc<Resolved> {
        if let Some(resolved) = self.kept.get(&(*combination, ends)) {
            return resolved.clone();
        }
        if self.kept.len() >= ROOM {
            self.kept.clear();
        }
        let resolved = Arc::new(self.resolve(combination, ends, true));
        self.kept.insert((*combination, ends), resolved.clone());
        resolved
    }

    /// When the last of what rests on a message was closed.
    pub fn ends(&self, family: Key) -> CaseEnds {
        self.cases.ends.get(&family).copied().unwrap_or_default()
    }

    /// The schedules assigned to what has a combination, each with the activation that brought it.
    pub fn assigned(&self, combination: &Combination) -> Vec<Assigned> {
        let class = self.classes.of_origin(combination.origin);
        class
            .map(|class| class.assigned(combination.sent_at))
            .unwrap_or_default()
    }

    /// The dates of a message, or of its family, united.
    pub fn of_message(&mut self, message: &RetentionRow) -> MessageDates {
        let ends = self.ends(message.family);
        let parts: Vec<Arc<Resolved>> = message.assigned.iter().map(|one| self.of(one, ends)).collect();
        let united =
            MessageDates::united(parts.iter().map(AsRef::as_ref)).in_case(self.cases.open.contains(&message.family));
        self.waiving(united, message.asked)
    }

    /// The same without a word of how the dates came about, for when there are millions.
    pub fn of_message_briefly(&self, message: &RetentionRow) -> MessageDates {
        let ends = self.ends(message.family);
        let parts = message.assigned.iter().map(|one| self.resolve(one, ends, false));
        let parts: Vec<Resolved> = parts.collect();
        let united = MessageDates::united(parts.iter()).in_case(self.cases.open.contains(&message.family));
        self.waiving(united, message.asked)
    }

    /// The same dates with what was waived for a request.
    fn waiving(&self, dates: MessageDates, asked: Option<Asked>) -> MessageDates {
        let granted = asked.and_then(|asked| self.waived.get(&asked.granted?));
        MessageDates {
            waived: granted.cloned().unwrap_or_default(),
            grounded: asked.is_some_and(|asked| asked.grounded),
            ..dates
        }
    }

    /// What is left of a combination once everything is taken away that its dates do not depend on: combinations with one
    /// essence have the same dates.
    pub fn essence(&self, combination: &Combination) -> Combination {
        let found = self.classes.number_of(combination.origin);
        let Some((number, class)) = found.and_then(|number| Some((number, self.classes.at(number)?))) else {
            return *combination;
        };
        let timeless = class.instants() == Instants::Never;
        Combination {
            origin: number,
            days: combination.days,
            conversation: if class.by_conversation() {
                combination.conversation
            } else {
                0
            },
            sent_at: combination.sent_at.filter(|_| !timeless),
            captured_at: if timeless { 0 } else { combination.captured_at },
        }
    }

    fn resolve(&self, combination: &Combination, ends: CaseEnds, told: bool) -> Resolved {
        let Some(class) = self.classes.of_origin(combination.origin) else {
            return Resolved::withheld();
        };
        self.resolve_in(class, combination, ends, told)
    }

    fn resolve_in(&self, class: &Class, combination: &Combination, ends: CaseEnds, told: bool) -> Resolved {
        let days = self.days_of(class, combination);
        let conversation = self.conversations.get(&combination.conversation);
        let events = self.events_of(class, conversation, ends);
        let clocks = Clocks {
            days: &days,
            activity: conversation
                .filter(|_| class.by_activity)
                .map(|conversation| conversation.active_at),
            register: &events,
        };
        let assigned = class.assigned(combination.sent_at);
        if told {
            self.schedules.resolve(&assigned, &clocks)
        } else {
            self.schedules.resolve_dates(&assigned, &clocks)
        }
    }

    /// Its stored days, and those in zones that a later bundle brought, from its instants.
    fn days_of(&self, class: &Class, combination: &Combination) -> Cow<'_, Days> {
        let stored = self.days.get(&combination.days);
        if let Some(days) = stored.filter(|days| class.zones.iter().all(|zone| days.at(zone).is_some())) {
            return Cow::Borrowed(days);
        }
        let mut days = stored.cloned().unwrap_or_else(|| Days {
            suspect: false,
            rows: Vec::new(),
        });
        let instant = |at: i64| Timestamp::from_microsecond(at).ok();
        let captured = instant(combination.captured_at).unwrap_or(Timestamp::MAX);
        let sent = if days.suspect {
            Some(captured)
        } else {
            combination.sent_at.and_then(instant)
        };
        for zone in &class.zones {
            if days.at(zone).is_none() {
                days.rows.push(Day {
                    zone: zone.clone(),
                    sent: sent.map(|at| zone.date(at)),
                    captured: zone.date(captured),
                });
            }
        }
        Cow::Owned(days)
    }

    fn events_of<'c>(
        &self,
        class: &'c Class,
        conversation: Option<&Conversation>,
        ends: CaseEnds,
    ) -> Cow<'c, EventFacts> {
        let mut events = Cow::Borrowed(&class.events);
        for event in &class.own_events {
            let end = if event.key == ALERT { ends.alert } else { ends.case };
            if let Some(end) = end {
                events.to_mut().set(event.clone(), ended(end));
            }
        }
        if let Some(conversation) = conversation {
            for event in &class.conversation_events {
                let events = events.to_mut();
                let keys = || [conversation.id.as_str()].into_iter().filter(|key| !key.is_empty());
                events.set(event.clone(), self.register.state(&event.event, keys()));
                if self.register.is_recorded(&event.event, keys()) {
                    events.set_recorded(event.clone());
                }
            }
        }
        events
    }
}

/// The end of what rests on a message, as an event.
fn ended(end: i64) -> EventState {
    match Timestamp::from_microsecond(end) {
        Ok(at) if end != OPEN => EventState::At(at),
        _ => EventState::Awaiting,
    }
}

/// The dates of a class on some days, whatever its conversations.
fn resolve_on(schedules: &Schedules, class: &Class, days: &Days) -> Resolved {
    let clocks = Clocks {
        days,
        activity: Some(Timestamp::UNIX_EPOCH),
        register: &class.events,
    };
    schedules.resolve_dates(&class.assigned(None), &clocks)
}

/// The dates of a message, or of its family.
pub struct MessageDates {
    /// The dates.
    pub resolved: Resolved,
    /// An open case or alert rests on it.
    in_case: bool,
    /// Something of them is missing, so nothing is certain.
    doubtful: bool,
    /// The schedule versions whose duties were waived for a request for erasure.
    waived: BTreeSet<Key>,
    /// There is a ground on which it stays although somebody asked.
    grounded: bool,
}

impl MessageDates {
    /// The dates of all members of one family.
    pub fn united<'r>(members: impl Iterator<Item = &'r Resolved>) -> Self {
        let mut members: Vec<Resolved> = members.cloned().collect();
        let doubtful = members.is_empty() || members.iter().any(|member| member.parts.is_empty());
        let resolved = match members.len() {
            0 => Resolved::withheld(),
            1 => members.swap_remove(0),
            _ => family(&members),
        };
        Self {
            resolved,
            in_case: false,
            doubtful,
            waived: BTreeSet::new(),
            grounded: false,
        }
    }

    /// The same of a message that an open case or alert rests on, or does not.
    fn in_case(self, in_case: bool) -> Self {
        Self { in_case, ..self }
    }

    /// What covers the message.
    pub fn covered(&self, message: &RetentionRow) -> Covered {
        Covered {
            in_case: self.in_case,
            ..message.covered()
        }
    }

    /// Whether something of them is missing, so that nothing is certain.
    pub fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// The state, as this viewer may see it, and the others that hold too. Who may not know of silent holds sees of what one
    /// covers a message that is not yet due, and nothing else; and the same of what is in an open case, so that the sight
    /// proves nothing.
    pub fn state(&self, as_of: Timestamp, covered: &Covered, sight: &ViewerSight) -> (State, Vec<State>) {
        if sight.hides(covered, as_of) {
            return (State::Retained, Vec::new());
        }
        let circumstances = Circumstances {
            held: covered.is_held(),
            in_case: covered.in_case,
            indeterminate: self.doubtful,
            erasure: covered.asked.map(|_| self.erasure()),
            grace_until: grace(covered),
            ..Circumstances::default()
        };
        state(&self.resolved, as_of, &circumstances)
    }

    /// A request for its erasure, with what was waived for it.
    pub fn erasure(&self) -> Erasure<'_> {
        Erasure {
            waived: &self.waived,
            grounded: self.grounded,
        }
    }

    /// The end of its last duty, or of the grace after the release of a hold where that is later: no earlier may it go. What
    /// somebody asked to have erased does not wait for a rule that deletes it.
    pub fn eligible_from(&self, covered: &Covered) -> Limit {
        let asked = covered
            .asked
            .and_then(|asked| Timestamp::from_microsecond(asked.since).ok());
        let limit = match asked {
            Some(asked) if !self.doubtful => self.erasure().eligible_from(&self.resolved, asked),
            _ => self.resolved.eligible_from.limit,
        };
        match (limit, grace(covered)) {
            (Limit::Through { until, .. }, Some(grace)) if until < grace => {
                let last = TimeZone::UTC.to_datetime(grace).date();
                Limit::Through {
                    last: last.yesterday().unwrap_or(last),
                    until: grace,
                }
            }
            _ => limit,
        }
    }
}

/// The end of the grace after the release of holds.
fn grace(covered: &Covered) -> Option<Timestamp> {
    covered
        .grace()
        .and_then(|until| Timestamp::from_microsecond(until).ok())
}

/// Days long ago in the zones of a class, for asking what its schedules demand whenever a message was sent.
fn early_days(class: &Class) -> Days {
    let day = |zone: &Zone| Day {
        zone: zone.clone(),
        sent: Some(zone.date(Timestamp::UNIX_EPOCH)),
        captured: zone.date(Timestamp::UNIX_EPOCH),
    };
    Days {
        suspect: false,
        rows: class.zones.iter().map(day).collect(),
    }
}

/// Days by number, and the zones that they are in.
fn read_days(catalog: &Catalog, only: Option<&[u32]>) -> anyhow::Result<(FxHashMap<u32, Days>, BTreeSet<Zone>)> {
    let mut zones: Vec<Zone> = Vec::new();
    let mut dates: FxHashMap<String, Date> = FxHashMap::default();
    let mut days: FxHashMap<u32, Days> = FxHashMap::default();
    catalog.day_sets::<anyhow::Error>(only, |row| {
        let found = days.entry(row.days).or_insert_with(|| Days {
            suspect: row.suspect,
            rows: Vec::new(),
        });
        let (Some(name), Some(captured)) = (row.zone, row.captured_day) else {
            return Ok(());
        };
        let known = zones.iter().find(|zone| zone.name() == name).cloned();
        let zone = match known {
            Some(zone) => zone,
            None => {
                let zone = Zone::named(name).ok_or_else(|| anyhow::anyhow!("a zone on record is none: {name}"))?;
                zones.push(zone.clone());
                zone
            }
        };
        found.rows.push(Day {
            zone,
            sent: row.sent_day.map(|day| date(&mut dates, day)).transpose()?,
            captured: date(&mut dates, captured)?,
        });
        Ok(())
    })?;
    Ok((days, zones.into_iter().collect()))
}

/// A day that is read once, however often it is written.
fn date(read: &mut FxHashMap<String, Date>, day: &str) -> anyhow::Result<Date> {
    if let Some(date) = read.get(day) {
        return Ok(*date);
    }
    let date = day.parse()?;
    read.insert(day.to_owned(), date);
    Ok(date)
}

/// The zones in which all messages have their days.
fn common_zones(days: &FxHashMap<u32, Days>) -> BTreeSet<Zone> {
    let mut all = days.values();
    let first = all
        .next()
        .map(|days| days.rows.iter().map(|day| day.zone.clone()).collect())
        .unwrap_or_default();
    all.fold(first, |common: BTreeSet<Zone>, days| {
        common.into_iter().filter(|zone| days.at(zone).is_some()).collect()
    })
}

#[cfg(test)]
mod tests;
