//! `explain --message`: the conditions that decided, and what they read.

use serde_json::{Value, json};

use crate::support::{Firm, message};

fn conditions(firm: &Firm, id: &str, more: &[&str]) -> Vec<Value> {
    let call = [&["explain", "--message", id, "--json"], more].concat();
    let explained = firm.call(&call).ended(0).json();
    explained["versions"][0]["conditions"].as_array().unwrap().clone()
}

fn firm() -> Firm {
    let firm = Firm::new();
    let mut to_research = message("m1", "2024-03-05T14:00:00Z", "see you at ten");
    to_research["sender"] = json!("cyd");
    firm.messages(
        "m.ndjson",
        &[
            to_research,
            message("m2", "2024-03-05T15:00:00Z", "let's move this to WhatsApp"),
        ],
    );
    firm.run(&["m.ndjson"]).ended(0);
    firm
}

#[test]
fn conditions_that_hold_are_shown_with_what_they_read() {
    let firm = firm();
    let found = conditions(&firm, "m1", &[]);
    let rules: Vec<_> = found.iter().map(|one| (&one["action"], &one["rule"])).collect();
    let expected = [
        (json!("communicate"), json!("barriers.research")),
        (json!("retain"), json!("desk.chats")),
    ];
    assert_eq!(rules, expected.each_ref().map(|(action, rule)| (action, rule)));
    assert_eq!(
        found[0]["read"],
        json!({"groups of principal": {"cyd": ["research"]}, "principal": ["cyd"], "resource.recipients.groups": ["trading"]})
    );
    assert_eq!(
        found[1]["clauses"],
        json!([r#"principal in Group::"trading""#, "resource.business"])
    );
    let text = firm.call(&["explain", "--message", "m1"]).ended(0).stdout;
    for line in [
        "├─ communicate of barriers.research holds",
        r#"│  principal in Group::"research" && resource.recipients.groups.contains(Group::"trading")"#,
        r#"│  read resource.recipients.groups = ["trading"]"#,
        "│  read resource.business = true",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let labels = conditions(&firm, "m2", &[]);
    let flagged = labels.iter().find(|one| one["rule"] == "desk.flagged").unwrap();
    assert_eq!(flagged["read"]["resource.labels"], json!(["off-channel"]));
}

#[test]
fn what_a_silent_hold_covers_tells_no_schedules() {
    let firm = firm();
    firm.write(
        "h.yaml",
        "lexhold: 1\nhold: orion\nmatter: In re orion\nowner: legal@firm.example\nzone: UTC\ncustodians: [ann]\nsilent: true\n",
    );
    firm.messages("more.ndjson", &[message("m3", "2024-03-06T15:00:00Z", "on record")]);
    firm.run(&["more.ndjson", "--holds", "h.yaml"]).ended(0);
    firm.write(
        "operators.yaml",
        "lexhold: 1\noperators: firm\npeople:\n  - { id: ria, roles: [records] }\n  - { id: sol, roles: [legal, silent] }\n",
    );
    assert_eq!(conditions(&firm, "m3", &["--as", "sol"]).len(), 1);
    assert_eq!(conditions(&firm, "m3", &["--as", "ria"]).len(), 0);
}
