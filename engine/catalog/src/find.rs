//! One message: finding it by what a person has of its id, and everything that was recorded of it.

use std::collections::HashMap;

use lexhold_model::Key;

use crate::error::Result;
use crate::open::Catalog;
use crate::rows::{Row, collect, sql_key, sql_text};

/// What an id that a person typed stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundMessage {
    /// One message, in all its versions, oldest first.
    One(Vec<Header>),
    /// Several messages whose ids hold it: the first of them.
    Several(Vec<String>),
    /// None.
    None,
}

/// Every field of a message that is not body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a message, documented where the message is")]
pub struct Header {
    pub key: Key,
    pub family: Key,
    pub message_id: String,
    pub native_id: Option<String>,
    pub platform: String,
    pub conversation: String,
    pub conversation_kind: String,
    pub channel: Option<String>,
    pub kind: String,
    pub sent_at: Option<i64>,
    pub captured_at: i64,
    pub sent_precision: Option<String>,
    pub sender: String,
    pub reply_to: Option<String>,
    pub version: i32,
    pub version_kind: String,
    pub content_hash: Key,
    pub direction: String,
    pub text_bytes: i64,
    pub attachments: i64,
    pub business: Option<bool>,
    pub undecodable: bool,
    pub trigger_suspect: bool,
    pub scan_incomplete: bool,
    pub source_file: String,
    pub source_offset: i64,
    pub facts_id: Key,
    pub run: String,
}

/// What was recorded beside a message's own fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Recipients: handle and role.
    pub recipients: Vec<(String, String)>,
    /// Whose mailbox or export it came from.
    pub custodians: Vec<String>,
    /// Every place it was read: file and line, record or row.
    pub sources: Vec<(String, i64)>,
    /// The facts it was evaluated with, as canonical JSON.
    pub facts: Option<String>,
    /// What went wrong: code, subject, detail.
    pub diagnostics: Vec<(String, String, String)>,
    /// The ranges of its text that are not simply authored.
    pub parts: Vec<PartRow>,
}

/// A range of a text that is not simply authored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRow {
    /// The first byte in the stored text.
    pub start: i64,
    /// One past the last byte.
    pub end: i64,
    /// `quoted`, `forwarded`, `signature`, `disclaimer`.
    pub kind: String,
    /// Why it is taken for that.
    pub reason: String,
}

/// How many ids are offered when several messages fit.
const OFFERED: usize = 20;

