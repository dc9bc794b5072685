//! The catalog's sorts and joins against the second pure function over messages in memory.
#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::tz::TimeZone;
use lexhold_document::{Diagnostics, Files, OpenError, load};
use lexhold_evaluate::{Bundle, Evaluation, Facts, HoldSet, alerts_of_set, evaluate};
use lexhold_model::{ContentKey, ConversationKind, Directory, Message, MessageBatch, MessageBatchBuilder, Participant};
use lexhold_policy::Schemas;

use super::*;
use crate::testing::{Home, pick};

const RULES: &str = r#"lexhold: 1
ruleset: desk
version: 1.0.0
owner: me@example.com
rules:
  - id: venue
    severity: low
    why: test
    match: { any: [let us take this offline, phrase: move to whatsapp], unless: [{ phrase: do not, within: 1, side: before }] }
    raise: [{ to: critical, when: { total: 2 } }]
    support: [{ name: business, match: [trade, desk], within: 5 }]
    confidence: { high: { all: [business] } }
    hits: [let us take this offline, move to whatsapp]
    misses: [a, b]
  - id: number
    severity: medium
    why: test
    alerts: false
    match: { regex: '\bcall me on [0-9]{5,12}' }
    hits: [call me on 55512, call me on 555123]
    misses: [a, b]
  - id: venue-then-number
    severity: high
    why: test
    conversation: { ordered: [venue, number], by: [conversation], within: PT10M }
    hits:
      - [{ at: "10:59", from: a, text: let us take this offline }, { at: "11:01", from: b, text: call me on 555123 }]
      - [{ at: "10:00", from: a, text: move to whatsapp }, { at: "10:10", from: a, text: call me on 555123 }]
    misses:
      - [{ at: "10:00", from: a, text: call me on 555123 }, { at: "10:10", from: a, text: move to whatsapp }]
      - [{ at: "10:00", from: a, text: move to whatsapp }, { at: "10:11", from: a, text: call me on 555123 }]
"#;

const TEXTS: [&str; 9] = [
    "Hi Bob,\n\nlet us take this\noffline now\n\nAnn\n",
    "Fine.\n\nOn Monday Ann wrote:\n> Hi Bob,\n>\n> let us take this offline\n> now\n",
    "call me on 555123\n",
    "the trade can move to whatsapp\n",
    "do not move to whatsapp\n",
    "Hello\n-- \nAnn, move to whatsapp\n",
    "move to whatsapp!\n\n> let us take this\n> offline now\n>> the trade can move to whatsapp\n",
    "FYI\n---------- Forwarded message\nFrom: Ann\nSubject: x\n\nlet us take this offline now\n",
    "nothing\n",
];

/// The text above with a signature.
const SIGNED: usize = 5;

fn mails(seed: usize) -> Vec<Message> {
    let mail = |at: usize| {
        let pick = |what, below| pick([seed, at, what], below);
        let text = pick(5, TEXTS.len() + 2).min(TEXTS.len());
        // Whoever signs does so on days of their own, so that each signature has an alert of its own.
        let (text, days) = if text < TEXTS.len() { (text, 0) } else { (SIGNED, at) };
        let seconds = i64::try_from(60 * pick(0, 50) + 86_400 * days).unwrap();
        let sent = (1_767_225_600 + seconds) * 1_000_000;
        Message {
            id: Some(format!("<{at}>")),
            platform: "email".into(),
            conversation_kind: ConversationKind::Mail,
            conversation: format!("thread {}", pick(1, 2)),
            sender: if days > 0 {
                "ann"
            } else {
                ["ann", "bob", "cyd"][pick(2, 3)]
            }
            .into(),
            recipients: vec![Participant {
                handle: "dan".into(),
                ..Participant::default()
            }],
            custodians: vec![["dan", "eve"][pick(3, 2)].into()],
            sent_at: (pick(4, 20) > 0).then_some(sent),
            captured_at: Some(sent),
            text: Some(TEXTS[text].into()),
            ..Message::default()
        }
    };
    (0..pick([seed, 0, 9], 24)).map(mail).collect()
}

fn bundle() -> Bundle {
    let mut files = Files::new();
    let mut diagnostics = Diagnostics::new();
    let root = files.add("rules.yaml", RULES.to_owned());
    let documents = load(&mut files, &[root], &mut |_| Err(OpenError::NotFound), &mut diagnostics);
    let bundle = Bundle::compile(&documents, &Schemas::built_in(), &mut diagnostics);
    let told: Vec<_> = diagnostics
        .sorted(&files)
        .iter()
        .map(|one| one.message.clone())
        .collect();
    bundle.unwrap_or_else(|| panic!("{told:?}"))
}

fn evaluated(bundle: &Bundle, messages: &[Message]) -> (MessageBatch, Evaluation) {
    let facts = Facts {
        directory: Directory::default(),
        holds: HoldSet::none(),
        zone: TimeZone::UTC,
        key: ContentKey::new([3; 32]),
        backfill: true,
    };
    let mut builder = MessageBatchBuilder::new();
    messages.iter().for_each(|message| builder.push(message));
    let batch = builder.finish();
    let evaluation = evaluate(bundle, &facts, &batch);
    (batch, evaluation)
}

