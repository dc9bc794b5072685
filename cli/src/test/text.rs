//! Results for people: what did not come out as written, or everything.

use std::io::Write;

use lexhold_document::{Files, Place, printable};
use lexhold_evaluate::{CaseResult, Mismatch, Outcome};

use super::Report;
use crate::settings::Settings;

/// Prints the failures to stdout; with `-v` every test.
pub fn print(settings: &Settings, files: &Files, report: &Report) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for result in &report.results {
        let quiet = matches!(result.outcome, Outcome::Pass | Outcome::Todo(_));
        if !quiet || settings.verbose > 0 {
            write!(out, "{}", lines(files, result))?;
        }
    }
    Ok(())
}

fn lines(files: &Files, result: &CaseResult) -> String {
    let word = result.outcome.as_str();
    let head = format!("{word:<5} {}: {}", at(files, result.place), printable(&result.name));
    match &result.outcome {
        Outcome::Pass => head + "\n",
        Outcome::Todo(why) => format!("{head} ({})\n", printable(why)),
        Outcome::Error(errors) => {
            let lines = errors
                .iter()
                .map(|error| format!("      {}: {}\n", error.code, printable(&error.message)));
            head + "\n" + &lines.collect::<String>()
        }
        Outcome::Fail(wrong) => {
            let blocks = wrong.iter().map(|one| difference(files, one));
            head + "\n" + &blocks.collect::<String>()
        }
    }
}

/// What was expected and what came, one below the other.
pub fn difference(files: &Files, wrong: &Mismatch) -> String {
    format!(
        "      {}: {}\n        expected  {}\n        found     {}\n",
        at(files, wrong.place),
        wrong.what,
        printable(&wrong.expected),
        printable(&wrong.found)
    )
}

/// `file:line:column`
pub fn at(files: &Files, place: Place) -> String {
    let (line, column) = files.position(place);
    format!("{}:{line}:{column}", printable(files.path(place.file)))
}
