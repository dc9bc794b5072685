//! The command line as typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod backup;
mod bundle;
mod case;
mod check;
mod checkpoint;
mod clock;
mod config;
mod convert;
mod dispose;
mod environment;
mod erasure;
mod evaluate;
mod fmt;
mod forms;
mod hold;
mod init;
mod lsp;
mod packaging;
mod resolve;
mod schema;
mod sources;
mod test;
mod verify;

pub use backup::{Backup, Restore};
pub use bundle::{BuildBundle, Bundle, ReadBundle, SignBundle};
pub use case::{Case, CaseKind, Evidence};
pub use check::{Check, CheckFormat, CheckLevel};
pub use checkpoint::Checkpoint;
pub use clock::Clock;
pub use config::{Config, ShowConfig};
pub use convert::{Convert, DatesAre, MessageFormat, ReadAs};
pub use dispose::{
    AnswerDisposal, ApproveDisposal, CopyGoneArgs, DisposalCertificate, Dispose, DisposeKind, ExecuteDisposal,
    ExtendDisposal, ProposeDisposal, ReceiptOfTransfer, RejectDisposal, TransferDisposal,
};
pub use environment::with_environment;
pub use erasure::{
    AnswerErasure, CloseErasure, ConfirmErasure, Erasure, ErasureKind, ErasureOutcome, ErasureStatus, ExtendErasure,
    GrantErasure, GroundErasure, Law, LetterFormat, NamedMessages, ProofErasure, RequestErasure,
};
pub use evaluate::Evaluate;
pub use fmt::Fmt;
pub use hold::{
    AckHold, Hold, HoldKind, ListHolds, NarrowHold, NoticeOfHold, NoticeStep, PlaceHold, ReleaseHold, ShowHold,
};
pub use init::{Init, Jurisdiction, Sector};
pub use lsp::Lsp;
pub use packaging::{Completions, Man};
pub use resolve::RetentionResolve;
pub use schema::{Schema, SchemaDraft};
pub use sources::{Sources, SourcesReport};
pub use test::{Test, TestFormat};
pub use verify::Verify;

/// Policy-as-code retention and surveillance for instant messages and e-mail.
#[derive(Debug, Parser)]
#[command(
    name = "lexhold",
    version,
    about,
    max_term_width = 110,
    propagate_version = true,
    disable_help_subcommand = true
)]
#[command(
    after_help = "Exit codes: 0 done · 1 done, with findings · 2 usage · 3 policy or config invalid · 4 data unreadable, corrupt or \
not writable · 5 refused · 10 changed (--detailed-exitcode) · 70 internal fault · 75 busy, try again · 130 interrupted\n\
Flags can be set in the environment too: LEXHOLD_<FLAG>, and LEXHOLD_<VERB>_<FLAG> for those of one verb; all but --as-of, \
--show-content and --insecure-no-verify."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

