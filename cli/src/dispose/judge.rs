//! Which messages may go at an instant, and what keeps those whose time is over.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use lexhold_catalog::{Catalog, EventRow, Hits, RetentionRow, Scope};
use lexhold_model::Key;
use lexhold_retention::{Register, State};
use lexhold_store::{Entry, EntryKind, Home};
use serde::Deserialize;

use crate::activate::FREED_WAIT;
use crate::dates::{Dates, Grounds, MessageDates};
use crate::event::register_of;
use crate::hold::HoldLog;
use crate::report::ViewerSight;
use crate::report::resolve::judge_conversations;

/// What becomes of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go.
    Go,
    /// Its time is over, and something keeps it nonetheless.
    Kept(&'static str),
    /// It is not due. What a silent hold or an open case keeps reads so too.
    NotDue,
}

/// Why a message that is not due is sent back; a silent hold says nothing else.
pub const NOT_ELIGIBLE: &str = "not_eligible";

/// What keeps messages besides their dates and holds.
pub struct Judge<'a> {
    catalog: &'a Catalog,
    as_of: Timestamp,
    /// Families whose alerts others share.
    shared: HashSet<Key>,
    /// Messages that people want kept for a time although they are due.
    extended: HashSet<Key>,
    /// A hold has not been asked about every message: it may cover any.
    unasked: bool,
    /// What has freed messages that still have to wait.
    freeing: Freeing,
}

/// What has freed messages that may not be proposed yet: the first activation, and the first entry of events whose figures
/// somebody had to accept.
#[derive(Default)]
struct Freeing {
    /// How many activations came before it.
    activation: Option<usize>,
    /// The register before it.
    events: Option<Register>,
}

impl Freeing {
    fn read(home: &Home, catalog: &Catalog, as_of: Timestamp) -> anyhow::Result<Self> {
        let mut events = catalog.events()?;
        let accepted: HashSet<u64> = events.iter().filter_map(accepted).collect();
        let (mut activation, mut first, mut n_activations) = (None, None, 0);
        let mut latest = Timestamp::MIN;
        for entry in home.journal().entries(1)? {
            let entry = entry?;
            // A clock that was set back shortens no wait.
            latest = latest.max(entry.at);
            let waits = as_of < latest.checked_add(FREED_WAIT).unwrap_or(Timestamp::MAX);
            if entry.kind == EntryKind::Activation {
                if waits && activation.is_none() && frees(home, &entry)? {
                    activation = Some(n_activations);
                }
                n_activations += 1;
            }
            if waits && first.is_none() && accepted.contains(&entry.seq) {
                first = Some(entry.seq);
            }
        }
        events.retain(|event| first.is_none_or(|first| event.seq < first));
        Ok(Self {
            activation,
            events: first.map(|_| register_of(&events)),
        })
    }

    /// The grounds as they were before any of it.
    fn before(&self, grounds: &Grounds) -> Option<Grounds> {
        let freed = self.activation.is_some() || self.events.is_some();
        freed.then(|| Grounds {
            ledger: match self.activation {
                Some(before) => grounds.ledger.after_activations(before),
                None => grounds.ledger.clone(),
            },
            register: self.events.as_ref().unwrap_or(&grounds.register).clone(),
        })
    }
}

/// The entry of an event whose figures somebody had to accept.
fn accepted(event: &EventRow) -> Option<u64> {
    event.accepted.as_ref().map(|_| event.seq)
}

/// The part of an activation that says that what it frees has to wait.
#[derive(Deserialize)]
struct Freed {
    freed_until: Option<Timestamp>,
}

/// Whether what an activation frees has to wait. What was erased may have said so.
fn frees(home: &Home, activation: &Entry) -> anyhow::Result<bool> {
    let freed: Option<Freed> = home.journal().payload_json(activation)?;
    Ok(freed.is_none_or(|freed| freed.freed_until.is_some()))
}

