//! What a retention document says, compiled.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use lexhold_document::Seg;
use lexhold_model::{Digest, Key};
use serde::{Deserialize, Serialize};

use crate::{BusinessDays, Calendar, Cutoff, MonthEnd, RetentionPeriod, Roll, Zone};

/// One item of a retention document: which messages, kept from when, for how long, and what then.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// `document.schedule`, unique in a bundle.
    pub id: String,
    /// Where it stands: the position of its document among those that were compiled together, and its own there.
    pub at: (usize, usize),
    /// The document's name.
    pub document: String,
    /// The document's version.
    pub version: String,
    /// The document's digest.
    pub digest: Digest,
    /// The schedule's id within the document.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// The zone in which its dates are counted.
    pub zone: Zone,
    /// Whether later versions may shorten.
    pub mode: Mode,
    /// What the duty rests on.
    pub basis: Option<Basis>,
    /// Whose law it is.
    pub jurisdiction: Option<String>,
    /// The ids of regulations.
    pub cites: Vec<String>,
    /// How its deletion ranks among others.
    pub tier: Tier,
    /// The label that a message must bear, set by a person or a source.
    pub label: Option<String>,
    /// The document's condition, which a message must meet.
    pub scope: Option<Condition>,
    /// The schedule's own condition, which a message must meet.
    pub when: Option<Condition>,
    /// The law's own dates.
    pub in_force: InForce,
    /// From when on a later version that shortens acts.
    pub effective_from: Option<Date>,
    /// How its version stands when the dates are asked for; whoever knows the history of the bundles sets it.
    pub standing: Standing,
    /// For an earlier version of a document that still binds new messages: only those that were sent or captured before
    /// this day.
    pub superseded_from: Option<Date>,
    /// The first day on which the document takes on no new message. A document with such a day deletes nothing more.
    pub retired: Option<Date>,
    /// How long messages must be kept.
    pub retain: Option<Retain>,
    /// What prolongs that.
    pub extend: Option<Extend>,
    /// When they may go, and how.
    pub dispose: Option<Dispose>,
    /// When they must be gone.
    pub ceiling: Option<Ceiling>,
    /// All of this as canonical JSON, in the words of a document with the defaults filled in.
    pub spec: String,
}

impl Schedule {
    /// The key of this very version of the schedule and of the calendars that it counts with.
    pub fn key(&self) -> Key {
        let parts: [&[u8]; 4] = [
            self.document.as_bytes(),
            self.version.as_bytes(),
            &self.digest.0,
            self.name.as_bytes(),
        ];
        let calendars: BTreeSet<Digest> = self.calendars().map(|calendar| calendar.digest).collect();
        let parts = parts
            .into_iter()
            .chain(calendars.iter().map(|digest| digest.0.as_slice()));
        Key::of("lexhold schedule 1", parts)
    }

    /// The calendars that it counts with.
    pub fn calendars(&self) -> impl Iterator<Item = &Calendar> {
        self.terms().flat_map(|(_, term)| {
            let cutoff = match &term.cutoff {
                Some(Cutoff::Fiscal(calendar)) => Some(calendar.as_ref()),
                _ => None,
            };
            let roll = match &term.roll {
                Some(Roll::Following(BusinessDays::Calendar(calendar))) => Some(calendar.as_ref()),
                _ => None,
            };
            [cutoff, roll].into_iter().flatten()
        })
    }

    /// The events that start its clocks. A message without the attribute that an event's key comes from is
    /// indeterminate.
    pub fn events(&self) -> impl Iterator<Item = &EventKey> {
        self.terms().filter_map(|(_, term)| match &term.from {
            Trigger::Event(event) => Some(event),
            _ => None,
        })
    }

    /// What starts its clocks.
    pub fn triggers(&self) -> impl Iterator<Item = &Trigger> {
        self.terms().map(|(_, term)| &term.from)
    }

