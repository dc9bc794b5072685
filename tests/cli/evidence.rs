//! Checkpoints, certificates, keys and the clock, as outsiders and insiders use them.

use std::fs;

use lexhold_model::SecretKey;
use lexhold_store::{Checkpoint, EntryKind, Home, NoteKey, Payload, SignatureKind, Stamp};
use serde_json::json;

use crate::support::{Firm, many};

fn firm() -> Firm {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(3));
    firm.run(&["in.ndjson"]).ended(0);
    firm
}

fn dice(bytes: &mut [u8]) -> std::io::Result<()> {
    bytes.fill(7);
    Ok(())
}

fn stamp() -> Stamp<'static> {
    Stamp {
        at: jiff::Timestamp::now(),
        actor: "test",
        entropy: &dice,
    }
}

/// A certificate of an entry of some kind, as a file.
fn certificate(firm: &Firm) {
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let body = json!({"plan": "p-1", "plan_digest": "0".repeat(64), "items": 0});
    let entry = home
        .journal()
        .append(EntryKind::DisposalCertified, Some(Payload::Json(&body)), stamp())
        .unwrap();
    let certificate = home.certify(&entry, stamp()).unwrap();
    firm.write("p-1.json", serde_json::to_string_pretty(&certificate).unwrap());
}

#[test]
fn a_checkpoint_kept_outside_finds_a_journal_that_was_cut_or_written_anew() {
    let firm = firm();
    let out = ["checkpoint", "export", "--out", "kept.txt"];
    firm.call(&out).ended(0).said("checkpoint of 8 entries");
    firm.call(&out).ended(0).said("checkpoint of 9 entries");
    assert_eq!(Checkpoint::all_in(&firm.read("kept.txt")).unwrap().len(), 2);
    let verify = ["verify", "--checkpoint", "kept.txt"];
    firm.call(&verify)
        .ended(0)
        .said("the checkpoint vouches for entries 1 to 9");
    firm.call(&["verify"]).ended(0).said("nothing for the last, 10");
    let log = firm.path(".lexhold/journal/log.ndjson");
    let whole = fs::read_to_string(&log).unwrap();
    let cut: String = whole.split_inclusive('\n').take(8).collect();
    fs::write(&log, cut).unwrap();
    let found = firm.call(&verify).ended(4);
    assert!(
        found
            .stdout
            .contains("checkpoint of 9 entries: journal entry 9 and those behind it are missing"),
        "{}",
        found.stdout
    );
    firm.call(&out).ended(4).said("entry 9 and those behind it are missing");
    assert_eq!(Checkpoint::all_in(&firm.read("kept.txt")).unwrap().len(), 2);
}

#[test]
fn a_checkpoint_goes_to_stdout_and_nothing_else_does() {
    let firm = firm();
    let text = firm.call(&["checkpoint", "export"]).ended(0).stdout;
    assert_eq!(text.parse::<Checkpoint>().unwrap().head().size, 8);
    firm.write("no.txt", "hello\n");
    firm.call(&["verify", "--checkpoint", "no.txt"])
        .ended(4)
        .said("no file of checkpoints");
    firm.call(&["verify", "--checkpoint", "none.txt"])
        .ended(3)
        .said("not found");
    let journal = firm.read(".lexhold/journal/log.ndjson");
    firm.call(&["checkpoint", "export", "--out", "no/such/folder"])
        .ended(4)
        .said("cannot write no/such/folder");
    assert_eq!(
        firm.read(".lexhold/journal/log.ndjson"),
        journal,
        "nothing is on record of it"
    );
}

