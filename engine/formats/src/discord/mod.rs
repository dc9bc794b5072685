//! Discord: what DiscordChatExporter writes as JSON, a file a channel or a part of one.

mod message;

use std::collections::BTreeSet;

use lexhold_model::ConversationKind;
use lexhold_source::{Chunks, Place, SourceError};
use serde::Deserialize;

use crate::document::{Document, Found, beginning};
use crate::format::{About, Format, Messages, Part};
use crate::object::{self, Object};

pub(crate) struct Discord;

static ABOUT: About = About {
    name: "discord",
    title: "Discord by DiscordChatExporter (JSON)",
    input: "json, folder, zip",
    preserves: &[
        "conversations",
        "members of direct messages",
        "threads",
        "replies",
        "forwards",
        "edits",
        "reactions",
        "embeds",
        "stickers",
        "files",
        "bots",
        "system",
        "calls",
    ],
    lacks: &["text before an edit", "deleted messages", "members of channels"],
    page: include_str!("../../pages/discord.md"),
};

const SPINE: &[&str] = &["", "messages"];

/// More than a group of direct messages holds.
const MOST_PEOPLE: usize = 200;

/// What stands before the messages is short.
const HEAD_BYTES: usize = 64 << 10;

impl Format for Discord {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_file(&self, first: &[u8]) -> bool {
        let values = beginning(first, SPINE);
        let has = |name: &str| values.iter().any(|(path, _)| path == name);
        has("guild") && has("dateRange") && Channel::of(&values).is_some_and(|channel| !channel.word.is_empty())
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let entry = &part.tree.entries[part.entries[0]];
        let mut channel = Channel::of(&beginning(&part.tree.peek(entry, HEAD_BYTES)?, SPINE)).unwrap_or_default();
        if channel.is_direct() {
            channel.people = writers(&part)?;
        }
        Ok(Box::new(Export {
            document: Document::open(&part, part.entries[0], SPINE)?,
            channel,
            part,
            found: 0,
        }))
    }
}

/// Where the messages of a file were written.
#[derive(Default)]
struct Channel {
    id: String,
    name: Option<String>,
    /// Discord's word for its kind.
    word: String,
    /// The server's name and id, the category or the channel around a thread.
    around: Vec<(String, String)>,
    /// Who wrote in it, where that is everybody who is in it.
    people: BTreeSet<String>,
}

impl Channel {
    /// What the beginning of a file says.
    fn of(values: &[(String, Vec<u8>)]) -> Option<Self> {
        let value = |name: &str| values.iter().find(|(path, _)| path == name);
        let (channel, _) = object::text(&value("channel")?.1);
        let mut object = Object::parse(&channel).ok()?;
        let mut found = Self {
            id: object.text("id")?,
            name: object.text("name"),
            word: object.text("type").unwrap_or_default(),
            ..Self::default()
        };
        let named = |name: &str, value: Option<String>| Some((name.to_owned(), value?));
        found.around.extend(named("category", object.text("category")));
        if let Some((_, guild)) = value("guild") {
            let (guild, _) = object::text(guild);
            let mut guild = Object::parse(&guild).unwrap_or_default();
            let real = guild.text("id").filter(|id| id != "0");
            let name = guild.text("name").filter(|_| real.is_some());
            found
                .around
                .extend(named("guild_id", real).into_iter().chain(named("guild", name)));
        }
        Some(found)
    }

    fn is_direct(&self) -> bool {
        self.word.starts_with("Direct")
    }

    fn kind(&self) -> ConversationKind {
        match self.word.as_str() {
            "DirectTextChat" | "DirectMessage" => ConversationKind::Direct,
            "GuildPrivateThread" => ConversationKind::Group,
            _ if self.is_direct() => ConversationKind::Group,
            _ => ConversationKind::Channel,
        }
    }
}

#[derive(Deserialize)]
struct Written {
    author: Author,
}

#[derive(Deserialize)]
struct Author {
    id: String,
}

/// Everybody who wrote something in a file.
fn writers(part: &Part) -> Result<BTreeSet<String>, SourceError> {
    let mut people = BTreeSet::new();
    let mut document = Document::open(part, part.entries[0], SPINE)?;
    // What is damaged is reported when the messages are read.
    let mut nowhere = Chunks::new(part.options.chunks);
    while document.read(&mut nowhere, |found| {
        if let Found::Value(value) = found
            && value.path == "messages[]"
            && people.len() < MOST_PEOPLE
            && let Ok(written) = serde_json::from_slice::<Written>(value.bytes)
        {
            people.insert(written.author.id);
        }
        Vec::new()
    }) {}
    Ok(people)
}

/// The messages of a file.
struct Export {
    document: Document,
    channel: Channel,
    part: Part,
    /// How many messages there were.
    found: u64,
}

impl Messages for Export {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let (channel, part) = (&self.channel, &self.part);
        let (mut found, mut stated) = (self.found, None);
        let more = self.document.read(to, |next| match next {
            Found::Value(value) if value.path == "messages[]" => {
                found += 1;
                message::read(value, channel, part)
            }
            Found::Value(value) if value.path == "messageCount" => {
                stated = serde_json::from_slice::<u64>(value.bytes).ok();
                Vec::new()
            }
            Found::Value(_) | Found::Open | Found::Close => Vec::new(),
        });
        self.found = found;
        if let Some(stated) = stated.filter(|stated| *stated > found) {
            let path = &self.part.tree.entries[self.part.entries[0]].path;
            let why = Err(format!("says that it holds {stated} messages, and holds {found}"));
            if path.is_empty() {
                to.push(Place::Whole, why);
            } else {
                to.push_in(&path.as_str().into(), Place::Whole, why);
            }
        }
        Ok(more)
    }
}
