//! What packs other files: told by its first bytes, unpacked within a budget.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rawzip::{FileReader, ReaderAt};

/// What is packed may unpack to so many times its own size …
pub(crate) const RATIO: u64 = 250;
/// … and to so much more, which lets small files be.
const FREE_BYTES: u64 = 16 << 20;
/// What has to be unpacked as a whole is kept in memory up to this size, and in a nameless file beyond it.
const MEMORY_BYTES: u64 = 16 << 20;

/// Bytes that can be read from anywhere.
pub(crate) type Bytes = Arc<dyn ReaderAt + Send + Sync>;

/// How a file packs others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Zip,
    Tar,
    Gzip,
    Zstd,
    /// A way that is not read.
    Other,
}

impl Packing {
    /// What the first bytes of a file say; 512 of them are enough.
    pub(crate) fn of(first: &[u8]) -> Option<Self> {
        const OTHER: [&[u8]; 5] = [
            b"7z\xbc\xaf\x27\x1c",
            b"Rar!\x1a\x07",
            b"\xfd7zXZ\0",
            b"BZh",
            b"MSCF\0\0\0\0",
        ];
        if first.starts_with(b"PK\x03\x04") || first.starts_with(b"PK\x05\x06") {
            Some(Self::Zip)
        } else if first.starts_with(&[0x1f, 0x8b]) {
            Some(Self::Gzip)
        } else if first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Some(Self::Zstd)
        } else if first.get(257..262) == Some(b"ustar") {
            Some(Self::Tar)
        } else {
            OTHER.iter().any(|mark| first.starts_with(mark)).then_some(Self::Other)
        }
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Other => "packed",
        }
    }
}

/// How much more may be unpacked, archives inside archives included.
pub(crate) struct Budget {
    left: AtomicU64,
}

impl Budget {
    /// That of a file of so many bytes.
    pub(crate) fn of(bytes: u64) -> Arc<Self> {
        let left = AtomicU64::new(FREE_BYTES.saturating_add(bytes.saturating_mul(RATIO)));
        Arc::new(Self { left })
    }

    pub(crate) fn take(&self, bytes: u64) -> io::Result<()> {
        let left = |left: u64| left.checked_sub(bytes);
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left) {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::other(format!(
                "the archive unpacks to more than {RATIO} times its size, as bombs do"
            ))),
        }
    }
}

/// The bytes of a compressed stream.
pub(crate) fn unpack(
    packing: Packing,
    raw: Box<dyn Read + Send>,
    budget: Arc<Budget>,
) -> io::Result<Box<dyn Read + Send>> {
    let raw = BufReader::with_capacity(64 << 10, raw);
    let bytes: Box<dyn Read + Send> = match packing {
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
        Packing::Zstd => Box::new(zstd::Decoder::with_buffer(raw)?),
        _ => return Err(io::Error::other("is packed in a way that is not read; unpack it first")),
    };
    Ok(Box::new(Budgeted { bytes, budget }))
}

struct Budgeted {
    bytes: Box<dyn Read + Send>,
    budget: Arc<Budget>,
}

impl Read for Budgeted {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(to)?;
        self.budget.take(read as u64)?;
        Ok(read)
    }
}

/// All bytes of a stream, to be read from anywhere, and how many they are.
pub(crate) fn whole(mut from: impl Read) -> io::Result<(Bytes, u64)> {
    let mut memory = Vec::new();
    let read = from.by_ref().take(MEMORY_BYTES + 1).read_to_end(&mut memory)? as u64;
    if read <= MEMORY_BYTES {
        return Ok((Arc::new(memory), read));
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(&memory)?;
    drop(memory);
    let bytes = read + io::copy(&mut from, &mut file)?;
    Ok((of_file(file), bytes))
}

/// The bytes of a file.
pub(crate) fn of_file(file: File) -> Bytes {
    Arc::new(FileReader::from(file))
}

/// Why a name could not be one of a file below an archive's own folder.
pub(crate) fn outside(path: &str) -> Option<&'static str> {
    let drive = path.as_bytes().get(1) == Some(&b':');
    let climbs = path.split('/').any(|name| name == "..");
    if path.is_empty() || path.contains('\0') {
        Some("has no possible name")
    } else if drive || climbs || path.starts_with('/') {
        Some("names a place outside of the archive")
    } else {
        None
    }
}
