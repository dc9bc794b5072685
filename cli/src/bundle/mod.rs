//! `bundle`: policies and rulesets as one signed file, and every verb's way to read one.
//!
//! `lexhold_bundle` has the file and what it says of itself, `trust` whether it counts here. A bundle that a verb is given in
//! place of folders goes through [`open`], which verifies it; nothing else hands out what is in one.

mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lexhold_bundle::{Manifest, Parts, Refusal, SCHEMA, codes, pack};
use lexhold_catalog::ActiveBundle;
use lexhold_document::{FileId, printable};
use lexhold_evaluate::is_part;
use lexhold_model::SecretKey;
use lexhold_store::{Home, SourceFiles, Sources};
use serde_json::{Value, json};

pub use trust::Trust;

use crate::args::{BuildBundle, Bundle, ReadBundle, SignBundle, SummaryFormat};
use crate::failure::{Exit, Failure, OrExit as _};
use crate::files::{cannot_read, write_document};
use crate::keys;
use crate::load::{self, Project, plain};
use crate::lock::versions_now;
use crate::settings::{Settings, instant, last_instant};
use crate::terminal::{say, shown};

/// The ending of a bundle's name.
const ENDING: &str = ".tar.zst";

/// Bytes of a bundle that are read at most.
const FILE_BYTES: u64 = 256 << 20;

fn refused(path: &Path, refusal: Refusal) -> Failure {
    let Refusal { code, message } = refusal;
    Failure::new(Exit::Refused, format!("{}: {message} ({code})", path.display()))
        .help(format!("lexhold explain {code}"))
}

/// A bundle that a verb was given, verified unless somebody insisted that it is not.
#[derive(Debug)]
pub struct Shipped {
    /// Where it lies.
    pub path: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its files.
    pub files: SourceFiles,
    /// Whose signatures count; nobody's where it was not verified.
    pub signers: Vec<String>,
    /// Whether it was verified.
    pub verified: bool,
}

impl Shipped {
    /// What the journal says of a bundle that came as a file.
    pub fn record(&self) -> Value {
        json!({
            "name": self.manifest.name,
            "revision": self.manifest.revision,
            "signers": self.signers,
            "verified": self.verified,
        })
    }

    /// Refuses a bundle that this Lexhold reads in another way than the one that built it.
    pub fn is_read_as_built(&self, digest: lexhold_model::Digest) -> anyhow::Result<()> {
        let refusal = self.manifest.otherwise_read(digest);
        refusal.map_or(Ok(()), |refusal| Err(refused(&self.path, refusal).into()))
    }

    /// The firm's extension of the Cedar schema, with its path.
    pub fn cedar_schema(&self) -> Option<(&str, &[u8])> {
        let path = self.manifest.cedar_schema.as_deref()?;
        Some((path, self.files.get(path)?))
    }
}

/// Whether a path is that of a bundle.
pub fn is_bundle(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.ends_with(ENDING))
}

/// The bundles that this call has opened: each is read and verified once, so that what was verified is what is used.
static OPENED: Mutex<BTreeMap<PathBuf, Arc<Shipped>>> = Mutex::new(BTreeMap::new());

/// Opens and verifies a bundle.
///
/// # Errors
/// A refusal with its code; or that the file cannot be read.
pub fn open(settings: &Settings, path: &Path) -> anyhow::Result<Arc<Shipped>> {
    let known = OPENED.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    if let Some(known) = known {
        return Ok(known);
    }
    let parts = read(path)?;
    let signers = if settings.no_verify {
        say(&format!(
            "warning: {} was not verified (--insecure-no-verify)",
            shown(path)
        ));
        Vec::new()
    } else {
        trust::signers(settings, &parts)?.map_err(|refusal| refused(path, refusal))?
    };
    let shipped = Arc::new(Shipped {
        path: path.to_owned(),
        manifest: parts.manifest,
        files: parts.files,
        signers,
        verified: !settings.no_verify,
    });
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(opened.entry(path.to_owned()).or_insert(shipped).clone())
}

/// The bundles that were opened in this call without being verified.
pub fn unverified() -> Vec<String> {
    let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let unverified = opened.values().filter(|shipped| !shipped.verified);
    unverified.map(|shipped| shipped.path.display().to_string()).collect()
}

