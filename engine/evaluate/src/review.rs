//! Where the review of an alert stands: a pure function of its messages and of what people did.
//!
//! ```text
//! open ──▶ assigned ──▶ escalated      open, assigned, escalated ──▶ closed (reason)
//!   └────────────────────▲   │         closed ──▶ open: reopened by a person, or by a message that joined later
//!             assigned ◀─────┘
//! ```
//! Nothing here is stored: what people did is in the journal, which messages an alert has is computed when it is read,
//! and both together say the state at an instant. An alert that is overdue is shown as escalated and never closes by
//! itself; a message that joins a closed alert opens it again, unless it only echoes what was reviewed (the alert's
//! grouping says so).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use lexhold_model::Key;
use serde::{Deserialize, Serialize};

/// The four states of an alert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReviewState {
    /// Nobody has taken it up, or it was opened again.
    #[default]
    Open,
    /// Somebody is to review it.
    Assigned,
    /// Somebody above is to see it.
    Escalated,
    /// A person has decided on it, with a reason.
    Closed,
}

impl ReviewState {
    /// All states, in the order of their names in the manual.
    pub const ALL: [Self; 4] = [Self::Open, Self::Assigned, Self::Escalated, Self::Closed];

    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::Escalated => "escalated",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for ReviewState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ReviewState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// What a person does with an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum ReviewStep {
    /// Hands it to somebody.
    Assign {
        /// To whom.
        to: String,
    },
    /// Hands it to somebody above.
    Escalate {
        /// To whom.
        to: String,
    },
    /// Ends the review.
    Close,
    /// Takes the closing back.
    Reopen,
    /// Sets it aside until an instant.
    Suppress {
        /// When it comes back by itself.
        until: Timestamp,
    },
    /// Takes the setting aside back.
    Unsuppress,
    /// Notes something; changes nothing.
    Comment,
}

impl ReviewStep {
    /// The word in the journal and in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Assign { .. } => "assign",
            Self::Escalate { .. } => "escalate",
            Self::Close => "close",
            Self::Reopen => "reopen",
            Self::Suppress { .. } => "suppress",
            Self::Unsuppress => "unsuppress",
            Self::Comment => "comment",
        }
    }
}

/// One line of what people did with an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewEntry {
    /// Its place in the journal.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The alert it was written for; of an alert that others were joined to, one of its aliases.
    pub alert: Key,
    /// What was done.
    pub step: ReviewStep,
    /// The messages that the alert had then.
    pub members: Vec<Key>,
}

/// One message of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewMember {
    /// The message.
    pub key: Key,
    /// When it was raised: the instant that the run which brought it evaluated for.
    pub raised_at: Timestamp,
    /// It only quotes, without a word of its own, what the alert's author wrote before.
    pub echo: bool,
}

/// Why an alert is in its state, where no person put it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// Nobody decided in time.
    Overdue,
    /// A message joined after it had been closed.
    LateMessage,
}

impl Because {
    /// The words in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::LateMessage => "late message",
        }
    }
}

/// Where the review of an alert stands at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewStanding {
    /// The state that people put it into; the next step is measured by it.
    pub decided: ReviewState,
    /// Why it is not in the state that people left it in.
    pub because: Option<Because>,
    /// Whose it is now.
    pub assignee: Option<String>,
    /// When a decision is due; none where none is, and once closed.
    pub due_at: Option<Timestamp>,
    /// It is set aside until then.
    pub suppressed_until: Option<Timestamp>,
}

impl ReviewStanding {
    /// The state to show: overdue counts as escalated.
    pub fn state(&self) -> ReviewState {
        match self.because {
            Some(Because::Overdue) => ReviewState::Escalated,
            _ => self.decided,
        }
    }

    /// Whether nobody decided in time.
    pub fn overdue(&self) -> bool {
        self.because == Some(Because::Overdue)
    }

