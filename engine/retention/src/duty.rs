//! The dates of a message, with their reasons. Stored as JSON, and read back.

use std::cmp::Ordering;
use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::Date;
use lexhold_model::Key;
use serde::{Deserialize, Serialize};

use crate::{Action, Basis, RetentionPeriod, Trigger, Triggers, Zone};

/// Everything that the schedules of a message, or of a family of versions, say about its dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// Every duty of every assigned schedule, sorted, each once. The lists of positions below point into it.
    pub duties: Vec<Duty>,
    /// Which duties belong together: one part for a message, several for a family.
    pub parts: Vec<Part>,
    /// The last day on which any duty to keep protects the message.
    pub retain_until: Decided,
    /// The first instant at which it may go.
    pub eligible_from: Decided,
    /// The last day before the chosen deletion.
    pub dispose_at: Decided,
    /// The last day on which it may still be there.
    pub must_dispose_by: Decided,
    /// The last day on which it has to be within easy reach.
    pub accessible_until: Decided,
    /// The instant from which disposal that a ceiling demands is overdue.
    pub overdue_from: Option<Timestamp>,
    /// What happens once it may go.
    pub action: Action,
    /// Who receives it, if it is transferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Ceilings that fall before the end of a duty to which they do not yield.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
}

impl Resolved {
    /// The positions of the duties that decide when the message is kept, may go, and must go.
    pub fn decided_by(&self) -> Vec<usize> {
        let deciding = [&self.retain_until, &self.dispose_at, &self.must_dispose_by];
        let mut all: Vec<usize> = deciding.iter().flat_map(|decided| decided.by.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether a schedule could not be evaluated, or a date that it counts from is missing.
    pub fn is_indeterminate(&self) -> bool {
        self.duties
            .iter()
            .any(|duty| duty.ends.reason() == Some(Reason::Indeterminate))
    }

    /// What is shown to those who may not know why a message is kept: nothing but that it is.
    pub fn withheld() -> Self {
        let infinity = Decided::from(Limit::Infinity {
            reason: Reason::NotEligible,
        });
        Self {
            duties: Vec::new(),
            parts: Vec::new(),
            retain_until: infinity.clone(),
            eligible_from: infinity.clone(),
            dispose_at: infinity.clone(),
            must_dispose_by: infinity.clone(),
            accessible_until: infinity,
            overdue_from: None,
            action: Action::Review,
            to: None,
            conflicts: Vec::new(),
        }
    }
}

/// A date of a message and the duties that decide it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The date.
    #[serde(flatten)]
    pub limit: Limit,
    /// The positions of the deciding duties, all of them where several end together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<usize>,
}

impl From<Limit> for Decided {
    fn from(limit: Limit) -> Self {
        Self { limit, by: Vec::new() }
    }
}

/// How far something reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "limit", rename_all = "snake_case")]
pub enum Limit {
    /// There is no such duty.
    None,
    /// Through a local day.
    Through {
        /// The last day.
        last: Date,
        /// The start of the day after it.
        until: Timestamp,
    },
    /// Without an end that is known.
    Infinity {
        /// Why.
        reason: Reason,
    },
}

impl Limit {
    /// The instant at which it ends; `None` where there is no end, or nothing to end.
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Limit::Through { until, .. } => Some(until),
            Limit::None | Limit::Infinity { .. } => None,
        }
    }

    /// Why there is no end.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Limit::Infinity { reason } => Some(reason),
            Limit::None | Limit::Through { .. } => None,
        }
    }

    /// Whether it lies wholly before an instant: an end that has come. Without an end it never does.
    pub fn is_over(self, as_of: Timestamp) -> bool {
        self.until().is_some_and(|until| until <= as_of)
    }

    /// The last day, `infinity`, or `none`.
    pub fn day_text(self) -> String {
        match self {
            Limit::Through { last, .. } => last.to_string(),
            other => other.word().to_owned(),
        }
    }

    /// The instant after the last day, `infinity`, or `none`.
    pub fn instant_text(self) -> String {
        match self {
            Limit::Through { until, .. } => until.to_string(),
            other => other.word().to_owned(),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Limit::Infinity { .. } => "infinity",
            Limit::None | Limit::Through { .. } => "none",
        }
    }
}

