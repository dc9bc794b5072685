//! What was read of each source and what became of it, and the numbers that are missing between messages.

use std::collections::HashMap;

use duckdb::{Transaction, params};
use lexhold_model::Key;

use crate::error::Result;
use crate::open::Catalog;
use crate::payload::{BatchDetail, Tally};
use crate::rows::{Row, collect, decimal};

/// What was read of one part of an input on one platform and day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// The input's digest.
    pub digest: String,
    /// The name under which the input was first read.
    pub path: String,
    /// What it is, such as `slack (zip)`; empty where it could not be opened.
    pub format: String,
    /// Whether it was read to its end.
    pub complete: bool,
    /// The part, the platform, the day, and the counts.
    pub tally: Tally,
}

/// Numbers of a conversation that no message has, between two that messages have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapRow {
    /// The platform.
    pub platform: String,
    /// A hash of platform and name, see [`Catalog::conversations_by_key`].
    pub conversation: Key,
    /// The number before the gap.
    pub after: u64,
    /// The day of the message that has it.
    pub after_day: Option<String>,
    /// The number behind the gap.
    pub before: u64,
    /// The day of the message that has it.
    pub before_day: Option<String>,
}

impl GapRow {
    /// How many numbers are missing.
    pub fn missing(&self) -> u64 {
        self.before - self.after - 1
    }

    /// The hash of a conversation's platform and name.
    pub fn key(platform: &str, conversation: &str) -> Key {
        Key::of(
            "lexhold numbered conversation 1",
            [platform.as_bytes(), conversation.as_bytes()],
        )
    }
}

impl Catalog {
    /// What was read of each source, by path, part, day and platform.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn sources(&self) -> Result<Vec<SourceRow>> {
        // An input of which nothing was counted, because it could not be opened, has a row too.
        let sql = "SELECT f.digest, f.path, f.format, f.complete, coalesce(t.part, ''), t.platform, t.sent_day,
                          coalesce(sum(t.n_read), 0)::BIGINT, coalesce(sum(t.n_written), 0)::BIGINT,
                          coalesce(sum(t.n_duplicate), 0)::BIGINT, coalesce(sum(t.n_destroyed_before), 0)::BIGINT,
                          coalesce(sum(t.n_unreadable), 0)::BIGINT, coalesce(sum(t.n_system), 0)::BIGINT
                   FROM (SELECT digest, arg_min(path, seq) AS path, max(format) AS format, bool_or(complete) AS complete
                         FROM batch_input GROUP BY digest) f
                   LEFT JOIN (SELECT digest, source_tally.* FROM source_tally JOIN batch_input USING (seq)) t USING (digest)
                   GROUP BY ALL
                   ORDER BY f.path, f.digest, 5, t.sent_day NULLS FIRST, t.platform NULLS FIRST";
        collect(self.connection(), sql, "reading what was read", source_row)
    }

    /// The numbers that are missing in conversations whose messages the platform numbers, by platform, conversation and number.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn sequence_gaps(&self) -> Result<Vec<GapRow>> {
        let sql = "SELECT platform, conversation, after, after_day, first_number, sent_day FROM (
                       SELECT platform, conversation, first_number, sent_day,
                              max(last_number) OVER earlier AS after,
                              arg_max(sent_day, last_number) OVER earlier AS after_day
                       FROM (SELECT DISTINCT * EXCLUDE seq FROM sequence_range)
                       WINDOW earlier AS (PARTITION BY platform, conversation
                                          ORDER BY first_number, last_number, sent_day NULLS FIRST
                                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
                   WHERE first_number > after + 1
                   ORDER BY platform, conversation, after";
        collect(self.connection(), sql, "looking for missing numbers", |row| {
            Ok(GapRow {
                platform: row.owned(0)?,
                conversation: row.key(1)?,
                after: row.count(2)?,
                after_day: row.owned_or_null(3)?,
                before: row.count(4)?,
                before_day: row.owned_or_null(5)?,
            })
        })
    }

    /// The names of conversations by [`GapRow::key`]. With `only_kept`, those alone of which there is a message that was never
    /// destroyed: one that came back may be here for a reason that not everybody may know.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn conversations_by_key(&self, only_kept: bool) -> Result<HashMap<Key, String>> {
        let kept = if only_kept {
            "ANTI JOIN tombstone USING (family)"
        } else {
            ""
        };
        let sql = format!("SELECT DISTINCT platform, conversation FROM message {kept}");
        let rows = collect(self.connection(), &sql, "reading conversations", |row| {
            let name = row.owned(1)?;
            Ok((GapRow::key(row.text(0)?, &name), name))
        })?;
        Ok(rows.into_iter().collect())
    }
}

fn source_row(row: Row<'_>) -> Result<SourceRow> {
    Ok(SourceRow {
        digest: row.owned(0)?,
        path: row.owned(1)?,
        format: row.owned(2)?,
        complete: row.flag(3)?,
        tally: Tally {
            part: row.owned(4)?,
            platform: row.owned_or_null(5)?,
            day: row.owned_or_null(6)?,
            read: row.count(7)?,
            written: row.count(8)?,
            duplicate: row.count(9)?,
            destroyed_before: row.count(10)?,
            unreadable: row.count(11)?,
            system: row.count(12)?,
        },
    })
}

/// Adds what a batch was made of.
pub(crate) fn apply(transaction: &Transaction<'_>, seq: u64, detail: &BatchDetail) -> duckdb::Result<()> {
    let mut rows = transaction.appender("source_tally")?;
    for tally in detail.inputs.iter().flat_map(|input| &input.tallies) {
        rows.append_row(params![
            seq,
            tally.part,
            tally.platform,
            tally.day,
            tally.read,
            tally.written,
            tally.duplicate,
            tally.destroyed_before,
            tally.unreadable,
            tally.system
        ])?;
    }
    rows.flush()?;
    if detail.sequences.is_empty() {
        return Ok(());
    }
    let mut rows = transaction.appender("sequence_range")?;
    for range in &detail.sequences {
        rows.append_row(params![
            seq,
            range.platform,
            decimal(range.conversation),
            range.day,
            range.first,
            range.last
        ])?;
    }
    rows.flush()
}
