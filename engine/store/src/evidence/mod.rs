//! What proves to outsiders that the journal is the journal: trees, checkpoints, certificates.
//!
//! Pure: texts and bytes in, answers out. Making keys, reading the journal and writing files is for `keys`, `journal`
//! and `home`; the formats are described, with worked bytes, in `engine/store/EVIDENCE.md`.

mod certificate;
mod checkpoint;
mod note;
mod rotation;
pub(crate) mod tree;

pub(crate) use certificate::Parts;
pub use certificate::{Certificate, CertificateFault, Certified, Consistency, ItemProof};
pub use checkpoint::Checkpoint;
pub(crate) use checkpoint::home_key;
pub use note::{NoteFault, NoteKey, NoteSignature, SignatureKind, SignedNote};
pub use rotation::{Rotation, trusted};
pub use tree::{MerkleTree, TreeHead, leaf_hash, verify_consistency, verify_inclusion};
