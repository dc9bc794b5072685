//! The folder that holds everything Lexhold remembers.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use lexhold_model::{ContentKey, Digest};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::files::{cannot, children, create_dirs, read_if_there};
use crate::places::{Connect, ObjectArchive, Places, StorageLock};
use crate::{Archive, EntryKind, ErrorKind, Journal, Payload, Result, RunLock, Sources, Stamp, StoreError, StoredFile};
use crate::{gate, lock};

/// The format of a home that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

pub(crate) const HOME_FILE: &str = "home.json";
pub(crate) const CATALOG: &str = "catalog.duckdb";
pub(crate) const STAGING: &str = "staging";
const REBUILT: &str = "staging/catalog.duckdb";
pub(crate) const CERTIFICATES: &str = "certificates";
pub(crate) const CONTENT_KEY: &str = "keys/content.key";
const CREATE_LOCK: &str = "locks/create.lock";

/// The folders of a home.
pub(crate) const FOLDERS: [&str; 10] = [
    "archive",
    "bundles",
    CERTIFICATES,
    "evaluations",
    "facts",
    "journal/payload",
    "keys",
    "locks",
    "plans",
    STAGING,
];

/// Where the bodies of messages are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreMode {
    /// In the home's own archive.
    #[default]
    Archive,
    /// In the firm's own archive: the home keeps evaluations, catalog and journal.
    External,
}

/// What a new home is told about itself, once.
#[derive(Clone, Debug)]
pub struct NewHome<'a> {
    /// The time zone in which the home's own dates are read, such as `Europe/Berlin`.
    pub zone: &'a str,
    /// Where bodies are kept.
    pub store: StoreMode,
    /// Where the archive lies, if not in the home.
    pub archive: Option<&'a ObjectArchive>,
}

/// The contents of `home.json`, and of the journal's first payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Description {
    format: u32,
    home: String,
    zone: String,
    store: StoreMode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    archive: Option<ObjectArchive>,
    /// What the content key can be recognised by; homes made by the first versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_key: Option<Digest>,
}

/// A home that is complete: created to the end, of a format this version knows, its journal whole at the end.
#[derive(Debug)]
pub struct Home {
    places: Arc<Places>,
    description: Description,
    journal: Journal,
    archive: Archive,
    bundles: Sources,
    facts: Sources,
}

impl Home {
    /// Opens the home at a path.
    ///
    /// Cuts an incomplete last journal line, the trace of a process that was killed while writing it. Writes
    /// nothing otherwise, so a home on a read-only disk can be read.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no home, or one whose creation was cut short;
    /// [`ErrorKind::Version`] for a newer format; [`ErrorKind::Corrupt`] for a damaged one.
    pub fn open(path: &Path) -> Result<Self> {
        let file = path.join(HOME_FILE);
        let text =
            read_if_there(&file)?.ok_or_else(|| StoreError::new(ErrorKind::NotFound, "no home here").at(path))?;
        let description = read_description(&text, &file)?;
        let root = fs::canonicalize(path).map_err(cannot("open", path))?;
        let home = Self::at(root, description);
        home.journal.mend()?;
        Ok(home)
    }

