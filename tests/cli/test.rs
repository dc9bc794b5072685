//! `test`: what documents say of themselves, and case files.

use serde_json::json;

use crate::support::Firm;

const TESTS: &str = r#"tests:
  - name: three years from the day sent
    directory: { people: [{ id: ann, groups: [trading] }] }
    message: { sender: ann, sent_at: "2019-01-01T04:30:00Z", text: px on the 10y }
    expect:
      retention: { schedule: desk.chats, retain_until: "2021-12-31", eligible_from: "2022-01-01T05:00:00Z" }
"#;

/// The firm with a test in its retention document.
fn firm() -> Firm {
    let firm = Firm::new();
    let desk = firm.read("policies/retention/desk.yaml");
    firm.write("policies/retention/desk.yaml", desk + TESTS);
    firm
}

fn replace(firm: &Firm, file: &str, from: &str, to: &str) {
    let text = firm.read(file);
    assert!(text.contains(from), "{file} has no `{from}`");
    firm.write(file, text.replace(from, to));
}

#[test]
fn all_is_well_in_one_line() {
    let firm = firm();
    let ran = firm.call(&["test"]).ended(0);
    assert_eq!(ran.stdout, "");
    assert_eq!(ran.stderr, "test: 9 passed in 2 files\n");
    let all = firm.call(&["test", "-v", "--jobs", "1"]).ended(0);
    assert_eq!(all.stdout.lines().count(), 9);
    assert!(
        all.stdout
            .starts_with("pass  policies/retention/desk.yaml:22:5: three years from the day sent\n"),
        "{}",
        all.stdout
    );
    assert_eq!(all.stdout, firm.call(&["test", "-v", "--jobs", "2"]).ended(0).stdout);
    let one = firm.call(&["test", "--filter", "three years", "-v"]).ended(0);
    assert_eq!(one.stdout.lines().count(), 1);
    assert_eq!(one.stderr, "test: 1 passed in 1 file\n");
    let alone = firm.call(&["test", "policies/retention/desk.yaml"]).ended(0);
    assert_eq!(alone.stderr, "test: 1 passed in 1 file\n");
}

#[test]
fn a_failure_shows_what_was_expected_and_what_came_at_its_place() {
    let firm = firm();
    replace(
        &firm,
        "policies/retention/desk.yaml",
        "retain_until: \"2021-12-31\"",
        "retain_until: \"2022-12-31\"",
    );
    replace(
        &firm,
        "rulesets/off-channel/ruleset.yaml",
        "\"call me later\"",
        "\"call me on 07700 900123\"",
    );
    let ran = firm.call(&["test"]).ended(1);
    assert_eq!(
        ran.stdout,
        "fail  policies/retention/desk.yaml:22:5: three years from the day sent\n      \
         policies/retention/desk.yaml:26:56: retain_until\n        expected  2022-12-31\n        found     2021-12-31\n\
         fail  rulesets/off-channel/ruleset.yaml:26:14: off-channel.phone misses call me on 07700 900123\n      \
         rulesets/off-channel/ruleset.yaml:26:14: misses\n        expected  no hit\n        found     a hit\n"
    );
    assert_eq!(ran.stderr, "test: 7 passed, 2 failed in 2 files\n");
    let quiet = firm.call(&["test", "--quiet"]).ended(1);
    assert_eq!((quiet.stdout, quiet.stderr), (ran.stdout, String::new()));
}

#[test]
fn nothing_to_test_is_not_well() {
    let firm = Firm::empty();
    firm.call(&["test"])
        .ended(3)
        .said("no tests found")
        .said("help: write `tests:`");
    let firm = self::firm();
    firm.call(&["test", "policies/supervision"])
        .ended(3)
        .said("no tests found");
    firm.call(&["test", "--filter", "nonsense"])
        .ended(3)
        .said("no test has `nonsense` in its name or file");
    firm.call(&["test", "polices"])
        .ended(3)
        .said("cannot read polices: not found")
        .said("did you mean `policies`?");
    firm.write("cases/none.yaml", "lexhold: 1\ncases: none\nlist: []\n");
    firm.call(&["test", "cases"])
        .ended(3)
        .said("error[LX0701]: a case file without cases")
        .said("cases/none.yaml:2:8");
}

