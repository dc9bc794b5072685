//! Samples: what was committed to, what was drawn, and the messages that could be.

use duckdb::{Transaction, params};
use lexhold_model::Key;

use crate::error::{CatalogError, Result};
use crate::open::Catalog;
use crate::payload::{JournalEntry, SampleDrawn};
use crate::rows::{collect, decimal, each_row, sql_text};

/// A period of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleRow {
    /// The sample.
    pub sample: String,
    /// The period.
    pub period: String,
    /// When it was committed to, in microseconds since 1970 in UTC.
    pub committed_at: i64,
    /// Its first instant.
    pub begins_at: i64,
    /// The first instant behind it.
    pub ends_at: i64,
    /// What was committed to.
    pub commitment: String,
    /// Rates and strata, as canonical JSON.
    pub plan: String,
    /// When it was drawn last.
    pub drawn_at: Option<i64>,
    /// Who drew it last.
    pub drawn_by: Option<String>,
    /// Population, rate and size of each draw and stratum then, as canonical JSON.
    pub tallies: Option<String>,
}

/// A message that was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleItemRow {
    /// The message.
    pub key: Key,
    /// Its id in reports.
    pub message_id: String,
    /// The draw.
    pub of: String,
    /// What it is grouped by.
    pub strata: Vec<String>,
    /// Its hash under the period's key.
    pub hash: String,
    /// Whether somebody recorded a review of it for this sample.
    pub reviewed: bool,
}

/// A message that could be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampled {
    /// The message.
    pub key: Key,
    /// Its id in reports.
    pub message_id: String,
    /// Its platform.
    pub platform: String,
    /// Who sent it.
    pub sender: String,
    /// Its channel, else its conversation.
    pub channel: String,
    /// When it was sent, else captured, in microseconds since 1970 in UTC.
    pub at: i64,
    /// The rules that raise alerts and hit it, excluded or not, and their documents.
    pub rules: Vec<String>,
}

/// What separates strata in a column: no name holds a line break.
const BETWEEN: &str = "\n";

pub(crate) fn apply(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    drawn: &SampleDrawn,
) -> duckdb::Result<()> {
    transaction.execute(
        "INSERT INTO sample_draw VALUES (?, ?, ?, ?::TIMESTAMPTZ, ?, ?)",
        params![
            drawn.sample,
            drawn.period,
            entry.seq,
            entry.at,
            entry.actor,
            lexhold_model::canonical_json(&drawn.tallies)
        ],
    )?;
    let mut items = transaction.prepare("INSERT INTO sample_item VALUES (?, ?, ?, ?::DECIMAL(38,0), ?, ?, ?, ?)")?;
    for item in &drawn.items {
        items.execute(params![
            drawn.sample,
            drawn.period,
            entry.seq,
            decimal(item.key),
            item.message_id,
            item.strata.join(BETWEEN),
            item.of,
            item.hash.to_string()
        ])?;
    }
    Ok(())
}

impl Catalog {
    /// Every period of every sample, by sample and begin.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn samples(&self) -> Result<Vec<SampleRow>> {
        let sql = "SELECT c.sample, c.period, epoch_us(c.committed_at), epoch_us(c.begins_at), epoch_us(c.ends_at),
                          c.commitment, c.plan, epoch_us(d.drawn_at), d.drawn_by, d.tallies
                   FROM sample_commitment c LEFT JOIN (
                       SELECT sample, period, max(drawn_at) AS drawn_at, arg_max(drawn_by, seq) AS drawn_by,
                              arg_max(tallies, seq) AS tallies
                       FROM sample_draw GROUP BY ALL) d USING (sample, period)
                   ORDER BY c.sample, c.begins_at, c.seq";
        collect(self.connection(), sql, "reading samples", |row| {
            Ok(SampleRow {
                sample: row.owned(0)?,
                period: row.owned(1)?,
                committed_at: row.number(2)?,
                begins_at: row.number(3)?,
                ends_at: row.number(4)?,
                commitment: row.owned(5)?,
                plan: row.owned(6)?,
                drawn_at: row.number_or_null(7)?,
                drawn_by: row.owned_or_null(8)?,
                tallies: row.owned_or_null(9)?,
            })
        })
    }

    /// The messages drawn for a period, by draw and hash.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn sample_items(&self, sample: &str, period: &str) -> Result<Vec<SampleItemRow>> {
        let sql = format!(
            "SELECT i.key, i.message_id, i.draw, CASE i.stratum WHEN '' THEN [] ELSE string_split(i.stratum, {}) END, i.hash,
                    EXISTS (SELECT 1 FROM review r WHERE r.object = 'sample' AND r.action = 'review'
                            AND r.object_id = i.sample || '/' || i.message_id)
             FROM sample_item i WHERE i.sample = {} AND i.period = {} ORDER BY i.draw, i.hash, i.key",
            sql_text(BETWEEN),
            sql_text(sample),
            sql_text(period)
        );
        collect(self.connection(), &sql, "reading a sample", |row| {
            Ok(SampleItemRow {
                key: row.key(0)?,
                message_id: row.owned(1)?,
                of: row.owned(2)?,
                strata: row.texts(3)?,
                hash: row.owned(4)?,
                reviewed: row.flag(5)?,
            })
        })
    }

    /// Hands over the messages of a period, from its first instant until before its end (microseconds since 1970).
    ///
    /// A message without a date counts when it was captured.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn sampled<E: From<CatalogError>>(
        &self,
        (begin, end): (i64, i64),
        mut each: impl FnMut(Sampled) -> Result<(), E>,
    ) -> Result<(), E> {
        let at = "epoch_us(coalesce(m.sent_at, m.captured_at))";
        let sql = format!(
            "WITH named AS (SELECT key, list_concat(list(DISTINCT r.rule), list(DISTINCT r.document)) AS rules
                            FROM hit JOIN rule r USING (rule_id) WHERE r.alerts GROUP BY key)
             SELECT m.key, m.message_id, m.platform, m.sender, coalesce(m.channel, m.conversation), {at},
                    coalesce(n.rules, [])
             FROM message m LEFT JOIN named n USING (key) WHERE {at} >= {begin} AND {at} < {end}"
        );
        each_row(self.connection(), &sql, "reading the messages of a period", |row| {
            each(Sampled {
                key: row.key(0)?,
                message_id: row.owned(1)?,
                platform: row.owned(2)?,
                sender: row.owned(3)?,
                channel: row.owned(4)?,
                at: row.number(5)?,
                rules: row.texts(6)?,
            })
        })
    }
}
