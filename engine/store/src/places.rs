//! Where the files of a home lie: below its folder, but for the archive of a home that keeps it as objects.
//!
//! An object has the path of its file below the archive's URL, and its bytes are those that the file would have. Nothing is copied
//! to stay: what is read of an object lies in a file without a name until it is closed.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};
use lexhold_model::Digest;
use lexhold_remote::{Kind, Lock, Mode, Remote, RemoteError, Version};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tempfile::NamedTempFile;

use crate::files::{self, cannot, slashed};
use crate::home::STAGING;
use crate::{EntryKind, ErrorKind, Journal, Result, StoreError, StoredFile, archive};

/// Where a home keeps its archive as objects. Said once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectArchive {
    /// `s3://bucket/prefix`, or `file:///folder`.
    pub url: String,
    /// For how long the store itself refuses to let a segment go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<ObjectLock>,
}

/// S3 Object Lock, set on each segment as it is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectLock {
    /// Who may lift it.
    pub mode: LockMode,
    /// How many days from the moment of the upload.
    pub days: u32,
}

/// The modes of S3 Object Lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockMode {
    /// Those whom the bucket's owner lets.
    Governance,
    /// Nobody.
    Compliance,
}

/// What keeps the store from letting a segment go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageLock {
    /// Its retention, which ends then.
    Until(Timestamp),
    /// A legal hold, which ends when somebody lifts it.
    LegalHold,
}

/// How the objects behind a URL are reached. Who may go there is the caller's to know.
pub type Connect = dyn Fn(&str) -> std::result::Result<Remote, RemoteError> + Send + Sync;

/// The object that says whose archive it is. A folder that is not mounted has none, nor has another bucket.
const MARK: &str = "lexhold-home.json";
/// More than it ever has.
const MARK_BYTES: u64 = 1 << 10;

pub(crate) struct Places {
    root: PathBuf,
    home: String,
    objects: Option<Objects>,
}

struct Objects {
    archive: ObjectArchive,
    connect: OnceLock<Arc<Connect>>,
    remote: OnceLock<Remote>,
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Places");
        shown
            .field("root", &self.root)
            .field("archive", &self.archive())
            .finish_non_exhaustive()
    }
}