/// Flags that every verb takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Work as if started in this folder
    #[arg(short = 'C', global = true, value_name = "DIR")]
    pub directory_to_work_in: Option<PathBuf>,
    /// The home: archive, journal, catalog [default: .lexhold]
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Folder or file of policies; may repeat [default: policies]
    #[arg(long, global = true, value_name = "PATH", value_delimiter = ':')]
    pub policies: Vec<PathBuf>,
    /// Folder or file of rulesets; may repeat [default: rulesets]
    #[arg(long, global = true, value_name = "PATH", value_delimiter = ':')]
    pub rulesets: Vec<PathBuf>,
    /// The directory of people, groups and channels, YAML or CSV [default: directory.yaml, if there]
    #[arg(long, global = true, value_name = "FILE")]
    pub directory: Option<PathBuf>,
    /// Who is acting: an operator of operators.yaml
    #[arg(long = "as", global = true, value_name = "OPERATOR")]
    pub operator: Option<String>,
    /// An approval that somebody else signed; may repeat
    #[arg(long, global = true, value_name = "FILE")]
    pub approval: Vec<PathBuf>,
    /// The instant or day (its start in UTC) to judge by [default: now]
    #[arg(long, global = true, value_name = "WHEN")]
    pub as_of: Option<String>,
    /// The configuration file [default: lexhold.yaml here or in a folder above]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long, global = true, conflicts_with = "config")]
    pub no_config: bool,
    /// Refuse policies and rulesets that are not those of lexhold.lock
    #[arg(long, global = true)]
    pub locked: bool,
    /// Take lexhold.lock for what it is without comparing anything with it; it has to be there
    #[arg(long, global = true, conflicts_with = "locked")]
    pub frozen: bool,
    /// Take bundles that nobody trusted has signed; every report says so
    #[arg(long, global = true)]
    pub insecure_no_verify: bool,
    /// Show matched text or whole messages in the output
    #[arg(long, global = true, value_name = "WHAT", value_enum, default_value_t)]
    pub show_content: ShowContent,
    /// Threads to use [default: all cores]
    #[arg(long, global = true, value_name = "N")]
    pub jobs: Option<usize>,
    /// Seconds to wait for another process
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30)]
    pub wait: u64,
    /// Colours and styles
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub color: Color,
    /// Progress bars
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub progress: Progress,
    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more; twice for more still
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// The form of log lines on stderr
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// How much of the messages the output may show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ShowContent {
    /// Ids and spans only.
    #[default]
    Never,
    /// The matched text.
    Match,
    /// Whole messages.
    Full,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// When to show progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// A bar on a terminal, a line every 30 seconds elsewhere.
    #[default]
    Auto,
    /// Never.
    Never,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// A repository of policies to begin with, chosen by sector and jurisdiction
    Init(Init),
    /// Compile policies and rulesets; print every problem with its place
    Check(Check),
    /// Lay documents out in one way; comments and what they say stay as they are
    Fmt(Fmt),
    /// Run the tests of policies and rulesets, and case files
    Test(Test),
    /// The main job: ingest, evaluate, record, report
    Run(Run),
    /// Evaluate for a home on another machine, by facts that it wrote
    Evaluate(Evaluate),
    /// What a change of policies and rulesets does to the messages of the home
    Diff(Diff),
    /// Put the policies and rulesets given into force
    Activate(Activate),
    /// Put right what versions of retention documents got wrong
    Retention(Retention),
    /// Alerts only, to stdout, with nothing recorded
    Scan(Scan),
    /// Turn exports of messengers and mail into NDJSON, CSV or Parquet
    Convert(Convert),
    /// The exports that can be read, what each preserves, and how to get it
    Sources(Sources),
    /// Reports from the catalog
    Report(Report),
    /// Turn a foreign rule list into rulesets or lexicons
    Import(Import),
    /// Alerts that wait for somebody, and what is done with them
    Alerts(Box<Alerts>),
    /// Reviews of messages, and attestations of whole periods
    Review(Review),
    /// Samples of messages for review
    Sample(Sample),
    /// Cases: messages that stay together until somebody closes them
    Case(Case),
    /// Events that start retention periods: an account closed, somebody left
    Event(Box<Event>),
    /// Legal holds: place and release them, tell custodians
    Hold(Hold),
    /// The page of a diagnostic code, or everything behind one message
    Explain(Explain),
    /// What the home holds, and a run in progress
    Status(Status),
    /// Who I am to Lexhold, and what I may do
    Whoami,
    /// An operator's own key, and the key of the home
    #[command(subcommand)]
    Keys(Keys),
    /// Sign that you stand by one act on one thing
    Sign(Sign),
    /// Check journal, archive, evaluations and catalog against each other, or a certificate
    Verify(Verify),
    /// Copy the home while others work with it
    Backup(Backup),
    /// Bring a backup back, with what a newer journal knows
    Restore(Restore),
    /// What outsiders keep, so that nobody can write the journal anew
    #[command(subcommand)]
    Checkpoint(Checkpoint),
    /// Whether the clock is believed when something is to be destroyed
    #[command(subcommand)]
    Clock(Clock),
    /// Evaluate a past run again from what was stored, and compare
    Replay(Replay),
    /// Plans of what is to go, and carrying them out
    Dispose(Dispose),
    /// Requests for erasure: what somebody asked to have erased, and the answer
    Erasure(Erasure),
    /// Project the catalog again from journal and evaluations
    Rebuild,
    /// What is set, and where it was set
    #[command(subcommand)]
    Config(Config),
    /// Write down which files the policies and rulesets consist of, for --locked
    Lock,
    /// Policies and rulesets as one signed file
    #[command(subcommand)]
    Bundle(Bundle),
    /// JSON Schema of documents, for editors
    Schema(Schema),
    /// Help in an editor: a language server on stdin and stdout
    Lsp(Lsp),
    /// Completions of verbs and flags for a shell
    Completions(Completions),
    /// Manual pages, one a verb
    Man(Man),
}

