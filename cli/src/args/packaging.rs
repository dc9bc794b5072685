//! `completions` and `man`

use std::path::PathBuf;

use clap::Args;

/// `completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell; they go to stdout
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// `man`
#[derive(Debug, Args)]
pub struct Man {
    /// The folder to write the pages into; it is made where there is none
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}
