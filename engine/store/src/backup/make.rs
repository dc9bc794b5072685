//! Making a backup: the journal first decides what belongs to it, then the files it names are copied.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use lexhold_model::Digest;
use serde_json::json;

use super::{
    CopiedFile, DESCRIPTION, MANIFEST, Manifest, SCHEMA, WHOLE, copy, copy_as, create, empty_folder, is_missing,
    or_nothing,
};
use crate::batch::{STAGED_RUNS, staged_name};
use crate::files::{cannot, create_dirs, list, open, sync_dir, sync_files};
use crate::home::HOME_FILE;
use crate::journal::{self, payload};
use crate::{EntryKind, Home, Payload, Result, Stamp, StoreError, gate};

/// How often the files of a home may change under a backup before others are kept from changing more.
const UNHINDERED: usize = 4;

/// How often they may still change then: evaluation files of one destruction follow its segments, whoever holds the journal's lock.
const HINDERED: usize = 20;

/// How long it takes for one to follow.
const PAUSE: Duration = Duration::from_millis(10);

/// What was backed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// The digest of its manifest, by which the journal knows it.
    pub manifest: Digest,
    /// The entries of its journal.
    pub entries: u64,
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A copy under way.
struct Copying<'a> {
    home: &'a Home,
    out: PathBuf,
    /// Copied so far of what may still be replaced in the home.
    named: BTreeMap<PathBuf, CopiedFile>,
    /// Copied for good.
    files: Vec<CopiedFile>,
}

impl Home {
    /// Copies the home into a folder that is empty or not there yet, and journals that it was done. Takes no lock for
    /// long: whoever works with the home meanwhile goes on.
    ///
    /// That it is about to be made is journalled first, so that a copy which a kill leaves half done is known of. What is destroyed while
    /// the copy is made is not in it. `expires` says when it is to be gone itself, for whoever asks
    /// later where copies of destroyed messages are.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Refused`] for a folder with anything in it, and for one in the home itself; when something cannot be
    /// read or written. The folder is left empty then.
    pub fn back_up(&self, out: &Path, expires: Option<Timestamp>, stamp: Stamp<'_>) -> Result<BackedUp> {
        if is_within(out, self.root()) {
            return Err(StoreError::refused("a backup does not lie in the home that it is of").at(out));
        }
        let out = empty_folder(out)?;
        // Said first: whatever a kill leaves of the copy has bodies that somebody may have to look for.
        let expires = expires.map(|expires| expires.to_string());
        let intent = json!({ "expires": expires });
        let begun = self
            .journal()
            .append(EntryKind::BackupBegun, Some(Payload::Json(&intent)), stamp)?
            .seq;
        let made = or_nothing(&out, || self.copy_into(&out, begun, expires, stamp));
        if made.is_err() && crate::files::children(&out)?.is_empty() {
            let gone =
                json!({"copy": format!("backup-{begun}"), "reason": "it could not be made, and its folder is empty"});
            // The first error is the one to tell; what cannot be said now somebody says by hand.
            let _ = self
                .journal()
                .append(EntryKind::CopyGone, Some(Payload::Json(&gone)), stamp);
        }
        made
    }

    fn copy_into(&self, out: &Path, begun: u64, expires: Option<String>, stamp: Stamp<'_>) -> Result<BackedUp> {
        let mut copying = Copying {
            home: self,
            out: out.to_owned(),
            named: BTreeMap::new(),
            files: Vec::new(),
        };
        let entries = copying.named_files()?;
        copying.journal(entries)?;
        for folder in WHOLE {
            for path in list(self.root(), Path::new(folder))? {
                copying.add(&path)?;
            }
        }
        let description = copy_as(&self.root().join(HOME_FILE), Path::new(DESCRIPTION), &copying.out)?;
        copying.files.push(description);
        let backed_up = copying.manifest(entries, begun, stamp)?;
        let payload = json!({
            "backup": backed_up.manifest,
            "begun": begun,
            "entries": backed_up.entries,
            "files": backed_up.files,
            "bytes": backed_up.bytes,
            "expires": expires,
        });
        self.journal()
            .append(EntryKind::BackupMade, Some(Payload::Json(&payload)), stamp)?;
        Ok(backed_up)
    }
}

/// Whether a path, which may not be there yet, lies in a folder.
fn is_within(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = absolute.ancestors().find_map(real);
    there
        .zip(real(folder))
        .is_some_and(|(path, folder)| path.starts_with(folder))
}

