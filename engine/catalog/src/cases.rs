//! Cases: what people keep together because it may matter, until somebody closes it. No case ends by time.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use duckdb::{Transaction, params};
use lexhold_model::Key;

use crate::alerts::keys;
use crate::error::Result;
use crate::open::Catalog;
use crate::payload::{CaseAdded, CaseClosed, CaseItem, CaseOpened, JournalEntry};
use crate::rows::{collect, decimal, sql_text};

/// The end of what nobody has closed.
pub const OPEN: i64 = i64::MAX;

/// When the last of the alerts and of the cases that rest on a message were closed, in microseconds since 1970 in UTC: [`OPEN`]
/// while one is not, and none where none ever rested on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseEnds {
    /// Of alerts.
    pub alert: Option<i64>,
    /// Of cases.
    pub case: Option<i64>,
}

/// Families that open cases and alerts rest on, and the ends of what rests on families.
pub type KeptCases = (Vec<Key>, Vec<(Key, CaseEnds)>);

/// What is set beside a catalog for a session.
const TABLES: &str = "CREATE TEMP TABLE IF NOT EXISTS in_case (family DECIMAL(38,0));
    CREATE TEMP TABLE IF NOT EXISTS case_end (family DECIMAL(38,0), alert_at BIGINT, case_at BIGINT)";

/// A case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub matter: String,
    /// Why it was opened.
    pub reason: String,
    /// When, in microseconds since 1970 in UTC.
    pub opened_at: i64,
    /// Who opened it.
    pub opened_by: String,
    /// When it was closed, in microseconds since 1970 in UTC; none while it is open.
    pub closed_at: Option<i64>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// Why.
    pub closed_because: Option<String>,
    /// Who stood by that.
    pub confirmed_by: Option<String>,
    /// How many messages it has, each with all its versions.
    pub n_messages: u64,
}

/// A message of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseMessageRow {
    /// The family of its versions.
    pub family: Key,
    /// Its id in reports.
    pub message_id: String,
    /// The alert that it came with.
    pub alert: Option<Key>,
    /// When it was added, in microseconds since 1970 in UTC.
    pub added_at: i64,
    /// Who added it.
    pub added_by: String,
    /// Why.
    pub reason: String,
}

/// Projects the opening of a case.
pub(crate) fn open(transaction: &Transaction<'_>, entry: &JournalEntry<'_>, case: &CaseOpened) -> duckdb::Result<()> {
    transaction.execute(
        "INSERT INTO case_file VALUES (?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?)",
        params![
            case.case,
            entry.seq,
            entry.at,
            entry.actor,
            case.matter,
            case.reason,
            case.solo
        ],
    )?;
    items(transaction, entry, &case.case, &case.reason, &case.items)
}

/// Projects messages that were added.
pub(crate) fn add(transaction: &Transaction<'_>, entry: &JournalEntry<'_>, case: &CaseAdded) -> duckdb::Result<()> {
    items(transaction, entry, &case.case, &case.reason, &case.items)
}

/// Projects the end of a case.
pub(crate) fn close(transaction: &Transaction<'_>, entry: &JournalEntry<'_>, case: &CaseClosed) -> duckdb::Result<()> {
    transaction.execute(
        "INSERT INTO case_closing VALUES (?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?)",
        params![
            case.case,
            entry.seq,
            entry.at,
            entry.actor,
            case.reason,
            case.confirmed_by,
            case.solo
        ],
    )?;
    Ok(())
}

fn items(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    case: &str,
    reason: &str,
    items: &[CaseItem],
) -> duckdb::Result<()> {
    let mut insert = transaction.prepare(
        "INSERT INTO case_message VALUES (?, ?, ?, ?::TIMESTAMPTZ, ?, ?::DECIMAL(38,0), ?, ?::DECIMAL(38,0), ?)",
    )?;
    for (number, item) in (1_i64..).zip(items) {
        insert.execute(params![
            case,
            entry.seq,
            number,
            entry.at,
            entry.actor,
            decimal(item.family),
            item.message_id,
            item.alert.map(decimal),
            reason
        ])?;
    }
    Ok(())
}

