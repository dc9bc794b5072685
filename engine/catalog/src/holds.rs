//! Holds and how much they cover.

use crate::error::Result;
use crate::open::Catalog;
use crate::rows::collect;

/// A hold and what it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// Its name.
    pub hold: String,
    /// The matter it serves.
    pub matter: String,
    /// The zone of its dates.
    pub zone: String,
    /// The digest of its document.
    pub digest: String,
    /// Whether only some may know of it.
    pub silent: bool,
    /// The document as canonical JSON.
    pub document: String,
    /// When it was placed, in microseconds since 1970 in UTC.
    pub placed_at: i64,
    /// Who placed it.
    pub placed_by: String,
    /// How many versions of messages it covers for certain.
    pub n_held: u64,
    /// How many it covers because nobody can tell.
    pub n_unevaluable: u64,
    /// When the first of them was sent, in microseconds since 1970 in UTC.
    pub first_sent_at: Option<i64>,
    /// When the last of them was sent, in microseconds since 1970 in UTC.
    pub last_sent_at: Option<i64>,
}

impl Catalog {
    /// Every hold, by name.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn holds(&self) -> Result<Vec<HoldRow>> {
        let sql = "SELECT h.hold, h.matter, h.zone, h.digest, h.silent, h.document, epoch_us(h.placed_at), h.placed_by,
                          coalesce(c.held, 0)::BIGINT, coalesce(c.unevaluable, 0)::BIGINT, epoch_us(c.first), epoch_us(c.last)
                   FROM hold h LEFT JOIN (
                       SELECT x.hold, count(*) FILTER (x.membership = 'held') AS held,
                              count(*) FILTER (x.membership <> 'held') AS unevaluable,
                              min(m.sent_at) AS first, max(m.sent_at) AS last
                       FROM (SELECT hold, key, min(membership) AS membership FROM hold_member GROUP BY ALL) x
                       JOIN message m USING (key) GROUP BY x.hold) c ON c.hold = h.hold
                   ORDER BY h.hold, h.seq";
        collect(self.connection(), sql, "reading holds", |row| {
            Ok(HoldRow {
                hold: row.owned(0)?,
                matter: row.owned(1)?,
                zone: row.owned(2)?,
                digest: row.owned(3)?,
                silent: row.flag(4)?,
                document: row.owned(5)?,
                placed_at: row.number(6)?,
                placed_by: row.owned(7)?,
                n_held: row.count(8)?,
                n_unevaluable: row.count(9)?,
                first_sent_at: row.number_or_null(10)?,
                last_sent_at: row.number_or_null(11)?,
            })
        })
    }
}
