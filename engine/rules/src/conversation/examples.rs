//! A conversation rule's own examples as its test.

use std::collections::BTreeMap;

use lexhold_model::{Field, Key};

use super::{ConversationRule, Event, Exchange, Group, Participants, Utterance, groups, matches};
use crate::{ExampleFailure, Expected, Part, Program, Scanner, Status};

/// Runs the examples of a conversation rule: every message is scanned, and the hits that stand are judged as one
/// conversation. `rule` is a position in [`Program::conversations`]; a retired rule has nothing to prove.
pub fn check_conversation_examples(program: &Program, rule: usize) -> Vec<ExampleFailure> {
    let live = |rule: &&ConversationRule| rule.info.status != Status::Retired;
    let Some(rule) = program.conversations().get(rule).filter(live) else {
        return Vec::new();
    };
    let mut scanner = Scanner::new(program);
    let mut failures = Vec::new();
    for (expected, examples) in [(Expected::Hit, &rule.hits), (Expected::Miss, &rule.misses)] {
        let failed = examples.iter().filter(|example| {
            let found = holds(&mut scanner, rule, example);
            found != Some(expected == Expected::Hit)
        });
        failures.extend(failed.map(|example| ExampleFailure {
            expected,
            text: example.text(),
            place: example.place,
            excluded_by: None,
            found: None,
        }));
    }
    failures
}

/// Whether a rule holds in some group of an example; `None` if a message could not be scanned in full.
fn holds(scanner: &mut Scanner<'_>, rule: &ConversationRule, example: &Exchange) -> Option<bool> {
    let mut by_group: BTreeMap<Group, Vec<Event>> = BTreeMap::new();
    for (at, message) in example.messages.iter().enumerate() {
        let of = participants(message, example);
        for component in components(scanner, rule, &message.text)? {
            let event = Event {
                at_us: Some(message.at_us),
                message_id: format!("{at:08}"),
                key: Key::of("lexhold example 1", [at.to_be_bytes().as_slice()]),
                sender: message.from.clone(),
                component,
            };
            for group in groups(&rule.conversation, &of) {
                by_group.entry(group).or_default().push(event.clone());
            }
        }
    }
    Some(by_group.into_values().any(|mut events| {
        events.sort_by(|a, b| (a.at_us, &a.message_id).cmp(&(b.at_us, &b.message_id)));
        !matches(&rule.conversation, events).episodes.is_empty()
    }))
}

/// The components that hit a text.
fn components(scanner: &mut Scanner<'_>, rule: &ConversationRule, text: &str) -> Option<Vec<u32>> {
    let mut hits = Vec::new();
    let part = Part::authored(Field::Text, text);
    if scanner.scan(&[part], &mut hits).incomplete {
        return None;
    }
    let rules = scanner.program().rules();
    let standing = |id: &str| {
        let of_rule = |hit: &crate::RuleHit| rules[hit.rule as usize].id == id && hit.excluded_by.is_none();
        hits.iter().any(of_rule)
    };
    let all = (0..).zip(&rule.conversation.components);
    Some(all.filter(|(_, id)| standing(id)).map(|(at, _)| at).collect())
}

fn participants<'e>(message: &'e Utterance, example: &'e Exchange) -> Participants<'e> {
    let named = message.to.as_ref().map(|to| to.iter().map(String::as_str).collect());
    Participants {
        conversation: ["", &message.conversation],
        sender: &message.from,
        recipients: named.unwrap_or_else(|| example.messages.iter().map(|other| other.from.as_str()).collect()),
        desks: message.desks.iter().map(String::as_str).collect(),
    }
}

impl Exchange {
    /// How an example is named: its messages, one after the other.
    pub fn text(&self) -> String {
        let said = self
            .messages
            .iter()
            .map(|message| format!("{}: {}", message.from, message.text));
        said.collect::<Vec<_>>().join(" / ")
    }
}