impl Places {
    pub(crate) fn new(root: &Path, home: &str, archive: Option<ObjectArchive>) -> Self {
        let (connect, remote) = (OnceLock::new(), OnceLock::new());
        Self {
            root: root.to_owned(),
            home: home.to_owned(),
            objects: archive.map(|archive| Objects {
                archive,
                connect,
                remote,
            }),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn archive(&self) -> Option<&ObjectArchive> {
        self.objects.as_ref().map(|objects| &objects.archive)
    }

    pub(crate) fn connect(&self, connect: Arc<Connect>) {
        if let Some(objects) = &self.objects {
            // Whoever came first has one that is as good.
            let _ = objects.connect.set(connect);
        }
    }

    /// Whether a path of the home is that of an object.
    pub(crate) fn is_object(&self, path: &Path) -> bool {
        self.objects.is_some() && path.starts_with(archive::FOLDER)
    }

    /// The store in which a file lies as an object, if it is one.
    pub(crate) fn remote_of(&self, path: &Path) -> Result<Option<&Remote>> {
        let Some(objects) = self.objects.as_ref().filter(|_| self.is_object(path)) else {
            return Ok(None);
        };
        if let Some(remote) = objects.remote.get() {
            return Ok(Some(remote));
        }
        let url = Path::new(&objects.archive.url);
        let Some(connect) = objects.connect.get() else {
            return Err(StoreError::refused("the archive of this home lies elsewhere, and was not connected").at(url));
        };
        let remote = connect(&objects.archive.url).map_err(self.failed(Path::new(archive::FOLDER)))?;
        if objects.archive.lock.is_some() && !remote.locking().map_err(self.failed(Path::new(archive::FOLDER)))? {
            return Err(StoreError::refused("segments are to be locked, and there is no Object Lock").at(url));
        }
        self.recognise(&remote)?;
        Ok(Some(objects.remote.get_or_init(|| remote)))
    }

    /// Refuses objects that are not this home's. Those of a home that has none yet become its own.
    fn recognise(&self, remote: &Remote) -> Result<()> {
        let failed = self.failed(Path::new(archive::FOLDER));
        let own = json!({ "home": self.home }).to_string();
        if remote.head(MARK).map_err(&failed)?.is_none() && !self.has_batches()? {
            let staging = self.root.join(STAGING);
            let mut mark = NamedTempFile::new_in(&staging).map_err(cannot("write in", &staging))?;
            mark.write_all(own.as_bytes()).map_err(cannot("write", mark.path()))?;
            remote.put_new(MARK, mark.path()).map_err(&failed)?;
        }
        let mut found = String::new();
        match self.fetched(remote, MARK) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            fetched => drop(fetched?.take(MARK_BYTES).read_to_string(&mut found)),
        }
        match found == own {
            true => Ok(()),
            false => {
                let message =
                    format!("what lies there is not the archive of this home: its `{MARK}` is missing or another's");
                Err(StoreError::corrupt(message, &self.shown(Path::new(archive::FOLDER))))
            }
        }
    }

    /// What an object holds, in a file that nobody else can open and that is gone once it is closed.
    fn fetched(&self, remote: &Remote, key: &str) -> Result<File> {
        let staging = self.root.join(STAGING);
        let mut file = tempfile::tempfile_in(&staging).map_err(cannot("write in", &staging))?;
        remote.fetch(key, &mut file).map_err(self.failed(Path::new(key)))?;
        file.seek(SeekFrom::Start(0)).map_err(cannot("read", &staging))?;
        Ok(file)
    }

    fn has_batches(&self) -> Result<bool> {
        for entry in Journal::new(&self.root).entries(1)? {
            if entry?.kind == EntryKind::Batch {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where a file lies, as whoever looks for it needs to know.
    pub(crate) fn shown(&self, path: &Path) -> PathBuf {
        match self.archive().filter(|_| self.is_object(path)) {
            Some(archive) => format!("{}/{}", archive.url.trim_end_matches('/'), path.display()).into(),
            None => self.root.join(path),
        }
    }

    /// Opens a file for reading; an object is fetched first.
    pub(crate) fn open(&self, path: &Path) -> Result<File> {
        match self.remote_of(path)? {
            Some(remote) => self.fetched(remote, &slashed(path)?),
            None => files::open(&self.root.join(path)),
        }
    }

    /// Whether there is a file at a path.
    pub(crate) fn exists(&self, path: &Path) -> Result<bool> {
        match self.remote_of(path)? {
            Some(remote) => Ok(remote.head(&slashed(path)?).map_err(self.failed(path))?.is_some()),
            None => Ok(self.root.join(path).exists()),
        }
    }

    /// Whether a file is gone from its folder, or an object with all its versions. A store that does not answer tells nothing.
    pub(crate) fn is_gone(&self, path: &Path) -> Result<bool> {
        match self.is_object(path) {
            true => {
                let is_gone = self.versions(path)?.iter().all(|version| version.is_marker);
                self.require_archive().map(|()| is_gone)
            }
            false => files::is_gone(&self.root.join(path)),
        }
    }

    /// Refuses to go on where an archive of objects is no longer there, as where a folder is not mounted: what is not found in it would
    /// be taken for gone, and what is written would lie elsewhere.
    pub(crate) fn require_archive(&self) -> Result<()> {
        let folder = Path::new(archive::FOLDER);
        match self.remote_of(folder)? {
            Some(remote) if remote.head(MARK).map_err(self.failed(folder))?.is_none() => {
                Err(StoreError::new(ErrorKind::Io, "the archive is not there").at(&self.shown(folder)))
            }
            _ => Ok(()),
        }
    }

    /// What there is of an object: its versions, and marks that say it was deleted.
    pub(crate) fn versions(&self, path: &Path) -> Result<Vec<Version>> {
        let Some(remote) = self.remote_of(path)? else {
            return Ok(Vec::new());
        };
        let key = slashed(path)?;
        let mut versions = remote.versions(&key).map_err(self.failed(path))?;
        versions.retain(|version| version.key == key);
        Ok(versions)
    }

    /// The digest and length of a file.
    pub(crate) fn digest(&self, path: &Path) -> Result<(Digest, u64)> {
        files::digest_of(self.open(path)?, &self.shown(path))
    }

    /// Refuses a file that is not the one meant.
    pub(crate) fn check(&self, path: &Path, file: &StoredFile) -> Result<()> {
        match self.digest(path)? == (file.sha256, file.bytes) {
            true => Ok(()),
            false => {
                let message = "a file of the home is not the one that was journalled";
                Err(StoreError::corrupt(message, &self.shown(path)))
            }
        }
    }

    /// Every file below a folder, as paths relative to the home, sorted. Of an object every version counts that is left.
    pub(crate) fn list(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let Some(remote) = self.remote_of(folder)? else {
            return files::list(&self.root, folder);
        };
        let below = format!("{}/", slashed(folder)?);
        let versions = remote.versions(&below).map_err(self.failed(folder))?;
        let there = versions.into_iter().filter(|version| !version.is_marker);
        let mut paths: Vec<PathBuf> = there.map(|version| version.key.into()).collect();
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    /// What keeps the store from letting a file go at an instant; the longest of it, where there are several versions.
    pub(crate) fn lock_of(&self, path: &Path, now: Timestamp) -> Result<Option<StorageLock>> {
        let mut until = None;
        let mut legal_hold = false;
        for (_, lock) in self.locks(path)? {
            legal_hold |= lock.legal_hold;
            until = until.max(lock.retained.map(|(_, until)| until).filter(|until| *until > now));
        }
        // A legal hold may be this home's own; what ends by itself is not to be argued with.
        Ok(until
            .map(StorageLock::Until)
            .or(legal_hold.then_some(StorageLock::LegalHold)))
    }

    /// Whether a legal hold lies on any version of an object.
    pub(crate) fn is_under_legal_hold(&self, path: &Path) -> Result<bool> {
        Ok(self.locks(path)?.iter().any(|(_, lock)| lock.legal_hold))
    }

    /// Whether the store can lock what lies there.
    pub(crate) fn can_lock(&self) -> Result<bool> {
        let folder = Path::new(archive::FOLDER);
        match self.remote_of(folder)? {
            Some(remote) => remote.locking().map_err(self.failed(folder)),
            None => Ok(false),
        }
    }

    fn locks(&self, path: &Path) -> Result<Vec<(Version, Lock)>> {
        let Some(remote) = self.remote_of(path)? else {
            return Ok(Vec::new());
        };
        if !self.can_lock()? {
            return Ok(Vec::new());
        }
        let versions = self.versions(path)?.into_iter().filter(|version| !version.is_marker);
        versions
            .map(|version| {
                let lock = remote.lock_of(&version).map_err(self.failed(path))?;
                Ok((version, lock))
            })
            .collect()
    }

    /// Locks a segment that has just been taken in, for as long as the home says.
    pub(crate) fn retain(&self, path: &Path, at: Timestamp) -> Result<()> {
        let lock = self.archive().and_then(|archive| archive.lock);
        let (Some(remote), Some(lock)) = (self.remote_of(path)?, lock) else {
            return Ok(());
        };
        let until = at.checked_add(SignedDuration::from_hours(24 * i64::from(lock.days)));
        let until = until.map_err(|cause| StoreError::refused("the lock ends beyond all calendars").because(cause))?;
        for (version, found) in self.locks(path)? {
            if found.retained.is_none() {
                remote
                    .retain(&version, lock.mode.into(), until)
                    .map_err(self.failed(path))?;
            }
        }
        Ok(())
    }

    /// Puts a segment's legal hold as it is to be. Says whether it was otherwise.
    pub(crate) fn set_legal_hold(&self, path: &Path, on: bool) -> Result<bool> {
        let Some(remote) = self.remote_of(path)? else {
            return Ok(false);
        };
        let mut changed = false;
        for (version, _) in self.locks(path)?.into_iter().filter(|(_, lock)| lock.legal_hold != on) {
            remote.set_legal_hold(&version, on).map_err(self.failed(path))?;
            changed = true;
        }
        Ok(changed)
    }

    /// How a failure of the object store is reported.
    pub(crate) fn failed(&self, path: &Path) -> impl Fn(RemoteError) -> StoreError {
        let shown = self.shown(path);
        move |cause| {
            let (kind, message) = match cause.kind() {
                Kind::NotFound => (ErrorKind::NotFound, "an object is not there"),
                Kind::Locked => (ErrorKind::Refused, "the object store has locked this object"),
                Kind::Changed => (ErrorKind::Corrupt, "an object changed while it was read"),
                Kind::Denied => (ErrorKind::Io, "the object store does not let us"),
                _ => (ErrorKind::Io, "the object store cannot be used"),
            };
            StoreError::new(kind, message).at(&shown).because(cause)
        }
    }
}

impl From<LockMode> for Mode {
    fn from(mode: LockMode) -> Self {
        match mode {
            LockMode::Governance => Self::Governance,
            LockMode::Compliance => Self::Compliance,
        }
    }
}
