//! Inputs behind a URL, as a folder of this machine: what holds of a bucket as well, see `tests/s3`.

use std::fs;
use std::path::PathBuf;

use lexhold_catalog::Fingerprint;
use serde_json::Value;

use crate::support::{Firm, many};

/// How much is in each table of the catalog; two homes have nothing else in common, since each has a key of its own.
fn sizes(firm: &Firm) -> Vec<(String, u64)> {
    let tables = firm.fingerprint(Fingerprint::Decisions).into_iter();
    let tables = tables.filter(|table| table.table != "ingested_file");
    tables.map(|table| (table.table.clone(), table.n_rows)).collect()
}

fn url(firm: &Firm, name: &str) -> String {
    format!("file://{}", firm.path(name).display())
}

/// A firm with a folder that stands for a bucket.
fn firm() -> Firm {
    let firm = Firm::new();
    firm.messages("bucket/day/one.ndjson", &many(60)[..40]);
    firm.messages("bucket/day/deeper/two.ndjson", &many(60)[30..]);
    firm.messages("bucket/three.ndjson", &many(80)[60..]);
    firm
}

/// What the home's scratch holds.
fn scratch(firm: &Firm) -> Vec<PathBuf> {
    let entries = fs::read_dir(firm.path(".lexhold/staging/tmp")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn an_object_is_an_input_and_a_folder_one_too() {
    let firm = firm();
    let (folder, object) = (url(&firm, "bucket/day/"), url(&firm, "bucket/three.ndjson"));
    let summary = firm.run(&[&folder, &object]).ended(0).json();
    assert_eq!(summary["new"], 80, "{summary}");
    assert_eq!(scratch(&firm), Vec::<PathBuf>::new());

    firm.run(&[&folder, &object])
        .ended(0)
        .said(&format!("{folder}: taken in before"))
        .said(&format!("{object}: taken in before"));
    // By their digests they are the files that they are.
    firm.run(&["bucket/three.ndjson"]).ended(0).said("taken in before");
    firm.call(&["verify"]).ended(0);
}

#[test]
fn messages_tell_the_url_that_they_come_from() {
    let firm = firm();
    let (far, near) = (url(&firm, "bucket/three.ndjson"), "bucket/three.ndjson");
    let rows = |input: &str| -> Vec<Value> { firm.call(&["scan", input, "--format", "ndjson"]).ended(0).rows() };
    let mut found = rows(&far);
    assert!(!found.is_empty());
    for row in &mut found {
        assert_eq!(row["file"], far.as_str());
        row["file"] = near.into();
    }
    assert_eq!(found, rows(near));
    let converted = |input: &str| firm.call(&["convert", input]).ended(0).stdout;
    assert_eq!(converted(&far).replace(&far, near), converted(near));
    firm.write("bucket/bad.ndjson", "{}\n");
    let bad = url(&firm, "bucket/bad.ndjson");
    firm.call(&["scan", &bad]).ended(4).said(&format!("{bad}:1"));
}

#[test]
fn an_evaluation_reads_urls_too() {
    let firm = firm();
    firm.messages("none.ndjson", &[]);
    firm.run(&["none.ndjson"]).ended(0);
    firm.call(&["run", "--facts-to", "facts.json", "--as-of", "2026-01-01", "--backfill"])
        .ended(0);
    let folder = url(&firm, "bucket/day/");
    firm.call(&["evaluate", &folder, "--facts", "facts.json", "--out", "far"])
        .ended(0);
    let summary = firm.run(&["--from-evaluation", "far"]).ended(0).json();
    assert_eq!(summary["new"], 60, "{summary}");
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_the_next_does_not_sweep_away() {
    // More than is on its way at once, so that the reader is not done when the first batch is on record.
    let mut long = many(16);
    for message in &mut long[1..] {
        message["text"] = "let us talk about the weather ".repeat(1 << 15).into();
    }
    let firm = || {
        let firm = firm();
        firm.messages("bucket/day/long.ndjson", &long);
        firm
    };
    let killed = firm();
    let folder = url(&killed, "bucket/day/");
    let output = killed
        .command(&["run", &folder, "--as-of", "2026-01-01", "--backfill", "--jobs", "1"])
        .env("LEXHOLD_TEST_STOP_AT", "journalled:1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), None, "not killed");
    assert!(!scratch(&killed).is_empty(), "what it had fetched is still there");
    killed.run(&[&folder]).ended(0);
    assert_eq!(scratch(&killed), Vec::<PathBuf>::new());

    let whole = firm();
    whole.run(&["bucket/day"]).ended(0);
    assert_eq!(sizes(&killed), sizes(&whole));
}

#[test]
fn a_url_that_leads_nowhere_says_so() {
    let firm = firm();
    let not_there = url(&firm, "bucket/four.ndjson");
    firm.run(&[&not_there])
        .ended(4)
        .said(&format!("cannot read {not_there}: not found"));
    let folder = url(&firm, "bucket/day");
    firm.run(&[&folder]).ended(4).said(&format!("write {folder}/"));
    let empty = url(&firm, "nothing/");
    firm.run(&[&empty]).ended(4).said("not found");
    let unread = url(&firm, "bucket/a//b");
    firm.run(&[&unread]).ended(2).said("empty part");
    firm.run(&["s3://Not a bucket/x"]).ended(2).said("names no bucket");
    let mut elsewhere = firm.command(&["scan", "s3://bucket/x"]);
    let elsewhere: crate::support::Ran = elsewhere
        .env("AWS_ENDPOINT_URL", "http://storage.example")
        .output()
        .unwrap()
        .into();
    elsewhere.ended(2).said("plain HTTP");
}
