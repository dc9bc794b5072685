//! Totals of a whole home against its messages one by one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Firm, message};

/// Schedules of every tier and trigger, with ceilings that conflict or yield, cut-offs, rolls, several zones, and versions.
fn documents(version: &str, more: usize) -> [(&'static str, String); 4] {
    let head = |name: &str, zone: &str, rest: &str| {
        format!(
            "lexhold: 1\nretention: {name}\nversion: {version}\nowner: records@firm.example\nzone: {zone}\nmode: compliance\n{rest}\nschedules:\n"
        )
    };
    let when = |label: &str| format!("when: resource.labels.contains(\"{label}\")");
    let desk = format!(
        "  - id: chats\n    {}\n    retain: {{ for: P{}Y, from: sent }}\n    dispose: {{ after: retain }}\n  - id: closed\n    {}\n    retain: {{ for: P1Y, from: {{ event: account_closed, key: accounts }} }}\n    dispose: {{ after: retain }}\n  - id: talk\n    {}\n    retain: {{ for: P2Y, from: last_activity }}\n    dispose: {{ after: P1Y, from: sent }}\n",
        when("a"),
        2 + more,
        when("b"),
        when("c")
    );
    let books = format!(
        "  - id: years\n    {}\n    retain: {{ for: P{}Y, from: captured, cutoff: year }}\n  - id: quarters\n    {}\n    retain: {{ for: P18M, from: sent, cutoff: quarter }}\n    dispose: {{ after: retain, action: destroy }}\n  - id: for-ever\n    {}\n    retain: {{ for: permanent }}\n",
        when("d"),
        1 + more,
        when("e"),
        when("f")
    );
    let privacy = format!(
        "  - id: two-years\n    {}\n    ceiling: {{ for: P2Y, from: sent, within: P30D, yields_to: [US] }}\n  - id: from-capture\n    {}\n    ceiling: {{ for: P30M, from: captured }}\n  - id: sweep\n    {}\n    dispose: {{ after: P3Y, from: sent }}\n",
        when("g"),
        when("h"),
        when("i")
    );
    let seen = format!(
        "  - id: room\n    {}\n    retain: {{ for: P1Y, from: {{ event: room_closed, key: conversation }} }}\n    dispose: {{ after: retain }}\n  - id: assigned\n    {}\n    retain: {{ for: P400D, from: policy_assigned }}\n    dispose: {{ after: retain }}\n  - id: old-law\n    {}\n    in_force: {{ to: 2025-06-30 }}\n    ceiling: {{ for: P1Y, from: sent }}\n",
        when("j"),
        when("k"),
        when("l")
    );
    [
        (
            "desk",
            head("desk", "America/New_York", "basis: law\njurisdiction: US") + &desk,
        ),
        ("books", head("books", "Pacific/Kiritimati", "") + &books),
        ("privacy", head("privacy", "Europe/Berlin", "") + &privacy),
        ("seen", head("seen", "Pacific/Honolulu", "") + &seen),
    ]
}

/// The next number of a sequence that looks like chance.
fn next(state: &mut u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 40).unwrap()
}

/// A message with one to four labels that stand for schedules, sent about new year or anywhere in four years.
fn some(at: usize, chance: &mut u64) -> Value {
    let day = if next(chance).is_multiple_of(3) {
        ["2022-12-31T10:30:00Z", "2023-01-01T04:30:00Z", "2024-02-29T12:00:00Z"][next(chance) % 3].to_owned()
    } else {
        format!(
            "202{}-{:02}-{:02}T{:02}:30:00Z",
            1 + next(chance) % 5,
            1 + next(chance) % 12,
            1 + next(chance) % 28,
            next(chance) % 24
        )
    };
    let mut message = message(&format!("m{at}"), &day, &format!("number {at}"));
    let labels: Vec<String> = (0..=next(chance) % 4)
        .map(|_| char::from(b'a' + u8::try_from(next(chance) % 13).unwrap()).to_string())
        .collect();
    message["labels"] = json!(labels);
    message["conversation"] = json!(format!("c{}", next(chance) % 9));
    message["sender"] = json!(["ann", "bob", "cyd", "eve"][next(chance) % 4]);
    if !next(chance).is_multiple_of(4) {
        message["accounts"] = json!([format!("A{}", next(chance) % 12)]);
    }
    message
}

/// What the totals have to come to: states, and by month and deciding schedule what may go.
type Totals = (BTreeMap<String, u64>, BTreeMap<(String, String), u64>);

