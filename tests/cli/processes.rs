//! Several processes at one home.

use std::time::{Duration, Instant};

use lexhold_store::{EntryKind, Home, Payload, Stamp};
use serde_json::json;

use crate::support::{Firm, many};

/// A run that takes a while, and a home whose first batches are in already.
pub fn long_run(firm: &Firm) -> std::process::Child {
    firm.messages("small.ndjson", &many(50));
    firm.run(&["small.ndjson"]).ended(0);
    let lines: Vec<_> = (0..40_000)
        .map(|at| {
            let mut message = crate::support::message(
                &format!("long{at}"),
                "2024-05-01T00:00:00Z",
                &"nothing to see here, move along to telegram ".repeat(3),
            );
            message["conversation"] = json!(format!("c{}", at % 300));
            message
        })
        .collect();
    firm.messages("long.ndjson", &lines);
    firm.command(&["run", "long.ndjson", "--as-of", "2026-01-01", "--backfill", "--quiet"])
        .spawn()
        .unwrap()
}

fn in_progress(firm: &Firm) -> bool {
    firm.call(&["status", "--json"]).ended(0).json()["in_progress"].is_object()
}

#[test]
fn reports_explain_and_status_work_during_a_run() {
    let firm = Firm::new();
    let mut child = long_run(&firm);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !in_progress(&firm) && child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut asked_during_the_run = 0;
    while child.try_wait().unwrap().is_none() {
        firm.call(&["report", "alerts", "--format", "ndjson"]).ended(0);
        firm.call(&["explain", "--message", "slack/c3/m3"]).ended(0);
        firm.call(&["status"]).ended(0);
        asked_during_the_run += 1;
    }
    assert_eq!(child.wait().unwrap().to_string(), "exit status: 0");
    assert!(asked_during_the_run > 0, "the run was over too soon to ask anything");
    assert_eq!(
        firm.call(&["status", "--json"]).ended(0).json()["messages"],
        json!(40_050)
    );
}

#[test]
fn another_process_appends_to_the_journal_during_a_run() {
    let firm = Firm::new();
    let mut child = long_run(&firm);
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let dice = |bytes: &mut [u8]| {
        bytes.fill(7);
        Ok(())
    };
    let mut appended = Vec::new();
    while child.try_wait().unwrap().is_none() {
        let stamp = Stamp {
            at: jiff::Timestamp::now(),
            actor: "test",
            entropy: &dice,
        };
        let entry = home
            .journal()
            .append(
                EntryKind::Governance,
                Some(Payload::Json(&json!({"n": appended.len()}))),
                stamp,
            )
            .unwrap();
        appended.push(entry.seq);
        std::thread::sleep(Duration::from_millis(30));
    }
    assert!(child.wait().unwrap().success());
    assert!(!appended.is_empty());
    firm.call(&["verify"]).ended(0).said("sound");
    assert_eq!(
        firm.call(&["status", "--json"]).ended(0).json()["messages"],
        json!(40_050)
    );
}

#[test]
fn a_second_run_waits_or_says_who_is_at_work() {
    let firm = Firm::new();
    let mut child = long_run(&firm);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !in_progress(&firm) && child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    let second = firm.run(&["small.ndjson", "--wait", "0"]);
    if child.try_wait().unwrap().is_none() {
        let pid = child.id().to_string();
        second.ended(75).said(&pid);
    }
    firm.run(&["small.ndjson", "--wait", "120"]).ended(0);
    assert!(child.wait().unwrap().success());
}
