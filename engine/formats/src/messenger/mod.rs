//! Facebook Messenger and Instagram: what *Download your information* gives as JSON.
//!
//! A thread is a folder with `message_1.json`, `message_2.json` and so on, the newest messages first. The name of a thread stands
//! behind its messages, so that each file is read twice.

mod latin;
mod message;
mod thread;

use lexhold_source::{Chunks, SourceError};

use crate::document::{Document, Found, beginning};
use crate::format::{About, Format, Messages, Part};
use crate::object::{self, Object};
use crate::tree::Tree;

use message::Said;
use thread::Thread;

pub(crate) struct Messenger;

static ABOUT: About = About {
    name: "messenger",
    title: "Facebook Messenger and Instagram: your information as JSON",
    input: "folder, zip, json",
    preserves: &[
        "conversations",
        "participants",
        "unsent messages",
        "reactions",
        "shares",
        "photos, videos, audio",
        "files",
        "stickers",
        "system",
        "calls",
    ],
    lacks: &["ids", "replies", "edits", "text of unsent messages", "past members"],
    page: include_str!("../../pages/messenger.md"),
};

const SPINE: &[&str] = &["", "messages"];

/// As much of a file as tells what it is.
const HEAD_BYTES: usize = 64 << 10;

impl Format for Messenger {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn folders(&self, tree: &Tree) -> Vec<String> {
        let parts = tree.entries.iter().filter(|entry| number(entry.file_name()).is_some());
        let found = parts.filter(|entry| tree.peek(entry, HEAD_BYTES).is_ok_and(|first| self.is_file(&first)));
        let mut roots: Vec<String> = found.map(|entry| entry.folder().to_owned()).collect();
        roots.dedup();
        roots
    }

    fn is_file(&self, first: &[u8]) -> bool {
        beginning(first, SPINE).iter().any(|(path, value)| {
            let (text, _) = object::text(value);
            path == "messages[]"
                && Object::parse(&text).is_ok_and(|object| {
                    let has = |name: &str| object.raw(name).is_some();
                    (has("sender_name") && (has("timestamp_ms") || has("timestamp")))
                        || (has("senderName") && has("timestamp"))
                })
        })
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let name = |at: &usize| part.tree.entries[*at].file_name();
        let mut files: Vec<usize> = match part.entries[..] {
            [alone] => vec![alone],
            _ => part
                .entries
                .iter()
                .copied()
                .filter(|at| number(name(at)).is_some())
                .collect(),
        };
        files.sort_by_key(|at| (part.tree.entries[*at].folder(), number(name(at))));
        Ok(Box::new(Threads {
            files: files.into_iter(),
            part,
            file: None,
            said: Said::default(),
        }))
    }
}

/// The number of `message_12.json`.
fn number(name: &str) -> Option<u32> {
    name.strip_prefix("message_")?.strip_suffix(".json")?.parse().ok()
}

/// The files of a thread, one after the other.
struct Threads {
    part: Part,
    files: std::vec::IntoIter<usize>,
    file: Option<(Document, Thread)>,
    said: Said,
}

impl Messages for Threads {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let Some((file, thread)) = &mut self.file else {
            let Some(at) = self.files.next() else { return Ok(false) };
            self.file = Some((Document::open(&self.part, at, SPINE)?, Thread::read(&self.part, at)?));
            return Ok(true);
        };
        let (part, said) = (&self.part, &mut self.said);
        let more = file.read(to, |found| match found {
            Found::Value(value) if value.path == "messages[]" => message::read(value, thread, part, said),
            Found::Value(_) | Found::Open | Found::Close => Vec::new(),
        });
        if !more {
            self.file = None;
        }
        Ok(true)
    }
}
