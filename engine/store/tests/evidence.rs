//! Keys, checkpoints and certificates of a home: what they prove, and that nothing else is proved.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests panic and look at files"
)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::{new_home, stamp};
use jiff::Timestamp;
use lexhold_model::{PublicKey, SecretKey, canonical_json};
use lexhold_store::{
    Agreement, Certificate, CertificateFault, Checkpoint, ClockAttested, Entry, EntryKind, ErrorKind, FindingKind,
    Home, ItemProof, MerkleTree, NoteFault, NoteKey, Payload, SignatureKind, leaf_hash, verify_consistency,
    verify_inclusion,
};
use serde_json::{Value, json};

fn secret_path(home: &Home, id: &str) -> PathBuf {
    home.root().join("keys/signing").join(id)
}

fn append(home: &Home, n: usize) {
    for _ in 0..n {
        home.journal()
            .append(EntryKind::Viewed, Some(Payload::Bytes(b"x")), stamp())
            .unwrap();
    }
}

fn key(home: &Home) -> PublicKey {
    home.signing_keys().unwrap().last().unwrap().public_key
}

/// A home with an entry worth a certificate: a list of items by its root.
fn with_plan(home: &Home) -> (Entry, MerkleTree, Vec<Value>) {
    let items: Vec<_> = (0..9).map(|number| json!({ "message": number })).collect();
    let tree = MerkleTree::over(items.iter().map(|item| leaf_hash(canonical_json(item).as_bytes())));
    let body = json!({"plan": "p1", "plan_digest": tree.head().root, "items": items.len()});
    let entry = home
        .journal()
        .append(EntryKind::Governance, Some(Payload::Json(&body)), stamp())
        .unwrap();
    (entry, tree, items)
}

#[test]
fn a_key_is_made_once_and_for_its_owner_alone() {
    let (_folder, home) = new_home();
    assert!(home.signing_keys().unwrap().is_empty());
    let first = home.signing_key(stamp()).unwrap();
    let again = home.signing_key(stamp()).unwrap();
    let keys = home.signing_keys().unwrap();
    assert_eq!((keys.len(), keys[0].public_key), (1, first.public()));
    assert_eq!(first.public(), again.public());
    for path in [
        secret_path(&home, &keys[0].id),
        secret_path(&home, &format!("{}.pub", keys[0].id)),
    ] {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    let public = fs::read_to_string(secret_path(&home, &format!("{}.pub", keys[0].id))).unwrap();
    assert_eq!(public.parse(), Ok(home.note_key(first.public())));
    assert_eq!(home.note_key(first.public()).kind, SignatureKind::Text);
    assert!(home.verify(|_, _| {}).unwrap().findings.is_empty());
}

#[test]
fn many_at_once_make_one_key() {
    let (_folder, home) = new_home();
    let keys: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| home.signing_key(stamp()).unwrap().public()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(home.signing_keys().unwrap().len(), 1);
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn a_checkpoint_is_signed_and_proofs_lead_to_it() {
    let (_folder, home) = new_home();
    append(&home, 5);
    let earlier = home.checkpoint(stamp()).unwrap();
    append(&home, 6);
    let later = home.checkpoint(stamp()).unwrap();
    assert_eq!(earlier.verify(key(&home)), Ok(()));
    assert_eq!((earlier.head().size, later.head().size), (7, 13));
    let read: Checkpoint = later.to_string().parse().unwrap();
    assert_eq!(
        (read.home(), read.head()),
        (home.id(), home.journal().tree_head().unwrap())
    );
    let proof = home.journal().consistency_proof(7, 13).unwrap();
    assert!(verify_consistency(&earlier.head(), &later.head(), &proof));
    for entry in home.journal().entries(1).unwrap() {
        let seq = entry.unwrap().seq;
        let (line, proof) = (
            home.journal().line(seq).unwrap(),
            home.journal().inclusion_proof(seq, 13).unwrap(),
        );
        assert!(verify_inclusion(line.as_bytes(), seq - 1, &proof, &later.head()));
    }
    let missing = [
        home.journal().inclusion_proof(0, 13),
        home.journal().inclusion_proof(14, 13),
        home.journal().inclusion_proof(1, 14),
        home.journal().consistency_proof(14, 13),
    ];
    assert!(
        missing
            .into_iter()
            .all(|proof| proof.unwrap_err().kind() == ErrorKind::NotFound)
    );
}

#[test]
fn a_certificate_holds_without_the_home() {
    let (_folder, home) = new_home();
    append(&home, 3);
    let early = home.export_checkpoint(stamp()).unwrap();
    let (entry, tree, items) = with_plan(&home);
    append(&home, 2);
    let proofs = [0, 5, 8].map(|index| ItemProof {
        index,
        item: items[index as usize].clone(),
        path: tree.proof(index).unwrap(),
    });
    let certificate = home.certify(&entry, stamp()).unwrap().with_items(proofs.into());
    let text = serde_json::to_string(&certificate).unwrap();
    let key = key(&home);
    let home_id = home.id().to_owned();
    let kept = early.to_string().parse().unwrap();
    drop(home);
    let read: Certificate = serde_json::from_str(&text).unwrap();
    let certified = read.verify(key, Some(&kept)).unwrap();
    assert_eq!((certified.home, certified.seq), (home_id, entry.seq));
    assert_eq!((certified.kind.as_str(), certified.at), ("governance", entry.at));
    assert_eq!(read.body()["plan"], "p1");
}

/// Every leaf of the JSON document, by its pointer.
fn leaves(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| leaves(value, &format!("{pointer}/{name}"), found)),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .for_each(|(at, value)| leaves(value, &format!("{pointer}/{at}"), found)),
        _ => found.push(pointer.to_owned()),
    }
}

