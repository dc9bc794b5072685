//! What the catalog reads in journal entries. Whoever writes the journal may write these very types.
//!
//! Every payload may say more than this; the catalog ignores what it does not know.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_model::{Digest, Key};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One journal entry, as far as the catalog needs it.
#[derive(Clone, Copy, Debug)]
pub struct JournalEntry<'a> {
    /// Its place in the journal, without gaps.
    pub seq: u64,
    /// The hash of its line, by which a catalog knows whose journal it was made of.
    pub leaf: Digest,
    /// What kind of entry it is: one of [`kind`], or another that only advances the catalog.
    pub kind: &'a str,
    /// When it was written: an RFC 3339 instant.
    pub at: &'a str,
    /// Who caused it.
    pub actor: &'a str,
    /// What it says; null once the payload has been erased.
    pub payload: &'a Value,
}

/// The kinds of entry that leave more in the catalog than their sequence number.
pub mod kind {
    /// The first entry of every journal; its payload is not read.
    pub const HOME_CREATED: &str = "home_created";
    /// A bundle became the active one: [`Activation`](super::Activation), with files that say what it makes of the facts
    /// which the home has.
    pub const ACTIVATION: &str = "activation";
    /// A version of a retention document is taken back: [`RetentionCorrected`](super::RetentionCorrected).
    pub const RETENTION_CORRECTED: &str = "retention_corrected";
    /// An indeterminate message was decided on: [`RetentionResolved`](super::RetentionResolved), with files that hold the
    /// schedules which were named.
    pub const RETENTION_RESOLVED: &str = "retention_resolved";
    /// A run began: [`RunStarted`](super::RunStarted).
    pub const RUN_STARTED: &str = "run_started";
    /// Messages were taken in: [`Batch`](super::Batch), with evaluation files.
    pub const BATCH: &str = "batch";
    /// A run came to its end: [`RunFinished`](super::RunFinished).
    pub const RUN_FINISHED: &str = "run_finished";
    /// A hold was placed: [`HoldPlaced`](super::HoldPlaced).
    pub const HOLD_PLACED: &str = "hold_placed";
    /// A hold was evaluated over what the home already had: [`HoldApplied`](super::HoldApplied), with files.
    pub const HOLD_APPLIED: &str = "hold_applied";
    /// A hold was ended: [`HoldReleased`](super::HoldReleased).
    pub const HOLD_RELEASED: &str = "hold_released";
    /// A custodian was told of a hold, reminded, or has answered: [`HoldNotice`](super::HoldNotice).
    pub const HOLD_NOTICE: &str = "hold_notice";
    /// Somebody decided something under review: [`Review`](super::Review).
    pub const REVIEW: &str = "review";
    /// Somebody looked at what is under review: [`Viewed`](super::Viewed).
    pub const VIEWED: &str = "viewed";
    /// A sample was committed to: [`SampleCommitted`](super::SampleCommitted).
    pub const SAMPLE_COMMITTED: &str = "sample_committed";
    /// A sample was drawn: [`SampleDrawn`](super::SampleDrawn).
    pub const SAMPLE_DRAWN: &str = "sample_drawn";
    /// Events took effect: [`Events`](super::Events).
    pub const EVENT_RECORDED: &str = "event_recorded";
    /// Events took effect on another day than was recorded: [`Events`](super::Events).
    pub const EVENT_CORRECTED: &str = "event_corrected";
    /// Events were taken back: [`Events`](super::Events).
    pub const EVENT_CANCELLED: &str = "event_cancelled";
    /// A case was opened: [`CaseOpened`](super::CaseOpened).
    pub const CASE_OPENED: &str = "case_opened";
    /// Messages were added to a case: [`CaseAdded`](super::CaseAdded).
    pub const CASE_ADDED: &str = "case_added";
    /// A case came to its end: [`CaseClosed`](super::CaseClosed).
    pub const CASE_CLOSED: &str = "case_closed";
    /// A request for erasure was frozen: [`ErasureRequested`](super::ErasureRequested).
    pub const ERASURE_REQUESTED: &str = "erasure_requested";
    /// Who asked was confirmed: [`ErasureConfirmed`](super::ErasureConfirmed).
    pub const ERASURE_CONFIRMED: &str = "erasure_confirmed";
    /// Its answer takes longer: [`ErasureExtended`](super::ErasureExtended).
    pub const ERASURE_EXTENDED: &str = "erasure_extended";
    /// Proof of who asked was wanted, or came in: [`ErasureProof`](super::ErasureProof).
    pub const ERASURE_PROOF: &str = "erasure_proof";
    /// Counsel decided on some of its messages: [`ErasureDecided`](super::ErasureDecided).
    pub const ERASURE_DECIDED: &str = "erasure_decided";
    /// It was answered: [`ErasureAnswered`](super::ErasureAnswered).
    pub const ERASURE_ANSWERED: &str = "erasure_answered";
    /// It is over: [`ErasureClosed`](super::ErasureClosed).
    pub const ERASURE_CLOSED: &str = "erasure_closed";
    /// A disposal plan was frozen: [`DisposalProposed`](super::DisposalProposed), with a file that lists its items.
    pub const DISPOSAL_PROPOSED: &str = "disposal_proposed";
    /// Somebody approved a disposal plan: [`DisposalApproved`](super::DisposalApproved).
    pub const DISPOSAL_APPROVED: &str = "disposal_approved";
    /// A plan was rejected, or items were sent back: [`DisposalRejected`](super::DisposalRejected).
    pub const DISPOSAL_REJECTED: &str = "disposal_rejected";
    /// Messages are about to be destroyed: [`DisposalIntent`](super::DisposalIntent).
    pub const DISPOSAL_INTENT: &str = "disposal_intent";
    /// What became of that: [`DisposalDone`](super::DisposalDone).
    pub const DISPOSAL_DONE: &str = "disposal_done";
    /// A plan was carried out, and certified: [`DisposalCertified`](super::DisposalCertified).
    pub const DISPOSAL_CERTIFIED: &str = "disposal_certified";
    /// A backup was brought back.
    pub const RESTORED: &str = "restored";
}

