//! `erasure`: what somebody asked to have erased, confirmed by a second person, queued or kept on a ground, and answered.
//!
//! A request freezes a list of messages. What they meet is worked out whenever it is asked (`standing`), never stored; what people
//! decide is journalled. Erasing itself is disposal's: a message that nothing keeps is eligible, and goes by plan, approval and
//! certificate like any other.
//!
//! Nothing here depends on who looks, and nothing on a silent hold, but that what one keeps is being examined, like all that stays
//! for a reason without a name.

mod answer;
mod decide;
mod letter;
mod list;
mod proof;
mod request;
mod standing;
mod step;

use lexhold_catalog::{Catalog, ErasureRow};
use lexhold_model::Key;
use lexhold_store::{EntryKind, Home, Payload};
use serde_json::Value;

pub use list::{COLUMNS, write};
pub use standing::of_message;

use crate::args::{Erasure, ErasureKind, NamedMessages};
use crate::failure::{Exit, Failure};
use crate::operators::Actor;
use crate::settings::Settings;
use crate::{find, home};

/// Does what was asked with requests for erasure.
pub fn erasure(settings: &Settings, args: &Erasure) -> anyhow::Result<Exit> {
    match &args.what {
        ErasureKind::Request(args) => request::request(settings, args),
        ErasureKind::Confirm(args) => step::confirm(settings, args),
        ErasureKind::Extend(args) => step::extend(settings, args),
        ErasureKind::Proof(args) => proof::proof(settings, args),
        ErasureKind::Ground(args) => decide::ground(settings, args),
        ErasureKind::Grant(args) => decide::grant(settings, args),
        ErasureKind::Answer(args) => answer::answer(settings, args),
        ErasureKind::Close(args) => step::close(settings, args),
        ErasureKind::Status(args) => list::status(settings, args),
    }
}

/// A home whose requests somebody is about to add to.
struct Desk<'a> {
    settings: &'a Settings,
    actor: Actor,
    home: Home,
}

impl<'a> Desk<'a> {
    fn open(settings: &'a Settings) -> anyhow::Result<Self> {
        let actor = Actor::resolve(settings)?;
        actor.warn_if_solo(settings);
        let home = home::open(settings)?;
        Ok(Self { settings, actor, home })
    }

    fn catalog(&self) -> anyhow::Result<Catalog> {
        home::catalog(self.settings, &self.home)
    }

    /// Puts something on record that was worked out from the journal up to an entry.
    ///
    /// # Errors
    /// Busy where the journal has gone on about requests since.
    fn append(&self, kind: EntryKind, payload: &Value, seen: u64) -> anyhow::Result<u64> {
        let stamp = home::stamp(&self.actor.id);
        let payload = Some(Payload::Json(payload));
        let entry = self.home.journal().append_if(kind, payload, stamp, |journal| {
            for entry in journal.entries(seen + 1)? {
                if is_of_erasure(&entry?.kind) {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        let busy = || {
            Failure::new(Exit::Busy, "somebody else wrote of requests for erasure this moment")
                .help("look again, and try again")
        };
        Ok(entry.ok_or_else(busy)?.seq)
    }
}

fn is_of_erasure(kind: &EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::ErasureRequested
            | EntryKind::ErasureConfirmed
            | EntryKind::ErasureExtended
            | EntryKind::ErasureProof
            | EntryKind::ErasureDecided
            | EntryKind::ErasureAnswered
            | EntryKind::ErasureClosed
    )
}

/// The journal entry up to which a catalog knows everything.
fn seen(catalog: &Catalog) -> anyhow::Result<u64> {
    Ok(catalog.applied_seq()?.unwrap_or(0))
}

/// The request of this name.
fn one(catalog: &Catalog, name: &str) -> anyhow::Result<ErasureRow> {
    let found = catalog.erasures()?.into_iter().find(|request| request.request == name);
    let none = || {
        let message = format!("no request is called `{}`", lexhold_document::printable(name));
        Failure::new(Exit::Policy, message).help("lexhold erasure status --all names them")
    };
    Ok(found.ok_or_else(none)?)
}

/// The same, unless it is over.
fn pending(catalog: &Catalog, name: &str) -> anyhow::Result<ErasureRow> {
    let request = one(catalog, name)?;
    if let Some(closed) = request.step("closed") {
        let outcome = closed.detail["outcome"].as_str().unwrap_or("closed");
        return Err(Failure::new(Exit::Refused, format!("`{name}` is over: {outcome}")).into());
    }
    Ok(request)
}

/// The same, if a second person has confirmed it.
fn confirmed(catalog: &Catalog, name: &str) -> anyhow::Result<ErasureRow> {
    let request = pending(catalog, name)?;
    if request.step("confirmed").is_none() {
        return Err(Failure::new(Exit::Refused, format!("nobody has confirmed `{name}`"))
            .help(format!(
                "somebody other than {} looks at lexhold erasure status {name}, then writes: lexhold erasure confirm {name} --evidence …",
                request.requested_by
            ))
            .into());
    }
    Ok(request)
}

/// The messages that somebody named, all versions of each as one, in the order of their ids.
fn named(catalog: &Catalog, named: &NamedMessages) -> anyhow::Result<Vec<Key>> {
    let families = find::families(catalog, &named.message, named.messages.as_deref())?;
    Ok(families.into_keys().collect())
}
