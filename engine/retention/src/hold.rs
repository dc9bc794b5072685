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
    /// Whether it holds all of a thread of replies of which it covers any message.
    pub whole_threads: bool,
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TRUTH: [Tri; 3] = [Tri::False, Tri::Unknown, Tri::True];

    fn hold() -> HoldSpec {
        HoldSpec {
            name: "orion".into(),
            digest: Digest::of(b"orion"),
            matter: "Orion".into(),
            title: None,
            zone: Zone::named("America/New_York").unwrap(),
            custodians: BTreeSet::new(),
            conversations: BTreeSet::new(),
            ids: BTreeSet::new(),
            everything: false,
            content: Content::default(),
            condition: None,
            query: None,
            silent: false,
            whole_threads: false,
        }
    }

    fn inputs() -> HoldInputs {
        HoldInputs {
            id: false,
            custodian: Tri::True,
            conversation: false,
            sent: Some("2024-03-10T12:00:00Z".parse().unwrap()),
            captured: "2024-03-20T12:00:00Z".parse().unwrap(),
            suspect: false,
            condition: Tri::True,
            query: Tri::True,
        }
    }

    #[test]
    fn held_unless_definitely_not() {
        for custodian in TRUTH {
            for condition in TRUTH {
                for query in TRUTH {
                    let found = member(
                        &hold(),
                        &HoldInputs {
                            custodian,
                            condition,
                            query,
                            ..inputs()
                        },
                    );
                    let all = [custodian, condition, query];
                    let expected = if all.contains(&Tri::False) {
                        Membership::No
                    } else if all.contains(&Tri::Unknown) {
                        Membership::Unevaluable
                    } else {
                        Membership::Held
                    };
                    assert_eq!(found, expected, "{all:?}");
                    assert_eq!(found.holds(), !all.contains(&Tri::False));
                }
            }
        }
    }

    #[test]
    fn custodians_conversations_and_everything_unite() {
        for custodian in TRUTH {
            for conversation in [false, true] {
                for everything in [false, true] {
                    let hold = HoldSpec { everything, ..hold() };
                    let found = member(
                        &hold,
                        &HoldInputs {
                            custodian,
                            conversation,
                            ..inputs()
                        },
                    );
                    let expected = match custodian {
                        _ if conversation || everything => Membership::Held,
                        Tri::True => Membership::Held,
                        Tri::Unknown => Membership::Unevaluable,
                        Tri::False => Membership::No,
                    };
                    assert_eq!(found, expected);
                }
            }
        }
    }

    #[test]
    fn nothing_narrows_an_explicit_id() {
        let narrow = HoldSpec {
            content: Content {
                from: Some(date(1990, 1, 1)),
                to: Some(date(1990, 1, 1)),
            },
            ..hold()
        };
        for other in TRUTH {
            let named = HoldInputs {
                id: true,
                custodian: other,
                condition: other,
                query: Tri::False,
                ..inputs()
            };
            assert_eq!(member(&narrow, &named), Membership::Held);
        }
    }

    #[test]
    fn content_dates_are_local_and_both_included() {
        let on = |from: Option<Date>, to: Option<Date>, sent: &str| {
            let hold = HoldSpec {
                content: Content { from, to },
                ..hold()
            };
            let inputs = HoldInputs {
                sent: Some(sent.parse().unwrap()),
                ..inputs()
            };
            member(&hold, &inputs).holds()
        };
        let day = Some(date(2024, 3, 10));
        // The day has 23 hours in New York: from 05:00Z to 04:00Z of the next.
        assert!(!on(day, day, "2024-03-10T04:59:59.999999Z"));
        assert!(on(day, day, "2024-03-10T05:00:00Z"));
        assert!(on(day, day, "2024-03-11T03:59:59.999999Z"));
        assert!(!on(day, day, "2024-03-11T04:00:00Z"));
        assert!(on(day, None, "9999-01-01T00:00:00Z"));
        assert!(on(None, day, "-009999-01-05T00:00:00Z"));
    }

    #[test]
    fn a_doubtful_date_is_in_range_if_either_is() {
        let range = |from, to| HoldSpec {
            content: Content {
                from: Some(from),
                to: Some(to),
            },
            ..hold()
        };
        let sent = range(date(2024, 3, 10), date(2024, 3, 10));
        let captured = range(date(2024, 3, 20), date(2024, 3, 20));
        let neither = range(date(2024, 3, 12), date(2024, 3, 18));
        let found = |hold: &HoldSpec, suspect, sent| {
            let inputs = inputs();
            member(
                hold,
                &HoldInputs {
                    suspect,
                    sent: inputs.sent.filter(|_| sent),
                    ..inputs
                },
            )
        };
        assert_eq!(found(&sent, false, true), Membership::Held);
        assert_eq!(found(&captured, false, true), Membership::No);
        assert_eq!(found(&sent, true, true), Membership::Held);
        assert_eq!(found(&captured, true, true), Membership::Held);
        assert_eq!(found(&neither, true, true), Membership::No);
        assert_eq!(found(&captured, false, false), Membership::Held);
        assert_eq!(found(&neither, false, false), Membership::Unevaluable);
        assert_eq!(found(&hold(), false, false), Membership::Held);
    }

    #[test]
    fn a_hold_on_messages_alone_covers_no_other() {
        let other = HoldInputs {
            custodian: Tri::False,
            ..inputs()
        };
        assert_eq!(member(&hold(), &other), Membership::No);
    }
}
