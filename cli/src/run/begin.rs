//! What goes on record before the first message: the bundle, the facts, new holds, the run itself.

use lexhold_catalog::Catalog;
use lexhold_evaluate::{Bundle, Facts};
use lexhold_formats::Options;
use lexhold_model::{Directory, Key};
use lexhold_store::{EntryKind, Home, Payload, SourceFiles};
use serde_json::{Value, json};

use super::holds;
use super::pipeline::zone;
use crate::activate::earlier::{self, BoundVersion};
use crate::args::Run;
use crate::failure::{Exit, Failure};
use crate::ledger::{Activation, History};
use crate::load::Project;
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

/// Puts holds, facts and run on record; the bundle is there, see [`active`].
pub fn begin(
    settings: &Settings,
    (args, read_as): (&Run, &Options),
    actor: &Actor,
    home: &Home,
    project: &Project,
    (bundle, bound): (&Bundle, &[BoundVersion]),
    directory: Directory,
) -> anyhow::Result<Begun> {
    sample::commit(settings, actor, home, bundle)?;
    holds::place(settings, args, actor, home, &directory)?;
    let (holds, sources) = holds::in_force(settings, home, &directory)?;
    let sources = facts_sources(settings, project, sources)?;
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
        "read_as": as_read(args, read_as),
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
            let sources = home.bundles().put(project.bundle_sources())?;
            let documents = Activation::of(&bundle, settings.now).documents;
            let mut payload = json!({"bundle": bundle.digest, "sources": sources, "documents": documents});
            if let Some(shipped) = &project.shipped {
                payload["shipped"] = shipped.record();
            }
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

/// Everything that a run knows beside its bundle; `sources` has the holds.
fn facts_sources(settings: &Settings, project: &Project, mut sources: SourceFiles) -> anyhow::Result<SourceFiles> {
    if let Some(path) = &settings.directory {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("directory");
        sources.insert(format!("directory/{name}"), load::read_bytes(path)?);
    }
    if let Some((path, bytes)) = &project.cedar_schema {
        sources.insert(format!("schema/{path}"), bytes.clone());
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

/// What was said of inputs that do not say everything of themselves: by which mapping, zone and order of dates they were read.
fn as_read(args: &Run, read_as: &Options) -> Value {
    let mapping = read_as.mapping.as_ref();
    json!({
        "mapping": mapping.map(|mapping| json!({"name": mapping.name, "digest": mapping.digest})),
        "zone": args.read_as.source_zone,
        "dates": args.read_as.source_dates.map(|order| format!("{order:?}").to_lowercase()),
    })
}
