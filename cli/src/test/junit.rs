//! JUnit's XML: a suite a file, a test case a test.
//!
//! A template with the escaper of the HTML reports; the libraries for this format bring an XML writer, a clock and random ids.

use askama::Template;
use lexhold_document::Files;
use lexhold_evaluate::{CaseResult, Outcome};

use super::Report;
use super::text::details;

#[derive(Template)]
#[template(path = "junit.xml")]
struct Junit<'a> {
    n_tests: usize,
    n_failures: usize,
    n_errors: usize,
    suites: Vec<Suite<'a>>,
}

struct Suite<'a> {
    file: &'a str,
    cases: Vec<Case<'a>>,
}

struct Case<'a> {
    name: &'a str,
    line: usize,
    outcome: &'static str,
    message: String,
    lines: Vec<String>,
}

impl Suite<'_> {
    fn count(&self, outcome: &str) -> usize {
        self.cases.iter().filter(|case| case.outcome == outcome).count()
    }
}

/// The results as one XML document.
pub fn junit(files: &Files, report: &Report) -> anyhow::Result<String> {
    let mut suites: Vec<Suite<'_>> = Vec::new();
    for result in &report.results {
        let file = files.path(result.place.file);
        if suites.last().is_none_or(|suite| suite.file != file) {
            suites.push(Suite {
                file,
                cases: Vec::new(),
            });
        }
        if let Some(suite) = suites.last_mut() {
            suite.cases.push(case(files, result));
        }
    }
    let junit = Junit {
        n_tests: report.results.len(),
        n_failures: report.count("fail"),
        n_errors: report.count("error"),
        suites,
    };
    Ok(junit.render()?)
}

fn case<'a>(files: &Files, result: &'a CaseResult) -> Case<'a> {
    let message = match &result.outcome {
        Outcome::Pass => String::new(),
        Outcome::Todo(why) => why.clone(),
        Outcome::Fail(wrong) => {
            let first = wrong
                .first()
                .map(|one| format!("{}: expected {}, found {}", one.what, one.expected, one.found));
            first.unwrap_or_default()
        }
        Outcome::Error(errors) => errors
            .first()
            .map(|error| format!("{}: {}", error.code, error.message))
            .unwrap_or_default(),
    };
    Case {
        name: &result.name,
        line: files.position(result.place).0,
        outcome: result.outcome.as_str(),
        message,
        lines: details(files, result).lines().map(str::to_owned).collect(),
    }
}
