//! The register of events: who recorded, corrected or cancelled what. What the entries come to is for `retention`.

use duckdb::{Transaction, params};
use jiff::Timestamp;

use crate::error::Result;
use crate::open::Catalog;
use crate::payload::{Events, JournalEntry, kind};
use crate::rows::{Row, collect};

/// One entry of the register of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventRow {
    /// Its id: the number of the journal's entry, and which of its events it is, from 1.
    pub event_id: String,
    /// The journal entry.
    pub seq: u64,
    /// When it was written, in microseconds since 1970 in UTC.
    pub recorded_at: i64,
    /// The operator who says so.
    pub asserter: String,
    /// What the entry does.
    pub step: EventRowStep,
    /// The type of event.
    pub event: String,
    /// Whom or what it happened to.
    pub key: String,
    /// The day on which it took effect, `2024-05-10`; none for a cancellation.
    pub date: Option<String>,
    /// The entry that it corrects or cancels.
    pub supersedes: Option<String>,
    /// What it rests on, in the asserter's own words, or the name of a file.
    pub evidence: Option<String>,
    /// The digest of the file that it rests on.
    pub evidence_digest: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The operator who stands by it beside the asserter.
    pub confirmed_by: Option<String>,
    /// The digest of the figures that were accepted, where it freed very many messages at once.
    pub accepted: Option<String>,
    /// Whether one person governed alone.
    pub solo: bool,
}

/// What an entry of the register does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventRowStep {
    /// It records an event.
    #[default]
    Recorded,
    /// It gives an event another day.
    Corrected,
    /// It takes an event back.
    Cancelled,
}

impl EventRowStep {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Corrected => "corrected",
            Self::Cancelled => "cancelled",
        }
    }

    /// What an entry of this kind in the journal does to events; `None` if it is about something else.
    pub fn of_kind(kind: &str) -> Option<Self> {
        match kind {
            kind::EVENT_RECORDED => Some(Self::Recorded),
            kind::EVENT_CORRECTED => Some(Self::Corrected),
            kind::EVENT_CANCELLED => Some(Self::Cancelled),
            _ => None,
        }
    }

    fn named(word: &str) -> Self {
        [Self::Recorded, Self::Corrected, Self::Cancelled]
            .into_iter()
            .find(|step| step.as_str() == word)
            .unwrap_or_default()
    }
}

/// The rows that a journal entry comes to, whether or not the catalog has it yet.
pub fn event_rows(seq: u64, at: Timestamp, actor: &str, step: EventRowStep, events: &Events) -> Vec<EventRow> {
    let row = |(number, item): (usize, &crate::payload::EventItem)| EventRow {
        event_id: format!("{seq}.{number}"),
        seq,
        recorded_at: at.as_microsecond(),
        asserter: actor.to_owned(),
        step,
        event: item.event.clone(),
        key: item.key.clone(),
        date: item.date.clone(),
        supersedes: item.supersedes.clone(),
        evidence: item.evidence.clone(),
        evidence_digest: item.evidence_digest.clone(),
        reason: item.reason.clone(),
        confirmed_by: events.confirmed_by.clone(),
        accepted: events.accepted.clone(),
        solo: events.solo,
    };
    (1..).zip(&events.events).map(row).collect()
}

/// Adds the rows of one entry.
pub(crate) fn apply(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    step: EventRowStep,
    events: &Events,
) -> duckdb::Result<()> {
    let at = entry.at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut insert = transaction
        .prepare("INSERT INTO event VALUES (?, ?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    for (item, row) in (1_i64..).zip(event_rows(entry.seq, at, entry.actor, step, events)) {
        insert.execute(params![
            row.event_id,
            row.seq,
            item,
            entry.at,
            row.asserter,
            row.step.as_str(),
            row.event,
            row.key,
            row.date,
            row.supersedes,
            row.evidence,
            row.evidence_digest,
            row.reason,
            row.confirmed_by,
            row.accepted,
            row.solo
        ])?;
    }
    Ok(())
}

impl Catalog {
    /// Every entry of the register of events, in the order of the journal.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn events(&self) -> Result<Vec<EventRow>> {
        let sql = "SELECT event_id, seq, epoch_us(recorded_at), asserter, step, event, key, effective_on, supersedes,
                          evidence, evidence_digest, reason, confirmed_by, accepted, solo
                   FROM event ORDER BY seq, item";
        collect(self.connection(), sql, "reading events", event)
    }
}

fn event(row: Row<'_>) -> Result<EventRow> {
    Ok(EventRow {
        event_id: row.owned(0)?,
        seq: row.count(1)?,
        recorded_at: row.number(2)?,
        asserter: row.owned(3)?,
        step: EventRowStep::named(row.text(4)?),
        event: row.owned(5)?,
        key: row.owned(6)?,
        date: row.owned_or_null(7)?,
        supersedes: row.owned_or_null(8)?,
        evidence: row.owned_or_null(9)?,
        evidence_digest: row.owned_or_null(10)?,
        reason: row.owned_or_null(11)?,
        confirmed_by: row.owned_or_null(12)?,
        accepted: row.owned_or_null(13)?,
        solo: row.flag(14)?,
    })
}
