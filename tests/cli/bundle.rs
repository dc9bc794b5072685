//! `bundle`: what is shipped as one signed file counts only where its signer is trusted, and only as it was signed.

use std::collections::BTreeMap;
use std::io::Read;

use serde_json::json;

use crate::support::{Firm, Ran, message};

type Files = BTreeMap<String, Vec<u8>>;

/// A firm whose two signers have keys, with a bundle of its policies that rex has signed.
fn firm() -> Firm {
    let firm = Firm::new();
    let mut people = String::new();
    for operator in ["rex", "eve"] {
        people += &firm
            .call(&["keys", "new", "--operator", operator])
            .ended(0)
            .stdout
            .replace("roles: []", "roles: [records]");
    }
    firm.write(
        "operators.yaml",
        format!("lexhold: 1\noperators: firm\npeople:\n{people}"),
    );
    firm.write("lexhold.yaml", "governance: solo\ntrust: { signers: [rex] }\n");
    firm.messages(
        "m.ndjson",
        &[message("m1", "2024-03-05T15:00:00Z", "let's move this to WhatsApp")],
    );
    build(&firm, &["--revision", "2", "--out", "b.tar.zst"]);
    sign(&firm, "rex");
    firm
}

fn build(firm: &Firm, more: &[&str]) {
    firm.call(&[&["bundle", "build", "--name", "acme"], more].concat())
        .ended(0);
}

fn sign(firm: &Firm, signer: &str) {
    firm.call(&["bundle", "sign", "b.tar.zst", "--as", signer]).ended(0);
}

fn verify(firm: &Firm) -> Ran {
    firm.call(&["bundle", "verify", "b.tar.zst"])
}

/// Takes the bundle apart, changes its files, and puts it together just as it was.
fn tamper(firm: &Firm, change: impl FnOnce(&mut Files)) {
    let packed = std::fs::read(firm.path("b.tar.zst")).unwrap();
    let tar = zstd::decode_all(packed.as_slice()).unwrap();
    let mut files = Files::new();
    for entry in tar::Archive::new(tar.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(path, bytes);
    }
    change(&mut files);
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, bytes.as_slice()).unwrap();
    }
    let packed = zstd::encode_all(tar.into_inner().unwrap().as_slice(), 19).unwrap();
    firm.write("b.tar.zst", packed);
}

/// Every verb that reads policies, on the bundle.
const VERBS: [&[&str]; 8] = [
    &["bundle", "verify", "b.tar.zst"],
    &["check", "b.tar.zst"],
    &["test", "b.tar.zst"],
    &["scan", "m.ndjson", "--policies", "b.tar.zst"],
    &["run", "m.ndjson", "--policies", "b.tar.zst"],
    &["run", "m.ndjson", "--policies", "b.tar.zst", "--dry-run"],
    &["activate", "--policies", "b.tar.zst"],
    &["check", "--policies", "b.tar.zst"],
];

#[track_caller]
fn refused_everywhere(firm: &Firm, code: &str, said: &str) {
    for verb in VERBS {
        let ran = firm
            .call(verb)
            .ended(5)
            .said(&format!("error: b.tar.zst: {said} ({code})"))
            .said(&format!("explain {code}"));
        assert_eq!(ran.stdout, "", "{verb:?}");
    }
    firm.call(&["explain", code]).ended(0);
}

