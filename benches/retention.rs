//! Dates of ten million messages: resolved again after an activation, counted, explained, moved by an event.
//!
//! The home is made by `lexhold run` of one message; its catalog is then filled by SQL with ten million more, over ten
//! years of days, a hundred thousand facts, a hundred thousand conversations and sixty schedules in four zones, and with an
//! activation that gives every facts row another set. What is timed is the command, its start included. Counts are stated,
//! so that a wrong answer fails. `LEXHOLD` names the program to measure, else the one beside this one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that panics has failed"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use duckdb::Connection;
use serde_json::Value;

const MESSAGES: u64 = 10_000_000;
const FACTS: u64 = 100_000;
const SETS: u64 = 200;
const DAYS: u64 = 3_650;
const ZONES: [&str; 4] = ["America/New_York", "Europe/Berlin", "Asia/Tokyo", "UTC"];
const ROUNDS: usize = 3;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_policies(root);
    let n = messages();
    lexhold(root, &["run", "in.ndjson", "--quiet", "--backfill"]);
    let filled = timed(|| fill(&root.join("home/catalog.duckdb"), n));
    println!("{n} messages filled in by SQL in {:.0} s", filled.as_secs_f64());

    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (flat, joined) = baselines(&root.join("home/catalog.duckdb"), threads);
    let start = median(|| timed(|| drop(lexhold(root, &["whoami"]))));
    let dates = median(|| {
        timed(|| {
            let status: Value = serde_json::from_str(&lexhold(root, &["status", "--json"])).unwrap();
            assert_eq!(status["messages"].as_u64(), Some(n));
            let states = status["states"].as_object().unwrap();
            assert_eq!(
                states.values().filter_map(Value::as_u64).sum::<u64>(),
                n,
                "every message has a state"
            );
            assert_eq!(status["ungoverned"], 0, "the activation governs all");
        })
    });
    let ratio = |of: Duration, to: Duration| of.as_secs_f64() / to.as_secs_f64();
    println!(
        "`SELECT schedule, count(*), max(trigger_date) GROUP BY 1`, duties joined: {:.2} s",
        joined.as_secs_f64()
    );
    println!("the same over one stored duty a message: {:.2} s", flat.as_secs_f64());
    println!("the program's own start: {:.2} s", start.as_secs_f64());
    println!(
        "status, all dates resolved: {:.2} s; {:.1} times the joined query, {:.1} times the flat one",
        dates.as_secs_f64(),
        ratio(dates, joined),
        ratio(dates, flat)
    );
    let coverage = median(|| timed(|| drop(lexhold(root, &["report", "coverage"]))));
    let explain = median(|| timed(|| drop(lexhold(root, &["explain", "--message", "slack/C7/7"]))));
    println!(
        "report coverage: {:.2} s; explain of one message: {:.2} s",
        coverage.as_secs_f64(),
        explain.as_secs_f64()
    );
    let event = timed(|| {
        drop(lexhold(
            root,
            &[
                "event",
                "record",
                "--type",
                "account_closed",
                "--key",
                "A3",
                "--date",
                "2024-05-10",
                "--evidence",
                "letter",
            ],
        ));
    });
    println!(
        "an event that touches {} messages, recorded: {:.2} s",
        n / 10,
        event.as_secs_f64()
    );
}

