//! Bringing a backup back, with what a newer journal says has happened since.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lexhold_model::Digest;
use serde_json::json;

use super::{DESCRIPTION, MANIFEST, Manifest, SCHEMA, copy, empty_folder, is_missing, or_nothing};
use crate::files::{create_dirs, list, read_if_there, sync_files};
use crate::home::{FOLDERS, HOME_FILE, read_description};
use crate::journal::{self, payload};
use crate::{Connect, Entry, EntryKind, Home, Journal, Payload, Result, Stamp, StoreError, gate};

/// What was brought back.
#[derive(Debug)]
pub struct Restored {
    /// The home, whole and verified.
    pub home: Home,
    /// The entries of the backup's journal.
    pub backup_entries: u64,
    /// The entry that says that it was restored.
    pub entry: Entry,
    /// Files of batches that were taken in after the backup, which are nowhere to be had.
    pub lost: Vec<String>,
    /// Destructions that came after the backup and were carried out again before the home could be opened.
    pub destroyed: u64,
    /// What verification found in the end, such as a key that was not at hand. No damage to what is stored.
    pub findings: Vec<crate::Finding>,
}

/// Brings a backup back into a folder that is empty or not there yet.
///
/// `newer` is a home, or a folder with its `journal/`, that went on from the backup: its journal is taken over whole, so
/// that holds, releases and tombstones since then stand before anybody can open the home, payloads that were erased
/// stay so, and what was destroyed is destroyed again. Files of later batches come from there too, where they are.
/// Without it nobody can know what has happened since, and the journal says that. `connect` is used for an archive of objects alone.
///
/// The folder is no home before everything in it has been verified. Where anything goes wrong, it is left empty.
///
/// # Errors
/// [`crate::ErrorKind::Corrupt`] when anything is not what manifest and journal say, [`crate::ErrorKind::Refused`] for a
/// folder that is not empty and a newer journal that is not; when something cannot be read or written.
pub fn restore(
    backup: &Path,
    newer: Option<&Path>,
    to: &Path,
    connect: Arc<Connect>,
    stamp: Stamp<'_>,
) -> Result<Restored> {
    let (manifest, digest) = manifest(backup)?;
    let newer = newer.map(|root| continued(root, &manifest)).transpose()?;
    let root = empty_folder(to)?;
    or_nothing(&root, || {
        fill(backup, (&manifest, digest), newer.as_deref(), &root, connect, stamp)
    })
}

/// Makes a home of an empty folder.
fn fill(
    backup: &Path,
    (manifest, digest): (&Manifest, Digest),
    newer: Option<&Path>,
    root: &Path,
    connect: Arc<Connect>,
    stamp: Stamp<'_>,
) -> Result<Restored> {
    for folder in FOLDERS {
        create_dirs(root, Path::new(folder))?;
    }
    gate::owner_only(&root.join("keys"))?;
    lay_out(backup, manifest, newer.is_some(), root)?;
    let description_path = backup.join(DESCRIPTION);
    let description = read_if_there(&description_path)?.unwrap_or_default();
    let connected = |home: Home| {
        home.connect(connect.clone());
        home
    };
    let home = connected(Home::at(
        root.to_owned(),
        read_description(&description, &description_path)?,
    ));
    if home.journal().tree_head()?.root != manifest.root {
        return Err(StoreError::corrupt("the journal is not that of the manifest", backup));
    }
    let replayed = match newer {
        None => Default::default(),
        Some(newer) => home.replay_from(newer, manifest.entries)?,
    };
    let payload = json!({
        "backup": digest,
        "backup_entries": manifest.entries,
        "begun": manifest.begun,
        "newer_journal": newer.is_some(),
        "lost": replayed.lost,
    });
    let entry = home
        .journal()
        .append(EntryKind::Restored, Some(Payload::Json(&payload)), stamp)?;
    let findings = home.verify(|_, _| {})?.findings;
    let is_key = |path: &Path| path.starts_with("keys");
    if let Some(bad) = findings.iter().find(|it| it.kind.is_damage() && !is_key(&it.path)) {
        let message = format!("what was restored does not hold: {}", bad.kind.as_str());
        return Err(StoreError::corrupt(message, &root.join(&bad.path)));
    }
    gate::replace_state(root, HOME_FILE, &description)?;
    Ok(Restored {
        home: connected(Home::open(root)?),
        backup_entries: manifest.entries,
        entry,
        lost: replayed.lost,
        destroyed: replayed.destroyed,
        findings,
    })
}

