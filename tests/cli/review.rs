//! The review of alerts as a team of a broker lives it: who may, who may not, what is on record, what was forgotten.

use serde_json::{Value, json};

use crate::support::{Firm, Ran, message};

const DIRECTORY: &str = r#"lexhold: 1
directory: staff
domains: [firm.example]
people:
  - { id: ann, handles: { slack: ann }, groups: [trading], desk: rates, supervisor: dan }
  - { id: bob, handles: { slack: bob }, groups: [trading], desk: rates }
  - { id: dan, handles: { slack: dan }, groups: [trading], desk: rates }
  - { id: ria.m, handles: { slack: ria }, supervisor: dan }
  - { id: rob, handles: { slack: rob } }
  - { id: sue, handles: { slack: sue } }
channels:
  - { id: rates, platform: slack, approved: true }
"#;

const OPERATORS: &str = r#"lexhold: 1
operators: team
people:
  - { id: ria, person: ria.m, roles: [reviewer] }
  - { id: rob, roles: [reviewer] }
  - { id: bob, roles: [reviewer] }
  - { id: sue, roles: [supervisor] }
  - { id: out, person: none, roles: [reviewer] }
  - { id: lost, roles: [reviewer] }
  - { id: rex, person: none, roles: [records] }
  - { id: rita, person: none, roles: [approver] }
"#;

/// The day after everything was raised, a Friday; what is high is due when Monday has ended.
const IN_TIME: &str = "2026-01-02";
const TOO_LATE: &str = "2026-01-06";

/// Two alerts: `c1`, between Ann and Bob, and `c2`, between Ann and Dan, whom Ria reports to.
fn firm() -> Firm {
    let firm = Firm::new();
    firm.write("directory.yaml", DIRECTORY);
    let mut to_dan = message("m2", "2025-12-30T10:00:00Z", "switch to telegram");
    to_dan["conversation"] = json!("c2");
    to_dan["recipients"] = json!(["dan"]);
    firm.messages(
        "in.ndjson",
        &[message("m1", "2025-12-30T09:00:00Z", "move to signal"), to_dan],
    );
    firm.run(&["in.ndjson"]).ended(0);
    firm.write("operators.yaml", OPERATORS);
    firm
}

/// A call by an operator, judged by a day.
fn call(firm: &Firm, who: &str, as_of: &str, arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    all.extend(["--as", who, "--as-of", as_of]);
    firm.call(&all)
}

fn alerts(firm: &Firm, as_of: &str) -> Vec<Value> {
    call(firm, "sue", as_of, &["report", "alerts", "--format", "ndjson"])
        .ended(0)
        .rows()
}

fn alert_in(firm: &Firm, conversation: &str, as_of: &str) -> Value {
    let found = alerts(firm, as_of)
        .into_iter()
        .find(|alert| alert["conversation"] == conversation);
    found.unwrap_or_else(|| panic!("no alert in {conversation}"))
}

fn id_of(firm: &Firm, conversation: &str) -> String {
    alert_in(firm, conversation, IN_TIME)["alert_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn state(firm: &Firm, conversation: &str, as_of: &str) -> (String, Option<String>) {
    let alert = alert_in(firm, conversation, as_of);
    (
        alert["state"].as_str().unwrap().to_owned(),
        alert["state_reason"].as_str().map(str::to_owned),
    )
}

fn reviews(firm: &Firm) -> Vec<Value> {
    call(firm, "sue", IN_TIME, &["report", "reviews", "--format", "ndjson"])
        .ended(0)
        .rows()
}

fn close<'a>(id: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec![
        "alerts",
        "close",
        id,
        "--decision",
        "no-issue",
        "--reason",
        "an old joke",
    ];
    all.extend(more);
    all
}

/// A later run, under governance.
fn run_more(firm: &Firm, name: &str, messages: &[Value]) {
    firm.messages(name, messages);
    firm.run(&[name, "--as", "rex", "--confirmed-by", "rita"]).ended(0);
}

