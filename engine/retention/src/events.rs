//! The register of events that start retention periods: what its entries come to, in the order of the journal.
//!
//! Events are standing facts about a type and a key: account `ACC-1` closed on 2024-05-10. An entry is never edited. A
//! correction supersedes a date, a cancellation takes it back, and what is recorded after that counts again. Types and
//! keys match as exact text. They bind a message whenever it is captured: the register knows nothing of messages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::EventKey;

/// One entry of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventEntry {
    /// Its id, unique in the journal.
    pub id: String,
    /// The type of event, such as `account_closed`.
    pub event: String,
    /// Whom or what it happened to, such as `ACC-1`.
    pub key: String,
    /// What the entry does.
    pub step: EventStep,
}

/// What an entry of the register does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventStep {
    /// It says on which day the event took effect; the day may be past, now or to come.
    Recorded(Date),
    /// It gives an event another day.
    Corrected {
        /// The id of the entry that recorded the event, or of one that corrected it.
        of: String,
        /// The day that counts from now on.
        to: Date,
    },
    /// It takes an event back.
    Cancelled {
        /// The id of the entry that recorded the event, or of one that corrected it.
        of: String,
    },
}

/// An event as the register now has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The entry that recorded it.
    pub id: String,
    /// The last entry about it: its recording, a correction, or the cancellation.
    pub last: String,
    /// Its type.
    pub event: String,
    /// Its key.
    pub key: String,
    /// The day that counts; none once it has been cancelled.
    pub date: Option<Date>,
}

/// What is known of an event that a schedule counts from, for one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventState {
    /// It has not come for all of the message's keys, so the period is without end.
    #[default]
    Awaiting,
    /// It came for every key; this is the latest day.
    On(Date),
    /// It came at this instant, whose day is that of the schedule's zone.
    At(Timestamp),
    /// It cannot come, as nothing rests on the message that it would be the end of: what counts from it demands nothing.
    Unconcerned,
    /// The message has no key by which to look it up.
    MissingKey,
}

/// The events that one message's schedules count from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventFacts {
    states: BTreeMap<EventKey, EventState>,
    recorded: BTreeSet<EventKey>,
}

impl EventFacts {
    /// The state of an event; one that nobody looked up is awaited.
    pub fn state(&self, event: &EventKey) -> EventState {
        self.states.get(event).copied().unwrap_or_default()
    }

    /// Whether the event is on record for at least one of the message's keys, which is all that an extension asks.
    pub fn is_recorded(&self, event: &EventKey) -> bool {
        self.recorded.contains(event)
    }

    /// Sets the state of an event; one that came is on record too.
    pub fn set(&mut self, event: EventKey, state: EventState) {
        if matches!(state, EventState::On(_) | EventState::At(_)) {
            self.recorded.insert(event.clone());
        }
        self.states.insert(event, state);
    }

    /// Notes that an event is on record for at least one of the message's keys.
    pub fn set_recorded(&mut self, event: EventKey) {
        self.recorded.insert(event);
    }
}

/// Every event, as the entries of the journal left it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    events: Vec<Event>,
    /// The position of the event that an entry speaks of.
    by_entry: BTreeMap<String, usize>,
    by_type: BTreeMap<String, BTreeMap<String, Standing>>,
}

/// What stands for one type and key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Standing {
    /// The days of the events that have not been cancelled, each with its event's position.
    days: BTreeSet<(Date, usize)>,
    /// An entry spoke of an event that the register lacks, so no day of this key is certain.
    doubtful: bool,
}

impl Standing {
    fn date(&self) -> Option<Date> {
        let latest = self.days.last().map(|(date, _)| *date);
        latest.filter(|_| !self.doubtful)
    }
}

/// The register that entries come to, in the order of the journal.
pub fn register(entries: impl IntoIterator<Item = EventEntry>) -> Register {
    let mut register = Register::default();
    entries.into_iter().for_each(|entry| register.apply(entry));
    register
}

