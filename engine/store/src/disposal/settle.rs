//! Files change places; and what a process that died left undone is finished, or taken back.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use lexhold_model::Key;
use serde_json::json;

use super::replaced::outcome;
use super::{Journalled, Replaced, STAGED, staged_name};
use crate::files::{read_if_there, sync_dir, sync_files, write_new};
use crate::gate;
use crate::gate::Doomed;
use crate::home::STAGING;
use crate::{Entry, EntryKind, ErrorKind, Faults, Home, Result, Stamp, Step, StoreError, StoredFile};

/// The list of objects that were put in place and are named by no intent yet.
const PUT: &str = "staging/objects.json";

/// What became of an intent that was cut short.
enum Fate {
    /// All of it is gone.
    Gone,
    /// None of it is.
    Recalled,
    /// Some of its segments are, the others stay.
    InPart,
}

impl Home {
    /// Puts the rewritten segments into place and removes the old ones. The caller holds the journal's lock.
    ///
    /// What is left of a segment lasts under its name in the archive before the old one goes: no file system has to keep a move
    /// and a removal in order when the power fails.
    pub(super) fn swap_segments(&self, intent: &Journalled, doomed: Option<&Doomed>, faults: &Faults) -> Result<()> {
        if let Some(doomed) = doomed {
            faults.reach(Step::SegmentPlaced);
            gate::destroy_objects(self.places(), intent, doomed)?;
            faults.reach(Step::SegmentGone);
            return Ok(());
        }
        for (number, replaced) in intent.segments().iter().enumerate() {
            self.publish(number, replaced)?;
        }
        self.sync_segments(intent)?;
        faults.reach(Step::SegmentPlaced);
        for replaced in intent.segments() {
            gate::destroy(self.root(), intent, &replaced.old)?;
            faults.reach(Step::SegmentGone);
        }
        Ok(())
    }

    /// Puts what is to take the place of segments beside them, and finds what is to go, where they are objects. That takes its time,
    /// and so comes before anybody has to wait for the end; what was put is on a list until an intent names it.
    pub(super) fn put_objects(&self, segments: &[Replaced]) -> Result<Option<Doomed>> {
        if self.object_archive().is_none() {
            return Ok(None);
        }
        self.places().require_archive()?;
        let new = segments.iter().filter_map(|file| file.new.as_ref());
        let list = json!(new.map(|new| &new.path).collect::<Vec<_>>());
        gate::discard_staged(self.root(), Path::new(PUT))?;
        write_new(&self.root().join(PUT), list.to_string().as_bytes(), false)?;
        sync_dir(&self.root().join(STAGING))?;
        for (number, file) in segments.iter().enumerate() {
            self.publish(number, file)?;
            if let Some(new) = &file.new {
                let held = self.places().is_under_legal_hold(Path::new(&file.old.path))?;
                self.places().set_legal_hold(Path::new(&new.path), held)?;
            }
        }
        gate::doomed(self.places(), segments).map(Some)
    }

    /// Takes back objects that were put in place for an intent which never came to stand.
    pub(super) fn withdraw_objects(&self) -> Result<()> {
        let Some(list) = read_if_there(&self.root().join(PUT))? else {
            return Ok(());
        };
        // A list that was cut short stands for nothing that was put.
        let put: Vec<PathBuf> = serde_json::from_slice(&list).unwrap_or_default();
        let mut named = BTreeSet::new();
        for batch in self.batches(1)? {
            named.extend(batch?.1.files.into_iter().map(|file| PathBuf::from(file.path)));
        }
        gate::withdraw_objects(self.places(), &put, &named)?;
        gate::discard_staged(self.root(), Path::new(PUT))
    }

    /// Makes that last, which nobody has to wait for: should an old segment come back with the power, the intent is finished or
    /// recalled as if it had never gone.
    pub(super) fn sync_segments(&self, intent: &Journalled) -> Result<()> {
        if self.object_archive().is_some() {
            return Ok(());
        }
        let folders: BTreeSet<PathBuf> = intent
            .segments()
            .iter()
            .map(|file| self.root().join(folder(file)))
            .collect();
        sync_files(&folders.into_iter().collect::<Vec<_>>())
    }

