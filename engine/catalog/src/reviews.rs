//! What people decided on alerts, samples, messages and periods, and who looked at what.

use duckdb::{Transaction, params};
use jiff::Timestamp;
use lexhold_model::Key;

use crate::error::{CatalogError, Result};
use crate::open::Catalog;
use crate::payload::{JournalEntry, Review};
use crate::rows::{Row, collect, decimal, each_row, sql_key};

/// One decision about one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewRow {
    /// Its id: the number of the journal's entry, and which of its items it is, from 1.
    pub review_id: String,
    /// The journal entry.
    pub seq: u64,
    /// When, in microseconds since 1970 in UTC.
    pub reviewed_at: i64,
    /// The operator who decided.
    pub reviewer: String,
    /// Who that is in the directory.
    pub person: Option<String>,
    /// The operator who stays responsible, where the reviewer acted for another.
    pub on_behalf_of: Option<String>,
    /// `alert`, `sample`, `message` or `period`.
    pub object: String,
    /// Its id.
    pub object_id: String,
    /// What was done.
    pub action: String,
    /// To whom it was assigned or escalated.
    pub assigned_to: Option<String>,
    /// Until when it was set aside, in microseconds since 1970 in UTC.
    pub until: Option<i64>,
    /// What was found.
    pub decision: Option<String>,
    /// Whether it is a significant regulatory issue.
    pub significant: bool,
    /// What was done about it.
    pub action_taken: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When it was due, in microseconds since 1970 in UTC.
    pub due_at: Option<i64>,
    /// Who approved it beside the reviewer.
    pub approved_by: Option<String>,
    /// The delegation it rests on.
    pub delegation: Option<String>,
    /// The exceptions it rests on.
    pub exceptions: Vec<String>,
    /// Whether one person governed alone.
    pub solo: bool,
    /// The messages that it had then, with their ids in reports.
    pub members: Vec<(Key, String)>,
}

/// Where a message counts in a report on supervision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The day it was sent, else captured: `2026-10-31`, in UTC.
    pub day: String,
    /// Its platform.
    pub platform: String,
    /// Its channel, else its platform.
    pub channel: String,
    /// Who sent it.
    pub sender: String,
}

/// How much was sent in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Where.
    pub place: Place,
    /// Messages.
    pub n_messages: u64,
    /// Hits in them that nothing excludes.
    pub n_hits: u64,
    /// Messages drawn for a sample.
    pub n_drawn: u64,
    /// Messages that somebody decided on, by themselves or in an alert.
    pub n_reviewed: u64,
}

/// Who took part in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participants {
    /// The message.
    pub key: Key,
    /// Its id in reports.
    pub message_id: String,
    /// Its platform.
    pub platform: String,
    /// When it was sent, in microseconds since 1970 in UTC.
    pub sent_at: Option<i64>,
    /// The facts that it was evaluated with, as canonical JSON.
    pub facts: Option<String>,
    /// Every handle: sender, recipients, members, custodians.
    pub handles: Vec<String>,
}

/// Somebody looked at something under review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewingRow {
    /// The journal entry.
    pub seq: u64,
    /// When, in microseconds since 1970 in UTC.
    pub viewed_at: i64,
    /// Who.
    pub viewer: String,
    /// `alert`, `sample` or `message`.
    pub object: String,
    /// Its id.
    pub object_id: String,
    /// How much text was shown.
    pub content: String,
}

/// The rows that a journal entry comes to, whether or not the catalog has it yet.
pub fn review_rows(seq: u64, at: Timestamp, actor: &str, review: &Review) -> Vec<ReviewRow> {
    let micros = |text: &Option<String>| text.as_deref()?.parse().ok().map(Timestamp::as_microsecond);
    let row = |(number, item): (usize, &crate::payload::ReviewItem)| ReviewRow {
        review_id: format!("{seq}.{number}"),
        seq,
        reviewed_at: at.as_microsecond(),
        reviewer: actor.to_owned(),
        person: review.person.clone(),
        on_behalf_of: review.on_behalf_of.clone(),
        object: item.object.clone(),
        object_id: item.object_id.clone(),
        action: review.action.clone(),
        assigned_to: review.to.clone(),
        until: micros(&review.until),
        decision: review.decision.clone(),
        significant: review.significant,
        action_taken: review.action_taken.clone(),
        reason: review.reason.clone(),
        due_at: micros(&item.due_at),
        approved_by: review.approved_by.clone(),
        delegation: review.delegation.as_ref().map(|mandate| mandate.name.clone()),
        exceptions: review.exceptions.iter().map(|mandate| mandate.name.clone()).collect(),
        solo: review.solo,
        members: item
            .members
            .iter()
            .copied()
            .zip(item.message_ids.iter().cloned())
            .collect(),
    };
    (1..).zip(&review.items).map(row).collect()
}