/// `run`
#[derive(Debug, Args)]
pub struct Run {
    /// Exports as `sources` lists them: a folder, a ZIP archive, a file; or NDJSON (plain, gzip, zstd), CSV, Parquet; `-` is stdin.
    /// Any of them by URL: `s3://bucket/object`, or with a `/` at the end all below it, as a folder
    #[arg(required_unless_present_any = ["from_evaluation", "facts_to"], value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub read_as: ReadAs,
    /// Record what was evaluated elsewhere, with the facts that --facts-to wrote, from this folder in place of inputs
    #[arg(long, value_name = "DIR", conflicts_with_all = ["inputs", "source_zone", "source_dates", "mapping", "dry_run"])]
    pub from_evaluation: Option<PathBuf>,
    /// Take nothing in, but write what another machine needs to evaluate for this home; a secret, since its key is in it
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["inputs", "from_evaluation", "dry_run", "out", "expected", "fail_on"]
    )]
    pub facts_to: Option<PathBuf>,
    /// Hold documents to place; may repeat
    #[arg(long, value_name = "FILE")]
    pub holds: Vec<PathBuf>,
    /// The messages are old: take them in with an --as-of before today, and trust their dates
    #[arg(long)]
    pub backfill: bool,
    /// Another operator who stands by what this run does; may repeat
    #[arg(long, value_name = "OPERATOR")]
    pub confirmed_by: Vec<String>,
    /// Unreadable messages to put up with
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub max_unreadable: u64,
    /// Write the reports into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The form of the closing summary on stdout
    #[arg(long, value_enum, default_value_t)]
    pub format: SummaryFormat,
    /// The severity from which on alerts make the answer negative [default: never]
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<lexhold_model::Severity>,
    /// How many messages the inputs hold, or a counts document (YAML or CSV): fewer make the answer negative
    #[arg(long, value_name = "N|FILE")]
    pub expected: Option<String>,
    /// Read and evaluate, but record nothing
    #[arg(long, conflicts_with_all = ["out", "holds", "expected"])]
    pub dry_run: bool,
}

/// The form of `run`'s closing summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SummaryFormat {
    /// A table for people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// `diff`
#[derive(Debug, Args)]
pub struct Diff {
    /// What is compared with: `active`, the digest of a bundle or its beginning, a folder
    #[arg(value_name = "OLD")]
    pub old: String,
    /// What is to take its place, named likewise; `.` is the policies and rulesets given
    #[arg(value_name = "NEW")]
    pub new: String,
    /// Compare on these messages, read as `run` reads them, in place of those of the home; OLD is a folder then; may repeat
    #[arg(long, value_name = "FILE")]
    pub messages: Vec<PathBuf>,
    #[command(flatten)]
    pub read_as: ReadAs,
    /// What makes the answer negative: earlier-disposal, newly-eligible, newly-ungoverned, conflicts, alerts-removed, each
    /// with >N or >N% if need be
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub fail_on: Vec<crate::diff::FailOn>,
    /// Compare alerts on about so many messages only
    #[arg(long, value_name = "N")]
    pub sample: Option<u64>,
    /// What fixes the choice of a sample
    #[arg(long, value_name = "S", default_value_t = 0, requires = "sample")]
    pub seed: u64,
    /// Compare dates only
    #[arg(long, conflicts_with = "sample")]
    pub no_alerts: bool,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: DiffFormat,
}

/// The form of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// Markdown for a pull request.
    Md,
}

