//! Disposal: plans, what people said of them, and what is left of messages that are gone.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use duckdb::{Transaction, params};
use lexhold_model::{Key, canonical_json};
use serde_json::json;

use crate::error::{CatalogError, ErrorKind, Result};
use crate::membership::decimals;
use crate::open::Catalog;
use crate::payload::{
    Activity, DisposalApproved, DisposalCertified, DisposalDone, DisposalIntent, DisposalProposed, DisposalRejected,
    JournalEntry, Restored,
};
use crate::rows::{Row, collect, decimal, each_row, sql_text};

/// Tables whose rows belong to one message each.
const OF_MESSAGES: [&str; 10] = [
    "message",
    "recipient",
    "custodian",
    "source",
    "hit",
    "part",
    "conversation_event",
    "assignment",
    "hold_member",
    "diagnostic",
];

/// What stands for a conversation once its messages are gone: a hash of platform and name.
const CONVERSATION: &str = "sha256(platform || chr(31) || conversation)";

/// A disposal plan and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// Its name.
    pub plan: String,
    /// The journal entry that proposed it.
    pub seq: u64,
    /// When, in microseconds since 1970 in UTC.
    pub proposed_at: i64,
    /// By whom.
    pub proposed_by: String,
    /// The root of the Merkle tree over its items.
    pub digest: String,
    /// The instant for which its items were eligible, in microseconds since 1970 in UTC.
    pub as_of: i64,
    /// How many items it has.
    pub n_items: u64,
    /// How many under each schedule, as JSON.
    pub by_schedule: String,
    /// How many messages were held back, and why, as JSON.
    pub held_back: String,
    /// Who wrote the schedules, as JSON.
    pub authors: String,
    /// Whether one person governed alone.
    pub solo: bool,
    /// The stages of approval that it has to pass, as JSON.
    pub stages: String,
    /// Why it was rejected, if it was.
    pub rejected: Option<String>,
    /// How many items were sent back.
    pub n_sent_back: u64,
    /// How many messages are gone.
    pub n_destroyed: u64,
    /// The entry of its certificate.
    pub certified: Option<u64>,
    /// The last release of a hold over any of its items, after it was proposed, or the last restore without the newer
    /// journal: approvals before it are void. The release of a silent hold does not show: the grace keeps its items beyond
    /// the life of every approval before it.
    pub voided: Option<u64>,
}

/// An approval of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRow {
    /// The plan.
    pub plan: String,
    /// The journal entry.
    pub seq: u64,
    /// When, in microseconds since 1970 in UTC.
    pub approved_at: i64,
    /// By whom.
    pub approved_by: String,
    /// Whether it is a signature.
    pub signed: bool,
    /// Whether one person governed alone.
    pub solo: bool,
    /// The stage that it approves, from 0.
    pub stage: u64,
}

/// An item of a plan and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    /// Its place in the plan.
    pub item: u64,
    /// The message.
    pub key: Key,
    /// The family of its versions.
    pub family: Key,
    /// Its id in reports.
    pub message_id: String,
    /// Which version it is.
    pub version: i32,
    /// The keyed hash of its content.
    pub content_hash: Key,
    /// The schedules that decided its dates.
    pub schedules: Vec<String>,
    /// What was to happen.
    pub action: String,
    /// What the dates count from.
    pub triggers: Vec<String>,
    /// Its dates.
    pub retain_until: String,
    /// When it could go.
    pub eligible_from: String,
    /// When it was to go.
    pub dispose_at: String,
    /// When it had to go.
    pub must_dispose_by: String,
    /// Why it was sent back, if it was.
    pub sent_back: Option<String>,
    /// The entry that announced its destruction, if it is gone: before any hold that came too late.
    pub intent: Option<u64>,
    /// The entry that said afterwards that it is gone: whoever copied the home before that may have copied it.
    pub done: Option<u64>,
    /// When it was destroyed, in microseconds since 1970 in UTC.
    pub destroyed_at: Option<i64>,
}

pub(crate) fn proposed(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    proposed: &DisposalProposed,
) -> duckdb::Result<()> {
    let plan = &proposed.detail;
    transaction.execute(
        "INSERT INTO disposal VALUES (?, ?, ?::TIMESTAMPTZ, ?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?, ?, ?, ?)",
        params![
            plan.plan,
            entry.seq,
            entry.at,
            entry.actor,
            plan.digest,
            plan.as_of,
            plan.frozen_at,
            plan.items,
            canonical_json(&json!(plan.by_schedule)),
            canonical_json(&json!(plan.held_back)),
            canonical_json(&json!(plan.authors)),
            plan.solo,
            canonical_json(&json!(plan.stages))
        ],
    )?;
    Ok(())
}

