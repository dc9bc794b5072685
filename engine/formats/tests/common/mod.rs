//! What the tests share: exports built in a temporary folder, and whole inputs read at once.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "each test file uses its part, and tests write the files they read"
)]

// The tests of `source` read whole inputs in the same way.
#[path = "../../../source/tests/common/whole.rs"]
mod whole;

use std::io::Write;
use std::path::{Path, PathBuf};

use lexhold_formats::{Options, open};
pub use whole::{Files, Whole};

pub fn read(path: &Path) -> Whole {
    read_with(path, &Options::default())
}

pub fn read_with(path: &Path, options: &Options) -> Whole {
    Whole::of(open(path, options))
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

/// A database in a folder of its own.
pub struct Database(Files);

impl Database {
    /// What these statements make.
    pub fn new(sql: &[&str]) -> Self {
        let database = Self(Files::new());
        let connection = database.connect();
        for sql in sql {
            connection.execute_batch(sql).unwrap();
        }
        database
    }

    pub fn connect(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    pub fn folder(&self) -> &Path {
        self.0.dir()
    }

    pub fn path(&self) -> PathBuf {
        self.0.path("a database.db")
    }

    pub fn insert(&self, sql: &str, name: &str, bytes: &[u8]) {
        self.connect().execute(sql, (name, bytes)).unwrap();
    }

    /// A file beside the database.
    pub fn beside(&self, name: &str, bytes: &[u8]) {
        self.0.with(name, bytes);
    }
}
