//! `backup`, `restore`

use std::path::PathBuf;

use clap::Args;

/// `backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// The folder to make; whoever can read it can read every message, and sign as the home
    pub out: PathBuf,
    /// How long it is kept, such as `P90D`: until then it is a pending copy of whatever is destroyed meanwhile
    #[arg(long, value_name = "PERIOD")]
    pub expires: Option<String>,
}

/// `restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup; it is brought back into --home, which has to be empty or not there
    pub backup: PathBuf,
    /// A home, or a folder with its journal/, that went on from the backup: what was held, released and destroyed since
    #[arg(long, value_name = "DIR")]
    pub journal: Option<PathBuf>,
    /// Nothing newer than the backup is left of the journal: what was held, released and destroyed since stays unknown
    #[arg(long, conflicts_with = "journal")]
    pub journal_lost: bool,
    /// Somebody else who stands by it
    #[arg(long, value_name = "OPERATOR", value_delimiter = ',')]
    pub confirmed_by: Vec<String>,
}
