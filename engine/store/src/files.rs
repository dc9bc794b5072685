//! Small steps with files, each of which lasts once it has returned.
//!
//! Nothing here removes, truncates or overwrites: that is for `gate`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use lexhold_model::Digest;
use sha2::Digest as _;

use crate::{ErrorKind, Result, StoreError};

/// Creates a file that must not exist yet, with all its bytes on disk. A secret one is the owner's alone from the
/// first byte on.
pub(crate) fn write_new(path: &Path, bytes: &[u8], secret: bool) -> Result<()> {
    let mode = if secret { 0o600 } else { mode_within(path) };
    let mut file = create_new(path, mode)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(cannot("write", path))
}

/// Creates a file that must not exist yet, open to those to whom its folder is.
pub(crate) fn create_file(path: &Path) -> Result<File> {
    create_new(path, mode_within(path))
}

fn create_new(path: &Path, mode: u32) -> Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(cannot("create", path))
}

/// Who may read and write what is made at a path: nobody to whom its folder is not open, so that the folder of a home decides for all
/// that is in it. Where that cannot be told, the owner alone.
pub(crate) fn mode_within(path: &Path) -> u32 {
    0o666 & folder_mode(path)
}

fn folder_mode(path: &Path) -> u32 {
    let folder = path.parent().map(fs::metadata);
    folder
        .and_then(|found| found.ok())
        .map_or(0o700, |found| found.permissions().mode() & 0o777)
}

/// Creates folders as needed, each open to those to whom the one around it is, and makes every new one last.
pub(crate) fn create_dirs(root: &Path, relative: &Path) -> Result<()> {
    let mut path = root.to_owned();
    for part in relative.components() {
        let parent = path.clone();
        path.push(part);
        match DirBuilder::new().mode(folder_mode(&path)).create(&path) {
            Ok(()) => sync_dir(&parent)?,
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
            Err(cause) => return Err(cannot("create", &path)(cause)),
        }
    }
    Ok(())
}

/// Whether a file is gone from its folder. A folder that cannot be looked into tells nothing.
///
/// # Errors
/// When the folder is not there, as where an archive is not mounted, or cannot be read.
pub(crate) fn is_gone(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(false),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(path);
            fs::read_dir(folder).map(|_| true).map_err(cannot("look into", folder))
        }
        Err(cause) => Err(cannot("look for", path)(cause)),
    }
}

/// Makes the names inside a folder last.
pub(crate) fn sync_dir(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|dir| dir.sync_all())
        .map_err(cannot("sync", path))
}

/// Makes the contents of files last. Side by side, because a disk settles many at once about as fast as one.
pub(crate) fn sync_files(paths: &[PathBuf]) -> Result<()> {
    const SIDE_BY_SIDE: usize = 8;
    let sync = |path: &PathBuf| {
        File::open(path)
            .and_then(|file| file.sync_all())
            .map_err(cannot("sync", path))
    };
    let sync = &sync;
    std::thread::scope(|scope| {
        let share = paths.len().div_ceil(SIDE_BY_SIDE).max(1);
        let threads: Vec<_> = paths
            .chunks(share)
            .map(|paths| scope.spawn(move || paths.iter().try_for_each(sync)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// A whole file, or `None` where there is none.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cannot("read", path)(cause)),
    }
}

/// The digest and length of a file, read in pieces.
pub(crate) fn digest(path: &Path) -> Result<(Digest, u64)> {
    digest_of(open(path)?, path)
}

/// The same of an open file that came from a path.
pub(crate) fn digest_of(mut file: File, path: &Path) -> Result<(Digest, u64)> {
    let (mut hasher, mut length, mut piece) = (sha2::Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let n = file.read(&mut piece).map_err(cannot("read", path))?;
        if n == 0 {
            return Ok((Digest(hasher.finalize().into()), length));
        }
        hasher.update(&piece[..n]);
        length += n as u64;
    }
}

/// Opens a file for reading.
pub(crate) fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(cannot("read", path))
}

/// Every file below a folder, as paths relative to `root`, sorted; nothing where the folder is missing.
///
/// A symbolic link counts as a file and is not followed.
pub(crate) fn list(root: &Path, relative: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![relative.to_owned()]);
    while let Some(folder) = folders.pop() {
        for (name, is_dir) in children(&root.join(&folder))? {
            let path = folder.join(name);
            if is_dir { &mut folders } else { &mut found }.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The names in a folder, sorted, and whether each is a folder; nothing where the folder is missing.
pub(crate) fn children(path: &Path) -> Result<Vec<(PathBuf, bool)>> {
    let listing = match fs::read_dir(path) {
        Ok(listing) => listing,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(cannot("list", path)(cause)),
    };
    let mut names = listing
        .map(|item| item.and_then(|item| Ok((PathBuf::from(item.file_name()), item.file_type()?.is_dir()))))
        .collect::<io::Result<Vec<_>>>()
        .map_err(cannot("list", path))?;
    names.sort();
    Ok(names)
}

/// How a failure of the file system is reported: what could not be done, to which file, and why.
pub(crate) fn cannot(action: &'static str, path: &Path) -> impl Fn(io::Error) -> StoreError {
    let path = path.to_owned();
    move |cause| StoreError::io(format!("cannot {action}"), Some(&path), cause)
}

/// A relative path as the journal writes it, with `/` between the parts.
pub(crate) fn slashed(relative: &Path) -> Result<String> {
    let parts: Option<Vec<_>> = relative.components().map(|part| part.as_os_str().to_str()).collect();
    Ok(parts
        .ok_or_else(|| StoreError::new(ErrorKind::Refused, "a path in the home is not UTF-8").at(relative))?
        .join("/"))
}
