//! The catalog's totals and joins against one message after the other.
#![expect(clippy::unwrap_used, reason = "tests")]

use lexhold_catalog::Scope;
use lexhold_document::{Diagnostics, Document, Files, Kind, OpenError, load};
use lexhold_evaluate::{Bundle, Evaluation, Facts, HoldSet, evaluate};
use lexhold_model::{ContentKey, Directory, Message, MessageBatchBuilder, MessageKind, VersionKind};
use lexhold_policy::Schemas;
use lexhold_retention::{EventEntry, EventStep, register};
use serde_json::json;

use super::*;
use crate::testing::{Home, pick};

/// Schedules to choose from: every trigger, tiers, extensions, ceilings, conditions that fail.
const SCHEDULES: [&str; 12] = [
    "{ id: plain, title: T, retain: { for: P3Y, from: sent }, dispose: { after: retain, action: review } }",
    "{ id: month, title: T, retain: { for: P25M, from: sent, cutoff: month, accessible: P1Y } }",
    "{ id: captured, title: T, dispose: { after: P2Y, from: captured, action: review } }",
    "{ id: talk, title: T, retain: { for: P18M, from: last_activity, cutoff: quarter }, dispose: { after: retain, action: review } }",
    "{ id: fixed, title: T, retain: { for: P1Y, from: { date: 2024-02-29 } } }",
    "{ id: since, title: T, retain: { for: P30M, from: policy_assigned } }",
    "{ id: account, title: T, when: 'resource.labels.contains(\"b\")', retain: { for: P1Y, from: { event: closed, key: accounts } }, dispose: { after: retain, action: review } }",
    "{ id: thread, title: T, when: 'resource.labels.contains(\"c\")', retain: { for: P2Y, from: { event: ended, key: conversation } } }",
    "{ id: longer, title: T, retain: { for: P1Y, from: sent }, extend: { event: asked, key: accounts, to: P4Y }, dispose: { after: P1Y, from: sent, action: review } }",
    "{ id: capped, title: T, when: 'resource.labels.contains(\"a\")', ceiling: { for: P2Y, from: sent, within: P30D } }",
    "{ id: failing, title: T, when: 'resource.labels.contains(\"d\") && resource.participants.count + 9223372036854775807 > 0', retain: { for: P9Y, from: sent } }",
    "{ id: scoped, title: T, when: 'resource.labels.contains(\"b\")', dispose: { after: P400D, from: sent, action: review } }",
];

const ZONES: [&str; 4] = ["UTC", "America/New_York", "Asia/Tokyo", "Asia/Kolkata"];
const HOLDS: [(&str, &str); 2] = [
    ("open", "conversations: [c0]\nsilent: false"),
    ("hush", "conversations: [c1]\nsilent: true"),
];
const SOON: i64 = 86_400_000_000;
/// The first instant at which anything is sent.
const FIRST: i64 = 1_690_000_000_000_000;

/// Documents with some of the schedules each.
fn documents(seed: usize) -> Vec<String> {
    let document = |number: usize| {
        let mine = (0..SCHEDULES.len()).filter(|at| pick([seed, number, 100 + at], 3) == 0 || at % 3 == number);
        let schedules: Vec<String> = mine.map(|at| format!("  - {}", SCHEDULES[at])).collect();
        let zone = ZONES[pick([seed, number, 99], ZONES.len())];
        format!(
            "lexhold: 1\nretention: d{number}\nversion: 1.0.0\nowner: a@b.example\ntitle: D\nzone: {zone}\nschedules:\n{}\n",
            schedules.join("\n")
        )
    };
    (0..3).map(document).collect()
}

fn loaded(texts: &[String]) -> Vec<Document> {
    let (mut files, mut diagnostics) = (Files::new(), Diagnostics::new());
    let roots: Vec<_> = texts.iter().map(|text| files.add("x.yaml", text.clone())).collect();
    load(&mut files, &roots, &mut |_| Err(OpenError::NotFound), &mut diagnostics)
}

fn bundle(seed: usize) -> Bundle {
    let mut diagnostics = Diagnostics::new();
    let bundle = Bundle::compile(&loaded(&documents(seed)), &Schemas::built_in(), &mut diagnostics);
    bundle.unwrap_or_else(|| panic!("{:#?}", documents(seed)))
}

fn holds() -> HoldSet {
    let texts = HOLDS
        .map(|(name, scope)| format!("lexhold: 1\nhold: {name}\nmatter: M\nowner: a@b.example\nzone: UTC\n{scope}\n"));
    let documents = loaded(&texts);
    let documents: Vec<&Document> = documents.iter().filter(|one| one.kind == Kind::Hold).collect();
    HoldSet::compile(&documents, &Schemas::built_in(), &mut Diagnostics::new()).unwrap()
}

