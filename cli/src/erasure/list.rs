//! `erasure status` and `report erasure`: requests with what is due, and how their messages stand.

use jiff::Timestamp;
use lexhold_catalog::{Catalog, ErasureRow};
use lexhold_policy::Verb;
use serde_json::{Value, json};

use super::standing::{ItemStanding, due_of, of_request, words};
use super::{Desk, one};
use crate::args::ErasureStatus;
use crate::dates::Grounds;
use crate::failure::Exit;
use crate::report::each_form;
use crate::report::table::{Columns, Kind, Row, TableWriter, instant, object};
use crate::settings::Settings;

/// The columns of requests, a contract.
const REQUESTS: Columns = Columns {
    all: &[
        ("request", Kind::Text),
        ("state", Kind::Text),
        ("subject", Kind::Text),
        ("law", Kind::Text),
        ("located", Kind::Text),
        ("established", Kind::Texts),
        ("received", Kind::Text),
        ("due", Kind::Text),
        ("overdue", Kind::Bool),
        ("messages", Kind::Int),
        ("erased", Kind::Int),
        ("queued", Kind::Int),
        ("deferred", Kind::Int),
        ("waiting", Kind::Int),
        ("digest", Kind::Text),
        ("chosen_by", Kind::Json),
        ("requested_at", Kind::Text),
        ("requested_by", Kind::Text),
        ("confirmed_at", Kind::Text),
        ("confirmed_by", Kind::Text),
        ("notified", Kind::Text),
        ("answered_at", Kind::Text),
        ("answered_by", Kind::Text),
        ("closed_because", Kind::Text),
        ("solo", Kind::Bool),
    ],
    shown: &[
        "request", "state", "law", "received", "due", "overdue", "messages", "erased", "queued", "deferred", "waiting",
    ],
};

/// The columns of messages, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("request", Kind::Text),
        ("message_id", Kind::Text),
        ("standing", Kind::Text),
        ("grounds", Kind::Texts),
        ("restricted", Kind::Bool),
        ("overdue", Kind::Bool),
        ("deferred_until", Kind::Text),
        ("decision", Kind::Text),
        ("reason", Kind::Text),
        ("decided_by", Kind::Text),
        ("others", Kind::Int),
        ("also_asked_by", Kind::Texts),
        ("plan", Kind::Text),
    ],
    shown: &[
        "request",
        "message_id",
        "standing",
        "grounds",
        "deferred_until",
        "decision",
        "others",
        "overdue",
    ],
};

/// Lists requests, or the messages of one.
pub fn status(settings: &Settings, args: &ErasureStatus) -> anyhow::Result<Exit> {
    let desk = Desk::open(settings)?;
    desk.actor.require(
        Verb::RequestErasure,
        args.name.as_deref().unwrap_or(desk.home.id()),
        &[],
    )?;
    let catalog = desk.catalog()?;
    if let Some(name) = &args.name {
        let request = one(&catalog, name)?;
        let grounds = Grounds::read(&catalog, settings.as_of)?;
        each_form(&args.table, COLUMNS, |table| {
            items(&catalog, &grounds, &request, settings.as_of, table)
        })?;
        return Ok(Exit::Done);
    }
    let mut rows = rows(&catalog, settings.as_of, args.all)?;
    // The overdue first, then by the last day for an answer.
    rows.sort_by_key(|(overdue, due, _)| (!*overdue, due.clone()));
    each_form(&args.table, REQUESTS, |table| {
        rows.iter().try_for_each(|(_, _, row)| table.write(row.clone()))
    })?;
    Ok(Exit::Done)
}

/// Writes every message of every request.
pub fn write(catalog: &Catalog, as_of: Timestamp, table: &mut TableWriter) -> anyhow::Result<()> {
    let grounds = Grounds::read(catalog, as_of)?;
    for request in catalog.erasures()? {
        items(catalog, &grounds, &request, as_of, table)?;
    }
    Ok(())
}

