//! A backup is whole whatever goes on meanwhile, and what comes back knows what a newer journal knows.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests panic, look at files and start processes"
)]

mod common;

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use common::{AT, archived, commit, connect, flip, key, messages, new_home, run_lock, stamp};
use lexhold_model::Key;
use lexhold_model::tables::Table;
use lexhold_store::{
    Agreement, ClockAttested, ClockRefusal, Destruction, EntryKind, ErrorKind, Faults, Home, Payload, Restored, restore,
};
use serde_json::{Value, json};

fn numbers(home: &Home) -> Vec<u64> {
    let number = |text: &String| text.rsplit(' ').next().unwrap().parse().unwrap();
    let mut numbers: Vec<u64> = archived(home).iter().map(|(_, text)| number(text)).collect();
    numbers.sort_unstable();
    numbers
}

fn batch(home: &Home, number: u64, first: u64) {
    commit(home, &run_lock(home), number, &messages(first, 8), &Faults::default()).unwrap();
}

fn destroy(home: &Home, gone: &[u64]) {
    let (lock, faults) = (run_lock(home), Faults::default());
    let wanted: HashSet<Key> = gone.iter().map(|number| key(*number)).collect();
    let located = home.locate(&wanted).unwrap();
    for lot in located.lots() {
        let here: BTreeSet<Key> = lot.iter().flat_map(|segment| segment.keys.iter().copied()).collect();
        let seen = home.journal().last_seq().unwrap();
        let prepared = home.prepare_destruction(&lock, "p", &located, lot, &here, seen, Value::Null, &faults);
        let done = prepared.unwrap().destroy(stamp()).unwrap();
        assert!(matches!(done, Destruction::Done { .. }));
    }
}

fn note(home: &Home, kind: EntryKind, payload: &Value) -> u64 {
    home.journal()
        .append(kind, Some(Payload::Json(payload)), stamp())
        .unwrap()
        .seq
}

fn files(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() { &mut folders } else { &mut found }.push(path);
        }
    }
    found.sort();
    found
}

/// Files that have a message's text in them, Parquet's own compression taken off where need be.
fn has_body(root: &Path, number: u64) -> bool {
    let home = Home::open(root).unwrap();
    let named: BTreeSet<String> = home
        .batches(1)
        .unwrap()
        .flat_map(|batch| batch.unwrap().1.files)
        .map(|file| file.path)
        .collect();
    let stray = files(&root.join("archive"))
        .into_iter()
        .any(|path| !named.contains(path.strip_prefix(root).unwrap().to_str().unwrap()));
    stray || numbers(&home).contains(&number)
}

fn back(backup: &Path, newer: Option<&Path>, to: &Path) -> Restored {
    restore(backup, newer, to, connect(), stamp()).unwrap()
}

/// Copies a folder, for a second life of it.
fn copied(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(path, target).unwrap();
    }
}

#[test]
fn what_came_and_went_since_the_backup_is_gone_without_a_trace() {
    let (folder, home) = new_home();
    let (out, to) = (folder.path().join("backup"), folder.path().join("back"));
    home.back_up(&out, None, stamp()).unwrap();
    batch(&home, 1, 0);
    destroy(&home, &(0..8).collect::<Vec<_>>());
    let restored = back(&out, Some(home.root()), &to);
    assert!(restored.lost.is_empty() && restored.findings.is_empty());
    assert_eq!(
        (numbers(&restored.home), files(&to.join("archive"))),
        (Vec::new(), Vec::new())
    );
}

#[test]
fn what_comes_back_is_what_was_there() {
    let (folder, home) = new_home();
    batch(&home, 1, 0);
    home.export_checkpoint(stamp()).unwrap();
    let kept = home.checkpoint(stamp()).unwrap();
    let (out, to) = (folder.path().join("backup"), folder.path().join("back"));
    let made = home.back_up(&out, None, stamp()).unwrap();
    let last = home
        .journal()
        .entries(made.entries + 1)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(last.kind, EntryKind::BackupMade);
    assert!(!out.join("catalog.duckdb").exists() && !out.join("locks").exists());
    // Nobody can write into a backup by mistake.
    assert_eq!(Home::open(&out).unwrap_err().kind(), ErrorKind::NotFound);
    note(&home, EntryKind::HoldPlaced, &json!({"hold": "later"}));
    let restored = back(&out, None, &to);
    assert_eq!(
        (restored.backup_entries, restored.entry.seq),
        (made.entries, made.entries + 1)
    );
    assert!(restored.lost.is_empty() && restored.findings.is_empty());
    assert_eq!(numbers(&restored.home), (0..8).collect::<Vec<_>>());
    assert_eq!((restored.home.id(), restored.home.zone()), (home.id(), home.zone()));
    assert_eq!(restored.home.agreements(&[kept]).unwrap(), [Agreement::Agrees]);
    restored.home.checkpoint(stamp()).unwrap();
}

