//! One line of the journal, as it is stored and as it is meant.

use jiff::Timestamp;
use lexhold_model::{Digest, canonical_json};
use serde::{Deserialize, Serialize};

use crate::evidence::leaf_hash;
use crate::{ErrorKind, Result, Stamp, StoreError};

/// The form of a line that this version writes, and the newest that it reads.
const VERSION: u32 = 1;

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1: the size of the journal once it stands.
    pub seq: u64,
    /// When it was written, by the clock of whoever wrote it.
    pub at: Timestamp,
    /// What it records.
    pub kind: EntryKind,
    /// The operator.
    pub actor: String,
    /// The digest of its payload.
    pub payload: Option<Digest>,
    /// The RFC 6962 hash of its line, which the next line names.
    pub leaf: Digest,
}

/// What the next line has to know of the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its number.
    pub(crate) seq: u64,
    /// The hash of its bytes.
    pub(crate) leaf: Digest,
}

impl Link {
    /// The link that a line makes, whether or not it can be read.
    pub(crate) fn of(seq: u64, text: &[u8]) -> Self {
        Self {
            seq,
            leaf: leaf_hash(text),
        }
    }
}

impl Entry {
    pub(super) fn link(&self) -> Link {
        Link {
            seq: self.seq,
            leaf: self.leaf,
        }
    }
}

/// What an entry records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// The home came to be.
    HomeCreated,
    /// A bundle became the active one. The payload's `sources` names its files in `bundles/`, its file list what the
    /// bundle makes of the facts that the home has.
    Activation,
    /// A version of a retention document was proven wrong and is taken back.
    RetentionCorrected,
    /// Two people said which schedules an indeterminate message has. Its files hold the schedules that they named.
    RetentionResolved,
    /// A batch of messages was taken in, with the files that hold it: see [`crate::BatchRecord`].
    Batch,
    /// A run began.
    RunStarted,
    /// A run came to its end.
    RunFinished,
    /// A hold was placed.
    HoldPlaced,
    /// A hold placed earlier was evaluated over what was already stored.
    HoldApplied,
    /// A hold was ended; its members are in grace for a while.
    HoldReleased,
    /// A custodian was told of a hold, reminded, or has answered.
    HoldNotice,
    /// An answer of the governance policies.
    Governance,
    /// The facts of a run. The payload's `sources` names its files in `facts/`.
    Facts,
    /// Somebody decided something about alerts, samples, messages or a period under review.
    Review,
    /// Somebody looked at what is under review, which is no review.
    Viewed,
    /// The key of a sample, its rates and strata were committed to.
    SampleCommitted,
    /// A sample was drawn, or added to.
    SampleDrawn,
    /// Events that start retention periods took effect.
    EventRecorded,
    /// Events took effect on another day than was recorded.
    EventCorrected,
    /// Events were taken back.
    EventCancelled,
    /// A case was opened over messages that may matter to it.
    CaseOpened,
    /// Messages were added to a case.
    CaseAdded,
    /// A case came to its end.
    CaseClosed,
    /// Somebody asked that what is kept of them be erased: the list of messages was frozen.
    ErasureRequested,
    /// A second person confirmed who asked, and that the messages are theirs.
    ErasureConfirmed,
    /// The answer to a request for erasure takes longer, and the person was told.
    ErasureExtended,
    /// Counsel said of messages on which ground they stay, or granted their erasure.
    ErasureDecided,
    /// Whoever asked for erasure was asked for proof of who they are, or has given it.
    ErasureProof,
    /// A request for erasure was answered.
    ErasureAnswered,
    /// A request for erasure came to its end without a further answer.
    ErasureClosed,
    /// The key that signs for the home was made.
    KeyCreated,
    /// Another key signs for the home from now on.
    KeyRotated,
    /// A checkpoint was given out.
    CheckpointExported,
    /// A disposal plan was frozen, with the file that lists its items: see [`crate::BatchRecord`].
    DisposalProposed,
    /// Somebody approved a disposal plan.
    DisposalApproved,
    /// Somebody rejected a disposal plan, or took items out of it.
    DisposalRejected,
    /// The firm's own archive was told to destroy messages whose bodies lie there.
    DisposalOrdered,
    /// What that archive answered.
    DisposalAnswered,
    /// Messages of a plan were handed to another keeper, by whose receipt they may go.
    DisposalHandedOver,
    /// What that keeper has received, by its receipt.
    DisposalReceived,
    /// Messages are about to be destroyed: see [`crate::Intent`].
    DisposalIntent,
    /// What became of that: see [`crate::Outcome`].
    DisposalDone,
    /// The certificate of a disposal plan.
    DisposalCertified,
    /// A witness outside signed a checkpoint.
    CheckpointWitnessed,
    /// Two people said that the clock is right, or that earlier times in the journal are wrong.
    ClockAttested,
    /// A copy of the home is about to be made.
    BackupBegun,
    /// A copy of the home was made.
    BackupMade,
    /// Somebody said of a copy outside the home that it is no more.
    CopyGone,
    /// The object store's own legal holds were put on segments of the archive, or lifted.
    StorageHeld,
    /// The home was brought back from a backup. The payload's `lost` lists files that nobody has any more.
    Restored,
    /// A kind that a newer version writes: kept, chained and verified, but not understood.
    Unknown(String),
}

