//! The one gate: only here is anything below the home removed, truncated, overwritten or moved.
//!
//! Each function is for one thing and refuses every other path. What is published in `archive/` and `evaluations/` goes
//! only where the journal has an intent that names the very file; nothing can reach what is published in
//! `journal/payload/`, `bundles/`, `facts/` or `keys/`, nor a whole journal line; but for the secret half of a signing key
//! that another has followed.
//! A test greps the workspace so that no such call creeps in elsewhere.
#![expect(clippy::disallowed_methods, reason = "this is the gate: the one module that may")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::disposal::{Journalled, Replaced};
use lexhold_remote::Version;

use crate::files::{cannot, create_dirs, slashed, sync_dir, write_new};
use crate::home::{CATALOG, HOME_FILE, STAGING};
use crate::places::Places;
use crate::{Result, StoreError, StoredFile, archive, journal, lock, progress, signing};

/// Where files lie for the moment between being written and being renamed into place.
pub(crate) const SCRATCH: &str = "staging/tmp";

/// How the names of paths begin that belong to one process each, before the number of its slot.
const SLOT: &str = "process.";

/// The files that are replaced whole: the home's own description, the state of a run.
const STATE: [&str; 2] = [HOME_FILE, progress::FILE];

/// The folders that take finished files, which then never change.
const PUBLISHED: [&str; 7] = [
    "archive",
    "evaluations",
    "journal/payload",
    "bundles",
    "facts",
    "keys",
    "certificates",
];

/// The folders whose files may go, by an intent that is on record.
const DESTRUCTIBLE: [&str; 2] = ["archive", "evaluations"];

/// Moves a finished file of the home out of staging to its place, or puts it there as an object.
///
/// As [`publish`]; an object lasts at once, and what was staged stays until it is discarded.
pub(crate) fn publish_file(places: &Places, staged: &Path, to: &Path) -> Result<bool> {
    let Some(remote) = places.remote_of(to)? else {
        return publish(places.root(), staged, to);
    };
    let from = inside(places.root(), staged, &[STAGING])?;
    inside(places.root(), to, &PUBLISHED)?;
    remote.put_new(&slashed(to)?, &from).map_err(places.failed(to))
}

/// Moves a finished file or folder out of staging to its place, which must be free.
///
/// Where the place is taken nothing is moved and the answer is false: what is there stays as it is.
/// The move lasts once the folder it went to is synced, which is left to the caller, who may have more to move.
pub(crate) fn publish(root: &Path, staged: &Path, to: &Path) -> Result<bool> {
    let (from, target) = (inside(root, staged, &[STAGING])?, inside(root, to, &PUBLISHED)?);
    let folder = to.parent().unwrap_or(Path::new(""));
    create_dirs(root, folder)?;
    if fs::symlink_metadata(&target).is_ok() {
        return Ok(false);
    }
    fs::rename(&from, &target).map_err(cannot("move into place", &target))?;
    Ok(true)
}

/// Writes a new file whole or not at all, and leaves one that is already there alone.
pub(crate) fn place(root: &Path, to: &Path, bytes: &[u8], secret: bool) -> Result<()> {
    with_scratch(root, to, |scratch| {
        write_new(&root.join(scratch), bytes, secret)?;
        publish_or_discard(root, scratch, to)
    })
}

/// Writes a folder of files whole or not at all, and leaves one that is already there alone.
pub(crate) fn place_folder<'a>(
    root: &Path,
    to: &Path,
    files: impl Iterator<Item = (&'a Path, &'a [u8])>,
) -> Result<()> {
    with_scratch(root, to, |scratch| {
        create_dirs(root, scratch)?;
        for (path, bytes) in files {
            let folder = scratch.join(path.parent().unwrap_or(Path::new("")));
            create_dirs(root, &folder)?;
            write_new(&root.join(scratch).join(path), bytes, false)?;
            sync_dir(&root.join(folder))?;
        }
        publish_or_discard(root, scratch, to)
    })
}

fn publish_or_discard(root: &Path, scratch: &Path, to: &Path) -> Result<()> {
    if !publish(root, scratch, to)? {
        return discard_staged(root, scratch);
    }
    sync_dir(&root.join(to.parent().unwrap_or(Path::new(""))))
}

