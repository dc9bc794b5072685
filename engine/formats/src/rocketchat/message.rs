//! One record of the collection: a message, an earlier version of one, or that it is gone.

use lexhold_model::{Attachment, ConversationKind, Message, MessageKind, PartKind, VersionKind};
use lexhold_source::{Notes, Reading, instant};
use serde_json::Value as Json;

use super::rooms::Rooms;
use crate::document::Readings;
use crate::object::Object;
use crate::parts::{add, others};

/// The messages that a record stands for: one as a rule, two where a text was kept of something deleted.
pub(super) fn read(mut record: Object<'_>, rooms: &Rooms) -> Readings {
    let (Some(id), Some(room)) = (record.text("_id"), record.text("rid")) else {
        return vec![Err("`_id` or `rid` is missing".to_owned())];
    };
    let mut notes = Notes::new();
    let mut message = Message {
        platform: "rocketchat".into(),
        conversation: room,
        sent_at: sent(&mut record, &mut notes),
        reply_to: record.text("tmid"),
        ..Message::default()
    };
    sender(&mut message, &mut record);
    place(&mut message, rooms);
    let system = record.text("t");
    message.kind = kind(system.as_deref());
    message.attachments = files(&record);
    text(&mut message, &mut record, system.as_deref());
    let hidden = matches!(record.raw("_hidden"), Some(raw) if raw.get() == "true");
    let edited = record.raw("editedAt").is_some_and(|at| at.get() != "null");
    // A server that keeps history hides a copy of what a message said before, and the message itself when it is deleted.
    let earlier = record.text("parent").filter(|_| hidden);
    let removed = system.as_deref() == Some("rm");
    if edited && earlier.is_none() && !removed {
        (message.version, message.version_kind) = (1, VersionKind::Edit);
    }
    let gone = removed || (hidden && earlier.is_none());
    if earlier.is_some() {
        message.metadata.insert("version_id".to_owned(), id.clone());
    }
    message.id = Some(earlier.unwrap_or(id));
    message.metadata.extend(system.map(|system| ("t".to_owned(), system)));
    message.metadata.extend(record.into_metadata());
    message
        .metadata
        .retain(|_, value| !matches!(value.as_str(), "" | "[]" | "{}"));
    let deletion = gone.then(|| deletion(&message));
    let said = !removed && (message.text.is_some() || !message.attachments.is_empty());
    let mut readings = Vec::new();
    if said || deletion.is_none() {
        readings.push(Ok(Reading { message, notes }));
    }
    readings.extend(deletion.map(Ok));
    readings
}

fn deletion(message: &Message) -> Reading {
    Reading {
        message: Message {
            text: None,
            parts: Vec::new(),
            attachments: Vec::new(),
            kind: MessageKind::Message,
            version: message.version + 1,
            version_kind: VersionKind::Delete,
            ..message.clone()
        },
        notes: Notes::new(),
    }
}

/// The instant of `ts`: text, or what a dump of the database makes of a date.
fn sent(record: &mut Object<'_>, notes: &mut Notes) -> Option<i64> {
    let written: Option<Json> = record.raw("ts").and_then(|raw| serde_json::from_str(raw.get()).ok());
    let at = written.as_ref().and_then(moment);
    if at.is_some() {
        record.drop("ts");
    } else {
        let why = "`ts` is missing or no instant, and the date was left out";
        notes.push(("sent_at", why.to_owned()));
    }
    at
}

fn moment(written: &Json) -> Option<i64> {
    match written {
        Json::String(text) => match text.parse::<i64>() {
            Ok(millis) => in_range(millis),
            Err(_) => instant(text).ok(),
        },
        Json::Number(millis) => in_range(millis.as_i64()?),
        Json::Object(inner) => moment(inner.get("$date").or_else(|| inner.get("$numberLong"))?),
        _ => None,
    }
}

fn in_range(millis: i64) -> Option<i64> {
    let micros = millis.checked_mul(1000)?;
    (-62_167_219_200_000_000..253_402_300_800_000_000)
        .contains(&micros)
        .then_some(micros)
}

