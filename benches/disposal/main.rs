//! Destroying what is due: a million messages in segments of which a tenth and more goes.
//!
//! The generator's firm is taken in by the program itself, under one schedule for direct messages and one for everything; then
//! what is due is proposed, approved and destroyed. The executing program is timed with its start, judging each item again, the
//! rewriting and reading back of archive and evaluations, the retirement of the catalog's bytes, and the certificate. What it is held against is a
//! plain copy of the same Parquet rows: every file decoded and written again as it was, without a check or a sync.
//!
//! `LEXHOLD` names the program to measure, else the one beside this one; `MESSAGES` makes fewer of them; `WHOLE` puts everything under
//! the short schedule, so that whole segments go; `HOME_AT` names an empty folder that keeps the home.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that panics has failed"
)]

#[path = "../retention/spent.rs"]
#[expect(dead_code, reason = "a destruction is timed once, without a median")]
mod spent;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use lexhold_benches::generate::{Generator, ndjson_line};
use lexhold_model::{ConversationKind, Message};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use crate::spent::Spent;

const MESSAGES: usize = 1_000_000;
/// The beginning of 2025, in microseconds since 1970: direct messages are kept for a year after the year in which they were sent.
const DUE_BEFORE: i64 = 1_735_689_600_000_000;

const POLICY: &str = r#"lexhold: 1
retention: pack
version: 1.0.0
title: Pack
owner: records@example.com
zone: UTC
schedules:
  - id: direct
    title: Direct messages
    when: resource.conversation_kind == "direct"
    retain: { for: P1Y, from: sent, cutoff: year }
    dispose: { after: retain }
  - id: rest
    title: Everything else
    when: resource.conversation_kind != "direct"
    retain: { REST }
    dispose: { after: retain }
"#;

fn main() {
    let n = std::env::var("MESSAGES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(MESSAGES);
    let (kept, temporary) = (std::env::var_os("HOME_AT"), tempfile::tempdir().unwrap());
    let root = kept.as_deref().map_or(temporary.path(), Path::new);
    let due = write_firm(root, n);
    let run = lexhold(root, &["run", "messages.ndjson", "--quiet", "--backfill"]).1;
    println!("{n} messages taken in: {run}");
    let (plan, spent) = lexhold(root, &["dispose", "propose", "--format", "json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["items"], due, "what is due is known beforehand");
    println!("{due} items proposed: {spent}");
    let name = plan["plan"].as_str().unwrap();
    lexhold(root, &["dispose", "approve", name]);

    let before = files(&root.join("home"));
    let bytes: u64 = before.iter().map(|path| path.metadata().unwrap().len()).sum();
    let copy = Spent::here(|| before.iter().for_each(|path| copied(path, &root.join("copy.parquet"))));
    println!(
        "{} files of {} MB, decoded and written again: {copy}",
        before.len(),
        bytes / 1_000_000
    );

    let (done, spent) = lexhold(root, &["dispose", "execute", name, "--format", "json"]);
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!((&done["destroyed"], &done["sent_back"]), (&json!(due), &json!([])));
    println!("{due} items destroyed: {spent}, {} times the copy", spent.over(&copy));
    let a_second = |of: f64| (of / spent.processor.as_secs_f64(), of / spent.wall.as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let (items, megabytes) = (a_second(due as f64), a_second(bytes as f64 / 1e6));
    println!(
        "{:.0} items a second of processor time, {:.0} by the clock",
        items.0, items.1
    );
    println!(
        "{:.1} MB rewritten a second of processor time, {:.1} by the clock",
        megabytes.0, megabytes.1
    );
    let locked = locked(root);
    println!(
        "the journal's lock was held {} times: {} us in the middle, {} us of a hundred the longest but one, {} us the longest",
        locked.len(),
        locked[locked.len() / 2],
        locked[locked.len() * 99 / 100],
        locked[locked.len() - 1]
    );
}

/// Writes policies and messages, and says how many of them are due.
fn write_firm(root: &Path, n: usize) -> u64 {
    for folder in ["policies", "rulesets"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::write(root.join("lexhold.yaml"), "home: home\ngovernance: solo\n").unwrap();
    let whole = std::env::var_os("WHOLE").is_some();
    let rest = if whole {
        "for: P1Y, from: sent, cutoff: year"
    } else {
        "for: P30Y, from: sent"
    };
    std::fs::write(root.join("policies/pack.yaml"), POLICY.replace("REST", rest)).unwrap();
    let generator = Generator::new(7, n);
    std::fs::write(root.join("directory.yaml"), generator.directory()).unwrap();
    let mut out = std::io::BufWriter::new(File::create(root.join("messages.ndjson")).unwrap());
    let mut due = 0;
    for generated in generator {
        due += u64::from(is_due(&generated.message, whole));
        writeln!(out, "{}", ndjson_line(&generated.message).unwrap()).unwrap();
    }
    out.flush().unwrap();
    due
}

fn is_due(message: &Message, whole: bool) -> bool {
    (whole || message.conversation_kind == ConversationKind::Direct)
        && message.sent_at.is_some_and(|at| at < DUE_BEFORE)
}

/// What a call prints and takes. What it logs goes into a file.
fn lexhold(root: &Path, arguments: &[&str]) -> (String, Spent) {
    let beside = || {
        let this = std::env::current_exe().unwrap();
        this.parent().and_then(Path::parent).unwrap().join("lexhold")
    };
    let program = std::env::var_os("LEXHOLD").map_or_else(beside, PathBuf::from);
    let mut command = Command::new(program);
    command
        .current_dir(root)
        .args(arguments)
        .env("LEXHOLD_LOG", "lexhold=debug")
        .stderr(File::create(root.join("log.txt")).unwrap());
    Spent::by(&mut command)
}

/// Archive and evaluations.
fn files(home: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![home.join("archive"), home.join("evaluations")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found
}

/// Every row of a file decoded and written again, compressed as the store does.
fn copied(from: &Path, to: &Path) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(from).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let compression = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(File::create(to).unwrap(), schema, Some(properties)).unwrap();
    for rows in reader.build().unwrap() {
        writer.write(&rows.unwrap()).unwrap();
    }
    writer.close().unwrap();
}

/// For how long each destruction of the last call kept the journal's lock, in microseconds, sorted.
fn locked(root: &Path) -> Vec<u64> {
    let log = std::fs::read_to_string(root.join("log.txt")).unwrap();
    let words = log
        .lines()
        .filter(|line| line.contains("destroyed"))
        .flat_map(str::split_whitespace);
    let mut all: Vec<u64> = words
        .filter_map(|word| word.strip_prefix("locked_us=")?.parse().ok())
        .collect();
    all.sort_unstable();
    all
}
