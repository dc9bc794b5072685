//! One row of `message`, with what other tables say of it: a message with its versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use lexhold_model::{Attachment, ConversationKind, Message, MessageKind, SourcePlace, VersionKind};
use lexhold_source::{Notes, Reading, SourceError, show_instant};

use super::calendar::micros;
use super::history::{self, History};
use super::people::{People, bare};
use super::typedstream;
use crate::document::Readings;
use crate::format::Part;
use crate::parts;
use crate::sqlite::{Database, Record, Schema};
use crate::tree::Tree;

/// The owner of the database, where no row says by which number or address.
const OWNER: &str = "me";
/// Columns with the numbers of handles that nobody has are filled with this one.
const NO_HANDLE: i64 = -1;

/// The tables of a database, and what was gathered for the page under way.
pub(super) struct Rows {
    people: People,
    tree: Arc<Tree>,
    /// The folder that the database lies in, with its slash.
    folder: String,
    around: BTreeMap<i64, Around>,
}

/// What other tables say of a message.
#[derive(Default)]
struct Around {
    chats: Vec<i64>,
    /// When it was moved to *Recently Deleted*.
    deleted: Option<i64>,
    attachments: Vec<Attachment>,
    /// What was deleted of it, by part.
    lost: Vec<(i64, Result<String, &'static str>)>,
}

impl Rows {
    pub(super) fn of(part: &Part, database: &Database) -> Result<Self, SourceError> {
        Ok(Self {
            people: People::read(database)?,
            tree: part.tree.clone(),
            folder: part.root.clone(),
            around: BTreeMap::new(),
        })
    }

    fn attachment(&self, mut record: Record<'_>) -> Attachment {
        let path = record.text("filename");
        let name = record.text("transfer_name");
        let tail = path.as_deref().and_then(|path| path.split_once("Library/Messages/"));
        let found = tail.and_then(|(_, tail)| self.tree.find(&format!("{}{tail}", self.folder)));
        let (bytes, sha256) = found.and_then(|at| self.tree.hash(&self.tree.entries[at]).ok()).unzip();
        let stated = record.some("total_bytes").and_then(|bytes| u64::try_from(bytes).ok());
        let last = || {
            path.as_deref()
                .and_then(|path| path.rsplit('/').next())
                .map(str::to_owned)
        };
        Attachment {
            name: name.or_else(last),
            media_type: record.text("mime_type"),
            bytes: bytes.or(stated),
            sha256,
        }
    }

    fn chats(&mut self, database: &Database, table: &str, range: (i64, i64)) -> Result<(), SourceError> {
        if !database.tables.has(table, &["chat_id", "message_id"]) {
            return Ok(());
        }
        let columns = database.columns(table, &["message_id", "chat_id", "delete_date"]);
        let sql = format!(
            "SELECT {columns} FROM \"{table}\" WHERE message_id BETWEEN ?1 AND ?2 ORDER BY message_id, chat_id"
        );
        database.between(&sql, range, |mut record| {
            let (Some(message), Some(chat)) = (record.whole("message_id"), record.whole("chat_id")) else {
                return;
            };
            let around = self.around.entry(message).or_default();
            around.deleted = around.deleted.or(record.some("delete_date"));
            if !around.chats.contains(&chat) {
                around.chats.push(chat);
            }
        })
    }

    fn attachments(&mut self, database: &Database, range: (i64, i64)) -> Result<(), SourceError> {
        let joined = database
            .tables
            .has("message_attachment_join", &["message_id", "attachment_id"]);
        if !joined || !database.tables.has("attachment", &["filename"]) {
            return Ok(());
        }
        let columns = database.columns("attachment", &["filename", "transfer_name", "mime_type", "total_bytes"]);
        let sql = format!(
            "SELECT message_id, {columns} FROM message_attachment_join JOIN attachment ON attachment.rowid = attachment_id \
             WHERE message_id BETWEEN ?1 AND ?2 ORDER BY message_id, attachment.rowid"
        );
        let mut found = Vec::new();
        database.between(&sql, range, |mut record| {
            if let Some(message) = record.whole("message_id") {
                found.push((message, self.attachment(record)));
            }
        })?;
        for (message, attachment) in found {
            self.around.entry(message).or_default().attachments.push(attachment);
        }
        Ok(())
    }

