//! The register as the journal has it now.
//!
//! The catalog has most of it; what the journal has beyond that is read from there, so that during a run, when the catalog
//! lags, nobody records what somebody else has just recorded.

use lexhold_catalog::payload::Events;
use lexhold_catalog::{Catalog, EventRow, EventRowStep, event_rows};
use lexhold_retention::{EventEntry, EventStep, Register, register};
use lexhold_store::{EntryKind, Home};

use crate::failure::{Exit, Failure};

/// Every entry of the register, and what they come to.
pub struct EventLog {
    /// The entries, in the order of the journal.
    pub rows: Vec<EventRow>,
    /// What they come to.
    pub register: Register,
    /// The last journal entry that was looked at.
    pub seq: u64,
}

impl EventLog {
    /// Reads it from catalog and journal.
    pub fn load(home: &Home, catalog: &Catalog) -> anyhow::Result<Self> {
        let mut rows = catalog.events()?;
        let mut seq = catalog.applied_seq()?.unwrap_or(0);
        for entry in home.journal().entries(seq + 1)? {
            let entry = entry?;
            seq = entry.seq;
            let Some(step) = EventRowStep::of_kind(entry.kind.as_str()) else {
                continue;
            };
            let events: Events = home
                .journal()
                .payload_json(&entry)?
                .ok_or_else(|| Failure::new(Exit::Data, format!("journal entry {} has lost its events", entry.seq)))?;
            rows.extend(event_rows(entry.seq, entry.at, &entry.actor, step, &events));
        }
        let register = register_of(&rows);
        Ok(Self { rows, register, seq })
    }
}

/// What the entries of the register come to.
pub fn register_of(rows: &[EventRow]) -> Register {
    register(entries(rows))
}

/// The same rows as entries of the register.
pub fn entries(rows: &[EventRow]) -> impl Iterator<Item = EventEntry> + '_ {
    rows.iter().map(entry)
}

/// A day that cannot be read makes the days of its key uncertain, as an entry does that speaks of no known event.
fn entry(row: &EventRow) -> EventEntry {
    let date = row.date.as_deref().and_then(|date| date.parse().ok());
    let of = row.supersedes.clone().unwrap_or_default();
    let step = match (row.step, date) {
        (EventRowStep::Recorded, Some(date)) => EventStep::Recorded(date),
        (EventRowStep::Corrected, Some(to)) => EventStep::Corrected { of, to },
        (EventRowStep::Cancelled, _) => EventStep::Cancelled { of },
        (EventRowStep::Recorded | EventRowStep::Corrected, None) => EventStep::Cancelled { of: String::new() },
    };
    EventEntry {
        id: row.event_id.clone(),
        event: row.event.clone(),
        key: row.key.clone(),
        step,
    }
}

/// Whether the journal has taken any event since the log was read.
pub fn is_stale(journal: &lexhold_store::Journal, seen: u64) -> Result<bool, lexhold_store::StoreError> {
    for entry in journal.entries(seen + 1)? {
        if matches!(
            entry?.kind,
            EntryKind::EventRecorded | EntryKind::EventCorrected | EntryKind::EventCancelled
        ) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use lexhold_retention::EventState;

    use super::*;

    #[test]
    fn a_day_that_cannot_be_read_is_no_day() {
        let row = |id: &str, date: &str| EventRow {
            event_id: id.into(),
            event: "account_closed".into(),
            key: "ACC-1".into(),
            date: Some(date.into()),
            ..EventRow::default()
        };
        let register = register_of(&[row("1.1", "2024-05-10"), row("2.1", "soon")]);
        assert_eq!(register.state("account_closed", ["ACC-1"]), EventState::Awaiting);
    }
}
