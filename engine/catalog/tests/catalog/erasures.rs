//! Requests for erasure, from the journal to what messages are asked.

use lexhold_catalog::{Asked, CatalogError, ErasureChoice, GRANT_PARTS, Scope};
use serde_json::{Value, json};

use crate::fixture::{Entry, Home, beginning, key, project_all};
use crate::projection::everything;

/// A request over some messages, confirmed, prolonged, decided on, answered, and another that was withdrawn.
pub fn requests(seq: u64, messages: &[&str]) -> Vec<Entry> {
    let items: Vec<Value> = messages.iter().map(|id| item(id)).collect();
    let asked = |name: &str| {
        json!({ "request": name, "subject": "bob", "law": "gdpr", "located": "DE", "established": ["IE"],
                "received": "2026-01-31", "zone": "Europe/Berlin", "due": "2026-02-28", "chosen_by": { "people": ["bob"] },
                "digest": "ab", "items": items })
    };
    let confirmed = json!({ "request": "r1", "digest": "ab", "evidence": "passport seen" });
    let extended = json!({ "request": "r1", "due": "2026-04-30", "notified": "2026-02-20", "reason": "many" });
    let ground = json!({ "request": "r1", "ground": "17(3)(e)", "reason": "a suit", "items": items });
    let grants = [
        json!({ "waived": [key("other")], "items": [] }),
        json!({ "waived": [key("set")], "items": items[..1] }),
    ];
    let granted = json!({ "request": "r1", "reason": "nobody needs it", "grants": grants });
    vec![
        Entry::new(seq, "erasure_requested", asked("r1")),
        Entry::new(seq + 1, "erasure_confirmed", confirmed),
        Entry::new(seq + 2, "erasure_extended", extended),
        Entry::new(seq + 3, "erasure_decided", ground),
        Entry::new(seq + 4, "erasure_decided", granted),
        Entry::new(
            seq + 5,
            "erasure_answered",
            json!({ "request": "r1", "answer": { "n": 1 } }),
        ),
        Entry::new(seq + 6, "erasure_requested", asked("r2")),
        Entry::new(
            seq + 7,
            "erasure_closed",
            json!({ "request": "r2", "outcome": "withdrawn", "reason": "by phone" }),
        ),
    ]
}

fn item(id: &str) -> Value {
    json!({ "family": key(id), "message_id": id, "others": 1 })
}

/// What each message is asked, at the end of some entries.
fn asked(entries: &[Entry], home: &Home, name: &str) -> Vec<(String, Option<Option<u64>>)> {
    let mut writer = home.writer(name);
    project_all(&mut writer, entries);
    let mut found = Vec::new();
    writer
        .retention::<CatalogError>(Scope::All, |row| {
            assert_eq!(row.asked, row.covered().asked);
            found.push((row.message_id, row.asked.map(|Asked { granted, .. }| granted)));
            Ok(())
        })
        .unwrap();
    found
}

#[test]
fn a_request_counts_from_its_confirmation_to_its_end_and_the_last_decision_decides() {
    let mut home = Home::new();
    let mut entries = beginning();
    entries.push(everything(&mut home, 4, &["slack/C1/1", "slack/C1/2", "slack/C1/3"]));
    let named = ["slack/C1/1", "slack/C1/2"];
    let requests = requests(5, &named);
    let ends = |n: usize, mut more: Vec<Entry>| {
        let mut all = entries.clone();
        all.extend(requests[..n].iter().cloned());
        let seq = all.last().unwrap().seq;
        more.iter_mut().zip(seq + 1..).for_each(|(entry, seq)| entry.seq = seq);
        all.extend(more);
        all
    };
    let again = json!({ "request": "r1", "ground": "17(3)(e)", "reason": "after all", "items": [item("slack/C1/1")] });
    let closed = json!({ "request": "r1", "outcome": "withdrawn", "reason": "by letter" });
    for (at, (entries, want)) in [
        (ends(1, vec![]), [None, None]),
        (ends(2, vec![]), [Some(None), Some(None)]),
        (ends(4, vec![]), [Some(None), Some(None)]),
        (ends(8, vec![]), [Some(Some(9 * GRANT_PARTS + 1)), Some(None)]),
        (
            ends(8, vec![Entry::new(0, "erasure_decided", again)]),
            [Some(None), Some(None)],
        ),
        (ends(8, vec![Entry::new(0, "erasure_closed", closed)]), [None, None]),
    ]
    .into_iter()
    .enumerate()
    {
        let found = asked(&entries, &home, &format!("case{at}"));
        let want = named.iter().zip(want).map(|(id, asked)| ((*id).to_owned(), asked));
        let want: Vec<_> = want.chain([("slack/C1/3".to_owned(), None)]).collect();
        assert_eq!(found, want, "case {at}");
    }
}