/// The payload of a disposal plan that was frozen: a batch record with the file of its items beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DisposalProposed {
    /// What it says of itself.
    pub detail: DisposalPlan,
}

/// A disposal plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalPlan {
    /// Its name.
    pub plan: String,
    /// The root of the Merkle tree over its items.
    pub digest: String,
    /// The instant for which its items were eligible, RFC 3339.
    pub as_of: String,
    /// The last journal entry that was taken into account.
    pub frozen_at: u64,
    /// How many items it has.
    pub items: u64,
    /// How many under each schedule; an item under several counts under each.
    pub by_schedule: Vec<ScheduleCount>,
    /// How many messages whose time is over are not in it, and why. Nothing here comes of a silent hold.
    pub held_back: Vec<ReasonCount>,
    /// Who wrote the schedules, as the documents say.
    pub authors: Vec<String>,
    /// The stages of approval that it has to pass, in order; none in plans of the first versions, which had one.
    #[serde(default)]
    pub stages: Vec<String>,
    /// Whether one person governed alone.
    pub solo: bool,
}

/// How many items a schedule has in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleCount {
    /// `document.schedule@version`.
    pub schedule: String,
    /// How many.
    pub items: u64,
}

/// How many messages are held back for a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonCount {
    /// The reason: a state, or `shared_alert`, `transfer`.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// The payload of an approval of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalApproved {
    /// The plan.
    pub plan: String,
    /// Its digest.
    pub digest: String,
    /// The stage that it approves, from 0.
    #[serde(default)]
    pub stage: u64,
    /// The signatures that were given.
    #[serde(default)]
    pub approvals: Vec<Value>,
    /// Whether one person governed alone.
    pub solo: bool,
}

/// The payload of what takes a whole plan, or some of its items, out of disposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalRejected {
    /// The plan.
    pub plan: String,
    /// Why, where the whole plan is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The items that are sent back; the rest stays.
    #[serde(default)]
    pub items: Vec<SentBack>,
    /// Whether nobody decided that, but what was found when the plan was carried out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub found: bool,
}

