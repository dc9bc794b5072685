//! Versions of policies: what a later one changes for messages that are there, and what it leaves as it was.

use std::collections::BTreeMap;

use lexhold_catalog::Fingerprint;
use lexhold_store::Step;
use serde_json::{Value, json};

use crate::support::{Firm, Ran};

const DESK: &str = "policies/retention/desk.yaml";

/// A document with one schedule, for everybody.
fn desk(version: &str, period: &str, more: &str) -> String {
    format!(
        "lexhold: 1\nretention: desk\nversion: {version}\ntitle: The desk\nowner: x@firm.example\nzone: UTC\n{more}schedules:\n  \
         - id: all\n    title: All\n    retain: {{ for: {period}, from: sent }}\n    dispose: {{ after: retain, action: review }}\n"
    )
}

/// A message sent and captured at noon of a day.
fn on(id: &str, day: &str) -> Value {
    let at = format!("{day}T12:00:00Z");
    json!({"id": id, "platform": "slack", "conversation": "c1", "sender": "ann", "recipients": ["bob"],
           "sent_at": at, "captured_at": at, "text": "hello"})
}

fn firm(version: &str, period: &str, more: &str) -> Firm {
    let firm = Firm::new();
    firm.write(DESK, desk(version, period, more));
    firm
}

/// Takes in messages as of an instant at which the clock of no machine that runs this has come yet, unless it is given.
fn take_in(firm: &Firm, name: &str, messages: &[Value]) {
    let file = format!("{name}.ndjson");
    firm.messages(&file, messages);
    firm.call(&["run", &file, "--as-of", FAR]).ended(0);
}

const FAR: &str = "2124-03-01";

/// Each message's last protected day and state.
fn kept(firm: &Firm) -> BTreeMap<String, (String, String)> {
    let report = firm
        .call(&["report", "retention", "--format", "ndjson", "--as-of", FAR])
        .ended(0);
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or("none").to_owned();
    let rows = report.rows().into_iter().map(|row| {
        let id = text(&row, "message_id");
        let id = id.rsplit(['/', ':']).next().unwrap().to_owned();
        (id, (text(&row, "retain_until"), text(&row, "state")))
    });
    rows.collect()
}

fn until(firm: &Firm) -> BTreeMap<String, String> {
    kept(firm).into_iter().map(|(id, (until, _))| (id, until)).collect()
}

fn days(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(id, day)| ((*id).to_owned(), (*day).to_owned()))
        .collect()
}

fn rebuilt_is_equal(firm: &Firm) {
    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before, "rebuilt");
    firm.call(&["verify"]).ended(0);
}

#[test]
fn the_worked_example_of_versions() {
    let firm = firm("1.0.0", "P7Y", "");
    take_in(&firm, "m1", &[on("m1", "2120-05-04")]);
    assert_eq!(until(&firm), days(&[("m1", "2127-05-04")]));

    firm.write(DESK, desk("2.0.0", "P5Y", "effective_from: 2124-01-01\n"));
    firm.call(&["run", "m1.ndjson", "--as-of", FAR])
        .ended(5)
        .said("lexhold activate");
    firm.call(&["activate"]).ended(0);
    assert_eq!(
        until(&firm),
        days(&[("m1", "2127-05-04")]),
        "a shorter version frees nothing"
    );
    take_in(&firm, "m2", &[on("m2", "2124-02-10"), on("early", "2123-12-31")]);
    let shorter = [("m1", "2127-05-04"), ("m2", "2129-02-10"), ("early", "2130-12-31")];
    assert_eq!(until(&firm), days(&shorter), "from its day on, and not before");

    firm.write(DESK, desk("3.0.0", "P10Y", ""));
    firm.call(&["activate"]).ended(0);
    let longer = [("m1", "2130-05-04"), ("m2", "2134-02-10"), ("early", "2133-12-31")];
    assert_eq!(until(&firm), days(&longer), "extending reaches back");

    firm.write(DESK, desk("4.0.0", "P3Y", ""));
    firm.call(&["activate"]).ended(0);
    assert_eq!(until(&firm), days(&longer), "shortening does not");

    std::fs::remove_file(firm.path(DESK)).unwrap();
    firm.call(&["activate"]).ended(0);
    assert_eq!(until(&firm), days(&longer), "nor does retiring the policy");
    take_in(&firm, "m3", &[on("m3", "2124-02-20")]);
    let kept = kept(&firm);
    assert_eq!(kept["m3"].1, "ungoverned", "new mail has no schedule");
    assert_eq!(kept["m1"].0, "2130-05-04");
    rebuilt_is_equal(&firm);
}

