//! Holds as documents: placed at first sight, over what is there and what comes, and never ended by a file.

use serde_json::{Value, json};

use crate::support::{Firm, message};

fn state_of(firm: &Firm, id: &str) -> (String, Vec<Value>) {
    let rows = firm
        .call(&["report", "retention", "--format", "ndjson", "--as-of", "2026-01-01"])
        .ended(0)
        .rows();
    let row = rows
        .iter()
        .find(|row| row["message_id"].as_str().unwrap().ends_with(id))
        .unwrap_or_else(|| panic!("no {id}"));
    (
        row["state"].as_str().unwrap().to_owned(),
        row["holds"].as_array().unwrap().clone(),
    )
}

fn hold(name: &str, scope: &str) -> String {
    format!(
        "lexhold: 1\nhold: {name}\nmatter: In re {name}\nowner: legal@firm.example\nzone: America/New_York\n{scope}\n"
    )
}

fn firm() -> Firm {
    let firm = Firm::new();
    let old = |id: &str, sender: &str, text: &str| {
        let mut message = message(id, "2019-06-01T12:00:00Z", text);
        message["sender"] = json!(sender);
        message["recipients"] = json!(["eve"]);
        message
    };
    firm.messages(
        "old.ndjson",
        &[
            old("m1", "ann", "about project orion"),
            old("m2", "bob", "lunch"),
            old("m3", "bob", "orion again"),
        ],
    );
    firm.messages("new.ndjson", &[old("n1", "ann", "later"), old("n2", "bob", "later")]);
    firm.messages("none.ndjson", &[]);
    firm
}

#[test]
fn a_hold_covers_what_is_there_and_what_comes_and_outlives_its_file() {
    let firm = firm();
    firm.run(&["old.ndjson"]).ended(0);
    assert_eq!(state_of(&firm, "m1").0, "eligible");
    firm.write("orion.yaml", hold("orion", "custodians: [ann]"));
    firm.run(&["none.ndjson", "--holds", "orion.yaml"])
        .ended(0)
        .said("only a release");
    assert_eq!(state_of(&firm, "m1"), ("held".into(), vec![json!("orion")]));
    assert_eq!(state_of(&firm, "m2").0, "eligible");
    std::fs::remove_file(firm.path("orion.yaml")).unwrap();
    firm.run(&["new.ndjson"]).ended(0);
    assert_eq!(state_of(&firm, "n1").0, "held", "in force without its file");
    assert_eq!(state_of(&firm, "n2").0, "eligible");
    let holds = firm.call(&["report", "holds", "--format", "ndjson"]).ended(0).rows();
    assert_eq!((&holds[0]["hold"], &holds[0]["held"]), (&json!("orion"), &json!(2)));
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(state_of(&firm, "m1").0, "held");
    firm.call(&["verify"]).ended(0);
}

#[test]
fn a_hold_by_query_dates_conversation_or_condition() {
    for (scope, held) in [
        ("scope: everything\nquery: { word: orion }", vec!["m1", "m3"]),
        ("custodians: [bob]\nquery: { word: orion }", vec!["m3"]),
        ("ids: [m2]\nquery: { word: orion }", vec!["m2"]),
        (
            "scope: everything\ncontent: { from: 2019-06-01, to: 2019-06-01 }",
            vec!["m1", "m2", "m3"],
        ),
        ("scope: everything\ncontent: { from: 2019-06-02 }", vec![]),
        (
            "conversations: [c1]\nwhen: 'resource.sender in Group::\"trading\"'",
            vec!["m1", "m2", "m3"],
        ),
        ("conversations: [elsewhere]", vec![]),
    ] {
        let firm = firm();
        firm.write("h.yaml", hold("h", scope));
        firm.run(&["old.ndjson", "--holds", "h.yaml"]).ended(0);
        let found: Vec<&str> = ["m1", "m2", "m3"]
            .into_iter()
            .filter(|id| state_of(&firm, id).0 == "held")
            .collect();
        assert_eq!(found, held, "{scope}");
    }
}