/// Replaces `home.json` or `progress.json` in one step: a reader sees the old bytes or the new.
pub(crate) fn replace_state(root: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    if !STATE.contains(&name) {
        return Err(refused(Path::new(name)));
    }
    with_scratch(root, Path::new(name), |scratch| {
        write_new(&root.join(scratch), bytes, false)?;
        let target = root.join(name);
        fs::rename(root.join(scratch), &target).map_err(cannot("replace", &target))?;
        sync_dir(root)
    })
}

/// Puts a catalog that was built in staging in the place of the old one, whose write-ahead log goes first.
///
/// A stop between the two leaves the old catalog without its latest commits, which the journal brings back.
/// Both must be closed, and the new one must have no write-ahead log of its own.
pub(crate) fn replace_catalog(root: &Path, rebuilt: &Path) -> Result<()> {
    let (from, target) = (inside(root, rebuilt, &[STAGING])?, root.join(CATALOG));
    if with_suffix(&from, ".wal").exists() {
        return Err(StoreError::refused("the rebuilt catalog was not closed: it has a write-ahead log").at(&from));
    }
    File::open(&from)
        .and_then(|file| file.sync_all())
        .map_err(cannot("sync", &from))?;
    let log = with_suffix(&target, ".wal");
    remove_file_if_there(&log)?;
    sync_dir(root)?;
    fs::rename(&from, &target).map_err(cannot("replace", &target))?;
    sync_dir(root)
}

/// Where a file lies that may be destroyed: in the home itself. Behind a link its bytes would outlive it.
///
/// # Errors
/// Refused for a link and for what lies below one.
pub(crate) fn destructible(root: &Path, file: &StoredFile) -> Result<PathBuf> {
    let target = inside(root, Path::new(&file.path), &DESTRUCTIBLE)?;
    if fs::symlink_metadata(&target).is_ok_and(|found| found.is_symlink()) {
        return Err(behind_link(&target));
    }
    Ok(target)
}

/// Removes a file that a journalled intent names as one that goes. What should be left of it must be in place.
///
/// This and [`destroy_objects`] are where the bodies of messages, and what was recorded of them, leave the home; there is no other way.
pub(crate) fn destroy(root: &Path, intent: &Journalled, old: &StoredFile) -> Result<()> {
    let path = Path::new(&old.path);
    let target = destructible(root, old)?;
    let named = intent
        .intent()
        .files
        .iter()
        .find(|file| file.old == *old)
        .ok_or_else(|| refused(path))?;
    if let Some(new) = &named.new
        && !inside(root, Path::new(&new.path), &DESTRUCTIBLE)?.is_file()
    {
        return Err(refused(path));
    }
    remove_file_if_there(&target)
}

/// Objects that may go by an intent: each version of the old segments, while all that should be left of them is in place.
#[derive(Debug)]
pub(crate) struct Doomed {
    versions: Vec<Version>,
    /// Those of which some are under a legal hold.
    held: BTreeSet<PathBuf>,
}

/// Finds them. Asks the store, and so is done before anybody has to wait for the end.
pub(crate) fn doomed(places: &Places, files: &[Replaced]) -> Result<Doomed> {
    let (mut versions, mut held) = (Vec::new(), BTreeSet::new());
    for Replaced { old, new } in files {
        let path = Path::new(&old.path);
        if let Some(new) = new
            && !places.exists(Path::new(&new.path))?
        {
            return Err(refused(path));
        }
        if places.is_under_legal_hold(path)? {
            held.insert(path.to_owned());
        }
        versions.extend(places.versions(path)?);
    }
    Ok(Doomed { versions, held })
}

/// Deletes the objects of an intent's segments, all in one request, with every version of them. The legal hold of one that is to go was
/// carried over to what is left of it.
pub(crate) fn destroy_objects(places: &Places, intent: &Journalled, doomed: &Doomed) -> Result<()> {
    let named = |version: &Version| intent.segments().iter().any(|file| file.old.path == version.key);
    if let Some(other) = doomed.versions.iter().find(|version| !named(version)) {
        return Err(refused(Path::new(&other.key)));
    }
    for path in &doomed.held {
        places.set_legal_hold(path, false)?;
    }
    delete_versions(places, &doomed.versions)
}