/// An item that was sent back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentBack {
    /// The message.
    pub key: Key,
    /// Why.
    pub reason: String,
    /// Until when it is not to be proposed again, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// What the catalog reads of an intent to destroy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalIntent {
    /// The plan that it carries out.
    pub plan: String,
    /// The files.
    pub files: Vec<DisposalFile>,
    /// The messages.
    pub keys: Vec<Key>,
    /// What was added to it.
    #[serde(default)]
    pub detail: DisposalIntentDetail,
    /// The entry of the intent of which this is what is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amends: Option<u64>,
}

/// A file that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalFile {
    /// As it was.
    pub old: FileSize,
}

/// How large a file was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSize {
    /// Its length.
    pub bytes: u64,
}

/// What an intent says beside files and messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalIntentDetail {
    /// When people last wrote in the conversations of these messages: what stays of a conversation keeps its date.
    #[serde(default)]
    pub activity: Vec<Activity>,
}

/// The last activity of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// A hash of its platform and name.
    pub conversation: String,
    /// When people last wrote or spoke in it, in microseconds since 1970 in UTC.
    pub active_at: Option<i64>,
    /// When anything of it was last captured, likewise.
    pub captured_at: i64,
}

/// What the catalog reads of what became of an intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalDone {
    /// The entry of the intent.
    pub intent: u64,
    /// Whether the messages are gone.
    pub destroyed: bool,
}

/// The payload of an order to the firm's own archive: what it is to destroy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalOrdered {
    /// The plan that it carries out.
    pub plan: String,
    /// The plan's digest.
    pub digest: String,
    /// The last journal entry that was taken into account.
    pub seen: u64,
    /// The messages.
    pub items: Vec<OrderedItem>,
}

/// A message that the firm's own archive is to destroy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedItem {
    /// The message.
    pub key: Key,
    /// Its id in reports.
    pub message_id: String,
    /// Which version it is.
    pub version: i32,
    /// The keyed hash of its content, which the answer repeats.
    pub content_hash: Key,
}

/// The payload of what the firm's own archive answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalAnswered {
    /// The plan.
    pub plan: String,
    /// The digest of the file.
    pub file: String,
    /// What became of each message.
    pub items: Vec<AnsweredItem>,
}

/// What the firm's own archive says of one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredItem {
    /// The message.
    pub key: Key,
    /// What became of the order, or what reading back found.
    pub outcome: Outcome,
    /// What was found when it was read again, where that was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_back: Option<Outcome>,
    /// Until when it is locked there, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// The payload of what was handed to another keeper before it is destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalHandedOver {
    /// The plan that it carries out.
    pub plan: String,
    /// The plan's digest.
    pub digest: String,
    /// The last journal entry that was taken into account.
    pub seen: u64,
    /// Who receives it.
    pub to: String,
    /// The messages.
    pub items: Vec<HandedItem>,
}

/// A message that was handed to another keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedItem {
    /// The message.
    pub key: Key,
    /// The keyed hash of the digest of its line, which the receipt repeats.
    pub hash: Key,
}

/// The payload of another keeper's receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalReceived {
    /// The plan.
    pub plan: String,
    /// The digest of the file.
    pub file: String,
    /// What was received.
    pub items: Vec<HandedItem>,
}

/// What an archive says became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was destroyed just now.
    Destroyed,
    /// It is not there.
    NotFound,
    /// It is there.
    Found,
    /// The archive would not destroy it.
    Refused,
    /// It cannot be destroyed before an instant.
    Locked,
    /// No answer came in time: it may be there or not.
    Timeout,
}

/// The payload of a backup that is about to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupBegun {
    /// When it is to be gone, RFC 3339.
    #[serde(default)]
    pub expires: Option<String>,
}

/// The payload of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupMade {
    /// The digest of its manifest.
    pub backup: String,
    /// The entry that said that it was about to be made; none in journals of the first versions.
    #[serde(default)]
    pub begun: Option<u64>,
    /// The entries of its journal.
    pub entries: u64,
    /// When it is to be gone, RFC 3339.
    #[serde(default)]
    pub expires: Option<String>,
}

