//! `event`: what starts retention periods, recorded by people: an account closed, somebody left.

mod change;
mod csv_file;
mod effect;
mod list;
mod log;
mod types;
mod write;

pub use log::register_of;

use crate::args::{Event, EventKind};
use crate::failure::Exit;
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;

/// Lists events, or writes some.
pub fn event(settings: &Settings, args: &Event) -> anyhow::Result<Exit> {
    let (wanted, stands) = match &args.what {
        EventKind::List(args) => return list::list(settings, args),
        EventKind::Record { what, stands } => (change::recording(what)?, stands),
        EventKind::Correct {
            what,
            date,
            reason,
            stands,
        } => (change::correction(what, date, reason.as_deref())?, stands),
        EventKind::Cancel { what, reason, stands } => (change::cancellation(what, reason)?, stands),
    };
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let home = home::open(settings)?;
    write::write(settings, &actor, &home, &wanted, stands)
}
