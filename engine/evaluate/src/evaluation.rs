//! What the evaluation of one batch says, by row; equal things once.

use lexhold_model::{ByteSpan, Field, Key, PartKind, Severity};
use lexhold_policy::Direction;
use lexhold_retention::{Assigned, Days, Membership};
use lexhold_rules::{Confidence, Support};

use crate::identity::Identity;
use crate::parts::Range;

/// Everything that is to be recorded of one batch of messages.
///
/// Rows are positions in the batch. Lists are sorted by row, so that the same batch gives the same evaluation on any thread.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// One for each message of the batch.
    pub messages: Vec<MessageRow>,
    /// Where rules matched, sorted by row, rule, field and span.
    pub hits: Vec<HitRow>,
    /// Ranges of texts that are not simply authored, sorted by row and place.
    pub parts: Vec<PartRow>,
    /// What messages contribute to rules over several messages, sorted by row, rule, group and component.
    pub events: Vec<EventRow>,
    /// Distinct facts: key and canonical JSON, in the order in which they first occur.
    pub facts: Vec<(Key, String)>,
    /// Distinct duty sets.
    pub sets: Vec<DutySet>,
    /// Distinct local days.
    pub days: Vec<DaysRow>,
    /// Messages that holds cover, sorted by row and hold.
    pub holds: Vec<HoldRow>,
    /// Handles met: platform, handle, whether the directory knows them; sorted.
    pub handles: Vec<(String, String, bool)>,
    /// What went wrong on single messages.
    pub diagnostics: Vec<DiagnosticRow>,
}

/// What is recorded of one message, besides what stands in the batch.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Who it is.
    pub identity: Identity,
    /// Which way it went across the firm's border.
    pub direction: Direction,
    /// The date sent is not to be believed.
    pub trigger_suspect: bool,
    /// Its text could not be scanned to the end.
    pub scan_incomplete: bool,
    /// Its facts.
    pub facts_id: Key,
    /// Its duty set.
    pub set_id: Key,
    /// Its days.
    pub days_id: Key,
}

/// A rule of either kind, by its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleRef {
    /// A pattern rule.
    Pattern(u32),
    /// A supervision rule.
    Supervision(u32),
    /// A rule over several messages.
    Conversation(u32),
}

/// One place where a rule matched, or one message in breach of a supervision rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitRow {
    /// The message.
    pub row: usize,
    /// The rule.
    pub rule: RuleRef,
    /// The field and the bytes in it; none for a supervision rule.
    pub place: Option<(Field, ByteSpan)>,
    /// What the part is that it lies in; none for a supervision rule.
    pub part: Option<PartKind>,
    /// Only a view that undoes disguises shows it.
    pub evasion: bool,
    /// The highest tier whose demands hold.
    pub confidence: Option<Confidence>,
    /// The supporting evidence.
    pub support: Box<[Support]>,
    /// How grave the rule's hits are in this message: its own severity, or what it was raised to.
    pub severity: Severity,
    /// How many hits of the rule stand in the message, where more do than are stored.
    pub n_hits: Option<u64>,
    /// The exclusion that took it away: the rule's words.
    pub excluded_by: Option<String>,
    /// The rule's `when` could not be evaluated, so it was taken to hold.
    pub indeterminate: Option<String>,
    /// The alert that it belongs to unless it turns out to be a quote; none where the rule makes no alerts.
    pub alert: Option<Key>,
    /// A keyed hash of the match in the rule's view.
    pub evidence: Key,
    /// A keyed hash of the paragraph around it, the same in a quote; none for a supervision rule.
    pub block: Option<Key>,
}

impl HitRow {
    /// Whether it lies in quoted or forwarded text.
    pub fn quoted(&self) -> bool {
        matches!(self.part, Some(PartKind::Quoted | PartKind::Forwarded))
    }
}

/// A range of a text that is not simply authored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartRow {
    /// The message.
    pub row: usize,
    /// The range.
    pub range: Range,
    /// A keyed hash of its words, without quote marks.
    pub hash: Key,
}

/// A message of a group that a component of a rule over several messages hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventRow {
    /// The message.
    pub row: usize,
    /// The position of the rule among those over several messages.
    pub rule: u32,
    /// A keyed hash of what the messages of the group share.
    pub group: Key,
    /// The position of the component in the rule.
    pub component: u32,
}

/// A distinct set of assigned schedules.
#[derive(Clone, Debug)]
pub struct DutySet {
    /// The key of the set.
    pub id: Key,
    /// The schedules, sorted.
    pub assigned: Vec<Assigned>,
}

/// What a bundle gives to facts that the home has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reassignment {
    /// The facts.
    pub facts_id: Key,
    /// Whether the text could not be scanned to its end.
    pub scan_incomplete: bool,
    /// When the message was sent, in microseconds since 1970 in UTC; none unless a condition of the bundle reads it.
    pub sent_at: Option<i64>,
    /// The duty set.
    pub set_id: Key,
}

/// Distinct local days.
#[derive(Clone, Debug)]
pub struct DaysRow {
    /// The key of the days.
    pub id: Key,
    /// The days.
    pub days: Days,
}

/// A message that a hold covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// The message.
    pub row: usize,
    /// The hold's position among the holds of the facts.
    pub hold: usize,
    /// Held, or held because it could not be found out.
    pub membership: Membership,
}

/// Something that went wrong on one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiagnosticRow {
    /// The message.
    pub row: usize,
    /// What went wrong; see [`crate::codes`].
    pub code: &'static str,
    /// The rule, schedule or hold concerned.
    pub subject: String,
    /// Why, without the message's text.
    pub detail: String,
}
