//! Running tests.

use jiff::Timestamp;
use lexhold_document::{Diagnostics, Document, FileId, Kind};
use lexhold_model::{MessageBatch, MessageBatchBuilder, MessageKind, Row};
use lexhold_policy::Schemas;
use lexhold_retention::{Clocks, EventFacts, EventState, Register, Resolved, Schedule, Triggers};
use lexhold_rules::conversation::{Exchange, check_conversation_examples};
use lexhold_rules::{Example, ExampleFailure, Status, check_examples};

use super::expect::mismatches;
use super::outcome::{CaseResult, Mismatch, Outcome};
use super::read::{Body, Case, ExpectedHold};
use super::{Alone, Named, World, read_cases};
use crate::evaluation::Evaluation;
use crate::{Alert, Bundle, alerts_of_set, evaluate, event_keys};

/// What can be run on its own.
#[derive(Clone, Copy, Debug)]
pub enum Trial<'a> {
    /// The examples of a pattern rule, by its position.
    Rule(u32),
    /// The examples of a rule over several messages, by its position.
    Conversation(usize),
    /// A test.
    Case(&'a Case),
}

/// The examples of the bundle's rules that stand in one of these files, and these tests.
pub fn trials<'a>(bundle: &Bundle, in_file: impl Fn(FileId) -> bool, cases: &'a [Case]) -> Vec<Trial<'a>> {
    let program = &bundle.rules;
    let rules = (0..).zip(program.rules()).filter(|(_, rule)| {
        let mut examples = rule.hits.iter().chain(&rule.misses);
        rule.status != Status::Retired && examples.any(|example| in_file(example.place.file))
    });
    let conversations = program.conversations().iter().enumerate().filter(|(_, rule)| {
        let mut examples = rule.hits.iter().chain(&rule.misses);
        rule.info.status != Status::Retired && examples.any(|example| in_file(example.place.file))
    });
    let rules = rules.map(|(at, _)| Trial::Rule(at));
    let conversations = conversations.map(|(at, _)| Trial::Conversation(at));
    rules
        .chain(conversations)
        .chain(cases.iter().map(Trial::Case))
        .collect()
}

/// Runs everything that these documents say of themselves, one after the other; for documents that name no files beside them.
///
/// What is wrong with the documents is in `diagnostics`.
pub fn run_documents(
    bundle: &Bundle,
    schemas: &Schemas,
    documents: &[Document],
    diagnostics: &mut Diagnostics,
) -> Vec<CaseResult> {
    let world = World {
        bundle,
        schemas,
        holds: &[],
    };
    let mut cases = Vec::new();
    for document in documents {
        cases.extend(read_cases(document, world, &mut Alone, diagnostics));
    }
    let is_ours = |file| {
        documents
            .iter()
            .any(|document| document.file == file && document.kind == Kind::Ruleset)
    };
    let all = trials(bundle, is_ours, &cases);
    all.iter().flat_map(|trial| trial.run(bundle)).collect()
}

impl Trial<'_> {
    /// Runs it with the bundle that it was read against: the results, in the order in which they are written.
    pub fn run(self, bundle: &Bundle) -> Vec<CaseResult> {
        match self {
            Self::Rule(at) => {
                let rule = &bundle.rules.rules()[at as usize];
                let named = |what, example: &Example| (format!("{} {what} {}", rule.id, example.text()), example.place);
                let hits = rule.hits.iter().map(|example| named("hits", example));
                let misses = rule.misses.iter().map(|example| named("misses", example));
                of_examples(hits.chain(misses), &check_examples(&bundle.rules, at))
            }
            Self::Conversation(at) => {
                let rule = &bundle.rules.conversations()[at];
                let named =
                    |what, example: &Exchange| (format!("{} {what} {}", rule.info.id, example.text()), example.place);
                let hits = rule.hits.iter().map(|example| named("hits", example));
                let misses = rule.misses.iter().map(|example| named("misses", example));
                of_examples(hits.chain(misses), &check_conversation_examples(&bundle.rules, at))
            }
            Self::Case(case) => vec![case.run(bundle)],
        }
    }
}

/// Results of examples, those that failed being among the failures by their place.
fn of_examples(examples: impl Iterator<Item = Named>, failures: &[ExampleFailure]) -> Vec<CaseResult> {
    let result = |(name, place): Named| {
        let failure = failures.iter().find(|failure| failure.place == place);
        CaseResult {
            name,
            place,
            outcome: failure.map_or(Outcome::Pass, |failure| Outcome::Fail(vec![of_failure(failure)])),
        }
    };
    examples.map(result).collect()
}

fn of_failure(failure: &ExampleFailure) -> Mismatch {
    let (what, expected, otherwise) = match failure.expected {
        lexhold_rules::Expected::Hit => ("hits", "a hit", "none"),
        lexhold_rules::Expected::Miss => ("misses", "no hit", "a hit"),
    };
    let excluded = failure
        .excluded_by
        .as_ref()
        .filter(|_| failure.expected == lexhold_rules::Expected::Hit);
    let found = match (&failure.found, excluded) {
        (Some(found), _) => found.clone(),
        (None, Some(words)) => format!("one that `unless` took away: {words}"),
        (None, None) => otherwise.into(),
    };
    Mismatch {
        place: failure.place,
        what,
        expected: expected.into(),
        found,
        instead: None,
    }
}

