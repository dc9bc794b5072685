//! A batch becomes part of the home all of it or nothing, wherever its process dies.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests panic, look at files and start processes"
)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{archived, child, commit, finish, key, messages, new_home, recipients, run_lock, stamp, told};
use lexhold_model::tables::Table;
use lexhold_model::{Message, MessageBatchBuilder};
use lexhold_store::{ArchivedBatch, EntryKind, ErrorKind, Faults, FindingKind, Home, Payload, Recovered, Step};
use proptest::prelude::*;

fn staged(home: &Home) -> usize {
    let runs = fs::read_dir(home.root().join("staging/runs")).into_iter().flatten();
    runs.map(|run| fs::read_dir(run.unwrap().path()).unwrap().count()).sum()
}

#[test]
fn a_committed_batch_reads_back_as_it_went_in() {
    let (_folder, home) = new_home();
    let lock = run_lock(&home);
    let batch = messages(0, 9);
    let (entry, record) = commit(&home, &lock, 3, &batch, &Faults::default()).unwrap();
    assert_eq!(
        home.batches(1).unwrap().collect::<Result<Vec<_>, _>>().unwrap(),
        [(entry, record.clone())]
    );
    let folders: BTreeSet<_> = record
        .files
        .iter()
        .map(|file| file.path.rsplit_once('/').unwrap().0)
        .collect();
    let expected = [
        "archive/platform=%2E%2E%2Fmail%20box/year=2020",
        "archive/platform=%2E%2E%2Fmail%20box/year=unknown",
        "archive/platform=slack/year=2019",
        "archive/platform=slack/year=2020",
        "evaluations/run-1",
    ];
    assert_eq!(folders, BTreeSet::from(expected));
    for file in &record.files {
        let name = Path::new(&file.path).file_name().unwrap().to_str().unwrap();
        let named = if file.is_segment() {
            format!("{}.parquet", file.sha256)
        } else {
            "000003-recipient.parquet".into()
        };
        assert_eq!(name, named);
        assert_eq!(fs::metadata(home.root().join(&file.path)).unwrap().len(), file.bytes);
    }
    for segment in record.files.iter().filter(|file| file.is_segment()) {
        for piece in home.archive().read(segment).unwrap() {
            let piece = piece.unwrap();
            for (at, key) in piece.keys.iter().enumerate() {
                let from = batch.keys.iter().position(|other| other == key).unwrap();
                assert_eq!(
                    piece.messages.row(at).to_message(),
                    batch.messages.row(from).to_message()
                );
                assert_eq!(piece.content_hashes[at], batch.content_hashes[from]);
            }
        }
    }
    assert_eq!(archived(&home).len(), 9);
    let sent_at = batch.messages.row(4).sent_at();
    let likely = || record.files.iter().filter(|file| file.may_hold("slack", sent_at));
    assert_eq!(likely().count(), 1);
    let found = home.archive().find(key(4), likely()).unwrap().unwrap();
    assert_eq!((found.len(), found.row(0).text()), (1, Some("secret text 4")));
    assert!(
        home.archive()
            .find(key(99), record.files.iter().filter(|file| file.is_segment()))
            .unwrap()
            .is_none()
    );
    assert_eq!(staged(&home), 0);
}

#[test]
fn the_same_messages_make_the_same_segment_which_is_kept_once() {
    let (_folder, home) = new_home();
    let lock = run_lock(&home);
    let files = [1, 2].map(|batch| {
        commit(&home, &lock, batch, &messages(0, 4), &Faults::default())
            .unwrap()
            .1
            .files
    });
    assert_eq!(files[0].iter().filter(|file| file.is_segment()).count(), 4);
    assert_eq!(files[0][..4], files[1][..4]);
    assert!(home.verify(|_, _| {}).unwrap().findings.is_empty());
}

#[test]
fn a_number_used_twice_is_refused_before_it_is_journalled() {
    let (_folder, home) = new_home();
    let lock = run_lock(&home);
    commit(&home, &lock, 1, &messages(0, 4), &Faults::default()).unwrap();
    let before = home.journal().last_seq().unwrap();
    assert!(commit(&home, &lock, 1, &messages(4, 4), &Faults::default()).is_err());
    assert_eq!(home.journal().last_seq().unwrap(), before);
    assert!(home.verify(|_, _| {}).unwrap().findings.is_empty());
}