impl Copying<'_> {
    /// Copies what batches name, until nothing that was copied has been replaced meanwhile. Answers up to which entry
    /// that is all.
    ///
    /// Whoever destroys one segment after the other could change something under every attempt. By then nearly all is copied, and the
    /// journal's lock, without which no segment goes, is held for what is left.
    fn named_files(&mut self) -> Result<u64> {
        for _ in 0..UNHINDERED {
            if let Some(entries) = self.attempt()? {
                return Ok(entries);
            }
        }
        let _held = self.home.journal().held()?;
        for _ in 0..HINDERED {
            if let Some(entries) = self.attempt()? {
                return Ok(entries);
            }
            std::thread::sleep(PAUSE);
        }
        Err(StoreError::busy("files of the home are missing, or change without end", None).at(self.home.root()))
    }

    /// Copies what is not copied yet. Answers up to which entry that is all, unless something of it has been replaced meanwhile.
    fn attempt(&mut self) -> Result<Option<u64>> {
        let entries = self.home.journal().last_seq()?;
        let wanted = self.wanted(entries)?;
        self.discard_replaced(&wanted)?;
        if !self.copy_missing(&wanted)? {
            return Ok(None);
        }
        let now = self.wanted(entries)?;
        let stands = self.named.keys().all(|path| now.contains_key(path));
        Ok(stands.then_some(entries))
    }

    /// The files that entries up to a number name, as they stand now: where each belongs, and where it may wait.
    fn wanted(&self, entries: u64) -> Result<BTreeMap<PathBuf, (Digest, PathBuf)>> {
        let mut wanted = BTreeMap::new();
        for batch in self.home.batches(1)? {
            let (entry, record) = batch?;
            if entry.seq > entries {
                break;
            }
            let folder = Path::new(STAGED_RUNS).join(&record.run).join(record.batch.to_string());
            for (number, file) in record.files.into_iter().enumerate() {
                let staged = staged_name(&folder, number);
                // Objects stay where they are, but for one that has not been put there yet.
                let place = match self.home.places().is_object(Path::new(&file.path)) {
                    true if !self.home.root().join(&staged).exists() => continue,
                    true => staged.clone(),
                    false => file.path.into(),
                };
                wanted.insert(place, (file.sha256, staged));
            }
        }
        Ok(wanted)
    }

    /// Copies what is not there yet; false when a file was gone before it could be copied.
    fn copy_missing(&mut self, wanted: &BTreeMap<PathBuf, (Digest, PathBuf)>) -> Result<bool> {
        for (path, (sha256, staged)) in wanted {
            if self.named.contains_key(path) {
                continue;
            }
            let (root, out) = (self.home.root(), &self.out);
            let copied = match copy(root, path, out) {
                // Journalled, and not yet moved into place.
                Err(error) if is_missing(&error) => copy_as(&root.join(staged), path, out),
                copied => copied,
            };
            match copied {
                Err(error) if is_missing(&error) => return Ok(false),
                Err(error) => return Err(error),
                Ok(copied) if copied.sha256 != *sha256 => {
                    let message = "a file of the home is not the one that was journalled; lexhold verify says more";
                    return Err(StoreError::corrupt(message, &root.join(path)));
                }
                Ok(copied) => self.named.insert(path.clone(), copied),
            };
        }
        Ok(true)
    }

    /// Removes copies of files in the place of which others stand now: what they had more has been destroyed.
    fn discard_replaced(&mut self, wanted: &BTreeMap<PathBuf, (Digest, PathBuf)>) -> Result<()> {
        let gone: Vec<PathBuf> = self
            .named
            .keys()
            .filter(|path| !wanted.contains_key(*path))
            .cloned()
            .collect();
        for path in gone {
            gate::discard_copy(&self.out, &path)?;
            self.named.remove(&path);
        }
        Ok(())
    }

    /// The first lines of the journal, and their payloads.
    fn journal(&mut self, entries: u64) -> Result<()> {
        let (source, relative) = (self.home.root().join(journal::FILE), Path::new(journal::FILE));
        create_dirs(&self.out, Path::new(payload::FOLDER))?;
        let (target, mut file) = create(relative, &self.out)?;
        let mut lines = BufReader::new(open(&source)?);
        let mut text = Vec::new();
        for _ in 0..entries {
            text.clear();
            lines.read_until(b'\n', &mut text).map_err(cannot("read", &source))?;
            file.write_all(&text).map_err(cannot("write", &target))?;
        }
        let (sha256, bytes) = crate::files::digest(&target)?;
        self.files.push(CopiedFile {
            path: relative.to_owned(),
            bytes,
            sha256,
        });
        for entry in self.home.journal().entries(1)? {
            let entry = entry?;
            if entry.seq > entries {
                break;
            }
            if let Some(digest) = entry.payload {
                self.add(&payload::path(&digest))?;
            }
        }
        Ok(())
    }

    /// A file, unless it is gone: a payload that was erased, a key that another has followed.
    fn add(&mut self, path: &Path) -> Result<()> {
        match copy(self.home.root(), path, &self.out) {
            Err(error) if is_missing(&error) => Ok(()),
            copied => {
                self.files.push(copied?);
                Ok(())
            }
        }
    }

    /// What makes it a backup: the list of all that is in it, once that lasts.
    fn manifest(mut self, entries: u64, begun: u64, stamp: Stamp<'_>) -> Result<BackedUp> {
        self.files.extend(std::mem::take(&mut self.named).into_values());
        self.files.sort_by(|one, other| one.path.cmp(&other.path));
        let paths: Vec<_> = self.files.iter().map(|file| self.out.join(&file.path)).collect();
        sync_files(&paths)?;
        let (n_files, bytes) = (self.files.len() as u64, self.files.iter().map(|file| file.bytes).sum());
        let head = self.home.journal().tree(Some(entries))?.head();
        let manifest = Manifest {
            schema: SCHEMA.to_owned(),
            home: self.home.id().to_owned(),
            made_at: stamp.at,
            entries,
            begun: Some(begun),
            root: head.root,
            files: self.files,
        };
        let text = format!("{:#}\n", json!(manifest));
        crate::files::write_new(&self.out.join(MANIFEST), text.as_bytes(), true)?;
        sync_dir(&self.out)?;
        Ok(BackedUp {
            manifest: Digest::of(text.as_bytes()),
            entries,
            files: n_files,
            bytes,
        })
    }
}
