//! Which conditions decided something of a message, what they say, and what they read.

use lexhold_policy::{Decider, FactsRow, Program};
use serde_json::{Map, Value};

use crate::Bundle;
use crate::message::error_at;

/// A condition that holds of a message, or could not be evaluated.
#[derive(Clone, Debug)]
pub struct Conditioned {
    /// The rule or schedule.
    pub id: String,
    /// What it was asked for: `scan`, `communicate` or `retain`.
    pub action: &'static str,
    /// Its clauses, all of which have to hold, as they are written.
    pub clauses: Vec<String>,
    /// Why it could not be evaluated for somebody.
    pub error: Option<String>,
    /// What it reads, with the values: [`lexhold_policy::Condition::facts_read`].
    pub read: Map<String, Value>,
}

impl Bundle {
    /// The conditions of pattern rules, supervision rules and schedules that hold of a message with these facts, sent at
    /// this instant (µs since 1970, UTC), or fail.
    pub fn conditioned(&self, facts: &FactsRow, sent_at: Option<i64>) -> Vec<Conditioned> {
        let programs = [&self.scan, &self.communicate, &self.retain];
        programs
            .into_iter()
            .flat_map(|program| of(program, facts, sent_at))
            .collect()
    }
}

fn of<'p>(program: &'p Program, facts: &FactsRow, sent_at: Option<i64>) -> impl Iterator<Item = Conditioned> + use<'p> {
    let answer = Decider::new(program).decide(facts, sent_at);
    let conditions: Vec<Conditioned> = program
        .conditions()
        .iter()
        .enumerate()
        .filter_map(|(at, condition)| {
            let error = error_at(&answer, at).map(str::to_owned);
            (error.is_some() || answer.determining.contains(&at)).then(|| Conditioned {
                id: condition.id().to_owned(),
                action: program.action().as_str(),
                clauses: condition.clauses().to_vec(),
                error,
                read: condition.facts_read(facts, sent_at),
            })
        })
        .collect();
    conditions.into_iter()
}