#[test]
fn what_comes_back_blindly_destroys_nothing_before_two_have_attested() {
    let (folder, home) = new_home();
    let (out, to) = (folder.path().join("backup"), folder.path().join("back"));
    home.back_up(&out, None, stamp()).unwrap();
    let restored = back(&out, None, &to);
    let refusal = restored.home.journal().clock_refusal(AT).unwrap();
    assert_eq!(
        refusal,
        Some(ClockRefusal::Blind {
            seq: restored.entry.seq
        })
    );
    let attested = ClockAttested {
        reason: "holds were placed again".into(),
        confirmed_by: vec!["rita".into()],
        wrong: Vec::new(),
    };
    note(&restored.home, EntryKind::ClockAttested, &json!(attested));
    assert_eq!(restored.home.journal().clock_refusal(AT).unwrap(), None);
    let seeing = back(&out, Some(home.root()), &folder.path().join("seeing"));
    assert_eq!(seeing.home.journal().clock_refusal(AT).unwrap(), None);
}

#[test]
fn a_newer_journal_brings_its_holds_and_destroys_again() {
    let (folder, home) = new_home();
    batch(&home, 1, 0);
    batch(&home, 2, 8);
    let erased = note(&home, EntryKind::Viewed, &json!({"who": "Ann"}));
    home.signing_key(stamp()).unwrap();
    let out = folder.path().join("backup");
    home.back_up(&out, None, stamp()).unwrap();
    let hold = note(&home, EntryKind::HoldPlaced, &json!({"hold": "orion"}));
    destroy(&home, &[1, 2, 9]);
    batch(&home, 3, 16);
    destroy(&home, &[3, 16]);
    home.rotate_key(false, stamp()).unwrap();
    let entry = home.journal().entries(erased).unwrap().next().unwrap().unwrap();
    let payload = format!("journal/payload/{}", entry.payload.unwrap());
    fs::remove_file(home.root().join(&payload)).unwrap();
    let left: Vec<u64> = (0..24).filter(|number| ![1, 2, 3, 9, 16].contains(number)).collect();
    assert_eq!(numbers(&home), left);

    // From the home that went on, with all its files.
    let to = folder.path().join("whole");
    let restored = back(&out, Some(home.root()), &to);
    assert!(restored.lost.is_empty() && restored.findings.iter().all(|found| !found.kind.is_damage()));
    assert_eq!(numbers(&restored.home), left);
    assert!([1, 2, 3, 9, 16].iter().all(|number| !has_body(&to, *number)));
    let placed = restored.home.journal().entries(hold).unwrap().next().unwrap().unwrap();
    assert_eq!((placed.kind, placed.seq), (EntryKind::HoldPlaced, hold));
    assert!(!to.join(&payload).exists(), "what was erased stays erased");
    assert_eq!(restored.home.signing_keys().unwrap(), home.signing_keys().unwrap());
    restored.home.checkpoint(stamp()).unwrap();

    // From its journal alone: the rows are filtered again, and what was taken in since is lost and named.
    let journal = folder.path().join("journal-only");
    copied(&home.root().join("journal"), &journal.join("journal"));
    let to = folder.path().join("partly");
    let restored = back(&out, Some(&journal), &to);
    let early: Vec<u64> = left.iter().copied().filter(|number| *number < 16).collect();
    assert_eq!(numbers(&restored.home), early);
    assert!([1, 2, 3, 9].iter().all(|number| !has_body(&to, *number)));
    assert!(!restored.lost.is_empty());
    assert!(restored.destroyed >= 3);
    // The key that signs now was not at hand, which is said.
    assert!(restored.findings.iter().any(|found| found.path.starts_with("keys")));
}

