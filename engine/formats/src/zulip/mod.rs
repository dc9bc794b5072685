//! Zulip: the export of an organisation, and pages of messages as its API gives them.
//!
//! `realm.json` has the people, channels and reactions, `attachment.json` the files, `messages-000001.json` and so on the messages.

mod history;
mod message;
mod page;
mod realm;

use lexhold_source::{Chunks, SourceError, without_bom};

use crate::document::{Document, Found};
use crate::format::{About, Format, Messages, Part};
use crate::tree::{Entry, Tree};

use realm::Realm;

pub(crate) struct Zulip;

static ABOUT: About = About {
    name: "zulip",
    title: "Zulip: export of an organisation, pages of the API",
    input: "folder, zip, json",
    preserves: &[
        "conversations",
        "members",
        "topics",
        "every version of an edited text",
        "reactions",
        "files",
        "direct messages",
    ],
    lacks: &["deleted messages", "replies", "past members", "joins and leaves"],
    page: include_str!("../../pages/zulip.md"),
};

const REALM: &str = "realm.json";

/// What a file of messages holds beside them: who was shown each, which is the longest list of an export.
const SPINE: &[&str] = &["", "zerver_message", "zerver_usermessage", "messages"];

impl Format for Zulip {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn folders(&self, tree: &Tree) -> Vec<String> {
        let realms = tree.entries.iter().filter(|entry| entry.file_name() == REALM);
        let roots = realms.map(|entry| entry.folder().to_owned());
        roots
            .filter(|root| tree.below(root).any(|at| is_messages(root, &tree.entries[at])))
            .collect()
    }

    fn is_file(&self, first: &[u8]) -> bool {
        let has = |word: &str| memchr::memmem::find(first, word.as_bytes()).is_some();
        let object = without_bom(first).trim_ascii_start().first() == Some(&b'{');
        object && ((has("\"zerver_message\"") && has("\"date_sent\"")) || page::is_page(has))
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let files: Vec<usize> = match part.entries[..] {
            [only] => vec![only],
            _ => {
                let all = part.entries.iter().copied();
                all.filter(|at| is_messages(&part.root, &part.tree.entries[*at]))
                    .collect()
            }
        };
        Ok(Box::new(Export {
            realm: Realm::read(&part)?,
            files: files.into_iter(),
            part,
            file: None,
        }))
    }
}

/// Whether an entry is a file of messages, `messages-000001.json`.
fn is_messages(root: &str, entry: &Entry) -> bool {
    let name = entry
        .path
        .strip_prefix(root)
        .and_then(|name| name.strip_prefix("messages-"));
    let number = name.and_then(|name| name.strip_suffix(".json"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The files of messages, one after the other.
struct Export {
    part: Part,
    realm: Realm,
    files: std::vec::IntoIter<usize>,
    file: Option<Document>,
}

impl Messages for Export {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let Some(file) = &mut self.file else {
            let Some(at) = self.files.next() else { return Ok(false) };
            self.file = Some(Document::open(&self.part, at, SPINE)?);
            return Ok(true);
        };
        let realm = &self.realm;
        let more = file.read(to, |found| {
            let Found::Value(value) = found else { return Vec::new() };
            let of_export = match value.path {
                "zerver_message[]" => true,
                "messages[]" => false,
                _ => return Vec::new(),
            };
            value.read(|record, mended, place| {
                let mut readings = if of_export {
                    message::read(record, realm)
                } else {
                    page::read(record)
                };
                for reading in readings.iter_mut().flatten() {
                    reading.message.source = place.clone();
                    reading.message.undecodable = mended;
                }
                readings
            })
        });
        if !more {
            self.file = None;
        }
        Ok(true)
    }
}