/// What the payload of a restored home says of the backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// The digest of its manifest; empty where the journal alone was put back.
    #[serde(default)]
    pub backup: String,
    /// The entries of its journal.
    #[serde(default)]
    pub backup_entries: u64,
    /// The entry that said that it was about to be made.
    #[serde(default)]
    pub begun: Option<u64>,
    /// Whether what came after the backup is known.
    pub newer_journal: bool,
}

/// The payload of what says of a copy outside the home that it is no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyGone {
    /// What the copy is called: `backup-` or `home-` and the number of its entry, or its name in `lexhold.yaml`.
    pub copy: String,
    /// Who says so, or why.
    pub reason: String,
}

/// What the catalog reads of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalCertified {
    /// The plan.
    pub plan: String,
}

/// The payload of an activation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Activation {
    /// The digest of the bundle.
    pub bundle: String,
    /// Its documents, kept as they are: kind, name, version and digest of each.
    #[serde(default)]
    pub documents: Vec<Value>,
}

/// The payload of a correction: a version that was proven wrong, or shortened by law.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RetentionCorrected {
    /// The document's name.
    pub document: String,
    /// Its version.
    pub version: String,
    /// The version's digest.
    pub digest: String,
    /// Why.
    pub reason: String,
    /// The ids of regulations that shortened it.
    #[serde(default)]
    pub cites: Vec<String>,
    /// Who approved it.
    #[serde(default)]
    pub approved_by: Vec<String>,
    /// The digest of the simulation that they accepted.
    pub simulation_digest: String,
    /// The latest time in the journal by then, from which the wait counts: a clock that was set back shortens none. Without one
    /// it counts from the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_from: Option<String>,
}

/// The payload of a resolution: what two people decided about one message that was indeterminate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RetentionResolved {
    /// The decision.
    pub detail: ResolvedMessage,
}

/// Which schedules a message has that was indeterminate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResolvedMessage {
    /// The family of the message's versions.
    pub family: Key,
    /// The message's id in reports.
    pub message_id: String,
    /// What was decided of each document.
    pub documents: Vec<ResolvedDocument>,
    /// Why.
    pub reason: String,
    /// Who stands by it beside the one who says so.
    pub confirmed_by: Vec<String>,
}

/// What was decided of one document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResolvedDocument {
    /// Its name.
    pub document: String,
    /// What reports call the schedules that apply; empty where none does.
    pub schedules: Vec<String>,
    /// The same as a duty set.
    pub set_id: Key,
    /// The assignments that were indeterminate, and are no more.
    pub replaces: Vec<Replaced>,
}

/// An assignment that a resolution takes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// The schedule version.
    pub schedule_id: Key,
    /// The outcome with which it was assigned; of one that was certain, an event's key or a date was missing.
    pub outcome: String,
}

/// The payload of a case that was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOpened {
    /// The case's name.
    pub case: String,
    /// What it is about.
    pub matter: String,
    /// Why.
    pub reason: String,
    /// Its first messages.
    pub items: Vec<CaseItem>,
    /// Whether one person governed alone.
    #[serde(default)]
    pub solo: bool,
}

/// The payload of messages that were added to a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseAdded {
    /// The case's name.
    pub case: String,
    /// Why.
    pub reason: String,
    /// The messages.
    pub items: Vec<CaseItem>,
    /// Whether one person governed alone.
    #[serde(default)]
    pub solo: bool,
}

/// A message of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseItem {
    /// The family of its versions.
    pub family: Key,
    /// Its id in reports.
    pub message_id: String,
    /// The alert that it came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Key>,
}

/// The payload of the end of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseClosed {
    /// The case's name.
    pub case: String,
    /// Why.
    pub reason: String,
    /// Who stands by it beside the one who closes it.
    #[serde(default)]
    pub confirmed_by: Option<String>,
    /// Whether one person governed alone.
    #[serde(default)]
    pub solo: bool,
}

