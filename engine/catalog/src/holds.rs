//! Holds, their releases and notices, and how much they cover.

use duckdb::{Transaction, params};
use lexhold_model::canonical_json;

use crate::error::Result;
use crate::open::Catalog;
use crate::payload::{HoldApplied, HoldNotice, HoldPlaced, HoldReleased, JournalEntry};
use crate::rows::collect;

/// A hold and what it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// Its name.
    pub hold: String,
    /// The journal entry that placed it.
    pub seq: u64,
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
    /// The hold in whose place it stands since that one was narrowed.
    pub narrows: Option<String>,
    /// When what the home had was first found to be asked about to its end, in microseconds since 1970 in UTC.
    pub applied_at: Option<i64>,
    /// How it ended, if it did.
    pub release: Option<ReleaseRow>,
    /// How many versions of messages it covers for certain.
    pub n_held: u64,
    /// How many it covers because nobody can tell.
    pub n_unevaluable: u64,
    /// When the first of them was sent, in microseconds since 1970 in UTC.
    pub first_sent_at: Option<i64>,
    /// When the last of them was sent, in microseconds since 1970 in UTC.
    pub last_sent_at: Option<i64>,
}

/// How a hold ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRow {
    /// When, in microseconds since 1970 in UTC.
    pub released_at: i64,
    /// By whom.
    pub released_by: String,
    /// Why.
    pub reason: String,
    /// From when on anything that it held may be eligible, in microseconds since 1970 in UTC.
    pub grace_until: i64,
    /// The smaller hold that took its place.
    pub narrowed_to: Option<String>,
}

/// One step with one custodian of a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldNoticeRow {
    /// The hold.
    pub hold: String,
    /// The journal entry.
    pub seq: u64,
    /// When, in microseconds since 1970 in UTC.
    pub noted_at: i64,
    /// By whom.
    pub noted_by: String,
    /// `issued`, `reminded`, `escalated`, `acknowledged`.
    pub step: String,
    /// With whom.
    pub custodian: String,
    /// The digest of the notice's text.
    pub text: Option<String>,
}

impl HoldRow {
    /// Whether it is in force.
    pub fn is_active(&self) -> bool {
        self.release.is_none()
    }
}

/// A hold without what it covers, which takes longer to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldName {
    /// Its name.
    pub hold: String,
    /// Whether only some may know of it.
    pub silent: bool,
    /// Whether it is in force.
    pub active: bool,
}