pub(crate) fn approved(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    approved: &DisposalApproved,
) -> duckdb::Result<()> {
    transaction.execute(
        "INSERT INTO disposal_approval VALUES (?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?)",
        params![
            approved.plan,
            entry.seq,
            entry.at,
            entry.actor,
            !approved.approvals.is_empty(),
            approved.solo,
            approved.stage
        ],
    )?;
    Ok(())
}

pub(crate) fn rejected(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    rejected: &DisposalRejected,
) -> duckdb::Result<()> {
    if let Some(reason) = &rejected.reason {
        transaction.execute(
            "INSERT INTO disposal_rejection VALUES (?, ?, ?::TIMESTAMPTZ, ?, ?)",
            params![rejected.plan, entry.seq, entry.at, entry.actor, reason],
        )?;
    }
    let mut rows = transaction.appender("disposal_sent_back")?;
    for item in &rejected.items {
        let key = decimal(item.key);
        rows.append_row(params![
            rejected.plan,
            entry.seq,
            entry.actor,
            key,
            item.reason,
            item.until
        ])?;
    }
    rows.flush()
}

pub(crate) fn intended(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    intent: &DisposalIntent,
) -> duckdb::Result<()> {
    let bytes: u64 = intent.files.iter().map(|file| file.old.bytes).sum();
    let seq = intent.amends.unwrap_or(entry.seq);
    match intent.amends {
        // What it names no longer was recalled.
        Some(first) => transaction.execute_batch(&format!("DELETE FROM disposal_step_key WHERE seq = {first}"))?,
        None => drop(transaction.execute(
            "INSERT INTO disposal_step VALUES (?, ?, ?::TIMESTAMPTZ, ?, ?)",
            params![seq, intent.plan, entry.at, entry.actor, bytes],
        )?),
    }
    let mut rows = transaction.appender("disposal_step_key")?;
    rows.append_record_batch(step_keys(seq, &intent.keys)?)?;
    rows.flush()?;
    if intent.amends.is_some() {
        return Ok(());
    }
    let mut rows = transaction.appender("disposal_step_activity")?;
    for one in &intent.detail.activity {
        rows.append_row(params![entry.seq, one.conversation, one.active_at, one.captured_at])?;
    }
    rows.flush()
}

/// The messages of an intent in the columns of their table: as numbers, since DuckDB takes long to read keys from text.
fn step_keys(seq: u64, keys: &[Key]) -> duckdb::Result<RecordBatch> {
    let seqs: ArrayRef = Arc::new(Int64Array::from_value(seq.cast_signed(), keys.len()));
    let rows =
        decimals(keys.iter().copied()).and_then(|keys| RecordBatch::try_from_iter([("seq", seqs), ("key", keys)]));
    rows.map_err(|error| duckdb::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Gives the messages of an intent their tombstones, or forgets an intent that was recalled. What else is on record of them
/// goes with [`forget`].
pub(crate) fn done(transaction: &Transaction<'_>, entry: &JournalEntry<'_>, done: &DisposalDone) -> duckdb::Result<()> {
    let DisposalDone { intent, destroyed } = done;
    if !destroyed {
        return transaction.execute_batch(&format!(
            "DELETE FROM disposal_step_key WHERE seq = {intent};
             DELETE FROM disposal_step_activity WHERE seq = {intent};"
        ));
    }
    transaction.execute(
        "INSERT INTO tombstone
         SELECT i.key, i.family, i.message_id, i.version, i.content_hash, i.plan, i.item, i.schedules, i.action, i.triggers,
                i.retain_until, i.eligible_from, i.dispose_at, i.must_dispose_by, s.executor, s.seq, s.intended_at,
                ?, ?::TIMESTAMPTZ
         FROM disposal_step s JOIN disposal_step_key k USING (seq) JOIN disposal_item i ON i.plan = s.plan AND i.key = k.key
         WHERE s.seq = ?",
        params![entry.seq, entry.at, intent],
    )?;
    Ok(())
}

/// Removes all rows of the messages that these entries say are gone, of many at once since each table is read through once.
/// In a catalog that is built anew they are not there in the first place.
pub(crate) fn forget(transaction: &Transaction<'_>, done: &[u64]) -> duckdb::Result<()> {
    let numbers: Vec<String> = done.iter().map(u64::to_string).collect();
    transaction.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE gone_step AS
             SELECT DISTINCT intent_seq AS seq FROM tombstone WHERE done_seq IN ({});
         CREATE OR REPLACE TEMP TABLE gone AS SELECT key FROM disposal_step_key SEMI JOIN gone_step USING (seq)",
        numbers.join(", ")
    ))?;
    let on_record = "SELECT count(*) FROM message WHERE key IN (SELECT key FROM gone)";
    if transaction.query_row(on_record, [], |row| row.get::<_, i64>(0))? > 0 {
        for table in OF_MESSAGES {
            transaction.execute_batch(&format!("DELETE FROM {table} WHERE key IN (SELECT key FROM gone)"))?;
        }
        // Versions of a message go together, so that nothing of its family is left to unite.
        let families = "(SELECT family FROM united EXCEPT SELECT family FROM message)";
        transaction.execute_batch(&format!(
            "DELETE FROM united_member WHERE family IN {families};
             DELETE FROM united WHERE family IN {families};
             DELETE FROM conversation WHERE conversation_no NOT IN (SELECT conversation_no FROM message)"
        ))?;
    }
    transaction.execute_batch(&format!(
        "UPDATE conversation SET active_at = greatest(conversation.active_at, a.active_at),
                                 captured_at = greatest(conversation.captured_at, a.captured_at)
         FROM (SELECT conversation, max(active_at) AS active_at, max(captured_at) AS captured_at
               FROM disposal_step_activity SEMI JOIN gone_step USING (seq) GROUP BY conversation) a
         WHERE a.conversation = {CONVERSATION}",
        CONVERSATION = "sha256(conversation.platform || chr(31) || conversation.conversation)"
    ))
}

