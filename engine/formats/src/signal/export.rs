//! signal-export: a folder a chat, with an object a line in `data.json`. `chat.md` beside it says the same again.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use lexhold_model::{Attachment, Message, MessageKind, PartKind, SourcePlace, VersionKind};
use lexhold_source::{Chunks, ErrorKind, Notes, Reading, SourceError};
use serde::Deserialize;

use super::kind;
use crate::document::Readings;
use crate::format::{About, Format, Messages, Part};
use crate::object::{self, Object};
use crate::repeats::Repeats;
use crate::text::{Text, each_line, first_line};
use crate::tree::Tree;
use crate::{local, media, parts};

pub(crate) struct SignalExport;

static ABOUT: About = About {
    name: "signal-export",
    title: "Signal chats written by signal-export",
    input: "folder, zip",
    preserves: &["conversations", "quotes", "deletions", "reactions", "files", "calls"],
    lacks: &[
        "zone",
        "ids",
        "replies",
        "edits",
        "silent members",
        "times of reactions",
    ],
    page: include_str!("../../pages/signal-export.md"),
};

/// How much of a file is looked at.
const HEAD_BYTES: usize = 64 << 10;
/// More people than Signal lets into a group.
const MOST_PEOPLE: usize = 4096;

impl Format for SignalExport {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    /// The folder of a chat, with its media and the same chat as Markdown.
    fn folders(&self, tree: &Tree) -> Vec<String> {
        let lists = tree.entries.iter().filter(|entry| entry.path.ends_with(".json"));
        let chats = lists.filter(|entry| is_data(tree.peek(entry, HEAD_BYTES)));
        let mut folders: Vec<String> = chats.map(|entry| entry.folder().to_owned()).collect();
        folders.dedup();
        folders
    }

    fn is_file(&self, first: &[u8]) -> bool {
        is_data(Ok(first.to_vec()))
    }

    fn passes_by(&self, name: &str) -> bool {
        // The same chat, for people to read.
        matches!(name, "chat.md" | "index.html")
    }

    fn check(&self, part: &Part) -> Result<(), SourceError> {
        if part.options.zone.is_some() {
            return Ok(());
        }
        let why = "its times are those of the machine that exported it, and it does not say in which zone; say it with \
                   --source-zone, such as --source-zone America/New_York";
        Err(SourceError::new(ErrorKind::Undecided, &name(part), why))
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let mut found = part.entries.iter().copied();
        let data = found.find(|at| is_data(part.tree.peek(&part.tree.entries[*at], HEAD_BYTES)));
        let data =
            data.ok_or_else(|| SourceError::new(ErrorKind::UnknownFormat, &name(&part), "its messages are gone"))?;
        let people = people(&part, data)?;
        Ok(Box::new(Chat {
            text: Text::open(&part, data)?,
            conversation: conversation(&part, data),
            zone: part.options.zone.clone().unwrap_or(TimeZone::UTC),
            repeats: Repeats::default(),
            people,
            part,
        }))
    }
}

fn name(part: &Part) -> String {
    let first = part.entries.first().map(|at| &part.tree.entries[*at]);
    first.map_or_else(|| part.tree.name.clone(), |entry| part.tree.full_name(entry))
}

/// Whether a file begins with a message as signal-export writes it.
fn is_data(first: Result<Vec<u8>, SourceError>) -> bool {
    let Ok(first) = first else { return false };
    let (text, _) = object::text(first_line(&first));
    let due = ["date", "sender", "body", "quote", "sticker", "reactions", "attachments"];
    Object::parse(&text).is_ok_and(|object| due.iter().all(|name| object.raw(name).is_some()))
}

/// The name of the chat's folder, or of the file.
fn conversation(part: &Part, data: usize) -> String {
    let full = part.tree.full_name(&part.tree.entries[data]);
    let mut names = full.trim_end_matches('/').rsplit(['/', '\\']);
    let file = names.next().unwrap_or_default();
    names
        .next()
        .filter(|folder| !folder.is_empty())
        .unwrap_or(file)
        .to_owned()
}

/// The member of a line that says who wrote it.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    sender: Option<Cow<'a, str>>,
}