#[test]
fn what_does_not_fit_is_refused() {
    let (_folder, home) = new_home();
    let (lock, faults) = (run_lock(&home), Faults::default());
    for run in ["", ".", "..", "a/b", "ü"] {
        assert_eq!(
            home.stage(&lock, run, 1, &faults).unwrap_err().kind(),
            ErrorKind::Refused,
            "{run}"
        );
    }
    let mut writer = home.stage(&lock, "r", 1, &faults).unwrap();
    assert!(
        writer
            .archive(&ArchivedBatch {
                keys: Vec::new(),
                ..messages(0, 1)
            })
            .is_err()
    );
    assert!(
        writer.table(Table::Hit, &recipients(&[])).is_err(),
        "columns of another table"
    );
    writer.table(Table::Recipient, &recipients(&[])).unwrap();
    writer.table(Table::Recipient, &recipients(&[key(1)])).unwrap();
    assert!(writer.table(Table::Recipient, &recipients(&[key(1)])).is_err(), "twice");
    let (_, record) = writer.commit(serde_json::Value::Null, stamp()).unwrap();
    assert_eq!(record.files.len(), 1, "no file for a table without rows");
    let table = home.archive().read(&record.files[0]);
    assert_eq!(table.err().unwrap().kind(), ErrorKind::Refused);
}

#[test]
fn an_empty_batch_is_a_batch() {
    let (_folder, home) = new_home();
    let lock = run_lock(&home);
    let (_, record) = commit(&home, &lock, 1, &messages(0, 0), &Faults::default()).unwrap();
    assert_eq!(record.files, []);
    assert!(home.verify(|_, _| {}).unwrap().findings.is_empty());
}

#[test]
fn a_batch_too_large_for_one_segment_is_split() {
    let (_folder, home) = new_home();
    let (lock, faults) = (run_lock(&home), Faults::default());
    let mut builder = MessageBatchBuilder::new();
    let text = "x".repeat(30 << 20);
    for _ in 0..3 {
        builder.push(&Message {
            platform: "slack".into(),
            text: Some(text.clone()),
            ..Message::default()
        });
    }
    let batch = ArchivedBatch {
        messages: builder.finish(),
        keys: vec![key(1), key(2), key(3)],
        content_hashes: vec![[7; 32]; 3],
    };
    let mut writer = home.stage(&lock, "r", 1, &faults).unwrap();
    writer.archive(&batch).unwrap();
    let (_, record) = writer.commit(serde_json::Value::Null, stamp()).unwrap();
    let rows: Vec<_> = record.files.iter().map(|file| file.rows).collect();
    assert_eq!(rows, [1, 2]);
    assert!(home.archive().find(key(3), &record.files).unwrap().is_some());
}

#[test]
fn staging_without_a_commit_leaves_nothing_behind_a_recovery() {
    let (_folder, home) = new_home();
    let (lock, faults) = (run_lock(&home), Faults::default());
    let mut writer = home.stage(&lock, "r", 1, &faults).unwrap();
    writer.archive(&messages(0, 4)).unwrap();
    drop(writer);
    assert_eq!(
        home.recover(&lock, stamp()).unwrap(),
        Recovered {
            published: vec![],
            discarded: 1,
            settled: None,
        }
    );
    assert_eq!(home.recover(&lock, stamp()).unwrap(), Recovered::default());
    assert_eq!((staged(&home), archived(&home).len()), (0, 0));
}

#[test]
fn a_process_that_dies_at_any_step_leaves_all_or_nothing() {
    // Four segments and a table: five files staged, five published.
    let places = [
        ("half-staged:1", false),
        ("half-staged:5", false),
        ("staged", false),
        ("journalled", true),
    ];
    let later = [
        ("half-published:1", true),
        ("half-published:3", true),
        ("half-published:5", true),
        ("published", true),
    ];
    for (place, journalled) in places.into_iter().chain(later) {
        let (_folder, home) = new_home();
        commit(&home, &run_lock(&home), 1, &messages(0, 4), &Faults::default()).unwrap();
        assert!(
            !finish(child("commits", home.root(), &format!("2 8 4 {place}"))).success(),
            "{place} is reached"
        );
        let home = Home::open(home.root()).unwrap();
        assert!(
            home.verify(|_, _| {}).unwrap().is_sound(),
            "{place}: nothing is damaged even now"
        );
        let recovered = home.recover(&run_lock(&home), stamp()).unwrap();
        let published = if journalled && place != "published" {
            vec![3]
        } else {
            vec![]
        };
        assert_eq!(
            recovered,
            Recovered {
                published,
                discarded: u64::from(!journalled),
                settled: None,
            },
            "{place}"
        );
        assert_eq!(archived(&home).len(), if journalled { 12 } else { 4 }, "{place}");
        assert!(
            home.verify(|_, _| {})
                .unwrap()
                .findings
                .iter()
                .all(|found| found.kind == FindingKind::PayloadUnused)
        );
        assert_eq!(staged(&home), 0);
    }
}