#[test]
fn a_certificate_is_checked_without_a_home() {
    let firm = firm();
    firm.call(&["checkpoint", "export", "--out", "kept.txt"]).ended(0);
    firm.call(&["keys", "export", "--out", "home.pub"]).ended(0);
    certificate(&firm);
    firm.call(&["checkpoint", "export"]).ended(0);
    firm.call(&["checkpoint", "export", "--out", "late.txt"]).ended(0);
    // From here on nobody has the home.
    fs::rename(firm.path(".lexhold"), firm.path("gone")).unwrap();
    let verify = ["verify", "--certificate", "p-1.json", "--key", "home.pub"];
    let held = firm.call(&verify).ended(0).stdout;
    assert!(
        held.contains("p-1.json: holds") && held.contains("disposal_certified"),
        "{held}"
    );
    assert!(held.contains("is the signer's word"), "{held}");
    let with = |file: &'static str| [&verify[..], &["--checkpoint", file]].concat();
    let held = firm.call(&with("kept.txt")).ended(0).stdout;
    assert!(held.contains("begins with what 1 checkpoints speak of"), "{held}");
    firm.call(&with("late.txt")).ended(4).said("newer than the certificate");
    let key = firm.read("home.pub");
    firm.call(&["verify", "--certificate", "p-1.json", "--key", key.trim()])
        .ended(0);
    let hex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    firm.call(&["verify", "--certificate", "p-1.json", "--key", hex])
        .ended(4)
        .said("signed with another key");
    let text = firm.read("p-1.json");
    firm.write("p-1.json", text.replace("\"p-1\"", "\"p-2\""));
    firm.call(&verify).ended(4).said("the body is not what was signed");
    firm.write("p-1.json", "{}");
    firm.call(&verify).ended(4).said("is no certificate");
    firm.call(&["verify", "--certificate", "p-1.json"]).ended(2);
}

#[test]
fn keys_rotate_and_older_certificates_hold() {
    let firm = firm();
    firm.call(&["keys", "show"]).ended(0);
    firm.call(&["keys", "rotate"]).ended(5).said("no key yet");
    let first = firm.call(&["keys", "export"]).ended(0).stdout;
    certificate(&firm);
    firm.write("first.pub", &first);
    firm.call(&["keys", "rotate", "--lost"]).ended(5).said("not lost");
    firm.call(&["keys", "rotate"]).ended(0).said("signs from now on");
    let shown = firm.call(&["keys", "show"]).ended(0).stdout;
    assert!(
        shown.contains("the first") && shown.contains("the key before"),
        "{shown}"
    );
    let both = firm.call(&["keys", "export"]).ended(0).stdout;
    assert!(both.ends_with(&first) && both.lines().count() == 2, "{both}");
    let by = |key: &'static str| ["verify", "--certificate", "p-1.json", "--key", key];
    firm.call(&by("first.pub")).ended(0);
    firm.write("new.pub", both.lines().next().unwrap());
    firm.call(&by("new.pub")).ended(4);
    firm.write("all.pub", &both);
    firm.call(&by("all.pub")).ended(0);
    certificate(&firm);
    firm.call(&by("first.pub")).ended(0);
    firm.call(&by("new.pub")).ended(0);
    firm.call(&["verify"]).ended(0);
    let secrets = fs::read_dir(firm.path(".lexhold/keys/signing")).unwrap().count();
    assert_eq!(secrets, 3, "two public halves and one secret");
}

#[test]
fn a_lost_key_is_replaced_only_when_that_is_said() {
    let firm = firm();
    firm.call(&["keys", "export"]).ended(0);
    for file in fs::read_dir(firm.path(".lexhold/keys/signing")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none() {
            fs::remove_file(path).unwrap();
        }
    }
    firm.call(&["checkpoint", "export"]).ended(4);
    firm.call(&["verify"]).ended(4);
    firm.call(&["keys", "rotate"]).ended(5).said("--lost");
    firm.call(&["keys", "rotate", "--lost"])
        .ended(0)
        .said("no earlier key names it");
    firm.call(&["checkpoint", "export"]).ended(0);
    firm.call(&["verify"]).ended(0);
}

