//! What was meant: flags, environment and `lexhold.yaml` resolved into one set of settings.
//!
//! Flags win over the environment (clap sees to that), both over the project's file, that over the user's own, which knows
//! only how things look, and all over the defaults.

mod files;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lexhold_model::Severity;
use lexhold_store::{ObjectArchive, StoreMode};
use serde::Deserialize;

use crate::args::{Color, Global, LogFormat, Progress, ShowContent};
use crate::bundle::{self, Trust};
use crate::dispose::DisposalSettings;
use crate::failure::{Exit, Failure};

pub use files::{ConfigFile, FILE};

/// Everything that verbs share.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The home.
    pub home: PathBuf,
    /// Folders and files of policies.
    pub policies: Vec<PathBuf>,
    /// Folders and files of rulesets.
    pub rulesets: Vec<PathBuf>,
    /// The directory, if one is given or lies where it is looked for.
    pub directory: Option<PathBuf>,
    /// The operators' document, likewise.
    pub operators: Option<PathBuf>,
    /// The firm's extension of the Cedar schema.
    pub schema: Option<PathBuf>,
    /// Whether one person may do everything.
    pub solo: bool,
    /// Whether nobody may stand by anything without a signature.
    pub signed: bool,
    /// Files of approvals that others signed.
    pub approvals: Vec<PathBuf>,
    /// The home's zone, for local days in alerts.
    pub zone: String,
    /// By when alerts are to be decided on, where not as usual: severity and business days.
    pub review_due: BTreeMap<Severity, String>,
    /// From how many newly eligible messages on a change wants a second look.
    pub blast_radius: BlastRadius,
    /// Where a new home keeps bodies.
    pub store: StoreMode,
    /// Where a new home keeps its archive, if not in itself.
    pub archive: Option<ObjectArchive>,
    /// How plans of disposal are approved.
    pub disposal: DisposalSettings,
    /// Keys of witnesses, as written: `name+id+key`.
    pub witnesses: Vec<String>,
    /// Memory that the catalog may use before it goes to disk, in MiB.
    pub catalog_mib: usize,
    /// Who is acting, as typed.
    pub operator: Option<String>,
    /// The instant to judge by.
    pub as_of: Timestamp,
    /// The clock, read once.
    pub now: Timestamp,
    /// The folder that documents may be read from.
    pub root: PathBuf,
    /// What may be shown of messages.
    pub show_content: ShowContent,
    /// Threads; `None` means all cores.
    pub jobs: Option<usize>,
    /// How long to wait for another process.
    pub wait: std::time::Duration,
    /// Colours.
    pub color: Color,
    /// Progress bars.
    pub progress: Progress,
    /// Say only what went wrong.
    pub quiet: bool,
    /// How much more to say.
    pub verbose: u8,
    /// The form of log lines.
    pub log_format: LogFormat,
    /// Whether policies and rulesets have to be those of the lock.
    pub pinning: Pinning,
    /// Whose signatures under bundles count.
    pub trust: Trust,
    /// Whether bundles are taken unverified.
    pub no_verify: bool,
    /// The policies of the project itself, where its governance is found also when a bundle is given in their place.
    pub own_policies: Vec<PathBuf>,
    /// The project's configuration file, where one was read.
    pub project_file: Option<ConfigFile>,
    /// The user's own, where one was read.
    pub user_file: Option<ConfigFile>,
}

/// What `lexhold.lock` is to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pinning {
    /// Nothing.
    Free,
    /// Whoever reads policies and rulesets compares them with it first.
    Locked,
    /// It has to be there, and is trusted unread.
    Frozen,
}

/// `lexhold.yaml`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Looked at before the rest is read: another version may have other keys.
    #[serde(rename = "required-version")]
    _required_version: Option<String>,
    home: Option<PathBuf>,
    #[serde(default)]
    policies: OneOrMany,
    #[serde(default)]
    rulesets: OneOrMany,
    directory: Option<PathBuf>,
    operators: Option<PathBuf>,
    schema: Option<PathBuf>,
    governance: Option<Governance>,
    zone: Option<String>,
    #[serde(default)]
    review: Review,
    #[serde(default)]
    blast_radius: BlastRadius,
    #[serde(default)]
    store: StoreMode,
    archive: Option<ObjectArchive>,
    #[serde(default)]
    disposal: DisposalSettings,
    #[serde(default)]
    witnesses: Vec<String>,
    catalog_memory_mib: Option<usize>,
    #[serde(default)]
    trust: Trust,
}

/// The keys of `lexhold.yaml`, for whoever writes one that is none.
const KEYS: &str = "known keys: home, policies, rulesets, directory, operators, schema, governance (solo, operators or signed), zone, \
                    review, blast_radius, store, archive (url, lock), disposal, witnesses, catalog_memory_mib, trust, required-version";

