//! What people decided on messages that were indeterminate.

use duckdb::{Transaction, params};
use lexhold_model::{Key, canonical_json};
use serde_json::json;

use crate::error::Result;
use crate::numbers;
use crate::open::Catalog;
use crate::payload::{JournalEntry, Replaced, ResolvedMessage};
use crate::rows::{collect, decimal, sql_key};

/// What was decided of one document for one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolutionRow {
    /// The journal entry.
    pub seq: u64,
    /// When, in microseconds since 1970 in UTC.
    pub resolved_at: i64,
    /// Who said so.
    pub actor: String,
    /// The family of the message's versions.
    pub family: Key,
    /// The document.
    pub document: String,
    /// What reports call the schedules that apply; empty where none does.
    pub schedules: Vec<String>,
    /// The same as a duty set.
    pub set_id: Key,
    /// The assignments that it takes away from what was on record before it.
    pub replaces: Vec<Replaced>,
    /// Why.
    pub reason: String,
    /// Who stood by it.
    pub confirmed_by: Vec<String>,
}

/// Projects one entry: whatever the message had until then is numbered anew, as its own.
pub(crate) fn apply(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    resolved: &ResolvedMessage,
) -> duckdb::Result<()> {
    for document in &resolved.documents {
        transaction.execute(
            "INSERT INTO resolution VALUES (?, ?::TIMESTAMPTZ, ?, ?::DECIMAL(38,0), ?, ?, ?, ?::DECIMAL(38,0), ?, ?, ?)",
            params![
                entry.seq,
                entry.at,
                entry.actor,
                decimal(resolved.family),
                resolved.message_id,
                document.document,
                document.schedules.join(" "),
                decimal(document.set_id),
                canonical_json(&json!(document.replaces)),
                resolved.reason,
                resolved.confirmed_by.join(" ")
            ],
        )?;
    }
    numbers::resolve(transaction, entry.seq, &sql_key(resolved.family))
}

impl Catalog {
    /// Every resolution, in the order of the journal.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn resolutions(&self) -> Result<Vec<ResolutionRow>> {
        let sql = "SELECT seq, epoch_us(resolved_at), actor, family, document, schedules, set_id, replaces, reason, confirmed_by
                   FROM resolution ORDER BY seq, document";
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        collect(self.connection(), sql, "reading resolutions", |row| {
            Ok(ResolutionRow {
                seq: row.count(0)?,
                resolved_at: row.number(1)?,
                actor: row.owned(2)?,
                family: row.key(3)?,
                document: row.owned(4)?,
                schedules: words(row.text(5)?),
                set_id: row.key(6)?,
                // What cannot be read takes nothing away.
                replaces: serde_json::from_str(row.text(7)?).unwrap_or_default(),
                reason: row.owned(8)?,
                confirmed_by: words(row.text(9)?),
            })
        })
    }
}