/// `activate`
#[derive(Debug, Args)]
pub struct Activate {
    /// The digest of the simulation that was looked at: what `lexhold diff` or a refused `activate` printed
    #[arg(long, value_name = "DIGEST")]
    pub accept_digest: Option<String>,
    /// Another operator who approves; twice where messages become free earlier
    #[arg(long, value_name = "OPERATOR")]
    pub approved_by: Vec<String>,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The form of the answer on stdout
    #[arg(long, value_enum, default_value_t)]
    pub format: SummaryFormat,
}

/// `retention`
#[derive(Debug, Args)]
pub struct Retention {
    #[command(subcommand)]
    pub verb: RetentionVerb,
}

/// The verbs of `retention`.
#[derive(Debug, Subcommand)]
pub enum RetentionVerb {
    /// Take back a version that was proven wrong or shortened by law; it acts after thirty days
    Correct(RetentionCorrect),
    /// Say, as two people, which schedules an indeterminate message has
    Resolve(RetentionResolve),
}

/// `retention correct`
#[derive(Debug, Args)]
pub struct RetentionCorrect {
    /// The version, such as `us-broker-dealer@1.2.0`
    #[arg(value_name = "DOCUMENT@VERSION")]
    pub document: String,
    /// What is wrong with it
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The regulation that shortened it; may repeat
    #[arg(long, value_name = "ID")]
    pub cites: Vec<String>,
    /// The digest of the simulation that was looked at
    #[arg(long, value_name = "DIGEST")]
    pub accept_digest: Option<String>,
    /// Another operator who approves; twice
    #[arg(long, value_name = "OPERATOR")]
    pub approved_by: Vec<String>,
}

/// `scan`
#[derive(Debug, Args)]
pub struct Scan {
    /// Message files and exports, as for `run`; `-` is stdin
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub read_as: ReadAs,
    /// How to print alerts: text, ndjson, csv, parquet
    #[arg(long, value_enum, default_value_t)]
    pub format: TableFormat,
    /// Write there instead of stdout
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The severity from which on alerts make the answer negative [default: never]
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<lexhold_model::Severity>,
    /// Unreadable messages to put up with
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub max_unreadable: u64,
}

/// The form of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ValueEnum)]
pub enum TableFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Ndjson,
    /// RFC 4180, with a header.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// A page to print, in one file.
    Html,
}

/// `report`
#[derive(Debug, Args)]
pub struct Report {
    #[command(subcommand)]
    pub what: ReportKind,
}

/// The reports.
#[derive(Debug, Subcommand)]
pub enum ReportKind {
    /// Alerts: hits grouped for a reviewer
    Alerts(TableReport),
    /// What people decided, on what, when, why
    Reviews(TableReport),
    /// Per month, person, desk and channel: what was sent, found, drawn, reviewed, and what was not
    Supervision(TableReport),
    /// Each message's state and dates, and what decided them
    Retention(TableReport),
    /// What no schedule governs, by platform and channel
    Coverage(CoverageReport),
    /// Messages whose event has not come, those that wait too long first
    Awaiting(TableReport),
    /// What falls due, by month and by the schedule that decides it
    Forecast(ForecastReport),
    /// What must be gone soon, what should have gone, and why it has not
    OverRetention(OverRetentionReport),
    /// Holds and what they cover
    Holds(TableReport),
    /// What disposal plans named, and what became of it
    Disposal(TableReport),
    /// The messages of requests for erasure, and how each stands
    Erasure(TableReport),
    /// What was read of each source on each day, and what became of it
    Sources(SourcesReport),
    /// One page for people: counts, charts, tables
    Html(HtmlReport),
}

/// Where a table goes and in which forms.
#[derive(Clone, Debug, Args)]
pub struct TableReport {
    /// The form; may repeat, each further one with an --output
    #[arg(long, value_enum)]
    pub format: Vec<TableFormat>,
    /// FORMAT=FILE: write that form there instead of stdout; may repeat
    #[arg(long, value_name = "FORMAT=FILE")]
    pub output: Vec<String>,
}

