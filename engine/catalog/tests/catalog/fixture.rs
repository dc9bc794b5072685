//! A small home: evaluation files written row by row, and the journal entries that name them.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Int32Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema};
use lexhold_catalog::{Catalog, JournalEntry, Projected, Settings, Writer};
use lexhold_model::tables::Table;
use lexhold_model::{Digest, Key};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;

/// One value of an evaluation file.
#[derive(Clone, Debug)]
pub enum Cell {
    Null,
    Key(Key),
    Text(String),
    Number(i64),
    Flag(bool),
    Texts(Vec<String>),
}

impl From<Key> for Cell {
    fn from(key: Key) -> Self {
        Cell::Key(key)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Cell::Number(number)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Cell::Flag(flag)
    }
}

impl From<&[&str]> for Cell {
    fn from(texts: &[&str]) -> Self {
        Cell::Texts(texts.iter().map(ToString::to_string).collect())
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
    }
}

/// A row: `row![key, "text", 3]`.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($crate::fixture::Cell::from($cell)),*] };
}
pub(crate) use row;

pub fn key(name: &str) -> Key {
    Key::of("test", [name.as_bytes()])
}

/// A folder with evaluation files and a catalog.
pub struct Home {
    pub folder: TempDir,
    n_files: usize,
}

/// An entry with its files, kept so that it can be projected again.
#[derive(Clone)]
pub struct Entry {
    pub seq: u64,
    pub kind: &'static str,
    pub payload: Value,
    pub files: Vec<(Table, PathBuf)>,
}

impl Entry {
    pub fn new(seq: u64, kind: &'static str, payload: Value) -> Self {
        Self {
            seq,
            kind,
            payload,
            files: Vec::new(),
        }
    }

    pub fn project(&self, writer: &mut Writer) -> lexhold_catalog::Result<Projected> {
        let at = format!("2026-01-02T03:04:{:02}Z", self.seq);
        let entry = JournalEntry {
            seq: self.seq,
            leaf: Digest::of(&self.seq.to_le_bytes()),
            kind: self.kind,
            at: &at,
            actor: "otto",
            payload: &self.payload,
        };
        writer.project(&entry, &self.files)
    }
}

/// Projects entries that are all new.
pub fn project_all(writer: &mut Writer, entries: &[Entry]) {
    for entry in entries {
        assert_eq!(entry.project(writer).unwrap(), Projected::Applied);
    }
}

