//! Tests that documents and case files carry, run.

use lexhold_document::Diagnostics;
use lexhold_policy::Schemas;

use super::{CaseResult, Outcome, run_documents};
use crate::testing::compiled;

const RULESET: &str = r#"lexhold: 1
ruleset: desk
version: 1.0.0
owner: me@example.com
rules:
  - id: offline
    severity: low
    why: test
    match: let us take this offline
    support: [{ name: trade, match: [trade, desk], within: 6 }]
    confidence: { high: { all: [trade] } }
    hits: [let us take this offline, let us take this offline now]
    misses: [a, b]
  - id: twice
    severity: high
    why: test
    conversation: { count: { of: offline, at_least: 2 }, by: conversation, within: PT5M }
    hits:
      - [{ at: "10:59", from: a, text: let us take this offline }, { at: "11:01", from: b, text: let us take this offline }]
      - [{ at: "10:00", from: a, text: let us take this offline }, { at: "10:05", from: a, text: let us take this offline }]
    misses:
      - [{ at: "10:00", from: a, text: let us take this offline }]
      - [{ at: "10:00", from: a, text: let us take this offline }, { at: "10:06", from: a, text: let us take this offline }]
tests:
"#;

const EXCHANGE: &str = "messages: [{sender: a, sent_at: '2026-01-01T10:59:00Z', text: 'the trade, let us take this offline'}, \
                        {sender: b, sent_at: '2026-01-01T11:01:00Z', text: let us take this offline}]";

const SCHEDULES: &str = r#"lexhold: 1
retention: books
version: 1.0.0
zone: UTC
schedules:
  - id: accounts
    when: resource.accounts.contains("A-1") || resource.accounts.contains("A-2")
    retain: { for: P6Y, from: { event: account_closed, key: accounts } }
    dispose: { after: retain }
  - id: chats
    when: resource.conversation_kind == "direct"
    retain: { for: P3Y, from: last_activity }
    extend: { event: authority_request, key: conversation, to: P5Y }
    dispose: { after: retain }
  - id: fees
    when: resource.conversation_kind == "mail"
    retain: { for: P5Y, from: sent, cutoff: { fiscal: firm }, roll: { following: firm }, accessible: P2Y }
tests:
"#;

const CALENDAR: &str = "lexhold: 1
calendar: firm
version: 1.0.0
holidays: [{ date: 2027-06-30, name: a holiday }]
covers: { from: 2027-01-01, to: 2027-12-31 }
fiscal_years: [{ from: 1970-01-01, ends: 06-30 }]
";