    /// Opens the home at a path; creates it where there is none, completing one whose creation was cut short.
    ///
    /// Two processes may do this at once: one creates, the other opens. `new` says nothing to a home that exists.
    ///
    /// # Errors
    /// As [`Self::open`]; [`ErrorKind::Refused`] for a folder that holds anything else.
    pub fn open_or_create(path: &Path, new: &NewHome<'_>, stamp: Stamp<'_>) -> Result<Self> {
        match Self::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => return opened,
        }
        refuse_foreign(path)?;
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(cannot("create the home", path))?;
        gate::close_to_others(path, is_new)?;
        let root = fs::canonicalize(path).map_err(cannot("open", path))?;
        create_dirs(&root, Path::new(lock::LOCKS))?;
        let _creating = lock::exclusive(&root.join(CREATE_LOCK))?;
        if !root.join(HOME_FILE).exists() {
            create(&root, new, stamp)?;
        }
        Self::open(&root)
    }

    pub(crate) fn at(root: PathBuf, description: Description) -> Self {
        let places = Arc::new(Places::new(&root, &description.home, description.archive.clone()));
        Self {
            journal: Journal::new(&root),
            archive: Archive::new(places.clone()),
            bundles: Sources::new(&root, "bundles"),
            facts: Sources::new(&root, "facts"),
            description,
            places,
        }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        self.places.root()
    }

    /// Where the files lie that the journal names.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// Where the archive lies, if not in the folder.
    pub fn object_archive(&self) -> Option<&ObjectArchive> {
        self.places.archive()
    }

    /// Says how the objects at [`Self::object_archive`] are reached, once anything of the archive is read or written.
    pub fn connect(&self, connect: Arc<Connect>) {
        self.places.connect(connect);
    }

    /// What keeps the store from letting a file of the archive go at an instant. Nothing does where it lies in the folder.
    ///
    /// # Errors
    /// When the store does not say.
    pub fn storage_lock(&self, file: &StoredFile, now: Timestamp) -> Result<Option<StorageLock>> {
        self.places.lock_of(Path::new(&file.path), now)
    }

    /// Whether the store of the archive can lock what lies there.
    ///
    /// # Errors
    /// When the store does not say.
    pub fn has_storage_locks(&self) -> Result<bool> {
        self.places.can_lock()
    }

    /// Puts the store's own legal hold on a segment, or lifts it. Says whether it was otherwise. Where the archive lies in the folder, or
    /// its store knows no such thing, nothing is done.
    ///
    /// # Errors
    /// When the store does not do it.
    pub fn set_legal_hold(&self, file: &StoredFile, on: bool) -> Result<bool> {
        self.places.set_legal_hold(Path::new(&file.path), on)
    }

    /// The home's own id: 32 hexadecimal digits, the same for its whole life.
    pub fn id(&self) -> &str {
        &self.description.home
    }

    /// The time zone in which the home's own dates are read.
    pub fn zone(&self) -> &str {
        &self.description.zone
    }

    /// Whether people on this machine who are neither its owner nor of its group can read what is in it.
    ///
    /// # Errors
    /// When the folder cannot be looked at.
    pub fn is_open_to_others(&self) -> Result<bool> {
        let found = fs::metadata(self.root()).map_err(cannot("look at", self.root()))?;
        Ok(found.permissions().mode() & 0o005 != 0)
    }

    /// Where bodies are kept.
    pub fn store_mode(&self) -> StoreMode {
        self.description.store
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The archive: the only place of bodies.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// The exact sources of every bundle activated.
    pub fn bundles(&self) -> &Sources {
        &self.bundles
    }

    /// The exact sources of the facts of every run: directory, events, calendars, holds.
    pub fn facts(&self) -> &Sources {
        &self.facts
    }

    /// Where the catalog is.
    pub fn catalog_path(&self) -> PathBuf {
        self.root().join(CATALOG)
    }

    /// A path of this process's own for what it needs for a while, such as what does not fit into memory. What is left
    /// there is swept away by a later [`Self::recover`], once no process has one.
    ///
    /// # Errors
    /// When the home cannot be written.
    pub fn scratch(&self) -> Result<Scratch> {
        let (path, lock) = gate::own_scratch(self.root())?;
        Ok(Scratch { path, _lock: lock })
    }

    /// What other processes at work have in paths of their own, such as copies of the catalog: each may know what has been destroyed
    /// since it was made. Sweeps away what processes that have ended left.
    ///
    /// # Errors
    /// When the folder cannot be read, or what is left in it not removed.
    pub fn scratch_of_others(&self, own: &Scratch) -> Result<Vec<PathBuf>> {
        gate::sweep_scratch(self.root())?;
        gate::scratch_of_others(self.root(), &own.path)
    }

    /// Where to build a new catalog; the path is free, what an earlier attempt left there is gone.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] with another home's lock; when the leftovers cannot be removed.
    pub fn rebuilt_catalog_path(&self, lock: &RunLock) -> Result<PathBuf> {
        self.owns(lock)?;
        for leftover in [REBUILT.to_owned(), format!("{REBUILT}.wal"), format!("{REBUILT}.tmp")] {
            gate::discard_staged(self.root(), Path::new(&leftover))?;
        }
        Ok(self.root().join(REBUILT))
    }

    /// Puts the catalog built at [`Self::rebuilt_catalog_path`], closed, in the place of the old one.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] while it still has a write-ahead log.
    pub fn replace_catalog(&self, lock: &RunLock) -> Result<()> {
        self.owns(lock)?;
        gate::replace_catalog(self.root(), Path::new(REBUILT))
    }

    /// The key of every keyed hash in this home.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the file is gone, [`ErrorKind::Corrupt`] when it is not a key.
    pub fn content_key(&self) -> Result<ContentKey> {
        let path = self.root().join(CONTENT_KEY);
        let bytes = fs::read(&path).map_err(cannot("read", &path))?;
        let secret = bytes
            .try_into()
            .map_err(|_| StoreError::corrupt("the content key must have 32 bytes", &path))?;
        Ok(ContentKey::new(secret))
    }

    /// Whether the journal's first payload describes this home, whatever format either has.
    pub(crate) fn is_described_by(&self, payload: &[u8]) -> bool {
        let named = |it: &Description| (it.home.clone(), it.zone.clone(), it.store, it.archive.clone());
        serde_json::from_slice(payload).is_ok_and(|journalled| named(&journalled) == named(&self.description))
    }

    /// Whether the content key, where there is one, is that of the journal's first payload.
    pub(crate) fn has_key_of(&self, payload: &[u8]) -> Result<bool> {
        let journalled = serde_json::from_slice::<Description>(payload).ok();
        let (Some(expected), Some(key)) = (
            journalled.and_then(|journalled| journalled.content_key),
            read_if_there(&self.root().join(CONTENT_KEY))?,
        ) else {
            return Ok(true);
        };
        Ok(expected == key_digest(&key))
    }

    /// Refuses a run lock of another home.
    pub(crate) fn owns(&self, lock: &RunLock) -> Result<()> {
        if lock.belongs_to(self.root()) {
            return Ok(());
        }
        Err(StoreError::refused("the run lock belongs to another home"))
    }
}

