//! What two people say of a message that could not be evaluated.

use lexhold_catalog::Fingerprint;
use serde_json::{Value, json};

use crate::support::{Firm, Ran, message};

/// A schedule that waits for an event, one by day sent, and one whose condition fails for whatever has an attachment.
const TERMS: &str = r#"lexhold: 1
retention: terms
version: 1.0.0
owner: records@firm.example
zone: UTC
schedules:
  - id: closed
    title: Six years after the account closes
    when: resource.labels.contains("terms")
    retain: { for: P6Y, from: { event: account_closed, key: accounts } }
    dispose: { after: retain, action: review }
  - id: sent
    title: Two years after it was sent
    when: resource.labels.contains("nothing")
    retain: { for: P2Y, from: sent }
    dispose: { after: retain, action: review }
  - id: big
    title: Nine years
    when: resource.labels.contains("big") && resource.attachments.count + 9223372036854775807 > 0
    retain: { for: P9Y, from: sent }
"#;

const OPERATORS: &str = "lexhold: 1
operators: team
people:
  - { id: rex, roles: [engineer, records, silent] }
  - { id: rita, roles: [records, approver, silent] }
  - { id: ria, roles: [reviewer] }
";

fn firm() -> Firm {
    let firm = Firm::empty();
    firm.write("policies/retention/terms.yaml", TERMS);
    firm.write(
        "directory.yaml",
        "lexhold: 1\ndirectory: staff\ndomains: [firm.example]\npeople:\n  - { id: ann, handles: { slack: ann } }\n",
    );
    firm.write("operators.yaml", OPERATORS);
    firm
}

/// A message about terms that names no account, so that its event has no key.
fn keyless(id: &str, text: &str) -> Value {
    let mut message = message(id, "2020-03-10T09:00:00Z", text);
    message["labels"] = json!(["terms"]);
    message
}

fn take_in(firm: &Firm, name: &str, messages: &[Value]) {
    let file = format!("{name}.ndjson");
    firm.messages(&file, messages);
    firm.run(&[&file, "--as", "rex", "--confirmed-by", "rita"]).ended(0);
}

fn retention(firm: &Firm, id: &str) -> Value {
    let report = firm
        .call(&[
            "report",
            "retention",
            "--format",
            "ndjson",
            "--as",
            "rex",
            "--as-of",
            "2026-06-01",
        ])
        .ended(0);
    let ends = |row: &Value| row["message_id"].as_str().unwrap().ends_with(&format!("/{id}"));
    report.rows().into_iter().find(ends).unwrap()
}

fn state(firm: &Firm, id: &str) -> (String, String) {
    let row = retention(firm, id);
    let text = |field: &str| row[field].as_str().unwrap().to_owned();
    (text("state"), text("retain_until"))
}

fn resolve(firm: &Firm, id: &str, more: &[&str]) -> Ran {
    let id = format!("/{id}");
    let mut all = vec![
        "retention",
        "resolve",
        id.as_str(),
        "--reason",
        "about no account",
        "--as",
        "rex",
    ];
    all.extend(more);
    firm.call(&all)
}

fn is(state: &str, until: &str) -> (String, String) {
    (state.to_owned(), until.to_owned())
}

