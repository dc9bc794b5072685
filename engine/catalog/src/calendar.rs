//! Schedules, sets of them, and the dates that a set has on given days: few rows, shared by many messages.

use std::collections::HashMap;
use std::sync::Arc;

use duckdb::Connection;
use lexhold_model::Key;

use crate::error::{Doing, Result};
use crate::open::Catalog;
use crate::rows::{Row, collect, sql_key};

/// What a message was assigned: a set of schedules, on the days it was sent and captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Assigned {
    /// The set: see [`Catalog::duty_sets`].
    pub set_id: Key,
    /// The days: see [`Catalog::days`].
    pub days_id: Key,
}

/// The dates of a set of schedules on given days, as `evaluate` resolved them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The last protected day, or `infinity`, or `none`.
    pub retain_until: String,
    /// The first instant that is no longer protected, or `infinity`, or `none`.
    pub eligible_from: String,
    /// The chosen day of disposal, or `infinity`, or `none`.
    pub dispose_at: String,
    /// The ceiling, or `none`.
    pub must_dispose_by: String,
    /// The last day of ready access, or `infinity`, or `none`.
    pub accessible_until: String,
    /// `eligible_from` in microseconds since 1970 in UTC; none for `infinity`.
    pub eligible_at: Option<i64>,
    /// The ceiling in microseconds since 1970 in UTC; none without one.
    pub must_dispose_at: Option<i64>,
    /// Why a date is infinite.
    pub reason: Option<String>,
    /// Every duty and every step, as canonical JSON.
    pub detail: String,
}

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

/// The local days of messages in one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaysRow {
    /// What assignments call them.
    pub days_id: Key,
    /// The zone, or zones.
    pub zone: String,
    /// The day sent.
    pub sent_day: Option<String>,
    /// The day captured.
    pub captured_day: String,
}

const CALENDAR_COLUMNS: &str = "retain_until, eligible_from, dispose_at, must_dispose_by, accessible_until,
                                epoch_us(eligible_at), epoch_us(must_dispose_at), reason, detail";

impl Catalog {
    /// Dates by assignment, for many questions.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn calendars(&self) -> Result<Calendars> {
        Calendars::new(self)
    }

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

    /// The days that an assignment names.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn days(&self, days_id: Key) -> Result<Option<DaysRow>> {
        let sql = format!(
            "SELECT days_id, zone, sent_day, captured_day FROM days WHERE days_id = {} LIMIT 1",
            sql_key(days_id)
        );
        let rows = collect(self.connection(), &sql, "reading days", |row| {
            Ok(DaysRow {
                days_id: row.key(0)?,
                zone: row.owned(1)?,
                sent_day: row.owned_or_null(2)?,
                captured_day: row.owned(3)?,
            })
        })?;
        Ok(rows.into_iter().next())
    }

    /// The dates of one assignment.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn calendar(&self, assigned: Assigned) -> Result<Option<Calendar>> {
        one_calendar(self.connection(), assigned)
    }
}

/// Dates by assignment, fetched when first asked for and kept while there is room.
///
/// Has a connection of its own: another query on one that is still handing out rows would end that.
pub struct Calendars {
    connection: Connection,
    kept: HashMap<Assigned, Option<Arc<Calendar>>>,
    room: usize,
    whole: bool,
}

impl Calendars {
    /// How many are kept: at about a kilobyte each, a bound on memory however many days an archive spans.
    const ROOM: usize = 32_768;

    pub(crate) fn new(catalog: &Catalog) -> Result<Self> {
        Self::with_room(catalog, Self::ROOM)
    }

    fn with_room(catalog: &Catalog, room: usize) -> Result<Self> {
        let connection = catalog.connection().try_clone().doing("opening a second session")?;
        let mut calendars = Self {
            connection,
            kept: HashMap::new(),
            room,
            whole: false,
        };
        calendars.fill()?;
        Ok(calendars)
    }

    /// The dates of an assignment; none where the catalog lacks them.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn of(&mut self, assigned: Assigned) -> Result<Option<Arc<Calendar>>> {
        if let Some(calendar) = self.kept.get(&assigned) {
            return Ok(calendar.clone());
        }
        if self.whole {
            return Ok(None);
        }
        if self.kept.len() >= self.room {
            self.kept.clear();
        }
        let calendar = one_calendar(&self.connection, assigned)?.map(Arc::new);
        self.kept.insert(assigned, calendar.clone());
        Ok(calendar)
    }

    /// Reads what there is room for at once: nearly always everything.
    fn fill(&mut self) -> Result<()> {
        let sql = format!(
            "SELECT {CALENDAR_COLUMNS}, set_id, days_id FROM calendar LIMIT {}",
            self.room
        );
        let rows = collect(&self.connection, &sql, "reading dates", |row| {
            let assigned = Assigned {
                set_id: row.key(9)?,
                days_id: row.key(10)?,
            };
            Ok((assigned, Some(Arc::new(calendar(row)?))))
        })?;
        self.whole = rows.len() < self.room;
        self.kept.extend(rows);
        Ok(())
    }
}

fn one_calendar(connection: &Connection, assigned: Assigned) -> Result<Option<Calendar>> {
    let sql = format!(
        "SELECT {CALENDAR_COLUMNS} FROM calendar WHERE set_id = {} AND days_id = {} LIMIT 1",
        sql_key(assigned.set_id),
        sql_key(assigned.days_id)
    );
    Ok(collect(connection, &sql, "reading dates", calendar)?.into_iter().next())
}

fn calendar(row: Row<'_>) -> Result<Calendar> {
    Ok(Calendar {
        retain_until: row.owned(0)?,
        eligible_from: row.owned(1)?,
        dispose_at: row.owned(2)?,
        must_dispose_by: row.owned(3)?,
        accessible_until: row.owned(4)?,
        eligible_at: row.number_or_null(5)?,
        must_dispose_at: row.number_or_null(6)?,
        reason: row.owned_or_null(7)?,
        detail: row.owned(8)?,
    })
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::open::Settings;

    #[test]
    fn dates_are_found_whether_or_not_there_is_room_for_all() {
        let folder = tempfile::tempdir().unwrap();
        let temp = folder.path().join("temp");
        let settings = Settings {
            wait: Duration::ZERO,
            threads: 1,
            memory_mib: 64,
            temp,
        };
        let writer = Catalog::open_writer(&folder.path().join("c"), &settings).unwrap();
        let fill = "INSERT INTO calendar SELECT i, i + 1, i, '', '', '', '', NULL, NULL, NULL, '' FROM range(9) t(i)";
        writer.connection().execute_batch(fill).unwrap();
        let assigned = |number: i128| {
            let [set_id, days_id] = [number, number + 1].map(|number| Key::from_i128(number).unwrap());
            Assigned { set_id, days_id }
        };
        for room in [1, 3, 9, 10] {
            let mut calendars = Calendars::with_room(&writer, room).unwrap();
            for number in (0..9).chain((0..9).rev()) {
                let found = calendars.of(assigned(number)).unwrap().unwrap();
                assert_eq!(found.retain_until, number.to_string());
                assert!(calendars.kept.len() <= room);
            }
            assert_eq!(calendars.of(assigned(9)).unwrap(), None);
        }
    }
}
