//! WhatsApp on Android: `msgstore.db`, decrypted. `message` has a row a message, other tables say more of the same rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lexhold_model::{
    Attachment, ConversationKind, Message, MessageKind, Part as TextPart, PartKind, SourcePlace, VersionKind,
};
use lexhold_source::{Notes, Reading, SourceError, show_instant};

use super::chats::{Chats, OWNER};
use super::legacy;
use crate::document::Readings;
use crate::format::{About, Format, Messages, Part};
use crate::parts;
use crate::sqlite::{Database, Record, Schema, Tables, Walk, micros_of_millis};

pub(crate) struct WhatsAppStore;

static ABOUT: About = About {
    name: "whatsapp-android",
    title: "WhatsApp on Android, msgstore.db decrypted",
    input: "db, folder, zip",
    preserves: &[
        "conversations",
        "members",
        "replies",
        "quotes",
        "forwards",
        "deletions",
        "reactions",
        "media",
        "calls",
        "system",
    ],
    lacks: &[
        "text before an edit",
        "deleted texts",
        "past members",
        "the owner's number",
    ],
    page: include_str!("../../pages/whatsapp-android.md"),
};

impl Format for WhatsAppStore {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_database(&self, tables: &Tables) -> bool {
        is_modern(tables) || legacy::is_legacy(tables)
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let database = Database::open(&part.tree, part.entries[0], part.options.chunks.line_bytes)?;
        let folder = Arc::new(Part {
            tree: part.tree.clone(),
            root: part.root.clone(),
            entries: Vec::new(),
            options: part.options.clone(),
        });
        if !is_modern(&database.tables) {
            let rows = legacy::Rows::read(folder, &database)?;
            return Ok(Box::new(Walk::new(part, database, rows)));
        }
        let rows = Rows {
            chats: Chats::read(&database)?,
            part: folder,
            around: BTreeMap::new(),
        };
        Ok(Box::new(Walk::new(part, database, rows)))
    }
}

fn is_modern(tables: &Tables) -> bool {
    tables.has(
        "message",
        &[
            "_id",
            "chat_row_id",
            "from_me",
            "key_id",
            "sender_jid_row_id",
            "text_data",
        ],
    ) && tables.has("chat", &["_id", "jid_row_id"])
        && tables.has("jid", &["_id", "raw_string"])
}

/// Pictures of pictures and the like, which say nothing that the message does not.
const PASSED_BY: [&str; 4] = [
    "message_thumbnail",
    "message_thumbnails",
    "message_streaming_sidecar",
    "message_secret",
];

/// Where else words stand, of messages without a text of their own.
const WORDS: [&str; 12] = [
    "message_media.media_caption",
    "message_product.title",
    "message_product.description",
    "message_order.order_title",
    "message_order.message",
    "message_location.place_name",
    "message_location.place_address",
    "message_ui_elements.description",
    "message_ui_elements.footer_text",
    "message_ui_elements.element_content",
    "message_poll_option.option_name",
    "message_vcard.vcard",
];

/// The chats of a database, and what was gathered for the page under way.
struct Rows {
    chats: Chats,
    part: Arc<Part>,
    around: BTreeMap<i64, Around>,
}

/// What other tables say of a message, under the names of table and column.
#[derive(Default)]
struct Around {
    facts: BTreeMap<String, String>,
    /// The message that a reaction is about.
    target: Option<Target>,
}

struct Target {
    id: String,
    chat: i64,
}

impl Around {
    fn take(&mut self, name: &str) -> Option<String> {
        self.facts.remove(name)
    }

    fn whole(&self, name: &str) -> Option<i64> {
        self.facts.get(name)?.parse().ok()
    }
}

impl Rows {
    /// Gathers all tables that say something of messages.
    fn messages(&mut self, database: &Database, range: (i64, i64)) -> Result<(), SourceError> {
        for table in database.tables.names() {
            let about = table.starts_with("message_") && database.tables.has(table, &["message_row_id"]);
            if !about || PASSED_BY.contains(&table) {
                continue;
            }
            let (around, chats) = (&mut self.around, &self.chats);
            database.beside(table, "message_row_id", range, |number, record| {
                let facts = &mut around.entry(number).or_default().facts;
                for (column, value) in record.into_metadata() {
                    let value = chats.shown(&column, value);
                    let name = format!("{table}.{column}");
                    // Several rows of one table: people who were added, the options of a poll.
                    match facts.get_mut(&name) {
                        Some(before) => {
                            before.push('\n');
                            before.push_str(&value);
                        }
                        None => {
                            facts.insert(name, value);
                        }
                    }
                }
            })?;
        }
        Ok(())
    }

