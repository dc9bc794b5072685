//! Signal Desktop: `messages` has a JSON record a row, which the columns repeat and, in newer versions, take over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lexhold_model::{Attachment, Message, MessageKind, PartKind, Participant, SourcePlace, VersionKind};
use lexhold_source::{Notes, Reading, SourceError, show_instant};

use super::people::{Conversation, People};
use super::{id, kind, micros};
use crate::document::Readings;
use crate::format::{About, Format, Messages, Part};
use crate::object::Object;
use crate::parts;
use crate::sqlite::{Database, Record, Schema, Tables, Walk};
use crate::tree::Tree;

pub(crate) struct Signal;

static ABOUT: About = About {
    name: "signal",
    title: "Signal Desktop, its database decrypted",
    input: "sqlite, folder, zip",
    preserves: &[
        "conversations",
        "members",
        "replies",
        "quotes",
        "edits",
        "deletions",
        "reactions",
        "files",
        "calls",
        "system",
        "expiry timers",
    ],
    lacks: &[
        "expired messages",
        "deleted texts",
        "past members",
        "reactions taken back",
    ],
    page: include_str!("../../pages/signal.md"),
};

impl Format for Signal {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_database(&self, tables: &Tables) -> bool {
        tables.has("messages", &["id", "json", "conversationId", "sent_at", "type"])
            && tables.has("conversations", &["id", "type", "e164", "groupId"])
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let database = Database::open(&part.tree, part.entries[0], part.options.chunks.line_bytes)?;
        let rows = Rows {
            people: People::read(&database)?,
            calls: calls(&database)?,
            tree: part.tree.clone(),
            folder: part.root.clone(),
            attachments: BTreeMap::new(),
        };
        Ok(Box::new(Walk::new(part, database, rows)))
    }
}

/// What the database says of each call.
fn calls(database: &Database) -> Result<BTreeMap<String, BTreeMap<String, String>>, SourceError> {
    let mut calls = BTreeMap::new();
    database.each("callsHistory", &[], |mut record| {
        if let Some(call) = record.text("callId") {
            calls.insert(call, record.into_metadata());
        }
    })?;
    Ok(calls)
}

/// The tables of a database, and what was gathered for the page under way.
struct Rows {
    people: People,
    calls: BTreeMap<String, BTreeMap<String, String>>,
    tree: Arc<Tree>,
    /// The folder that the database lies in, with its slash.
    folder: String,
    /// Attachments that newer versions keep in a table, by the number of the message.
    attachments: BTreeMap<i64, Vec<Attachment>>,
}

/// A file as a record or a row tells of it.
#[derive(Default)]
struct File {
    name: Option<String>,
    media_type: Option<String>,
    bytes: Option<u64>,
    path: Option<String>,
    /// The digest that Signal took before it encrypted the file.
    digest: Option<String>,
    encrypted: bool,
}

