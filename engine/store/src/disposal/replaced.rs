//! Which files stand for those that the journal's batches name, once messages have been destroyed.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::{Journalled, Outcome, Replaced, staged_name};
use crate::places::Places;
use crate::{BatchRecord, EntryKind, Home, Journal, Result, StoredFile};

/// What has taken the place of files. Empty in a home where nothing was ever destroyed.
#[derive(Debug, Default)]
pub struct Replacements {
    /// By the path of the file that went: the intents that name it, each with what is left.
    ///
    /// A path may come again: a segment is named by its content, which may be taken in anew.
    by_path: HashMap<String, Vec<(u64, Option<StoredFile>)>>,
}

/// The part of [`EntryKind::Restored`] that names files which nobody has any more.
#[derive(Default, Deserialize)]
struct Lost {
    #[serde(default)]
    lost: Vec<String>,
}

impl Home {
    /// What has taken the place of files that entries from a sequence number on name.
    ///
    /// # Errors
    /// When the journal cannot be read, or an intent to destroy is damaged.
    pub fn replacements(&self, from_seq: u64) -> Result<Replacements> {
        let (journal, places) = (self.journal(), self.places());
        let mut intents: Vec<Journalled> = Vec::new();
        let mut replacements = Replacements::default();
        for entry in journal.entries(from_seq)? {
            let entry = entry?;
            match entry.kind {
                EntryKind::DisposalIntent => {
                    let intent = Journalled::read(journal, &entry)?;
                    intents.retain(|open| open.seq != intent.seq);
                    intents.push(intent);
                }
                EntryKind::DisposalDone => {
                    let outcome = outcome(journal, &entry)?;
                    if let Some(at) = intents.iter().position(|intent| intent.seq == outcome.intent) {
                        let intent = intents.swap_remove(at);
                        if outcome.destroyed {
                            replacements.note(&intent);
                        }
                    }
                }
                EntryKind::Restored => {
                    let Lost { lost } = journal.payload_json(&entry)?.unwrap_or_default();
                    for path in lost {
                        replacements.by_path.entry(path).or_default().push((entry.seq, None));
                    }
                }
                _ => {}
            }
        }
        for open in intents {
            // While an old segment is there nothing of it has been destroyed; once none is the rest is bound to follow.
            let is_gone = |replaced: &Replaced| places.is_gone(Path::new(&replaced.old.path)).unwrap_or(false);
            let all = open.segments().iter().all(is_gone);
            replacements.add(&open, |number, replaced| {
                let counts = all || (number < open.segments().len() && is_gone(replaced));
                counts.then(|| found(places, number, &replaced.new))
            });
        }
        Ok(replacements)
    }
}

impl Replacements {
    /// Whether nothing has taken the place of anything.
    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }

    /// Puts in a record, journalled by the entry of that number, the files that stand for it now.
    pub fn apply(&self, seq: u64, record: &mut BatchRecord) {
        if !self.by_path.is_empty() {
            let files = std::mem::take(&mut record.files);
            record.files = files.into_iter().filter_map(|file| self.current(seq, file)).collect();
        }
    }

    /// The file that stands for one that an entry of that number named; none where nothing of it is left.
    pub fn current(&self, seq: u64, file: StoredFile) -> Option<StoredFile> {
        let (mut seq, mut file) = (seq, file);
        loop {
            let later = self
                .by_path
                .get(&file.path)
                .and_then(|all| all.iter().find(|(by, _)| *by > seq));
            match later {
                None => return Some(file),
                Some((by, new)) => (seq, file) = (*by, new.clone()?),
            }
        }
    }

    /// Adds what an intent that has been carried out put in the place of files.
    pub(super) fn note(&mut self, intent: &Journalled) {
        self.add(intent, |_, replaced| Some(replaced.new.clone()));
    }

    /// Adds what stands in the place of those files of an intent for which there is an answer.
    fn add(&mut self, intent: &Journalled, place: impl Fn(usize, &Replaced) -> Option<Option<StoredFile>>) {
        for (number, replaced) in intent.intent().files.iter().enumerate() {
            let Some(new) = place(number, replaced) else { continue };
            let all = self.by_path.entry(replaced.old.path.clone()).or_default();
            all.push((intent.seq, new));
            all.sort_by_key(|(seq, _)| *seq);
        }
    }
}

/// What an entry says of an intent.
pub(super) fn outcome(journal: &Journal, entry: &crate::Entry) -> Result<Outcome> {
    journal.payload_json(entry)?.ok_or_else(|| {
        let message = format!("entry {} does not say what became of an intent to destroy", entry.seq);
        crate::StoreError::corrupt(message, Path::new(""))
    })
}

/// Where a new file is: in place, or still in staging.
fn found(places: &Places, number: usize, new: &Option<StoredFile>) -> Option<StoredFile> {
    let new = new.clone()?;
    let path = Path::new(&new.path);
    // An object was put in place before the intent came to stand.
    if places.is_object(path) || places.exists(path).unwrap_or(false) {
        return Some(new);
    }
    let path = staged_name(number).to_string_lossy().into_owned();
    Some(StoredFile { path, ..new })
}
