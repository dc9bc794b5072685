//! Dates of ten million messages: resolved again after a policy change, counted, explained, moved by an event.
//!
//! The home is made by the program itself, of a hundred messages, two holds, 2,500 events and two versions of sixty schedules in four
//! zones; its catalog is then filled by SQL (see `fill`). What is timed is the command, its start included, with the processor time and
//! the most memory of its process. Counts are stated, so that a wrong answer fails.
//!
//! `LEXHOLD` names the program to measure, else the one beside this one; `MESSAGES` makes fewer of them; `HOME_AT` names a folder
//! that keeps the home for another try.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that panics has failed"
)]

mod fill;
mod firm;
mod spent;

use std::path::Path;

use duckdb::Connection;
use serde_json::Value;

use crate::firm::Firm;
use crate::spent::{Spent, median};

const MESSAGES: u64 = 10_000_000;

fn main() {
    let n = messages();
    let kept = std::env::var_os("HOME_AT");
    let temporary = tempfile::tempdir().unwrap();
    let firm = Firm::at(kept.as_deref().map_or(temporary.path(), Path::new));
    if !firm.catalog().exists() {
        firm.found();
        let filled = Spent::here(|| fill::fill(&firm.catalog(), n));
        println!("filled in by SQL in {:.0} s", filled.wall.as_secs_f64());
    }
    println!("{n} messages, {}", fill::told(&firm.catalog()));

    let floors = floors(&firm.catalog());
    let of_all = |name: &str, spent: &Spent| {
        println!("{name}: {spent}");
        for (floor, of) in &floors {
            println!("    {} times {floor}", spent.over(of));
        }
    };
    println!("the program's own start: {}", median(|| firm.spent(&["whoami"])));
    let dates = median(|| firm.spent(&["report", "forecast"]));
    of_all(
        "every date resolved, counted by month and schedule (report forecast)",
        &dates,
    );
    let status = median(|| {
        let (out, spent) = firm.told(&["status", "--json"]);
        check_status(&serde_json::from_str(&out).unwrap(), n);
        spent
    });
    of_all("status: states of all messages, alerts and reviews besides", &status);
    of_all("report coverage", &median(|| firm.spent(&["report", "coverage"])));
    let id = fill::some_message(&firm.catalog());
    println!(
        "explain of one message: {}",
        median(|| firm.spent(&["explain", "--message", &id]))
    );
    let touched = fill::n_of_big_account(&firm.catalog());
    let event = firm.spent(&[
        "event",
        "record",
        "--type",
        "account_closed",
        "--key",
        "BIG",
        "--date",
        "2026-06-30",
        "--evidence",
        "letter",
    ]);
    println!("an event that touches {touched} messages, recorded: {event}");
}

/// How many messages: fewer where `MESSAGES` says so, for trying the benchmark itself.
fn messages() -> u64 {
    let asked = std::env::var("MESSAGES").ok().and_then(|n| n.parse().ok());
    asked.unwrap_or(MESSAGES)
}

fn check_status(status: &Value, n: u64) {
    assert_eq!(status["messages"].as_u64(), Some(n));
    let states = status["states"].as_object().unwrap();
    let all: u64 = states.values().filter_map(Value::as_u64).sum();
    assert_eq!(all, n, "every message has a state");
    assert_eq!(status["ungoverned"], 0, "every message has a schedule");
    for state in ["held", "retained", "eligible"] {
        assert!(states[state].as_u64() > Some(0), "no message is {state}");
    }
}

/// The query that the figures are compared with: over one stored duty a message, over all of them, and over duties that are
/// joined. Nothing else is stored in the first two tables, so that they are as quick as can be.
fn floors(catalog: &Path) -> Vec<(&'static str, Spent)> {
    let connection = Connection::open(catalog).unwrap();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    connection.execute_batch(&format!("SET threads = {threads}")).unwrap();
    fill::store_duties(&connection, &catalog.with_file_name("../duties.duckdb"));
    let grouped = |table: &str| format!("SELECT schedule, count(*), max(trigger_date) FROM {table} GROUP BY 1");
    let queries = [
        ("the query over one stored duty a message", grouped("stored.one_duty")),
        ("the query over all stored duties", grouped("stored.duty")),
        ("the query over duties joined to messages", grouped(fill::JOINED)),
    ];
    let floors = queries.map(|(name, sql)| {
        let spent = median(|| Spent::here(|| assert_eq!(fill::n_rows(&connection, &sql), 60)));
        println!("{spent}: {name}");
        (name, spent)
    });
    floors.into()
}
