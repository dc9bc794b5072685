//! Slack: the export of a workspace.
//!
//! `channels`, `groups`, `mpims` and `dms` list the conversations, `users` the people; each conversation has a folder with a file a
//! day. The page beside the module tells what is read and how.

mod markup;
mod message;
mod people;

use lexhold_source::{Chunks, SourceError};

use crate::document::{Document, Found};
use crate::format::{About, Format, Messages, Part};
use crate::tree::{Entry, Tree};

use message::Context;
use people::{Conversation, People};

pub(crate) struct Slack;

static ABOUT: About = About {
    name: "slack",
    title: "Slack workspace export",
    input: "folder, zip",
    preserves: &[
        "conversations",
        "members",
        "threads",
        "edits",
        "deletions",
        "reactions",
        "files",
        "bots",
        "system",
        "forwards",
    ],
    lacks: &[
        "text before an edit",
        "deleted messages without replies",
        "bytes of files",
        "past members",
    ],
    page: include_str!("../../pages/slack.md"),
};

/// The lists of a workspace, which lie at its root.
const LISTS: [&str; 5] = ["channels.json", "dms.json", "groups.json", "mpims.json", "users.json"];

impl Format for Slack {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn folders(&self, tree: &Tree) -> Vec<String> {
        let mut roots: Vec<String> = tree
            .entries
            .iter()
            .filter(|entry| LISTS.contains(&entry.file_name()))
            .map(|entry| entry.folder().to_owned())
            .collect();
        roots.dedup();
        roots.retain(|root| tree.below(root).any(|at| is_day(root, &tree.entries[at])));
        roots
    }

    fn passes_by(&self, name: &str) -> bool {
        name == "integration_logs.json"
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let people = People::read(&part)?;
        Ok(Box::new(Workspace {
            days: part.entries.clone().into_iter(),
            part,
            people,
            day: None,
        }))
    }
}

/// Whether an entry is the file of a day, `general/2024-01-31.json`.
fn is_day(root: &str, entry: &Entry) -> bool {
    let folder = entry.path.strip_prefix(root).and_then(|path| path.split_once('/'));
    let shape = |name: &str| {
        name.bytes()
            .map(|byte| if byte.is_ascii_digit() { b'0' } else { byte })
            .eq(*b"0000-00-00.json")
    };
    folder.is_some_and(|(_, day)| shape(day))
}

/// The days of all conversations, one after the other.
struct Workspace {
    part: Part,
    people: People,
    days: std::vec::IntoIter<usize>,
    day: Option<(Document, Conversation)>,
}

impl Messages for Workspace {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let Some((day, conversation)) = &mut self.day else {
            let (tree, root) = (&self.part.tree, &self.part.root);
            let Some(at) = self.days.find(|at| is_day(root, &tree.entries[*at])) else {
                return Ok(false);
            };
            let folder = tree.entries[at].path[root.len()..]
                .split('/')
                .next()
                .unwrap_or_default();
            self.day = Some((Document::open(&self.part, at, &[""])?, self.people.conversation(folder)));
            return Ok(true);
        };
        let (people, part) = (&self.people, &self.part);
        let more = day.read(to, |found| match found {
            Found::Value(value) => message::read(
                value,
                &Context {
                    people,
                    conversation,
                    part,
                },
            ),
            Found::Open | Found::Close => Vec::new(),
        });
        if !more {
            self.day = None;
        }
        Ok(true)
    }
}
