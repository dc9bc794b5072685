//! A disk that is full at any write, and an archive that cannot be written: nothing is lost, nothing is half there, and the same
//! call goes on where it stopped.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use lexhold_store::{Home, Outcome};

use crate::backup::with_room;
use crate::dispose::{approved, assert_sound, canary, copy_of, execute, firm, left, old, propose, remembered};
use crate::support::Firm;

/// Each message's state.
fn states(firm: &Firm) -> BTreeMap<String, String> {
    let rows = firm
        .call(&["report", "retention", "--format", "ndjson"])
        .ended(0)
        .rows();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| (text(&row["message_id"]), text(&row["state"])))
        .collect()
}

/// How many blocks of 512 bytes a file may have. `LEXHOLD_TEST_FULL` asks for every power of two up to a catalog's.
fn limits(firm: &Firm) -> Vec<usize> {
    let blocks = |name: &str| fs::metadata(firm.path(name)).unwrap().len() as usize / 512;
    let journal = blocks(".lexhold/journal/log.ndjson");
    match std::env::var_os("LEXHOLD_TEST_FULL") {
        None => vec![journal, journal + 4],
        Some(_) => (0..=16)
            .map(|power| (1 << power) - 1)
            .chain(journal..journal + 6)
            .collect(),
    }
}

/// Calls a verb on copies of a home that is full, then on each again with room: every time it ends as it would have at once.
fn full_at_any_write(template: &Firm, verb: &str) {
    let words: Vec<&str> = verb.split(' ').collect();
    let undisturbed = copied(template);
    undisturbed.call(&words).ended(0);
    let want = states(&undisturbed);
    for blocks in limits(template) {
        let firm = copied(template);
        let code = with_room(&firm, blocks, verb);
        assert!([0, 4].contains(&code), "{verb} ended with {code} in {blocks} blocks");
        let home = Home::open(&firm.path(".lexhold")).unwrap();
        assert!(home.verify(|_, _| {}).unwrap().is_sound(), "{verb} in {blocks} blocks");
        firm.call(&words).ended(0);
        assert_eq!(states(&firm), want, "{verb} in {blocks} blocks");
        if verb.starts_with("dispose execute") {
            assert_eq!(remembered(&firm, canary), [20, 21, 22, 23, 24]);
            let journal = firm.read(".lexhold/journal/log.ndjson");
            assert_eq!(journal.matches("disposal_certified").count(), 1);
        }
        assert_sound(&firm);
    }
}

/// Everybody whom the next verbs take.
const OPERATORS: &str = "lexhold: 1
operators: team
people:
  - { id: pia, person: none, roles: [privacy] }
  - { id: pat, person: none, roles: [privacy] }
  - { id: lea, person: none, roles: [legal] }
  - { id: leo, person: none, roles: [legal] }
";

/// The same for what can be done only once, by these people: whether it stands already or not, in the end it stands once.
fn full_at_any_write_of_what_is_done_once(template: &Firm, verb: &str, kind: &str) {
    let words: Vec<&str> = verb.split(' ').collect();
    let done = |firm: &Firm, blocks: Option<usize>| {
        firm.write("operators.yaml", OPERATORS);
        if let Some(blocks) = blocks {
            let code = with_room(firm, blocks, verb);
            assert!([0, 4].contains(&code), "{verb} ended with {code} in {blocks} blocks");
            let home = Home::open(&firm.path(".lexhold")).unwrap();
            assert!(home.verify(|_, _| {}).unwrap().is_sound(), "{verb} in {blocks} blocks");
        }
        let stood = firm.read(".lexhold/journal/log.ndjson").matches(kind).count();
        if stood == 0 {
            firm.call(&words).ended(0);
        }
        assert_eq!(
            firm.read(".lexhold/journal/log.ndjson").matches(kind).count(),
            1,
            "{verb}"
        );
        let seen = |report: &str, who: &str, field: &str| -> Vec<String> {
            let call = ["report", report, "--format", "ndjson", "--as", who];
            let rows = firm.call(&call).ended(0).rows();
            rows.iter()
                .map(|row| format!("{} {}", row["message_id"], row[field]))
                .collect()
        };
        (seen("retention", "lea", "state"), seen("erasure", "pia", "standing"))
    };
    let want = done(&copy_of(template), None);
    for blocks in limits(template) {
        let firm = copy_of(template);
        assert_eq!(done(&firm, Some(blocks)), want, "{verb} in {blocks} blocks");
        assert_sound(&firm);
    }
}

