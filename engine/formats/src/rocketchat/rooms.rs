//! The rooms of a server, where their collection lies beside that of the messages.

use std::collections::HashMap;

use lexhold_model::ConversationKind;
use lexhold_source::SourceError;

use crate::format::Part;
use crate::object::{self, Object};
use crate::text::each_line;

/// What `mongoexport` and the API call the collection.
const NAMES: [&str; 2] = ["rocketchat_room.json", "rocketchat_room.jsonl"];

/// Rooms by id. Memory goes with the rooms, not with their messages.
#[derive(Default)]
pub(super) struct Rooms(HashMap<String, Room>);

/// A place to write in.
#[derive(Default)]
pub(super) struct Room {
    pub(super) name: Option<String>,
    pub(super) kind: ConversationKind,
    /// The ids of those in a direct room.
    pub(super) members: Vec<String>,
}

impl Rooms {
    pub(super) fn read(part: &Part) -> Result<Self, SourceError> {
        let mut rooms = Self::default();
        let found = NAMES
            .iter()
            .filter_map(|name| part.tree.find(&format!("{}{name}", part.root)));
        for at in found {
            each_line(part, at, |line| {
                if let Ok(room) = Object::parse(&object::text(line).0) {
                    rooms.room(room);
                }
            })?;
        }
        Ok(rooms)
    }

    fn room(&mut self, mut object: Object<'_>) {
        let Some(id) = object.text("_id") else { return };
        let members = object.list("uids").into_iter();
        let members: Vec<String> = members.filter_map(|id| serde_json::from_str(id.get()).ok()).collect();
        let kind = match object.text("t").as_deref() {
            Some("d") if members.len() > 2 => ConversationKind::Group,
            Some("d") => ConversationKind::Direct,
            Some("c") => ConversationKind::Channel,
            _ => ConversationKind::Group,
        };
        let name = object.text("fname").or_else(|| object.text("name"));
        self.0.insert(id, Room { name, kind, members });
    }

    pub(super) fn get(&self, id: &str) -> Option<&Room> {
        self.0.get(id)
    }
}
