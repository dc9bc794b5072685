//! `erasure proof`: the time for an answer stands still while the person is asked for proof of who they are.

use jiff::civil::Date;
use lexhold_catalog::ErasureRow;
use lexhold_catalog::payload::ErasureProof;
use lexhold_policy::Verb;
use lexhold_retention::Zone;
use lexhold_store::EntryKind;
use serde_json::json;

use super::standing::law_of;
use super::step::told;
use super::{Desk, pending, seen};
use crate::args::ProofErasure;
use crate::failure::{Exit, Failure, reasoned};
use crate::settings::Settings;

/// Records that proof was asked for, or that it has come in.
pub fn proof(settings: &Settings, args: &ProofErasure) -> anyhow::Result<Exit> {
    args.reason
        .as_deref()
        .map(|reason| reasoned("reason", reason))
        .transpose()?;
    let desk = Desk::open(settings)?;
    desk.actor.require(Verb::RequestErasure, &args.name, &[])?;
    let catalog = desk.catalog()?;
    let request = pending(&catalog, &args.name)?;
    let seen = seen(&catalog)?;
    drop(catalog);
    let today = Zone::named(&request.zone).map_or(Date::MAX, |zone| zone.date(settings.now));
    let proof = match (args.asked, args.received) {
        (Some(asked), _) => begun(&request, asked, today, args.reason.clone())?,
        (None, received) => ended(&request, received.unwrap_or(today), today)?,
    };
    desk.append(EntryKind::ErasureProof, &json!(proof), seen)?;
    let name = &args.name;
    told(&match &proof.received {
        None => format!("{name} waits for proof of who asked; the time for the answer stands still"),
        Some((_, due)) => format!("{name} goes on, to be answered by {due}"),
    })
}

/// The beginning of a wait.
fn begun(request: &ErasureRow, asked: Date, today: Date, reason: Option<String>) -> anyhow::Result<ErasureProof> {
    let name = &request.request;
    if !law_of(request)?.waits_for_proof() {
        let message = format!("`{}` gives no time for proof of who asked", request.law);
        return refused(
            message,
            "its days count from the day on which the request came in, whatever that takes",
        );
    }
    if request.step("confirmed").is_some() {
        return refused(format!("`{name}` is confirmed: it is known who asked"), "answer it");
    }
    if request.awaits_proof().is_some() {
        return refused(format!("`{name}` waits for proof already"), GOES_ON);
    }
    let last = request.step("proof_received").map(|step| &step.detail["received"]);
    let first: Date = last.and_then(|day| day.as_str()).unwrap_or(&request.received).parse()?;
    within("--asked", asked, first, today.min(request.due().parse()?))?;
    Ok(ErasureProof {
        request: name.clone(),
        asked: asked.to_string(),
        received: None,
        reason,
    })
}

/// What ends a wait.
pub const GOES_ON: &str = "lexhold erasure proof NAME --received DAY says when the proof came in";

/// The end of a wait: as many days as it took are added to the time for the answer.
fn ended(request: &ErasureRow, received: Date, today: Date) -> anyhow::Result<ErasureProof> {
    let Some(step) = request.awaits_proof() else {
        let message = format!("`{}` waits for no proof", request.request);
        return refused(
            message,
            "lexhold erasure proof NAME --asked DAY --reason TEXT says when it was asked for",
        );
    };
    let asked: Date = step.detail["asked"].as_str().unwrap_or_default().parse()?;
    within("--received", received, asked, today)?;
    let beyond = || Failure::new(Exit::Usage, "the last day for an answer lies beyond the calendar");
    let due: Date = request.due().parse()?;
    let due = due.checked_add(received - asked).map_err(|_| beyond())?;
    Ok(ErasureProof {
        request: request.request.clone(),
        asked: asked.to_string(),
        received: Some((received.to_string(), due.to_string())),
        reason: None,
    })
}

/// How many days a request has waited for proof in all.
pub fn waited(request: &ErasureRow) -> anyhow::Result<jiff::Span> {
    let mut days = 0;
    for step in request.steps.iter().filter(|step| step.step == "proof_received") {
        let day = |name: &str| step.detail[name].as_str().unwrap_or_default().parse::<Date>();
        days += (day("received")? - day("asked")?).get_days();
    }
    Ok(jiff::Span::new().try_days(days)?)
}

fn within(flag: &str, day: Date, first: Date, last: Date) -> anyhow::Result<()> {
    if (first..=last).contains(&day) {
        return Ok(());
    }
    let message = format!("{flag} {day} does not lie between {first} and {last}");
    Err(Failure::new(Exit::Usage, message).into())
}

fn refused<T>(message: String, help: &str) -> anyhow::Result<T> {
    Err(Failure::new(Exit::Refused, message).help(help).into())
}
