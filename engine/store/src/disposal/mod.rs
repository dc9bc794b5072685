//! How the bytes of messages leave the home: the segments of one batch of the archive at a time.
//!
//! 1. Without any lock: the segments, and every evaluation file with rows of the same messages, are written again
//!    without them, into staging; what was written is read back and compared ([`rewrite`]).
//! 2. Under the journal's lock: the journal is read from where the preparation saw it. Anything not known to be
//!    harmless voids it. Else one entry, the intent, names the old files, the new ones and the messages; the new segments
//!    are moved into place and the old ones removed. From here on the bodies are gone, and the lock is given up.
//! 3. The evaluation files follow, and a second entry says that it is done.
//!
//! Whoever places a hold takes the same lock: it comes before the intent, which is then void, or behind bodies that
//! are gone. A process that dies leaves rubbish before the intent, and behind it work that [`crate::Home::recover`]
//! finishes, unless something has come since that could matter: then every segment whose old file is still there is
//! recalled. Where that is some of several, a further entry names what is left of the intent, which is finished.

mod locate;
mod replaced;
mod rewrite;
mod settle;

use std::path::{Path, PathBuf};
use std::time::Duration;

use lexhold_model::{Digest, Key};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use locate::TABLE_KEY;
pub use locate::{Located, LocatedSegment};
pub use replaced::Replacements;
pub use rewrite::Prepared;

use crate::gate;
use crate::{Entry, EntryKind, Home, Journal, Payload, Result, StoreError, StoredFile};

/// Where rewritten files wait for the intent that names them. One rewrite at a time is under way.
pub(crate) const STAGED: &str = "staging/disposal";

/// A file of the home and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// The file that goes.
    pub old: StoredFile,
    /// What is left of it; none where nothing is.
    pub new: Option<StoredFile>,
}

/// The payload of [`EntryKind::DisposalIntent`]: what is about to be destroyed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The plan that it carries out.
    pub plan: String,
    /// The last entry of the journal that the preparation took into account.
    pub seen: u64,
    /// The files, segments of the archive first, or what stands for them where bodies lie elsewhere: tables of messages.
    pub files: Vec<Replaced>,
    /// How many of the files, from the first on, are such segments.
    #[serde(default = "one")]
    pub segments: usize,
    /// The messages, sorted.
    pub keys: Vec<Key>,
    /// The digest of that list: see [`list_digest`].
    pub keys_digest: Digest,
    /// What the caller adds. Never content.
    #[serde(default)]
    pub detail: Value,
    /// The entry of the intent of which this is what is left: the rest was recalled when its process had died half-way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amends: Option<u64>,
}

/// An intent of the first versions is over one segment.
fn one() -> usize {
    1
}

/// The payload of [`EntryKind::DisposalDone`]: what became of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The sequence number of the intent.
    pub intent: u64,
    /// Whether the messages are gone. Where they are not, the intent was recalled and nothing has changed.
    pub destroyed: bool,
}

/// What came of trying to destroy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destruction {
    /// The messages are gone.
    Done {
        /// The number of the entry that said so beforehand: it orders it against every hold.
        intent: u64,
        /// The number of the entry that says so now.
        done: u64,
        /// For how long nobody else could append to the journal.
        locked: Duration,
    },
    /// Something came that could matter; nothing was journalled and nothing has changed.
    Voided {
        /// Its sequence number.
        by: u64,
    },
}

/// The digest of a list of messages: of their keys in order, one a line.
pub fn list_digest(keys: &[Key]) -> Digest {
    let lines: String = keys.iter().map(|key| format!("{key}\n")).collect();
    Digest::of(lines.as_bytes())
}

/// An intent as the journal has it. The gate removes nothing that none of these names.
#[derive(Clone, Debug)]
pub(crate) struct Journalled {
    /// The number of its entry; of what is left of an intent, the number of that.
    pub(crate) seq: u64,
    intent: Intent,
}

impl Journalled {
    /// The intent of an entry that was appended this moment, whose payload was written before.
    fn appended(entry: &Entry, payload: Digest, intent: Intent) -> Result<Self> {
        if entry.kind != EntryKind::DisposalIntent || entry.payload != Some(payload) {
            return Err(StoreError::refused("an entry is not the intent that it was to be"));
        }
        let seq = intent.amends.unwrap_or(entry.seq);
        Ok(Self { seq, intent })
    }