/// Adds the rows of one entry.
pub(crate) fn apply(transaction: &Transaction<'_>, entry: &JournalEntry<'_>, review: &Review) -> duckdb::Result<()> {
    let at = entry.at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut decisions = transaction.prepare(
        "INSERT INTO review VALUES (?, ?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?, ?, ?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?)",
    )?;
    let mut members = transaction.prepare("INSERT INTO review_member VALUES (?, ?, ?, ?::DECIMAL(38,0), ?)")?;
    for (item, row) in (1_i64..).zip(review_rows(entry.seq, at, entry.actor, review)) {
        decisions.execute(params![
            row.review_id,
            row.seq,
            item,
            entry.at,
            row.reviewer,
            row.person,
            row.on_behalf_of,
            row.object,
            row.object_id,
            row.action,
            row.assigned_to,
            row.until.and_then(instant),
            row.decision,
            row.significant,
            row.action_taken,
            row.reason,
            row.due_at.and_then(instant),
            row.approved_by,
            row.delegation,
            row.exceptions.join(","),
            row.solo
        ])?;
        for (ordinal, (key, message_id)) in (0_i64..).zip(&row.members) {
            members.execute(params![entry.seq, item, ordinal, decimal(*key), message_id])?;
        }
    }
    Ok(())
}

fn instant(at: i64) -> Option<String> {
    Timestamp::from_microsecond(at).ok().map(|at| at.to_string())
}

