//! Versions of retention documents that were taken back. From when on they have no effect is for whoever derives dates.

use duckdb::{Transaction, params};

use crate::error::Result;
use crate::open::Catalog;
use crate::payload::{JournalEntry, RetentionCorrected};
use crate::rows::collect;

/// A version that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionRow {
    /// The journal entry.
    pub seq: u64,
    /// From when the wait counts, in microseconds since 1970 in UTC.
    pub corrected_at: i64,
    /// The document's name.
    pub document: String,
    /// The digest of the version.
    pub digest: String,
}

/// Projects one correction.
pub(crate) fn apply(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    correction: &RetentionCorrected,
) -> duckdb::Result<()> {
    transaction.execute(
        "INSERT INTO correction VALUES (?, ?::TIMESTAMPTZ, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            entry.seq,
            correction.counted_from.as_deref().unwrap_or(entry.at),
            entry.actor,
            correction.document,
            correction.version,
            correction.digest,
            correction.reason,
            correction.cites.join(" "),
            correction.approved_by.join(" "),
            correction.simulation_digest
        ],
    )?;
    Ok(())
}

impl Catalog {
    /// Every correction, the first one first.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn corrections(&self) -> Result<Vec<CorrectionRow>> {
        let sql = "SELECT seq, epoch_us(corrected_at), document, digest FROM correction ORDER BY seq";
        collect(self.connection(), sql, "reading corrections", |row| {
            Ok(CorrectionRow {
                seq: row.count(0)?,
                corrected_at: row.number(1)?,
                document: row.owned(2)?,
                digest: row.owned(3)?,
            })
        })
    }
}
