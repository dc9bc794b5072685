//! `dispose`: what is due is proposed, approved by somebody else, and destroyed by a third, each step on record.
//!
//! `judge` says which messages may go and what keeps the others; `plan` has a plan and its digest; `execute` asks again at
//! the moment of destruction. Every doubt keeps the message.

mod approve;
mod certificate;
mod execute;
mod judge;
mod list;
mod plan;
mod propose;

use crate::args::{Dispose, DisposeKind};
use crate::failure::Exit;
use crate::settings::Settings;

pub use list::{REGISTER, write_register};

/// Runs the verb.
pub fn dispose(settings: &Settings, args: &Dispose) -> anyhow::Result<Exit> {
    match &args.what {
        DisposeKind::Propose(args) => propose::propose(settings, args),
        DisposeKind::Approve(args) => approve::approve(settings, args),
        DisposeKind::Reject(args) => approve::reject(settings, args),
        DisposeKind::Execute(args) => execute::execute(settings, args),
        DisposeKind::Status(args) => list::status(settings, args),
        DisposeKind::Certificate(args) => certificate::certificate(settings, args),
    }
}