#[test]
fn a_witness_of_the_configuration_is_put_on_record() {
    let firm = firm();
    let secret = SecretKey::new(&[9; 32]);
    let witness = NoteKey {
        name: "witness.example/1".into(),
        kind: SignatureKind::Text,
        key: secret.public(),
    };
    firm.call(&["checkpoint", "export", "--out", "kept.txt"]).ended(0);
    let checkpoint: Checkpoint = firm.read("kept.txt").parse().unwrap();
    let take_in = ["checkpoint", "witness", "signed.txt"];
    firm.write("signed.txt", checkpoint.to_string());
    firm.call(&take_in).ended(5).said("no witness that lexhold.yaml names");
    let signature = secret.sign(checkpoint.note().text().as_bytes());
    let line = base64(&[&witness.id()[..], &signature.0].concat());
    firm.write("signed.txt", format!("{checkpoint}— {} {line}\n", witness.name));
    firm.call(&take_in).ended(5).said("no witness that lexhold.yaml names");
    firm.write("lexhold.yaml", format!("witnesses: [\"{witness}\"]\n"));
    firm.call(&take_in).ended(0).said("1 signature of witnesses is new");
    firm.call(&take_in).ended(0).said("0 signatures");
    firm.call(&["verify", "--checkpoint", "signed.txt"]).ended(0);
    let forged = line.replace(&line[20..22], if &line[20..22] == "AA" { "BB" } else { "AA" });
    firm.write("signed.txt", format!("{checkpoint}— {} {forged}\n", witness.name));
    firm.call(&take_in).ended(5).said("is not that of the key it names");
    firm.write("lexhold.yaml", "witnesses: [nonsense]\n");
    firm.call(&take_in).ended(3).said("not a key of a note");
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let padded = [three, &[0, 0]].concat();
        let number = u32::from_be_bytes([0, padded[0], padded[1], padded[2]]);
        let digit = |at: usize| char::from(DIGITS[(number >> (18 - 6 * at) & 63) as usize]);
        let digits: String = (0..=three.len()).map(digit).collect();
        format!("{digits:=<4}")
    };
    bytes.chunks(3).map(group).collect()
}

#[test]
fn the_clock_is_attested_by_two() {
    let firm = firm();
    firm.call(&["clock", "check"]).ended(0).said("the clock is believed");
    firm.write(
        "operators.yaml",
        "lexhold: 1\noperators: firm\npeople:\n  - { id: rex, roles: [records] }\n  - { id: aud, roles: [auditor] }\n",
    );
    let attest = ["clock", "attest", "--reason", "quiet weeks", "--as", "rex"];
    firm.call(&attest).ended(5).said("clock-and-restore-need-two");
    let by_two = [&attest[..], &["--confirmed-by", "aud"]].concat();
    firm.call(&by_two).ended(0).said("the clock is believed");
    let wrong = |entries: &'static str| [&by_two[..], &["--wrong", entries]].concat();
    for entries in ["0", "3-2", "99", "x", "1-99", ""] {
        firm.call(&wrong(entries)).ended(2).said("names no journal entries");
    }
    firm.call(&wrong("2-3,5")).ended(0);
    firm.call(&["verify"]).ended(0);
    firm.call(&["rebuild"]).ended(0);
}

#[test]
fn an_entry_from_the_future_stops_the_clock_until_it_is_declared_wrong() {
    let firm = firm();
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let ahead = Stamp {
        at: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 3653),
        ..stamp()
    };
    let entry = home
        .journal()
        .append(
            EntryKind::Viewed,
            Some(Payload::Json(
                &json!({"object": "a", "object_id": "b", "content": false}),
            )),
            ahead,
        )
        .unwrap();
    firm.call(&["clock", "check"]).ended(5).said("days lie between");
    let attest = ["clock", "attest", "--reason", "the host's clock was ahead"];
    firm.call(&attest).ended(5).said("the clock is before");
    let seq = entry.seq.to_string();
    firm.call(&[&attest[..], &["--wrong", &seq]].concat()).ended(0);
    firm.call(&["clock", "check"]).ended(0);
}