/// The user's own file, which changes how things look and never what comes of them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Display {
    color: Option<Color>,
    progress: Option<Progress>,
    log_format: Option<LogFormat>,
}

/// The keys of the user's own file.
const DISPLAY_KEYS: &str = "it says how things look and nothing else; known keys: color, progress, log_format";

/// Memory that the catalog may use before it goes to disk, in MiB, where nobody says otherwise: what a report needs beside the
/// log of a run that is at work, of up to 64 MB, and little enough that a run stays under 500 MiB.
const CATALOG_MIB: usize = 160;
/// The least that a batch of messages can be projected with.
const LEAST_CATALOG_MIB: usize = 64;

/// How many messages a change may make eligible before it wants a second look.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BlastRadius {
    /// So many messages.
    pub messages: u64,
    /// Or so many in a hundred.
    pub percent: f64,
}

impl BlastRadius {
    /// Whether so many newly eligible messages of all are more than may pass unseen.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts far below 2^53, against a share that a person wrote"
    )]
    pub fn is_exceeded(self, newly_eligible: u64, of: u64) -> bool {
        newly_eligible > self.messages || newly_eligible as f64 * 100.0 > of as f64 * self.percent
    }
}

impl Default for BlastRadius {
    fn default() -> Self {
        Self {
            messages: 1_000,
            percent: 0.1,
        }
    }
}

/// How alerts are reviewed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Review {
    /// `critical: P1D`: a number of business days, or `none`.
    #[serde(default)]
    due: BTreeMap<Severity, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Governance {
    Solo,
    Operators,
    Signed,
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(PathBuf),
    Many(Vec<PathBuf>),
    #[default]
    None,
}

impl From<OneOrMany> for Vec<PathBuf> {
    fn from(paths: OneOrMany) -> Self {
        match paths {
            OneOrMany::One(path) => vec![path],
            OneOrMany::Many(paths) => paths,
            OneOrMany::None => vec![],
        }
    }
}

impl Settings {
    /// Where documents are looked for: the policies, then the rulesets.
    pub fn documents(&self) -> Vec<PathBuf> {
        self.policies.iter().chain(&self.rulesets).cloned().collect()
    }

    /// Those of them that exist.
    pub fn documents_there(&self) -> Vec<PathBuf> {
        self.documents().into_iter().filter(|path| path.exists()).collect()
    }

    /// Resolves the flags, reading the configuration files and the clock.
    pub fn resolve(global: &Global, typed: &ArgMatches) -> anyhow::Result<Self> {
        if let Some(folder) = &global.directory_to_work_in {
            std::env::set_current_dir(folder).map_err(|_| {
                Failure::new(
                    Exit::Usage,
                    format!("cannot work in {}: no such folder", folder.display()),
                )
            })?;
        }
        let (project_file, user_file) = if global.no_config {
            (None, None)
        } else {
            let project = global.config.clone().or_else(files::find);
            (project.map(files::read).transpose()?, files::of_user()?)
        };
        let config: Config = files::parsed(project_file.as_ref(), KEYS)?;
        let display: Display = files::parsed(user_file.as_ref(), DISPLAY_KEYS)?;
        let file = project_file.as_ref().map(|file| file.path.clone());
        let base = file
            .as_deref()
            .and_then(Path::parent)
            .map(Path::to_owned)
            .unwrap_or_default();
        let beside = |path: PathBuf| base.join(path);
        let all_beside = |paths: OneOrMany| Vec::from(paths).into_iter().map(beside).collect::<Vec<_>>();
        let if_there = |name: &str| Some(beside(name.into())).filter(|path| path.is_file());
        let or_default = |config: Vec<PathBuf>, default: &str| match config.as_slice() {
            [] => vec![beside(default.into())],
            _ => config,
        };
        let own_policies = or_default(all_beside(config.policies), crate::files::OWN_POLICIES);
        let policies = match global.policies.as_slice() {
            [] => own_policies.clone(),
            flags => flags.to_vec(),
        };
        let rulesets = match global.rulesets.as_slice() {
            // A bundle has rulesets of its own.
            [] if policies.iter().any(|path| bundle::is_bundle(path)) => Vec::new(),
            [] => or_default(all_beside(config.rulesets), "rulesets"),
            flags => flags.to_vec(),
        };
        let own_policies = match global.policies.as_slice() {
            flags if flags.iter().any(|path| bundle::is_bundle(path)) => own_policies,
            _ => policies.clone(),
        };
        let now = Timestamp::now();
        Ok(Self {
            home: global
                .home
                .clone()
                .or(config.home.map(beside))
                .unwrap_or_else(|| beside(".lexhold".into())),
            policies,
            rulesets,
            directory: global
                .directory
                .clone()
                .or(config.directory.map(beside))
                .or_else(|| if_there("directory.yaml")),
            operators: config.operators.map(beside).or_else(|| if_there("operators.yaml")),
            schema: config.schema.map(beside),
            solo: config.governance == Some(Governance::Solo),
            signed: config.governance == Some(Governance::Signed),
            approvals: global.approval.clone(),
            zone: config.zone.unwrap_or_else(|| "UTC".into()),
            review_due: config.review.due,
            blast_radius: config.blast_radius,
            archive: object_archive(config.archive, config.store)?,
            store: config.store,
            disposal: config.disposal,
            witnesses: config.witnesses,
            catalog_mib: catalog_mib(config.catalog_memory_mib)?,
            operator: global.operator.clone(),
            as_of: global.as_of.as_deref().map(parse_as_of).transpose()?.unwrap_or(now),
            now,
            root: if base.as_os_str().is_empty() { ".".into() } else { base },
            show_content: global.show_content,
            jobs: global.jobs,
            wait: std::time::Duration::from_secs(global.wait),
            color: unless_given(typed, "color", global.color, display.color),
            progress: unless_given(typed, "progress", global.progress, display.progress),
            quiet: global.quiet,
            verbose: global.verbose,
            log_format: unless_given(typed, "log_format", global.log_format, display.log_format),
            pinning: match (global.locked, global.frozen) {
                (true, _) => Pinning::Locked,
                (_, true) => Pinning::Frozen,
                _ => Pinning::Free,
            },
            trust: config.trust,
            no_verify: global.insecure_no_verify,
            own_policies,
            project_file,
            user_file,
        })
    }
}