fn delete_versions(places: &Places, versions: &[Version]) -> Result<()> {
    let folder = Path::new(archive::FOLDER);
    match (places.remote_of(folder)?, versions) {
        (_, []) => Ok(()),
        (None, _) => Err(refused(folder)),
        (Some(remote), _) => remote.delete(versions).map_err(places.failed(folder)),
    }
}

/// Deletes objects that were put into the archive for an intent which never came to stand. None of them may be named by the journal:
/// `named` says which are.
pub(crate) fn withdraw_objects(places: &Places, put: &[PathBuf], named: &BTreeSet<PathBuf>) -> Result<()> {
    for path in put.iter().filter(|path| !named.contains(*path)) {
        inside(places.root(), path, &DESTRUCTIBLE)?;
        places.set_legal_hold(path, false)?;
        delete_versions(places, &places.versions(path)?)?;
    }
    Ok(())
}

/// The same in a home that is being brought back, and so is none yet, where nobody may have what should be left.
pub(crate) fn destroy_again(places: &Places, intent: &Journalled, old: &StoredFile) -> Result<()> {
    let target = destructible(places.root(), old)?;
    let named = intent.intent().files.iter().any(|file| file.old == *old);
    if !named || places.root().join(HOME_FILE).exists() {
        return Err(refused(&target));
    }
    match places.is_object(Path::new(&old.path)) {
        true => delete_versions(places, &places.versions(Path::new(&old.path))?),
        false => remove_file_if_there(&target),
    }
}

/// Takes back a new segment of an intent that is recalled. The old one must still be in place.
pub(crate) fn withdraw(places: &Places, intent: &Journalled, replaced: &Replaced) -> Result<()> {
    let Replaced { old, new } = replaced;
    let Some(new) = new else { return Ok(()) };
    let (kept, path) = (Path::new(&old.path), Path::new(&new.path));
    inside(places.root(), kept, &DESTRUCTIBLE)?;
    let target = inside(places.root(), path, &DESTRUCTIBLE)?;
    if !intent.segments().contains(replaced) || kept == path || !places.exists(kept)? {
        return Err(refused(path));
    }
    if places.is_object(path) {
        return withdraw_objects(places, &[path.to_owned()], &BTreeSet::new());
    }
    remove_file_if_there(&target)?;
    sync_dir(target.parent().unwrap_or(places.root()))
}

fn remove_file_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cannot("remove", path)(cause)),
        _ => Ok(()),
    }
}

/// Removes one file or folder below `staging/`: what a run that was cut short left behind.
pub(crate) fn discard_staged(root: &Path, staged: &Path) -> Result<()> {
    let path = inside(root, staged, &[STAGING])?;
    let removed = match fs::symlink_metadata(&path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(&path),
        Ok(_) => fs::remove_file(&path),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => Err(cause),
    };
    removed.map_err(cannot("remove", &path))
}

/// Removes scratch files that no living process has: what belongs to a process that has ended, whoever else is at work, and files that
/// were being written, if nobody writes one.
pub(crate) fn sweep_scratch(root: &Path) -> Result<()> {
    let alone = lock::try_exclusive(&scratch_lock(root))?;
    for (name, _) in crate::files::children(&root.join(SCRATCH))? {
        let is_left = match slot_of(&name) {
            Some(slot) => lock::try_exclusive(&slot_lock(root, slot))?.is_some(),
            None => alone.is_some(),
        };
        if is_left {
            discard_staged(root, &Path::new(SCRATCH).join(name))?;
        }
    }
    Ok(())
}

/// What living processes other than this one, whose path this is, have in their paths of their own.
pub(crate) fn scratch_of_others(root: &Path, own: &Path) -> Result<Vec<PathBuf>> {
    let own = own.file_name().and_then(|name| slot_of(Path::new(name)));
    let names = crate::files::children(&root.join(SCRATCH))?;
    let others = names.into_iter().map(|(name, _)| name).filter(|name| {
        let slot = slot_of(name);
        slot.is_some() && slot != own
    });
    Ok(others.map(|name| root.join(SCRATCH).join(name)).collect())
}

/// The slot of a process whose scratch bears this name, or one that begins with it.
fn slot_of(name: &Path) -> Option<u32> {
    let rest = name.to_str()?.strip_prefix(SLOT)?;
    rest.split('.').next()?.parse().ok()
}

