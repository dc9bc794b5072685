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
  - id: chat
    title: Three years after the last message
    when: resource.labels.contains("chat")
    retain: { for: P3Y, from: last_activity }
    dispose: { after: retain, action: review }
  - id: purpose
    title: Two years at most
    when: resource.labels.contains("purpose")
    ceiling: { for: P2Y, from: sent, within: P30D }
    cites: [us-glba-disposal]
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
    firm.write("policies/retention/desk.yaml", POLICY);
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

/// The digest of the figures that a refusal printed.
fn digest(refused: &Ran) -> String {
    let line = refused
        .stderr
        .lines()
        .find(|line| line.trim_start().starts_with("digest "));
    let line = line.unwrap_or_else(|| panic!("no digest in {}", refused.stderr));
    line.trim_start()["digest ".len()..].to_owned()
}

/// A message's last protected day, or why there is none.
fn kept(firm: &Firm, id: &str) -> String {
    let row = retention(firm, id);
    let until = row["retain_until"].as_str().unwrap();
    if until == "infinity" {
        row["reason"].as_str().unwrap().to_owned()
    } else {
        until.to_owned()
    }
}

fn retention(firm: &Firm, id: &str) -> Value {
    let report = firm.call(&["report", "retention", "--format", "ndjson"]).ended(0);
    let ends = |row: &Value| row["message_id"].as_str().unwrap().ends_with(&format!("/{id}"));
    report
        .rows()
        .into_iter()
        .find(ends)
        .unwrap_or_else(|| panic!("no {id}"))
}

