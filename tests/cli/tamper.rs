//! Whatever is changed in a home by hand, `verify` finds: each kind of record, each kind of file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lexhold_store::{EntryKind, FindingKind, Home};
use serde_json::json;

use crate::clock::written;
use crate::dispose::{approved, execute, files, firm};
use crate::support::Firm;

const HOLD: &str = "hold place --name h --matter M --zone UTC --conversation c1";

/// A home in which most of what can happen has happened.
fn lived_in() -> Firm {
    let firm = firm();
    let call = |line: &str| assert!([0, 1].contains(&firm.typed(line).code), "{line}");
    call(HOLD);
    call("hold place --name old --matter M --zone UTC --custodian ann");
    call("hold release old --reason over");
    call("hold notice issue h --out notices");
    call("case open orion --matter M --reason asked --message slack/c2/m2");
    call("case add orion --reason same --message slack/c2/m7");
    call("case close orion --reason over");
    call("event record --type account_closed --key A1 --date 2020-01-01");
    let plan = approved(&firm);
    call(&format!("dispose reject {plan} --reason no --exclude slack/c3/m3"));
    execute(&firm, &plan).ended(0);
    call("checkpoint export --out kept.txt");
    call("keys rotate");
    call("clock attest --reason sure");
    call("backup copy");
    // The last line is vouched for by nothing but a checkpoint.
    written(&firm, 0, EntryKind::Governance, &json!({}));
    firm
}

fn is_sound(home: &Home) -> bool {
    home.verify(|_, _| {}).is_ok_and(|verified| verified.is_sound())
}

fn with(path: &Path, change: impl Fn(&mut Vec<u8>), check: impl FnOnce()) {
    let whole = fs::read(path).unwrap();
    let mut bytes = whole.clone();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
    check();
    fs::write(path, whole).unwrap();
}

fn without(path: &Path, check: impl FnOnce()) {
    let aside = path.with_extension("aside");
    // Beside the home, so that it is no file of it.
    let aside = Path::new("/").join(std::env::temp_dir()).join(format!(
        "{}-{}",
        std::process::id(),
        aside.file_name().unwrap().to_str().unwrap()
    ));
    fs::copy(path, &aside).unwrap();
    let permissions = fs::metadata(path).unwrap().permissions();
    fs::remove_file(path).unwrap();
    check();
    fs::copy(&aside, path).unwrap();
    fs::set_permissions(path, permissions).unwrap();
    fs::remove_file(&aside).unwrap();
}

#[test]
fn every_kind_of_record_is_vouched_for() {
    let firm = lived_in();
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    assert!(is_sound(&home));
    let log = firm.path(".lexhold/journal/log.ndjson");
    let entries: Vec<_> = home.journal().entries(1).unwrap().map(|entry| entry.unwrap()).collect();
    let mut kinds: BTreeMap<&str, &lexhold_store::Entry> = BTreeMap::new();
    for entry in &entries[..entries.len() - 1] {
        kinds.entry(entry.kind.as_str()).or_insert(entry);
    }
    assert!(kinds.len() >= 25, "{:?}", kinds.keys());
    let text = fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    // What nothing rests on may be erased, and that is said.
    let erasable = [
        "checkpoint_exported",
        "backup_begun",
        "backup_made",
        "governance",
        "hold_notice",
        "run_finished",
        "facts",
        "home_created",
    ];
    for (kind, entry) in kinds {
        let at = usize::try_from(entry.seq).unwrap() - 1;
        let start: usize = lines[..at].iter().map(|line| line.len()).sum();
        let middle = start + lines[at].find("\"actor\":\"").unwrap() + 10;
        with(
            &log,
            |bytes| bytes[middle] ^= 1,
            || assert!(!is_sound(&home), "{kind}: its line changed"),
        );
        with(
            &log,
            |bytes| drop(bytes.drain(start..start + lines[at].len())),
            || assert!(!is_sound(&home), "{kind}: its line gone"),
        );
        let Some(digest) = &entry.payload else { continue };
        let payload = firm.path(".lexhold/journal/payload").join(digest.to_string());
        with(
            &payload,
            |bytes| *bytes.last_mut().unwrap() ^= 1,
            || assert!(!is_sound(&home), "{kind}: its payload changed"),
        );
        without(&payload, || {
            let found: BTreeSet<FindingKind> = home
                .verify(|_, _| {})
                .unwrap()
                .findings
                .iter()
                .map(|it| it.kind)
                .collect();
            let erased = found.contains(&FindingKind::PayloadErased);
            assert!(erased || !is_sound(&home), "{kind}: its payload gone");
            assert!(!erased || erasable.contains(&kind), "{kind}: something rests on it");
        });
    }
    assert!(is_sound(&home));
}