#[test]
fn a_signed_bundle_stands_for_the_folders_it_was_built_of() {
    let firm = firm();
    let digest = firm.call(&["check", "--format", "json"]).ended(0).json()["bundle"].clone();
    let verified = firm
        .call(&["bundle", "verify", "b.tar.zst", "--format", "json"])
        .ended(0)
        .json();
    assert_eq!(
        (&verified["bundle"], &verified["signers"], &verified["verified"]),
        (&digest, &json!(["rex"]), &json!(true))
    );
    assert!(verify(&firm).ended(0).stdout.contains("by rex, verified"));
    std::fs::remove_dir_all(firm.path("policies")).unwrap();
    std::fs::remove_dir_all(firm.path("rulesets")).unwrap();
    let checked = firm.call(&["check", "b.tar.zst", "--format", "json"]).ended(0).json();
    assert_eq!(
        (&checked["bundle"], &checked["unverified_bundles"]),
        (&digest, &json!([]))
    );
    firm.call(&["test", "b.tar.zst"]).ended(0).said("test: ");
    let scanned = firm
        .call(&["scan", "m.ndjson", "--policies", "b.tar.zst", "--format", "ndjson"])
        .ended(0);
    assert_eq!(scanned.rows()[0]["rule"], "off-channel.venue");
    let ran = firm.run(&["m.ndjson", "--policies", "b.tar.zst"]).ended(0).json();
    assert_eq!((&ran["bundle"], &ran["unverified_bundles"]), (&digest, &json!([])));
    firm.call(&["diff", "active", "b.tar.zst"]).ended(0);
    firm.call(&["activate", "--policies", "b.tar.zst"])
        .ended(0)
        .said("is active already");
    // What the home stores of it has the digest that the manifest names.
    let sources = verified["sources"].as_str().unwrap();
    assert!(firm.path(&format!(".lexhold/bundles/{sources}")).is_dir());
    firm.call(&["replay", "last"]).ended(0);
    firm.call(&["verify"]).ended(0);
}

#[test]
fn the_same_documents_make_the_same_bytes_and_a_signature_changes_no_file() {
    let firm = firm();
    let bytes = |name: &str| std::fs::read(firm.path(name)).unwrap();
    let signed = bytes("b.tar.zst");
    sign(&firm, "rex");
    assert_eq!(bytes("b.tar.zst"), signed);
    build(&firm, &["--revision", "2", "--out", "one.tar.zst"]);
    build(&firm, &["--revision", "2", "--out", "other.tar.zst"]);
    assert_eq!(bytes("one.tar.zst"), bytes("other.tar.zst"));
    let inspected = firm.call(&["bundle", "inspect", "b.tar.zst"]).ended(0).stdout;
    assert!(
        inspected.contains("in the name of rex, not verified here"),
        "{inspected}"
    );
    assert!(inspected.contains("policies/retention/desk.yaml"), "{inspected}");
    build(&firm, &["--revision", "3"]);
    assert!(firm.path("acme-3.tar.zst").is_file());
    firm.call(&["bundle", "build", "--name", "acme", "--revision", "3", "--out", "b.zip"])
        .ended(2);
}

#[test]
fn a_bundle_whose_signature_was_stripped_counts_nowhere() {
    let firm = firm();
    tamper(&firm, |files| files.retain(|path, _| !path.contains("signatures")));
    refused_everywhere(&firm, "LX1002", "0 of 1 signatures that count");
}

#[test]
fn a_bundle_with_a_file_more_counts_nowhere() {
    let firm = firm();
    let add = |files: &mut Files| files.insert("policies/z.yaml".into(), b"lexhold: 1\n".to_vec());
    tamper(&firm, |files| drop(add(files)));
    refused_everywhere(&firm, "LX1003", "`policies/z.yaml` is not in its manifest");
    // Not even for those who insist: it is not what its builder wrote.
    firm.call(&["check", "b.tar.zst", "--insecure-no-verify"])
        .ended(5)
        .said("LX1003");
}

#[test]
fn a_revision_older_than_the_one_in_force_or_asked_for_counts_nowhere() {
    let firm = firm();
    firm.run(&["m.ndjson", "--policies", "b.tar.zst"]).ended(0);
    build(&firm, &["--revision", "1", "--out", "b.tar.zst"]);
    sign(&firm, "rex");
    refused_everywhere(&firm, "LX1005", "revision 1 of `acme` is older than revision 2");
    std::fs::remove_dir_all(firm.path(".lexhold")).unwrap();
    verify(&firm).ended(0);
    firm.write(
        "lexhold.yaml",
        "governance: solo\ntrust: { signers: [rex], revisions: { acme: 7 } }\n",
    );
    refused_everywhere(&firm, "LX1005", "revision 1 of `acme` is older than revision 7");
}