/// Cuts an incomplete last line off the journal: bytes from `keep` on, among which there is no end of a line.
///
/// The caller holds the journal lock, and `keep` is the end of the last whole line.
pub(crate) fn cut_torn_tail(root: &Path, keep: u64) -> Result<()> {
    let path = root.join(journal::FILE);
    let cut = || -> io::Result<bool> {
        let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
        let mut rest = Vec::new();
        file.seek(SeekFrom::Start(keep.saturating_sub(1)))?;
        file.read_to_end(&mut rest)?;
        let (before, torn) = rest.split_at(usize::from(keep > 0).min(rest.len()));
        if before.iter().any(|byte| *byte != b'\n') || torn.contains(&b'\n') {
            return Ok(false);
        }
        file.set_len(keep)?;
        file.sync_all()?;
        Ok(true)
    };
    match cut() {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused(&path)),
        Err(cause) => Err(cannot("mend", &path)(cause)),
    }
}

/// Removes the secret half of a key that another one has followed; its public half has to be there and stays.
pub(crate) fn retire_key(root: &Path, secret: &Path) -> Result<()> {
    let path = inside(root, secret, &[signing::FOLDER])?;
    if !with_suffix(&path, ".pub").exists() {
        return Err(refused(secret));
    }
    match fs::remove_file(&path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cannot("remove", &path)(cause)),
        _ => sync_dir(&root.join(signing::FOLDER)),
    }
}

/// Removes a file from a backup that is being made, and so is none yet: what it holds more than the file that stands for it
/// now has been destroyed.
pub(crate) fn discard_copy(out: &Path, copied: &Path) -> Result<()> {
    let path = inside(out, copied, &["archive", "evaluations", STAGING])?;
    if out.join(HOME_FILE).exists() {
        return Err(refused(&path));
    }
    fs::remove_file(&path).map_err(cannot("remove", &path))
}

/// Empties a folder that was to become a home or a backup, and is no home: of a call that failed, no message is left behind.
pub(crate) fn abandon(folder: &Path) -> Result<()> {
    if folder.join(HOME_FILE).exists() {
        return Err(refused(folder));
    }
    for (name, _) in crate::files::children(folder)? {
        let path = folder.join(name);
        let removed = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&path),
            _ => fs::remove_file(&path),
        };
        removed.map_err(cannot("remove", &path))?;
    }
    Ok(())
}

/// Writes into a lock file who holds it now. The caller holds that lock.
pub(crate) fn rewrite_holder(file: &mut File, text: &[u8]) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text)
}

/// Lets nobody but the owner into a folder.
pub(crate) fn owner_only(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(cannot("protect", folder))
}

/// Lets nobody but the owner into the folder of a home that is made, and where that was there before, nobody but the owner and those
/// whom its group lets in. What belongs to somebody else stays as it is: `verify` says that it is open.
pub(crate) fn close_to_others(folder: &Path, is_new: bool) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if is_new {
        return owner_only(folder);
    }
    let mode = fs::metadata(folder)
        .map_err(cannot("look at", folder))?
        .permissions()
        .mode();
    match fs::set_permissions(folder, fs::Permissions::from_mode(mode & 0o7770)) {
        Err(cause) if cause.kind() != io::ErrorKind::PermissionDenied => Err(cannot("protect", folder)(cause)),
        _ => Ok(()),
    }
}

/// Runs `write` with a fresh name in the scratch folder, which stays out of a sweep's reach meanwhile, and
/// leaves nothing under that name when it fails.
fn with_scratch<T>(root: &Path, for_file: &Path, write: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    create_dirs(root, Path::new(SCRATCH))?;
    let _shared = lock::shared(&scratch_lock(root))?;
    let name = for_file.file_name().unwrap_or(OsStr::new("file")).to_string_lossy();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let scratch = Path::new(SCRATCH).join(format!("{name}.{}.{number}", std::process::id()));
    // A process of the same number, long gone, may have left this very name.
    discard_staged(root, &scratch)?;
    let written = write(&scratch);
    if written.is_err() {
        // The first error is the one to tell; what cannot be removed now is swept later.
        let _ = discard_staged(root, &scratch);
    }
    written
}