fn rows(catalog: &Catalog, as_of: Timestamp, all: bool) -> anyhow::Result<Vec<(bool, String, Row)>> {
    let grounds = Grounds::read(catalog, as_of)?;
    let mut rows = Vec::new();
    for request in catalog.erasures()? {
        let items = of_request(catalog, &grounds, &request, as_of)?;
        let count = |word: &str| items.iter().filter(|item| item.word() == word).count();
        let erased = count("erased");
        let waiting = items.iter().filter(|item| item.waits_for_schedule()).count();
        let state = match () {
            () if request.step("closed").is_some() => "closed",
            () if request.awaits_proof().is_some() => "awaiting_proof",
            () if request.step("confirmed").is_none() => "unconfirmed",
            () if request.step("answered").is_none() => "open",
            () if erased == items.len() => "complete",
            () => "answered",
        };
        if !all && ["closed", "complete"].contains(&state) {
            continue;
        }
        // What nobody can say the end of is overdue with the answer, even if that was given.
        let unanswered = ["unconfirmed", "open"].contains(&state);
        let overdue = due_of(&request)?.is_over(as_of) && (unanswered || state == "answered" && waiting > 0);
        let figures = json!({
            "state": state,
            "overdue": overdue,
            "erased": erased,
            "queued": count("queued"),
            "deferred": count("deferred"),
            "waiting": waiting,
        });
        rows.push((overdue, request.due().to_owned(), row(&request, figures)));
    }
    Ok(rows)
}

fn row(request: &ErasureRow, figures: Value) -> Row {
    let at = |step: &str| request.step(step).map(|step| instant(step.at));
    let by = |step: &str| request.step(step).map(|step| &step.by);
    let mut row = object(json!({
        "request": request.request,
        "subject": request.subject,
        "law": request.law,
        "located": request.located,
        "established": request.established,
        "received": request.received,
        "due": request.due(),
        "messages": request.n_messages,
        "digest": request.digest,
        "chosen_by": request.chosen_by,
        "requested_at": instant(request.requested_at),
        "requested_by": request.requested_by,
        "confirmed_at": at("confirmed"),
        "confirmed_by": by("confirmed"),
        "notified": request.step("extended").map(|step| &step.detail["notified"]),
        "answered_at": at("answered"),
        "answered_by": by("answered"),
        "closed_because": request.step("closed").map(|step| &step.reason),
        "solo": request.solo,
    }));
    row.extend(object(figures));
    row
}

fn items(
    catalog: &Catalog,
    grounds: &Grounds,
    request: &ErasureRow,
    as_of: Timestamp,
    table: &mut TableWriter,
) -> anyhow::Result<()> {
    let in_force = request.step("confirmed").is_some() && request.step("closed").is_none();
    let due_is_over = due_of(request)?.is_over(as_of);
    for item in of_request(catalog, grounds, request, as_of)? {
        table.write(item_row(request, &item, in_force, due_is_over))?;
    }
    Ok(())
}

fn item_row(request: &ErasureRow, item: &ItemStanding, in_force: bool, due_is_over: bool) -> Row {
    let decision = item.row.decision.as_ref();
    object(json!({
        "request": request.request,
        "message_id": item.row.message_id,
        "standing": item.word(),
        "grounds": words(item.grounds()),
        "restricted": in_force && !item.row.erased,
        "overdue": in_force && due_is_over && item.waits_for_schedule(),
        "deferred_until": item.deferred_until.map(|until| until.to_string()),
        "decision": decision.map(|decision| decision.ground.as_deref().unwrap_or("granted")),
        "reason": decision.map(|decision| &decision.reason),
        "decided_by": decision.map(|decision| &decision.decided_by),
        "others": item.row.others,
        "also_asked_by": item.row.also_asked_by,
        "plan": item.row.plan,
    }))
}
