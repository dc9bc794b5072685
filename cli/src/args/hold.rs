//! `hold`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{SummaryFormat, TableReport};

/// `hold`
#[derive(Debug, Args)]
pub struct Hold {
    #[command(subcommand)]
    pub what: HoldKind,
}

/// What is done with holds.
#[derive(Debug, Subcommand)]
pub enum HoldKind {
    /// Place a hold, from a document or from flags: it counts at once, also while another process is at work
    Place(Box<PlaceHold>),
    /// Ask holds that are in force about messages that they have not been asked about yet
    Apply,
    /// End a hold: it destroys nothing, and what it held stays for thirty days more
    Release(ReleaseHold),
    /// Make a hold smaller: what it no longer covers is released
    Narrow(NarrowHold),
    /// The holds that you may know of
    List(ListHolds),
    /// Everything about one hold
    Show(ShowHold),
    /// Write notices for custodians to files, and put that on record; nothing is sent
    Notice(NoticeOfHold),
    /// Put on record that a custodian has acknowledged the notice
    Ack(AckHold),
}

/// `hold place`
#[derive(Debug, Args)]
#[command(
    after_help = "A hold covers what its custodians took part in, what its conversations hold, and the messages it names by id. \
Content dates, condition and query narrow custodians, conversations and `--scope everything`, never ids."
)]
pub struct PlaceHold {
    /// A hold document; without one, flags say what is held
    #[arg(value_name = "FILE", conflicts_with_all = ["name", "matter", "zone", "custodian", "conversation", "id", "scope", "from", "to", "when", "query", "silent", "expand", "anticipated_on"])]
    pub file: Option<PathBuf>,
    /// The hold's name
    #[arg(long, value_name = "NAME", required_unless_present = "file")]
    pub name: Option<String>,
    /// The case or inquiry for which it stands
    #[arg(long, value_name = "TEXT", required_unless_present = "file")]
    pub matter: Option<String>,
    /// The time zone of its content dates
    #[arg(long, value_name = "ZONE", required_unless_present = "file")]
    pub zone: Option<String>,
    /// Somebody whose messages are held: an id of the directory, or a handle; may repeat
    #[arg(long, value_name = "WHO")]
    pub custodian: Vec<String>,
    /// A conversation that is held; may repeat
    #[arg(long, value_name = "ID")]
    pub conversation: Vec<String>,
    /// A message that is held whatever else is said; may repeat
    #[arg(long, value_name = "ID")]
    pub id: Vec<String>,
    /// `everything`, for a hold that names nobody and nothing
    #[arg(long, value_name = "everything")]
    pub scope: Option<String>,
    /// The first local day of the messages
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// The last local day of the messages
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// A Cedar condition that narrows it
    #[arg(long, value_name = "CEDAR")]
    pub when: Option<String>,
    /// A term, phrase or pattern (as in a rule's `match`) that narrows it
    #[arg(long, value_name = "PATTERN")]
    pub query: Option<String>,
    /// Let only those know who have that right
    #[arg(long)]
    pub silent: bool,
    /// `thread`, to hold all of a thread of replies of which it covers any message
    #[arg(long, value_name = "thread")]
    pub expand: Option<String>,
    /// The day on which the case was first to be expected
    #[arg(long, value_name = "DAY")]
    pub anticipated_on: Option<String>,
    #[command(flatten)]
    pub stands: HoldStands,
}

/// Who stands by it, and how the answer looks.
#[derive(Debug, Args)]
pub struct HoldStands {
    /// Another operator who stands by it; may repeat
    #[arg(long, value_name = "OPERATOR")]
    pub confirmed_by: Vec<String>,
    /// The form of the answer on stdout
    #[arg(long, value_enum, default_value_t)]
    pub format: SummaryFormat,
}

/// `hold release`
#[derive(Debug, Args)]
pub struct ReleaseHold {
    /// The hold
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub stands: HoldStands,
}

/// `hold narrow`
#[derive(Debug, Args)]
pub struct NarrowHold {
    /// The hold
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The document in its place, of the same name
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub stands: HoldStands,
}

/// `hold list`
#[derive(Debug, Args)]
pub struct ListHolds {
    /// Only those of these matters; may repeat
    #[arg(long, value_name = "TEXT")]
    pub matter: Vec<String>,
    /// Released ones too
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub table: TableReport,
}

/// `hold show`
#[derive(Debug, Args)]
pub struct ShowHold {
    /// The hold
    #[arg(value_name = "NAME")]
    pub name: String,
    /// As one JSON document
    #[arg(long)]
    pub json: bool,
}

/// A step with custodians.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NoticeStep {
    /// Tell them.
    Issue,
    /// Tell again those who have not acknowledged.
    Remind,
    /// Tell those above them.
    Escalate,
    /// Tell those who were told of it that it has ended.
    Release,
}

/// `hold notice`
#[derive(Debug, Args)]
pub struct NoticeOfHold {
    /// What is done
    #[arg(value_name = "STEP", value_enum)]
    pub step: NoticeStep,
    /// The hold
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Only these custodians; may repeat
    #[arg(long, value_name = "WHO")]
    pub custodian: Vec<String>,
    /// The folder for the files, one a custodian
    #[arg(long, value_name = "DIR", default_value = "notices")]
    pub out: PathBuf,
}

/// `hold ack`
#[derive(Debug, Args)]
pub struct AckHold {
    /// The hold
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Who has acknowledged; may repeat
    #[arg(long, value_name = "WHO", required = true)]
    pub custodian: Vec<String>,
}
