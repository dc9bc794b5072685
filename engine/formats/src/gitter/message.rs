//! One message of a room.

use lexhold_model::{Message, MessageKind, VersionKind};
use lexhold_source::{Notes, Reading, instant};

use super::Room;
use crate::document::{Readings, Value};
use crate::object::Object;

/// The message of a value; nothing for a room of a list.
pub(super) fn read(value: Value<'_>, room: &Room) -> Readings {
    value.read(|record, mended, place| {
        if record.raw("oneToOne").is_some() && record.raw("sent").is_none() {
            return Vec::new();
        }
        let mut reading = message(record, room);
        if let Ok(reading) = &mut reading {
            reading.message.source = place;
            reading.message.undecodable = mended;
        }
        vec![reading]
    })
}

fn message(mut record: Object<'_>, room: &Room) -> Result<Reading, String> {
    let mut notes = Notes::new();
    let mut message = Message {
        platform: "gitter".into(),
        id: Some(record.text("id").ok_or("`id` is missing")?),
        conversation: room.id.clone(),
        conversation_kind: room.kind,
        channel: room.name.clone(),
        reply_to: record.text("parentId"),
        ..Message::default()
    };
    let sent = record.raw("sent").map(|raw| raw.get().trim_matches('"'));
    message.sent_at = sent.and_then(|sent| instant(sent).ok());
    if message.sent_at.is_some() {
        record.drop("sent");
    } else {
        notes.push((
            "sent_at",
            "`sent` is not a possible RFC 3339 date and was left out".to_owned(),
        ));
    }
    sender(&mut message, &mut record);
    if record.raw("status").is_some_and(|status| status.get() == "true") {
        message.kind = MessageKind::Action;
    }
    let edited = record.raw("editedAt").is_some_and(|at| at.get() != "null");
    message.text = record.text("text");
    if message.text.is_none() {
        (message.version, message.version_kind) = (1, VersionKind::Delete);
        record.drop("text");
        record.drop("html");
    } else if edited {
        (message.version, message.version_kind) = (1, VersionKind::Edit);
    }
    message.metadata.extend(record.into_metadata());
    // Lists with nothing in them say nothing, and neither does HTML that is the text.
    let text = message.text.as_deref();
    message.metadata.retain(|name, value| {
        !matches!(value.as_str(), "[]" | "{}" | "false") && (name != "html" || Some(value.as_str()) != text)
    });
    Ok(Reading { message, notes })
}

/// Who wrote it, by id; somebody on the other side of a bridge by the id that they have there.
fn sender(message: &mut Message, record: &mut Object<'_>) {
    let user = record.object("fromUser");
    let bridged = record.object("virtualUser").filter(|_| user.is_none());
    let Some(mut user) = user.or(bridged) else {
        message.sender = "unknown".into();
        return;
    };
    record.drop("fromUser");
    let id = user.text("id").or_else(|| user.text("externalId"));
    let name = user.text("displayName");
    let known = name.clone().map(|name| ("sender_name".to_owned(), name));
    message.metadata.extend(known.filter(|_| id.is_some()));
    message.sender = id.or(name).unwrap_or_else(|| "unknown".to_owned());
    let kept = user.into_metadata().into_iter();
    message
        .metadata
        .extend(kept.map(|(name, value)| (format!("fromUser.{name}"), value)));
}
