//! The chats of an export, and who wrote in them.

use std::collections::BTreeSet;

use lexhold_model::ConversationKind;
use lexhold_source::{Chunks, SourceError};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::document::{Document, Found, Value};
use crate::format::Part;
use crate::object::Object;
use crate::parts::pair;

/// The containers of chats and messages: in an account's export, in older tools' lists, and in that of one chat.
pub(super) const SPINE: &[&str] = &[
    "",
    "messages",
    "chats",
    "chats.list",
    "chats.list[]",
    "chats.list[].messages",
    "left_chats",
    "left_chats.list",
    "left_chats.list[]",
    "left_chats.list[].messages",
    "chats[]",
    "chats[].messages",
];

/// As many as a basic group holds. Who could read what is written among more people is not told by who wrote.
const MOST_PEOPLE: usize = 200;

/// Whether a message stands here.
pub(super) fn is_message(path: &str) -> bool {
    path.strip_suffix("messages[]")
        .is_some_and(|chat| chat.is_empty() || chat.strip_suffix('.').is_some_and(is_listed))
}

/// Whether a chat stands here; the document itself may be one.
pub(super) fn is_chat(path: &str) -> bool {
    path.is_empty() || is_listed(path)
}

fn is_listed(path: &str) -> bool {
    matches!(path, "chats.list[]" | "left_chats.list[]" | "chats[]")
}

/// What an export says of itself.
#[derive(Default)]
pub(super) struct Chats {
    /// Whose account it is.
    pub(super) owner: Option<String>,
    /// In the order of the file; the first one is the document itself.
    pub(super) all: Vec<Chat>,
}

/// One chat.
#[derive(Default)]
pub(super) struct Chat {
    pub(super) id: String,
    pub(super) name: Option<String>,
    /// Telegram's word for its kind.
    pub(super) word: String,
    pub(super) kind: ConversationKind,
    /// Whose account numbers its messages, where each account counts for itself.
    pub(super) numbered_by: Option<String>,
    /// Who wrote in it, or does one part of a talk between two; nobody where there are too many to tell.
    pub(super) people: BTreeSet<String>,
    number: Option<String>,
    crowd: bool,
}

/// Reads an export through once.
pub(super) fn read(part: &Part) -> Result<Chats, SourceError> {
    let mut chats = Chats::default();
    walk(part, |event| {
        match event {
            Event::Chat => chats.all.push(Chat::default()),
            Event::Value(value) => chats.see(&value),
        }
        true
    })?;
    for chat in &mut chats.all {
        chat.settle(chats.owner.as_deref());
    }
    Ok(chats)
}

/// Whether the first message says when it was sent in UTC, as all do since 2022.
pub(super) fn says_utc(part: &Part) -> Result<bool, SourceError> {
    let mut found = None;
    walk(part, |event| {
        if let Event::Value(value) = event
            && is_message(value.path)
        {
            let said = memchr::memmem::find(value.bytes, b"\"date_unixtime\"").is_some();
            found = Some(said);
        }
        found.is_none()
    })?;
    Ok(found.unwrap_or(true))
}

enum Event<'a> {
    /// A chat begins.
    Chat,
    Value(Value<'a>),
}

