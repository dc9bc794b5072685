//! The main job over real chat and mail: 371,527 messages, 117 MB of text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use arrow::array::AsArray;
use lexhold_catalog::{Catalog, CatalogError, Settings};
use lexhold_model::tables::Table;
use serde_json::{Value, json};

use crate::support::Firm;

fn corpora() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/messages");
    if folder.is_dir() {
        return Some(folder.canonicalize().unwrap());
    }
    println!("skipped: the corpora are not beside the repository");
    None
}

/// The most memory that a process ever had, in bytes; looked at until it ends.
fn peak_memory(child: &mut std::process::Child) -> u64 {
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let high = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(high.unwrap_or(0) * 1024);
        std::thread::sleep(Duration::from_millis(100));
    }
    peak
}

#[test]
fn corpora_every_message_is_accounted_for_in_constant_memory() {
    let Some(folder) = corpora() else { return };
    let firm = Firm::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let at = |path: &str| root.join(path).to_str().unwrap().to_owned();
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let files = [
        "ubuntu-irc.ndjson.zst",
        "nus-sms.ndjson.zst",
        "linux-mips-1996-2009.ndjson.zst",
    ]
    .map(file);
    let (policies, rulesets) = (at("policies"), at("rulesets"));
    let shipped = ["--policies", &policies, "--rulesets", &rulesets];
    let mut arguments = vec![
        "run",
        "--format",
        "json",
        "--backfill",
        "--as-of",
        "2026-01-01",
        "--quiet",
    ];
    arguments.extend(shipped);
    arguments.extend(files.iter().map(String::as_str));
    let mut child = firm.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let peak = peak_memory(&mut child);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |key: &str| summary[key].as_u64().unwrap();
    assert_eq!(number("messages"), 247_963 + 87_300 + 36_264);
    assert_eq!(number("unreadable"), 0);
    assert_eq!(
        (number("duplicate"), number("collision")),
        (1, 14),
        "the mailing list repeats fifteen Message-IDs, one of them with the same content"
    );
    assert_eq!(
        number("new") + number("collision") + number("duplicate"),
        number("messages")
    );
    let states: u64 = summary["states"]
        .as_object()
        .unwrap()
        .values()
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(states, number("new") + number("collision"));
    if cfg!(target_os = "linux") {
        assert!((1..500 << 20).contains(&peak), "peak memory was {} MB", peak >> 20);
    }
    let mut again = vec![
        "run",
        "--format",
        "json",
        "--backfill",
        "--as-of",
        "2026-01-01",
        "--quiet",
    ];
    again.extend(shipped);
    again.push(&files[1]);
    let again = firm.call(&again).ended(0).json();
    assert_eq!((&again["new"], &again["duplicate"]), (&json!(0), &json!(87_300)));
}

#[test]
fn corpora_five_files_of_the_same_messages_are_one_set_of_messages() {
    let Some(folder) = corpora() else { return };
    let formats = folder.join("../formats");
    let firm = Firm::new();
    let names = [
        "ndjson/mixed-850.ndjson",
        "csv/mixed-850.comma.crlf.csv",
        "csv/mixed-850.semicolon.bom.csv",
        "parquet/mixed-850.ts_us_utc.snappy.parquet",
        "parquet/mixed-850.ts_string.zstd.parquet",
    ];
    for (at, name) in names.iter().enumerate() {
        let path = formats.join(name);
        let summary = firm.run(&[path.to_str().unwrap()]).ended(0).json();
        // In the CSV files attachments are names alone: six messages differ from their NDJSON, and are kept beside it.
        let want = [(850, 0, 0), (0, 844, 6), (0, 850, 0), (0, 850, 0), (0, 850, 0)][at];
        let number = |key: &str| summary[key].as_u64().unwrap();
        assert_eq!(
            (number("new"), number("duplicate"), number("collision")),
            want,
            "{name}: {summary:#}"
        );
    }
}

/// What 36,264 mails are made of. The counts change only with the marks that are known.
#[test]
fn corpora_q3_mails_are_split_into_what_was_written_quoted_and_signed() {
    let Some(folder) = corpora() else { return };
    let firm = Firm::new();
    let list = folder.join("linux-mips-1996-2009.ndjson.zst");
    firm.run(&["--quiet", list.to_str().unwrap()]).ended(0);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let temp = tempfile::tempdir().unwrap();
    let settings = Settings {
        wait: Duration::from_secs(30),
        threads: 2,
        memory_mib: 200,
        temp: temp.path().to_owned(),
    };
    let catalog = Catalog::open_reader(&firm.path(".lexhold/catalog.duckdb"), &settings).unwrap();
    catalog
        .table::<CatalogError>(Table::Part, |rows| {
            let column = |name: &str| rows.column_by_name(name).unwrap().as_string::<i32>().clone();
            for (kind, reason) in column("kind").iter().zip(column("reason").iter()) {
                *counts
                    .entry(format!("{} {}", kind.unwrap(), reason.unwrap()))
                    .or_default() += 1;
            }
            Ok(())
        })
        .unwrap();
    let counts: Vec<(&str, u64)> = counts.iter().map(|(what, n)| (what.as_str(), *n)).collect();
    assert_eq!(
        counts,
        [
            ("forwarded forwarded_message", 96),
            ("forwarded original_message", 2),
            ("quoted header_block", 96),
            ("quoted original_message", 560),
            ("quoted quote_marks", 36_640),
            ("signature signature_mark", 10_233),
        ]
    );
}