pub(crate) fn certified(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    certified: &DisposalCertified,
) -> duckdb::Result<()> {
    transaction.execute(
        "INSERT INTO disposal_certificate VALUES (?, ?, ?::TIMESTAMPTZ)",
        params![certified.plan, entry.seq, entry.at],
    )?;
    Ok(())
}

/// A backup was brought back: unless all that came after it is known, a plan of before may have been rejected, or a hold
/// placed and released over it.
pub(crate) fn restored(transaction: &Transaction<'_>, seq: u64, restored: Option<Restored>) -> duckdb::Result<()> {
    if !restored.is_some_and(|restored| restored.newer_journal) {
        transaction.execute("INSERT INTO blind_restore VALUES (?)", params![seq])?;
    }
    Ok(())
}

impl Catalog {
    /// Every disposal plan, in the order of the journal.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn plans(&self) -> Result<Vec<PlanRow>> {
        let sql =
            "SELECT d.plan, d.seq, epoch_us(d.proposed_at), d.proposed_by, d.digest, epoch_us(d.as_of), d.n_items,
                          d.by_schedule, d.held_back, d.authors, d.solo, d.stages,
                          (SELECT arg_min(r.reason, r.seq) FROM disposal_rejection r WHERE r.plan = d.plan),
                          (SELECT count(DISTINCT b.key) FROM disposal_sent_back b WHERE b.plan = d.plan),
                          (SELECT count(*) FROM tombstone t WHERE t.plan = d.plan),
                          (SELECT max(c.seq) FROM disposal_certificate c WHERE c.plan = d.plan),
                          greatest(
                          (SELECT max(b.seq) FROM blind_restore b WHERE b.seq > d.seq),
                          (SELECT max(r.seq) FROM hold_release r ANTI JOIN (FROM hold WHERE silent) USING (hold)
                           JOIN hold_member m USING (hold)
                           JOIN disposal_item i ON i.plan = d.plan AND i.family = m.family WHERE r.seq > d.seq))
                   FROM disposal d ORDER BY d.seq";
        collect(self.connection(), sql, "reading disposal plans", |row| {
            let seq = |column| Ok(row.number_or_null(column)?.map(i64::unsigned_abs));
            Ok(PlanRow {
                plan: row.owned(0)?,
                seq: row.count(1)?,
                proposed_at: row.number(2)?,
                proposed_by: row.owned(3)?,
                digest: row.owned(4)?,
                as_of: row.number(5)?,
                n_items: row.count(6)?,
                by_schedule: row.owned(7)?,
                held_back: row.owned(8)?,
                authors: row.owned(9)?,
                solo: row.flag(10)?,
                stages: row.owned(11)?,
                rejected: row.owned_or_null(12)?,
                n_sent_back: row.count(13)?,
                n_destroyed: row.count(14)?,
                certified: seq(15)?,
                voided: seq(16)?,
            })
        })
    }

    /// Every approval of disposal plans, in the order of the journal.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn plan_approvals(&self) -> Result<Vec<ApprovalRow>> {
        let sql = "SELECT plan, seq, epoch_us(approved_at), approved_by, signed, solo, stage FROM disposal_approval ORDER BY seq";
        collect(self.connection(), sql, "reading approvals", |row| {
            Ok(ApprovalRow {
                plan: row.owned(0)?,
                seq: row.count(1)?,
                approved_at: row.number(2)?,
                approved_by: row.owned(3)?,
                signed: row.flag(4)?,
                solo: row.flag(5)?,
                stage: row.count(6)?,
            })
        })
    }

    /// The items of a plan, in its order.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn plan_items(&self, plan: &str) -> Result<Vec<ItemRow>> {
        let plan = sql_text(plan);
        let sql = format!(
            "SELECT i.plan, i.item, i.key, i.family, i.message_id, i.version, i.content_hash, i.schedules, i.action, i.triggers,
                    i.retain_until, i.eligible_from, i.dispose_at, i.must_dispose_by, b.reason, t.intent_seq,
                    t.done_seq, epoch_us(t.destroyed_at)
             FROM disposal_item i
             LEFT JOIN (SELECT plan, key, arg_min(reason, seq) AS reason FROM disposal_sent_back GROUP BY plan, key) b
                 ON b.plan = i.plan AND b.key = i.key
             LEFT JOIN tombstone t ON t.plan = i.plan AND t.key = i.key
             WHERE i.plan = {plan} ORDER BY i.item"
        );
        collect(self.connection(), &sql, "reading the items of a plan", item)
    }

    /// The messages that people want kept beyond an instant although their time is over.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn extended(&self, at_us: i64) -> Result<HashSet<Key>> {
        let sql = format!("SELECT DISTINCT key FROM disposal_sent_back WHERE epoch_us(until) > {at_us}");
        let keys = collect(self.connection(), &sql, "reading extensions", |row| row.key(0))?;
        Ok(keys.into_iter().collect())
    }

    /// The content hashes under which those of these messages were destroyed that are gone and have not come back.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn destroyed(&self, keys: &[Key]) -> Result<HashMap<Key, Key>> {
        self.want(keys)?;
        let sql =
            "SELECT t.key, t.content_hash FROM tombstone t SEMI JOIN wanted USING (key) ANTI JOIN message USING (key)";
        let doing = "looking for tombstones";
        let rows = collect(self.connection(), sql, doing, |row| Ok((row.key(0)?, row.key(1)?)))?;
        Ok(rows.into_iter().collect())
    }

    /// When people last wrote in the conversations of some messages, of each lot by itself.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn activity(&self, lots: &[Vec<Key>]) -> Result<Vec<Vec<Activity>>> {
        let doing = "reading conversations";
        let all: Vec<Key> = lots.iter().flatten().copied().collect();
        let numbers = (0..)
            .zip(lots)
            .flat_map(|(number, lot)| lot.iter().map(move |_| number));
        self.connection_batch("CREATE OR REPLACE TEMP TABLE lot (lot INTEGER, key DECIMAL(38,0))")?;
        let keys = decimals(all.iter().copied())
            .map_err(|error| CatalogError::new(ErrorKind::Statement, doing).because(error))?;
        self.append(
            "lot",
            vec![("lot", Arc::new(Int32Array::from_iter_values(numbers))), ("key", keys)],
        )?;
        let sql = format!(
            "SELECT l.lot::BIGINT, {CONVERSATION} AS hash, active_at, captured_at
             FROM (SELECT DISTINCT l.lot, m.conversation_no FROM message m JOIN lot l USING (key)) l
             JOIN conversation USING (conversation_no) ORDER BY l.lot, hash"
        );
        let mut found = vec![Vec::new(); lots.len()];
        each_row::<CatalogError>(self.connection(), &sql, doing, |row| {
            if let Some(lot) = found.get_mut(usize::try_from(row.number(0)?).unwrap_or(usize::MAX)) {
                lot.push(Activity {
                    conversation: row.owned(1)?,
                    active_at: row.number_or_null(2)?,
                    captured_at: row.number(3)?,
                });
            }
            Ok(())
        })?;
        Ok(found)
    }
}

fn item(row: Row<'_>) -> Result<ItemRow> {
    Ok(ItemRow {
        item: row.count(1)?,
        key: row.key(2)?,
        family: row.key(3)?,
        message_id: row.owned(4)?,
        version: row.int(5)?,
        content_hash: row.key(6)?,
        schedules: row.texts(7)?,
        action: row.owned(8)?,
        triggers: row.texts(9)?,
        retain_until: row.owned(10)?,
        eligible_from: row.owned(11)?,
        dispose_at: row.owned(12)?,
        must_dispose_by: row.owned(13)?,
        sent_back: row.owned_or_null(14)?,
        intent: row.number_or_null(15)?.map(i64::unsigned_abs),
        done: row.number_or_null(16)?.map(i64::unsigned_abs),
        destroyed_at: row.number_or_null(17)?,
    })
}
