//! Cases: what stays together until two people say that it may go.

use lexhold_catalog::Fingerprint;
use serde_json::{Value, json};

use crate::support::{Firm, Ran, message};

const OPERATORS: &str = "lexhold: 1
operators: team
people:
  - { id: rex, person: none, roles: [engineer, records, approver] }
  - { id: lea, person: none, roles: [legal, silent] }
  - { id: sue, person: none, roles: [supervisor, silent] }
  - { id: ria, person: none, roles: [reviewer] }
";

/// Three old messages, of which an alert has the last.
fn firm() -> Firm {
    let firm = Firm::new();
    let sent = "2020-03-10T09:00:00Z";
    firm.messages(
        "in.ndjson",
        &[
            message("m1", sent, "see you"),
            message("m2", sent, "good day"),
            message("m3", sent, "call me on +44 7700 900123"),
        ],
    );
    firm.run(&["in.ndjson"]).ended(0);
    firm.write("operators.yaml", OPERATORS);
    firm
}

fn call(firm: &Firm, who: &str, arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    all.extend(["--as", who]);
    firm.call(&all)
}

/// Each message's state, what else holds, and from when on it may go, as somebody sees it.
fn seen(firm: &Firm, who: &str, id: &str) -> (String, Value, String) {
    let report = call(
        firm,
        who,
        &["report", "retention", "--format", "ndjson", "--as-of", "2026-06-01"],
    )
    .ended(0);
    let ends = |row: &Value| row["message_id"].as_str().unwrap().ends_with(&format!("/{id}"));
    let row = report.rows().into_iter().find(ends).unwrap();
    let text = |field: &str| row[field].as_str().unwrap_or("none").to_owned();
    (text("state"), row["also"].clone(), text("eligible_from"))
}

fn open(firm: &Firm, name: &str, more: &[&str]) -> Ran {
    let mut all = vec![
        "case",
        "open",
        name,
        "--matter",
        "In re Orion",
        "--reason",
        "the regulator asks",
    ];
    all.extend(more);
    call(firm, "lea", &all)
}

fn first_alert(firm: &Firm) -> String {
    let alerts = call(firm, "sue", &["report", "alerts", "--format", "ndjson"]).ended(0);
    alerts.rows()[0]["alert_id"].as_str().unwrap().to_owned()
}

fn close_alert(firm: &Firm, alert: &str) {
    let close = ["alerts", "close", alert, "--decision", "no-issue", "--reason", "a shop"];
    call(firm, "ria", &close).ended(0);
}

fn cases(firm: &Firm, more: &[&str]) -> Vec<Value> {
    let mut all = vec!["case", "list", "--format", "ndjson", "--as-of", "2126-01-01"];
    all.extend(more);
    call(firm, "lea", &all).ended(0).rows()
}

