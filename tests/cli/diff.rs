//! `diff`: what a change of rules over several messages does.

use serde_json::{Value, json};

use crate::support::{Firm, message};

const DESK: &str = "policies/retention/desk.yaml";

/// A component, and a rule that holds when it hits so many messages of a conversation within a period.
fn ruleset(version: &str, severity: &str, at_least: u32, within: &str) -> String {
    let hits: Vec<String> = (0..at_least)
        .map(|minute| format!("{{ at: \"09:0{minute}\", from: ann, text: call offline }}"))
        .collect();
    format!(
        "lexhold: 1
ruleset: moving
version: {version}
owner: me@firm.example
rules:
  - id: offline
    severity: low
    why: A wish to leave the channel.
    alerts: false
    match: {{ word: offline }}
    hits: [offline, go offline]
    misses: [online, off the line]
  - id: often
    severity: {severity}
    why: Several wishes to leave the channel.
    conversation: {{ count: {{ of: [offline], at_least: {at_least} }}, by: conversation, within: {within} }}
    hits: [[{0}], [{0}]]
    misses: [[{{ at: \"09:00\", from: ann, text: offline }}], [{{ at: \"09:00\", from: ann, text: call }}]]
",
        hits.join(", ")
    )
}

/// One conversation with two wishes a minute apart, one with three, and one whose two lie an hour apart.
fn firm() -> Firm {
    let firm = Firm::new();
    firm.write(
        "rulesets/off-channel/ruleset.yaml",
        ruleset("1.0.0", "high", 2, "PT10M"),
    );
    let sent = [
        ("two", "09:00"),
        ("two", "09:01"),
        ("three", "09:00"),
        ("three", "09:01"),
        ("three", "09:02"),
        ("apart", "09:00"),
        ("apart", "10:00"),
    ];
    let messages: Vec<Value> = (0..)
        .zip(sent)
        .map(|(at, (conversation, time))| {
            let mut message = message(
                &format!("m{at}"),
                &format!("2024-03-05T{time}:00Z"),
                "let us go offline",
            );
            message["conversation"] = json!(conversation);
            message
        })
        .collect();
    // A document that may shorten: by default the version before would go on protecting what it protected.
    let desk = firm.read(DESK).replace("basis: law", "mode: operational\nbasis: law");
    firm.write(DESK, desk);
    firm.messages("m.ndjson", &messages);
    firm.run(&["m.ndjson"]).ended(0);
    firm
}

#[test]
fn alerts_over_several_messages_are_compared() {
    let firm = firm();
    // Severity, number, period; then what is lost, gained and reclassified, of how many before and after.
    for (severity, at_least, within, expected) in [
        ("high", 3, "PT10M", [1, 0, 0, 2, 1]),
        ("high", 2, "P1D", [0, 1, 0, 2, 3]),
        ("low", 2, "PT10M", [0, 0, 2, 2, 2]),
        ("low", 3, "PT10M", [1, 0, 1, 2, 1]),
    ] {
        firm.write(
            "rulesets/off-channel/ruleset.yaml",
            ruleset("1.1.0", severity, at_least, within),
        );
        let told = firm.call(&["diff", "active", ".", "--format", "json"]).ended(0);
        let rule = &told.json()["alerts"]["by_rule"]["moving.often"];
        let found = ["lost", "gained", "reclassified", "before", "after"].map(|figure| rule[figure].clone());
        assert_eq!(json!(found), json!(expected), "{severity} {at_least} {within}");
        let alone = firm
            .call(&["diff", "active", ".", "--format", "json", "--jobs", "1"])
            .ended(0);
        assert_eq!(told.stdout, alone.stdout);
        let failing = firm.call(&["diff", "active", ".", "--fail-on", "alerts-removed"]);
        failing.ended(i32::from(expected[0] > 0));
    }
}

#[test]
fn a_sample_says_that_it_leaves_them_out() {
    let firm = firm();
    firm.write(
        "rulesets/off-channel/ruleset.yaml",
        ruleset("1.1.0", "high", 3, "PT10M"),
    );
    for format in ["text", "md"] {
        let told = firm
            .call(&["diff", "active", ".", "--sample", "3", "--format", format])
            .ended(0);
        assert!(
            told.stdout.contains("not counting rules over several messages") && !told.stdout.contains("moving.often"),
            "{}",
            told.stdout
        );
    }
}

#[test]
fn scenario_18_an_earlier_disposal_fails_and_another_order_of_keys_is_no_change() {
    let firm = firm();
    let desk = firm.read(DESK);
    let fails = ["diff", "active", ".", "--fail-on", "earlier-disposal"];
    let remarked = desk.replace("retention: desk\n", "retention: desk # the desk\n");
    let turned = "basis: law\njurisdiction: US\n";
    assert!(remarked.contains(turned));
    firm.write(DESK, remarked.replace(turned, "jurisdiction: US\nbasis: law\n"));
    let told = firm.call(&fails).ended(0).stdout;
    assert!(told.contains("no semantic change"), "{told}");
    firm.write(
        DESK,
        desk.replace("version: 1.0.0", "version: 1.1.0")
            .replace("for: P3Y", "for: P2Y"),
    );
    let told = firm.call(&fails).ended(1).stdout;
    assert!(told.contains("earlier") && told.contains("desk"), "{told}");
    // The line in an editor, wherever the schedule stands in the file.
    let line = firm.read(DESK).lines().position(|line| line.contains("P2Y")).unwrap() + 1;
    assert!(line > 1);
    let at = format!("retain P3Y -> P2Y at {DESK}:{line}\n");
    assert!(told.contains(&at), "{told}");
    let told = firm.call(&[&fails[..], &["--format", "md"]].concat()).ended(1).stdout;
    assert!(told.contains(&at), "{told}");
    let told = firm.call(&[&fails[..], &["--format", "json"]].concat()).ended(1).json();
    let period = &told["periods"][0];
    assert_eq!([&period["from"], &period["to"], &period["file"]], ["P3Y", "P2Y", DESK]);
    assert_eq!(period["line"], line);
    assert_eq!(told["periods"].as_array().unwrap().len(), 1);
}