#[test]
fn full_while_a_hold_ends_and_somebody_asks_for_erasure() {
    let template = firm();
    crate::hold::place(&template, &["--name", "h", "--custodian", "bob"]).ended(0);
    let release = "hold release h --reason over --as lea --confirmed-by leo";
    full_at_any_write_of_what_is_done_once(&template, release, "hold_released");
    let steps = [
        (
            "erasure request er --subject Ann --law gdpr --located DE --established IE --zone UTC --received 2026-11-01 --message slack/c0/m20 --message slack/c0/m0 --as pia",
            "erasure_requested",
        ),
        ("erasure confirm er --evidence seen --as pat", "erasure_confirmed"),
        (
            "erasure ground er --article 17(3)(e) --message slack/c0/m20 --reason claim --as lea --confirmed-by leo",
            "erasure_decided",
        ),
        ("erasure answer er --as pia --confirmed-by pat", "erasure_answered"),
    ];
    for (verb, kind) in steps {
        full_at_any_write_of_what_is_done_once(&template, verb, kind);
        template.write("operators.yaml", OPERATORS);
        template.call(&verb.split(' ').collect::<Vec<_>>()).ended(0);
        fs::remove_file(template.path("operators.yaml")).unwrap();
    }
}

fn copied(template: &Firm) -> Firm {
    let firm = copy_of(template);
    firm.messages("more.ndjson", &[old(77, "2019-07-01T12:00:00Z")]);
    firm
}

#[test]
fn full_while_messages_come_in_and_are_proposed() {
    let template = firm();
    full_at_any_write(&template, "run more.ndjson --backfill --as-of 2026-01-01");
    full_at_any_write(&template, "dispose propose");
    let plan = propose(&template)["plan"].as_str().unwrap().to_owned();
    full_at_any_write(&template, &format!("dispose approve {plan}"));
}

#[test]
fn full_while_messages_are_held_and_destroyed() {
    let template = firm();
    let plan = approved(&template);
    full_at_any_write(&template, "hold place --name h --matter M --zone UTC --custodian ann");
    full_at_any_write(&template, &format!("dispose execute {plan}"));
}

/// Folders that nobody may write into, root neither where the file system knows such a thing.
struct ReadOnly(Vec<PathBuf>);

impl ReadOnly {
    fn new(folder: &Path) -> Self {
        let mut folders = vec![folder.to_owned()];
        let mut at = 0;
        while at < folders.len() {
            let inside = fs::read_dir(&folders[at]).unwrap().map(|entry| entry.unwrap().path());
            folders.extend(inside.filter(|path| path.is_dir()).collect::<Vec<_>>());
            at += 1;
        }
        for folder in &folders {
            fs::set_permissions(folder, Permissions::from_mode(0o555)).unwrap();
            let _ = Command::new("chattr").arg("+i").arg(folder).output();
        }
        Self(folders)
    }

    fn holds(&self) -> bool {
        self.0.iter().all(|folder| fs::write(folder.join("x"), "").is_err())
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        for folder in &self.0 {
            let _ = Command::new("chattr").arg("-i").arg(folder).output();
            let _ = fs::remove_file(folder.join("x"));
            fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        }
    }
}

#[test]
fn an_archive_that_cannot_be_written_keeps_everything_and_a_hold_recalls_what_was_begun() {
    let firm = firm();
    let plan = approved(&firm);
    let archive = ReadOnly::new(&firm.path(".lexhold/archive"));
    if !archive.holds() {
        println!("skipped: whoever runs this may write into every folder");
        return;
    }
    execute(&firm, &plan).ended(4);
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let intents = firm
        .read(".lexhold/journal/log.ndjson")
        .matches("disposal_intent")
        .count();
    assert_eq!(
        (intents, remembered(&firm, canary).len()),
        (1, 25),
        "announced, and not done"
    );
    // Nor can it be finished meanwhile, by whoever comes next; nothing is lost by the attempt.
    execute(&firm, &plan).ended(4);
    assert_eq!(remembered(&firm, canary).len(), 25);
    crate::hold::place(&firm, &["--name", "h", "--custodian", "ann"]).ended(0);
    let outcomes = home.journal().entries(1).unwrap().map(|entry| entry.unwrap());
    let mut outcomes = outcomes.filter(|entry| entry.kind == lexhold_store::EntryKind::DisposalDone);
    let outcome: Outcome = home.journal().payload_json(&outcomes.next().unwrap()).unwrap().unwrap();
    assert!(!outcome.destroyed, "the hold recalls it");
    drop(archive);
    let done = execute(&firm, &plan).ended(1).json();
    assert_eq!((done["destroyed"].as_u64(), left(&firm).len()), (Some(10), 15));
    assert_sound(&firm);
}