#[test]
fn changed_files_and_signatures_of_others_count_nowhere() {
    for (change, code, said) in [
        (
            (|files: &mut Files| files.get_mut("policies/retention/desk.yaml").unwrap().push(b'\n')) as fn(&mut Files),
            "LX1004",
            "`policies/retention/desk.yaml` is not the file that its manifest names",
        ),
        (
            |files| drop(files.remove("policies/retention/desk.yaml")),
            "LX1004",
            "`policies/retention/desk.yaml` is missing",
        ),
        (
            |files| {
                let manifest = files.get_mut(".lexhold/manifest.json").unwrap();
                *manifest = String::from_utf8_lossy(manifest)
                    .replace("\"revision\": 2", "\"revision\": 9")
                    .into_bytes();
            },
            "LX1006",
            "the signature in the name of `rex` is not theirs",
        ),
        (
            |files| {
                // Who signed is part of what was signed: a signature cannot be moved to another name.
                let signed = files.remove(".lexhold/signatures/rex.json").unwrap();
                let moved = String::from_utf8_lossy(&signed).replace("rex", "eve").into_bytes();
                files.insert(".lexhold/signatures/eve.json".into(), moved);
            },
            "LX1002",
            "0 of 1 signatures that count; eve is not trusted here",
        ),
        (
            |files| drop(files.remove(".lexhold/manifest.json")),
            "LX1001",
            "it has no manifest",
        ),
        (
            |files| drop(files.insert(".lexhold/signatures/rex.json".into(), b"{}".to_vec())),
            "LX1001",
            "`.lexhold/signatures/rex.json` is no signature",
        ),
    ] {
        let firm = firm();
        tamper(&firm, change);
        verify(&firm)
            .ended(5)
            .said(&format!("error: b.tar.zst: {said} ({code})"));
        firm.call(&["check", "b.tar.zst"]).ended(5).said(code);
    }
}

#[test]
fn who_is_trusted_is_said_by_whoever_reads_the_bundle() {
    let firm = firm();
    sign(&firm, "eve");
    for (trust, code) in [("{ signers: [rex, eve], signatures: 2 }", 0), ("{ signers: [eve] }", 0)] {
        firm.write("lexhold.yaml", format!("governance: solo\ntrust: {trust}\n"));
        verify(&firm).ended(code);
    }
    let key = "11".repeat(32);
    for (trust, code, said) in [
        (
            "trust: { signers: [sam] }".to_owned(),
            3,
            "`sam` is no operator with a public key",
        ),
        (
            "trust: {}".to_owned(),
            5,
            "names nobody whose signature counts (LX1009)",
        ),
        (String::new(), 5, "LX1009"),
        (
            format!("trust: {{ keys: {{ vendor: \"{key}\" }} }}"),
            5,
            "eve, rex is not trusted here (LX1002)",
        ),
        (
            format!("trust: {{ signers: [rex], keys: {{ vendor: \"{key}\" }}, signatures: 2 }}"),
            5,
            "1 of 2 signatures",
        ),
        ("trust: { signer: [rex] }".to_owned(), 3, "unknown field"),
    ] {
        firm.write("lexhold.yaml", format!("governance: solo\n{trust}\n"));
        verify(&firm).ended(code).said(said);
    }
}

#[test]
fn a_bundle_counts_from_its_first_day_to_its_last_by_the_clock_alone() {
    let firm = firm();
    for (revision, flags, said) in [
        (
            "3",
            ["--not-before", "2999-01-01"],
            "it counts from 2999-01-01T00:00:00Z (LX1007)",
        ),
        (
            "4",
            ["--expires", "2001-01-01"],
            "it has counted until 2001-01-02T00:00:00Z (LX1007)",
        ),
    ] {
        build(
            &firm,
            &[&["--revision", revision, "--out", "b.tar.zst"], &flags[..]].concat(),
        );
        sign(&firm, "rex");
        verify(&firm).ended(5).said(said);
        for as_of in ["2000-01-01", "3000-01-01"] {
            firm.call(&["check", "b.tar.zst", "--as-of", as_of]).ended(5).said(said);
        }
    }
}

