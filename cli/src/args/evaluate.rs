//! `evaluate`

use std::path::PathBuf;

use clap::Args;

use super::ReadAs;

/// `evaluate`
#[derive(Debug, Args)]
pub struct Evaluate {
    /// Exports and message files, as for `run`; `-` is stdin
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub read_as: ReadAs,
    /// The facts of the home, as `run --facts-to` wrote them
    #[arg(long, value_name = "FILE")]
    pub facts: PathBuf,
    /// The folder to make, for `run --from-evaluation`
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Unreadable messages to put up with
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub max_unreadable: u64,
}
