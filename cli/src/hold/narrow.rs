//! `hold narrow`: a smaller hold takes the place of a larger one, which is then released as any other.
//!
//! The smaller one is placed first, and the larger one released only once it is known what the smaller one covers: whatever
//! ends the call in between leaves more held than less.

use lexhold_catalog::payload::HoldPlaced;
use lexhold_policy::Verb;
use lexhold_retention::HoldSpec;

use super::document::Written;
use super::log::HoldLog;
use super::{compiled, one, place, release, settle_now};
use crate::args::NarrowHold;
use crate::failure::{Exit, Failure, reasoned};
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;

/// Narrows a hold.
pub fn narrow(settings: &Settings, args: &NarrowHold) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let written = Written::read(settings, &args.file)?;
    let home = home::open(settings)?;
    let log = HoldLog::read(&home)?;
    let (old, name) = chosen(&actor, &log, &args.name, &written)?;
    let confirmed_by = &args.stands.confirmed_by;
    actor.require_hold(Verb::NarrowHold, &old.hold, confirmed_by, old.silent)?;
    reasoned("reason", &args.reason)?;
    let directory = compiled::directory(settings, &home)?;
    place::journal(&actor, &home, &name, Some(&old.hold), &written, &directory)?;
    if !settle_now(settings, &actor, &home, &directory)? {
        let message = format!("`{name}` is in force beside `{}`, which is not released yet", old.hold);
        return Err(Failure::new(Exit::Busy, message)
            .help("give the same command again once the other process has ended")
            .into());
    }
    let grace_until = release::journal(&actor, &home, old, &args.reason, confirmed_by, Some(&name))?;
    let freed = release::freed(settings, &actor, &home, &old.hold, grace_until)?;
    let done = format!("narrowed to {name}");
    release::print(
        args.stands.format,
        &done,
        &old.hold,
        &old.matter,
        grace_until,
        freed.as_ref(),
    )
}

/// The hold that is made smaller, and what the smaller one is called.
fn chosen<'l>(
    actor: &Actor,
    log: &'l HoldLog,
    name: &str,
    written: &Written,
) -> anyhow::Result<(&'l HoldPlaced, String)> {
    let old = one(actor, log, name)?;
    let root = root(&old.hold);
    let name_in_document = plain(root);
    let refused = |message: String, help: &str| Err(Failure::new(Exit::Refused, message).help(help).into());
    let spec = written.spec();
    if spec.name != name_in_document {
        return refused(
            format!("the document is called `{}`, the hold `{name_in_document}`", spec.name),
            "a narrowed hold keeps its name",
        );
    }
    if spec.silent != old.silent || spec.matter != old.matter {
        let message = format!("`{root}` has another matter in the document, or is silent in one of them alone");
        return refused(message, "place a hold of its own for that, and release this one");
    }
    let digest = spec.digest.to_string();
    let generations = || log.placed().iter().filter(|placed| self::root(&placed.hold) == root);
    let begun = generations()
        .find(|placed| placed.digest == digest && placed.narrows.is_some() && !log.is_released(&placed.hold));
    let (old, name) = match begun {
        // An earlier call ended before the larger one was released.
        Some(begun) => (
            generations()
                .find(|placed| Some(&placed.hold) == begun.narrows.as_ref())
                .unwrap_or(old),
            begun.hold.clone(),
        ),
        None => (old, format!("{root}/{}", generations().count() + 1)),
    };
    if log.is_released(&old.hold) || old.digest == digest {
        return refused(
            format!("`{root}` says that already, or has ended"),
            "lexhold hold show says how it stands",
        );
    }
    Ok((old, name))
}

/// The name under which a hold is put on record. No other hold can have that of a silent one, so that a name which is taken tells
/// nobody of it.
pub fn first_name(hold: &HoldSpec) -> String {
    match hold.silent {
        true => format!("{}{SILENT}", hold.name),
        false => hold.name.clone(),
    }
}

/// The name that a hold and all it was narrowed to have in common.
pub fn root(name: &str) -> &str {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match name.rsplit_once('/') {
        Some((root, number)) if is_number(number) => root,
        _ => name,
    }
}

/// What its document calls it.
pub fn plain(root: &str) -> &str {
    root.strip_suffix(SILENT).unwrap_or(root)
}

/// What the names of silent holds end with, before the number of what they were narrowed to.
const SILENT: &str = "/silent";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hold_was_narrowed_to_keeps_its_name_and_a_silent_one_has_its_own() {
        // What is on record, what all of it have in common, what the document says.
        let cases = [
            ("h", "h", "h"),
            ("h/2", "h", "h"),
            ("h/silent", "h/silent", "h"),
            ("h/silent/12", "h/silent", "h"),
        ];
        for (name, of_all, in_document) in cases {
            assert_eq!((root(name), plain(root(name))), (of_all, in_document));
        }
    }
}