impl PartialOrd for Limit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By the instant, since in another zone the later date can be the earlier instant; nothing comes first, infinity last.
impl Ord for Limit {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |limit: &Limit| match *limit {
            Limit::None => (0, None, None),
            Limit::Through { last, until } => (1, Some((until, last)), None),
            Limit::Infinity { reason } => (2, None, Some(reason)),
        };
        rank(self).cmp(&rank(other))
    }
}

/// Why a date is infinity; of several, the last in this order is the one that is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No rule says that it may go.
    NoRule,
    /// An event has not been recorded yet.
    AwaitingEvent,
    /// It is kept without end, or beyond the year 9999.
    Permanent,
    /// Something that decides it could not be evaluated.
    Indeterminate,
    /// The reason is withheld.
    NotEligible,
}

impl Reason {
    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NoRule => "no_rule",
            Reason::AwaitingEvent => "awaiting_event",
            Reason::Permanent => "permanent",
            Reason::Indeterminate => "indeterminate",
            Reason::NotEligible => "not_eligible",
        }
    }
}

/// What a duty demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyKind {
    /// To keep.
    Retain,
    /// To let go, after its end.
    Dispose,
    /// Not to keep longer.
    Ceiling,
}

impl DutyKind {
    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            DutyKind::Retain => "retain",
            DutyKind::Dispose => "dispose",
            DutyKind::Ceiling => "ceiling",
        }
    }
}

/// What one schedule demands of one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// The schedule, in its very version.
    pub schedule: Key,
    /// What is demanded.
    pub kind: DutyKind,
    /// What starts the clock.
    pub trigger: Trigger,
    /// The local day on which it started.
    pub trigger_date: Option<Date>,
    /// Whether the day of capture stands in for a suspect day sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspect: bool,
    /// The last protected day, and the instant after it.
    pub ends: Limit,
    /// The last day within easy reach, for duties to keep.
    pub accessible: Limit,
    /// When a ceiling's law ceases to be in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapses: Option<Timestamp>,
    /// The zone of its days.
    pub zone: Zone,
    /// What a duty to keep rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Whose law a duty to keep is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// The jurisdictions to whose law a ceiling yields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yields_to: Vec<String>,
    /// How long disposal under a ceiling may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<RetentionPeriod>,
    /// What a deletion does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Who receives a transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The arithmetic, step by step.
    pub steps: Vec<String>,
}

impl Duty {
    /// The arithmetic on one line, with the instant that started it where that is known:
    /// `sent 2019-01-01T04:30:00Z -> 2018-12-31 (America/New_York) -> + P3Y = 2021-12-31 -> eligible from …`.
    pub fn explain(&self, triggers: Option<&Triggers>) -> String {
        let mut line = match &self.trigger {
            Trigger::Sent if self.suspect => "captured (the date sent is suspect)".to_owned(),
            Trigger::Sent => "sent".to_owned(),
            Trigger::Captured => "captured".to_owned(),
            Trigger::LastActivity => "last activity of the conversation".to_owned(),
            Trigger::PolicyAssigned => "policy assigned".to_owned(),
            Trigger::Event(event) => format!("event {} by {}", event.event, event.key),
            Trigger::Date { .. } => "fixed date".to_owned(),
        };
        let instant = triggers.and_then(|triggers| match self.trigger {
            Trigger::Sent if !self.suspect => triggers.sent,
            Trigger::Sent | Trigger::Captured => Some(triggers.captured),
            Trigger::LastActivity | Trigger::PolicyAssigned | Trigger::Event(_) | Trigger::Date { .. } => None,
        });
        if let Some(at) = instant {
            let _ = write!(line, " {at}");
        }
        self.steps.iter().for_each(|step| {
            let _ = write!(line, " -> {step}");
        });
        line
    }
}

/// The duties of one message of a family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Their positions.
    pub duties: Vec<usize>,
    /// Those among them that decide its deletion; none if no rule deletes it.
    pub deletion: Vec<usize>,
}

/// A ceiling that falls before the end of a duty to keep: the message is kept, and both are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The position of the ceiling.
    pub ceiling: usize,
    /// The position of the duty to keep.
    pub retain: usize,
}
