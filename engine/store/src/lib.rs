//! The home on disk: archive, evaluations, journal, sources, keys, locks, and the one gate that removes bytes.
//!
//! The journal is the authority. A batch of messages becomes part of the home with the journal line that names
//! its files by digest; everything before that line is staging, everything after it can be done again. Bodies
//! lie in the archive alone. The catalog is only a path here: its contents are the catalog crate's.
//!
//! The clock and the dice are the caller's: see [`Stamp`]. Nothing here reads the environment.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")
)]

mod archive;
mod backup;
mod batch;
mod clock;
mod disposal;
mod error;
mod evaluation;
mod evidence;
mod faults;
mod files;
mod gate;
mod home;
mod journal;
mod lock;
mod parquet_file;
mod places;
mod progress;
mod signing;
mod sources;
mod stamp;
mod verify;
mod witness;

pub use archive::{Archive, ArchivedBatch, SegmentReader};
pub use backup::{BackedUp, Restored, backed_up_home, restore};
pub use batch::{BatchRecord, BatchWriter, Batches, Recovered, StoredFile};
pub use clock::{ClockAttested, ClockRefusal, LONGEST_SILENCE, LogTime, TimeWord, clock_refusal};
pub use disposal::{
    Destruction, Intent, Located, LocatedSegment, Outcome, Prepared, Replaced, Replacements, list_digest,
};
pub use error::{ErrorKind, StoreError};
pub use evidence::{
    Certificate, CertificateFault, Certified, Checkpoint, Consistency, ItemProof, MerkleTree, NoteFault, NoteKey,
    NoteSignature, Rotation, SignatureKind, SignedNote, TreeHead, leaf_hash, trusted, verify_consistency,
    verify_inclusion,
};
pub use faults::{Faults, Step};
pub use home::{FORMAT, Home, NewHome, Scratch, StoreMode};
pub use journal::{Entries, Entry, EntryKind, Journal, Payload};
pub use lock::{Holder, RunLock};
pub use places::{Connect, LockMode, ObjectArchive, ObjectLock, StorageLock};
pub use progress::Progress;
pub use signing::KeyRecord;
pub use sources::{SourceFiles, Sources};
pub use stamp::{Entropy, Stamp};
pub use verify::{Finding, FindingKind, Verification};
pub use witness::Agreement;

/// What every function of this crate returns.
pub type Result<T> = std::result::Result<T, StoreError>;
