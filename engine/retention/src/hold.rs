//! Legal holds: which messages one covers.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use lexhold_document::Seg;
use lexhold_model::Digest;
use serde::{Deserialize, Serialize};

use crate::{Condition, Tri, Zone};

/// A hold as its document describes it.
///
/// Custodians, conversations and ids unite; content dates, query and condition narrow what custodians, conversations or
/// `scope: everything` cover, but never explicit ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldSpec {
    /// The hold's name.
    pub name: String,
    /// The document's digest.
    pub digest: Digest,
    /// The matter for which it stands.
    pub matter: String,
    /// One line for people.
    pub title: Option<String>,
    /// The zone of the content dates.
    pub zone: Zone,
    /// People whose messages are held.
    pub custodians: BTreeSet<String>,
    /// Conversations that are held.
    pub conversations: BTreeSet<String>,
    /// Messages that are held whatever else is said.
    pub ids: BTreeSet<String>,
    /// Whether it covers every message, which has to be spelled out.
    pub everything: bool,
    /// The local days of the messages.
    pub content: Content,
    /// The Cedar condition.
    pub condition: Option<Condition>,
    /// The pattern query.
    pub query: Option<Query>,
    /// Whether it may be seen only by those who have that right.
    pub silent: bool,
}

/// Where a hold's pattern query stands; compiled elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The position of its document among those that were compiled together.
    pub document: usize,
    /// Where it stands in that document.
    pub path: Vec<Seg>,
}

/// The local days from which messages are held, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The first day; without one, from the beginning.
    pub from: Option<Date>,
    /// The last day; without one, without end.
    pub to: Option<Date>,
}

/// What is known of one message, as far as one hold asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldInputs {
    /// Whether the hold names its id.
    pub id: bool,
    /// Whether the hold names a person who took part, under any handle.
    pub custodian: Tri,
    /// Whether the hold names its conversation.
    pub conversation: bool,
    /// When it was sent, by its own account.
    pub sent: Option<Timestamp>,
    /// When it was captured.
    pub captured: Timestamp,
    /// Whether the date sent is suspect or imprecise.
    pub suspect: bool,
    /// What the Cedar condition says; true for a hold without one.
    pub condition: Tri,
    /// What the pattern query says; true for a hold without one.
    pub query: Tri,
}

/// Whether a hold covers a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// Definitely not.
    No,
    /// It could not be found out, so the message is held.
    Unevaluable,
    /// It does.
    Held,
}

impl Membership {
    /// Whether the message is held: unless the hold definitely does not cover it.
    pub fn holds(self) -> bool {
        self != Membership::No
    }

    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Membership::No => "no",
            Membership::Unevaluable => "unevaluable",
            Membership::Held => "held",
        }
    }
}

/// Whether a hold covers a message.
pub fn member(hold: &HoldSpec, inputs: &HoldInputs) -> Membership {
    let scope = inputs.custodian | Tri::from(inputs.conversation || hold.everything);
    let narrowed = scope & in_range(hold, inputs) & inputs.condition & inputs.query;
    match Tri::from(inputs.id) | narrowed {
        Tri::False => Membership::No,
        Tri::Unknown => Membership::Unevaluable,
        Tri::True => Membership::Held,
    }
}

/// Whether the message's days lie in the content range. A suspect or imprecise date is in range if the capture is.
fn in_range(hold: &HoldSpec, inputs: &HoldInputs) -> Tri {
    let Content { from, to } = hold.content;
    let holds = |at: Timestamp| {
        let day = hold.zone.date(at);
        Tri::from(from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to))
    };
    match (inputs.sent, inputs.suspect) {
        _ if (from, to) == (None, None) => Tri::True,
        (Some(sent), false) => holds(sent),
        (Some(sent), true) => holds(sent) | holds(inputs.captured),
        (None, _) => Tri::Unknown | holds(inputs.captured),
    }
}