impl Catalog {
    /// Every case, open ones first, the oldest first.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn cases(&self) -> Result<Vec<CaseRow>> {
        let sql = "SELECT f.name, f.matter, f.reason, epoch_us(f.opened_at), f.opened_by, epoch_us(c.closed_at), c.closed_by,
                          c.reason, c.confirmed_by, coalesce(m.n, 0)::BIGINT
                   FROM case_file f LEFT JOIN case_closing c ON c.name = f.name
                   LEFT JOIN (SELECT name, count(DISTINCT family) AS n FROM case_message GROUP BY name) m ON m.name = f.name
                   ORDER BY c.seq IS NOT NULL, f.seq";
        collect(self.connection(), sql, "reading cases", |row| {
            Ok(CaseRow {
                name: row.owned(0)?,
                matter: row.owned(1)?,
                reason: row.owned(2)?,
                opened_at: row.number(3)?,
                opened_by: row.owned(4)?,
                closed_at: row.number_or_null(5)?,
                closed_by: row.owned_or_null(6)?,
                closed_because: row.owned_or_null(7)?,
                confirmed_by: row.owned_or_null(8)?,
                n_messages: row.count(9)?,
            })
        })
    }

    /// The messages of a case, each as it was first added, by id.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn case_messages(&self, case: &str) -> Result<Vec<CaseMessageRow>> {
        let sql = format!(
            "SELECT DISTINCT ON (message_id, family) family, message_id, alert_id, epoch_us(added_at), added_by, reason
             FROM case_message WHERE name = {} ORDER BY message_id, family, seq, item",
            sql_text(case)
        );
        collect(self.connection(), &sql, "reading a case", |row| {
            Ok(CaseMessageRow {
                family: row.key(0)?,
                message_id: row.owned(1)?,
                alert: row.key_or_null(2)?,
                added_at: row.number(3)?,
                added_by: row.owned(4)?,
                reason: row.owned(5)?,
            })
        })
    }

    /// When the last of the cases that rest on messages was closed, by the family of these: [`OPEN`] while one is not.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn case_ends(&self) -> Result<Vec<(Key, i64)>> {
        let sql = format!(
            "SELECT family, max(coalesce(epoch_us(closed_at), {OPEN})) FROM case_message LEFT JOIN case_closing USING (name)
             GROUP BY family"
        );
        collect(self.connection(), &sql, "reading cases", |row| {
            Ok((row.key(0)?, row.number(1)?))
        })
    }

    /// Families of messages in cases that nobody has closed.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn in_open_cases(&self) -> Result<Vec<Key>> {
        let sql = "SELECT DISTINCT family FROM case_message WHERE name NOT IN (SELECT name FROM case_closing)";
        collect(self.connection(), sql, "reading open cases", |row| row.key(0))
    }

    /// Sets beside the catalog, for this session, the families of messages that open cases and alerts rest on, and when the last
    /// of each kind was closed, where dates `count` from that.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn keep_in_case(
        &self,
        count: bool,
        families: impl Iterator<Item = Key>,
        ends: impl Iterator<Item = (Key, CaseEnds)> + Clone,
    ) -> Result<()> {
        self.connection_batch(&format!(
            "DROP TABLE IF EXISTS in_case; DROP TABLE IF EXISTS case_end; {TABLES}"
        ))?;
        self.append("in_case", vec![("family", keys(families))])?;
        let instants = |of: fn(CaseEnds) -> Option<i64>| -> ArrayRef {
            Arc::new(Int64Array::from_iter(ends.clone().map(|(_, ends)| of(ends))))
        };
        self.append(
            "case_end",
            vec![
                ("family", keys(ends.clone().map(|(family, _)| family))),
                ("alert_at", instants(|ends| ends.alert)),
                ("case_at", instants(|ends| ends.case)),
            ],
        )?;
        self.knows_cases.set(Some(count));
        Ok(())
    }

    /// What was set for dates that `count` from ends, or do not; none where nothing was.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn kept_in_case(&self, count: bool) -> Result<Option<KeptCases>> {
        if self.knows_cases.get() != Some(count) {
            return Ok(None);
        }
        let doing = "reading open cases";
        let open = collect(self.connection(), "SELECT family FROM in_case", doing, |row| row.key(0))?;
        let ends = "SELECT family, alert_at, case_at FROM case_end";
        let ends = collect(self.connection(), ends, doing, |row| {
            let (alert, case) = (row.number_or_null(1)?, row.number_or_null(2)?);
            Ok((row.key(0)?, CaseEnds { alert, case }))
        })?;
        Ok(Some((open, ends)))
    }

    /// Makes sure that there are tables of them to join.
    pub(crate) fn set_up_cases(&self) -> Result<()> {
        self.connection_batch(TABLES)
    }
}
