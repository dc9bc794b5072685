//! Gathers messages until a chunk is full.

use std::collections::VecDeque;
use std::sync::Arc;

use lexhold_model::{Message, MessageBatchBuilder};

use crate::message::Reading;
use crate::reader::{Chunk, Note, Options, Place, Unreadable};

/// The chunk under way, and what no longer fitted the one before.
pub struct Chunks {
    options: Options,
    builder: MessageBatchBuilder,
    bytes: usize,
    unreadable: Vec<Unreadable>,
    notes: Vec<Note>,
    remarks: Vec<String>,
    waiting: VecDeque<Waiting>,
    /// What the rows that come next are a part of.
    part: Arc<str>,
    parts: Vec<(Arc<str>, usize)>,
}

/// A message that did not fit.
struct Waiting {
    part: Arc<str>,
    file: Option<Arc<str>>,
    place: Place,
    reading: Reading,
}

impl Chunks {
    /// Nothing gathered yet.
    pub fn new(options: Options) -> Self {
        let builder = MessageBatchBuilder::new();
        Self {
            options,
            builder,
            bytes: 0,
            unreadable: Vec::new(),
            notes: Vec::new(),
            remarks: Vec::new(),
            waiting: VecDeque::new(),
            part: Arc::default(),
            parts: Vec::new(),
        }
    }

    /// Says what the rows that come next are a part of, see [`Chunk::parts`].
    pub fn begin(&mut self, part: Arc<str>) {
        self.part = part;
    }

    /// Adds something that is to be said of the input, see [`Chunk::remarks`].
    pub fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    /// Adds a row of the input, or of the part at hand: a message, or the reason why it is none.
    pub fn push(&mut self, place: Place, row: Result<Reading, String>) {
        let file = (!self.part.is_empty()).then(|| self.part.clone());
        self.push_of(file, place, row);
    }

    /// Adds a row of a file inside the input.
    pub fn push_in(&mut self, file: &Arc<str>, place: Place, row: Result<Reading, String>) {
        self.push_of(Some(file.clone()), place, row);
    }

    fn push_of(&mut self, file: Option<Arc<str>>, place: Place, row: Result<Reading, String>) {
        match row {
            Err(reason) => self.unreadable.push(Unreadable {
                part: self.part.clone(),
                file,
                place,
                reason,
            }),
            Ok(reading) => {
                let message = Waiting {
                    part: self.part.clone(),
                    file,
                    place,
                    reading,
                };
                if self.waiting.is_empty() {
                    self.add_or_wait(message);
                } else {
                    self.waiting.push_back(message);
                }
            }
        }
    }

    fn add_or_wait(&mut self, message: Waiting) {
        let bytes = weight(&message.reading.message);
        if self.builder.is_empty() || self.bytes + bytes <= self.options.chunk_bytes {
            self.add(message, bytes);
        } else {
            self.waiting.push_front(message);
        }
    }

    /// Whether the chunk has to be taken before another row is added.
    pub fn is_full(&self) -> bool {
        let rows = self.options.chunk_rows.max(1);
        !self.waiting.is_empty()
            || self.builder.len() >= rows
            || self.bytes >= self.options.chunk_bytes
            || self.unreadable.len() >= rows
    }

    /// Whether nothing has been gathered.
    pub fn is_empty(&self) -> bool {
        self.builder.is_empty() && self.unreadable.is_empty() && self.waiting.is_empty() && self.remarks.is_empty()
    }

    /// The chunk gathered so far; the next one begins with what did not fit.
    pub fn take(&mut self) -> Chunk {
        let chunk = Chunk {
            batch: self.builder.finish(),
            unreadable: std::mem::take(&mut self.unreadable),
            notes: std::mem::take(&mut self.notes),
            parts: std::mem::take(&mut self.parts),
            remarks: std::mem::take(&mut self.remarks),
        };
        self.bytes = 0;
        while self.builder.len() < self.options.chunk_rows.max(1)
            && let Some(message) = self.waiting.pop_front()
        {
            let before = self.waiting.len();
            self.add_or_wait(message);
            if self.waiting.len() > before {
                break;
            }
        }
        chunk
    }

    fn add(&mut self, message: Waiting, bytes: usize) {
        let Waiting {
            part,
            file,
            place,
            reading,
        } = message;
        let row = self.builder.len();
        match self.parts.last_mut() {
            Some((last, rows)) if *last == part => *rows += 1,
            _ => self.parts.push((part, 1)),
        }
        self.notes.extend(reading.notes.into_iter().map(|(field, reason)| Note {
            file: file.clone(),
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
