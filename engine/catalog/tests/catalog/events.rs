//! The register of events, as the catalog keeps it.

use lexhold_catalog::payload::{EventItem, Events};
use lexhold_catalog::{EventRow, EventRowStep};
use serde_json::json;

use crate::fixture::{Entry, Home, beginning, project_all};

fn closed(key: &str, date: Option<&str>, supersedes: Option<&str>) -> EventItem {
    EventItem {
        event: "account_closed".into(),
        key: key.into(),
        date: date.map(str::to_owned),
        supersedes: supersedes.map(str::to_owned),
        evidence: Some("letter of the client".into()),
        ..EventItem::default()
    }
}

/// Two events at once, a correction and a cancellation, from this place in the journal on.
pub fn register(seq: u64) -> Vec<Entry> {
    let events = |events: Vec<EventItem>| {
        json!(Events {
            confirmed_by: Some("rita".into()),
            events,
            ..Events::default()
        })
    };
    let first = format!("{seq}.1");
    let two = vec![
        closed("ACC-1", Some("2024-05-10"), None),
        closed("ACC-2", Some("2024-06-10"), None),
    ];
    vec![
        Entry::new(seq, "event_recorded", events(two)),
        Entry::new(
            seq + 1,
            "event_corrected",
            events(vec![closed("ACC-1", Some("2024-07-10"), Some(&first))]),
        ),
        Entry::new(
            seq + 2,
            "event_cancelled",
            events(vec![closed("ACC-1", None, Some(&first))]),
        ),
    ]
}

#[test]
fn entries_of_the_register_come_in_the_order_of_the_journal() {
    let home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &beginning());
    assert_eq!(writer.events().unwrap(), []);
    project_all(&mut writer, &register(4));
    let rows = writer.events().unwrap();
    let shown: Vec<_> = rows
        .iter()
        .map(|row: &EventRow| {
            let date = row.date.as_deref();
            (
                row.event_id.as_str(),
                row.step,
                row.key.as_str(),
                date,
                row.supersedes.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("4.1", EventRowStep::Recorded, "ACC-1", Some("2024-05-10"), None),
            ("4.2", EventRowStep::Recorded, "ACC-2", Some("2024-06-10"), None),
            ("5.1", EventRowStep::Corrected, "ACC-1", Some("2024-07-10"), Some("4.1")),
            ("6.1", EventRowStep::Cancelled, "ACC-1", None, Some("4.1")),
        ]
    );
    let first = &rows[0];
    assert_eq!(
        (first.asserter.as_str(), first.confirmed_by.as_deref()),
        ("otto", Some("rita"))
    );
    assert_eq!(first.evidence.as_deref(), Some("letter of the client"));
}

#[test]
fn an_entry_whose_payload_is_gone_is_not_passed_over() {
    let home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &beginning());
    let lost = Entry::new(4, "event_cancelled", json!(null));
    assert!(lost.project(&mut writer).is_err());
}
