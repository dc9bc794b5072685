//! `checkpoint`

use std::path::PathBuf;

use clap::Subcommand;

/// `checkpoint`
#[derive(Debug, Subcommand)]
pub enum Checkpoint {
    /// Sign how the journal stands now, for somebody outside to keep
    Export {
        /// Append it to this file, once everything in it has been found true
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Take in the signatures of witnesses under a checkpoint of this home
    Witness {
        /// The checkpoint as a witness of lexhold.yaml has signed it
        file: PathBuf,
    },
}
