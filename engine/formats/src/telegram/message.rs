//! One message of a chat.

use jiff::civil::DateTime;
use lexhold_model::{Attachment, Message, MessageKind, Part as TextPart, PartKind, SEQUENCE, VersionKind};
use lexhold_source::{Notes, Reading};

use super::chats::{self, Chat};
use super::words;
use crate::document::{Readings, Value};
use crate::format::Part;
use crate::object::Object;
use crate::parts::{add, bytes_of, others};
use crate::{local, media};

/// What a message is read with.
pub(super) struct Context<'a> {
    pub(super) chat: &'a Chat,
    pub(super) owner: Option<&'a str>,
    pub(super) part: &'a Part,
}

/// The message of a value.
pub(super) fn read(value: Value<'_>, context: &Context<'_>) -> Readings {
    value.read(|record, mended, place| {
        let mut reading = message(record, context);
        if let Ok(reading) = &mut reading {
            reading.message.source = place;
            reading.message.undecodable = mended;
        }
        vec![reading]
    })
}

fn message(mut record: Object<'_>, context: &Context<'_>) -> Result<Reading, String> {
    let chat = context.chat;
    let mut notes = Notes::new();
    let own = number(&mut record, "id").ok_or("`id` is missing")?;
    let mut message = Message {
        platform: "telegram".into(),
        id: Some(chat.message_id(&own)),
        conversation: chat.id.clone(),
        conversation_kind: chat.kind,
        custodians: context.owner.map(str::to_owned).into_iter().collect(),
        ..Message::default()
    };
    let name = if chat.word.ends_with("_chat") {
        message.metadata.extend(named("chat_name", chat.name.clone()));
        None
    } else {
        chat.name.clone()
    };
    message.channel = name;
    message.metadata.extend(named(
        "chat_type",
        Some(chat.word.clone()).filter(|word| !word.is_empty()),
    ));
    // Those below zero were numbered before the group became a supergroup.
    let counted = Some(own).filter(|own| chat.is_counted() && !own.starts_with('-'));
    message.metadata.extend(named(SEQUENCE, counted));
    sent(&mut message, &mut record, context, &mut notes);
    message.kind = kind(&mut record);
    sender(&mut message, &mut record, chat);
    reply(&mut message, &mut record, chat);
    if is_edited(&mut record) {
        (message.version, message.version_kind) = (1, VersionKind::Edit);
    }
    message.attachments = attachments(&mut record, context);
    text(&mut message, &mut record);
    message.metadata.extend(record.into_metadata());
    Ok(Reading { message, notes })
}

fn named(name: &str, value: Option<String>) -> Option<(String, String)> {
    Some((name.to_owned(), value?))
}

/// When it was sent: in UTC where the export says so, else by the computer's clock.
fn sent(message: &mut Message, record: &mut Object<'_>, context: &Context<'_>, notes: &mut Notes) {
    let utc = number(record, "date_unixtime").and_then(|seconds| seconds.parse::<i64>().ok()?.checked_mul(1_000_000));
    if utc.is_some() {
        message.sent_at = utc;
        return;
    }
    let written = record.raw("date").map(|raw| raw.get().trim_matches('"'));
    let found = context.part.options.zone.as_ref().and_then(|zone| {
        let local: DateTime = written?.parse().ok()?;
        message
            .metadata
            .extend(named("zone", zone.iana_name().map(str::to_owned)));
        local::instant(local, zone)
    });
    match found {
        Some((at, precision)) => {
            message.sent_at = Some(at);
            message.sent_precision = precision.map(str::to_owned);
        }
        None => notes.push((
            "sent_at",
            "`date` is missing, impossible or without a zone, and was left out".to_owned(),
        )),
    }
}

/// A whole number, which may stand in quotes.
fn number(record: &mut Object<'_>, name: &str) -> Option<String> {
    let text = record.raw(name)?.get().trim_matches('"');
    text.parse::<i64>().ok()?;
    let text = text.to_owned();
    record.drop(name);
    Some(text)
}