/// How many messages: fewer where `MESSAGES` says so, for trying the benchmark itself.
fn messages() -> u64 {
    std::env::var("MESSAGES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(MESSAGES)
}

/// Sixty schedules, fifteen a zone: every tenth counts from an event, one in thirty from the last activity.
fn write_policies(root: &Path) {
    std::fs::create_dir_all(root.join("policies")).unwrap();
    std::fs::create_dir_all(root.join("rulesets")).unwrap();
    for (at, zone) in ZONES.iter().enumerate() {
        let mut text = format!(
            "lexhold: 1\nretention: pack{at}\nversion: 1.0.0\ntitle: Pack {at}\nowner: records@example.com\nzone: {zone}\nmode: compliance\nschedules:\n"
        );
        for number in 0..15 {
            let from = match at * 15 + number {
                n if n % 10 == 3 => "{ event: account_closed, key: accounts }",
                n if n % 30 == 7 => "last_activity",
                _ => "sent",
            };
            text += &format!(
                "  - id: s{number}\n    title: Schedule {number}\n    retain: {{ for: P{}Y, from: {from} }}\n    dispose: {{ after: retain }}\n",
                1 + number % 10
            );
        }
        std::fs::write(root.join(format!("policies/pack{at}.yaml")), text).unwrap();
    }
    let message = r#"{"id":"1","platform":"slack","conversation":"C0","sender":"ann","recipients":["bob"],"accounts":["AX"],"sent_at":"2020-01-01T12:00:00Z","captured_at":"2020-01-01T12:00:00Z","text":"hello"}"#;
    std::fs::write(root.join("in.ndjson"), message).unwrap();
}

fn lexhold(root: &Path, arguments: &[&str]) -> String {
    let program = std::env::var_os("LEXHOLD").map_or_else(
        || {
            std::env::current_exe()
                .unwrap()
                .parent()
                .unwrap()
                .parent()
                .unwrap()
                .join("lexhold")
        },
        PathBuf::from,
    );
    let output = Command::new(program)
        .current_dir(root)
        .args(["--home", "home", "--as-of", "2026-11-22"])
        .args(arguments)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Ten million messages beside the one, by SQL into the same tables.
fn fill(catalog: &Path, n: u64) {
    let more = n - 1;
    let zones: Vec<String> = ZONES.iter().map(|zone| format!("('{zone}')")).collect();
    let connection = Connection::open(catalog).unwrap();
    let key = |of: &str| format!("(hash({of})::HUGEINT * 1000003)::DECIMAL(38,0)");
    let set = key("'set' || ((i * 7919) % SETS)").replace("SETS", &SETS.to_string());
    let later = key("'set' || ((i * 104729) % SETS)").replace("SETS", &SETS.to_string());
    connection
        .execute_batch(&format!(
            "SET preserve_insertion_order = false;
             CREATE TEMP TABLE known AS SELECT schedule_id, row_number() OVER (ORDER BY schedule_id) - 1 AS i FROM schedule;
             INSERT INTO duty_set SELECT {}, o, k.schedule_id, 'assigned', NULL
                 FROM range({SETS}) s(i), range(3) t(o) JOIN known k ON k.i = (s.i * 13 + t.o * 17) % 60;
             CREATE TEMP TABLE plain AS FROM facts LIMIT 1;
             INSERT INTO facts SELECT {}, replace(facts, '[\"AX\"]', '[\"A' || (i % 10) || '\"]') FROM plain, range({FACTS}) r(i);
             INSERT INTO origin SELECT i + 1, {set}, {}, false, 2 FROM range({FACTS}) r(i);
             INSERT INTO day_set SELECT i + 1, {}, false FROM range({DAYS}) r(i);
             INSERT INTO days SELECT {}, zone, (DATE '2014-01-01' + i::INTEGER)::VARCHAR, (DATE '2014-01-01' + i::INTEGER)::VARCHAR
                 FROM range({DAYS}) r(i), (VALUES {}) z(zone);
             INSERT INTO conversation SELECT i + 1, 'slack', 'C' || (i + 1), 1400000000000000 + i * 3000000000, 1400000000000000
                 FROM range({FACTS}) r(i);
             INSERT INTO activation SELECT 3, now(), actor, bundle, documents FROM activation LIMIT 1;
             INSERT INTO reassignment SELECT {}, false, NULL, {later}, 3 FROM range({FACTS}) r(i);
             CREATE TEMP TABLE one AS FROM message LIMIT 1;
             INSERT INTO message BY NAME
                 SELECT o.* REPLACE (
                     {} AS key, {} AS family, 'slack/C' || (i % {FACTS}) || '/' || i AS message_id, i::VARCHAR AS native_id,
                     'C' || (i % {FACTS}) AS conversation, {} AS content_hash, i AS source_offset,
                     TIMESTAMPTZ '2014-01-01 12:00:00+00' + INTERVAL (i % {DAYS}) DAY AS sent_at,
                     TIMESTAMPTZ '2014-01-01 12:00:00+00' + INTERVAL (i % {DAYS}) DAY AS captured_at,
                     (1 + (i * 31) % {FACTS})::INTEGER AS origin_no, (1 + i % {DAYS})::INTEGER AS days_no,
                     (1 + i % {FACTS})::INTEGER AS conversation_no)
                 FROM one o, range({more}) r(i);
             CHECKPOINT;",
            key("'set' || s.i"),
            key("'facts' || i"),
            key("'facts' || i"),
            key("'days' || i"),
            key("'days' || i"),
            zones.join(", "),
            key("'facts' || i"),
            key("'m' || i"),
            key("'m' || i"),
            key("'c' || i"),
        ))
        .unwrap();
}

/// The query that the figures are compared with, over stored duties that are one a message, and over joined ones.
fn baselines(catalog: &Path, threads: usize) -> (Duration, Duration) {
    let connection = Connection::open(catalog).unwrap();
    connection.execute_batch(&format!("SET threads = {threads}")).unwrap();
    let joined = "SELECT s.schedule, count(*), max(y.sent_day) FROM message m JOIN origin o USING (origin_no)
                  JOIN duty_set d ON d.set_id = o.set_id JOIN schedule s USING (schedule_id)
                  JOIN day_set e USING (days_no) JOIN days y ON y.days_id = e.days_id AND y.zone = s.zone GROUP BY 1";
    let flat = "SELECT schedule, count(*), max(trigger_date) FROM duty GROUP BY 1";
    connection
        .execute_batch(
            "CREATE TEMP TABLE duty AS SELECT 'pack' || (origin_no % 4) || '.s' || (origin_no % 15) AS schedule,
                    sent_at::DATE AS trigger_date FROM message",
        )
        .unwrap();
    let time = |sql: &str| {
        median(|| {
            timed(|| {
                assert!(
                    connection
                        .prepare(sql)
                        .unwrap()
                        .query([])
                        .unwrap()
                        .next()
                        .unwrap()
                        .is_some()
                )
            })
        })
    };
    (time(flat), time(joined))
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut work: impl FnMut() -> Duration) -> Duration {
    let mut all: Vec<Duration> = (0..ROUNDS).map(|_| work()).collect();
    all.sort_unstable();
    all[ROUNDS / 2]
}
