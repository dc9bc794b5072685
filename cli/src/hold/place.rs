//! `hold place`: journal first, so that it counts at once; then what it covers.

use lexhold_catalog::payload::HoldPlaced;
use lexhold_model::Directory;
use lexhold_policy::Verb;
use lexhold_store::{EntryKind, Home, Payload};
use serde_json::json;

use super::answer::{self, Placed};
use super::compiled;
use super::document::Written;
use super::log::HoldLog;
use super::narrow::first_name;
use super::settle_now;
use crate::args::PlaceHold;
use crate::failure::{Exit, Failure, OrExit as _};
use crate::home;
use crate::operators::Actor;
use crate::report::ViewerSight;
use crate::settings::Settings;
use crate::terminal::say;

/// Places a hold.
pub fn place(settings: &Settings, args: &PlaceHold) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let written = match &args.file {
        Some(path) => Written::read(settings, path)?,
        None => Written::from_flags(settings, args)?,
    };
    let spec = written.spec();
    let confirmed_by = &args.stands.confirmed_by;
    actor.require_hold(Verb::PlaceHold, &spec.name, confirmed_by, spec.silent)?;
    let is_new = home::is_missing(settings)?;
    let home = home::open_or_create(settings, &actor.id)?;
    // The directory of the last run may be lost: the hold stands nonetheless, and keeps everything.
    let directory = match compiled::directory(settings, &home) {
        Err(_) if settings.directory.is_none() => Directory::default(),
        read => read?,
    };
    warn_of_strangers(settings, &written, &directory);
    let name = first_name(spec);
    journal(&actor, &home, &name, None, &written, &directory)?;
    if is_new && !settings.quiet {
        say(&lexhold_document::printable(&format!(
            "warning: there was no home at {}: it is new, and has no message that could be held",
            settings.home.display()
        )));
    }
    let applied = settle_now(settings, &actor, &home, &directory);
    let applied = applied.or_exit(
        Exit::Data,
        "the hold stands in the journal and keeps everything until it is known what it covers, which could not be found out",
    )?;
    if !applied && !settings.quiet {
        say(
            "the hold stands in the journal and counts; another process is at work, and what it covers is found out at the \
             end of a run, or by lexhold hold apply",
        );
    }
    let sight = ViewerSight::of(&actor)?;
    let answer = Placed::of(settings, &home, &sight, (&name, spec), applied)?;
    answer::print(settings, args.stands.format, &answer)
}

/// Puts a hold on record, if nothing of its name is: says whether it did. The very same hold stays as it is.
///
/// # Errors
/// Refused where a hold of that name says something else, or was released.
pub fn journal(
    actor: &Actor,
    home: &Home,
    name: &str,
    narrows: Option<&str>,
    written: &Written,
    directory: &Directory,
) -> anyhow::Result<bool> {
    let spec = written.spec();
    let payload = json!(HoldPlaced {
        hold: name.to_owned(),
        matter: spec.matter.clone(),
        zone: spec.zone.name().to_owned(),
        digest: spec.digest.to_string(),
        silent: spec.silent,
        document: written.value(),
        text: written.text.clone(),
        narrows: narrows.map(str::to_owned),
        handles: compiled::handles(home, None, &written.holds, directory)
            .unwrap_or_else(|_| written.holds.handles_in(directory)),
    });
    loop {
        let tail = home.journal().last_seq()?;
        let log = HoldLog::read(home)?;
        // Silent ones used to be on record under the name in their document.
        let is_same =
            |placed: &&HoldPlaced| placed.hold == name || (spec.silent && placed.silent && placed.hold == spec.name);
        if let Some(same) = log.placed().iter().find(is_same) {
            return same_again(&log, same, &payload["digest"]).map(|()| false);
        }
        let payload = Some(Payload::Json(&payload));
        let stamp = home::stamp(&actor.id);
        let unchanged = |journal: &lexhold_store::Journal| Ok(journal.last_seq()? == tail);
        if home
            .journal()
            .append_if(EntryKind::HoldPlaced, payload, stamp, unchanged)?
            .is_some()
        {
            return Ok(true);
        }
    }
}

fn same_again(log: &HoldLog, before: &HoldPlaced, digest: &serde_json::Value) -> anyhow::Result<()> {
    let (message, help) = if log.is_released(&before.hold) {
        (
            format!("the hold `{}` was released", before.hold),
            "a hold that has ended does not begin again: give the new one a name of its own",
        )
    } else if *digest == before.digest {
        return Ok(());
    } else {
        (
            format!("the hold `{}` was placed with another text", before.hold),
            "a hold on record is never replaced: give the new one a name of its own, and both are in force; lexhold hold \
             narrow makes one smaller",
        )
    };
    Err(Failure::new(Exit::Refused, message).help(help).into())
}

/// Says which custodians nobody knows: a slip of the pen holds nothing.
fn warn_of_strangers(settings: &Settings, written: &Written, directory: &Directory) {
    let known = |who: &str| directory.standing(who, None).is_some();
    let strangers: Vec<&str> = written
        .holds
        .custodians()
        .into_iter()
        .filter(|who| !known(who))
        .collect();
    if !strangers.is_empty() && !settings.quiet {
        say(&lexhold_document::printable(&format!(
            "warning: the directory does not list {}; only messages that bear this very handle are held",
            strangers.join(", ")
        )));
    }
}
