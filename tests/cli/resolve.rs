//! Alerts as a user sees them: quotes, signatures, rules over several messages, in any order, batches and runs.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{AS_OF, Firm};

const RULES: &str = r#"lexhold: 1
ruleset: desk
version: 1.0.0
owner: me@example.com
rules:
  - id: offline
    severity: low
    why: test
    match: { any: [let us take this offline, phrase: leave no trace] }
    raise: [{ to: critical, when: { total: 2 } }]
    hits: [let us take this offline, leave no trace]
    misses: [a, b]
  - id: number
    severity: low
    why: test
    alerts: false
    match: { regex: '\breach me at [0-9]{5,12}' }
    hits: [reach me at 55512, reach me at 555123]
    misses: [a, b]
  - id: offline-then-number
    severity: high
    why: test
    conversation: { ordered: [offline, number], by: [conversation], within: PT10M }
    hits:
      - [{ at: "10:59", from: a, text: leave no trace }, { at: "11:01", from: b, text: reach me at 555123 }]
      - [{ at: "10:00", from: a, text: leave no trace }, { at: "10:10", from: a, text: reach me at 555123 }]
    misses:
      - [{ at: "10:00", from: a, text: reach me at 555123 }, { at: "10:10", from: a, text: leave no trace }]
      - [{ at: "10:00", from: a, text: leave no trace }, { at: "10:11", from: a, text: reach me at 555123 }]
"#;

fn firm() -> Firm {
    let firm = Firm::new();
    firm.write("rulesets/desk.yaml", RULES);
    firm
}

fn mail(id: usize, minute: usize, sender: &str, text: &str) -> Value {
    let at = format!("2025-03-{:02}T10:{:02}:00Z", 1 + id / 6, minute % 60);
    json!({"id": format!("<{id}@x>"), "platform": "email", "conversation": "thread", "conversation_kind": "mail", "sender": sender,
           "recipients": ["dan"], "custodians": ["dan"], "sent_at": at, "captured_at": at, "text": text})
}

