//! A folder, an archive or a single file, seen as one list of entries.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lexhold_source::{ErrorKind, SourceError, digest, open_file};
use rawzip::RangeReader;
use tempfile::TempDir;

use crate::archive::{Archive, Member};
use crate::packed::{self, Budget, Bytes, Packing};
use crate::tape;

/// The entries of an input, sorted by path.
pub(crate) struct Tree {
    /// The input, as it was named to Lexhold.
    pub(crate) name: String,
    /// What it is, for a format's name.
    pub(crate) packing: &'static str,
    pub(crate) entries: Vec<Entry>,
    /// What is not read at all, with the reason.
    pub(crate) refused: Vec<(String, String)>,
    pub(crate) total_bytes: u64,
    position_bytes: Arc<AtomicU64>,
    /// Copies of entries that a library needs as files, by position.
    copies: Mutex<BTreeMap<usize, Arc<TempDir>>>,
}

/// One file of a tree.
pub(crate) struct Entry {
    /// Its path in the tree, with `/` between the names.
    pub(crate) path: String,
    at: At,
    /// How it is compressed by itself.
    packing: Option<(Packing, Arc<Budget>)>,
    /// Whether a message has it as an attachment.
    used: AtomicBool,
    /// Whether somebody has read it.
    read: AtomicBool,
}

enum At {
    Disk(PathBuf),
    Member(Arc<Archive>, Member),
    /// A range of bytes.
    Range(Bytes, u64, u64),
}

impl At {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Disk(path) => Box::new(File::open(path)?),
            Self::Member(archive, member) => archive.read(member)?,
            Self::Range(bytes, start, length) => Box::new(RangeReader::new(bytes.clone(), *start..start + length)),
        })
    }

    /// The first bytes.
    fn peek(&self, packing: Option<&(Packing, Arc<Budget>)>, bytes: usize) -> io::Result<Vec<u8>> {
        let mut first = Vec::new();
        match opened(self.open()?, packing)?
            .take(bytes as u64)
            .read_to_end(&mut first)
        {
            Err(error) if first.is_empty() => Err(error),
            // What is damaged further on shows when it is read.
            _ => Ok(first),
        }
    }

    /// The whole of it, to be read from anywhere.
    fn whole(&self, packing: Option<&(Packing, Arc<Budget>)>) -> io::Result<(Bytes, u64)> {
        match (self, packing) {
            (Self::Disk(path), None) => {
                let file = File::open(path)?;
                let bytes = file.metadata()?.len();
                Ok((packed::of_file(file), bytes))
            }
            _ => packed::whole(opened(self.open()?, packing)?),
        }
    }
}

fn opened(raw: Box<dyn Read + Send>, packing: Option<&(Packing, Arc<Budget>)>) -> io::Result<Box<dyn Read + Send>> {
    match packing {
        Some((packing, budget)) => packed::unpack(*packing, raw, budget.clone()),
        None => Ok(raw),
    }
}

impl Entry {
    /// The path without its folder.
    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Where it lies on the disk, unless it is in an archive.
    pub(crate) fn disk_path(&self) -> Option<&Path> {
        match &self.at {
            At::Disk(path) if self.packing.is_none() => Some(path),
            _ => None,
        }
    }

    /// Whether a message has it as an attachment.
    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether somebody has read it.
    pub(crate) fn is_read(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }

    /// The folder with its slash; empty for the root.
    pub(crate) fn folder(&self) -> &str {
        self.path.rfind('/').map_or("", |slash| &self.path[..=slash])
    }
}

