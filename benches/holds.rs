//! Holds over ten million messages: one custodian, a condition, a release; beside what DuckDB takes to count the same. Then a plan for
//! half a million of them.
//!
//! The home is made by `lexhold run` of one message; its catalog is then filled by SQL with ten million more, of five
//! thousand senders on fifty desks, over a hundred thousand facts, each with a recipient and a custodian, one in fifty a
//! reaction to another. What is timed is the command, its start, the journal and the catalog's catching up included. Counts are
//! stated, so that a wrong answer fails. `LEXHOLD` names the program to measure, else the one beside this one; `MESSAGES`
//! says how many.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that panics has failed"
)]

#[path = "retention/spent.rs"]
#[expect(dead_code, reason = "each question is asked once, without a median")]
mod spent;

use std::path::{Path, PathBuf};
use std::process::Command;

use duckdb::Connection;
use serde_json::Value;

use crate::spent::Spent;

const MESSAGES: u64 = 10_000_000;
const FACTS: u64 = 100_000;
const SENDERS: u64 = 5_000;
const DESKS: u64 = 50;
/// The days over which messages were sent, as many on each.
const DAYS: u64 = 3_650;
/// When everything is asked.
const AS_OF: &str = "2026-11-22";
/// When what was sent in the first 190 days is due, a twentieth of all.
const A_TWENTIETH_DUE: &str = "2017-07-10";

const POLICY: &str = "lexhold: 1\nretention: pack\nversion: 1.0.0\ntitle: Pack\nowner: records@example.com\nzone: UTC\nschedules:\n  \
                      - id: all\n    title: All\n    retain: { for: P3Y, from: sent }\n    dispose: { after: retain }\n";
const DIRECTORY: &str = "lexhold: 1\ndirectory: staff\npeople:\n  - { id: ann, handles: { slack: ann }, groups: [desk] }\n  \
                         - { id: u7, handles: { slack: u7 }, groups: [desk7] }\n";