/// A thread with quotes, forwards, signatures, an exchange of numbers, and somebody who writes in disguise of a quote.
fn thread() -> Vec<Value> {
    let texts = [
        "Hi,\n\nlet us take this\noffline please\n",
        "Fine.\n\nOn Monday ann wrote:\n> Hi,\n>\n> let us take this offline\n> please\n",
        "leave no trace. let us take this offline\n",
        "reach me at 555123\n",
        "Hello\n-- \nann, leave no trace\n",
        "FYI\n---------- Forwarded message\nFrom: ann\nSubject: x\n\nlet us take this offline please\n",
        "ok\n\n> let us take this offline, and nobody wrote this\n",
    ];
    (0..42)
        .map(|at| {
            mail(
                at,
                at * 7,
                ["ann", "bob", "cyd"][at * at % 3],
                texts[at * 5 % texts.len()],
            )
        })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The alerts of a home, without what depends on when it was told of them.
fn alerts(firm: &Firm, home: &str) -> Vec<Value> {
    let report = firm
        .call(&["--home", home, "report", "alerts", "--format", "ndjson"])
        .ended(0);
    let mut rows = report.rows();
    for row in &mut rows {
        row.as_object_mut().unwrap().remove("due_at");
    }
    rows
}

#[test]
fn x3_alerts_are_the_same_in_any_order_batches_and_runs() {
    let firm = firm();
    let run = |home: &str, file: &str| {
        firm.run(&["--home", home, "--quiet", file]).ended(0);
    };
    // Ids of alerts are made under the home's key, so all homes begin as copies of one.
    firm.messages("before.ndjson", &[mail(999, 0, "eve", "nothing")]);
    run("whole", "before.ndjson");
    let thread = thread();
    for home in ["reversed", "split"] {
        copy(&firm.path("whole"), &firm.path(home));
    }
    firm.messages("thread.ndjson", &thread);
    run("whole", "thread.ndjson");
    let reversed: Vec<Value> = thread.iter().rev().cloned().collect();
    firm.messages("reversed.ndjson", &reversed);
    run("reversed", "reversed.ndjson");
    for part in [2, 0, 1] {
        let some: Vec<Value> = thread.iter().skip(part).step_by(3).cloned().collect();
        let name = format!("part{part}.ndjson");
        firm.messages(&name, &some);
        run("split", &name);
    }
    let want = alerts(&firm, "whole");
    assert_eq!(alerts(&firm, "reversed"), want);
    assert_eq!(alerts(&firm, "split"), want);

    let has = |what: &dyn Fn(&Value) -> bool| want.iter().any(what);
    assert!(has(
        &|row| row["rule"] == "desk.offline-then-number" && row["message_ids"].as_array().unwrap().len() > 1
    ));
    assert!(has(
        &|row| row["severity"] == "critical" && row["base_severity"] == "low"
    ));
    assert!(has(&|row| !row["echoes"].as_array().unwrap().is_empty()));
    assert!(
        !has(&|row| row["rule"] == "desk.number"),
        "a component makes no alerts of its own"
    );
    let grades: Vec<usize> = want
        .iter()
        .map(|row| {
            ["critical", "high", "medium", "low"]
                .iter()
                .position(|grade| row["severity"] == *grade)
                .unwrap()
        })
        .collect();
    assert!(grades.is_sorted(), "the gravest first");
}

#[test]
fn a1_scan_prints_one_line_a_rule_and_message_with_an_id_that_is_repeatable() {
    let firm = firm();
    firm.messages("in.ndjson", &thread());
    let scan = |jobs| {
        firm.call(&["scan", "in.ndjson", "--format", "ndjson", "--jobs", jobs])
            .ended(0)
    };
    let rows = scan("1").rows();
    assert_eq!(scan("3").rows(), rows);
    let mut ids: Vec<&str> = rows.iter().map(|row| row["alert_id"].as_str().unwrap()).collect();
    let n_rows = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), n_rows);
    let together: Vec<&Value> = rows
        .iter()
        .filter(|row| row["rule"] == "desk.offline-then-number")
        .collect();
    assert!(
        !together.is_empty()
            && together
                .iter()
                .all(|row| row["message_ids"].as_array().unwrap().len() > 1)
    );
    assert!(rows.iter().all(|row| row["rule"] != "desk.number"));
    firm.call(&["scan", "in.ndjson", "--fail-on", "critical"]).ended(1);
}

#[test]
fn a6_an_alert_says_by_what_it_was_raised() {
    let firm = firm();
    firm.messages("in.ndjson", &thread());
    firm.run(&["in.ndjson"]).ended(0);
    let explained = firm
        .call(&["explain", "--message", "<1@x>", "--json", "--as-of", AS_OF])
        .ended(0)
        .json();
    let version = &explained["versions"][0];
    let with = &version["evaluated_with"];
    assert!(
        with["engine"].is_string() && with["unicode"]["word boundaries"].is_string(),
        "{with}"
    );
    let alerts = version["alerts"].as_array().unwrap();
    for alert in alerts.iter().filter(|alert| alert["rule"] == "desk.offline") {
        assert_eq!(alert["view"], "folded");
        assert_eq!(alert["digest"].as_str().unwrap().len(), 64);
        assert!(!alert["spans"].as_array().unwrap().is_empty());
    }
}

#[test]
fn q3_the_ranges_of_a_text_are_on_record_with_their_reason() {
    let firm = firm();
    let quote = "Fine.\n\nOn Monday ann wrote:\n> Hi,\n>\n> let us take this offline\n> please\n";
    firm.messages("in.ndjson", &[mail(1, 0, "bob", quote)]);
    firm.run(&["in.ndjson"]).ended(0);
    let explained = firm
        .call(&["explain", "--message", "<1@x>", "--json", "--as-of", AS_OF])
        .ended(0)
        .json();
    assert_eq!(
        explained["versions"][0]["parts"],
        json!([{"kind": "quoted", "start": 7, "end": quote.len(), "reason": "quote_marks"}])
    );
}