/// `report coverage`
#[derive(Debug, Args)]
pub struct CoverageReport {
    #[command(flatten)]
    pub table: TableReport,
    /// Answer negatively when any message is ungoverned
    #[arg(long)]
    pub strict: bool,
}

/// `report forecast`
#[derive(Debug, Args)]
pub struct ForecastReport {
    #[command(flatten)]
    pub table: TableReport,
    /// The months shown, from this one on [default: all, past ones too]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=12_000))]
    pub months: Option<u32>,
}

/// `report over-retention`
#[derive(Debug, Args)]
pub struct OverRetentionReport {
    #[command(flatten)]
    pub table: TableReport,
    /// How near a ceiling has to be
    #[arg(long, value_name = "PERIOD", default_value = crate::report::SOON)]
    pub within: String,
}

/// `report html`
#[derive(Debug, Args)]
pub struct HtmlReport {
    /// The page to write
    #[arg(long, value_name = "FILE", default_value = "lexhold.html")]
    pub output: PathBuf,
}

/// `import`
#[derive(Debug, Args)]
pub struct Import {
    /// What the file is
    #[arg(value_enum, value_name = "FORMAT")]
    pub format: ImportFormat,
    /// The rule list; `-` is stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The name of the document [default: made of the file's name]
    #[arg(long, value_name = "NAME", value_parser = document_name)]
    pub name: Option<String>,
    /// Who answers for the document
    #[arg(long, value_name = "OWNER", default_value = "unassigned")]
    pub owner: String,
    /// The severity of rules whose format knows none
    #[arg(long, value_name = "SEVERITY", value_parser = severity, default_value = "medium")]
    pub severity: lexhold_model::Severity,
    /// Write there instead of stdout; several lexicons get numbers
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// List everything that was not carried over, as CSV (FILE.csv) or NDJSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Replace files that are there already
    #[arg(long)]
    pub force: bool,
    /// word-list: the column of a CSV or TSV file that has the words
    #[arg(long, value_name = "NAME", conflicts_with = "field")]
    pub column: Option<String>,
    /// word-list: the field of JSON objects that has the words
    #[arg(long, value_name = "NAME")]
    pub field: Option<String>,
    /// word-list: what stands between several words in one value
    #[arg(long, value_name = "TEXT")]
    pub separator: Option<String>,
}

/// The rule lists that `import` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// The TOML configuration of gitleaks.
    Gitleaks,
    /// YAML rules of Kingfisher.
    Kingfisher,
    /// YAML rules of Nosey Parker.
    Noseyparker,
    /// A .cf file of SpamAssassin.
    Spamassassin,
    /// Recognisers of Presidio, YAML or JSON.
    Presidio,
    /// Sigma rules that look for keywords.
    SigmaKeywords,
    /// Words: one a line, a column of CSV or TSV, a field of JSON.
    WordList,
}

/// `alerts`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Alerts {
    #[command(subcommand)]
    pub step: Option<AlertStep>,
    #[command(flatten)]
    pub filter: AlertFilter,
    #[command(flatten)]
    pub table: TableReport,
}