    fn lost(&mut self, database: &Database, range: (i64, i64)) -> Result<(), SourceError> {
        if !database
            .tables
            .has("recoverable_message_part", &["message_id", "part_index", "part_text"])
        {
            return Ok(());
        }
        let sql = "SELECT message_id, part_index, part_text FROM recoverable_message_part \
                   WHERE message_id BETWEEN ?1 AND ?2 ORDER BY message_id, part_index";
        database.between(sql, range, |mut record| {
            let text = typedstream::text(record.bytes("part_text").unwrap_or_default()).map(|text| text.text);
            if let (Some(message), Some(part)) = (record.whole("message_id"), record.whole("part_index")) {
                self.around.entry(message).or_default().lost.push((part, text));
            }
        })
    }

    fn message(&self, mut record: Record<'_>, around: &Around) -> Readings {
        let mut notes = Notes::new();
        let mut message = Message {
            platform: "imessage".into(),
            id: record.text("guid"),
            sent_at: record.whole("date").and_then(micros),
            subject: record.text("subject"),
            attachments: around.attachments.clone(),
            reply_to: record.text("thread_originator_guid"),
            ..Message::default()
        };
        if message.id.is_none() {
            return vec![Err("`guid` is missing".to_owned())];
        }
        if message.sent_at.is_none() {
            notes.push((
                "sent_at",
                "`date` is missing or no instant, and the date was left out".to_owned(),
            ));
        }
        message.text = text(&mut record, &mut notes);
        self.place(&mut message, &mut record, around);
        self.event(&mut message, &mut record);
        reaction(&mut message, &mut record);
        let history = history(&mut record, &mut notes);
        for name in DATES {
            let at = record.some(name).and_then(micros);
            message
                .metadata
                .extend(at.map(|at| (name.to_owned(), show_instant(at))));
        }
        if let Some(at) = around.deleted.and_then(micros) {
            message.metadata.insert("recently_deleted_at".into(), show_instant(at));
        }
        message.undecodable = record.mended;
        for (name, value) in record.into_metadata() {
            message.metadata.entry(name).or_insert(value);
        }
        let mut readings = lost(&message, around);
        readings.extend(versions(message, notes, history));
        readings
    }

    /// The chat, who wrote it there, and who could read it.
    fn place(&self, message: &mut Message, record: &mut Record<'_>, around: &Around) {
        let peer = record.some("handle_id").and_then(|number| self.people.handle(number));
        let mut chats = around.chats.iter().filter_map(|number| self.people.chat(*number));
        let chat = chats.next();
        let account = record.text("account");
        let owner = account.as_deref().map(bare).filter(|address| !address.is_empty());
        let owner = owner
            .map(str::to_owned)
            .or_else(|| record.text("destination_caller_id"));
        message.conversation = chat.map(|chat| chat.id.clone()).or(peer.cloned()).unwrap_or_default();
        message.conversation_kind = chat.map_or(ConversationKind::Direct, |chat| chat.kind);
        let is_direct = message.conversation_kind == ConversationKind::Direct;
        message.custodians = owner.iter().cloned().collect();
        let owner = owner.unwrap_or_else(|| OWNER.to_owned());
        let name = chat.and_then(|chat| chat.name.clone());
        if is_direct {
            message.metadata.extend(name.map(|name| ("chat_name".to_owned(), name)));
        } else {
            message.channel = name;
        }
        let only = chat.and_then(|chat| chat.peer.as_ref());
        message.sender = match (record.is("is_from_me"), peer, only) {
            (true, ..) => owner.clone(),
            (false, Some(peer), _) => peer.clone(),
            (false, None, Some(only)) => only.clone(),
            (false, None, None) => "unknown".to_owned(),
        };
        let members = chat.map_or_else(
            || peer.into_iter().collect(),
            |chat| chat.members.iter().collect::<Vec<_>>(),
        );
        message.recipients = parts::others(members.into_iter().chain([&owner]), &message.sender);
        let more: Vec<&str> = chats.map(|chat| chat.id.as_str()).collect();
        if !more.is_empty() {
            message.metadata.insert("other_chats".into(), more.join(" "));
        }
    }