    /// Gathers what reactions are about, and which they are.
    fn add_ons(&mut self, database: &Database, range: (i64, i64)) -> Result<(), SourceError> {
        let columns = ["_id", "parent_message_row_id"];
        if database.tables.has("message_add_on", &columns) {
            let sql = "SELECT message_add_on._id AS number, message.key_id AS id, message.chat_row_id AS chat FROM message_add_on \
                       JOIN message ON message._id = parent_message_row_id WHERE message_add_on._id BETWEEN ?1 AND ?2 ORDER BY 1";
            database.between(sql, range, |mut record| {
                if let (Some(number), Some(id), Some(chat)) =
                    (record.whole("number"), record.text("id"), record.whole("chat"))
                {
                    self.around.entry(number).or_default().target = Some(Target { id, chat });
                }
            })?;
        }
        database.beside(
            "message_add_on_reaction",
            "message_add_on_row_id",
            range,
            |number, record| {
                let facts = &mut self.around.entry(number).or_default().facts;
                facts.insert("is_reaction".to_owned(), String::new());
                facts.extend(record.into_metadata());
            },
        )
    }

    fn message(&self, mut record: Record<'_>, mut around: Around) -> Result<Reading, String> {
        let chat = record.whole("chat_row_id").ok_or("it is in no chat")?;
        let key = record.text("key_id").ok_or("`key_id` is missing")?;
        let mut message = self.place(chat, &mut record);
        let row_type = record.whole("message_type");
        message.kind = match row_type {
            Some(7) => MessageKind::System,
            Some(8 | 10 | 90) => MessageKind::Call,
            _ if around.whole("message_system.action_type").is_some() => MessageKind::System,
            _ => MessageKind::Message,
        };
        let revoked = around.take("message_revoked.revoked_key_id");
        let edited = around.take("message_edit_info.original_key_id");
        let gone = revoked.is_some() || matches!(row_type, Some(15 | 64));
        if gone {
            (message.version, message.version_kind) = (1, VersionKind::Delete);
        } else if edited.is_some() {
            (message.version, message.version_kind) = (1, VersionKind::Edit);
        }
        message.id = Some(revoked.or(edited).unwrap_or(key));
        message.reply_to = around.take("message_quoted.key_id");
        message.attachments = self.attachments(&mut around);
        self.text(&mut message, &mut record, &mut around);
        message
            .metadata
            .extend(row_type.map(|row_type| ("message_type".to_owned(), row_type.to_string())));
        for name in ["message_revoked.revoke_timestamp", "message_edit_info.edited_timestamp"] {
            if let Some(at) = around.whole(name).and_then(micros_of_millis) {
                around.facts.insert(name.to_owned(), show_instant(at));
            }
        }
        finish(message, record, around.facts)
    }

    /// A message in its chat, by whoever wrote it there.
    fn place(&self, chat: i64, record: &mut Record<'_>) -> Message {
        let chat = self.chats.chat(chat);
        let sender = record
            .some("sender_jid_row_id")
            .and_then(|number| self.chats.jid(number));
        let sender = match (record.is("from_me"), sender) {
            (true, _) => OWNER.to_owned(),
            (false, Some(sender)) => sender.clone(),
            (false, None) if chat.kind == ConversationKind::Direct && !chat.jid.is_empty() => chat.jid.clone(),
            (false, None) => "unknown".to_owned(),
        };
        let owner = OWNER.to_owned();
        Message {
            platform: "whatsapp".into(),
            conversation: chat.jid.clone(),
            conversation_kind: chat.kind,
            channel: chat.subject.clone(),
            sent_at: record.whole("timestamp").and_then(micros_of_millis),
            recipients: parts::others(chat.members.iter().chain([&owner]), &sender),
            sender,
            ..Message::default()
        }
    }

    fn text(&self, message: &mut Message, record: &mut Record<'_>, around: &mut Around) {
        let mut text = record.text("text_data").unwrap_or_default();
        if text.is_empty() {
            let words = WORDS.iter().filter_map(|name| around.facts.get(*name));
            text = words.cloned().collect::<Vec<_>>().join("\n");
        }
        let forwarded = record.whole("origination_flags").unwrap_or(0);
        message
            .metadata
            .extend((forwarded != 0).then(|| ("origination_flags".to_owned(), forwarded.to_string())));
        if (forwarded & 1 == 1 || around.facts.contains_key("message_forwarded.forward_score")) && !text.is_empty() {
            message.parts.push(TextPart {
                kind: PartKind::Forwarded,
                start: 0,
                end: text.len() as u64,
            });
        }
        if let Some(words) = around.take("message_quoted.text_data") {
            parts::add(message, &mut text, &words, Some(PartKind::Quoted));
        }
        message.text = Some(text).filter(|text| !text.is_empty());
    }