/// This year, for documents whose days are held against the clock.
fn this_year() -> (String, String) {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let before = today.checked_sub(jiff::ToSpan::days(10)).unwrap();
    let after = today.checked_add(jiff::ToSpan::days(10)).unwrap();
    (before.to_string(), after.to_string())
}

#[test]
fn a5_an_alert_goes_its_way_and_every_step_is_on_record() {
    let firm = firm();
    let id = id_of(&firm, "c1");
    assert_eq!(state(&firm, "c1", IN_TIME), ("open".into(), None));
    assert_eq!(alert_in(&firm, "c1", IN_TIME)["due_at"], "2026-01-06T00:00:00Z");
    let short = &id[..8];
    let assign = ["alerts", "assign", short, "--to", "rob"];
    call(&firm, "sue", IN_TIME, &assign).ended(0);
    call(&firm, "sue", IN_TIME, &assign).ended(0);
    assert_eq!(reviews(&firm).len(), 1, "the same again is not recorded again");
    assert_eq!(alert_in(&firm, "c1", IN_TIME)["assignee"], "rob");
    call(
        &firm,
        "rob",
        IN_TIME,
        &["alerts", "escalate", &id, "--to", "sue", "--reason", "look at this"],
    )
    .ended(0);
    assert_eq!(state(&firm, "c1", IN_TIME).0, "escalated");
    call(&firm, "sue", IN_TIME, &close(&id, &[])).ended(0);
    assert_eq!(
        state(&firm, "c1", TOO_LATE),
        ("closed".into(), None),
        "and never overdue"
    );
    call(&firm, "rob", IN_TIME, &assign).ended(5).said("reopen it first");
    call(
        &firm,
        "rob",
        IN_TIME,
        &["alerts", "reopen", &id, "--reason", "new facts"],
    )
    .ended(0);
    assert_eq!(state(&firm, "c1", IN_TIME).0, "open");
    let rows = reviews(&firm);
    let actions: Vec<_> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["assign", "escalate", "close", "reopen"]);
    assert_eq!(rows[1]["escalated_to"], "sue");
    let closing = &rows[2];
    assert_eq!(
        [
            &closing["reviewer"],
            &closing["message_ids"],
            &closing["decision"],
            &closing["reason"],
            &closing["due_at"]
        ],
        [
            &json!("sue"),
            &json!(["slack/c1/m1"]),
            &json!("no-issue"),
            &json!("an old joke"),
            &json!("2026-01-06T00:00:00Z")
        ]
    );
    assert!(closing["reviewed_at"].is_string(), "A11: reviewer, item, date, action");
    firm.call(&["verify"]).ended(0);
    let before = firm.fingerprint(lexhold_catalog::Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(lexhold_catalog::Fingerprint::Everything), before);
}

#[test]
fn a8_nobody_reviews_himself_or_those_above() {
    let firm = firm();
    let (mine, superior) = (id_of(&firm, "c1"), id_of(&firm, "c2"));
    call(&firm, "bob", IN_TIME, &close(&mine, &[]))
        .ended(5)
        .said("`bob` took part in slack/c1/m1");
    call(&firm, "ria", IN_TIME, &close(&superior, &[]))
        .ended(5)
        .said("reports to `dan`");
    call(&firm, "lost", IN_TIME, &close(&mine, &[]))
        .ended(5)
        .said("person: ID");
    call(&firm, "rex", IN_TIME, &close(&mine, &[]))
        .ended(5)
        .said("no policy allows `close_alert`");
    call(&firm, "sue", IN_TIME, &["alerts", "assign", &mine, "--to", "bob"])
        .ended(5)
        .said("took part");
    call(&firm, "sue", IN_TIME, &["alerts", "assign", &mine, "--to", "nobody"]).ended(2);
    call(&firm, "ria", IN_TIME, &close(&mine, &[&superior])).ended(5);
    assert_eq!(reviews(&firm), Vec::<Value>::new(), "all or nothing");
    call(
        &firm,
        "bob",
        IN_TIME,
        &["alerts", "escalate", &mine, "--to", "sue", "--reason", "this is mine"],
    )
    .ended(0);
    call(&firm, "ria", IN_TIME, &close(&mine, &[])).ended(0);
    call(&firm, "out", IN_TIME, &close(&superior, &[])).ended(0);
}

