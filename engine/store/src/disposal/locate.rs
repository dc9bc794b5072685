//! Where the rows of messages lie: bodies in segments, the rest in evaluation files, of later batches too.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Decimal128Type;
use lexhold_model::Key;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::files::open;
use crate::{EntryKind, Home, Result, StoreError, StoredFile, archive};

/// The column by which evaluation files name messages.
pub(crate) const TABLE_KEY: &str = "key";

/// Where the rows of some messages lie. Stays true while nobody takes anything in: under the run lock.
#[derive(Debug, Default)]
pub struct Located {
    /// The segments with bodies of them, in the order of the journal.
    pub segments: Vec<LocatedSegment>,
    /// The entries whose evaluation files have rows of each.
    pub(crate) entries: HashMap<Key, BTreeSet<u64>>,
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
            for file in record.files {
                let column = if file.is_segment() { archive::KEY } else { TABLE_KEY };
                let found = self.keys_in(&file, column, wanted)?;
                if file.is_segment() && !found.is_empty() {
                    let keys = found.into_iter().collect();
                    let seq = entry.seq;
                    located.segments.push(LocatedSegment { seq, file, keys });
                } else {
                    for key in found {
                        located.entries.entry(key).or_default().insert(entry.seq);
                    }
                }
            }
        }
        Ok(located)
    }

    /// The wanted keys among those of a file; none where it has no such column.
    fn keys_in(&self, file: &StoredFile, column: &str, wanted: &HashSet<Key>) -> Result<BTreeSet<Key>> {
        let path = self.root().join(&file.path);
        let damaged = |cause: String| StoreError::corrupt("a file of the home cannot be read", &path).because(cause);
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(open(&path)?).map_err(|cause| damaged(cause.to_string()))?;
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