    /// The file of a message, with the digest of its bytes or the one that WhatsApp took.
    fn attachments(&self, around: &mut Around) -> Vec<Attachment> {
        let path = around.take("message_media.file_path");
        let name = around.take("message_media.media_name");
        let media_type = around.take("message_media.mime_type");
        if path.is_none() && name.is_none() && media_type.is_none() {
            return Vec::new();
        }
        let (bytes, sha256) = path
            .as_deref()
            .map_or((None, None), |path| parts::bytes_of(&self.part, path));
        let length = around
            .take("message_media.file_length")
            .or_else(|| around.take("message_media.file_size"));
        let stated = around
            .facts
            .get("message_media.file_hash")
            .and_then(|hash| of_base64(hash));
        let last = path
            .as_deref()
            .and_then(|path| path.rsplit('/').next())
            .map(str::to_owned);
        around
            .facts
            .extend(path.map(|path| ("message_media.file_path".to_owned(), path)));
        vec![Attachment {
            name: name.or(last),
            media_type,
            bytes: bytes.or_else(|| length?.parse().ok()),
            sha256: sha256.or(stated),
        }]
    }

    /// A reaction, or another thing that hangs on a message: a vote, a pin.
    fn add_on(&self, mut record: Record<'_>, around: Around) -> Result<Reading, String> {
        let target = around.target.ok_or("the message that it is about is not there")?;
        let mut facts = around.facts;
        record.drop("chat_row_id");
        let mut message = self.place(target.chat, &mut record);
        message.id = record.text("key_id");
        message.reply_to = Some(target.id);
        message.kind = MessageKind::System;
        if facts.remove("is_reaction").is_some() {
            message.kind = MessageKind::Reaction;
            message.text = facts.remove("reaction");
            let change = if message.text.is_some() { "added" } else { "removed" };
            message.metadata.insert("reaction".into(), change.to_owned());
        }
        finish(message, record, facts)
    }

    fn call(&self, mut record: Record<'_>) -> Result<Reading, String> {
        let jid = record.some("group_jid_row_id").or_else(|| record.some("jid_row_id"));
        record.drop("jid_row_id");
        let jid = jid
            .and_then(|number| self.chats.jid(number))
            .ok_or("it is with nobody")?;
        let chat = self.chats.by_jid(jid);
        let mut message = self.place(chat.unwrap_or_default(), &mut record);
        if chat.is_none() {
            message.conversation.clone_from(jid);
            message.conversation_kind = ConversationKind::Direct;
            if message.sender != OWNER {
                message.sender.clone_from(jid);
            }
            message.recipients = parts::others([jid, &OWNER.to_owned()], &message.sender);
        }
        message.kind = MessageKind::Call;
        message.id = record.text("call_id");
        finish(message, record, BTreeMap::new())
    }
}

/// Keeps what nobody took.
fn finish(mut message: Message, record: Record<'_>, facts: BTreeMap<String, String>) -> Result<Reading, String> {
    let mut notes = Notes::new();
    if message.sent_at.is_none() {
        notes.push((
            "sent_at",
            "`timestamp` is missing or no instant, and the date was left out".to_owned(),
        ));
    }
    message.undecodable = record.mended;
    message.metadata.extend(record.into_metadata());
    message.metadata.extend(facts);
    Ok(Reading { message, notes })
}

/// The digest that WhatsApp writes in base 64, in hexadecimal digits.
pub(super) fn of_base64(hash: &str) -> Option<String> {
    let bytes = BASE64.decode(hash).ok().filter(|bytes| bytes.len() == 32)?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Schema for Rows {
    fn tables(&self) -> &'static [&'static str] {
        &["message", "message_add_on", "call_log"]
    }

    fn page(&mut self, database: &Database, table: &str, range: (i64, i64)) -> Result<(), SourceError> {
        self.around.clear();
        match table {
            "message" => self.messages(database, range),
            "message_add_on" => self.add_ons(database, range),
            _ => Ok(()),
        }
    }

    fn read(&mut self, table: &str, number: i64, mut record: Record<'_>, place: SourcePlace) -> Readings {
        let around = self.around.remove(&number).unwrap_or_default();
        record.drop("_id");
        let reading = match table {
            "message" => self.message(record, around),
            "message_add_on" => self.add_on(record, around),
            _ => self.call(record),
        };
        let placed = reading.map(|mut reading| {
            reading.message.source = place;
            reading
        });
        vec![placed]
    }
}
