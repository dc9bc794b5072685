//! A home whose archive lies elsewhere as objects: here in another folder, which stands for a bucket without versions and locks. What
//! a bucket has more is tried against a server in `engine/python/tests/test_objects.py`.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Firm, message, saying};

/// A firm whose home keeps its archive in the folder `objects`, and one whose home has it in itself, with the same messages.
fn firms() -> (Firm, Firm) {
    let firms = (Firm::new(), Firm::new());
    elsewhere(&firms.0);
    for firm in [&firms.0, &firms.1] {
        firm.messages("in.ndjson", &messages());
        firm.run(&["in.ndjson"]).ended(0);
    }
    firms
}

fn elsewhere(firm: &Firm) {
    fs::create_dir(firm.path("objects")).unwrap();
    let url = format!("file://{}", firm.path("objects").display());
    firm.write("lexhold.yaml", format!("archive: {{ url: \"{url}\" }}\n"));
}

/// Four that are due, one that is not; three years.
fn messages() -> Vec<Value> {
    let mut all: Vec<Value> = (1..=4)
        .map(|at| {
            message(
                &format!("m{at}"),
                "2019-06-01T12:00:00Z",
                &format!("canary{at}zq on WhatsApp"),
            )
        })
        .collect();
    all[3]["sent_at"] = "2018-06-01T12:00:00Z".into();
    all.push(message("m5", "2025-06-01T12:00:00Z", "canary5zq"));
    all
}

fn approved(firm: &Firm) -> String {
    let plan = firm.typed("dispose propose --format json").ended(0).json();
    let plan = plan["plan"].as_str().unwrap().to_owned();
    firm.typed(&format!("dispose approve {plan}")).ended(0);
    plan
}

/// Everything but what names the home or its keys.
fn told(firm: &Firm) -> Vec<Value> {
    let mut rows = firm
        .typed("report retention --as-of 2026-01-01 --format ndjson")
        .ended(0)
        .rows();
    rows.extend(firm.typed("alerts --as-of 2026-01-01 --format ndjson").ended(0).rows());
    for row in &mut rows {
        let fields = row.as_object_mut().unwrap();
        fields.retain(|name, _| !["alert_id", "message_id", "messages", "members", "run"].contains(&name.as_str()));
    }
    rows
}

/// What is told of a message, text and all.
fn shown(firm: &Firm, id: &str) -> String {
    firm.typed(&format!("explain --message /{id} --show-content full"))
        .ended(0)
        .stdout
}

#[test]
fn it_answers_as_one_that_has_its_archive_in_itself() {
    let (objects, plain) = firms();
    assert_eq!(told(&objects), told(&plain));
    for firm in [&objects, &plain] {
        assert!(shown(firm, "m1").contains("canary1zq"));
        firm.typed("verify").ended(0);
        let run = firm.run(&["in.ndjson"]).ended(0).json();
        firm.call(&["replay", run["run"].as_str().unwrap()]).ended(0);
    }
    assert_eq!(saying(objects.path(".lexhold"), "canary"), Vec::<PathBuf>::new());
    assert_eq!(
        fs::read_dir(objects.path(".lexhold/archive")).unwrap().count(),
        0,
        "no segment lies in the home"
    );
    let status = objects.typed("status").ended(0).stdout;
    assert!(status.contains("file:///"), "{status}");
    objects.messages("more.ndjson", &[message("m6", "2025-06-01T12:00:00Z", "canary6zq")]);
    assert_eq!(objects.run(&["more.ndjson"]).ended(0).json()["new"], 1);
    objects.typed("verify").ended(0);
}

#[test]
fn what_is_destroyed_is_gone_from_the_objects() {
    let (objects, plain) = firms();
    let mut destroyed = Vec::new();
    for firm in [&objects, &plain] {
        let plan = approved(firm);
        let done = firm
            .call(&["dispose", "execute", &plan, "--format", "json"])
            .ended(0)
            .json();
        destroyed.push(done["destroyed"].clone());
        firm.typed("verify").ended(0);
        let certificate = firm.call(&["dispose", "certificate", &plan]).ended(0).stdout;
        let names_objects = certificate.contains("all versions of their objects");
        assert_eq!(names_objects, firm.path("objects").exists(), "{certificate}");
    }
    assert_eq!(destroyed, [4, 4]);
    assert_eq!(told(&objects), told(&plain));
    assert!(shown(&objects, "m5").contains("canary5zq"));
}