#[test]
fn a8_an_exception_is_a_document_and_stays_on_record() {
    let firm = firm();
    let id = id_of(&firm, "c2");
    let (begins, ends) = this_year();
    let exception = format!(
        "lexhold: 1\nexception: small-office\nreviewer: ria.m\nof: [dan]\nreason: Nobody else speaks the language\napproved_by: sue\nbegins: {begins}\nends: {ends}\n"
    );
    firm.write(
        "policies/exceptions/small-office.yaml",
        exception.replace(&ends, &begins),
    );
    call(&firm, "ria", IN_TIME, &close(&id, &[]))
        .ended(5)
        .said("reports to `dan`");
    firm.write("policies/exceptions/small-office.yaml", exception.replace("sue", "ria"));
    call(&firm, "ria", IN_TIME, &close(&id, &[]))
        .ended(5)
        .said("reports to `dan`");
    firm.write("policies/exceptions/small-office.yaml", &exception);
    call(&firm, "ria", IN_TIME, &close(&id, &[])).ended(0);
    assert_eq!(reviews(&firm)[0]["exceptions"], json!(["small-office"]));
    run_more(
        &firm,
        "again.ndjson",
        &[message("m9", "2025-12-31T09:00:00Z", "see you")],
    );
    firm.call(&["check"]).ended(0);
}

#[test]
fn a10_who_acts_for_another_needs_a_document_and_both_are_named() {
    let firm = firm();
    let id = id_of(&firm, "c1");
    let for_sue = close(&id, &["--on-behalf-of", "sue"]);
    call(&firm, "rob", IN_TIME, &for_sue)
        .ended(5)
        .said("no delegation in force");
    let (begins, ends) = this_year();
    let text = format!(
        "lexhold: 1\ndelegation: cover\nfrom: sue\nto: rob\nactions: [close_alert]\nbegins: {begins}\nends: {ends}\nreason: Holiday\n"
    );
    firm.write("policies/delegations/cover.yaml", text);
    let escalate = [
        "alerts",
        "escalate",
        &id,
        "--to",
        "ria",
        "--reason",
        "x",
        "--on-behalf-of",
        "sue",
    ];
    call(&firm, "rob", IN_TIME, &escalate)
        .ended(5)
        .said("no delegation in force");
    call(&firm, "rob", IN_TIME, &for_sue).ended(0);
    let row = &reviews(&firm)[0];
    assert_eq!(
        (&row["reviewer"], &row["on_behalf_of"], &row["delegation"]),
        (&json!("rob"), &json!("sue"), &json!("cover"))
    );
}

#[test]
fn a3_a_message_that_joins_a_closed_alert_opens_it_again() {
    let firm = firm();
    let id = id_of(&firm, "c1");
    call(&firm, "rob", IN_TIME, &close(&id, &[])).ended(0);
    run_more(
        &firm,
        "other.ndjson",
        &[message("m3", "2025-12-30T11:00:00Z", "nothing of the kind")],
    );
    assert_eq!(state(&firm, "c1", IN_TIME).0, "closed");
    run_more(
        &firm,
        "late.ndjson",
        &[message("m4", "2025-12-30T12:00:00Z", "move to signal")],
    );
    assert_eq!(
        state(&firm, "c1", IN_TIME),
        ("open".into(), Some("late message".into()))
    );
    call(&firm, "rob", IN_TIME, &close(&id, &[])).ended(0);
    assert_eq!(state(&firm, "c1", IN_TIME).0, "closed");
    assert_eq!(reviews(&firm)[1]["message_ids"], json!(["slack/c1/m1", "slack/c1/m4"]));
}

