//! How every Parquet file of the home is written.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use arrow::array::RecordBatch;
use lexhold_model::Digest;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use sha2::Digest as _;

use crate::files::{cannot, create_file};
use crate::{Result, StoreError};

/// Writes one batch of rows into a new file, not yet synced, and gives its digest and length. The same rows give
/// the same bytes.
pub(crate) fn write(path: &Path, rows: &RecordBatch) -> Result<(Digest, u64)> {
    let file = create_file(path)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("lexhold".to_owned())
        .build();
    let out = Digesting {
        out: BufWriter::new(file),
        hasher: sha2::Sha256::new(),
        length: 0,
    };
    let mut writer = ArrowWriter::try_new(out, rows.schema(), Some(properties)).map_err(not_written(path))?;
    writer.write(rows).map_err(not_written(path))?;
    let mut out = writer.into_inner().map_err(not_written(path))?;
    out.flush().map_err(cannot("write", path))?;
    Ok((Digest(out.hasher.finalize().into()), out.length))
}

/// Computes the digest of what passes through, so that the file need not be read again.
struct Digesting {
    out: BufWriter<File>,
    hasher: sha2::Sha256,
    length: u64,
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        self.length += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A failure to write Parquet, a full disk told apart.
fn not_written(path: &Path) -> impl Fn(ParquetError) -> StoreError {
    move |cause| match cause {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => cannot("write", path)(*cause),
            Err(cause) => StoreError::refused("rows that Parquet cannot hold")
                .at(path)
                .because(cause),
        },
        cause => StoreError::refused("rows that Parquet cannot hold")
            .at(path)
            .because(cause),
    }
}
