//! Reading back what a batch left in the home: for a replay, which compares it with what the same inputs say again.

use std::path::Path;

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{Home, Result, StoreError, StoredFile};

impl Home {
    /// Whether a file is in place, byte for byte the one that was journalled.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`] where it is missing, [`crate::ErrorKind::Corrupt`] where it is another.
    pub fn vouch(&self, file: &StoredFile) -> Result<()> {
        self.places().check(Path::new(&file.path), file)
    }

    /// A table of an evaluation as it was recorded, in the columns that it was recorded with: an older version may
    /// have written others than those of today.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Refused`] for a segment of the archive; when the file is missing or cannot be read.
    pub fn evaluation(&self, file: &StoredFile) -> Result<RecordBatch> {
        if file.is_segment() {
            return Err(StoreError::refused("not a table of an evaluation").at(Path::new(&file.path)));
        }
        self.all_rows(file)
    }

    /// All rows of a file, in memory.
    pub(crate) fn all_rows(&self, file: &StoredFile) -> Result<RecordBatch> {
        let path = self.places().shown(Path::new(&file.path));
        let damaged = |cause: String| StoreError::corrupt("a file of the home cannot be read", &path).because(cause);
        let opened = self.places().open(Path::new(&file.path))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|cause| damaged(cause.to_string()))?;
        let schema = builder.schema().clone();
        let n_rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
        // All at once: pieces would have to be copied together.
        let reader = builder.with_batch_size(n_rows.max(1)).build();
        let reader = reader.map_err(|cause| damaged(cause.to_string()))?;
        let pieces: std::result::Result<Vec<RecordBatch>, _> = reader.collect();
        let mut pieces = pieces.map_err(|cause| damaged(cause.to_string()))?;
        if pieces.len() == 1 {
            return Ok(pieces.remove(0));
        }
        arrow::compute::concat_batches(&schema, &pieces).map_err(|cause| damaged(cause.to_string()))
    }
}
