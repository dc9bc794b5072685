//! Conversation rules: conditions on the hits of several messages of one group, within a period.
//!
//! What a message contributes is decided when it is evaluated: which *components* (pattern rules) it hits, and which
//! groups it belongs to ([`groups`]). Whether a rule holds is a pure function of the set of these events
//! ([`matches`], or [`Watch`] one event at a time), so that arrival order and batch splits change nothing.
//!
//! Every condition is monotone: more events never unmake a match. A message that completes a window is an *anchor*, and
//! stays one whatever comes later; anchors at most one period apart are one [`Episode`]. An episode is named after its
//! first anchor, and could have been named after any other while messages were missing: the names that all of its
//! anchors give are its aliases, so that a late message renames or joins episodes and never drops one.

use lexhold_document::Place;
use lexhold_model::Key;
use serde::{Deserialize, Serialize};

use crate::RuleInfo;

mod examples;
mod group;
mod read;
mod window;

pub use examples::check_conversation_examples;
pub use group::{Group, Participants, groups};
pub(crate) use read::read;
pub(crate) use read::shape;
pub use window::{Found, Watch, matches};

/// A rule over several messages of one group.
#[derive(Clone, Debug)]
pub struct ConversationRule {
    /// What it says about itself. Its examples stand here below, those of `info` are empty.
    pub info: RuleInfo,
    /// What it looks for.
    pub conversation: Conversation,
    /// Conversations that it has to hit.
    pub hits: Vec<Exchange>,
    /// Conversations that it must not hit.
    pub misses: Vec<Exchange>,
}

/// What a conversation rule looks for: all that [`matches`] needs, and what the record keeps of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// The full ids of the pattern rules whose hits count, each once, in the order in which the rule names them.
    /// Events name one by its position here.
    pub components: Vec<String>,
    /// What their hits have to amount to.
    pub demand: Demand,
    /// What the messages have to share.
    pub by: Vec<Grouping>,
    /// The period, in microseconds. A distance of exactly the period counts.
    pub within_us: i64,
    /// How many different senders the messages of the window need.
    pub participants: u32,
}

/// What the hits of one window have to amount to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// That many messages, each with a hit of some component.
    Count(u32),
    /// Hits of that many different components.
    Distinct(u32),
    /// Hits of these components (positions), one after the other.
    Ordered(Vec<u32>),
}

/// What the messages of a group share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// The conversation.
    Conversation,
    /// The sender.
    Sender,
    /// Two people, one of whom wrote to the other.
    Pair,
    /// A desk of the sender.
    Desk,
}

/// A message of a group that a component hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When the message was sent, in microseconds since 1970. A message without a date has no place in a window; it
    /// leaves the group incomplete.
    pub at_us: Option<i64>,
    /// The message's id, which orders messages of one time.
    pub message_id: String,
    /// The message's key.
    pub key: Key,
    /// Who sent it.
    pub sender: String,
    /// The component's position in [`Conversation::components`].
    pub component: u32,
}

/// Anchors at most one period apart, with the messages of their windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// The messages that completed a window, in order. The first one names the episode, the others are what its
    /// aliases come from.
    pub anchors: Vec<Key>,
    /// The messages of these windows that a component hits, in order: the first 100,000 of them.
    pub members: Vec<Key>,
    /// How many members there are.
    pub n_members: u64,
    /// When the first and the last member were sent.
    pub span_us: (i64, i64),
}

/// An example of a conversation rule: messages of one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The messages, as written.
    pub messages: Vec<Utterance>,
    /// Where the example stands.
    pub place: Place,
}

/// A message of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    /// When it was sent, in microseconds.
    pub at_us: i64,
    /// Who sent it.
    pub from: String,
    /// Whom it was sent to; everybody else who writes in the example, where the example does not say.
    pub to: Option<Vec<String>>,
    /// The conversation that it belongs to.
    pub conversation: String,
    /// The desks of its sender.
    pub desks: Vec<String>,
    /// What it says.
    pub text: String,
}