/// Goes through a document until `on` has seen enough.
fn walk(part: &Part, mut on: impl FnMut(Event<'_>) -> bool) -> Result<(), SourceError> {
    let mut document = Document::open(part, part.entries[0], SPINE)?;
    // What is damaged is reported when the messages are read.
    let mut nowhere = Chunks::new(part.options.chunks);
    let (mut opened, mut wanted) = (false, true);
    while wanted
        && document.read(&mut nowhere, |found| {
            opened = matches!(found, Found::Open);
            if let Found::Value(value) = found {
                wanted = on(Event::Value(value));
            }
            Vec::new()
        })
    {
        if std::mem::take(&mut opened) && is_chat(document.path()) {
            on(Event::Chat);
        }
    }
    Ok(())
}

impl Chats {
    fn see(&mut self, value: &Value<'_>) {
        let path = value.path;
        if path == "personal_information" {
            let (text, _) = crate::object::text(value.bytes);
            let user = Object::parse(&text).ok().and_then(|object| peer(object.raw("user_id")));
            self.owner = user;
            return;
        }
        let Some(chat) = self.all.last_mut() else { return };
        if is_message(path) {
            return chat.see_writer(value.bytes);
        }
        let (of, name) = path.rsplit_once('.').unwrap_or(("", path));
        if !is_chat(of) {
            return;
        }
        let text = || {
            serde_json::from_slice::<String>(value.bytes)
                .ok()
                .filter(|text| !text.is_empty())
        };
        match name {
            "name" => chat.name = text(),
            "type" => chat.word = text().unwrap_or_default(),
            "id" => {
                chat.number = std::str::from_utf8(value.bytes)
                    .ok()
                    .map(|id| id.trim_matches('"').to_owned())
            }
            _ => {}
        }
    }
}

/// The members of a message that say who wrote it.
#[derive(Deserialize)]
struct Writer<'a> {
    #[serde(borrow)]
    from_id: Option<&'a RawValue>,
    #[serde(borrow)]
    actor_id: Option<&'a RawValue>,
}

impl Chat {
    fn see_writer(&mut self, message: &[u8]) {
        if self.crowd {
            return;
        }
        let Ok(writer) = serde_json::from_slice::<Writer<'_>>(message) else {
            return;
        };
        let Some(id) = peer(writer.from_id.or(writer.actor_id)) else {
            return;
        };
        self.people.insert(id);
        self.crowd = self.people.len() > MOST_PEOPLE;
    }

    /// Makes the most of what was seen.
    fn settle(&mut self, owner: Option<&str>) {
        let number = self.number.take().unwrap_or_default();
        let (kind, prefix) = match self.word.as_str() {
            "private_group" => (ConversationKind::Group, "chat"),
            "private_supergroup" => (ConversationKind::Group, "channel"),
            "public_supergroup" | "private_channel" | "public_channel" => (ConversationKind::Channel, "channel"),
            "personal_chat" | "bot_chat" | "saved_messages" => (ConversationKind::Direct, "user"),
            _ => (ConversationKind::Group, ""),
        };
        self.kind = kind;
        self.id = format!("{prefix}{number}");
        self.numbered_by = owner.filter(|_| !self.is_counted()).map(str::to_owned);
        if self.crowd {
            self.people.clear();
        } else if matches!(self.word.as_str(), "personal_chat" | "bot_chat") {
            self.settle_pair(owner);
        }
    }

    /// Whether Telegram counts the messages of the chat itself, from 1, the same for everybody.
    pub(super) fn is_counted(&self) -> bool {
        self.word.ends_with("_supergroup") || self.word.ends_with("_channel")
    }

    /// What everybody may call a message with this number.
    pub(super) fn message_id(&self, number: &str) -> String {
        match &self.numbered_by {
            Some(account) => format!("{account}/{number}"),
            None => number.to_owned(),
        }
    }

    /// A talk between two is numbered by the other one's id in each account, which many accounts may talk to.
    fn settle_pair(&mut self, owner: Option<&str>) {
        let other = |known: &str| {
            let mut others = self.people.iter().filter(|one| *one != known);
            others.next().filter(|_| others.next().is_none()).cloned()
        };
        let (owner, peer) = match owner {
            // The chats of old exports have numbers of their own.
            Some(owner) => (Some(owner.to_owned()), other(owner).unwrap_or_else(|| self.id.clone())),
            None if self.people.contains(&self.id) => (other(&self.id), self.id.clone()),
            None => return,
        };
        if let Some(owner) = owner {
            self.id = pair(&owner, &peer);
            self.numbered_by = Some(owner.clone());
            self.people.insert(owner);
        }
        self.people.insert(peer);
    }
}

/// Somebody's id. The bare numbers of old exports are those of users.
pub(super) fn peer(raw: Option<&RawValue>) -> Option<String> {
    let written = raw?.get();
    match written.parse::<u64>() {
        Ok(number) if u32::try_from(number).is_ok() => Some(format!("user{number}")),
        Ok(number) => Some(number.to_string()),
        Err(_) => serde_json::from_str::<String>(written).ok().filter(|id| !id.is_empty()),
    }
}
