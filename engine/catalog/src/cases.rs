//! Cases: what people keep together because it may matter, until somebody closes it. No case ends by time.

use duckdb::{Transaction, params};
use lexhold_model::Key;

use crate::alerts::keys;
use crate::error::Result;
use crate::open::Catalog;
use crate::payload::{CaseAdded, CaseClosed, CaseItem, CaseOpened, JournalEntry};
use crate::rows::{collect, decimal, sql_text};

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

    /// Families of messages in cases that nobody has closed.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn in_open_cases(&self) -> Result<Vec<Key>> {
        let sql = "SELECT DISTINCT family FROM case_message WHERE name NOT IN (SELECT name FROM case_closing)";
        collect(self.connection(), sql, "reading open cases", |row| row.key(0))
    }

    /// Sets beside the catalog, for this session, the families of messages that open cases and alerts rest on.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn keep_in_case(&self, families: impl Iterator<Item = Key>) -> Result<()> {
        self.connection_batch("CREATE OR REPLACE TEMP TABLE in_case (family DECIMAL(38,0))")?;
        self.append("in_case", vec![("family", keys(families))])?;
        self.knows_cases.set(true);
        Ok(())
    }

    /// The families that were set; none where nobody has.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn kept_in_case(&self) -> Result<Option<Vec<Key>>> {
        if !self.knows_cases.get() {
            return Ok(None);
        }
        let sql = "SELECT family FROM in_case";
        collect(self.connection(), sql, "reading open cases", |row| row.key(0)).map(Some)
    }

    /// Makes sure that there is a table of them to join.
    pub(crate) fn set_up_cases(&self) -> Result<()> {
        self.connection_batch("CREATE TEMP TABLE IF NOT EXISTS in_case (family DECIMAL(38,0))")
    }
}
