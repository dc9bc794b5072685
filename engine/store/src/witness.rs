//! Signatures of witnesses under the home's checkpoints.

use jiff::Timestamp;
use serde_json::json;

use crate::{Checkpoint, Entry, EntryKind, Home, NoteFault, NoteKey, Payload, Result, Stamp, StoreError};

impl Home {
    /// Whether a checkpoint is one that this home signed, of a journal that begins as this one does.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Refused`] when it is not; when the journal cannot be read.
    pub fn owns_checkpoint(&self, checkpoint: &Checkpoint) -> Result<()> {
        let refuse = |why: &str| Err(StoreError::refused(why));
        if checkpoint.home() != self.id() {
            return refuse("the checkpoint is that of another home");
        }
        let keys = self.signing_keys()?;
        if !keys.iter().any(|key| checkpoint.verify(key.public_key).is_ok()) {
            return refuse("the checkpoint is not signed with a key of this home");
        }
        let head = checkpoint.head();
        match self.journal().tree(None)?.head_of_first(head.size) {
            Some(now) if now == head => Ok(()),
            Some(_) => refuse("the journal does not begin with what the checkpoint speaks of"),
            None => refuse("the checkpoint speaks of more entries than the journal has"),
        }
    }

    /// Puts on record that a witness signed a checkpoint of this home, and when by its own clock, where it says so.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Refused`] when the checkpoint is not this home's or the signature not that witness's.
    pub fn record_witness(&self, checkpoint: &Checkpoint, witness: &NoteKey, stamp: Stamp<'_>) -> Result<Entry> {
        self.owns_checkpoint(checkpoint)?;
        let seen: Option<Timestamp> = checkpoint
            .witnessed_by(witness)
            .map_err(|fault: NoteFault| StoreError::refused(format!("`{}`: {fault}", witness.name)))?;
        let payload = json!({
            "checkpoint": checkpoint.to_string(),
            "witness": witness.name,
            "key": witness.to_string(),
            "witnessed_at": seen,
        });
        self.journal()
            .append(EntryKind::CheckpointWitnessed, Some(Payload::Json(&payload)), stamp)
    }
}