    /// Every event that it asks the register for: those that start its clocks, and the one that prolongs it.
    pub fn asked_events(&self) -> impl Iterator<Item = &EventKey> {
        self.events().chain(self.extend.iter().map(|extend| &extend.event))
    }

    /// Whether it may be assigned to a message of these instants: a version that is superseded binds only what was sent
    /// or captured before the day from which a later one acts. Without a usable date sent it does bind.
    pub fn binds(&self, sent: Option<Timestamp>, captured: Timestamp) -> bool {
        let Some(from) = self.superseded_from else { return true };
        let before = |at| self.zone.date(at) < from;
        sent.is_none_or(before) || before(captured)
    }

    /// Its periods in the words of a document, each with the keys under which it stands in the schedule; `retain` for a
    /// disposal that waits for nothing but the duty to keep.
    pub fn periods(&self) -> impl Iterator<Item = ([&'static str; 2], String)> {
        let retain = self.retain.as_ref().map(|retain| retain.term.length.to_string());
        let extend = self.extend.as_ref().map(|extend| extend.to.to_string());
        let dispose = self.dispose.as_ref().map(|dispose| match &dispose.after {
            DisposeAfter::Term(term) => term.length.to_string(),
            DisposeAfter::Retain => "retain".to_owned(),
        });
        let ceiling = self.ceiling.as_ref().map(|ceiling| ceiling.term.length.to_string());
        let all = [
            (["retain", "for"], retain),
            (["extend", "to"], extend),
            (["dispose", "after"], dispose),
            (["ceiling", "for"], ceiling),
        ];
        all.into_iter().filter_map(|(keys, period)| Some((keys, period?)))
    }

    /// Its terms, each with the key under which it stands.
    pub(crate) fn terms(&self) -> impl Iterator<Item = (&'static str, &Term)> {
        let retain = self.retain.as_ref().map(|retain| ("retain", &retain.term));
        let ceiling = self.ceiling.as_ref().map(|ceiling| ("ceiling", &ceiling.term));
        let dispose = self.dispose.as_ref().and_then(|dispose| match &dispose.after {
            DisposeAfter::Term(term) => Some(("dispose", term)),
            DisposeAfter::Retain => None,
        });
        [retain, dispose, ceiling].into_iter().flatten()
    }
}

/// A Cedar expression of a document, as text with its place; compiled elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The position of its document among those that were compiled together.
    pub document: usize,
    /// Where it stands in that document.
    pub path: Vec<Seg>,
    /// The expression.
    pub text: String,
}

/// How a version of a document stands at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is in the active bundle, and the day from which it acts has come.
    #[default]
    InForce,
    /// Another version of the document is in force in its place.
    Superseded,
    /// No version of the document is in force any more.
    Retired,
    /// It was proven wrong and has been taken back.
    Corrected,
}

impl Standing {
    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::InForce => "in_force",
            Standing::Superseded => "superseded",
            Standing::Retired => "retired",
            Standing::Corrected => "corrected",
        }
    }
}

/// Whether later versions of a document may shorten what earlier ones assigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Dates only ever move later.
    #[default]
    Compliance,
    /// A later version may shorten, with approval.
    Operational,
}

/// What a duty rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Law of the document's jurisdiction.
    Law,
    /// A contract.
    Contract,
    /// An interest of the firm.
    Business,
}

/// How a deletion ranks: a higher tier decides alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// For every message.
    Organisation,
    /// Under a condition of the schedule or its document.
    Scoped,
    /// By a label that a person or a source set.
    Label,
}

/// The first and last day on which the law behind a schedule is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// The first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

/// What starts a clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The day the message was sent.
    Sent,
    /// The day it was captured.
    Captured,
    /// The day on which people last wrote or spoke in its conversation.
    LastActivity,
    /// The day on which the schedule was assigned to it.
    PolicyAssigned,
    /// An event in the register, by type and key.
    #[serde(untagged)]
    Event(EventKey),
    /// A fixed day.
    #[serde(untagged)]
    Date {
        /// The day.
        date: Date,
    },
}

