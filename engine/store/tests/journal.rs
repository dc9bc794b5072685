//! The journal: what a kill leaves, what a bit flip shows, what several processes write.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests panic, look at files and start processes"
)]

mod common;

use std::fs;
use std::path::PathBuf;

use common::{child, dice, finish, new_home, stamp, told};
use lexhold_model::Digest;
use lexhold_store::{EntryKind, ErrorKind, FindingKind, Home, Payload, Stamp};
use serde_json::json;

fn log(home: &Home) -> PathBuf {
    home.root().join("journal/log.ndjson")
}

fn seqs(home: &Home) -> Vec<u64> {
    home.journal()
        .entries(1)
        .unwrap()
        .map(|entry| entry.unwrap().seq)
        .collect()
}

#[test]
fn a_line_has_the_documented_form_and_names_the_one_before() {
    let (_folder, home) = new_home();
    home.journal().append(EntryKind::Governance, None, stamp()).unwrap();
    let text = fs::read_to_string(log(&home)).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let mut leaf = vec![0];
    leaf.extend_from_slice(lines[0].as_bytes());
    let expected = format!(
        r#"{{"actor":"Žofie","at":"1970-01-01T00:00:00Z","kind":"governance","payload":null,"prev":"{}","seq":2,"v":1}}"#,
        Digest::of(&leaf)
    );
    assert_eq!(lines[1], expected);
}

