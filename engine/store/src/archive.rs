//! The archive: the only bodies, in immutable Parquet segments named by their content.
//!
//! A segment holds messages of one platform and one year of sending (`archive/platform=…/year=…/`), in the columns
//! of the message schema, with two in front: the message's key, and the plain hash of its content, which lies
//! nowhere else because a plain hash of a short line can be guessed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Decimal128Array, FixedSizeBinaryArray, RecordBatch, RecordBatchOptions,
};
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lexhold_model::{Key, MessageBatch, message_schema, tables};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter,
};

use crate::places::Places;
use crate::{ErrorKind, Result, StoreError, StoredFile};

pub(crate) const FOLDER: &str = "archive";

pub(crate) const KEY: &str = "message_key";
const HASH: &str = "content_hash";
const HASH_BYTES: i32 = 32;

/// Messages a read of a segment hands out at a time.
const READ_ROWS: usize = 8192;

/// Messages with what names them, as they go into the archive and come out.
#[derive(Clone, Debug)]
pub struct ArchivedBatch {
    /// The messages, bodies included.
    pub messages: MessageBatch,
    /// Each message's key.
    pub keys: Vec<Key>,
    /// The plain BLAKE3 hash of each message's content.
    pub content_hashes: Vec<[u8; 32]>,
}

/// The archive of one home.
#[derive(Debug)]
pub struct Archive {
    places: Arc<Places>,
}

impl Archive {
    pub(crate) fn new(places: Arc<Places>) -> Self {
        Self { places }
    }

    /// The messages of a segment, in pieces, in the order they came in.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for a file that is no segment; when it is missing or unreadable. The segment's digest
    /// is not computed here: that is what `verify` does.
    pub fn read(&self, segment: &StoredFile) -> Result<SegmentReader> {
        self.reader(segment, None)
    }

    /// One message with its body, sought in the given segments; [`StoredFile::may_hold`] says which are worth it.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn find<'a>(
        &self,
        key: Key,
        segments: impl IntoIterator<Item = &'a StoredFile>,
    ) -> Result<Option<MessageBatch>> {
        for segment in segments {
            if let Some(found) = self.reader(segment, Some(key))?.next() {
                return Ok(Some(found?.messages.slice(0, 1)));
            }
        }
        Ok(None)
    }

    fn reader(&self, segment: &StoredFile, only: Option<Key>) -> Result<SegmentReader> {
        if !segment.is_segment() {
            return Err(StoreError::refused("not a segment of the archive").at(Path::new(&segment.path)));
        }
        let file = self.places.open(Path::new(&segment.path))?;
        let path = self.places.shown(Path::new(&segment.path));
        let reader = build_reader(file, only)
            .map_err(|cause| StoreError::corrupt("a segment of the archive cannot be read", &path).because(cause))?;
        Ok(SegmentReader { path, reader })
    }
}

fn build_reader(file: File, only: Option<Key>) -> parquet::errors::Result<ParquetRecordBatchReader> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(READ_ROWS);
    let Some(key) = only else { return builder.build() };
    let mask = ProjectionMask::columns(builder.parquet_schema(), [KEY]);
    let wanted = move |rows: RecordBatch| -> std::result::Result<BooleanArray, ArrowError> {
        let keys = rows.column(0).as_primitive_opt::<Decimal128Type>();
        let keys = keys.ok_or_else(|| ArrowError::SchemaError("the key column is no key".into()))?;
        Ok(keys.iter().map(|stored| Some(stored == Some(key.as_i128()))).collect())
    };
    builder
        .with_row_filter(RowFilter::new(vec![Box::new(ArrowPredicateFn::new(mask, wanted))]))
        .build()
}

/// Hands out the messages of one segment.
pub struct SegmentReader {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
}

impl Iterator for SegmentReader {
    type Item = Result<ArchivedBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = self.reader.next()?;
        let batch = rows
            .map_err(|cause| cause.to_string())
            .and_then(|rows| from_rows(&rows));
        Some(
            batch.map_err(|cause| {
                StoreError::corrupt("a segment of the archive cannot be read", &self.path).because(cause)
            }),
        )
    }
}

