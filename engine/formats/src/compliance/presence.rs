//! A conversation read ahead: what is said of it, and who was in it when.

use std::collections::BTreeMap;

use lexhold_model::{ConversationKind, Participant};

use super::event::{flatten, instant_of, login};
use super::{Dialect, lync};
use crate::parts::others;
use crate::xml::{Element, Found, Xml};

/// What is known of a conversation before its events are read. Memory goes with its people, not with its messages.
#[derive(Default)]
pub(super) struct Conversation {
    pub(super) id: String,
    pub(super) channel: Option<String>,
    pub(super) kind: ConversationKind,
    /// What the document says of it as a whole.
    pub(super) facts: BTreeMap<String, String>,
    /// Of each person, when they were there: microseconds, first and last.
    stays: BTreeMap<String, Vec<(i64, i64)>>,
}

/// Somebody came or went.
struct Move {
    login: String,
    at: Option<i64>,
    came: bool,
}

impl Conversation {
    /// Reads one conversation to its end, in the document that is ahead.
    pub(super) fn ahead(document: &mut Xml, dialect: Dialect) -> Self {
        let mut this = Self::default();
        let mut moves = Vec::new();
        let mut depth = 0_usize;
        loop {
            match document.next() {
                Some(Found::Open(element)) if depth > 0 || element.name == "Conversation" => {
                    depth += 1;
                    for (name, value) in element.attributes {
                        this.facts.insert(name, value);
                    }
                }
                Some(Found::Close) if depth > 0 => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                Some(Found::Element(element)) if depth > 0 => this.element(element, dialect, &mut moves),
                Some(Found::Open(_) | Found::Close | Found::Element(_) | Found::Damaged(_)) => {}
                Some(Found::Broken(_)) | None => break,
            }
        }
        this.stays = stays(moves);
        this.kind = match (dialect, this.stays.len()) {
            (Dialect::Lync, _) => ConversationKind::Channel,
            (Dialect::FileDump, 1 | 2) => ConversationKind::Direct,
            (Dialect::FileDump, _) => ConversationKind::Group,
        };
        this
    }

    fn element(&mut self, element: Element, dialect: Dialect, moves: &mut Vec<Move>) {
        match (dialect, element.name.as_str()) {
            (Dialect::FileDump, "ParticipantEntered" | "ParticipantLeft") => moves.push(Move {
                login: login(&element).to_owned(),
                at: element.said("DateTimeUTC").and_then(instant_of),
                came: element.name == "ParticipantEntered",
            }),
            (Dialect::FileDump, "RoomID") => self.id = element.text,
            (Dialect::FileDump, _) if element.children.is_empty() => flatten(&element, &element.name, &mut self.facts),
            (Dialect::Lync, "Channel") => {
                self.id = element.attribute("uri").unwrap_or_default().to_owned();
                self.channel = element.attribute("name").map(str::to_owned);
            }
            (Dialect::Lync, "Message") if matches!(element.attribute("type"), Some("JOIN" | "PART")) => {
                moves.push(Move {
                    login: lync::sender(&element).to_owned(),
                    at: lync::sent(&element),
                    came: element.attribute("type") == Some("JOIN"),
                });
            }
            _ => {}
        }
    }

    /// Who could read what somebody wrote then: those who had come and not gone. Without a date, everybody.
    pub(super) fn readers(&self, at: Option<i64>, sender: &str) -> Vec<Participant> {
        let there =
            |stays: &[(i64, i64)]| at.is_none_or(|at| stays.iter().any(|(first, last)| (*first..=*last).contains(&at)));
        let people = self.stays.iter().filter(|(_, stays)| there(stays));
        others(people.map(|(login, _)| login), sender)
    }
}

/// When each of them was there. Moves need not be in order; who came at no known time was there from the start.
fn stays(mut moves: Vec<Move>) -> BTreeMap<String, Vec<(i64, i64)>> {
    // What stands first counts first where two happen at once, and nobody leaves at no known time.
    moves.retain(|one| one.came || one.at.is_some());
    moves.sort_by_key(|one| one.at);
    let mut stays: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
    for Move { login, at, came } in moves {
        let stays = stays.entry(login).or_default();
        let first = stays.is_empty();
        let open = stays.last_mut().filter(|(_, last)| *last == i64::MAX);
        match (open, came, at) {
            (None, true, at) => stays.push((at.unwrap_or(i64::MIN), i64::MAX)),
            (Some((_, last)), false, Some(at)) => *last = at,
            (None, false, Some(at)) if first => stays.push((i64::MIN, at)),
            _ => {}
        }
    }
    stays
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_there_follows_from_moves_in_any_order() {
        let moves = [
            ("ann", Some(10), true),
            ("ann", Some(50), true),
            ("ann", Some(60), false),
            ("ann", Some(20), false),
            ("bob", None, true),
            ("cy", Some(30), false),
            ("cy", Some(40), false),
            ("di", Some(20), true),
            ("di", Some(20), false),
            ("di", Some(20), true),
            ("ed", None, false),
        ];
        let moves = moves.map(|(login, at, came)| Move {
            login: login.to_owned(),
            at,
            came,
        });
        let stays = stays(moves.into());
        let conversation = Conversation {
            stays,
            ..Conversation::default()
        };
        for (at, there) in [
            (Some(0), "bob cy"),
            (Some(15), "ann bob cy"),
            (Some(25), "bob cy di"),
            (Some(55), "ann bob di"),
            (Some(70), "bob di"),
            (None, "ann bob cy di"),
        ] {
            let found: Vec<String> = conversation
                .readers(at, "me")
                .into_iter()
                .map(|one| one.handle)
                .collect();
            assert_eq!(found.join(" "), there, "{at:?}");
        }
    }
}