impl Rows {
    /// The file with its digest, taken of the bytes where they lie there in the clear, else Signal's own.
    fn attachment(&self, file: File) -> Attachment {
        let path = file.path.filter(|_| !file.encrypted);
        let found = path.and_then(|path| self.tree.find(&format!("{}attachments.noindex/{path}", self.folder)));
        let (bytes, sha256) = found.and_then(|at| self.tree.hash(&self.tree.entries[at]).ok()).unzip();
        let stated = file
            .digest
            .filter(|digest| digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        Attachment {
            name: file.name,
            media_type: file.media_type,
            bytes: bytes.or(file.bytes),
            sha256: sha256.or(stated),
        }
    }

    fn of_record(&self, record: &Object<'_>) -> Vec<Attachment> {
        let files = record.objects("attachments").into_iter();
        let files = files.map(|mut file| File {
            encrypted: file.whole("version") == Some(2),
            name: file.text("fileName"),
            media_type: file.text("contentType"),
            bytes: file.whole("size"),
            path: file.text("path"),
            digest: file.text("plaintextHash"),
        });
        files.map(|file| self.attachment(file)).collect()
    }

    fn message(&self, mut record: Record<'_>, files: Vec<Attachment>) -> Result<Vec<Reading>, String> {
        let text = record.text("json").unwrap_or_else(|| "{}".to_owned());
        let mut json = Object::parse(&text).map_err(|why| format!("`json` cannot be read: {why}"))?;
        let mut notes = Notes::new();
        let place = json.text("conversationId").or_else(|| record.text("conversationId"));
        record.drop("conversationId");
        let place = place.ok_or("it is in no conversation")?;
        let unknown = Conversation {
            handle: place.clone(),
            ..Conversation::default()
        };
        let conversation = self.people.get(&place).unwrap_or(&unknown);
        let sent = json.whole("sent_at").or_else(|| json.whole("timestamp"));
        json.drop("timestamp");
        let column = record.whole("sent_at").and_then(|at| u64::try_from(at).ok());
        let sent = sent.or(column).filter(|sent| *sent > 0);
        let row_type = json.text("type").or_else(|| record.text("type"));
        record.drop("type");
        let sender = self.sender(row_type.as_deref(), &mut json, &mut record, conversation);
        let mut message = Message {
            platform: "signal".into(),
            conversation: self.people.everywhere(conversation),
            conversation_kind: kind(conversation.is_group),
            channel: conversation.name.clone().filter(|_| conversation.is_group),
            custodians: Some(self.people.owner.clone())
                .filter(|_| self.people.owner_is_known)
                .into_iter()
                .collect(),
            kind: message_kind(row_type.as_deref(), &json),
            sent_at: sent.and_then(micros),
            recipients: self.recipients(conversation, &sender),
            sender,
            ..Message::default()
        };
        if message.sent_at.is_none() {
            notes.push((
                "sent_at",
                "`sent_at` is missing or no instant, and the date was left out".to_owned(),
            ));
        }
        let own = json.text("id").or_else(|| record.text("id"));
        record.drop("id");
        let written = matches!(row_type.as_deref(), None | Some("incoming" | "outgoing" | "story"));
        // What Signal itself notes has no sender's clock, and a row's own id.
        message.id = match (sent, written) {
            (Some(sent), true) => Some(id(sent, &message.sender)),
            _ => own,
        };
        message.text = json.text("body").or_else(|| record.text("body"));
        message.attachments = if files.is_empty() { self.of_record(&json) } else { files };
        message
            .metadata
            .extend(row_type.map(|row_type| ("type".to_owned(), row_type)));
        if !conversation.is_group {
            let name = conversation.name.clone().map(|name| ("chat_name".to_owned(), name));
            message.metadata.extend(name);
        }
        self.call(&mut message, &mut json, conversation);
        let mut readings = self.reactions(&message, &mut json);
        let (history, deleted) = (json.objects("editHistory"), is_true(&json, "deletedForEveryone"));
        json.drop("editHistory");
        if let Some(mut quote) = json.object("quote") {
            self.quote(&mut message, &mut quote);
        }
        message.metadata.extend(json.into_metadata());
        message.undecodable = record.mended;
        for (name, value) in record.into_metadata() {
            message.metadata.entry(name).or_insert(value);
        }
        // Lists with nothing in them say nothing.
        message.metadata.retain(|_, value| value != "[]" && value != "false");
        let versions = self.versions(message, notes, history, deleted);
        readings.splice(0..0, versions);
        Ok(readings)
    }

    /// Who wrote it. What Signal itself notes is from the person or group that it is about.
    fn sender(
        &self,
        row_type: Option<&str>,
        json: &mut Object<'_>,
        record: &mut Record<'_>,
        conversation: &Conversation,
    ) -> String {
        let account = json.text("sourceServiceId").or_else(|| json.text("sourceUuid"));
        let column = record.text("sourceServiceId").or_else(|| record.text("sourceUuid"));
        let source = account.or(column).or_else(|| json.text("source"));
        record.drop("source");
        match row_type {
            Some("outgoing") => self.people.owner.clone(),
            _ => source.unwrap_or_else(|| {
                if conversation.is_group {
                    "unknown".to_owned()
                } else {
                    conversation.handle.clone()
                }
            }),
        }
    }

    fn recipients(&self, conversation: &Conversation, sender: &str) -> Vec<Participant> {
        let mut members: BTreeSet<String> = conversation.members.iter().map(|one| self.people.handle(one)).collect();
        if !conversation.is_group {
            members.insert(conversation.handle.clone());
        }
        members.insert(self.people.owner.clone());
        parts::others(&members, sender)
    }

    /// The call that a row only names.
    fn call(&self, message: &mut Message, json: &mut Object<'_>, conversation: &Conversation) {
        let Some(call) = json.text("callId") else { return };
        if let Some(facts) = self.calls.get(&call) {
            let facts = facts
                .iter()
                .map(|(name, value)| (format!("call_{name}"), value.clone()));
            message.metadata.extend(facts);
            if facts_say(&message.metadata, "call_direction", "Outgoing") {
                message.sender.clone_from(&self.people.owner);
                message.recipients = parts::others([&conversation.handle], &message.sender);
            }
        }
        message.metadata.insert("callId".into(), call);
    }

    /// What a message answers: its id, and the words as they were quoted.
    fn quote(&self, message: &mut Message, quote: &mut Object<'_>) {
        let author = quote.text("authorAci").or_else(|| quote.text("authorUuid"));
        let author = author.or_else(|| quote.text("author"));
        if let (Some(sent), Some(author)) = (quote.whole("id"), author) {
            message.reply_to = Some(id(sent, &self.people.handle(&author)));
        }
        if let Some(words) = quote.text("text") {
            let mut text = message.text.take().unwrap_or_default();
            parts::add(message, &mut text, &words, Some(PartKind::Quoted));
            message.text = Some(text);
        }
    }

    fn reactions(&self, message: &Message, json: &mut Object<'_>) -> Vec<Reading> {
        let found = json.objects("reactions");
        let mut readings = Vec::new();
        for mut reaction in found {
            let (Some(from), Some(at)) = (reaction.text("fromId"), reaction.whole("timestamp")) else {
                // It stays in the metadata with all others.
                return Vec::new();
            };
            let sender = self.people.handle(&from);
            let members = message.recipients.iter().map(|one| &one.handle);
            let reacted = Message {
                platform: message.platform.clone(),
                conversation: message.conversation.clone(),
                conversation_kind: message.conversation_kind,
                custodians: message.custodians.clone(),
                channel: message.channel.clone(),
                kind: MessageKind::Reaction,
                id: Some(format!(
                    "{}/{}",
                    message.id.as_deref().unwrap_or_default(),
                    id(at, &sender)
                )),
                sent_at: micros(at),
                recipients: parts::others(members.chain([&message.sender]), &sender),
                text: reaction.text("emoji"),
                reply_to: message.id.clone(),
                metadata: [("reaction".to_owned(), "added".to_owned())].into(),
                sender,
                ..Message::default()
            };
            readings.push(Reading {
                message: reacted,
                notes: Notes::new(),
            });
        }
        json.drop("reactions");
        readings
    }

    /// The texts that were replaced, and the message as it is now. Signal has the newest first.
    fn versions(&self, message: Message, notes: Notes, history: Vec<Object<'_>>, deleted: bool) -> Vec<Reading> {
        let last = history.len().saturating_sub(1);
        let mut readings = Vec::new();
        for (number, mut earlier) in history.into_iter().rev().enumerate().take(last) {
            let written = earlier.whole("timestamp").and_then(micros);
            let written = written.map(|at| ("written_at".to_owned(), show_instant(at)));
            readings.push(Reading {
                message: Message {
                    text: earlier.text("body"),
                    parts: Vec::new(),
                    attachments: self.of_record(&earlier),
                    version: i32::try_from(number).unwrap_or(i32::MAX),
                    version_kind: if number == 0 {
                        VersionKind::Original
                    } else {
                        VersionKind::Edit
                    },
                    metadata: written.into_iter().collect(),
                    ..message.clone()
                },
                notes: Notes::new(),
            });
        }
        let mut message = message;
        message.version = i32::try_from(last).unwrap_or(i32::MAX);
        if deleted {
            (message.version, message.version_kind) = (message.version + 1, VersionKind::Delete);
        } else if last > 0 {
            message.version_kind = VersionKind::Edit;
        }
        readings.push(Reading { message, notes });
        readings
    }
}

impl Schema for Rows {
    fn tables(&self) -> &'static [&'static str] {
        &["messages"]
    }

