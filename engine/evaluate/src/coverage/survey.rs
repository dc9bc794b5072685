//! What one test after another sees.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_document::{Document, FileId, Kind, Node};
use lexhold_model::MessageBatch;
use lexhold_policy::{Action, FactsRow};
use lexhold_retention::{EventState, Schedule};
use rustc_hash::FxHashMap;

use super::alternatives::Alternatives;
use super::units::{Asked, AskedEvent, Units, conditions, events, full_id, items};
use super::{Sighting, Unit, What};
use crate::cases::{Body, Case, Outcome, Trial, known_events};
use crate::evaluation::{Evaluation, RuleRef};
use crate::{Bundle, alerts_of_set};

/// The first side of a unit: it fired, was chosen, was true.
const YES: usize = 0;
/// The second.
const NO: usize = 1;

/// The units of some documents, and how to tell which of them a test sees.
pub struct Survey<'a> {
    bundle: &'a Bundle,
    units: Vec<Unit>,
    rules: BTreeMap<String, (RuleRef, usize)>,
    schedules: BTreeMap<String, usize>,
    alternatives: Alternatives,
    /// The units of the alternatives.
    choices: Vec<usize>,
    events: Vec<AskedEvent>,
    conditions: Vec<Asked>,
    /// Every document with those that it imports, directly or not, and itself. A case file is not among them.
    reach: BTreeMap<FileId, BTreeSet<FileId>>,
}

impl<'a> Survey<'a> {
    /// The units of these documents, which the bundle was compiled from, and of the holds of these tests.
    pub fn new(bundle: &'a Bundle, documents: &[Document], cases: &[Case]) -> Self {
        let mut units = Units::default();
        let by_id: FxHashMap<&str, RuleRef> = bundle.all_rules().map(|rule| (bundle.rule(rule).id, rule)).collect();
        let (mut rules, mut schedules) = (BTreeMap::new(), BTreeMap::new());
        let (mut all_events, mut all_conditions) = (Vec::new(), Vec::new());
        for document in documents {
            for rule in items(document, "rules") {
                let id = full_id(document, rule);
                let retired = rule.get("status").and_then(Node::as_text) == Some("retired");
                if let Some(known) = by_id.get(id.as_str()).filter(|_| !retired) {
                    let unit = units.note(place_of_id(rule), What::Rule, id.clone());
                    rules.insert(id, (*known, unit));
                }
            }
            if document.kind == Kind::Retention {
                for schedule in items(document, "schedules") {
                    let id = full_id(document, schedule);
                    let unit = units.note(place_of_id(schedule), What::Schedule, id.clone());
                    schedules.insert(id, unit);
                }
            }
            all_conditions.extend(conditions(document, &mut units));
            all_events.extend(events(document, &mut units));
        }
        let holds = cases
            .iter()
            .filter_map(|case| case.body.as_ref().ok())
            .flat_map(|body| &body.holds);
        let mut known: BTreeSet<_> = all_conditions.iter().map(|asked| asked.document).collect();
        for hold in holds {
            if known.insert(hold.name_place()) {
                all_conditions.extend(conditions(hold, &mut units));
            }
        }
        let alternatives = Alternatives::of(documents);
        let note = |choice: &super::alternatives::Choice| units.note(choice.place, choice.what, choice.rule.clone());
        let choices = alternatives.choices.iter().map(note).collect();
        Self {
            bundle,
            rules,
            schedules,
            choices,
            alternatives,
            events: all_events,
            conditions: all_conditions,
            reach: reach(documents),
            units: units.all,
        }
    }

    /// The units, which sightings name by their positions.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// What a trial sees that was read against the bundle.
    pub fn of(&self, trial: Trial<'_>) -> Vec<Sighting> {
        let mut seen = match trial {
            Trial::Rule(at) => {
                let id = &self.bundle.rules.rules()[at as usize].id;
                let mut seen = self.of_examples(id, trial, self.bundle.rules.rules()[at as usize].hits.len());
                let choices = self.alternatives.of_examples(id);
                seen.extend(choices.into_iter().map(|choice| (self.choices[choice], YES)));
                seen
            }
            Trial::Conversation(at) => {
                let rule = &self.bundle.rules.conversations()[at];
                self.of_examples(&rule.info.id, trial, rule.hits.len())
            }
            Trial::Case(case) => case
                .body
                .as_ref()
                .map_or_else(|_| Vec::new(), |body| self.of_case(case.place.file, body)),
        };
        seen.sort_unstable();
        seen.dedup();
        seen
    }

    /// Examples that come out as written show a rule from both sides; `hits` come first.
    fn of_examples(&self, id: &str, trial: Trial<'_>, n_hits: usize) -> Vec<Sighting> {
        let Some((_, unit)) = self.rules.get(id) else {
            return Vec::new();
        };
        let results = trial.run(self.bundle).into_iter().enumerate();
        let passed = results.filter(|(_, result)| result.outcome == Outcome::Pass);
        passed
            .map(|(at, _)| (*unit, if at < n_hits { YES } else { NO }))
            .collect()
    }

