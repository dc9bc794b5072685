//! `erasure`

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::{SummaryFormat, TableReport};

/// `erasure`
#[derive(Debug, Args)]
pub struct Erasure {
    #[command(subcommand)]
    pub what: ErasureKind,
}

/// What is done with requests for erasure.
#[derive(Debug, Subcommand)]
pub enum ErasureKind {
    /// Put a request on record and freeze the messages that it means; nothing follows until it is confirmed
    Request(Box<RequestErasure>),
    /// Confirm, as a second person, who asked and that the messages are theirs: from now on they are restricted, and what
    /// nothing keeps is queued for disposal
    Confirm(ConfirmErasure),
    /// Take more time for the answer, of which the person was told
    Extend(ExtendErasure),
    /// Stop the time for the answer while the person is asked for proof of who they are, and let it go on with the proof
    Proof(ProofErasure),
    /// Record the ground on which messages stay that no ground keeps by itself
    Ground(GroundErasure),
    /// Let messages go in spite of duties without a ground of their own: of contract, of the firm's interest, of foreign law
    Grant(GrantErasure),
    /// Answer a request: a letter that says what is gone, what goes, and what stays on which ground
    Answer(AnswerErasure),
    /// End a request that was withdrawn, or whose person could not be identified
    Close(CloseErasure),
    /// Every request with its figures, the overdue first; or how each message of one stands
    Status(ErasureStatus),
}

/// `erasure request`
#[derive(Debug, Args)]
#[command(
    after_help = "People and handles say whose messages are meant; conversations and days narrow that. Conversations alone mean all of \
theirs, and --message adds to the rest. Look before you freeze: --dry-run."
)]
pub struct RequestErasure {
    /// Its name, never used again
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Who asks, as you know them
    #[arg(long, value_name = "TEXT")]
    pub subject: String,
    /// The law that the request rests on
    #[arg(long, value_enum)]
    pub law: Law,
    /// Where the person is: a code such as DE or US-CA
    #[arg(long, value_name = "PLACE", value_parser = place)]
    pub located: String,
    /// Where the controller is established; may repeat
    #[arg(long, value_name = "PLACE", required = true, value_parser = place)]
    pub established: Vec<String>,
    /// The local day on which the request came in
    #[arg(long, value_name = "DAY")]
    pub received: Date,
    /// The controller's time zone [default: the zone of lexhold.yaml]
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// A person of the directory, under every handle that they ever had; may repeat
    #[arg(long, value_name = "ID")]
    pub person: Vec<String>,
    /// A handle, on all platforms or, as PLATFORM:HANDLE, on one; may repeat
    #[arg(long, value_name = "HANDLE")]
    pub handle: Vec<String>,
    /// Only messages of this conversation; may repeat
    #[arg(long, value_name = "ID")]
    pub conversation: Vec<String>,
    /// Only messages from this local day on
    #[arg(long, value_name = "DAY")]
    pub from: Option<Date>,
    /// Only messages until this local day
    #[arg(long, value_name = "DAY")]
    pub to: Option<Date>,
    #[command(flatten)]
    pub named: NamedMessages,
    /// List what would be frozen, and record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: SummaryFormat,
}

/// The laws that give a right to erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Law {
    /// Regulation (EU) 2016/679, Art. 17
    Gdpr,
    /// The same in the law of the United Kingdom
    UkGdpr,
    /// Cal. Civ. Code 1798.105
    Ccpa,
}

fn place(text: &str) -> Result<String, String> {
    let is_code = |part: &str| (2..=3).contains(&part.len()) && part.chars().all(|c| c.is_ascii_uppercase());
    let sound = match text.split_once('-') {
        None => is_code(text),
        Some((country, part)) => {
            is_code(country) && (1..=3).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
        }
    };
    if sound {
        Ok(text.to_owned())
    } else {
        Err("a place is a code such as DE, GB or US-CA".to_owned())
    }
}

/// Messages by id.
#[derive(Debug, Args)]
pub struct NamedMessages {
    /// A message: its id, the platform's own id, or any part of either; may repeat
    #[arg(long, value_name = "ID")]
    pub message: Vec<String>,
    /// A file with the id of a message on each line
    #[arg(long, value_name = "FILE")]
    pub messages: Option<PathBuf>,
}

/// Who stands by it.
#[derive(Debug, Args)]
pub struct ErasureStands {
    /// Another operator who stands by it; may repeat
    #[arg(long, value_name = "OPERATOR")]
    pub confirmed_by: Vec<String>,
}

/// `erasure confirm`
#[derive(Debug, Args)]
pub struct ConfirmErasure {
    /// The request
    #[arg(value_name = "NAME")]
    pub name: String,
    /// How the person was identified, for the journal
    #[arg(long, value_name = "TEXT")]
    pub evidence: String,
}

/// `erasure extend`
#[derive(Debug, Args)]
pub struct ExtendErasure {
    /// The request
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Why: it stands in the notice, too
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The local day on which the person was told
    #[arg(long, value_name = "DAY")]
    pub notified: Date,
}

/// `erasure proof`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("when").required(true).args(["asked", "received"])))]
pub struct ProofErasure {
    /// The request
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The local day on which the person was asked for proof: from then on the time stands still
    #[arg(long, value_name = "DAY", requires = "reason")]
    pub asked: Option<Date>,
    /// The local day on which the proof came in: from then on it goes on
    #[arg(long, value_name = "DAY")]
    pub received: Option<Date>,
    /// What was doubtful, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `erasure ground`
#[derive(Debug, Args)]
pub struct GroundErasure {
    /// The request
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The article, such as 17(3)(e)
    #[arg(long, value_name = "ARTICLE")]
    pub article: String,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub named: NamedMessages,
    #[command(flatten)]
    pub stands: ErasureStands,
}

/// `erasure grant`
#[derive(Debug, Args)]
pub struct GrantErasure {
    /// The request
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub named: NamedMessages,
    #[command(flatten)]
    pub stands: ErasureStands,
}

/// The forms of a letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LetterFormat {
    /// Plain text.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// A page to print, in one file.
    Html,
}

/// `erasure answer`
#[derive(Debug, Args)]
pub struct AnswerErasure {
    /// The request
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Print the last answer on record once more, and record nothing
    #[arg(long, conflicts_with = "preview")]
    pub again: bool,
    /// Print what the answer would be, and record nothing
    #[arg(long)]
    pub preview: bool,
    /// The form of the letter
    #[arg(long, value_enum, default_value_t)]
    pub format: LetterFormat,
    /// Write the letter here instead of stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub stands: ErasureStands,
}

/// How a request ends without an answer on the merits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ErasureOutcome {
    /// The person took it back
    Withdrawn,
    /// The person could not be identified, or the messages are somebody else's
    Unidentified,
}

/// `erasure close`
#[derive(Debug, Args)]
pub struct CloseErasure {
    /// The request
    #[arg(value_name = "NAME")]
    pub name: String,
    /// How it ended
    #[arg(long, value_enum)]
    pub outcome: ErasureOutcome,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub stands: ErasureStands,
}

/// `erasure status`
#[derive(Debug, Args)]
pub struct ErasureStatus {
    /// The request whose messages are listed [default: all requests, without their messages]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Requests that are over, too
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub table: TableReport,
}
