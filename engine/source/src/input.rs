//! Opens an input, unpacks it, and tells what kind of file it is by its first bytes.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lexhold_model::SourcePlace;

use crate::{ErrorKind, SourceError};

/// A stream of unpacked bytes, and what is known of the file it comes from.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) bytes: Box<dyn Read + Send>,
    pub(crate) packing: Packing,
    pub(crate) total_bytes: Option<u64>,
    position_bytes: Arc<AtomicU64>,
}

/// How an input is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(first: &[u8]) -> Self {
        if first.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Self::Zstd
        } else {
            Self::None
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

impl Input {
    /// Opens a file, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Result<Self, SourceError> {
        Self::named(path, &path.display().to_string())
    }

    /// The same under another name.
    pub(crate) fn named(path: &Path, name: &str) -> Result<Self, SourceError> {
        let name = name.to_owned();
        let (raw, total_bytes): (Box<dyn Read + Send>, _) = if path.as_os_str() == "-" {
            (standard_input(), None)
        } else {
            let (file, total_bytes) = open_file(path)?;
            (Box::new(file), total_bytes)
        };
        Self::unpacked(name, raw, total_bytes)
    }

    /// A stream that comes from elsewhere.
    pub(crate) fn of(name: &str, raw: Box<dyn Read + Send>) -> Result<Self, SourceError> {
        Self::unpacked(name.to_owned(), raw, None)
    }

    fn unpacked(name: String, raw: Box<dyn Read + Send>, total_bytes: Option<u64>) -> Result<Self, SourceError> {
        let position_bytes = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            raw,
            position_bytes: position_bytes.clone(),
        };
        let (first, raw) = peek(Box::new(counted), 4);
        let packing = Packing::of(&first);
        let bytes: Box<dyn Read + Send> = match packing {
            Packing::None => raw,
            Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(
                64 << 10,
                raw,
            ))),
            Packing::Zstd => Box::new(zstd::Decoder::new(raw).map_err(|error| SourceError::io(&name, error))?),
        };
        Ok(Self {
            name,
            bytes,
            packing,
            total_bytes,
            position_bytes,
        })
    }

    /// The first bytes of the unpacked stream, which stay in it.
    pub(crate) fn peek(&mut self, bytes: usize) -> Vec<u8> {
        let (first, rest) = peek(std::mem::replace(&mut self.bytes, Box::new(io::empty())), bytes);
        self.bytes = rest;
        first
    }

    /// The stream and the handle that outlives it.
    pub(crate) fn split(self) -> (Box<dyn Read + Send>, Origin) {
        let Self {
            name,
            bytes,
            packing,
            total_bytes,
            position_bytes,
        } = self;
        (
            bytes,
            Origin {
                name,
                packing,
                total_bytes,
                position_bytes,
            },
        )
    }
}

/// What is known of a file apart from its bytes.
pub(crate) struct Origin {
    pub(crate) name: String,
    packing: Packing,
    pub(crate) total_bytes: Option<u64>,
    position_bytes: Arc<AtomicU64>,
}

impl Origin {
    pub(crate) fn position_bytes(&self) -> u64 {
        self.position_bytes.load(Ordering::Relaxed)
    }

    /// The place of a line.
    pub(crate) fn line(&self, number: u64) -> SourcePlace {
        SourcePlace {
            file: self.name.clone(),
            offset: number,
        }
    }

    /// `ndjson` or, when it is compressed, `ndjson (gzip)`.
    pub(crate) fn format(&self, name: &str) -> String {
        match self.packing {
            Packing::None => name.to_owned(),
            packing => format!("{name} ({})", packing.name()),
        }
    }

    /// The error of a stream that broke while it was read.
    pub(crate) fn broken(&self, error: io::Error) -> SourceError {
        let (at, packing) = (self.position_bytes(), self.packing.name());
        if self.packing == Packing::None || error.raw_os_error().is_some() {
            SourceError::io(&self.name, error)
        } else if error.kind() == io::ErrorKind::UnexpectedEof {
            let why = format!("its {packing} data ends in the middle, after byte {at} of the file");
            SourceError::new(ErrorKind::Truncated, &self.name, why)
        } else {
            let why = format!("its {packing} data is damaged before byte {at} of the file");
            SourceError::new(ErrorKind::Corrupt, &self.name, why)
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the caller named standard input as the file to read, by `-`"
)]
fn standard_input() -> Box<dyn Read + Send> {
    Box::new(io::stdin())
}

/// Opens something that is not a directory; its length is known only of a regular file.
///
/// # Errors
/// When it cannot be opened or is a directory.
pub fn open_file(path: &Path) -> Result<(File, Option<u64>), SourceError> {
    let name = path.display().to_string();
    let failed = |error| SourceError::io(&name, error);
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if about.is_dir() {
        return Err(SourceError::directory(&name));
    }
    Ok((file, about.is_file().then_some(about.len())))
}

struct Counted {
    raw: Box<dyn Read + Send>,
    position_bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(to)?;
        self.position_bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The first bytes of a stream, and the whole stream again. An error on the way comes back in its place.
fn peek(mut from: Box<dyn Read + Send>, bytes: usize) -> (Vec<u8>, Box<dyn Read + Send>) {
    let mut first = Vec::with_capacity(bytes);
    let error = from.by_ref().take(bytes as u64).read_to_end(&mut first).err();
    let again = Peeked {
        first: Cursor::new(first.clone()),
        error,
        rest: from,
    };
    (first, Box::new(again))
}

struct Peeked {
    first: Cursor<Vec<u8>>,
    error: Option<io::Error>,
    rest: Box<dyn Read + Send>,
}

impl Read for Peeked {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.first.read(to)? {
            0 => self.error.take().map_or_else(|| self.rest.read(to), Err),
            read => Ok(read),
        }
    }
}
