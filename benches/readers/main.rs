//! Readers of exports, each on its own format made large: megabytes a second on one core.
//!
//! `readers FORMAT` reads one format once more and again for a profile. Counts are stated, so that a wrong answer fails. Beside each
//! figure stands how much longer it takes than a floor under all readers: finding the lines of the same file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that panics has failed"
)]

mod databases;
mod exports;

use std::fs::File;
use std::hint::black_box;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use databases::DATABASES;
use exports::LAYOUTS;
use lexhold_benches::clock::timed;
use lexhold_formats::{DateOrder, Options, open};

/// How often each figure is taken; the median is told.
const ROUNDS: usize = 5;
/// How large each export is, and how much text each database has.
const BYTES: usize = 32 << 20;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let only = std::env::args().nth(1).filter(|argument| !argument.starts_with("--"));
    let wanted = |format: &str| only.as_deref().is_none_or(|only| only == format);
    println!(
        "{:<16} {:>9} {:>7} {:>7} {:>11} {:>9}",
        "format", "messages", "MB", "MB/s", "messages/s", "x floor"
    );
    for layout in LAYOUTS.iter().filter(|layout| wanted(layout.format)) {
        measure(layout.format, layout.write(folder.path(), 8, BYTES).unwrap());
    }
    for database in DATABASES.iter().filter(|database| wanted(database.format)) {
        measure(database.format, database.write(folder.path(), 8, BYTES / 4).unwrap());
    }
}

fn measure(format: &str, (path, messages, bytes): (PathBuf, usize, usize)) {
    let took = median(|| assert_eq!(read(&path), (messages, 0), "{format}"));
    let floor = median(|| assert!(black_box(n_lines(&path)) < bytes));
    let (seconds, size) = (took.as_secs_f64(), bytes as f64 / 1e6);
    println!(
        "{format:<16} {messages:>9} {size:>7.1} {:>7.1} {:>11.0} {:>9.1}",
        size / seconds,
        messages as f64 / seconds,
        seconds / floor.as_secs_f64(),
    );
    let _ = std::fs::remove_file(&path);
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| timed(&mut work).1).collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

/// Messages, and rows that are none.
fn read(path: &Path) -> (usize, usize) {
    let options = Options {
        zone: jiff::tz::TimeZone::get("America/New_York").ok(),
        dates: Some(DateOrder::DayMonthYear),
        ..Options::default()
    };
    let mut reader = open(path, &options).unwrap();
    let mut counts = (0, 0);
    while let Some(chunk) = reader.next().unwrap() {
        counts.0 += chunk.batch.len();
        counts.1 += chunk.unreadable.len();
    }
    counts
}

/// The lines of a file, or of all files of a folder.
fn n_lines(path: &Path) -> usize {
    if path.is_dir() {
        return std::fs::read_dir(path)
            .unwrap()
            .map(|entry| n_lines(&entry.unwrap().path()))
            .sum();
    }
    let (mut file, mut buffer, mut n) = (File::open(path).unwrap(), vec![0; 64 << 10], 0);
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => return n,
            read => n += memchr::memchr_iter(b'\n', &buffer[..read]).count(),
        }
    }
}
