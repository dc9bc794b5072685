//! Which schedules a message is assigned: a function of its facts, the same at capture and when a later bundle is activated.
//!
//! Nothing here reads a text or a directory. Scope inputs are frozen in the facts row that was stored when the message was
//! captured, so that somebody who leaves the firm keeps the duties of what they wrote, and a bundle that is activated years
//! later judges the message by what was known of it then.

use std::sync::Arc;

use jiff::Timestamp;
use lexhold_model::Key;
use lexhold_policy::{Answer, Decider, Facts, FactsRow};
use lexhold_retention::{Assigned, Outcome};
use rustc_hash::FxHashMap;

use crate::Bundle;
use crate::message::error_at;

/// Why a schedule that reads labels is indeterminate where the text was not scanned to the end.
pub(crate) const NOT_SCANNED: &str = "the text could not be scanned to the end";

/// Facts rows without the labels of pattern rules that are kept before the memo starts anew.
const KEPT_ROWS: usize = 8_192;

/// What decides the schedules of a message beside its facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Inputs {
    /// When it was sent, in microseconds since 1970 in UTC; none without a usable date.
    pub sent_at: Option<i64>,
    /// When it was captured, likewise. Only versions that a later one has superseded ask for it; without it they bind.
    pub captured_at: Option<i64>,
    /// Whether its text could not be scanned to the end, so that labels may be missing.
    pub scan_incomplete: bool,
}

/// Gives message after message its schedules, and remembers what conditions cannot tell apart: one for each thread.
///
/// What it remembers changes no result.
pub struct Assigner<'a> {
    bundle: &'a Bundle,
    retain: Decider<'a>,
    given_only: FxHashMap<Key, Arc<FactsRow>>,
}

/// The schedules that a bundle gives to one message.
pub fn assign(bundle: &Bundle, facts: &FactsRow, inputs: Inputs) -> Vec<Assigned> {
    Assigner::new(bundle).assign(facts, inputs)
}

impl<'a> Assigner<'a> {
    /// An assigner for one bundle.
    pub fn new(bundle: &'a Bundle) -> Self {
        Self {
            bundle,
            retain: Decider::new(&bundle.retain),
            given_only: FxHashMap::default(),
        }
    }

    /// The schedules of a message, in the order of the bundle's.
    ///
    /// A schedule whose condition failed, or read labels that may be missing, is indeterminate: it is never left out.
    pub fn assign(&mut self, facts: &FactsRow, inputs: Inputs) -> Vec<Assigned> {
        let answer = self.retain.decide(facts, inputs.sent_at);
        let given = self.by_given_labels(facts, inputs, &answer);
        let instant = |at: Option<i64>| at.and_then(|at| Timestamp::from_microsecond(at).ok());
        let sent = instant(inputs.sent_at);
        // Without a capture nothing says that it came later.
        let captured = instant(inputs.captured_at).unwrap_or(Timestamp::MIN);
        let schedules = self.bundle.schedules.iter().enumerate();
        let mine = schedules.filter(|(_, schedule)| {
            let labelled = schedule.label.as_ref();
            labelled.is_none_or(|label| facts.facts.given_labels.contains(label)) && schedule.binds(sent, captured)
        });
        mine.filter_map(|(at, _)| {
            let outcome = self.outcome(at, inputs, &answer, &given)?;
            Some(Assigned {
                schedule: at,
                outcome,
                since: None,
            })
        })
        .collect()
    }

    /// How often Cedar was asked so far.
    pub fn evaluations(&self) -> u64 {
        self.retain.evaluations()
    }

    /// What holds without the labels of pattern rules: it matches in its own right.
    fn by_given_labels(&mut self, facts: &FactsRow, inputs: Inputs, answer: &Arc<Answer>) -> Arc<Answer> {
        let conditions = self.bundle.retain.conditions();
        let reads_labels = answer.determining.iter().any(|at| conditions[*at].reads().labels());
        if !reads_labels || facts.facts.labels == facts.facts.given_labels {
            return answer.clone();
        }
        if self.given_only.len() >= KEPT_ROWS {
            self.given_only.clear();
        }
        let plain = self.given_only.entry(facts.id).or_insert_with(|| {
            let labels = facts.facts.given_labels.clone();
            Arc::new(facts.with(Facts {
                labels,
                ..facts.facts.clone()
            }))
        });
        self.retain.decide(plain, inputs.sent_at)
    }

