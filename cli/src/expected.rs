//! `--expected`: how many messages somebody says that there are, and whether so many were read.

use std::path::Path;

use indicatif::HumanCount;
use lexhold_catalog::SourceRow;
use lexhold_document::Kind;
use lexhold_evaluate::{ExpectedCount, compile_counts};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::load::{Project, read_bytes};
use crate::report::source_name;
use crate::settings::Settings;
use crate::terminal::say;

/// What is expected.
pub struct Expected(Vec<ExpectedCount>);

/// A count, and what was read.
pub struct Compared {
    expected: ExpectedCount,
    found: u64,
}

impl Expected {
    /// What a number or the name of a file says.
    pub fn read(settings: &Settings, text: &str) -> anyhow::Result<Self> {
        if let Ok(messages) = text.parse() {
            let all = ExpectedCount {
                source: None,
                day: None,
                messages,
            };
            return Ok(Self(vec![all]));
        }
        let path = Path::new(text);
        let counts = if path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
        {
            of_csv(path)?
        } else {
            of_document(settings, path)?
        };
        if counts.is_empty() {
            return Err(Failure::new(Exit::Policy, format!("{text}: no count is in it")).into());
        }
        Ok(Self(counts))
    }

    /// Compares each count with what was read.
    pub fn compare(self, rows: &[SourceRow]) -> Vec<Compared> {
        let found = |expected: &ExpectedCount| {
            let rows = rows.iter().filter(|row| covers(expected, row));
            rows.map(|row| row.tally.read - row.tally.unreadable).sum()
        };
        let compared = self.0.into_iter().map(|expected| Compared {
            found: found(&expected),
            expected,
        });
        compared.collect()
    }
}

impl Compared {
    /// Whether fewer messages were read than there should be.
    pub fn is_short(&self) -> bool {
        self.found < self.expected.messages
    }

    /// The same for a machine.
    pub fn json(&self) -> Value {
        json!({
            "source": self.expected.source,
            "day": self.expected.day.map(|day| day.to_string()),
            "expected": self.expected.messages,
            "found": self.found,
        })
    }
}

/// Says where counts differ; whether any is short.
pub fn say_differences(compared: &[Compared]) -> bool {
    for one in compared.iter().filter(|one| one.found != one.expected.messages) {
        let (found, expected) = (one.found, one.expected.messages);
        let what = one.expected.source.as_deref().unwrap_or("all sources");
        let day = one.expected.day.map_or_else(String::new, |day| format!(" on {day}"));
        let differs = match found < expected {
            true => format!("{} missing", HumanCount(expected - found)),
            false => format!("{} more", HumanCount(found - expected)),
        };
        let counts = format!("{} expected, {} read", HumanCount(expected), HumanCount(found));
        say(&lexhold_document::printable(&format!(
            "{what}{day}: {counts}, {differs}"
        )));
    }
    compared.iter().any(Compared::is_short)
}

/// Whether a count speaks of a row: the source is named by the last parts of the path of the input, or of a file or folder in it.
fn covers(expected: &ExpectedCount, row: &SourceRow) -> bool {
    let day = expected.day.map(|day| day.to_string());
    if day.is_some() && day != row.tally.day {
        return false;
    }
    let Some(source) = expected.source.as_deref() else {
        return true;
    };
    let name = source_name(row);
    let ends = name.match_indices('/').map(|(at, _)| at).chain([name.len()]);
    let ends = ends.filter(|at| *at >= row.path.trim_end_matches('/').len());
    let mut inside = ends.map(|at| &name[..at]);
    let source = source.trim_end_matches('/');
    inside.any(|name| {
        name.strip_suffix(source)
            .is_some_and(|before| before.is_empty() || before.ends_with('/'))
    })
}

fn of_document(settings: &Settings, path: &Path) -> anyhow::Result<Vec<ExpectedCount>> {
    let mut project = Project::read(settings, &[])?;
    let document = project.read_one(&settings.root, path)?;
    let counts = match &document {
        Some(document) if document.kind == Kind::Counts => compile_counts(document, &mut project.diagnostics),
        Some(_) => {
            let failure = Failure::new(Exit::Policy, format!("{} is no `counts:` document", path.display()));
            return Err(failure.help("lexhold schema counts says what stands in one").into());
        }
        None => Vec::new(),
    };
    project.report(settings, "the counts")?;
    Ok(counts)
}

/// Columns `source` and `day`, which may be missing, and `messages`.
fn of_csv(path: &Path) -> anyhow::Result<Vec<ExpectedCount>> {
    let bytes = read_bytes(path)?;
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let wrong = |line: u64, why: &str| {
        let failure = Failure::new(Exit::Policy, format!("{}:{line}: {why}", path.display()));
        failure.help("the columns are messages, and if you like source and day")
    };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let headers = reader.headers().map_err(|_| wrong(1, "not CSV"))?.clone();
    let unknown = headers
        .iter()
        .find(|name| !["source", "day", "messages"].contains(name));
    if let Some(name) = unknown {
        return Err(wrong(1, &format!("unknown column `{name}`")).into());
    }
    let at = |wanted: &str| headers.iter().position(|name| name == wanted);
    let places = [at("source"), at("day"), at("messages")];
    let mut counts = Vec::new();
    for record in reader.records() {
        let line_of = |position: Option<&csv::Position>| position.map_or(0, csv::Position::line);
        let record = record.map_err(|error| wrong(line_of(error.position()), "not CSV with so many columns"))?;
        let line = line_of(record.position());
        let value = |at: usize| {
            places[at]
                .and_then(|at| record.get(at))
                .filter(|value| !value.is_empty())
        };
        let day = value(1).map(str::parse).transpose();
        counts.push(ExpectedCount {
            source: value(0).map(str::to_owned),
            day: day.map_err(|_| wrong(line, "`day` is no date such as 2026-10-01"))?,
            messages: value(2)
                .and_then(|n| n.parse().ok())
                .ok_or_else(|| wrong(line, "`messages` is no whole number"))?,
        });
    }
    Ok(counts)
}
