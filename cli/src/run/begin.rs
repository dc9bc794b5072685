//! What goes on record before the first message: the bundle, the facts, new holds, the run itself.

use lexhold_catalog::Catalog;
use lexhold_catalog::payload::HoldPlaced;
use lexhold_document::{Diagnostics, Document};
use lexhold_evaluate::{Bundle, Facts, HoldSet};
use lexhold_model::{Directory, Key};
use lexhold_store::{EntryKind, Home, Payload, SourceFiles};
use serde_json::{Value, json};

use super::pipeline::zone;
use crate::activate::earlier::{self, BoundVersion};
use crate::args::Run;
use crate::failure::{Exit, Failure};
use crate::hold::HoldLog;
use crate::ledger::{Activation, History};
use crate::load::{Project, plain};
use crate::operators::Actor;
use crate::settings::Settings;
use crate::terminal::say;
use crate::{home, load, sample, versions};

/// What a run evaluates with, on record.
pub struct Begun {
    /// The run's id.
    pub run: String,
    /// The facts, all holds in force among them.
    pub facts: Facts,
}

/// Names of holds and the texts that they were written as.
type Texts = Vec<(String, String)>;

/// Puts holds, facts and run on record; the bundle is there, see [`active`].
pub fn begin(
    settings: &Settings,
    args: &Run,
    actor: &Actor,
    home: &Home,
    mut project: Project,
    (bundle, bound): (&Bundle, &[BoundVersion]),
    directory: Directory,
) -> anyhow::Result<Begun> {
    sample::commit(settings, actor, home, bundle)?;
    let log = HoldLog::read(home)?;
    let (documents, texts) = hold_documents(settings, args, &mut project, &log)?;
    let references: Vec<&Document> = documents.iter().collect();
    let holds = HoldSet::compile(&references, &project.schemas, &mut project.diagnostics);
    project.report(settings, "the holds")?;
    let holds = holds.ok_or_else(|| Failure::new(Exit::Policy, "the holds do not compile"))?;
    refuse_dropped_custodians(settings, home, &holds, &directory)?;
    place(settings, actor, home, &documents, &texts, &holds, &log)?;
    let sources = facts_sources(settings, &project, &texts)?;
    let facts_digest = home.facts().put(&sources)?;
    let run = run_id(settings)?;
    let stamp = home::stamp(&actor.id);
    home.journal().append(
        EntryKind::Facts,
        Some(Payload::Json(&json!({"sources": facts_digest}))),
        stamp,
    )?;
    let started = json!({
        "run": run,
        "bundle": bundle.digest,
        "earlier": bound,
        "facts": facts_digest,
        "holds": holds.specs().iter().map(|hold| hold.name.as_str()).collect::<Vec<_>>(),
        "as_of": settings.as_of.to_string(),
        "backfill": args.backfill,
        "confirmed_by": args.confirmed_by,
        "governance": if actor.is_solo() { "solo" } else { "operators" },
        "engine": versions::ENGINE,
        "tz_database": versions::tz_database(),
        "unicode": versions::unicode(),
    });
    home.journal()
        .append(EntryKind::RunStarted, Some(Payload::Json(&started)), stamp)?;
    let zone = zone(home.zone())?;
    let facts = Facts {
        directory,
        holds,
        zone,
        key: home.content_key()?,
        backfill: args.backfill,
    };
    Ok(Begun { run, facts })
}

/// The first run of a home activates its bundle; afterwards only `activate` changes it. Hands over the bundle with the versions
/// that still bind beside it.
pub fn active(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    project: &Project,
    bundle: Bundle,
) -> anyhow::Result<(Bundle, Vec<BoundVersion>)> {
    let history = {
        let catalog = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, home)?)?;
        History::read(&catalog)?
    };
    match history.active() {
        Some(active) if active.bundle == bundle.digest => {}
        Some(active) => {
            let message = format!(
                "the home's active bundle is {}, the policies and rulesets given are {}",
                active.bundle.short(),
                bundle.digest.short()
            );
            let help = "lexhold activate puts a changed bundle into force; lexhold diff active . says what that does to the messages \
                        of the home";
            return Err(Failure::new(Exit::Refused, message).help(help).into());
        }
        None => {
            let sources = home.bundles().put(&project.sources)?;
            let documents = Activation::of(&bundle, settings.now).documents;
            let payload = json!({"bundle": bundle.digest, "sources": sources, "documents": documents});
            home.journal().append(
                EntryKind::Activation,
                Some(Payload::Json(&payload)),
                home::stamp(&actor.id),
            )?;
            if !settings.quiet {
                say(&format!(
                    "this home is new: bundle {} is now its active one",
                    bundle.digest.short()
                ));
            }
        }
    }
    let bound = earlier::bound(&history, settings.now);
    Ok((earlier::with_bound(home, bundle, &bound)?, bound))
}

