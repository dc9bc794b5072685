//! The shipped governance policies, held against a table of cases.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use lexhold_policy::{Circumstances, Governance, Operator, Verb};
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    operators: BTreeMap<String, Vec<String>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    case: String,
    who: Option<String>,
    verb: String,
    allowed: bool,
    #[serde(default)]
    by: BTreeSet<String>,
    #[serde(default)]
    authors: BTreeSet<String>,
    #[serde(default)]
    requesters: BTreeSet<String>,
    #[serde(default)]
    approvers: BTreeSet<String>,
    #[serde(default)]
    confirmed_by: Vec<String>,
    #[serde(default)]
    conflicted: bool,
    #[serde(default)]
    excepted: bool,
    #[serde(default)]
    silent: bool,
    #[serde(default)]
    shortens: bool,
    #[serde(default)]
    signed: bool,
}

#[test]
fn every_case_is_decided_by_the_policies_it_names() {
    let table: Table = serde_yaml::from_str(include_str!("governance.yaml")).unwrap();
    let governance = Governance::shipped();
    let operators: BTreeMap<&str, Operator> = table
        .operators
        .iter()
        .map(|(id, roles)| {
            let operator = Operator {
                id: id.clone(),
                name: None,
                person: None,
                roles: roles.clone(),
                public_key: None,
            };
            (id.as_str(), operator)
        })
        .collect();
    let mut asked = BTreeSet::new();
    for case in table.cases {
        let verb = *Verb::ALL.iter().find(|verb| verb.as_str() == case.verb).unwrap();
        asked.insert(verb);
        let circumstances = Circumstances {
            of: "thing",
            authors: case.authors,
            requesters: case.requesters,
            approvers: case.approvers,
            confirmed_by: case.confirmed_by.iter().map(|id| &operators[id.as_str()]).collect(),
            conflicted: case.conflicted,
            excepted: case.excepted,
            silent: case.silent,
            shortens: case.shortens,
            signed: case.signed,
            stage: "",
        };
        let answer = governance.may(case.who.as_deref().map(|id| &operators[id]), verb, &circumstances);
        assert_eq!(answer.allowed, case.allowed, "{}: {answer:?}", case.case);
        assert!(answer.errors.is_empty() && !answer.solo, "{}: {answer:?}", case.case);
        let of_policies = answer.reasons.iter().any(|reason| !reason.starts_with("no operator"));
        assert_eq!(
            answer.needs.is_empty(),
            answer.allowed || !of_policies,
            "a refusal says what it would take: {}: {answer:?}",
            case.case
        );
        if !case.by.is_empty() {
            assert_eq!(
                answer.reasons.iter().cloned().collect::<BTreeSet<_>>(),
                case.by,
                "{}",
                case.case
            );
        }
    }
    assert_eq!(asked.len(), Verb::ALL.len(), "every verb has a case");
}

/// `policies/governance/README.md` says which actions there are.
#[test]
fn the_manual_lists_every_action_and_no_other() {
    let manual = include_str!("../../../policies/governance/README.md");
    let listed = manual
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let listed: BTreeSet<&str> = listed.map(|(action, _)| action).collect();
    assert_eq!(listed, Verb::ALL.iter().map(|verb| verb.as_str()).collect());
}
