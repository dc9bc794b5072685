//! Handles, and the chats that they are in.

use std::collections::BTreeMap;

use lexhold_model::ConversationKind;
use lexhold_source::SourceError;

use crate::parts::pair;
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
    /// Of a talk between two both, where the database tells by which handle its owner is in it.
    pub(super) id: String,
    /// The other one of a talk between two.
    pub(super) peer: Option<String>,
    pub(super) kind: ConversationKind,
    pub(super) name: Option<String>,
    /// Those who were in it when the database was copied, without its owner.
    pub(super) members: Vec<String>,
}

const GROUP: i64 = 43;
const DIRECT: i64 = 45;

/// The handle of an account, which is written `E:ann@x.com` or `P:+1555`.
pub(super) fn bare(account: &str) -> &str {
    account.split_once(':').map_or(account, |(_, handle)| handle)
}

impl People {
    pub(super) fn read(database: &Database) -> Result<Self, SourceError> {
        let mut people = Self::default();
        database.each("handle", &["ROWID", "id"], |mut record| {
            if let (Some(number), Some(id)) = (record.whole("ROWID"), record.text("id")) {
                people.handles.insert(number, id);
            }
        })?;
        let columns = [
            "ROWID",
            "guid",
            "style",
            "chat_identifier",
            "room_name",
            "display_name",
            "last_addressed_handle",
            "account_login",
        ];
        database.each("chat", &columns, |mut record| {
            let Some(number) = record.whole("ROWID") else { return };
            let guid = record.text("guid").unwrap_or_default();
            let kind = match record.whole("style") {
                Some(GROUP) => ConversationKind::Group,
                Some(DIRECT) => ConversationKind::Direct,
                _ if guid.contains(";+;") => ConversationKind::Group,
                _ => ConversationKind::Direct,
            };
            let id = record.text("chat_identifier").unwrap_or(guid);
            let own = record
                .text("last_addressed_handle")
                .or_else(|| record.text("account_login"));
            let own = own.as_deref().map(bare).filter(|own| !own.is_empty());
            let peer = (kind == ConversationKind::Direct && !id.is_empty()).then(|| id.clone());
            let chat = Chat {
                id: match (own, &peer) {
                    (Some(own), Some(peer)) => pair(own, peer),
                    _ => id,
                },
                peer,
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