#[test]
fn a_staged_file_that_changed_before_it_was_moved_is_not_moved() {
    let (_folder, home) = new_home();
    assert!(!finish(child("commits", home.root(), "1 4 0 journalled")).success());
    let file = home.root().join("staging/runs/run-1/1/0.parquet");
    common::flip(&file, 40, 3);
    let error = home.recover(&run_lock(&home), stamp()).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Corrupt, Some(file.as_path())));
    fs::remove_file(&file).unwrap();
    assert!(
        home.recover(&run_lock(&home), stamp()).is_err(),
        "nor can one do without it"
    );
}

#[test]
#[ignore = "run by the tests above in a process of its own"]
fn commits() {
    let Some((home, argument)) = told() else { return };
    let words: Vec<_> = argument.split(' ').collect();
    let [batch, n, first, place] = words[..] else {
        panic!("{argument}")
    };
    let home = Home::open(&home).unwrap();
    let lock = run_lock(&home);
    home.recover(&lock, stamp()).unwrap();
    let faults = if place == "nowhere" {
        Faults::default()
    } else {
        place.parse().unwrap()
    };
    let batch_messages = messages(first.parse().unwrap(), n.parse().unwrap());
    commit(&home, &lock, batch.parse().unwrap(), &batch_messages, &faults).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 8, ..ProptestConfig::default() })]

    /// Whatever dies where, what can be read is what the journal names, and nothing else lies about.
    #[test]
    fn what_is_in_place_is_what_is_journalled(
        plan in prop::collection::vec((1_u64..6, prop::option::of((0_usize..5, 1_u32..4))), 1..5),
    ) {
        let (_folder, home) = new_home();
        let (mut first, mut journalled) = (0, Vec::new());
        for (batch, (n, fault)) in plan.into_iter().enumerate() {
            let place = fault.map_or("nowhere".to_owned(), |(step, time)| format!("{}:{time}", Step::ALL[step].as_str()));
            let before = home.journal().last_seq().unwrap();
            finish(child("commits", home.root(), &format!("{batch} {n} {first} {place}")));
            home.recover(&run_lock(&home), stamp()).unwrap();
            if home.journal().last_seq().unwrap() > before {
                journalled.extend((first..first + n).map(|number| (key(number), format!("secret text {number}"))));
            }
            first += n;
        }
        journalled.sort();
        prop_assert_eq!(archived(&home), journalled);
        let verification = home.verify(|_, _| {}).unwrap();
        prop_assert!(verification.findings.is_empty(), "{:?}", verification.findings);
        prop_assert_eq!(staged(&home), 0);
    }
}

#[test]
fn no_body_lies_outside_the_archive() {
    let (_folder, home) = new_home();
    commit(&home, &run_lock(&home), 1, &messages(0, 8), &Faults::default()).unwrap();
    let mut folders = vec![home.root().to_owned()];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.starts_with(home.root().join("archive")) {
                let bytes = fs::read(&path).unwrap();
                assert!(
                    !bytes.windows(11).any(|window| window == b"secret text"),
                    "{}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn an_activation_may_have_files() {
    let (_folder, home) = new_home();
    let lock = run_lock(&home);
    let first = serde_json::json!({"bundle": "b1"});
    home.journal()
        .append(EntryKind::Activation, Some(Payload::Json(&first)), stamp())
        .unwrap();
    assert_eq!(home.batches(1).unwrap().count(), 0, "the first activation has none");
    let faults = Faults::default();
    let mut writer = home.stage(&lock, "activation-2", 1, &faults).unwrap();
    let set = key(1);
    writer.table(Table::Recipient, &recipients(&[set])).unwrap();
    let (entry, record) = writer
        .commit_as(EntryKind::Activation, serde_json::json!({"bundle": "b2"}), stamp())
        .unwrap();
    let payload: serde_json::Value = home.journal().payload_json(&entry).unwrap().unwrap();
    assert_eq!(payload["bundle"], "b2", "its fields stand beside the files");
    assert_eq!(payload["files"].as_array().unwrap().len(), 1);
    let batches: Vec<_> = home.batches(1).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!((batches.len(), &batches[0].1.files), (1, &record.files));
    drop(lock);
    assert!(home.verify(|_, _| ()).unwrap().findings.is_empty());
}
