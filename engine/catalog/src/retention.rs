//! What is needed to say how long each message is kept: assignments, dates, holds. States are not computed here.

use std::sync::Arc;

use lexhold_model::Key;

use crate::calendar::{Assigned, Calendar, Calendars};
use crate::error::{CatalogError, Result};
use crate::open::Catalog;
use crate::rows::{Row, collect, each_row, sql_key};

/// Which messages are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every version of every message.
    All,
    /// Every version of one message.
    Family(Key),
}

/// How a hold covers a message or another version of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// The hold's name.
    pub hold: String,
    /// `held`; `unevaluable` where the hold could not be decided, which holds all the same.
    pub membership: String,
}

/// One version of a message, with everything that its dates and state follow from.
#[derive(Clone, Debug)]
pub struct RetentionRow {
    /// The version's key.
    pub key: Key,
    /// The family of all its versions.
    pub family: Key,
    /// The message's id in reports.
    pub message_id: String,
    /// Which version it is.
    pub version: i32,
    /// How it came about.
    pub version_kind: String,
    /// Its platform.
    pub platform: String,
    /// Its conversation.
    pub conversation: String,
    /// Its sender.
    pub sender: String,
    /// When it was sent, in microseconds since 1970 in UTC.
    pub sent_at: Option<i64>,
    /// Whether that date is not believed.
    pub trigger_suspect: bool,
    /// The run that recorded it.
    pub run: String,
    /// The assignments of all its family, sorted, with their dates. Several have to be united.
    pub calendars: Vec<(Assigned, Option<Arc<Calendar>>)>,
    /// The holds on any of its family, sorted.
    pub holds: Vec<Held>,
}

/// How many messages share everything that their state follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCount {
    /// The run that recorded them.
    pub run: String,
    /// The assignments of each of them, sorted.
    pub assigned: Vec<Assigned>,
    /// Whether a hold covers them that everybody may know of.
    pub held: bool,
    /// Whether a silent hold covers them.
    pub held_silently: bool,
    /// How many they are.
    pub n_messages: u64,
}

/// How holds cover families: what is certain counts before what is not.
const HELD: &str = "SELECT family, hold, min(membership) AS membership FROM hold_member GROUP BY family, hold";

impl Catalog {
    /// Hands messages over, sorted by id and version. Memory does not grow with their number.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn retention<E: From<CatalogError>>(
        &self,
        scope: Scope,
        mut each: impl FnMut(RetentionRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut calendars = Calendars::new(self)?;
        let mut pending: Option<RetentionRow> = None;
        each_row(self.connection(), &retention_sql(scope), "reading retention", |row| {
            let key = row.key(0)?;
            if pending.as_ref().is_none_or(|message| message.key != key)
                && let Some(done) = pending.replace(message(row)?)
            {
                each(done)?;
            }
            match &mut pending {
                Some(message) => add(message, row, &mut calendars).map_err(E::from),
                None => Ok(()),
            }
        })?;
        pending.map_or(Ok(()), each)
    }

    /// Counts the messages that share run, assignments and hold membership: all that totals by state need.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn state_counts(&self) -> Result<Vec<StateCount>> {
        let held =
            "SELECT family, bool_or(NOT coalesce(silent, false)) AS open, bool_or(coalesce(silent, false)) AS hush
                    FROM hold_member LEFT JOIN hold USING (hold) GROUP BY family";
        let own = format!(
            "SELECT b.run, CASE WHEN m.set_id IS NULL THEN [] ELSE [m.set_id, m.days_id] END, m.open, m.hush, m.n::BIGINT
             FROM (SELECT m.seq, m.set_id, m.days_id, h.open, h.hush, count(*) AS n
                   FROM message m LEFT JOIN ({held}) h USING (family) ANTI JOIN united u ON u.family = m.family
                   GROUP BY ALL) m JOIN batch b USING (seq)"
        );
        let united = format!(
            "SELECT b.run, coalesce(a.pairs, []), h.open, h.hush, count(*)
             FROM message m SEMI JOIN united u ON u.family = m.family JOIN batch b USING (seq)
             LEFT JOIN (SELECT family, flatten(list([set_id, days_id] ORDER BY set_id, days_id)) AS pairs
                        FROM (SELECT DISTINCT family, set_id, days_id FROM assignment SEMI JOIN united USING (family))
                        GROUP BY family) a ON a.family = m.family
             LEFT JOIN ({held}) h ON h.family = m.family
             GROUP BY ALL"
        );
        let sql = format!(
            "SELECT run, pairs, coalesce(open, false) AS open, coalesce(hush, false) AS hush, sum(n)::BIGINT
             FROM ({own} UNION ALL {united}) t(run, pairs, open, hush, n)
             GROUP BY ALL ORDER BY ALL"
        );
        collect(self.connection(), &sql, "counting messages by assignment", |row| {
            let keys = row.keys(1)?;
            let assigned = keys.chunks_exact(2).map(|pair| Assigned {
                set_id: pair[0],
                days_id: pair[1],
            });
            Ok(StateCount {
                run: row.owned(0)?,
                assigned: assigned.collect(),
                held: row.flag(2)?,
                held_silently: row.flag(3)?,
                n_messages: row.count(4)?,
            })
        })
    }
}

/// One row a message, assignment and hold: neither lists nor groups that would have to fit into memory.
fn retention_sql(scope: Scope) -> String {
    let only = match scope {
        Scope::All => String::new(),
        Scope::Family(family) => format!("WHERE m.family = {}", sql_key(family)),
    };
    format!(
        "SELECT m.key, m.family, m.message_id, m.version, m.version_kind, m.platform, m.conversation, m.sender,
                epoch_us(m.sent_at), m.trigger_suspect, b.run,
                coalesce(a.set_id, m.set_id) AS set_id, coalesce(a.days_id, m.days_id) AS days_id, h.hold, h.membership
         FROM message m JOIN batch b ON b.seq = m.seq
         LEFT JOIN (SELECT DISTINCT family, set_id, days_id FROM assignment SEMI JOIN united USING (family)) a
                ON a.family = m.family
         LEFT JOIN ({HELD}) h ON h.family = m.family
         {only}
         ORDER BY m.message_id, m.version, m.key, set_id, days_id, h.hold"
    )
}

fn message(row: Row<'_>) -> Result<RetentionRow> {
    Ok(RetentionRow {
        key: row.key(0)?,
        family: row.key(1)?,
        message_id: row.owned(2)?,
        version: row.int(3)?,
        version_kind: row.owned(4)?,
        platform: row.owned(5)?,
        conversation: row.owned(6)?,
        sender: row.owned(7)?,
        sent_at: row.number_or_null(8)?,
        trigger_suspect: row.flag(9)?,
        run: row.owned(10)?,
        calendars: Vec::new(),
        holds: Vec::new(),
    })
}

fn add(message: &mut RetentionRow, row: Row<'_>, calendars: &mut Calendars) -> Result<()> {
    if let Some((set_id, days_id)) = row.key_or_null(11)?.zip(row.key_or_null(12)?) {
        let assigned = Assigned { set_id, days_id };
        if message.calendars.iter().all(|(other, _)| *other != assigned) {
            message.calendars.push((assigned, calendars.of(assigned)?));
        }
    }
    if let Some(hold) = row.owned_or_null(13)? {
        let held = Held {
            hold,
            membership: row.owned(14)?,
        };
        if !message.holds.contains(&held) {
            message.holds.push(held);
        }
    }
    Ok(())
}