    /// Reads an intent from its entry.
    pub(crate) fn read(journal: &Journal, entry: &Entry) -> Result<Self> {
        let damaged = || StoreError::corrupt(format!("entry {} is no intent to destroy", entry.seq), Path::new(""));
        if entry.kind != EntryKind::DisposalIntent {
            return Err(damaged());
        }
        let intent: Intent = journal.payload_json(entry)?.ok_or_else(damaged)?;
        let segments = intent.files.get(..intent.segments).unwrap_or_default();
        let sound = !segments.is_empty()
            && segments.iter().all(|file| file.old.holds_messages())
            && list_digest(&intent.keys) == intent.keys_digest
            && intent.amends.is_none_or(|first| first < entry.seq);
        if !sound {
            return Err(damaged());
        }
        let seq = intent.amends.unwrap_or(entry.seq);
        Ok(Self { seq, intent })
    }

    /// What was carried out of the intent of an entry: that, or what was left of it.
    pub(crate) fn carried_out(journal: &Journal, seq: u64) -> Result<Option<Self>> {
        let mut found: Option<Self> = None;
        for entry in journal.entries(seq)? {
            let entry = entry?;
            match entry.kind {
                EntryKind::DisposalIntent => {
                    let read = Self::read(journal, &entry)?;
                    if read.seq != seq {
                        break;
                    }
                    found = Some(read);
                }
                EntryKind::DisposalDone => break,
                _ => {}
            }
        }
        Ok(found)
    }

    pub(crate) fn intent(&self) -> &Intent {
        &self.intent
    }

    /// The segments, whose old files decide: while one is there nothing of it has been destroyed.
    pub(crate) fn segments(&self) -> &[Replaced] {
        &self.intent.files[..self.intent.segments]
    }

    /// The files of evaluations.
    pub(crate) fn tables(&self) -> &[Replaced] {
        &self.intent.files[self.intent.segments..]
    }
}

/// The name under which the n-th file of a rewrite waits.
pub(crate) fn staged_name(number: usize) -> PathBuf {
    Path::new(STAGED).join(format!("{number}.parquet"))
}

/// Whether an entry that came while a rewrite was prepared cannot change what may be destroyed.
///
/// What is not listed here voids the rewrite, kinds that this version does not know included.
pub(crate) fn is_harmless(kind: &EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::Viewed
            | EntryKind::Governance
            | EntryKind::SampleCommitted
            | EntryKind::SampleDrawn
            | EntryKind::DisposalProposed
            | EntryKind::DisposalApproved
            | EntryKind::DisposalOrdered
            | EntryKind::DisposalAnswered
            | EntryKind::DisposalHandedOver
            | EntryKind::DisposalReceived
            | EntryKind::DisposalIntent
            | EntryKind::DisposalDone
            | EntryKind::DisposalCertified
            | EntryKind::CheckpointExported
            | EntryKind::CheckpointWitnessed
            | EntryKind::BackupBegun
            | EntryKind::BackupMade
            | EntryKind::CopyGone
            | EntryKind::StorageHeld
            | EntryKind::KeyCreated
            | EntryKind::KeyRotated
    )
}

impl Home {
    /// The first entry behind `seen` that could change what may be destroyed.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn unsettling(&self, seen: u64) -> Result<Option<u64>> {
        for entry in self.journal().entries(seen + 1)? {
            let entry = entry?;
            if !is_harmless(&entry.kind) {
                return Ok(Some(entry.seq));
            }
        }
        Ok(None)
    }

    /// Keeps the certificate of a plan, unless there is one. Its name is the plan's.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Refused`] for a name that leads elsewhere; when it cannot be written.
    pub fn keep_certificate(&self, plan: &str, certificate: &Value) -> Result<PathBuf> {
        let path = Path::new("certificates").join(format!("{plan}.json"));
        gate::place(self.root(), &path, format!("{certificate:#}\n").as_bytes(), false)?;
        Ok(path)
    }

    /// Puts on record what became of an intent.
    fn conclude(&self, intent: u64, destroyed: bool, stamp: crate::Stamp<'_>) -> Result<Entry> {
        let outcome = json!(Outcome { intent, destroyed });
        self.journal()
            .append(EntryKind::DisposalDone, Some(Payload::Json(&outcome)), stamp)
    }
}
