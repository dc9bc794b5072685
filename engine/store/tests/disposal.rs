//! What is destroyed is gone from every file, what stays is as it was, and a hold is never too late without being told.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests panic, look at files and start processes"
)]

mod common;

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use common::{
    archived, child, commit, finish, flip, key, messages, new_home, open, place, recipients, run_lock, stamp, told,
    with_objects,
};
use lexhold_model::Key;
use lexhold_model::tables::Table;
use lexhold_store::{Destruction, EntryKind, ErrorKind, Faults, FindingKind, Home, Outcome, Result, RunLock, Step};
use serde_json::Value;

/// Two batches; the second has late rows of messages of the first.
fn filled(home: &Home) {
    let lock = run_lock(home);
    commit(home, &lock, 1, &messages(0, 12), &Faults::default()).unwrap();
    let second = messages(12, 4);
    let faults = Faults::default();
    let mut writer = home.stage(&lock, "run-1", 2, &faults).unwrap();
    writer.archive(&second).unwrap();
    let late: Vec<Key> = second.keys.iter().copied().chain([key(0), key(1), key(4)]).collect();
    writer.table(Table::Recipient, &recipients(&late)).unwrap();
    writer.commit(Value::Null, stamp()).unwrap();
}

fn keys(numbers: &[u64]) -> BTreeSet<Key> {
    numbers.iter().map(|number| key(*number)).collect()
}

/// Destroys messages, wherever they lie; none voided.
fn destroy(home: &Home, lock: &RunLock, wanted: &BTreeSet<Key>, faults: &Faults) -> Result<Vec<Destruction>> {
    let located = home.locate(&wanted.iter().copied().collect::<HashSet<_>>())?;
    let mut all = Vec::new();
    for lot in located.lots() {
        let here: BTreeSet<Key> = lot.iter().flat_map(|segment| segment.keys.iter().copied()).collect();
        let seen = home.journal().last_seq()?;
        let prepared = home.prepare_destruction(lock, "plan-1", &located, lot, &here, seen, Value::Null, faults)?;
        all.push(prepared.destroy(stamp())?);
    }
    Ok(all)
}

/// The keys of all rows of evaluations.
fn table_keys(home: &Home) -> Vec<Key> {
    use arrow::array::AsArray;
    use arrow::datatypes::Decimal128Type;
    let mut found = Vec::new();
    for batch in home.batches(1).unwrap() {
        for file in batch.unwrap().1.files.iter().filter(|file| !file.is_segment()) {
            let rows = home.evaluation(file).unwrap();
            let column = rows.column_by_name("key").unwrap().as_primitive::<Decimal128Type>();
            found.extend(column.iter().map(|number| Key::from_i128(number.unwrap()).unwrap()));
        }
    }
    found.sort();
    found
}

