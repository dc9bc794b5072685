//! JUnit's XML: a suite a file, a case for whatever was tried in it.
//!
//! A template with the escaper of the HTML reports; the libraries for this format bring an XML writer, a clock and random ids.

use askama::Template;

/// One document.
#[derive(Template)]
#[template(path = "junit.xml")]
pub struct Junit<'a> {
    name: &'static str,
    suites: Vec<Suite<'a>>,
}

struct Suite<'a> {
    file: &'a str,
    cases: Vec<Case<'a>>,
}

/// What was tried, and what came of it.
pub struct Case<'a> {
    /// The file that it stands in.
    pub file: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// Where it stands, counted from one.
    pub line: usize,
    /// `pass`, `fail`, `error`, `todo`.
    pub outcome: &'static str,
    /// What went wrong, in one line.
    pub message: String,
    /// More about it.
    pub lines: Vec<String>,
}

impl<'a> Junit<'a> {
    /// The cases, in the order of their files.
    pub fn new(name: &'static str, cases: impl IntoIterator<Item = Case<'a>>) -> Self {
        let mut suites: Vec<Suite<'a>> = Vec::new();
        for case in cases {
            match suites.last_mut() {
                Some(suite) if suite.file == case.file => suite.cases.push(case),
                _ => suites.push(Suite {
                    file: case.file,
                    cases: vec![case],
                }),
            }
        }
        Self { name, suites }
    }

    fn n_cases(&self) -> usize {
        self.suites.iter().map(|suite| suite.cases.len()).sum()
    }

    fn count(&self, outcome: &str) -> usize {
        self.suites.iter().map(|suite| suite.count(outcome)).sum()
    }
}

impl Suite<'_> {
    fn count(&self, outcome: &str) -> usize {
        self.cases.iter().filter(|case| case.outcome == outcome).count()
    }
}
