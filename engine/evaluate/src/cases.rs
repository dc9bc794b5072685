//! The tests that documents carry: a message, perhaps a directory, and what is to come of it.
//!
//! Beside the messages stand the events that the register has recorded, and the calendars of the bundle count. Dates are
//! asked of the first message; the others stand beside it, in its conversation or in another.
//!
//! An absent `captured_at` is `sent_at`, and so is an absent `as_of`, so that a case reads as it happened.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lexhold_document::{Diagnostics, Document, Place, path};
use lexhold_model::{
    Attachment, ContentKey, Message, MessageBatch, MessageBatchBuilder, MessageKind, Participant, Row, Severity,
};
use lexhold_retention::{
    Circumstances, Clocks, EventEntry, EventFacts, EventStep, Reason, Register, Resolved, Schedule, Triggers, register,
    state,
};
use lexhold_rules::Confidence;
use lexhold_rules::ExampleFailure;
use serde::Deserialize;
use serde_json::Value;

use crate::directory::DirectoryText;
use crate::evaluation::Evaluation;
use crate::{Bundle, Facts, HoldSet, alerts_of_set, evaluate, event_keys};

/// How the tests of some documents went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseReport {
    /// Tests and examples run.
    pub n_run: usize,
    /// Those that did not come out as written.
    pub failures: Vec<CaseFailure>,
}

/// A test that did not come out as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFailure {
    /// The test's name or the example's text.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What was expected and what came.
    pub why: String,
}

/// Runs the tests of retention and supervision documents and the examples of pattern rules.
pub fn check_cases(bundle: &Bundle, documents: &[Document]) -> CaseReport {
    let mut report = CaseReport::default();
    for (at, rule) in (0..).zip(bundle.rules.rules()) {
        report.n_run += rule.hits.len() + rule.misses.len();
        note_failures(&rule.id, lexhold_rules::check_examples(&bundle.rules, at), &mut report);
    }
    for (at, rule) in bundle.rules.conversations().iter().enumerate() {
        report.n_run += rule.hits.len() + rule.misses.len();
        let failures = lexhold_rules::conversation::check_conversation_examples(&bundle.rules, at);
        note_failures(&rule.info.id, failures, &mut report);
    }
    for document in documents {
        let tests = document
            .typed::<Tests>(&mut Diagnostics::new())
            .unwrap_or_default()
            .tests;
        for (at, test) in tests.into_iter().enumerate() {
            report.n_run += 1;
            let name = test.get("name").and_then(Value::as_str).unwrap_or("a test").to_owned();
            if let Err(why) = run(bundle, test) {
                report.failures.push(CaseFailure {
                    name,
                    place: document.place(&path!["tests", at]),
                    why,
                });
            }
        }
    }
    report
}

