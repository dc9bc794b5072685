//! `schema`

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use lexhold_document::Kind;

/// `schema`
#[derive(Debug, Args)]
pub struct Schema {
    /// The kind of document [default: one schema for all of them]
    #[arg(value_name = "KIND", value_parser = PossibleValuesParser::new(Kind::ALL.map(Kind::key)))]
    pub kind: Option<String>,
    /// The edition of JSON Schema; some editors read the older one only
    #[arg(long, value_enum, default_value_t)]
    pub draft: SchemaDraft,
    /// Write one file a kind, and one for all, into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "kind")]
    pub out: Option<PathBuf>,
}

/// The editions of JSON Schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SchemaDraft {
    /// The newest edition.
    #[default]
    #[value(name = "2020-12")]
    Latest,
    /// Draft-07.
    #[value(name = "07")]
    Seven,
}
