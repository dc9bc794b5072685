//! One record of a day: a message with its versions.

use lexhold_model::{Attachment, Message, MessageKind, Part as TextPart, PartKind, Participant, Role, VersionKind};
use lexhold_source::Reading;
use serde_json::Value as Json;

use super::markup;
use super::people::{Conversation, People, Person};
use crate::document::{Readings, Value};
use crate::format::Part;
use crate::object::Object;

/// What a record is read with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) people: &'a People,
    pub(crate) conversation: &'a Conversation,
    pub(crate) part: &'a Part,
}

/// The messages that a record stands for: one as a rule, two where it tells of a change or a deletion.
pub(crate) fn read(value: Value<'_>, context: &Context<'_>) -> Readings {
    value.read(|mut record, mended, place| {
        let about = record.object("message");
        let before = record.object("previous_message");
        let mut readings: Readings = match (subtype(&record), about, before) {
            (Some("message_changed"), Some(after), before) => {
                let before = before.map(|before| message(before, context, None));
                before
                    .into_iter()
                    .chain([message(after, context, Some(VersionKind::Edit))])
                    .collect()
            }
            (Some("message_deleted"), _, Some(before)) => {
                let deleted = deletion(&mut record, &before, context);
                vec![message(before, context, None), deleted]
            }
            (Some("message_deleted"), ..) => vec![deletion(&mut record, &Object::default(), context)],
            _ => vec![message(record, context, None)],
        };
        for reading in readings.iter_mut().flatten() {
            reading.message.source = place.clone();
            reading.message.undecodable = mended;
        }
        readings
    })
}

fn subtype<'a>(record: &Object<'a>) -> Option<&'a str> {
    let raw = record.raw("subtype")?.get();
    raw.strip_prefix('"')?.strip_suffix('"')
}

/// The version that says that a message is gone.
fn deletion(record: &mut Object<'_>, before: &Object<'_>, context: &Context<'_>) -> Result<Reading, String> {
    let mut before = before.clone();
    let id = record.text("deleted_ts").or_else(|| before.text("ts"));
    let id = id.ok_or("a deletion names no message")?;
    let mut message = blank(context);
    message.sender = sender(&mut before, context, &mut message).unwrap_or_else(|| "unknown".into());
    message.recipients = recipients(context, &message.sender);
    message.sent_at = micros(&id);
    message.id = Some(id);
    (message.version_kind, message.version) = (VersionKind::Delete, 1 + i32::from(before.raw("edited").is_some()));
    Ok(Reading {
        message,
        notes: Vec::new(),
    })
}

fn blank(context: &Context<'_>) -> Message {
    Message {
        platform: "slack".into(),
        conversation: context.conversation.id.clone(),
        conversation_kind: context.conversation.kind,
        channel: context.conversation.channel.clone(),
        ..Message::default()
    }
}

fn message(mut record: Object<'_>, context: &Context<'_>, version: Option<VersionKind>) -> Result<Reading, String> {
    let subtype = record.text("subtype");
    let mut message = blank(context);
    let mut notes = Vec::new();
    message.id = record.text("ts");
    message.sent_at = message.id.as_deref().and_then(micros);
    if message.sent_at.is_none() {
        notes.push((
            "sent_at",
            "`ts` is missing or no instant, and the date was left out".to_owned(),
        ));
    }
    message.kind = kind(&mut record, subtype.as_deref());
    message.sender = sender(&mut record, context, &mut message).unwrap_or_else(|| "unknown".into());
    message.recipients = recipients(context, &message.sender);
    let thread = record.text("thread_ts");
    message.reply_to = thread.filter(|thread| Some(thread) != message.id.as_ref());
    message.attachments = attachments(&record, context);
    let edited = record.raw("edited").is_some_and(|edited| edited.get() != "null");
    let mut written = record.text("text");
    if subtype.as_deref() == Some("tombstone") {
        (message.version, message.version_kind) = (1, VersionKind::Delete);
        message
            .metadata
            .extend(written.take().map(|text| ("placeholder".to_owned(), text)));
    } else if edited || version == Some(VersionKind::Edit) {
        (message.version, message.version_kind) = (1, VersionKind::Edit);
    }
    text(&mut message, written, &record, context.people);
    message
        .metadata
        .extend(subtype.map(|subtype| ("subtype".to_owned(), subtype)));
    message.metadata.extend(record.into_metadata());
    Ok(Reading { message, notes })
}

fn kind(record: &mut Object<'_>, subtype: Option<&str>) -> MessageKind {
    let is_message = record.raw("type").is_none_or(|kind| kind.get() == "\"message\"");
    if !is_message {
        return MessageKind::System;
    }
    record.drop("type");
    match subtype {
        None
        | Some("thread_broadcast" | "file_share" | "file_comment" | "file_mention" | "bot_message" | "tombstone") => {
            MessageKind::Message
        }
        Some("me_message") => MessageKind::Action,
        Some("huddle_thread" | "sh_room_created") => MessageKind::Call,
        Some(_) => MessageKind::System,
    }
}

