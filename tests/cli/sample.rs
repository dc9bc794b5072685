//! Samples: committed to by a run, drawn, reviewed, and drawn again by an auditor.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Firm, message};

const SAMPLING: &str = "lexhold: 1
sampling: floor
owner: surveillance@firm.example
zone: UTC
cadence: month
of: { hits: 100%, non_hits: 20% }
strata: [sender, desk]
minimum: 2
";

const OPERATORS: &str = "lexhold: 1
operators: team
people:
  - { id: eve, roles: [engineer] }
  - { id: rex, roles: [records] }
  - { id: rita, roles: [approver] }
  - { id: ria, roles: [reviewer] }
  - { id: abe, roles: [auditor] }
";

const PERIOD: &str = "2026-01";

/// A month of messages, of which two have a hit.
fn firm(sampling: &str) -> Firm {
    let firm = Firm::new();
    firm.write("policies/sampling/floor.yaml", sampling);
    let mut messages: Vec<Value> = (0..30)
        .map(|n| {
            message(
                &format!("m{n}"),
                &format!("2026-01-{:02}T09:00:00Z", n + 1),
                "nothing here",
            )
        })
        .collect();
    messages.push(message("h1", "2026-01-05T10:00:00Z", "move to signal"));
    messages.push(message("h2", "2026-01-06T10:00:00Z", "move to signal now"));
    messages.push(message("far", "2026-02-06T10:00:00Z", "move to signal"));
    firm.messages("in.ndjson", &messages);
    firm.run(&["in.ndjson"]).ended(0);
    firm
}

fn draw(firm: &Firm) -> Value {
    firm.call(&["sample", "draw", "floor", "--period", PERIOD, "--json"])
        .ended(0)
        .json()
}

fn items(firm: &Firm) -> Vec<Value> {
    firm.call(&["sample", "items", "floor", "--period", PERIOD])
        .ended(0)
        .rows()
}

fn ids(firm: &Firm, of: &str) -> BTreeSet<String> {
    let items = items(firm).into_iter().filter(|item| item["of"] == of);
    items
        .map(|item| item["message_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn m1_m4_a_sample_is_committed_to_drawn_and_stays_drawn() {
    let firm = firm(SAMPLING);
    let listed = firm.call(&["sample", "list", "--json"]).ended(0).rows();
    let periods: Vec<&str> = listed.iter().map(|row| row["period"].as_str().unwrap()).collect();
    assert_eq!(
        periods,
        ["2026-01", "2026-02"],
        "the run commits to its period and the next one"
    );
    let drawn = draw(&firm);
    let figures = |of: &str| {
        let tallies = drawn["tallies"].as_array().unwrap();
        let whole = tallies
            .iter()
            .find(|tally| tally["of"] == of && tally["stratum"].is_null())
            .unwrap();
        (
            whole["population"].as_u64().unwrap(),
            whole["rate_ppm"].as_u64().unwrap(),
            whole["drawn"].as_u64().unwrap(),
        )
    };
    assert_eq!(figures("hits"), (2, 1_000_000, 2));
    let (population, rate, n_drawn) = figures("non_hits");
    assert_eq!((population, rate), (30, 200_000));
    assert!((2..20).contains(&n_drawn), "{n_drawn}");
    assert_eq!(ids(&firm, "hits").len(), 2);
    let before = ids(&firm, "non_hits");
    assert_eq!(before.len() as u64, n_drawn);

    let again = draw(&firm);
    assert_eq!(
        (&again["new"], &again["entry"]),
        (&Value::from(0), &Value::Null),
        "nothing is drawn twice"
    );
    let late: Vec<Value> = (0..30)
        .map(|n| message(&format!("late{n}"), "2026-01-20T09:00:00Z", "nothing new"))
        .collect();
    firm.messages("late.ndjson", &late);
    firm.run(&["late.ndjson"]).ended(0);
    draw(&firm);
    let after = ids(&firm, "non_hits");
    assert!(before.is_subset(&after) && after.len() > before.len());
    assert_eq!(
        firm.call(&["sample", "list", "--json"]).ended(0).rows().len(),
        2,
        "and committed to once"
    );
    firm.call(&["verify"]).ended(0);
}

#[test]
fn m5_what_is_all_reviewed_is_in_no_draw() {
    let firm = firm(&SAMPLING.replace("minimum: 2", "minimum: 2\nreview_all: off-channel"));
    draw(&firm);
    assert_eq!((ids(&firm, "all").len(), ids(&firm, "hits").len()), (2, 0));
}

#[test]
fn m6_the_key_is_for_auditors_and_its_revealing_is_on_record() {
    let firm = firm(SAMPLING);
    draw(&firm);
    firm.write("operators.yaml", OPERATORS);
    let key = ["sample", "key", "floor", "--period", PERIOD];
    let by = |who: &'static str| [&key[..], &["--as", who]].concat();
    firm.call(&by("ria")).ended(5).said("reveal");
    firm.call(&by("eve")).ended(5).said("reveal");
    let revealed = firm.call(&by("abe")).ended(0).json();
    assert_eq!(revealed["key"].as_str().unwrap().len(), 30);
    let journal = firm.read(".lexhold/journal/log.ndjson");
    assert_eq!(journal.lines().filter(|line| line.contains("\"viewed\"")).count(), 1);
    firm.call(&["sample", "draw", "floor", "--period", PERIOD, "--as", "ria"])
        .ended(5);
}

#[test]
fn a_sample_that_is_not_known_is_refused() {
    let firm = firm(SAMPLING);
    firm.call(&["sample", "draw", "flor"]).ended(2).said("floor");
    firm.call(&["sample", "draw", "floor", "--period", "2025-01"])
        .ended(5)
        .said("2026-01");
}

#[test]
fn m3_a_review_of_a_drawn_message_is_seen() {
    let firm = firm(SAMPLING);
    draw(&firm);
    let id = ids(&firm, "hits").pop_first().unwrap();
    let review = [
        "review",
        "message",
        &id,
        "--sample",
        "floor",
        "--decision",
        "no-issue",
        "--reason",
        "small talk",
    ];
    firm.call(&review).ended(0);
    let reviewed = items(&firm).into_iter().filter(|item| item["reviewed"] == true).count();
    assert_eq!(reviewed, 1);
    let months = firm
        .call(&["report", "supervision", "--format", "ndjson"])
        .ended(0)
        .rows();
    let sum = |name: &str| -> u64 { months.iter().map(|row| row[name].as_u64().unwrap()).sum() };
    assert_eq!((sum("drawn"), sum("reviewed")), (items(&firm).len() as u64, 1));
}
