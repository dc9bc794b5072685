//! `dispose`: what is due is proposed, approved by somebody else, and destroyed by a third, each step on record.
//!
//! `judge` says which messages may go and what keeps the others; `plan` has a plan and its digest; `execute` asks again at
//! the moment of destruction. Every doubt keeps the message.

mod answer;
mod approve;
mod certificate;
mod copies;
mod execute;
mod external;
mod judge;
mod list;
mod plan;
mod progress;
mod propose;
mod reject;
mod retire;
mod settings;
mod transfer;

use lexhold_store::{Faults, Home, RunLock};

use crate::args::{Dispose, DisposeKind};
use crate::failure::Exit;
use crate::hold::{self, Applier, HoldLog};
use crate::operators::Actor;
use crate::settings::Settings;

pub use copies::{Copy, CopyLog, end_of};
pub use external::HandedOver;
pub use list::{REGISTER, write_register};
pub use plan::Plan;
pub use progress::progress;
pub use settings::DisposalSettings;

/// Asks holds that stand in the journal, and in no membership yet, what they cover.
fn settle_holds(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    lock: &RunLock,
    faults: &Faults,
) -> anyhow::Result<()> {
    let log = HoldLog::read(home)?;
    // Whoever has no hold to ask needs no directory either.
    if log.not_yet_applied().is_empty() && !log.names_custodians() {
        return Ok(());
    }
    let applier = Applier {
        settings,
        actor,
        home,
        lock,
        faults,
    };
    let application = format!("dispose-holds-{}", home.journal().last_seq()?);
    applier.settle(&application, &hold::directory(settings, home)?)
}

/// Runs the verb.
pub fn dispose(settings: &Settings, args: &Dispose) -> anyhow::Result<Exit> {
    match &args.what {
        DisposeKind::Propose(args) => propose::propose(settings, args),
        DisposeKind::Approve(args) => approve::approve(settings, args),
        DisposeKind::Reject(args) => reject::reject(settings, args),
        DisposeKind::Extend(args) => reject::extend(settings, args),
        DisposeKind::Execute(args) => execute::execute(settings, args),
        DisposeKind::Gone(args) => copies::gone(settings, args),
        DisposeKind::Transfer(args) => transfer::transfer(settings, args),
        DisposeKind::Receipt(args) => transfer::receipt(settings, args),
        DisposeKind::Answer(args) => answer::answer(settings, args),
        DisposeKind::Status(args) => list::status(settings, args),
        DisposeKind::Certificate(args) => certificate::certificate(settings, args),
    }
}