impl Case {
    fn run(&self, bundle: &Bundle) -> CaseResult {
        let outcome = match &self.body {
            Err(diagnostics) => Outcome::Error(diagnostics.clone()),
            Ok(body) => {
                let wrong = mismatches(bundle, body, &body.run(bundle));
                match &self.todo {
                    Some(_) if wrong.is_empty() => Outcome::Fail(vec![Mismatch {
                        place: self.place,
                        what: "todo",
                        expected: "a failure, as `todo` says".into(),
                        found: "it passes; take `todo` out".into(),
                        instead: None,
                    }]),
                    Some(why) => Outcome::Todo(why.clone()),
                    None if wrong.is_empty() => Outcome::Pass,
                    None => Outcome::Fail(wrong),
                }
            }
        };
        CaseResult {
            name: self.name.clone(),
            place: self.place,
            outcome,
        }
    }
}

/// What came of a test's messages.
pub(super) struct Came {
    pub alerts: Vec<Alert>,
    /// The messages' ids in reports, in the order of the test.
    pub message_ids: Vec<String>,
    /// The dates of the first message, where they are asked for.
    pub resolved: Option<Resolved>,
    /// The holds that cover the first message, sorted.
    pub holds: Vec<ExpectedHold>,
}

impl Body {
    /// The messages with their evaluation.
    pub(crate) fn evaluate(&self, bundle: &Bundle) -> (MessageBatch, Evaluation) {
        let mut builder = MessageBatchBuilder::new();
        self.messages.iter().for_each(|message| builder.push(message));
        let batch = builder.finish();
        let evaluation = evaluate(bundle, &self.facts, &batch);
        (batch, evaluation)
    }

    fn run(&self, bundle: &Bundle) -> Came {
        let (batch, evaluation) = self.evaluate(bundle);
        let specs = self.facts.holds.specs();
        let of_first = evaluation.holds.iter().filter(|hold| hold.row == 0);
        let mut holds: Vec<ExpectedHold> = of_first
            .map(|row| ExpectedHold {
                hold: specs[row.hold].name.clone(),
                membership: row.membership.as_str(),
            })
            .collect();
        holds.sort();
        let dates = self.expect.retention.as_ref();
        let resolved = dates.map(|_| dates_of_first(bundle, &batch, &evaluation, &self.register));
        let ids = evaluation
            .messages
            .iter()
            .map(|message| message.identity.message_id.clone());
        Came {
            message_ids: ids.collect(),
            holds,
            resolved,
            alerts: alerts_of_set(bundle, &[(batch, evaluation)]),
        }
    }
}

fn dates_of_first(bundle: &Bundle, batch: &MessageBatch, evaluation: &Evaluation, register: &Register) -> Resolved {
    let (row, found) = (batch.row(0), &evaluation.messages[0]);
    let schedules = &bundle.schedules;
    let days = schedules.days(&Triggers {
        sent: row.sent_at().and_then(instant_of),
        captured: row.captured_at().and_then(instant_of).unwrap_or(Timestamp::MAX),
        suspect: found.trigger_suspect,
    });
    let clocks = Clocks {
        days: &days,
        activity: last_activity(batch, evaluation),
        register: &known_events(bundle, row, evaluation, register),
    };
    let set = evaluation.sets.iter().find(|set| set.id == found.set_id);
    let assigned = set.map(|set| set.assigned.as_slice()).unwrap_or_default();
    schedules.resolve(assigned, &clocks)
}

/// What the register says of the events that concern a message.
pub(crate) fn known_events(bundle: &Bundle, row: Row<'_>, evaluation: &Evaluation, register: &Register) -> EventFacts {
    let mut known = EventFacts::default();
    let id = evaluation.messages[row.index()].facts_id;
    let facts = evaluation.facts.iter().find(|(of, _)| *of == id);
    // Facts that were just made can be read; without them every event is awaited, which keeps.
    let Some(facts) = facts.and_then(|(_, json)| serde_json::from_str::<lexhold_policy::Facts>(json).ok()) else {
        return known;
    };
    for event in bundle.schedules.iter().flat_map(Schedule::asked_events) {
        let keys = if event.is_own() {
            vec![event.key.as_str()]
        } else {
            event_keys(&facts, row.conversation(), &event.key)
        };
        if event.is_own() && !register.is_recorded(&event.event, keys.iter().copied()) {
            known.set(event.clone(), EventState::Unconcerned);
            continue;
        }
        known.set(event.clone(), register.state(&event.event, keys.iter().copied()));
        if register.is_recorded(&event.event, keys) {
            known.set_recorded(event.clone());
        }
    }
    known
}

fn instant_of(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

/// When people last wrote or spoke in the conversation of the first message; where nobody did, the latest capture.
fn last_activity(batch: &MessageBatch, evaluation: &Evaluation) -> Option<Timestamp> {
    let first = batch.row(0);
    let conversation = |row: &Row<'_>| {
        (row.platform(), row.conversation()) == (first.platform(), first.conversation())
            && (row.index() == 0 || !row.conversation().is_empty())
    };
    let members = || batch.rows().filter(conversation);
    let by_people = members().filter(|row| matches!(row.kind(), MessageKind::Message | MessageKind::Call));
    let active = by_people.filter_map(|row| {
        let believed = row
            .sent_at()
            .filter(|_| !evaluation.messages[row.index()].trigger_suspect);
        believed.or(row.captured_at())
    });
    let latest = active.max().or_else(|| members().filter_map(Row::captured_at).max());
    latest.and_then(instant_of)
}