/// Messages, some of them versions of others, some undated, in a few conversations.
fn messages(seed: usize) -> Vec<Message> {
    let message = |at: usize| {
        let pick = |what, below| pick([seed, at, what], below);
        let sent =
            FIRST + i64::try_from(pick(0, 900)).unwrap() * SOON + i64::try_from(pick(1, 96)).unwrap() * 900_000_000;
        let family = if at >= 8 && pick(2, 4) == 0 { pick(3, 8) } else { at };
        let accounts = (10..13).zip(["A1", "A2", "A3"]).filter(|(what, _)| pick(*what, 3) == 0);
        Message {
            id: Some(format!("m{family}")),
            platform: "slack".into(),
            conversation: format!("c{}", family % 6),
            sender: ["ann", "bob"][family % 2].into(),
            kind: if pick(4, 4) == 0 {
                MessageKind::Reaction
            } else {
                MessageKind::Message
            },
            sent_at: (pick(5, 9) > 0).then_some(sent),
            captured_at: Some(sent + i64::try_from(pick(6, 40)).unwrap() * SOON),
            version: i32::try_from(at).unwrap(),
            version_kind: if family == at {
                VersionKind::Original
            } else {
                VersionKind::Edit
            },
            labels: vec![["a", "b", "c", "d"][pick(7, 4)].into()],
            accounts: accounts.map(|(_, one)| one.to_owned()).collect(),
            text: Some(format!("text {at}")),
            ..Message::default()
        }
    };
    (0..30).map(message).collect()
}

/// The register: accounts closed, talks ended, somebody asked; some of it taken back.
fn events(seed: usize) -> Vec<EventEntry> {
    let keys = [
        ("closed", ["A1", "A2", "A3"]),
        ("ended", ["c2", "c3", "c4"]),
        ("asked", ["A1", "A2", "A3"]),
    ];
    let mut entries = Vec::new();
    for (event, keys) in keys {
        for (at, key) in keys.into_iter().enumerate() {
            let pick = |what| pick([seed, at + event.len() * 10, what], 3);
            let entry = |id: String, step| EventEntry {
                id,
                event: event.into(),
                key: key.into(),
                step,
            };
            let id = format!("{event}{key}");
            if pick(0) > 0 {
                let day = jiff::civil::date(2023, 1, 1) + jiff::Span::new().days(i64::try_from(pick(1) * 400).unwrap());
                entries.push(entry(id.clone(), EventStep::Recorded(day)));
                if pick(2) == 0 {
                    entries.push(entry(format!("{id}x"), EventStep::Cancelled { of: id }));
                }
            }
        }
    }
    entries
}

/// One message as it was evaluated.
struct Evaluated<'m> {
    message: &'m Message,
    family: Key,
    assigned: Vec<Assigned>,
}

/// Everything about one random firm.
struct Firm {
    home: Home,
    bundle: Bundle,
    register: Register,
    messages: Vec<Message>,
    evaluations: Vec<(Vec<usize>, Evaluation)>,
}

impl Firm {
    /// Takes the messages in, in some order and in batches of some size.
    fn new(seed: usize) -> Self {
        let (bundle, holds, messages) = (bundle(seed), holds(), messages(seed));
        let at = "2023-01-01T00:00:00Z";
        let mut home = Home::new(at);
        let at = at.parse().unwrap();
        let documents = crate::ledger::Activation::of(&bundle, at).documents;
        home.enter(
            "activation",
            &json!({"bundle": bundle.digest, "documents": documents}),
            &[],
        );
        for (name, scope) in HOLDS {
            let silent = scope.ends_with("true");
            let placed =
                json!({"hold": name, "matter": "M", "zone": "UTC", "digest": "", "silent": silent, "document": {}});
            home.enter("hold_placed", &placed, &[]);
        }
        let specs = holds.specs().to_vec();
        let facts = Facts {
            directory: Directory::default(),
            holds,
            zone: TimeZone::UTC,
            key: ContentKey::new([3; 32]),
            backfill: true,
        };
        let mut order: Vec<usize> = (0..messages.len()).collect();
        order.sort_by_key(|at| pick([seed, *at, 77], 1 << 30));
        let mut evaluations = Vec::new();
        for some in order.chunks(6 + pick([seed, 0, 78], 12)) {
            let mut builder = MessageBatchBuilder::new();
            some.iter().for_each(|at| builder.push(&messages[*at]));
            let batch = builder.finish();
            let evaluation = evaluate(&bundle, &facts, &batch);
            home.take(&bundle, &specs, &batch, &evaluation);
            evaluations.push((some.to_vec(), evaluation));
        }
        Self {
            home,
            bundle,
            register: register(events(seed)),
            messages,
            evaluations,
        }
    }

