//! Of whom a request is made: the sender, or everybody inside the firm who took part.

use crate::entities::Principal;
use crate::{Action, FactsRow};

/// Why nothing can be decided of a message whose facts say two things of one person, as a stored row may that
/// somebody changed.
pub(crate) const CONTRADICTION: &str = "the facts contradict themselves";

/// The people whom an action asks about, in a message.
#[derive(Default)]
pub(crate) struct Cast<'a> {
    people: Vec<Person<'a>>,
    contradicts: bool,
}

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct Person<'a> {
    pub principal: Principal<'a>,
    /// Whether nobody before has the same facts: a condition that does not look at ids need not ask of the others.
    pub first_of_its_kind: bool,
}

impl<'a> Cast<'a> {
    /// `scan` and `communicate` ask about the sender; `retain` and `hold` about every participant inside the firm, or
    /// about the sender where there is none.
    pub(crate) fn of(action: Action, row: &'a FactsRow) -> Self {
        let facts = &row.facts;
        let sender = &facts.sender;
        let mut cast = Self::default();
        if action.asks_sender_only() || facts.insiders.is_empty() {
            let principal = Principal {
                id: &sender.id,
                facts: &sender.facts,
            };
            cast.people.push(Person {
                principal,
                first_of_its_kind: true,
            });
            return cast;
        }
        for alike in &facts.insiders {
            let other_sender = alike.ids.contains(&sender.id) && alike.facts != sender.facts;
            cast.contradicts |= other_sender;
            let consistent = alike.ids.iter().filter(|id| !other_sender || **id != sender.id);
            cast.people.extend(consistent.enumerate().map(|(at, id)| Person {
                principal: Principal {
                    id,
                    facts: &alike.facts,
                },
                first_of_its_kind: at == 0,
            }));
        }
        cast
    }

    /// Those about whom the facts are consistent.
    pub(crate) fn people(&self) -> &[Person<'a>] {
        &self.people
    }

    /// Whether there are others: then every condition fails for them.
    pub(crate) fn contradicts(&self) -> bool {
        self.contradicts
    }
}