#[test]
fn what_there_is_not_is_named_at_its_place() {
    let firm = firm();
    replace(
        &firm,
        "policies/retention/desk.yaml",
        "schedule: desk.chats",
        "schedule: desk.chat",
    );
    let ran = firm.call(&["test"]).ended(3);
    let said = &ran.stderr;
    assert!(
        said.contains("error[LX0702]: unknown schedule in expectation: `desk.chat`"),
        "{said}"
    );
    assert!(said.contains("policies/retention/desk.yaml:26:30"), "{said}");
    assert!(said.contains("did you mean `desk.chats`?"), "{said}");
    assert!(said.ends_with("test: 8 passed, 1 in error in 2 files\n"), "{said}");
    firm.call(&["explain", "LX0702"]).ended(0);
    // A rule that cannot be loaded is never nothing found.
    replace(
        &firm,
        "rulesets/off-channel/ruleset.yaml",
        "severity: low",
        "severity: lo",
    );
    firm.call(&["test"]).ended(3).said("LX0106");
}

#[test]
fn the_form_of_tests_is_checked_without_running_them() {
    let firm = firm();
    replace(&firm, "policies/retention/desk.yaml", "    message: {", "    mesage: {");
    firm.call(&["check"])
        .ended(3)
        .said("did you mean `message`?")
        .said("policies/retention/desk.yaml:24:5");
    firm.call(&["test"]).ended(3).said("did you mean `message`?");
}

const CASES: &str = r#"lexhold: 1
cases: moving-away
subject: [../rulesets/off-channel/ruleset.yaml, ../policies/retention/desk.yaml, ../holds/orion.yaml]
as_of: 2026-06-30T00:00:00Z
base: { platform: slack, conversation: c1, sender: ann, directory: ../directory.yaml }
list:
  - name: an invitation inside a quoted reply is still caught
    message: { sent_at: 2024-02-29T15:00:00-05:00, text: "> let's «move this to WhatsApp» next week" }
    expect:
      alerts: [{ rule: off-channel.venue, severity: high }]
      retention: { schedule: desk.flagged, retain_until: 2030-12-31, state: held }
      holds: [orion]
  - name: small talk
    message: { file: fixtures/talk.ndjson }
    expect: { alerts: [], holds: [] }
  - { name: known gap, todo: LEX-91, message: { text: text me on my ce11 }, expect: { alerts: [{ rule: off-channel.venue }] } }
"#;

/// The firm with a case file, a hold and a fixture.
fn firm_with_cases() -> Firm {
    let firm = Firm::new();
    firm.write("tests/cases.yaml", CASES);
    firm.write(
        "holds/orion.yaml",
        "lexhold: 1\nhold: orion\nmatter: Orion\nzone: UTC\ncustodians: [ann]\n",
    );
    firm.messages(
        "tests/fixtures/talk.ndjson",
        &[json!({"id": "1", "sender": "cyd", "sent_at": "2024-01-01T00:00:00Z", "text": "see you"})],
    );
    firm
}

#[test]
fn a_case_file_names_its_subject_a_directory_holds_and_fixtures() {
    let firm = firm_with_cases();
    firm.call(&["test", "tests"])
        .ended(0)
        .said("test: 2 passed, 1 todo in 1 file\n");
    let shown = firm.call(&["test", "tests", "-v"]).ended(0).stdout;
    assert!(
        shown.contains("todo  tests/cases.yaml:16:5: known gap (LEX-91)\n"),
        "{shown}"
    );
    replace(&firm, "tests/cases.yaml", "let's «move", "«let's» move");
    replace(&firm, "tests/cases.yaml", "WhatsApp»", "WhatsApp");
    replace(&firm, "tests/cases.yaml", "ce11", "cell");
    let shown = firm.call(&["test", "tests"]).ended(1).said("1 passed, 2 failed").stdout;
    assert!(
        shown.contains("expected  a hit on «let's»\n        found     «move this to WhatsApp»\n"),
        "{shown}"
    );
}

#[test]
fn a_fixture_is_an_export_of_any_kind() {
    let firm = firm_with_cases();
    let mail = |text: &str| {
        let head = "From: ann@firm.example\r\nTo: bob@firm.example\r\nMessage-ID: <1@firm.example>\r\n";
        format!("{head}Date: Mon, 04 Mar 2024 10:00:00 +0000\r\nSubject: lunch\r\n\r\n{text}\r\n")
    };
    replace(&firm, "tests/cases.yaml", "fixtures/talk.ndjson", "fixtures/talk.eml");
    replace(
        &firm,
        "tests/cases.yaml",
        "holds: [] }",
        "retention: { state: ungoverned } }",
    );
    firm.write("tests/fixtures/talk.eml", mail("see you"));
    firm.call(&["test", "tests"])
        .ended(0)
        .said("test: 2 passed, 1 todo in 1 file\n");
    firm.write("tests/fixtures/talk.eml", mail("text me on my cell"));
    let shown = firm.call(&["test", "tests"]).ended(1).stdout;
    assert!(shown.contains("off-channel.venue"), "{shown}");
    for (path, told) in [("fixtures/no.eml", "LX0704"), ("../../talk.eml", "LX0704")] {
        replace(&firm, "tests/cases.yaml", "fixtures/talk.eml", path);
        firm.call(&["test", "tests"]).ended(3).said(told);
        replace(&firm, "tests/cases.yaml", path, "fixtures/talk.eml");
    }
}