fn note_failures(rule: &str, failures: Vec<ExampleFailure>, report: &mut CaseReport) {
    report.failures.extend(failures.into_iter().map(|failure| CaseFailure {
        why: match failure.found {
            Some(found) => format!("rule `{rule}`: {found}"),
            None => format!("rule `{rule}` expected a {:?}", failure.expected).to_lowercase(),
        },
        name: failure.text,
        place: failure.place,
    }));
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tests {
    tests: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    #[serde(rename = "name")]
    _name: Option<String>,
    #[serde(default)]
    directory: DirectoryText,
    message: Option<MessageText>,
    /// Several messages in place of one; dates are then asked of the first.
    #[serde(default)]
    messages: Vec<MessageText>,
    /// Events that have been recorded, whenever they took effect.
    #[serde(default)]
    events: Vec<EventText>,
    as_of: Option<String>,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct MessageText {
    id: Option<String>,
    platform: Option<String>,
    conversation: Option<String>,
    conversation_kind: Option<lexhold_model::ConversationKind>,
    channel: Option<String>,
    kind: Option<lexhold_model::MessageKind>,
    sent_at: Option<String>,
    captured_at: Option<String>,
    sender: Option<String>,
    recipients: Vec<String>,
    custodians: Vec<String>,
    subject: Option<String>,
    text: Option<String>,
    labels: Vec<String>,
    accounts: Vec<String>,
    attachments: Vec<Attachment>,
    business: Option<bool>,
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventText {
    event: String,
    key: String,
    date: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    retention: Option<ExpectedRetention>,
    alerts: Option<Vec<ExpectedAlert>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedRetention {
    schedule: Option<String>,
    state: Option<String>,
    retain_until: Option<String>,
    eligible_from: Option<String>,
    dispose_at: Option<String>,
    must_dispose_by: Option<String>,
    accessible_until: Option<String>,
    /// Why it is not eligible at any time that is known: `awaiting_event`, `permanent`, `no_rule`, `indeterminate`; or
    /// `none`.
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedAlert {
    rule: String,
    severity: Option<Severity>,
    confidence: Option<String>,
}

fn run(bundle: &Bundle, test: Value) -> Result<(), String> {
    let test: Test = serde_json::from_value(test).map_err(|error| error.to_string())?;
    let messages: Vec<MessageText> = test.message.into_iter().chain(test.messages).collect();
    let Some(first) = messages.first() else {
        return Err("there is neither `message` nor `messages`".into());
    };
    let dates = |of: &MessageText| -> Result<_, String> {
        let sent = of.sent_at.as_deref().map(instant).transpose()?;
        let captured = of.captured_at.as_deref().map(instant).transpose()?.or(sent);
        Ok((sent, captured))
    };
    let as_of = test.as_of.as_deref().map(instant).transpose()?;
    let as_of = as_of.or(dates(first)?.1).unwrap_or(Timestamp::UNIX_EPOCH);
    let facts = Facts {
        directory: test.directory.build().map_err(|problems| problems.join("; "))?,
        holds: HoldSet::none(),
        zone: TimeZone::UTC,
        key: ContentKey::new([0; 32]),
        backfill: false,
    };
    let mut builder = MessageBatchBuilder::new();
    for (at, text) in messages.into_iter().enumerate() {
        let (sent, captured) = dates(&text)?;
        builder.push(&message(text, at, sent, captured.unwrap_or(as_of)));
    }
    let batch = builder.finish();
    let evaluation = evaluate(bundle, &facts, &batch);
    if let Some(expected) = &test.expect.retention {
        let register = recorded(bundle, &test.events)?;
        let resolved = dates_of_first(bundle, &batch, &evaluation, &register)?;
        check_retention(bundle, &resolved, expected, as_of)?;
    }
    test.expect.alerts.as_ref().map_or(Ok(()), |expected| {
        check_alerts(bundle, &[(batch, evaluation)], expected)
    })
}

fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("`{text}` is no instant"))
}

fn message(text: MessageText, at: usize, sent: Option<Timestamp>, captured: Timestamp) -> Message {
    Message {
        id: Some(text.id.unwrap_or_else(|| format!("case-{}", at + 1))),
        platform: text.platform.unwrap_or_else(|| "chat".into()),
        conversation: text.conversation.unwrap_or_default(),
        conversation_kind: text.conversation_kind.unwrap_or_default(),
        channel: text.channel,
        kind: text.kind.unwrap_or_default(),
        sent_at: sent.map(|at| at.as_microsecond()),
        captured_at: Some(captured.as_microsecond()),
        sender: text.sender.unwrap_or_else(|| "unknown".into()),
        recipients: text
            .recipients
            .into_iter()
            .map(|handle| Participant {
                handle,
                ..Participant::default()
            })
            .collect(),
        custodians: text.custodians,
        subject: text.subject,
        text: text.text,
        labels: text.labels,
        accounts: text.accounts,
        attachments: text.attachments,
        business: text.business,
        metadata: text.metadata,
        ..Message::default()
    }
}

/// The register of a case's events, each of which some schedule has to ask for.
fn recorded(bundle: &Bundle, events: &[EventText]) -> Result<Register, String> {
    let asked: BTreeSet<&str> = bundle
        .schedules
        .iter()
        .flat_map(|schedule| schedule.asked_events().map(|asked| asked.event.as_str()))
        .collect();
    let entries = events.iter().enumerate().map(|(at, said)| {
        if !asked.contains(said.event.as_str()) {
            return Err(format!("no schedule asks for the event `{}`", said.event));
        }
        let date = said
            .date
            .parse()
            .map_err(|_| format!("`{}` is no day such as `2024-05-10`", said.date))?;
        Ok(EventEntry {
            id: format!("case-{}", at + 1),
            event: said.event.clone(),
            key: said.key.clone(),
            step: EventStep::Recorded(date),
        })
    });
    Ok(register(entries.collect::<Result<Vec<_>, String>>()?))
}

fn dates_of_first(
    bundle: &Bundle,
    batch: &MessageBatch,
    evaluation: &Evaluation,
    register: &Register,
) -> Result<Resolved, String> {
    let (row, found) = (batch.row(0), &evaluation.messages[0]);
    let schedules = &bundle.schedules;
    let facts = evaluation.facts.iter().find(|(id, _)| *id == found.facts_id);
    let facts: lexhold_policy::Facts = facts
        .and_then(|(_, json)| serde_json::from_str(json).ok())
        .ok_or("the facts of the message cannot be read")?;
    let mut known = EventFacts::default();
    for event in schedules.iter().flat_map(Schedule::asked_events) {
        let keys = event_keys(&facts, row.conversation(), &event.key);
        known.set(event.clone(), register.state(&event.event, keys.iter().copied()));
        if register.is_recorded(&event.event, keys) {
            known.set_recorded(event.clone());
        }
    }
    let days = schedules.days(&Triggers {
        sent: row.sent_at().and_then(instant_of),
        captured: row.captured_at().and_then(instant_of).unwrap_or(Timestamp::MAX),
        suspect: found.trigger_suspect,
    });
    let clocks = Clocks {
        days: &days,
        activity: last_activity(batch, evaluation),
        register: &known,
    };
    let set = evaluation.sets.iter().find(|set| set.id == found.set_id);
    let assigned = set.map(|set| set.assigned.as_slice()).unwrap_or_default();
    Ok(schedules.resolve(assigned, &clocks))
}

fn instant_of(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

/// When people last wrote or spoke in the conversation of the first message; where nobody did, the latest capture.
fn last_activity(batch: &MessageBatch, evaluation: &Evaluation) -> Option<Timestamp> {
    let first = batch.row(0);
    let conversation = |row: &Row<'_>| {
        (row.platform(), row.conversation()) == (first.platform(), first.conversation())
            && (row.index() == 0 || !row.conversation().is_empty())
    };
    let members = || batch.rows().filter(conversation);
    let by_people = members().filter(|row| matches!(row.kind(), MessageKind::Message | MessageKind::Call));
    let active = by_people.filter_map(|row| {
        let believed = row
            .sent_at()
            .filter(|_| !evaluation.messages[row.index()].trigger_suspect);
        believed.or(row.captured_at())
    });
    let latest = active.max().or_else(|| members().filter_map(Row::captured_at).max());
    latest.and_then(instant_of)
}

fn check_retention(
    bundle: &Bundle,
    resolved: &Resolved,
    expected: &ExpectedRetention,
    as_of: Timestamp,
) -> Result<(), String> {
    let schedules = deciding(bundle, resolved);
    if let Some(schedule) = &expected.schedule
        && !schedules.contains(schedule)
    {
        return Err(format!("expected schedule `{schedule}`, decided by {schedules:?}"));
    }
    let (found, _) = state(resolved, as_of, &Circumstances::default());
    let dates = [
        ("state", &expected.state, found.as_str().to_owned()),
        (
            "retain_until",
            &expected.retain_until,
            resolved.retain_until.limit.day_text(),
        ),
        (
            "eligible_from",
            &expected.eligible_from,
            resolved.eligible_from.limit.instant_text(),
        ),
        ("dispose_at", &expected.dispose_at, resolved.dispose_at.limit.day_text()),
        (
            "must_dispose_by",
            &expected.must_dispose_by,
            resolved.must_dispose_by.limit.day_text(),
        ),
        (
            "accessible_until",
            &expected.accessible_until,
            resolved.accessible_until.limit.day_text(),
        ),
        (
            "reason",
            &expected.reason,
            resolved
                .eligible_from
                .limit
                .reason()
                .map_or("none", Reason::as_str)
                .to_owned(),
        ),
    ];
    let wrong: Vec<String> = dates
        .iter()
        .filter_map(|(what, want, have)| {
            let want = want.as_ref().filter(|want| *want != have)?;
            Some(format!("{what}: expected {want}, found {have}"))
        })
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}

fn deciding(bundle: &Bundle, resolved: &Resolved) -> Vec<String> {
    let named = |key| {
        bundle
            .schedules
            .iter()
            .find(|schedule| schedule.key() == key)
            .map(|schedule| schedule.id.clone())
    };
    resolved
        .decided_by()
        .into_iter()
        .filter_map(|at| named(resolved.duties[at].schedule))
        .collect()
}

/// What a case's alerts are compared by.
type Found = (String, Severity, Option<Confidence>);

fn check_alerts(bundle: &Bundle, set: &[(MessageBatch, Evaluation)], expected: &[ExpectedAlert]) -> Result<(), String> {
    let standing = alerts_of_set(bundle, set)
        .into_iter()
        .filter(|alert| alert.excluded_by.is_none());
    let mut found: Vec<Found> = standing
        .map(|alert| (alert.rule.id.clone(), alert.severity, alert.confidence))
        .collect();
    let shown = |found: &[Found]| -> String {
        let items = found.iter().map(|(rule, severity, confidence)| {
            let confidence = confidence.map_or_else(String::new, |tier| format!(", confidence {}", tier.as_str()));
            format!("{rule} ({severity}{confidence})")
        });
        items.collect::<Vec<_>>().join("; ")
    };
    let all = shown(&found);
    for one in expected {
        let meets = |alert: &Found| {
            alert.0 == one.rule
                && one.severity.is_none_or(|want| want == alert.1)
                && one
                    .confidence
                    .as_deref()
                    .is_none_or(|want| alert.2.map(Confidence::as_str) == Some(want))
        };
        match found.iter().position(meets) {
            Some(at) => drop(found.remove(at)),
            None => return Err(format!("alerts: expected one of `{}`, found [{all}]", one.rule)),
        }
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(format!("alerts: not expected: {}", shown(&found)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    fn dated(test: &str) -> Vec<String> {
        let text = format!("{SCHEDULES}  - {{name: t, {test}}}\n");
        let (bundle, documents) = compiled(&[&text, CALENDAR]);
        let report = check_cases(&bundle, &documents);
        report.failures.into_iter().map(|failure| failure.why).collect()
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
            ["retain_until: expected infinity, found 2030-05-10; reason: expected awaiting_event, found none"]
        );
        assert_eq!(
            test("{event: account_close, key: A-1, date: 2024-05-10}", awaited),
            ["no schedule asks for the event `account_close`"]
        );
        assert_eq!(
            test("{event: account_closed, key: A-1, date: soon}", awaited),
            ["`soon` is no day such as `2024-05-10`"]
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
        assert!(why[0].starts_with("unknown field `event`"), "{why:?}");
    }

    fn outcome(test: &str) -> Vec<String> {
        let text = format!("{RULESET}  - {{name: t, {test}}}\n");
        let (bundle, documents) = compiled(&[&text]);
        let report = check_cases(&bundle, &documents);
        assert_eq!(report.n_run, 9);
        report.failures.into_iter().map(|failure| failure.why).collect()
    }

    #[test]
    fn a_test_expects_alerts_over_several_messages_with_severity_and_confidence() {
        let expect = "expect: {alerts: [{rule: desk.twice, severity: high}, {rule: desk.offline, confidence: high}, {rule: desk.offline, severity: low}]}";
        assert_eq!(outcome(&format!("{EXCHANGE}, {expect}")), [""; 0]);
        let short = "expect: {alerts: [{rule: desk.twice}, {rule: desk.offline}]}";
        assert_eq!(
            outcome(&format!("{EXCHANGE}, {short}")),
            ["alerts: not expected: desk.offline (low)"]
        );
        let unsure = "expect: {alerts: [{rule: desk.twice, confidence: high}]}";
        let why = &outcome(&format!("{EXCHANGE}, {unsure}"))[0];
        assert!(
            why.starts_with("alerts: expected one of `desk.twice`, found [desk.twice (high); "),
            "{why}"
        );
        assert_eq!(
            outcome("expect: {alerts: []}"),
            ["there is neither `message` nor `messages`"]
        );
    }
}
