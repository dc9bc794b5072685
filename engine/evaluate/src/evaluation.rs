//! What the evaluation of one batch says, by row; equal things once.

use lexhold_model::{ByteSpan, Field, Key};
use lexhold_policy::Direction;
use lexhold_retention::{Assigned, Days, Membership, Resolved};

use crate::identity::Identity;

/// Everything that is to be recorded of one batch of messages.
///
/// Rows are positions in the batch. Lists are sorted by row, so that the same batch gives the same evaluation on any thread.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// One for each message of the batch.
    pub messages: Vec<MessageRow>,
    /// Where rules matched, sorted by row, rule, field and span.
    pub hits: Vec<HitRow>,
    /// Distinct facts: key and canonical JSON, in the order in which they first occur.
    pub facts: Vec<(Key, String)>,
    /// Distinct duty sets.
    pub sets: Vec<DutySet>,
    /// Distinct local days.
    pub days: Vec<DaysRow>,
    /// The dates of each distinct pair of duty set and days.
    pub calendar: Vec<(Key, Key, Resolved)>,
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
    /// It lies in quoted or forwarded text.
    pub quoted: bool,
    /// The exclusion that took it away: the rule's words.
    pub excluded_by: Option<String>,
    /// The rule's `when` could not be evaluated, so it was taken to hold.
    pub indeterminate: Option<String>,
    /// The alert that it belongs to.
    pub alert: Key,
    /// A keyed hash of the folded match.
    pub evidence: Key,
}

/// A distinct set of assigned schedules.
#[derive(Clone, Debug)]
pub struct DutySet {
    /// The key of the set.
    pub id: Key,
    /// The schedules, sorted.
    pub assigned: Vec<Assigned>,
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
