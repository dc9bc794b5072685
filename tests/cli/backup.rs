//! Backups made and brought back, with disks that are full and archives that cannot be written.

use std::fs;
use std::path::Path;
use std::process::Command;

use lexhold_catalog::Fingerprint;
use lexhold_store::{EntryKind, Home, Payload, Stamp};
use serde_json::json;

use crate::dispose::approved;
use crate::support::{Firm, fingerprint, many, message};

fn firm() -> Firm {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(20));
    firm.run(&["in.ndjson"]).ended(0);
    firm
}

fn hold(firm: &Firm) {
    let dice = |bytes: &mut [u8]| {
        bytes.fill(1);
        Ok(())
    };
    let stamp = Stamp {
        at: jiff::Timestamp::now(),
        actor: "test",
        entropy: &dice,
    };
    let payload = json!({"hold": "orion", "matter": "Orion", "zone": "UTC", "digest": "0".repeat(64), "silent": false, "document": {}});
    Home::open(&firm.path(".lexhold"))
        .unwrap()
        .journal()
        .append(EntryKind::HoldPlaced, Some(Payload::Json(&payload)), stamp)
        .unwrap();
}

#[test]
fn a_backup_comes_back_with_an_equal_catalog_and_newer_holds() {
    let firm = firm();
    firm.call(&["backup", "copy"])
        .ended(0)
        .said("keep it as safe as the home");
    hold(&firm);
    firm.call(&["rebuild"]).ended(0);
    let restore = ["restore", "copy", "--home", "back", "--journal", ".lexhold"];
    firm.call(&restore).ended(0).said("newer; 0 destructions");
    // All but what says that it was restored.
    let of = |home: &str| fingerprint(&firm.path(home).join("catalog.duckdb"), Fingerprint::Decisions);
    assert_eq!(of(".lexhold"), of("back"));
    firm.call(&["verify", "--home", "back"]).ended(0);
    firm.call(&["clock", "check", "--home", "back"]).ended(0);
    let shown = firm.call(&["status", "--home", "back", "--json"]).ended(0).json();
    assert_eq!(
        shown["holds"],
        firm.call(&["status", "--json"]).ended(0).json()["holds"]
    );
    firm.call(&restore).ended(5).said("not empty");
}

#[test]
fn without_the_newer_journal_it_has_to_be_said_and_is_remembered() {
    let firm = firm();
    firm.call(&["backup", "copy"]).ended(0);
    firm.call(&["restore", "copy", "--home", "back"])
        .ended(2)
        .said("--journal-lost says that nothing is left");
    firm.call(&["restore", "copy", "--home", "back", "--journal-lost"])
        .ended(0)
        .said("messages destroyed since are back");
    firm.call(&["clock", "check", "--home", "back"])
        .ended(5)
        .said("holds placed since are unknown");
    firm.call(&[
        "clock",
        "attest",
        "--home",
        "back",
        "--reason",
        "holds were placed again",
    ])
    .ended(0);
    firm.call(&["verify", "--home", "back"]).ended(0);
}

#[test]
fn approvals_of_before_a_blind_restore_are_void() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &[message("m1", "2019-06-01T12:00:00Z", "lunch")]);
    firm.run(&["in.ndjson"]).ended(0);
    let plan = &approved(&firm);
    firm.call(&["backup", "copy"]).ended(0);
    firm.call(&["dispose", "reject", plan, "--reason", "asked for"])
        .ended(0);
    let back = |arguments: &[&str]| firm.call(&[arguments, &["--home", "back"]].concat());
    back(&["restore", "copy", "--journal-lost"]).ended(0);
    back(&["clock", "attest", "--reason", "holds were placed again"]).ended(0);
    back(&["dispose", "execute", plan]).ended(5).said("approve");
    back(&["rebuild"]).ended(0);
    back(&["dispose", "execute", plan]).ended(5).said("approve");
    back(&["dispose", "approve", plan]).ended(0);
    back(&["dispose", "execute", plan]).ended(0);
}

#[test]
fn a_restore_takes_two() {
    let firm = firm();
    firm.call(&["backup", "copy"]).ended(0);
    firm.write(
        "operators.yaml",
        "lexhold: 1\noperators: firm\npeople:\n  - { id: rex, roles: [records] }\n  - { id: aud, roles: [auditor] }\n",
    );
    let restore = ["restore", "copy", "--home", "back", "--journal-lost", "--as", "rex"];
    firm.call(&restore).ended(5).said("clock-and-restore-need-two");
    assert!(!firm.path("back").exists());
    let line = firm.call(&["keys", "new", "--operator", "aud"]).ended(0).stdout;
    let aud = line.replace("roles: []", "roles: [auditor]");
    firm.write(
        "operators.yaml",
        format!("lexhold: 1\noperators: firm\npeople:\n  - {{ id: rex, roles: [records] }}\n{aud}"),
    );
    // The backup may be all that is left to sign for.
    fs::rename(firm.path(".lexhold"), firm.path("gone")).unwrap();
    let by_two = [&restore[..], &["--confirmed-by", "aud"]].concat();
    firm.call(&by_two).ended(5).said("has not signed `restore`");
    let sign = [
        "sign",
        "home",
        "--action",
        "restore",
        "--as",
        "aud",
        "--home",
        "copy",
        "--out",
        "aud.approval",
    ];
    firm.call(&sign).ended(0);
    firm.call(&[&by_two[..], &["--approval", "aud.approval"]].concat())
        .ended(0);
    firm.call(&["verify", "--home", "back"]).ended(0);
}