impl EntryKind {
    const KNOWN: &[Self] = &[
        Self::HomeCreated,
        Self::Activation,
        Self::RetentionCorrected,
        Self::RetentionResolved,
        Self::Batch,
        Self::RunStarted,
        Self::RunFinished,
        Self::HoldPlaced,
        Self::HoldApplied,
        Self::HoldReleased,
        Self::HoldNotice,
        Self::Governance,
        Self::Facts,
        Self::Review,
        Self::Viewed,
        Self::SampleCommitted,
        Self::SampleDrawn,
        Self::EventRecorded,
        Self::EventCorrected,
        Self::EventCancelled,
        Self::CaseOpened,
        Self::CaseAdded,
        Self::CaseClosed,
        Self::ErasureRequested,
        Self::ErasureConfirmed,
        Self::ErasureExtended,
        Self::ErasureDecided,
        Self::ErasureProof,
        Self::ErasureAnswered,
        Self::ErasureClosed,
        Self::KeyCreated,
        Self::KeyRotated,
        Self::CheckpointExported,
        Self::DisposalProposed,
        Self::DisposalApproved,
        Self::DisposalRejected,
        Self::DisposalOrdered,
        Self::DisposalAnswered,
        Self::DisposalHandedOver,
        Self::DisposalReceived,
        Self::DisposalIntent,
        Self::DisposalDone,
        Self::DisposalCertified,
        Self::CheckpointWitnessed,
        Self::ClockAttested,
        Self::BackupBegun,
        Self::BackupMade,
        Self::CopyGone,
        Self::StorageHeld,
        Self::Restored,
    ];

    /// The word in the journal.
    pub fn as_str(&self) -> &str {
        match self {
            Self::HomeCreated => "home_created",
            Self::Activation => "activation",
            Self::RetentionCorrected => "retention_corrected",
            Self::RetentionResolved => "retention_resolved",
            Self::Batch => "batch",
            Self::RunStarted => "run_started",
            Self::RunFinished => "run_finished",
            Self::HoldPlaced => "hold_placed",
            Self::HoldApplied => "hold_applied",
            Self::HoldReleased => "hold_released",
            Self::HoldNotice => "hold_notice",
            Self::Governance => "governance",
            Self::Facts => "facts",
            Self::Review => "review",
            Self::Viewed => "viewed",
            Self::SampleCommitted => "sample_committed",
            Self::SampleDrawn => "sample_drawn",
            Self::EventRecorded => "event_recorded",
            Self::EventCorrected => "event_corrected",
            Self::EventCancelled => "event_cancelled",
            Self::CaseOpened => "case_opened",
            Self::CaseAdded => "case_added",
            Self::CaseClosed => "case_closed",
            Self::ErasureRequested => "erasure_requested",
            Self::ErasureConfirmed => "erasure_confirmed",
            Self::ErasureExtended => "erasure_extended",
            Self::ErasureDecided => "erasure_decided",
            Self::ErasureProof => "erasure_proof",
            Self::ErasureAnswered => "erasure_answered",
            Self::ErasureClosed => "erasure_closed",
            Self::KeyCreated => "key_created",
            Self::KeyRotated => "key_rotated",
            Self::CheckpointExported => "checkpoint_exported",
            Self::DisposalProposed => "disposal_proposed",
            Self::DisposalApproved => "disposal_approved",
            Self::DisposalRejected => "disposal_rejected",
            Self::DisposalOrdered => "disposal_ordered",
            Self::DisposalAnswered => "disposal_answered",
            Self::DisposalHandedOver => "disposal_handed_over",
            Self::DisposalReceived => "disposal_received",
            Self::DisposalIntent => "disposal_intent",
            Self::DisposalDone => "disposal_done",
            Self::DisposalCertified => "disposal_certified",
            Self::CheckpointWitnessed => "checkpoint_witnessed",
            Self::ClockAttested => "clock_attested",
            Self::BackupBegun => "backup_begun",
            Self::BackupMade => "backup_made",
            Self::CopyGone => "copy_gone",
            Self::StorageHeld => "storage_held",
            Self::Restored => "restored",
            Self::Unknown(word) => word,
        }
    }

