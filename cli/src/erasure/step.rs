//! `erasure confirm`, `extend`, `close`: what happens to a request as a whole.

use std::io::Write;

use jiff::civil::Date;
use lexhold_catalog::ErasureRow;
use lexhold_catalog::payload::{ErasureClosed, ErasureConfirmed, ErasureExtended};
use lexhold_policy::Verb;
use lexhold_retention::PrivacyLaw;
use lexhold_store::EntryKind;
use serde_json::json;

use super::proof::{GOES_ON, waited};
use super::standing::law_of;
use super::{Desk, letter, pending, seen};
use crate::args::{CloseErasure, ConfirmErasure, ErasureOutcome, ExtendErasure};
use crate::failure::{Exit, Failure, reasoned};
use crate::operators::Act;
use crate::settings::Settings;
use crate::terminal::counted;

/// Confirms who asked, and that the messages are theirs.
pub fn confirm(settings: &Settings, args: &ConfirmErasure) -> anyhow::Result<Exit> {
    reasoned("evidence", &args.evidence)?;
    let desk = Desk::open(settings)?;
    let catalog = desk.catalog()?;
    let request = pending(&catalog, &args.name)?;
    if request.step("confirmed").is_some() {
        return Err(Failure::new(Exit::Usage, format!("`{}` was confirmed before", args.name)).into());
    }
    refuse_waiting(&request)?;
    // Whoever put it on record stands by it already; it takes somebody else.
    let act = Act {
        of: &args.name,
        signs: Some(&request.digest),
        confirmed_by: vec![&request.requested_by],
        ..Act::default()
    };
    desk.actor.require_act(Verb::AnswerErasure, &act)?;
    let seen = seen(&catalog)?;
    drop(catalog);
    let payload = json!(ErasureConfirmed {
        request: args.name.clone(),
        digest: request.digest.clone(),
        evidence: args.evidence.clone(),
        solo: desk.actor.is_solo(),
    });
    let seq = desk.append(EntryKind::ErasureConfirmed, &payload, seen)?;
    told(&format!(
        "{} is confirmed over {}, journal entry {seq}",
        args.name,
        counted(request.n_messages, "message", "messages")
    ))
}

/// Takes more time for the answer.
pub fn extend(settings: &Settings, args: &ExtendErasure) -> anyhow::Result<Exit> {
    reasoned("reason", &args.reason)?;
    let desk = Desk::open(settings)?;
    desk.actor.require(Verb::RequestErasure, &args.name, &[])?;
    let catalog = desk.catalog()?;
    let request = pending(&catalog, &args.name)?;
    let due = longest(&request, args.notified)?;
    let seen = seen(&catalog)?;
    drop(catalog);
    let extended = ErasureExtended {
        request: args.name.clone(),
        due: due.to_string(),
        notified: args.notified.to_string(),
        reason: args.reason.clone(),
    };
    desk.append(EntryKind::ErasureExtended, &json!(extended), seen)?;
    let notice = letter::notice(&request, &extended)?;
    std::io::stdout().lock().write_all(notice.as_bytes())?;
    Ok(Exit::Done)
}

/// The last day that an extension can reach, once, with notice in time.
fn longest(request: &ErasureRow, notified: Date) -> anyhow::Result<Date> {
    let refused = |message: String, help: &str| Err(Failure::new(Exit::Refused, message).help(help).into());
    let name = &request.request;
    if request.step("answered").is_some() {
        return refused(format!("`{name}` was answered"), "an answer needs no more time");
    }
    if let Some(before) = request.step("extended") {
        let due = before.day.as_deref().unwrap_or("?");
        return refused(
            format!("the time for `{name}` was extended before, to {due}"),
            "the law knows one extension",
        );
    }
    refuse_waiting(request)?;
    let received: Date = request.received.parse()?;
    let first: Date = request.due().parse()?;
    if notified < received || notified > first {
        return refused(
            format!("the person has to be told between {received} and {first}, not on {notified}"),
            "an extension without notice in time is none: answer at once",
        );
    }
    let law: PrivacyLaw = law_of(request)?;
    let beyond = || Failure::new(Exit::Usage, "the last day for an answer lies beyond the calendar");
    let due = law.extended_due(received).ok_or_else(beyond)?;
    Ok(due.checked_add(waited(request)?).map_err(|_| beyond())?)
}

/// Refuses what has to wait for proof of who asked.
fn refuse_waiting(request: &ErasureRow) -> anyhow::Result<()> {
    match request.awaits_proof() {
        None => Ok(()),
        Some(_) => {
            let message = format!("`{}` waits for proof of who asked", request.request);
            Err(Failure::new(Exit::Refused, message).help(GOES_ON).into())
        }
    }
}

/// Ends a request.
pub fn close(settings: &Settings, args: &CloseErasure) -> anyhow::Result<Exit> {
    reasoned("reason", &args.reason)?;
    let desk = Desk::open(settings)?;
    desk.actor
        .require(Verb::AnswerErasure, &args.name, &args.stands.confirmed_by)?;
    let catalog = desk.catalog()?;
    pending(&catalog, &args.name)?;
    let seen = seen(&catalog)?;
    drop(catalog);
    let outcome = match args.outcome {
        ErasureOutcome::Withdrawn => "withdrawn",
        ErasureOutcome::Unidentified => "unidentified",
    };
    let payload = json!(ErasureClosed {
        request: args.name.clone(),
        outcome: outcome.to_owned(),
        reason: args.reason.clone(),
        confirmed_by: args.stands.confirmed_by.clone(),
        solo: desk.actor.is_solo(),
    });
    let seq = desk.append(EntryKind::ErasureClosed, &payload, seen)?;
    told(&format!("{} is over: {outcome}, journal entry {seq}", args.name))
}

/// Says what was done.
pub fn told(what: &str) -> anyhow::Result<Exit> {
    writeln!(std::io::stdout().lock(), "{}", lexhold_document::printable(what))?;
    Ok(Exit::Done)
}