impl Register {
    /// Takes one more entry.
    ///
    /// One that corrects or cancels an event which the register lacks makes all days of its key uncertain, so that
    /// they are awaited; a correction of a cancelled event brings nothing back.
    pub fn apply(&mut self, entry: EventEntry) {
        match entry.step {
            EventStep::Recorded(date) => {
                let at = self.events.len();
                self.by_entry.insert(entry.id.clone(), at);
                self.standing(&entry.event, &entry.key).days.insert((date, at));
                self.events.push(Event {
                    last: entry.id.clone(),
                    id: entry.id,
                    event: entry.event,
                    key: entry.key,
                    date: Some(date),
                });
            }
            EventStep::Corrected { ref of, to } => self.replace(&entry, of, Some(to)),
            EventStep::Cancelled { ref of } => self.replace(&entry, of, None),
        }
    }

    /// The register with further entries, for asking what they would change.
    #[must_use]
    pub fn with(&self, entries: impl IntoIterator<Item = EventEntry>) -> Self {
        let mut other = self.clone();
        entries.into_iter().for_each(|entry| other.apply(entry));
        other
    }

    fn replace(&mut self, entry: &EventEntry, of: &str, to: Option<Date>) {
        let same = |event: &&Event| event.event == entry.event && event.key == entry.key;
        let known = self.by_entry.get(of).copied();
        let Some((at, before)) = known.and_then(|at| Some((at, self.events.get(at).filter(same)?.date))) else {
            self.standing(&entry.event, &entry.key).doubtful = true;
            return;
        };
        self.by_entry.insert(entry.id.clone(), at);
        let Some(before) = before else { return };
        let standing = self.standing(&entry.event, &entry.key);
        standing.days.remove(&(before, at));
        standing.days.extend(to.map(|date| (date, at)));
        let event = &mut self.events[at];
        event.date = to;
        event.last.clone_from(&entry.id);
    }

    fn standing(&mut self, event: &str, key: &str) -> &mut Standing {
        let keys = self.by_type.entry(event.to_owned()).or_default();
        keys.entry(key.to_owned()).or_default()
    }

    /// The latest uncancelled day of one type and key; none while it is awaited.
    pub fn date(&self, event: &str, key: &str) -> Option<Date> {
        self.by_type.get(event)?.get(key)?.date()
    }