fn report(firm: &Firm, what: &str, as_of: &str, more: &[&str]) -> Vec<Value> {
    let mut all = vec!["report", what, "--as-of", as_of, "--format", "ndjson"];
    all.extend(more);
    firm.call(&all).ended(0).rows()
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

/// How often events were recorded, refusals left out.
fn n_recorded(firm: &Firm) -> usize {
    journal(firm).matches(r#""kind":"event_recorded""#).count()
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
        .said("bad.csv:3: an event needs a key");
    refused
        .said("bad.csv:4: `soon` is no day")
        .said("bad.csv:5: 2 values under 3 columns");
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
    assert_eq!(n_recorded(&firm), 1, "one entry for all");
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
        &["--as", "rex", "--json"],
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

#[test]
fn an_employee_leaves_is_rehired_and_leaves_again() {
    let firm = firm();
    assert_eq!(kept(&firm, "m1"), "awaiting_event");
    let left = event_id(record(&firm, "employee_left", "E42", "2025-09-30", &["--json"]));
    assert_eq!(kept(&firm, "m1"), "2028-09-30");
    firm.call(&["event", "cancel", &left, "--reason", "rehired 2026-01-15"])
        .ended(0);
    assert_eq!(kept(&firm, "m1"), "awaiting_event");
    record(&firm, "employee_left", "E42", "2029-03-31", &[]).ended(0);
    assert_eq!(kept(&firm, "m1"), "2032-03-31");
}

#[test]
fn accounts_close_and_the_later_of_two_counts_for_messages_of_any_time() {
    let firm = firm();
    record(&firm, "account_closed", "ACC-1", "2024-05-10", &[]).ended(0);
    assert_eq!(
        (kept(&firm, "m2"), kept(&firm, "m3")),
        ("2030-05-10".into(), "awaiting_event".into())
    );
    record(&firm, "account_closed", "ACC-2", "2024-06-10", &[]).ended(0);
    assert_eq!(
        (kept(&firm, "m2"), kept(&firm, "m3")),
        ("2030-05-10".into(), "2030-06-10".into())
    );
    firm.messages(
        "late.ndjson",
        &[about("m9", "terms", &["ACC-1"], "2025-07-01T09:00:00Z")],
    );
    firm.run(&["late.ndjson"]).ended(0);
    assert_eq!(
        kept(&firm, "m9"),
        "2030-05-10",
        "an event binds what is captured after it"
    );
    let row = retention(&firm, "m3");
    assert_eq!(row["duties"][0]["trigger_date"], "2024-06-10");
}

#[test]
fn activity_moves_a_whole_conversation() {
    let firm = firm();
    let chat = |id: &str, sent_at: &str| {
        let mut message = about(id, "chat", &[], sent_at);
        message["conversation"] = json!("c7");
        message["captured_at"] = json!(sent_at);
        message
    };
    firm.messages(
        "a.ndjson",
        &[chat("a1", "2021-01-10T09:00:00Z"), chat("a2", "2021-06-05T09:00:00Z")],
    );
    firm.run(&["a.ndjson"]).ended(0);
    assert_eq!(
        (kept(&firm, "a1"), kept(&firm, "a2")),
        ("2024-06-05".into(), "2024-06-05".into())
    );
    firm.messages("b.ndjson", &[chat("a3", "2024-06-01T09:00:00Z")]);
    firm.run(&["b.ndjson"]).ended(0);
    for id in ["a1", "a2", "a3"] {
        assert_eq!(kept(&firm, id), "2027-06-01");
    }
}

#[test]
fn what_frees_messages_at_once_has_to_be_accepted_with_its_figures() {
    let firm = firm();
    let refused = record(&firm, "account_closed", "ACC-1", "2010-01-01", &[]).ended(5);
    let refused = refused.said("1 of 3 messages may go at once").said("firm.terms");
    let digest = digest(&refused);
    record(
        &firm,
        "account_closed",
        "ACC-1",
        "2010-01-02",
        &["--accept-digest", &digest],
    )
    .ended(5)
    .said("not those that were accepted");
    assert_eq!(n_recorded(&firm), 0);
    let recorded = record(
        &firm,
        "account_closed",
        "ACC-1",
        "2010-01-01",
        &["--accept-digest", &digest, "--json"],
    );
    assert_eq!(recorded.ended(0).json()["newly_eligible"], 1);
    assert_eq!(retention(&firm, "m2")["state"], "eligible");
    assert_eq!(list(&firm, &[])[0]["accepted"], digest);
    record(&firm, "account_closed", "ACC-2", "2024-06-10", &[]).ended(0);
}

#[test]
fn a_first_day_that_frees_needs_a_second_person_besides() {
    let firm = governed();
    let call = |more: &[&str]| {
        let mut all = vec!["--as", "rex"];
        all.extend(more);
        record(&firm, "account_closed", "ACC-1", "2010-01-01", &all)
    };
    call(&[])
        .ended(5)
        .said("earlier-events-need-two")
        .said("--confirmed-by");
    let refused = call(&["--confirmed-by", "rita"]).ended(5).said("has to be accepted");
    call(&["--confirmed-by", "rita", "--accept-digest", &digest(&refused)]).ended(0);
    record(&firm, "account_closed", "ACC-2", "2025-01-01", &["--as", "rex"]).ended(0);
}

#[test]
fn reports_say_what_is_awaited_what_falls_due_and_what_is_kept_too_long() {
    let firm = firm();
    let held = about("p1", "purpose", &[], "2023-01-01T09:00:00Z");
    let mut both = about("p2", "purpose", &["ACC-1"], "2024-02-01T09:00:00Z");
    both["labels"] = json!(["purpose", "terms"]);
    firm.messages("p.ndjson", &[held, both]);
    firm.run(&["p.ndjson"]).ended(0);

    let awaiting = report(&firm, "awaiting", "2026-01-01", &[]);
    let shown: Vec<_> = awaiting
        .iter()
        .map(|row| {
            (
                row["type"].as_str().unwrap(),
                row["key"].as_str().unwrap(),
                row["messages"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("account_closed", "ACC-1", 3),
            ("account_closed", "ACC-2", 1),
            ("employee_left", "E42", 1)
        ]
    );
    let overdue = |as_of: &str| {
        let rows = report(&firm, "awaiting", as_of, &[]);
        (
            rows[0]["overdue"].as_u64().unwrap(),
            rows[0]["key"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(overdue("2026-01-10"), (0, "ACC-1".into()));
    assert_eq!(
        overdue("2026-01-11"),
        (1, "E42".into()),
        "those that wait too long come first"
    );

    record(&firm, "account_closed", "ACC-1", "2024-05-10", &[]).ended(0);
    assert_eq!(report(&firm, "awaiting", "2026-01-01", &[]).len(), 2);
    let forecast = report(&firm, "forecast", "2026-01-01", &[]);
    let shown: Vec<_> = forecast
        .iter()
        .map(|row| {
            let count = row["messages"].as_u64().unwrap();
            (
                row["month"].as_str().unwrap(),
                row["schedule"].as_str().unwrap(),
                count,
                row["due"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("2025-01", "firm.purpose", 1, true),
            ("2030-05", "firm.terms", 2, false)
        ],
        "a message counts once, under what decides"
    );
    assert_eq!(
        report(&firm, "forecast", "2026-01-01", &["--months", "12"]),
        Vec::<Value>::new()
    );
    assert_eq!(report(&firm, "forecast", "2030-05-31", &["--months", "1"]).len(), 1);

    let over = |as_of: &str| -> Vec<(String, String, u64)> {
        let row = |row: &Value| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            (text("status"), text("ground"), row["messages"].as_u64().unwrap())
        };
        report(&firm, "over-retention", as_of, &[]).iter().map(row).collect()
    };
    let (none, duty) = ("none".to_owned(), "duty".to_owned());
    assert_eq!(over("2024-10-01"), [], "further away than ninety days");
    assert_eq!(over("2024-10-10"), [("near".into(), none.clone(), 1)]);
    assert_eq!(over("2025-01-15"), [("past".into(), none.clone(), 1)]);
    let late = [("overdue".into(), none, 1), ("past".into(), duty, 1)];
    assert_eq!(
        over("2026-02-15"),
        late,
        "the account's duty is in conflict with the ceiling"
    );
    for what in ["awaiting", "forecast", "over-retention"] {
        let text = firm.call(&["report", what, "--as-of", "2026-02-15"]).ended(0).stdout;
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let csv = firm
            .call(&["report", what, "--as-of", "2026-02-15", "--format", "csv"])
            .ended(0)
            .stdout;
        assert!(csv.lines().count() > 1, "{csv}");
    }
    firm.call(&["report", "over-retention", "--within", "soon"])
        .ended(2)
        .said("write P90D");
}

#[test]
fn an_event_counts_though_the_catalog_was_never_told() {
    let firm = firm();
    let catalog = firm.path(".lexhold/catalog.duckdb");
    let before = std::fs::read(&catalog).unwrap();
    record(&firm, "account_closed", "ACC-1", "2024-05-10", &[]).ended(0);
    // As if the machine had stopped right behind the journal's line, with the next one half written.
    std::fs::write(&catalog, before).unwrap();
    let log = firm.path(".lexhold/journal/log.ndjson");
    let mut torn = std::fs::read(&log).unwrap();
    torn.extend(b"{\"v\":1,\"seq\":");
    std::fs::write(&log, torn).unwrap();
    assert_eq!(kept(&firm, "m2"), "2030-05-10");
    record(&firm, "account_closed", "ACC-2", "2024-06-10", &[]).ended(0);
    assert_eq!(kept(&firm, "m3"), "2030-06-10");
    firm.call(&["verify"]).ended(0);
}

#[test]
fn events_are_recorded_while_a_run_goes_on() {
    let firm = firm();
    let mut run = firm
        .command(&["run", "-", "--as-of", "2026-01-01", "--backfill", "--quiet"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..600 {
        let status = firm.call(&["status", "--json"]).ended(0).json();
        if !status["in_progress"].is_null() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(
        !firm.call(&["status", "--json"]).json()["in_progress"].is_null(),
        "no run is in progress"
    );
    record(&firm, "account_closed", "ACC-1", "2024-05-10", &[]).ended(0);
    let again = record(&firm, "account_closed", "ACC-1", "2024-05-10", &[]).ended(0);
    assert!(again.stdout.contains("so before"), "{}", again.stdout);
    drop(run.stdin.take());
    run.wait().unwrap();
    assert_eq!(kept(&firm, "m2"), "2030-05-10");
}

#[test]
fn strict_coverage_names_whom_nothing_governs() {
    let firm = firm();
    firm.call(&["report", "coverage", "--strict"]).ended(0);
    let mut outside = about("u1", "other", &[], "2025-01-10T09:00:00Z");
    outside["sender"] = json!("zoe@elsewhere.example");
    outside["recipients"] = json!(["yan@elsewhere.example"]);
    outside["channel"] = json!("lobby");
    let inside = about("u2", "other", &[], "2025-01-10T09:00:00Z");
    firm.messages("u.ndjson", &[outside, inside]);
    firm.run(&["u.ndjson"]).ended(0);
    let named = firm.call(&["report", "coverage", "--strict"]).ended(1);
    let named = named
        .said("2 messages are ungoverned")
        .said("domains: elsewhere.example (1), none (1)");
    named
        .said("channels: lobby (1), rates (1)")
        .said("people: ann (1), bob (1), zoe@elsewhere.example (1)");
}

#[test]
fn explain_says_what_every_duty_rests_on_and_what_would_change_it() {
    let firm = firm();
    firm.write(
        "policies/regulations.yaml",
        "- { id: us-glba-disposal, title: Two years after last use, citation: 16 CFR 314.4 }\n",
    );
    record(&firm, "account_closed", "ACC-1", "2024-05-10", &[]).ended(0);
    let mut both = about("p2", "purpose", &["ACC-1"], "2024-02-01T09:00:00Z");
    both["labels"] = json!(["purpose", "terms"]);
    firm.messages("p.ndjson", &[both]);
    firm.run(&["p.ndjson"]).ended(0);
    let id = retention(&firm, "p2")["message_id"].as_str().unwrap().to_owned();
    let explained = firm.call(&["explain", "--message", &id, "--json"]).ended(0).json();
    let duties = explained["retention"]["duties"].as_array().unwrap();
    let duty = |kind: &str| duties.iter().find(|duty| duty["kind"] == kind).unwrap();
    assert_eq!(duty("ceiling")["cites"][0]["title"], "Two years after last use");
    assert_eq!(duty("retain")["decides"], json!(["retain_until", "eligible_from"]));
    assert_eq!(duty("retain")["standing"], "in_force");
    let arithmetic = duty("retain")["arithmetic"].as_str().unwrap();
    assert!(
        arithmetic.starts_with("event account_closed by accounts -> 2024-05-10"),
        "{arithmetic}"
    );
    assert_eq!(explained["retention"]["ledger"].as_array().unwrap().len(), 2);
    let text = firm.call(&["explain", "--message", &id]).ended(0).stdout;
    for said in [
        "retain firm.terms (version 1.0.0, in force), decides retain until, eligible from",
        "rests on us-glba-disposal, 16 CFR 314.4, Two years after last use",
        "ledger: firm.terms 1.0.0, assigned when the message came in",
        "would change it: a correction or cancellation of `account_closed` of `ACC-1` on 2024-05-10",
        "would change it: a version of `firm` that keeps longer; one that keeps shorter does not",
    ] {
        assert!(text.contains(said), "`{said}` is missing in:\n{text}");
    }
    let m3 = retention(&firm, "m3")["message_id"].as_str().unwrap().to_owned();
    let text = firm.call(&["explain", "--message", &m3]).ended(0).stdout;
    assert!(
        text.contains("an event `account_closed` of `ACC-2`, which `firm.terms` waits for"),
        "{text}"
    );
}

#[test]
fn a_silent_hold_shows_in_none_of_these_reports() {
    let firm = firm();
    firm.messages("p.ndjson", &[about("p1", "purpose", &[], "2023-01-01T09:00:00Z")]);
    firm.write(
        "h.yaml",
        "lexhold: 1\nhold: orion\nmatter: In re orion\nowner: legal@firm.example\nzone: UTC\ncustodians: [ann]\nsilent: true\n",
    );
    firm.run(&["p.ndjson", "--holds", "h.yaml"]).ended(0);
    firm.write(
        "operators.yaml",
        format!("{OPERATORS}  - {{ id: sol, roles: [legal, silent] }}\n"),
    );
    let rows = |what: &str, who: &str| report(&firm, what, "2026-02-15", &["--as", who]).len();
    for (what, seen) in [("awaiting", 3), ("forecast", 1), ("over-retention", 1)] {
        assert_eq!((rows(what, "sol"), rows(what, "ria")), (seen, 0), "{what}");
    }
    let explain = |who: &str| {
        let explained = firm
            .call(&["explain", "--message", "p1", "--json", "--as", who])
            .ended(0)
            .json();
        let list = |key: &str| explained["retention"][key].as_array().unwrap().len();
        (list("duties"), list("ledger"), list("would_change"))
    };
    assert_eq!(explain("ria"), (0, 0, 0));
    assert_ne!(explain("sol"), (0, 0, 0));
}