#[test]
fn a_file_that_is_lost_keeps_no_other_from_being_written_again() {
    let (folder, home) = new_home();
    batch(&home, 1, 0);
    let out = folder.path().join("backup");
    home.back_up(&out, None, stamp()).unwrap();
    // A duplicate of one message that goes and of one that stays.
    let (lock, faults) = (run_lock(&home), Faults::default());
    let mut writer = home.stage(&lock, "run-2", 1, &faults).unwrap();
    writer
        .table(Table::Recipient, &common::recipients(&[key(1), key(5)]))
        .unwrap();
    writer.commit(json!({}), stamp()).unwrap();
    drop(lock);
    destroy(&home, &[1, 2]);
    let journal = folder.path().join("journal-only");
    copied(&home.root().join("journal"), &journal.join("journal"));
    let to = folder.path().join("back");
    let restored = back(&out, Some(&journal), &to);
    assert_eq!(numbers(&restored.home), [0, 3, 4, 5, 6, 7]);
    assert!(!has_body(&to, 1) && !has_body(&to, 2));
    assert_eq!(restored.lost.len(), 1, "{:?}", restored.lost);
    assert!(restored.findings.iter().all(|found| !found.kind.is_damage()));
}

#[test]
fn a_backup_that_was_changed_does_not_come_back() {
    let (folder, home) = new_home();
    batch(&home, 1, 0);
    home.export_checkpoint(stamp()).unwrap();
    let out = folder.path().join("backup");
    home.back_up(&out, None, stamp()).unwrap();
    for (number, path) in files(&out).into_iter().enumerate() {
        let whole = fs::read(&path).unwrap();
        if whole.is_empty() {
            continue;
        }
        flip(&path, whole.len() / 2, number);
        let to = folder.path().join(format!("back{number}"));
        let error = restore(&out, None, &to, connect(), stamp()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{}: {error}", path.display());
        assert!(!to.join("home.json").exists());
        fs::remove_file(&path).unwrap();
        let to = folder.path().join(format!("missing{number}"));
        restore(&out, None, &to, connect(), stamp()).unwrap_err();
        assert!(!to.join("home.json").exists());
        fs::write(&path, whole).unwrap();
    }
    back(&out, None, &folder.path().join("back"));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let (folder, home) = new_home();
    let (out, to) = (folder.path().join("backup"), folder.path().join("back"));
    batch(&home, 1, 0);
    let early = folder.path().join("early");
    copied(home.root(), &early);
    note(&home, EntryKind::Viewed, &json!({}));
    home.back_up(&out, None, stamp()).unwrap();
    let (_other, stranger) = new_home();
    for _ in 0..9 {
        note(&stranger, EntryKind::Viewed, &json!({}));
    }
    let refused = |newer: Option<&Path>, to: &Path| restore(&out, newer, to, connect(), stamp()).unwrap_err().kind();
    assert_eq!(refused(Some(&early), &to), ErrorKind::Refused);
    assert_eq!(refused(Some(stranger.root()), &to), ErrorKind::Refused);
    assert_eq!(refused(Some(folder.path()), &to), ErrorKind::Refused);
    assert_eq!(refused(None, home.root()), ErrorKind::Refused);
    assert_eq!(
        home.back_up(&out, None, stamp()).unwrap_err().kind(),
        ErrorKind::Refused
    );
    let nothing = restore(&folder.path().join("none"), None, &to, connect(), stamp()).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::NotFound);
    // A path that leads out of the backup is no path of one.
    let manifest = fs::read_to_string(out.join("manifest.json")).unwrap();
    fs::write(
        out.join("manifest.json"),
        manifest.replacen("bundles", "../x", 1).replacen("archive", "../x", 1),
    )
    .unwrap();
    assert_eq!(refused(None, &to), ErrorKind::Corrupt);
}

/// Whoever works beside a test stops when it ends, however it does.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_backup_made_while_others_work_is_whole() {
    let (folder, home) = new_home();
    batch(&home, 1, 0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _stopping = Stopping(&stop);
        scope.spawn(|| {
            let mut number = 2;
            while !stop.load(Ordering::Relaxed) {
                batch(&home, number, 8 * number);
                note(&home, EntryKind::HoldPlaced, &json!({"hold": number}));
                destroy(&home, &[8 * number, 8 * number + 3]);
                number += 1;
            }
        });
        for number in 0..4 {
            let out = folder.path().join(format!("backup{number}"));
            home.back_up(&out, None, stamp()).unwrap();
            let blind = back(&out, None, &folder.path().join(format!("blind{number}")));
            // A destruction that was under way may stand open; nothing else is amiss.
            assert!(
                blind.findings.iter().all(|found| !found.kind.is_damage()),
                "{:?}",
                blind.findings
            );
        }
    });
    let expected = numbers(&home);
    for number in 0..4 {
        let (out, to) = (
            folder.path().join(format!("backup{number}")),
            folder.path().join(format!("seeing{number}")),
        );
        let seeing = back(&out, Some(home.root()), &to);
        assert!(seeing.lost.is_empty());
        assert_eq!(numbers(&seeing.home), expected);
    }
}