/// The same value with its last digit, letter or unit another one; hexadecimal digits stay such.
fn other(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_u64().unwrap() + 1),
        Value::String(text) => {
            let at = text.trim_end().len() - 1;
            let changed = if &text[at..=at] == "0" { "1" } else { "0" };
            json!(format!("{}{changed}{}", &text[..at], &text[at + 1..]))
        }
        other => panic!("{other}"),
    }
}

#[test]
fn whatever_is_changed_in_a_certificate_it_does_not_hold() {
    let (_folder, home) = new_home();
    append(&home, 3);
    let early = home.export_checkpoint(stamp()).unwrap();
    let (entry, tree, items) = with_plan(&home);
    append(&home, 1);
    let item = ItemProof {
        index: 3,
        item: items[3].clone(),
        path: tree.proof(3).unwrap(),
    };
    let first = key(&home);
    home.rotate_key(false, stamp()).unwrap();
    let certificate = home.certify(&entry, stamp()).unwrap().with_items(vec![item]);
    certificate.verify(first, Some(&early)).unwrap();
    let whole = serde_json::to_value(&certificate).unwrap();
    let mut pointers = Vec::new();
    leaves(&whole, "", &mut pointers);
    // When the key was rotated is signed too.
    assert!(pointers.len() > 25, "{pointers:?}");
    for pointer in pointers {
        let mut changed = whole.clone();
        let at = changed.pointer_mut(&pointer).unwrap();
        *at = other(at);
        let verified = serde_json::from_value::<Certificate>(changed).map(|read| read.verify(first, Some(&early)));
        assert!(!matches!(verified, Ok(Ok(_))), "{pointer}");
    }
}

#[test]
fn a_certificate_says_what_is_wrong_with_it() {
    let (_folder, home) = new_home();
    append(&home, 3);
    let early = home.export_checkpoint(stamp()).unwrap();
    let unpublished = home.checkpoint(stamp()).unwrap();
    let (entry, ..) = with_plan(&home);
    let certificate = home.certify(&entry, stamp()).unwrap();
    append(&home, 1);
    let (late, key) = (home.checkpoint(stamp()).unwrap(), key(&home));
    let (_other_folder, stranger) = new_home();
    let strange = stranger.checkpoint(stamp()).unwrap();
    let strange_key = self::key(&stranger);
    let fault = |older: &Checkpoint| certificate.verify(key, Some(older)).unwrap_err();
    assert_eq!(certificate.verify(strange_key, None), Err(CertificateFault::Key));
    assert_eq!(fault(&late), CertificateFault::NotOlder);
    assert_eq!(fault(&strange), CertificateFault::OtherHome);
    assert_eq!(fault(&unpublished), CertificateFault::NoProof(unpublished.head().size));
    let forged: Checkpoint = early.to_string().replacen("\n5\n", "\n4\n", 1).parse().unwrap();
    assert_eq!(fault(&forged), CertificateFault::Older(NoteFault::Forged));
    let edited = |pointer: &str, value: Value| {
        let mut certificate = serde_json::to_value(&certificate).unwrap();
        *certificate.pointer_mut(pointer).unwrap() = value;
        let read: Certificate = serde_json::from_value(certificate).unwrap();
        read.verify(key, None).unwrap_err()
    };
    assert_eq!(edited("/body/plan", json!("p2")), CertificateFault::Signature);
    assert_eq!(edited("/nonce", json!("0".repeat(32))), CertificateFault::Body);
    assert_eq!(edited("/path", json!([])), CertificateFault::Inclusion);
    assert_eq!(edited("/schema", json!("x")), CertificateFault::Form);
}

