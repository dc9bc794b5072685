//! The command line as typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
not writable · 5 refused · 70 internal fault · 75 busy, try again · 130 interrupted"
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
    #[arg(long, global = true, value_name = "DIR", env = "LEXHOLD_HOME")]
    pub home: Option<PathBuf>,
    /// Folder or file of policies; may repeat [default: policies]
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "LEXHOLD_POLICIES",
        value_delimiter = ':'
    )]
    pub policies: Vec<PathBuf>,
    /// Folder or file of rulesets; may repeat [default: rulesets]
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "LEXHOLD_RULESETS",
        value_delimiter = ':'
    )]
    pub rulesets: Vec<PathBuf>,
    /// The directory of people, groups and channels, YAML or CSV [default: directory.yaml, if there]
    #[arg(long, global = true, value_name = "FILE", env = "LEXHOLD_DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// Who is acting: an operator of operators.yaml
    #[arg(long = "as", global = true, value_name = "OPERATOR", env = "LEXHOLD_AS")]
    pub operator: Option<String>,
    /// The instant or day (its start in UTC) to judge by [default: now]
    #[arg(long, global = true, value_name = "WHEN")]
    pub as_of: Option<String>,
    /// The configuration file [default: lexhold.yaml here or in a folder above]
    #[arg(long, global = true, value_name = "FILE", env = "LEXHOLD_CONFIG")]
    pub config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long, global = true, conflicts_with = "config")]
    pub no_config: bool,
    /// Show matched text or whole messages in the output
    #[arg(long, global = true, value_name = "WHAT", value_enum, default_value_t)]
    pub show_content: ShowContent,
    /// Threads to use [default: all cores]
    #[arg(long, global = true, value_name = "N", env = "LEXHOLD_JOBS")]
    pub jobs: Option<usize>,
    /// Seconds to wait for another process
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        env = "LEXHOLD_WAIT",
        default_value_t = 30
    )]
    pub wait: u64,
    /// Colours and styles
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        env = "LEXHOLD_COLOR"
    )]
    pub color: Color,
    /// Progress bars
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        env = "LEXHOLD_PROGRESS"
    )]
    pub progress: Progress,
    /// Say only what went wrong
    #[arg(short, long, global = true, env = "LEXHOLD_QUIET")]
    pub quiet: bool,
    /// Say more; twice for more still
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// The form of log lines on stderr
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        env = "LEXHOLD_LOG_FORMAT"
    )]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// A bar on a terminal, a line every 30 seconds elsewhere.
    #[default]
    Auto,
    /// Never.
    Never,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
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
    /// Compile policies and rulesets; print every problem with its place
    Check(Check),
    /// The main job: ingest, evaluate, record, report
    Run(Run),
    /// Alerts only, to stdout, with nothing recorded
    Scan(Scan),
    /// Reports from the catalog
    Report(Report),
    /// Turn a foreign rule list into rulesets or lexicons
    Import(Import),
    /// The page of a diagnostic code, or everything behind one message
    Explain(Explain),
    /// What the home holds, and a run in progress
    Status(Status),
    /// Who I am to Lexhold, and what I may do
    Whoami,
    /// Check journal, archive, evaluations and catalog against each other
    Verify,
    /// Project the catalog again from journal and evaluations
    Rebuild,
}

/// `check`
#[derive(Debug, Args)]
pub struct Check {
    /// Files or folders [default: the policies and rulesets]
    pub paths: Vec<PathBuf>,
    /// How to print problems
    #[arg(long, value_enum, default_value_t, env = "LEXHOLD_CHECK_FORMAT")]
    pub format: CheckFormat,
    /// The level from which on the answer is negative
    #[arg(long, value_enum, default_value_t, env = "LEXHOLD_CHECK_FAIL_ON")]
    pub fail_on: CheckLevel,
    /// Problems to print at most
    #[arg(long, value_name = "N", env = "LEXHOLD_CHECK_MAX_ERRORS")]
    pub max_errors: Option<usize>,
}

/// How `check` prints problems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With source excerpts.
    #[default]
    Text,
    /// One line each: file:line:column: code message.
    Concise,
    /// One JSON document.
    Json,
}

/// The level from which on `check` fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckLevel {
    /// Warnings too.
    Warning,
    /// Errors only.
    #[default]
    Error,
}

/// `run`
#[derive(Debug, Args)]
pub struct Run {
    /// Message files: NDJSON (plain, gzip, zstd), CSV, Parquet; `-` is stdin
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
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
    #[arg(long, value_name = "N", default_value_t = 0, env = "LEXHOLD_RUN_MAX_UNREADABLE")]
    pub max_unreadable: u64,
    /// Write the reports into this folder
    #[arg(long, value_name = "DIR", env = "LEXHOLD_RUN_OUT")]
    pub out: Option<PathBuf>,
    /// The form of the closing summary on stdout
    #[arg(long, value_enum, default_value_t, env = "LEXHOLD_RUN_FORMAT")]
    pub format: SummaryFormat,
    /// The severity from which on alerts make the answer negative [default: never]
    #[arg(long, value_name = "SEVERITY", value_parser = severity, env = "LEXHOLD_RUN_FAIL_ON")]
    pub fail_on: Option<lexhold_model::Severity>,
    /// Read and evaluate, but record nothing
    #[arg(long, conflicts_with_all = ["out", "holds"])]
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

/// `scan`
#[derive(Debug, Args)]
pub struct Scan {
    /// Message files; `-` is stdin
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// How to print alerts: text, ndjson, csv, parquet
    #[arg(long, value_enum, default_value_t, env = "LEXHOLD_SCAN_FORMAT")]
    pub format: TableFormat,
    /// Write there instead of stdout
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The severity from which on alerts make the answer negative [default: never]
    #[arg(long, value_name = "SEVERITY", value_parser = severity, env = "LEXHOLD_SCAN_FAIL_ON")]
    pub fail_on: Option<lexhold_model::Severity>,
    /// Unreadable messages to put up with
    #[arg(long, value_name = "N", default_value_t = 0, env = "LEXHOLD_SCAN_MAX_UNREADABLE")]
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
    /// Each message's state and dates, and what decided them
    Retention(TableReport),
    /// What no schedule governs, by platform and channel
    Coverage(CoverageReport),
    /// Holds and what they cover
    Holds(TableReport),
    /// One page for people: counts, charts, tables
    Html(HtmlReport),
}

/// Where a table goes and in which forms.
#[derive(Clone, Debug, Args)]
pub struct TableReport {
    /// The form; may repeat, each further one with an --output
    #[arg(long, value_enum, env = "LEXHOLD_REPORT_FORMAT")]
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

/// `explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// A diagnostic code, such as LX0412
    #[arg(required_unless_present = "message", conflicts_with = "message")]
    pub code: Option<String>,
    /// A message's id, or the platform's own id where that is unique
    #[arg(long, value_name = "ID")]
    pub message: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
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