    /// What is known of an event for a message with these keys: the latest day of all, or awaited while one is open.
    pub fn state<'a>(&self, event: &str, keys: impl IntoIterator<Item = &'a str>) -> EventState {
        let mut state = EventState::MissingKey;
        for key in keys {
            let Some(date) = self.date(event, key) else {
                return EventState::Awaiting;
            };
            state = match state {
                EventState::On(latest) => EventState::On(latest.max(date)),
                _ => EventState::On(date),
            };
        }
        state
    }

    /// Whether an event is on record for at least one of these keys. What is uncertain counts as recorded, because
    /// being recorded only ever keeps a message longer.
    pub fn is_recorded<'a>(&self, event: &str, keys: impl IntoIterator<Item = &'a str>) -> bool {
        let Some(of_type) = self.by_type.get(event) else {
            return false;
        };
        keys.into_iter()
            .filter_map(|key| of_type.get(key))
            .any(|standing| standing.doubtful || !standing.days.is_empty())
    }

    /// What a message's schedules need to know, from the values of the attributes that their events' keys come from.
    pub fn facts<'a, K: AsRef<str> + 'a>(
        &self,
        asked: impl IntoIterator<Item = (&'a EventKey, &'a [K])>,
    ) -> EventFacts {
        let mut facts = EventFacts::default();
        for (event, keys) in asked {
            facts.set(event.clone(), self.state(&event.event, keys.iter().map(AsRef::as_ref)));
            if self.is_recorded(&event.event, keys.iter().map(AsRef::as_ref)) {
                facts.set_recorded(event.clone());
            }
        }
        facts
    }

    /// The event that an entry recorded, corrected or cancelled.
    pub fn event(&self, entry: &str) -> Option<&Event> {
        self.by_entry.get(entry).and_then(|at| self.events.get(*at))
    }

    /// The events of one type and key that have not been cancelled.
    pub fn of<'a>(&'a self, event: &str, key: &str) -> impl Iterator<Item = &'a Event> {
        let standing = self.by_type.get(event).and_then(|keys| keys.get(key));
        let days = standing.map(|standing| &standing.days).into_iter().flatten();
        days.filter_map(|(_, at)| self.events.get(*at))
    }

    /// Every event, in the order in which they were recorded.
    pub fn events(&self) -> impl ExactSizeIterator<Item = &Event> {
        self.events.iter()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const LEFT: &str = "employee_left";

    fn entry(id: &str, key: &str, step: EventStep) -> EventEntry {
        EventEntry {
            id: id.to_owned(),
            event: LEFT.to_owned(),
            key: key.to_owned(),
            step,
        }
    }

    fn recorded(id: &str, key: &str, on: Date) -> EventEntry {
        entry(id, key, EventStep::Recorded(on))
    }

    fn corrected(id: &str, of: &str, key: &str, to: Date) -> EventEntry {
        entry(id, key, EventStep::Corrected { of: of.to_owned(), to })
    }

    fn cancelled(id: &str, of: &str, key: &str) -> EventEntry {
        entry(id, key, EventStep::Cancelled { of: of.to_owned() })
    }

    #[test]
    fn an_employee_leaves_is_rehired_and_leaves_again() {
        let mut register = register([recorded("1", "E42", date(2025, 9, 30))]);
        assert_eq!(register.state(LEFT, ["E42"]), EventState::On(date(2025, 9, 30)));
        register.apply(cancelled("2", "1", "E42"));
        assert_eq!(register.state(LEFT, ["E42"]), EventState::Awaiting);
        assert!(!register.is_recorded(LEFT, ["E42"]));
        register.apply(recorded("3", "E42", date(2029, 3, 31)));
        assert_eq!(register.state(LEFT, ["E42"]), EventState::On(date(2029, 3, 31)));
    }

    #[test]
    fn the_latest_of_several_keys_counts_and_one_open_keeps_all() {
        let register = register([
            recorded("1", "A", date(2024, 5, 10)),
            recorded("2", "B", date(2023, 1, 1)),
        ]);
        assert_eq!(register.state(LEFT, ["A", "B"]), EventState::On(date(2024, 5, 10)));
        assert_eq!(register.state(LEFT, ["B", "A"]), EventState::On(date(2024, 5, 10)));
        assert_eq!(register.state(LEFT, ["A", "B", "C"]), EventState::Awaiting);
        assert_eq!(register.state(LEFT, []), EventState::MissingKey);
        assert_eq!(register.state("other", ["A"]), EventState::Awaiting);
        assert!(register.is_recorded(LEFT, ["A", "C"]) && !register.is_recorded(LEFT, ["a"]));
    }

    #[test]
    fn a_correction_supersedes_whichever_entry_of_the_event_it_names() {
        let register = register([
            recorded("1", "A", date(2024, 5, 10)),
            corrected("2", "1", "A", date(2024, 6, 10)),
            corrected("3", "1", "A", date(2024, 4, 10)),
            corrected("4", "3", "A", date(2024, 3, 10)),
        ]);
        assert_eq!(register.date(LEFT, "A"), Some(date(2024, 3, 10)));
        assert_eq!(register.event("2"), register.event("1"));
        assert_eq!(register.event("1").map(|event| event.last.as_str()), Some("4"));
    }

    #[test]
    fn a_correction_brings_nothing_back_that_was_cancelled() {
        let register = register([
            recorded("1", "A", date(2024, 5, 10)),
            cancelled("2", "1", "A"),
            corrected("3", "1", "A", date(2020, 1, 1)),
        ]);
        assert_eq!(register.state(LEFT, ["A"]), EventState::Awaiting);
    }

    #[test]
    fn an_entry_about_nothing_known_makes_its_key_uncertain() {
        let lost = [
            cancelled("9", "0", "A"),
            corrected("9", "0", "A", date(2000, 1, 1)),
            corrected("9", "2", "A", date(2000, 1, 1)),
        ];
        for lost in lost {
            let register = register([
                recorded("1", "A", date(2024, 5, 10)),
                recorded("2", "B", date(2024, 5, 10)),
                lost,
            ]);
            assert_eq!(register.state(LEFT, ["A"]), EventState::Awaiting);
            assert_eq!(register.state(LEFT, ["B"]), EventState::On(date(2024, 5, 10)));
            assert!(register.is_recorded(LEFT, ["A"]));
        }
    }

    #[test]
    fn what_nobody_looked_up_is_awaited() {
        let asked = |event: &str| EventKey {
            event: event.to_owned(),
            key: "accounts".to_owned(),
        };
        let (left, other) = (asked(LEFT), asked("other"));
        let keys = ["A".to_owned(), "C".to_owned()];
        let facts = register([recorded("1", "A", date(2024, 5, 10))]).facts([(&left, keys.as_slice())]);
        assert_eq!(facts.state(&left), EventState::Awaiting);
        assert!(facts.is_recorded(&left) && !facts.is_recorded(&other));
        assert_eq!(facts.state(&other), EventState::Awaiting);
    }

    /// What happens to one of three keys: it is recorded, or one of the entries so far is corrected or cancelled.
    fn steps() -> impl Strategy<Value = Vec<(u8, usize, u8, i16)>> {
        prop::collection::vec((0..3_u8, 0..20_usize, 0..3_u8, 1990..2040_i16), 0..24)
    }

    fn entries(steps: &[(u8, usize, u8, i16)]) -> Vec<EventEntry> {
        let mut made: Vec<EventEntry> = Vec::new();
        for (at, (kind, which, key, year)) in steps.iter().enumerate() {
            let (id, on) = (at.to_string(), date(*year, 1, 1));
            let of = made.get(which % made.len().max(1)).cloned();
            made.push(match (kind, of) {
                (1, Some(of)) => corrected(&id, &of.id, &of.key, on),
                (2, Some(of)) => cancelled(&id, &of.id, &of.key),
                _ => recorded(&id, &format!("K{key}"), on),
            });
        }
        made
    }

    /// The same by looking through all entries again for each recording: slow and obvious.
    fn oracle(entries: &[EventEntry], key: &str) -> Option<Date> {
        let root = |id: &str| {
            let mut id = id.to_owned();
            loop {
                let entry = entries.iter().find(|entry| entry.id == id).unwrap();
                match &entry.step {
                    EventStep::Recorded(_) => return id,
                    EventStep::Corrected { of, .. } | EventStep::Cancelled { of } => id = of.clone(),
                }
            }
        };
        let day = |recording: &EventEntry| {
            let mut day = None;
            for entry in entries.iter().filter(|entry| root(&entry.id) == recording.id) {
                match &entry.step {
                    EventStep::Recorded(on) => day = Some(*on),
                    EventStep::Corrected { to, .. } => day = Some(*to),
                    EventStep::Cancelled { .. } => return None,
                }
            }
            day
        };
        let recordings = entries
            .iter()
            .filter(|entry| matches!(entry.step, EventStep::Recorded(_)));
        recordings.filter(|entry| entry.key == key).filter_map(day).max()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn the_register_says_what_its_entries_say(steps in steps()) {
            let entries = entries(&steps);
            let register = register(entries.clone());
            for key in ["K0", "K1", "K2"] {
                prop_assert_eq!(register.date(LEFT, key), oracle(&entries, key));
            }
        }

        #[test]
        fn another_event_never_brings_a_day_forward_and_another_key_never_frees(steps in steps(), year in 1990..2040_i16) {
            let before = register(entries(&steps));
            let after = before.with([recorded("more", "K0", date(year, 6, 1))]);
            if let Some(day) = before.date(LEFT, "K0") {
                prop_assert!(after.date(LEFT, "K0") >= Some(day));
            }
            prop_assert_eq!(after.date(LEFT, "K1"), before.date(LEFT, "K1"));
            match (after.state(LEFT, ["K0"]), after.state(LEFT, ["K0", "K1"])) {
                (EventState::On(one), EventState::On(two)) => prop_assert!(two >= one),
                (_, two) => prop_assert_eq!(two, EventState::Awaiting),
            }
        }
    }
}
