//! Telegram: what Telegram Desktop exports as machine-readable JSON, one chat or the whole account.
//!
//! A chat says its name before its messages, but not who is in it: the file is read through once for that.

mod chats;
mod message;
mod words;

use lexhold_source::{Chunks, ErrorKind, SourceError};

use crate::document::{Document, Found, beginning};
use crate::format::{About, Format, Messages, Part};
use crate::object::Object;

use chats::{Chat, SPINE};
use message::Context;

pub(crate) struct Telegram;

static ABOUT: About = About {
    name: "telegram",
    title: "Telegram Desktop export (result.json)",
    input: "folder, zip, json",
    preserves: &[
        "conversations",
        "writers",
        "replies",
        "forwards",
        "edits",
        "reactions",
        "polls",
        "contacts",
        "locations",
        "media",
        "formatting",
        "system",
        "calls",
    ],
    lacks: &[
        "zone (before 2022)",
        "text before an edit",
        "deleted messages",
        "silent members",
    ],
    page: include_str!("../../pages/telegram.md"),
};

impl Format for Telegram {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_file(&self, first: &[u8]) -> bool {
        beginning(first, SPINE).iter().any(|(path, value)| {
            let has = |names: &[&str]| {
                let object = std::str::from_utf8(value)
                    .ok()
                    .and_then(|text| Object::parse(text).ok());
                object.is_some_and(|object| names.iter().all(|name| object.raw(name).is_some()))
            };
            match path.as_str() {
                // Contacts may fill more than is looked at.
                "personal_information" => has(&["user_id"]),
                _ => chats::is_message(path) && has(&["id", "type", "date", "text"]),
            }
        })
    }

    fn check(&self, part: &Part) -> Result<(), SourceError> {
        if part.options.zone.is_some() || chats::says_utc(part)? {
            return Ok(());
        }
        let why = "it is of a time when Telegram wrote the exporting computer's clock, and it does not say in which zone; say \
                   it with --source-zone, such as --source-zone Europe/London";
        let name = part.tree.full_name(&part.tree.entries[part.entries[0]]);
        Err(SourceError::new(ErrorKind::Undecided, &name, why))
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let chats = chats::read(&part)?;
        Ok(Box::new(Export {
            document: Document::open(&part, part.entries[0], SPINE)?,
            owner: chats.owner,
            chats: chats.all.into_iter(),
            chat: Chat::default(),
            part,
        }))
    }
}

/// The chats of an export, one after the other.
struct Export {
    document: Document,
    part: Part,
    owner: Option<String>,
    /// Those to come.
    chats: std::vec::IntoIter<Chat>,
    chat: Chat,
}

impl Messages for Export {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let context = Context {
            chat: &self.chat,
            owner: self.owner.as_deref(),
            part: &self.part,
        };
        let mut opened = false;
        let more = self.document.read(to, |found| match found {
            Found::Value(value) if chats::is_message(value.path) => message::read(value, &context),
            Found::Open => {
                opened = true;
                Vec::new()
            }
            Found::Value(_) | Found::Close => Vec::new(),
        });
        if opened && chats::is_chat(self.document.path()) {
            self.chat = self.chats.next().unwrap_or_default();
        }
        Ok(more)
    }
}
