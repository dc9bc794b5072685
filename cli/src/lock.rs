//! `lexhold.lock`: which bytes the policies and rulesets consist of, and by which versions of what they were last found to be in
//! order; `--locked` refuses anything else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lexhold_bundle::{DOCUMENTS, Versions};
use lexhold_model::Digest;
use serde::{Deserialize, Serialize};

use crate::args::{Bundle, Verb};
use crate::failure::{Exit, Failure, OrExit as _};
use crate::files::{why, write_document};
use crate::load::{self, Project, plain};
use crate::settings::{Pinning, Settings};
use crate::terminal::{say, shown};
use crate::versions;

/// The name of the lock, beside `lexhold.yaml`.
const FILE: &str = "lexhold.lock";

/// What is locked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    /// The format of this file.
    lexhold_lock: u32,
    /// What reads the files.
    versions: Versions,
    /// Every file with the SHA-256 of its bytes.
    files: BTreeMap<String, Digest>,
    /// Which files each document imports.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    imports: BTreeMap<String, Vec<String>>,
}

/// What this binary reads documents with.
pub fn versions_now(project: &Project) -> Versions {
    let [schema, firm] = project.schemas.texts();
    let unicode = versions::unicode();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    Versions {
        documents: DOCUMENTS,
        engine: versions::engine_range().to_string(),
        cedar: lexhold_policy::cedar_version(),
        cedar_schema: Digest::of([schema.as_bytes(), firm.as_bytes()].concat().as_slice()),
        regex: lexhold_rules::REGEX_SYNTAX_VERSION.to_owned(),
        unicode: unicode
            .as_object()
            .into_iter()
            .flatten()
            .map(|(what, version)| (what.clone(), text(version)))
            .collect(),
        tz_database: versions::tz_database().to_owned(),
    }
}

impl Lock {
    fn of(project: &Project) -> Self {
        let path = |file| plain(Path::new(project.files.path(file)));
        let imports = project.documents.iter().filter(|document| !document.imports.is_empty());
        Self {
            lexhold_lock: 1,
            versions: versions_now(project),
            files: project
                .sources
                .iter()
                .map(|(path, bytes)| (path.clone(), Digest::of(bytes)))
                .collect(),
            imports: imports
                .map(|document| {
                    let mut imported: Vec<String> = document.imports.iter().map(|file| path(*file)).collect();
                    imported.sort();
                    (path(document.file), imported)
                })
                .collect(),
        }
    }

    /// What has changed since, as somebody would look for it.
    fn differences(&self, now: &Self) -> Vec<String> {
        let paths = self.files.keys().chain(now.files.keys());
        let mut found: Vec<String> = paths
            .filter(|path| self.files.get(*path) != now.files.get(*path))
            .cloned()
            .collect();
        let imports = now
            .imports
            .iter()
            .filter(|(path, imported)| !found.contains(path) && self.imports.get(*path) != Some(*imported));
        let imports: Vec<String> = imports.map(|(path, _)| path.clone()).collect();
        found.extend(imports);
        found.sort();
        found.dedup();
        found.extend(self.versions.differences(&now.versions));
        found
    }
}

/// Writes the lock, for policies and rulesets that compile. With `--locked` the guard has found that nothing would change.
pub fn lock(settings: &Settings) -> anyhow::Result<Exit> {
    if settings.pinning == Pinning::Frozen {
        let message = "`lock` writes the lock, and --frozen leaves it as it is";
        return Err(Failure::new(Exit::Usage, message)
            .help("lexhold lock, or lexhold lock --locked")
            .into());
    }
    let (project, _) = load::bundle(settings)?;
    let lock = Lock::of(&project);
    let path = path(settings);
    if settings.pinning == Pinning::Free {
        let head = "# Written by `lexhold lock`; `--locked` refuses what differs.\n";
        let text = head.to_owned() + &serde_yaml::to_string(&lock)?;
        write_document(&path, text.as_bytes()).or_exit(Exit::Data, &format!("cannot write {}", path.display()))?;
    }
    if !settings.quiet {
        let plural = if lock.files.len() == 1 { "" } else { "s" };
        say(&format!("{}: {} file{plural}", shown(&path), lock.files.len()));
    }
    Ok(Exit::Done)
}

/// Refuses to begin where the lock is to be kept and would be another now.
///
/// # Errors
/// Names every file and version that has changed; or that there is no lock.
pub fn guard(settings: &Settings, verb: &Verb) -> anyhow::Result<()> {
    let reads_policies = matches!(
        verb,
        Verb::Check(_)
            | Verb::Test(_)
            | Verb::Run(_)
            | Verb::Activate(_)
            | Verb::Scan(_)
            | Verb::Diff(_)
            | Verb::Lock
            | Verb::Bundle(Bundle::Build(_))
    );
    if !reads_policies || settings.pinning == Pinning::Free {
        return Ok(());
    }
    let path = path(settings);
    let failed = |what: String| Failure::new(Exit::Policy, what).help("lexhold lock");
    if settings.pinning == Pinning::Frozen {
        let missing = || failed(format!("{} is missing", path.display()));
        return if path.is_file() { Ok(()) } else { Err(missing().into()) };
    }
    let text = std::fs::read_to_string(&path)
        .map_err(|error| failed(format!("cannot read {}: {}", path.display(), why(&error))))?;
    let locked: Lock =
        serde_yaml::from_str(&text).map_err(|error| failed(format!("{} is no lock: {error}", path.display())))?;
    let differences = locked.differences(&Lock::of(&Project::read(settings, &settings.documents())?));
    if differences.is_empty() {
        return Ok(());
    }
    Err(failed(format!("{} out of date: {}", path.display(), differences.join(", "))).into())
}

fn path(settings: &Settings) -> PathBuf {
    match settings.root.as_path() {
        root if root == Path::new(".") => FILE.into(),
        root => root.join(FILE),
    }
}
