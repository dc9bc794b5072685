//! One message of a page of the API, which says more of where it was written and less of what it was before.

use lexhold_model::{ConversationKind, Message, MessageKind};
use lexhold_source::Notes;
use serde_json::Value as Json;

use super::message::{edits, finish, sent};
use crate::document::Readings;
use crate::html;
use crate::object::Object;
use crate::parts::others;

/// Whether a file has the words of a page.
pub(super) fn is_page(has: impl Fn(&str) -> bool) -> bool {
    let words = [
        "\"messages\"",
        "\"display_recipient\"",
        "\"sender_id\"",
        "\"timestamp\"",
    ];
    words.into_iter().all(has)
}

/// The versions of a message, the oldest first.
pub(super) fn read(mut record: Object<'_>) -> Readings {
    let Some(id) = record.whole("id") else {
        return vec![Err("`id` is missing".to_owned())];
    };
    let sender = record.whole("sender_id");
    let mut message = Message {
        platform: "zulip".into(),
        id: Some(id.to_string()),
        sender: sender.map_or_else(|| "unknown".to_owned(), |sender| sender.to_string()),
        subject: record.text("subject"),
        ..Message::default()
    };
    place(&mut message, &mut record);
    let mut notes = Notes::new();
    message.sent_at = sent(&mut record, "timestamp", &mut notes);
    for (known, name) in [("sender_name", "sender_full_name"), ("sender_email", "sender_email")] {
        let value = record.text(name).map(|value| (known.to_owned(), value));
        message.metadata.extend(value);
    }
    if matches!(record.raw("is_me_message"), Some(raw) if raw.get() == "true") {
        message.kind = MessageKind::Action;
    }
    let content = record.text("content").unwrap_or_default();
    let is_html = record.text("content_type").as_deref() == Some("text/html");
    let text = if is_html { html::text(&content) } else { content.clone() };
    if text != content {
        message.metadata.insert("html".to_owned(), content);
    }
    message.text = Some(text).filter(|text| !text.is_empty());
    let edited = record.raw("last_edit_timestamp").is_some_and(|at| at.get() != "null");
    let edits = edits(&mut record);
    message.metadata.extend(record.into_metadata());
    message
        .metadata
        .retain(|_, value| !matches!(value.as_str(), "" | "[]" | "{}"));
    finish(message, notes, edited, &edits)
}

/// A channel by its number and name, or the people of a direct conversation by theirs.
fn place(message: &mut Message, record: &mut Object<'_>) {
    if let Some(stream) = record.whole("stream_id") {
        message.conversation = format!("channel/{stream}");
        message.channel = record.text("display_recipient");
        return;
    }
    let people = record.objects("display_recipient").into_iter();
    let mut people: Vec<u64> = people.filter_map(|mut person| person.whole("id")).collect();
    people.sort_unstable();
    people.dedup();
    let names: Vec<String> = people.iter().map(u64::to_string).collect();
    message.conversation = format!("direct/{}", names.join(","));
    message.conversation_kind = if people.len() > 2 {
        ConversationKind::Group
    } else {
        ConversationKind::Direct
    };
    message.recipients = others(&names, &message.sender);
    let written: Option<Json> = record
        .raw("display_recipient")
        .and_then(|raw| serde_json::from_str(raw.get()).ok());
    if written.is_some_and(|written| written.is_array()) {
        record.drop("display_recipient");
    }
}
