//! Of whom a request is made: the sender, or everybody inside the firm who took part.

use crate::entities::Principal;
use crate::facts::{Insiders, Sender};
use crate::{Action, FactsRow};

/// Why nothing can be decided of a message whose facts say two things of one person, as a stored row may that
/// somebody changed.
pub(crate) const CONTRADICTION: &str = "the facts contradict themselves";

/// The people whom an action asks about, in a message.
#[derive(Clone, Copy)]
pub(crate) struct Cast<'a> {
    sender: &'a Sender,
    /// Empty where the sender alone is asked about.
    insiders: &'a [Insiders],
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
        Self {
            sender: &facts.sender,
            insiders: if action.asks_sender_only() {
                &[]
            } else {
                &facts.insiders
            },
        }
    }

    /// Those about whom the facts are consistent.
    pub(crate) fn people(self) -> impl Iterator<Item = Person<'a>> {
        let sender = Person {
            principal: Principal {
                id: &self.sender.id,
                facts: &self.sender.facts,
            },
            first_of_its_kind: true,
        };
        let alone = self.insiders.is_empty().then_some(sender);
        alone.into_iter().chain(self.insiders.iter().flat_map(move |alike| {
            let stranger = self.is_another(alike).then_some(&self.sender.id);
            let consistent = alike.ids.iter().filter(move |id| stranger != Some(*id));
            consistent.enumerate().map(|(at, id)| Person {
                principal: Principal {
                    id,
                    facts: &alike.facts,
                },
                first_of_its_kind: at == 0,
            })
        }))
    }

    /// Whether there are others: then every condition fails for them.
    pub(crate) fn contradicts(self) -> bool {
        self.insiders.iter().any(|alike| self.is_another(alike))
    }

    /// Whether the sender is among these people and has other facts than they.
    fn is_another(self, alike: &Insiders) -> bool {
        alike.ids.contains(&self.sender.id) && alike.facts != self.sender.facts
    }
}