#[test]
fn a9_overdue_alerts_are_escalated_listed_first_and_counted() {
    let firm = firm();
    let id = id_of(&firm, "c1");
    call(&firm, "sue", IN_TIME, &["alerts", "assign", &id, "--to", "rob"]).ended(0);
    call(&firm, "out", IN_TIME, &close(&id_of(&firm, "c2"), &[])).ended(0);
    assert_eq!(state(&firm, "c1", "2026-01-05T23:59:59Z"), ("assigned".into(), None));
    assert_eq!(
        state(&firm, "c1", TOO_LATE),
        ("escalated".into(), Some("overdue".into()))
    );
    let counts = call(&firm, "sue", TOO_LATE, &["status", "--json"]).ended(0).json();
    assert_eq!(
        [&counts["alerts"], &counts["unreviewed"], &counts["overdue"]],
        [&json!(2), &json!(1), &json!(1)]
    );
    let list = |as_of, more: &[&str]| {
        let mut all = vec!["alerts", "--format", "ndjson"];
        all.extend(more);
        call(&firm, "sue", as_of, &all).ended(0).rows().len()
    };
    assert_eq!(
        [
            list(TOO_LATE, &["--due", "overdue"]),
            list(IN_TIME, &["--due", "overdue"])
        ],
        [1, 0]
    );
    assert_eq!(
        [
            list(IN_TIME, &[]),
            list(IN_TIME, &["--all"]),
            list(IN_TIME, &["--state", "closed"])
        ],
        [1, 2, 1]
    );
    assert_eq!(
        [
            list(IN_TIME, &["--assignee", "rob"]),
            list(IN_TIME, &["--assignee", "none"])
        ],
        [1, 0]
    );
    assert_eq!(
        [
            list(IN_TIME, &["--sender", "ann", "--all"]),
            list(IN_TIME, &["--sender", "bob", "--all"])
        ],
        [2, 0]
    );
    assert_eq!(
        [
            list(IN_TIME, &["--rule", "off-channel", "--all"]),
            list(IN_TIME, &["--rule", "off-channel.phone", "--all"])
        ],
        [2, 0]
    );
    assert_eq!(
        [
            list(IN_TIME, &["--since", "2025-12-30", "--until", "2025-12-30", "--all"]),
            list(IN_TIME, &["--since", "2025-12-31", "--all"])
        ],
        [2, 0]
    );
}

#[test]
fn a9_due_dates_can_be_set() {
    let firm = firm();
    firm.write("lexhold.yaml", "review: { due: { high: P1D } }\n");
    assert_eq!(alert_in(&firm, "c1", IN_TIME)["due_at"], "2026-01-03T00:00:00Z");
    firm.write("lexhold.yaml", "review: { due: { high: none } }\n");
    assert_eq!(alert_in(&firm, "c1", IN_TIME)["due_at"], Value::Null);
    firm.write("lexhold.yaml", "review: { due: { high: P1M } }\n");
    call(&firm, "sue", IN_TIME, &["report", "alerts"])
        .ended(3)
        .said("review.due.high");
}