impl<'a> Judge<'a> {
    /// Reads alerts, and the journal's holds.
    pub fn read(home: &Home, catalog: &'a Catalog, as_of: Timestamp) -> anyhow::Result<Self> {
        let holds = HoldLog::read(home)?;
        let unasked = holds.active().any(|placed| !holds.unevaluated(&placed.hold).is_empty());
        Ok(Self {
            catalog,
            as_of,
            shared: of_shared_alerts(catalog)?,
            extended: catalog.extended(as_of.as_microsecond())?,
            unasked,
            freeing: Freeing::read(home, catalog, as_of)?,
        })
    }

    /// Whether some hold may cover anything, since it has not been asked about every message.
    pub fn is_unasked(&self) -> bool {
        self.unasked
    }

    /// Hands over every version of some messages with its dates and verdict, versions of one behind each other: of those that are
    /// due and what is kept of them, and maybe of others, or of all that are named.
    pub fn each(
        &self,
        grounds: &Grounds,
        named: Option<&HashSet<Key>>,
        mut each: impl FnMut(&RetentionRow, &MessageDates, Verdict) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let dates = Dates::open(self.catalog, grounds, self.as_of)?;
        let before = self.freeing.before(grounds);
        let before = before
            .as_ref()
            .map(|before| Dates::open(self.catalog, before, self.as_of))
            .transpose()?;
        let scope = match named {
            None => {
                dates.choose_due(self.catalog)?;
                Scope::Due
            }
            Some(families) => {
                let families: Vec<Key> = families.iter().copied().collect();
                self.catalog.choose_families(&families)?;
                Scope::Chosen
            }
        };
        self.catalog.retention(scope, |row| {
            let of = dates.of_message_briefly(&row);
            let mut verdict = self.verdict(&row, &of);
            if verdict == Verdict::Go
                && let Some(before) = &before
                && self.verdict(&row, &before.of_message_briefly(&row)) != Verdict::Go
            {
                verdict = Verdict::Kept("newly_eligible");
            }
            each(&row, &of, verdict)
        })
    }

    fn verdict(&self, row: &RetentionRow, dates: &MessageDates) -> Verdict {
        let (state, also) = dates.state(self.as_of, &dates.covered(row), &ViewerSight::EVERYBODY);
        match state {
            State::Eligible if self.unasked => Verdict::Kept(NOT_ELIGIBLE),
            State::Eligible if self.extended.contains(&row.key) => Verdict::Kept("extended"),
            State::Eligible if self.shared.contains(&row.family) => Verdict::Kept("shared_alert"),
            State::Eligible => Verdict::Go,
            state if also.contains(&State::Eligible) => Verdict::Kept(state.as_str()),
            _ => Verdict::NotDue,
        }
    }
}

/// The families of alerts that rest on several messages: without one of them it would be another alert, so that they stay
/// even when it is closed.
fn of_shared_alerts(catalog: &Catalog) -> anyhow::Result<HashSet<Key>> {
    let mut shared = HashSet::new();
    let mut alert: (Option<Key>, HashSet<Key>) = (None, HashSet::new());
    judge_conversations(catalog)?;
    catalog.alert_messages::<anyhow::Error>(Hits::All, |message| {
        if alert.0 != Some(message.alert_id) {
            alert = (Some(message.alert_id), HashSet::new());
        }
        alert.1.insert(message.family);
        if alert.1.len() > 1 {
            shared.extend(alert.1.iter().copied());
        }
        Ok(())
    })?;
    Ok(shared)
}

/// Families of which something may go and something may not: none of them goes.
pub fn torn(of: impl Iterator<Item = (Key, bool)>) -> HashSet<Key> {
    let mut seen: HashMap<Key, bool> = HashMap::new();
    let mut torn = HashSet::new();
    for (family, goes) in of {
        if *seen.entry(family).or_insert(goes) != goes {
            torn.insert(family);
        }
    }
    torn
}