    /// Whether it waits for a person: not closed, and not set aside.
    pub fn waits(&self) -> bool {
        self.decided != ReviewState::Closed && self.suppressed_until.is_none()
    }
}

/// Why a step cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The state does not allow it.
    State {
        /// The step.
        step: &'static str,
        /// The state.
        state: ReviewState,
    },
    /// It is set aside already.
    Suppressed,
    /// It is not set aside.
    NotSuppressed,
    /// The end lies in the past, or more than a year ahead.
    Expiry,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State {
                step,
                state: ReviewState::Closed,
            } => write!(f, "`{step}` is not for a closed alert; reopen it first"),
            Self::State { step, state } => write!(f, "`{step}` is not for an alert that is {state}"),
            Self::Suppressed => f.write_str("it is suppressed already"),
            Self::NotSuppressed => f.write_str("it is not suppressed"),
            Self::Expiry => f.write_str("a suppression ends within a year, and not before it begins"),
        }
    }
}

/// Where an alert stands: its messages, everything that was written for it or one of its aliases, how a due date is
/// counted, and the instant to judge by. The order of the log is that of the journal, whatever order it comes in.
///
/// An alert that others were joined to has several logs. What is decided on all of their messages goes for all of them;
/// until then it is closed only if every message that counts was in a closing that still stands, and otherwise in the
/// gravest state that any of them is in.
pub fn stand(
    members: &[ReviewMember],
    log: &[ReviewEntry],
    due: impl Fn(Timestamp) -> Option<Timestamp>,
    as_of: Timestamp,
) -> ReviewStanding {
    let mut entries: Vec<&ReviewEntry> = log.iter().collect();
    entries.sort_by_key(|entry| (entry.seq, entry.alert));
    let mut threads: BTreeMap<Key, Thread<'_>> = BTreeMap::new();
    for entry in entries {
        let mut thread = threads.remove(&entry.alert).unwrap_or_default();
        if entry.step != ReviewStep::Comment {
            threads.retain(|_, other| {
                let joined = other.known.iter().all(|key| entry.members.contains(key));
                if joined {
                    thread.inherit(other);
                }
                !joined
            });
        }
        thread.take(entry);
        threads.insert(entry.alert, thread);
    }
    let closed = threads
        .values()
        .filter(|thread| thread.state == Some(ReviewState::Closed));
    let reviewed: BTreeSet<Key> = closed.flat_map(|thread| thread.closed_over.iter().copied()).collect();
    let grave = threads
        .values()
        .filter(|thread| !matches!(thread.state, None | Some(ReviewState::Closed)))
        .max_by_key(|thread| (thread.state, thread.since));
    let late = !reviewed.is_empty() && members.iter().any(|one| !one.echo && !reviewed.contains(&one.key));
    let decided = match grave.and_then(|thread| thread.state) {
        Some(state) => state,
        None if reviewed.is_empty() || late => ReviewState::Open,
        None => ReviewState::Closed,
    };
    let suppressed_until = threads
        .values()
        .filter_map(|thread| thread.suppressed)
        .max()
        .filter(|until| decided != ReviewState::Closed && as_of < *until);
    let due_at = (decided != ReviewState::Closed)
        .then(|| began(members, &reviewed, &threads))
        .flatten()
        .and_then(due);
    let overdue = suppressed_until.is_none() && due_at.is_some_and(|due| due <= as_of);
    let because = match decided {
        ReviewState::Closed => None,
        _ if overdue => Some(Because::Overdue),
        ReviewState::Open if grave.is_none() && late => Some(Because::LateMessage),
        _ => None,
    };
    ReviewStanding {
        decided,
        because,
        assignee: grave.and_then(|thread| thread.assignee.map(str::to_owned)),
        due_at,
        suppressed_until,
    }
}

