//! Many events from one CSV file: every line that is wrong is named, and then none is taken.

use std::path::Path;

use lexhold_catalog::payload::EventItem;

use super::change::sound;
use crate::failure::{Exit, Failure};
use crate::load::read_bytes;
use crate::terminal::say;

/// The columns; `type` may be said once for all lines by `--type`, the last two may be missing.
const COLUMNS: [&str; 5] = ["type", "key", "date", "evidence", "reason"];
/// Lines named in a refusal.
const NAMED: usize = 50;

/// The events of a file; what the file leaves out is as `given`.
pub fn read(path: &Path, given: &EventItem) -> anyhow::Result<Vec<EventItem>> {
    let bytes = read_bytes(path)?;
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(bytes);
    let mut wrong = Wrong::default();
    let places = match reader.headers() {
        Ok(headers) => columns(headers, given, &mut wrong),
        Err(error) => {
            wrong.add(1, &csv_trouble(&error));
            [None; 5]
        }
    };
    let mut items = Vec::new();
    if wrong.lines.is_empty() {
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    let item = item(&record, places, given);
                    match sound(&item) {
                        Ok(()) => items.push(item),
                        Err(why) => wrong.add(line, &why),
                    }
                }
                Err(error) => wrong.add(error.position().map_or(0, csv::Position::line), &csv_trouble(&error)),
            }
        }
    }
    wrong.refuse(path)?;
    if items.is_empty() {
        return Err(Failure::new(Exit::Policy, format!("{}: no event is in it", path.display())).into());
    }
    Ok(items)
}

/// Where each of [`COLUMNS`] stands.
fn columns(headers: &csv::StringRecord, given: &EventItem, wrong: &mut Wrong) -> [Option<usize>; 5] {
    let places = COLUMNS.map(|name| headers.iter().position(|header| header == name));
    for header in headers.iter().filter(|header| !COLUMNS.contains(header)) {
        let help = lexhold_document::did_you_mean(header, COLUMNS).map_or_else(String::new, |help| format!("; {help}"));
        wrong.add(1, &format!("unknown column `{header}`{help}"));
    }
    for (at, name) in COLUMNS.iter().enumerate().take(3) {
        let n = headers.iter().filter(|header| header == name).count();
        match n {
            0 if at > 0 || given.event.is_empty() => wrong.add(1, &format!("no column `{name}`")),
            0 | 1 => {}
            _ => wrong.add(1, &format!("two columns `{name}`")),
        }
    }
    places
}

fn item(record: &csv::StringRecord, places: [Option<usize>; 5], given: &EventItem) -> EventItem {
    let value = |at: usize| {
        let value = places[at].and_then(|place| record.get(place));
        value.filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let evidence = value(3);
    EventItem {
        event: value(0).unwrap_or_else(|| given.event.clone()),
        key: value(1).unwrap_or_default(),
        date: value(2),
        evidence_digest: given.evidence_digest.clone().filter(|_| evidence.is_none()),
        evidence: evidence.or_else(|| given.evidence.clone()),
        reason: value(4).or_else(|| given.reason.clone()),
        supersedes: None,
    }
}

fn csv_trouble(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} values under {expected_len} columns")
        }
        _ => "not CSV".to_owned(),
    }
}

/// What is wrong, line by line.
#[derive(Default)]
struct Wrong {
    lines: Vec<(u64, String)>,
}

impl Wrong {
    fn add(&mut self, line: u64, why: &str) {
        self.lines.push((line, why.to_owned()));
    }

    fn refuse(self, path: &Path) -> anyhow::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let n = self.lines.len();
        let plural = if n == 1 { "" } else { "s" };
        for (line, why) in self.lines.iter().take(NAMED) {
            let trouble = format!("{}:{line}: {why}", path.display());
            say(&lexhold_document::printable(&trouble));
        }
        if n > NAMED {
            say(&format!("and {} more", n - NAMED));
        }
        let message = format!("{}: {n} line{plural} cannot be recorded, so none was", path.display());
        Err(Failure::new(Exit::Data, message)
            .help("the columns are type, key, date, and if you like evidence and reason")
            .into())
    }
}