/// A path of this process's own below the scratch folder, and the lock that keeps it from being swept away. What the last process
/// that had it left there is gone.
pub(crate) fn own_scratch(root: &Path) -> Result<(PathBuf, File)> {
    create_dirs(root, Path::new(SCRATCH))?;
    for slot in 0.. {
        if let Some(lock) = lock::try_exclusive(&slot_lock(root, slot))? {
            for (name, _) in crate::files::children(&root.join(SCRATCH))? {
                if slot_of(&name) == Some(slot) {
                    discard_staged(root, &Path::new(SCRATCH).join(name))?;
                }
            }
            return Ok((root.join(SCRATCH).join(format!("{SLOT}{slot}")), lock));
        }
    }
    Err(StoreError::busy("every path for scratch is taken", None))
}

/// The lock of a process's own path: numbers of processes come again, and are the same in two containers.
fn slot_lock(root: &Path, slot: u32) -> PathBuf {
    root.join(format!("locks/scratch.{slot}.lock"))
}

fn scratch_lock(root: &Path) -> PathBuf {
    root.join("locks/scratch.lock")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The full path of something strictly below one of the given folders, with no way out through `..` or a link.
fn inside(root: &Path, relative: &Path, folders: &[&str]) -> Result<PathBuf> {
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    let below = folders
        .iter()
        .any(|folder| relative.starts_with(folder) && relative != Path::new(folder));
    if !plain || !below {
        return Err(refused(relative));
    }
    let mut path = root.to_owned();
    for part in relative.parent().unwrap_or(Path::new("")).components() {
        path.push(part);
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            return Err(behind_link(&path));
        }
    }
    Ok(root.join(relative))
}

fn behind_link(link: &Path) -> StoreError {
    StoreError::refused(
        "a link leads out of the home, and what is removed here would stay there; put in its place what it leads to",
    )
    .at(link)
}

