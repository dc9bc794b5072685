//! `hold`: placed and released by people, in the journal first.
//!
//! A hold counts from the moment it stands in the journal. What it covers of the messages that the home has is found out
//! behind it (`apply`), by whoever has the run lock: the call that placed it, a run, or `hold apply`. Until then
//! [`HoldLog::not_yet_applied`] names it, and nothing may be destroyed.

mod answer;
mod apply;
pub mod compiled;
mod document;
mod log;
mod place;

use std::time::Duration;

use lexhold_model::{Directory, Key};
use lexhold_store::{Faults, Home};

pub use apply::Applier;
pub use document::Written;
pub use place::journal;
pub use log::HoldLog;

use crate::args::{Hold, HoldKind};
use crate::failure::{Exit, Failure, exit_of};
use crate::operators::Actor;
use crate::settings::Settings;
use crate::terminal::say;
use crate::{home, review, run};

/// Does what was asked with holds.
pub fn hold(settings: &Settings, args: &Hold) -> anyhow::Result<Exit> {
    match &args.what {
        HoldKind::Place(args) => place::place(settings, args),
        HoldKind::Apply => apply(settings),
    }
}

/// `hold apply`
fn apply(settings: &Settings) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let directory = review::directory(settings)?;
    if settle_now(settings, &actor, &home, &directory)? {
        return Ok(Exit::Done);
    }
    Err(Failure::new(Exit::Busy, "another process is at work in the home").into())
}

/// Finds out what holds cover, unless another process is at work: then says so, and answers no.
fn settle_now(settings: &Settings, actor: &Actor, home: &Home, directory: &Directory) -> anyhow::Result<bool> {
    // A run may take hours, and finds out by itself at its end.
    let wait = if home.run_holder()?.is_some() { Duration::ZERO } else { settings.wait };
    let settled = || -> anyhow::Result<()> {
        let lock = home.lock_run("hold", wait, home::stamp(&actor.id))?;
        home.recover(&lock)?;
        let applier = Applier {
            settings,
            actor,
            home,
            lock: &lock,
            faults: &run::faults()?,
        };
        applier.settle(&application(settings)?, directory)
    };
    match settled() {
        Ok(()) => Ok(true),
        Err(error) if exit_of(&error) == Exit::Busy => {
            if !settings.quiet {
                say("the hold stands in the journal and counts; another process is at work, and what it covers is found out \
                     at the end of a run, or by lexhold hold apply");
            }
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// A name under which memberships are recorded, used once.
fn application(settings: &Settings) -> anyhow::Result<String> {
    let mut random = [0; 8];
    home::dice(&mut random)?;
    let time = settings.now.strftime("%Y%m%dT%H%M%SZ");
    Ok(format!("{time}-{}-hold", &Key::of("lexhold hold", [random.as_slice()]).to_string()[..8]))
}