impl Catalog {
    /// Finds a message by its id, else by the platform's own id, else by any part of its id.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn find_message(&self, id: &str) -> Result<FoundMessage> {
        let id = sql_text(id);
        let named = self.headers(&format!("message_id = {id}"))?;
        if !named.is_empty() {
            return Ok(FoundMessage::One(named));
        }
        for fits in [format!("native_id = {id}"), format!("contains(message_id, {id})")] {
            let mut ids = self.ids(&fits)?;
            match ids.len() {
                0 => {}
                1 => {
                    return Ok(FoundMessage::One(
                        self.headers(&format!("message_id = {}", sql_text(&ids.remove(0))))?,
                    ));
                }
                _ => return Ok(FoundMessage::Several(ids)),
            }
        }
        Ok(FoundMessage::None)
    }

    /// One version of a message; `None` where the catalog lacks it.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn header(&self, key: Key) -> Result<Option<Header>> {
        Ok(self
            .headers(&format!("message.key = {}", sql_key(key)))?
            .into_iter()
            .next())
    }

    /// What was recorded beside the fields of one version of a message.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn surroundings(&self, header: &Header) -> Result<Surroundings> {
        let (connection, doing) = (self.connection(), "reading a message");
        let key = sql_key(header.key);
        let of = |columns: &str, table: &str| format!("SELECT {columns} FROM {table} WHERE key = {key} ORDER BY ALL");
        let facts = format!(
            "SELECT facts FROM facts WHERE facts_id = {} LIMIT 1",
            sql_key(header.facts_id)
        );
        Ok(Surroundings {
            recipients: collect(connection, &of("handle, role", "recipient"), doing, |row| {
                Ok((row.owned(0)?, row.owned(1)?))
            })?,
            custodians: collect(connection, &of("handle", "custodian"), doing, |row| row.owned(0))?,
            sources: collect(connection, &of("file, source_offset", "source"), doing, |row| {
                Ok((row.owned(0)?, row.number(1)?))
            })?,
            facts: collect(connection, &facts, doing, |row| row.owned(0))?
                .into_iter()
                .next(),
            diagnostics: collect(connection, &of("code, subject, detail", "diagnostic"), doing, |row| {
                Ok((row.owned(0)?, row.owned(1)?, row.owned(2)?))
            })?,
            parts: collect(
                connection,
                &of("span_start, span_end, kind, reason", "part"),
                doing,
                |row| {
                    Ok(PartRow {
                        start: row.number(0)?,
                        end: row.number(1)?,
                        kind: row.owned(2)?,
                        reason: row.owned(3)?,
                    })
                },
            )?,
        })
    }

    /// The custodians of messages that were read in more than one place: the archive has those of the first alone.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn custodians_of_repeated(&self) -> Result<HashMap<Key, Vec<String>>> {
        let sql = "SELECT key, list(handle ORDER BY handle) FROM custodian
                   SEMI JOIN (SELECT key FROM source GROUP BY key HAVING count(*) > 1) USING (key) GROUP BY key";
        let rows = collect(self.connection(), sql, "reading custodians", |row| {
            Ok((row.key(0)?, row.texts(1)?))
        })?;
        Ok(rows.into_iter().collect())
    }

    fn ids(&self, fits: &str) -> Result<Vec<String>> {
        let sql = format!("SELECT DISTINCT message_id FROM message WHERE {fits} ORDER BY message_id LIMIT {OFFERED}");
        collect(self.connection(), &sql, "looking for a message", |row| row.owned(0))
    }

    fn headers(&self, fits: &str) -> Result<Vec<Header>> {
        let sql = format!(
            "SELECT key, family, message_id, native_id, platform, conversation, conversation_kind, channel, kind,
                    epoch_us(sent_at), epoch_us(captured_at), sent_precision, sender, reply_to, version, version_kind,
                    content_hash, direction, text_bytes, attachments, business, undecodable, trigger_suspect,
                    scan_incomplete, source_file, source_offset, facts_id, run
             FROM message JOIN batch USING (seq) WHERE {fits} ORDER BY version, message.seq, key"
        );
        collect(self.connection(), &sql, "reading a message", header)
    }
}

fn header(row: Row<'_>) -> Result<Header> {
    Ok(Header {
        key: row.key(0)?,
        family: row.key(1)?,
        message_id: row.owned(2)?,
        native_id: row.owned_or_null(3)?,
        platform: row.owned(4)?,
        conversation: row.owned(5)?,
        conversation_kind: row.owned(6)?,
        channel: row.owned_or_null(7)?,
        kind: row.owned(8)?,
        sent_at: row.number_or_null(9)?,
        captured_at: row.number(10)?,
        sent_precision: row.owned_or_null(11)?,
        sender: row.owned(12)?,
        reply_to: row.owned_or_null(13)?,
        version: row.int(14)?,
        version_kind: row.owned(15)?,
        content_hash: row.key(16)?,
        direction: row.owned(17)?,
        text_bytes: row.number(18)?,
        attachments: row.number(19)?,
        business: row.flag_or_null(20)?,
        undecodable: row.flag(21)?,
        trigger_suspect: row.flag(22)?,
        scan_incomplete: row.flag(23)?,
        source_file: row.owned(24)?,
        source_offset: row.number(25)?,
        facts_id: row.key(26)?,
        run: row.owned(27)?,
    })
}
