//! What a set of messages comes to: quotes, signatures, rules over several messages, in any order and any batches.

use lexhold_model::Message;
use lexhold_model::Severity::{self, High, Low};
use proptest::prelude::*;

use super::*;
use crate::testing::{bundle, evaluated, mail};

const RULES: &str = r#"lexhold: 1
ruleset: desk
version: 1.0.0
owner: me@example.com
rules:
  - id: venue
    severity: low
    why: test
    match: { any: [let us take this offline, phrase: move to whatsapp] }
    raise: [{ to: high, when: { total: 2 } }]
    hits: [let us take this offline, move to whatsapp]
    misses: [a, b]
  - id: number
    severity: low
    why: test
    alerts: false
    match: { regex: '\bcall me on [0-9]{5,12}' }
    hits: [call me on 55512, call me on 44 call me on 555123]
    misses: [a, b]
  - id: venue-then-number
    severity: high
    why: test
    conversation: { ordered: [venue, number], by: pair, within: PT10M }
    hits:
      - [{ at: "10:59", from: a, text: let us take this offline }, { at: "11:01", from: b, text: call me on 555123 }]
      - [{ at: "10:00", from: a, text: move to whatsapp }, { at: "10:10", from: a, text: call me on 555123 }]
    misses:
      - [{ at: "10:00", from: a, text: call me on 555123 }, { at: "10:10", from: a, text: move to whatsapp }]
      - [{ at: "10:00", from: a, text: move to whatsapp }, { at: "10:11", from: a, text: call me on 555123 }]
"#;

const PLAN: &str = "Hi Bob,\n\nlet us take this\noffline now\n\nAnn\n";
const QUOTE: &str = "Fine.\n\nOn Monday Ann wrote:\n> Hi Bob,\n>\n> let us take this offline\n> now\n";

fn of(messages: &[Message]) -> Vec<Alert> {
    let bundle = bundle(&[RULES]);
    let set = evaluated(&bundle, messages);
    alerts_of_set(&bundle, &[set])
}

/// Rule, severity, messages (an echo in brackets), whether all of it is out.
fn shown(alerts: &[Alert]) -> Vec<String> {
    let alerts = alerts.iter().map(|alert| {
        let members: Vec<String> = alert
            .members
            .iter()
            .map(|member| {
                if member.echo {
                    format!("({})", member.message_id)
                } else {
                    member.message_id.clone()
                }
            })
            .collect();
        let out = alert
            .excluded_by
            .as_ref()
            .map_or_else(String::new, |by| format!(", out by {by}"));
        let doubt = if alert.indeterminate.is_some() {
            ", uncertain"
        } else {
            ""
        };
        format!(
            "{} {}: {}{out}{doubt}",
            alert.rule.id,
            alert.severity,
            members.join(" ")
        )
    });
    alerts.collect()
}

#[track_caller]
fn check(messages: &[Message], want: &[&str]) {
    assert_eq!(shown(&of(messages)), want);
}

#[test]
fn q2_a_quote_joins_the_alert_of_its_original() {
    let plan = mail("<1>", 0, "ann", PLAN);
    let answer = mail("<2>", 5, "bob", QUOTE);
    check(&[answer.clone(), plan.clone()], &["desk.venue low: <1> (<2>)"]);
    check(std::slice::from_ref(&answer), &["desk.venue low: <2>"]);
    let alone = of(std::slice::from_ref(&answer))[0].id;
    assert_eq!(
        of(&[answer, plan])[0].aliases,
        [alone],
        "under its old name it is found again"
    );
}

#[test]
fn q2_nothing_hides_in_a_quote_that_nobody_wrote() {
    let plan = mail("<1>", 10, "ann", PLAN);
    for fake in [
        mail(
            "<2>",
            20,
            "bob",
            "On Monday Ann wrote:\n> Hi Bob,\n>\n> let us take this offline now, and burn the papers\n",
        ),
        mail("<2>", 5, "bob", QUOTE),
        Message {
            sent_at: None,
            ..mail("<2>", 20, "bob", QUOTE)
        },
    ] {
        let mut want = vec!["desk.venue low: <1>", "desk.venue low: <2>"];
        if fake.sent_at.is_some_and(|at| Some(at) < plan.sent_at) {
            want.reverse();
        }
        check(&[plan.clone(), fake], &want);
    }
    let undated = Message {
        sent_at: None,
        ..plan.clone()
    };
    check(
        &[undated, mail("<2>", 20, "bob", QUOTE)],
        &["desk.venue low: <2>", "desk.venue low: <1>"],
    );
}

