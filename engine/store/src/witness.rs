//! Checkpoints that come back: kept by somebody outside, or signed by a witness.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::{Checkpoint, Entry, EntryKind, Home, NoteFault, NoteKey, Payload, Result, Stamp, StoreError};

/// Whether the journal is the one that a checkpoint speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The journal begins with exactly what the checkpoint speaks of.
    Agrees,
    /// Among these first entries one at least is not what it was.
    Differs {
        /// The earliest that may be the one: the first behind what another checkpoint vouches for.
        from: u64,
        /// The latest.
        to: u64,
    },
    /// The journal ends before this entry, which was there.
    Missing {
        /// The first that is missing.
        from: u64,
    },
    /// It is no checkpoint of this home: of another one, or not signed with a key that the journal names.
    Foreign,
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agrees => f.write_str("the journal begins with what the checkpoint speaks of"),
            Self::Differs { from, to } if from == to => write!(f, "journal entry {from} is not what it was"),
            Self::Differs { from, to } => {
                write!(f, "among journal entries {from} to {to} is one that is not what it was")
            }
            Self::Missing { from } => write!(f, "journal entry {from} and those behind it are missing"),
            Self::Foreign => {
                f.write_str("not signed with a key that this journal names: another home, or another journal")
            }
        }
    }
}

/// The parts of `checkpoint_witnessed` that say whose it is.
#[derive(Deserialize)]
struct Witnessed {
    checkpoint: String,
    key: String,
}

impl Home {
    /// Whether this journal is the one that each of these checkpoints speaks of, in the order given. The more of them,
    /// the closer the first bad entry can be told.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn agreements(&self, checkpoints: &[Checkpoint]) -> Result<Vec<Agreement>> {
        let keys = self.signing_keys()?;
        let tree = self.journal().tree(None)?;
        let n_entries = tree.head().size;
        let ours = |it: &Checkpoint| {
            let signed = keys.iter().any(|key| it.verify(key.public_key).is_ok());
            signed && it.home() == self.id()
        };
        let agrees = |it: &&Checkpoint| ours(it) && tree.head_of_first(it.head().size) == Some(it.head());
        let sound: Vec<u64> = checkpoints.iter().filter(agrees).map(|it| it.head().size).collect();
        let agreement = |it: &Checkpoint| match it.head().size {
            _ if agrees(&it) => Agreement::Agrees,
            _ if !ours(it) => Agreement::Foreign,
            size if size > n_entries => Agreement::Missing { from: n_entries + 1 },
            size => {
                let before = sound.iter().filter(|sound| **sound < size).max().copied();
                let from = before.unwrap_or(0) + 1;
                Agreement::Differs { from, to: size }
            }
        };
        Ok(checkpoints.iter().map(agreement).collect())
    }

    /// Puts on record that a witness signed a checkpoint of this home, and when by its own clock, where it says so.
    /// `None` where that is on record.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Refused`] when the checkpoint is not this journal's or the signature not that witness's.
    pub fn record_witness(
        &self,
        checkpoint: &Checkpoint,
        witness: &NoteKey,
        stamp: Stamp<'_>,
    ) -> Result<Option<Entry>> {
        let agreement = self.agreements(std::slice::from_ref(checkpoint))?;
        if agreement != [Agreement::Agrees] {
            let why = agreement.first().map(Agreement::to_string).unwrap_or_default();
            return Err(StoreError::refused(format!(
                "a checkpoint of {} entries: {why}",
                checkpoint.head().size
            )));
        }
        let refused = |fault: NoteFault| StoreError::refused(format!("`{}`: {fault}", witness.name));
        let seen: Option<Timestamp> = checkpoint.witnessed_by(witness).map_err(refused)?;
        if self.is_recorded(checkpoint, witness)? {
            return Ok(None);
        }
        let payload = json!({
            "checkpoint": checkpoint.to_string(),
            "witness": witness.name,
            "key": witness.to_string(),
            "witnessed_at": seen,
        });
        let journal = self.journal();
        let entry = journal.append(EntryKind::CheckpointWitnessed, Some(Payload::Json(&payload)), stamp)?;
        Ok(Some(entry))
    }

    fn is_recorded(&self, checkpoint: &Checkpoint, witness: &NoteKey) -> Result<bool> {
        for entry in self.journal().entries(1)? {
            let entry = entry?;
            if entry.kind != EntryKind::CheckpointWitnessed {
                continue;
            }
            let payload: Option<Witnessed> = self.journal().payload_json(&entry)?;
            let same = payload.is_some_and(|recorded| {
                let before = recorded.checkpoint.parse::<Checkpoint>();
                recorded.key == witness.to_string() && before.is_ok_and(|before| before.head() == checkpoint.head())
            });
            if same {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
