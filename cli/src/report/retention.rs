//! `report retention`: each message's state and dates, and what decided them.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use lexhold_catalog::{Catalog, Covered, RetentionRow, Scope};
use lexhold_model::Key;
use lexhold_retention::{Duty, Limit, Reason, Resolved, Schedule as Version, Standing};
use serde_json::{Value, json};

use super::sight::Sight;
use super::table::{Columns, Kind, Row, TableWriter};
use crate::dates::{Dates, Grounds, MessageDates};
use crate::dispose;

/// The columns, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("message_id", Kind::Text),
        ("state", Kind::Text),
        ("also", Kind::Texts),
        ("disposal_state", Kind::Text),
        ("retain_until", Kind::Text),
        ("eligible_from", Kind::Text),
        ("dispose_at", Kind::Text),
        ("must_dispose_by", Kind::Text),
        ("accessible_until", Kind::Text),
        ("reason", Kind::Text),
        ("trigger_suspect", Kind::Bool),
        ("duties", Kind::Json),
        ("decided_by", Kind::Texts),
        ("holds", Kind::Texts),
        ("version", Kind::Int),
        ("version_kind", Kind::Text),
    ],
    shown: &[
        "message_id",
        "state",
        "retain_until",
        "eligible_from",
        "reason",
        "decided_by",
        "holds",
    ],
};

/// What rows need besides their messages.
pub struct Lookups {
    schedules: HashMap<Key, Schedule>,
    /// How far the disposal of messages has come.
    disposals: HashMap<Key, String>,
}

struct Schedule {
    id: String,
    document: String,
    version: String,
    standing: Standing,
}

impl Lookups {
    /// Schedule versions as they stand.
    pub fn of(grounds: &Grounds) -> Self {
        let schedules = grounds.ledger.schedules().iter().map(|version: &Version| {
            let schedule = Schedule {
                id: version.id.clone(),
                document: version.document.clone(),
                version: version.version.clone(),
                standing: version.standing,
            };
            (version.key(), schedule)
        });
        Self {
            schedules: schedules.collect(),
            disposals: HashMap::new(),
        }
    }

    /// What is under way for a message: its place in a plan, or what blocks that, for those who may know.
    fn disposal_state(&self, message: &RetentionRow, covered: &Covered, hidden: bool) -> Option<&str> {
        let state = self.disposals.get(&message.key)?;
        Some(match hidden {
            false if covered.is_held() => "blocked_hold",
            false if covered.in_case => "blocked_case",
            _ => state,
        })
    }
}

/// Writes every version of every message. Those that the table has no room for are only counted.
pub fn write(catalog: &Catalog, as_of: Timestamp, sight: &Sight, table: &mut TableWriter) -> anyhow::Result<()> {
    let grounds = Grounds::read(catalog, as_of)?;
    let lookups = Lookups {
        disposals: dispose::progress(catalog, as_of)?,
        ..Lookups::of(&grounds)
    };
    let mut dates = Dates::open(catalog, &grounds, as_of)?;
    let withheld: HashSet<Key> = dates.withheld(catalog, sight)?.iter().map(|row| row.key).collect();
    let chosen = table.room().map(|room| catalog.choose_first(room + withheld.len()));
    let n_all = chosen.transpose()?.map(|n| n - withheld.len());
    let scope = n_all.map_or(Scope::All, |_| Scope::First);
    let mut n_written = 0;
    catalog.retention(scope, |message| {
        if withheld.contains(&message.key) {
            return Ok(());
        }
        n_written += 1;
        let of_message = dates.of_message(&message);
        table.write(row(&message, &of_message, &lookups, as_of, sight))
    })?;
    if let Some(n) = n_all {
        table.count_more(n - n_written);
    }
    Ok(())
}

/// A message as a row.
pub fn row(message: &RetentionRow, dates: &MessageDates, lookups: &Lookups, as_of: Timestamp, sight: &Sight) -> Row {
    let covered = dates.covered(message);
    let hidden = sight.hides(&covered, as_of);
    let (state, also) = dates.state(as_of, &covered, sight);
    let withheld = Resolved::withheld();
    let resolved = if hidden { &withheld } else { &dates.resolved };
    let in_force = message
        .holds
        .iter()
        .filter(|held| held.grace_until.is_none() && !hidden);
    let holds: Vec<&str> = in_force.map(|held| held.hold.as_str()).collect();
    let eligible_from = if hidden {
        resolved.eligible_from.limit
    } else {
        dates.eligible_from(&sight.seen(&covered))
    };
    let decided_by = resolved.decided_by();
    let duties: Vec<Value> = resolved.duties.iter().map(|one| duty(one, lookups)).collect();
    let name = |at: &usize| {
        lookups
            .schedules
            .get(&resolved.duties[*at].schedule)
            .map(|schedule| schedule.id.clone())
    };
    let mut decided_by: Vec<String> = decided_by.iter().filter_map(name).collect();
    decided_by.dedup();
    let value = json!({
        "message_id": message.message_id,
        "state": state.as_str(),
        "also": also.iter().map(|state| state.as_str()).collect::<Vec<_>>(),
        "disposal_state": lookups.disposal_state(message, &covered, hidden),
        "retain_until": resolved.retain_until.limit.day_text(),
        "eligible_from": eligible_from.instant_text(),
        "dispose_at": resolved.dispose_at.limit.day_text(),
        "must_dispose_by": resolved.must_dispose_by.limit.day_text(),
        "accessible_until": resolved.accessible_until.limit.day_text(),
        "reason": eligible_from.reason().map(Reason::as_str),
        "trigger_suspect": message.trigger_suspect,
        "duties": duties,
        "decided_by": decided_by,
        "holds": holds,
        "version": message.version,
        "version_kind": message.version_kind,
    });
    match value {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

fn duty(duty: &Duty, lookups: &Lookups) -> Value {
    let schedule = lookups.schedules.get(&duty.schedule);
    json!({
        "document": schedule.map(|schedule| &schedule.document),
        "version": schedule.map(|schedule| &schedule.version),
        "schedule": schedule.map(|schedule| &schedule.id),
        "standing": schedule.map(|schedule| schedule.standing.as_str()),
        "kind": duty.kind,
        "trigger": duty.trigger,
        "trigger_date": duty.trigger_date,
        "last_protected": duty.ends.day_text(),
        "eligible_from": duty.ends.instant_text(),
        "reason": match duty.ends { Limit::Infinity { reason } => Some(reason.as_str()), _ => None },
        "steps": duty.steps,
    })
}