/// Who wrote it, by id; the names of a person go to the metadata.
fn sender(message: &mut Message, record: &mut Object<'_>) {
    let mut user = record.object("u").unwrap_or_default();
    let (id, login, name) = (user.text("_id"), user.text("username"), user.text("name"));
    if id.is_some() || login.is_some() {
        record.drop("u");
    }
    message.sender = id.or_else(|| login.clone()).unwrap_or_else(|| "unknown".to_owned());
    let known = [("sender_login", login), ("sender_name", name)];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    message.metadata.extend(known);
}

/// What kind of room it is. That of two people is named by both of their ids.
fn place(message: &mut Message, rooms: &Rooms) {
    if let Some(room) = rooms.get(&message.conversation) {
        message.conversation_kind = room.kind;
        message.recipients = others(&room.members, &message.sender);
        message.channel = room.name.clone().filter(|_| room.kind != ConversationKind::Direct);
        return;
    }
    const ID_BYTES: usize = 17;
    let (room, me) = (&message.conversation, &message.sender);
    let both = room.len() == 2 * ID_BYTES && me.len() == ID_BYTES;
    let other = room
        .strip_prefix(me.as_str())
        .or_else(|| room.strip_suffix(me.as_str()));
    if let Some(other) = other.filter(|_| both) {
        message.conversation_kind = ConversationKind::Direct;
        message.recipients = others([&other.to_owned()], me);
    }
}

fn kind(system: Option<&str>) -> MessageKind {
    match system {
        None | Some("e2e" | "rm") => MessageKind::Message,
        Some(kind) if kind.contains("call") || kind.contains("videoconf") => MessageKind::Call,
        Some(_) => MessageKind::System,
    }
}

/// The text; behind it what was quoted, and the words of cards.
fn text(message: &mut Message, record: &mut Object<'_>, system: Option<&str>) {
    if system == Some("e2e") {
        // Only those in the room can read it.
        message.metadata.insert("encrypted".to_owned(), "true".to_owned());
        return;
    }
    let mut text = record.text("msg").unwrap_or_default();
    let attached: Option<Json> = record
        .raw("attachments")
        .and_then(|raw| serde_json::from_str(raw.get()).ok());
    for one in attached.as_ref().and_then(Json::as_array).into_iter().flatten() {
        let link = one.get("message_link").and_then(Json::as_str);
        let quoted = link.map(|_| PartKind::Quoted);
        let id = link
            .and_then(|link| link.rsplit_once("msg="))
            .map(|(_, id)| id.to_owned());
        message.reply_to = message.reply_to.take().or(id);
        add(message, &mut text, &words_of(one, quoted.is_some()), quoted);
    }
    message.text = Some(text).filter(|text| !text.is_empty());
}

/// What a person reads on a card, or of what was quoted.
fn words_of(card: &Json, quoted: bool) -> String {
    let said = |of: &Json, name: &str| of.get(name).and_then(Json::as_str).map(str::to_owned);
    // The title of a file is its name, and the author of a quote did not write it here.
    let is_file = card.get("type").and_then(Json::as_str) == Some("file") || card.get("title_link").is_some();
    let names: &[&str] = match (quoted, is_file) {
        (true, _) => &["text", "description"],
        (false, true) => &["pretext", "text", "description"],
        (false, false) => &["pretext", "author_name", "title", "text", "description"],
    };
    let mut words: Vec<String> = names.iter().filter_map(|name| said(card, name)).collect();
    for field in card.get("fields").and_then(Json::as_array).into_iter().flatten() {
        words.extend(["title", "value"].into_iter().filter_map(|name| said(field, name)));
    }
    words.retain(|words| !words.is_empty());
    words.join("\n")
}

/// The files of a message, without the small pictures that the server makes of them.
fn files(record: &Object<'_>) -> Vec<Attachment> {
    let mut files = record.objects("files");
    if files.is_empty() {
        files.extend(record.object("file"));
    }
    let mut attachments = Vec::new();
    for mut file in files {
        if file.text("typeGroup").as_deref() != Some("thumb") {
            attachments.push(Attachment {
                name: file.text("name"),
                media_type: file.text("type"),
                bytes: file.whole("size"),
                sha256: None,
            });
        }
    }
    attachments
}