#[test]
fn what_an_open_case_rests_on_is_not_due() {
    let firm = firm();
    assert_eq!(seen(&firm, "lea", "m1").0, "eligible");
    open(&firm, "orion", &["--message", "/m1"]).ended(0);
    let (state, also, from) = seen(&firm, "lea", "m1");
    assert_eq!((state.as_str(), also), ("in_case", json!(["eligible"])));
    assert_ne!(from, "infinity", "the clock runs on");
    assert_eq!(seen(&firm, "lea", "m2").0, "eligible");
    // Those who may not know of silent holds learn nothing from it.
    assert_eq!(
        seen(&firm, "rex", "m1"),
        ("retained".to_owned(), json!([]), "infinity".to_owned())
    );
    let listed = |who: &str| {
        call(&firm, who, &["case", "list", "--format", "ndjson"])
            .ended(0)
            .rows()
            .len()
    };
    assert_eq!((listed("lea"), listed("rex"), listed("ria")), (1, 0, 0));
    call(&firm, "rex", &["case", "show", "orion"])
        .ended(3)
        .said("no case is called");

    open(&firm, "orion", &["--message", "/m2"])
        .ended(2)
        .said("no name is used twice");
    open(&firm, "two words", &["--message", "/m2"]).ended(2);
    open(&firm, "empty", &[]).ended(2).said("none is named");
    open(&firm, "unknown", &["--message", "/m9"]).ended(3);
    firm.write("more.txt", "slack/c1/m2\n\n slack/c1/m1\n");
    let add = [
        "case",
        "add",
        "orion",
        "--reason",
        "the same talk",
        "--messages",
        "more.txt",
    ];
    let told = call(&firm, "ria", &add).ended(0).stdout;
    assert!(told.starts_with("1 message added"), "{told}");
    assert!(call(&firm, "ria", &add).ended(0).stdout.contains("nothing to do"));
    // Whoever wrote something sees that.
    let own = call(&firm, "ria", &["case", "show", "orion", "--format", "ndjson"])
        .ended(0)
        .rows();
    assert_eq!((own.len(), &own[0]["added_by"]), (1, &json!("ria")));
    assert_eq!(seen(&firm, "lea", "m2").0, "in_case");

    let listed = cases(&firm, &[]);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["case"], &listed[0]["messages"]),
        (&json!("orion"), &json!(2))
    );
    assert!(
        listed[0]["age_days"].as_u64().unwrap() > 30_000,
        "no case ends by time: {}",
        listed[0]
    );
    assert_eq!(
        call(&firm, "lea", &["case", "show", "orion", "--format", "ndjson"])
            .ended(0)
            .rows()
            .len(),
        2
    );

    let close = ["case", "close", "orion", "--reason", "settled"];
    call(&firm, "ria", &close).ended(5).said("may not `close_case`");
    call(&firm, "lea", &close).ended(5).said("closing-a-case-needs-two");
    call(&firm, "lea", &[&close[..], &["--confirmed-by", "sue"]].concat()).ended(0);
    call(&firm, "lea", &[&close[..], &["--confirmed-by", "sue"]].concat())
        .ended(2)
        .said("is closed");
    call(&firm, "ria", &add).ended(2).said("is closed");
    assert_eq!(seen(&firm, "lea", "m1").0, "eligible");
    assert_eq!(cases(&firm, &[]).len(), 0);
    assert_eq!(cases(&firm, &["--all"])[0]["confirmed_by"], "sue");

    call(&firm, "lea", &["case", "list"]).ended(0);
    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before, "rebuilt");
    firm.call(&["verify"]).ended(0);
}

#[test]
fn an_alert_keeps_its_messages_until_somebody_closes_it() {
    let firm = firm();
    assert_eq!(seen(&firm, "lea", "m3").0, "in_case", "nobody has looked at the alert");
    let alert = first_alert(&firm);
    let totals = call(
        &firm,
        "lea",
        &["report", "forecast", "--format", "ndjson", "--as-of", "2026-06-01"],
    );
    assert!(totals.ended(0).rows().iter().any(|row| row["held"] == 1));
    open(&firm, "orion", &["--alert", &alert]).ended(0);
    close_alert(&firm, &alert);
    assert_eq!(seen(&firm, "lea", "m3").0, "in_case", "the case is open");
    let shown = call(&firm, "lea", &["case", "show", "orion", "--format", "ndjson"])
        .ended(0)
        .rows();
    assert_eq!(shown[0]["alert_id"], json!(alert));
    let close = ["case", "close", "orion", "--reason", "settled", "--confirmed-by", "sue"];
    call(&firm, "lea", &close).ended(0);
    assert_eq!(seen(&firm, "lea", "m3").0, "eligible");
    let explained = call(&firm, "lea", &["explain", "--message", "/m3", "--as-of", "2026-06-01"])
        .ended(0)
        .stdout;
    assert!(explained.contains("└─ eligible"), "{explained}");
    call(&firm, "ria", &["alerts", "reopen", &alert, "--reason", "once more"]).ended(0);
    assert_eq!(seen(&firm, "lea", "m3").0, "in_case", "it is open again");
    let explained = call(&firm, "lea", &["explain", "--message", "/m3", "--as-of", "2026-06-01"])
        .ended(0)
        .stdout;
    assert!(explained.contains("└─ in_case"), "{explained}");
}