/// A catalog of these batches, each with a journal entry of its own.
fn home(bundle: &Bundle, set: &[(MessageBatch, Evaluation)]) -> Home {
    let mut home = Home::new("2026-01-02T03:04:05Z");
    for (batch, evaluation) in set {
        home.take(bundle, &[], batch, evaluation);
    }
    home
}

fn alerts(home: &Home, which: Hits) -> Vec<Alert> {
    let mut found = Vec::new();
    each_alert(&home.writer, which, None, |alert| {
        found.push(alert);
        Ok(())
    })
    .unwrap();
    found
}

#[test]
fn x3_the_catalog_finds_what_the_pure_function_finds_in_any_order_and_batches() {
    let bundle = bundle();
    let mut seen = [0; 4];
    for seed in 0..5 {
        let mut mails = mails(seed);
        let want = alerts_of_set(&bundle, &[evaluated(&bundle, &mails)]);
        mails.sort_by_key(|mail| {
            Key::of(
                "order",
                [mail.id.as_ref().unwrap().as_bytes(), &[u8::try_from(seed).unwrap()]],
            )
        });
        let size = 1 + pick([seed, 0, 11], 7);
        let batches: Vec<_> = mails.chunks(size).map(|mails| evaluated(&bundle, mails)).collect();
        let home = home(&bundle, &batches);
        let found = alerts(&home, Hits::All);
        assert_eq!(found, want, "seed {seed}, {size} a batch");
        if let Some(alert) = want.last() {
            assert_eq!(alerts(&home, Hits::OfAlert(alert.id)), std::slice::from_ref(alert));
        }
        for alert in &want {
            seen[0] += usize::from(alert.members.iter().any(|member| member.echo));
            seen[1] += usize::from(!alert.aliases.is_empty());
            seen[2] += usize::from(alert.excluded_by.as_deref() == Some("signature"));
            seen[3] += usize::from(alert.rule.id == "desk.venue-then-number");
        }
        if let Some(alias) = want.iter().find_map(|alert| alert.aliases.first()) {
            assert!(!alerts(&home, Hits::OfAlert(*alias)).is_empty());
        }
        let months = home.writer.alerts_by_month().unwrap();
        let counted: u64 = months.iter().map(|month| month.n_alerts).sum();
        assert_eq!(
            counted,
            want.iter().filter(|alert| alert.excluded_by.is_none()).count() as u64
        );
        if let Some(member) = want.iter().flat_map(|alert| &alert.members).next() {
            let with = |alert: &&Alert| alert.members.iter().any(|other| other.key == member.key);
            let of_message: Vec<&Alert> = want.iter().filter(with).collect();
            assert_eq!(
                alerts(&home, Hits::InMessage(member.key)).iter().collect::<Vec<_>>(),
                of_message
            );
        }
    }
    assert!(
        seen.iter().all(|n| *n > 0),
        "echoes, aliases, signatures, conversations: {seen:?}"
    );
}

#[test]
fn x5_every_message_of_a_crowded_group_is_one_of_its_alert() {
    let bundle = bundle();
    let mut mails: Vec<Message> = (0..24).flat_map(mails).collect();
    for (n, mail) in mails.iter_mut().enumerate() {
        mail.id = Some(format!("<{n}>"));
    }
    let home = home(&bundle, &[evaluated(&bundle, &mails)]);
    let rules = home.writer.rules().unwrap();
    let rule = rules.iter().find(|rule| rule.spec.is_some()).unwrap();
    let mut groups: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
    home.writer
        .conversation_events::<anyhow::Error>(rule.rule_id, |event| {
            groups.entry(event.group_id).or_default().push(event.key);
            Ok(())
        })
        .unwrap();
    let (group, all) = groups.iter().max_by_key(|(_, keys)| keys.len()).unwrap();
    let all: std::collections::BTreeSet<Key> = all.iter().copied().collect();
    let listed = *all.first().unwrap();
    let unlisted = *all.last().unwrap();
    let alert = Key::of("test", [b"alert".as_slice()]);
    let of_alert = |crowded: Option<Key>, which: Hits| {
        let found = OccurrenceRow {
            alert_id: alert,
            aliases: Vec::new(),
            members: vec![listed],
            truncated: crowded.is_some(),
            crowded,
            indeterminate: None,
        };
        home.writer.forget_occurrences().unwrap();
        home.writer
            .add_occurrences(rule.rule_id, &["desk.venue".into(), "desk.number".into()], &[found])
            .unwrap();
        let mut keys = std::collections::BTreeSet::new();
        home.writer
            .alert_messages::<anyhow::Error>(which, |message| {
                keys.extend((message.alert_id == alert).then_some(message.key));
                Ok(())
            })
            .unwrap();
        keys
    };
    assert!(all.len() > 2);
    assert_eq!(of_alert(None, Hits::All).len(), 1);
    assert_eq!(of_alert(None, Hits::InMessage(unlisted)).len(), 0);
    assert_eq!(of_alert(Some(*group), Hits::All), all);
    assert_eq!(of_alert(Some(*group), Hits::InMessage(unlisted)), all);
}
