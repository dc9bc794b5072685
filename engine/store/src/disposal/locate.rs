//! Where the rows of messages lie: bodies in segments, the rest in evaluation files, of later batches too.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Decimal128Type;
use lexhold_model::Key;
use lexhold_model::tables::Table;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Journalled, Replacements};
use crate::{BatchRecord, EntryKind, Home, Result, StoreError, StoreMode, StoredFile};

/// The column by which evaluation files name messages.
pub(crate) const TABLE_KEY: &str = "key";

/// Where the rows of some messages lie. Stays true while nobody takes anything in: under the run lock.
#[derive(Debug, Default)]
pub struct Located {
    /// The segments with bodies of them, in the order of the journal.
    pub segments: Vec<LocatedSegment>,
    /// The entries whose evaluation files have rows of each.
    pub(crate) entries: HashMap<Key, BTreeSet<u64>>,
    /// Entries with rows of any of them, and their files.
    files: HashMap<u64, (EntryKind, Vec<StoredFile>)>,
    /// What has taken the place of these files since they were found.
    since: RefCell<Replacements>,
    /// Between which entries nothing came that could matter.
    settled: Cell<(u64, u64)>,
}

/// How many segments go at once at most: nobody else can append to the journal while that many files change places.
const AT_ONCE: usize = 32;

impl Located {
    /// The segments that are best destroyed together: of one batch, whose evaluation files are written again each time.
    pub fn lots(&self) -> impl Iterator<Item = &[LocatedSegment]> {
        let batches = self.segments.chunk_by(|one, other| one.seq == other.seq);
        batches.flat_map(|batch| batch.chunks(AT_ONCE))
    }

    /// The file that stands now for one that an entry had when this was found out.
    pub(super) fn current(&self, seq: u64, file: StoredFile) -> Option<StoredFile> {
        self.since.borrow().current(seq, file)
    }

    /// What sort of entry it is, and the files that stand for its own now.
    pub(super) fn files_of(&self, seq: u64) -> Result<(&EntryKind, Vec<StoredFile>)> {
        let (kind, files) = self
            .files
            .get(&seq)
            .ok_or_else(|| StoreError::refused(format!("entry {seq} names no files")))?;
        let since = self.since.borrow();
        let current = files.iter().filter_map(|file| since.current(seq, file.clone()));
        Ok((kind, current.collect()))
    }

    /// The entry from which on the journal has to be looked through for what could matter to whoever saw it up to `seen`: all
    /// before it was looked at for an earlier destruction.
    pub(super) fn unchecked_from(&self, seen: u64) -> u64 {
        let (from, to) = self.settled.get();
        if from <= seen { seen.max(to) } else { seen }
    }

    /// Remembers what an intent that has been carried out put in the place of files, and that nothing came before it.
    pub(super) fn note(&self, intent: &Journalled) {
        self.since.borrow_mut().note(intent);
        let seen = intent.intent().seen;
        let from = if self.unchecked_from(seen) > seen {
            self.settled.get().0
        } else {
            seen
        };
        self.settled.set((from, intent.seq));
    }
}

/// A segment with bodies of messages that were sought.
#[derive(Clone, Debug)]
pub struct LocatedSegment {
    /// The entry that took it in.
    pub seq: u64,
    /// The segment.
    pub file: StoredFile,
    /// Those of the messages that lie in it.
    pub keys: Vec<Key>,
}

impl Home {
    /// Finds every file with rows of these messages. Reads the column of keys of all files.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn locate(&self, wanted: &HashSet<Key>) -> Result<Located> {
        let mut located = Located::default();
        for batch in self.batches(1)? {
            let (entry, record) = batch?;
            // The list of a plan's items is what tombstones are made of.
            if entry.kind == EntryKind::DisposalProposed {
                continue;
            }
            let seq = entry.seq;
            let mut any = false;
            let may_have = self.may_have(&record, wanted)?;
            for file in &record.files {
                if file.is_segment() && !may_have {
                    continue;
                }
                let found = self.keys_in(file, file.key_column(), wanted)?;
                any |= !found.is_empty();
                // Where bodies lie elsewhere, the table of messages stands for the segment.
                let decides = match self.store_mode() {
                    StoreMode::Archive => file.is_segment(),
                    StoreMode::External => entry.kind == EntryKind::Batch && file.holds_messages(),
                };
                if decides && !found.is_empty() {
                    if !file.is_segment() {
                        for key in &found {
                            located.entries.entry(*key).or_default().insert(seq);
                        }
                    }
                    let (file, keys) = (file.clone(), found.into_iter().collect());
                    located.segments.push(LocatedSegment { seq, file, keys });
                } else {
                    for key in found {
                        located.entries.entry(key).or_default().insert(seq);
                    }
                }
            }
            if any {
                located.files.insert(seq, (entry.kind, record.files));
            }
        }
        Ok(located)
    }

    /// Whether the segments of a batch may have bodies of any of these messages. Where they are objects, which cost more to read, the
    /// batch's own table of messages tells.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn may_have(&self, record: &BatchRecord, wanted: &HashSet<Key>) -> Result<bool> {
        let is_of_messages = |file: &&StoredFile| file.table.as_deref() == Some(Table::Message.name());
        match record.files.iter().find(is_of_messages) {
            Some(table) if self.object_archive().is_some() => Ok(!self.keys_in(table, TABLE_KEY, wanted)?.is_empty()),
            _ => Ok(true),
        }
    }

    /// The wanted keys among those of a file; none where it has no such column.
    pub(super) fn keys_in(&self, file: &StoredFile, column: &str, wanted: &HashSet<Key>) -> Result<BTreeSet<Key>> {
        let path = self.places().shown(Path::new(&file.path));
        let damaged = |cause: String| StoreError::corrupt("a file of the home cannot be read", &path).because(cause);
        let opened = self.places().open(Path::new(&file.path))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|cause| damaged(cause.to_string()))?;
        if builder.schema().column_with_name(column).is_none() {
            return Ok(BTreeSet::new());
        }
        let mask = ProjectionMask::columns(builder.parquet_schema(), [column]);
        let reader = builder.with_projection(mask).build();
        let mut found = BTreeSet::new();
        for rows in reader.map_err(|cause| damaged(cause.to_string()))? {
            let rows = rows.map_err(|cause| damaged(cause.to_string()))?;
            let keys = keys(&rows, column).ok_or_else(|| damaged("its keys are none".into()))?;
            found.extend(keys.into_iter().flatten().filter(|key| wanted.contains(key)));
        }
        Ok(found)
    }
}

/// The keys in a column, `None` for a row without; `None` where the column is no such thing.
pub(super) fn keys(rows: &RecordBatch, column: &str) -> Option<Vec<Option<Key>>> {
    let numbers = rows.column_by_name(column)?.as_primitive_opt::<Decimal128Type>()?;
    let key = |number: Option<i128>| match number {
        None => Some(None),
        Some(number) => Key::from_i128(number).map(Some),
    };
    numbers.iter().map(key).collect()
}

/// The path of a rewritten file: beside the old one, under a name that its content gives.
pub(super) fn place(old: &StoredFile, sha256: &lexhold_model::Digest) -> String {
    let path = Path::new(&old.path);
    let folder = path.parent().map(|folder| folder.to_string_lossy()).unwrap_or_default();
    match &old.table {
        None => format!("{folder}/{sha256}.parquet"),
        Some(table) => {
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            let number = name.split('-').next().unwrap_or_default();
            format!("{folder}/{number}-{table}-{}.parquet", sha256.short())
        }
    }
}
