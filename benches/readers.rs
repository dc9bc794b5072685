//! Readers of exports, each on its own format made large: megabytes a second on one core.
//!
//! `readers FORMAT` reads one format once more and again for a profile. Counts are stated, so that a wrong answer fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that panics has failed"
)]

use std::path::Path;

use lexhold_benches::clock::timed;
use lexhold_benches::exports::LAYOUTS;
use lexhold_formats::{DateOrder, Options, open};

/// How often each figure is taken; the median is told.
const ROUNDS: usize = 5;
/// How large each export is.
const BYTES: usize = 64 << 20;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let only = std::env::args().nth(1).filter(|argument| !argument.starts_with("--"));
    let mut layouts = LAYOUTS
        .iter()
        .filter(|layout| only.as_deref().is_none_or(|only| only == layout.format));
    println!(
        "{:<10} {:>9} {:>8} {:>8} {:>12}",
        "format", "messages", "MB", "MB/s", "messages/s"
    );
    layouts.by_ref().for_each(|layout| {
        let (path, messages, bytes) = layout.write(folder.path(), 8, BYTES).unwrap();
        let mut times: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let (read, took) = timed(|| read(&path));
                assert_eq!(read, (messages, 0), "{}", layout.format);
                took.as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let (seconds, size) = (times[ROUNDS / 2], bytes as f64 / 1e6);
        let (format, rate) = (layout.format, messages as f64 / seconds);
        println!(
            "{format:<10} {messages:>9} {size:>8.1} {:>8.1} {rate:>12.0}",
            size / seconds
        );
    });
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