#[test]
fn a_journal_written_anew_is_inconsistent_with_what_was_given_out() {
    let (_folder, home) = new_home();
    append(&home, 3);
    let kept = home.export_checkpoint(stamp()).unwrap();
    let (log, before) = (home.root().join("journal/log.ndjson"), home.journal().line(2).unwrap());
    // Everything behind the first entry again, with the home's own key, as only its owner can.
    let first = fs::read_to_string(&log).unwrap().lines().next().unwrap().to_owned() + "\n";
    fs::write(&log, first).unwrap();
    home.signing_key(stamp()).unwrap();
    append(&home, 3);
    let (entry, ..) = with_plan(&home);
    assert_ne!(home.journal().line(2).unwrap(), before);
    home.export_checkpoint(stamp()).unwrap();
    let certificate = home.certify(&entry, stamp()).unwrap();
    let found = certificate.verify(key(&home), Some(&kept)).unwrap_err();
    assert!(
        matches!(
            found,
            CertificateFault::Older(_) | CertificateFault::NoProof(_) | CertificateFault::Inconsistent(_)
        ),
        "{found}"
    );
}

#[test]
fn a_rotated_key_is_named_by_the_old_one() {
    let (_folder, home) = new_home();
    assert_eq!(home.rotate_key(false, stamp()).unwrap_err().kind(), ErrorKind::Refused);
    let (entry, ..) = with_plan(&home);
    let by_first = home.certify(&entry, stamp()).unwrap();
    let first = key(&home);
    assert_eq!(home.rotate_key(true, stamp()).unwrap_err().kind(), ErrorKind::Refused);
    let second = home.rotate_key(false, stamp()).unwrap();
    let by_second = home.certify(&entry, stamp()).unwrap();
    let keys = home.signing_keys().unwrap();
    assert_eq!((keys.len(), &keys[1]), (2, &second));
    assert!(!secret_path(&home, &keys[0].id).exists() && secret_path(&home, &second.id).exists());
    by_first.verify(first, None).unwrap();
    by_second.verify(first, None).unwrap();
    by_second.verify(second.public_key, None).unwrap();
    assert_eq!(by_first.verify(second.public_key, None), Err(CertificateFault::Key));
    assert!(home.verify(|_, _| {}).unwrap().findings.is_empty());
}

