//! `run`: the main job. Ingest, evaluate, record, report.
//!
//! `input` looks at the files first, `far` at those behind a URL; `holds` and `begin` put on record what the run evaluates with; `pipeline` reads and
//! evaluates on all cores; `commit` is the one writer; `summary` is what a person and a pipeline get at the end, `dry` what a run sees
//! that records nothing.

mod begin;
mod commit;
mod dry;
pub mod evaluation;
mod facts_to;
mod far;
pub mod holds;
mod input;
mod pipeline;
mod progress;
mod summary;
mod tally;

use std::sync::atomic::{AtomicBool, Ordering};

use lexhold_evaluate::{Evaluator, Facts, HoldSet};
use lexhold_model::ContentKey;
use lexhold_policy::Verb;
use lexhold_store::Faults;

use crate::args::Run;
use crate::expected::Expected;
use crate::failure::{Exit, Failure, OrExit};
use crate::hold::Applier;
use crate::operators::Actor;
use crate::settings::Settings;
use crate::{hold, home, load};

use evaluation::Evaluation;

pub use input::{Input, inputs, read_as};
pub use pipeline::{Piece, Pipeline, Sink, zone};
pub use progress::Meter;
pub use summary::{say_remarks, say_unreadable};

/// Set by the first interrupt: the batch at hand is finished, the next is not begun.
pub static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether somebody asked to stop.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// From here on the first interrupt asks to stop, and kills nothing.
pub fn heed_interrupts() {
    let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
}

/// Where a test wants the process killed, or held until it is interrupted.
pub fn faults() -> anyhow::Result<Faults> {
    for (name, until) in [
        ("LEXHOLD_TEST_STOP_AT", None),
        ("LEXHOLD_TEST_WAIT_AT", Some(&INTERRUPTED)),
    ] {
        if let Ok(place) = std::env::var(name) {
            let faults = Faults::at(&place, until);
            return Ok(faults.map_err(|why| Failure::new(Exit::Usage, format!("{name}: {why}")))?);
        }
    }
    Ok(Faults::default())
}

/// Runs.
pub fn run(settings: &Settings, args: &Run) -> anyhow::Result<Exit> {
    let read_as = read_as(settings, &args.read_as)?;
    let evaluation = args.from_evaluation.as_deref().map(Evaluation::open).transpose()?;
    let inputs = match &evaluation {
        Some(evaluation) => evaluation.inputs(),
        None => inputs(&args.inputs, &read_as)?,
    };
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let (mut project, bundle) = load::bundle(settings)?;
    let directory = load::directory(settings, &mut project, &bundle)?;
    heed_interrupts();
    if args.dry_run {
        let facts = Facts {
            directory,
            holds: HoldSet::none(),
            zone: zone(&settings.zone)?,
            key: ContentKey::new([0; 32]),
            backfill: args.backfill,
        };
        return dry::run(settings, args, &inputs, read_as, &bundle, &facts);
    }
    let expected = args.expected.as_deref();
    let expected = expected.map(|text| Expected::read(settings, text)).transpose()?;
    let faults = faults()?;
    let verb = if args.backfill {
        Verb::DeclareBackfill
    } else {
        Verb::Run
    };
    actor.require(verb, "home", &args.confirmed_by)?;
    if !args.holds.is_empty() {
        actor.require(Verb::PlaceHold, "home", &args.confirmed_by)?;
    }
    let home = match &evaluation {
        Some(_) => home::open(settings)?,
        None => home::open_or_create(settings, &actor.id)?,
    };
    actor.note_pending(&home)?;
    actor.sees_silent()?;
    let lock = home.lock_run("run", settings.wait, home::stamp(&actor.id))?;
    home.recover(&lock, home::stamp(&actor.id))?;
    home::catch_up(settings, &home, &faults)?;
    let started = std::time::Instant::now();
    let made_with = match &evaluation {
        Some(evaluation) => {
            evaluation.require_bundle(&bundle.digest)?;
            Some((evaluation, evaluation.facts(settings, args, &home)?))
        }
        None => None,
    };
    let (bundle, bound) = begin::active(settings, &actor, &home, &project, bundle)?;
    let pipeline = Pipeline {
        settings,
        backfill: args.backfill,
        jobs: settings.jobs.unwrap_or_else(home::cores),
        read_as,
        home: Some(&home),
    };
    if let Some(to) = &args.facts_to {
        return facts_to::write(
            settings,
            args,
            &actor,
            &home,
            &project,
            (&bundle, &bound),
            &directory,
            to,
        );
    }
    let begun = match made_with {
        Some((evaluation, facts)) => {
            evaluation.require_bound(&bound)?;
            evaluation.verify(&pipeline, &bundle, &facts)?;
            begin::import(settings, args, &actor, &home, (&bundle, &bound), (evaluation, facts))?
        }
        None => begin::begin(
            settings,
            (args, &pipeline.read_as),
            &actor,
            &home,
            &project,
            (&bundle, &bound),
            directory,
        )?,
    };
    let facts = &begun.facts;
    let applier = Applier {
        settings,
        actor: &actor,
        home: &home,
        lock: &lock,
        faults: &faults,
    };
    applier.settle(&format!("{}-holds", begun.run), &facts.directory)?;
    let committer = commit::Committer::new(settings, &actor, &home, &lock, &bundle, &begun, &faults)?;
    let meter = Meter::new(settings, &inputs, Some((&home, &begun.run)));
    let counts = match &evaluation {
        Some(evaluation) => evaluation.record(&pipeline, &bundle, facts, committer, &meter)?,
        None => pipeline.run(&inputs, || Evaluator::new(&bundle, facts), committer, &meter)?,
    };
    // Holds that were placed meanwhile, and what new messages reply to.
    applier.settle(&format!("{}-holds-after", begun.run), &facts.directory)?;
    hold::storage::follow(settings, &actor, &home)?;
    let seconds = started.elapsed().as_secs_f64();
    let of_it = (expected, seconds);
    summary::finish(settings, args, &actor, &home, &begun.run, &bundle, &counts, of_it)
        .or_exit(Exit::Data, "the run was recorded, its summary was not")
}