#[test]
fn every_kind_of_file_is_vouched_for() {
    let firm = lived_in();
    let root = firm.path(".lexhold");
    let home = Home::open(&root).unwrap();
    let name = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    // The catalog is a projection, which `rebuild` brings back; locks and the state of runs are nobody's record; journal and
    // payloads have a test of their own.
    let others = ["catalog.duckdb", "locks/", "staging/", "progress.json", "journal/"];
    let mut of_kind: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in files(&root) {
        let name = name(&path);
        if !others.iter().any(|other| name.starts_with(other)) {
            // One of each folder, and of each table.
            let kind: String = name
                .chars()
                .filter(|c| !c.is_ascii_digit() && !"abcdef".contains(*c))
                .collect();
            of_kind.insert(kind, path);
        }
    }
    assert!(of_kind.len() >= 15, "{:?}", of_kind.keys());
    for path in of_kind.values() {
        let middle = |bytes: &mut Vec<u8>| {
            let at = bytes.len() / 2;
            bytes[at] ^= 1;
        };
        with(path, middle, || {
            assert!(
                Home::open(&root).map_or(true, |home| !is_sound(&home)),
                "{} changed",
                name(path)
            );
        });
        // A certificate can be written again from the journal; what it stands for is there.
        if !name(path).starts_with("certificates/") && name(path) != "home.json" {
            without(path, || assert!(!is_sound(&home), "{} gone", name(path)));
        }
    }
    assert!(is_sound(&home));
}

/// A journal that was put back takes new entries under numbers that the catalog takes for entries it knows.
#[test]
fn a_journal_that_was_put_back_is_noticed_and_destroys_nothing() {
    let firm = firm();
    let plan = approved(&firm);
    let journal = firm.path(".lexhold/journal/log.ndjson");
    let older = fs::read(&journal).unwrap();
    firm.typed("case open c --matter M --reason r --message slack/c2/m2")
        .ended(0);
    firm.typed("status").ended(0);
    fs::write(&journal, older).unwrap();
    let execute = format!("dispose execute {plan}");
    for line in ["status", &execute, "run none.ndjson", HOLD] {
        firm.typed(line).ended(4).said("it was put back, or cut");
    }
    firm.call(&["rebuild"])
        .ended(0)
        .said("warning: the journal lacks entries");
    firm.call(&["dispose", "execute", &plan]).ended(5).said("clock attest");
    firm.call(&["clock", "attest", "--reason", "sure"]).ended(0);
    // Nor do approvals of before count.
    firm.call(&["dispose", "execute", &plan]).ended(5);
    assert!(
        crate::dispose::left(&firm).contains("m1"),
        "the hold that nobody was answered about stands"
    );
}

/// A membership that is taken out of a file is not lost with the catalog: nothing is projected that was not journalled.
#[test]
fn a_catalog_is_made_of_nothing_but_what_was_journalled() {
    let firm = firm();
    firm.typed(HOLD).ended(0);
    let members = files(&firm.path(".lexhold/evaluations"));
    let members = members
        .iter()
        .find(|path| path.to_str().unwrap().contains("hold_member"));
    fs::write(
        members.unwrap(),
        fs::read(members.unwrap()).unwrap().split_last().unwrap().1,
    )
    .unwrap();
    fs::remove_file(firm.path(".lexhold/catalog.duckdb")).unwrap();
    for call in [&["rebuild"][..], &["status"], &["dispose", "propose"]] {
        firm.call(call).ended(4).said("hold_member");
    }
}
