//! What the tests share: files out of bytes, and whole files read at once.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "each test file uses its part, and tests write the files they read"
)]

mod whole;

use std::io::Write;
use std::path::Path;

use lexhold_source::{Options, open};
pub use whole::{Files, Whole};

pub fn read(path: &Path, options: Options) -> Whole {
    Whole::of(open(path, options))
}

/// Reads bytes as a file of no telling name.
pub fn read_bytes(bytes: impl AsRef<[u8]>) -> Whole {
    let files = Files::new();
    read(&files.with("input", bytes), Options::default())
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(bytes).unwrap();
    to.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}
