//! `rebuild`: the catalog again, from journal and evaluations. Nothing is evaluated again.

use lexhold_catalog::{Catalog, Status};
use lexhold_store::{Faults, Home, RunLock};

use crate::failure::Exit;
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;
use crate::terminal::{counted, say};

/// Projects into a new file and puts it in the place of the old one.
pub fn rebuild(settings: &Settings) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let lock = home.lock_run("catalog", settings.wait, home::stamp(""))?;
    home.recover(&lock, home::stamp(&actor.id))?;
    let old = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, &home)?);
    if let Ok(old) = old
        && !home::is_of_journal(&home, &old)?
    {
        drop(old);
        home.journal_was_lost(home::stamp(&actor.id))?;
        say(
            "warning: the journal lacks entries that the catalog had: what was held, released or destroyed in them is unknown;",
        );
        say("         place holds again, then lexhold clock attest; until then dispose execute refuses");
    }
    let status = anew(settings, &home, &lock)?;
    if !settings.quiet {
        say(&format!(
            "rebuild: {} from {}",
            counted(status.n_messages, "message", "messages"),
            counted(status.applied_seq.unwrap_or(0), "journal entry", "journal entries")
        ));
    }
    Ok(Exit::Done)
}

/// The catalog in a new file, with no byte of what was deleted from the old one.
pub fn anew(settings: &Settings, home: &Home, lock: &RunLock) -> anyhow::Result<Status> {
    let path = home.rebuilt_catalog_path(lock)?;
    let mut writer = Catalog::open_writer(&path, &home::catalog_settings(settings, home)?)?;
    home::project_rest(home, &mut writer, &Faults::default())?;
    let status = writer.status()?;
    writer.close()?;
    // Whoever reads the old catalog now keeps what they opened; the next to open gets the new one.
    home.replace_catalog(lock)?;
    Ok(status)
}
