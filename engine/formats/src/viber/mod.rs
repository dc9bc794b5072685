//! Viber: `viber.db` of Viber Desktop, decrypted. `Events` has what happened and when, `Messages` what was written.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_model::{Attachment, ConversationKind, Message, MessageKind, PartKind, SourcePlace, VersionKind};
use lexhold_source::{Notes, Reading, SourceError};

use crate::document::Readings;
use crate::format::{About, Format, Messages, Part};
use crate::object::Object;
use crate::sqlite::{Database, Record, Schema, Tables, Walk, micros_of_millis};
use crate::{media, parts};

pub(crate) struct Viber;

static ABOUT: About = About {
    name: "viber",
    title: "Viber Desktop, its database decrypted (experimental)",
    input: "db, folder, zip",
    preserves: &[
        "conversations",
        "members",
        "quotes",
        "edits",
        "files",
        "calls",
        "numbers of reactions",
    ],
    lacks: &[
        "text before an edit",
        "deleted messages",
        "who reacted",
        "past members",
        "ids of quoted messages",
    ],
    page: include_str!("../../pages/viber.md"),
};

/// Who is called so that nobody has a number for him.
const OWNER: &str = "me";

impl Format for Viber {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_database(&self, tables: &Tables) -> bool {
        tables.has("Events", &["EventID", "TimeStamp", "Direction", "ChatID", "ContactID"])
            && tables.has("Messages", &["EventID", "Type", "Body"])
            && tables.has("Contact", &["ContactID", "Number"])
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let database = Database::open(&part.tree, part.entries[0], part.options.chunks.line_bytes)?;
        let rows = Rows {
            people: People::read(&database)?,
            contents: BTreeMap::new(),
            calls: BTreeMap::new(),
        };
        Ok(Box::new(Walk::new(part, database, rows)))
    }
}

#[derive(Default)]
struct People {
    contacts: BTreeMap<i64, Contact>,
    chats: BTreeMap<i64, Chat>,
    /// The contacts that wrote what went out.
    own: BTreeSet<i64>,
    account: Option<String>,
}

struct Contact {
    handle: String,
    name: Option<String>,
}

#[derive(Default)]
struct Chat {
    name: Option<String>,
    members: BTreeSet<i64>,
}

impl People {
    fn read(database: &Database) -> Result<Self, SourceError> {
        let mut people = Self::default();
        database.each(
            "Contact",
            &["ContactID", "Name", "Number", "ClientName"],
            |mut record| {
                let Some(number) = record.whole("ContactID") else {
                    return;
                };
                let name = record.text("Name").or_else(|| record.text("ClientName"));
                let contact = Contact {
                    handle: record.text("Number").unwrap_or_else(|| format!("contact {number}")),
                    name: name.map(|name| name.chars().filter(|char| !is_mark(*char)).collect()),
                };
                people.contacts.insert(number, contact);
            },
        )?;
        database.each("ChatInfo", &["ChatID", "Name"], |mut record| {
            if let Some(number) = record.whole("ChatID") {
                people.chats.entry(number).or_default().name = record.text("Name");
            }
        })?;
        database.each("ChatRelation", &["ChatID", "ContactID"], |mut record| {
            if let (Some(chat), Some(contact)) = (record.whole("ChatID"), record.whole("ContactID")) {
                people.chats.entry(chat).or_default().members.insert(contact);
            }
        })?;
        let outgoing = "SELECT DISTINCT ContactID FROM Events WHERE Direction = 1 AND rowid BETWEEN ?1 AND ?2";
        database.between(outgoing, (i64::MIN, i64::MAX), |mut record| {
            people.own.extend(record.whole("ContactID"))
        })?;
        people.account = people.account();
        Ok(people)
    }

    /// The owner's number, where it is known.
    fn account(&self) -> Option<String> {
        let mut numbers = self
            .own
            .iter()
            .map(|own| self.handle(*own))
            .filter(|own| is_number(own));
        numbers.next().filter(|_| numbers.next().is_none())
    }

    /// What only this database counts: nobody else has the same under that number.
    fn here(&self, number: i64) -> String {
        self.account
            .as_ref()
            .map_or_else(|| number.to_string(), |account| format!("{account}/{number}"))
    }

    /// What a talk with this contact is called by both, where both have numbers.
    fn pair(&self, peer: i64) -> String {
        let peer = self.handle(peer);
        match self.account.as_ref().filter(|_| is_number(&peer)) {
            Some(own) => parts::pair(own, &peer),
            None => peer,
        }
    }

    fn handle(&self, number: i64) -> String {
        let known = self.contacts.get(&number).map(|contact| contact.handle.clone());
        known.unwrap_or_else(|| format!("contact {number}"))
    }
}

fn is_number(handle: &str) -> bool {
    handle.starts_with('+')
}

