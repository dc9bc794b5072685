//! What goes on record before the first message: the bundle, the facts, new holds, the run itself.

use lexhold_catalog::Catalog;
use lexhold_evaluate::{Bundle, Facts, HoldSet};
use lexhold_formats::Options;
use lexhold_model::{Digest, Directory, Key};
use lexhold_store::{EntryKind, Home, Payload, SourceFiles};
use serde_json::{Value, json};

use super::evaluation::Evaluation;
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
    /// The same with the holds of today, where messages were evaluated elsewhere, before some of them were placed.
    pub today: Option<Facts>,
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
    let (holds, _, facts_digest) = facts_on_record(settings, actor, home, project, &directory)?;
    let of = Started {
        bundle,
        bound,
        facts: &facts_digest,
        holds: &holds,
        backfill: args.backfill,
        more: json!({"read_as": as_read(args, read_as)}),
    };
    let run = started(settings, args, actor, home, &of)?;
    let zone = zone(home.zone())?;
    let facts = Facts {
        directory,
        holds,
        zone,
        key: home.content_key()?,
        backfill: args.backfill,
    };
    Ok(Begun {
        run,
        facts,
        today: None,
    })
}

/// The same for what was evaluated elsewhere, all of which has been looked at.
pub fn import(
    settings: &Settings,
    args: &Run,
    actor: &Actor,
    home: &Home,
    (bundle, bound): (&Bundle, &[BoundVersion]),
    (evaluation, facts): (&Evaluation, Facts),
) -> anyhow::Result<Begun> {
    sample::commit(settings, actor, home, bundle)?;
    holds::place(settings, args, actor, home, &facts.directory)?;
    let (holds, _) = holds::in_force(settings, home, &facts.directory)?;
    let of = Started {
        bundle,
        bound,
        facts: &evaluation.facts_digest(),
        holds: &facts.holds,
        backfill: facts.backfill,
        more: json!({"evaluation": {"manifest": evaluation.digest, "declared_old": args.backfill}}),
    };
    let run = started(settings, args, actor, home, &of)?;
    let today = Facts {
        directory: facts.directory.clone(),
        holds,
        zone: zone(home.zone())?,
        key: home.content_key()?,
        backfill: facts.backfill,
    };
    Ok(Begun {
        run,
        facts,
        today: Some(today),
    })
}

/// What the journal says of a run that begins.
struct Started<'a> {
    bundle: &'a Bundle,
    bound: &'a [BoundVersion],
    facts: &'a Digest,
    /// The holds that its messages were or will be asked about.
    holds: &'a HoldSet,
    backfill: bool,
    /// How inputs were read, or by which manifest they were evaluated elsewhere.
    more: Value,
}

fn started(settings: &Settings, args: &Run, actor: &Actor, home: &Home, of: &Started<'_>) -> anyhow::Result<String> {
    let run = run_id(settings)?;
    let mut started = json!({
        "run": run,
        "bundle": of.bundle.digest,
        "earlier": of.bound,
        "facts": of.facts,
        "holds": of.holds.specs().iter().map(|hold| hold.name.as_str()).collect::<Vec<_>>(),
        "as_of": settings.as_of.to_string(),
        "backfill": of.backfill,
        "confirmed_by": args.confirmed_by,
        "governance": if actor.is_solo() { "solo" } else { "operators" },
        "engine": versions::ENGINE,
        "tz_database": versions::tz_database(),
        "unicode": versions::unicode(),
    });
    if let (Value::Object(started), Value::Object(more)) = (&mut started, &of.more) {
        started.extend(more.clone());
    }
    home.journal().append(
        EntryKind::RunStarted,
        Some(Payload::Json(&started)),
        home::stamp(&actor.id),
    )?;
    Ok(run)
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

/// Puts what there is to know beside a bundle on record: the holds in force, the sources of all of it, their digest.
pub fn facts_on_record(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    project: &Project,
    directory: &Directory,
) -> anyhow::Result<(HoldSet, SourceFiles, Digest)> {
    let (holds, sources) = holds::in_force(settings, home, directory)?;
    let sources = facts_sources(settings, project, sources)?;
    let digest = home.facts().put(&sources)?;
    home.journal().append(
        EntryKind::Facts,
        Some(Payload::Json(&json!({"sources": digest}))),
        home::stamp(&actor.id),
    )?;
    Ok((holds, sources, digest))
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