    /// Looks for the old segments again, each version of their objects. In a folder the removal itself says that it is done.
    pub(super) fn confirm_gone(&self, intent: &Journalled) -> Result<()> {
        for file in intent.segments() {
            if self.object_archive().is_some() && self.is_there(file)? {
                let message = "the store says that an object was deleted, and still has it; the next run looks again";
                return Err(StoreError::new(ErrorKind::Io, message).at(&self.places().shown(Path::new(&file.old.path))));
            }
        }
        Ok(())
    }

    /// Both, for an intent of a newer journal, with new files that wait where these say, if they are not in place. Hands over the
    /// old files that stay for the moment, since what should be left of them is not there.
    pub(crate) fn swap_again<'i>(
        &self,
        intent: &'i Journalled,
        staged: &[Option<PathBuf>],
    ) -> Result<Vec<&'i StoredFile>> {
        let mut stay = Vec::new();
        for (replaced, staged) in intent.intent().files.iter().zip(staged) {
            let folder = self.root().join(folder(replaced));
            let place = replaced.new.as_ref().map(|new| Path::new(&new.path));
            let is_there = || place.map_or(Ok(true), |place| self.places().exists(place));
            if let (Some(place), Some(staged), false) = (place, staged, is_there()?) {
                gate::publish_file(self.places(), staged, place)?;
                if folder.exists() {
                    sync_dir(&folder)?;
                }
            }
            match is_there()? {
                true => gate::destroy_again(self.places(), intent, &replaced.old)?,
                false => stay.push(&replaced.old),
            }
            // Of what came and went since the backup nobody has a file, nor a folder for it.
            if folder.exists() {
                sync_dir(&folder)?;
            }
        }
        gate::discard_staged(self.root(), Path::new(STAGED))?;
        Ok(stay)
    }

    /// The same for evaluation files; no lock is needed, since the intent can no longer be recalled.
    pub(super) fn swap_tables(&self, intent: &Journalled, faults: &Faults) -> Result<()> {
        let folders: BTreeSet<&Path> = intent.tables().iter().map(folder).collect();
        let sync = || {
            folders
                .iter()
                .try_for_each(|folder| sync_dir(&self.root().join(folder)))
        };
        for (number, replaced) in (intent.segments().len()..).zip(intent.tables()) {
            self.publish(number, replaced)?;
        }
        // What takes their place lasts before any of them goes.
        sync()?;
        for replaced in intent.tables() {
            gate::destroy(self.root(), intent, &replaced.old)?;
            faults.reach(Step::HalfSwapped);
        }
        sync()
    }

    /// Moves the new file where it belongs, unless it is there or there is none, and says whether it did. What it holds was
    /// checked when it was written, or by [`Self::is_ready`].
    fn publish(&self, number: usize, replaced: &Replaced) -> Result<bool> {
        let Some(new) = &replaced.new else { return Ok(false) };
        let place = Path::new(&new.path);
        if self.places().exists(place)? {
            return Ok(false);
        }
        gate::publish_file(self.places(), &staged_name(number), place)
    }

    /// Finishes an intent that its process did not live to carry out, or recalls it; discards what no intent names.
    ///
    /// Recalled are segments whose old file is still in place, if anything has come since that could matter, or if what
    /// should take their place is not sound.
    pub(crate) fn settle(&self, stamp: Stamp<'_>) -> Result<Option<Entry>> {
        let mut settled = None;
        if let Some(intent) = self.open_intent()? {
            let carried_out = match self.finish_or_recall(&intent)? {
                Fate::Recalled => None,
                Fate::Gone => Some(intent.clone()),
                Fate::InPart => Some(self.amend(&intent, stamp)?),
            };
            if let Some(carried_out) = &carried_out {
                self.swap_tables(carried_out, &Faults::default())?;
            }
            settled = Some(self.conclude(intent.seq, carried_out.is_some(), stamp)?);
        }
        self.withdraw_objects()?;
        gate::discard_staged(self.root(), Path::new(STAGED))?;
        Ok(settled)
    }

    /// Whether the bodies of an intent are gone now. Decided under the journal's lock, as in the first place.
    fn finish_or_recall(&self, intent: &Journalled) -> Result<Fate> {
        let ready = self.is_ready(&intent.intent().files)?;
        let doomed = match ready {
            true => self.put_objects(intent.segments())?,
            false => None,
        };
        let _held = self.journal().held()?;
        let mut there = 0;
        for file in intent.segments() {
            there += usize::from(self.is_there(file)?);
        }
        if there > 0 && ready && self.unsettling(intent.seq)?.is_none() {
            self.swap_segments(intent, doomed.as_ref(), &Faults::default())?;
            self.sync_segments(intent)?;
            self.confirm_gone(intent)?;
            return Ok(Fate::Gone);
        }
        // None of them goes before all that is left of them lies in the archive.
        let mut placed = true;
        for new in intent.segments().iter().filter_map(|file| file.new.as_ref()) {
            placed &= self.places().exists(Path::new(&new.path))?;
        }
        match there {
            0 if ready && placed => Ok(Fate::Gone),
            0 => Err(self.nothing_left()),
            _ if there == intent.segments().len() => {
                let mut segments = intent.segments().iter();
                segments.try_for_each(|file| gate::withdraw(self.places(), intent, file))?;
                Ok(Fate::Recalled)
            }
            _ => Ok(Fate::InPart),
        }
    }

    /// Puts on record what is left of an intent of which some segments are gone and the others recalled, with evaluation files that
    /// lack no messages but those that are gone. Until that entry stands the old evaluation files do.
    fn amend(&self, intent: &Journalled, stamp: Stamp<'_>) -> Result<Journalled> {
        let mut keys: HashSet<Key> = intent.intent().keys.iter().copied().collect();
        let mut gone = Vec::new();
        for (number, file) in intent.segments().iter().enumerate() {
            if self.is_there(file)? {
                self.vouch(&file.old)?;
                gate::withdraw(self.places(), intent, file)?;
                let kept = self.keys_in(&file.old, file.old.key_column(), &keys)?;
                keys.retain(|key| !kept.contains(key));
            } else if self.is_sound(number, file)? {
                self.publish(number, file)?;
                gone.push(file.clone());
            } else {
                return Err(self.nothing_left());
            }
        }
        self.sync_segments(intent)?;
        let amended = self.rewrite_tables(intent, gone, keys)?;
        let payload = self.journal().write_payload(&json!(amended), stamp)?;
        let entry = self
            .journal()
            .held()?
            .append(&EntryKind::DisposalIntent, Some(payload), stamp)?;
        Journalled::appended(&entry, payload, amended)
    }

    fn is_there(&self, segment: &Replaced) -> Result<bool> {
        Ok(!self.places().is_gone(Path::new(&segment.old.path))?)
    }

    fn nothing_left(&self) -> StoreError {
        let message = "messages have been destroyed, and what should be left of their files is missing or damaged";
        StoreError::corrupt(message, &self.root().join(STAGED))
    }

    /// Whether every new file is there, byte for byte.
    fn is_ready(&self, files: &[Replaced]) -> Result<bool> {
        for (number, file) in files.iter().enumerate() {
            if !self.is_sound(number, file)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether one is, in place or in staging.
    fn is_sound(&self, number: usize, Replaced { new, .. }: &Replaced) -> Result<bool> {
        let Some(new) = new else { return Ok(true) };
        let in_place = Path::new(&new.path).to_owned();
        let at = match self.places().exists(&in_place)? {
            true => in_place,
            false => staged_name(number),
        };
        match self.places().check(&at, new) {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The intent whose outcome is not on record, as far as it was not recalled. There is one at most: nothing is staged before
    /// the last is settled, so that an intent behind one that is open is what is left of that.
    pub(super) fn open_intent(&self) -> Result<Option<Journalled>> {
        let mut open: Option<(u64, Entry)> = None;
        for entry in self.journal().entries(1)? {
            let entry = entry?;
            match entry.kind {
                EntryKind::DisposalIntent => open = Some((open.map_or(entry.seq, |(first, _)| first), entry)),
                EntryKind::DisposalDone => {
                    let settled = outcome(self.journal(), &entry)?.intent;
                    open = open.filter(|(first, _)| *first != settled);
                }
                _ => {}
            }
        }
        open.map(|(_, entry)| Journalled::read(self.journal(), &entry))
            .transpose()
    }
}

fn folder(replaced: &Replaced) -> &Path {
    Path::new(&replaced.old.path).parent().unwrap_or(Path::new(""))
}
