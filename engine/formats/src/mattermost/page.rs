//! A page of posts, as the API gives them: `order` and a map of `posts`.

use lexhold_model::{Attachment, Message, VersionKind};
use lexhold_source::{Chunks, Reading, SourceError, without_bom};

use super::post;
use crate::document::{Document, Found, Readings};
use crate::format::Messages;
use crate::object::Object;

/// Whether a file is a page. One with nothing on it is a page too.
pub(super) fn is_page(first: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(first, word).is_some();
    if without_bom(first).trim_ascii_start().first() != Some(&b'{') {
        return false;
    }
    let posts = [b"\"order\"".as_slice(), b"\"posts\""].into_iter().all(has);
    let empty = || {
        let text: Vec<u8> = first
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        without_bom(&text).starts_with(b"{\"order\":[],\"posts\":{}")
    };
    posts
        && (empty()
            || [b"\"create_at\"".as_slice(), b"\"channel_id\"", b"\"user_id\""]
                .into_iter()
                .all(has))
}

/// The posts of a page.
pub(super) struct Page {
    pub(super) document: Document,
}

impl Messages for Page {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        Ok(self.document.read(to, |found| match found {
            Found::Value(value) if value.path.starts_with("posts.") => value.read(|record, mended, place| {
                let mut readings = read(record);
                for reading in readings.iter_mut().flatten() {
                    reading.message.source = place.clone();
                    reading.message.undecodable = mended;
                }
                readings
            }),
            Found::Value(_) | Found::Open | Found::Close => Vec::new(),
        }))
    }
}

/// The versions that a post stands for: itself, and that it is gone.
fn read(mut record: Object<'_>) -> Readings {
    let (Some(id), Some(channel)) = (record.text("id"), record.text("channel_id")) else {
        return vec![Err("`id` or `channel_id` is missing".to_owned())];
    };
    // What a post said before an edit is a post of its own, which names the one it belonged to and counts as deleted.
    let earlier = record.text("original_id");
    let mut message = Message {
        platform: "mattermost".into(),
        conversation: channel,
        sent_at: record.whole("create_at").and_then(post::micros),
        sender: record.text("user_id").unwrap_or_else(|| "unknown".to_owned()),
        reply_to: record.text("root_id"),
        attachments: attachments(&record),
        ..Message::default()
    };
    record.drop("parent_id");
    let deleted = record
        .raw("delete_at")
        .is_some_and(|at| !matches!(at.get(), "0" | "null"));
    if earlier.is_some() {
        message.metadata.insert("version_id".to_owned(), id.clone());
    }
    let gone = deleted && earlier.is_none();
    message.id = Some(earlier.unwrap_or(id));
    let mut notes = Vec::new();
    if message.sent_at.is_none() {
        notes.push((
            "sent_at",
            "`create_at` is missing or no instant, and the date was left out".to_owned(),
        ));
    }
    post::body(&mut message, &mut record);
    let deletion = gone.then(|| deletion(&message));
    let said = Reading { message, notes };
    match deletion {
        // A text that is no longer there is no version of its own.
        Some(deletion) if said.message.text.is_none() && said.message.attachments.is_empty() => vec![Ok(deletion)],
        Some(deletion) => vec![Ok(said), Ok(deletion)],
        None => vec![Ok(said)],
    }
}

fn deletion(message: &Message) -> Reading {
    let message = Message {
        text: None,
        attachments: Vec::new(),
        version: message.version + 1,
        version_kind: VersionKind::Delete,
        ..message.clone()
    };
    Reading {
        message,
        notes: Vec::new(),
    }
}

/// The files of a post; older servers say only how many there are.
fn attachments(record: &Object<'_>) -> Vec<Attachment> {
    let files = record.object("metadata").map(|inner| inner.objects("files"));
    let files = files.filter(|files| !files.is_empty());
    let Some(files) = files else {
        let count = record.list("file_ids").len();
        return vec![Attachment::default(); count];
    };
    files
        .into_iter()
        .map(|mut file| Attachment {
            name: file.text("name"),
            media_type: file.text("mime_type"),
            bytes: file.whole("size"),
            sha256: None,
        })
        .collect()
}