#[test]
fn q2_what_the_sender_adds_is_his_own_alert() {
    let both = format!("move to whatsapp\n\n{QUOTE}");
    check(
        &[mail("<1>", 0, "ann", PLAN), mail("<2>", 5, "bob", &both)],
        &["desk.venue high: <1> (<2>)", "desk.venue high: <2>"],
    );
}

#[test]
fn a2_only_a_quote_is_an_echo() {
    let forward =
        "FYI\n\n---------- Forwarded message\nFrom: Ann\nSubject: x\n\nHi Bob,\n\nlet us take this offline now\n";
    let alerts = of(&[mail("<1>", 0, "ann", PLAN), mail("<2>", 5, "bob", forward)]);
    assert_eq!(shown(&alerts), ["desk.venue low: <1> <2>"]);
    assert!(!alerts[0].quoted && of(&[mail("<2>", 5, "bob", forward)])[0].quoted);
    let said_again = format!("let us take this offline\n\n{QUOTE}");
    let same_words = mail("<2>", 5, "ann", &said_again);
    check(
        &[mail("<1>", 0, "ann", PLAN), same_words],
        &["desk.venue high: <1> <2>"],
    );
}

#[test]
fn q1_a_signature_drops_out_once_three_earlier_messages_bear_it() {
    let signed = |id: &str, minute: i64| mail(id, minute * 2_000, "ann", "Hello\n-- \nAnn, move to whatsapp\n");
    let other = mail("<9>", 9_000, "bob", "Hello\n-- \nAnn, move to whatsapp\n");
    let all = [
        signed("<4>", 4),
        signed("<1>", 1),
        other,
        signed("<3>", 3),
        signed("<2>", 2),
    ];
    check(
        &all,
        &[
            "desk.venue low: <1>",
            "desk.venue low: <2>",
            "desk.venue low: <3>",
            "desk.venue low: <4>, out by signature",
            "desk.venue low: <9>",
        ],
    );
    let changed = mail("<5>", 10_000, "ann", "Hello\n-- \nAnn, move to whatsapp today\n");
    assert!(shown(&of(&[&all[..], &[changed]].concat())).contains(&"desk.venue low: <5>".to_owned()));
}

#[test]
fn s2_severity_is_raised_and_both_are_known() {
    let alerts = of(&[mail("<1>", 0, "ann", "move to whatsapp. let us take this offline")]);
    assert_eq!((alerts[0].severity, alerts[0].rule.severity), (High, Low));
}

#[test]
fn alerts_come_gravest_first_then_oldest() {
    let grave = mail("<3>", 90, "cyd", "move to whatsapp. let us take this offline");
    let alerts = of(&[
        grave,
        mail("<2>", 50, "bob", "move to whatsapp"),
        mail("<1>", 20, "ann", "move to whatsapp"),
    ]);
    let order: Vec<(Severity, &str)> = alerts
        .iter()
        .map(|it| (it.severity, it.members[0].message_id.as_str()))
        .collect();
    assert_eq!(order, [(High, "<3>"), (Low, "<1>"), (Low, "<2>")]);
}

#[test]
fn x6_an_invitation_and_then_a_number() {
    let exchange = [
        mail("<2>", 10, "bob", "call me on 555123"),
        mail("<1>", 0, "ann", "move to whatsapp"),
    ];
    check(
        &exchange,
        &["desk.venue-then-number high: <1> <2>", "desk.venue low: <1>"],
    );
    check(
        &[exchange[1].clone(), mail("<2>", 11, "bob", "call me on 555123")],
        &["desk.venue low: <1>"],
    );
}

