//! Rocket.Chat: pages of messages as its API gives them, and dumps of its collection of messages.

mod message;
mod rooms;

use lexhold_source::{Chunks, SourceError, without_bom};

use crate::document::{Document, Found, Readings};
use crate::format::{About, Format, Messages, Part};
use crate::object::{self, Object};
use crate::text::{Text, first_line};

use rooms::Rooms;

pub(crate) struct RocketChat;

static ABOUT: About = About {
    name: "rocketchat",
    title: "Rocket.Chat: pages of the API, dumps of the database",
    input: "json, jsonl, zip, folder",
    preserves: &[
        "conversations",
        "members of direct messages",
        "threads",
        "quotes",
        "edits",
        "text before an edit (dump)",
        "deletions (where the server keeps them)",
        "reactions",
        "files",
        "integrations",
        "system",
        "calls",
    ],
    lacks: &["members of channels (API)", "bytes of files", "text of encrypted rooms"],
    page: include_str!("../../pages/rocketchat.md"),
};

/// How the messages of a file stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// In a list, alone or as `messages` of a page.
    List,
    /// One a line, as `mongoexport` writes them.
    Lines,
    /// It has rooms, and no messages.
    Rooms,
}

impl Shape {
    fn of(first: &[u8]) -> Option<Self> {
        let has = |word: &str| memchr::memmem::find(first, word.as_bytes()).is_some();
        let all = |words: &[&str]| words.iter().all(|word| has(word));
        let message = ["\"_id\"", "\"rid\"", "\"ts\"", "\"u\""];
        match without_bom(first).trim_ascii_start().first()? {
            b'[' => all(&message).then_some(Self::List),
            b'{' => {
                let (line, _) = object::text(first_line(first));
                let line = Object::parse(&line).unwrap_or_default();
                let in_line = |name: &str| line.raw(name).is_some();
                if ["_id", "rid", "ts", "u"].into_iter().all(in_line) {
                    return Some(Self::Lines);
                }
                if ["_id", "t", "msgs", "usersCount"].into_iter().all(in_line) {
                    return Some(Self::Rooms);
                }
                let empty = ["\"count\"", "\"offset\"", "\"total\"", "\"success\""];
                (has("\"messages\"") && (all(&message) || all(&empty))).then_some(Self::List)
            }
            _ => None,
        }
    }
}

impl Format for RocketChat {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_file(&self, first: &[u8]) -> bool {
        Shape::of(first).is_some()
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let at = part.entries[0];
        let first = part.tree.peek(&part.tree.entries[at], 64 << 10)?;
        let source = match Shape::of(&first) {
            Some(Shape::Rooms) | None => Source::Nothing,
            Some(Shape::Lines) => Source::Lines(Text::open(&part, at)?),
            Some(Shape::List) => Source::List(Document::open(&part, at, &["", "messages"])?),
        };
        let rooms = Rooms::read(&part)?;
        Ok(Box::new(Dump { source, rooms }))
    }
}

enum Source {
    List(Document),
    Lines(Text),
    Nothing,
}

/// The messages of one file.
struct Dump {
    source: Source,
    rooms: Rooms,
}

impl Messages for Dump {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let rooms = &self.rooms;
        Ok(match &mut self.source {
            Source::Nothing => false,
            Source::List(document) => document.read(to, |found| match found {
                Found::Value(value) if matches!(value.path, "[]" | "messages[]") => {
                    value.read(|record, mended, place| finished(message::read(record, rooms), mended, &place))
                }
                Found::Value(_) | Found::Open | Found::Close => Vec::new(),
            }),
            Source::Lines(text) => text.read(to, |line, place| {
                let (line, mended) = object::text(line);
                match Object::parse(&line) {
                    Ok(record) => finished(message::read(record, rooms), mended, &place),
                    Err(why) => vec![Err(why)],
                }
            }),
        })
    }
}

fn finished(mut readings: Readings, mended: bool, place: &lexhold_model::SourcePlace) -> Readings {
    for reading in readings.iter_mut().flatten() {
        reading.message.undecodable = mended;
        reading.message.source = place.clone();
    }
    readings
}
