//! What is needed to say how long each message is kept: assignments, dates, holds. States are not computed here.

use lexhold_model::Key;

use crate::combinations::{Combination, combination};
use crate::covered::{self, Asked, Covered};
use crate::error::{CatalogError, Result};
use crate::open::Catalog;
use crate::rows::{Row, collect, each_row, sql_key, sql_text};

/// Which messages are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every version of every message.
    All,
    /// Every version of one message.
    Family(Key),
    /// Those chosen by [`Catalog::choose_members`].
    Chosen,
    /// Those chosen by [`Catalog::choose_due`].
    Due,
    /// Those chosen by [`Catalog::choose_first`].
    First,
}

/// How a hold covers a message or another version of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// The hold's name.
    pub hold: String,
    /// `held`; `unevaluable` where the hold could not be decided, which holds all the same.
    pub membership: String,
    /// Whether only some may know of it.
    pub silent: bool,
    /// Until when the message stays nonetheless, if the hold was released: microseconds since 1970 in UTC.
    pub grace_until: Option<i64>,
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
    /// What the dates of all its family follow from, sorted. Those of several have to be united; none is a doubt.
    pub assigned: Vec<Combination>,
    /// The holds on any of its family, released ones included, sorted.
    pub holds: Vec<Held>,
    /// Whether its erasure was asked for.
    pub asked: Option<Asked>,
}

impl RetentionRow {
    /// How holds cover it, and whether its erasure was asked for.
    pub fn covered(&self) -> Covered {
        let asked = Covered {
            asked: self.asked,
            ..Covered::default()
        };
        let holds = self.holds.iter();
        holds.fold(asked, |covered, held| covered.with(held.silent, held.grace_until))
    }
}

/// How holds cover families: what is certain counts before what is not.
const HELD: &str = "SELECT m.*, coalesce(h.silent, false) AS silent, epoch_us(r.grace_until) AS grace_until
    FROM (SELECT family, hold, min(membership) AS membership FROM hold_member GROUP BY family, hold) m
    LEFT JOIN hold h USING (hold) LEFT JOIN hold_release r USING (hold)";

impl Catalog {
    /// Chooses everything of the messages that a hold covers or covered, for [`Scope::Chosen`].
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn choose_members(&self, hold: &str) -> Result<()> {
        self.connection_batch(&format!(
            "CREATE OR REPLACE TEMP TABLE chosen_family AS SELECT DISTINCT family FROM hold_member WHERE hold = {}",
            sql_text(hold)
        ))
    }

    /// Chooses the first so many versions of messages by id and version, for [`Scope::First`]. Returns how many there are of all.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn choose_first(&self, n: usize) -> Result<usize> {
        self.connection_batch(&format!(
            "CREATE OR REPLACE TEMP TABLE first_row AS
             SELECT rowid AS place FROM message ORDER BY message_id, version, key LIMIT {n}"
        ))?;
        let doing = "counting messages";
        let counts = collect(self.connection(), "SELECT count(*) FROM message", doing, |row| {
            row.count(0)
        })?;
        Ok(usize::try_from(counts.iter().sum::<u64>()).unwrap_or(usize::MAX))
    }

    /// Hands messages over, sorted by id and version. Memory does not grow with their number.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn retention<E: From<CatalogError>>(
        &self,
        scope: Scope,
        mut each: impl FnMut(RetentionRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut pending: Option<RetentionRow> = None;
        each_row(self.connection(), &retention_sql(scope), "reading retention", |row| {
            let key = row.key(0)?;
            if pending.as_ref().is_none_or(|message| message.key != key)
                && let Some(done) = pending.replace(message(row)?)
            {
                each(done)?;
            }
            match &mut pending {
                Some(message) => add(message, row).map_err(E::from),
                None => Ok(()),
            }
        })?;
        pending.map_or(Ok(()), each)
    }
}

/// One row a message, assignment and hold: neither lists nor groups that would have to fit into memory.
fn retention_sql(scope: Scope) -> String {
    let asked = covered::asked();
    let only = match scope {
        Scope::All => String::new(),
        Scope::Due => "WHERE m.rowid IN (SELECT place FROM due_row)".to_owned(),
        Scope::First => "WHERE m.rowid IN (SELECT place FROM first_row)".to_owned(),
        Scope::Chosen => "WHERE m.family IN (SELECT family FROM chosen_family)".to_owned(),
        Scope::Family(family) => format!("WHERE m.family = {}", sql_key(family)),
    };
    let numbers: Vec<String> = [
        ("origin_no", "m.origin_no"),
        ("days_no", "m.days_no"),
        ("conversation_no", "m.conversation_no"),
        ("sent_at", "epoch_us(m.sent_at)"),
        ("captured_at", "epoch_us(m.captured_at)"),
    ]
    .iter()
    .map(|(name, own)| format!("CASE WHEN u.family IS NULL THEN {own} ELSE u.{name} END AS x_{name}"))
    .collect();
    format!(
        "SELECT m.key, m.family, m.message_id, m.version, m.version_kind, m.platform, m.conversation, m.sender,
                epoch_us(m.sent_at), m.trigger_suspect, b.run, {}, h.hold, h.membership, h.silent, h.grace_until, e.since, e.granted,
                e.grounded
         FROM message m JOIN batch b ON b.seq = m.seq
         LEFT JOIN united_member u ON u.family = m.family
         LEFT JOIN ({HELD}) h ON h.family = m.family
         LEFT JOIN ({asked}) e ON e.family = m.family
         {only}
         ORDER BY m.message_id, m.version, m.key, x_origin_no, x_days_no, x_sent_at, x_captured_at, h.hold",
        numbers.join(", ")
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
        assigned: Vec::new(),
        holds: Vec::new(),
        asked: asked(row, 20)?,
    })
}

/// What the three columns from one on say of a request.
pub(crate) fn asked(row: Row<'_>, column: usize) -> Result<Option<Asked>> {
    let Some(since) = row.number_or_null(column)? else {
        return Ok(None);
    };
    let granted = row.number_or_null(column + 1)?.map(i64::unsigned_abs);
    let grounded = row.flag(column + 2)?;
    Ok(Some(Asked {
        since,
        granted,
        grounded,
    }))
}

fn add(message: &mut RetentionRow, row: Row<'_>) -> Result<()> {
    if let Some(assigned) = combination(row, 11)?
        && !message.assigned.contains(&assigned)
    {
        message.assigned.push(assigned);
    }
    if let Some(hold) = row.owned_or_null(16)? {
        let held = Held {
            hold,
            membership: row.owned(17)?,
            silent: row.flag(18)?,
            grace_until: row.number_or_null(19)?,
        };
        if !message.holds.contains(&held) {
            message.holds.push(held);
        }
    }
    Ok(())
}
