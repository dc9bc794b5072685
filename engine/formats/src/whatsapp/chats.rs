//! The addresses of a database (JIDs), and the chats with them.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_model::ConversationKind;
use lexhold_source::SourceError;

use crate::sqlite::Database;

/// The owner of the phone, whose number the database does not tell.
pub(super) const OWNER: &str = "me";

/// Everybody and every chat a database knows.
#[derive(Default)]
pub(super) struct Chats {
    jids: BTreeMap<i64, String>,
    chats: BTreeMap<i64, Chat>,
    by_jid: BTreeMap<String, i64>,
    unknown: Chat,
}

/// A chat.
#[derive(Default)]
pub(super) struct Chat {
    pub(super) jid: String,
    pub(super) kind: ConversationKind,
    pub(super) subject: Option<String>,
    /// Those who were in it when the database was copied, without its owner.
    pub(super) members: BTreeSet<String>,
}

impl Chats {
    pub(super) fn read(database: &Database) -> Result<Self, SourceError> {
        let mut chats = Self::default();
        chats.unknown.kind = ConversationKind::Direct;
        database.each("jid", &["_id", "raw_string", "user", "server"], |mut record| {
            let Some(number) = record.whole("_id") else { return };
            let parts = record.text("user").zip(record.text("server"));
            let jid = record
                .text("raw_string")
                .or_else(|| parts.map(|(user, server)| format!("{user}@{server}")));
            chats.jids.extend(jid.map(|jid| (number, jid)));
        })?;
        let mut members: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
        database.each(
            "group_participant_user",
            &["group_jid_row_id", "user_jid_row_id"],
            |mut record| {
                let user = record
                    .whole("user_jid_row_id")
                    .and_then(|number| chats.jids.get(&number));
                if let (Some(group), Some(user)) = (record.whole("group_jid_row_id"), user) {
                    members.entry(group).or_default().insert(user.clone());
                }
            },
        )?;
        database.each("chat", &["_id", "jid_row_id", "subject"], |mut record| {
            let (Some(number), Some(jid)) = (record.whole("_id"), record.whole("jid_row_id")) else {
                return;
            };
            let address = chats.jids.get(&jid).cloned().unwrap_or_default();
            let kind = kind_of(&address);
            let mut members = members.remove(&jid).unwrap_or_default();
            if kind == ConversationKind::Direct && !address.is_empty() {
                members.insert(address.clone());
            }
            let chat = Chat {
                jid: address,
                kind,
                subject: record.text("subject"),
                members,
            };
            chats.by_jid.insert(chat.jid.clone(), number);
            chats.chats.insert(number, chat);
        })?;
        Ok(chats)
    }

    pub(super) fn jid(&self, number: i64) -> Option<&String> {
        self.jids.get(&number)
    }

    /// The chat of this number, or one that nobody knows.
    pub(super) fn chat(&self, number: i64) -> &Chat {
        self.chats.get(&number).unwrap_or(&self.unknown)
    }

    /// The number of the chat with this address.
    pub(super) fn by_jid(&self, jid: &str) -> Option<i64> {
        self.by_jid.get(jid).copied()
    }

    /// The value of a column as people can read it: numbers of addresses become these.
    pub(super) fn shown(&self, column: &str, value: String) -> String {
        let named = column.ends_with("jid_row_id") || column.ends_with("_jid");
        let jid = value
            .parse()
            .ok()
            .filter(|_| named)
            .and_then(|number: i64| self.jids.get(&number));
        jid.cloned().unwrap_or(value)
    }
}

/// What kind of place an address is.
pub(super) fn kind_of(jid: &str) -> ConversationKind {
    match jid.rsplit_once('@') {
        Some((_, "g.us")) => ConversationKind::Group,
        Some((_, "newsletter" | "broadcast")) => ConversationKind::Channel,
        _ => ConversationKind::Direct,
    }
}
