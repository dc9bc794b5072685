//! Results for people: what did not come out as written, or everything.

use lexhold_document::{Files, Place, printable};
use lexhold_evaluate::{CaseResult, Mismatch, Outcome};

use super::Report;

/// The failures, or every test, what no test has seen, and which changes none would notice.
pub fn text(files: &Files, report: &Report, all: bool) -> String {
    let mut shown = String::new();
    for result in &report.results {
        let quiet = matches!(result.outcome, Outcome::Pass | Outcome::Todo(_));
        if !quiet || all {
            let todo = match &result.outcome {
                Outcome::Todo(why) => format!(" ({})", printable(why)),
                _ => String::new(),
            };
            let (word, place) = (result.outcome.as_str(), at(files, result.place));
            shown += &format!("{word:<5} {place}: {}{todo}\n", printable(&result.name));
            shown += &details(files, result);
        }
    }
    let unseen = report.coverage.iter().flat_map(|coverage| coverage.lines(files));
    let survived = report.mutants.iter().flat_map(|mutants| mutants.lines(files, all));
    shown + &unseen.chain(survived).map(|line| line + "\n").collect::<String>()
}

/// What is wrong with a test, or with what came of it.
pub fn details(files: &Files, result: &CaseResult) -> String {
    match &result.outcome {
        Outcome::Pass | Outcome::Todo(_) => String::new(),
        Outcome::Error(errors) => errors
            .iter()
            .map(|error| format!("      {}: {}\n", error.code, printable(&error.message)))
            .collect(),
        Outcome::Fail(wrong) => wrong.iter().map(|one| difference(files, one)).collect(),
    }
}

/// What was expected and what came, one below the other.
fn difference(files: &Files, wrong: &Mismatch) -> String {
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