impl Catalog {
    /// Every decision, in the order of the journal.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn reviews(&self) -> Result<Vec<ReviewRow>> {
        let sql = "SELECT r.review_id, r.seq, epoch_us(r.reviewed_at), r.reviewer, r.person, r.on_behalf_of, r.object,
                          r.object_id, r.action, r.assigned_to, epoch_us(r.until), r.decision, r.significant,
                          r.action_taken, r.reason, epoch_us(r.due_at), r.approved_by, r.delegation,
                          CASE r.exceptions WHEN '' THEN [] ELSE string_split(r.exceptions, ',') END, r.solo,
                          m.keys, m.ids
                   FROM review r LEFT JOIN (
                       SELECT seq, item, list(key ORDER BY ordinal) AS keys, list(message_id ORDER BY ordinal) AS ids
                       FROM review_member GROUP BY ALL) m ON m.seq = r.seq AND m.item = r.item
                   ORDER BY r.seq, r.item";
        collect(self.connection(), sql, "reading reviews", review)
    }

    /// Hands over every message that has a hit, with the instant that the run which brought it evaluated for, in
    /// microseconds since 1970 in UTC.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn raised<E: From<CatalogError>>(&self, mut each: impl FnMut(Key, i64) -> Result<(), E>) -> Result<(), E> {
        let sql = "SELECT m.key, epoch_us(r.as_of) FROM message m SEMI JOIN hit USING (key)
                   JOIN batch b ON b.seq = m.seq JOIN run r ON r.run = b.run";
        each_row(self.connection(), sql, "reading when alerts were raised", |row| {
            each(row.key(0)?, row.number(1)?)
        })
    }

    /// Hands over every message that has a hit, with where it counts.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn places<E: From<CatalogError>>(&self, mut each: impl FnMut(Key, Place) -> Result<(), E>) -> Result<(), E> {
        let sql = format!("SELECT {PLACE}, m.key FROM message m SEMI JOIN hit USING (key)");
        each_row(self.connection(), &sql, "reading messages with hits", |row| {
            each(row.key(4)?, place(row)?)
        })
    }

    /// Hands over how much was sent, by day, platform, channel and sender, in this order.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn traffic<E: From<CatalogError>>(&self, mut each: impl FnMut(Traffic) -> Result<(), E>) -> Result<(), E> {
        let sql = format!(
            "WITH hits AS (SELECT key, count(*) AS n FROM hit WHERE excluded_by IS NULL GROUP BY key),
                  done AS (SELECT DISTINCT key, true AS reviewed FROM review_member JOIN review USING (seq, item)
                           WHERE action IN ('close', 'review')),
                  drawn AS (SELECT DISTINCT key, true AS drawn FROM sample_item)
             SELECT {PLACE}, count(*), coalesce(sum(h.n), 0)::BIGINT, count(s.drawn), count(d.reviewed)
             FROM message m LEFT JOIN hits h USING (key) LEFT JOIN done d USING (key) LEFT JOIN drawn s USING (key)
             GROUP BY ALL ORDER BY 1, 2, 3, 4"
        );
        each_row(self.connection(), &sql, "counting what was sent", |row| {
            each(Traffic {
                place: place(row)?,
                n_messages: row.count(4)?,
                n_hits: row.count(5)?,
                n_drawn: row.count(6)?,
                n_reviewed: row.count(7)?,
            })
        })
    }

    /// Who took part in these messages; those that the catalog lacks are left out.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn participants(&self, keys: &[Key]) -> Result<Vec<Participants>> {
        let mut found = Vec::new();
        for some in keys.chunks(KEYS_AT_ONCE) {
            let keys: Vec<String> = some.iter().map(|key| sql_key(*key)).collect();
            let sql = format!(
                "WITH wanted AS (SELECT * FROM message WHERE key IN ({})),
                      who AS (SELECT key, sender AS handle FROM wanted
                              UNION SELECT key, handle FROM recipient SEMI JOIN wanted USING (key)
                              UNION SELECT key, handle FROM custodian SEMI JOIN wanted USING (key))
                 SELECT m.key, m.message_id, m.platform, epoch_us(m.sent_at), any_value(f.facts),
                        list(DISTINCT w.handle ORDER BY w.handle)
                 FROM wanted m JOIN who w USING (key) LEFT JOIN facts f USING (facts_id)
                 GROUP BY ALL ORDER BY m.message_id, m.key",
                keys.join(", ")
            );
            found.extend(collect(self.connection(), &sql, "reading who took part", |row| {
                Ok(Participants {
                    key: row.key(0)?,
                    message_id: row.owned(1)?,
                    platform: row.owned(2)?,
                    sent_at: row.number_or_null(3)?,
                    facts: row.owned_or_null(4)?,
                    handles: row.texts(5)?,
                })
            })?);
        }
        Ok(found)
    }

    /// Every look at something under review, in the order of the journal.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn viewings(&self) -> Result<Vec<ViewingRow>> {
        let sql = "SELECT seq, epoch_us(viewed_at), viewer, object, object_id, content FROM viewing ORDER BY seq";
        collect(self.connection(), sql, "reading who looked at what", |row| {
            Ok(ViewingRow {
                seq: row.count(0)?,
                viewed_at: row.number(1)?,
                viewer: row.owned(2)?,
                object: row.owned(3)?,
                object_id: row.owned(4)?,
                content: row.owned(5)?,
            })
        })
    }
}

/// Keys in one statement.
const KEYS_AT_ONCE: usize = 1_000;

/// The columns of a [`Place`], of the message `m`.
const PLACE: &str =
    "strftime(make_timestamp(epoch_us(coalesce(m.sent_at, m.captured_at))), '%Y-%m-%d') AS day, m.platform,
                     coalesce(m.channel, m.platform) AS channel, m.sender";

fn place(row: Row<'_>) -> Result<Place> {
    Ok(Place {
        day: row.owned(0)?,
        platform: row.owned(1)?,
        channel: row.owned(2)?,
        sender: row.owned(3)?,
    })
}

fn review(row: Row<'_>) -> Result<ReviewRow> {
    Ok(ReviewRow {
        review_id: row.owned(0)?,
        seq: row.count(1)?,
        reviewed_at: row.number(2)?,
        reviewer: row.owned(3)?,
        person: row.owned_or_null(4)?,
        on_behalf_of: row.owned_or_null(5)?,
        object: row.owned(6)?,
        object_id: row.owned(7)?,
        action: row.owned(8)?,
        assigned_to: row.owned_or_null(9)?,
        until: row.number_or_null(10)?,
        decision: row.owned_or_null(11)?,
        significant: row.flag(12)?,
        action_taken: row.owned_or_null(13)?,
        reason: row.owned_or_null(14)?,
        due_at: row.number_or_null(15)?,
        approved_by: row.owned_or_null(16)?,
        delegation: row.owned_or_null(17)?,
        exceptions: row.texts(18)?,
        solo: row.flag(19)?,
        members: row.keys(20)?.into_iter().zip(row.texts(21)?).collect(),
    })
}
