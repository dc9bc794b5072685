//! Transfers to another keeper: nothing goes before its receipt, and what its receipt does not name stays.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use lexhold_catalog::Fingerprint;
use lexhold_model::Digest;
use serde_json::{Value, json};

use crate::support::{Firm, Ran, message};

const POLICY: &str = r#"lexhold: 1
retention: desk
version: 1.0.0
title: The desk
owner: x@firm.example
zone: UTC
schedules:
  - id: kept
    title: For the archive
    when: resource.channel == Channel::"rates"
    retain: { for: P3Y, from: sent }
    dispose: { after: retain, action: transfer, to: national archive }
  - id: rest
    title: The rest
    when: resource.channel != Channel::"rates"
    retain: { for: P3Y, from: sent }
    dispose: { after: retain, action: destroy }
"#;

/// Three messages for the archive, of which one was edited, one that goes without anybody, and one that is not due; and a plan.
fn firm() -> (Firm, String) {
    let firm = Firm::new();
    firm.write("policies/retention/desk.yaml", POLICY);
    let due = |id: &str| message(id, "2019-06-01T12:00:00Z", &format!("lunch canary{id}"));
    let mut edit = due("m2");
    (edit["version"], edit["version_kind"], edit["text"]) = (json!(1), json!("edit"), json!("dinner canarym2"));
    let mut rest = due("m4");
    rest["channel"] = json!("fx");
    let late = message("m5", "2025-06-01T12:00:00Z", "lunch");
    firm.messages("in.ndjson", &[due("m1"), due("m2"), edit, due("m3"), rest, late]);
    firm.run(&["in.ndjson"]).ended(0);
    let plan = firm.call(&["dispose", "propose", "--format", "json"]).ended(0).json();
    assert_eq!(plan["items"], 5);
    (firm, plan["plan"].as_str().unwrap().to_owned())
}

fn approved() -> (Firm, String) {
    let (firm, plan) = firm();
    firm.call(&["dispose", "approve", &plan]).ended(0);
    (firm, plan)
}

fn execute(firm: &Firm, plan: &str) -> Ran {
    firm.call(&["dispose", "execute", plan, "--format", "json"])
}

fn transfer(firm: &Firm, plan: &str) -> Ran {
    firm.call(&["dispose", "transfer", plan, "--out", "handed.ndjson"])
}

/// The lines that were handed over, by id and version: their keys and hashes.
fn handed(firm: &Firm) -> BTreeMap<(String, u64), Value> {
    let text = firm.read("handed.ndjson");
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let id = value["message"]["id"].as_str().unwrap().to_owned();
        let receipt = json!({"key": value["key"], "sha256": Digest::of(line.as_bytes()).to_string()});
        ((id, value["version"].as_u64().unwrap()), receipt)
    };
    text.lines().map(line).collect()
}

fn receive(firm: &Firm, plan: &str, name: &str, lines: &[Value]) -> Ran {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    firm.write(name, text);
    firm.call(&["dispose", "receipt", plan, name])
}

/// What is left for whom, in order.
fn partial(done: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let items = done["partial"].as_array().unwrap().iter();
    items
        .map(|item| (text(&item["message_id"]), text(&item["state"])))
        .collect()
}

fn hold(firm: &Firm, id: &str) -> Ran {
    let place = [
        "hold",
        "place",
        "--name",
        &format!("h-{id}"),
        "--matter",
        "H",
        "--zone",
        "UTC",
        "--id",
        id,
        "--format",
        "json",
    ];
    firm.call(&place)
}

#[test]
fn nothing_goes_before_the_receipt_and_then_what_it_names() {
    let (firm, plan) = firm();
    transfer(&firm, &plan).ended(5).said("no approval that counts");
    firm.call(&["dispose", "approve", &plan]).ended(0);
    let first = execute(&firm, &plan).ended(0).json();
    assert_eq!((&first["destroyed"], &first["certificate"]), (&json!(1), &Value::Null));
    let all = |state: &str| ["m1", "m2", "m2", "m3"].map(|id| (id.to_owned(), state.to_owned()));
    assert_eq!(partial(&first), all("awaiting_transfer"));
    transfer(&firm, &plan)
        .ended(0)
        .said("4 messages")
        .said("national archive");
    let mode = std::fs::metadata(firm.path("handed.ndjson"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0, "bodies are in it");
    assert!(firm.read("handed.ndjson").contains("dinner canarym2"));
    assert_eq!(partial(&execute(&firm, &plan).ended(0).json()), all("handed_over"));
    let lines = handed(&firm);
    let of = |id: &str, version: u64| lines[&(id.to_owned(), version)].clone();
    receive(&firm, &plan, "one", &[of("m1", 0), of("m2", 0)])
        .ended(0)
        .said("2 messages received");
    receive(&firm, &plan, "one", &[of("m1", 0), of("m2", 0)])
        .ended(0)
        .said("nothing is added");
    // All versions of a message go, or none.
    let second = execute(&firm, &plan).ended(0).json();
    assert_eq!(second["destroyed"], 2);
    assert_eq!(
        partial(&second),
        [("m2".into(), "handed_over".into()), ("m3".into(), "handed_over".into())]
    );
    // What was received stays too where something keeps it.
    receive(&firm, &plan, "two", &[of("m2", 1), of("m3", 0)]).ended(0);
    hold(&firm, "m3").ended(0);
    let done = execute(&firm, &plan).ended(1).json();
    assert_eq!(
        (&done["destroyed"], &done["sent_back"][0]["reason"]),
        (&json!(4), &json!("held"))
    );
    let body = firm.call(&["dispose", "certificate", &plan]).ended(0).json()["body"].clone();
    assert_eq!(
        body["by_method"],
        json!([
            {"method": "received by another keeper, then rewritten and removed", "items": 3},
            {"method": "rewritten and removed", "items": 1},
        ])
    );
    let keeper =
        json!({"copy": "the keeper national archive", "state": "exempt", "reason": "handed over, and received"});
    assert!(body["copies"].as_array().unwrap().contains(&keeper), "{body}");
    // A hold that comes too late learns who has it.
    let late = hold(&firm, "m1").ended(1).json();
    assert_eq!(late["surviving_copies"][0]["copy"], "the keeper national archive");
    transfer(&firm, &plan).ended(5).said("has been carried out");
    firm.call(&["verify"]).ended(0);
    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before);
}

