//! iMessage: `chat.db`, in which the Messages app of a Mac keeps iMessages, SMS and RCS.

mod calendar;
mod history;
mod message;
mod people;
mod typedstream;

use lexhold_source::SourceError;

use crate::format::{About, Format, Messages, Part};
use crate::sqlite::{Database, Tables, Walk};

use message::Rows;

pub(crate) struct IMessage;

static ABOUT: About = About {
    name: "imessage",
    title: "iMessage, chat.db of a Mac",
    input: "db, folder, zip",
    preserves: &[
        "conversations",
        "members",
        "replies",
        "edits",
        "unsent",
        "reactions",
        "files",
        "system",
        "calls",
        "read times",
        "recently deleted",
    ],
    lacks: &["deleted texts", "past members", "bytes of files left behind"],
    page: include_str!("../../pages/imessage.md"),
};

impl Format for IMessage {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_database(&self, tables: &Tables) -> bool {
        tables.has(
            "message",
            &["guid", "text", "handle_id", "date", "is_from_me", "service"],
        ) && tables.has("handle", &["id"])
            && tables.has("chat", &["chat_identifier"])
            && tables.has("chat_message_join", &["chat_id", "message_id"])
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let database = Database::open(&part.tree, part.entries[0], part.options.chunks.line_bytes)?;
        let rows = Rows::of(&part, &database)?;
        Ok(Box::new(Walk::new(part, database, rows)))
    }
}