/// Marks that keep names apart from the text around them.
fn is_mark(char: char) -> bool {
    matches!(char, '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

struct Rows {
    people: People,
    /// What was written, by event, of the page under way.
    contents: BTreeMap<i64, Content>,
    calls: BTreeMap<i64, BTreeMap<String, String>>,
}

/// A row of `Messages`.
struct Content {
    kind: Option<i64>,
    text: Option<String>,
    quoted: Option<String>,
    edited: bool,
    file: Option<String>,
    metadata: BTreeMap<String, String>,
    mended: bool,
}

impl Content {
    fn of(mut record: Record<'_>) -> Self {
        let info = record.text("Info");
        let json = info.as_deref().and_then(|info| Object::parse(info).ok());
        let quote = json.as_ref().and_then(|info| info.object("quote"));
        let mut content = Self {
            kind: record.whole("Type"),
            text: record.text("Body").or_else(|| record.text("Subject")),
            quoted: quote.and_then(|mut quote| quote.text("text")),
            edited: json.is_some_and(|info| info.raw("edit").is_some_and(|edit| edit.get() != "null")),
            file: record.text("PayloadPath"),
            mended: record.mended,
            metadata: BTreeMap::new(),
        };
        content.metadata = record.into_metadata();
        content
            .metadata
            .extend(content.kind.map(|kind| ("Type".to_owned(), kind.to_string())));
        content.metadata.extend(info.map(|info| ("Info".to_owned(), info)));
        content
            .metadata
            .extend(content.file.clone().map(|path| ("PayloadPath".to_owned(), path)));
        content
    }

    /// Pictures, films and files; one that was never loaded has no name.
    fn attachments(&self) -> Vec<Attachment> {
        if self.file.is_none() && !matches!(self.kind, Some(2 | 3 | 11)) {
            return Vec::new();
        }
        let name = self.file.as_deref().and_then(|path| path.rsplit(['/', '\\']).next());
        vec![Attachment {
            name: name.map(str::to_owned),
            media_type: name.and_then(media::of_name).map(str::to_owned),
            ..Attachment::default()
        }]
    }

    /// Whether it is nothing that anybody wrote or sent.
    fn is_service(&self) -> bool {
        !matches!(self.kind, Some(0..=4 | 9 | 11)) && self.text.is_none() && self.file.is_none()
    }
}

impl Rows {
    fn message(&mut self, number: i64, mut record: Record<'_>) -> Reading {
        let outgoing = record.is("Direction");
        let (contact, chat) = (record.whole("ContactID"), record.whole("ChatID"));
        let sent = record.whole("TimeStamp");
        record.drop("EventID");
        let people = &self.people;
        let known = chat.and_then(|number| people.chats.get(&number));
        let members: Vec<i64> = known
            .into_iter()
            .flat_map(|chat| chat.members.iter().copied())
            .collect();
        let peers: Vec<i64> = members
            .iter()
            .copied()
            .filter(|one| !people.own.contains(one))
            .collect();
        let sender = match (contact, outgoing) {
            (Some(contact), _) => people.handle(contact),
            (None, true) => OWNER.to_owned(),
            (None, false) => "unknown".to_owned(),
        };
        let handles: Vec<String> = members.iter().map(|one| people.handle(*one)).collect();
        let mut message = Message {
            platform: "viber".into(),
            id: Some(people.here(number)),
            conversation: match (peers.as_slice(), chat) {
                ([peer], _) => people.pair(*peer),
                (_, Some(chat)) => people.here(chat),
                (_, None) => String::new(),
            },
            conversation_kind: if peers.len() > 1 {
                ConversationKind::Group
            } else {
                ConversationKind::Direct
            },
            custodians: people.account.iter().cloned().collect(),
            channel: known.and_then(|chat| chat.name.clone()),
            sent_at: sent.and_then(micros_of_millis),
            recipients: parts::others(&handles, &sender),
            sender,
            ..Message::default()
        };
        let name = contact.and_then(|contact| people.contacts.get(&contact)?.name.clone());
        message
            .metadata
            .extend(name.map(|name| ("sender_name".to_owned(), name)));
        message.metadata.extend(record.into_metadata());
        let mut notes = Notes::new();
        if message.sent_at.is_none() {
            notes.push((
                "sent_at",
                "`TimeStamp` is missing or no instant, and the date was left out".to_owned(),
            ));
        }
        match (self.contents.remove(&number), self.calls.remove(&number)) {
            (Some(content), _) => write(&mut message, content),
            (None, Some(call)) => {
                message.kind = MessageKind::Call;
                message.metadata.extend(call);
            }
            (None, None) => message.kind = MessageKind::System,
        }
        Reading { message, notes }
    }
}

/// Puts into a message what was written.
fn write(message: &mut Message, content: Content) {
    message.attachments = content.attachments();
    if content.is_service() {
        message.kind = MessageKind::System;
    }
    if content.edited {
        (message.version, message.version_kind) = (1, VersionKind::Edit);
    }
    let mut text = content.text.unwrap_or_default();
    parts::add(
        message,
        &mut text,
        &content.quoted.unwrap_or_default(),
        Some(PartKind::Quoted),
    );
    message.text = Some(text).filter(|text| !text.is_empty());
    message.undecodable = content.mended;
    message.metadata.extend(content.metadata);
}

impl Schema for Rows {
    fn tables(&self) -> &'static [&'static str] {
        &["Events"]
    }

    fn page(&mut self, database: &Database, _table: &str, range: (i64, i64)) -> Result<(), SourceError> {
        self.contents.clear();
        self.calls.clear();
        database.beside("Messages", "EventID", range, |event, record| {
            self.contents.insert(event, Content::of(record));
        })?;
        database.beside("Calls", "EventID", range, |event, record| {
            self.calls.insert(event, record.into_metadata());
        })
    }

    fn read(&mut self, _table: &str, number: i64, record: Record<'_>, place: SourcePlace) -> Readings {
        let mut reading = self.message(number, record);
        reading.message.source = place;
        vec![Ok(reading)]
    }
}
