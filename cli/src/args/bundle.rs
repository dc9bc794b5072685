//! `bundle`: policies and rulesets as one signed file.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{SummaryFormat, document_name};

/// `bundle`
#[derive(Debug, Subcommand)]
pub enum Bundle {
    /// Make one file of the policies and rulesets
    Build(BuildBundle),
    /// Sign a bundle's manifest with your key
    Sign(SignBundle),
    /// Check signatures, files, revision and days, by what lexhold.yaml trusts
    Verify(ReadBundle),
    /// What a bundle says of itself, with nothing checked but its form
    Inspect(ReadBundle),
}

/// `bundle build`
#[derive(Debug, Args)]
pub struct BuildBundle {
    /// The name, the same for every revision
    #[arg(long, value_name = "NAME", value_parser = document_name)]
    pub name: String,
    /// The revision: each one higher than the one before
    #[arg(long, value_name = "N")]
    pub revision: u64,
    /// From when on it counts: an instant, or a day in UTC [default: at once]
    #[arg(long, value_name = "WHEN")]
    pub not_before: Option<String>,
    /// Until when it counts: an instant, or a day in UTC, that day included [default: for ever]
    #[arg(long, value_name = "WHEN")]
    pub expires: Option<String>,
    /// The file to write [default: NAME-REVISION.tar.zst]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `bundle sign`
#[derive(Debug, Args)]
pub struct SignBundle {
    /// The bundle; the signature is put into it
    #[arg(value_name = "BUNDLE")]
    pub file: PathBuf,
    /// Your key [default: OPERATOR.key]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// `bundle verify` and `bundle inspect`
#[derive(Debug, Args)]
pub struct ReadBundle {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    pub file: PathBuf,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: SummaryFormat,
}
