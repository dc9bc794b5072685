//! `case`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::TableReport;

/// `case`
#[derive(Debug, Args)]
pub struct Case {
    #[command(subcommand)]
    pub what: CaseKind,
}

/// The verbs of `case`.
#[derive(Debug, Subcommand)]
pub enum CaseKind {
    /// Open a case; nothing that it rests on is disposed of until it is closed
    Open {
        /// Its name, never used again
        #[arg(value_name = "NAME")]
        name: String,
        /// What it is about
        #[arg(long, value_name = "TEXT")]
        matter: String,
        #[command(flatten)]
        evidence: Evidence,
    },
    /// Add messages to an open case
    Add {
        /// The case
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        evidence: Evidence,
    },
    /// End a case, by two people; cases never end by themselves
    Close {
        /// The case
        #[arg(value_name = "NAME")]
        name: String,
        /// Why, for the journal
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Another operator who stands by it
        #[arg(long, value_name = "OPERATOR")]
        confirmed_by: Option<String>,
    },
    /// Every case with its age, open ones first, the oldest first; without sight of silent holds, those you opened
    List {
        /// Closed ones too
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        table: TableReport,
    },
    /// The messages of a case
    Show {
        /// The case
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        table: TableReport,
    },
}

/// What a case rests on.
#[derive(Debug, Args)]
pub struct Evidence {
    /// A message: its id, the platform's own id, or any part of either; may repeat
    #[arg(long, value_name = "ID")]
    pub message: Vec<String>,
    /// A file with the id of a message on each line
    #[arg(long, value_name = "FILE")]
    pub messages: Option<PathBuf>,
    /// The messages that an alert has now; may repeat
    #[arg(long, value_name = "ALERT")]
    pub alert: Vec<String>,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}