/// The name and revision of the home's active bundle, where it came as a file that was not verified.
pub fn taken_unverified(home: &Home, active: Option<&ActiveBundle>) -> anyhow::Result<Option<String>> {
    let Some(active) = active else { return Ok(None) };
    let Some(entry) = home.journal().entries(active.seq)?.next().transpose()? else {
        return Ok(None);
    };
    let payload: Value = home.journal().payload_json(&entry)?.unwrap_or_default();
    let shipped = &payload["shipped"];
    let name = shipped["name"].as_str().unwrap_or_default();
    Ok((shipped["verified"] == false).then(|| format!("{name} {}", shipped["revision"])))
}

fn read(path: &Path) -> anyhow::Result<Parts> {
    let size = std::fs::metadata(path)
        .map_err(|error| cannot_read(path, &error))?
        .len();
    if size > FILE_BYTES {
        let message = format!("it has {size} bytes, and {FILE_BYTES} are the most");
        return Err(refused(path, Refusal::new(codes::NO_BUNDLE, message)).into());
    }
    let bytes = std::fs::read(path).map_err(|error| cannot_read(path, &error))?;
    Ok(Parts::of(&bytes).map_err(|refusal| refused(path, refusal))?)
}

fn write(path: &Path, parts: &Parts) -> anyhow::Result<()> {
    let bytes = pack(&parts.archive()?)?;
    write_document(path, &bytes).or_exit(Exit::Data, &format!("cannot write {}", path.display()))
}

/// Runs the verb.
pub fn bundle(settings: &Settings, args: &Bundle) -> anyhow::Result<Exit> {
    match args {
        Bundle::Build(args) => build(settings, args),
        Bundle::Sign(args) => sign(settings, args),
        Bundle::Verify(args) => verify(settings, args),
        Bundle::Inspect(args) => inspect(args),
    }
}

/// Makes a bundle of what compiles, leaving out tests, holds, directories and operators, which are no part of one.
fn build(settings: &Settings, args: &BuildBundle) -> anyhow::Result<Exit> {
    let (project, bundle) = load::bundle(settings)?;
    let files = files_of(&project);
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        name: args.name.clone(),
        revision: args.revision,
        not_before: args
            .not_before
            .as_deref()
            .map(|text| instant("--not-before", text))
            .transpose()?,
        expires: args
            .expires
            .as_deref()
            .map(|text| last_instant("--expires", text))
            .transpose()?,
        bundle: bundle.digest,
        sources: Sources::digest(&files),
        cedar_schema: settings.schema.as_deref().map(plain),
        versions: versions_now(&project),
        files: files
            .iter()
            .map(|(path, bytes)| (path.clone(), lexhold_model::Digest::of(bytes)))
            .collect(),
    };
    let default = || format!("{}-{}{ENDING}", args.name, args.revision).into();
    let path = args.out.clone().unwrap_or_else(default);
    if !is_bundle(&path) {
        let message = format!("{} does not end in {ENDING}", path.display());
        return Err(Failure::new(Exit::Usage, message).into());
    }
    let parts = Parts::unsigned(manifest.clone(), files)?;
    let signers = signed_before(&path, &parts)?;
    if signers.is_empty() {
        write(&path, &parts)?;
    }
    if !settings.quiet {
        let signers = match signers.as_slice() {
            [] => "nobody has signed it yet".to_owned(),
            signers => format!("as before, signed in the name of {}", printable(&signers.join(", "))),
        };
        say(&format!(
            "{}: {} {}, {} files, bundle {}; {signers}",
            shown(&path),
            printable(&manifest.name),
            manifest.revision,
            manifest.files.len(),
            manifest.bundle.short()
        ));
    }
    Ok(Exit::Done)
}

/// In whose names the bundle that lies there is signed, where it is the very one that was built.
///
/// # Errors
/// A refusal where it is another one of the same name and revision: what somebody has signed is not replaced in silence.
fn signed_before(path: &Path, built: &Parts) -> anyhow::Result<Vec<String>> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    // What is no bundle has no signature to lose.
    let Ok(before) = read(path) else { return Ok(Vec::new()) };
    let signers: Vec<String> = before.signers().map(str::to_owned).collect();
    let is_of = |manifest: &Manifest| (manifest.name.clone(), manifest.revision);
    if signers.is_empty() || before.manifest == built.manifest || is_of(&before.manifest) != is_of(&built.manifest) {
        return Ok(if before.manifest == built.manifest {
            signers
        } else {
            Vec::new()
        });
    }
    let (name, revision) = is_of(&before.manifest);
    let message = format!(
        "{} is `{name}` {revision} already, of other files and signed in the name of {}",
        path.display(),
        signers.join(", ")
    );
    Err(Failure::new(Exit::Refused, message)
        .help("--revision: each is higher than the one before; or --out another file")
        .into())
}