#[test]
fn a_custodian_from_another_mailbox_counts_for_a_later_hold() {
    let firm = firm();
    firm.run(&["old.ndjson"]).ended(0);
    let mut copy: Value = serde_json::from_str(firm.read("old.ndjson").lines().nth(1).unwrap()).unwrap();
    copy["custodians"] = json!(["cyd"]);
    firm.messages("copy.ndjson", &[copy]);
    firm.run(&["copy.ndjson"]).ended(0);
    firm.write("h.yaml", hold("h", "custodians: [cyd]"));
    firm.run(&["none.ndjson", "--holds", "h.yaml"]).ended(0);
    assert_eq!(state_of(&firm, "m2").0, "held");
}

#[test]
fn a_condition_that_fails_holds() {
    let firm = firm();
    firm.write(
        "h.yaml",
        hold(
            "h",
            "scope: everything\nwhen: 'resource.attachments.count + 9223372036854775807 + 1 > 0'",
        ),
    );
    firm.run(&["old.ndjson", "--holds", "h.yaml"]).ended(0);
    assert_eq!(state_of(&firm, "m1").0, "held");
    let holds = firm.call(&["report", "holds", "--format", "ndjson"]).ended(0).rows();
    assert_eq!(holds[0]["unevaluable"], json!(3));
}

#[test]
fn a_hold_is_never_replaced_and_never_empty() {
    let firm = firm();
    firm.write("h.yaml", hold("h", "custodians: [ann]"));
    firm.run(&["old.ndjson", "--holds", "h.yaml"]).ended(0);
    firm.write("h.yaml", hold("h", "custodians: [bob]"));
    firm.run(&["none.ndjson", "--holds", "h.yaml"])
        .ended(5)
        .said("never replaced");
    firm.write("empty.yaml", hold("empty", ""));
    firm.run(&["none.ndjson", "--holds", "empty.yaml"]).ended(3);
    firm.write(
        "directory.yaml",
        firm.read("directory.yaml")
            .replace("  - { id: ann, handles: { slack: ann }, groups: [trading] }\n", ""),
    );
    firm.run(&["none.ndjson"]).ended(5).said("ann");
}

#[test]
fn a_silent_hold_shows_nothing_of_itself() {
    let firm = firm();
    firm.write("h.yaml", hold("h", "custodians: [ann]\nsilent: true"));
    firm.run(&["old.ndjson", "--holds", "h.yaml"]).ended(0);
    assert_eq!(state_of(&firm, "m1").0, "held", "who governs alone sees it");
    firm.write("operators.yaml", "lexhold: 1\noperators: ops\npeople:\n  - { id: ria, roles: [reviewer] }\n  - { id: sol, roles: [legal, silent] }\n");
    let report = |who: &str| {
        firm.call(&[
            "report",
            "retention",
            "--format",
            "ndjson",
            "--as-of",
            "2026-01-01",
            "--as",
            who,
        ])
        .ended(0)
        .rows()
    };
    let row = report("ria").remove(0);
    assert_eq!(
        (&row["state"], &row["holds"], &row["eligible_from"], &row["reason"]),
        (
            &json!("retained"),
            &json!([]),
            &json!("infinity"),
            &json!("not_eligible")
        )
    );
    assert_eq!(report("sol")[0]["state"], "held");
    for arguments in [
        &["report", "holds", "--format", "ndjson"][..],
        &["status", "--json"],
        &["report", "retention", "--format", "ndjson"],
        &["explain", "--message", "m1", "--json"],
    ] {
        let mut all = arguments.to_vec();
        all.extend(["--as", "ria"]);
        let ran = firm.call(&all).ended(0);
        assert!(
            !ran.stdout.contains("In re h") && !ran.stdout.contains("held\":1"),
            "{}",
            ran.stdout
        );
    }
    assert_eq!(
        firm.call(&["status", "--json", "--as", "ria"]).ended(0).json()["holds"],
        json!(0)
    );
    let mut ungoverned = message("u1", "2019-06-01T12:00:00Z", "from nobody we know");
    ungoverned["sender"] = json!("stranger");
    ungoverned["recipients"] = json!(["another"]);
    firm.messages("u.ndjson", &[ungoverned]);
    firm.write("everything.yaml", hold("e", "conversations: [c1]\nsilent: true"));
    firm.govern_alone();
    firm.run(&["u.ndjson", "--holds", "everything.yaml"]).ended(0);
    firm.call(&["report", "coverage", "--strict"]).ended(1);
    firm.govern_with("lexhold: 1\noperators: ops\npeople:\n  - { id: ria, roles: [reviewer] }\n");
    firm.call(&["report", "coverage", "--strict", "--as", "ria"]).ended(0);
}