    fn evaluated(&self) -> Vec<(Key, Evaluated<'_>)> {
        let of = |(places, evaluation): &'_ (Vec<usize>, Evaluation)| {
            let rows = evaluation.messages.iter().zip(places);
            let evaluated = rows.map(|(row, at)| {
                let set = evaluation.sets.iter().find(|set| set.id == row.set_id);
                let evaluated = Evaluated {
                    message: &self.messages[*at],
                    family: row.identity.family,
                    assigned: set.map(|set| set.assigned.clone()).unwrap_or_default(),
                };
                (row.identity.key, evaluated)
            });
            evaluated.collect::<Vec<_>>()
        };
        self.evaluations.iter().flat_map(of).collect()
    }

    /// The dates of one version of a message, from nothing but itself, its conversation and the register.
    fn resolved(&self, one: &Evaluated<'_>) -> Resolved {
        let schedules = self.bundle.schedules();
        let Message {
            sent_at,
            captured_at,
            conversation,
            accounts,
            ..
        } = one.message;
        let instant = |at: i64| Timestamp::from_microsecond(at).unwrap();
        let captured = |message: &Message| message.captured_at.map(instant).unwrap();
        let days = Days::of(
            schedules.zones(),
            &lexhold_retention::Triggers {
                sent: sent_at.map(instant),
                captured: captured_at.map(instant).unwrap(),
                suspect: false,
            },
        );
        let talk = || self.messages.iter().filter(|other| other.conversation == *conversation);
        let spoken = talk().filter(|other| matches!(other.kind, MessageKind::Message | MessageKind::Call));
        let active = spoken
            .map(|other| other.sent_at.map_or_else(|| captured(other), instant))
            .max();
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        let asked: BTreeSet<_> = schedules
            .iter()
            .flat_map(lexhold_retention::Schedule::asked_events)
            .collect();
        let conversation = [conversation.as_str()];
        let keys = asked.iter().map(|event| {
            let keys: &[&str] = if event.key == "accounts" {
                &accounts
            } else {
                &conversation
            };
            (*event, keys)
        });
        let events = self.register.facts(keys);
        let clocks = Clocks {
            days: &days,
            activity: active.or_else(|| talk().map(captured).max()),
            register: &events,
        };
        schedules.resolve(&one.assigned, &clocks)
    }
}

impl Firm {
    /// Puts on record that the erasure of every third family was asked for, and that of every sixth granted in spite of
    /// all schedules. Says of each whether it was granted.
    fn ask_for_erasure(&mut self, seed: usize) -> HashMap<Key, bool> {
        let families: BTreeSet<Key> = self.evaluated().iter().map(|(_, one)| one.family).collect();
        let asked = families.into_iter().enumerate().filter(|(at, _)| at % 3 == seed % 3);
        let asked: HashMap<Key, bool> = asked.map(|(at, family)| (family, at % 2 == 0)).collect();
        let items = |only: Option<bool>| -> Vec<serde_json::Value> {
            let named = asked
                .iter()
                .filter(|(_, granted)| only.is_none_or(|only| only == **granted));
            named
                .map(|(family, _)| json!({"family": family, "message_id": "m", "others": 0}))
                .collect()
        };
        let request = json!({"request": "r", "subject": "s", "law": "gdpr", "located": "DE", "established": [], "received": "",
                             "zone": "UTC", "due": "", "chosen_by": {}, "digest": "", "items": items(None)});
        let waived: Vec<Key> = self
            .bundle
            .schedules()
            .iter()
            .map(lexhold_retention::Schedule::key)
            .collect();
        let granted = json!({"request": "r", "waived": waived, "reason": "", "items": items(Some(true))});
        self.home.enter("erasure_requested", &request, &[]);
        let confirmed = json!({"request": "r", "digest": "", "evidence": ""});
        self.home.enter("erasure_confirmed", &confirmed, &[]);
        self.home.enter("erasure_decided", &granted, &[]);
        asked
    }
}

fn limits(resolved: &Resolved) -> [Limit; 5] {
    [
        resolved.retain_until.limit,
        resolved.dispose_at.limit,
        resolved.eligible_from.limit,
        resolved.must_dispose_by.limit,
        resolved.accessible_until.limit,
    ]
}