#[test]
fn a_damaged_backup_is_refused_and_leaves_no_home() {
    let firm = firm();
    firm.call(&["backup", "copy"]).ended(0);
    let segment = segments(&firm.path("copy")).remove(0);
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    firm.call(&["restore", "copy", "--home", "back", "--journal-lost"])
        .ended(4)
        .said("is not the one in its manifest");
    // No message is left behind, and the folder can be used again.
    assert_eq!(fs::read_dir(firm.path("back")).unwrap().count(), 0);
    firm.call(&["backup", "whole"]).ended(0);
    firm.call(&["restore", "whole", "--home", "back", "--journal-lost"])
        .ended(0);
    fs::remove_dir_all(firm.path("back")).unwrap();
    firm.call(&["status", "--home", "back"])
        .ended(4)
        .said("no home at back");
    firm.call(&["restore", "nothing", "--home", "other", "--journal-lost"])
        .ended(4)
        .said("no backup here");
}

#[test]
fn a_backup_lies_outside_the_home_and_one_that_failed_leaves_nothing() {
    let firm = firm();
    std::os::unix::fs::symlink(firm.path(".lexhold"), firm.path("link")).unwrap();
    for inside in [".lexhold", ".lexhold/copy", ".lexhold/a/b", "link/copy"] {
        firm.call(&["backup", inside]).ended(5).said("does not lie in the home");
    }
    assert!(!firm.path(".lexhold/copy").exists() && !firm.path(".lexhold/a").exists());
    fs::remove_file(segments(&firm.path(".lexhold")).remove(0)).unwrap();
    firm.call(&["backup", "copy"]).ended(75);
    assert_eq!(fs::read_dir(firm.path("copy")).unwrap().count(), 0);
}

fn segments(root: &Path) -> Vec<std::path::PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root.join("archive")]);
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() { &mut folders } else { &mut found }.push(path);
        }
    }
    found.sort();
    found
}

/// A call that can write no file beyond so many blocks of 512 bytes: what a full disk is like to it.
pub fn with_room(firm: &Firm, blocks: usize, arguments: &str) -> i32 {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_lexhold")]);
    command.args(arguments.split(' ')).current_dir(firm.path("."));
    command.output().unwrap().status.code().unwrap_or(-1)
}

#[test]
fn a_full_disk_stops_each_verb_and_harms_nothing() {
    let firm = firm();
    firm.call(&["keys", "export"]).ended(0);
    let verbs = [
        "checkpoint export --out kept.txt",
        "keys rotate",
        "clock attest --reason quiet",
        "backup copy",
    ];
    for verb in verbs {
        let length = fs::metadata(firm.path(".lexhold/journal/log.ndjson")).unwrap().len() as usize;
        let enough = length / 512 + 4;
        let mut codes = Vec::new();
        for blocks in [0, length / 512, length / 512 + 1, enough] {
            codes.push(with_room(&firm, blocks, verb));
            if firm.path("copy").exists() {
                fs::remove_dir_all(firm.path("copy")).unwrap();
            }
        }
        firm.call(&["verify"]).ended(0);
        assert_eq!(codes[0], 4, "{verb}: {codes:?}");
        assert!(codes.iter().all(|code| [0, 4].contains(code)), "{verb}: {codes:?}");
        assert!(verb.starts_with("backup") || codes[3] == 0, "{verb}: {codes:?}");
    }
}

#[test]
fn a_disk_that_is_full_during_a_restore_leaves_a_home_with_newer_holds_or_nothing() {
    let firm = firm();
    firm.call(&["backup", "copy"]).ended(0);
    hold(&firm);
    let back = firm.path("back");
    for blocks in [0, 4, 32, 256, 2048, 1 << 20] {
        let code = with_room(&firm, blocks, "restore copy --home back --journal .lexhold");
        assert!([0, 4].contains(&code), "{code} in {blocks} blocks");
        if back.join("home.json").exists() {
            firm.call(&["verify", "--home", "back"]).ended(0);
            let shown = firm.call(&["status", "--home", "back", "--json"]).ended(0).json();
            assert_eq!(shown["holds"], 1, "in {blocks} blocks");
        } else {
            let left = fs::read_dir(&back).map_or(0, Iterator::count);
            assert_eq!((code, left), (4, 0), "in {blocks} blocks");
        }
        assert!(blocks < 1 << 20 || code == 0, "there was room");
        let _ = fs::remove_dir_all(&back);
    }
}

#[test]
fn a_home_that_cannot_be_written_says_so() {
    let firm = firm();
    firm.call(&["checkpoint", "export", "--out", "kept.txt"]).ended(0);
    // Root writes whatever the permissions say, so a file stands where a folder would have to be.
    let payloads = firm.path(".lexhold/journal/payload");
    fs::rename(&payloads, firm.path("aside")).unwrap();
    fs::write(&payloads, "").unwrap();
    for verb in [
        &["checkpoint", "export"][..],
        &["keys", "rotate"],
        &["clock", "attest", "--reason", "x"],
        &["backup", "copy"],
    ] {
        firm.call(verb).ended(4);
    }
    fs::remove_file(&payloads).unwrap();
    fs::rename(firm.path("aside"), &payloads).unwrap();
    firm.call(&["verify", "--checkpoint", "kept.txt"]).ended(0);
}

#[test]
fn a_home_that_everybody_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let firm = Firm::new();
    firm.messages("in.ndjson", &[message("m1", "2019-06-01T12:00:00Z", "lunch")]);
    firm.run(&["in.ndjson"]).ended(0);
    let told = |mode: u32| {
        let home = firm.path(".lexhold");
        std::fs::set_permissions(home, std::fs::Permissions::from_mode(mode)).unwrap();
        firm.call(&["verify"])
            .ended(0)
            .stderr
            .contains("everybody on this machine")
    };
    let modes = [0o700, 0o770, 0o750, 0o755, 0o704];
    assert_eq!(modes.map(told), [false, false, false, true, true]);
}
