//! One message of a channel.

use lexhold_model::{Attachment, Message, MessageKind, PartKind, VersionKind};
use lexhold_source::{Notes, Reading, instant};

use super::Channel;
use crate::document::{Readings, Value};
use crate::format::Part;
use crate::media;
use crate::object::Object;
use crate::parts::{add, bytes_of, others};

/// The message of a value.
pub(super) fn read(value: Value<'_>, channel: &Channel, part: &Part) -> Readings {
    value.read(|record, mended, place| {
        let mut reading = message(record, channel, part);
        if let Ok(reading) = &mut reading {
            reading.message.source = place;
            reading.message.undecodable = mended;
        }
        vec![reading]
    })
}

fn message(mut record: Object<'_>, channel: &Channel, part: &Part) -> Result<Reading, String> {
    let mut notes = Notes::new();
    let id = record.text("id").ok_or("`id` is missing")?;
    let mut message = Message {
        platform: "discord".into(),
        conversation: channel.id.clone(),
        conversation_kind: channel.kind(),
        sent_at: sent(&mut record, &id, &mut notes),
        id: Some(id),
        ..Message::default()
    };
    if channel.is_direct() {
        let name = channel.name.clone().map(|name| ("chat_name".to_owned(), name));
        message.metadata.extend(name);
    } else {
        message.channel.clone_from(&channel.name);
    }
    message.metadata.extend(channel.around.iter().cloned());
    message.metadata.insert("channel_type".into(), channel.word.clone());
    message.kind = kind(&mut record);
    let bot = sender(&mut message, &mut record);
    message.recipients = others(&channel.people, &message.sender);
    if record.raw("timestampEdited").is_some_and(|at| at.get() != "null") {
        (message.version, message.version_kind) = (1, VersionKind::Edit);
    }
    reply(&mut message, &mut record);
    text(&mut message, &mut record, bot, part);
    message.metadata.extend(record.into_metadata());
    // Lists with nothing in them say nothing, and few messages are pinned.
    message
        .metadata
        .retain(|name, value| value != "[]" && (name != "isPinned" || value != "false"));
    Ok(Reading { message, notes })
}

/// When it was written. The id is that time too, which helps where the date is damaged.
fn sent(record: &mut Object<'_>, id: &str, notes: &mut Notes) -> Option<i64> {
    let written = record.raw("timestamp").map(|raw| raw.get().trim_matches('"'));
    if let Some(Ok(at)) = written.map(instant) {
        record.drop("timestamp");
        return Some(at);
    }
    let by_id = by_id(id);
    let instead = if by_id.is_some() {
        "that of the id was taken"
    } else {
        "it was left out"
    };
    notes.push((
        "sent_at",
        format!("`timestamp` is not a possible RFC 3339 date, and {instead}"),
    ));
    by_id
}

/// The milliseconds since 2015 that stand in an id above its lowest 22 bits.
fn by_id(id: &str) -> Option<i64> {
    const DISCORD_EPOCH_MILLIS: u64 = 1_420_070_400_000;
    let id: u64 = id.parse().ok()?;
    let millis = (id >> 22).checked_add(DISCORD_EPOCH_MILLIS)?;
    i64::try_from(millis).ok()?.checked_mul(1000).filter(|_| id >> 22 > 0)
}

/// What people write, and what programs answer to their commands (which the exporter numbers), is a message.
fn kind(record: &mut Object<'_>) -> MessageKind {
    let word = record.raw("type").map_or("", |raw| raw.get().trim_matches('"'));
    match word {
        "Default" | "" => {
            record.drop("type");
            MessageKind::Message
        }
        "Reply" | "20" | "21" | "23" => MessageKind::Message,
        "Call" => MessageKind::Call,
        _ => MessageKind::System,
    }
}