impl Home {
    /// Puts on record that this journal lacks entries which nobody has any more: as after a restore without the newer journal,
    /// nothing is destroyed until two people have attested.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn journal_was_lost(&self, stamp: Stamp<'_>) -> Result<Entry> {
        let payload = json!({"newer_journal": false});
        self.journal()
            .append(EntryKind::Restored, Some(Payload::Json(&payload)), stamp)
    }
}

/// The id of the home that a backup is of.
///
/// # Errors
/// [`crate::ErrorKind::NotFound`] where there is no backup, [`crate::ErrorKind::Corrupt`] for a manifest that cannot be read.
pub fn backed_up_home(backup: &Path) -> Result<String> {
    Ok(manifest(backup)?.0.home)
}

/// The manifest of a backup, and its digest.
fn manifest(backup: &Path) -> Result<(Manifest, Digest)> {
    let path = backup.join(MANIFEST);
    let none = || {
        StoreError::new(
            crate::ErrorKind::NotFound,
            "no backup here, or one that was not completed",
        )
        .at(backup)
    };
    let text = read_if_there(&path)?.ok_or_else(none)?;
    let damaged = || StoreError::corrupt("the manifest of the backup cannot be read", &path);
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|cause| damaged().because(cause))?;
    let plain = |path: &Path| {
        path.components()
            .all(|part| matches!(part, std::path::Component::Normal(_)))
    };
    if manifest.schema != SCHEMA || !manifest.files.iter().all(|file| plain(&file.path)) {
        return Err(damaged());
    }
    Ok((manifest, Digest::of(&text)))
}

/// A home or a journal that went on from the backup.
fn continued(root: &Path, manifest: &Manifest) -> Result<PathBuf> {
    let refuse = |why: &str| Err(StoreError::refused(why).at(root));
    if !root.join(journal::FILE).is_file() {
        return refuse("there is no journal/log.ndjson in it");
    }
    let journal = Journal::new(root);
    let last = journal.last_seq()?;
    if last < manifest.entries {
        return refuse("this journal is older than the backup");
    }
    let tree = journal.tree(None)?;
    match tree.head_of_first(manifest.entries) {
        Some(head) if head.root == manifest.root => Ok(root.to_owned()),
        _ => refuse("this journal did not go on from the backup"),
    }
}

/// Copies everything but the home's description, each file as the manifest has it. Payloads are left to a newer journal, where there
/// is one: it knows which have been erased.
fn lay_out(backup: &Path, manifest: &Manifest, newer: bool, root: &Path) -> Result<()> {
    let mut copied = Vec::new();
    for file in &manifest.files {
        if file.path == Path::new(DESCRIPTION) || (newer && file.path.starts_with(payload::FOLDER)) {
            continue;
        }
        let found = copy(backup, &file.path, root).map_err(|error| match is_missing(&error) {
            true => StoreError::corrupt("a file of the backup is missing", &backup.join(&file.path)),
            false => error,
        })?;
        if found != *file {
            return Err(StoreError::corrupt(
                "a file of the backup is not the one in its manifest",
                &backup.join(&file.path),
            ));
        }
        copied.push(root.join(&file.path));
    }
    sync_files(&copied)
}

/// Copies the files of a folder that are not there yet, from a home that may not have the folder.
pub(super) fn add_missing(from: &Path, folder: &Path, root: &Path) -> Result<()> {
    let mut copied = Vec::new();
    for path in list(from, folder)? {
        if !root.join(&path).exists() {
            copy(from, &path, root)?;
            copied.push(root.join(&path));
        }
    }
    sync_files(&copied)
}