#[test]
fn what_is_on_record_of_a_request_comes_back() {
    let mut home = Home::new();
    let mut entries = beginning();
    entries.push(everything(&mut home, 4, &["slack/C1/1", "slack/C1/2"]));
    entries.extend(requests(5, &["slack/C1/1", "slack/C1/2"]));
    let mut writer = home.writer("catalog");
    project_all(&mut writer, &entries);

    let [one, other] = <[_; 2]>::try_from(writer.erasures().unwrap()).unwrap();
    assert_eq!(
        (one.due.as_str(), one.due(), one.n_messages),
        ("2026-02-28", "2026-04-30", 2)
    );
    assert_eq!(one.established, ["IE"]);
    assert_eq!(one.step("answered").unwrap().detail, json!({ "n": 1 }));
    assert_eq!(other.step("closed").unwrap().detail, json!({ "outcome": "withdrawn" }));
    let items = writer.erasure_items("r1", None).unwrap();
    let grounds: Vec<_> = items.iter().map(|item| item.decision.clone().unwrap().ground).collect();
    assert_eq!(grounds, [None, Some("17(3)(e)".to_owned())]);
    assert!(items.iter().all(|item| !item.erased && item.also_asked_by.is_empty()));
    assert_eq!(
        writer.erasure_items("r2", Some(key("slack/C1/1"))).unwrap()[0].also_asked_by,
        ["r1"]
    );
    assert_eq!(writer.erasures_of(key("slack/C1/2")).unwrap(), ["r1", "r2"]);
    assert_eq!(writer.waived().unwrap()[&(9 * GRANT_PARTS + 1)], [key("set")].into());
}

#[test]
fn messages_are_chosen_by_person_conversation_and_day() {
    let mut home = Home::new();
    let mut entries = beginning();
    entries.push(everything(&mut home, 4, &["slack/C1/1", "slack/C1/2"]));
    let mut writer = home.writer("catalog");
    project_all(&mut writer, &entries);
    let sender = {
        let mut senders = Vec::new();
        writer
            .retention::<CatalogError>(Scope::All, |row| {
                senders.push((row.sender, row.conversation, row.sent_at.unwrap()));
                Ok(())
            })
            .unwrap();
        senders.remove(0)
    };
    let by = |platform: &str| [(platform.to_owned(), sender.0.clone())].into();
    let conversation = |name: &str| [name.to_owned()].into();
    let none = ErasureChoice::default;
    for (choice, want) in [
        (
            ErasureChoice {
                handles: by("*"),
                ..none()
            },
            2,
        ),
        (
            ErasureChoice {
                handles: by("slack"),
                ..none()
            },
            2,
        ),
        (
            ErasureChoice {
                handles: by("teams"),
                ..none()
            },
            0,
        ),
        (
            ErasureChoice {
                handles: by("*"),
                conversations: conversation("nowhere"),
                ..none()
            },
            0,
        ),
        (
            ErasureChoice {
                conversations: conversation(&sender.1),
                ..none()
            },
            2,
        ),
        (
            ErasureChoice {
                handles: by("*"),
                from: Some(sender.2),
                to: Some(sender.2),
                ..none()
            },
            0,
        ),
        (
            ErasureChoice {
                handles: [("*".to_owned(), "it's nobody".to_owned())].into(),
                ..none()
            },
            0,
        ),
    ] {
        let found = writer.choose_for_erasure(&choice).unwrap();
        assert_eq!(found.len(), want, "{choice:?}");
        let named: Vec<_> = found.iter().map(|item| item.family).collect();
        assert_eq!(writer.named_for_erasure(&named, &choice).unwrap(), found);
    }
}
