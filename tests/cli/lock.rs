//! `lexhold.lock`: `--locked` refuses what differs from it, `--frozen` asks only that it is there.

use crate::support::{Firm, message};

const RETENTION: &str = "policies/retention/desk.yaml";

fn locked() -> Firm {
    let firm = Firm::new();
    firm.messages("m.ndjson", &[message("m1", "2024-03-05T15:00:00Z", "see you at ten")]);
    firm.call(&["lock"]).ended(0).said("lexhold.lock: 3 files");
    firm
}

fn edit(firm: &Firm) {
    firm.write(RETENTION, firm.read(RETENTION).replace("P3Y", "P2Y"));
}

#[test]
fn a_lock_has_every_file_and_version_and_is_the_same_each_time() {
    let firm = Firm::new();
    firm.write(
        "rulesets/shared.yaml",
        "lexhold: 1\nlexicon: shared\nowner: me@firm.example\nterms: [signal]\n",
    );
    let ruleset = firm.read("rulesets/off-channel/ruleset.yaml");
    firm.write(
        "rulesets/off-channel/ruleset.yaml",
        ruleset.replace("lexicons:", "imports: [{ file: ../shared.yaml }]\nlexicons:"),
    );
    firm.call(&["lock"]).ended(0);
    let first = firm.read("lexhold.lock");
    for line in [
        "lexhold_lock: 1",
        "  documents: 1",
        "  engine: ^0.1.0",
        "  cedar: 4.",
        "  cedar_schema: ",
        "  regex: 0.8.",
        "    normalisation: ",
        "  tz_database: ",
        "  policies/retention/desk.yaml: ",
        "  rulesets/off-channel/ruleset.yaml:\n  - rulesets/shared.yaml",
    ] {
        assert!(first.contains(line), "`{line}` is missing in:\n{first}");
    }
    firm.call(&["lock", "--quiet"]).ended(0);
    assert_eq!(firm.read("lexhold.lock"), first);
    firm.call(&["check", "--locked"]).ended(0);
    // Whoever may read the policies may read what pins them.
    let rights = |path: &str| std::fs::metadata(firm.path(path)).unwrap().permissions();
    assert_eq!(rights("lexhold.lock"), rights("rulesets/shared.yaml"));
}

#[test]
fn each_verb_that_reads_policies_refuses_an_edit() {
    let firm = locked();
    let verbs: [&[&str]; 7] = [
        &["lock"],
        &["bundle", "build", "--name", "acme", "--revision", "1"],
        &["check"],
        &["test"],
        &["scan", "m.ndjson"],
        &["run", "m.ndjson"],
        &["activate"],
    ];
    firm.run(&["m.ndjson", "--locked"]).ended(0);
    edit(&firm);
    let refused = |verb: &[&str]| {
        firm.call(&[verb, &["--locked"]].concat())
            .ended(3)
            .said("error: lexhold.lock out of date: policies/retention/desk.yaml\n  help: lexhold lock\n");
    };
    verbs.iter().for_each(|verb| refused(verb));
    refused(&["diff", "active", "."]);
    firm.call(&["check", "--frozen"]).ended(0);
    firm.call(&["lock"]).ended(0);
    firm.call(&["check", "--locked"]).ended(0);
}

#[test]
fn new_and_missing_files_and_other_versions_are_named() {
    let firm = locked();
    firm.write(
        "policies/new.yaml",
        "lexhold: 1\ncalendar: office\nversion: 1.0.0\nholidays: [{ date: 2026-01-01 }]\n",
    );
    std::fs::remove_file(firm.path("policies/supervision/barriers.yaml")).unwrap();
    firm.call(&["check", "--locked"])
        .ended(3)
        .said("out of date: policies/new.yaml, policies/supervision/barriers.yaml\n");
    let firm = locked();
    let lock = firm.read("lexhold.lock");
    let tz = lock
        .lines()
        .find_map(|line| line.trim().strip_prefix("tz_database: "))
        .unwrap();
    firm.write("lexhold.lock", lock.replace(tz, "2019c").replace("^0.1.0", "^7"));
    firm.call(&["check", "--locked"])
        .ended(3)
        .said(&format!("out of date: engine ^7 -> 0.1.0, tz_database 2019c -> {tz}\n"));
}

#[test]
fn what_is_no_lock_is_said_and_broken_policies_are_not_locked() {
    let firm = Firm::new();
    for (flag, said) in [
        ("--locked", "cannot read lexhold.lock: not found"),
        ("--frozen", "lexhold.lock is missing"),
    ] {
        firm.call(&["check", flag])
            .ended(3)
            .said(said)
            .said("help: lexhold lock");
    }
    firm.write("lexhold.lock", "files: {}\n");
    firm.call(&["check", "--locked"])
        .ended(3)
        .said("lexhold.lock is no lock");
    firm.call(&["check", "--locked", "--frozen"]).ended(2);
    firm.write(RETENTION, firm.read(RETENTION).replace("zone:", "zoen:"));
    firm.call(&["lock"]).ended(3).said("did you mean `zone`?");
    assert_eq!(firm.read("lexhold.lock"), "files: {}\n");
}

#[test]
fn the_lock_lies_beside_the_configuration_wherever_one_works() {
    let firm = Firm::new();
    firm.write("lexhold.yaml", "zone: UTC\n");
    std::fs::create_dir(firm.path("below")).unwrap();
    firm.call(&["lock", "-C", "below"]).ended(0);
    assert!(firm.read("lexhold.lock").contains("\n  policies/retention/desk.yaml: "));
    firm.call(&["check", "--locked", "-C", "below"]).ended(0);
    firm.call(&["check", "--locked"]).ended(0);
    edit(&firm);
    firm.call(&["check", "--locked", "-C", "below"])
        .ended(3)
        .said("../lexhold.lock out of date: policies/");
}

#[test]
fn a_lock_that_is_to_be_kept_is_not_written() {
    let firm = locked();
    let before = firm.read("lexhold.lock") + "# ours\n";
    firm.write("lexhold.lock", &before);
    firm.call(&["lock", "--locked"]).ended(0).said("lexhold.lock: 3 files");
    assert_eq!(firm.read("lexhold.lock"), before);
    firm.call(&["lock", "--frozen"])
        .ended(2)
        .said("--frozen leaves it as it is");
    edit(&firm);
    firm.call(&["lock", "--locked"]).ended(3).said("out of date");
    assert_eq!(firm.read("lexhold.lock"), before);
    firm.call(&["lock"]).ended(0);
    assert_ne!(firm.read("lexhold.lock"), before);
}
