//! One event of a persistent chat.

use lexhold_model::{Attachment, ConversationKind, Message, MessageKind};
use lexhold_source::{Reading, instant};

use super::event::{bytes_of, instant_of};
use super::presence::Conversation;
use crate::document::Readings;
use crate::format::Part;
use crate::repeats::Repeats;
use crate::xml::Element;

/// The message that an event stands for.
pub(super) fn read(event: Element, conversation: &Conversation, part: &Part, repeats: &mut Repeats) -> Readings {
    let Some(kind) = event.attribute("type") else {
        return vec![Err("`type` is missing".to_owned())];
    };
    let sender = sender(&event).to_owned();
    let sent_at = sent(&event);
    let content = event.attribute("content").map(str::to_owned);
    let mut message = Message {
        platform: "lync".into(),
        conversation: conversation.id.clone(),
        conversation_kind: ConversationKind::Channel,
        channel: conversation.channel.clone(),
        sent_at,
        recipients: conversation.readers(sent_at, &sender),
        metadata: conversation.facts.clone(),
        ..Message::default()
    };
    message.metadata.insert("type".to_owned(), kind.to_owned());
    match kind {
        "CHAT" => message.text = content,
        "FILEUPLOAD" => message.attachments.extend(content.map(|name| file(name, part))),
        // Who asks for what was said before, takes a file, comes or goes has said nothing.
        _ => {
            message.kind = MessageKind::System;
            message
                .metadata
                .extend(content.map(|content| ("content".to_owned(), content)));
        }
    }
    who(&mut message, &event);
    let written = event
        .child("DateTimeUTC")
        .and_then(|at| at.attribute("since1970"))
        .unwrap_or_default();
    message.id = event
        .attribute("id")
        .filter(|id| *id != "0")
        .map(str::to_owned)
        .or_else(|| {
            let times = repeats.count(written, format!("{kind} {sender}"));
            let count = if times > 1 { format!(" {times}") } else { String::new() };
            Some(format!("{written} {sender} {kind}{count}"))
        });
    message.sender = sender;
    let mut notes = Vec::new();
    if sent_at.is_none() {
        let why = "`DateTimeUTC` is missing or no instant, and the date was left out";
        notes.push(("sent_at", why.to_owned()));
    }
    vec![Ok(Reading { message, notes })]
}

/// Who did it, by the address that Lync knows them by.
pub(super) fn sender(event: &Element) -> &str {
    let sender = event.child("Sender");
    let known = sender.and_then(|sender| {
        ["uri", "email", "UserName"]
            .into_iter()
            .find_map(|name| sender.attribute(name))
    });
    known.unwrap_or("unknown")
}

/// When it happened: the text has more digits than the milliseconds.
pub(super) fn sent(event: &Element) -> Option<i64> {
    let at = event.child("DateTimeUTC")?;
    let text = at.attribute("string").and_then(|text| instant(text).ok());
    text.or_else(|| at.attribute("since1970").and_then(instant_of))
}

fn who(message: &mut Message, event: &Element) {
    let attributes = event.child("Sender").into_iter().flat_map(|sender| &sender.attributes);
    for (name, value) in attributes.filter(|(_, value)| !value.is_empty()) {
        let name = match name.as_str() {
            "UserName" => "sender_name",
            "email" => "sender_email",
            "uri" => continue,
            other => &format!("Sender.{other}"),
        };
        message.metadata.insert(name.to_owned(), value.clone());
    }
}

fn file(name: String, part: &Part) -> Attachment {
    let (bytes, sha256) = bytes_of(part, &name);
    Attachment {
        name: Some(name),
        bytes,
        sha256,
        ..Attachment::default()
    }
}