/// What documents say of themselves.
fn results(texts: &[&str]) -> Vec<CaseResult> {
    let (bundle, documents) = compiled(texts);
    let mut diagnostics = Diagnostics::new();
    let results = run_documents(&bundle, &Schemas::built_in(), &documents, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    results
}

/// Everything that did not come out as written, a line each.
fn told(results: Vec<CaseResult>) -> Vec<String> {
    let lines = |result: CaseResult| -> Vec<String> {
        match result.outcome {
            Outcome::Pass => Vec::new(),
            Outcome::Todo(why) => vec![format!("todo {why}")],
            Outcome::Error(errors) => errors
                .into_iter()
                .map(|error| format!("{} {}", error.code, error.message))
                .collect(),
            Outcome::Fail(wrong) => {
                let line =
                    |one: super::Mismatch| format!("{}: expected {}, found {}", one.what, one.expected, one.found);
                wrong.into_iter().map(line).collect()
            }
        }
    };
    results.into_iter().flat_map(lines).collect()
}

fn dated(test: &str) -> Vec<String> {
    told(results(&[&format!("{SCHEDULES}  - {{name: t, {test}}}\n"), CALENDAR]))
}

#[test]
fn a_test_says_which_events_are_recorded() {
    let test = |events: &str, expected: &str| {
        dated(&format!(
            "message: {{sender: a, sent_at: '2020-03-10T12:00:00Z', accounts: [A-1, A-2]}}, events: [{events}], \
             as_of: '2030-01-01T00:00:00Z', expect: {{retention: {{{expected}}}}}"
        ))
    };
    let one = "{event: account_closed, key: A-1, date: 2024-05-10}";
    let both = format!("{one}, {{event: account_closed, key: A-2, date: 2023-01-01}}");
    let awaited = "state: retained, retain_until: infinity, reason: awaiting_event";
    assert_eq!(test("", awaited), [""; 0]);
    assert_eq!(test(one, awaited), [""; 0]);
    let through = "schedule: books.accounts, state: retained, retain_until: 2030-05-10, reason: none";
    assert_eq!(test(&both, through), [""; 0]);
    assert_eq!(
        test(&both, awaited),
        [
            "retain_until: expected infinity, found 2030-05-10",
            "reason: expected awaiting_event, found none"
        ]
    );
    assert_eq!(
        test("{event: account_close, key: A-1, date: 2024-05-10}", awaited),
        ["LX0702 no schedule asks for the event `account_close`"]
    );
    assert_eq!(
        test("{event: account_closed, key: A-1, date: soon}", awaited),
        ["LX0105 `date`: `soon` is not a date"]
    );
}

#[test]
fn a_test_holds_a_conversation() {
    let test = |more: &str, rest: &str| {
        let message = |sender: &str, at: &str, more: &str| {
            format!("{{sender: {sender}, conversation: c, conversation_kind: direct, sent_at: '{at}'{more}}}")
        };
        let first = message("a", "2021-01-10T09:00:00Z", "");
        let second = message("b", "2021-06-05T09:00:00Z", more);
        dated(&format!("messages: [{first}, {second}], {rest}"))
    };
    let until = |day: &str| format!("expect: {{retention: {{retain_until: {day}}}}}");
    assert_eq!(test("", &until("2024-06-05")), [""; 0]);
    assert_eq!(test(", kind: call", &until("2024-06-05")), [""; 0]);
    assert_eq!(test(", kind: reaction", &until("2024-01-10")), [""; 0]);
    let request = "events: [{event: authority_request, key: c, date: 2022-01-01}]";
    assert_eq!(test("", &format!("{request}, {}", until("2026-06-05"))), [""; 0]);
    assert_eq!(
        test(
            "",
            &format!("{}, {}", request.replace("key: c", "key: d"), until("2024-06-05"))
        ),
        [""; 0]
    );
}

#[test]
fn a_test_counts_with_the_calendars_of_the_bundle() {
    let expect = "expect: {retention: {retain_until: 2027-07-01, accessible_until: 2024-07-01}}";
    let message = "message: {sender: a, conversation_kind: mail, sent_at: '2021-08-14T12:00:00Z'}";
    assert_eq!(dated(&format!("{message}, {expect}")), [""; 0]);
}

#[test]
fn a_key_that_is_none_is_an_error() {
    let why = dated("message: {}, event: [], expect: {}");
    assert_eq!(why, ["LX0103 unknown key `event`"]);
}

fn outcome(test: &str) -> Vec<String> {
    let results = results(&[&format!("{RULESET}  - {{name: t, {test}}}\n")]);
    assert_eq!(results.len(), 9);
    told(results)
}

#[test]
fn a_test_expects_alerts_over_several_messages_with_severity_and_confidence() {
    let expect = "expect: {alerts: [{rule: desk.twice, severity: high}, {rule: desk.offline, confidence: high}, {rule: desk.offline, severity: low}]}";
    assert_eq!(outcome(&format!("{EXCHANGE}, {expect}")), [""; 0]);
    let short = "expect: {alerts: [{rule: desk.twice}, {rule: desk.offline}]}";
    assert_eq!(
        outcome(&format!("{EXCHANGE}, {short}")),
        ["alerts: expected no others, found desk.offline (low)"]
    );
    let unsure = "expect: {alerts: [{rule: desk.twice, confidence: high}]}";
    let why = &outcome(&format!("{EXCHANGE}, {unsure}"))[1];
    assert!(
        why.starts_with("alerts: expected desk.twice (confidence high), found desk.twice (high); "),
        "{why}"
    );
    assert_eq!(
        outcome("expect: {alerts: []}"),
        ["LX0703 there is neither `message` nor `messages`"]
    );
}

#[test]
fn marks_say_which_words_a_hit_covers() {
    let test = |text: &str, alerts: &str| {
        outcome(&format!(
            "message: {{sender: a, text: '{text}'}}, expect: {{alerts: [{alerts}]}}"
        ))
    };
    let offline = "{rule: desk.offline}";
    assert_eq!(test("well, «let us take this offline» now", offline), [""; 0]);
    assert_eq!(
        test("well, «let us take this» offline", offline),
        ["text: expected a hit on «let us take this», found «let us take this offline»"]
    );
    assert_eq!(
        test("let us take this offline «now»", offline),
        ["text: expected a hit on «now», found «let us take this offline»"]
    );
    assert_eq!(test("««let us take this offline»»", offline), [""; 0]);
    assert_eq!(test("«nothing»", ""), ["LX0703 marked words, but no alert is expected"]);
    assert_eq!(test("let us «take", offline), ["LX0703 a mark that is never closed"]);
}

#[test]
fn what_is_known_to_fail_fails_once_it_passes() {
    let test = |text: &str| {
        outcome(&format!(
            "todo: LEX-91, message: {{sender: a, text: {text}}}, expect: {{alerts: [{{rule: desk.offline}}]}}"
        ))
    };
    assert_eq!(test("1et us take this 0ff1ine"), ["todo LEX-91"]);
    assert_eq!(
        test("let us take this offline"),
        ["todo: expected a failure, as `todo` says, found it passes; take `todo` out"]
    );
}

#[test]
fn what_there_is_not_cannot_be_expected() {
    let message = "message: {sender: a, text: x}";
    assert_eq!(
        outcome(&format!("{message}, expect: {{alerts: [{{rule: desk.ofline}}]}}")),
        ["LX0702 unknown rule in expectation: `desk.ofline`"]
    );
    assert_eq!(
        outcome(&format!(
            "{message}, expect: {{retention: {{schedule: a.b}}, holds: [orion]}}"
        )),
        [
            "LX0702 unknown schedule in expectation: `a.b`",
            "LX0702 unknown hold in expectation: `orion`"
        ]
    );
    assert_eq!(
        outcome("message: {sender: a, sent_at: yesterday}, expect: {}"),
        ["LX0703 `yesterday` is no instant such as `2026-01-31T09:00:00Z`"]
    );
    assert_eq!(
        outcome("message: {file: a.ndjson}, expect: {}"),
        ["LX0704 cannot read `a.ndjson`: there are no files here"]
    );
}

#[test]
fn a_test_says_which_holds_are_in_force() {
    let test = |expect: &str| {
        dated(&format!(
            "message: {{sender: ann, sent_at: '2020-03-10T12:00:00Z', conversation_kind: direct, conversation: c}}, \
             holds: [{{hold: orion, matter: Orion, zone: UTC, custodians: [ann]}}, \
             {{hold: lyra, matter: Lyra, zone: UTC, custodians: [bob]}}], \
             as_of: '2030-01-01', expect: {{{expect}}}"
        ))
    };
    assert_eq!(test("holds: [orion], retention: {state: held}"), [""; 0]);
    assert_eq!(test("holds: [{hold: orion, membership: held}]"), [""; 0]);
    assert_eq!(test("holds: []"), ["holds: expected none, found orion"]);
    assert_eq!(
        test("holds: [orion, lyra], retention: {state: eligible, disposition: destroy}"),
        [
            "holds: expected lyra, orion, found orion",
            "state: expected eligible, found held",
            "disposition: expected destroy, found review"
        ]
    );
}

#[test]
fn a_case_file_has_a_base_for_every_message() {
    let cases = |list: &str| {
        let text = format!(
            "lexhold: 1\ncases: offline\nas_of: 2026-01-01\nbase: {{platform: slack, sender: ann, directory: {{people: [{{id: \
             ann, groups: [desk]}}]}}}}\nlist: [{list}]\n"
        );
        told(results(&[&format!("{RULESET}  []\n"), &text]))
    };
    let alert = "expect: {alerts: [{rule: desk.offline}]}";
    assert_eq!(
        cases(&format!(
            "{{name: x, message: {{text: let us take this offline}}, {alert}}}"
        )),
        [""; 0]
    );
    assert_eq!(
        cases(&format!("{{name: x, message: {{text: hello}}, {alert}}}")),
        ["alerts: expected desk.offline, found none"]
    );
}

#[test]
fn a_case_file_without_cases_is_an_error() {
    let (bundle, documents) = compiled(&["lexhold: 1\ncases: nothing\nlist: []\n"]);
    let mut diagnostics = Diagnostics::new();
    run_documents(&bundle, &Schemas::built_in(), &documents, &mut diagnostics);
    let codes: Vec<_> = diagnostics.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["LX0701"]);
}