/// The documents of all holds in force, those on record first, and their texts by name.
fn hold_documents(
    settings: &Settings,
    args: &Run,
    project: &mut Project,
    log: &HoldLog,
) -> anyhow::Result<(Vec<Document>, Texts)> {
    let mut documents = Vec::new();
    let mut texts = Vec::new();
    for hold in log.active().map(|placed| &placed.hold) {
        let name = format!("holds/{}.yaml", hold.hold);
        let document = project.take(&settings.root, &name, &hold.text);
        documents.push(
            document.ok_or_else(|| {
                Failure::new(Exit::Data, format!("the hold `{}` on record cannot be read", hold.hold))
            })?,
        );
        texts.push((hold.hold.clone(), hold.text.clone()));
    }
    for path in &args.holds {
        let Some(document) = project.read_one(&settings.root, path)? else {
            continue;
        };
        if document.kind != lexhold_document::Kind::Hold {
            return Err(Failure::new(Exit::Policy, format!("{} is no `hold:` document", path.display())).into());
        }
        match log
            .placed()
            .iter()
            .map(|placed| &placed.hold)
            .find(|hold| hold.hold == document.name)
        {
            Some(same) if same.digest == document.digest.to_string() => continue,
            Some(_) => {
                let message = format!("the hold `{}` was placed with another text", document.name);
                let help =
                    "a hold on record is never replaced: give the new one a name of its own, and both are in force";
                return Err(Failure::new(Exit::Refused, message).help(help).into());
            }
            None => {}
        }
        texts.push((document.name.clone(), project.files.text(document.file).to_owned()));
        documents.push(document);
    }
    project.report(settings, "the holds")?;
    Ok((documents, texts))
}

/// A directory may not lose somebody whom a hold names.
fn refuse_dropped_custodians(
    settings: &Settings,
    home: &Home,
    holds: &HoldSet,
    directory: &Directory,
) -> anyhow::Result<()> {
    let known = |directory: &Directory, id: &str| directory.standing(id, None).is_some();
    let lost: Vec<&str> = holds
        .custodians()
        .into_iter()
        .filter(|id| !known(directory, id))
        .collect();
    if lost.is_empty() {
        return Ok(());
    }
    let Some(before) = directory_before(settings, home)? else {
        return Ok(());
    };
    let dropped: Vec<&str> = lost.into_iter().filter(|id| known(&before, id)).collect();
    if dropped.is_empty() {
        return Ok(());
    }
    let message = format!("the directory drops {}, named by a hold in force", dropped.join(", "));
    Err(Failure::new(Exit::Refused, message)
        .help("keep the row and give it an end date")
        .into())
}

/// The directory of the last run, from the facts that were stored with it.
fn directory_before(settings: &Settings, home: &Home) -> anyhow::Result<Option<Directory>> {
    let mut last = None;
    for entry in home.journal().entries(1)? {
        let entry = entry?;
        if entry.kind == EntryKind::Facts {
            last = home
                .journal()
                .payload_json::<Value>(&entry)?
                .and_then(|payload| payload["sources"].as_str()?.parse().ok());
        }
    }
    let Some(digest) = last else { return Ok(None) };
    let sources = home.facts().get(&digest)?;
    let Some((name, bytes)) = sources.iter().find(|(name, _)| name.starts_with("directory/")) else {
        return Ok(None);
    };
    let mut project = Project::read(settings, &[])?;
    let text = String::from_utf8_lossy(bytes);
    let document = project.take(&settings.root, name, &text);
    Ok(document.and_then(|document| lexhold_evaluate::compile_directory(&document, &mut Diagnostics::new())))
}

fn place(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    documents: &[Document],
    texts: &[(String, String)],
    holds: &HoldSet,
    log: &HoldLog,
) -> anyhow::Result<()> {
    for (spec, document) in holds.specs().iter().zip(documents) {
        if log.placed().iter().any(|placed| placed.hold.hold == spec.name) {
            continue;
        }
        let text = texts
            .iter()
            .find(|(name, _)| *name == spec.name)
            .map(|(_, text)| text.clone())
            .unwrap_or_default();
        let payload = json!(HoldPlaced {
            hold: spec.name.clone(),
            matter: spec.matter.clone(),
            zone: spec.zone.name().to_owned(),
            digest: spec.digest.to_string(),
            silent: spec.silent,
            document: document.typed::<Value>(&mut Diagnostics::new()).unwrap_or_default(),
            text,
            narrows: None,
        });
        home.journal().append(
            EntryKind::HoldPlaced,
            Some(Payload::Json(&payload)),
            home::stamp(&actor.id),
        )?;
        if !settings.quiet && !spec.silent {
            say(&format!(
                "hold `{}` is placed for matter {}; only a release will end it",
                spec.name, spec.matter
            ));
        }
    }
    Ok(())
}

fn facts_sources(settings: &Settings, project: &Project, holds: &[(String, String)]) -> anyhow::Result<SourceFiles> {
    let mut sources = SourceFiles::new();
    if let Some(path) = &settings.directory {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("directory");
        sources.insert(format!("directory/{name}"), load::read_bytes(path)?);
    }
    if let Some(path) = &settings.schema {
        sources.insert(format!("schema/{}", plain(path)), load::read_bytes(path)?);
    }
    for (name, text) in holds {
        sources.insert(format!("holds/{name}.yaml"), text.clone().into_bytes());
    }
    let [schema, ..] = project.schemas.texts();
    sources.insert("schema.cedarschema".into(), schema.as_bytes().to_vec());
    Ok(sources)
}

/// An id that sorts by time and that no two runs share.
fn run_id(settings: &Settings) -> anyhow::Result<String> {
    let mut random = [0; 8];
    home::dice(&mut random)?;
    let time = settings.now.strftime("%Y%m%dT%H%M%SZ");
    Ok(format!(
        "{time}-{}",
        &Key::of("lexhold run", [random.as_slice()]).to_string()[..8]
    ))
}
