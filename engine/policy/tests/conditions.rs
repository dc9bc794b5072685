//! Conditions held against tables of cases, by the compiled program and by Cedar's authorizer.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use lexhold_document::{Diagnostics, Files, OpenError, load, path};
use lexhold_policy::{Action, Answer, Condition, Decider, Facts, FactsRow, Oracle, PersonFacts, Program, Schemas};
use serde::Deserialize;
use serde_json::Value;

const FIRM: &str = "
    type FirmPerson = { tier?: Long, clubs: Set<String>, limit?: decimal, joined?: datetime,
                        home?: { office: String, floor?: Long } };
    type FirmMessage = { desk: String, size?: Long, origin?: ipaddr, price: decimal, tickets: Set<Long>, seen: Bool };";

const FILES: [&str; 11] = [
    include_str!("conditions/contradictions.yaml"),
    include_str!("conditions/extensions.yaml"),
    include_str!("conditions/logic.yaml"),
    include_str!("conditions/numbers.yaml"),
    include_str!("conditions/optional.yaml"),
    include_str!("conditions/outside.yaml"),
    include_str!("conditions/people.yaml"),
    include_str!("conditions/records.yaml"),
    include_str!("conditions/sets.yaml"),
    include_str!("conditions/text.yaml"),
    include_str!("conditions/time.yaml"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    case: String,
    #[serde(default)]
    action: Option<String>,
    conditions: Vec<String>,
    #[serde(default)]
    facts: Value,
    sent_at: Option<String>,
    #[serde(default)]
    holds: BTreeSet<usize>,
    #[serde(default)]
    fails: BTreeMap<usize, String>,
    /// Conditions that do not compile, with a part of why.
    #[serde(default)]
    refused: BTreeMap<usize, String>,
    /// Conditions that Cedar's authorizer is asked about.
    #[serde(default)]
    uncompiled: Vec<usize>,
}

#[test]
fn every_case_comes_out_as_written_in_both_engines() {
    let cases = FILES
        .iter()
        .flat_map(|file| serde_yaml::from_str::<Vec<Case>>(file).unwrap());
    let mut files = Files::new();
    let firm = files.add("firm.cedarschema", FIRM.to_owned());
    let schemas = Schemas::extended(&files, firm, &mut Diagnostics::new()).unwrap();
    let (mut n_cases, mut wrong) = (0, Vec::new());
    for case in cases {
        n_cases += 1;
        wrong.extend(
            check(&schemas, &case)
                .into_iter()
                .map(|what| format!("{}: {what}", case.case)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_cases >= 60, "{n_cases}");
}

/// What does not come out as written.
fn check(schemas: &Schemas, case: &Case) -> Vec<String> {
    let action = match case.action.as_deref() {
        Some("scan") => Action::Scan,
        Some("communicate") => Action::Communicate,
        Some("retain") => Action::Retain,
        None => Action::Hold,
        Some(other) => panic!("{}: no action `{other}`", case.case),
    };
    let mut wrong = Vec::new();
    // Positions in the table are those of the conditions as written.
    let (mut conditions, mut positions) = (Vec::new(), Vec::new());
    for (at, compiled) in compile(schemas, action, &case.conditions).into_iter().enumerate() {
        match (compiled, case.refused.get(&at)) {
            (Ok(condition), expected) => {
                wrong.extend(expected.map(|_| format!("{at} compiles")));
                conditions.push(condition);
                positions.push(at);
            }
            (Err(why), Some(part)) if !part.is_empty() && why.contains(part) => {}
            (Err(why), _) => wrong.push(format!("{at} is refused: {why}")),
        }
    }
    let program = Program::build(action, conditions);
    let uncompiled: Vec<&str> = program.uncompiled().map(Condition::id).collect();
    if uncompiled
        != case
            .uncompiled
            .iter()
            .map(|at| format!("case.{at}"))
            .collect::<Vec<_>>()
    {
        wrong.push(format!("left to the authorizer: {uncompiled:?}"));
    }
    let row = facts(&case.facts);
    let sent_at = case
        .sent_at
        .as_ref()
        .map(|at| at.parse::<jiff::Timestamp>().unwrap().as_microsecond());
    let expected = Answer {
        determining: case.holds.iter().copied().collect(),
        errors: case.fails.clone().into_iter().collect(),
    };
    let official = Oracle::new(&program).decide(&row, sent_at);
    let decided = Decider::new(&program).decide(&row, sent_at);
    for (engine, answer) in [("Cedar", &official), ("compiled", &*decided)] {
        let errors = answer.errors.iter();
        let found = Answer {
            determining: answer.determining.iter().map(|at| positions[*at]).collect(),
            errors: errors.map(|(at, why)| (positions[*at], why.clone())).collect(),
        };
        if found != expected {
            wrong.push(format!("{engine} says {found:?}"));
        }
    }
    wrong
}

/// The conditions, or what is wrong with them.
fn compile(schemas: &Schemas, action: Action, conditions: &[String]) -> Vec<Result<Condition, String>> {
    let clauses: String = conditions.iter().map(|text| format!("  - |\n    {text}\n")).collect();
    let mut files = Files::new();
    let file = files.add(
        "case.yaml",
        format!("lexhold: 1\nsupervision: case\nversion: 1.0.0\nclauses:\n{clauses}"),
    );
    let mut diagnostics = Diagnostics::new();
    let mut open = |_: &str| -> Result<String, OpenError> { unreachable!("nothing is imported") };
    let documents = load(&mut files, &[file], &mut open, &mut diagnostics);
    let nodes = documents[0].get(&path!["clauses"]).unwrap().as_list().unwrap();
    let each = nodes.iter().enumerate().map(|(at, node)| {
        let id = format!("case.{at}");
        let mut diagnostics = Diagnostics::new();
        let condition = Condition::compile(schemas, &id, action, &[node], &mut diagnostics);
        let why = || {
            diagnostics
                .sorted(&files)
                .iter()
                .map(|it| format!("{it:?}"))
                .collect::<String>()
        };
        condition.ok_or_else(why)
    });
    each.collect()
}

/// The facts of an empty message in New York, with these laid over them.
fn facts(over: &Value) -> FactsRow {
    let mut all = serde_json::to_value(Facts {
        zone: "America/New_York".into(),
        ..Facts::default()
    })
    .unwrap();
    lay(&mut all, over);
    if let Some(insiders) = all["insiders"].as_array_mut() {
        for alike in insiders {
            let mut facts = serde_json::to_value(PersonFacts::default()).unwrap();
            lay(&mut facts, &alike["facts"]);
            alike["facts"] = facts;
        }
    }
    FactsRow::from_json(&all.to_string()).unwrap()
}

fn lay(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, over) in over {
                lay(under.entry(name).or_insert(Value::Null), over);
            }
        }
        (_, Value::Null) => {}
        (under, over) => *under = over.clone(),
    }
}
