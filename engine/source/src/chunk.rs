//! Gathers messages until a chunk is full.

use lexhold_model::{Message, MessageBatchBuilder};

use crate::message::Reading;
use crate::reader::{Chunk, Note, Options, Place, Unreadable};

/// The chunk under way, and the message that no longer fitted the one before.
pub(crate) struct Chunks {
    options: Options,
    builder: MessageBatchBuilder,
    bytes: usize,
    unreadable: Vec<Unreadable>,
    notes: Vec<Note>,
    waiting: Option<(Place, Reading, usize)>,
}

impl Chunks {
    pub(crate) fn new(options: Options) -> Self {
        let builder = MessageBatchBuilder::new();
        Self {
            options,
            builder,
            bytes: 0,
            unreadable: Vec::new(),
            notes: Vec::new(),
            waiting: None,
        }
    }

    /// Adds a row: a message, or the reason why it is none.
    pub(crate) fn push(&mut self, place: Place, row: Result<Reading, String>) {
        match row {
            Err(reason) => self.unreadable.push(Unreadable { place, reason }),
            Ok(reading) => {
                let bytes = weight(&reading.message);
                if self.builder.is_empty() || self.bytes + bytes <= self.options.chunk_bytes {
                    self.add(place, reading, bytes);
                } else {
                    self.waiting = Some((place, reading, bytes));
                }
            }
        }
    }

    /// Whether the chunk has to be taken before another row is added.
    pub(crate) fn is_full(&self) -> bool {
        let rows = self.options.chunk_rows.max(1);
        self.waiting.is_some()
            || self.builder.len() >= rows
            || self.bytes >= self.options.chunk_bytes
            || self.unreadable.len() >= rows
    }

    /// Whether nothing has been gathered.
    pub(crate) fn is_empty(&self) -> bool {
        self.builder.is_empty() && self.unreadable.is_empty() && self.waiting.is_none()
    }

    /// The chunk gathered so far; the next one begins with the message that did not fit.
    pub(crate) fn take(&mut self) -> Chunk {
        let chunk = Chunk {
            batch: self.builder.finish(),
            unreadable: std::mem::take(&mut self.unreadable),
            notes: std::mem::take(&mut self.notes),
        };
        self.bytes = 0;
        if let Some((place, reading, bytes)) = self.waiting.take() {
            self.add(place, reading, bytes);
        }
        chunk
    }

    fn add(&mut self, place: Place, reading: Reading, bytes: usize) {
        let row = self.builder.len();
        self.notes.extend(reading.notes.into_iter().map(|(field, reason)| Note {
            place,
            row,
            field,
            reason,
        }));
        self.bytes += bytes;
        self.builder.push(&reading.message);
    }
}

/// Bytes of everything in a message that may be long.
fn weight(message: &Message) -> usize {
    let texts = [&message.text, &message.subject].into_iter().flatten().map(String::len);
    let recipients = message.recipients.iter().map(|recipient| recipient.handle.len() + 8);
    let lists = [&message.custodians, &message.labels, &message.accounts]
        .into_iter()
        .flatten()
        .map(|text| text.len() + 8);
    let attachments = message
        .attachments
        .iter()
        .map(|one| 64 + one.name.as_ref().map_or(0, String::len));
    let metadata = message.metadata.iter().map(|(key, value)| key.len() + value.len());
    texts
        .chain(recipients)
        .chain(lists)
        .chain(attachments)
        .chain(metadata)
        .sum()
}