    fn of_case(&self, file: FileId, body: &Body) -> Vec<Sighting> {
        let reach = self.reach.get(&file);
        let concerns = |of: FileId| reach.is_none_or(|reach| reach.contains(&of));
        let (batch, evaluation) = body.evaluate(self.bundle);
        let mut seen = Vec::new();
        let (alerts, supervision) = (body.expect.alerts.is_some(), body.expect.supervision.is_some());
        if alerts || supervision {
            self.rules_of(&batch, &evaluation, alerts, &concerns, &mut seen);
        }
        if alerts {
            let choices = batch.rows().flat_map(|row| self.alternatives.of_message(row));
            let mine = choices
                .map(|choice| self.choices[choice])
                .filter(|unit| concerns(self.units[*unit].place.file));
            seen.extend(mine.map(|unit| (unit, YES)));
        }
        if body.expect.retention.is_some() {
            self.schedules_of(&batch, &evaluation, body, &concerns, &mut seen);
        }
        for asked in self.conditions.iter().filter(|asked| concerns(asked.document.file)) {
            let n_rows = match asked.action {
                Action::Scan if alerts => batch.len(),
                Action::Communicate if alerts || supervision => batch.len(),
                Action::Retain if body.expect.retention.is_some() => 1,
                Action::Hold if body.holds.iter().any(|hold| hold.name_place() == asked.document) => 1,
                _ => 0,
            };
            for row in batch.rows().take(n_rows) {
                if let Some(facts) = facts_of(&evaluation, row.index()) {
                    asked.see(&facts, row.sent_at(), &mut seen);
                }
            }
        }
        seen
    }

    fn rules_of(
        &self,
        batch: &MessageBatch,
        evaluation: &Evaluation,
        all: bool,
        concerns: &dyn Fn(FileId) -> bool,
        seen: &mut Vec<Sighting>,
    ) {
        let standing = evaluation.hits.iter().filter(|hit| hit.excluded_by.is_none());
        let mut fired: BTreeSet<String> = standing.map(|hit| self.bundle.rule(hit.rule).id.to_owned()).collect();
        let set = [(batch.clone(), evaluation.clone())];
        let alerts = alerts_of_set(self.bundle, &set)
            .into_iter()
            .filter(|alert| alert.excluded_by.is_none());
        fired.extend(alerts.map(|alert| alert.rule.id.clone()));
        for (id, (rule, unit)) in &self.rules {
            let asked = all || matches!(rule, RuleRef::Supervision(_));
            if asked && concerns(self.units[*unit].place.file) {
                seen.push((*unit, if fired.contains(id) { YES } else { NO }));
            }
        }
    }

    fn schedules_of(
        &self,
        batch: &MessageBatch,
        evaluation: &Evaluation,
        body: &Body,
        concerns: &dyn Fn(FileId) -> bool,
        seen: &mut Vec<Sighting>,
    ) {
        let set = evaluation
            .sets
            .iter()
            .find(|set| set.id == evaluation.messages[0].set_id);
        let assigned = set.map(|set| set.assigned.as_slice()).unwrap_or_default();
        let schedules = self.bundle.schedules();
        let chosen: BTreeMap<&str, &Schedule> = assigned
            .iter()
            .filter_map(|one| schedules.get(one.schedule))
            .map(|schedule| (schedule.id.as_str(), schedule))
            .collect();
        for (id, unit) in self
            .schedules
            .iter()
            .filter(|(_, unit)| concerns(self.units[**unit].place.file))
        {
            seen.push((*unit, if chosen.contains_key(id.as_str()) { YES } else { NO }));
        }
        let known = known_events(self.bundle, batch.row(0), evaluation, &body.register);
        for asked in self
            .events
            .iter()
            .filter(|asked| concerns(self.units[asked.unit].place.file))
        {
            let event = chosen.get(asked.schedule.as_str()).and_then(|schedule| {
                let mut events = schedule.asked_events();
                events.find(|event| event.event == asked.event && event.key == asked.key)
            });
            if let Some(event) = event {
                let came = known.is_recorded(event) || matches!(known.state(event), EventState::On(_));
                seen.push((asked.unit, if came { YES } else { NO }));
            }
        }
    }
}

impl Asked {
    /// What everybody who is asked about shows of the conditions.
    fn see(&self, facts: &FactsRow, sent_at: Option<i64>, seen: &mut Vec<Sighting>) {
        for answer in self.probe.ask(facts, sent_at) {
            let clauses = self.clauses.iter().zip(answer.clauses);
            let operands = self.operands.iter().zip(answer.operands);
            for (unit, value) in clauses.chain(operands) {
                if let (Some(unit), Some(value)) = (unit, value) {
                    seen.push((*unit, if value { YES } else { NO }));
                }
            }
        }
    }
}

fn place_of_id(item: &Node) -> lexhold_document::Place {
    item.get("id").map_or(item.place, |id| id.place)
}

fn facts_of(evaluation: &Evaluation, row: usize) -> Option<FactsRow> {
    let id = evaluation.messages[row].facts_id;
    let (_, json) = evaluation.facts.iter().find(|(of, _)| *of == id)?;
    FactsRow::from_json(json).ok()
}

fn reach(documents: &[Document]) -> BTreeMap<FileId, BTreeSet<FileId>> {
    let imports: BTreeMap<FileId, &[FileId]> = documents
        .iter()
        .map(|document| (document.file, document.imports.as_slice()))
        .collect();
    let of = |document: &Document| {
        let mut reach = BTreeSet::new();
        let mut next = vec![document.file];
        while let Some(file) = next.pop() {
            if reach.insert(file) {
                next.extend(imports.get(&file).copied().unwrap_or_default());
            }
        }
        reach
    };
    let own = documents.iter().filter(|document| document.kind != Kind::Cases);
    own.map(|document| (document.file, of(document))).collect()
}