    /// What happened, where nobody wrote anything.
    fn event(&self, message: &mut Message, record: &mut Record<'_>) {
        let item = record.some("item_type");
        let action = record.whole("group_action_type").unwrap_or(0);
        let event = match (item, action) {
            (None, _) => None,
            (Some(1), 0) => Some("participant added"),
            (Some(1), _) => Some("participant removed"),
            (Some(2), _) => Some("renamed"),
            (Some(3), 0) => Some("participant left"),
            (Some(3), _) => Some("photo changed"),
            (Some(4), _) => Some("location sharing"),
            (Some(5), _) => Some("audio kept"),
            (Some(6), _) => Some("FaceTime"),
            (Some(_), _) => Some("another"),
        };
        let by_program = record.is("is_system_message") | record.is("is_service_message");
        message.kind = match item {
            Some(6) => MessageKind::Call,
            Some(_) => MessageKind::System,
            None if by_program => MessageKind::System,
            None if record.is("is_emote") => MessageKind::Action,
            None => MessageKind::Message,
        };
        let facts = [
            ("event", event.map(str::to_owned)),
            ("item_type", item.map(|item| item.to_string())),
            (
                "group_action_type",
                Some(action)
                    .filter(|action| *action != 0)
                    .map(|action| action.to_string()),
            ),
        ];
        let facts = facts
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        message.metadata.extend(facts);
        if item == Some(2) {
            message.text = record.text("group_title");
        }
        if let Some(number) = record
            .whole("other_handle")
            .filter(|number| *number > 0 || *number < NO_HANDLE)
        {
            let handle = self.people.handle(number).cloned();
            message
                .metadata
                .insert("other_handle".into(), handle.unwrap_or_else(|| number.to_string()));
        }
    }
}

/// Columns with instants that are no message's own date.
const DATES: [&str; 6] = [
    "date_read",
    "date_delivered",
    "date_played",
    "date_edited",
    "date_retracted",
    "date_recovered",
];

impl Schema for Rows {
    fn tables(&self) -> &'static [&'static str] {
        &["message", "deleted_messages"]
    }

    fn page(&mut self, database: &Database, table: &str, range: (i64, i64)) -> Result<(), SourceError> {
        self.around.clear();
        if table == "message" {
            self.chats(database, "chat_message_join", range)?;
            self.chats(database, "chat_recoverable_message_join", range)?;
            self.attachments(database, range)?;
            self.lost(database, range)?;
        }
        Ok(())
    }

    fn read(&mut self, table: &str, number: i64, mut record: Record<'_>, place: SourcePlace) -> Readings {
        let mut readings = if table == "message" {
            let around = self.around.remove(&number).unwrap_or_default();
            self.message(record, &around)
        } else {
            let id = record.text("guid").ok_or_else(|| "`guid` is missing".to_owned());
            vec![id.map(|id| Reading {
                message: deleted(id),
                notes: Notes::new(),
            })]
        };
        for reading in readings.iter_mut().flatten() {
            reading.message.source = place.clone();
        }
        readings
    }
}

/// All that is left of a message: it was there, and somebody deleted it.
fn deleted(id: String) -> Message {
    Message {
        platform: "imessage".into(),
        conversation_kind: ConversationKind::Direct,
        id: Some(id),
        sender: "unknown".into(),
        version: 1,
        version_kind: VersionKind::Delete,
        metadata: BTreeMap::from([("table".to_owned(), "deleted_messages".to_owned())]),
        ..Message::default()
    }
}

/// The text of a row; newer systems keep it packed with its attributes only.
fn text(record: &mut Record<'_>, notes: &mut Notes) -> Option<String> {
    let plain = record.text("text");
    let packed = record.bytes("attributedBody").map(typedstream::text);
    match packed {
        Some(Err(why)) if plain.is_none() => {
            notes.push((
                "text",
                format!("`attributedBody` cannot be decoded, {why}; it was kept in base 64"),
            ));
            None
        }
        packed => {
            record.drop("attributedBody");
            let packed = packed.and_then(Result::ok).filter(|_| plain.is_none());
            if packed.as_ref().is_some_and(|packed| packed.cut) {
                let why = "`attributedBody` states a wrong length, and the text ends where its attributes begin";
                notes.push(("text", why.to_owned()));
            }
            plain
                .or(packed.map(|packed| packed.text))
                .filter(|text| !text.is_empty())
        }
    }
}

