//! The main job, measured: its time against DuckDB's for reading the same columns, and where it goes.
//!
//! Ratios within one run of this program are what counts; absolute times are this machine's. The input is the corpora
//! beside the repository where they are, else generated chat. Counts are stated, so that a wrong answer fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that panics has failed"
)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use lexhold_benches::generate::{Generator, ndjson_line};
use lexhold_document::{Diagnostics, Files};
use lexhold_evaluate::{Bundle, Evaluation, Evaluator, Facts, Fate, HoldSet, compile_directory, plain_hash, record};
use lexhold_model::{ContentKey, Directory, MessageBatch};
use lexhold_policy::Schemas;
use lexhold_source::Options;
use lexhold_store::{ArchivedBatch, Faults, Home, NewHome, Stamp, StoreMode};
use parquet::arrow::ArrowWriter;

/// How often each figure is taken; the median is told.
const ROUNDS: usize = 3;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let (inputs, directory, expected) = inputs(folder.path());
    let batches = read(&inputs);
    let messages: usize = batches.iter().map(MessageBatch::len).sum();
    let bytes: usize = batches.iter().map(MessageBatch::text_bytes).sum();
    assert_eq!(messages, expected, "every message is read");
    println!(
        "{messages} messages, {:.1} MB of text, {} files",
        mb(bytes),
        inputs.len()
    );

    let parquet = folder.path().join("all.parquet");
    write_parquet(&batches, &parquet);
    let floor = median(|| scan_with_duckdb(&parquet, messages));
    println!(
        "\nDuckDB, one thread, reads all columns from Parquet and sums their lengths: {}",
        seconds(floor)
    );

    println!("\none thread, stage by stage:");
    let facts = facts(directory);
    let reading = median(|| timed(|| assert_eq!(read(&inputs).iter().map(MessageBatch::len).sum::<usize>(), messages)));
    let evaluation = |kinds: &[&str]| {
        let bundle = bundle(kinds);
        median(|| timed(|| drop(evaluate(&bundle, &facts, &batches))))
    };
    let bare = evaluation(&[]);
    let rules = evaluation(&["rulesets"]).saturating_sub(bare);
    let supervision = evaluation(&["policies/supervision"]).saturating_sub(bare);
    let retention = evaluation(&["policies/retention", "policies/calendars"]).saturating_sub(bare);
    let whole = bundle(&[
        "rulesets",
        "policies/supervision",
        "policies/retention",
        "policies/calendars",
    ]);
    let writing = median(|| write_home(&whole, &facts, &batches));
    let stages = [
        ("reading", reading),
        ("identity and facts", bare),
        ("rules", rules),
        ("Cedar: supervision", supervision),
        ("Cedar and dates: retention", retention),
        ("archive and evaluations", writing),
    ];
    let total: Duration = stages.iter().map(|(_, time)| *time).sum();
    for (name, time) in stages {
        let share = 100.0 * time.as_secs_f64() / total.as_secs_f64();
        println!(
            "  {name:<28} {:>9}  {share:>4.0} %  {:>9.0} messages/s  {:>7.1} MB/s",
            seconds(time),
            messages as f64 / time.as_secs_f64(),
            mb(bytes) / time.as_secs_f64()
        );
    }
    println!("  {:<28} {:>9}", "together", seconds(total));

    println!("\nthe whole run, catalog included, by the program itself:");
    let root = root();
    for jobs in ["1", "2"] {
        let time = median(|| timed(|| run(&root, folder.path(), std::slice::from_ref(&parquet), jobs, messages)));
        let ratio = time.as_secs_f64() / floor.as_secs_f64();
        println!(
            "  from Parquet, {jobs} worker(s)     {:>9}  {ratio:>5.1} times DuckDB's reading  {:>9.0} messages/s  {:>6.1} MB/s",
            seconds(time),
            messages as f64 / time.as_secs_f64(),
            mb(bytes) / time.as_secs_f64()
        );
    }
    let time = median(|| timed(|| run(&root, folder.path(), &inputs, "2", messages)));
    println!(
        "  from the files, 2 workers      {:>9}  {:>5.1} times",
        seconds(time),
        time.as_secs_f64() / floor.as_secs_f64()
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The files, the directory that goes with them, and how many messages they hold.
fn inputs(folder: &Path) -> (Vec<PathBuf>, Directory, usize) {
    let corpora = root().join("../shared/corpora/messages");
    if corpora.is_dir() {
        let names = [
            "ubuntu-irc.ndjson.zst",
            "nus-sms.ndjson.zst",
            "linux-mips-1996-2009.ndjson.zst",
        ];
        return (
            names.map(|name| corpora.join(name)).into(),
            Directory::default(),
            247_963 + 87_300 + 36_264,
        );
    }
    println!("the corpora are not beside the repository: generated messages take their place");
    let n = 100_000;
    let generator = Generator::new(7, n);
    let directory = generator.directory();
    let path = folder.join("messages.ndjson");
    let lines: Vec<String> = generator.map(|made| ndjson_line(&made.message).unwrap()).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let mut files = Files::new();
    let mut diagnostics = Diagnostics::new();
    let id = files.add("directory.yaml", directory);
    let documents = lexhold_document::load(
        &mut files,
        &[id],
        &mut |_| Err(lexhold_document::OpenError::NotFound),
        &mut diagnostics,
    );
    let directory = compile_directory(&documents[0], &mut diagnostics).unwrap();
    (vec![path], directory, n)
}

fn facts(directory: Directory) -> Facts {
    Facts {
        directory,
        holds: HoldSet::none(),
        zone: jiff::tz::TimeZone::UTC,
        key: ContentKey::new([7; 32]),
        backfill: true,
    }
}

/// What is shipped under these folders, compiled.
fn bundle(folders: &[&str]) -> Bundle {
    let mut files = Files::new();
    let mut ids = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            ids.push(files.add(path.to_str().unwrap(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    let mut diagnostics = Diagnostics::new();
    let documents = lexhold_document::load(
        &mut files,
        &ids,
        &mut |_| Err(lexhold_document::OpenError::NotFound),
        &mut diagnostics,
    );
    Bundle::compile(&documents, &Schemas::built_in(), &mut diagnostics).expect("the shipped content compiles")
}

fn read(inputs: &[PathBuf]) -> Vec<MessageBatch> {
    let mut batches = Vec::new();
    for path in inputs {
        let mut reader = lexhold_source::open(path, Options::default()).unwrap();
        while let Some(chunk) = reader.next().unwrap() {
            assert!(chunk.unreadable.is_empty());
            batches.push(chunk.batch.captured_by(1_767_225_600_000_000));
        }
    }
    batches
}

fn evaluate(bundle: &Bundle, facts: &Facts, batches: &[MessageBatch]) -> Vec<Evaluation> {
    let mut evaluator = Evaluator::new(bundle, facts);
    batches.iter().map(|batch| evaluator.evaluate(batch)).collect()
}

/// The time that archive and evaluation files of a new home take, without the evaluation.
fn write_home(bundle: &Bundle, facts: &Facts, batches: &[MessageBatch]) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let dice = |bytes: &mut [u8]| {
        bytes.fill(9);
        Ok(())
    };
    let stamp = Stamp {
        at: jiff::Timestamp::UNIX_EPOCH,
        actor: "bench",
        entropy: &dice,
    };
    let home = Home::open_or_create(
        &folder.path().join("home"),
        &NewHome {
            zone: "UTC",
            store: StoreMode::Archive,
            archive: None,
        },
        stamp,
    )
    .unwrap();
    let lock = home.lock_run("bench", Duration::ZERO, stamp).unwrap();
    let faults = Faults::default();
    let mut evaluator = Evaluator::new(bundle, facts);
    let mut spent = Duration::ZERO;
    for (number, batch) in (1..).zip(batches) {
        let evaluation = evaluator.evaluate(batch);
        spent += timed(|| {
            let fates = vec![Fate::New; batch.len()];
            let mut writer = home.stage(&lock, "bench", number, &faults).unwrap();
            let keys = evaluation.messages.iter().map(|message| message.identity.key).collect();
            let content_hashes = batch.rows().map(plain_hash).collect();
            writer
                .archive(&ArchivedBatch {
                    messages: batch.clone(),
                    keys,
                    content_hashes,
                })
                .unwrap();
            for (table, rows) in record(bundle, &[], batch, &evaluation, &fates) {
                writer.table(table, &rows).unwrap();
            }
            writer.commit(serde_json::json!({"inputs": []}), stamp).unwrap();
        });
    }
    spent
}

fn write_parquet(batches: &[MessageBatch], path: &Path) {
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), lexhold_model::message_schema(), None).unwrap();
    batches.iter().for_each(|batch| writer.write(batch.as_arrow()).unwrap());
    writer.close().unwrap();
}

fn scan_with_duckdb(path: &Path, expected: usize) -> Duration {
    let connection = duckdb::Connection::open_in_memory().unwrap();
    connection.execute_batch("SET threads = 1").unwrap();
    let sql = format!(
        "SELECT count(*), sum(length(text)), sum(length(subject)), sum(length(sender)), sum(length(conversation)), max(sent_at), sum(len(recipients)), sum(length(id)) FROM read_parquet('{}')",
        path.display()
    );
    timed(|| {
        let n: usize = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(n, expected);
    })
}

fn run(root: &Path, folder: &Path, inputs: &[PathBuf], jobs: &str, expected: usize) {
    let home = tempfile::tempdir_in(folder).unwrap();
    let lexhold = Path::new(&std::env::current_exe().unwrap())
        .ancestors()
        .nth(2)
        .unwrap()
        .join("lexhold");
    let output = Command::new(&lexhold)
        .args([
            "run",
            "--quiet",
            "--format",
            "json",
            "--backfill",
            "--as-of",
            "2026-01-01",
            "--jobs",
            jobs,
        ])
        .arg("--home")
        .arg(home.path().join("home"))
        .arg("--policies")
        .arg(root.join("policies"))
        .arg("--rulesets")
        .arg(root.join("rulesets"))
        .args(inputs)
        .current_dir(home.path())
        .output()
        .unwrap_or_else(|error| panic!("{} cannot be run ({error}): make build first", lexhold.display()));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a summary");
    assert_eq!(
        summary["messages"],
        expected,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn median(mut work: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| work()).collect();
    times.sort();
    times[ROUNDS / 2]
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