impl Tree {
    /// A folder with all that is below it. Links are not followed: they could lead anywhere.
    pub(crate) fn of_folder(path: &Path, name: &str) -> Result<Self, SourceError> {
        let mut tree = Self::empty(name, "folder");
        let mut open = vec![(path.to_owned(), String::new())];
        while let Some((folder, prefix)) = open.pop() {
            let failed = |error| SourceError::io(&folder.display().to_string(), error);
            for entry in std::fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                let kind = entry.file_type().map_err(failed)?;
                if kind.is_dir() {
                    open.push((entry.path(), format!("{name}/")));
                } else if kind.is_file() {
                    let bytes = entry.metadata().map_err(failed)?.len();
                    tree.total_bytes += bytes;
                    tree.add(name, At::Disk(entry.path()), &Budget::of(bytes), 0);
                } else {
                    tree.refused
                        .push((name, "is a link or a device, which is not followed".into()));
                }
            }
        }
        Ok(tree.sorted())
    }

    /// A single file, unfolded if it is an archive.
    pub(crate) fn of_file(path: &Path, name: &str) -> Result<Self, SourceError> {
        let mut tree = Self::empty(name, "");
        let (_, bytes) = open_file(path)?;
        tree.total_bytes = bytes.unwrap_or(0);
        tree.add(
            String::new(),
            At::Disk(path.to_owned()),
            &Budget::of(tree.total_bytes),
            0,
        );
        match tree.refused.pop() {
            Some((name, why)) if name.is_empty() && tree.entries.is_empty() => {
                return Err(SourceError::new(ErrorKind::Corrupt, &tree.name, why));
            }
            refused => tree.refused.extend(refused),
        }
        Ok(tree.sorted())
    }

    /// Adds a file. An archive is unfolded; inside others its name has to say what it is: documents and workbooks are archives
    /// too, and no exports.
    fn add(&mut self, path: String, at: At, budget: &Arc<Budget>, depth: usize) {
        const DEEPEST: usize = 3;
        let mut packing = None;
        let mut kind = None;
        if path.is_empty() || says_packed(&path) {
            match kind_of(&at, budget, &mut packing) {
                Ok(found) => kind = found,
                // By itself it is read as far as it goes.
                Err(_) if path.is_empty() => packing = None,
                Err(error) => return self.refused.push((path, error.to_string())),
            }
        }
        let Some(kind) = kind else {
            if let (true, Some((packing, _))) = (path.is_empty(), &packing) {
                self.packing = packing.name();
            }
            self.entries.push(Entry {
                path,
                at,
                packing,
                used: AtomicBool::default(),
                read: AtomicBool::default(),
            });
            return;
        };
        if depth >= DEEPEST {
            let why = format!("is an archive inside {DEEPEST} others; unpack it, and name it by itself");
            return self.refused.push((path, why));
        }
        if path.is_empty() {
            self.packing = kind.name();
        }
        let unfolded = at.whole(packing.as_ref()).map_err(|error| error.to_string());
        let unfolded = unfolded.and_then(|(bytes, length)| match kind {
            Packing::Zip => self.unfold_zip(&path, bytes, length, budget, depth),
            Packing::Tar => {
                self.unfold_tar(&path, &bytes, length, budget, depth);
                Ok(())
            }
            _ => Err("is packed in a way that is not read; unpack it first".to_owned()),
        });
        if let Err(why) = unfolded {
            self.refused.push((path, why));
        }
    }

    fn unfold_zip(
        &mut self,
        path: &str,
        bytes: Bytes,
        length: u64,
        budget: &Arc<Budget>,
        depth: usize,
    ) -> Result<(), String> {
        let archive = Arc::new(Archive::open(bytes, length, budget.clone())?);
        let listing = archive.list()?;
        let inside = |name: &str| inside(path, name);
        self.refused
            .extend(listing.refused.into_iter().map(|(name, why)| (inside(&name), why)));
        for member in listing.members {
            let path = inside(&member.path);
            self.add(path, At::Member(archive.clone(), member), budget, depth + 1);
        }
        Ok(())
    }

    fn unfold_tar(&mut self, path: &str, bytes: &Bytes, length: u64, budget: &Arc<Budget>, depth: usize) {
        let listing = tape::list(bytes, length);
        self.refused.extend(
            listing
                .refused
                .into_iter()
                .map(|(name, why)| (inside(path, &name), why)),
        );
        for (name, start, length) in listing.files {
            self.add(
                inside(path, &name),
                At::Range(bytes.clone(), start, length),
                budget,
                depth + 1,
            );
        }
    }

    fn empty(name: &str, packing: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            packing,
            entries: Vec::new(),
            refused: Vec::new(),
            total_bytes: 0,
            position_bytes: Arc::default(),
            copies: Mutex::default(),
        }
    }

    fn sorted(mut self) -> Self {
        self.entries.sort_by(|one, other| one.path.cmp(&other.path));
        self.refused.sort();
        self
    }

    /// The entry of this path.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        let found = self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path));
        found.ok()
    }

    /// The positions of the entries below a folder, which ends with a slash or is the root.
    pub(crate) fn below(&self, folder: &str) -> std::ops::Range<usize> {
        let start = self.entries.partition_point(|entry| entry.path.as_str() < folder);
        let length = self.entries[start..].partition_point(|entry| entry.path.starts_with(folder));
        start..start + length
    }

    /// What a message of an entry names as its file.
    pub(crate) fn full_name(&self, entry: &Entry) -> String {
        if entry.path.is_empty() {
            self.name.clone()
        } else {
            format!("{}/{}", self.name.trim_end_matches('/'), entry.path)
        }
    }

    /// The bytes of an entry.
    pub(crate) fn read(&self, entry: &Entry) -> Result<Box<dyn Read + Send>, SourceError> {
        entry.read.store(true, Ordering::Relaxed);
        let failed = |error| SourceError::io(&self.full_name(entry), error);
        let raw = Box::new(Counted {
            raw: entry.at.open().map_err(failed)?,
            bytes: self.position_bytes.clone(),
        });
        opened(raw, entry.packing.as_ref()).map_err(failed)
    }

    /// The first bytes of an entry.
    pub(crate) fn peek(&self, entry: &Entry, bytes: usize) -> Result<Vec<u8>, SourceError> {
        let first = entry.at.peek(entry.packing.as_ref(), bytes);
        first.map_err(|error| SourceError::io(&self.full_name(entry), error))
    }

    /// The size and the SHA-256 of an entry's bytes, when they can be read to the end.
    pub(crate) fn hash(&self, entry: &Entry) -> Result<(u64, String), SourceError> {
        entry.used.store(true, Ordering::Relaxed);
        let mut bytes = self.read(entry)?;
        let found = digest(&mut bytes).map_err(|error| SourceError::io(&self.full_name(entry), error));
        let (digest, length) = found?;
        Ok((length, digest.to_string()))
    }

    /// The bytes of the file that lies beside an entry and has its name with an ending, if it is there.
    pub(crate) fn beside(&self, entry: &Entry, ending: &str) -> Result<Option<Box<dyn Read + Send>>, SourceError> {
        let Some(path) = entry.disk_path() else {
            let found = self.find(&format!("{}{ending}", entry.path));
            return found.map(|at| self.read(&self.entries[at])).transpose();
        };
        let mut path = path.as_os_str().to_owned();
        path.push(ending);
        match File::open(path) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SourceError::io(&self.full_name(entry), error)),
        }
    }

    /// The folder with a copy of an entry, made when it is first asked for and gone with the tree.
    pub(crate) fn copy_of(
        &self,
        at: usize,
        make: impl FnOnce() -> Result<TempDir, SourceError>,
    ) -> Result<Arc<TempDir>, SourceError> {
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = copies.get(&at) {
            return Ok(made.clone());
        }
        let made = Arc::new(make()?);
        copies.insert(at, made.clone());
        Ok(made)
    }

    /// Lets go of the copy of an entry that nobody reads.
    pub(crate) fn drop_copy(&self, at: usize) {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner).remove(&at);
    }

    /// Counts an entry as read that something else reads.
    pub(crate) fn pass(&self, entry: &Entry) {
        entry.read.store(true, Ordering::Relaxed);
        let bytes = entry.disk_path().and_then(|path| path.metadata().ok());
        self.position_bytes
            .fetch_add(bytes.map_or(0, |found| found.len()), Ordering::Relaxed);
    }

    /// How far the entries have been read, in bytes of the input.
    pub(crate) fn position_bytes(&self) -> u64 {
        self.position_bytes.load(Ordering::Relaxed).min(self.total_bytes)
    }
}