/// An event of some type, about whatever the message's attribute names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventKey {
    /// The type of event.
    pub event: String,
    /// The attribute of the message whose values are the keys.
    pub key: String,
}

/// The events that nobody records: the end of the last alert, and of the last case, that rests on a message. Each has a key of
/// its own, which stands for these.
pub const OWN_EVENTS: [(&str, &str); 2] = [("alert_closed", "alert"), ("case_closed", "case")];

impl EventKey {
    /// Whether nobody records it, so that the register is not asked.
    pub fn is_own(&self) -> bool {
        OWN_EVENTS.contains(&(self.event.as_str(), self.key.as_str()))
    }
}

/// How long, or without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// Without end.
    Permanent,
    /// For a period.
    #[serde(untagged)]
    Period(RetentionPeriod),
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permanent => f.write_str("permanent"),
            Self::Period(period) => period.fmt(f),
        }
    }
}

/// A trigger and what is counted from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// How long.
    #[serde(rename = "for")]
    pub length: Length,
    /// From when.
    pub from: Trigger,
    /// The stretch of the calendar whose end starts the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<Cutoff>,
    /// What happens when it ends on a day off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roll: Option<Roll>,
    /// What happens in a month without the matching day.
    pub month_end: MonthEnd,
}

/// A duty to keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retain {
    /// How long.
    #[serde(flatten)]
    pub term: Term,
    /// How long within easy reach, from the same day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessible: Option<RetentionPeriod>,
    /// After how long without its event the message is reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_within: Option<RetentionPeriod>,
}

/// An event that prolongs a duty to keep once it is recorded for one of the message's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extend {
    /// The event.
    #[serde(flatten)]
    pub event: EventKey,
    /// The period that then takes the place of the duty's own.
    pub to: Length,
}

/// A decision to let go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispose {
    /// When.
    pub after: DisposeAfter,
    /// How.
    pub action: Action,
    /// Who receives a transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// When a message may go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisposeAfter {
    /// With the end of the same schedule's duty to keep.
    Retain,
    /// After a period of its own.
    #[serde(untagged)]
    Term(Term),
}

/// What happens to a message that may go; the more careful, the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is destroyed after one approval.
    Destroy,
    /// It is destroyed after the receiver's receipt.
    Transfer,
    /// A person decides.
    #[default]
    Review,
}

/// A duty not to keep longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceiling {
    /// How long at most.
    #[serde(flatten)]
    pub term: Term,
    /// How long disposal may take once it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<RetentionPeriod>,
    /// Jurisdictions whose law to keep outranks this ceiling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yields_to: Vec<String>,
}

/// Schedules that messages can be assigned.
#[derive(Clone, Debug, Default)]
pub struct Schedules {
    schedules: Vec<Schedule>,
    keys: Vec<Key>,
    zones: Vec<Zone>,
}

impl Schedules {
    /// Schedules of one bundle, or of the versions of many.
    pub fn new(schedules: Vec<Schedule>) -> Self {
        let mut zones: Vec<Zone> = schedules.iter().map(|schedule| schedule.zone.clone()).collect();
        zones.sort();
        zones.dedup();
        let keys = schedules.iter().map(Schedule::key).collect();
        Self { schedules, keys, zones }
    }

    /// The schedules, in the order of their documents; an [`crate::Assigned`] names one by its position.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Schedule> {
        self.schedules.iter()
    }

    /// The positions that a schedule may have.
    pub fn indexes(&self) -> Range<usize> {
        0..self.schedules.len()
    }

    /// The schedule at a position.
    pub fn get(&self, index: usize) -> Option<&Schedule> {
        self.schedules.get(index)
    }

    /// The schedule at a position that is known to be one.
    pub(crate) fn at(&self, index: usize) -> &Schedule {
        &self.schedules[index]
    }

    /// The key of the schedule at a position that is known to be one.
    pub(crate) fn key_at(&self, index: usize) -> Key {
        self.keys[index]
    }

    /// Every zone in which a schedule counts, sorted, each once.
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }
}
