//! `clock`

use clap::Subcommand;

/// `clock`
#[derive(Debug, Subcommand)]
pub enum Clock {
    /// Whether the clock is believed by what the journal says
    Check,
    /// Attest that the clock is right now
    Attest {
        /// Why it has to be said: nothing was written for weeks, the clock was wrong
        #[arg(long)]
        reason: String,
        /// Somebody else who stands by it
        #[arg(long, value_name = "OPERATOR", value_delimiter = ',')]
        confirmed_by: Vec<String>,
        /// Journal entries that were written with a wrong time, as SEQ or FIRST-LAST; may repeat
        #[arg(long, value_name = "ENTRIES", value_delimiter = ',')]
        wrong: Vec<String>,
    },
}