impl Home {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            n_files: 0,
        }
    }

    pub fn settings(&self) -> Settings {
        let temp = self.folder.path().join("temp");
        Settings {
            wait: Duration::ZERO,
            threads: 2,
            memory_mib: 128,
            temp,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn writer(&self, name: &str) -> Writer {
        Catalog::open_writer(&self.path(name), &self.settings()).unwrap()
    }

    pub fn reader(&self, name: &str) -> Catalog {
        Catalog::open_reader(&self.path(name), &self.settings()).unwrap()
    }

    /// Writes rows of one table into a file of its own.
    pub fn file(&mut self, table: Table, rows: &[Vec<Cell>]) -> (Table, PathBuf) {
        (table, self.parquet(&batch(table, rows)))
    }

    pub fn parquet(&mut self, batch: &RecordBatch) -> PathBuf {
        self.n_files += 1;
        let path = self.path(&format!("{}.parquet", self.n_files));
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
        path
    }
}

/// The entries before any batch: home created at 1, a bundle active at 2, a run started at 3.
pub fn beginning() -> Vec<Entry> {
    let digest = "ab".repeat(32);
    vec![
        Entry::new(1, "home_created", json!({})),
        Entry::new(2, "activation", json!({ "bundle": digest })),
        run_started(3, "run-1"),
    ]
}

pub fn run_started(seq: u64, run: &str) -> Entry {
    let payload =
        json!({ "run": run, "bundle": "ab".repeat(32), "facts": "cd".repeat(32), "as_of": "2026-01-01T00:00:00Z" });
    Entry::new(seq, "run_started", payload)
}

pub fn batch_entry(seq: u64, messages: u64, complete: bool, files: Vec<(Table, PathBuf)>) -> Entry {
    let input = json!({ "path": "in.ndjson", "digest": "ef".repeat(32), "bytes": 99, "messages": messages, "complete": complete });
    let payload = json!({ "run": "run-1", "batch": seq, "files": [], "detail": { "inputs": [input] } });
    Entry {
        files,
        ..Entry::new(seq, "batch", payload)
    }
}

/// Day `day` of 2024, in microseconds.
pub fn day(day: i64) -> i64 {
    (1_704_067_200 + (day - 1) * 86_400) * 1_000_000
}

/// A message with what tests care about; everything else is plain.
pub struct Mail {
    pub id: &'static str,
    pub sender: &'static str,
    pub sent_at: Option<i64>,
    pub channel: Option<&'static str>,
    pub family: Key,
    pub version: i64,
}

impl Mail {
    pub fn new(id: &'static str, sender: &'static str, sent_at: i64) -> Self {
        Self {
            id,
            sender,
            sent_at: Some(sent_at),
            channel: None,
            family: key(id),
            version: 0,
        }
    }

    pub fn row(&self) -> Vec<Cell> {
        let (own, message_id) = match self.version {
            0 => (key(self.id), self.id.to_owned()),
            version => (key(&format!("{}#{version}", self.id)), self.id.to_owned()),
        };
        let native = message_id.rsplit('/').next().unwrap();
        let kind = if self.version == 0 { "original" } else { "edit" };
        row![
            own,
            self.family,
            message_id.as_str(),
            native,
            "slack",
            "C1",
            "channel",
            self.channel,
            "message",
            self.sent_at,
            day(300),
            None::<&str>,
            self.sender,
            None::<&str>,
            self.version,
            kind,
            key(&format!("content of {message_id} {kind}")),
            "internal",
            12_i64,
            0_i64,
            None::<bool>,
            false,
            false,
            false,
            "in.ndjson",
            1_i64,
            key("facts")
        ]
    }
}

/// A hit of the rule `rule` in an authored text, ten bytes long.
pub fn hit(message: Key, alert: Key, start: i64, excluded_by: Option<&str>) -> Vec<Cell> {
    let none = None::<&str>;
    row![
        message,
        key("rule"),
        "text",
        start,
        start + 10,
        "authored",
        false,
        none,
        "high",
        excluded_by,
        none,
        alert,
        key("evidence"),
        key("block"),
        none,
        None::<i64>
    ]
}

/// Rows as a batch with the table's schema.
pub fn batch(table: Table, rows: &[Vec<Cell>]) -> RecordBatch {
    let schema = table.schema();
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(at, field)| column(field, rows.iter().map(|row| row[at].clone()).collect()))
        .collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

/// The batch with a column that no table has.
pub fn with_column(batch: &RecordBatch, name: &str, text: &str) -> RecordBatch {
    let mut fields: Vec<Field> = batch
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect();
    fields.push(Field::new(name, DataType::Utf8, false));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(StringArray::from(vec![text; batch.num_rows()])));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn column(field: &Field, cells: Vec<Cell>) -> ArrayRef {
    let texts = || {
        cells.iter().map(|cell| {
            if let Cell::Text(text) = cell {
                Some(text.as_str())
            } else {
                None
            }
        })
    };
    let numbers = || {
        cells.iter().map(|cell| {
            if let Cell::Number(number) = cell {
                Some(*number)
            } else {
                None
            }
        })
    };
    match field.data_type() {
        DataType::Decimal128(width, scale) => {
            let keys = cells.iter().map(|cell| {
                if let Cell::Key(key) = cell {
                    Some(key.as_i128())
                } else {
                    None
                }
            });
            Arc::new(
                keys.collect::<Decimal128Array>()
                    .with_precision_and_scale(*width, *scale)
                    .unwrap(),
            )
        }
        DataType::Utf8 => Arc::new(texts().collect::<StringArray>()),
        DataType::Int64 => Arc::new(numbers().collect::<Int64Array>()),
        DataType::Int32 => Arc::new(
            numbers()
                .map(|number| number.map(|n| i32::try_from(n).unwrap()))
                .collect::<Int32Array>(),
        ),
        DataType::Boolean => {
            let flags = cells
                .iter()
                .map(|cell| if let Cell::Flag(flag) = cell { Some(*flag) } else { None });
            Arc::new(flags.collect::<BooleanArray>())
        }
        DataType::Timestamp(..) => Arc::new(numbers().collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
        DataType::List(item) => {
            let mut list = ListBuilder::new(StringBuilder::new()).with_field(item.clone());
            for cell in &cells {
                let Cell::Texts(texts) = cell else {
                    panic!("a list was due")
                };
                list.append_value(texts.iter().map(Some));
            }
            Arc::new(list.finish())
        }
        other => panic!("no column is {other}"),
    }
}
