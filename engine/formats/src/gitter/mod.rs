//! Gitter: pages of messages as its API gave them, and archives of rooms, which are lists of the same objects.

mod message;

use lexhold_model::ConversationKind;
use lexhold_source::{Chunks, SourceError};

use crate::document::{Document, Found, beginning, each};
use crate::format::{About, Format, Messages, Part};
use crate::object::{self, Object};

pub(crate) struct Gitter;

static ABOUT: About = About {
    name: "gitter",
    title: "Gitter: messages of its API, archives of rooms",
    input: "json, folder, zip",
    preserves: &["rooms", "threads", "edits", "deletions", "mentions"],
    lacks: &["text before an edit", "members", "bytes of files", "reactions"],
    page: include_str!("../../pages/gitter.md"),
};

const SPINE: &[&str] = &[""];
const ROOMS: &str = "rooms.json";

impl Format for Gitter {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_file(&self, first: &[u8]) -> bool {
        let values = beginning(first, SPINE);
        let Some((_, value)) = values.first().filter(|(path, _)| path == "[]") else {
            return false;
        };
        let (text, _) = object::text(value);
        Object::parse(&text).is_ok_and(|object| {
            let has = |names: &[&str]| names.iter().all(|name| object.raw(name).is_some());
            has(&["id", "sent", "text", "html"]) || has(&["id", "uri", "oneToOne"])
        })
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let at = part.entries[0];
        let full = part.tree.full_name(&part.tree.entries[at]);
        Ok(Box::new(Page {
            document: Document::open(&part, at, SPINE)?,
            room: Room::of(&part, room_name(&full))?,
        }))
    }
}

/// Where the messages of a file were written.
#[derive(Default)]
struct Room {
    id: String,
    name: Option<String>,
    kind: ConversationKind,
}

impl Room {
    /// The room of this name or id, as the lists beside the file or above it have it.
    fn of(part: &Part, name: &str) -> Result<Self, SourceError> {
        let mut found = None;
        let mut folder = part.root.as_str();
        loop {
            each(part, &format!("{folder}{ROOMS}"), |room| {
                found = found.take().or_else(|| Self::listed(room, name));
            })?;
            if folder.is_empty() {
                break;
            }
            let parent = folder.trim_end_matches('/');
            folder = parent.rfind('/').map_or("", |slash| &parent[..=slash]);
        }
        Ok(found.unwrap_or_else(|| Self {
            id: name.to_owned(),
            ..Self::default()
        }))
    }

    fn listed(mut room: Object<'_>, name: &str) -> Option<Self> {
        let id = room.text("id")?;
        let uri = room.text("uri");
        let same = |uri: &String| uri == name || uri.replace('/', "_") == name || uri.replace('/', "-") == name;
        if id != name && !uri.as_ref().is_some_and(same) {
            return None;
        }
        let is = |member: &str, value: &str| room.raw(member).is_some_and(|raw| raw.get() == value);
        let kind = if is("oneToOne", "true") {
            ConversationKind::Direct
        } else if is("public", "false") {
            ConversationKind::Group
        } else {
            ConversationKind::Channel
        };
        Some(Self {
            id,
            name: room.text("name").or(uri),
            kind,
        })
    }
}

/// What a file is called without the number of a page; its folder, where that says nothing.
fn room_name(path: &str) -> &str {
    const ANY: [&str; 5] = ["", "message", "messages", "chat", "page"];
    let mut names = path.rsplit(['/', '\\']);
    let file = names.next().unwrap_or(path);
    let file = file.strip_suffix(".json").unwrap_or(file);
    let sign = |char: char| char.is_ascii_digit() || matches!(char, '_' | '-' | ' ');
    let bare = file.trim_end_matches(sign);
    // An id of a room ends in digits, too.
    let paged = bare.strip_suffix("page").map(|bare| bare.trim_end_matches(sign));
    match (paged, names.next()) {
        (Some(bare), folder) if ANY.contains(&bare) => folder.unwrap_or(file),
        (Some(bare), _) => bare,
        (None, Some(folder)) if ANY.contains(&bare) => folder,
        _ => file,
    }
}

/// The messages of a file.
struct Page {
    document: Document,
    room: Room,
}

impl Messages for Page {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let room = &self.room;
        Ok(self.document.read(to, |found| match found {
            Found::Value(value) if value.path == "[]" => message::read(value, room),
            Found::Value(_) | Found::Open | Found::Close => Vec::new(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_by_its_room() {
        for (path, name) in [
            ("x/perceval-api/message_page_1.json", "perceval-api"),
            ("x/AnimeshCom_helloworld.json", "AnimeshCom_helloworld"),
            ("x/5e763973d73408ce4fdd8c40.json", "5e763973d73408ce4fdd8c40"),
            ("x/lobby/2.json", "lobby"),
            ("lobby_page_12.json", "lobby"),
            ("messages.json", "messages"),
        ] {
            assert_eq!(room_name(path), name);
        }
    }
}