/// A path of one process's own; see [`Home::scratch`].
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    _lock: fs::File,
}

impl Scratch {
    /// The path; nothing is there yet.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Each step may have been taken by a process that was killed afterwards; `home.json` comes last.
fn create(root: &Path, new: &NewHome<'_>, stamp: Stamp<'_>) -> Result<()> {
    for folder in FOLDERS {
        create_dirs(root, Path::new(folder))?;
    }
    gate::owner_only(&root.join("keys"))?;
    gate::place(root, Path::new(CONTENT_KEY), &stamp.random::<32>()?, true)?;
    let journal = Journal::new(root);
    journal.mend()?;
    let description = match journal.entries(1)?.next().transpose()? {
        Some(first) => journal
            .payload_json::<Description>(&first)?
            .ok_or_else(|| StoreError::corrupt("the journal does not say which home it belongs to", root))?,
        None => {
            let id = stamp.random::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect();
            let new = Description {
                format: FORMAT,
                home: id,
                zone: new.zone.to_owned(),
                store: new.store,
                archive: new.archive.cloned(),
                content_key: read_if_there(&root.join(CONTENT_KEY))?.map(|key| key_digest(&key)),
            };
            journal.append(EntryKind::HomeCreated, Some(Payload::Json(&json!(new))), stamp)?;
            new
        }
    };
    gate::replace_state(root, HOME_FILE, format!("{:#}\n", json!(description)).as_bytes())
}

/// The digest by which the content key is recognised: of 32 bytes that nobody can guess.
fn key_digest(key: &[u8]) -> Digest {
    Digest::of(&[b"lexhold content key\n", key].concat())
}

pub(crate) fn read_description(text: &[u8], file: &Path) -> Result<Description> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let damaged =
        |cause: serde_json::Error| StoreError::corrupt("the home's description cannot be read", file).because(cause);
    let Format { format } = serde_json::from_slice(text).map_err(damaged)?;
    if format > FORMAT {
        let message = format!("this home has format {format}, made by a newer Lexhold; this one reads up to {FORMAT}");
        return Err(StoreError::new(ErrorKind::Version, message).at(file));
    }
    serde_json::from_slice(text).map_err(damaged)
}

/// A folder is taken for a home only if it is missing, empty, or holds nothing but what a creation begins with.
fn refuse_foreign(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(cannot("open", path)(cause)),
        Ok(found) if !found.is_dir() => return Err(StoreError::refused("the home must be a folder").at(path)),
        Ok(_) => {}
    }
    let ours = |name: &Path| FOLDERS.iter().any(|folder| Path::new(folder).starts_with(name));
    match children(path)?
        .into_iter()
        .find(|(name, is_dir)| !is_dir || !ours(name))
    {
        None => Ok(()),
        Some((name, _)) => {
            let message = format!("this folder is no home and not empty: it holds `{}`", name.display());
            Err(StoreError::refused(message).at(path))
        }
    }
}
