//! `backup` and `restore`: a copy of the home, and the way back.

use std::io::Write;

use lexhold_catalog::Catalog;
use lexhold_policy::Verb;
use lexhold_store::{ErrorKind, Faults, Restored};

use crate::args::{Backup, Restore};
use crate::failure::{Exit, Failure};
use crate::operators::Actor;
use crate::settings::Settings;
use crate::terminal::{counted, say};
use crate::{dispose, home, remote};

/// Copies the home.
pub fn backup(settings: &Settings, args: &Backup) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    actor.require(Verb::BackUp, "home", &[])?;
    let period = args.expires.as_ref().or(settings.disposal.backups.as_ref());
    let expires = period
        .map(|period| dispose::end_of(&home, settings.now, period))
        .transpose()?;
    let made = home.back_up(&args.out, expires, home::stamp(&actor.id))?;
    writeln!(std::io::stdout().lock(), "{}", made.manifest)?;
    if !settings.quiet {
        // How many files and bytes there are would tell of what a silent hold has found.
        let entries = counted(made.entries, "journal entry", "journal entries");
        match home.object_archive() {
            None => say(&format!(
                "backup: {entries}; messages and keys are in it, so keep it as safe as the home"
            )),
            Some(archive) => say(&format!(
                "backup: {entries}; keys are in it, so keep it as safe as the home; messages stay in the objects at {}",
                lexhold_document::printable(&archive.url)
            )),
        }
    }
    Ok(Exit::Done)
}

/// Brings a copy back, in a place where no home is.
pub fn restore(settings: &Settings, args: &Restore) -> anyhow::Result<Exit> {
    if args.journal.is_none() && !args.journal_lost {
        let message = "a backup does not know what was held, released and destroyed after it";
        return Err(Failure::new(Exit::Usage, message)
            .help("--journal DIR names the home, or what is left of its journal; --journal-lost says that nothing is left")
            .into());
    }
    // Approvals are signed for the home that comes back, whose id is in the backup.
    let actor = Actor::resolve_for(settings, || Ok(lexhold_store::backed_up_home(&args.backup)?))?;
    actor.require(Verb::Restore, "home", &args.confirmed_by)?;
    let stamp = home::stamp(&actor.id);
    let newer = args.journal.as_deref();
    let restored = lexhold_store::restore(&args.backup, newer, &settings.home, remote::connect(), stamp);
    let restored = restored.map_err(|error| match error.kind() {
        ErrorKind::Corrupt => {
            anyhow::Error::from(error).context(Failure::new(Exit::Data, "the backup cannot be brought back").help(
                format!("{} is as empty as it was; try another backup", settings.home.display()),
            ))
        }
        _ => error.into(),
    })?;
    actor.note_pending(&restored.home)?;
    project(settings, &restored)?;
    tell(settings, &restored, args.journal_lost)?;
    Ok(if restored.lost.is_empty() {
        Exit::Done
    } else {
        Exit::Negative
    })
}

/// The catalog, from journal and evaluations.
fn project(settings: &Settings, restored: &Restored) -> anyhow::Result<()> {
    let home = &restored.home;
    let mut writer = Catalog::open_writer(&home.catalog_path(), &home::catalog_settings(settings, home)?)?;
    home::project_rest(home, &mut writer, &Faults::default())?;
    Ok(writer.close()?)
}

fn tell(settings: &Settings, restored: &Restored, blind: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for path in &restored.lost {
        writeln!(out, "lost: {}", lexhold_document::printable(path))?;
    }
    for finding in &restored.findings {
        let path = finding.path.display().to_string();
        writeln!(out, "{}: {}", finding.kind.as_str(), lexhold_document::printable(&path))?;
    }
    if settings.quiet {
        return Ok(());
    }
    let Restored {
        backup_entries,
        entry,
        destroyed,
        ..
    } = restored;
    let newer = entry.seq - 1 - backup_entries;
    say(&format!(
        "restore: {} from the backup, {newer} newer; {} carried out again",
        counted(*backup_entries, "journal entry", "journal entries"),
        counted(*destroyed, "destruction", "destructions")
    ));
    if blind {
        say("warning: whatever was held, released or destroyed after the backup is unknown to this home:");
        say("         messages destroyed since are back; place holds again, then lexhold clock attest;");
        say("         until then dispose execute refuses");
    }
    if !restored.lost.is_empty() {
        say(
            "warning: the files listed were taken in after the backup and are nowhere to be had; take the messages in again",
        );
    }
    Ok(())
}
