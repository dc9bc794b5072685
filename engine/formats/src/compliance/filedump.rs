//! One event of a file dump.

use lexhold_model::{ConversationKind, Message, MessageKind, Part as TextPart, PartKind, VersionKind};
use lexhold_source::Reading;

use super::event::{attachment, flatten, instant_of, login};
use super::presence::Conversation;
use crate::document::Readings;
use crate::format::Part;
use crate::repeats::Repeats;
use crate::xml::Element;

/// What is taken into fields of the message, and not repeated in its metadata.
const TAKEN: [&str; 7] = [
    "LoginName",
    "DateTimeUTC",
    "Content",
    "CorporateEmailID",
    "FileSize",
    "Base64Content",
    "User",
];

/// The messages that an event stands for: one as a rule, two where it tells of a deletion.
pub(super) fn read(event: Element, conversation: &Conversation, part: &Part, repeats: &mut Repeats) -> Readings {
    let sender = login(&event).to_owned();
    let written = event.said("DateTimeUTC").unwrap_or_default();
    let sent_at = instant_of(written);
    let mut message = Message {
        platform: "filedump".into(),
        conversation: conversation.id.clone(),
        conversation_kind: conversation.kind,
        channel: (conversation.kind == ConversationKind::Channel).then(|| conversation.id.clone()),
        kind: kind(&event.name),
        sent_at,
        recipients: conversation.readers(sent_at, &sender),
        text: event.said("Content").map(str::to_owned),
        ..Message::default()
    };
    if event.name != "FileTransferStarted" {
        message.attachments = attachments(&event, part);
    }
    if event.name == "History" {
        message.parts = message.text.iter().map(|text| quoted(text)).collect();
    }
    metadata(&mut message, &event, conversation);
    message.id = id(&event, &sender, written, &message, repeats);
    message.sender = sender;
    let mut notes = Vec::new();
    if sent_at.is_none() {
        let why = "`DateTimeUTC` is missing or no instant, and the date was left out";
        notes.push(("sent_at", why.to_owned()));
    }
    versions(Reading { message, notes }, &event)
}

/// What people wrote and sent is theirs; the rest tells of the conversation.
fn kind(event: &str) -> MessageKind {
    match event {
        "Message" | "FileTransferEnded" | "Attachment" => MessageKind::Message,
        _ => MessageKind::System,
    }
}

fn quoted(text: &str) -> TextPart {
    TextPart {
        kind: PartKind::Quoted,
        start: 0,
        end: text.len() as u64,
    }
}

fn attachments(event: &Element, part: &Part) -> Vec<lexhold_model::Attachment> {
    let inside = event.children.iter().filter(|child| child.name == "Attachment");
    let all = std::iter::once(event).chain(inside);
    all.filter_map(|one| attachment(one, part)).collect()
}

fn metadata(message: &mut Message, event: &Element, conversation: &Conversation) {
    message.metadata.clone_from(&conversation.facts);
    if event.name != "Message" {
        message.metadata.insert("event".to_owned(), event.name.clone());
    }
    for child in event
        .children
        .iter()
        .filter(|child| !TAKEN.contains(&child.name.as_str()))
    {
        flatten(child, &child.name, &mut message.metadata);
    }
    let user = event.child("User");
    for child in user.iter().flat_map(|user| &user.children) {
        flatten(child, &format!("User.{}", child.name), &mut message.metadata);
    }
    let of_user = |name: &str| user.and_then(|user| user.said(name));
    let email = event.said("CorporateEmailID").or_else(|| of_user("EmailAddress"));
    let names: Vec<&str> = ["FirstName", "LastName"].into_iter().filter_map(of_user).collect();
    let name = Some(names.join(" ")).filter(|name| !name.is_empty());
    let known = [("sender_email", email.map(str::to_owned)), ("sender_name", name)];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    message.metadata.extend(known);
}

/// Few products number their messages. What was said twice at one time gets an id, and so does every event without words.
fn id(event: &Element, sender: &str, written: &str, message: &Message, repeats: &mut Repeats) -> Option<String> {
    let native = ["MessageId", "MessageID"].into_iter().find_map(|name| event.said(name));
    if let Some(native) = native {
        return Some(native.to_owned());
    }
    let text = message.text.as_deref().unwrap_or_default();
    let times = repeats.count(written, format!("{} {sender} {text}", event.name));
    match (event.name.as_str(), times) {
        ("Message", 1) => None,
        (name, 1) => Some(format!("{written} {sender} {name}")),
        (name, times) => Some(format!("{written} {sender} {name} {times}")),
    }
}

/// Mattermost tells of edits and deletions: what a message said before an edit, afterwards, and that it is gone.
fn versions(mut reading: Reading, event: &Element) -> Readings {
    let message = &mut reading.message;
    match event.said("UpdatedType") {
        Some("EditedOriginalMsg") => {
            if let Some(now) = event.said("EditedNewMsgId") {
                message.id = Some(now.to_owned());
            }
        }
        Some("EditedNewMsg") => (message.version, message.version_kind) = (1, VersionKind::Edit),
        Some("Deleted") => {
            let gone = Message {
                text: None,
                attachments: Vec::new(),
                version: 1,
                version_kind: VersionKind::Delete,
                ..message.clone()
            };
            let gone = Reading {
                message: gone,
                notes: Vec::new(),
            };
            // The export puts a word in front of what the message said.
            let said = message.text.take();
            message.text = said.map(|said| said.strip_prefix("delete ").unwrap_or(&said).to_owned());
            return vec![Ok(reading), Ok(gone)];
        }
        _ => {}
    }
    vec![Ok(reading)]
}
