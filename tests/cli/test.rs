//! `test`: what documents say of themselves, and case files.

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
        &[serde_json::json!({"id": "1", "sender": "cyd", "sent_at": "2024-01-01T00:00:00Z", "text": "see you"})],
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
