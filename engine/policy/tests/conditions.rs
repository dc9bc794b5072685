//! Conditions held against a table of cases, by the compiled program and by Cedar's authorizer.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use lexhold_document::{Diagnostics, Files, OpenError, load, path};
use lexhold_policy::{Action, Answer, Condition, Decider, Facts, FactsRow, Oracle, PersonFacts, Program, Schemas};
use serde::Deserialize;
use serde_json::Value;

const FIRM: &str =
    "type FirmPerson = { tier?: Long, clubs: Set<String> }; type FirmMessage = { desk: String, size?: Long };";

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
    /// Conditions that do not compile.
    #[serde(default)]
    refused: Vec<usize>,
    /// Conditions that Cedar's authorizer is asked about.
    #[serde(default)]
    uncompiled: Vec<usize>,
}

#[test]
fn every_case_comes_out_as_written_in_both_engines() {
    let cases: Vec<Case> = serde_yaml::from_str(include_str!("conditions.yaml")).unwrap();
    let mut files = Files::new();
    let firm = files.add("firm.cedarschema", FIRM.to_owned());
    let schemas = Schemas::extended(&files, firm, &mut Diagnostics::new()).unwrap();
    for case in cases {
        let action = match case.action.as_deref() {
            Some("communicate") => Action::Communicate,
            None => Action::Hold,
            Some(other) => panic!("{}: no action `{other}`", case.case),
        };
        let compiled = compile(&schemas, action, &case.conditions);
        let refused: Vec<usize> = (0..compiled.len()).filter(|at| compiled[*at].is_none()).collect();
        assert_eq!(refused, case.refused, "{}", case.case);
        // Positions in the table are those of the conditions as written.
        let positions: Vec<usize> = (0..compiled.len()).filter(|at| compiled[*at].is_some()).collect();
        let program = Program::build(action, compiled.into_iter().flatten().collect());
        let uncompiled: Vec<&str> = program.uncompiled().map(Condition::id).collect();
        let expected: Vec<String> = case.uncompiled.iter().map(|at| format!("case.{at}")).collect();
        assert_eq!(uncompiled, expected, "{}", case.case);

        let row = facts(&case.facts);
        let sent_at = case
            .sent_at
            .map(|at| at.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        let written = |answer: &Answer| Answer {
            determining: answer.determining.iter().map(|at| positions[*at]).collect(),
            errors: answer
                .errors
                .iter()
                .map(|(at, why)| (positions[*at], why.clone()))
                .collect(),
        };
        let expected = Answer {
            determining: case.holds.into_iter().collect(),
            errors: case.fails.into_iter().collect(),
        };
        let official = Oracle::new(&program).decide(&row, sent_at);
        assert_eq!(written(&official), expected, "Cedar: {}", case.case);
        let decided = Decider::new(&program).decide(&row, sent_at);
        assert_eq!(written(&decided), expected, "compiled: {}", case.case);
    }
}

fn compile(schemas: &Schemas, action: Action, conditions: &[String]) -> Vec<Option<Condition>> {
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
        Condition::compile(schemas, &id, action, &[node], &mut diagnostics)
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
