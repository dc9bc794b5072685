//! `verify`

use std::path::PathBuf;

use clap::Args;

/// `verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// Checkpoints that were kept elsewhere, which the journal has to agree with
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
    /// Check this certificate alone; no home is needed
    #[arg(long, value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,
    /// A public key of the home, as `keys export` writes it, or a file with some
    #[arg(long, value_name = "KEY", requires = "certificate")]
    pub key: Option<String>,
}
