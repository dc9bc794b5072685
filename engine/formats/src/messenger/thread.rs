//! A thread: its name, and who is in it.

use std::collections::BTreeSet;

use lexhold_model::ConversationKind;
use lexhold_source::{Chunks, SourceError};
use serde::Deserialize;

use super::{SPINE, latin};
use crate::document::{Document, Found};
use crate::format::Part;
use crate::object;

/// More people than fit into a thread.
const MOST_PEOPLE: usize = 1000;

/// What a file says of its thread, and what its path does.
#[derive(Default)]
pub(super) struct Thread {
    pub(super) platform: &'static str,
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) kind: ConversationKind,
    pub(super) people: BTreeSet<String>,
    /// The folder of the file, with its slash.
    pub(super) folder: String,
}

/// A participant: by a name alone where the messages were encrypted.
#[derive(Deserialize)]
#[serde(untagged)]
enum Person {
    Named { name: String },
    Name(String),
}

#[derive(Deserialize)]
struct Written {
    #[serde(alias = "senderName")]
    sender_name: String,
}

impl Thread {
    /// Reads a file through once.
    pub(super) fn read(part: &Part, at: usize) -> Result<Self, SourceError> {
        let entry = &part.tree.entries[at];
        let full = part.tree.full_name(entry);
        let mut thread = Self {
            folder: entry.folder().to_owned(),
            ..Self::default()
        };
        let (mut kind, mut writers, mut instagram) = (None, BTreeSet::new(), false);
        let mut document = Document::open(part, at, SPINE)?;
        // What is damaged is reported when the messages are read.
        let mut nowhere = Chunks::new(part.options.chunks);
        while document.read(&mut nowhere, |found| {
            let Found::Value(value) = found else { return Vec::new() };
            // Participants stand in front, if anywhere.
            if value.path == "messages[]" && !thread.people.is_empty() {
                return Vec::new();
            }
            let (text, _) = object::text(value.bytes);
            let repaired = latin::repaired(&text);
            let json = repaired.as_deref().unwrap_or(&text);
            let word = || {
                serde_json::from_str::<String>(json)
                    .ok()
                    .filter(|word| !word.is_empty())
            };
            match value.path {
                "messages[]" if writers.len() < MOST_PEOPLE => {
                    let written = serde_json::from_str::<Written>(json);
                    writers.extend(written.ok().map(|written| written.sender_name));
                }
                "participants" => {
                    let people = serde_json::from_str::<Vec<Person>>(json).unwrap_or_default();
                    thread.people = people.into_iter().map(Person::into_name).collect();
                }
                "title" => thread.title = word(),
                "thread_path" => thread.id = word().map(|path| id_of(&path)).unwrap_or_default(),
                "threadName" => thread.id = word().unwrap_or_default(),
                "thread_type" => kind = word(),
                "joinable_mode" => instagram |= json.contains("https://ig.me/"),
                _ => {}
            }
            Vec::new()
        }) {}
        if thread.id.is_empty() {
            thread.id = id_of(folder_name(&full));
        }
        if thread.people.is_empty() {
            thread.people = writers;
        }
        thread.people.remove("");
        let group = match kind.as_deref() {
            Some("RegularGroup") => true,
            Some("Regular") => false,
            _ => thread.people.len() > 2,
        };
        thread.kind = if group {
            ConversationKind::Group
        } else {
            ConversationKind::Direct
        };
        let instagram = instagram || full.to_ascii_lowercase().contains("instagram");
        thread.platform = if instagram { "instagram" } else { "messenger" };
        Ok(thread)
    }
}

impl Person {
    fn into_name(self) -> String {
        match self {
            Self::Named { name } | Self::Name(name) => name,
        }
    }
}

/// The id in `inbox/risk_desk_2765720812686121`, which stays when the thread gets another name; the whole name, where there is none.
fn id_of(path: &str) -> String {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    let id = name.rsplit_once('_').map(|(_, id)| id);
    let looks_so = |id: &&str| id.len() >= 6 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    id.filter(looks_so).unwrap_or(name).to_owned()
}

/// The folder around a file of a thread; the file's own name, where it is not one of those that all threads have.
fn folder_name(path: &str) -> &str {
    let mut names = path.rsplit(['/', '\\']);
    let file = names.next().unwrap_or(path);
    match names.next() {
        Some(folder) if super::number(file).is_some() && !folder.is_empty() => folder,
        _ => file.strip_suffix(".json").unwrap_or(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_thread_is_what_does_not_change() {
        for (path, id) in [
            ("inbox/risk_desk_2765720812686121", "2765720812686121"),
            ("inbox/annbob_ab12CD34ef", "ab12CD34ef"),
            ("inbox/risk_desk", "risk_desk"),
            ("ann", "ann"),
        ] {
            assert_eq!(id_of(path), id);
        }
        assert_eq!(folder_name("x/inbox/ann_1234567/message_1.json"), "ann_1234567");
        assert_eq!(folder_name("message_1.json"), "message_1");
        assert_eq!(folder_name("x/Ann_12.json"), "Ann_12");
    }
}
