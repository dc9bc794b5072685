//! What signal-cli receives: an envelope a line, as it prints them, as its daemon sends them, or in the lists of its REST server.

use std::collections::HashMap;

use lexhold_model::{Attachment, Message, MessageKind, PartKind, SourcePlace, VersionKind};
use lexhold_source::{Chunks, Notes, Reading, SourceError, show_instant};

use super::{OWNER, id, kind, micros};
use crate::document::{Document, Found, Readings, beginning};
use crate::format::{About, Format, Messages, Part};
use crate::object::{self, Object};
use crate::parts;
use crate::text::{Text, first_line};

pub(crate) struct SignalCli;

static ABOUT: About = About {
    name: "signal-cli",
    title: "Signal, received by signal-cli",
    input: "jsonl, json, folder, zip",
    preserves: &[
        "conversations",
        "quotes",
        "edits",
        "deletions",
        "reactions",
        "files",
        "calls",
        "system",
        "expiry timers",
    ],
    lacks: &["members", "what was not received"],
    page: include_str!("../../pages/signal-cli.md"),
};

impl Format for SignalCli {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_file(&self, first: &[u8]) -> bool {
        let list = first_line(first).starts_with(b"[");
        let value = if list {
            beginning(first, &[""]).into_iter().next().map(|(_, value)| value)
        } else {
            Some(first_line(first).to_vec())
        };
        let value = value.unwrap_or_default();
        let (text, _) = object::text(&value);
        let envelope = unwrapped(&text).ok().and_then(|object| object.object("envelope"));
        envelope.is_some_and(|envelope| envelope.raw("timestamp").is_some() && envelope.raw("sourceDevice").is_some())
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let at = part.entries[0];
        let is_list = part
            .tree
            .peek(&part.tree.entries[at], 256)?
            .trim_ascii_start()
            .starts_with(b"[");
        let open = || {
            Ok::<_, SourceError>(if is_list {
                From::List(Document::open(&part, at, &[""])?)
            } else {
                From::Lines(Text::open(&part, at)?)
            })
        };
        let own = own(open()?, Chunks::new(part.options.chunks));
        let from = open()?;
        let received = Received {
            part,
            own,
            versions: HashMap::new(),
        };
        Ok(Box::new(Envelopes { from, received }))
    }
}

/// What is around an envelope: the object itself, or what a daemon's call holds.
fn unwrapped(text: &str) -> Result<Object<'_>, String> {
    let object = Object::parse(text)?;
    let wrapped = object
        .object("params")
        .map(|params| params.object("result").unwrap_or(params));
    Ok(wrapped.unwrap_or(object))
}

struct Envelopes {
    from: From,
    received: Received,
}

enum From {
    Lines(Text),
    List(Document),
}

impl From {
    /// Reads one envelope on; false at the end.
    fn read(&mut self, to: &mut Chunks, on: impl FnOnce(&[u8], SourcePlace) -> Readings) -> bool {
        match self {
            Self::Lines(text) => text.read(to, on),
            Self::List(document) => document.read(to, |found| match found {
                Found::Value(value) => on(value.bytes, value.place),
                Found::Open | Found::Close => Vec::new(),
            }),
        }
    }
}

/// What everybody else calls the accounts that received: told by what they sent themselves, from another device.
fn own(mut from: From, mut nowhere: Chunks) -> HashMap<String, String> {
    let mut own = HashMap::new();
    let finder = memchr::memmem::Finder::new("\"sentMessage\"");
    while from.read(&mut nowhere, |bytes, _| {
        if finder.find(bytes).is_some() {
            let (text, _) = object::text(bytes);
            let mut object = unwrapped(&text).unwrap_or_default();
            let (account, envelope) = (object.text("account"), object.object("envelope").unwrap_or_default());
            let number = envelope.clone().text("sourceNumber");
            if account.is_some() && number == account {
                own.extend(account.zip(handle(&mut envelope.clone(), "source")));
            }
        }
        Vec::new()
    }) {
        // What is wrong is told when the messages are read.
        if !nowhere.is_empty() {
            nowhere.take();
        }
    }
    own
}

impl Messages for Envelopes {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let received = &mut self.received;
        Ok(self.from.read(to, |bytes, place| received.read(bytes, &place)))
    }
}

struct Received {
    part: Part,
    /// Accounts by the name under which they receive, with that which others see.
    own: HashMap<String, String>,
    /// Of messages that were edited or deleted, by author and the time of each version: when the first one was sent, and how many
    /// came after it.
    versions: HashMap<(String, u64), (u64, i32)>,
}