#[test]
fn a4_setting_aside_takes_two_and_ends() {
    let firm = firm();
    let id = id_of(&firm, "c1");
    let soon = jiff::Timestamp::now()
        .checked_add(jiff::ToSpan::hours(24 * 30))
        .unwrap()
        .to_string();
    let far = jiff::Timestamp::now()
        .checked_add(jiff::ToSpan::hours(24 * 400))
        .unwrap()
        .to_string();
    let suppress = |who: &str, expires: &str, by: &str| {
        call(
            &firm,
            who,
            IN_TIME,
            &[
                "alerts",
                "suppress",
                &id,
                "--expires",
                expires,
                "--approved-by",
                by,
                "--reason",
                "a robot's words",
            ],
        )
    };
    suppress("rob", &soon, "rob").ended(5).said("suppression-needs-two");
    suppress("rob", &soon, "out").ended(5);
    suppress("rob", &far, "sue").ended(5).said("within a year");
    suppress("rob", "2020-01-01", "sue").ended(2);
    suppress("rob", &soon, "sue").ended(0);
    assert_eq!(
        alert_in(&firm, "c1", TOO_LATE)["state"],
        "open",
        "set aside, it is not overdue"
    );
    let counts = call(&firm, "sue", TOO_LATE, &["status", "--json"]).ended(0).json();
    assert_eq!([&counts["unreviewed"], &counts["suppressed"]], [&json!(1), &json!(1)]);
    let list = call(&firm, "sue", IN_TIME, &["alerts", "--suppressed", "--format", "ndjson"])
        .ended(0)
        .rows();
    assert_eq!(list.len(), 1);
    suppress("rob", &soon, "sue").ended(0);
    call(
        &firm,
        "rob",
        IN_TIME,
        &["alerts", "unsuppress", &id, "--reason", "it is no robot"],
    )
    .ended(0);
    assert_eq!(state(&firm, "c1", TOO_LATE).0, "escalated");
    let rows = reviews(&firm);
    assert_eq!(
        (rows.len(), &rows[0]["approved_by"], &rows[0]["reason"]),
        (2, &json!("sue"), &json!("a robot's words"))
    );
    firm.govern_alone();
    suppress("solo", &soon, "sue")
        .ended(5)
        .said("there is no second person");
}

#[test]
fn a11_an_issue_needs_an_action_and_looking_is_no_review() {
    let firm = firm();
    let id = id_of(&firm, "c1");
    call(
        &firm,
        "rob",
        IN_TIME,
        &["alerts", "close", &id, "--decision", "breach", "--reason", "he did"],
    )
    .ended(2);
    call(
        &firm,
        "rob",
        IN_TIME,
        &[
            "alerts",
            "close",
            &id,
            "--decision",
            "breach",
            "--reason",
            "he did",
            "--action-taken",
            "reported",
        ],
    )
    .ended(0);
    assert_eq!(reviews(&firm)[0]["significant"], json!(true));
    call(&firm, "rob", IN_TIME, &["explain", "--alert", &id_of(&firm, "c2")]).ended(0);
    assert_eq!(reviews(&firm).len(), 1);
    assert_eq!(state(&firm, "c2", IN_TIME).0, "open");
}

#[test]
fn many_at_once_by_filter_and_only_as_many_as_expected() {
    let firm = firm();
    let all = [
        "alerts",
        "close",
        "--all-matching",
        "--sender",
        "ann",
        "--decision",
        "false-positive",
        "--reason",
        "test data",
    ];
    call(&firm, "rob", IN_TIME, &all)
        .ended(5)
        .said("2 alerts match")
        .said("--count 2");
    let with = |count: &str| {
        let mut all = all.to_vec();
        all.extend(["--count", count]);
        call(&firm, "rob", IN_TIME, &all)
    };
    with("3").ended(5).said("2 alerts match, not 3");
    assert_eq!(reviews(&firm), Vec::<Value>::new());
    with("2").ended(0);
    assert_eq!(reviews(&firm).len(), 2);
    call(
        &firm,
        "rob",
        IN_TIME,
        &[
            "alerts",
            "reopen",
            "--all-matching",
            "--count",
            "2",
            "--reason",
            "no test data",
        ],
    )
    .ended(0);
    assert_eq!(state(&firm, "c2", IN_TIME).0, "open");
}

#[test]
fn a_wrong_id_is_said_to_be_wrong() {
    let firm = firm();
    call(&firm, "rob", IN_TIME, &close("xyz", &[]))
        .ended(2)
        .said("no alert's id");
    call(&firm, "rob", IN_TIME, &close("0000000000", &[]))
        .ended(3)
        .said("no alert");
    call(&firm, "rob", IN_TIME, &["alerts", "--since", "yesterday"])
        .ended(2)
        .said("--since");
}

