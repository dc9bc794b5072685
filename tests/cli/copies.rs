//! Copies of what was destroyed: a plan is complete when none is still to go.

use lexhold_catalog::Fingerprint;
use lexhold_store::{EntryKind, Home, Payload, Stamp};
use serde_json::json;

use crate::dispose::approved;
use crate::support::{Firm, message};

/// A firm with these lines of `lexhold.yaml`, a backup of two old messages, and both destroyed.
fn firm(config: &str, backup: &[&str]) -> (Firm, String) {
    let firm = Firm::new();
    firm.write("lexhold.yaml", config);
    let due = |id: &str| message(id, "2019-06-01T12:00:00Z", "lunch");
    firm.messages("in.ndjson", &[due("m1"), due("m2")]);
    firm.run(&["in.ndjson"]).ended(0);
    if !backup.is_empty() {
        firm.call(&[&["backup", "copy"], &backup[1..]].concat()).ended(0);
    }
    let plan = destroy_all(&firm);
    (firm, plan)
}

/// Destroys what is due, by this plan.
fn destroy_all(firm: &Firm) -> String {
    let plan = approved(firm);
    firm.call(&["dispose", "execute", &plan]).ended(0);
    plan
}

/// Whether the plan is complete, and its copies outside: name, state, whether an end is known.
fn copies(firm: &Firm) -> (bool, Vec<(String, String, bool)>) {
    let row = firm
        .call(&["dispose", "status", "--format", "ndjson"])
        .ended(0)
        .rows()
        .remove(0);
    let own = ["archive segments", "evaluations", "catalog"];
    let mut outside = Vec::new();
    for copy in row["copies"].as_array().unwrap() {
        let text = |field: &str| copy[field].as_str().unwrap_or_default().to_owned();
        match own.contains(&text("copy").as_str()) {
            true => assert_eq!(copy["state"], "destroyed", "{row}"),
            false => outside.push((text("copy"), text("state"), copy["until"].is_string())),
        }
    }
    (row["complete"].as_bool().unwrap(), outside)
}

fn one(copy: &str, state: &str, ends: bool) -> (String, String, bool) {
    (copy.to_owned(), state.to_owned(), ends)
}

#[test]
fn a_backup_is_a_pending_copy_until_it_ends_or_somebody_says_that_it_is_gone() {
    let (firm, plan) = firm("disposal:\n  backups: P30D\n", &["made"]);
    let (complete, found) = copies(&firm);
    let backup = found[0].0.clone();
    let none = one("copies outside the home", "exempt", false);
    assert!(!complete && backup.starts_with("backup-"), "{found:?}");
    assert_eq!(found, [one(&backup, "pending", true), none.clone()]);
    let body = firm.call(&["dispose", "certificate", &plan]).ended(0).json()["body"].clone();
    assert_eq!(
        (&body["complete"], &body["copies"][3]["state"]),
        (&json!(false), &json!("pending"))
    );
    // A hold that comes too late says where the messages may still be.
    let place = [
        "hold", "place", "--name", "h", "--matter", "H", "--zone", "UTC", "--id", "m1", "--format", "json",
    ];
    let late = firm.call(&place).ended(1).json();
    assert_eq!(late["surviving_copies"][0]["copy"], json!(backup));
    assert_eq!(late["already_destroyed"].as_array().map(Vec::len), Some(1));
    firm.call(&["dispose", "gone", "backup-9999", "--reason", "shredded"])
        .ended(2)
        .said(&backup);
    firm.call(&["dispose", "gone", &backup, "--reason", " "]).ended(2);
    firm.call(&["dispose", "gone", &backup, "--reason", "shredded"])
        .ended(0);
    assert_eq!(copies(&firm), (true, vec![one(&backup, "destroyed", false), none]));
    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before);
    firm.call(&["verify"]).ended(0);
}

#[test]
fn copies_outside_stand_as_the_firm_declares_them() {
    let config = "disposal:\n  copies:\n    - { name: night tape, expires: P90D }\n    - { name: vendor, exempt: destroyed under contract }\n    - { name: laptop }\n";
    let (firm, plan) = firm(config, &[]);
    let expected = vec![
        one("night tape", "pending", true),
        one("vendor", "exempt", false),
        one("laptop", "pending", false),
    ];
    assert_eq!(copies(&firm), (false, expected));
    let body = firm.call(&["dispose", "certificate", &plan]).ended(0).json()["body"].clone();
    assert_eq!(
        body["copies"][4],
        json!({"copy": "vendor", "state": "exempt", "reason": "destroyed under contract"})
    );
    for copy in ["night tape", "laptop"] {
        firm.call(&["dispose", "gone", copy, "--reason", "wiped"]).ended(0);
    }
    assert!(copies(&firm).0);
}

