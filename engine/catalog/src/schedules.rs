//! Schedules and sets of them: few rows, shared by many messages.

use std::collections::HashMap;

use lexhold_model::Key;

use crate::error::Result;
use crate::open::Catalog;
use crate::rows::{Row, collect};

/// One schedule of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyRow {
    /// The set.
    pub set_id: Key,
    /// The schedule's place in it.
    pub ordinal: i32,
    /// The schedule: see [`Catalog::schedules`].
    pub schedule_id: Key,
    /// `assigned` or `indeterminate`.
    pub outcome: String,
    /// Why it is indeterminate.
    pub reason: Option<String>,
}

/// A schedule of one version of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRow {
    /// What duty sets call it.
    pub schedule_id: Key,
    /// Its document.
    pub document: String,
    /// The document's version.
    pub version: String,
    /// The document's digest.
    pub digest: String,
    /// `document.schedule`.
    pub schedule: String,
    /// Its title.
    pub title: String,
    /// The zone of its days.
    pub zone: String,
    /// Whose law it rests on.
    pub jurisdiction: Option<String>,
    /// Law, contract or business.
    pub basis: Option<String>,
    /// What it rests on.
    pub cites: Vec<String>,
    /// The resolved schedule as canonical JSON.
    pub spec: String,
}

impl Catalog {
    /// The schedules of every set, in order. A set without a row here is empty: its messages are ungoverned.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn duty_sets(&self) -> Result<HashMap<Key, Vec<DutyRow>>> {
        let sql = "SELECT set_id, ordinal, schedule_id, outcome, reason FROM duty_set ORDER BY set_id, ordinal";
        let mut sets: HashMap<Key, Vec<DutyRow>> = HashMap::new();
        for duty in collect(self.connection(), sql, "reading duty sets", duty)? {
            sets.entry(duty.set_id).or_default().push(duty);
        }
        Ok(sets)
    }

    /// Every schedule that was ever assigned.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn schedules(&self) -> Result<Vec<ScheduleRow>> {
        let sql =
            "SELECT schedule_id, document, version, digest, schedule, title, zone, jurisdiction, basis, cites, spec
                   FROM schedule ORDER BY schedule, version, digest";
        collect(self.connection(), sql, "reading schedules", schedule)
    }
}

fn duty(row: Row<'_>) -> Result<DutyRow> {
    Ok(DutyRow {
        set_id: row.key(0)?,
        ordinal: row.int(1)?,
        schedule_id: row.key(2)?,
        outcome: row.owned(3)?,
        reason: row.owned_or_null(4)?,
    })
}

fn schedule(row: Row<'_>) -> Result<ScheduleRow> {
    Ok(ScheduleRow {
        schedule_id: row.key(0)?,
        document: row.owned(1)?,
        version: row.owned(2)?,
        digest: row.owned(3)?,
        schedule: row.owned(4)?,
        title: row.owned(5)?,
        zone: row.owned(6)?,
        jurisdiction: row.owned_or_null(7)?,
        basis: row.owned_or_null(8)?,
        cites: row.texts(9)?,
        spec: row.owned(10)?,
    })
}