#[test]
fn a11_supervision_says_what_nobody_did() {
    let firm = firm();
    let report = || {
        call(&firm, "sue", TOO_LATE, &["report", "supervision", "--format", "ndjson"])
            .ended(0)
            .rows()
    };
    let rows = report();
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    let named = ["month", "person", "desk", "channel", "supervisor"].map(|name| row[name].clone());
    assert_eq!(named, ["2025-12", "ann", "rates", "rates", "dan"].map(Value::from));
    let counts = |row: &Value| {
        ["messages", "hits", "alerts", "reviewed", "overdue", "unreviewed"].map(|name| row[name].as_u64().unwrap())
    };
    assert_eq!(counts(row), [2, 2, 2, 0, 2, 2]);
    assert_eq!(
        (&row["none_reviewed"], &row["nobody_designated"]),
        (&json!(true), &json!(false))
    );
    call(&firm, "rob", IN_TIME, &close(&id_of(&firm, "c1"), &[])).ended(0);
    call(
        &firm,
        "out",
        IN_TIME,
        &[
            "review",
            "message",
            "slack/c2/m2",
            "--decision",
            "no-issue",
            "--reason",
            "sampled",
            "--sample",
            "q4",
        ],
    )
    .ended(0);
    call(
        &firm,
        "ria",
        IN_TIME,
        &[
            "review",
            "message",
            "slack/c2/m2",
            "--decision",
            "no-issue",
            "--reason",
            "sampled",
        ],
    )
    .ended(5);
    call(
        &firm,
        "rob",
        IN_TIME,
        &["review", "attest", "--month", "2025-12", "--reason", "done"],
    )
    .ended(5);
    call(
        &firm,
        "sue",
        IN_TIME,
        &["review", "attest", "--month", "2999-12", "--reason", "done"],
    )
    .ended(5)
    .said("not over yet");
    call(
        &firm,
        "sue",
        IN_TIME,
        &["review", "attest", "--month", "2025-13", "--reason", "done"],
    )
    .ended(2);
    for _ in 0..2 {
        call(
            &firm,
            "sue",
            IN_TIME,
            &[
                "review", "attest", "--month", "2025-12", "--desk", "rates", "--reason", "done",
            ],
        )
        .ended(0);
    }
    let row = report().remove(0);
    assert_eq!(counts(&row), [2, 2, 2, 2, 1, 1]);
    assert_eq!(
        (&row["attested_by"], &row["none_reviewed"]),
        (&json!(["sue"]), &json!(false))
    );
    assert_eq!(reviews(&firm).iter().filter(|row| row["action"] == "attest").count(), 1);
}

#[test]
fn alerts_are_reviewed_while_a_run_is_at_work() {
    let firm = Firm::new();
    let mut child = crate::processes::long_run(&firm);
    let listed = firm.call(&["alerts", "--format", "ndjson"]).ended(0).rows();
    let mut closed = 0;
    for alert in &listed {
        let id = alert["alert_id"].as_str().unwrap();
        firm.call(&close(id, &["--as", "zoe"])).ended(0);
        closed += 1;
        let state = firm
            .call(&["alerts", "--state", "closed", "--format", "ndjson"])
            .ended(0)
            .rows();
        assert_eq!(state.len(), closed, "seen at once, also during the run");
        if child.try_wait().unwrap().is_some() {
            break;
        }
    }
    assert!(child.wait().unwrap().success());
    assert!(closed > 0);
    firm.call(&["verify"]).ended(0);
    let rows = firm.call(&["report", "reviews", "--format", "ndjson"]).ended(0).rows();
    assert_eq!(rows.len(), closed);
}

#[test]
fn of_two_who_decide_at_once_one_does() {
    let firm = firm();
    let id = id_of(&firm, "c1");
    let spawn = |who: &str, reason: &str| {
        firm.command(&[
            "alerts",
            "close",
            &id,
            "--decision",
            "no-issue",
            "--reason",
            reason,
            "--as",
            who,
        ])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap()
    };
    let mut codes: Vec<_> = [spawn("rob", "one"), spawn("out", "other")]
        .into_iter()
        .map(|mut child| child.wait().unwrap().code())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(5)]);
    assert_eq!(reviews(&firm).len(), 1);
}

