//! Mattermost: the bulk export of a server, and pages of posts as its API gives them.
//!
//! A bulk export is JSON Lines, one object a line: `version` first, then teams, channels, people and posts in any order. So it is
//! read twice: first for who and where, then for the posts.

mod page;
mod post;
mod server;

use lexhold_source::{Chunks, SourceError};

use crate::document::Document;
use crate::format::{About, Format, Messages, Part};
use crate::object::{self, Object};
use crate::repeats::Repeats;
use crate::text::{Text, first_line};
use crate::tree::Tree;

use post::Context;
use server::Server;

pub(crate) struct Mattermost;

static ABOUT: About = About {
    name: "mattermost",
    title: "Mattermost: bulk export, pages of the API",
    input: "jsonl, zip, folder, json",
    preserves: &[
        "conversations",
        "members",
        "threads",
        "edits",
        "text before an edit (API)",
        "deletions (API)",
        "reactions",
        "files",
        "integrations",
        "system",
        "calls",
    ],
    lacks: &["ids (bulk)", "deleted posts (bulk)", "joins and leaves (bulk)"],
    page: include_str!("../../pages/mattermost.md"),
};

impl Format for Mattermost {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    /// An export with its files: they lie in `data/` beside the lines, and whatever they are, they are attachments.
    fn folders(&self, tree: &Tree) -> Vec<String> {
        let beside_files = tree
            .entries
            .iter()
            .filter(|entry| !tree.below(&format!("{}data/", entry.folder())).is_empty());
        let exports = beside_files.filter(|entry| tree.peek(entry, HEAD_BYTES).is_ok_and(|first| is_bulk(&first)));
        let mut roots: Vec<String> = exports.map(|entry| entry.folder().to_owned()).collect();
        // The outer one first: an export inside the files of another one is an attachment.
        roots.sort_by_key(String::len);
        roots.dedup();
        roots
    }

    fn is_file(&self, first: &[u8]) -> bool {
        is_bulk(first) || page::is_page(first)
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let tree = &part.tree;
        let is_ours = |at: &usize| tree.entries[*at].folder() == part.root;
        let mut exports = Vec::new();
        for at in part.entries.iter().copied().filter(is_ours) {
            let first = tree.peek(&tree.entries[at], HEAD_BYTES)?;
            if is_bulk(&first) {
                exports.push(at);
            } else if part.entries.len() == 1 {
                let document = Document::open(&part, at, &["", "posts"])?;
                return Ok(Box::new(page::Page { document }));
            }
        }
        let server = Server::read(&part, &exports)?;
        Ok(Box::new(Bulk {
            exports: exports.into_iter(),
            part,
            server,
            text: None,
            repeats: Repeats::default(),
        }))
    }
}

/// More than a line `version` needs, with what newer servers say in it.
const HEAD_BYTES: usize = 4 << 10;

/// Whether a text begins with the line `version`.
fn is_bulk(first: &[u8]) -> bool {
    let (line, _) = object::text(first_line(first));
    Object::parse(&line)
        .is_ok_and(|mut line| line.text("type").as_deref() == Some("version") && line.whole("version").is_some())
}

/// What a line may be about, other than posts.
const NO_POSTS: [&str; 9] = [
    "version",
    "scheme",
    "role",
    "emoji",
    "team",
    "channel",
    "user",
    "bot",
    "direct_channel",
];

/// The lines of an export.
struct Bulk {
    part: Part,
    server: Server,
    exports: std::vec::IntoIter<usize>,
    text: Option<Text>,
    repeats: Repeats,
}

impl Messages for Bulk {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let Some(text) = &mut self.text else {
            let Some(at) = self.exports.next() else {
                return Ok(false);
            };
            self.text = Some(Text::open(&self.part, at)?);
            return Ok(true);
        };
        let mut context = Context {
            part: &self.part,
            server: &self.server,
            repeats: &mut self.repeats,
        };
        let more = text.read(to, |line, place| {
            let (line, mended) = object::text(line);
            let mut line = match Object::parse(&line) {
                Ok(line) => line,
                Err(why) => return vec![Err(why)],
            };
            let kind = line.text("type").unwrap_or_default();
            let mut readings = match (kind.as_str(), line.object(&kind)) {
                ("post" | "direct_post", Some(post)) => post::read(post, &mut context),
                ("post" | "direct_post", None) => vec![Err("holds no post".to_owned())],
                (kind, _) if NO_POSTS.contains(&kind) => Vec::new(),
                _ => vec![Err("is of a kind that Lexhold does not know".to_owned())],
            };
            for reading in readings.iter_mut().flatten() {
                reading.message.source = place.clone();
                reading.message.undecodable = mended;
            }
            readings
        });
        if !more {
            self.text = None;
        }
        Ok(true)
    }
}
