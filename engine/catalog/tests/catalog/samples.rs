//! Samples, as the catalog keeps them.

use lexhold_catalog::payload::{SampleCommitted, SampleDrawn, SampleItem};
use serde_json::json;

use crate::fixture::{Entry, Home, beginning, key, project_all};

/// A commitment and two draws, from this place in the journal on.
pub fn draws(seq: u64) -> Vec<Entry> {
    let committed = SampleCommitted {
        sample: "floor".into(),
        period: "2026-01".into(),
        begins_at: "2026-01-01T00:00:00Z".into(),
        ends_at: "2026-02-01T00:00:00Z".into(),
        commitment: "ab".repeat(32),
        plan: json!({"hits": 50_000}),
    };
    let item = |name: &str, strata: &[&str]| SampleItem {
        key: key(name),
        message_id: name.into(),
        of: "hits".into(),
        strata: strata.iter().map(|stratum| (*stratum).to_owned()).collect(),
        hash: key(&format!("hash of {name}")),
    };
    let drawn = |n: u32, items: Vec<SampleItem>| SampleDrawn {
        sample: "floor".into(),
        period: "2026-01".into(),
        tallies: json!([{"of": "hits", "population": n}]),
        items,
    };
    vec![
        Entry::new(seq, "sample_committed", json!(committed)),
        Entry::new(
            seq + 1,
            "sample_drawn",
            json!(drawn(
                3,
                vec![item("m1", &["sender ann", "desk fx, rates"]), item("m2", &[])]
            )),
        ),
        Entry::new(
            seq + 2,
            "sample_drawn",
            json!(drawn(4, vec![item("m3", &["sender bob"])])),
        ),
    ]
}

#[test]
fn m1_draws_add_up_and_the_last_figures_count() {
    let home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &beginning());
    project_all(&mut writer, &draws(4));
    let samples = writer.samples().unwrap();
    assert_eq!(samples.len(), 1);
    assert_eq!(samples[0].tallies.as_deref(), Some(r#"[{"of":"hits","population":4}]"#));
    assert_eq!(samples[0].plan, r#"{"hits":50000}"#);
    let items = writer.sample_items("floor", "2026-01").unwrap();
    assert!(items.is_sorted_by(|one, other| one.hash < other.hash));
    let mut shown: Vec<(&str, Vec<String>)> = items
        .iter()
        .map(|item| (item.message_id.as_str(), item.strata.clone()))
        .collect();
    shown.sort();
    let strata = |of: &[&str]| of.iter().map(|stratum| (*stratum).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        shown,
        [
            ("m1", strata(&["sender ann", "desk fx, rates"])),
            ("m2", strata(&[])),
            ("m3", strata(&["sender bob"]))
        ]
    );
    assert_eq!(writer.sample_items("floor", "2026-02").unwrap(), []);
}
