//! From what somebody wants of the register to one entry of the journal, or a refusal of all of it.

use std::io::Write;

use jiff::civil::Date;
use lexhold_catalog::payload::{EventItem, Events};
use lexhold_catalog::{Catalog, EventRow, EventRowStep, event_rows};
use lexhold_retention::{EventState, Register};
use lexhold_store::{Home, Payload};
use serde_json::{Value, json};

use super::change::Change;
use super::effect::Effect;
use super::log::{EventLog, entries, is_stale};
use crate::args::Stands;
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::{Act, Actor};
use crate::settings::Settings;
use crate::terminal::say;

/// How often it is tried again because somebody else wrote into the register meanwhile.
const TRIES: usize = 8;
/// Events named in the answer for people.
const NAMED: usize = 10;

/// Writes a change, once governance and the guard let it pass.
pub fn write(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    change: &Change,
    stands: &Stands,
) -> anyhow::Result<Exit> {
    for _ in 0..TRIES {
        let catalog = home::catalog(settings, home)?;
        let log = EventLog::load(home, &catalog)?;
        let items = change.on(&log.register)?;
        if items.is_empty() {
            drop(catalog);
            return nothing(stands, change);
        }
        let wanted: Vec<_> = entries(&foreseen(actor, change, &items)).collect();
        let effect = Effect::of(settings, &catalog, &log.register, &wanted)?;
        let after = log.register.with(wanted);
        let warnings = warnings(settings, &catalog, change, &items, &log.register)?;
        drop(catalog);
        let shortens = effect.frees || is_earlier(change, &items, &log.register);
        ask(actor, change, &items, stands, shortens)?;
        let digest = effect.digest(change.step, &items);
        effect.guard(settings.blast_radius, &digest, stands, change.step)?;
        let events = Events {
            confirmed_by: stands.confirmed_by.clone(),
            accepted: stands.accept_digest.clone(),
            solo: actor.is_solo(),
            events: items,
        };
        let payload = json!(events);
        let stamp = home::stamp(&actor.id);
        let entry = home
            .journal()
            .append_if(change.kind(), Some(Payload::Json(&payload)), stamp, |journal| {
                Ok(!is_stale(journal, log.seq)?)
            })?;
        if let Some(entry) = entry {
            let rows = event_rows(entry.seq, entry.at, &entry.actor, change.step, &events);
            if !settings.quiet {
                warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
            }
            return tell(stands, change.step, &rows, &after, &effect, &warnings);
        }
    }
    Err(Failure::new(Exit::Busy, "others keep writing events; nothing was recorded").into())
}

/// The rows that the change would become, under ids that no entry has yet.
fn foreseen(actor: &Actor, change: &Change, items: &[EventItem]) -> Vec<EventRow> {
    let events = Events {
        events: items.to_vec(),
        ..Events::default()
    };
    event_rows(u64::MAX, jiff::Timestamp::UNIX_EPOCH, &actor.id, change.step, &events)
}

/// Whether a correction names an earlier day, whatever messages there are.
fn is_earlier(change: &Change, items: &[EventItem], register: &Register) -> bool {
    change.step == EventRowStep::Corrected
        && items.iter().any(|item| {
            let before = item.supersedes.as_deref().and_then(|id| register.event(id)?.date);
            let to = item.date.as_deref().and_then(|date| date.parse::<Date>().ok());
            to < before
        })
}

/// Asks governance about every event.
fn ask(actor: &Actor, change: &Change, items: &[EventItem], stands: &Stands, shortens: bool) -> anyhow::Result<()> {
    let named: Vec<(String, String)> = items.iter().map(names).collect();
    let acts = named.iter().map(|(of, signs)| Act {
        of,
        signs: Some(signs),
        confirmed_by: stands.confirmed_by.as_deref().into_iter().collect(),
        shortens,
        ..Act::default()
    });
    let acts: Vec<Act<'_>> = acts.collect();
    actor.require_acts(change.verb(), &acts)
}

