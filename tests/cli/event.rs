//! Events that start retention periods, as people record, correct and cancel them.

use serde_json::{Value, json};

use crate::support::{Firm, Ran, fingerprint, message};
use lexhold_catalog::Fingerprint;

const POLICY: &str = r#"lexhold: 1
retention: firm
version: 1.0.0
owner: records@example.com
zone: Europe/Berlin
schedules:
  - id: employment
    title: Three years after leaving
    when: resource.labels.contains("hr")
    retain: { for: P3Y, from: { event: employee_left, key: accounts }, expect_within: P1Y }
    dispose: { after: retain, action: review }
  - id: terms
    title: Six years after the account closes
    when: resource.labels.contains("terms")
    retain: { for: P6Y, from: { event: account_closed, key: accounts } }
    dispose: { after: retain, action: review }
"#;

const OPERATORS: &str = "lexhold: 1
operators: team
people:
  - { id: rex, roles: [engineer, records] }
  - { id: rita, roles: [records, approver] }
  - { id: ria, roles: [reviewer] }
";

fn about(id: &str, label: &str, accounts: &[&str], sent_at: &str) -> Value {
    let mut message = message(id, sent_at, "hello");
    message["labels"] = json!([label]);
    message["accounts"] = json!(accounts);
    message
}

/// A firm with four messages: about E42, about one account, about two, and one that nothing governs.
fn firm() -> Firm {
    let firm = Firm::new();
    firm.write("policies/retention/firm.yaml", POLICY);
    firm.messages(
        "in.ndjson",
        &[
            about("m1", "hr", &["E42"], "2025-01-10T09:00:00Z"),
            about("m2", "terms", &["ACC-1"], "2024-01-10T09:00:00Z"),
            about("m3", "terms", &["ACC-1", "ACC-2"], "2024-01-11T09:00:00Z"),
        ],
    );
    firm.run(&["in.ndjson"]).ended(0);
    firm
}

fn governed() -> Firm {
    let firm = firm();
    firm.write("operators.yaml", OPERATORS);
    firm
}

fn record(firm: &Firm, event: &str, key: &str, date: &str, more: &[&str]) -> Ran {
    let mut all = vec!["event", "record", "--type", event, "--key", key, "--date", date];
    all.extend(more);
    firm.call(&all)
}

fn event_id(ran: Ran) -> String {
    ran.ended(0).json()["events"][0]["event_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn list(firm: &Firm, more: &[&str]) -> Vec<Value> {
    let mut all = vec!["event", "list", "--format", "ndjson"];
    all.extend(more);
    firm.call(&all).ended(0).rows()
}

fn journal(firm: &Firm) -> String {
    firm.read(".lexhold/journal/log.ndjson")
}

#[test]
fn an_event_is_recorded_corrected_cancelled_and_listed() {
    let firm = firm();
    let first = event_id(record(
        &firm,
        "account_closed",
        "ACC-1",
        "2024-05-10",
        &["--evidence", "letter of the client", "--reason", "closed", "--json"],
    ));
    let corrected = firm.call(&[
        "event",
        "correct",
        &first,
        "--date",
        "2024-06-10",
        "--reason",
        "later",
        "--json",
    ]);
    let second = event_id(corrected);
    let cancelled = firm.call(&["event", "cancel", &first, "--reason", "reopened"]);
    assert!(cancelled.ended(0).stdout.contains("ACC-1: is awaited"));
    let rows = list(&firm, &[]);
    let shown: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["event_id"].as_str().unwrap(),
                row["date"].as_str().unwrap(),
                row["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (first.as_str(), "2024-05-10", "superseded"),
            (second.as_str(), "2024-06-10", "cancelled")
        ]
    );
    assert_eq!(rows[0]["evidence"], "letter of the client");
    assert_eq!(
        (&rows[0]["ended_by"], &rows[1]["ended_reason"]),
        (&json!(second), &json!("reopened"))
    );
    assert_eq!(list(&firm, &["--state", "in_force"]), Vec::<Value>::new());
    assert_eq!(list(&firm, &["--type", "account_closed", "--key", "ACC-1"]).len(), 2);
    assert_eq!(list(&firm, &["--key", "acc-1"]).len(), 0, "keys match as exact text");
    let text = firm.call(&["event", "list"]).ended(0).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for format in ["csv", "parquet"] {
        let file = format!("{format}={format}.out");
        firm.call(&["event", "list", "--output", &file]).ended(0);
        assert!(firm.path(&format!("{format}.out")).is_file());
    }
}

#[test]
fn what_was_so_before_is_not_written_again() {
    let firm = firm();
    let id = event_id(record(&firm, "account_closed", "ACC-1", "2024-05-10", &["--json"]));
    let before = journal(&firm);
    for call in [
        vec![
            "event",
            "record",
            "--type",
            "account_closed",
            "--key",
            "ACC-1",
            "--date",
            "2024-05-10",
        ],
        vec!["event", "correct", &id, "--date", "2024-05-10"],
    ] {
        assert!(firm.call(&call).ended(0).stdout.contains("so before"));
    }
    assert_eq!(journal(&firm), before);
}