/// Who wrote it, by id, and whether that is a program.
fn sender(message: &mut Message, record: &mut Object<'_>) -> bool {
    let Some(mut author) = record.object("author") else {
        message.sender = "unknown".into();
        return false;
    };
    record.drop("author");
    let id = author.text("id");
    let name = author.text("nickname").or_else(|| author.text("name"));
    let bot = author.raw("isBot").is_some_and(|bot| bot.get() == "true");
    if !bot {
        author.drop("isBot");
    }
    let kept = author.into_metadata().into_iter().filter(|(_, value)| value != "[]");
    let kept = kept.map(|(name, value)| (format!("author.{name}"), value));
    message.metadata.extend(kept);
    let known = name.clone().map(|name| ("sender_name".to_owned(), name));
    message.metadata.extend(known.filter(|_| id.is_some()));
    message.sender = id.or(name).unwrap_or_else(|| "unknown".to_owned());
    bot
}

/// What it answers, or pins. What stands in another channel stays in the metadata.
fn reply(message: &mut Message, record: &mut Object<'_>) {
    let Some(mut reference) = record.object("reference") else {
        return;
    };
    let forwarded = reference.text("type").is_some_and(|kind| kind == "Forward");
    let here = reference
        .text("channelId")
        .is_none_or(|channel| channel == message.conversation);
    if here && !forwarded {
        message.reply_to = reference.text("messageId");
        record.drop("reference");
    }
}

/// The text as people saw it, behind it what was forwarded, and what a program shows in boxes.
fn text(message: &mut Message, record: &mut Object<'_>, bot: bool, part: &Part) {
    let written = record.text("content").unwrap_or_default();
    let mut text = written.clone();
    for mut mention in record.objects("mentions") {
        let name = mention.text("nickname").or_else(|| mention.text("name"));
        let (Some(id), Some(name)) = (mention.text("id"), name) else {
            continue;
        };
        if text.contains("<@") {
            let shown = format!("@{name}");
            text = text
                .replace(&format!("<@{id}>"), &shown)
                .replace(&format!("<@!{id}>"), &shown);
        }
    }
    if text != written {
        message.metadata.insert("content".into(), written.clone());
    }
    files(message, record, part);
    if written.is_empty() || bot {
        boxes(message, &mut text, record, None);
    }
    if let Some(mut forwarded) = record.object("forwardedMessage") {
        let words = forwarded.text("content").unwrap_or_default();
        add(message, &mut text, &words, Some(PartKind::Forwarded));
        boxes(message, &mut text, &forwarded, Some(PartKind::Forwarded));
        files(message, &forwarded, part);
    }
    message.text = Some(text).filter(|text| !text.is_empty());
}

/// The words of boxes.
fn boxes(message: &mut Message, text: &mut String, record: &Object<'_>, kind: Option<PartKind>) {
    for mut one in record.objects("embeds") {
        let mut lines = Vec::new();
        lines.extend(one.object("author").and_then(|mut author| author.text("name")));
        lines.extend(one.text("title"));
        lines.extend(one.text("description"));
        for mut field in one.objects("fields") {
            lines.extend(field.text("name").into_iter().chain(field.text("value")));
        }
        lines.extend(one.object("footer").and_then(|mut footer| footer.text("text")));
        add(message, text, &lines.join("\n"), kind);
    }
}

/// Files and stickers, with their digests where the exporter fetched the bytes.
fn files(message: &mut Message, record: &Object<'_>, part: &Part) {
    for mut file in record.objects("attachments") {
        let path = file.text("url").unwrap_or_default();
        let (bytes, sha256) = bytes_of(part, &path);
        let name = file.text("fileName");
        message.attachments.push(Attachment {
            media_type: name.as_deref().and_then(media::of_name).map(str::to_owned),
            bytes: bytes.or_else(|| file.whole("fileSizeBytes")),
            sha256,
            name,
        });
    }
    for mut sticker in record.objects("stickers") {
        let path = sticker.text("sourceUrl").unwrap_or_default();
        let (bytes, sha256) = bytes_of(part, &path);
        message.attachments.push(Attachment {
            name: sticker.text("name"),
            media_type: media::of_name(&path).map(str::to_owned),
            bytes,
            sha256,
        });
    }
}