#[test]
fn a_bundle_for_another_version_or_read_in_another_way_counts_nowhere() {
    for (from, to, said) in [
        (
            "\"engine\": \"^0.1.0\"",
            "\"engine\": \"^9\"",
            "made for another version: engine ^9 -> 0.1.0",
        ),
        ("\"bundle\": \"", "\"bundle\": \"00", "its files make bundle "),
    ] {
        let firm = firm();
        tamper(&firm, |files| {
            let manifest = files.get_mut(".lexhold/manifest.json").unwrap();
            let mut text = String::from_utf8_lossy(manifest).replace(from, to);
            if let Some(at) = text.find("\"bundle\": \"00").filter(|_| to.ends_with("00")) {
                // As many digits as before.
                text.replace_range(at + 13..at + 15, "");
            }
            *manifest = text.into_bytes();
        });
        sign(&firm, "rex");
        verify(&firm).ended(5).said(said).said("LX1008");
    }
    firm().call(&["explain", "LX1008"]).ended(0);
}

#[test]
fn whoever_insists_is_told_so_in_every_report() {
    let firm = firm();
    tamper(&firm, |files| files.retain(|path, _| !path.contains("signatures")));
    const INSIST: &str = "--insecure-no-verify";
    let warning = "warning: b.tar.zst was not verified (--insecure-no-verify)";
    let checked = firm
        .call(&["check", "b.tar.zst", INSIST, "--format", "json", "--quiet"])
        .ended(0)
        .said(warning);
    assert_eq!(checked.json()["unverified_bundles"], json!(["b.tar.zst"]));
    firm.call(&["test", "b.tar.zst", INSIST]).ended(0).said(warning);
    firm.call(&["scan", "m.ndjson", "--policies", "b.tar.zst", INSIST])
        .ended(0)
        .said(warning);
    assert!(
        firm.call(&["bundle", "verify", "b.tar.zst", INSIST])
            .ended(0)
            .said(warning)
            .stdout
            .contains("not verified")
    );
    let ran = firm
        .call(&["run", "m.ndjson", "--policies", "b.tar.zst", INSIST])
        .ended(0)
        .said(warning);
    assert!(
        ran.stdout.contains("warning          b.tar.zst was not verified"),
        "{}",
        ran.stdout
    );
    // A shell that was left in some state insists on nothing.
    let mut command = firm.command(&["check", "b.tar.zst"]);
    command.env("LEXHOLD_INSECURE_NO_VERIFY", "1");
    Ran::from(command.output().unwrap()).ended(5).said("LX1002");
}

#[test]
fn tests_holds_and_people_stay_out_and_a_firms_schema_comes_along() {
    let firm = Firm::new();
    firm.write("firm.cedarschema", "type FirmMessage = { project?: String };\n");
    firm.write("lexhold.yaml", "schema: firm.cedarschema\n");
    firm.write("policies/cases.yaml", lexhold_document::Kind::Cases.example());
    firm.write("policies/hold.yaml", lexhold_document::Kind::Hold.example());
    let desk = firm.read("policies/retention/desk.yaml");
    firm.write(
        "policies/retention/desk.yaml",
        desk.replace("when: resource.business", "when: resource.firm has project"),
    );
    build(&firm, &["--revision", "1", "--out", "b.tar.zst"]);
    let inspected = firm
        .call(&["bundle", "inspect", "b.tar.zst", "--format", "json"])
        .ended(0)
        .json();
    let files: Vec<&String> = inspected["files"].as_object().unwrap().keys().collect();
    assert_eq!(
        files,
        [
            "firm.cedarschema",
            "policies/retention/desk.yaml",
            "policies/supervision/barriers.yaml",
            "rulesets/off-channel/ruleset.yaml"
        ]
    );
    firm.write("lexhold.yaml", "governance: solo\n");
    firm.call(&["check", "b.tar.zst", "--insecure-no-verify"]).ended(0);
    firm.messages("m.ndjson", &[message("m1", "2024-03-05T15:00:00Z", "see you")]);
    firm.run(&["m.ndjson", "--policies", "b.tar.zst", "--insecure-no-verify"])
        .ended(0);
    firm.call(&["replay", "last"]).ended(0);
}

#[test]
fn what_is_no_bundle_is_said_and_one_stands_alone() {
    let firm = firm();
    firm.call(&["check", "b.tar.zst", "policies"])
        .ended(2)
        .said("name it alone");
    firm.call(&["check", "c.tar.zst"])
        .ended(3)
        .said("cannot read c.tar.zst: not found")
        .said("did you mean `b.tar.zst`?");
    for bytes in [&b""[..], b"PK\x03\x04", b"lexhold: 1\n"] {
        firm.write("b.tar.zst", bytes);
        verify(&firm).ended(5).said("LX1001");
    }
}