#[test]
fn a_lost_key_is_followed_by_one_that_nobody_names() {
    let (_folder, home) = new_home();
    let (entry, ..) = with_plan(&home);
    home.signing_key(stamp()).unwrap();
    let first = home.signing_keys().unwrap().remove(0);
    fs::remove_file(secret_path(&home, &first.id)).unwrap();
    assert_eq!(home.checkpoint(stamp()).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(home.rotate_key(false, stamp()).unwrap_err().kind(), ErrorKind::NotFound);
    let second = home.rotate_key(true, stamp()).unwrap();
    assert_eq!(second.rotation, None);
    let certificate = home.certify(&entry, stamp()).unwrap();
    assert_eq!(certificate.verify(first.public_key, None), Err(CertificateFault::Key));
    certificate.verify(second.public_key, None).unwrap();
}

#[test]
fn a_key_that_was_put_in_anothers_place_signs_nothing() {
    let (_folder, home) = new_home();
    home.signing_key(stamp()).unwrap();
    let id = home.signing_keys().unwrap().remove(0).id;
    fs::write(secret_path(&home, &id), [7; 32]).unwrap();
    assert_eq!(home.checkpoint(stamp()).unwrap_err().kind(), ErrorKind::Corrupt);
    let seq = home.signing_keys().unwrap()[0].seq;
    let entry = home.journal().entries(seq).unwrap().next().unwrap().unwrap();
    let payload = home
        .root()
        .join("journal/payload")
        .join(entry.payload.unwrap().to_string());
    fs::remove_file(payload).unwrap();
    let found = home.verify(|_, _| {}).unwrap().findings;
    assert!(found.iter().any(|finding| finding.kind == FindingKind::PayloadMissing));
}

fn findings(home: &Home) -> Vec<(FindingKind, Option<u64>)> {
    let found = home.verify(|_, _| {}).unwrap().findings;
    found.iter().map(|finding| (finding.kind, finding.seq)).collect()
}

#[test]
fn verification_finds_changed_keys_checkpoints_and_certificates() {
    let (_folder, home) = new_home();
    home.export_checkpoint(stamp()).unwrap();
    let (entry, ..) = with_plan(&home);
    let certificate = home.root().join("certificates/p1.json");
    let text = serde_json::to_string(&home.certify(&entry, stamp()).unwrap()).unwrap();
    fs::write(&certificate, &text).unwrap();
    assert!(findings(&home).is_empty());
    fs::write(&certificate, text.replace("p1", "p2")).unwrap();
    assert_eq!(findings(&home), [(FindingKind::CertificateBroken, None)]);
    fs::write(&certificate, &text[..50]).unwrap();
    assert_eq!(findings(&home), [(FindingKind::CertificateBroken, None)]);
    fs::write(&certificate, &text).unwrap();
    let key = home.signing_keys().unwrap().remove(0);
    let (secret, public) = (
        secret_path(&home, &key.id),
        secret_path(&home, &format!("{}.pub", key.id)),
    );
    let (secret_bytes, public_bytes) = (fs::read(&secret).unwrap(), fs::read(&public).unwrap());
    for path in [&secret, &public] {
        fs::write(path, b"other").unwrap();
        assert_eq!(
            findings(&home),
            [(FindingKind::KeyChanged, Some(key.seq))],
            "{}",
            path.display()
        );
        fs::write(&secret, &secret_bytes).unwrap();
        fs::write(&public, &public_bytes).unwrap();
    }
    fs::remove_file(&secret).unwrap();
    assert_eq!(findings(&home), [(FindingKind::KeyExposed, Some(key.seq))]);
}

#[test]
fn a_checkpoint_of_another_journal_in_the_journal_is_found() {
    let (_folder, home) = new_home();
    append(&home, 2);
    let (_other, stranger) = new_home();
    let strange = stranger.checkpoint(stamp()).unwrap().to_string();
    let payload = json!({ "checkpoint": strange });
    let entry = home
        .journal()
        .append(EntryKind::CheckpointExported, Some(Payload::Json(&payload)), stamp())
        .unwrap();
    assert_eq!(findings(&home), [(FindingKind::CheckpointBroken, Some(entry.seq))]);
}

/// The journal again from scratch with one entry another one, chained as it must be: what only the owner can do.
fn rewritten(home: &Home, changed: u64) {
    let log = home.root().join("journal/log.ndjson");
    let lines: Vec<Value> = fs::read_to_string(&log)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (mut text, mut before) = (String::new(), Value::Null);
    for mut line in lines {
        if line["seq"] == changed {
            line["actor"] = json!("somebody else");
        }
        line["prev"] = before;
        let canonical = canonical_json(&line);
        before = json!(leaf_hash(canonical.as_bytes()));
        text += &format!("{canonical}\n");
    }
    fs::write(log, text).unwrap();
}

#[test]
fn kept_checkpoints_close_in_on_the_first_bad_entry() {
    let (_folder, home) = new_home();
    let mut kept = Vec::new();
    for _ in 0..3 {
        append(&home, 3);
        kept.push(home.checkpoint(stamp()).unwrap());
    }
    let sizes: Vec<u64> = kept.iter().map(|it| it.head().size).collect();
    assert_eq!(sizes, [5, 8, 11]);
    assert_eq!(home.agreements(&kept).unwrap(), [Agreement::Agrees; 3]);
    let file: String = kept.iter().map(|it| format!("{it}\n")).collect();
    assert_eq!(Checkpoint::all_in(&file), Ok(kept.clone()));
    assert_eq!(Checkpoint::all_in(kept[0].to_string().as_str()), Ok(kept[..1].to_vec()));
    assert!(Checkpoint::all_in("").is_err() && Checkpoint::all_in("x\n\ny\n").is_err());
    let whole = fs::read(home.root().join("journal/log.ndjson")).unwrap();
    rewritten(&home, 7);
    // The chain is whole, and only who kept a checkpoint can tell.
    assert!(findings(&home).is_empty());
    let from = |from, to| Agreement::Differs { from, to };
    let expected = [Agreement::Agrees, from(6, 8), from(6, 11)];
    assert_eq!(home.agreements(&kept).unwrap(), expected);
    assert_eq!(home.agreements(&kept[2..]).unwrap(), [from(1, 11)]);
    let cut: Vec<u8> = whole
        .split_inclusive(|byte| *byte == b'\n')
        .take(9)
        .flatten()
        .copied()
        .collect();
    fs::write(home.root().join("journal/log.ndjson"), cut).unwrap();
    let expected = [Agreement::Agrees, Agreement::Agrees, Agreement::Missing { from: 10 }];
    assert_eq!(home.agreements(&kept).unwrap(), expected);
    let (_other, stranger) = new_home();
    stranger.signing_key(stamp()).unwrap();
    assert_eq!(stranger.agreements(&kept).unwrap(), [Agreement::Foreign; 3]);
}

#[test]
fn a_witness_is_recorded_once_and_only_for_this_journal() {
    let (_folder, home) = new_home();
    let secret = SecretKey::new(&[7; 32]);
    let witness: NoteKey = NoteKey {
        name: "witness.example/1".into(),
        kind: SignatureKind::Cosignature,
        key: secret.public(),
    };
    let checkpoint = home.export_checkpoint(stamp()).unwrap();
    let signed = |checkpoint: &Checkpoint, seconds: u64| -> Checkpoint {
        let note = checkpoint.note();
        let signature = secret.sign(format!("cosignature/v1\ntime {seconds}\n{}", note.text()).as_bytes());
        let bytes = [&witness.id()[..], &seconds.to_be_bytes(), &signature.0].concat();
        let line = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        format!("{note}— {} {line}\n", witness.name).parse().unwrap()
    };
    assert_eq!(
        home.record_witness(&checkpoint, &witness, stamp()).unwrap_err().kind(),
        ErrorKind::Refused
    );
    let cosigned = signed(&checkpoint, 1_000_000);
    let entry = home.record_witness(&cosigned, &witness, stamp()).unwrap().unwrap();
    assert_eq!(entry.kind, EntryKind::CheckpointWitnessed);
    assert_eq!(home.record_witness(&cosigned, &witness, stamp()).unwrap(), None);
    assert!(findings(&home).is_empty());
    // A silence that the witness saw the end of is excused, and one beyond that is not.
    let at = |days: i64| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * days);
    assert_eq!(home.journal().clock_refusal(at(11 + 35)).unwrap(), None);
    assert!(home.journal().clock_refusal(at(12 + 35)).unwrap().is_some());
    let (_other, stranger) = new_home();
    let strange = signed(&stranger.checkpoint(stamp()).unwrap(), 1);
    assert_eq!(
        home.record_witness(&strange, &witness, stamp()).unwrap_err().kind(),
        ErrorKind::Refused
    );
}

#[test]
fn an_attested_clock_counts_for_the_entries_before_it() {
    let (_folder, home) = new_home();
    let at = |days: i64| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * days);
    let append = |days, kind, payload: Value| {
        let stamp = lexhold_store::Stamp {
            at: at(days),
            ..stamp()
        };
        home.journal()
            .append(kind, Some(Payload::Json(&payload)), stamp)
            .unwrap()
    };
    let ahead = append(3653, EntryKind::Viewed, json!({}));
    assert!(home.journal().clock_refusal(at(3653)).unwrap().is_some());
    assert!(home.journal().clock_refusal(at(1)).unwrap().is_some());
    let attested = ClockAttested {
        reason: "the clock of the host was ten years ahead".into(),
        confirmed_by: vec!["rita".into()],
        // Only earlier entries can be declared wrong, however far the range goes.
        wrong: vec![(ahead.seq, 1 << 40)],
    };
    append(1, EntryKind::ClockAttested, json!(attested));
    assert_eq!(home.journal().clock_refusal(at(1)).unwrap(), None);
    assert!(
        home.journal().clock_refusal(at(3653)).unwrap().is_some(),
        "nothing is freed by the episode"
    );
}