fn kind(record: &mut Object<'_>) -> MessageKind {
    let is_service = record.raw("type").is_some_and(|kind| kind.get() == "\"service\"");
    if !is_service {
        record.drop("type");
        return MessageKind::Message;
    }
    let call = record.raw("action").is_some_and(|action| action.get().contains("call"));
    if call { MessageKind::Call } else { MessageKind::System }
}

/// Who wrote it, by id, and those who wrote in the same chat.
fn sender(message: &mut Message, record: &mut Object<'_>, chat: &Chat) {
    let name = record.text("from").or_else(|| record.text("actor"));
    let id = ["from_id", "actor_id"].into_iter().find_map(|name| {
        let id = chats::peer(record.raw(name))?;
        record.drop(name);
        Some(id)
    });
    message
        .metadata
        .extend(named("sender_name", name.clone().filter(|_| id.is_some())));
    message.sender = id.or(name).unwrap_or_else(|| "unknown".to_owned());
    message.recipients = others(&chat.people, &message.sender);
}

/// What it answers, or pins. An answer to a message of another chat names one that has the same number here.
fn reply(message: &mut Message, record: &mut Object<'_>, chat: &Chat) {
    if record.raw("reply_to_peer_id").is_some() {
        return;
    }
    let pins = record
        .raw("action")
        .is_some_and(|action| action.get() == "\"pin_message\"");
    let answered = match number(record, "reply_to_message_id") {
        None if pins => number(record, "message_id"),
        answered => answered,
    };
    message.reply_to = answered.map(|number| chat.message_id(&number));
}

/// Whether it was changed. Old exports say of all others that they were changed when the calendar of computers begins.
fn is_edited(record: &mut Object<'_>) -> bool {
    let Some(at) = record.raw("edited").map(|raw| raw.get().trim_matches('"')) else {
        return false;
    };
    if at == "null" || at.starts_with("1970-01-01") || at.starts_with("1969-12-31") {
        record.drop("edited");
        return false;
    }
    true
}

/// The files of a message, with their digests where the export holds the bytes. Where it does not, a sentence stands in their place.
fn attachments(record: &mut Object<'_>, context: &Context<'_>) -> Vec<Attachment> {
    let mut found = Vec::new();
    for (member, size) in [
        ("photo", "photo_file_size"),
        ("file", "file_size"),
        ("contact_vcard", "contact_vcard_file_size"),
    ] {
        let Some(path) = record
            .raw(member)
            .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok())
        else {
            continue;
        };
        let included = !path.is_empty() && !path.starts_with('(');
        let (bytes, sha256) = if included {
            bytes_of(context.part, &path)
        } else {
            (None, None)
        };
        let (given, mime) = if member == "file" {
            (record.text("file_name"), record.text("mime_type"))
        } else {
            (None, None)
        };
        let name = given.or_else(|| path.rsplit('/').next().filter(|_| included).map(str::to_owned));
        let by_name = name.as_deref().and_then(media::of_name).map(str::to_owned);
        found.push(Attachment {
            media_type: mime.or(by_name),
            bytes: bytes.or_else(|| record.whole(size)),
            sha256,
            name,
        });
    }
    found
}

/// The text as people saw it; the words of polls, contacts and the like stand behind it. An event has the new title, if any.
fn text(message: &mut Message, record: &mut Object<'_>) {
    let mut text = words::text(record);
    let title = (message.kind == MessageKind::System)
        .then(|| record.text("title"))
        .flatten();
    for line in title.into_iter().chain(words::beside(record)) {
        add(message, &mut text, &line, None);
    }
    if text.is_empty() {
        return;
    }
    let forwarded = ["forwarded_from", "forwarded_from_id", "saved_from"];
    if forwarded.iter().any(|name| record.raw(name).is_some()) {
        message.parts.push(TextPart {
            kind: PartKind::Forwarded,
            start: 0,
            end: text.len() as u64,
        });
    }
    message.text = Some(text);
}