/// The payload of a request for erasure: what is asked for, and the messages that it means, frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureRequested {
    /// Its name.
    pub request: String,
    /// Who asks: what somebody needs to know them by, such as an id of the directory.
    pub subject: String,
    /// The law that it rests on: `gdpr`, `uk-gdpr`, `ccpa`.
    pub law: String,
    /// Where the person is: a code such as `DE` or `US-CA`.
    pub located: String,
    /// Where the controller is established, likewise.
    pub established: Vec<String>,
    /// The local day on which it came in.
    pub received: String,
    /// The controller's zone.
    pub zone: String,
    /// The last day for an answer.
    pub due: String,
    /// How the messages were chosen, kept as it is.
    pub chosen_by: Value,
    /// The digest of the list of messages.
    pub digest: String,
    /// The messages.
    pub items: Vec<ErasureItem>,
    /// Whether one person governed alone.
    #[serde(default)]
    pub solo: bool,
}

/// A message of a request for erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureItem {
    /// The family of its versions.
    pub family: Key,
    /// Its id in reports.
    pub message_id: String,
    /// How many others took part in it.
    pub others: u64,
}

/// The payload of a confirmation that a request is who it says and means the right messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureConfirmed {
    /// The request.
    pub request: String,
    /// The digest of its list of messages.
    pub digest: String,
    /// How the person was known.
    pub evidence: String,
    /// Whether one person governed alone.
    #[serde(default)]
    pub solo: bool,
}

/// The payload of more time for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureExtended {
    /// The request.
    pub request: String,
    /// The last day for an answer from now on.
    pub due: String,
    /// The day on which the person was told.
    pub notified: String,
    /// Why.
    pub reason: String,
}

/// The payload of a wait for proof of who asked: its beginning, or its end where the proof has come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureProof {
    /// The request.
    pub request: String,
    /// The day on which the person was asked for it.
    pub asked: String,
    /// The day on which it came in, and the last day for an answer from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<(String, String)>,
    /// What was doubtful.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The payload of what counsel decided on messages of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureDecided {
    /// The request.
    pub request: String,
    /// The article on which they stay; none where their erasure is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// The schedule versions whose duties are waived for all of the items, sorted, where it is granted: as the first versions wrote it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<Key>,
    /// Why.
    pub reason: String,
    /// The messages that stay on the ground.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ErasureItem>,
    /// The messages whose erasure is granted, by what is waived for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<ErasureGrant>,
    /// Who stands by it.
    #[serde(default)]
    pub confirmed_by: Vec<String>,
    /// Whether one person governed alone.
    #[serde(default)]
    pub solo: bool,
}

/// Messages for which the same is waived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureGrant {
    /// The schedule versions whose duties are waived, sorted.
    pub waived: Vec<Key>,
    /// The messages.
    pub items: Vec<ErasureItem>,
}

impl ErasureDecided {
    /// What was decided in parts: the schedule versions that are waived, and the messages.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&[Key], &[ErasureItem])> {
        let grants = self.grants.iter().map(|grant| (&*grant.waived, &*grant.items));
        std::iter::once((&*self.waived, &*self.items))
            .filter(|(_, items)| !items.is_empty())
            .chain(grants)
    }
}

/// The payload of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureAnswered {
    /// The request.
    pub request: String,
    /// What was answered: everything that the letter says. Nothing here comes of a silent hold.
    pub answer: Value,
    /// Who stands by it.
    #[serde(default)]
    pub confirmed_by: Vec<String>,
    /// Whether one person governed alone.
    #[serde(default)]
    pub solo: bool,
}

/// The payload of the end of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureClosed {
    /// The request.
    pub request: String,
    /// How it ended: `withdrawn`, `unidentified`.
    pub outcome: String,
    /// Why.
    pub reason: String,
    /// Who stands by it.
    #[serde(default)]
    pub confirmed_by: Vec<String>,
    /// Whether one person governed alone.
    #[serde(default)]
    pub solo: bool,
}

/// The payload at the start of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunStarted {
    /// The run's id.
    pub run: String,
    /// The digest of the bundle it evaluates.
    pub bundle: String,
    /// The digest of the facts it evaluates with.
    pub facts: String,
    /// The instant it evaluates for, RFC 3339.
    pub as_of: String,
}

/// The payload of one batch of messages. The batch's evaluation files come beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// The run that took it in.
    pub run: String,
    /// What it was made of.
    pub detail: BatchDetail,
}

