//! How every Parquet file of the home is written.

use std::fs::OpenOptions;
use std::path::Path;

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::files::cannot;
use crate::{Error, Result};

/// Writes one batch of rows into a new file, synced. The same rows give the same bytes.
pub(crate) fn write(path: &Path, rows: &RecordBatch) -> Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(cannot("create", path))?;
    let writer = file.try_clone().map_err(cannot("write", path))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("lexhold".to_owned())
        .build();
    let mut writer = ArrowWriter::try_new(writer, rows.schema(), Some(properties)).map_err(not_written(path))?;
    writer.write(rows).map_err(not_written(path))?;
    writer.close().map_err(not_written(path))?;
    file.sync_all().map_err(cannot("write", path))
}

/// A failure to write Parquet, a full disk told apart.
fn not_written(path: &Path) -> impl Fn(ParquetError) -> Error {
    move |cause| match cause {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(cause) => cannot("write", path)(*cause),
            Err(cause) => Error::refused("rows that Parquet cannot hold").at(path).because(cause),
        },
        cause => Error::refused("rows that Parquet cannot hold").at(path).because(cause),
    }
}