fn refused(path: &Path) -> StoreError {
    StoreError::refused("the store does not touch this path").at(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for folder in ["staging/runs", "locks", "archive", "journal/payload", "evaluations"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("archive/a.parquet"), "body").unwrap();
        fs::write(home.path().join("staging/b.parquet"), "other").unwrap();
        home
    }

    #[test]
    fn nothing_but_staging_is_ever_discarded() {
        let home = home();
        for path in [
            "archive",
            "archive/a.parquet",
            "staging",
            "staging/../archive/a.parquet",
            "../x",
            "/tmp",
            "",
            "journal/log.ndjson",
            "evaluations",
            "catalog.duckdb",
            "home.json",
        ] {
            assert_eq!(
                discard_staged(home.path(), Path::new(path)).unwrap_err().kind(),
                ErrorKind::Refused,
                "{path}"
            );
        }
        assert!(home.path().join("archive/a.parquet").exists());
        discard_staged(home.path(), Path::new("staging/b.parquet")).unwrap();
        discard_staged(home.path(), Path::new("staging/b.parquet")).unwrap();
        assert!(!home.path().join("staging/b.parquet").exists());
    }

    #[test]
    fn a_link_out_of_staging_is_no_way_round() {
        let home = home();
        std::os::unix::fs::symlink(home.path().join("archive"), home.path().join("staging/link")).unwrap();
        let error = discard_staged(home.path(), Path::new("staging/link/a.parquet")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        discard_staged(home.path(), Path::new("staging/link")).unwrap();
        assert!(
            home.path().join("archive/a.parquet").exists(),
            "the link goes, not what it points to"
        );
    }

    #[test]
    fn publishing_never_overwrites_and_only_fills_its_folders() {
        let home = home();
        let (staged, taken) = (Path::new("staging/b.parquet"), Path::new("archive/a.parquet"));
        assert!(!publish(home.path(), staged, taken).unwrap());
        assert_eq!(fs::read(home.path().join(taken)).unwrap(), b"body");
        for to in [
            "home.json",
            "journal/log.ndjson",
            "archive/../home.json",
            "locks/x",
            "archive",
        ] {
            assert_eq!(
                publish(home.path(), staged, Path::new(to)).unwrap_err().kind(),
                ErrorKind::Refused,
                "{to}"
            );
        }
        assert_eq!(
            publish(home.path(), taken, Path::new("archive/c")).unwrap_err().kind(),
            ErrorKind::Refused
        );
        assert!(publish(home.path(), staged, Path::new("archive/platform=x/c.parquet")).unwrap());
        assert_eq!(
            fs::read(home.path().join("archive/platform=x/c.parquet")).unwrap(),
            b"other"
        );
    }

    #[test]
    fn only_an_incomplete_line_is_cut_off_the_journal() {
        let home = home();
        let log = home.path().join(journal::FILE);
        fs::write(&log, "one\ntwo\nthr").unwrap();
        for keep in [0, 1, 3, 4, 7, 9] {
            assert_eq!(
                cut_torn_tail(home.path(), keep).unwrap_err().kind(),
                ErrorKind::Refused,
                "{keep}"
            );
        }
        cut_torn_tail(home.path(), 8).unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "one\ntwo\n");
        fs::write(&log, "on").unwrap();
        cut_torn_tail(home.path(), 0).unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "");
    }

    #[test]
    fn only_the_two_state_files_are_replaced() {
        let home = home();
        for name in [
            "archive/a.parquet",
            "catalog.duckdb",
            "journal/log.ndjson",
            "../home.json",
        ] {
            assert_eq!(
                replace_state(home.path(), name, b"x").unwrap_err().kind(),
                ErrorKind::Refused,
                "{name}"
            );
        }
        replace_state(home.path(), HOME_FILE, b"1").unwrap();
        replace_state(home.path(), HOME_FILE, b"2").unwrap();
        assert_eq!(fs::read(home.path().join(HOME_FILE)).unwrap(), b"2");
        assert_eq!(fs::read_dir(home.path().join(SCRATCH)).unwrap().count(), 0);
    }

    #[test]
    fn a_rebuilt_catalog_replaces_the_old_one_with_its_log() {
        let home = home();
        let file = |name: &str| home.path().join(name);
        fs::write(file("catalog.duckdb"), "old").unwrap();
        fs::write(file("catalog.duckdb.wal"), "old log").unwrap();
        fs::write(file("staging/catalog.duckdb"), "new").unwrap();
        fs::write(file("staging/catalog.duckdb.wal"), "open").unwrap();
        let rebuilt = Path::new("staging/catalog.duckdb");
        assert_eq!(
            replace_catalog(home.path(), rebuilt).unwrap_err().kind(),
            ErrorKind::Refused
        );
        fs::remove_file(file("staging/catalog.duckdb.wal")).unwrap();
        replace_catalog(home.path(), rebuilt).unwrap();
        assert_eq!(fs::read(file("catalog.duckdb")).unwrap(), b"new");
        assert!(!file("catalog.duckdb.wal").exists() && !file("staging/catalog.duckdb").exists());
    }

    #[test]
    fn what_a_process_left_goes_whoever_else_is_at_work() {
        let home = home();
        let (dead, lock) = own_scratch(home.path()).unwrap();
        let beside = with_suffix(&dead, ".catalog");
        let (living, _lock) = own_scratch(home.path()).unwrap();
        for path in [&dead, &beside, &living] {
            fs::write(path, "x").unwrap();
        }
        let others = || scratch_of_others(home.path(), &living).unwrap();
        assert_eq!(others(), [dead.clone(), beside.clone()]);
        sweep_scratch(home.path()).unwrap();
        assert!(dead.exists() && beside.exists(), "their process lives");
        drop(lock);
        sweep_scratch(home.path()).unwrap();
        assert!(!dead.exists() && !beside.exists() && living.exists());
        assert!(others().is_empty());
        fs::write(&dead, "x").unwrap();
        assert_eq!(own_scratch(home.path()).unwrap().0, dead, "what is free is used again");
        assert!(!dead.exists());
    }

    #[test]
    fn a_sweep_waits_for_no_one_and_takes_nothing_in_use() {
        let home = home();
        create_dirs(home.path(), Path::new(SCRATCH)).unwrap();
        let left = home.path().join(SCRATCH).join("left.1.0");
        fs::write(&left, "x").unwrap();
        with_scratch(home.path(), Path::new("x"), |_| {
            sweep_scratch(home.path())?;
            assert!(left.exists(), "somebody is writing");
            Ok(())
        })
        .unwrap();
        sweep_scratch(home.path()).unwrap();
        assert!(!left.exists());
    }
}
