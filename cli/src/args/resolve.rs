//! `retention resolve`

use clap::Args;

/// `retention resolve`
#[derive(Debug, Args)]
pub struct RetentionResolve {
    /// The message's id, the platform's own id, or any part of either
    #[arg(value_name = "MESSAGE")]
    pub message: String,
    /// A schedule of the active bundle that applies to it; may repeat
    #[arg(long, value_name = "DOCUMENT.SCHEDULE", required_unless_present = "none")]
    pub schedule: Vec<String>,
    /// A document of which no schedule applies to it; may repeat
    #[arg(long, value_name = "DOCUMENT")]
    pub none: Vec<String>,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Another operator who stands by it
    #[arg(long, value_name = "OPERATOR", required = true)]
    pub confirmed_by: Vec<String>,
    /// Answer as one JSON object
    #[arg(long)]
    pub json: bool,
}
