//! A folder, an archive or a single file, seen as one list of entries.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lexhold_source::{SourceError, digest, open_file};
use tempfile::TempDir;

use crate::archive::{Archive, Member};

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
    /// Whether a message has it as an attachment.
    used: AtomicBool,
}

enum At {
    Disk(PathBuf),
    Member(Arc<Archive>, Member),
}

impl Entry {
    /// The path without its folder.
    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Where it lies on the disk, unless it is in an archive.
    pub(crate) fn disk_path(&self) -> Option<&Path> {
        match &self.at {
            At::Disk(path) => Some(path),
            At::Member(..) => None,
        }
    }

    /// Whether a message has it as an attachment.
    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// The folder with its slash; empty for the root.
    pub(crate) fn folder(&self) -> &str {
        self.path.rfind('/').map_or("", |slash| &self.path[..=slash])
    }
}

impl Tree {
    /// A folder with all that is below it. Links are not followed: they could lead anywhere.
    pub(crate) fn of_folder(path: &Path) -> Result<Self, SourceError> {
        let mut tree = Self::empty(path, "folder");
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
                    tree.add_file(name, entry.path())?;
                } else {
                    tree.refused
                        .push((name, "is a link or a device, which is not followed".into()));
                }
            }
        }
        Ok(tree.sorted())
    }

    /// A ZIP archive, with the archives inside it unfolded.
    pub(crate) fn of_archive(path: &Path) -> Result<Self, SourceError> {
        let mut tree = Self::empty(path, "zip");
        let (file, bytes) = open_file(path)?;
        tree.total_bytes = bytes.unwrap_or(0);
        let archive = Archive::open(&tree.name, file, tree.total_bytes)?;
        tree.unfold(Arc::new(archive), "", 1)?;
        Ok(tree.sorted())
    }

    /// Adds a file of a folder, unfolded if it is an archive.
    fn add_file(&mut self, name: String, path: PathBuf) -> Result<(), SourceError> {
        if is_archive(&name) {
            let (file, bytes) = open_file(&path)?;
            return match Archive::open(&name, file, bytes.unwrap_or(0)) {
                Ok(archive) => self.unfold(Arc::new(archive), &format!("{name}/"), 1),
                Err(error) => {
                    self.refused.push((name, error.to_string()));
                    Ok(())
                }
            };
        }
        self.entries.push(Entry {
            path: name,
            at: At::Disk(path),
            used: AtomicBool::default(),
        });
        Ok(())
    }

    /// A single file.
    pub(crate) fn of_file(path: &Path) -> Result<Self, SourceError> {
        let mut tree = Self::empty(path, "");
        let (_, bytes) = open_file(path)?;
        tree.total_bytes = bytes.unwrap_or(0);
        tree.entries.push(Entry {
            path: String::new(),
            at: At::Disk(path.to_owned()),
            used: AtomicBool::default(),
        });
        Ok(tree)
    }

    fn empty(path: &Path, packing: &'static str) -> Self {
        Self {
            name: path.display().to_string(),
            packing,
            entries: Vec::new(),
            refused: Vec::new(),
            total_bytes: 0,
            position_bytes: Arc::default(),
            copies: Mutex::default(),
        }
    }

    fn unfold(&mut self, archive: Arc<Archive>, prefix: &str, depth: usize) -> Result<(), SourceError> {
        const DEEPEST: usize = 3;
        let listing = archive.list()?;
        self.refused.extend(
            listing
                .refused
                .into_iter()
                .map(|(name, why)| (format!("{prefix}{name}"), why)),
        );
        for member in listing.members {
            let path = format!("{prefix}{}", member.path);
            if !is_archive(&path) {
                self.entries.push(Entry {
                    path,
                    at: At::Member(archive.clone(), member),
                    used: AtomicBool::default(),
                });
                continue;
            }
            if depth == DEEPEST {
                let why = format!("is an archive inside {DEEPEST} others; unpack it, and name it by itself");
                self.refused.push((path, why));
                continue;
            }
            match archive.inner(&member) {
                Ok(inner) => self.unfold(Arc::new(inner), &format!("{path}/"), depth + 1)?,
                Err(why) => self.refused.push((path, why)),
            }
        }
        Ok(())
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
        let raw: Box<dyn Read + Send> = match &entry.at {
            At::Disk(path) => {
                let file = File::open(path).map_err(|error| SourceError::io(&self.full_name(entry), error))?;
                Box::new(file)
            }
            At::Member(archive, member) => archive
                .read(member)
                .map_err(|error| SourceError::io(&self.full_name(entry), error))?,
        };
        Ok(Box::new(Counted {
            raw,
            bytes: self.position_bytes.clone(),
        }))
    }

    /// The first bytes of an entry.
    pub(crate) fn peek(&self, entry: &Entry, bytes: usize) -> Result<Vec<u8>, SourceError> {
        let mut first = Vec::new();
        let raw = match &entry.at {
            At::Disk(path) => File::open(path).and_then(|file| file.take(bytes as u64).read_to_end(&mut first)),
            At::Member(archive, member) => archive
                .read(member)
                .and_then(|raw| raw.take(bytes as u64).read_to_end(&mut first)),
        };
        raw.map_err(|error| SourceError::io(&self.full_name(entry), error))?;
        Ok(first)
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
        let bytes = entry.disk_path().and_then(|path| path.metadata().ok());
        self.position_bytes
            .fetch_add(bytes.map_or(0, |found| found.len()), Ordering::Relaxed);
    }

    /// How far the entries have been read, in bytes of the input.
    pub(crate) fn position_bytes(&self) -> u64 {
        self.position_bytes.load(Ordering::Relaxed).min(self.total_bytes)
    }
}

/// Whether a file is an archive to unfold. Its name says so here: documents and workbooks are archives too, and no exports.
fn is_archive(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".zip")
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