#[test]
fn a_receipt_is_taken_in_whole_or_not_at_all_and_never_quoted() {
    let (firm, plan) = approved();
    transfer(&firm, &plan).ended(0);
    let lines = handed(&firm);
    let (good, other) = (
        lines[&("m1".to_owned(), 0)].clone(),
        lines[&("m3".to_owned(), 0)].clone(),
    );
    let with = |key: &str, value: &Value| {
        let mut line = other.clone();
        line[key] = value.clone();
        line
    };
    let cases = [
        (with("sha256", &good["sha256"]), "the hash is not that of the message"),
        (with("key", &json!("0000000000000000000000")), "bad:2: "),
        (with("text", &json!("CANARY")), "no line of a receipt"),
        (json!(["CANARY"]), "no line of a receipt"),
        (good.clone(), "stands in this file before"),
    ];
    for (bad, said) in cases {
        let ran = receive(&firm, &plan, "bad", &[good.clone(), bad]).ended(4).said(said);
        assert!(!ran.stderr.contains("CANARY"), "{}", ran.stderr);
    }
    receive(&firm, &plan, "bad", &[]).ended(4).said("has no receipt");
    assert_eq!(
        execute(&firm, &plan).ended(0).json()["destroyed"],
        1,
        "nothing was received"
    );
    // Nobody without the home's key can test a guess at what was handed over.
    let hash = good["sha256"].as_str().unwrap();
    for file in crate::dispose::files(&firm.path(".lexhold")) {
        let bytes = std::fs::read(&file).unwrap();
        let says = bytes.windows(hash.len()).any(|part| part == hash.as_bytes());
        assert!(!says, "{}", file.display());
    }
}

#[test]
fn what_is_held_is_not_handed_over_and_a_call_that_was_killed_is_given_again() {
    let (firm, plan) = approved();
    hold(&firm, "m1").ended(0);
    let call = ["dispose", "transfer", &plan, "--out", "handed.ndjson"];
    let mut killed = firm.command(&call);
    let status = killed.env("LEXHOLD_TEST_STOP_AT", "ordered").output().unwrap().status;
    assert_eq!(status.code(), None, "killed");
    assert!(!firm.path("handed.ndjson").exists());
    let count = || {
        firm.read(".lexhold/journal/log.ndjson")
            .matches("disposal_handed_over")
            .count()
    };
    assert_eq!(count(), 1, "on record before anybody has it");
    transfer(&firm, &plan).ended(0);
    assert_eq!((count(), handed(&firm).len()), (1, 3), "m2 twice, and m3");
    let text = firm.read("handed.ndjson");
    transfer(&firm, &plan).ended(0);
    assert_eq!(firm.read("handed.ndjson"), text);
    let states = firm.call(&["report", "disposal", "--format", "ndjson"]).ended(0).rows();
    let states: Vec<&str> = states
        .iter()
        .map(|row| row["disposal_state"].as_str().unwrap())
        .collect();
    assert_eq!(
        states,
        [
            "awaiting_transfer",
            "handed_over",
            "handed_over",
            "handed_over",
            "approved"
        ]
    );
    // Rejected, nothing of it goes, whatever was received.
    receive(&firm, &plan, "all", &handed(&firm).into_values().collect::<Vec<_>>()).ended(0);
    firm.call(&["dispose", "reject", &plan, "--reason", "counsel needs them"])
        .ended(0);
    execute(&firm, &plan).ended(5);
    assert_eq!(
        firm.call(&["report", "retention", "--format", "ndjson"])
            .ended(0)
            .rows()
            .len(),
        6
    );
}