    fn outcome(&self, at: usize, inputs: Inputs, answer: &Answer, given: &Answer) -> Option<Outcome> {
        let indeterminate = |reason: &str| {
            Some(Outcome::Indeterminate {
                reason: reason.to_owned(),
            })
        };
        if let Some(error) = error_at(answer, at) {
            return indeterminate(error);
        }
        if inputs.scan_incomplete && self.bundle.retain.conditions()[at].reads().labels() {
            return indeterminate(NOT_SCANNED);
        }
        match (answer.determining.contains(&at), given.determining.contains(&at)) {
            (false, _) => None,
            (true, true) => Some(Outcome::Assigned),
            (true, false) => Some(Outcome::ByPattern),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::testing::{bundle, evaluated, mail};
    use crate::{Earlier, Evaluation};

    const RULES: &str = r#"lexhold: 1
ruleset: words
version: 1.0.0
owner: x@firm.example
rules:
  - id: gold
    title: Gold
    severity: low
    why: It is about gold.
    match: { phrase: gold }
    labels: [gold]
    hits: ["gold", "the gold"]
    misses: ["silver", "golden"]
"#;

    /// A document with three schedules: for all, by a label of any origin, by a label that somebody gave.
    fn retention(version: &str, period: &str) -> String {
        format!(
            r#"lexhold: 1
retention: desk
version: {version}
title: The desk
owner: x@firm.example
zone: America/New_York
schedules:
  - id: all
    title: All
    retain: {{ for: {period}, from: sent }}
  - id: gold
    title: Gold
    when: resource.labels.contains("gold")
    retain: {{ for: P9Y, from: sent }}
  - id: early
    title: Early
    when: resource has sent_at && resource.sent_at < datetime("2026-01-01T00:02:00Z")
    retain: {{ for: P8Y, from: sent }}
  - id: given
    title: Given
    label: gold
    retain: {{ for: P10Y, from: sent }}
"#
        )
    }

    fn names(bundle: &Bundle, assigned: &[Assigned]) -> Vec<String> {
        let name = |one: &Assigned| format!("{} {}", bundle.schedule(one.schedule).name, one.outcome.as_str());
        assigned.iter().map(name).collect()
    }

    /// Assigned again from what was stored, beside what was assigned when the message came in.
    fn again(bundle: &Bundle, evaluation: &Evaluation, row: usize, sent_at: Option<i64>) -> [Vec<String>; 2] {
        let message = &evaluation.messages[row];
        let json = &evaluation
            .facts
            .iter()
            .find(|(id, _)| *id == message.facts_id)
            .unwrap()
            .1;
        let inputs = Inputs {
            sent_at,
            captured_at: None,
            scan_incomplete: message.scan_incomplete,
        };
        let first = evaluation.sets.iter().find(|set| set.id == message.set_id).unwrap();
        let later = assign(bundle, &FactsRow::from_json(json).unwrap(), inputs);
        [names(bundle, &first.assigned), names(bundle, &later)]
    }

    #[test]
    fn what_was_stored_is_assigned_as_it_was_at_capture() {
        let bundle = bundle(&[&retention("1.0.0", "P1Y"), RULES]);
        let mut labelled = mail("c", 5, "ann", "nothing");
        labelled.labels = vec!["gold".into()];
        let mut both = mail("d", 6, "bob", "gold");
        both.labels = vec!["gold".into()];
        let messages = [
            mail("a", 1, "ann", "nothing"),
            mail("b", 5, "ann", "gold"),
            labelled,
            both,
        ];
        let (_, evaluation) = evaluated(&bundle, &messages);
        let expected: [&[&str]; 4] = [
            &["all assigned", "early assigned"],
            &["all assigned", "gold by_pattern"],
            &["all assigned", "gold assigned", "given assigned"],
            &["all assigned", "gold assigned", "given assigned"],
        ];
        for (row, expected) in expected.into_iter().enumerate() {
            let [first, later] = again(&bundle, &evaluation, row, messages[row].sent_at);
            assert_eq!(first, expected, "at capture, message {row}");
            assert_eq!(later, expected, "from what was stored, message {row}");
        }
    }

    #[test]
    fn labels_that_may_be_missing_make_indeterminate_what_reads_them() {
        let bundle = bundle(&[&retention("1.0.0", "P1Y"), RULES]);
        let row = FactsRow::new(Facts {
            zone: "UTC".into(),
            ..Facts::default()
        });
        let inputs = Inputs {
            sent_at: None,
            captured_at: None,
            scan_incomplete: true,
        };
        let assigned = assign(&bundle, &row.unwrap(), inputs);
        assert_eq!(names(&bundle, &assigned), ["all assigned", "gold indeterminate"]);
    }

    #[test]
    fn a_superseded_version_binds_what_was_not_both_sent_and_captured_from_then_on() {
        let old = bundle(&[&retention("1.0.0", "P7Y")]);
        let new = bundle(&[&retention("2.0.0", "P5Y")]).with_earlier(&[Earlier {
            bundle: &old,
            document: "desk",
            superseded_from: date(2026, 3, 1),
        }]);
        let row = FactsRow::new(Facts {
            zone: "UTC".into(),
            ..Facts::default()
        });
        let row = row.unwrap();
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap().as_microsecond());
        // Midnight in New York is five in the morning in UTC.
        let (before, from) = (at("2026-03-01T04:59:59.999999Z"), at("2026-03-01T05:00:00Z"));
        let cases = [
            (before, before, true),
            (before, from, true),
            (from, before, true),
            (from, from, false),
            (None, from, true),
            (from, None, true),
        ];
        for (sent_at, captured_at, binds) in cases {
            let inputs = Inputs {
                sent_at,
                captured_at,
                scan_incomplete: false,
            };
            let assigned = assign(&new, &row, inputs);
            let versions: Vec<&str> = assigned
                .iter()
                .filter(|one| new.schedule(one.schedule).name == "all")
                .map(|one| new.schedule(one.schedule).version.as_str())
                .collect();
            let expected: &[&str] = if binds { &["2.0.0", "1.0.0"] } else { &["2.0.0"] };
            assert_eq!(versions, expected, "sent {sent_at:?}, captured {captured_at:?}");
        }
        assert_eq!(new.digest, bundle(&[&retention("2.0.0", "P5Y")]).digest);
    }
}