/// Who wrote it, by id; name and address go to the metadata. A program is known by its own id, or the name it gave itself.
fn sender(record: &mut Object<'_>, context: &Context<'_>, message: &mut Message) -> Option<String> {
    let comment = record.object("comment").and_then(|mut comment| comment.text("user"));
    let id = record.text("user").or(comment);
    let Some(id) = id else {
        return record.text("bot_id").or_else(|| record.text("username"));
    };
    // Who is from another workspace stands in no list of this one; a message of theirs says their name.
    let theirs = || {
        let mut profile = record.object("user_profile").unwrap_or_default();
        let names = ["display_name", "real_name", "name"];
        Person {
            name: names.into_iter().find_map(|name| profile.text(name)),
            email: profile.text("email"),
        }
    };
    let person = context.people.get(&id).cloned().unwrap_or_else(theirs);
    let known = [("sender_name", person.name), ("sender_email", person.email)];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    message.metadata.extend(known);
    Some(id)
}

fn recipients(context: &Context<'_>, sender: &str) -> Vec<Participant> {
    let others = context.conversation.members.iter().filter(|member| *member != sender);
    others
        .map(|member| Participant {
            handle: member.clone(),
            role: Role::Member,
        })
        .collect()
}

/// The text as people saw it. What was forwarded stands behind it, in parts of its own.
fn text(message: &mut Message, written: Option<String>, record: &Object<'_>, people: &People) {
    let mut text = match &written {
        Some(written) => markup::shown(written, people).into_owned(),
        None => json(record, "blocks").map_or_else(String::new, |blocks| markup::of_blocks(&blocks, people)),
    };
    let attached = json(record, "attachments");
    for one in attached.as_ref().and_then(Json::as_array).into_iter().flatten() {
        let said = |name: &str| one.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        let forwarded = ["is_share", "is_msg_unfurl"]
            .iter()
            .any(|name| one.get(*name).and_then(Json::as_bool) == Some(true));
        let Some(words) = said("text")
            .or_else(|| said("fallback"))
            .filter(|_| forwarded || written.is_none())
        else {
            continue;
        };
        if !text.is_empty() {
            text.push('\n');
        }
        let start = text.len() as u64;
        text.push_str(&markup::shown(words, people));
        if forwarded {
            message.parts.push(TextPart {
                kind: PartKind::Forwarded,
                start,
                end: text.len() as u64,
            });
        }
    }
    if let Some(written) = written.filter(|written| !text.starts_with(written.as_str())) {
        message.metadata.insert("text".to_owned(), written);
    }
    message.text = Some(text).filter(|text| !text.is_empty());
}

fn json(record: &Object<'_>, name: &str) -> Option<Json> {
    serde_json::from_str(record.raw(name)?.get()).ok()
}

/// The files of a message, with their digests where the export holds the bytes, as some tools arrange it.
fn attachments(record: &Object<'_>, context: &Context<'_>) -> Vec<Attachment> {
    let files = record.objects("files").into_iter().chain(record.object("file"));
    files
        .map(|mut file| {
            let id = file.text("id").unwrap_or_default();
            let name = file.text("name").or_else(|| file.text("title"));
            let found = name.as_deref().and_then(|name| bytes_of(context, &id, name));
            let (bytes, sha256) = found.unzip();
            Attachment {
                name,
                media_type: file.text("mimetype"),
                bytes: bytes.or_else(|| file.whole("size").filter(|bytes| *bytes > 0)),
                sha256,
            }
        })
        .collect()
}

fn bytes_of(context: &Context<'_>, id: &str, name: &str) -> Option<(u64, String)> {
    let (tree, root) = (&context.part.tree, &context.part.root);
    let folder = &context.conversation.folder;
    let places = [
        format!("{root}__uploads/{id}/{name}"),
        format!("{root}{folder}/attachments/{id}-{name}"),
    ];
    let at = places.iter().find_map(|place| tree.find(place))?;
    tree.hash(&tree.entries[at]).ok()
}

/// The instant of `1736478514.897649`. Text to the end: a float would lose digits.
fn micros(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || seconds.len() > 11 || fraction.len() > 6 || !digits(seconds) || !digits(fraction) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_every_digit() {
        assert_eq!(micros("1736478514.897649"), Some(1_736_478_514_897_649));
        assert_eq!(micros("1736478514"), Some(1_736_478_514_000_000));
        assert_eq!(micros("1486969200.000136"), Some(1_486_969_200_000_136));
        for wrong in ["", ".5", "1.2.3", "-1.0", "1e9", "1736478514.8976491", "999999999999"] {
            assert_eq!(micros(wrong), None, "{wrong}");
        }
    }
}
