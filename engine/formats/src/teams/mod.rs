//! Microsoft Teams: the data export of a tenant, and pages of messages as Microsoft Graph gives them.
//!
//! Both hold the same resource, `chatMessage`, once with capitals in front and once without.

mod message;
mod people;

use lexhold_source::{Chunks, SourceError};

use crate::document::{Document, Found};
use crate::format::{About, Format, Messages, Part};
use crate::tree::Tree;

use message::Context;
use people::People;

pub(crate) struct Teams;

static ABOUT: About = About {
    name: "teams",
    title: "Microsoft Teams: data export, Graph pages",
    input: "folder, zip, json",
    preserves: &[
        "conversations",
        "members of teams",
        "replies",
        "quotes",
        "forwards",
        "edits",
        "deletions",
        "retained messages",
        "reactions",
        "cards",
        "files",
        "policy violations",
        "system",
        "calls",
    ],
    lacks: &["text before an edit", "bytes of files", "members of group chats"],
    page: include_str!("../../pages/teams.md"),
};

/// What an export has at its root.
const LISTS: [&str; 2] = ["teams/teamsList.json", "users/usersList.json"];

impl Format for Teams {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn folders(&self, tree: &Tree) -> Vec<String> {
        let mut roots = Vec::new();
        for entry in &tree.entries {
            let root = LISTS.iter().find_map(|list| entry.path.strip_suffix(list));
            if let Some(root) = root.filter(|root| root.is_empty() || root.ends_with('/'))
                && roots.last().map(String::as_str) != Some(root)
            {
                roots.push(root.to_owned());
            }
        }
        roots.dedup();
        roots
    }

    fn is_file(&self, first: &[u8]) -> bool {
        let has = |word: &[u8]| memchr::memmem::find(first, word).is_some();
        match lexhold_source::without_bom(first).trim_ascii_start().first() {
            // A message in NDJSON may have all of these words, but in its metadata, where their quotes are escaped.
            Some(b'{') => has(b"\"@odata.context\"") && has(b"\"messageType\"") && has(b"\"value\""),
            Some(b'[') => has(b"\"MessageType\"") || has(b"\"messageType\""),
            _ => false,
        }
    }

    fn passes_by(&self, name: &str) -> bool {
        // Calendars and settings.
        ["meetings_", "groupEvents_", "teamsList", "teamsSettings"]
            .iter()
            .any(|known| name.starts_with(known))
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let people = People::read(&part)?;
        let name = |at: usize| part.tree.entries[at].file_name();
        let files: Vec<usize> = match part.entries[..] {
            // A page, whatever its name, but not the one list that is left of an export.
            [page] if name(page).is_empty() || !LISTS.iter().any(|list| list.ends_with(name(page))) => vec![page],
            _ => part
                .entries
                .iter()
                .copied()
                .filter(|at| is_messages(name(*at)))
                .collect(),
        };
        Ok(Box::new(Tenant {
            files: files.into_iter(),
            part,
            people,
            file: None,
        }))
    }
}

fn is_messages(name: &str) -> bool {
    (name.starts_with("messages_") || name.starts_with("retainedMessages_")) && name.ends_with(".json")
}

/// The files of messages, one after the other.
struct Tenant {
    part: Part,
    people: People,
    files: std::vec::IntoIter<usize>,
    file: Option<(Document, Context)>,
}

impl Messages for Tenant {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let Some((file, context)) = &mut self.file else {
            let Some(at) = self.files.next() else { return Ok(false) };
            let below = &self.part.tree.entries[at].path[self.part.root.len()..];
            self.file = Some((Document::open(&self.part, at, &["", "value"])?, Context::of(below)));
            return Ok(true);
        };
        let people = &self.people;
        let more = file.read(to, |found| match found {
            Found::Value(value) if matches!(value.path, "[]" | "value[]") => message::read(value, people, context),
            // A page of Graph says where the next one is, and the like.
            Found::Value(_) | Found::Open | Found::Close => Vec::new(),
        });
        if !more {
            self.file = None;
        }
        Ok(true)
    }
}