    /// Whether its payload is a [`crate::BatchRecord`], which names files of the home.
    pub fn names_files(&self) -> bool {
        matches!(
            self,
            Self::Batch | Self::HoldApplied | Self::Activation | Self::RetentionResolved | Self::DisposalProposed
        )
    }

    /// Whether its payload names a key of the home, without which nothing signed can be checked.
    pub(crate) fn names_a_key(&self) -> bool {
        matches!(self, Self::KeyCreated | Self::KeyRotated)
    }

    /// Whether its payload says which files have been replaced, so that no other reading of the home is right without it.
    pub(crate) fn destroys(&self) -> bool {
        matches!(self, Self::DisposalIntent | Self::DisposalDone)
    }

    /// Whether its payload cannot be done without: it names files or keys, or what is kept or destroyed rests on it.
    pub(crate) fn is_indispensable(&self) -> bool {
        let decides = matches!(
            self,
            Self::HoldPlaced
                | Self::HoldReleased
                | Self::RunStarted
                | Self::RetentionCorrected
                | Self::Review
                | Self::EventRecorded
                | Self::EventCorrected
                | Self::EventCancelled
                | Self::CaseOpened
                | Self::CaseAdded
                | Self::CaseClosed
                | Self::ErasureRequested
                | Self::ErasureConfirmed
                | Self::ErasureExtended
                | Self::ErasureDecided
                | Self::ErasureProof
                | Self::ErasureAnswered
                | Self::ErasureClosed
                | Self::DisposalApproved
                | Self::DisposalRejected
                | Self::DisposalOrdered
                | Self::DisposalAnswered
                | Self::DisposalHandedOver
                | Self::DisposalReceived
                | Self::DisposalCertified
                | Self::ClockAttested
                | Self::Restored
        );
        decides || self.names_files() || self.names_a_key() || self.destroys()
    }

    fn named(word: String) -> Self {
        Self::KNOWN
            .iter()
            .find(|kind| kind.as_str() == word)
            .cloned()
            .unwrap_or(Self::Unknown(word))
    }
}

/// A line as it stands in the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    v: u32,
    pub(crate) seq: u64,
    at: Timestamp,
    kind: String,
    actor: String,
    payload: Option<Digest>,
    prev: Option<Digest>,
}

impl Line {
    /// The line that follows another, or begins the journal.
    pub(super) fn after(last: Option<Link>, kind: &str, payload: Option<Digest>, stamp: Stamp<'_>) -> Self {
        Self {
            v: VERSION,
            seq: last.map_or(1, |last| last.seq + 1),
            at: stamp.at,
            kind: kind.to_owned(),
            actor: stamp.actor.to_owned(),
            payload,
            prev: last.map(|last| last.leaf),
        }
    }

    /// Reads a line, without its line feed.
    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        match serde_json::from_slice::<Self>(text) {
            Ok(line) if line.v == VERSION => Ok(line),
            read => match serde_json::from_slice::<Version>(text) {
                Ok(Version { v }) if v > VERSION => {
                    let message = format!("the journal has lines of form {v}, written by a newer Lexhold");
                    Err(StoreError::new(ErrorKind::Version, message))
                }
                _ => Err(not_a_line(read.err())),
            },
        }
    }

    /// The canonical text, without a line feed.
    pub(crate) fn text(&self) -> Vec<u8> {
        #[expect(
            clippy::expect_used,
            reason = "a struct of numbers, texts and digests always has a JSON form"
        )]
        let value = serde_json::to_value(self).expect("a line is JSON");
        canonical_json(&value).into_bytes()
    }

    /// Whether this line may stand behind `last`.
    pub(crate) fn follows(&self, last: Option<Link>) -> bool {
        self.seq == last.map_or(1, |last| last.seq + 1) && self.prev == last.map(|last| last.leaf)
    }

    /// The entry of a line whose text this is.
    pub(crate) fn into_entry(self, text: &[u8]) -> Entry {
        Entry {
            seq: self.seq,
            at: self.at,
            kind: EntryKind::named(self.kind),
            actor: self.actor,
            payload: self.payload,
            leaf: leaf_hash(text),
        }
    }
}

fn not_a_line(cause: Option<serde_json::Error>) -> StoreError {
    let error = StoreError::new(ErrorKind::Corrupt, "not a line of a journal");
    match cause {
        Some(cause) => error.because(cause),
        None => error,
    }
}