/// Who sent an envelope, and to whom it came.
struct Way {
    author: String,
    account: String,
    sent: u64,
    /// The other one, where it went to a single person.
    peer: String,
}

impl Received {
    fn read(&mut self, bytes: &[u8], place: &SourcePlace) -> Readings {
        let (text, mended) = object::text(bytes);
        let mut object = match unwrapped(&text) {
            Ok(object) => object,
            Err(why) => return vec![Err(why)],
        };
        let Some(envelope) = object.object("envelope") else {
            return vec![Err("there is no `envelope` in it".to_owned())];
        };
        let account = object.text("account");
        let account = account.map(|account| self.own.get(&account).cloned().unwrap_or(account));
        let account = account.unwrap_or_else(|| OWNER.to_owned());
        match self.envelope(envelope, account) {
            Err(why) => vec![Err(why)],
            // Somebody who types, receipts and empty envelopes are no messages.
            Ok(None) => Vec::new(),
            Ok(Some(mut reading)) => {
                reading.message.source = place.clone();
                reading.message.undecodable = mended;
                vec![Ok(reading)]
            }
        }
    }

    fn envelope(&mut self, mut envelope: Object<'_>, account: String) -> Result<Option<Reading>, String> {
        let author = handle(&mut envelope, "source").ok_or("`source` is missing")?;
        let sent = envelope
            .whole("timestamp")
            .ok_or("`timestamp` is missing or no whole number")?;
        let mut way = Way {
            peer: author.clone(),
            author,
            account,
            sent,
        };
        let sent_message = envelope
            .object("syncMessage")
            .and_then(|sync| sync.object("sentMessage"));
        let (mut data, edits) = if let Some(mut own) = sent_message {
            way.account.clone_from(&way.author);
            way.peer = handle(&mut own, "destination").unwrap_or_else(|| way.author.clone());
            match own.object("editMessage") {
                Some(edit) => (
                    edit.object("dataMessage").unwrap_or_default(),
                    edit.clone().whole("targetSentTimestamp"),
                ),
                None => (own, None),
            }
        } else if let Some(edit) = envelope.object("editMessage") {
            (
                edit.object("dataMessage").unwrap_or_default(),
                edit.clone().whole("targetSentTimestamp"),
            )
        } else if let Some(data) = envelope.object("dataMessage") {
            (data, None)
        } else if let Some(call) = envelope.object("callMessage") {
            return Ok(Some(way.plain(envelope, call, MessageKind::Call)));
        } else if let Some(story) = envelope.object("storyMessage") {
            return Ok(Some(way.plain(envelope, story, MessageKind::Message)));
        } else {
            return Ok(None);
        };
        let mut message = way.message(&mut data);
        self.content(&mut message, &mut data, &way);
        if let Some(target) = edits {
            self.version(&mut message, &way.author, target, way.sent, VersionKind::Edit);
        }
        if let Some(mut deletion) = data.object("remoteDelete") {
            let target = deletion.whole("timestamp").ok_or("a deletion names no message")?;
            self.version(&mut message, &way.author, target, way.sent, VersionKind::Delete);
        }
        reaction(&mut message, &mut data);
        for name in ["syncMessage", "dataMessage", "editMessage"] {
            envelope.drop(name);
        }
        finish(&mut message, envelope, data);
        Ok(Some(Reading {
            notes: notes(&message),
            message,
        }))
    }

    fn content(&self, message: &mut Message, data: &mut Object<'_>, way: &Way) {
        let mut text = data.text("message").unwrap_or_default();
        message.attachments = data
            .objects("attachments")
            .into_iter()
            .map(|file| self.attachment(file))
            .collect();
        if let Some(mut quote) = data.object("quote") {
            let author = handle(&mut quote, "author").unwrap_or_else(|| way.peer.clone());
            message.reply_to = quote.whole("id").map(|sent| id(sent, &author));
            let words = quote.text("text").unwrap_or_default();
            parts::add(message, &mut text, &words, Some(PartKind::Quoted));
        }
        let by_group = data.object("groupInfo").and_then(|mut group| group.text("type"));
        let timer = data.raw("isExpirationUpdate").is_some_and(|raw| raw.get() == "true");
        if text.is_empty() && (timer || matches!(by_group.as_deref(), Some("UPDATE" | "QUIT"))) {
            message.kind = MessageKind::System;
        }
        message.text = Some(text).filter(|text| !text.is_empty());
    }

