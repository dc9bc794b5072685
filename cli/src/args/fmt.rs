//! `fmt`

use std::path::PathBuf;

use clap::Args;

/// `fmt`
#[derive(Debug, Args)]
pub struct Fmt {
    /// Files or folders; `-` is stdin, laid out on stdout [default: the policies and rulesets]
    pub paths: Vec<PathBuf>,
    /// Change nothing; list the files that would change
    #[arg(long)]
    pub check: bool,
    /// Change nothing; print what would change
    #[arg(long)]
    pub diff: bool,
    /// What stdin is called in diagnostics
    #[arg(long, value_name = "NAME", default_value = "stdin")]
    pub stdin_filename: String,
}
