//! What people decide and look at, as the catalog keeps it.

use lexhold_catalog::payload::{Mandate, Review, ReviewItem, Viewed};
use lexhold_catalog::{Fingerprint, ReviewRow, review_rows};
use serde_json::json;

use crate::fixture::{Entry, Home, beginning, key, project_all};

fn closing() -> Review {
    let mandate = |name: &str| Mandate {
        name: name.into(),
        digest: "ab".repeat(32),
        text: "lexhold: 1".into(),
    };
    Review {
        action: "close".into(),
        person: Some("r.ia".into()),
        on_behalf_of: Some("dana".into()),
        decision: Some("no-issue".into()),
        reason: Some("it's a joke; \"quoted\"".into()),
        delegation: Some(mandate("cover")),
        exceptions: vec![mandate("one"), mandate("two")],
        items: vec![
            ReviewItem {
                object: "alert".into(),
                object_id: "a1".into(),
                members: vec![key("m2"), key("m1")],
                message_ids: vec!["slack/c/m2".into(), "slack/c/m1".into()],
                due_at: Some("2026-01-05T00:00:00Z".into()),
            },
            ReviewItem {
                object: "alert".into(),
                object_id: "a2".into(),
                ..ReviewItem::default()
            },
        ],
        ..Review::default()
    }
}

fn suppression(until: &str) -> Review {
    Review {
        action: "suppress".into(),
        until: Some(until.into()),
        approved_by: Some("sue".into()),
        items: vec![ReviewItem {
            object: "alert".into(),
            object_id: "a2".into(),
            ..ReviewItem::default()
        }],
        ..Review::default()
    }
}

/// A closing, a suppression and a look, from this place in the journal on.
pub fn decisions(seq: u64) -> Vec<Entry> {
    let look = Viewed {
        object: "alert".into(),
        object_id: "a1".into(),
        content: "never".into(),
    };
    vec![
        Entry::new(seq, "review", json!(closing())),
        Entry::new(seq + 1, "review", json!(suppression("2026-03-01T00:00:00Z"))),
        Entry::new(seq + 2, "viewed", json!(look)),
    ]
}

fn entries() -> Vec<Entry> {
    let mut entries = beginning();
    entries.extend(decisions(4));
    entries
}

fn rows_of(seq: u64, review: &Review) -> Vec<ReviewRow> {
    let at = format!("2026-01-02T03:04:{seq:02}Z").parse().unwrap();
    review_rows(seq, at, "otto", review)
}

#[test]
fn the_catalog_says_what_the_journal_says() {
    let home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &entries());
    let mut want = rows_of(4, &closing());
    want.extend(rows_of(5, &suppression("2026-03-01T00:00:00Z")));
    assert_eq!(writer.reviews().unwrap(), want);
    assert_eq!(want[0].review_id, "4.1");
    assert_eq!(want[0].members.len(), 2);
    let looks = writer.viewings().unwrap();
    assert_eq!(
        (looks.len(), looks[0].object_id.as_str(), looks[0].viewer.as_str()),
        (1, "a1", "otto")
    );
}

#[test]
fn projected_again_it_is_the_same_row_for_row() {
    let home = Home::new();
    let of = |name: &str| {
        let mut writer = home.writer(name);
        project_all(&mut writer, &entries());
        writer.fingerprint(Fingerprint::Everything).unwrap()
    };
    let (one, other) = (of("one"), of("other"));
    assert_eq!(one, other);
    let rows = |table: &str| one.iter().find(|of| of.table == table).map(|of| of.n_rows);
    let tables = ["review", "review_member", "viewing", "suppression"];
    assert_eq!(tables.map(rows), [Some(3), Some(2), Some(1), Some(1)]);
}

#[test]
fn an_erased_payload_of_a_review_is_an_error_and_not_a_gap() {
    let home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &beginning());
    let erased = Entry::new(4, "review", serde_json::Value::Null);
    assert!(erased.project(&mut writer).is_err());
}