/// What governance calls an event, and what a signature of its change is over: its day, and the entry that it replaces. An
/// approval of one day is none of another.
fn names(item: &EventItem) -> (String, String) {
    let of = format!("{}/{}", item.event, item.key);
    let day = item.date.as_deref().map_or_else(String::new, |date| format!("@{date}"));
    let replaced = item
        .supersedes
        .as_deref()
        .map_or_else(String::new, |id| format!("#{id}"));
    let signs = format!("{of}{day}{replaced}");
    (of, signs)
}

/// What was accepted, and yet may not be what somebody meant.
fn warnings(
    settings: &Settings,
    catalog: &Catalog,
    change: &Change,
    items: &[EventItem],
    before: &Register,
) -> anyhow::Result<Vec<String>> {
    let mut warnings = Vec::new();
    if change.step != EventRowStep::Recorded {
        return Ok(warnings);
    }
    let known = super::types::known(settings, catalog)?;
    let mut unknown: Vec<&str> = items
        .iter()
        .map(|item| item.event.as_str())
        .filter(|event| !known.contains(*event))
        .collect();
    unknown.sort_unstable();
    unknown.dedup();
    for event in unknown {
        let help = lexhold_document::did_you_mean(event, known.iter().map(String::as_str));
        let help = help.map_or_else(String::new, |help| format!("; {help}"));
        warnings.push(format!("no schedule counts from `{event}`{help}"));
    }
    for item in items {
        let day = item.date.as_deref().and_then(|date| date.parse::<Date>().ok());
        if let Some(later) = before.of(&item.event, &item.key).last()
            && later.date > day
        {
            warnings.push(format!(
                "`{}` of `{}` stays on {}: the later of two events counts, and `event correct {}` would replace it",
                item.event,
                item.key,
                later.date.map(|date| date.to_string()).unwrap_or_default(),
                later.last
            ));
        }
    }
    Ok(warnings)
}

fn nothing(stands: &Stands, change: &Change) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    if stands.json {
        writeln!(
            out,
            "{}",
            json!({"done": change.step.as_str(), "count": 0, "entry": null, "events": []})
        )?;
    } else {
        writeln!(out, "nothing to do: it was so before")?;
    }
    Ok(Exit::Done)
}

fn tell(
    stands: &Stands,
    step: EventRowStep,
    rows: &[EventRow],
    after: &Register,
    effect: &Effect,
    warnings: &[String],
) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    let entry = rows.first().map(|row| row.seq);
    if stands.json {
        let events: Vec<Value> = rows.iter().map(|row| told(row, after)).collect();
        let answer = json!({
            "done": step.as_str(),
            "count": rows.len(),
            "entry": entry,
            "events": events,
            "newly_eligible": effect.n_newly_eligible,
            "warnings": warnings,
        });
        writeln!(out, "{answer}")?;
        return Ok(Exit::Done);
    }
    let plural = if rows.len() == 1 { "" } else { "s" };
    writeln!(
        out,
        "{} {} event{plural}, journal entry {}",
        step.as_str(),
        rows.len(),
        entry.unwrap_or(0)
    )?;
    for row in rows.iter().take(NAMED) {
        let stands = match after.state(&row.event, [row.key.as_str()]) {
            EventState::On(date) => format!("counts from {date}"),
            _ => "is awaited".to_owned(),
        };
        let line = format!("  {}  {} {}: {stands}", row.event_id, row.event, row.key);
        writeln!(out, "{}", lexhold_document::printable(&line))?;
    }
    if rows.len() > NAMED {
        writeln!(out, "  and {} more; lexhold event list shows them", rows.len() - NAMED)?;
    }
    match effect.n_newly_eligible {
        0 => {}
        1 => writeln!(out, "1 message may go at once")?,
        n => writeln!(out, "{n} messages may go at once")?,
    }
    Ok(Exit::Done)
}

fn told(row: &EventRow, after: &Register) -> Value {
    let state = match after.state(&row.event, [row.key.as_str()]) {
        EventState::On(date) => json!(date.to_string()),
        _ => Value::Null,
    };
    json!({
        "event_id": row.event_id,
        "type": row.event,
        "key": row.key,
        "date": row.date,
        "supersedes": row.supersedes,
        "counts_from": state,
    })
}