#[test]
fn a_leaver_keeps_duties_and_newcomers_get_none() {
    let scoped = |version, period| desk(version, period, "scope: principal in Group::\"trading\"\n");
    let firm = Firm::new();
    firm.write(DESK, scoped("1.0.0", "P7Y"));
    take_in(&firm, "before", &[on("stays", "2120-05-04")]);
    let left = firm
        .read("directory.yaml")
        .replace("slack: ann }, groups: [trading]", "slack: ann }, groups: [research]");
    let left = left.replace("slack: bob }, groups: [trading]", "slack: bob }, groups: [research]");
    firm.write("directory.yaml", left);
    firm.write(DESK, scoped("2.0.0", "P10Y"));
    firm.call(&["activate"]).ended(0);
    take_in(&firm, "after", &[on("later", "2120-05-05")]);
    let kept = kept(&firm);
    assert_eq!(kept["stays"].0, "2130-05-04", "judged by what was known of it then");
    assert_eq!(kept["later"].1, "ungoverned");
    rebuilt_is_equal(&firm);
}

#[test]
fn how_messages_were_split_into_batches_changes_nothing() {
    let messages: Vec<Value> = (0..28)
        .map(|at| on(&format!("m{at}"), &format!("2120-{:02}-{:02}", 1 + at % 12, 1 + at)))
        .collect();
    let outcome = |splits: &[usize]| {
        let firm = firm("1.0.0", "P7Y", "");
        let mut from = 0;
        for (number, to) in splits.iter().enumerate() {
            take_in(&firm, &format!("part{number}"), &messages[from..*to]);
            from = *to;
        }
        firm.write(DESK, desk("2.0.0", "P9Y", ""));
        firm.call(&["activate"]).ended(0);
        rebuilt_is_equal(&firm);
        kept(&firm)
    };
    let whole = outcome(&[28]);
    assert_eq!(whole.len(), 28);
    assert!(whole.values().all(|(until, _)| until.starts_with("2129")));
    assert_eq!(outcome(&[1, 13, 28]), whole);
}

#[test]
fn what_may_not_be_activated() {
    let firm = firm("1.0.0", "P7Y", "");
    take_in(&firm, "m1", &[on("m1", "2120-05-04")]);
    firm.write(DESK, desk("1.0.0", "P8Y", ""));
    firm.call(&["activate"])
        .ended(5)
        .said("version 1.0.0 of the retention `desk`");
    firm.write(DESK, desk("2.0.0", "P8Y", "mode: operational\n"));
    firm.call(&["activate"]).ended(5).said("may not become operational");
    firm.write(DESK, desk("2.0.0", "P5Y", "effective_from: 2020-01-01\n"));
    firm.call(&["activate"]).ended(5).said("before its activation");
    firm.write(DESK, desk("2.0.0", "P8Y", "effective_from: 2020-01-01\n"));
    firm.call(&["activate"]).ended(0);
    firm.call(&["activate"]).ended(0).said("active already");
}

const OPERATORS: &str = "lexhold: 1\noperators: ops\npeople:\n  - { id: rita, roles: [records] }\n  - { id: ada, roles: [approver] }\n  \
                         - { id: abe, roles: [approver] }\n  - { id: eve, roles: [engineer] }\n";

fn figures(ran: &Ran) -> Value {
    ran.json()["retention"].clone()
}

#[test]
fn shortening_wants_a_simulation_and_two_approvers() {
    let operational = |version, period| desk(version, period, "mode: operational\n");
    let firm = Firm::new();
    firm.write(DESK, operational("1.0.0", "P100Y"));
    firm.write("operators.yaml", OPERATORS);
    let old: Vec<Value> = (1..=20)
        .map(|at| on(&format!("m{at}"), &format!("2024-11-{at:02}")))
        .collect();
    firm.messages("old.ndjson", &old);
    firm.call(&["run", "old.ndjson", "--as", "rita"]).ended(0);
    firm.write(DESK, operational("2.0.0", "P1Y"));

    let diff = |format: &str| {
        firm.call(&["diff", "active", ".", "--format", format, "--as", "rita"])
            .ended(0)
    };
    let json = diff("json");
    let found = figures(&json);
    assert_eq!((&found["messages"], &found["newly_eligible"]), (&json!(20), &json!(20)));
    assert_eq!(found["operational_earlier"], 20);
    assert_eq!(found["retain_until"]["earlier"], 20);
    assert_eq!(found["retain_until"]["earlier_days_max"], 36_159);
    assert_eq!(found["by_schedule"]["desk.all 1.0.0"]["newly_eligible"], 20);
    assert!(diff("md").stdout.contains("| newly eligible | 20 |"));
    assert!(diff("text").stdout.contains("20  newly eligible"));
    let digest = json.json()["digest"].as_str().unwrap().to_owned();

    firm.call(&["activate", "--as", "eve"]).ended(5);
    firm.call(&["activate", "--as", "rita"])
        .ended(5)
        .said(&digest)
        .said("20 messages become eligible");
    let with = |approvers: &[&str], digest: &str| {
        let mut arguments = vec!["activate", "--as", "rita", "--accept-digest", digest];
        approvers
            .iter()
            .for_each(|approver| arguments.extend(["--approved-by", approver]));
        firm.call(&arguments)
    };
    with(&["ada"], &digest).ended(5).said("two people");
    with(&["ada", "ada"], &digest).ended(5).said("two people");
    with(&["ada", "rita"], &digest).ended(5).said("two people");
    with(&["ada", "abe"], &"0".repeat(64)).ended(5).said("any more");
    with(&["ada", "nobody"], &digest).ended(5);
    with(&["ada", "abe"], &digest).ended(0);
    let report = firm
        .call(&["report", "retention", "--format", "ndjson", "--as", "rita"])
        .ended(0);
    assert!(
        report.rows().iter().all(|row| row["state"] == "eligible"),
        "{}",
        report.stdout
    );
    rebuilt_is_equal(&firm);
}