const MESSAGE: &str = r#"{"id":"x","platform":"slack","conversation":"C0","sender":"ann","recipients":["bob"],"custodians":["ann"],"sent_at":"2020-01-01T12:00:00Z","captured_at":"2020-01-01T12:00:00Z","text":"hello"}"#;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("policies")).unwrap();
    std::fs::create_dir_all(root.join("rulesets")).unwrap();
    std::fs::write(root.join("policies/pack.yaml"), POLICY).unwrap();
    std::fs::write(root.join("directory.yaml"), DIRECTORY).unwrap();
    std::fs::write(root.join("in.ndjson"), MESSAGE).unwrap();
    let n = std::env::var("MESSAGES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(MESSAGES);
    lexhold(root, AS_OF, &["run", "in.ndjson", "--quiet", "--backfill"]);
    let filled = Spent::here(|| fill(&root.join("home/catalog.duckdb"), n));
    println!("{n} messages filled in by SQL: {filled}");
    let count = |what: &str, sql: &str| {
        let connection = Connection::open(root.join("home/catalog.duckdb")).unwrap();
        let spent = Spent::here(|| {
            let n_found: u64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
            assert!(n_found > 0, "{what}");
        });
        println!("{what}: {spent}");
    };
    count(
        "DuckDB counts one custodian's messages",
        "SELECT count(*) FROM message WHERE sender = 'u7' OR key IN (
             SELECT key FROM recipient WHERE handle = 'u7' UNION ALL SELECT key FROM custodian WHERE handle = 'u7')",
    );
    count(
        "DuckDB counts the messages of a condition",
        "SELECT count(*) FROM message WHERE origin_no IN (
             SELECT origin_no FROM origin JOIN facts USING (facts_id) WHERE contains(facts, '\"desk7\"'))",
    );
    println!("the program's own start: {}", lexhold(root, AS_OF, &["whoami"]).1);
    let place = |what: &str, flags: &[&str], expected: u64| {
        let mut all = vec!["hold", "place", "--matter", "M", "--zone", "UTC", "--format", "json"];
        all.extend(flags);
        let (answer, spent) = lexhold(root, AS_OF, &all);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let counts = (&answer["held"], &answer["unevaluable"]);
        assert_eq!(counts, (&expected.into(), &0.into()), "{what}");
        println!("{what}: {spent}");
    };
    let per_sender = n / SENDERS;
    place(
        "a hold on one custodian",
        &["--name", "custodian", "--custodian", "u7"],
        per_sender,
    );
    let condition = r#"principal in Group::"desk7""#;
    place(
        "a hold on a condition",
        &["--name", "condition", "--scope", "everything", "--when", condition],
        n / DESKS,
    );
    let dated = [
        "--name",
        "dated",
        "--custodian",
        "u7",
        "--from",
        "2016-01-01",
        "--to",
        "2016-12-31",
        "--when",
        condition,
    ];
    let mut both = vec!["hold", "place", "--matter", "M", "--zone", "UTC"];
    both.extend(dated);
    let spent = lexhold(root, AS_OF, &both).1;
    println!("a hold on a custodian, a year and a condition: {spent}");
    let released = ["hold", "release", "custodian", "--reason", "over", "--format", "json"];
    let (answer, spent) = lexhold(root, AS_OF, &released);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["still_held"], per_sender, "the condition covers them all");
    println!("a release: {spent}");
    let (plan, spent) = lexhold(root, A_TWENTIETH_DUE, &["dispose", "propose", "--format", "json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let items = plan["items"].as_u64().unwrap();
    let days = items * DAYS / n;
    assert!((180..=192).contains(&days), "{items} items come to {days} days");
    println!("{items} items proposed: {spent}");
}

/// What a call prints and takes.
fn lexhold(root: &Path, as_of: &str, arguments: &[&str]) -> (String, Spent) {
    let beside = || {
        std::env::current_exe()
            .unwrap()
            .parent()
            .unwrap()
            .parent()
            .unwrap()
            .join("lexhold")
    };
    let program = std::env::var_os("LEXHOLD").map_or_else(beside, PathBuf::from);
    let mut command = Command::new(program);
    command
        .current_dir(root)
        .args(["--home", "home", "--as-of", as_of])
        .args(arguments);
    Spent::by(&mut command)
}

/// Messages beside the one, by SQL into the same tables.
fn fill(catalog: &Path, n: u64) {
    let key = |of: &str| format!("(hash({of})::HUGEINT * 1000003)::DECIMAL(38,0)");
    let sql = format!(
        "SET preserve_insertion_order = false;
         CREATE TEMP TABLE plain AS FROM facts LIMIT 1;
         INSERT INTO facts
             SELECT {facts}, replace(replace(facts, '\"ann\"', '\"u' || (i % {SENDERS}) || '\"'), '\"desk\"', '\"desk' || (i % {DESKS}) || '\"')
             FROM plain, range({FACTS}) r(i);
         CREATE TEMP TABLE first AS FROM origin LIMIT 1;
         INSERT INTO origin SELECT f.* REPLACE (i + 1 AS origin_no, {facts} AS facts_id) FROM first f, range({FACTS}) r(i);
         INSERT INTO conversation SELECT i + 1, 'slack', 'C' || (i + 1), 1400000000000000, 1400000000000000 FROM range({FACTS}) r(i);
         CREATE TEMP TABLE one AS FROM message LIMIT 1;
         INSERT INTO message BY NAME
             SELECT o.* REPLACE (
                 {message} AS key, {message} AS family, 'slack/C' || (i % {FACTS}) || '/' || i AS message_id, i::VARCHAR AS native_id,
                 if(i % 50 = 49, 'reaction', 'message') AS kind, if(i % 50 = 49, (i - {FACTS})::VARCHAR, NULL) AS reply_to,
                 'u' || (i % {SENDERS}) AS sender, 'C' || (i % {FACTS}) AS conversation,
                 TIMESTAMPTZ '2014-01-01 12:00:00+00' + INTERVAL (i % {DAYS}) DAY AS sent_at,
                 TIMESTAMPTZ '2014-01-01 12:00:00+00' + INTERVAL (i % {DAYS}) DAY AS captured_at,
                 (1 + i % {FACTS})::INTEGER AS origin_no, (1 + i % {FACTS})::INTEGER AS conversation_no,
                 (1 + i)::INTEGER AS message_no)
             FROM one o, range({n} - 1) r(i);
         INSERT INTO recipient SELECT {message}, 'v' || (i % {SENDERS}), 'to', 1 + i FROM range({n} - 1) r(i);
         INSERT INTO custodian SELECT {message}, 'u' || (i % {SENDERS}), 1 + i FROM range({n} - 1) r(i);
         CHECKPOINT;",
        facts = key("'facts' || i"),
        message = key("'m' || i"),
    );
    Connection::open(catalog).unwrap().execute_batch(&sql).unwrap();
}