/// The partitions of a batch, each with its rows as they are written, in a fixed order.
pub(crate) fn partitions(batch: &ArchivedBatch) -> Result<Vec<(PathBuf, RecordBatch)>> {
    let n = batch.messages.len();
    if batch.keys.len() != n || batch.content_hashes.len() != n {
        return Err(StoreError::refused(
            "every message of the archive needs its key and its content hash",
        ));
    }
    let mut rows: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for row in batch.messages.rows() {
        let folder = partition(row.platform(), row.sent_at());
        rows.entry(folder).or_insert_with(|| vec![false; n])[row.index()] = true;
    }
    let all = to_rows(batch)?;
    let part = |(folder, keep): (String, Vec<bool>)| {
        let part = arrow::compute::filter_record_batch(&all, &BooleanArray::from(keep));
        Ok((
            folder.into(),
            part.map_err(|cause| StoreError::refused("messages that cannot be split").because(cause))?,
        ))
    };
    rows.into_iter().map(part).collect()
}

/// The folder of messages of a platform sent in the year of an instant, in UTC.
pub(crate) fn partition(platform: &str, sent_at_us: Option<i64>) -> String {
    let sent = sent_at_us.and_then(|at| Timestamp::from_microsecond(at).ok());
    let year = sent.map_or("unknown".to_owned(), |at| at.to_zoned(TimeZone::UTC).year().to_string());
    format!("{FOLDER}/platform={}/year={year}", percent_encoded(platform))
}

fn schema() -> SchemaRef {
    let mut fields: Vec<FieldRef> = vec![
        Arc::new(Field::new(KEY, tables::KEY, false)),
        Arc::new(Field::new(HASH, DataType::FixedSizeBinary(HASH_BYTES), false)),
    ];
    fields.extend(message_schema().fields().iter().cloned());
    Arc::new(Schema::new(fields))
}

fn to_rows(batch: &ArchivedBatch) -> Result<RecordBatch> {
    let keys =
        Decimal128Array::from_iter_values(batch.keys.iter().map(|key| key.as_i128())).with_precision_and_scale(38, 0);
    let hashes = batch.content_hashes.iter().map(Some);
    let hashes = FixedSizeBinaryArray::try_from_sparse_iter_with_size(hashes, HASH_BYTES);
    let rows = keys.and_then(|keys| {
        let mut columns: Vec<ArrayRef> = vec![Arc::new(keys), Arc::new(hashes?)];
        columns.extend(batch.messages.as_arrow().columns().iter().cloned());
        let options = RecordBatchOptions::new().with_row_count(Some(batch.messages.len()));
        RecordBatch::try_new_with_options(schema(), columns, &options)
    });
    rows.map_err(|cause| StoreError::new(ErrorKind::Refused, "messages that do not fit the archive").because(cause))
}

fn from_rows(rows: &RecordBatch) -> std::result::Result<ArchivedBatch, String> {
    let (keys, hashes) = match rows.columns() {
        [keys, hashes, ..] => (
            keys.as_primitive_opt::<Decimal128Type>(),
            hashes.as_fixed_size_binary_opt(),
        ),
        _ => (None, None),
    };
    let (Some(keys), Some(hashes)) = (keys, hashes) else {
        return Err("key or content hash is missing".into());
    };
    let keys: Option<Vec<_>> = keys.iter().map(|key| key.and_then(Key::from_i128)).collect();
    let hashes: Option<Vec<_>> = hashes
        .iter()
        .map(|hash| hash.and_then(|hash| hash.try_into().ok()))
        .collect();
    let (Some(keys), Some(content_hashes)) = (keys, hashes) else {
        return Err("a key or hash is not one".into());
    };
    let columns: Vec<usize> = (2..rows.num_columns()).collect();
    let messages = rows.project(&columns).map_err(|cause| cause.to_string())?;
    let messages = MessageBatch::new(messages).map_err(|cause| cause.to_string())?;
    Ok(ArchivedBatch {
        messages,
        keys,
        content_hashes,
    })
}

/// A platform's name as a folder's: letters, digits, `-` and `_` stand for themselves.
fn percent_encoded(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing into a `String` cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_never_leaves_its_folder() {
        assert_eq!(percent_encoded("slack"), "slack");
        assert_eq!(percent_encoded("../a b/ü"), "%2E%2E%2Fa%20b%2F%C3%BC");
    }
}