/// From one row a message. Its last day is a local one, so that the month is that of the day after it.
fn one_by_one(firm: &Firm, as_of: &str) -> Totals {
    let rows = firm
        .call(&["report", "retention", "--format", "ndjson", "--as-of", as_of])
        .ended(0)
        .rows();
    let (mut states, mut months) = Totals::default();
    for row in rows {
        *states.entry(row["state"].as_str().unwrap().to_owned()).or_default() += 1;
        let eligible = row["eligible_from"].as_str().unwrap();
        let ends = row["duties"].as_array().unwrap().iter();
        let deciding = ends.filter(|duty| duty["eligible_from"] == eligible && eligible != "infinity");
        if let Some(last) = deciding
            .clone()
            .map(|duty| duty["last_protected"].as_str().unwrap())
            .next()
        {
            let day: jiff::civil::Date = last.parse().unwrap();
            let month = day.tomorrow().unwrap().strftime("%Y-%m").to_string();
            *months.entry((month, String::new())).or_default() += 1;
        }
    }
    (states, months)
}

fn counted(firm: &Firm, as_of: &str) -> Totals {
    let status = firm.call(&["status", "--json", "--as-of", as_of]).ended(0).json();
    let states = status["states"].as_object().unwrap().iter();
    let states = states.map(|(state, n)| (state.clone(), n.as_u64().unwrap()));
    let mut months = BTreeMap::new();
    for row in firm
        .call(&["report", "forecast", "--format", "ndjson", "--as-of", as_of])
        .ended(0)
        .rows()
    {
        let month = row["month"].as_str().unwrap().to_owned();
        *months.entry((month, String::new())).or_default() += row["messages"].as_u64().unwrap();
    }
    (states.collect(), months)
}

#[test]
fn totals_are_the_sum_of_what_each_message_says() {
    let firm = Firm::new();
    std::fs::remove_dir_all(firm.path("policies/supervision")).unwrap();
    for (name, text) in documents("1.0.0", 0) {
        firm.write(&format!("policies/retention/{name}.yaml"), text);
    }
    let mut chance = 7;
    let n: usize = std::env::var("LEXHOLD_TEST_MESSAGES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(240);
    let all: Vec<Value> = (0..n).map(|at| some(at, &mut chance)).collect();
    firm.messages("first.ndjson", &all[..n / 2]);
    firm.messages("second.ndjson", &all[n / 2..]);
    let mut edited: Vec<Value> = all.iter().step_by(11).cloned().collect();
    for message in &mut edited {
        message["text"] = json!("said otherwise");
        message["labels"] = json!(["a", "c"]);
    }
    firm.messages("edited.ndjson", &edited);
    firm.write(
        "orion.yaml",
        "lexhold: 1\nhold: orion\nmatter: In re Orion\nowner: legal@firm.example\nzone: UTC\ncustodians: [eve]\n",
    );
    firm.run(&["first.ndjson"]).ended(0);
    let mut events = "type,key,date\n".to_owned();
    for account in 0..8 {
        events += &format!("account_closed,A{account},202{}-03-0{}\n", 1 + account % 6, 1 + account);
    }
    events += "room_closed,c1,2023-05-05\nroom_closed,c2,2025-05-05\n";
    firm.write("events.csv", events);
    let recorded = firm.call(&["event", "record", "--from", "events.csv", "--evidence", "letter"]);
    assert!([0, 5].contains(&recorded.code), "{}", recorded.stderr);
    if let Some(digest) = recorded.stderr.lines().find_map(|line| line.strip_prefix("digest ")) {
        firm.call(&[
            "event",
            "record",
            "--from",
            "events.csv",
            "--evidence",
            "letter",
            "--accept-digest",
            digest,
        ])
        .ended(0);
    }
    for (name, text) in documents("1.1.0", 1) {
        firm.write(&format!("policies/retention/{name}.yaml"), text);
    }
    firm.call(&["activate"]).ended(0);
    firm.run(&["second.ndjson", "edited.ndjson", "--holds", "orion.yaml"])
        .ended(0);
    for as_of in ["2023-01-01", "2024-12-31", "2026-01-01", "2029-07-01"] {
        let (found, expected) = (counted(&firm, as_of), one_by_one(&firm, as_of));
        assert_eq!(found, expected, "as of {as_of}");
        assert!(expected.0.len() >= 3, "the messages are too much alike: {expected:?}");
    }
}