#[test]
fn two_people_say_which_schedules_a_message_has() {
    let firm = firm();
    let mut big = message("m4", "2020-03-10T09:00:00Z", "see there");
    big["labels"] = json!(["big"]);
    big["attachments"] = json!([{"name": "a.pdf", "media_type": "application/pdf", "bytes": 9}]);
    take_in(
        &firm,
        "in",
        &[
            keyless("m1", "hello"),
            keyless("m2", "good day"),
            keyless("m3", "hi"),
            big,
        ],
    );
    for id in ["m1", "m2", "m3", "m4"] {
        assert_eq!(state(&firm, id), is("indeterminate", "infinity"), "{id}");
    }
    let with = |more: &[&'static str]| [more, &["--confirmed-by", "rita"]].concat();
    resolve(&firm, "m1", &["--schedule", "terms.sent"])
        .ended(2)
        .said("--confirmed-by");
    resolve(&firm, "m1", &["--confirmed-by", "rita"]).ended(2);
    resolve(&firm, "m1", &with(&["--schedule", "terms.snet"]))
        .ended(3)
        .said("did you mean `terms.sent`?");
    resolve(&firm, "m1", &with(&["--none", "desk"]))
        .ended(2)
        .said("in doubt: terms");
    resolve(&firm, "m1", &with(&["--schedule", "terms.sent", "--none", "terms"]))
        .ended(2)
        .said("--none says");
    resolve(&firm, "m9", &with(&["--none", "terms"]))
        .ended(3)
        .said("no message");
    resolve(&firm, "m1", &["--none", "terms", "--confirmed-by", "ria"])
        .ended(5)
        .said("resolution-needs-two");
    resolve(&firm, "m1", &["--none", "terms", "--confirmed-by", "rex"])
        .ended(5)
        .said("resolution-needs-two");
    assert_eq!(
        state(&firm, "m1"),
        is("indeterminate", "infinity"),
        "a refusal changes nothing"
    );

    let told = resolve(&firm, "m1", &with(&["--schedule", "terms.sent"]))
        .ended(0)
        .stdout;
    assert!(told.contains("terms.sent applies"), "{told}");
    resolve(&firm, "m2", &with(&["--none", "terms"])).ended(0);
    resolve(
        &firm,
        "m4",
        &with(&["--schedule", "terms.sent", "--schedule", "terms.big"]),
    )
    .ended(0);
    assert_eq!(
        state(&firm, "m4"),
        is("retained", "2029-03-10"),
        "a condition that failed"
    );
    assert_eq!(state(&firm, "m1"), is("eligible", "2022-03-10"));
    assert_eq!(state(&firm, "m2"), is("ungoverned", "none"));
    assert_eq!(
        state(&firm, "m3"),
        is("indeterminate", "infinity"),
        "others are as they were"
    );
    let explained = firm
        .call(&["explain", "--message", "/m1", "--as", "rex"])
        .ended(0)
        .stdout;
    assert!(
        explained.contains("ledger: terms.sent 1.0.0, named by rex on "),
        "{explained}"
    );
    assert!(
        explained.contains("resolved: terms.sent applies, said rex with rita on "),
        "{explained}"
    );
    // Counted as one by one.
    let summary = firm
        .call(&["report", "coverage", "--format", "ndjson", "--as", "rex"])
        .ended(0);
    let platform = summary
        .rows()
        .into_iter()
        .find(|row| row["dimension"] == "platform")
        .unwrap();
    assert_eq!(
        (&platform["ungoverned"], &platform["indeterminate"]),
        (&json!(1), &json!(1)),
        "{platform}"
    );
    // The last word counts.
    resolve(&firm, "m2", &with(&["--schedule", "terms.sent"])).ended(0);
    assert_eq!(state(&firm, "m2"), is("eligible", "2022-03-10"));
    resolve(&firm, "m1", &with(&["--none", "terms"])).ended(0);
    assert_eq!(state(&firm, "m1"), is("ungoverned", "none"));

    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before, "rebuilt");
    assert_eq!(state(&firm, "m1"), is("ungoverned", "none"));
    firm.call(&["verify"]).ended(0);
    firm.call(&["replay", "last", "--as", "rex"]).ended(0);
}

#[test]
fn what_comes_later_is_judged_for_itself() {
    let firm = firm();
    take_in(&firm, "in", &[keyless("m1", "hello"), keyless("m2", "good day")]);
    let none = ["--none", "terms", "--confirmed-by", "rita"];
    resolve(&firm, "m1", &none).ended(0);
    resolve(&firm, "m2", &none).ended(0);
    // A duplicate from elsewhere that is in doubt is a doubt again; one that is certain adds its duty.
    let mut doubtful = keyless("m1", "hello");
    doubtful["custodians"] = json!(["cyd"]);
    take_in(&firm, "doubtful", &[doubtful]);
    assert_eq!(state(&firm, "m1").0, "indeterminate");
    resolve(&firm, "m1", &none).ended(0);
    assert_eq!(state(&firm, "m1").0, "ungoverned");
    let mut edited = keyless("m2", "good day to you");
    edited["accounts"] = json!(["ACC-1"]);
    edited["version"] = json!(2);
    edited["version_kind"] = json!("edit");
    take_in(&firm, "edited", &[edited]);
    let row = retention(&firm, "m2");
    assert_eq!(
        (row["state"].as_str(), row["reason"].as_str()),
        (Some("retained"), Some("awaiting_event"))
    );
    // A bundle that assigns for certain adds; one that is in doubt itself is a doubt again.
    let all = TERMS.replace("1.0.0", "1.1.0").replace(
        r#"resource.labels.contains("nothing")"#,
        r#"resource.labels.contains("terms")"#,
    );
    firm.write("policies/retention/terms.yaml", &all);
    firm.call(&["activate", "--as", "rex", "--approved-by", "rita"])
        .ended(0);
    assert_eq!(
        state(&firm, "m1"),
        is("indeterminate", "infinity"),
        "the new version's doubt"
    );
    resolve(&firm, "m1", &none).ended(0);
    assert_eq!(state(&firm, "m1").1, "2022-03-10", "what it assigned for certain stays");
    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before, "rebuilt");
}

#[test]
fn nobody_alone_resolves() {
    let firm = firm();
    take_in(&firm, "in", &[keyless("m1", "hello")]);
    firm.govern_alone();
    resolve(&firm, "m1", &["--none", "terms", "--confirmed-by", "rita"])
        .ended(5)
        .said("there is no second person");
}
