//! What the tests share: files out of bytes, and whole files read at once.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "each test file uses its part, and tests write the files they read"
)]

use std::io::Write;
use std::path::{Path, PathBuf};

use lexhold_model::Message;
use lexhold_source::{Note, Options, SourceError, Unreadable, open};
use tempfile::TempDir;

/// Everything that a file gave.
#[derive(Debug, Default)]
pub struct Whole {
    pub messages: Vec<Message>,
    pub unreadable: Vec<Unreadable>,
    pub notes: Vec<Note>,
    pub chunk_rows: Vec<usize>,
    pub format: String,
    pub error: Option<SourceError>,
}

impl Whole {
    /// The messages without the file they came from.
    pub fn placeless(&self) -> Vec<Message> {
        self.messages
            .iter()
            .cloned()
            .map(|mut message| {
                message.source = Default::default();
                message
            })
            .collect()
    }

    /// Places and reasons of the unreadable rows.
    pub fn reasons(&self) -> Vec<String> {
        self.unreadable
            .iter()
            .map(|row| format!("{}: {}", row.place, row.reason))
            .collect()
    }

    pub fn texts(&self) -> Vec<&str> {
        self.messages
            .iter()
            .map(|message| message.text.as_deref().unwrap_or(""))
            .collect()
    }
}

pub fn read(path: &Path, options: Options) -> Whole {
    let mut whole = Whole::default();
    let mut reader = match open(path, options) {
        Ok(reader) => reader,
        Err(error) => {
            return Whole {
                error: Some(error),
                ..whole
            };
        }
    };
    whole.format = reader.format().to_owned();
    loop {
        match reader.next() {
            Ok(Some(chunk)) => {
                assert!(
                    chunk.notes.iter().all(|note| note.row < chunk.batch.len()),
                    "a note speaks of a row of its chunk"
                );
                whole.chunk_rows.push(chunk.batch.len());
                whole.messages.extend(chunk.batch.rows().map(|row| row.to_message()));
                whole.unreadable.extend(chunk.unreadable);
                whole.notes.extend(chunk.notes);
            }
            Ok(None) => break,
            Err(error) => whole.error = Some(error),
        }
    }
    assert!(reader.next().unwrap().is_none(), "the end is the end");
    whole
}

pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn with(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn dir(&self) -> &Path {
        self.0.path()
    }
}

/// Reads bytes as a file of no telling name.
pub fn read_bytes(bytes: impl AsRef<[u8]>) -> Whole {
    let files = Files::new();
    read(&files.with("input", bytes), Options::default())
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(bytes).unwrap();
    to.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}
