//! A certificate: what a journal entry says, the proof that the journal has it, and the home's signature, in one file
//! that can be checked without the home.

use std::fmt;

use jiff::Timestamp;
use lexhold_model::{Digest, PublicKey, SecretKey, Signature, canonical_json};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Checkpoint, NoteFault, Rotation, TreeHead, trusted, verify_consistency, verify_inclusion};
use crate::journal::Line;

const SCHEMA: &str = "lexhold/certificate/1";

/// What stands before the signed text.
const DOMAIN: &[u8] = b"lexhold certificate 1\n";

/// What a certificate consists of. Its `body` is the payload of the journal entry it certifies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    schema: String,
    body: Value,
    /// What the payload begins with, as 32 hexadecimal digits.
    nonce: String,
    /// The journal's line.
    line: String,
    /// The proof that the line is in the checkpoint's tree.
    path: Vec<Digest>,
    checkpoint: String,
    public_key: PublicKey,
    signature: Signature,
    /// How the keys of the home followed each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rotations: Vec<Rotation>,
    /// That the checkpoint's tree begins with earlier ones that were given out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    consistency: Vec<Consistency>,
    /// Items of the list that the body gives root and size of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    items: Vec<ItemProof>,
}

/// The proof that a tree began with so many leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    /// The number of leaves.
    pub size: u64,
    /// The proof.
    pub path: Vec<Digest>,
}

/// One item of the list that a body gives the root (`plan_digest`) and size (`items`) of, with its proof.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemProof {
    /// Its number in the list, from 0.
    pub index: u64,
    /// The item; its leaf is its canonical JSON.
    pub item: Value,
    /// The proof.
    pub path: Vec<Digest>,
}

/// What a certificate that holds says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The id of the home.
    pub home: String,
    /// The number of the entry.
    pub seq: u64,
    /// When it was written, by the home's clock.
    pub at: Timestamp,
    /// Its kind in the journal.
    pub kind: String,
    /// The tree that proves it.
    pub head: TreeHead,
}

/// Why a certificate does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// It has not the form of a certificate.
    Form,
    /// Its checkpoint is none of its key.
    Checkpoint(NoteFault),
    /// Its key is neither the one given nor one that followed it.
    Key,
    /// Its body is not what was signed.
    Signature,
    /// Its body is not what the journal's line has the digest of.
    Body,
    /// Its line is not in the journal that the checkpoint speaks of.
    Inclusion,
    /// An item is not in the list that the body has the root of.
    Item(u64),
    /// The older checkpoint is none of the home's keys.
    Older(NoteFault),
    /// The older checkpoint is that of another home.
    OtherHome,
    /// The older checkpoint is newer than the certificate.
    NotOlder,
    /// The certificate has no proof for a checkpoint of this size.
    NoProof(u64),
    /// The journal of the certificate does not begin with that of the older checkpoint.
    Inconsistent(u64),
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("not a certificate"),
            Self::Checkpoint(fault) => write!(f, "the certificate's checkpoint: {fault}"),
            Self::Key => f.write_str("signed with another key than the one given, or one that followed it"),
            Self::Signature => f.write_str("the body is not what was signed"),
            Self::Body => f.write_str("the body is not what the journal recorded"),
            Self::Inclusion => f.write_str("the journal entry is not in the journal that the checkpoint speaks of"),
            Self::Item(index) => write!(f, "item {index} is not in the list that was approved"),
            Self::Older(fault) => write!(f, "the older checkpoint: {fault}"),
            Self::OtherHome => f.write_str("the checkpoint is that of another home"),
            Self::NotOlder => f.write_str("the checkpoint is newer than the certificate, which has to be issued again"),
            Self::NoProof(size) => write!(f, "the certificate has no proof for a checkpoint of {size} entries"),
            Self::Inconsistent(size) => {
                write!(
                    f,
                    "the first {size} entries of the certificate's journal are not those of the checkpoint"
                )
            }
        }
    }
}

impl std::error::Error for CertificateFault {}

/// What goes into a certificate beside the signature.
pub(crate) struct Parts {
    pub(crate) body: Value,
    pub(crate) nonce: String,
    pub(crate) line: String,
    pub(crate) path: Vec<Digest>,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) rotations: Vec<Rotation>,
    pub(crate) consistency: Vec<Consistency>,
}

