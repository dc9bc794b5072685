//! `check`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::forms::output;

/// `check`
#[derive(Debug, Args)]
pub struct Check {
    /// Files or folders [default: the policies and rulesets]
    pub paths: Vec<PathBuf>,
    /// The form in which problems are told; may repeat, all but one with an --output of their own
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        value_delimiter = ',',
        default_value = "text"
    )]
    pub format: Vec<CheckFormat>,
    /// Write the problems in a form to a file; may repeat
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output::<CheckFormat>, value_delimiter = ',')]
    pub output: Vec<(CheckFormat, PathBuf)>,
    /// The level from which on the answer is negative
    #[arg(long, value_enum, default_value_t)]
    pub fail_on: CheckLevel,
    /// Write the fixes that are safe into the files, and tell what is left
    #[arg(long)]
    pub fix: bool,
    /// With --fix: change nothing, and print what would change
    #[arg(long, requires = "fix")]
    pub diff: bool,
    /// Problems to print at most
    #[arg(long, value_name = "N")]
    pub max_errors: Option<usize>,
}

/// How `check` prints problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With source excerpts, on stderr.
    Text,
    /// One line each: file:line:column: code message.
    Concise,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit's XML.
    Junit,
    /// Annotations of a GitHub workflow, and its summary.
    Github,
    /// GitLab's code quality report.
    Gitlab,
}

/// The level from which on `check` fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckLevel {
    /// Warnings too.
    Warning,
    /// Errors only.
    #[default]
    Error,
}
