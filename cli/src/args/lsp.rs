//! `lsp`

use clap::Args;

/// `lsp`
#[derive(Debug, Args)]
pub struct Lsp {
    /// Speak over stdin and stdout, as always; editors that ask for it by habit may
    #[arg(long)]
    pub stdio: bool,
}
