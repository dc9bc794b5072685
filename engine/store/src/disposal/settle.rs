//! Files change places; and what a process that died left undone is finished, or taken back.

use std::collections::BTreeSet;
use std::path::Path;

use super::replaced::outcome;
use super::{Journalled, Replaced, STAGED, staged_name};
use crate::files::sync_dir;
use crate::{Entry, EntryKind, ErrorKind, Faults, Home, Result, Stamp, Step, StoreError};
use crate::{batch, gate};

impl Home {
    /// Puts the rewritten segment into place and removes the old one. The caller holds the journal's lock.
    pub(super) fn swap_segment(&self, intent: &Journalled, faults: &Faults) -> Result<()> {
        let replaced = intent.segment();
        self.put_in_place(0, replaced)?;
        faults.reach(Step::SegmentPlaced);
        gate::destroy(self.root(), intent, &replaced.old)
    }

    /// Makes that last, which nobody has to wait for: should the old segment come back with the power, the intent is finished or
    /// recalled as if it had never gone.
    pub(super) fn sync_segment(&self, intent: &Journalled) -> Result<()> {
        sync_dir(&self.root().join(folder(intent.segment())))
    }

    /// Both, for an intent of a newer journal, as far as the new files are there. The old ones go in any case.
    pub(crate) fn swap_again(&self, intent: &Journalled) -> Result<()> {
        for (number, replaced) in intent.intent().files.iter().enumerate() {
            if self.root().join(staged_name(number)).exists() {
                self.put_in_place(number, replaced)?;
            }
            gate::destroy_again(self.root(), intent, &replaced.old)?;
            // Of what came and went since the backup nobody has a file, nor a folder for it.
            let folder = self.root().join(folder(replaced));
            if folder.exists() {
                sync_dir(&folder)?;
            }
        }
        gate::discard_staged(self.root(), Path::new(STAGED))
    }

    /// The same for evaluation files; no lock is needed, since the intent can no longer be recalled.
    pub(super) fn swap_tables(&self, intent: &Journalled, faults: &Faults) -> Result<()> {
        let folders: BTreeSet<&Path> = intent.tables().iter().map(folder).collect();
        let sync = || {
            folders
                .iter()
                .try_for_each(|folder| sync_dir(&self.root().join(folder)))
        };
        for (number, replaced) in (1..).zip(intent.tables()) {
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

    /// Moves the new file where it belongs, where it lasts before anything is removed. What it holds was checked when
    /// it was written, or by [`Self::is_ready`].
    fn put_in_place(&self, number: usize, replaced: &Replaced) -> Result<()> {
        match self.publish(number, replaced)? {
            true => sync_dir(&self.root().join(folder(replaced))),
            false => Ok(()),
        }
    }

    /// Moves the new file where it belongs, unless it is there or there is none, and says whether it did.
    fn publish(&self, number: usize, replaced: &Replaced) -> Result<bool> {
        let Some(new) = &replaced.new else { return Ok(false) };
        let place = Path::new(&new.path);
        if self.root().join(place).exists() {
            return Ok(false);
        }
        gate::publish(self.root(), &staged_name(number), place)
    }

    /// Finishes an intent that its process did not live to carry out, or recalls it; discards what no intent names.
    ///
    /// Recalled is an intent whose old segment is still in place, if anything has come since that could matter, or if
    /// what should take its place is not sound.
    pub(crate) fn settle(&self, stamp: Stamp<'_>) -> Result<Option<Entry>> {
        let mut settled = None;
        if let Some(intent) = self.open_intent()? {
            let destroyed = self.finish_or_recall(&intent)?;
            if destroyed {
                self.swap_tables(&intent, &Faults::default())?;
            }
            settled = Some(self.conclude(intent.seq, destroyed, stamp)?);
        }
        gate::discard_staged(self.root(), Path::new(STAGED))?;
        Ok(settled)
    }

    /// Whether the bodies of an intent are gone now. Decided under the journal's lock, as in the first place.
    fn finish_or_recall(&self, intent: &Journalled) -> Result<bool> {
        let ready = self.is_ready(intent)?;
        let _held = self.journal().held()?;
        if !self.root().join(&intent.segment().old.path).exists() {
            if ready {
                return Ok(true);
            }
            let message = "messages have been destroyed, and what should be left of their files is missing or damaged";
            return Err(StoreError::corrupt(message, &self.root().join(STAGED)));
        }
        if ready && self.unsettling(intent.seq)?.is_none() {
            self.swap_segment(intent, &Faults::default())?;
            self.sync_segment(intent)?;
            return Ok(true);
        }
        gate::withdraw(self.root(), intent)?;
        Ok(false)
    }

    /// Whether every new file is there, byte for byte.
    fn is_ready(&self, intent: &Journalled) -> Result<bool> {
        for (number, Replaced { new, .. }) in intent.intent().files.iter().enumerate() {
            let Some(new) = new else { continue };
            let in_place = Path::new(&new.path).to_owned();
            let at = if self.root().join(&in_place).exists() {
                in_place
            } else {
                staged_name(number)
            };
            match batch::check(self.root(), &at, new) {
                Ok(()) => {}
                Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotFound) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// The intent whose outcome is not on record. There is one at most: nothing is staged before the last is settled.
    pub(super) fn open_intent(&self) -> Result<Option<Journalled>> {
        let mut open: Option<Entry> = None;
        for entry in self.journal().entries(1)? {
            let entry = entry?;
            match entry.kind {
                EntryKind::DisposalIntent => open = Some(entry),
                EntryKind::DisposalDone => {
                    let settled = outcome(self.journal(), &entry)?.intent;
                    open = open.filter(|open| open.seq != settled);
                }
                _ => {}
            }
        }
        open.map(|entry| Journalled::read(self.journal(), &entry)).transpose()
    }
}

fn folder(replaced: &Replaced) -> &Path {
    Path::new(&replaced.old.path).parent().unwrap_or(Path::new(""))
}
