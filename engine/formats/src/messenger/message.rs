//! One message of a thread.

use std::collections::HashMap;

use lexhold_model::{Attachment, Message, MessageKind, PartKind, VersionKind};
use lexhold_source::{Notes, Reading};

use super::latin;
use super::thread::Thread;
use crate::document::{Readings, Value};
use crate::format::Part;
use crate::media;
use crate::object::{self, Object};
use crate::parts::{add, others};

/// How often each sender wrote at one instant. Messages have no ids, and those of one thread come in the order of time.
#[derive(Default)]
pub(super) struct Said {
    at: Option<i64>,
    times: HashMap<String, u32>,
}

impl Said {
    /// An id: time and sender, so that a message and its being unsent are one; all but the first are counted.
    fn id(&mut self, message: &Message) -> Option<String> {
        let millis = message.sent_at? / 1000;
        if self.at != message.sent_at {
            self.times.clear();
            self.at = message.sent_at;
        }
        let times = self.times.entry(message.sender.clone()).or_default();
        *times += 1;
        Some(match *times {
            1 => format!("{millis} {}", message.sender),
            times => format!("{millis} {} {times}", message.sender),
        })
    }
}

/// The message of a value.
pub(super) fn read(value: Value<'_>, thread: &Thread, part: &Part, said: &mut Said) -> Readings {
    let (text, mended) = object::text(value.bytes);
    let repaired = latin::repaired(&text);
    let record = match Object::parse(repaired.as_deref().unwrap_or(&text)) {
        Ok(record) => record,
        Err(why) => return vec![Err(why)],
    };
    let mut reading = message(record, thread, part, said);
    let message = &mut reading.message;
    message.source = value.place;
    message.undecodable = mended;
    if repaired.is_some() {
        let how = "repaired: UTF-8 that was written as Latin-1";
        message.metadata.insert("encoding".into(), how.into());
    }
    vec![Ok(reading)]
}

fn message(mut record: Object<'_>, thread: &Thread, part: &Part, said: &mut Said) -> Reading {
    let mut notes = Notes::new();
    let mut message = Message {
        platform: thread.platform.into(),
        conversation: thread.id.clone(),
        conversation_kind: thread.kind,
        sent_at: sent(&mut record),
        ..Message::default()
    };
    if message.sent_at.is_none() {
        notes.push((
            "sent_at",
            "`timestamp_ms` is missing or no instant, and the date was left out".to_owned(),
        ));
    }
    if thread.kind == lexhold_model::ConversationKind::Group {
        message.channel.clone_from(&thread.title);
    } else {
        let name = thread.title.clone().map(|name| ("chat_name".to_owned(), name));
        message.metadata.extend(name);
    }
    let sender = record.text("sender_name").or_else(|| record.text("senderName"));
    message.sender = sender.unwrap_or_else(|| "unknown".to_owned());
    message.recipients = others(&thread.people, &message.sender);
    message.kind = kind(&record);
    attachments(&mut message, &mut record, thread, part);
    text(&mut message, &mut record);
    let unsent = ["is_unsent", "isUnsent"]
        .into_iter()
        .any(|name| is(&record, name, "true"));
    if unsent {
        (message.version, message.version_kind) = (1, VersionKind::Delete);
        let placeholder = message.text.take().map(|text| ("placeholder".to_owned(), text));
        message.metadata.extend(placeholder);
        message.parts.clear();
    }
    message.id = said.id(&message);
    message.metadata.extend(record.into_metadata());
    // Lists with nothing in them and flags that are not set say nothing.
    message
        .metadata
        .retain(|name, value| value != "[]" && (value != "false" || !name.starts_with("is")));
    Reading { message, notes }
}

fn is(record: &Object<'_>, name: &str, value: &str) -> bool {
    record.raw(name).is_some_and(|raw| raw.get() == value)
}

/// In milliseconds since 1970; the oldest exports have seconds.
fn sent(record: &mut Object<'_>) -> Option<i64> {
    const YEAR_5000_SECONDS: u64 = 95_617_584_000;
    let number = record.whole("timestamp_ms").or_else(|| {
        let number = record.whole("timestamp")?;
        if number < YEAR_5000_SECONDS {
            number.checked_mul(1000)
        } else {
            Some(number)
        }
    });
    i64::try_from(number?).ok()?.checked_mul(1000)
}

fn kind(record: &Object<'_>) -> MessageKind {
    if record.raw("call_duration").is_some() || is(record, "type", "\"Call\"") {
        MessageKind::Call
    } else if record.raw("users").is_some_and(|users| users.get() != "[]")
        || is(record, "type", "\"Subscribe\"")
        || is(record, "type", "\"Unsubscribe\"")
    {
        MessageKind::System
    } else {
        MessageKind::Message
    }
}

/// The text, and behind it what was shared.
fn text(message: &mut Message, record: &mut Object<'_>) {
    let mut text = record
        .text("content")
        .or_else(|| record.text("text"))
        .unwrap_or_default();
    if let Some(mut share) = record.object("share") {
        let link = share.text("link").filter(|link| !text.contains(link.as_str()));
        add(message, &mut text, &link.unwrap_or_default(), None);
        let words = share.text("share_text").unwrap_or_default();
        add(message, &mut text, &words, Some(PartKind::Forwarded));
    }
    message.text = Some(text).filter(|text| !text.is_empty());
}

/// The files of a message, with their digests where the export holds the bytes.
fn attachments(message: &mut Message, record: &mut Object<'_>, thread: &Thread, part: &Part) {
    for member in ["photos", "videos", "audio_files", "files", "gifs", "sticker", "media"] {
        let mut items = record.objects(member);
        items.extend(record.object(member));
        for mut item in items {
            let Some(uri) = item.text("uri") else { continue };
            let (bytes, sha256) = bytes_of(part, thread, &uri).unzip();
            let name = uri.rsplit('/').next().map(str::to_owned);
            message.attachments.push(Attachment {
                media_type: name.as_deref().and_then(media::of_name).map(str::to_owned),
                name,
                bytes,
                sha256,
            });
        }
    }
}

/// A file that is named from the export's root, which lies somewhere above the thread, or beside it.
fn bytes_of(part: &Part, thread: &Thread, uri: &str) -> Option<(u64, String)> {
    let uri = uri.trim_start_matches("./");
    let tree = &part.tree;
    let mut above = thread.folder.as_str();
    let at = loop {
        if let Some(at) = tree.find(&format!("{above}{uri}")) {
            break Some(at);
        }
        if above.is_empty() {
            break None;
        }
        let parent = above.trim_end_matches('/');
        above = parent.rfind('/').map_or("", |slash| &parent[..=slash]);
    };
    let beside = || {
        let mut names = uri.rsplitn(3, '/');
        let (file, kind) = (names.next()?, names.next()?);
        tree.find(&format!("{}{kind}/{file}", thread.folder))
    };
    tree.hash(&tree.entries[at.or_else(beside)?]).ok()
}
