//! What a hold came too late for, and what it came in time for.

use lexhold_model::Key;

use crate::error::Result;
use crate::open::Catalog;
use crate::rows::{collect, sql_key, sql_text};

/// A message that was destroyed, as far as its tombstone tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestroyedRow {
    /// Its id in reports.
    pub message_id: String,
    /// The plan by which it went.
    pub plan: String,
    /// The journal entry that said so beforehand.
    pub seq: u64,
    /// Whether the plan has been certified.
    pub certified: bool,
}

/// A message that a disposal plan names and of which the home still has all that it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedRow {
    /// Its id in reports.
    pub message_id: String,
    /// The plan.
    pub plan: String,
    /// Whether the plan may still be carried out: neither rejected nor certified. What the firm's own archive was told to destroy
    /// by one that is not may be gone there nonetheless, or go.
    pub under_way: bool,
}

/// Tombstones of messages that have not come back, as far as whoever asks may know: of `unseen` families nobody is told that they have.
fn gone(unseen: &[Key]) -> String {
    let unseen: Vec<String> = unseen.iter().map(|family| sql_key(*family)).collect();
    let come_back = match unseen.is_empty() {
        true => String::new(),
        false => format!("WHERE family NOT IN ({})", unseen.join(", ")),
    };
    format!(
        "(SELECT DISTINCT t.message_id, t.plan, t.intent_seq FROM tombstone t ANTI JOIN (FROM message {come_back}) m USING (key))"
    )
}

impl Catalog {
    /// Destroyed messages of these ids and conversations, or all of them, by id. What came back of `unseen` families counts as gone.
    ///
    /// Tombstones tell nothing else: not who took part, and of mail, whose id is its own, not the conversation either.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn destroyed_of(
        &self,
        ids: &[String],
        conversations: &[String],
        all: bool,
        unseen: &[Key],
    ) -> Result<Vec<DestroyedRow>> {
        // An id without platform and conversation is the last part of one that has both.
        let id = |id: &String| {
            let id = sql_text(id);
            format!("message_id = {id} OR (suffix(message_id, '/' || {id}) AND len(split(message_id, '/')) = 3)")
        };
        // Slashes in names are escaped in ids, so that parts are told apart.
        let conversation = |name: &String| {
            let escaped = sql_text(&name.replace('%', "%25").replace('/', "%2F"));
            format!("split_part(message_id, '/', 2) = {escaped}")
        };
        let mut wanted = vec![all.to_string()];
        wanted.extend(ids.iter().map(id));
        wanted.extend(conversations.iter().map(conversation));
        let sql = format!(
            "SELECT g.message_id, g.plan, g.intent_seq, g.plan IN (SELECT plan FROM disposal_certificate)
             FROM {} g WHERE {} ORDER BY ALL",
            gone(unseen),
            wanted.join(" OR ")
        );
        collect(self.connection(), &sql, "reading tombstones", |row| {
            Ok(DestroyedRow {
                message_id: row.owned(0)?,
                plan: row.owned(1)?,
                seq: row.count(2)?,
                certified: row.flag(3)?,
            })
        })
    }

    /// How many messages have been destroyed and have not come back; of `unseen` families none has.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn n_destroyed(&self, unseen: &[Key]) -> Result<u64> {
        let sql = format!("SELECT count(DISTINCT message_id) FROM {}", gone(unseen));
        let counts = collect(self.connection(), &sql, "counting tombstones", |row| row.count(0))?;
        Ok(counts.into_iter().next().unwrap_or_default())
    }

    /// The items of disposal plans that a hold covers and that are not tombstones, by id and plan.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn planned_of(&self, hold: &str) -> Result<Vec<PlannedRow>> {
        let sql = format!(
            "SELECT DISTINCT i.message_id, i.plan,
                    i.plan NOT IN (SELECT plan FROM disposal_rejection UNION ALL SELECT plan FROM disposal_certificate)
             FROM disposal_item i SEMI JOIN (FROM hold_member WHERE hold = {}) h USING (key)
             ANTI JOIN tombstone t ON t.plan = i.plan AND t.key = i.key ORDER BY ALL",
            sql_text(hold)
        );
        collect(self.connection(), &sql, "reading what a hold recalls", |row| {
            Ok(PlannedRow {
                message_id: row.owned(0)?,
                plan: row.owned(1)?,
                under_way: row.flag(2)?,
            })
        })
    }
}
