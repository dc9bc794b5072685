//! `hold`: placed and released by people, in the journal first.
//!
//! A hold counts from the moment it stands in the journal. What it covers of the messages that the home has is found out
//! behind it (`apply`), by whoever has the run lock: the call that placed it, a run, or `hold apply`. Until then
//! [`HoldLog::not_yet_applied`] names it, and nothing may be destroyed.

mod answer;
mod apply;
pub mod compiled;
mod document;
mod list;
mod log;
mod narrow;
mod notice;
mod place;
mod release;
pub mod storage;

use lexhold_catalog::payload::HoldPlaced;
use std::time::Duration;

use lexhold_model::{Directory, Key};
use lexhold_store::Home;

pub use apply::Applier;
pub use compiled::directory;
pub use document::Written;
pub use log::HoldLog;
pub use narrow::first_name;
pub use place::journal;

use crate::args::{Hold, HoldKind};
use crate::failure::{Exit, Failure, exit_of};
use crate::operators::Actor;
use crate::report::ViewerSight;
use crate::settings::Settings;
use crate::{home, run};

/// Does what was asked with holds.
pub fn hold(settings: &Settings, args: &Hold) -> anyhow::Result<Exit> {
    match &args.what {
        HoldKind::Place(args) => place::place(settings, args),
        HoldKind::Apply => apply(settings),
        HoldKind::Release(args) => release::release(settings, args),
        HoldKind::Narrow(args) => narrow::narrow(settings, args),
        HoldKind::List(args) => list::list(settings, args),
        HoldKind::Show(args) => list::show(settings, args),
        HoldKind::Notice(args) => notice::notice(settings, args),
        HoldKind::Ack(args) => notice::ack(settings, args),
    }
}

/// `hold apply`
fn apply(settings: &Settings) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let directory = compiled::directory(settings, &home)?;
    if settle_now(settings, &actor, &home, &directory)? {
        return Ok(Exit::Done);
    }
    Err(Failure::new(Exit::Busy, "another process is at work in the home").into())
}

/// Finds out what holds cover, unless another process is at work: then answers no.
fn settle_now(settings: &Settings, actor: &Actor, home: &Home, directory: &Directory) -> anyhow::Result<bool> {
    // A run may take hours, and finds out by itself at its end.
    let wait = if home.run_holder()?.is_some() {
        Duration::ZERO
    } else {
        settings.wait
    };
    let settled = || -> anyhow::Result<()> {
        // Others may read who has the lock and what for: nothing there tells of a hold, or of who placed one.
        let lock = home.lock_run("catalog", wait, home::stamp(""))?;
        home.recover(&lock, home::stamp(&actor.id))?;
        let applier = Applier {
            settings,
            actor,
            home,
            lock: &lock,
            faults: &run::faults()?,
        };
        applier.settle(&application(settings)?, directory)?;
        storage::follow(settings, actor, home)
    };
    match settled() {
        Ok(()) => Ok(true),
        Err(error) if is_busy(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The hold of this name, or the last of those that it was narrowed to; of an open and a silent one of the same name the open one. Who
/// may not know of it is told what anybody is told of a hold that there is not.
fn one<'l>(actor: &Actor, log: &'l HoldLog, name: &str) -> anyhow::Result<&'l HoldPlaced> {
    let sight = ViewerSight::of(actor)?;
    let seen = || log.placed().iter().filter(|placed| sight.shows(placed.silent));
    let exact = || seen().find(|placed| placed.hold == name);
    let last = |silent: bool| {
        let mut alike = seen().filter(|placed| placed.silent == silent);
        alike.rfind(|placed| {
            let root = narrow::root(&placed.hold);
            root == name || narrow::plain(root) == name
        })
    };
    let found = last(false).or_else(|| last(true)).or_else(exact);
    Ok(found.ok_or_else(|| {
        Failure::new(Exit::Usage, format!("no hold is called `{name}`")).help("lexhold hold list --all has their names")
    })?)
}

/// Whether another process is at work.
fn is_busy(error: &anyhow::Error) -> bool {
    exit_of(error) == Exit::Busy
}

/// A name under which memberships are recorded, used once.
fn application(settings: &Settings) -> anyhow::Result<String> {
    let mut random = [0; 8];
    home::dice(&mut random)?;
    let time = settings.now.strftime("%Y%m%dT%H%M%SZ");
    Ok(format!(
        "{time}-{}-hold",
        &Key::of("lexhold hold", [random.as_slice()]).to_string()[..8]
    ))
}
