//! The home's own key: made on first use, replaced by rotation, known to outsiders by its public half. What it signs are
//! checkpoints of the journal and certificates.
//!
//! Which key signs is what the journal says: the last one created or rotated to. The secret half of a key lies in
//! `keys/signing/<id>`, its public half beside it for good.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lexhold_model::{Digest, PublicKey, SecretKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::evidence::{Certificate, Checkpoint, Consistency, NoteKey, Parts, Rotation, home_key};
use crate::files::cannot;
use crate::{Entry, EntryKind, ErrorKind, Home, Payload, Result, Stamp, StoreError, gate, lock};

pub(crate) const FOLDER: &str = "keys/signing";
const LOCK: &str = "locks/keys.lock";

/// Consistency proofs in a certificate: for the latest checkpoints that were given out.
const EARLIER_CHECKPOINTS: usize = 64;

/// A key of the home, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its name: the first 16 digits of the digest of its public half.
    pub id: String,
    /// The public half.
    pub public_key: PublicKey,
    /// When it began to sign.
    pub since: Timestamp,
    /// The journal entry that says so.
    pub seq: u64,
    /// The word of the key before it; none for the first key, and for one that came after a key had been lost.
    pub rotation: Option<Rotation>,
}

/// The payload of `key_created` and `key_rotated`.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeyPayload {
    pub(crate) key: String,
    pub(crate) public_key: PublicKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rotation: Option<Rotation>,
}

/// The payload of `checkpoint_exported`.
#[derive(Serialize, Deserialize)]
struct ExportedPayload {
    checkpoint: String,
}

impl Home {
    /// The keys that have signed for this home, the one that does now at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the journal's word on one of them is gone or damaged.
    pub fn signing_keys(&self) -> Result<Vec<KeyRecord>> {
        let mut keys = Vec::new();
        for entry in self.journal().entries(1)? {
            let entry = entry?;
            if !entry.kind.names_a_key() {
                continue;
            }
            let gone = || StoreError::corrupt("the journal has lost the name of a key", &path(""));
            let payload: KeyPayload = self.journal().payload_json(&entry)?.ok_or_else(gone)?;
            keys.push(KeyRecord {
                id: payload.key,
                public_key: payload.public_key,
                since: entry.at,
                seq: entry.seq,
                rotation: payload.rotation,
            });
        }
        Ok(keys)
    }

    /// The key that signs now, made and journalled where there is none yet.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when its secret half is gone, and when it cannot be written.
    pub fn signing_key(&self, stamp: Stamp<'_>) -> Result<SecretKey> {
        if let Some(last) = self.signing_keys()?.last() {
            return self.secret(last);
        }
        let _alone = lock::exclusive(&self.root().join(LOCK))?;
        match self.signing_keys()?.last() {
            Some(last) => self.secret(last),
            None => {
                let secret = self.new_key(stamp)?;
                self.journal_key(EntryKind::KeyCreated, secret.public(), None, stamp)?;
                Ok(secret)
            }
        }
    }

    /// Lets a new key sign from now on. The old one names it, and its secret half is removed; where that is `lost`,
    /// nobody names the new key, and outsiders have to be told of it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the secret half is gone and `lost` does not say so, [`ErrorKind::Refused`] when
    /// there is no key yet or it is not lost at all.
    pub fn rotate_key(&self, lost: bool, stamp: Stamp<'_>) -> Result<KeyRecord> {
        let _alone = lock::exclusive(&self.root().join(LOCK))?;
        let before = self.signing_keys()?;
        let last = before
            .last()
            .ok_or_else(|| StoreError::refused("the home has no key yet; one is made on first use"))?;
        let old = match (self.secret(last), lost) {
            (Ok(_), true) => return Err(StoreError::refused("the key is not lost: let it name the next one")),
            (Err(error), true) if error.kind() == ErrorKind::NotFound => None,
            (old, _) => Some(old?),
        };
        let new = self.new_key(stamp)?.public();
        let rotation = old.map(|old| Rotation::sign(self.id(), &old, new, stamp.at));
        let record = self.journal_key(EntryKind::KeyRotated, new, rotation, stamp)?;
        // A key that was rotated away before a kill could have its secret half left.
        for key in &before {
            gate::retire_key(self.root(), &path(&key.id))?;
        }
        Ok(record)
    }

    /// A public key as outsiders write it: `lexhold/<home>+<id>+<key>`.
    pub fn note_key(&self, key: PublicKey) -> NoteKey {
        home_key(self.id(), key)
    }

    /// A signed checkpoint of the journal as it stands.
    ///
    /// # Errors
    /// As with [`Self::signing_key`], and when the journal cannot be read.
    pub fn checkpoint(&self, stamp: Stamp<'_>) -> Result<Checkpoint> {
        let secret = self.signing_key(stamp)?;
        Ok(Checkpoint::sign(self.id(), self.journal().tree_head()?, &secret))
    }