const EVIDENCE: &str = "lexhold: 1
retention: evidence
version: 1.0.0
title: What was looked into
owner: records@firm.example
zone: Asia/Tokyo
basis: business
schedules:
  - id: alerts
    title: Messages of alerts
    retain: { for: P5Y, from: { event: alert_closed, key: alert } }
  - id: cases
    title: Messages of cases
    retain: { for: P9Y, from: { event: case_closed, key: case } }
    dispose: { after: retain, action: review }
tests:
  - name: nothing rests on it
    message: { sent_at: 2020-01-01T00:00:00Z }
    expect: { retention: { state: ungoverned } }
  - name: its alert was closed
    message: { sent_at: 2020-01-01T00:00:00Z }
    events: [{ event: alert_closed, key: alert, date: 2021-05-10 }]
    expect: { retention: { retain_until: 2026-05-10 } }
";

#[test]
fn periods_count_from_the_end_of_the_last_alert_or_case() {
    let firm = firm();
    firm.write("policies/retention/evidence.yaml", EVIDENCE);
    firm.call(&["test", "policies/retention/evidence.yaml"]).ended(0);
    call(&firm, "rex", &["activate"]).ended(0);
    let state = |id: &str| seen(&firm, "lea", id).0;
    assert_eq!(
        [state("m1"), state("m2"), state("m3")],
        ["eligible", "eligible", "in_case"]
    );

    open(&firm, "orion", &["--message", "/m2"]).ended(0);
    open(&firm, "vega", &["--message", "/m2"]).ended(0);
    let close = |name: &str| {
        let close = ["case", "close", name, "--reason", "settled", "--confirmed-by", "sue"];
        call(&firm, "lea", &close).ended(0);
    };
    close("orion");
    assert_eq!(state("m2"), "in_case", "another case is open");
    close("vega");
    let alert = first_alert(&firm);
    close_alert(&firm, &alert);
    let closed = jiff::Timestamp::now().in_tz("Asia/Tokyo").unwrap().date();

    assert_eq!(
        [state("m1"), state("m2"), state("m3")],
        ["eligible", "retained", "retained"]
    );
    for (id, schedule, years) in [("m2", "evidence.cases", 9), ("m3", "evidence.alerts", 5)] {
        let explained = call(
            &firm,
            "lea",
            &["explain", "--message", &format!("/{id}"), "--as-of", "2026-06-01"],
        );
        let explained = explained.ended(0).stdout;
        // The test may have gone on past midnight.
        let ends = [closed, closed.yesterday().unwrap()].map(|day| day.year() + years);
        assert!(explained.contains(schedule), "{explained}");
        assert!(
            ends.iter()
                .any(|year| explained.contains(&format!("+ P{years}Y = {year}-"))),
            "{explained}"
        );
    }

    // However many are counted at once, they come to the same.
    let status = call(&firm, "lea", &["status", "--json", "--as-of", "2026-06-01"])
        .ended(0)
        .json();
    assert_eq!(status["states"], json!({ "eligible": 1, "retained": 2 }), "{status}");
    let propose = ["dispose", "propose", "--as-of", "2026-06-01", "--format", "json"];
    assert_eq!(call(&firm, "rex", &propose).ended(0).json()["items"], 1);
    let back = [
        "event",
        "record",
        "--type",
        "alert_closed",
        "--key",
        "alert",
        "--date",
        "2001-01-01",
        "--reason",
        "r",
    ];
    call(&firm, "rex", &back).ended(2).said("nobody records `alert_closed`");
}

#[test]
fn the_end_of_an_alert_has_one_key() {
    let firm = Firm::new();
    for (from, said) in [
        (
            "{ event: alert_closed, key: accounts }",
            "`alert_closed` has no key but `alert`",
        ),
        ("{ event: account_closed, key: case }", "no attribute `case`"),
    ] {
        let wrong = EVIDENCE.replace("{ event: alert_closed, key: alert } }", &format!("{from} }}"));
        firm.write("policies/retention/evidence.yaml", wrong);
        firm.call(&["check"]).ended(3).said(said);
    }
}
