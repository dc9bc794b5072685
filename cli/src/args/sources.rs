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