impl Certificate {
    pub(crate) fn sign(parts: Parts, secret: &SecretKey) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            signature: secret.sign(&signed_text(&parts.body)),
            body: parts.body,
            nonce: parts.nonce,
            line: parts.line,
            path: parts.path,
            checkpoint: parts.checkpoint.to_string(),
            public_key: secret.public(),
            rotations: parts.rotations,
            consistency: parts.consistency,
            items: Vec::new(),
        }
    }

    /// What is certified.
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The same with proofs of some items of the list that the body speaks of.
    pub fn with_items(self, items: Vec<ItemProof>) -> Self {
        Self { items, ..self }
    }

    /// Checks everything that can be checked with a public key of the home and, where there is one, a checkpoint that
    /// somebody kept.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn verify(&self, key: PublicKey, older: Option<&Checkpoint>) -> Result<Certified, CertificateFault> {
        let checkpoint: Checkpoint = self.checkpoint.parse().map_err(CertificateFault::Checkpoint)?;
        if self.schema != SCHEMA {
            return Err(CertificateFault::Form);
        }
        let keys = trusted(checkpoint.home(), key, &self.rotations);
        if !keys.contains(&self.public_key) {
            return Err(CertificateFault::Key);
        }
        checkpoint
            .verify(self.public_key)
            .map_err(CertificateFault::Checkpoint)?;
        if !self.public_key.has_signed(&signed_text(&self.body), &self.signature) {
            return Err(CertificateFault::Signature);
        }
        let certified = self.entry(&checkpoint)?;
        self.verify_items()?;
        if let Some(older) = older {
            self.verify_older(older, &checkpoint, &keys)?;
        }
        Ok(certified)
    }

    /// That the journal has a line with the digest of the body.
    fn entry(&self, checkpoint: &Checkpoint) -> Result<Certified, CertificateFault> {
        let line = Line::parse(self.line.as_bytes()).map_err(|_| CertificateFault::Form)?;
        let entry = line.into_entry(self.line.as_bytes());
        let payload = [nonce(&self.nonce)?.as_slice(), canonical_json(&self.body).as_bytes()].concat();
        if entry.payload != Some(Digest::of(&payload)) {
            return Err(CertificateFault::Body);
        }
        let (index, head) = (entry.seq.wrapping_sub(1), checkpoint.head());
        if !verify_inclusion(self.line.as_bytes(), index, &self.path, &head) {
            return Err(CertificateFault::Inclusion);
        }
        Ok(Certified {
            home: checkpoint.home().to_owned(),
            seq: entry.seq,
            at: entry.at,
            kind: entry.kind.as_str().to_owned(),
            head,
        })
    }

    fn verify_items(&self) -> Result<(), CertificateFault> {
        let Some(first) = self.items.first() else { return Ok(()) };
        let root = self.body["plan_digest"].as_str().and_then(|root| root.parse().ok());
        let (Some(root), Some(size)) = (root, self.body["items"].as_u64()) else {
            return Err(CertificateFault::Item(first.index));
        };
        let in_list = |proof: &&ItemProof| {
            let leaf = canonical_json(&proof.item);
            verify_inclusion(leaf.as_bytes(), proof.index, &proof.path, &TreeHead { size, root })
        };
        match self.items.iter().find(|proof| !in_list(proof)) {
            Some(proof) => Err(CertificateFault::Item(proof.index)),
            None => Ok(()),
        }
    }

    fn verify_older(
        &self,
        older: &Checkpoint,
        checkpoint: &Checkpoint,
        keys: &[PublicKey],
    ) -> Result<(), CertificateFault> {
        if older.home() != checkpoint.home() {
            return Err(CertificateFault::OtherHome);
        }
        let faults: Vec<NoteFault> = keys.iter().filter_map(|key| older.verify(*key).err()).collect();
        if faults.len() == keys.len() {
            let forged = faults.contains(&NoteFault::Forged);
            let fault = if forged { NoteFault::Forged } else { NoteFault::Unsigned };
            return Err(CertificateFault::Older(fault));
        }
        let (old, new) = (older.head(), checkpoint.head());
        if old.size > new.size {
            return Err(CertificateFault::NotOlder);
        }
        let given = self.consistency.iter().find(|proof| proof.size == old.size);
        let path = match given {
            Some(proof) => proof.path.as_slice(),
            None if old.size == new.size => &[],
            None => return Err(CertificateFault::NoProof(old.size)),
        };
        if !verify_consistency(&old, &new, path) {
            return Err(CertificateFault::Inconsistent(old.size));
        }
        Ok(())
    }
}

fn signed_text(body: &Value) -> Vec<u8> {
    [DOMAIN, canonical_json(body).as_bytes()].concat()
}

fn nonce(digits: &str) -> Result<[u8; 16], CertificateFault> {
    let digest: Digest = format!("{digits}{digits}")
        .parse()
        .map_err(|_| CertificateFault::Form)?;
    let (half, _) = digest.0.split_first_chunk::<16>().ok_or(CertificateFault::Form)?;
    Ok(*half)
}
