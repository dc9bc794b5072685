//! Verification finds what was changed, what is gone and what was slipped in.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests panic and look at files"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::{commit, messages, new_home, run_lock, stamp};
use lexhold_store::{EntryKind, Faults, FindingKind, Home, Payload};
use serde_json::json;
use tempfile::TempDir;

/// A home with a bundle, its activation, a batch and a look at a message, and the paths of one file of each sort.
fn full_home() -> (TempDir, Home) {
    let (folder, home) = new_home();
    let digest = home
        .bundles()
        .put(&BTreeMap::from([("a.yaml".into(), b"lexhold: 1".to_vec())]))
        .unwrap();
    let payload = json!({ "sources": digest });
    home.journal()
        .append(EntryKind::Activation, Some(Payload::Json(&payload)), stamp())
        .unwrap();
    commit(&home, &run_lock(&home), 1, &messages(0, 4), &Faults::default()).unwrap();
    home.journal()
        .append(EntryKind::Viewed, Some(Payload::Bytes(b"x")), stamp())
        .unwrap();
    let digest = home
        .facts()
        .put(&BTreeMap::from([("directory.yaml".into(), b"lexhold: 1".to_vec())]))
        .unwrap();
    home.journal()
        .append(
            EntryKind::Facts,
            Some(Payload::Json(&json!({ "sources": digest }))),
            stamp(),
        )
        .unwrap();
    (folder, home)
}

fn found(home: &Home) -> Vec<FindingKind> {
    home.verify(|_, _| {})
        .unwrap()
        .findings
        .iter()
        .map(|finding| finding.kind)
        .collect()
}

fn payload(home: &Home, seq: u64) -> PathBuf {
    let entry = home.journal().entries(seq).unwrap().next().unwrap().unwrap();
    home.root()
        .join("journal/payload")
        .join(entry.payload.unwrap().to_string())
}

fn file(home: &Home, segment: bool) -> PathBuf {
    let (_, record) = home.batches(1).unwrap().next().unwrap().unwrap();
    home.root().join(
        &record
            .files
            .iter()
            .find(|file| file.is_segment() == segment)
            .unwrap()
            .path,
    )
}

#[test]
fn a_sound_home_has_no_findings_and_a_tree_head() {
    let (_folder, home) = full_home();
    let mut told = Vec::new();
    let verification = home.verify(|done, total| told.push((done, total))).unwrap();
    assert_eq!(
        (verification.findings.as_slice(), verification.files),
        ([].as_slice(), 5)
    );
    assert_eq!(verification.head, Some(home.journal().tree_head().unwrap()));
    assert_eq!(told.last(), Some(&(verification.bytes, verification.bytes)));
}

#[test]
fn every_bit_of_every_file_counts() {
    let (_folder, home) = full_home();
    let source = |folder: &str, name: &str| {
        let mut stored = fs::read_dir(home.root().join(folder)).unwrap();
        stored.next().unwrap().unwrap().path().join(name)
    };
    let files = [
        (file(&home, true), FindingKind::FileChanged),
        (file(&home, false), FindingKind::FileChanged),
        (payload(&home, 3), FindingKind::PayloadChanged),
        (payload(&home, 4), FindingKind::PayloadChanged),
        (source("bundles", "a.yaml"), FindingKind::SourcesChanged),
        (source("facts", "directory.yaml"), FindingKind::SourcesChanged),
        (home.root().join("keys/content.key"), FindingKind::KeyChanged),
    ];
    for (path, kind) in files {
        let length = fs::read(&path).unwrap().len();
        for at in (0..length).step_by(1 + length / 40) {
            common::flip(&path, at, at);
            assert!(found(&home).contains(&kind), "{} at {at}", path.display());
            common::flip(&path, at, at);
        }
    }
    assert_eq!(found(&home), []);
}

#[test]
fn what_is_gone_is_missed_and_what_was_added_is_noticed() {
    let check = |change: &dyn Fn(&Home), expected: &[FindingKind], sound: bool| {
        let (_folder, home) = full_home();
        change(&home);
        assert_eq!(found(&home), expected);
        assert_eq!(home.verify(|_, _| {}).unwrap().is_sound(), sound, "{expected:?}");
    };
    let remove = |path: PathBuf| fs::remove_file(path).unwrap();
    check(&|home| remove(file(home, true)), &[FindingKind::FileMissing], false);
    check(&|home| remove(file(home, false)), &[FindingKind::FileMissing], false);
    check(&|home| remove(payload(home, 4)), &[FindingKind::PayloadErased], true);
    check(
        &|home| remove(home.root().join("keys/content.key")),
        &[FindingKind::KeyExposed],
        false,
    );
    let extra = |name: &'static str| move |home: &Home| fs::write(home.root().join(name), "x").unwrap();
    check(&extra("archive/x.parquet"), &[FindingKind::FileUnknown], false);
    check(&extra("evaluations/x.parquet"), &[FindingKind::FileUnknown], false);
    check(&extra("journal/payload/x"), &[FindingKind::PayloadUnused], true);
    let bundles = |home: &Home| fs::remove_dir_all(home.root().join("bundles")).unwrap();
    check(&bundles, &[FindingKind::SourcesMissing], false);
    let open = |home: &Home| {
        fs::set_permissions(home.root().join("keys/content.key"), fs::Permissions::from_mode(0o644)).unwrap();
    };
    check(&open, &[FindingKind::KeyExposed], false);
    let (_folder, home) = full_home();
    let text = fs::read_to_string(home.root().join("home.json")).unwrap();
    fs::write(home.root().join("home.json"), text.replace("Berlin", "Paris")).unwrap();
    assert_eq!(found(&Home::open(home.root()).unwrap()), [FindingKind::HomeChanged]);
    remove(payload(&home, 3));
    assert!(
        found(&home).contains(&FindingKind::PayloadMissing),
        "the list of a batch's files cannot be erased"
    );
    let hold = home
        .journal()
        .append(EntryKind::HoldPlaced, Some(Payload::Bytes(b"x")), stamp())
        .unwrap();
    remove(payload(&home, hold.seq));
    let missing =
        |found: &lexhold_store::Finding| found.kind == FindingKind::PayloadMissing && found.seq == Some(hold.seq);
    assert!(
        home.verify(|_, _| {}).unwrap().findings.iter().any(missing),
        "nor can what a hold covers"
    );
    remove(home.root().join("journal/log.ndjson"));
    assert!(found(&home).contains(&FindingKind::JournalBroken));
}