/// A flag's value, or what the user's file says in place of its default.
fn unless_given<T>(typed: &ArgMatches, flag: &str, value: T, in_file: Option<T>) -> T {
    match typed.value_source(flag) {
        Some(ValueSource::CommandLine | ValueSource::EnvVariable) => value,
        _ => in_file.unwrap_or(value),
    }
}

fn object_archive(archive: Option<ObjectArchive>, store: StoreMode) -> anyhow::Result<Option<ObjectArchive>> {
    let Some(archive) = archive else { return Ok(None) };
    let refuse = |message: String, help: &str| {
        Err(Failure::new(Exit::Policy, format!("{FILE}: {message}"))
            .help(help.to_owned())
            .into())
    };
    if store == StoreMode::External {
        return refuse(
            "`archive` and `store: external` exclude each other".into(),
            "leave out one: the home has an archive of its own, or the firm has",
        );
    }
    if !["s3://", "file:///"]
        .iter()
        .any(|scheme| archive.url.starts_with(scheme))
    {
        let message = format!(
            "`archive.url: {}` is no place for objects",
            lexhold_document::printable(&archive.url)
        );
        return refuse(message, "s3://bucket/prefix, or file:///folder");
    }
    if archive.lock.is_some_and(|lock| lock.days == 0) {
        return refuse(
            "`archive.lock.days: 0` locks nothing".into(),
            "say for how many days, or leave out the lock",
        );
    }
    Ok(Some(archive))
}

fn catalog_mib(asked: Option<usize>) -> anyhow::Result<usize> {
    let mib = asked.unwrap_or(CATALOG_MIB);
    if mib < LEAST_CATALOG_MIB {
        let message = format!("{FILE}: `catalog_memory_mib: {mib}` is too little");
        let help = format!("at least {LEAST_CATALOG_MIB} are needed; {CATALOG_MIB} are used where nothing is said");
        return Err(Failure::new(Exit::Policy, message).help(help).into());
    }
    Ok(mib)
}

fn parse_as_of(text: &str) -> anyhow::Result<Timestamp> {
    instant("--as-of", text)
}

/// An instant, or a day meaning its start in UTC.
pub fn instant(flag: &str, text: &str) -> anyhow::Result<Timestamp> {
    let day = || text.parse::<Date>().ok().and_then(start);
    text.parse::<Timestamp>().ok().or_else(day).ok_or_else(|| {
        let message = format!("{flag} `{text}` is neither an instant nor a day");
        Failure::new(Exit::Usage, message)
            .help("write 2026-01-01T09:00:00Z, or 2026-01-01 for its start in UTC")
            .into()
    })
}

/// An instant, or a day meaning its end in UTC.
pub fn last_instant(flag: &str, text: &str) -> anyhow::Result<Timestamp> {
    let end = text.parse::<Date>().ok().and_then(|day| start(day.tomorrow().ok()?));
    end.map_or_else(|| instant(flag, text), Ok)
}

fn start(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}
