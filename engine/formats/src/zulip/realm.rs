//! Who is who in an organisation: people, channels, who is in which, reactions and files.

use std::collections::{BTreeMap, HashMap};

use lexhold_model::{Attachment, ConversationKind};
use lexhold_source::SourceError;

use super::REALM;
use crate::document::each_in;
use crate::format::Part;
use crate::object::Object;

/// What the tables of an export say. Memory goes with people, reactions and files, not with messages.
#[derive(Default)]
pub(super) struct Realm {
    people: HashMap<u64, Person>,
    streams: HashMap<u64, Stream>,
    recipients: HashMap<u64, Recipient>,
    /// Of each recipient, who is subscribed to it.
    subscribers: HashMap<u64, Vec<u64>>,
    /// Of each message, as Zulip writes them.
    reactions: HashMap<u64, Vec<String>>,
    files: HashMap<u64, Vec<Attachment>>,
}

#[derive(Default)]
pub(super) struct Person {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

#[derive(Default)]
struct Stream {
    name: Option<String>,
    is_private: bool,
}

/// Where messages go: to one person, a channel, or some people.
#[derive(Clone, Copy)]
struct Recipient {
    kind: u64,
    /// The person or the channel.
    id: u64,
}

/// A place to write in.
pub(super) struct Place {
    pub(super) conversation: String,
    pub(super) kind: ConversationKind,
    pub(super) channel: Option<String>,
    /// Those in it when the export was made.
    pub(super) members: Vec<String>,
}

const TABLES: &[&str] = &[
    "",
    "zerver_userprofile",
    "zerver_userprofile_crossrealm",
    "zerver_userprofile_mirrordummy",
    "zerver_stream",
    "zerver_recipient",
    "zerver_subscription",
    "zerver_reaction",
];

impl Realm {
    pub(super) fn read(part: &Part) -> Result<Self, SourceError> {
        let mut realm = Self::default();
        each_in(
            part,
            &format!("{}{REALM}", part.root),
            TABLES,
            |table, row| match table {
                "zerver_stream[]" => realm.stream(row),
                "zerver_recipient[]" => realm.recipient(row),
                "zerver_subscription[]" => realm.subscription(row),
                "zerver_reaction[]" => realm.reaction(row),
                _ => realm.person(row),
            },
        )?;
        let files = format!("{}attachment.json", part.root);
        each_in(part, &files, &["", "zerver_attachment"], |_, row| realm.file(row, part))?;
        Ok(realm)
    }

    fn person(&mut self, mut row: Object<'_>) {
        let Some(id) = row.whole("id") else { return };
        let name = row.text("full_name");
        let email = row.text("delivery_email").or_else(|| row.text("email"));
        self.people.insert(id, Person { name, email });
    }

    fn stream(&mut self, mut row: Object<'_>) {
        let Some(id) = row.whole("id") else { return };
        let is_private = row.raw("invite_only").is_some_and(|raw| raw.get() == "true");
        let name = row.text("name");
        self.streams.insert(id, Stream { name, is_private });
    }

    fn recipient(&mut self, mut row: Object<'_>) {
        if let (Some(recipient), Some(kind), Some(id)) = (row.whole("id"), row.whole("type"), row.whole("type_id")) {
            self.recipients.insert(recipient, Recipient { kind, id });
        }
    }

    fn subscription(&mut self, mut row: Object<'_>) {
        let left = row.raw("active").is_some_and(|raw| raw.get() == "false");
        if let (Some(recipient), Some(person), false) = (row.whole("recipient"), row.whole("user_profile"), left) {
            self.subscribers.entry(recipient).or_default().push(person);
        }
    }

    fn reaction(&mut self, mut row: Object<'_>) {
        let Some(message) = row.whole("message") else { return };
        row.drop("id");
        let kept: BTreeMap<String, String> = row.into_metadata();
        let kept = serde_json::to_string(&kept).unwrap_or_default();
        self.reactions.entry(message).or_default().push(kept);
    }

    fn file(&mut self, mut row: Object<'_>, part: &Part) {
        let path = row.text("path_id").unwrap_or_default();
        let (found, sha256) = crate::parts::bytes_of(part, &format!("uploads/{path}"));
        let file = Attachment {
            name: row.text("file_name"),
            media_type: row.text("content_type"),
            bytes: found.or_else(|| row.whole("size")),
            sha256,
        };
        for message in row.list("messages") {
            if let Ok(message) = message.get().parse() {
                self.files.entry(message).or_default().push(file.clone());
            }
        }
    }

    pub(super) fn person_of(&self, id: u64) -> Option<&Person> {
        self.people.get(&id)
    }

    /// The files of a message.
    pub(super) fn files_of(&self, message: u64) -> Vec<Attachment> {
        self.files.get(&message).cloned().unwrap_or_default()
    }

    /// The reactions to a message, as a JSON list.
    pub(super) fn reactions_to(&self, message: u64) -> Option<String> {
        let reactions = self.reactions.get(&message)?;
        Some(format!("[{}]", reactions.join(",")))
    }

    /// Where a message of a sender to a recipient was written. A recipient that no table has is known by its number alone.
    pub(super) fn place(&self, recipient: u64, sender: u64) -> Place {
        let Some(Recipient { kind, id }) = self.recipients.get(&recipient).copied() else {
            return Place {
                conversation: format!("recipient/{recipient}"),
                kind: ConversationKind::Group,
                channel: None,
                members: Vec::new(),
            };
        };
        let mut people = self.subscribers.get(&recipient).cloned().unwrap_or_default();
        if kind == 1 {
            people = vec![id, sender];
        }
        people.sort_unstable();
        people.dedup();
        let stream = (kind == 2).then(|| self.streams.get(&id)).flatten();
        let names: Vec<String> = people.iter().map(u64::to_string).collect();
        Place {
            conversation: match kind {
                1 => format!("direct/{}", names.join(",")),
                2 => format!("channel/{id}"),
                _ => format!("group/{recipient}"),
            },
            kind: match kind {
                1 => ConversationKind::Direct,
                2 if stream.is_some_and(|stream| stream.is_private) => ConversationKind::Group,
                2 => ConversationKind::Channel,
                _ if people.len() == 2 => ConversationKind::Direct,
                _ => ConversationKind::Group,
            },
            channel: (kind == 2).then(|| {
                let name = stream.and_then(|stream| stream.name.clone());
                name.unwrap_or_else(|| id.to_string())
            }),
            members: names,
        }
    }
}
