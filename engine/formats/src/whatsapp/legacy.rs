//! The tables of phones up to 2020 or so: `messages` has the addresses of chat and sender in every row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lexhold_model::{Attachment, Message, MessageKind, Part as TextPart, PartKind, SourcePlace, VersionKind};
use lexhold_source::{Notes, Reading, SourceError};

use super::chats::{OWNER, kind_of};
use super::store::of_base64;
use crate::document::Readings;
use crate::format::Part;
use crate::parts;
use crate::sqlite::{Database, Record, Schema, Tables, micros_of_millis};

/// Whether a database has these tables.
pub(super) fn is_legacy(tables: &Tables) -> bool {
    tables.has(
        "messages",
        &[
            "_id",
            "key_remote_jid",
            "key_from_me",
            "key_id",
            "data",
            "timestamp",
            "media_wa_type",
        ],
    )
}

/// The first row of a database is no message, and in no chat.
const NO_CHAT: &str = "-1";
/// Pictures of pictures, and bytes that only WhatsApp understands.
const PASSED_BY: [&str; 3] = ["_id", "thumb_image", "raw_data"];
/// The state of rows that WhatsApp itself wrote.
const BY_WHATSAPP: i64 = 6;

pub(super) struct Rows {
    subjects: BTreeMap<String, String>,
    members: BTreeMap<String, BTreeSet<String>>,
    part: Arc<Part>,
    /// Id and words of what a message answers, for the page under way.
    quoted: BTreeMap<i64, (Option<String>, Option<String>)>,
}

impl Rows {
    pub(super) fn read(part: Arc<Part>, database: &Database) -> Result<Self, SourceError> {
        let mut subjects = BTreeMap::new();
        database.each("chat_list", &["key_remote_jid", "subject"], |mut record| {
            subjects.extend(record.text("key_remote_jid").zip(record.text("subject")));
        })?;
        let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        database.each("group_participants", &["gjid", "jid"], |mut record| {
            // The owner has no address here.
            if let Some((group, member)) = record.text("gjid").zip(record.text("jid")) {
                members.entry(group).or_default().insert(member);
            }
        })?;
        Ok(Self {
            subjects,
            members,
            part,
            quoted: BTreeMap::new(),
        })
    }

    fn message(&mut self, number: i64, mut record: Record<'_>) -> Result<Option<Reading>, String> {
        let chat = record.text("key_remote_jid").ok_or("it is in no chat")?;
        if chat == NO_CHAT {
            return Ok(None);
        }
        let id = record.text("key_id").ok_or("`key_id` is missing")?;
        let resource = record.text("remote_resource");
        let kind = kind_of(&chat);
        let sender = match (record.is("key_from_me"), resource) {
            (true, _) => OWNER.to_owned(),
            (false, Some(sender)) => sender,
            (false, None) => chat.clone(),
        };
        let mut members = self.members.get(&chat).cloned().unwrap_or_default();
        if members.is_empty() && kind == lexhold_model::ConversationKind::Direct {
            members.insert(chat.clone());
        }
        members.insert(OWNER.to_owned());
        let row_type = record.text("media_wa_type").and_then(|text| text.parse::<i64>().ok());
        let by_whatsapp = record.whole("status") == Some(BY_WHATSAPP);
        let mut message = Message {
            platform: "whatsapp".into(),
            id: Some(id),
            channel: self.subjects.get(&chat).cloned(),
            conversation: chat,
            conversation_kind: kind,
            kind: match row_type {
                Some(8 | 10) => MessageKind::Call,
                _ if by_whatsapp => MessageKind::System,
                _ => MessageKind::Message,
            },
            sent_at: record.whole("timestamp").and_then(micros_of_millis),
            recipients: parts::others(&members, &sender),
            attachments: self.attachments(&mut record),
            sender,
            ..Message::default()
        };
        if row_type == Some(15) {
            (message.version, message.version_kind) = (1, VersionKind::Delete);
        }
        message
            .metadata
            .extend(row_type.map(|row_type| ("media_wa_type".to_owned(), row_type.to_string())));
        let mut text = record
            .text("data")
            .or_else(|| record.text("media_caption"))
            .unwrap_or_default();
        if record.is("forwarded") && !text.is_empty() {
            message.parts.push(TextPart {
                kind: PartKind::Forwarded,
                start: 0,
                end: text.len() as u64,
            });
        }
        let (target, words) = self.quoted.remove(&number).unwrap_or_default();
        message.reply_to = target;
        parts::add(
            &mut message,
            &mut text,
            &words.unwrap_or_default(),
            Some(PartKind::Quoted),
        );
        message.text = Some(text).filter(|text| !text.is_empty());
        message.undecodable = record.mended;
        PASSED_BY.iter().for_each(|name| record.drop(name));
        message.metadata.extend(record.into_metadata());
        let mut notes = Notes::new();
        if message.sent_at.is_none() {
            notes.push((
                "sent_at",
                "`timestamp` is missing or no instant, and the date was left out".to_owned(),
            ));
        }
        Ok(Some(Reading { message, notes }))
    }

    fn attachments(&self, record: &mut Record<'_>) -> Vec<Attachment> {
        let Some(media_type) = record.text("media_mime_type") else {
            return Vec::new();
        };
        let name = record.text("media_name");
        let stated = record.text("media_hash").and_then(|hash| of_base64(&hash));
        let (bytes, sha256) = name
            .as_deref()
            .map_or((None, None), |name| parts::bytes_of(&self.part, name));
        let size = record.some("media_size").and_then(|size| u64::try_from(size).ok());
        vec![Attachment {
            name,
            media_type: Some(media_type),
            bytes: bytes.or(size),
            sha256: sha256.or(stated),
        }]
    }
}

impl Schema for Rows {
    fn tables(&self) -> &'static [&'static str] {
        &["messages"]
    }

    fn page(&mut self, database: &Database, _table: &str, range: (i64, i64)) -> Result<(), SourceError> {
        self.quoted.clear();
        let quotes = database.tables.has("messages_quotes", &["_id", "key_id", "data"]);
        if !quotes || !database.tables.has("messages", &["quoted_row_id"]) {
            return Ok(());
        }
        let sql = "SELECT messages._id AS number, messages_quotes.key_id AS id, messages_quotes.data AS words FROM messages \
                   JOIN messages_quotes ON messages_quotes._id = quoted_row_id WHERE messages._id BETWEEN ?1 AND ?2 ORDER BY 1";
        database.between(sql, range, |mut record| {
            if let Some(number) = record.whole("number") {
                self.quoted.insert(number, (record.text("id"), record.text("words")));
            }
        })
    }

    fn read(&mut self, _table: &str, number: i64, record: Record<'_>, place: SourcePlace) -> Readings {
        let reading = self.message(number, record).transpose();
        let placed = reading.map(|reading| {
            reading.map(|mut reading| {
                reading.message.source = place;
                reading
            })
        });
        placed.into_iter().collect()
    }
}