/// What a batch was made of.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BatchDetail {
    /// The input files that messages of this batch were read from.
    #[serde(default)]
    pub inputs: Vec<BatchInput>,
    /// The numbers that platforms gave to the messages it added.
    #[serde(default)]
    pub sequences: Vec<SequenceRange>,
}

/// One input file's part in a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchInput {
    /// The file, as it was named to Lexhold.
    pub path: String,
    /// Its digest.
    pub digest: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// How many of its messages this batch took: new, duplicate and colliding.
    pub messages: u64,
    /// Whether the file was read to its end with this batch.
    pub complete: bool,
    /// What it is, such as `slack (zip)`.
    #[serde(default)]
    pub format: String,
    /// What was read of it and what became of it. Empty where a file that is known to its end was read once more.
    #[serde(default)]
    pub tallies: Vec<Tally>,
}

/// What was read of one part of an input on one platform and day. `read` is the sum of `written`, `duplicate`,
/// `destroyed_before` and `unreadable`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The file or folder inside the input; empty where that is the input itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub part: String,
    /// The platform; none of rows that cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The day on which they were sent, in the zone of the home; none of rows that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// Rows: messages, and what should have been messages.
    pub read: u64,
    /// Messages that were added, those under an id that another message has included.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub written: u64,
    /// Messages that were there before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub duplicate: u64,
    /// Messages that had been destroyed before, whether or not something brought them back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub destroyed_before: u64,
    /// Rows that are no messages.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable: u64,
    /// How many of the messages are entries that the platform made: somebody joined, a name was changed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub system: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Numbers without a gap that a platform gave to messages of one conversation and day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceRange {
    /// The platform.
    pub platform: String,
    /// A hash of its platform and name.
    pub conversation: Key,
    /// The day on which they were sent, in the zone of the home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// The first number.
    pub first: u64,
    /// The last number.
    pub last: u64,
}

/// The payload at the end of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunFinished {
    /// The run's id.
    pub run: String,
    /// Its closing summary, kept as it is.
    pub summary: Value,
}

/// The payload of a hold that was placed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HoldPlaced {
    /// The hold's name.
    pub hold: String,
    /// The matter it serves.
    pub matter: String,
    /// The zone of its dates.
    pub zone: String,
    /// The digest of its document.
    pub digest: String,
    /// Whether only some may know of it.
    #[serde(default)]
    pub silent: bool,
    /// The document, resolved.
    pub document: Value,
    /// The document as it was written, from which it is compiled again for every run.
    #[serde(default)]
    pub text: String,
    /// The hold that this one makes smaller, whose name the document bears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrows: Option<String>,
    /// The handles by which each custodian was known then, each with its platform; `*` stands for all.
    #[serde(default)]
    pub handles: BTreeMap<String, BTreeSet<(String, String)>>,
}

/// The payload of a hold's evaluation over what the home has: a batch record with files beside it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HoldApplied {
    /// What it says of itself.
    #[serde(default)]
    pub detail: HoldAppliedDetail,
}

/// What a hold's evaluation covers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HoldAppliedDetail {
    /// The holds.
    #[serde(default)]
    pub holds: Vec<String>,
    /// The journal entry up to which every message has been asked about; none for a part of an evaluation, whose last
    /// part says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<u64>,
    /// The handles under which custodians were looked for, as in [`HoldPlaced::handles`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub handles: BTreeMap<String, BTreeSet<(String, String)>>,
}

/// The payload of a release. It ends every membership of the hold; those of other holds stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldReleased {
    /// The hold.
    pub hold: String,
    /// Why.
    pub reason: String,
    /// Those who stand by it beside who wrote it.
    #[serde(default)]
    pub confirmed_by: Vec<String>,
    /// Whether one person governed alone.
    #[serde(default)]
    pub solo: bool,
    /// The first instant at which anything that it held may be eligible, RFC 3339.
    pub grace_until: String,
    /// The smaller hold that takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed_to: Option<String>,
}