    /// The same for somebody outside, with an entry that it was given out.
    ///
    /// # Errors
    /// As with [`Self::checkpoint`].
    pub fn export_checkpoint(&self, stamp: Stamp<'_>) -> Result<Checkpoint> {
        let checkpoint = self.checkpoint(stamp)?;
        let payload = json!(ExportedPayload {
            checkpoint: checkpoint.to_string()
        });
        self.journal()
            .append(EntryKind::CheckpointExported, Some(Payload::Json(&payload)), stamp)?;
        Ok(checkpoint)
    }

    /// A certificate of what an entry's payload says, which has to be a JSON value. It can be issued any time, and again.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the payload has been erased; as with [`Self::checkpoint`].
    pub fn certify(&self, entry: &Entry, stamp: Stamp<'_>) -> Result<Certificate> {
        let gone = || StoreError::new(ErrorKind::NotFound, "what the entry says has been erased");
        let (nonce, content) = self.journal().opened_payload(entry)?.ok_or_else(gone)?;
        let body: Value = serde_json::from_slice(&content).map_err(|cause| {
            let message = format!("the payload of entry {} is no JSON", entry.seq);
            StoreError::new(ErrorKind::Refused, message).because(cause)
        })?;
        let secret = self.signing_key(stamp)?;
        let keys = self.signing_keys()?;
        let tree = self.journal().tree(None)?;
        let none = || StoreError::new(ErrorKind::NotFound, "the journal has no such entry");
        let parts = Parts {
            body,
            nonce,
            line: self.journal().line(entry.seq)?,
            path: tree.proof(entry.seq - 1).ok_or_else(none)?,
            checkpoint: Checkpoint::sign(self.id(), tree.head(), &secret),
            rotations: keys.into_iter().filter_map(|key| key.rotation).collect(),
            consistency: self
                .exported()?
                .into_iter()
                .filter_map(|size| {
                    let path = tree.consistency(size)?;
                    Some(Consistency { size, path })
                })
                .collect(),
        };
        Ok(Certificate::sign(parts, &secret))
    }

    /// The sizes of the latest checkpoints that were given out.
    fn exported(&self) -> Result<Vec<u64>> {
        let mut sizes = Vec::new();
        for entry in self.journal().entries(1)? {
            let entry = entry?;
            if entry.kind != EntryKind::CheckpointExported {
                continue;
            }
            let payload: Option<ExportedPayload> = self.journal().payload_json(&entry)?;
            let checkpoint = payload.and_then(|payload| payload.checkpoint.parse::<Checkpoint>().ok());
            sizes.extend(checkpoint.map(|checkpoint| checkpoint.head().size));
        }
        sizes.dedup();
        Ok(sizes.split_off(sizes.len().saturating_sub(EARLIER_CHECKPOINTS)))
    }

    fn new_key(&self, stamp: Stamp<'_>) -> Result<SecretKey> {
        let bytes = stamp.random::<32>()?;
        let secret = SecretKey::new(&bytes);
        let id = id(secret.public());
        let public = format!("{}\n", self.note_key(secret.public()));
        gate::place(self.root(), &public_path(&id), public.as_bytes(), true)?;
        gate::place(self.root(), &path(&id), &bytes, true)?;
        Ok(secret)
    }

    fn journal_key(
        &self,
        kind: EntryKind,
        public_key: PublicKey,
        rotation: Option<Rotation>,
        stamp: Stamp<'_>,
    ) -> Result<KeyRecord> {
        let id = id(public_key);
        let payload = json!(KeyPayload {
            key: id.clone(),
            public_key,
            rotation: rotation.clone()
        });
        let entry = self.journal().append(kind, Some(Payload::Json(&payload)), stamp)?;
        Ok(KeyRecord {
            id,
            public_key,
            since: entry.at,
            seq: entry.seq,
            rotation,
        })
    }

    /// The secret half of a key.
    fn secret(&self, key: &KeyRecord) -> Result<SecretKey> {
        let path = self.root().join(path(&key.id));
        let bytes = fs::read(&path).map_err(cannot("read", &path))?;
        let secret = bytes.try_into().ok().map(|bytes| SecretKey::new(&bytes));
        secret
            .filter(|secret| secret.public() == key.public_key)
            .ok_or_else(|| StoreError::corrupt("this is not the key that the journal names", &path))
    }
}

fn id(key: PublicKey) -> String {
    Digest::of(&key.0).to_string()[..16].to_owned()
}

/// Where the secret half of a key lies.
pub(crate) fn path(id: &str) -> PathBuf {
    Path::new(FOLDER).join(id)
}

/// Where its public half lies.
pub(crate) fn public_path(id: &str) -> PathBuf {
    Path::new(FOLDER).join(format!("{id}.pub"))
}
