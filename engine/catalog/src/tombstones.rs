//! What is left of one message that was destroyed.

use lexhold_model::Key;

use crate::error::Result;
use crate::open::Catalog;
use crate::rows::{collect, sql_text};

/// A version of a message that was destroyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TombstoneRow {
    /// Its id in reports.
    pub message_id: String,
    /// Which version it was.
    pub version: i32,
    /// The plan by which it went.
    pub plan: String,
    /// The schedules that decided its dates.
    pub schedules: Vec<String>,
    /// What its dates counted from.
    pub triggers: Vec<String>,
    /// When it could go.
    pub eligible_from: String,
    /// The journal entry that said beforehand that it goes.
    pub seq: u64,
    /// When it was destroyed, in microseconds since 1970 in UTC.
    pub destroyed_at: i64,
    /// Who destroyed it.
    pub destroyed_by: String,
    /// Whether the plan has been certified.
    pub certified: bool,
}

impl Catalog {
    /// The families of messages that were destroyed and have come in again.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn returned(&self) -> Result<Vec<Key>> {
        let sql = "SELECT DISTINCT family FROM tombstone SEMI JOIN message USING (family) ORDER BY family";
        collect(self.connection(), sql, "reading tombstones", |row| row.key(0))
    }

    /// The tombstones of a message, by its id or by the last part of it, as long as that is of one message.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn tombstones_of(&self, id: &str) -> Result<Vec<TombstoneRow>> {
        let id = sql_text(id);
        let sql = format!(
            "SELECT message_id, version, plan, schedules, triggers, eligible_from, intent_seq, epoch_us(destroyed_at), executor,
                    plan IN (SELECT plan FROM disposal_certificate)
             FROM tombstone WHERE message_id = {id} OR suffix(message_id, '/' || {id}) ORDER BY intent_seq, version"
        );
        let mut rows = collect(self.connection(), &sql, "reading tombstones", |row| {
            Ok(TombstoneRow {
                message_id: row.owned(0)?,
                version: row.int(1)?,
                plan: row.owned(2)?,
                schedules: row.texts(3)?,
                triggers: row.texts(4)?,
                eligible_from: row.owned(5)?,
                seq: row.count(6)?,
                destroyed_at: row.number(7)?,
                destroyed_by: row.owned(8)?,
                certified: row.flag(9)?,
            })
        })?;
        if rows.iter().any(|row| row.message_id != rows[0].message_id) {
            rows.clear();
        }
        Ok(rows)
    }
}
