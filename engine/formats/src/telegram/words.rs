//! What a person reads in a message: its text, and the words of what comes with it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::object::Object;

/// A piece of text, with what it is.
#[derive(Deserialize)]
#[serde(untagged)]
enum Piece<'a> {
    Plain(#[serde(borrow)] Cow<'a, str>),
    Marked {
        #[serde(borrow, rename = "type", default)]
        kind: Cow<'a, str>,
        #[serde(borrow, default)]
        text: Cow<'a, str>,
    },
}

/// The text of a message. What it has of formatting stays in the record, once.
pub(super) fn text(record: &mut Object<'_>) -> String {
    let (old, old_plain) = pieces(record, "text");
    let (new, new_plain) = pieces(record, "text_entities");
    if new.is_empty() {
        record.drop("text_entities");
        if old_plain {
            record.drop("text");
        }
        return old;
    }
    if old == new {
        record.drop("text");
    }
    if new_plain {
        record.drop("text_entities");
    }
    new
}

/// The words of a list of pieces, and whether there is no more to it than them.
fn pieces(record: &Object<'_>, name: &str) -> (String, bool) {
    let Some(raw) = record.raw(name) else {
        return (String::new(), true);
    };
    if let Ok(text) = serde_json::from_str::<String>(raw.get()) {
        return (text, true);
    }
    let Ok(pieces) = serde_json::from_str::<Vec<Piece<'_>>>(raw.get()) else {
        return (String::new(), false);
    };
    let mut words = String::new();
    let mut plain = true;
    for piece in &pieces {
        match piece {
            Piece::Plain(text) => words.push_str(text),
            Piece::Marked { kind, text } => {
                plain &= kind == "plain";
                words.push_str(text);
            }
        }
    }
    (words, plain)
}

/// What else there is to read, line by line: the question of a poll and its answers, tasks, a contact, a place, a game, an invoice,
/// buttons.
pub(super) fn beside(record: &Object<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, members) in [
        ("poll", &["question", "answers", "options"][..]),
        ("todo_list", &["title", "answers", "items"]),
        ("contact_information", &["first_name", "last_name", "phone_number"]),
        ("invoice_information", &["title", "description"]),
        ("inline_bot_buttons", &[]),
    ] {
        let Some(found) = json(record, name) else { continue };
        let before = lines.len();
        match &found {
            Json::Object(object) => members
                .iter()
                .filter_map(|name| object.get(*name))
                .for_each(|value| gather(value, &mut lines)),
            other => gather(other, &mut lines),
        }
        if name == "contact_information" {
            let contact = lines.split_off(before).join(" ");
            lines.push(contact);
        }
    }
    for name in ["place_name", "address", "game_title", "game_description"] {
        lines.extend(json(record, name).and_then(|value| value.as_str().map(str::to_owned)));
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn json(record: &Object<'_>, name: &str) -> Option<Json> {
    serde_json::from_str(record.raw(name)?.get()).ok()
}

/// Texts, and those of objects and lists inside.
fn gather(value: &Json, to: &mut Vec<String>) {
    match value {
        Json::String(text) if text.is_empty() => {}
        Json::String(text) => to.push(text.clone()),
        Json::Array(items) => items.iter().for_each(|item| gather(item, to)),
        Json::Object(object) => object.get("text").into_iter().for_each(|text| gather(text, to)),
        _ => {}
    }
}