/// When the time to decide began: with the first message that nobody has decided on, or with the reopening.
fn began(members: &[ReviewMember], reviewed: &BTreeSet<Key>, threads: &BTreeMap<Key, Thread<'_>>) -> Option<Timestamp> {
    let pending = |one: &&ReviewMember| !one.echo && !reviewed.contains(&one.key);
    let any_pending = members.iter().any(|one| pending(&one));
    let first = members
        .iter()
        .filter(|one| !any_pending || pending(one))
        .map(|one| one.raised_at)
        .min()?;
    let reopened = threads.values().filter_map(|thread| thread.reopened).max();
    Some(reopened.map_or(first, |at| first.max(at)))
}

/// What was written for one alert, or for one alias.
#[derive(Debug, Default)]
struct Thread<'a> {
    /// None while nobody has taken a step that says one.
    state: Option<ReviewState>,
    since: u64,
    assignee: Option<&'a str>,
    /// The messages it had at the last step.
    known: &'a [Key],
    closed_over: &'a [Key],
    reopened: Option<Timestamp>,
    suppressed: Option<Timestamp>,
}

impl<'a> Thread<'a> {
    fn take(&mut self, entry: &'a ReviewEntry) {
        self.since = entry.seq;
        self.known = &entry.members;
        match &entry.step {
            ReviewStep::Assign { to } => self.handed(ReviewState::Assigned, to),
            ReviewStep::Escalate { to } => self.handed(ReviewState::Escalated, to),
            ReviewStep::Close => {
                *self = Self {
                    state: Some(ReviewState::Closed),
                    since: entry.seq,
                    known: &entry.members,
                    closed_over: &entry.members,
                    ..Self::default()
                };
            }
            ReviewStep::Reopen => {
                (self.state, self.assignee) = (Some(ReviewState::Open), None);
                self.reopened = Some(entry.at);
            }
            ReviewStep::Suppress { until } => self.suppressed = Some(*until),
            ReviewStep::Unsuppress => self.suppressed = None,
            ReviewStep::Comment => {}
        }
    }

    /// Takes over from an alert that was joined to this one, all of whose messages it has now.
    fn inherit(&mut self, other: &Self) {
        if other.state != Some(ReviewState::Closed) && self.state.unwrap_or_default() <= other.state.unwrap_or_default()
        {
            (self.state, self.assignee) = (other.state, other.assignee);
        }
        self.reopened = self.reopened.max(other.reopened);
        self.suppressed = self.suppressed.max(other.suppressed);
    }

    fn handed(&mut self, state: ReviewState, to: &'a str) {
        (self.state, self.assignee) = (Some(state), Some(to));
    }
}

/// Whether a step may be taken from here, at this instant.
///
/// Handing an assigned alert to somebody else, or an escalated one further up, keeps its state and is allowed.
///
/// # Errors
/// Why not.
pub fn permitted(standing: &ReviewStanding, step: &ReviewStep, at: Timestamp) -> Result<(), Refused> {
    let state = standing.decided;
    let allowed = match step {
        ReviewStep::Assign { .. } | ReviewStep::Escalate { .. } | ReviewStep::Close => state != ReviewState::Closed,
        ReviewStep::Reopen => state == ReviewState::Closed,
        ReviewStep::Suppress { until } => {
            if standing.suppressed_until.is_some() {
                return Err(Refused::Suppressed);
            }
            if *until <= at || last_expiry(at).is_none_or(|last| last < *until) {
                return Err(Refused::Expiry);
            }
            state != ReviewState::Closed
        }
        ReviewStep::Unsuppress => {
            if standing.suppressed_until.is_none() {
                return Err(Refused::NotSuppressed);
            }
            true
        }
        ReviewStep::Comment => true,
    };
    if allowed {
        Ok(())
    } else {
        Err(Refused::State {
            step: step.as_str(),
            state,
        })
    }
}

/// The last instant at which a suppression that begins now may end: a year of the calendar later, in UTC.
fn last_expiry(at: Timestamp) -> Option<Timestamp> {
    let local: DateTime = TimeZone::UTC.to_datetime(at);
    let end = local.checked_add(1.year()).ok()?;
    TimeZone::UTC.to_timestamp(end).ok()
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