/// Every rule, alternative, exclusion, schedule and condition of one document, seen from both sides.
const SEEN: &str = r#"lexhold: 1
ruleset: talk
version: 1.0.0
owner: me@example.com
rules:
  - id: venue
    severity: high
    why: A talk moves.
    match:
      any: [{ phrase: text me }, { near: { of: [[move, take], signal], within: 4 } }]
      unless: [{ phrase: do not, within: 1, side: before }]
    hits: [text me, move to signal]
    misses: [do not text me, hello]
"#;

#[test]
fn what_no_test_has_seen_is_named_at_its_place() {
    let firm = Firm::empty();
    firm.write("rulesets/p.yaml", SEEN);
    let ran = firm.call(&["test", "--coverage", "--min-coverage", "100"]).ended(0);
    assert_eq!(ran.stdout, "");
    assert_eq!(ran.stderr, "test: 4 passed in 1 file; 5 of 5 seen (100.0 %)\n");
    // The same rule without the example that shows the second alternative, nor one that shows the exclusion.
    let less = SEEN
        .replace("move to signal]", "text me now]")
        .replace("do not text me, hello", "bye, hello");
    firm.write("rulesets/p.yaml", less);
    let ran = firm.call(&["test", "--coverage"]).ended(0);
    assert_eq!(
        ran.stdout,
        "uncovered: an alternative of talk.venue (never matched) rulesets/p.yaml:10:34\n\
         uncovered: an exclusion of talk.venue (never applied) rulesets/p.yaml:11:16\n"
    );
    firm.call(&["test", "--min-coverage", "60"]).ended(0);
    firm.call(&["test", "--min-coverage", "61"])
        .ended(1)
        .said("coverage: rulesets/p.yaml: 3 of 5 seen (60.0 %), which is below 61 %\n")
        .said("coverage: all together: 3 of 5 seen (60.0 %), which is below 61 %\n");
    firm.call(&["test", "--min-coverage", "101"]).ended(2);
    firm.call(&["test", "--coverage", "--filter", "x"]).ended(2);
}

