//! `test`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::forms::output;

/// `test`
#[derive(Debug, Args)]
pub struct Test {
    /// Files or folders whose tests are run [default: the policies and rulesets]
    pub paths: Vec<PathBuf>,
    /// Only tests with this in their name or file
    #[arg(long, value_name = "TEXT", env = "LEXHOLD_TEST_FILTER")]
    pub filter: Option<String>,
    /// Say what no test has seen: rules that never fire or are never quiet, conditions that are never true or never false
    #[arg(long, env = "LEXHOLD_TEST_COVERAGE", conflicts_with = "filter")]
    pub coverage: bool,
    /// The share that has to be seen, of each file and of all, in percent
    #[arg(
        long,
        value_name = "PERCENT",
        value_parser = clap::value_parser!(u64).range(0..=100),
        env = "LEXHOLD_TEST_MIN_COVERAGE",
        conflicts_with = "filter"
    )]
    pub min_coverage: Option<u64>,
    /// Change the documents in one place after the other, and say which changes no test notices
    #[arg(long, conflicts_with = "filter")]
    pub mutate: bool,
    /// How many changes may go unnoticed
    #[arg(long, value_name = "N", env = "LEXHOLD_TEST_MAX_SURVIVORS", requires = "mutate")]
    pub max_survivors: Option<usize>,
    /// Put what came in place of expectations that failed, show the difference, then run the tests
    #[arg(long, conflicts_with_all = ["mutate", "coverage", "min_coverage"])]
    pub update: bool,
    /// The form of the results; may repeat, all but one with an --output of their own
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        value_delimiter = ',',
        default_value = "text",
        env = "LEXHOLD_TEST_FORMAT"
    )]
    pub format: Vec<TestFormat>,
    /// Write the results in a form to a file; may repeat
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output::<TestFormat>, env = "LEXHOLD_TEST_OUTPUT", value_delimiter = ',')]
    pub output: Vec<(TestFormat, PathBuf)>,
}

impl Test {
    /// Whether it is asked what tests have seen.
    pub fn wants_coverage(&self) -> bool {
        let lcov = self.format.iter().chain(self.output.iter().map(|(format, _)| format));
        self.coverage || self.min_coverage.is_some() || lcov.into_iter().any(|format| *format == TestFormat::Lcov)
    }
}

/// The form of the results of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// JUnit's XML.
    Junit,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// What tests have seen, for tools that show coverage.
    Lcov,
    /// Annotations of a GitHub workflow, and its summary.
    Github,
}
