//! `sources`

use clap::Args;

/// `sources`
#[derive(Debug, Args)]
pub struct Sources {
    /// Print the manual of one format: how to get the export, what is read, what the product leaves out
    #[arg(value_name = "FORMAT")]
    pub source: Option<String>,
    /// How to print the list: text, ndjson, csv
    #[arg(long, value_enum, default_value_t, conflicts_with = "source")]
    pub format: super::TableFormat,
}

/// `report sources`
#[derive(Debug, Args)]
pub struct SourcesReport {
    #[command(flatten)]
    pub table: super::TableReport,
    /// How many messages the home should have read, or a counts document (YAML or CSV): fewer make the answer negative
    #[arg(long, value_name = "N|FILE")]
    pub expected: Option<String>,
    /// List numbers that are missing between messages instead, where a platform numbers them
    #[arg(long, conflicts_with = "expected")]
    pub gaps: bool,
}