#[test]
fn a_rule_that_is_never_quiet_is_not_covered() {
    let firm = Firm::empty();
    firm.write(
        "rulesets/p.yaml",
        SEEN.replace("[do not text me, hello]", "[text me, move to signal]"),
    );
    let ran = firm.call(&["test", "--coverage", "--min-coverage", "100"]).ended(1);
    assert!(
        ran.stdout.contains("expected  no hit\n        found     a hit\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("uncovered: talk.venue (never quiet) rulesets/p.yaml:6:9\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn conditions_schedules_and_events_are_seen_from_both_sides() {
    let firm = Firm::new();
    firm.write(
        "policies/retention/desk.yaml",
        r#"lexhold: 1
retention: desk
version: 1.0.0
zone: UTC
scope: principal in Group::"trading"
schedules:
  - id: chats
    when: |
      resource.business
      && (resource.external || resource.platform == "slack")
    retain: { for: P3Y, from: { event: account_closed, key: accounts } }
tests:
  - name: one
    directory: { people: [{ id: ann, groups: [trading] }] }
    message: { sender: ann, platform: slack, sent_at: "2024-01-01T00:00:00Z", accounts: [A] }
    events: [{ event: account_closed, key: A, date: 2024-05-01 }]
    expect: { retention: { schedule: desk.chats, retain_until: "2027-05-01" } }
"#,
    );
    let ran = firm.call(&["test", "policies/retention", "--coverage"]).ended(0);
    assert_eq!(
        ran.stdout,
        "uncovered: the condition of desk (never false) policies/retention/desk.yaml:5:8\n\
         uncovered: desk.chats (always chosen) policies/retention/desk.yaml:7:9\n\
         uncovered: desk.chats: resource.business (never false) policies/retention/desk.yaml:9:7\n\
         uncovered: the condition of desk.chats (never false) policies/retention/desk.yaml:9:7\n\
         uncovered: desk.chats: resource.external (never true) policies/retention/desk.yaml:10:11\n\
         uncovered: desk.chats: resource.platform == \"slack\" (never false) policies/retention/desk.yaml:10:32\n\
         uncovered: desk.chats: account_closed (never awaited) policies/retention/desk.yaml:11:31\n"
    );
    assert!(ran.stderr.ends_with("; 7 of 14 seen (50.0 %)\n"), "{}", ran.stderr);
    let again = firm
        .call(&["test", "policies/retention", "--coverage", "--jobs", "1"])
        .ended(0);
    assert_eq!(again.stdout, ran.stdout);
}

#[test]
fn the_forms_say_the_same_and_end_alike() {
    let firm = firm_with_cases();
    replace(
        &firm,
        "tests/cases.yaml",
        "retain_until: 2030-12-31",
        "retain_until: 2031-12-31",
    );
    let ran = firm.call(&[
        "test",
        "tests",
        "--format",
        "json,junit,tap,lcov",
        "--output",
        "junit=out.xml",
        "--output",
        "tap=out.tap",
        "--output",
        "lcov=out.info",
    ]);
    let ran = ran.ended(1).said("1 passed, 1 failed, 1 todo");
    let report = ran.json();
    assert_eq!(report["schema"], "lexhold/test/1");
    assert_eq!(
        json!([report["ok"], report["failed"], report["todo"]]),
        json!([false, 1, 1])
    );
    let wrong = &report["tests"][0]["mismatches"][0];
    assert_eq!(
        json!([wrong["expected"], wrong["found"]]),
        json!(["2031-12-31", "2030-12-31"])
    );
    assert_eq!(wrong["span"]["start"]["line"], 11);
    let of = &report["coverage"];
    assert!(of["total"]["seen"].as_u64() < of["total"]["of"].as_u64(), "{of:#}");
    let junit = firm.read("out.xml");
    assert!(
        junit.contains(r#"tests="3" failures="1" errors="0" skipped="1""#),
        "{junit}"
    );
    assert!(
        junit.contains(r#"<testcase name="known gap" classname="tests/cases.yaml""#),
        "{junit}"
    );
    let tap = firm.read("out.tap");
    assert!(
        tap.starts_with("TAP version 14\n1..3\nnot ok 1 - tests/cases.yaml:7:5: an invitation"),
        "{tap}"
    );
    assert!(
        tap.contains("\nok 2 - ") && tap.contains("\nnot ok 3 - tests/cases.yaml:16:5: known gap # TODO LEX-91\n"),
        "{tap}"
    );
    let lcov = firm.read("out.info");
    assert!(
        lcov.contains("SF:rulesets/off-channel/ruleset.yaml\n") && lcov.ends_with("end_of_record\n"),
        "{lcov}"
    );
    firm.call(&["test", "tests", "--format", "json,tap"])
        .ended(2)
        .said("several forms");
    firm.call(&["test", "tests", "--format", "tap", "--output", "tap=no/such/folder"])
        .ended(4)
        .said("cannot write");
}

#[test]
fn hostile_names_are_escaped_in_every_form() {
    let firm = firm();
    let name = r#"name: "\e[31m\u202e<script>::error::]]> # \n1..77\\""#;
    replace(
        &firm,
        "policies/retention/desk.yaml",
        "name: three years from the day sent",
        name,
    );
    replace(
        &firm,
        "policies/retention/desk.yaml",
        "retain_until: \"2021",
        "retain_until: \"\\e\\u202e<b>2021",
    );
    for format in ["text", "junit", "tap", "github", "json"] {
        let ran = firm.call(&["test", "-v", "--format", format]).ended(1);
        let shown = ran.stdout + &ran.stderr;
        let plain = |c: char| c == '\n' || (!c.is_control() && c != '\u{202e}');
        if format == "json" {
            assert!(!shown.contains('\u{1b}'), "{shown:?}");
        } else {
            assert!(shown.chars().all(plain), "{format}: {shown:?}");
            assert!(!shown.contains("\n1..77"), "{format}: {shown}");
        }
        match format {
            "junit" => assert!(
                !shown.contains("<script>") && !shown.contains("<b>") && !shown.contains("]]>"),
                "{shown}"
            ),
            "github" => assert!(
                shown.contains("::error file=") && !shown.contains("\n::error::"),
                "{shown}"
            ),
            "tap" => assert!(shown.contains(r"]]> \# \\n1..77\\"), "{shown}"),
            _ => {}
        }
    }
}

#[test]
fn the_shipped_policies_are_seen_from_both_sides() {
    let firm = Firm::empty();
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies");
    firm.call(&["test", policies, "--min-coverage", "100"])
        .ended(0)
        .said("seen (100.0 %)");
}

#[test]
fn the_shipped_rules_are_seen_from_both_sides() {
    let firm = Firm::empty();
    let rulesets = concat!(env!("CARGO_MANIFEST_DIR"), "/../rulesets");
    let report = firm
        .call(&["test", rulesets, "--coverage", "--format", "json"])
        .ended(0)
        .json();
    let unseen = report["coverage"]["uncovered"].as_array().unwrap();
    assert!(unseen.is_empty(), "{unseen:#?}");
}

#[test]
fn expectations_are_brought_up_to_date_where_they_stand() {
    let firm = firm_with_cases();
    replace(
        &firm,
        "tests/cases.yaml",
        "retain_until: 2030-12-31",
        "retain_until: 2031-12-31",
    );
    replace(
        &firm,
        "tests/cases.yaml",
        "severity: high }]",
        "severity: low }] # graver",
    );
    replace(
        &firm,
        "tests/cases.yaml",
        "alerts: [], holds: []",
        "alerts: [{ rule: off-channel.venue }], holds: []",
    );
    let ran = firm
        .call(&["test", "tests", "--update"])
        .ended(0)
        .said("-      retention: { schedule: desk.flagged, retain_until: 2031-12-31, state: held }\n")
        .said("+      retention: { schedule: desk.flagged, retain_until: 2030-12-31, state: held }\n")
        .said("update: 3 expectations changed in 1 file\n");
    assert!(
        ran.stderr.ends_with("test: 2 passed, 1 todo in 1 file\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        firm.read("tests/cases.yaml"),
        CASES.replace("severity: high }]", "severity: high }] # graver")
    );
    // What is no expectation stays as it is, and fails.
    replace(&firm, "tests/cases.yaml", "let's «move", "«let's» move");
    replace(&firm, "tests/cases.yaml", "WhatsApp»", "WhatsApp");
    let before = firm.read("tests/cases.yaml");
    firm.call(&["test", "tests", "--update"])
        .ended(1)
        .said("update: 0 expectations changed in 0 files; 1 to be changed by hand\n");
    assert_eq!(firm.read("tests/cases.yaml"), before);
}

#[test]
fn changes_that_no_test_notices_are_told_at_their_place() {
    let firm = Firm::empty();
    firm.write(
        "policies/desk.yaml",
        "lexhold: 1\nretention: desk\nversion: 1.0.0\nzone: UTC\nschedules:\n  - { id: chats, retain: { for: P3Y, from: sent } }\n\
         tests:\n  - name: one\n    message: { sender: ann, sent_at: \"2024-01-01T00:00:00Z\" }\n    expect: { retention: { \
         retain_until: 2027-01-01 } }\n",
    );
    let ran = firm.call(&["test", "--mutate", "--max-survivors", "1"]).ended(0);
    assert_eq!(
        ran.stdout,
        "survived: policies/desk.yaml:6:44: `captured` in place of `sent`\n"
    );
    assert_eq!(ran.stderr, "mutants: 3 noticed, 1 survived\ntest: 1 passed in 1 file\n");
    let json = firm
        .call(&["test", "--mutate", "--max-survivors", "0", "--format", "json"])
        .ended(1)
        .json();
    assert_eq!(json["mutants"]["survived"][0]["span"]["start"]["line"], 6);
    // What no test can show may live, for a reason, and no longer than it has to.
    let mark = "# lexhold: allow LX0705, captured as it is sent\n  - { id";
    replace(&firm, "policies/desk.yaml", "- { id", mark);
    let allowed = firm.call(&["test", "--mutate", "--max-survivors", "0", "-v"]).ended(0);
    let line = "allowed: policies/desk.yaml:7:44: `captured` in place of `sent`: captured as it is sent\n";
    assert!(allowed.stdout.ends_with(line), "{}", allowed.stdout);
    assert!(
        allowed
            .stderr
            .starts_with("mutants: 3 noticed, 0 survived, 1 allowed\n"),
        "{}",
        allowed.stderr
    );
    firm.call(&["check", "policies"]).ended(0).said("0 warnings");
    replace(
        &firm,
        "policies/desk.yaml",
        "00Z\" }\n    expect",
        "00Z\", captured_at: \"2024-02-01T00:00:00Z\" }\n    expect",
    );
    firm.call(&["test", "--mutate", "--max-survivors", "0"])
        .ended(0)
        .said("warning[LX0027]: nothing raises `LX0705` here");
    replace(&firm, "policies/desk.yaml", "2027-01-01", "2028-01-01");
    firm.call(&["test", "--mutate"])
        .ended(1)
        .said("mutants: none tried while tests fail");
}