#[test]
fn a_payload_reads_back_and_its_digest_covers_sixteen_random_bytes() {
    let (_folder, home) = new_home();
    let value = json!({ "hold": "orion" });
    let entries = [1, 2].map(|_| {
        home.journal()
            .append(EntryKind::HoldPlaced, Some(Payload::Json(&value)), stamp())
            .unwrap()
    });
    assert_ne!(
        entries[0].payload, entries[1].payload,
        "equal payloads tell nothing of each other"
    );
    assert_eq!(
        home.journal().payload_json::<serde_json::Value>(&entries[0]).unwrap(),
        Some(value)
    );
    let file = home
        .root()
        .join("journal/payload")
        .join(entries[0].payload.unwrap().to_string());
    let bytes = fs::read(&file).unwrap();
    assert_eq!(
        (Digest::of(&bytes), &bytes[16..]),
        (entries[0].payload.unwrap(), br#"{"hold":"orion"}"#.as_slice())
    );
    fs::remove_file(file).unwrap();
    assert_eq!(home.journal().payload(&entries[0]).unwrap(), None, "erased");
    let bytes = home
        .journal()
        .append(EntryKind::Facts, Some(Payload::Bytes(&[0, 255])), stamp())
        .unwrap();
    assert_eq!(home.journal().payload(&bytes).unwrap(), Some(vec![0, 255]));
}

#[test]
fn a_torn_last_line_is_cut_wherever_it_was_torn() {
    let (_folder, home) = new_home();
    home.journal().append(EntryKind::RunStarted, None, stamp()).unwrap();
    let whole = fs::read(log(&home)).unwrap();
    home.journal()
        .append(EntryKind::Governance, Some(Payload::Bytes(b"x")), stamp())
        .unwrap();
    let torn = fs::read(log(&home)).unwrap();
    for length in whole.len() + 1..torn.len() {
        fs::write(log(&home), &torn[..length]).unwrap();
        assert_eq!(seqs(&home), [1, 2], "a reader does not see a line without its end");
        assert!(
            home.verify(|_, _| {})
                .unwrap()
                .findings
                .iter()
                .any(|found| found.kind == FindingKind::TornTail)
        );
        let again = Home::open(home.root()).unwrap();
        // Where only the line feed was missing, the entry is complete and stays.
        let stays = length == torn.len() - 1;
        assert_eq!(
            fs::read(log(&home)).unwrap(),
            if stays { &torn[..] } else { &whole[..] },
            "torn at {length}"
        );
        let next = again.journal().append(EntryKind::RunFinished, None, stamp()).unwrap();
        assert_eq!(next.seq, if stays { 4 } else { 3 });
        assert!(again.verify(|_, _| {}).unwrap().is_sound());
    }
}

#[test]
fn an_append_cuts_what_another_process_left_torn() {
    let (_folder, home) = new_home();
    let whole = fs::read(log(&home)).unwrap();
    fs::write(log(&home), [&whole[..], &whole[..20]].concat()).unwrap();
    assert_eq!(
        home.journal().append(EntryKind::Governance, None, stamp()).unwrap().seq,
        2
    );
    assert_eq!(seqs(&home), [1, 2]);
}

#[test]
fn an_end_that_no_kill_leaves_is_corruption_and_stays() {
    let (_folder, home) = new_home();
    let whole = fs::read(log(&home)).unwrap();
    let last = whole.len() - 1;
    let endings: [Vec<u8>; 5] = [
        [&whole[..], b"rubbish"].concat(),
        [&whole[..], &[0; 7]].concat(),
        [&whole[..last], b"x"].concat(),
        // A whole line that does not follow.
        [&whole[..], &whole[..last]].concat(),
        [&whole[..], b"rubbish\n"].concat(),
    ];
    for ending in endings {
        fs::write(log(&home), &ending).unwrap();
        assert_eq!(
            Home::open(home.root()).unwrap_err().kind(),
            ErrorKind::Corrupt,
            "{ending:?}"
        );
        assert!(home.journal().append(EntryKind::Governance, None, stamp()).is_err());
        assert_eq!(fs::read(log(&home)).unwrap(), ending, "evidence is left alone");
    }
}

#[test]
fn any_bit_flipped_before_the_last_line_is_found() {
    let (_folder, home) = new_home();
    for _ in 0..3 {
        home.journal()
            .append(EntryKind::Governance, Some(Payload::Bytes(b"x")), stamp())
            .unwrap();
    }
    let whole = fs::read(log(&home)).unwrap();
    let last = whole[..whole.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap();
    for at in 0..=last {
        common::flip(&log(&home), at, at);
        let verification = home.verify(|_, _| {}).unwrap();
        assert!(
            !verification.is_sound() && verification.head.is_none(),
            "bit {} of byte {at}",
            at % 8
        );
        assert!(home.journal().tree_head().is_err(), "a reader of the whole notices too");
        fs::write(log(&home), &whole).unwrap();
    }
    assert!(home.verify(|_, _| {}).unwrap().is_sound());
}

#[test]
fn reading_from_any_entry_finds_it_without_reading_what_comes_before() {
    let (_folder, home) = new_home();
    let actor = "a".repeat(700);
    for n in 0..100 {
        let actor = &actor[..7 * n];
        home.journal()
            .append(EntryKind::Governance, None, Stamp { actor, ..stamp() })
            .unwrap();
    }
    let all: Vec<_> = home.journal().entries(0).unwrap().map(Result::unwrap).collect();
    assert_eq!(all.len(), 101);
    for from in 1..=101 {
        let some: Vec<_> = home.journal().entries(from).unwrap().map(Result::unwrap).collect();
        assert_eq!(some, all[usize::try_from(from).unwrap() - 1..], "from {from}");
    }
    assert_eq!(home.journal().entries(102).unwrap().count(), 0);
    assert_eq!(home.journal().last_seq().unwrap(), 101);
    assert_eq!(home.journal().tree_head().unwrap().size, 101);
    // The beginning is damaged, and neither the end nor an append reads it.
    common::flip(&log(&home), 2, 0);
    assert_eq!(
        home.journal().append(EntryKind::Governance, None, stamp()).unwrap().seq,
        102
    );
    assert_eq!(home.journal().entries(95).unwrap().filter(Result::is_ok).count(), 8);
    assert!(home.journal().entries(1).unwrap().any(|entry| entry.is_err()));
}

#[test]
fn kinds_of_a_newer_version_are_kept_and_chained_but_its_lines_are_not_read() {
    let (_folder, home) = new_home();
    let entry = home.journal().append(EntryKind::Governance, None, stamp()).unwrap();
    let text = fs::read_to_string(log(&home)).unwrap();
    fs::write(log(&home), text.replace("governance", "from_the_future")).unwrap();
    let last = home.journal().entries(2).unwrap().next().unwrap().unwrap();
    assert_eq!(last.kind, EntryKind::Unknown("from_the_future".into()));
    assert_ne!(last.leaf, entry.leaf);
    assert_eq!(
        home.journal().append(EntryKind::Governance, None, stamp()).unwrap().seq,
        3
    );
    assert!(home.verify(|_, _| {}).unwrap().is_sound());
    let unknown = home.journal().append(last.kind, None, stamp()).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Refused);
    fs::write(log(&home), text.replace(r#""v":1"#, r#""extra":1,"v":2"#)).unwrap();
    assert_eq!(Home::open(home.root()).unwrap_err().kind(), ErrorKind::Version);
}

#[test]
fn an_entry_with_a_condition_is_appended_only_if_it_holds() {
    let (_folder, home) = new_home();
    let seen = home.journal().last_seq().unwrap();
    let unless_reviewed = |journal: &lexhold_store::Journal| {
        let later: Result<Vec<_>, _> = journal.entries(seen + 1)?.collect();
        Ok(later?.iter().all(|entry| entry.kind != EntryKind::Review))
    };
    let append = || {
        home.journal()
            .append_if(EntryKind::Review, None, stamp(), unless_reviewed)
            .unwrap()
    };
    home.journal().append(EntryKind::Viewed, None, stamp()).unwrap();
    assert_eq!(append().map(|entry| entry.seq), Some(seen + 2));
    assert_eq!(append(), None, "somebody was there before");
    assert_eq!(home.journal().last_seq().unwrap(), seen + 2);
    assert!(home.verify(|_, _| {}).unwrap().is_sound());
}

#[test]
fn several_processes_append_while_another_reads() {
    const EACH: u64 = 40;
    let (_folder, home) = new_home();
    let children = [1, 2].map(|_| child("appends", home.root(), &EACH.to_string()));
    for _ in 0..EACH {
        home.journal()
            .append(EntryKind::RunStarted, Some(Payload::Bytes(b"parent")), stamp())
            .unwrap();
        let seen = seqs(&home);
        assert!(
            seen.iter().copied().eq(1..=seen.len() as u64),
            "whole and in order at any moment"
        );
    }
    assert!(children.map(finish).iter().all(std::process::ExitStatus::success));
    assert_eq!(home.journal().last_seq().unwrap(), 1 + 3 * EACH);
    let count = |kind: &EntryKind| {
        home.journal()
            .entries(1)
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().kind == *kind)
            .count()
    };
    assert_eq!((count(&EntryKind::RunStarted), count(&EntryKind::HoldPlaced)), (40, 80));
    let verification = home.verify(|_, _| {}).unwrap();
    assert!(verification.findings.is_empty(), "{:?}", verification.findings);
}

#[test]
#[ignore = "run by several_processes_append_while_another_reads in a process of its own"]
fn appends() {
    let Some((home, count)) = told() else { return };
    let home = Home::open(&home).unwrap();
    for n in 0..count.parse().unwrap() {
        let content: u64 = n;
        home.journal()
            .append(
                EntryKind::HoldPlaced,
                Some(Payload::Bytes(&content.to_le_bytes())),
                stamp(),
            )
            .unwrap();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told_apart_from_other_trouble() {
    let (_folder, home) = new_home();
    fs::remove_file(log(&home)).unwrap();
    std::os::unix::fs::symlink("/dev/full", log(&home)).unwrap();
    let error = home.journal().append(EntryKind::Governance, None, stamp()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(error.to_string().contains("log.ndjson"), "{error}");
}

#[test]
fn without_dice_nothing_is_written() {
    let (_folder, home) = new_home();
    let broken = |_: &mut [u8]| Err(std::io::Error::other("no dice"));
    let stamp = Stamp {
        entropy: &broken,
        ..stamp()
    };
    assert!(
        home.journal()
            .append(EntryKind::Facts, Some(Payload::Bytes(b"x")), stamp)
            .is_err()
    );
    assert_eq!(home.journal().last_seq().unwrap(), 1);
    assert!(dice(&mut [0]).is_ok());
}