/// Everybody who wrote in the chat.
fn people(part: &Part, data: usize) -> Result<BTreeSet<String>, SourceError> {
    let mut people = BTreeSet::new();
    each_line(part, data, |line| {
        let (line, _) = object::text(line);
        if let Ok(Written { sender: Some(sender) }) = serde_json::from_str(&line)
            && people.len() < MOST_PEOPLE
            && !sender.is_empty()
            && !people.contains(sender.as_ref())
        {
            people.insert(sender.into_owned());
        }
    })?;
    Ok(people)
}

struct Chat {
    part: Part,
    text: Text,
    conversation: String,
    zone: TimeZone,
    people: BTreeSet<String>,
    repeats: Repeats,
}

impl Messages for Chat {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let Self {
            text,
            part,
            conversation,
            zone,
            people,
            repeats,
        } = self;
        let context = Context {
            part,
            conversation,
            zone,
            people,
        };
        Ok(text.read(to, |line, place| {
            let (text, mended) = object::text(line);
            let (mut message, written, notes) = match Object::parse(&text).map(|record| context.message(record)) {
                Ok(found) => found,
                Err(why) => return vec![Err(why)],
            };
            let words = message.text.as_deref().unwrap_or_default();
            let times = repeats.count(&written, format!("{} {words}", message.sender));
            message.id = (times > 1).then(|| format!("{written} {} {times}", message.sender));
            readings(message, mended, notes, place)
        }))
    }
}

fn readings(mut message: Message, mended: bool, notes: Notes, place: SourcePlace) -> Readings {
    message.undecodable = mended;
    message.source = place;
    vec![Ok(Reading { message, notes })]
}

/// What a line is read with.
struct Context<'a> {
    part: &'a Part,
    conversation: &'a str,
    zone: &'a TimeZone,
    people: &'a BTreeSet<String>,
}

impl Context<'_> {
    /// The message of a record, and its time as it is written.
    fn message(&self, mut record: Object<'_>) -> (Message, String, Notes) {
        let written = record.text("date").unwrap_or_default();
        let sender = record.text("sender").unwrap_or_else(|| "unknown".to_owned());
        let mut notes = Notes::new();
        let mut message = Message {
            platform: "signal".into(),
            conversation: self.conversation.to_owned(),
            conversation_kind: kind(self.people.len() > 2),
            recipients: parts::others(self.people, &sender),
            attachments: self.attachments(&record),
            sender,
            ..Message::default()
        };
        let at = written
            .parse::<DateTime>()
            .ok()
            .and_then(|at| local::instant(at, self.zone));
        match at {
            Some((at, precision)) => {
                message.sent_at = Some(at);
                message.sent_precision = precision.map(str::to_owned);
            }
            None => notes.push((
                "sent_at",
                "`date` is missing or no date, and it was left out".to_owned(),
            )),
        }
        message.metadata.insert("written_at".into(), written.clone());
        message
            .metadata
            .extend(self.zone.iana_name().map(|name| ("zone".to_owned(), name.to_owned())));
        let mut text = record.text("body").unwrap_or_default();
        let quoted = record.text("quote").unwrap_or_default();
        let lines = quoted.lines().map(|line| line.trim_start_matches('>').trim());
        let quoted: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        parts::add(&mut message, &mut text, &quoted.join("\n"), Some(PartKind::Quoted));
        message.text = Some(text).filter(|text| !text.is_empty());
        let says = |name: &str| record.raw(name).is_some_and(|raw| raw.get() == "true");
        if says("call") {
            message.kind = MessageKind::Call;
        }
        if says("deleted") {
            (message.version, message.version_kind) = (1, VersionKind::Delete);
        }
        message.metadata.extend(record.into_metadata());
        message
            .metadata
            .retain(|_, value| value != "[]" && value != "false" && !value.is_empty());
        (message, written, notes)
    }

    fn attachments(&self, record: &Object<'_>) -> Vec<Attachment> {
        let files = record.objects("attachments").into_iter().map(|mut file| {
            let (name, path) = (file.text("name"), file.text("path"));
            let (bytes, sha256) = path.map_or((None, None), |path| parts::bytes_of(self.part, &path));
            Attachment {
                media_type: name.as_deref().and_then(media::of_name).map(str::to_owned),
                name,
                bytes,
                sha256,
            }
        });
        files.collect()
    }
}
