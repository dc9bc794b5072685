//! What the tests share: exports built in a temporary folder, and whole inputs read at once.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "each test file uses its part, and tests write the files they read"
)]

use std::io::Write;
use std::path::{Path, PathBuf};

use lexhold_formats::{Options, open};
use lexhold_model::Message;
use lexhold_source::{Note, SourceError, Unreadable};
use tempfile::TempDir;

/// Everything that an input gave.
#[derive(Debug, Default)]
pub struct Whole {
    pub messages: Vec<Message>,
    pub unreadable: Vec<Unreadable>,
    pub notes: Vec<Note>,
    pub format: String,
    pub error: Option<SourceError>,
}

impl Whole {
    /// The same, if nothing was wrong with it.
    #[track_caller]
    pub fn clean(self) -> Self {
        assert!(self.error.is_none(), "{:?}", self.error);
        assert_eq!(self.reasons(), Vec::<String>::new());
        self
    }

    /// File, place and reason of everything that could not be read.
    pub fn reasons(&self) -> Vec<String> {
        let rows = self.unreadable.iter();
        rows.map(|row| format!("{}:{}: {}", row.file.as_deref().unwrap_or(""), row.place, row.reason))
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
}

pub fn read(path: &Path) -> Whole {
    read_with(path, &Options::default())
}

pub fn read_with(path: &Path, options: &Options) -> Whole {
    let mut whole = Whole::default();
    let mut reader = match open(path, options) {
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
                whole.messages.extend(chunk.batch.rows().map(|row| row.to_message()));
                whole.unreadable.extend(chunk.unreadable);
                whole.notes.extend(chunk.notes);
            }
            Ok(None) => return whole,
            Err(error) => whole.error = Some(error),
        }
    }
}

/// A folder for one test.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
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

/// Reads a folder with these files.
pub fn read_folder(files: &[(&str, &str)]) -> Whole {
    let folder = Files::new();
    read(&folder.folder("export", files))
}

/// An archive with these files, packed.
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, content) in files {
        let builder = archive
            .new_file(name)
            .compression_method(rawzip::CompressionMethod::DEFLATE);
        let (mut entry, config) = builder.start().unwrap();
        let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        let mut writer = config.wrap(encoder);
        writer.write_all(content).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    bytes
}

/// A fixture beside the repository, which does not ship it.
pub fn fixture(path: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/formats");
    let path = folder.join(path);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}