    fn page(&mut self, database: &Database, _table: &str, range: (i64, i64)) -> Result<(), SourceError> {
        self.attachments.clear();
        if !database.tables.has(
            "message_attachments",
            &["messageId", "attachmentType", "orderInMessage"],
        ) {
            return Ok(());
        }
        let columns = ["fileName", "contentType", "size", "path", "plaintextHash", "version"];
        let columns = database.columns("message_attachments", &columns);
        let sql = format!(
            "SELECT messages.rowid AS number, {columns} FROM messages JOIN message_attachments ON messageId = messages.id \
             WHERE messages.rowid BETWEEN ?1 AND ?2 AND attachmentType = 'attachment' ORDER BY messages.rowid, orderInMessage"
        );
        let mut found = Vec::new();
        database.between(&sql, range, |mut record| {
            let number = record.whole("number").unwrap_or_default();
            let file = File {
                name: record.text("fileName"),
                media_type: record.text("contentType"),
                bytes: record.whole("size").and_then(|bytes| u64::try_from(bytes).ok()),
                path: record.text("path"),
                digest: record.text("plaintextHash"),
                encrypted: record.whole("version") == Some(2),
            };
            found.push((number, file));
        })?;
        for (number, file) in found {
            let attachment = self.attachment(file);
            self.attachments.entry(number).or_default().push(attachment);
        }
        Ok(())
    }

    fn read(&mut self, _table: &str, number: i64, record: Record<'_>, place: SourcePlace) -> Readings {
        let files = self.attachments.remove(&number).unwrap_or_default();
        match self.message(record, files) {
            Err(why) => vec![Err(why)],
            Ok(mut readings) => {
                readings.iter_mut().for_each(|one| one.message.source = place.clone());
                readings.into_iter().map(Ok).collect()
            }
        }
    }
}

fn message_kind(row_type: Option<&str>, json: &Object<'_>) -> MessageKind {
    match row_type {
        _ if json.object("expirationTimerUpdate").is_some() => MessageKind::System,
        None | Some("incoming" | "outgoing" | "story") => MessageKind::Message,
        Some("call-history") => MessageKind::Call,
        Some(_) => MessageKind::System,
    }
}

fn is_true(json: &Object<'_>, name: &str) -> bool {
    json.raw(name).is_some_and(|raw| matches!(raw.get(), "true" | "1"))
}

fn facts_say(facts: &BTreeMap<String, String>, name: &str, due: &str) -> bool {
    facts.get(name).is_some_and(|value| value == due)
}
