//! ZIP archives from hands that nobody knows: nothing is written, every size and checksum is compared, and what grows beyond
//! measure while it is unpacked is refused.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::DeflateDecoder;
use lexhold_source::{ErrorKind, SourceError};
use rawzip::{
    CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, RangeReader, ReaderAt, ZipArchive,
    ZipArchiveEntryWayfinder, ZipFileHeaderRecord, ZipLocator, ZipVerification,
};

/// An archive may unpack to so many times its own size …
const RATIO: u64 = 250;
/// … and to so much more, which lets small ones be.
const FREE_BYTES: u64 = 16 << 20;
/// An archive inside another is unpacked in memory, up to this size.
const INNER_BYTES: u64 = 256 << 20;

type Bytes = Arc<dyn ReaderAt + Send + Sync>;

/// An open archive.
pub(crate) struct Archive {
    name: String,
    zip: ZipArchive<Bytes>,
    budget: Arc<Budget>,
}

/// What an archive has.
#[derive(Default)]
pub(crate) struct Listing {
    pub(crate) members: Vec<Member>,
    pub(crate) refused: Vec<(String, String)>,
}

/// One file of an archive.
pub(crate) struct Member {
    pub(crate) path: String,
    pub(crate) bytes: u64,
    method: CompressionMethod,
    place: ZipArchiveEntryWayfinder,
}

/// How much more may be unpacked, archives inside archives included.
struct Budget {
    left: AtomicU64,
}

impl Budget {
    fn take(&self, bytes: u64) -> io::Result<()> {
        let left = |left: u64| left.checked_sub(bytes);
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left) {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::other(format!(
                "the archive unpacks to more than {RATIO} times its size, as bombs do"
            ))),
        }
    }
}

impl Archive {
    /// Opens the archive in a file.
    pub(crate) fn open(name: &str, file: File, bytes: u64) -> Result<Self, SourceError> {
        let left = AtomicU64::new(FREE_BYTES.saturating_add(bytes.saturating_mul(RATIO)));
        let file: Bytes = Arc::new(FileReader::from(file));
        Self::locate(name, file, bytes, Arc::new(Budget { left })).map_err(|why| corrupt(name, &why))
    }

    /// Opens an archive that is a member of this one; the reason why not.
    pub(crate) fn inner(&self, member: &Member) -> Result<Self, String> {
        if member.bytes > INNER_BYTES {
            return Err(format!(
                "is an archive of {} bytes inside another; unpack the outer one first",
                member.bytes
            ));
        }
        let mut bytes = Vec::new();
        let read = self
            .read(member)
            .and_then(|from| from.take(INNER_BYTES + 1).read_to_end(&mut bytes));
        read.map_err(|error| error.to_string())?;
        let length = bytes.len() as u64;
        let inner: Bytes = Arc::new(bytes);
        Self::locate(&self.name, inner, length, self.budget.clone())
    }

    fn locate(name: &str, bytes: Bytes, length: u64, budget: Arc<Budget>) -> Result<Self, String> {
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let found = ZipLocator::new().locate_in_reader(bytes, &mut buffer, length);
        let zip = found.map_err(|(_, error)| format!("its list of files is damaged or missing ({error})"))?;
        Ok(Self {
            name: name.to_owned(),
            zip,
            budget,
        })
    }

    /// The files in the order of the archive's own list.
    pub(crate) fn list(&self) -> Result<Listing, SourceError> {
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let mut entries = self.zip.entries(&mut buffer);
        let mut listing = Listing::default();
        let mut taken = std::collections::HashSet::new();
        loop {
            let entry = match entries.next_entry() {
                Ok(Some(entry)) => entry,
                Ok(None) => return Ok(listing),
                Err(error) => return Err(corrupt(&self.name, &format!("its list of files is damaged ({error})"))),
            };
            if entry.is_dir() {
                continue;
            }
            match member(&entry) {
                Ok(member) if !taken.insert(member.path.clone()) => {
                    let why = "stands twice in the archive; only the first one is read";
                    listing.refused.push((member.path, why.to_owned()));
                }
                Ok(member) => listing.members.push(member),
                Err((name, why)) => listing.refused.push((name, why.to_owned())),
            }
        }
    }

    /// The unpacked bytes of a member. A wrong size or checksum shows as an error at the end.
    pub(crate) fn read(&self, member: &Member) -> io::Result<Box<dyn Read + Send>> {
        let entry = self.zip.get_entry(member.place).map_err(io::Error::other)?;
        let (start, end) = entry.compressed_data_range();
        let packed = RangeReader::new(self.zip.get_ref().clone(), start..end);
        let bytes: Box<dyn Read + Send> = if member.method == CompressionMethod::DEFLATE {
            Box::new(DeflateDecoder::new(packed))
        } else {
            Box::new(packed)
        };
        Ok(Box::new(Checked {
            bytes,
            due: entry.reader().claim_verifier(),
            checksum: flate2::Crc::new(),
            read: 0,
            budget: self.budget.clone(),
        }))
    }
}

fn corrupt(name: &str, why: &str) -> SourceError {
    SourceError::new(
        ErrorKind::Corrupt,
        name,
        format!("the ZIP archive cannot be read: {why}"),
    )
}

/// A file of the archive, or its name and why it is not read.
fn member(entry: &ZipFileHeaderRecord<'_>) -> Result<Member, (String, &'static str)> {
    let raw = entry.file_path();
    // Old archives name files in the code page of whoever packed them; such a name only has to be told from others.
    let path = String::from_utf8_lossy(raw.as_bytes()).replace('\\', "/");
    if let Some(why) = outside(&path) {
        return Err((path, why));
    }
    if entry.flags().is_encrypted() {
        return Err((path, "is encrypted; unpack it with its password first"));
    }
    if entry.mode().is_symlink() {
        return Err((path, "is a link, which is not followed"));
    }
    let method = entry.compression_method();
    if method != CompressionMethod::STORE && method != CompressionMethod::DEFLATE {
        return Err((path, "is packed in a way that is not read; unpack it first"));
    }
    Ok(Member {
        path,
        bytes: entry.uncompressed_size_hint(),
        method,
        place: entry.wayfinder(),
    })
}

/// Why a name could not be one of a file below the archive's own folder.
fn outside(path: &str) -> Option<&'static str> {
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

/// Unpacked bytes, compared with what the archive says of them.
struct Checked {
    bytes: Box<dyn Read + Send>,
    due: ZipVerification,
    checksum: flate2::Crc,
    read: u64,
    budget: Arc<Budget>,
}

impl Read for Checked {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(to)?;
        if read == 0 && !to.is_empty() {
            let found = ZipVerification {
                crc: self.checksum.sum(),
                uncompressed_size: self.read,
            };
            return match self.due.valid(found) {
                Ok(()) => Ok(0),
                Err(_) => Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "its size or checksum is not the one that the archive states",
                )),
            };
        }
        self.budget.take(read as u64)?;
        self.checksum.update(&to[..read]);
        self.read += read as u64;
        Ok(read)
    }
}