/// A restored home leaves two copies behind: what it was, and a backup that no longer is in its own journal.
#[test]
fn what_was_restored_elsewhere_is_a_copy_and_so_is_its_backup() {
    for lost in [true, false] {
        let firm = Firm::new();
        firm.messages("in.ndjson", &[message("m1", "2019-06-01T12:00:00Z", "lunch")]);
        firm.run(&["in.ndjson"]).ended(0);
        firm.call(&["backup", "copy"]).ended(0);
        let how = if lost {
            &["--journal-lost"][..]
        } else {
            &["--journal", ".lexhold"]
        };
        firm.call(&[&["restore", "copy", "--home", "back"], how].concat())
            .ended(0);
        let call = |call: &[&str]| firm.call(&[call, &["--home", "back"]].concat());
        if lost {
            call(&["clock", "attest", "--reason", "holds were placed again"]).ended(0);
        }
        let plan = call(&["dispose", "propose", "--format", "json"]).ended(0).json()["plan"].clone();
        let plan = plan.as_str().unwrap();
        call(&["dispose", "approve", plan]).ended(0);
        call(&["dispose", "execute", plan]).ended(0);
        let status = || {
            call(&["dispose", "status", "--format", "ndjson"])
                .ended(0)
                .rows()
                .remove(0)
        };
        let row = status();
        let pending = row["copies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|copy| copy["state"] == "pending");
        let pending: Vec<&str> = pending.map(|copy| copy["copy"].as_str().unwrap()).collect();
        assert_eq!(pending.len(), 2, "{row}");
        assert!(
            ["backup-", "home-"]
                .iter()
                .all(|kind| pending.iter().any(|copy| copy.starts_with(kind)))
        );
        for copy in pending {
            call(&["dispose", "gone", copy, "--reason", "wiped"]).ended(0);
        }
        assert_eq!(status()["complete"], true);
    }
}

#[test]
fn a_backup_of_afterwards_has_nothing_of_it() {
    let (firm, _) = firm("", &[]);
    firm.call(&["backup", "copy", "--expires", "a while"])
        .ended(2)
        .said("P90D");
    firm.call(&["backup", "copy", "--expires", "P1Y"]).ended(0);
    assert_eq!(
        copies(&firm),
        (true, vec![one("copies outside the home", "exempt", false)])
    );
}

#[test]
fn a_backup_made_while_messages_go_has_them() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &[message("m1", "2019-06-01T12:00:00Z", "lunch")]);
    firm.run(&["in.ndjson"]).ended(0);
    let plan = &approved(&firm);
    let mut stopped = firm.command(&["dispose", "execute", plan]);
    stopped.env("LEXHOLD_TEST_STOP_AT", "intended").output().unwrap();
    firm.call(&["backup", "copy"]).ended(0);
    firm.call(&["dispose", "execute", plan]).ended(0);
    let (complete, found) = copies(&firm);
    assert!(
        !complete
            && found
                .iter()
                .any(|(name, state, _)| name.starts_with("backup-") && state == "pending"),
        "{found:?}"
    );
}

/// Whoever kills a backup leaves a folder with bodies in it: that is a copy, until somebody has looked for it.
#[test]
fn a_backup_that_was_killed_is_a_copy() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &[message("m1", "2019-06-01T12:00:00Z", "lunch")]);
    firm.run(&["in.ndjson"]).ended(0);
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let expires = json!({"expires": "2100-01-01T00:00:00Z"});
    let stamp = Stamp {
        at: jiff::Timestamp::now(),
        actor: "solo",
        entropy: &|bytes: &mut [u8]| {
            bytes.fill(7);
            Ok(())
        },
    };
    let begun = home
        .journal()
        .append(EntryKind::BackupBegun, Some(Payload::Json(&expires)), stamp);
    let name = format!("backup-{}", begun.unwrap().seq);
    destroy_all(&firm);
    let none = one("copies outside the home", "exempt", false);
    assert_eq!(copies(&firm), (false, vec![one(&name, "pending", true), none.clone()]));
    firm.call(&["dispose", "gone", &name, "--reason", "its folder is removed"])
        .ended(0);
    assert_eq!(copies(&firm), (true, vec![one(&name, "destroyed", false), none]));
}

#[test]
fn a_backup_that_failed_is_none() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &[message("m1", "2019-06-01T12:00:00Z", "lunch")]);
    firm.run(&["in.ndjson"]).ended(0);
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let (_, batch) = home.batches(1).unwrap().next().unwrap().unwrap();
    std::fs::write(home.root().join(&batch.files[0].path), "another").unwrap();
    firm.call(&["backup", "copy"]).ended(4);
    let last = home.journal().entries(1).unwrap().last().unwrap().unwrap();
    assert_eq!(last.kind, EntryKind::CopyGone);
}

/// Whoever works beside a destruction may have a copy of the catalog that knows more; what the dead left is swept away.
#[test]
fn temporary_files_of_others_are_a_copy_as_long_as_these_live() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &[message("m1", "2019-06-01T12:00:00Z", "lunch")]);
    firm.run(&["in.ndjson"]).ended(0);
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let at_work = home.scratch().unwrap();
    std::fs::write(at_work.path(), "a copy of the catalog").unwrap();
    destroy_all(&firm);
    let (files, none) = (
        one("temporary files of other processes at work", "pending", false),
        one("copies outside the home", "exempt", false),
    );
    assert_eq!(copies(&firm), (false, vec![files, none.clone()]));
    let path = at_work.path().to_owned();
    drop(at_work);
    assert_eq!(copies(&firm), (true, vec![none.clone()]));
    assert!(!path.exists());
    // Who begins later knows nothing of what is gone.
    let at_work = home.scratch().unwrap();
    std::fs::write(at_work.path(), "a copy of the catalog").unwrap();
    assert_eq!(copies(&firm), (true, vec![none]));
}
