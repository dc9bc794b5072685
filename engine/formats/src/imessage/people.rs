//! Handles, and the chats that they are in.

use std::collections::BTreeMap;

use lexhold_model::ConversationKind;
use lexhold_source::SourceError;

use crate::sqlite::Database;

/// Everybody a database knows.
#[derive(Default)]
pub(super) struct People {
    handles: BTreeMap<i64, String>,
    chats: BTreeMap<i64, Chat>,
}

/// A conversation.
#[derive(Default)]
pub(super) struct Chat {
    pub(super) id: String,
    pub(super) kind: ConversationKind,
    pub(super) name: Option<String>,
    /// Those who were in it when the database was copied, without its owner.
    pub(super) members: Vec<String>,
}

const GROUP: i64 = 43;
const DIRECT: i64 = 45;

impl People {
    pub(super) fn read(database: &Database) -> Result<Self, SourceError> {
        let mut people = Self::default();
        database.each("handle", &["ROWID", "id"], |mut record| {
            if let (Some(number), Some(id)) = (record.whole("ROWID"), record.text("id")) {
                people.handles.insert(number, id);
            }
        })?;
        let columns = ["ROWID", "guid", "style", "chat_identifier", "room_name", "display_name"];
        database.each("chat", &columns, |mut record| {
            let Some(number) = record.whole("ROWID") else { return };
            let guid = record.text("guid").unwrap_or_default();
            let kind = match record.whole("style") {
                Some(GROUP) => ConversationKind::Group,
                Some(DIRECT) => ConversationKind::Direct,
                _ if guid.contains(";+;") => ConversationKind::Group,
                _ => ConversationKind::Direct,
            };
            let chat = Chat {
                id: record.text("chat_identifier").unwrap_or(guid),
                kind,
                name: record.text("display_name").or_else(|| record.text("room_name")),
                members: Vec::new(),
            };
            people.chats.insert(number, chat);
        })?;
        database.each("chat_handle_join", &["chat_id", "handle_id"], |mut record| {
            let (chat, handle) = (record.whole("chat_id"), record.whole("handle_id"));
            let chat = chat.and_then(|number| people.chats.get_mut(&number));
            let handle = handle.and_then(|number| people.handles.get(&number));
            // One person may be there twice, once for each service.
            if let (Some(chat), Some(handle)) = (chat, handle)
                && !chat.members.contains(handle)
            {
                chat.members.push(handle.clone());
            }
        })?;
        people.chats.values_mut().for_each(|chat| chat.members.sort());
        Ok(people)
    }

    pub(super) fn handle(&self, number: i64) -> Option<&String> {
        self.handles.get(&number)
    }

    pub(super) fn chat(&self, number: i64) -> Option<&Chat> {
        self.chats.get(&number)
    }
}