#[test]
fn joins_and_totals_give_each_message_what_a_plain_loop_gives_it() {
    let seeds = std::env::var("LEXHOLD_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    let as_of: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let mut seen = BTreeSet::new();
    for seed in 0..seeds {
        let mut firm = Firm::new(seed);
        let asked = firm.ask_for_erasure(seed);
        let all = firm.evaluated();
        let waived: [BTreeSet<Key>; 2] = [
            BTreeSet::new(),
            firm.bundle
                .schedules()
                .iter()
                .map(lexhold_retention::Schedule::key)
                .collect(),
        ];
        let mut want: HashMap<Key, (State, [Limit; 5])> = HashMap::new();
        for (key, one) in &all {
            let members: Vec<Resolved> = all
                .iter()
                .filter(|(_, other)| other.family == one.family)
                .map(|(_, other)| firm.resolved(other))
                .collect();
            let resolved = family(&members);
            let circumstances = Circumstances {
                held: ["c0", "c1"].contains(&one.message.conversation.as_str()),
                erasure: asked.get(&one.family).map(|granted| Erasure {
                    waived: &waived[usize::from(*granted)],
                    grounded: false,
                }),
                ..Circumstances::default()
            };
            want.insert(*key, (state(&resolved, as_of, &circumstances).0, limits(&resolved)));
        }
        let grounds = Grounds {
            ledger: Ledger::read(&firm.home.writer, as_of).unwrap(),
            register: firm.register.clone(),
        };
        let mut dates = Dates::open(&firm.home.writer, &grounds, as_of).unwrap();
        let mut n_messages = 0;
        let mut states: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
        let mut due: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
        firm.home
            .writer
            .retention::<anyhow::Error>(Scope::All, |row| {
                let found = dates.of_message(&row);
                let (state, _) = found.state(as_of, &found.covered(&row), &ViewerSight::ALL);
                if let Some(until) = found.eligible_from(&found.covered(&row)).until() {
                    *due.entry(until.strftime("%Y-%m").to_string()).or_default() += 1;
                }
                let found = (state, limits(&found.resolved));
                assert_eq!(
                    want[&row.key], found,
                    "seed {seed}, {} version {}",
                    row.message_id, row.version
                );
                *states.entry(found.0.as_str()).or_default() += 1;
                n_messages += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(n_messages, want.len());
        let totals = Totals::count(&firm.home.writer, &dates, None, &ViewerSight::ALL).unwrap();
        assert_eq!(totals.states, states, "seed {seed}");
        let mut months: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
        for one in &totals.due {
            *months.entry(one.month.clone()).or_default() += one.n_messages;
        }
        assert_eq!(months, due, "seed {seed}");
        seen.extend(states.into_keys());
    }
    assert!(
        seen.len() >= 4 && seen.contains("restricted"),
        "too few states: {seen:?}"
    );
}

/// How many messages may go under a register, of some origins or of all.
fn eligible(firm: &Firm, origins: Option<&[u32]>, register: &Register, as_of: Timestamp) -> i64 {
    let catalog = &firm.home.writer;
    let grounds = Grounds {
        ledger: Ledger::read(catalog, as_of).unwrap(),
        register: register.clone(),
    };
    let dates = match origins {
        Some(origins) => Dates::for_origins(catalog, &grounds, as_of, origins.to_vec()),
        None => Dates::open(catalog, &grounds, as_of),
    };
    let totals = Totals::count(catalog, &dates.unwrap(), None, &ViewerSight::ALL).unwrap();
    let n = totals.states.get("eligible").copied().unwrap_or(0);
    i64::try_from(n).unwrap()
}

#[test]
fn an_event_frees_as_many_of_the_origins_that_name_its_key_as_of_all() {
    let as_of: Timestamp = "2045-06-01T00:00:00Z".parse().unwrap();
    let firm = Firm::new(0);
    let mut freed = 0;
    for key in ["A1", "A2", "A3"] {
        let entry = EventEntry {
            id: "late".into(),
            event: "closed".into(),
            key: key.into(),
            step: EventStep::Recorded(jiff::civil::date(2030, 1, 1)),
        };
        let after = firm.register.with([entry]);
        let touched = firm.home.writer.origins_naming(&[key]).unwrap();
        let [of_touched, of_all] = [Some(touched.as_slice()), None]
            .map(|origins| eligible(&firm, origins, &after, as_of) - eligible(&firm, origins, &firm.register, as_of));
        assert_eq!(of_touched, of_all, "{key}");
        freed += of_all;
    }
    assert!(freed > 0, "nothing was freed");
}
