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
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: SummaryFormat,
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
