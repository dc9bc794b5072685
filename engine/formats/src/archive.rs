//! ZIP archives from hands that nobody knows: nothing is written, every size and checksum is compared, and what grows beyond
//! measure while it is unpacked is refused.

use std::io::{self, Read};
use std::sync::Arc;

use flate2::read::DeflateDecoder;
use rawzip::{
    CompressionMethod, RECOMMENDED_BUFFER_SIZE, RangeReader, ZipArchive, ZipArchiveEntryWayfinder, ZipFileHeaderRecord,
    ZipLocator, ZipVerification,
};

use crate::packed::{Budget, Bytes, outside};

/// An open archive.
pub(crate) struct Archive {
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
    method: CompressionMethod,
    place: ZipArchiveEntryWayfinder,
}

impl Archive {
    /// Opens an archive of so many bytes; the reason why not.
    pub(crate) fn open(bytes: Bytes, length: u64, budget: Arc<Budget>) -> Result<Self, String> {
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let found = ZipLocator::new().locate_in_reader(bytes, &mut buffer, length);
        let zip = found.map_err(|(_, error)| {
            format!("the ZIP archive cannot be read: its list of files is damaged or missing ({error})")
        })?;
        Ok(Self { zip, budget })
    }

    /// The files in the order of the archive's own list.
    pub(crate) fn list(&self) -> Result<Listing, String> {
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let mut entries = self.zip.entries(&mut buffer);
        let mut listing = Listing::default();
        let mut taken = std::collections::HashSet::new();
        loop {
            let entry = match entries.next_entry() {
                Ok(Some(entry)) => entry,
                Ok(None) => return Ok(listing),
                Err(error) => {
                    return Err(format!(
                        "the ZIP archive cannot be read: its list of files is damaged ({error})"
                    ));
                }
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
        method,
        place: entry.wayfinder(),
    })
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
