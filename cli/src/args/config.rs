//! `config`

use clap::{Args, Subcommand};

use super::TableReport;

/// `config`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Every setting with its value
    Show(ShowConfig),
}

/// `config show`
#[derive(Debug, Args)]
pub struct ShowConfig {
    /// Say where each value comes from: a flag, the environment, the project, the user, a default
    #[arg(long)]
    pub origin: bool,
    #[command(flatten)]
    pub table: TableReport,
}
