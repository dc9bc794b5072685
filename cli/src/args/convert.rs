//! `convert`, and what every verb that reads messages can be told about them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What an export does not say of itself.
#[derive(Clone, Debug, Args)]
pub struct ReadAs {
    /// The zone of the clock in exports that name none, such as America/New_York; never guessed
    #[arg(long, value_name = "ZONE")]
    pub source_zone: Option<String>,
    /// The order of dates in exports that could be read in two ways
    #[arg(long, value_enum, value_name = "ORDER")]
    pub source_dates: Option<DatesAre>,
    /// The mapping document of tables whose columns are not those of messages; every input is such a table (`sources csv`)
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
}

/// In which order the numbers of a date stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DatesAre {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
    /// Year, month, day.
    Ymd,
}

/// `convert`
#[derive(Debug, Args)]
pub struct Convert {
    /// Exports and message files, as for `run`; `-` is stdin
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub read_as: ReadAs,
    /// The form of the messages
    #[arg(long, value_enum, default_value_t)]
    pub format: MessageFormat,
    /// Write there instead of stdout
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Unreadable messages to put up with
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub max_unreadable: u64,
}

/// The forms of messages that `run` reads again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// One JSON object a line.
    #[default]
    Ndjson,
    /// RFC 4180, with a header; lists and structures are JSON.
    Csv,
    /// Apache Parquet, with typed columns.
    Parquet,
}
