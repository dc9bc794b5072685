//! Whole inputs read at once, for the tests of every crate that reads messages.

use std::path::{Path, PathBuf};

use lexhold_model::{Message, VersionKind};
use lexhold_source::{Note, Reader, SourceError, Unreadable};
use tempfile::TempDir;

/// Everything that an input gave.
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
    /// What a reader gives, or why there is none.
    pub fn of(opened: Result<Box<dyn Reader>, SourceError>) -> Self {
        let mut whole = Self::default();
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(error) => {
                whole.error = Some(error);
                return whole;
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
                    let counted: usize = chunk.parts.iter().map(|(_, n)| n).sum();
                    assert_eq!(counted, chunk.batch.len(), "every message is counted under a part");
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

    /// The same, if nothing was wrong with it.
    #[track_caller]
    pub fn clean(self) -> Self {
        assert!(self.error.is_none(), "{:?}", self.error);
        assert_eq!(self.reasons(), Vec::<String>::new());
        self
    }

    /// Id, version, kind of version and text of every message.
    pub fn versions(&self) -> Vec<(&str, i32, VersionKind, Option<&str>)> {
        let messages = self.messages.iter();
        messages
            .map(|one| {
                let id = one.id.as_deref().unwrap_or_default();
                (id, one.version, one.version_kind, one.text.as_deref())
            })
            .collect()
    }

    /// The messages with nothing of where they were read.
    pub fn placeless(&self) -> Vec<Message> {
        let messages = self.messages.iter().cloned();
        messages
            .map(|message| Message {
                source: Default::default(),
                ..message
            })
            .collect()
    }

    /// Place and reason of everything that could not be read, with the file inside the input where there is one.
    pub fn reasons(&self) -> Vec<String> {
        let file = |row: &Unreadable| row.file.as_ref().map(|file| format!("{file}:")).unwrap_or_default();
        let rows = self.unreadable.iter();
        rows.map(|row| format!("{}{}: {}", file(row), row.place, row.reason))
            .collect()
    }

    pub fn texts(&self) -> Vec<&str> {
        let texts = self.messages.iter().map(|message| message.text.as_deref());
        texts.map(Option::unwrap_or_default).collect()
    }

    /// The message of this id.
    #[track_caller]
    pub fn message(&self, id: &str) -> &Message {
        let found = self.messages.iter().find(|message| message.id.as_deref() == Some(id));
        found.unwrap_or_else(|| panic!("no message {id}"))
    }
}

/// A folder for one test.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn dir(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub fn with(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A folder with these files.
    pub fn folder(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        for (file, text) in files {
            self.with(&format!("{name}/{file}"), text);
        }
        self.path(name)
    }
}
