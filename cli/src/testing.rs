//! A catalog of evaluated batches, for tests that hold its sorts and joins against functions over memory.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use lexhold_catalog::{Catalog, JournalEntry, Settings, Writer};
use lexhold_evaluate::{Bundle, Evaluation, Fate, record};
use lexhold_model::tables::Table;
use lexhold_model::{Digest, Key, MessageBatch};
use lexhold_retention::HoldSpec;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A number below `below` that depends on the parts alone.
pub fn pick(parts: [usize; 3], below: usize) -> usize {
    let bytes = parts.map(usize::to_le_bytes);
    let hash = Key::of("test", bytes.iter().map(<[u8; 8]>::as_slice))
        .as_i128()
        .unsigned_abs();
    usize::try_from(hash % below as u128).unwrap()
}

/// A catalog whose journal entries were all made at one instant.
pub struct Home {
    folder: TempDir,
    pub writer: Writer,
    at: &'static str,
    seq: u64,
    known: HashMap<Key, Key>,
}

impl Home {
    pub fn new(at: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            wait: Duration::ZERO,
            threads: 1,
            memory_mib: 128,
            temp: folder.path().join("temp"),
        };
        let writer = Catalog::open_writer(&folder.path().join("catalog"), &settings).unwrap();
        let mut home = Self {
            folder,
            writer,
            at,
            seq: 0,
            known: HashMap::new(),
        };
        home.enter("home_created", &json!({}), &[]);
        home
    }

    /// Projects an entry with its evaluation files.
    pub fn enter(&mut self, kind: &str, payload: &Value, files: &[(Table, PathBuf)]) {
        self.seq += 1;
        let entry = JournalEntry {
            seq: self.seq,
            leaf: Digest::of(&self.seq.to_le_bytes()),
            kind,
            at: self.at,
            actor: "otto",
            payload,
        };
        self.writer.project(&entry, files).unwrap();
    }

    /// Takes a batch in as a run does.
    pub fn take(&mut self, bundle: &Bundle, holds: &[HoldSpec], batch: &MessageBatch, evaluation: &Evaluation) {
        let identities = || evaluation.messages.iter().map(|message| &message.identity);
        let fates = Fate::of_all(identities(), &self.known);
        self.known
            .extend(identities().map(|identity| (identity.key, identity.content_hash)));
        let tables = record(bundle, holds, batch, evaluation, &fates);
        let files: Vec<_> = tables
            .iter()
            .map(|(table, rows)| (*table, self.file(*table, rows)))
            .collect();
        self.enter("batch", &json!({"run": "r", "detail": {}}), &files);
    }

    fn file(&self, table: Table, rows: &arrow::array::RecordBatch) -> PathBuf {
        let name = format!("{}-{}.parquet", self.seq, table.name());
        let path = self.folder.path().join(name);
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), rows.schema(), None).unwrap();
        writer.write(rows).unwrap();
        writer.close().unwrap();
        path
    }
}