/// Whether the name of a file says that it packs others, or is packed.
fn says_packed(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".zip", ".tar", ".tgz", ".gz", ".zst", ".tzst"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// What kind of archive a file is, if it is one, and how that is compressed.
fn kind_of(at: &At, budget: &Arc<Budget>, packing: &mut Option<(Packing, Arc<Budget>)>) -> io::Result<Option<Packing>> {
    const PROBE_BYTES: usize = 512;
    let kind = Packing::of(&at.peek(None, PROBE_BYTES)?);
    if !matches!(kind, Some(Packing::Gzip | Packing::Zstd)) {
        return Ok(kind);
    }
    *packing = kind.map(|kind| (kind, budget.clone()));
    Ok(match Packing::of(&at.peek(packing.as_ref(), PROBE_BYTES)?) {
        // Packed twice, by hands that mean no good or do not know better.
        Some(Packing::Gzip | Packing::Zstd) => Some(Packing::Other),
        inside => inside,
    })
}

/// The path of a file inside an archive.
fn inside(archive: &str, name: &str) -> String {
    match (archive, name) {
        ("", _) => name.to_owned(),
        (_, "") => archive.to_owned(),
        _ => format!("{archive}/{name}"),
    }
}

struct Counted {
    raw: Box<dyn Read + Send>,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(to)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
