//! `dispose`: plans of what is to go, what people say of them, and carrying them out.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{SummaryFormat, TableReport};

/// `dispose`
#[derive(Debug, Args)]
pub struct Dispose {
    /// What to do
    #[command(subcommand)]
    pub what: DisposeKind,
}

/// What `dispose` does.
#[derive(Debug, Subcommand)]
pub enum DisposeKind {
    /// Freeze a plan of the messages whose time is over and that nothing keeps
    Propose(ProposeDisposal),
    /// Stand by a plan, in the stage that comes next
    Approve(ApproveDisposal),
    /// Reject a plan, or take some of its items out
    Reject(RejectDisposal),
    /// Keep items of a plan for longer: they are sent back, and in no plan before the day is over
    Extend(ExtendDisposal),
    /// Destroy what an approved plan names and nothing keeps by now
    Execute(ExecuteDisposal),
    /// Take in what the firm's own archive says became of messages that it was to destroy (`store: external`)
    Answer(AnswerDisposal),
    /// Hand over what a plan says another keeper is to have (`action: transfer`); nothing of it goes before that keeper's receipt
    Transfer(TransferDisposal),
    /// Take in the receipt of another keeper, by the hashes of what came
    Receipt(ReceiptOfTransfer),
    /// Put on record that a copy outside the home is no more, with all that was destroyed before
    Gone(CopyGoneArgs),
    /// The plans, and how far each has come
    Status(TableReport),
    /// The certificate of a plan that was carried out
    Certificate(DisposalCertificate),
}

/// `dispose propose`
#[derive(Debug, Args)]
pub struct ProposeDisposal {
    /// Only messages under this schedule, `document.schedule`; may repeat
    #[arg(long, value_name = "SCHEDULE")]
    pub schedule: Vec<String>,
    /// Messages to propose at most; versions of one message stay together
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Write the plan with all its items here, for whoever is to approve it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: SummaryFormat,
    /// End with 10 where a new plan was made
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `dispose approve`
#[derive(Debug, Args)]
pub struct ApproveDisposal {
    /// The plan
    #[arg(value_name = "PLAN")]
    pub plan: String,
}

/// `dispose reject`
#[derive(Debug, Args)]
pub struct RejectDisposal {
    /// The plan
    #[arg(value_name = "PLAN")]
    pub plan: String,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// Take only this message out, and leave the rest; may repeat
    #[arg(long, value_name = "MESSAGE")]
    pub exclude: Vec<String>,
}

/// `dispose extend`
#[derive(Debug, Args)]
pub struct ExtendDisposal {
    /// The plan
    #[arg(value_name = "PLAN")]
    pub plan: String,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// The last day on which they are kept, in the home's zone
    #[arg(long, value_name = "DAY")]
    pub until: jiff::civil::Date,
    /// Only this message, with all its versions; may repeat
    #[arg(long, value_name = "MESSAGE")]
    pub message: Vec<String>,
}

/// `dispose execute`
#[derive(Debug, Args)]
pub struct ExecuteDisposal {
    /// The plan
    #[arg(value_name = "PLAN")]
    pub plan: String,
    /// Write what the firm's own archive has to do here (`store: external`)
    #[arg(long, value_name = "FILE")]
    pub work: Option<PathBuf>,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: SummaryFormat,
}

/// `dispose answer`
#[derive(Debug, Args)]
pub struct AnswerDisposal {
    /// The plan
    #[arg(value_name = "PLAN")]
    pub plan: String,
    /// One JSON object a line, with `key` and `content_hash` of the order and an `outcome`: `destroyed`, `not_found`, `found`,
    /// `refused`, `locked` (with `until`), `timeout`; `read_back` says what was found when it was looked for again
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `dispose transfer`
#[derive(Debug, Args)]
pub struct TransferDisposal {
    /// The plan
    #[arg(value_name = "PLAN")]
    pub plan: String,
    /// Write the messages here, one JSON object a line with `key`, `version` and `message`
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Only what this keeper receives, where a plan has several
    #[arg(long, value_name = "NAME")]
    pub to: Option<String>,
}

/// `dispose receipt`
#[derive(Debug, Args)]
pub struct ReceiptOfTransfer {
    /// The plan
    #[arg(value_name = "PLAN")]
    pub plan: String,
    /// One JSON object a line, with the `key` of a line that came and the `sha256` of its bytes without the line feed
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `dispose gone`
#[derive(Debug, Args)]
pub struct CopyGoneArgs {
    /// The copy, as dispose status calls it: `backup-17`, or a name that lexhold.yaml declares
    #[arg(value_name = "COPY")]
    pub copy: String,
    /// Who says so, or why
    #[arg(long)]
    pub reason: String,
}

/// `dispose certificate`
#[derive(Debug, Args)]
pub struct DisposalCertificate {
    /// The plan
    #[arg(value_name = "PLAN")]
    pub plan: String,
    /// Prove that this message was among the items; may repeat
    #[arg(long, value_name = "MESSAGE")]
    pub item: Vec<String>,
    /// Write a page for people here instead
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}