/// Makes a reaction of what is one. The words in which it is told quote the message that it is about, and are no text.
fn reaction(message: &mut Message, record: &mut Record<'_>) {
    let Some(kind) = record.some("associated_message_type") else {
        return;
    };
    let target = record.text("associated_message_guid");
    // `p:0/GUID` is a part of a message, `bp:GUID` one that an app made.
    let guid = target.as_deref().and_then(|target| target.rsplit(['/', ':']).next());
    message.reply_to = guid.map(str::to_owned).or(message.reply_to.take());
    message
        .metadata
        .extend(target.map(|target| ("associated_message_guid".to_owned(), target)));
    message
        .metadata
        .insert("associated_message_type".into(), kind.to_string());
    let custom = record.text("associated_message_emoji");
    let emoji = match kind % 1000 {
        _ if !(2000..4000).contains(&kind) => return,
        0 => Some("❤️"),
        1 => Some("👍"),
        2 => Some("👎"),
        3 => Some("😂"),
        4 => Some("‼️"),
        5 => Some("❓"),
        _ => custom.as_deref(),
    };
    message.kind = MessageKind::Reaction;
    let change = if kind < 3000 { "added" } else { "removed" };
    message.metadata.insert("reaction".into(), change.to_owned());
    let told = std::mem::replace(&mut message.text, emoji.map(str::to_owned));
    message.metadata.extend(told.map(|told| ("text".to_owned(), told)));
}

fn history(record: &mut Record<'_>, notes: &mut Notes) -> History {
    let Some(packed) = record.bytes("message_summary_info") else {
        return History::default();
    };
    match history::of(packed) {
        Ok(history) => {
            record.drop("message_summary_info");
            history
        }
        Err(why) => {
            notes.push((
                "text",
                format!("`message_summary_info` cannot be read, {why}; it was kept in base 64"),
            ));
            History::default()
        }
    }
}

/// What was deleted of a message while the rest of it stayed: messages of their own, which nobody else would read.
fn lost(message: &Message, around: &Around) -> Readings {
    let parts = around.lost.iter().map(|(part, text)| {
        let text = text
            .clone()
            .map_err(|why| format!("`part_text` of part {part} cannot be decoded, {why}"))?;
        let id = message.id.as_deref().unwrap_or_default();
        let message = Message {
            id: Some(format!("{id}/part/{part}")),
            text: Some(text),
            attachments: Vec::new(),
            metadata: BTreeMap::from([("table".to_owned(), "recoverable_message_part".to_owned())]),
            ..message.clone()
        };
        Ok(Reading {
            message,
            notes: Notes::new(),
        })
    });
    parts.collect()
}

/// The texts that were replaced or taken back, and the message as it is now.
fn versions(mut message: Message, notes: Notes, history: History) -> Readings {
    let mut readings = Readings::new();
    for (version, earlier) in history.earlier.into_iter().enumerate() {
        let mut metadata = BTreeMap::from([("part".to_owned(), earlier.part.to_string())]);
        metadata.extend(earlier.at.map(|at| ("written_at".to_owned(), show_instant(at))));
        let (number, kind) = match i32::try_from(version) {
            Ok(0) => (0, VersionKind::Original),
            number => (number.unwrap_or(i32::MAX), VersionKind::Edit),
        };
        readings.push(Ok(Reading {
            message: Message {
                text: Some(earlier.text),
                attachments: Vec::new(),
                version: number,
                version_kind: kind,
                metadata,
                ..message.clone()
            },
            notes: Notes::new(),
        }));
    }
    let unsent = !history.unsent.is_empty() || message.metadata.contains_key("date_retracted");
    if unsent || history.edited || message.metadata.contains_key("date_edited") {
        message.version = i32::try_from(readings.len()).unwrap_or(i32::MAX).max(1);
        let gone = unsent && message.text.is_none() && message.attachments.is_empty();
        message.version_kind = if gone { VersionKind::Delete } else { VersionKind::Edit };
    }
    if !history.unsent.is_empty() {
        let parts: Vec<String> = history.unsent.iter().map(ToString::to_string).collect();
        message.metadata.insert("unsent_parts".into(), parts.join(" "));
    }
    readings.push(Ok(Reading { message, notes }));
    readings
}