#[test]
fn what_somebody_signed_is_not_overwritten_by_other_files() {
    let firm = firm();
    let bytes = || std::fs::read(firm.path("b.tar.zst")).unwrap();
    let signed = bytes();
    let again = [
        "bundle",
        "build",
        "--name",
        "acme",
        "--revision",
        "2",
        "--out",
        "b.tar.zst",
    ];
    firm.call(&again).ended(0).said("as before, signed in the name of rex");
    assert_eq!(bytes(), signed);
    let desk = "policies/retention/desk.yaml";
    firm.write(desk, firm.read(desk).replace("P3Y", "P4Y"));
    firm.call(&again)
        .ended(5)
        .said("b.tar.zst is `acme` 2 already, of other files and signed in the name of rex")
        .said("--revision: each is higher");
    assert_eq!(bytes(), signed);
    // The next revision may take its place, and what nobody has signed any.
    for revision in ["3", "3"] {
        build(&firm, &["--revision", revision, "--out", "b.tar.zst"]);
        firm.write(desk, firm.read(desk).replace("P4Y", "P5Y"));
    }
}

#[test]
fn hostile_names_are_shown_escaped() {
    let firm = firm();
    let (file, shown) = ("a\u{1b}[31m\nb.tar.zst", "a\\u{1b}[31m\\nb.tar.zst: ");
    let said = |call: &[&str]| firm.call(call).ended(0).stderr;
    let built = said(&["bundle", "build", "--name", "acme", "--revision", "1", "--out", file]);
    assert!(built.starts_with(shown) && !built.contains('\u{1b}'), "{built}");
    let signed = said(&["bundle", "sign", file, "--as", "rex"]);
    assert_eq!(signed, format!("{shown}signed by rex\n"));
    let checked = said(&["check", file, "--insecure-no-verify"]);
    assert!(!checked.contains('\u{1b}'), "{checked}");
}

#[test]
fn a_home_whose_bundle_was_not_verified_says_so_for_ever() {
    let firm = firm();
    tamper(&firm, |files| files.retain(|path, _| !path.contains("signatures")));
    const INSIST: &str = "--insecure-no-verify";
    firm.run(&["m.ndjson", "--policies", "b.tar.zst", INSIST]).ended(0);
    let said = "the bundle came as acme 2 and was not verified";
    let status = firm.call(&["status"]).ended(0).stdout;
    assert!(status.contains(said), "{status}");
    let status = firm.call(&["status", "--json"]).ended(0).json();
    assert_eq!(status["unverified_bundle"], json!("acme 2"));
    let warning = format!("warning: {said} (--insecure-no-verify)\n");
    firm.call(&["report", "retention"]).ended(0).said(&warning);
    firm.call(&["report", "html", "--output", "page.html"]).ended(0);
    assert!(firm.read("page.html").contains("The policy bundle was not verified."));
    for (format, said) in [
        ("text", "  warning: b.tar.zst was not verified (--insecure-no-verify)"),
        ("md", "**b.tar.zst was not verified**"),
        ("json", "\"unverified_bundles\":[\"b.tar.zst\"]"),
    ] {
        let diff = firm
            .call(&["diff", "active", "b.tar.zst", INSIST, "--format", format])
            .ended(0)
            .stdout;
        assert!(diff.contains(said), "{diff}");
    }
    // One that was verified takes its place, and nothing of it is said any more.
    build(&firm, &["--revision", "3", "--out", "c.tar.zst"]);
    firm.call(&["bundle", "sign", "c.tar.zst", "--as", "rex"]).ended(0);
    let desk = "policies/retention/desk.yaml";
    firm.write(desk, firm.read(desk).replace("1.0.0", "1.1.0").replace("P3Y", "P4Y"));
    build(&firm, &["--revision", "4", "--out", "c.tar.zst"]);
    firm.call(&["bundle", "sign", "c.tar.zst", "--as", "rex"]).ended(0);
    firm.call(&["activate", "--policies", "c.tar.zst"]).ended(0);
    let status = firm.call(&["status", "--json"]).ended(0).json();
    assert_eq!(status["unverified_bundle"], json!(null));
}