#[test]
fn wrong_input_is_refused_and_leaves_nothing() {
    let firm = firm();
    let id = event_id(record(&firm, "account_closed", "ACC-1", "2024-05-10", &["--json"]));
    firm.call(&["event", "cancel", &id, "--reason", "no"]).ended(0);
    let before = journal(&firm);
    let record = |key: &'static str, date: &'static str| {
        vec![
            "event",
            "record",
            "--type",
            "account_closed",
            "--key",
            key,
            "--date",
            date,
        ]
    };
    let cases = [
        (
            vec!["event", "record", "--type", "account_closed", "--date", "2024-05-10"],
            "--key",
        ),
        (record("", "2024-05-10"), "an event needs a key"),
        (record(" ACC-1", "2024-05-10"), "begins or ends with a space"),
        (record("ACC\u{7}", "2024-05-10"), "control character"),
        (record("ACC-1", "2024-02-30"), "is no day, such as 2024-05-10"),
        (record("ACC-1", "2024-05-10T00:00:00Z"), "is no day"),
        (record("ACC-1", "10.5.2024"), "is no day"),
        (
            vec!["event", "correct", "99.1", "--date", "2024-05-10"],
            "no event is called `99.1`",
        ),
        (
            vec!["event", "correct", &id, "--date", "2024-05-10"],
            "was taken back by",
        ),
        (vec!["event", "cancel", &id], "--reason"),
    ];
    for (call, said) in cases {
        firm.call(&call).ended(2).said(said);
    }
    assert_eq!(journal(&firm), before);
}

#[test]
fn a_file_is_taken_whole_or_not_at_all() {
    let firm = firm();
    let before = journal(&firm);
    firm.write(
        "bad.csv",
        "type,key,date\naccount_closed,ACC-1,2024-05-10\naccount_closed,,2024-05-10\naccount_closed,ACC-2,soon\na,b\n",
    );
    let refused = firm.call(&["event", "record", "--from", "bad.csv"]).ended(4);
    let refused = refused
        .said("3 lines cannot be recorded")
        .said("line 3: an event needs a key");
    refused
        .said("line 4: `soon` is no day")
        .said("line 5: 2 values under 3 columns");
    firm.write("columns.csv", "typ,key,date\n");
    let refused = firm.call(&["event", "record", "--from", "columns.csv"]).ended(4);
    refused.said("did you mean `type`?");
    assert_eq!(journal(&firm), before);

    firm.write(
        "good.csv",
        "\u{feff}key,date,reason\nACC-1,2024-05-10,closed\nACC-2,2024-06-10,\nACC-1,2024-05-10,closed\n",
    );
    let arguments = [
        "event",
        "record",
        "--type",
        "account_closed",
        "--from",
        "good.csv",
        "--json",
    ];
    let recorded = firm.call(&arguments).ended(0).json();
    assert_eq!(recorded["count"], 2);
    assert_eq!(
        journal(&firm).lines().count(),
        before.lines().count() + 1,
        "one entry for all"
    );
    let rows = list(&firm, &[]);
    assert_eq!(
        (&rows[0]["reason"], &rows[1]["reason"]),
        (&json!("closed"), &Value::Null)
    );
    assert!(firm.call(&arguments).ended(0).json()["entry"].is_null());
}

#[test]
fn evidence_may_be_a_file_whose_digest_is_kept() {
    let firm = firm();
    firm.write("letter.txt", "we close the account");
    record(
        &firm,
        "account_closed",
        "ACC-1",
        "2024-05-10",
        &["--evidence", "letter.txt"],
    )
    .ended(0);
    let row = &list(&firm, &[])[0];
    assert_eq!(row["evidence"], "letter.txt");
    assert_eq!(row["evidence_digest"].as_str().unwrap().len(), 64);
}

#[test]
fn an_unknown_type_is_taken_with_a_warning() {
    let firm = firm();
    let ran = record(&firm, "acount_closed", "ACC-1", "2024-05-10", &[]).ended(0);
    ran.said("no schedule counts from `acount_closed`")
        .said("did you mean `account_closed`?");
    let ran = record(&firm, "account_closed", "ACC-9", "2024-05-10", &[]).ended(0);
    assert!(!ran.stderr.contains("no schedule"), "{}", ran.stderr);
}

#[test]
fn an_earlier_day_needs_a_second_person_and_a_later_one_does_not() {
    let firm = governed();
    let id = event_id(record(
        &firm,
        "account_closed",
        "ACC-1",
        "2025-05-10",
        &["--as", "rex", "--confirmed-by", "rita", "--json"],
    ));
    let correct = |date: &str, more: &[&str]| {
        let mut all = vec!["event", "correct", &id, "--date", date, "--as", "rex"];
        all.extend(more);
        firm.call(&all)
    };
    correct("2025-06-10", &[]).ended(0);
    correct("2025-06-09", &[]).ended(5).said("--confirmed-by");
    correct("2025-06-09", &["--confirmed-by", "rex"])
        .ended(5)
        .said("earlier-events-need-two");
    correct("2025-06-09", &["--confirmed-by", "ria"])
        .ended(5)
        .said("earlier-events-need-two");
    correct("2025-06-09", &["--confirmed-by", "rita"]).ended(0);
    let rows = list(&firm, &["--state", "in_force"]);
    assert_eq!(
        (&rows[0]["date"], &rows[0]["confirmed_by"]),
        (&json!("2025-06-09"), &json!("rita"))
    );
    record(&firm, "account_closed", "ACC-3", "2025-05-10", &["--as", "ria"])
        .ended(5)
        .said("`ria` may not `record_event`");
}

#[test]
fn a_rebuilt_catalog_has_the_same_register() {
    let firm = firm();
    let id = event_id(record(&firm, "account_closed", "ACC-1", "2024-05-10", &["--json"]));
    firm.call(&["event", "correct", &id, "--date", "2024-06-10"]).ended(0);
    firm.call(&["status"]).ended(0);
    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(
        before,
        fingerprint(&firm.path(".lexhold/catalog.duckdb"), Fingerprint::Everything)
    );
    firm.call(&["verify"]).ended(0);
}
