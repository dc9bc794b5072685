//! The words every other crate shares: ids, digests, spans, the message batch, the directory.
//!
//! Pure: no disk, no clock, no environment. What a message *means* to a rule, a policy or a schedule is for
//! the crates above; how it is read or stored is for the crates at the edge.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod batch;
mod digest;
mod directory;
mod message;
mod severity;
mod signature;
mod span;
pub mod tables;

pub use batch::{BatchError, MessageBatch, MessageBatchBuilder, Row, SCHEMA_VERSION, message_schema};
pub use digest::{ContentKey, Digest, Key, canonical_json, plain_hash};
pub use directory::{Channel, Directory, DirectoryProblem, Group, Person, Standing, Validity};
pub use message::{
    Attachment, ConversationKind, Message, MessageKind, Part, PartKind, Participant, Role, SEQUENCE, SourcePlace,
    VersionKind, message_id,
};
pub use severity::Severity;
pub use signature::{PublicKey, SecretKey, Signature};
pub use span::{ByteSpan, Field};
