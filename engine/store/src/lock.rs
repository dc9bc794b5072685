//! Locks between processes: the operating system drops them when their holder ends, however it ends.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files::{cannot, mode_within, read_if_there};
use crate::{Home, Result, Stamp, StoreError, gate};

pub(crate) const LOCKS: &str = "locks";
const RUN: &str = "locks/run.lock";

/// Journal appends take milliseconds; a holder that keeps the lock longer than this is stuck or stopped.
pub(crate) const JOURNAL_WAIT: Duration = Duration::from_secs(30);

/// How long a look at a lock may take.
const LOOK: Duration = Duration::from_millis(20);

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub process: u32,
    /// The operator it runs for; empty where that is nobody's business.
    pub actor: String,
    /// What it is doing.
    pub purpose: String,
    /// Since when.
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            process,
            actor,
            purpose,
            since,
        } = self;
        match actor.as_str() {
            "" => write!(f, "process {process} (`{purpose}` since {since})"),
            actor => write!(f, "process {process} (`{purpose}` as `{actor}` since {since})"),
        }
    }
}

/// The right to be the one process that stages, publishes, recovers or rebuilds. Ends when dropped.
#[derive(Debug)]
pub struct RunLock {
    root: PathBuf,
    _file: File,
    _folder: OfFolder,
}

impl RunLock {
    /// Whether this lock is that home's.
    pub(crate) fn belongs_to(&self, root: &Path) -> bool {
        self.root == root
    }
}

impl Home {
    /// Takes the run lock, waiting at most so long, and notes the purpose for others to read.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Busy`] with the holder when the wait is over.
    pub fn lock_run(&self, purpose: &str, wait: Duration, stamp: Stamp<'_>) -> Result<RunLock> {
        let path = self.root().join(RUN);
        let mut file = open(&path)?;
        if !wait_for(wait, &path, || file.try_lock())? {
            return Err(StoreError::busy("another run is at work", holder(&path)));
        }
        let Some(folder) = of_folder(self.root(), wait)? else {
            return Err(StoreError::busy(
                "another run is at work, whose lock was removed by hand",
                None,
            ));
        };
        let holder = Holder {
            process: std::process::id(),
            actor: stamp.actor.to_owned(),
            purpose: purpose.to_owned(),
            since: stamp.at,
        };
        let text = serde_json::to_vec(&holder).unwrap_or_default();
        gate::rewrite_holder(&mut file, &text).map_err(cannot("write", &path))?;
        Ok(RunLock {
            root: self.root().to_owned(),
            _file: file,
            _folder: folder,
        })
    }

    /// Who holds the run lock now; `None` when nobody does. A holder that has not said its name yet is process 0.
    ///
    /// # Errors
    /// When the lock cannot be looked at.
    pub fn run_holder(&self) -> Result<Option<Holder>> {
        let path = self.root().join(RUN);
        if is_free(&path)? && is_free(self.root())? {
            return Ok(None);
        }
        let unknown = Holder {
            process: 0,
            actor: String::new(),
            purpose: String::new(),
            since: Timestamp::UNIX_EPOCH,
        };
        Ok(Some(holder(&path).unwrap_or(unknown)))
    }
}

/// Takes a lock that others may share, waiting while somebody has it alone.
pub(crate) fn shared(path: &Path) -> Result<File> {
    let file = open(path)?;
    if !wait_for(JOURNAL_WAIT, path, || file.try_lock_shared())? {
        return Err(not_given_up(path));
    }
    Ok(file)
}

/// Takes a lock alone, waiting a while for it.
pub(crate) fn exclusive(path: &Path) -> Result<File> {
    let file = open(path)?;
    if !wait_for(JOURNAL_WAIT, path, || file.try_lock())? {
        return Err(not_given_up(path));
    }
    Ok(file)
}

/// The same, and that of a folder which nobody removes.
pub(crate) fn exclusive_in(folder: &Path, path: &Path) -> Result<(File, OfFolder)> {
    let file = exclusive(path)?;
    let folder = of_folder(folder, JOURNAL_WAIT)?.ok_or_else(|| not_given_up(path))?;
    Ok((file, folder))
}

/// The lock of a folder itself, where the file system has such locks: it keeps a second process out where somebody has removed a lock
/// file by hand, so that two processes each lock one of that name.
#[derive(Debug)]
pub(crate) struct OfFolder {
    _file: Option<File>,
}

fn of_folder(folder: &Path, wait: Duration) -> Result<Option<OfFolder>> {
    let file = File::open(folder).map_err(cannot("open", folder))?;
    match file.try_lock() {
        // Some file systems lock no folders: there the file alone has to do.
        Err(TryLockError::Error(_)) => Ok(Some(OfFolder { _file: None })),
        // Whoever only looks whether it is free has it for a moment.
        _ if wait_for(wait.max(LOOK), folder, || file.try_lock())? => Ok(Some(OfFolder { _file: Some(file) })),
        _ => Ok(None),
    }
}

/// Whether nobody has a file or a folder to himself; what is not there is free, and what has no locks too.
fn is_free(path: &Path) -> Result<bool> {
    match File::open(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(cause) => Err(cannot("read", path)(cause)),
        Ok(file) => Ok(!matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))),
    }
}

fn not_given_up(path: &Path) -> StoreError {
    StoreError::busy("a lock of the home is not given up", None).at(path)
}

/// Takes a lock alone if it is free this moment.
pub(crate) fn try_exclusive(path: &Path) -> Result<Option<File>> {
    let file = open(path)?;
    Ok(wait_for(Duration::ZERO, path, || file.try_lock())?.then_some(file))
}

fn open(path: &Path) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(mode_within(path))
        .open(path)
        .map_err(cannot("open", path))
}

fn holder(path: &Path) -> Option<Holder> {
    serde_json::from_slice(&read_if_there(path).ok()??).ok()
}

/// Tries until it succeeds or the wait is over, asking more seldom as time goes by.
fn wait_for(wait: Duration, path: &Path, attempt: impl Fn() -> std::result::Result<(), TryLockError>) -> Result<bool> {
    let (mut waited, mut pause) = (Duration::ZERO, Duration::from_millis(1));
    loop {
        match attempt() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if waited >= wait => return Ok(false),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(cause)) => return Err(cannot("lock", path)(cause)),
        }
        let nap = pause.min(wait - waited);
        thread::sleep(nap);
        waited += nap;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