/// The payload of a step with a custodian of a hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldNotice {
    /// The hold.
    pub hold: String,
    /// What was done: `issued`, `reminded`, `escalated`, `acknowledged`.
    pub step: String,
    /// With whom.
    pub custodians: Vec<String>,
    /// The version of the notice's text, its digest; none for an acknowledgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The payload of a review: one decision about one thing or about many at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Review {
    /// What was done: `assign`, `escalate`, `close`, `reopen`, `suppress`, `unsuppress`, `comment`, `review`, `attest`.
    pub action: String,
    /// Who the reviewer is in the directory.
    pub person: Option<String>,
    /// The operator who stays responsible, where the reviewer acts for another.
    pub on_behalf_of: Option<String>,
    /// To whom it was assigned or escalated.
    pub to: Option<String>,
    /// Until when it was set aside, RFC 3339.
    pub until: Option<String>,
    /// What was found.
    pub decision: Option<String>,
    /// Whether it is a significant regulatory issue.
    pub significant: bool,
    /// What was done about it.
    pub action_taken: Option<String>,
    /// Why, in the reviewer's own words.
    pub reason: Option<String>,
    /// The operator who approved it beside the reviewer.
    pub approved_by: Option<String>,
    /// The document by which the reviewer acted for another, in its own words.
    pub delegation: Option<Mandate>,
    /// The documents by which the reviewer could decide on what they took part in.
    pub exceptions: Vec<Mandate>,
    /// Whether one person governed alone.
    pub solo: bool,
    /// What it is about.
    pub items: Vec<ReviewItem>,
}

/// A document that a review rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandate {
    /// Its name.
    pub name: String,
    /// Its digest.
    pub digest: String,
    /// Its text.
    pub text: String,
}

/// One thing that was decided on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewItem {
    /// `alert`, `sample`, `message` or `period`.
    pub object: String,
    /// Its id.
    pub object_id: String,
    /// The messages that it had then: their keys.
    #[serde(default)]
    pub members: Vec<Key>,
    /// The same messages as reports name them.
    #[serde(default)]
    pub message_ids: Vec<String>,
    /// When it was due, RFC 3339.
    #[serde(default)]
    pub due_at: Option<String>,
}

/// The payload of a look at what is under review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewed {
    /// `alert`, `sample` or `message`.
    pub object: String,
    /// Its id.
    pub object_id: String,
    /// How much text was shown: `never`, `match`, `full`.
    pub content: String,
}

/// The payload of events that were recorded, corrected or cancelled at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Events {
    /// The operator who stands by it beside the one who says so.
    pub confirmed_by: Option<String>,
    /// The digest of the figures that were accepted, where it freed very many messages at once.
    pub accepted: Option<String>,
    /// Whether one person governed alone.
    pub solo: bool,
    /// The events.
    pub events: Vec<EventItem>,
}

/// One event that was recorded, corrected or cancelled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventItem {
    /// The type of event.
    #[serde(rename = "type")]
    pub event: String,
    /// Whom or what it happened to.
    pub key: String,
    /// The day on which it took effect: `2024-05-10`; none for a cancellation.
    pub date: Option<String>,
    /// The entry that it corrects or cancels.
    pub supersedes: Option<String>,
    /// What it rests on, in the asserter's own words, or the name of a file.
    pub evidence: Option<String>,
    /// The digest of the file that it rests on.
    pub evidence_digest: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// The payload of a commitment to a sample of one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleCommitted {
    /// The sample.
    pub sample: String,
    /// The period.
    pub period: String,
    /// Its first instant, RFC 3339.
    pub begins_at: String,
    /// The first instant behind it.
    pub ends_at: String,
    /// The digest that fixes key, rates and strata.
    pub commitment: String,
    /// Rates and strata, as the document said them then.
    pub plan: Value,
}

/// The payload of a draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleDrawn {
    /// The sample.
    pub sample: String,
    /// The period.
    pub period: String,
    /// Population, rate and size of each draw and stratum, earlier draws included.
    pub tallies: Value,
    /// The messages that had not been drawn before.
    pub items: Vec<SampleItem>,
}

/// A message that was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleItem {
    /// The message.
    pub key: Key,
    /// Its id in reports.
    pub message_id: String,
    /// The draw: `hits`, `non_hits`, or `all` where all messages are reviewed.
    pub of: String,
    /// What it is grouped by.
    pub strata: Vec<String>,
    /// Its hash under the period's key.
    pub hash: Key,
}