fn numbers(home: &Home) -> Vec<u64> {
    let mut numbers: Vec<u64> = archived(home)
        .iter()
        .map(|(_, text)| text.rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

fn assert_sound(home: &Home) {
    let findings = home.verify(|_, _| {}).unwrap().findings;
    let findings: Vec<_> = findings
        .iter()
        .filter(|found| found.kind != FindingKind::PayloadUnused)
        .collect();
    assert!(findings.is_empty(), "{findings:?}");
}

fn without(gone: &[u64]) -> Vec<u64> {
    (0..16).filter(|number| !gone.contains(number)).collect()
}

/// What every reader of the home should find once these messages are gone.
fn assert_gone(home: &Home, gone: &[u64]) {
    assert_eq!(numbers(home), without(gone));
    let mut expected: Vec<Key> = without(gone).into_iter().map(key).collect();
    expected.extend([0, 1, 4].into_iter().filter(|number| !gone.contains(number)).map(key));
    expected.sort();
    assert_eq!(table_keys(home), expected);
    assert_sound(home);
}

fn files(home: &Home) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let objects = place(home, "archive").parent().unwrap().to_owned();
    let mut folders = vec![home.root().to_owned()];
    folders.extend(with_objects().then_some(objects.clone()));
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "parquet") {
                let below = path.strip_prefix(home.root()).or(path.strip_prefix(&objects)).unwrap();
                found.insert(below.to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn what_goes_is_gone_from_every_file_and_what_stays_is_untouched() {
    let (_folder, home) = new_home();
    filled(&home);
    let lock = run_lock(&home);
    let before = archived(&home);
    let done = destroy(&home, &lock, &keys(&[0, 1, 7, 13]), &Faults::default()).unwrap();
    assert!(done.iter().all(|done| matches!(done, Destruction::Done { .. })));
    assert_gone(&home, &[0, 1, 7, 13]);
    let left: Vec<_> = before
        .into_iter()
        .filter(|(at, _)| !keys(&[0, 1, 7, 13]).contains(at))
        .collect();
    assert_eq!(archived(&home), left);
    let named: BTreeSet<String> = home
        .batches(1)
        .unwrap()
        .flat_map(|batch| batch.unwrap().1.files)
        .map(|file| file.path)
        .collect();
    assert_eq!(files(&home), named, "no file is left that nothing names");
    for number in [0, 1, 7, 13] {
        let segments: Vec<_> = home
            .batches(1)
            .unwrap()
            .flat_map(|batch| batch.unwrap().1.files)
            .collect();
        let segments = segments.iter().filter(|file| file.is_segment());
        assert!(home.archive().find(key(number), segments).unwrap().is_none());
    }
}

#[test]
fn a_segment_may_go_bit_by_bit_and_whole() {
    let (_folder, home) = new_home();
    filled(&home);
    let lock = run_lock(&home);
    let mut gone = Vec::new();
    for number in [4, 0, 8, 12, 2, 6, 10, 14, 1, 3, 5, 7, 9, 11, 13, 15] {
        destroy(&home, &lock, &keys(&[number]), &Faults::default()).unwrap();
        gone.push(number);
        assert_gone(&home, &gone);
    }
    assert!(files(&home).is_empty());
    // What has the very bytes of a segment that is gone may come in again, and go again.
    commit(&home, &lock, 3, &messages(0, 12), &Faults::default()).unwrap();
    assert_eq!(numbers(&home), (0..12).collect::<Vec<_>>());
    destroy(&home, &lock, &keys(&[5]), &Faults::default()).unwrap();
    assert_eq!(
        numbers(&home),
        (0..12).filter(|number| *number != 5).collect::<Vec<_>>()
    );
    assert_sound(&home);
}

#[test]
fn the_intent_names_files_and_messages_and_precedes_what_is_done() {
    let (_folder, home) = new_home();
    filled(&home);
    let done = destroy(&home, &run_lock(&home), &keys(&[0]), &Faults::default()).unwrap();
    let [Destruction::Done { intent, done, .. }] = &done[..] else {
        panic!()
    };
    let entry = |seq: u64| home.journal().entries(seq).unwrap().next().unwrap().unwrap();
    let written: lexhold_store::Intent = home.journal().payload_json(&entry(*intent)).unwrap().unwrap();
    assert_eq!(
        (written.plan.as_str(), written.keys.as_slice()),
        ("plan-1", [key(0)].as_slice())
    );
    assert_eq!(written.keys_digest, lexhold_store::list_digest(&[key(0)]));
    assert!(written.files[0].old.is_segment() && written.files.len() == 3);
    assert!(written.files.iter().all(|file| !place(&home, &file.old.path).exists()));
    let outcome: Outcome = home.journal().payload_json(&entry(*done)).unwrap().unwrap();
    assert_eq!((outcome.intent, outcome.destroyed, *done), (*intent, true, *intent + 1));
}

#[test]
fn whatever_is_not_known_to_be_harmless_voids() {
    let harmless = [EntryKind::Viewed, EntryKind::Governance, EntryKind::DisposalApproved];
    let harmful = [
        EntryKind::HoldPlaced,
        EntryKind::HoldApplied,
        EntryKind::EventRecorded,
        EntryKind::EventCorrected,
        EntryKind::EventCancelled,
        EntryKind::Activation,
        EntryKind::RetentionCorrected,
        EntryKind::Review,
        EntryKind::Facts,
        EntryKind::Batch,
        EntryKind::CaseOpened,
        EntryKind::ErasureConfirmed,
        EntryKind::ErasureClosed,
        EntryKind::HoldReleased,
        EntryKind::DisposalRejected,
    ];
    for (kind, voids) in harmless
        .map(|kind| (kind, false))
        .into_iter()
        .chain(harmful.map(|kind| (kind, true)))
    {
        let (_folder, home) = new_home();
        filled(&home);
        let lock = run_lock(&home);
        let located = home.locate(&HashSet::from([key(0)])).unwrap();
        let seen = home.journal().last_seq().unwrap();
        let faults = Faults::default();
        let prepared = home
            .prepare_destruction(
                &lock,
                "p",
                &located,
                std::slice::from_ref(&located.segments[0]),
                &keys(&[0]),
                seen,
                Value::Null,
                &faults,
            )
            .unwrap();
        let payload = serde_json::json!({});
        let entry = home
            .journal()
            .append(kind.clone(), Some(lexhold_store::Payload::Json(&payload)), stamp())
            .unwrap();
        let came = prepared.destroy(stamp()).unwrap();
        assert_eq!(came == Destruction::Voided { by: entry.seq }, voids, "{kind:?}");
        if voids && kind != EntryKind::Batch {
            assert_eq!(home.journal().last_seq().unwrap(), entry.seq, "nothing was journalled");
            assert_gone(&home, &[]);
        }
    }
}

/// Whoever placed it was killed with all but the line feed written: the line stands, and before the intent.
#[test]
fn a_hold_whose_line_lacks_its_end_voids_and_recalls() {
    let torn_hold = |home: &Home| {
        let entry = home.journal().append(EntryKind::HoldPlaced, None, stamp()).unwrap();
        let log = fs::OpenOptions::new()
            .write(true)
            .open(home.root().join("journal/log.ndjson"))
            .unwrap();
        log.set_len(log.metadata().unwrap().len() - 1).unwrap();
        entry.seq
    };
    let (_folder, home) = new_home();
    filled(&home);
    let lock = run_lock(&home);
    let located = home.locate(&HashSet::from([key(0)])).unwrap();
    let (segment, faults) = (&located.segments[0], Faults::default());
    let seen = home.journal().last_seq().unwrap();
    let prepared = home
        .prepare_destruction(
            &lock,
            "p",
            &located,
            std::slice::from_ref(segment),
            &keys(&[0]),
            seen,
            Value::Null,
            &faults,
        )
        .unwrap();
    let by = torn_hold(&home);
    assert_eq!(prepared.destroy(stamp()).unwrap(), Destruction::Voided { by });
    assert_gone(&home, &[]);

    let (_folder, home) = new_home();
    filled(&home);
    killed_at(&home, Step::Intended);
    torn_hold(&home);
    home.recover(&run_lock(&home), stamp()).unwrap();
    assert_gone(&home, &[]);
}

#[test]
#[ignore = "run in a process of its own by the tests of kills"]
fn dies_destroying() {
    let Some((home, place)) = told() else { return };
    let home = open(&home);
    let lock = run_lock(&home);
    let faults: Faults = place.parse().unwrap();
    let _ = destroy(&home, &lock, &keys(&BOTH), &faults);
}

/// What goes when a process is killed: messages of two segments, and those of the one that goes first.
const BOTH: [u64; 4] = [0, 1, 4, 8];
const FIRST: [u64; 1] = [1];

/// What is gone when the first segment is: of objects all go at once.
fn first_gone() -> &'static [u64] {
    if with_objects() { &BOTH } else { &FIRST }
}

fn killed_at(home: &Home, step: Step) {
    let status = finish(child("dies_destroying", home.root(), step.as_str()));
    assert!(!status.success(), "not killed at {step:?}");
}

#[test]
fn killed_at_any_step_it_is_finished_or_has_never_been() {
    for step in Step::DESTRUCTION {
        let (_folder, home) = new_home();
        filled(&home);
        killed_at(&home, step);
        let begun = !matches!(step, Step::HalfRewritten | Step::Rewritten | Step::TailClean);
        // Also before anybody mends it every reader finds one or the other.
        let bodies_gone: &[u64] = match step {
            Step::Intended | Step::SegmentPlaced => &[],
            Step::SegmentGone => first_gone(),
            _ if begun => &BOTH,
            _ => &[],
        };
        assert_eq!(numbers(&home), without(bodies_gone), "{step:?}");
        let settled = home.recover(&run_lock(&home), stamp()).unwrap().settled;
        assert_eq!(settled.is_some(), begun, "{step:?}");
        assert_gone(&home, if begun { &BOTH } else { &[] });
        assert_eq!(home.recover(&run_lock(&home), stamp()).unwrap().settled, None);
        destroy(&home, &run_lock(&home), &keys(&[2, 5]), &Faults::default()).unwrap();
        assert_gone(&home, if begun { &[0, 1, 2, 4, 5, 8] } else { &[2, 5] });
    }
}

#[test]
fn a_hold_that_comes_before_the_bytes_go_recalls_the_intent() {
    let cases: [(Step, &[u64]); 6] = [
        (Step::Intended, &[]),
        (Step::SegmentPlaced, &[]),
        (Step::SegmentGone, first_gone()),
        (Step::BodiesGone, &BOTH),
        (Step::HalfSwapped, &BOTH),
        (Step::TablesSwapped, &BOTH),
    ];
    for (step, gone) in cases {
        let (_folder, home) = new_home();
        filled(&home);
        killed_at(&home, step);
        home.journal().append(EntryKind::HoldPlaced, None, stamp()).unwrap();
        home.recover(&run_lock(&home), stamp()).unwrap();
        assert_gone(&home, gone);
        let last = home.journal().entries(1).unwrap().last().unwrap().unwrap();
        let outcome: Outcome = home.journal().payload_json(&last).unwrap().unwrap();
        assert_eq!(
            (last.kind, outcome.destroyed),
            (EntryKind::DisposalDone, !gone.is_empty()),
            "{step:?}"
        );
        // What was recalled can be destroyed by a later intent, under the very same names.
        let left: Vec<u64> = BOTH.into_iter().filter(|number| !gone.contains(number)).collect();
        destroy(&home, &run_lock(&home), &keys(&left), &Faults::default()).unwrap();
        assert_gone(&home, &BOTH);
    }
}

/// What is left of an intent stands for it, under its number: before any hold that came behind it.
#[test]
fn what_was_gone_when_a_hold_came_is_told_apart_from_what_is_recalled() {
    if with_objects() {
        return; // They go all at once.
    }
    let (_folder, home) = new_home();
    filled(&home);
    killed_at(&home, Step::SegmentGone);
    let hold = home.journal().append(EntryKind::HoldPlaced, None, stamp()).unwrap();
    home.recover(&run_lock(&home), stamp()).unwrap();
    let behind: Vec<_> = home
        .journal()
        .entries(hold.seq)
        .unwrap()
        .map(|entry| entry.unwrap())
        .collect();
    let [_, amended, done] = &behind[..] else {
        panic!("{behind:?}")
    };
    let intent: lexhold_store::Intent = home.journal().payload_json(amended).unwrap().unwrap();
    assert_eq!(
        (intent.amends, intent.keys.as_slice()),
        (Some(hold.seq - 1), [key(1)].as_slice())
    );
    assert_eq!((intent.segments, intent.files[0].old.is_segment()), (1, true));
    let outcome: Outcome = home.journal().payload_json(done).unwrap().unwrap();
    assert_eq!((outcome.intent, outcome.destroyed), (hold.seq - 1, true));
}

#[test]
fn an_intent_whose_new_files_are_damaged_is_recalled_while_it_can_be() {
    let cases: [(Step, Option<&[u64]>); 3] = [
        (Step::Intended, Some(&[])),
        (Step::SegmentGone, if with_objects() { None } else { Some(&FIRST) }),
        (Step::BodiesGone, None),
    ];
    for (step, gone) in cases {
        let (_folder, home) = new_home();
        filled(&home);
        killed_at(&home, step);
        flip(&home.root().join("staging/disposal/2.parquet"), 40, 3);
        let recovered = home.recover(&run_lock(&home), stamp());
        match gone {
            Some(gone) => {
                recovered.unwrap();
                assert_gone(&home, gone);
            }
            None => assert_eq!(recovered.unwrap_err().kind(), ErrorKind::Corrupt),
        }
    }
}

/// An archive that is not mounted, or whose folder is not this one, is no archive from which everything is gone.
#[test]
fn an_archive_that_is_not_there_says_nothing_of_what_is_gone() {
    for step in [Step::Intended, Step::SegmentPlaced, Step::SegmentGone, Step::BodiesGone] {
        for emptied in [false, true] {
            let (_folder, home) = new_home();
            filled(&home);
            killed_at(&home, step);
            let (archive, aside) = match with_objects() {
                true => (
                    place(&home, "archive").parent().unwrap().to_owned(),
                    home.root().join("aside"),
                ),
                false => (home.root().join("archive"), home.root().join("aside")),
            };
            fs::rename(&archive, &aside).unwrap();
            if emptied {
                fs::create_dir(&archive).unwrap();
            }
            home.recover(&run_lock(&home), stamp()).unwrap_err();
            if emptied {
                fs::remove_dir(&archive).unwrap();
            }
            fs::rename(&aside, &archive).unwrap();
            home.recover(&run_lock(&home), stamp()).unwrap();
            assert_gone(&home, &BOTH);
        }
    }
}

/// Behind a link the bytes would outlive what is removed: it is refused before anything is on record.
#[cfg(unix)]
#[test]
fn nothing_is_destroyed_behind_a_link() {
    if with_objects() {
        return; // No object is a link.
    }
    for whole_archive in [false, true] {
        let (folder, home) = new_home();
        filled(&home);
        let mut linked = vec!["archive".to_owned()];
        if !whole_archive {
            linked = files(&home)
                .into_iter()
                .filter(|path| path.starts_with("archive/"))
                .collect();
        }
        for (number, linked) in linked.iter().enumerate() {
            let (place, elsewhere) = (
                home.root().join(linked),
                folder.path().join(format!("elsewhere{number}")),
            );
            fs::rename(&place, &elsewhere).unwrap();
            std::os::unix::fs::symlink(&elsewhere, &place).unwrap();
        }
        let last = home.journal().last_seq().unwrap();
        let all: Vec<u64> = (0..16).collect();
        let refused = destroy(&home, &run_lock(&home), &keys(&all), &Faults::default()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Refused);
        assert!(
            refused.to_string().contains("a link leads out of the home"),
            "{refused}"
        );
        assert_eq!(home.journal().last_seq().unwrap(), last);
        assert_eq!(numbers(&home), all);
    }
}

#[test]
fn nothing_is_rewritten_from_a_damaged_file() {
    for segment in [true, false] {
        let (_folder, home) = new_home();
        filled(&home);
        let located = home.locate(&HashSet::from([key(0)])).unwrap();
        let (_, record) = home.batches(1).unwrap().next().unwrap().unwrap();
        let damaged = if segment {
            located.segments[0].file.path.clone()
        } else {
            record
                .files
                .iter()
                .find(|file| !file.is_segment())
                .unwrap()
                .path
                .clone()
        };
        flip(&place(&home, &damaged), 10, 1);
        let lock = run_lock(&home);
        let before = (files(&home), home.journal().last_seq().unwrap());
        let error = destroy(&home, &lock, &keys(&[0]), &Faults::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        drop(lock);
        home.recover(&run_lock(&home), stamp()).unwrap();
        assert_eq!((files(&home), home.journal().last_seq().unwrap()), before);
    }
}

#[test]
fn messages_of_another_segment_are_refused() {
    let (_folder, home) = new_home();
    filled(&home);
    let lock = run_lock(&home);
    let located = home.locate(&HashSet::from([key(0), key(1)])).unwrap();
    for wrong in [keys(&[]), keys(&[1]), keys(&[0, 1]), keys(&[99])] {
        let faults = Faults::default();
        let segment = located
            .segments
            .iter()
            .find(|segment| segment.keys.contains(&key(0)))
            .unwrap();
        let refused = home.prepare_destruction(
            &lock,
            "p",
            &located,
            std::slice::from_ref(segment),
            &wrong,
            9,
            Value::Null,
            &faults,
        );
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Refused);
    }
    assert_gone(&home, &[]);
}

#[test]
fn verify_finds_a_changed_intent_and_a_file_that_should_be_gone() {
    let (_folder, home) = new_home();
    filled(&home);
    let segment = home.locate(&HashSet::from([key(0)])).unwrap().segments[0]
        .file
        .path
        .clone();
    let bytes = fs::read(place(&home, &segment)).unwrap();
    destroy(&home, &run_lock(&home), &keys(&[0]), &Faults::default()).unwrap();
    fs::write(place(&home, &segment), bytes).unwrap();
    let found = home.verify(|_, _| {}).unwrap().findings;
    assert!(
        found
            .iter()
            .any(|found| found.kind == FindingKind::FileUnknown && found.path == Path::new(&segment))
    );
    fs::remove_file(place(&home, &segment)).unwrap();
    for entry in home.journal().entries(1).unwrap().map(|entry| entry.unwrap()) {
        if matches!(entry.kind, EntryKind::DisposalIntent | EntryKind::DisposalDone) {
            let payload = home
                .root()
                .join("journal/payload")
                .join(entry.payload.unwrap().to_string());
            let whole = fs::read(&payload).unwrap();
            flip(&payload, 30, 0);
            assert!(!home.verify(|_, _| {}).unwrap().is_sound());
            assert!(
                home.batches(1).is_err(),
                "nobody reads a home without knowing what was destroyed"
            );
            fs::remove_file(&payload).unwrap();
            let found = home.verify(|_, _| {}).unwrap().findings;
            assert!(
                found.iter().any(|found| found.kind == FindingKind::PayloadMissing),
                "{found:?}"
            );
            fs::write(&payload, whole).unwrap();
        }
    }
    assert_sound(&home);
}

#[test]
#[ignore = "run in a process of its own by the race"]
fn places_holds() {
    let Some((home, n)) = told() else { return };
    let home = open(&home);
    for number in 0..n.parse::<u64>().unwrap() {
        let payload = serde_json::json!({ "ids": [number] });
        home.journal()
            .append(
                EntryKind::HoldPlaced,
                Some(lexhold_store::Payload::Json(&payload)),
                stamp(),
            )
            .unwrap();
        std::thread::sleep(Duration::from_micros(137 * (number % 7)));
    }
}

/// A second process holds half of the messages while they are destroyed one by one. Each is either there and held, or
/// was destroyed by an intent that comes before its hold.
#[test]
fn every_message_is_either_held_or_destroyed_before_its_hold() {
    let rounds: u64 = std::env::var("LEXHOLD_TEST_RACES").map_or(2, |rounds| rounds.parse().unwrap());
    for _ in 0..rounds {
        let (_folder, home) = new_home();
        let lock = run_lock(&home);
        let n = 40;
        commit(&home, &lock, 1, &messages(0, n), &Faults::default()).unwrap();
        let holds = child("places_holds", home.root(), &(n / 2).to_string());
        let held = |home: &Home| -> Vec<(u64, Key)> {
            let entries = home.journal().entries(1).unwrap().map(|entry| entry.unwrap());
            let placed = entries.filter(|entry| entry.kind == EntryKind::HoldPlaced);
            let number = |entry: &lexhold_store::Entry| {
                home.journal().payload_json::<Value>(entry).unwrap().unwrap()["ids"][0]
                    .as_u64()
                    .unwrap()
            };
            placed.map(|entry| (entry.seq, key(number(&entry)))).collect()
        };
        let mut voided = 0;
        for number in (0..n).rev() {
            loop {
                let seen = home.journal().last_seq().unwrap();
                if held(&home)
                    .iter()
                    .any(|(seq, held)| *seq <= seen && *held == key(number))
                {
                    break;
                }
                let located = home.locate(&HashSet::from([key(number)])).unwrap();
                let (faults, segment) = (Faults::default(), &located.segments[0]);
                let wanted = keys(&[number]);
                let prepared = home.prepare_destruction(
                    &lock,
                    "p",
                    &located,
                    std::slice::from_ref(segment),
                    &wanted,
                    seen,
                    Value::Null,
                    &faults,
                );
                match prepared.unwrap().destroy(stamp()).unwrap() {
                    Destruction::Done { .. } => break,
                    Destruction::Voided { .. } => voided += 1,
                }
            }
        }
        assert!(finish(holds).success());
        let there: BTreeSet<Key> = archived(&home).into_iter().map(|(key, _)| key).collect();
        let mut destroyed = std::collections::BTreeMap::new();
        for entry in home.journal().entries(1).unwrap().map(|entry| entry.unwrap()) {
            if entry.kind == EntryKind::DisposalIntent {
                let intent: lexhold_store::Intent = home.journal().payload_json(&entry).unwrap().unwrap();
                destroyed.extend(intent.keys.into_iter().map(|key| (key, entry.seq)));
            }
        }
        assert_eq!(there.len() + destroyed.len(), 40, "the union is exact, {voided} voided");
        let holds = held(&home);
        assert_eq!(holds.len(), 20);
        for (seq, key) in holds {
            match destroyed.get(&key) {
                None => assert!(there.contains(&key)),
                Some(intent) => assert!(*intent < seq && !there.contains(&key), "held and destroyed"),
            }
        }
        assert_sound(&home);
    }
}