    fn attachment(&self, mut file: Object<'_>) -> Attachment {
        let id = file.text("id").unwrap_or_default();
        let places = [format!("attachments/{id}"), id];
        let found = places
            .iter()
            .filter(|place| !place.is_empty())
            .map(|place| parts::bytes_of(&self.part, place));
        let (bytes, sha256) = found.into_iter().find(|(bytes, _)| bytes.is_some()).unwrap_or_default();
        Attachment {
            name: file.text("filename"),
            media_type: file.text("contentType"),
            bytes: bytes.or_else(|| file.whole("size")),
            sha256,
        }
    }

    /// Makes a version of the message that this one names. Edits may name the first version or the one before.
    fn version(&mut self, message: &mut Message, author: &str, target: u64, sent: u64, kind: VersionKind) {
        let known = self.versions.get(&(author.to_owned(), target)).copied();
        let first = known.map_or(target, |(first, _)| first);
        let count = self.versions.entry((author.to_owned(), first)).or_insert((first, 0));
        count.1 = count.1.saturating_add(1);
        message.version = count.1;
        self.versions.insert((author.to_owned(), sent), (first, 0));
        message.version_kind = kind;
        message.id = Some(id(first, author));
        message.sent_at = micros(first);
        let written = micros(sent).map(|at| ("written_at".to_owned(), show_instant(at)));
        message.metadata.extend(written);
    }
}

impl Way {
    /// Whose talk it is, the same for both where both are known by the same kind of name: an account's id, or a number.
    fn pair(&self) -> String {
        let is_number = |handle: &str| handle.starts_with('+');
        if self.account == OWNER || is_number(&self.account) != is_number(&self.peer) {
            return self.peer.clone();
        }
        parts::pair(&self.account, &self.peer)
    }

    /// A message in its conversation, without what it says.
    fn message(&self, data: &mut Object<'_>) -> Message {
        let group = data
            .object("groupInfo")
            .and_then(|mut group| Some((group.text("groupId")?, group.text("groupName"))));
        let (group, name) = group.map_or((None, None), |(group, name)| (Some(group), name));
        Message {
            platform: "signal".into(),
            conversation_kind: kind(group.is_some()),
            conversation: group.unwrap_or_else(|| self.pair()),
            channel: name,
            id: Some(id(self.sent, &self.author)),
            sent_at: micros(self.sent),
            recipients: parts::others([&self.peer, &self.account], &self.author),
            sender: self.author.clone(),
            custodians: Some(self.account.clone())
                .filter(|own| own != OWNER)
                .into_iter()
                .collect(),
            ..Message::default()
        }
    }

    fn plain(&self, mut envelope: Object<'_>, mut content: Object<'_>, kind: MessageKind) -> Reading {
        let mut message = self.message(&mut content);
        message.kind = kind;
        message.text = content.object("textAttachment").and_then(|mut text| text.text("text"));
        envelope.drop("callMessage");
        envelope.drop("storyMessage");
        finish(&mut message, envelope, content);
        Reading {
            notes: notes(&message),
            message,
        }
    }
}

/// Somebody, by the account's id, else the number, else whatever is there.
fn handle(object: &mut Object<'_>, name: &str) -> Option<String> {
    let account = object.text(&format!("{name}Uuid"));
    let number = object.text(&format!("{name}Number"));
    let plain = object.text(name);
    account.or(number).or(plain)
}

fn reaction(message: &mut Message, data: &mut Object<'_>) {
    let Some(mut reaction) = data.object("reaction") else {
        return;
    };
    data.drop("reaction");
    let target = handle(&mut reaction, "targetAuthor");
    message.kind = MessageKind::Reaction;
    message.text = reaction.text("emoji");
    message.reply_to = reaction
        .whole("targetSentTimestamp")
        .zip(target)
        .map(|(sent, author)| id(sent, &author));
    let removed = reaction.raw("isRemove").is_some_and(|raw| raw.get() == "true");
    let change = if removed { "removed" } else { "added" };
    message.metadata.insert("reaction".into(), change.to_owned());
}

/// Keeps what nobody took; lists with nothing in them, and `false`, say nothing.
fn finish(message: &mut Message, mut envelope: Object<'_>, mut data: Object<'_>) {
    data.drop("timestamp");
    message
        .metadata
        .extend(envelope.text("sourceName").map(|name| ("sender_name".to_owned(), name)));
    message.metadata.extend(envelope.into_metadata());
    message.metadata.extend(data.into_metadata());
    message.metadata.retain(|_, value| value != "[]" && value != "false");
}

fn notes(message: &Message) -> Notes {
    if message.sent_at.is_some() {
        return Notes::new();
    }
    vec![(
        "sent_at",
        "`timestamp` is no instant, and the date was left out".to_owned(),
    )]
}