/// The files of a project that are part of a bundle: its documents, what they import, the firm's Cedar schema.
fn files_of(project: &Project) -> SourceFiles {
    let left_out: BTreeSet<FileId> = project
        .documents
        .iter()
        .filter(|document| !is_part(document.kind))
        .map(|document| document.file)
        .collect();
    let left_out: BTreeSet<String> = left_out
        .into_iter()
        .map(|file| plain(Path::new(project.files.path(file))))
        .collect();
    let files = project.sources.iter().filter(|(path, _)| !left_out.contains(*path));
    files.map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
}

fn sign(settings: &Settings, args: &SignBundle) -> anyhow::Result<Exit> {
    let Some(signer) = &settings.operator else {
        return Err(Failure::new(Exit::Usage, "nobody is named to sign")
            .help("--as OPERATOR says who you are")
            .into());
    };
    let secret = keys::secret_of(signer, args.key.as_deref())?;
    let mut parts = read(&args.file)?;
    parts.sign(signer, &SecretKey::new(&secret));
    write(&args.file, &parts)?;
    if !settings.quiet {
        let signers: Vec<&str> = parts.signers().collect();
        let signers = printable(&signers.join(", "));
        say(&format!("{}: signed by {signers}", shown(&args.file)));
    }
    Ok(Exit::Done)
}

/// Verifies a bundle, and compiles it: a signature says who stands by it, not that this Lexhold reads it as they did.
fn verify(settings: &Settings, args: &ReadBundle) -> anyhow::Result<Exit> {
    let shipped = open(settings, &args.file)?;
    let of_bundle = Settings {
        policies: vec![args.file.clone()],
        rulesets: Vec::new(),
        ..settings.clone()
    };
    load::bundle(&of_bundle)?;
    answer(args, &shipped.manifest, &shipped.signers, Some(shipped.verified))
}

fn inspect(args: &ReadBundle) -> anyhow::Result<Exit> {
    let parts = read(&args.file)?;
    let signers: Vec<String> = parts.signers().map(str::to_owned).collect();
    answer(args, &parts.manifest, &signers, None)
}

fn answer(args: &ReadBundle, manifest: &Manifest, signers: &[String], verified: Option<bool>) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    if args.format == SummaryFormat::Json {
        let mut answer = json!(manifest);
        answer["schema"] = json!("lexhold/bundle-answer/1");
        answer["signers"] = json!(signers);
        answer["verified"] = json!(verified);
        writeln!(out, "{answer}")?;
        return Ok(Exit::Done);
    }
    let signed = match (verified, signers) {
        (Some(false), _) => "not verified".to_owned(),
        (_, []) => "by nobody".to_owned(),
        (Some(true), signers) => format!("by {}, verified", printable(&signers.join(", "))),
        (None, signers) => format!("in the name of {}, not verified here", printable(&signers.join(", "))),
    };
    let instant = |at: Option<jiff::Timestamp>, none: &str| at.map_or_else(|| none.to_owned(), |at| at.to_string());
    for (name, value) in [
        ("bundle", format!("{} {}", printable(&manifest.name), manifest.revision)),
        ("digest", manifest.bundle.to_string()),
        ("signed", signed),
        ("counts from", instant(manifest.not_before, "at once")),
        ("counts until", instant(manifest.expires, "for ever")),
        (
            "made with",
            format!(
                "lexhold {}, Cedar {}, time zones {}",
                manifest.versions.engine, manifest.versions.cedar, manifest.versions.tz_database
            ),
        ),
        ("files", manifest.files.len().to_string()),
    ] {
        writeln!(out, "{name:<12} {value}")?;
    }
    if verified.is_none() {
        for (path, digest) in &manifest.files {
            writeln!(out, "  {}  {}", digest.short(), printable(path))?;
        }
    }
    Ok(Exit::Done)
}
