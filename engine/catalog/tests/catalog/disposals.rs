//! Disposal, as the catalog keeps it: plans, what was said of them, and tombstones.

use lexhold_catalog::Fingerprint;
use lexhold_model::tables::Table;
use serde_json::json;

use crate::fixture::{Entry, Home, batch_entry, beginning, key, project_all, row};
use crate::projection::everything;

/// A plan for one message that is carried out, and another that is not, from this place in the journal on.
pub fn disposal(home: &mut Home, seq: u64, message: &str) -> Vec<Entry> {
    let schedules: &[&str] = &["desk.chats@1.0.0"];
    let triggers: &[&str] = &["sent 2019-06-01"];
    let id = key(message);
    let dates = ["2022-06-01", "2022-06-02T00:00:00Z", "2022-06-01", "none"];
    let items = home.file(
        Table::DisposalItem,
        &[row![
            "plan-1",
            0_i64,
            id,
            id,
            message,
            0_i64,
            key("content"),
            schedules,
            "review",
            triggers,
            dates[0],
            dates[1],
            dates[2],
            dates[3],
        ]],
    );
    let plan = json!({"plan": "plan-1", "digest": "ab".repeat(32), "as_of": "2026-01-01T00:00:00Z", "frozen_at": seq - 1,
        "items": 1, "by_schedule": [], "held_back": [], "authors": ["ria"], "solo": false});
    let file = json!({"old": {"bytes": 7}, "new": null});
    let intent = json!({"plan": "plan-1", "files": [file], "keys": [id],
        "detail": {"activity": [{"conversation": "ab", "active_at": null, "captured_at": 5}]}});
    vec![
        Entry {
            files: vec![items],
            ..Entry::new(seq, "disposal_proposed", json!({"detail": plan}))
        },
        Entry::new(
            seq + 1,
            "disposal_approved",
            json!({"plan": "plan-1", "digest": "ab", "approvals": [{}], "solo": false}),
        ),
        Entry::new(
            seq + 2,
            "disposal_rejected",
            json!({"plan": "plan-0", "reason": "not yet", "items": [{"key": id, "reason": "held"}]}),
        ),
        Entry::new(seq + 3, "disposal_intent", intent.clone()),
        Entry::new(seq + 4, "disposal_done", json!({"intent": seq + 3, "destroyed": false})),
        Entry::new(seq + 5, "disposal_intent", intent),
        Entry::new(seq + 6, "disposal_done", json!({"intent": seq + 5, "destroyed": true})),
        Entry::new(seq + 7, "disposal_certified", json!({"plan": "plan-1"})),
    ]
}

#[test]
fn a_message_that_is_gone_leaves_its_tombstone_and_nothing_else() {
    let mut home = Home::new();
    let mut entries = beginning();
    entries.push(everything(&mut home, 4, &["slack/C1/1", "slack/C1/2"]));
    entries.extend(disposal(&mut home, 5, "slack/C1/1"));
    let mut writer = home.writer("c");
    project_all(&mut writer, &entries);
    let (gone, there) = (key("slack/C1/1"), key("slack/C1/2"));
    let known = writer.known(&[gone, there]).unwrap();
    assert_eq!(known.keys().collect::<Vec<_>>(), [&there]);
    assert_eq!(
        writer
            .destroyed(&[gone, there])
            .unwrap()
            .into_iter()
            .collect::<Vec<_>>(),
        [(gone, key("content"))]
    );
    assert!(
        writer.key_filter().unwrap().may_hold(gone),
        "what comes in again is looked up"
    );
    let plans = writer.plans().unwrap();
    assert_eq!(
        (plans[0].n_destroyed, plans[0].n_sent_back, plans[0].certified),
        (1, 0, Some(12))
    );
    let prints = writer.fingerprint(Fingerprint::Everything).unwrap();
    let rows = |table: &str| prints.iter().find(|print| print.table == table).unwrap().n_rows;
    for table in ["message", "hit", "part", "assignment", "hold_member", "source"] {
        assert!(
            rows(table) > 0 && rows(table) % 2 == 1 || rows(table) == 1,
            "{table} keeps the other's rows"
        );
    }
    assert_eq!(
        (rows("tombstone"), rows("disposal_step_key")),
        (1, 1),
        "what was recalled left nothing"
    );
    // A message of the same id that comes in later is one of its own.
    project_all(&mut writer, &[batch_entry(13, 1, true, Vec::new())]);
    assert_eq!(writer.destroyed(&[there]).unwrap().len(), 0);
}