#[test]
fn an_archive_that_cannot_be_reached_loses_nothing() {
    let (firm, _) = firms();
    let plan = approved(&firm);
    let entries = firm.read(".lexhold/journal/log.ndjson").lines().count();
    fs::rename(firm.path("objects"), firm.path("away")).unwrap();
    for empty in [false, true] {
        if empty {
            fs::create_dir(firm.path("objects")).unwrap();
        }
        firm.messages("more.ndjson", &[message("m6", "2025-06-01T12:00:00Z", "canary6zq")]);
        firm.run(&["more.ndjson"]).ended(4).said("objects/archive");
        firm.call(&["dispose", "execute", &plan])
            .ended(4)
            .said("objects/archive");
        firm.typed("verify").ended(4);
    }
    fs::remove_dir(firm.path("objects")).unwrap();
    fs::rename(firm.path("away"), firm.path("objects")).unwrap();
    let log = firm.read(".lexhold/journal/log.ndjson");
    let added: Vec<&str> = log
        .lines()
        .skip(entries)
        .filter(|line| line.contains("disposal_") || line.contains("\"batch\""))
        .collect();
    assert!(added.is_empty(), "{added:?}");
    let told = firm.run(&["more.ndjson"]).ended(0).json();
    assert_eq!(told["new"], 1);
    firm.call(&["dispose", "execute", &plan]).ended(0);
    firm.typed("verify").ended(0);
}

#[test]
fn objects_of_another_home_are_refused() {
    let (firm, _) = firms();
    let other = Firm::new();
    other.write("lexhold.yaml", firm.read("lexhold.yaml"));
    other.messages("in.ndjson", &messages());
    other.run(&["in.ndjson"]).ended(4).said("not the archive of this home");
    assert_eq!(saying(other.path(".lexhold"), "canary"), Vec::<PathBuf>::new());
    firm.typed("verify").ended(0);
}

#[test]
fn a_backup_leaves_the_objects_where_they_are_and_comes_back_to_them() {
    let (firm, _) = firms();
    firm.typed("backup copy").ended(0).said("objects");
    assert_eq!(saying(firm.path("copy"), "canary"), Vec::<PathBuf>::new());
    let plan = approved(&firm);
    firm.call(&["dispose", "execute", &plan]).ended(0);
    let before = told(&firm);
    fs::rename(firm.path(".lexhold"), firm.path("old")).unwrap();
    firm.typed("restore copy --journal old")
        .ended(0)
        .said("1 destruction carried out again");
    assert_eq!(told(&firm), before);
    firm.typed("verify").ended(0);
    assert!(shown(&firm, "m5").contains("canary5zq"));
}

/// A run that is killed when its batch is on record, and not yet among the objects: a backup has the batch.
#[test]
fn what_waits_to_be_put_among_the_objects_is_in_a_backup() {
    let firm = Firm::new();
    elsewhere(&firm);
    firm.messages("in.ndjson", &messages());
    let mut run = firm.command(&["run", "in.ndjson", "--backfill"]);
    let killed = run.env("LEXHOLD_TEST_STOP_AT", "journalled").output().unwrap();
    assert!(!killed.status.success());
    firm.typed("backup copy").ended(0);
    fs::remove_dir_all(firm.path(".lexhold")).unwrap();
    firm.typed("restore copy --journal-lost").ended(0);
    firm.run(&["in.ndjson"]).ended(0);
    firm.typed("verify").ended(0);
    assert!(shown(&firm, "m5").contains("canary5zq"));
    let staging = firm.path(".lexhold/staging");
    assert_eq!(saying(staging, "canary"), Vec::<PathBuf>::new());
}

#[test]
fn what_the_configuration_says_of_objects_is_checked() {
    let cases = [
        ("archive: { url: \"ftp://x/y\" }", "is no place for objects"),
        (
            "archive: { url: \"s3://b/p\", lock: { mode: governance, days: 0 } }",
            "locks nothing",
        ),
        ("store: external\narchive: { url: \"s3://b/p\" }", "exclude each other"),
        (
            "archive: { url: \"s3://b/p\", lock: { mode: strict, days: 1 } }",
            "strict",
        ),
        ("archive: { uri: \"s3://b/p\" }", "uri"),
    ];
    for (text, said) in cases {
        let firm = Firm::new();
        firm.write("lexhold.yaml", text);
        firm.messages("in.ndjson", &messages());
        firm.run(&["in.ndjson"]).ended(3).said(said);
    }
}