/// What is done with alerts.
#[derive(Debug, Subcommand)]
pub enum AlertStep {
    /// Hand alerts to somebody
    Assign {
        #[command(flatten)]
        which: Which,
        /// The operator who is to review them
        #[arg(long, value_name = "OPERATOR")]
        to: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Hand alerts to somebody above
    Escalate {
        #[command(flatten)]
        which: Which,
        /// The operator who is to see them
        #[arg(long, value_name = "OPERATOR")]
        to: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// End the review of alerts
    Close {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        finding: Finding,
    },
    /// Take the closing of alerts back
    Reopen {
        #[command(flatten)]
        which: Which,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Set alerts aside for a time, at most a year; somebody else has to stand by it
    Suppress {
        #[command(flatten)]
        which: Which,
        /// The day or instant on which they come back
        #[arg(long, value_name = "WHEN")]
        expires: String,
        /// The supervisor who stands by it
        #[arg(long, value_name = "OPERATOR")]
        approved_by: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take the setting aside of alerts back
    Unsuppress {
        #[command(flatten)]
        which: Which,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Note something beside alerts
    Comment {
        #[command(flatten)]
        which: Which,
        /// The note
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Which alerts a step is about.
#[derive(Debug, Args)]
pub struct Which {
    /// Alerts: their ids, or the first eight digits or more
    #[arg(value_name = "ALERT", required_unless_present = "all_matching")]
    pub ids: Vec<String>,
    #[command(flatten)]
    pub filter: AlertFilter,
    /// Every alert that the filters leave
    #[arg(long, conflicts_with = "ids")]
    pub all_matching: bool,
    /// How many alerts that should be; with another number nothing is done
    #[arg(long, value_name = "N", requires = "all_matching")]
    pub count: Option<usize>,
    /// The operator for whom you act, by a delegation
    #[arg(long, value_name = "OPERATOR")]
    pub on_behalf_of: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Which alerts are meant; all conditions have to hold.
#[derive(Clone, Debug, Default, Args)]
pub struct AlertFilter {
    /// In this state; may repeat [default: all but closed; to reopen: closed]
    #[arg(long, help_heading = "Filters", value_name = "STATE", value_parser = state)]
    pub state: Vec<lexhold_evaluate::review::ReviewState>,
    /// In any state, set aside or not
    #[arg(long, help_heading = "Filters", conflicts_with = "state")]
    pub all: bool,
    /// Set aside for a time
    #[arg(long, help_heading = "Filters", conflicts_with = "all")]
    pub suppressed: bool,
    /// Of this severity; may repeat
    #[arg(long, help_heading = "Filters", value_name = "SEVERITY", value_parser = severity)]
    pub severity: Vec<lexhold_model::Severity>,
    /// Of this rule, or of all rules of a document; may repeat
    #[arg(long, help_heading = "Filters", value_name = "RULE")]
    pub rule: Vec<String>,
    /// Somebody's, or `none` for nobody's
    #[arg(long, help_heading = "Filters", value_name = "OPERATOR")]
    pub assignee: Option<String>,
    /// By this sender
    #[arg(long, help_heading = "Filters", value_name = "HANDLE")]
    pub sender: Option<String>,
    /// In this conversation
    #[arg(long, help_heading = "Filters", value_name = "ID")]
    pub conversation: Option<String>,
    /// Sent then or later: an instant, or a day in UTC
    #[arg(long, help_heading = "Filters", value_name = "WHEN")]
    pub since: Option<String>,
    /// Sent before then: an instant, or a day in UTC, that day included
    #[arg(long, help_heading = "Filters", value_name = "WHEN")]
    pub until: Option<String>,
    /// Due by then: an instant, a day in UTC, that day included, or `overdue`
    #[arg(long, help_heading = "Filters", value_name = "WHEN")]
    pub due: Option<String>,
}

/// What a review came to.
#[derive(Clone, Debug, Args)]
pub struct Finding {
    /// What was found
    #[arg(long, value_enum)]
    pub decision: Decision,
    /// It is a significant regulatory issue
    #[arg(long)]
    pub significant: bool,
    /// What was done about it; needed for an issue and a breach
    #[arg(long, value_name = "TEXT", required_if_eq_any = [("decision", "issue"), ("decision", "breach"), ("significant", "true")])]
    pub action_taken: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// The rule should not have fired.
    FalsePositive,
    /// The rule was right to fire, and nothing is wrong.
    NoIssue,
    /// Something is wrong, and was dealt with.
    Issue,
    /// A rule of law or of the firm was broken; always significant.
    Breach,
}

impl Decision {
    /// The word in the journal and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FalsePositive => "false-positive",
            Self::NoIssue => "no-issue",
            Self::Issue => "issue",
            Self::Breach => "breach",
        }
    }
}

/// `sample`
#[derive(Debug, Args)]
pub struct Sample {
    #[command(subcommand)]
    pub what: SampleKind,
}

/// What is done with samples.
#[derive(Debug, Subcommand)]
pub enum SampleKind {
    /// The periods of all samples: when they were committed to and drawn, population, rate and size
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Draw from the messages that the home has by now; what was drawn before stays drawn
    Draw {
        /// The sample
        #[arg(value_name = "SAMPLE")]
        name: String,
        /// The period, such as 2026-11 [default: the one that --as-of falls in]
        #[arg(long, value_name = "PERIOD")]
        period: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// The messages that were drawn, one JSON object a line
    Items {
        /// The sample
        #[arg(value_name = "SAMPLE")]
        name: String,
        /// The period, such as 2026-11 [default: the one that --as-of falls in]
        #[arg(long, value_name = "PERIOD")]
        period: Option<String>,
    },
    /// Reveal the key of a period, for auditors
    Key {
        /// The sample
        #[arg(value_name = "SAMPLE")]
        name: String,
        /// The period, such as 2026-11 [default: the one that --as-of falls in]
        #[arg(long, value_name = "PERIOD")]
        period: Option<String>,
    },
}

/// `review`
#[derive(Debug, Args)]
pub struct Review {
    #[command(subcommand)]
    pub what: ReviewKind,
}

/// What is reviewed beside alerts.
#[derive(Debug, Subcommand)]
pub enum ReviewKind {
    /// Record the review of messages, such as those of a sample
    Message {
        /// Messages: their ids, or the platform's own where those are unique
        #[arg(required = true, value_name = "MESSAGE")]
        ids: Vec<String>,
        /// The sample that they were drawn for
        #[arg(long, value_name = "SAMPLE")]
        sample: Option<String>,
        #[command(flatten)]
        finding: Finding,
        /// The operator for whom you act, by a delegation
        #[arg(long, value_name = "OPERATOR")]
        on_behalf_of: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Attest that a month has been reviewed
    Attest {
        /// The month: 2026-10
        #[arg(long, value_name = "MONTH")]
        month: String,
        /// The desk [default: the whole firm]
        #[arg(long, value_name = "DESK")]
        desk: Option<String>,
        /// What is attested, in your own words
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

fn state(word: &str) -> Result<lexhold_evaluate::review::ReviewState, &'static str> {
    word.parse().map_err(|()| "one of open, assigned, escalated, closed")
}

/// `event`
#[derive(Debug, Args)]
pub struct Event {
    #[command(subcommand)]
    pub what: EventKind,
}

/// What is done with events.
#[derive(Debug, Subcommand)]
pub enum EventKind {
    /// Record on which day something happened to whom: one event, or many from a file
    Record {
        #[command(flatten)]
        what: Recording,
        #[command(flatten)]
        stands: Stands,
    },
    /// Give an event another day; an earlier one needs a second person
    Correct {
        #[command(flatten)]
        what: Named,
        /// The day on which it took effect: 2024-05-10
        #[arg(long, value_name = "DAY")]
        date: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        stands: Stands,
    },
    /// Take an event back: messages wait for it again
    Cancel {
        #[command(flatten)]
        what: Named,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        stands: Stands,
    },
    /// The register: what was recorded, corrected and cancelled
    List(ListEvents),
}

/// Events to record.
#[derive(Debug, Args)]
pub struct Recording {
    /// The type, as schedules name it: account_closed; with --from, that of lines without one
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "from")]
    pub event: Option<String>,
    /// Whom or what it happened to, exactly as messages name it; may repeat
    #[arg(long, value_name = "KEY", required_unless_present = "from")]
    pub key: Vec<String>,
    /// The day on which it took effect, past or to come: 2024-05-10
    #[arg(long, value_name = "DAY", required_unless_present = "from")]
    pub date: Option<String>,
    /// A CSV file with the columns type, key, date, and if you like evidence and reason
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "date"])]
    pub from: Option<PathBuf>,
    /// What it rests on: a text, or a file, of which name and digest are kept
    #[arg(long, value_name = "TEXT|FILE")]
    pub evidence: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// An event that is there already.
#[derive(Debug, Args)]
pub struct Named {
    /// The event, as `event list` names it
    #[arg(value_name = "EVENT")]
    pub id: String,
    /// What it rests on: a text, or a file, of which name and digest are kept
    #[arg(long, value_name = "TEXT|FILE")]
    pub evidence: Option<String>,
}

/// Who else stands by a change of the register, and in what form it is answered.
#[derive(Debug, Args)]
pub struct Stands {
    /// Another operator who stands by it
    #[arg(long, value_name = "OPERATOR")]
    pub confirmed_by: Option<String>,
    /// The digest of the figures that a refusal printed: very many messages may go at once
    #[arg(long, value_name = "DIGEST")]
    pub accept_digest: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Which events are listed.
#[derive(Debug, Args)]
pub struct ListEvents {
    /// Of this type; may repeat
    #[arg(long = "type", help_heading = "Filters", value_name = "TYPE")]
    pub event: Vec<String>,
    /// About this key; may repeat
    #[arg(long, help_heading = "Filters", value_name = "KEY")]
    pub key: Vec<String>,
    /// In this state; may repeat
    #[arg(long, help_heading = "Filters", value_enum, value_name = "STATE")]
    pub state: Vec<EventState>,
    #[command(flatten)]
    pub table: TableReport,
}

/// What became of a recording or correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EventState {
    /// It stands.
    #[value(name = "in_force")]
    InForce,
    /// A correction took its place.
    Superseded,
    /// It was taken back.
    Cancelled,
}

impl EventState {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Superseded => "superseded",
            Self::Cancelled => "cancelled",
        }
    }
}

/// `explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// A diagnostic code, such as LX0412
    #[arg(required_unless_present_any = ["message", "alert", "all"], conflicts_with_all = ["message", "alert", "all"])]
    pub code: Option<String>,
    /// Every diagnostic code with its title; with --json every page
    #[arg(long, conflicts_with_all = ["message", "alert"])]
    pub all: bool,
    /// An alert's id, or its beginning; looking is on record, and is no review
    #[arg(long, value_name = "ID", conflicts_with = "message")]
    pub alert: Option<String>,
    /// A message's id, or the platform's own id where that is unique
    #[arg(long, value_name = "ID")]
    pub message: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `keys`
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a key; its public half goes into operators.yaml
    New {
        /// Whose it is: an id of operators.yaml
        #[arg(long, value_name = "OPERATOR")]
        operator: String,
        /// The file to make [default: OPERATOR.key]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// The keys by which the home signs
    Show,
    /// The public halves of the home's keys, for whoever checks certificates
    Export {
        /// Write them there instead of stdout
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Let a new key of the home sign from now on
    Rotate {
        /// The old key is gone, so that it cannot name the new one
        #[arg(long)]
        lost: bool,
        /// Somebody else who stands by it
        #[arg(long, value_name = "OPERATOR", value_delimiter = ',')]
        confirmed_by: Vec<String>,
    },
}

/// `sign`
#[derive(Debug, Args)]
pub struct Sign {
    /// The thing, as a refusal names it: a bundle's digest, an event's type/key; `home` for the home as a whole
    #[arg(value_name = "THING")]
    pub subject: String,
    /// The action of governance, such as activate; whoami lists them
    #[arg(long, value_name = "ACTION")]
    pub action: String,
    /// Your key [default: OPERATOR.key]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Write the approval there instead of stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `replay`
#[derive(Debug, Args)]
pub struct Replay {
    /// A run's id or its beginning; `last` for the last one
    #[arg(value_name = "RUN", required_unless_present = "all")]
    pub run: Option<String>,
    /// Every run of the home
    #[arg(long, conflicts_with = "run")]
    pub all: bool,
    /// Differing rows to show of each table at most
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub rows: usize,
    /// The form of the answer on stdout
    #[arg(long, value_enum, default_value_t)]
    pub format: SummaryFormat,
}

/// `status`
#[derive(Debug, Args)]
pub struct Status {
    /// Print again every second until interrupted, or until the run in progress ends
    #[arg(long)]
    pub watch: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

fn severity(word: &str) -> Result<lexhold_model::Severity, &'static str> {
    word.parse().map_err(|()| "one of info, low, medium, high, critical")
}

fn document_name(name: &str) -> Result<String, &'static str> {
    if !name.is_empty() && lexhold_import::id(name) == name {
        Ok(name.to_owned())
    } else {
        Err("small letters, digits, `.`, `_` and `-`, beginning with a letter or digit")
    }
}