#[test]
fn x3_a_missing_date_hides_no_conversation() {
    let undated = Message {
        sent_at: None,
        ..mail("<2>", 0, "bob", "call me on 555123")
    };
    let plan = mail("<1>", 0, "ann", "move to whatsapp");
    check(
        &[undated.clone(), plan],
        &["desk.venue-then-number high: <1> <2>, uncertain", "desk.venue low: <1>"],
    );
    let bundle = bundle(&[RULES]);
    let (_, evaluation) = evaluated(&bundle, &[undated]);
    let codes: Vec<&str> = evaluation.diagnostics.iter().map(|one| one.code).collect();
    assert!(codes.contains(&crate::codes::EVENT_WITHOUT_DATE), "{codes:?}");
}

#[test]
fn q2_a_quote_mark_between_two_words_keeps_nothing_from_a_hold() {
    let text = "lexhold: 1\nhold: orion\nmatter: In re\nowner: me@example.com\nzone: UTC\nscope: everything\nquery: {phrase: project orion}\n";
    let (bundle, _) = crate::testing::compiled(&[RULES]);
    let mut diagnostics = lexhold_document::Diagnostics::new();
    let mut files = lexhold_document::Files::new();
    let root = files.add("hold.yaml", text.to_owned());
    let open = &mut |_: &str| Err(lexhold_document::OpenError::NotFound);
    let documents = lexhold_document::load(&mut files, &[root], open, &mut diagnostics);
    let documents: Vec<_> = documents.iter().collect();
    let schemas = lexhold_policy::Schemas::built_in();
    let holds = crate::HoldSet::compile(&documents, &schemas, &mut diagnostics).unwrap();
    let facts = crate::Facts {
        holds,
        ..crate::testing::facts()
    };
    let mut builder = lexhold_model::MessageBatchBuilder::new();
    for text in [
        "about project\n> orion x\n",
        "ok\n> about project orion\n",
        "project\n> x\n",
    ] {
        builder.push(&mail(text, 0, "ann", text));
    }
    let held: Vec<usize> = crate::evaluate(&bundle, &facts, &builder.finish())
        .holds
        .iter()
        .map(|held| held.row)
        .collect();
    assert_eq!(held, [0, 1]);
}

/// Messages that quote, sign and answer each other, some without a date.
pub(crate) fn some_mails() -> impl Strategy<Value = Vec<Message>> {
    let texts = [
        PLAN,
        QUOTE,
        "call me on 555123\n",
        "move to whatsapp\n",
        "Hello\n-- \nAnn, move to whatsapp\n",
        "ok\n\n> move to whatsapp\n>> let us take this\n>> offline now\n",
        "nothing\n",
    ];
    let one = (
        prop::sample::select(texts.to_vec()),
        0_i64..60,
        prop::bool::weighted(0.95),
        0..3_usize,
    );
    prop::collection::vec(one, 0..14).prop_map(|mails| {
        let with_id = mails.into_iter().enumerate();
        with_id
            .map(|(at, (text, minute, dated, sender))| {
                let mail = mail(&format!("<{at}>"), minute, ["ann", "bob", "cyd"][sender], text);
                Message {
                    sent_at: mail.sent_at.filter(|_| dated),
                    ..mail
                }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn x3_order_batches_and_repeats_change_nothing(mails in some_mails(), seed in any::<u64>(), size in 1_usize..6) {
        let bundle = bundle(&[RULES]);
        let want = alerts_of_set(&bundle, &[evaluated(&bundle, &mails)]);
        let mut shuffled = mails.clone();
        shuffled.extend_from_slice(&mails[..mails.len() / 3]);
        shuffled.sort_by_key(|mail| Key::of("shuffle", [seed.to_le_bytes().as_slice(), mail.id.as_ref().unwrap().as_bytes()]));
        let batches: Vec<_> = shuffled.chunks(size).map(|mails| evaluated(&bundle, mails)).collect();
        prop_assert_eq!(alerts_of_set(&bundle, &batches), want);
    }

    #[test]
    fn x3_a_late_message_adds_or_renames_and_never_drops(mails in some_mails()) {
        let bundle = bundle(&[RULES]);
        let names = |mails: &[Message]| -> BTreeSet<Key> {
            let alerts = alerts_of_set(&bundle, &[evaluated(&bundle, mails)]);
            alerts.into_iter().flat_map(|alert| alert.aliases.into_iter().chain([alert.id])).collect()
        };
        for n in 1..=mails.len() {
            let (before, after) = (names(&mails[..n - 1]), names(&mails[..n]));
            prop_assert!(before.is_subset(&after));
        }
    }
}