impl Catalog {
    /// What every hold is called, released ones included, by name.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn hold_names(&self) -> Result<Vec<HoldName>> {
        let sql = "SELECT hold, silent, hold NOT IN (SELECT hold FROM hold_release) FROM hold ORDER BY hold, seq";
        collect(self.connection(), sql, "reading holds", |row| {
            Ok(HoldName {
                hold: row.owned(0)?,
                silent: row.flag(1)?,
                active: row.flag(2)?,
            })
        })
    }

    /// Every hold, released ones included, by name.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn holds(&self) -> Result<Vec<HoldRow>> {
        let sql = "SELECT h.hold, h.seq, h.matter, h.zone, h.digest, h.silent, h.document, epoch_us(h.placed_at), h.placed_by,
                          h.narrows, epoch_us(a.applied_at), epoch_us(r.released_at), r.released_by, r.reason,
                          epoch_us(r.grace_until), r.narrowed_to,
                          coalesce(c.held, 0)::BIGINT, coalesce(c.unevaluable, 0)::BIGINT, epoch_us(c.first), epoch_us(c.last)
                   FROM hold h
                   LEFT JOIN (SELECT hold, min(applied_at) AS applied_at FROM hold_application GROUP BY hold) a ON a.hold = h.hold
                   LEFT JOIN hold_release r ON r.hold = h.hold
                   LEFT JOIN (
                       SELECT x.hold, count(*) FILTER (x.membership = 'held') AS held,
                              count(*) FILTER (x.membership <> 'held') AS unevaluable,
                              min(m.sent_at) AS first, max(m.sent_at) AS last
                       FROM (SELECT hold, key, min(membership) AS membership FROM hold_member GROUP BY ALL) x
                       JOIN message m USING (key) GROUP BY x.hold) c ON c.hold = h.hold
                   ORDER BY h.hold, h.seq";
        collect(self.connection(), sql, "reading holds", |row| {
            let release = match (row.number_or_null(11)?, row.number_or_null(14)?) {
                (Some(released_at), Some(grace_until)) => Some(ReleaseRow {
                    released_at,
                    released_by: row.owned(12)?,
                    reason: row.owned(13)?,
                    grace_until,
                    narrowed_to: row.owned_or_null(15)?,
                }),
                _ => None,
            };
            Ok(HoldRow {
                hold: row.owned(0)?,
                seq: row.count(1)?,
                matter: row.owned(2)?,
                zone: row.owned(3)?,
                digest: row.owned(4)?,
                silent: row.flag(5)?,
                document: row.owned(6)?,
                placed_at: row.number(7)?,
                placed_by: row.owned(8)?,
                narrows: row.owned_or_null(9)?,
                applied_at: row.number_or_null(10)?,
                release,
                n_held: row.count(16)?,
                n_unevaluable: row.count(17)?,
                first_sent_at: row.number_or_null(18)?,
                last_sent_at: row.number_or_null(19)?,
            })
        })
    }

    /// Every step with custodians of holds, in the order of the journal.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn hold_notices(&self) -> Result<Vec<HoldNoticeRow>> {
        let sql = "SELECT hold, seq, epoch_us(noted_at), noted_by, step, custodian, text FROM hold_notice
                   ORDER BY seq, custodian";
        collect(self.connection(), sql, "reading notices of holds", |row| {
            Ok(HoldNoticeRow {
                hold: row.owned(0)?,
                seq: row.count(1)?,
                noted_at: row.number(2)?,
                noted_by: row.owned(3)?,
                step: row.owned(4)?,
                custodian: row.owned(5)?,
                text: row.owned_or_null(6)?,
            })
        })
    }
}

/// Projects a placement.
pub(crate) fn placed(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    placed: &HoldPlaced,
) -> duckdb::Result<()> {
    transaction.execute(
        "INSERT INTO hold VALUES (?, ?, ?, ?, ?, ?, ?, ?::TIMESTAMPTZ, ?, ?)",
        params![
            placed.hold,
            entry.seq,
            placed.matter,
            placed.zone,
            placed.digest,
            placed.silent,
            canonical_json(&placed.document),
            entry.at,
            entry.actor,
            placed.narrows
        ],
    )?;
    Ok(())
}

/// Projects that a hold was evaluated over all that there was; parts of an evaluation leave nothing but their files.
pub(crate) fn applied(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    applied: &HoldApplied,
) -> duckdb::Result<()> {
    let Some(through) = applied.detail.through else {
        return Ok(());
    };
    for hold in &applied.detail.holds {
        transaction.execute(
            "INSERT INTO hold_application VALUES (?, ?, ?::TIMESTAMPTZ, ?)",
            params![hold, entry.seq, entry.at, through],
        )?;
    }
    Ok(())
}

/// Projects a release. The first one of a hold counts.
pub(crate) fn released(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    released: &HoldReleased,
) -> duckdb::Result<()> {
    transaction.execute(
        "INSERT INTO hold_release SELECT ?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?, ?::TIMESTAMPTZ, ?
         WHERE NOT EXISTS (SELECT 1 FROM hold_release WHERE hold = ?)",
        params![
            released.hold,
            entry.seq,
            entry.at,
            entry.actor,
            released.reason,
            released.confirmed_by.join(" "),
            released.solo,
            released.grace_until,
            released.narrowed_to,
            released.hold
        ],
    )?;
    Ok(())
}

/// Projects a step with custodians.
pub(crate) fn noted(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    notice: &HoldNotice,
) -> duckdb::Result<()> {
    for custodian in &notice.custodians {
        transaction.execute(
            "INSERT INTO hold_notice VALUES (?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?)",
            params![
                notice.hold,
                entry.seq,
                entry.at,
                entry.actor,
                notice.step,
                custodian,
                notice.text
            ],
        )?;
    }
    Ok(())
}