#[test]
fn what_a_diff_says_of_dates_and_alerts() {
    let firm = firm("1.0.0", "P7Y", "");
    let mut messages: Vec<Value> = (1..=9)
        .map(|at| on(&format!("m{at}"), &format!("2120-05-{at:02}")))
        .collect();
    messages[3]["text"] = json!("let's move this to WhatsApp");
    messages[4]["text"] = json!("call me on 07700 900123");
    messages[5]["text"] = json!("the eagle has landed");
    take_in(&firm, "m", &messages);
    let rules = firm
        .read("rulesets/off-channel/ruleset.yaml")
        .replace("version: 1.0.0", "version: 1.1.0");
    let rules = rules
        .replace("severity: high", "severity: critical")
        .replace("title: A number to call", "title: An eagle");
    let rules = rules.replace(
        "regex: '\\bcall me on \\+?[0-9][0-9 ]{7,20}'",
        "phrase: the eagle has landed",
    );
    let rules = rules.replace(
        "\"call me on +44 7700 900123\", \"Call me on 07700 900123\"",
        "the eagle has landed, The eagle has landed",
    );
    firm.write("rulesets/off-channel/ruleset.yaml", rules);
    firm.write(DESK, desk("2.0.0", "P9Y", ""));
    let all = firm.call(&["diff", "active", ".", "--format", "json"]).ended(0);
    let found = figures(&all);
    assert_eq!(
        (&found["retain_until"]["later"], &found["retain_until"]["earlier"]),
        (&json!(9), &json!(0))
    );
    let changed = all.json();
    assert_eq!(changed["semantic_change"], true);
    assert_eq!(
        changed["documents"],
        json!([
            {"kind": "retention", "name": "desk", "change": "changed", "from": "1.0.0", "to": "2.0.0"},
            {"kind": "ruleset", "name": "off-channel", "change": "changed", "from": "1.0.0", "to": "1.1.0"},
        ])
    );
    for format in ["text", "md"] {
        let said = firm.call(&["diff", "active", ".", "--format", format]).ended(0).stdout;
        assert!(said.contains("changed retention desk 1.0.0 -> 2.0.0"), "{said}");
    }
    let alerts = &all.json()["alerts"];
    assert_eq!(
        (&alerts["total"]["gained"], &alerts["total"]["lost"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(alerts["by_rule"]["off-channel.venue"]["reclassified"], 1);
    let same = firm
        .call(&["diff", "active", ".", "--format", "json", "--jobs", "1"])
        .ended(0);
    assert_eq!(all.stdout, same.stdout);

    firm.call(&["diff", "active", ".", "--fail-on", "alerts-removed"])
        .ended(1);
    firm.call(&["diff", "active", ".", "--fail-on", "alerts-removed>1,newly-eligible"])
        .ended(0);
    firm.call(&["diff", "active", ".", "--no-alerts", "--fail-on", "alerts-removed"])
        .ended(0);
    firm.call(&["diff", "active", ".", "--fail-on", "everything"]).ended(2);
    firm.call(&["diff", "active", "nowhere"]).ended(3);
    let sample = firm
        .call(&["diff", "active", ".", "--sample", "3", "--seed", "7"])
        .ended(0);
    assert!(sample.stdout.contains("with 95 % confidence"), "{}", sample.stdout);
    let unchanged = firm.call(&["diff", "active", "active"]).ended(0);
    assert!(unchanged.stdout.contains("no semantic change"), "{}", unchanged.stdout);
    assert!(
        unchanged.stdout.contains("no date of any message changes"),
        "{}",
        unchanged.stdout
    );
    firm.write("staff.yaml", "lexhold: 1\ndirectory: staff\n");
    firm.write(DESK, desk("2.1.0", "P9Y", "scope: principal in Group::\"trading\"\n"));
    firm.call(&["diff", "active", ".", "--directory", "staff.yaml"])
        .ended(0);
    assert_eq!(until(&firm)["m1"], "2127-05-01", "a diff binds nothing");
    firm.call(&["verify"]).ended(0);
}

#[test]
fn killed_at_any_step_one_whole_bundle_is_active() {
    for step in Step::ALL {
        let firm = firm("1.0.0", "P7Y", "");
        take_in(&firm, "m1", &[on("m1", "2120-05-04")]);
        firm.write(DESK, desk("2.0.0", "P10Y", ""));
        let killed = firm
            .command(&["activate"])
            .env("LEXHOLD_TEST_STOP_AT", format!("{}:1", step.as_str()))
            .output()
            .unwrap();
        assert_eq!(killed.status.code(), None, "not killed at {}", step.as_str());
        firm.call(&["activate"]).ended(0);
        assert_eq!(
            until(&firm),
            days(&[("m1", "2130-05-04")]),
            "killed at {}",
            step.as_str()
        );
        let journal = firm.read(".lexhold/journal/log.ndjson");
        assert_eq!(
            journal.matches("\"activation\"").count(),
            2,
            "killed at {}",
            step.as_str()
        );
        rebuilt_is_equal(&firm);
    }
}

#[test]
fn a_version_that_is_wrong_is_taken_back_after_thirty_days() {
    let firm = firm("1.0.0", "P70Y", "");
    firm.write("operators.yaml", OPERATORS);
    let rita = |arguments: &[&str]| firm.call(&[arguments, &["--as", "rita"]].concat());
    firm.messages("m.ndjson", &[on("m1", "2024-11-05")]);
    rita(&["run", "m.ndjson"]).ended(0);
    rita(&["retention", "correct", "desk@1.0.0", "--reason", "typo"])
        .ended(5)
        .said("is in force");
    rita(&["retention", "correct", "desk@9.0.0", "--reason", "typo"]).ended(3);
    rita(&["retention", "correct", "desk", "--reason", "typo"]).ended(2);
    firm.write(DESK, desk("2.0.0", "P7Y", ""));
    rita(&["activate"]).ended(0);
    let until = |as_of: &str| {
        let report = rita(&["report", "retention", "--format", "ndjson", "--as-of", as_of]).ended(0);
        report.rows()[0]["retain_until"].as_str().unwrap().to_owned()
    };
    assert_eq!(until(FAR), "2094-11-05");
    let shown = rita(&["retention", "correct", "desk@1.0.0", "--reason", "P70Y for P7Y"])
        .ended(5)
        .said("kept for a shorter time");
    let digest = shown
        .stderr
        .split("--accept-digest ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    let accepted = [
        "retention",
        "correct",
        "desk@1.0.0",
        "--reason",
        "P70Y for P7Y",
        "--accept-digest",
        digest,
    ];
    rita(&accepted).ended(5).said("two people");
    rita(&[&accepted[..], &["--approved-by", "ada", "--approved-by", "abe"]].concat()).ended(0);
    assert_eq!(until(FAR), "2031-11-05", "long after the thirty days");
    let today = rita(&["report", "retention", "--format", "ndjson"]).ended(0);
    assert_eq!(today.rows()[0]["retain_until"], "2094-11-05", "nothing is freed before");
    rita(&[&accepted[..], &["--approved-by", "ada", "--approved-by", "abe"]].concat())
        .ended(5)
        .said("already");
    rebuilt_is_equal(&firm);
}

#[test]
fn policies_are_compared_on_messages_that_no_home_has() {
    let firm = Firm::new();
    firm.write("before/desk.yaml", desk("1.0.0", "P5Y", "mode: operational\n"));
    firm.write("after/desk.yaml", desk("1.1.0", "P3Y", "mode: operational\n"));
    firm.messages("sample.ndjson", &[on("a", "2016-03-02"), on("b", "2017-03-02")]);
    let diff = |old: &str, more: &[&str]| {
        let arguments = [&["diff", old, "after", "--messages", "sample.ndjson"], more].concat();
        firm.call(&arguments)
    };
    let found = diff("before", &["--format", "json"]).ended(0).json();
    assert_eq!(found["retention"]["messages"], json!(2));
    let said = diff("before", &["--format", "md", "--fail-on", "earlier-disposal"]).ended(1);
    assert!(
        said.stdout.starts_with("### What this change does to 2 messages\n"),
        "{}",
        said.stdout
    );
    assert_eq!(said.stderr, "");
    assert!(!firm.path("home").exists() && !firm.path(".lexhold").exists());
    // Only a home knows what is active in it.
    diff("active", &[])
        .ended(3)
        .said("`active` is neither a path nor a bundle");
    firm.write("sample.ndjson", "{}\n");
    diff("before", &[])
        .ended(4)
        .said("the messages could not be taken in whole");
}