#[test]
fn killed_at_odd_times_and_called_again_it_is_decided_once() {
    let firm = firm();
    let id = id_of(&firm, "c1");
    for wait in [5, 20, 40, 60, 80, 120, 200] {
        let mut child = firm
            .command(&close(&id, &["--as", "rob"]))
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let _ = child.kill();
        child.wait().unwrap();
    }
    call(&firm, "rob", IN_TIME, &close(&id, &[])).ended(0);
    assert_eq!(reviews(&firm).len(), 1);
    firm.call(&["verify"]).ended(0);
}

#[test]
fn a7_an_alert_is_found_again_in_the_archive_or_it_is_said_what_changed() {
    let firm = firm();
    let id = id_of(&firm, "c1");
    let explain = |more: &[&str]| {
        let mut all = vec!["explain", "--alert", &id];
        all.extend(more);
        call(&firm, "rob", TOO_LATE, &all)
    };
    let json = explain(&["--json"]).ended(0).json();
    assert_eq!(
        (&json["now"]["rule"], &json["state"], &json["state_reason"]),
        (&json!("the same"), &json!("escalated"), &json!("overdue"))
    );
    let found = &json["messages"][0];
    assert_eq!(
        (&found["text"], &found["rule_found_again"], &found["not_recorded"]),
        (&json!("unchanged"), &json!(true), &json!([]))
    );
    assert_eq!(
        found["spans"],
        json!([{"field": "text", "start": 0, "end": 14, "found_again": true, "match": null}])
    );
    assert!(found["evaluated_with"]["engine"].is_string(), "A6: {found}");
    let text = explain(&[]).ended(0).stdout;
    assert!(text.contains("found again") && !text.contains("signal"), "{text}");
    let shown = explain(&["--show-content", "match"]).ended(0).stdout;
    assert!(shown.contains("“move to signal”"), "{shown}");
    call(
        &firm,
        "rex",
        IN_TIME,
        &["explain", "--alert", &id, "--show-content", "match"],
    )
    .ended(5);
    let ruleset = firm.read("rulesets/off-channel/ruleset.yaml");
    firm.write(
        "rulesets/off-channel/ruleset.yaml",
        ruleset
            .replace("version: 1.0.0", "version: 1.1.0")
            .replace("within: 6", "within: 5"),
    );
    let json = explain(&["--json"]).ended(0).json();
    assert_eq!(
        (&json["now"]["rule"], &json["now"]["version"]),
        (&json!("changed"), &json!("1.1.0"))
    );
    assert_eq!(
        json["messages"][0]["spans"][0]["found_again"],
        json!(true),
        "by the rule as it was"
    );
    firm.write(
        "rulesets/off-channel/ruleset.yaml",
        ruleset.replace("id: venue", "id: place"),
    );
    assert_eq!(explain(&["--json"]).ended(0).json()["now"]["rule"], json!("gone"));
}

#[test]
fn a2_an_echo_of_what_was_reviewed_changes_nothing() {
    let firm = firm();
    let id = id_of(&firm, "c1");
    call(&firm, "rob", IN_TIME, &close(&id, &[])).ended(0);
    let mut reply = message(
        "m5",
        "2025-12-31T09:00:00Z",
        "what do you mean by that?\n\n> move to signal",
    );
    reply["sender"] = json!("bob");
    reply["recipients"] = json!(["ann"]);
    run_more(&firm, "echo.ndjson", &[reply]);
    let alert = alert_in(&firm, "c1", IN_TIME);
    assert_eq!(
        (&alert["message_ids"], &alert["echoes"], &alert["state"]),
        (
            &json!(["slack/c1/m1", "slack/c1/m5"]),
            &json!(["slack/c1/m5"]),
            &json!("closed")
        )
    );
    call(
        &firm,
        "rob",
        IN_TIME,
        &["alerts", "reopen", &id, "--reason", "look again"],
    )
    .ended(0);
    call(&firm, "out", IN_TIME, &close(&id, &[])).ended(0);
    assert_eq!(reviews(&firm).len(), 3);
}
