//! What a newer journal says has happened since a backup, done again to its files.

use std::collections::BTreeSet;
use std::path::Path;

use super::{WHOLE, copy, copy_as, is_missing};
use crate::batch::{STAGED_RUNS, check, staged_name};
use crate::disposal::{Journalled, Outcome};
use crate::files::sync_files;
use crate::journal::payload;
use crate::{BatchRecord, Entry, EntryKind, Home, Journal, Result, StoreError, StoredFile, gate};

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    /// Files that the journal names and nobody has.
    pub(super) lost: Vec<String>,
    /// Destructions carried out again.
    pub(super) destroyed: u64,
}

impl Home {
    /// Takes over the entries of a newer journal behind the first so many, and does to the files what they say.
    pub(super) fn replay_from(&self, newer: &Path, entries: u64) -> Result<Replayed> {
        let mut replayed = Replayed::default();
        let journal = Journal::new(newer);
        for entry in journal.entries(1)? {
            self.take_payload(newer, &entry?)?;
        }
        for folder in WHOLE {
            super::restore::add_missing(newer, Path::new(folder), self.root())?;
        }
        let mut stayed = Vec::new();
        let held = self.journal().held()?;
        let mut lines = journal.entries(entries + 1)?;
        while let Some((entry, text)) = lines.next_line()? {
            match entry.kind {
                ref kind if kind.names_files() => self.take_files(newer, &entry)?,
                EntryKind::DisposalDone => {
                    let outcome: Option<Outcome> = self.journal().payload_json(&entry)?;
                    if let Some(Outcome {
                        intent,
                        destroyed: true,
                    }) = outcome
                    {
                        stayed.extend(self.destroy_again(newer, intent)?);
                        replayed.destroyed += 1;
                    }
                }
                _ => {}
            }
            held.adopt(&text)?;
        }
        held.sync()?;
        self.destroy_rest(&stayed)?;
        replayed.lost = self.missing()?;
        Ok(replayed)
    }

    /// A payload, unless it has been erased there.
    fn take_payload(&self, newer: &Path, entry: &Entry) -> Result<()> {
        let Some(digest) = &entry.payload else { return Ok(()) };
        match copy(newer, &payload::path(digest), self.root()) {
            Err(error) if is_missing(&error) => Ok(()),
            copied => sync_files(&[self.root().join(copied?.path)]),
        }
    }

    /// The files of a later batch, as far as they are there.
    fn take_files(&self, newer: &Path, entry: &Entry) -> Result<()> {
        let Some(record) = self.journal().payload_json::<BatchRecord>(entry)? else {
            return Ok(());
        };
        let folder = Path::new(STAGED_RUNS).join(&record.run).join(record.batch.to_string());
        for (number, file) in record.files.iter().enumerate() {
            if !self.take(newer, Path::new(&file.path), file)? {
                self.take(newer, &staged_name(&folder, number), file)?;
            }
        }
        Ok(())
    }

    /// A file, where it is there and the one that is meant.
    fn take(&self, newer: &Path, from: &Path, file: &StoredFile) -> Result<bool> {
        let to = Path::new(&file.path);
        if self.places().exists(to)? {
            return Ok(true);
        }
        if !newer.join(from).exists() || check(newer, from, file).is_err() {
            return Ok(false);
        }
        if let Some(remote) = self.places().remote_of(to)? {
            remote
                .put_new(&file.path, &newer.join(from))
                .map_err(self.places().failed(to))?;
            return Ok(true);
        }
        copy_as(&newer.join(from), to, self.root())?;
        sync_files(&[self.root().join(to)])?;
        Ok(true)
    }

    /// Destroys what an intent destroyed: with the files that stand in the place of the old ones there, else by writing
    /// these again, as was done then. Hands over the old files that stay, since neither can be had.
    fn destroy_again(&self, newer: &Path, seq: u64) -> Result<Vec<(Journalled, StoredFile)>> {
        let Some(journalled) = Journalled::carried_out(self.journal(), seq)? else {
            return Ok(Vec::new());
        };
        for file in journalled.intent().files.iter().filter_map(|file| file.new.as_ref()) {
            self.take(newer, Path::new(&file.path), file)?;
        }
        let staged = self.rewrite_again(&journalled)?;
        let stay = self.swap_again(&journalled, &staged)?;
        Ok(stay.into_iter().map(|old| (journalled.clone(), old.clone())).collect())
    }

    /// Destroys old files that stayed, where what has taken their place in the end is there.
    ///
    /// What stood there for a while only, before it was replaced in its turn, is nobody's any more.
    fn destroy_rest(&self, stayed: &[(Journalled, StoredFile)]) -> Result<()> {
        let replacements = self.replacements(1)?;
        for (intent, old) in stayed {
            let (places, path) = (self.places(), Path::new(&old.path));
            let last = replacements.current(intent.seq - 1, old.clone());
            let is_left = last.map_or(Ok(true), |last| places.exists(Path::new(&last.path)))?;
            if !is_left && places.exists(path)? {
                let message = "what a destruction left of this file cannot be had, nor written again as it was";
                return Err(StoreError::corrupt(message, &places.shown(path)));
            }
            gate::destroy_again(places, intent, old)?;
        }
        Ok(())
    }

    /// The files that batches name and that are not there. An entry whose evaluation is not whole has none.
    fn missing(&self) -> Result<Vec<String>> {
        let mut missing = BTreeSet::new();
        for batch in self.batches(1)? {
            let (_, record) = batch?;
            let folder = Path::new(STAGED_RUNS).join(&record.run).join(record.batch.to_string());
            let mut gone = BTreeSet::new();
            for (number, file) in record.files.iter().enumerate() {
                // An object may wait to be put in its place.
                let waits = self.root().join(staged_name(&folder, number)).exists();
                if !waits && !self.places().exists(Path::new(&file.path))? {
                    gone.insert(&file.path);
                }
            }
            let torn = record
                .files
                .iter()
                .any(|file| !file.is_segment() && gone.contains(&file.path));
            let lost = record
                .files
                .iter()
                .filter(|file| gone.contains(&file.path) || (torn && !file.is_segment()));
            missing.extend(lost.map(|file| file.path.clone()));
        }
        Ok(missing.into_iter().collect())
    }
}
