//! A home, copied while others work with it, and brought back.
//!
//! A backup is a folder of nearly the home's own form, with a manifest of every file's digest, written last. It has no
//! `home.json`, so that nobody opens it as a home and writes into it. The catalog is not
//! in it: it is projected again. Nor is an archive that lies elsewhere as objects: the backup says where, and versions or replicas of them
//! are the bucket's own affair. What a backup was made too early to know, a newer journal says: see [`restore`].

mod make;
mod replay;
mod restore;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lexhold_model::Digest;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

pub use make::BackedUp;
pub use restore::{Restored, backed_up_home, restore};

use crate::files::{cannot, create_dirs, create_file, open};
use crate::{ErrorKind, Result, StoreError};

const MANIFEST: &str = "manifest.json";
/// What `home.json` is called in a backup.
const DESCRIPTION: &str = "description.json";
const SCHEMA: &str = "lexhold/backup/1";

/// Folders that are copied whole: nothing in them ever changes, but for keys, which only follow each other.
const WHOLE: [&str; 5] = ["bundles", "certificates", "facts", "keys", "plans"];

/// What a backup consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    schema: String,
    /// The id of the home.
    home: String,
    made_at: Timestamp,
    /// The entries of its journal.
    entries: u64,
    /// Which of them said that it was about to be made.
    #[serde(default)]
    begun: Option<u64>,
    /// The root of the tree over them.
    root: Digest,
    /// Its files, sorted by path.
    files: Vec<CopiedFile>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CopiedFile {
    path: PathBuf,
    bytes: u64,
    sha256: Digest,
}

/// Copies a file to the same place below another folder, where nothing may be yet, and says what was copied. It lasts
/// once it is synced, which is left to the caller.
fn copy(from: &Path, relative: &Path, to: &Path) -> Result<CopiedFile> {
    copy_as(&from.join(relative), relative, to)
}

/// The same for a file that lies elsewhere.
fn copy_as(source: &Path, relative: &Path, to: &Path) -> Result<CopiedFile> {
    let mut source_file = open(source)?;
    create_dirs(to, relative.parent().unwrap_or(Path::new("")))?;
    let (target, mut file) = create(relative, to)?;
    let (mut hasher, mut bytes, mut piece) = (sha2::Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let n = source_file.read(&mut piece).map_err(cannot("read", source))?;
        if n == 0 {
            break;
        }
        hasher.update(&piece[..n]);
        file.write_all(&piece[..n]).map_err(cannot("write", &target))?;
        bytes += n as u64;
    }
    Ok(CopiedFile {
        path: relative.to_owned(),
        bytes,
        sha256: Digest(hasher.finalize().into()),
    })
}

/// Creates a file that must not be there; all of a copy is its owner's alone, since it has bodies and keys, and so is its folder.
fn create(relative: &Path, to: &Path) -> Result<(PathBuf, File)> {
    let target = to.join(relative);
    let file = create_file(&target)?;
    Ok((target, file))
}

/// Makes a folder for a copy, or takes an empty one.
fn empty_folder(path: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(path).map_err(cannot("create", path))?;
    if !crate::files::children(path)?.is_empty() {
        let message = "this folder is not empty; what a call that was stopped has left in it may be removed";
        return Err(StoreError::refused(message).at(path));
    }
    crate::gate::owner_only(path)?;
    std::fs::canonicalize(path).map_err(cannot("open", path))
}

/// Fills a folder that was empty, and empties it again where that fails.
fn or_nothing<T>(folder: &Path, fill: impl FnOnce() -> Result<T>) -> Result<T> {
    let filled = fill();
    if filled.is_err() {
        // The first error is the one to tell.
        let _ = crate::gate::abandon(folder);
    }
    filled
}

/// Whether an error only says that something is not there.
fn is_missing(error: &StoreError) -> bool {
    error.kind() == ErrorKind::NotFound
}
