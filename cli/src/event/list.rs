//! `event list`: the register as it stands, and how it came to that.

use std::collections::HashMap;

use jiff::Timestamp;
use lexhold_catalog::{EventRow, EventRowStep};
use serde_json::json;

use super::log::EventLog;
use crate::args::{EventState, ListEvents};
use crate::failure::Exit;
use crate::home;
use crate::report::each_form;
use crate::report::table::{Columns, Kind, Row};
use crate::settings::Settings;

/// The columns, a contract.
const COLUMNS: Columns = Columns {
    all: &[
        ("event_id", Kind::Text),
        ("type", Kind::Text),
        ("key", Kind::Text),
        ("date", Kind::Text),
        ("state", Kind::Text),
        ("counts", Kind::Bool),
        ("asserter", Kind::Text),
        ("recorded_at", Kind::Text),
        ("confirmed_by", Kind::Text),
        ("accepted", Kind::Text),
        ("evidence", Kind::Text),
        ("evidence_digest", Kind::Text),
        ("reason", Kind::Text),
        ("supersedes", Kind::Text),
        ("ended_by", Kind::Text),
        ("ended_at", Kind::Text),
        ("ended_reason", Kind::Text),
        ("solo", Kind::Bool),
    ],
    shown: &["event_id", "type", "key", "date", "state", "asserter"],
};

/// Lists recordings and corrections, each with what became of it.
pub fn list(settings: &Settings, args: &ListEvents) -> anyhow::Result<Exit> {
    let home = home::open(settings)?;
    let catalog = home::catalog(settings, &home)?;
    let log = EventLog::load(&home, &catalog)?;
    drop(catalog);
    let ended: HashMap<&str, &EventRow> = log
        .rows
        .iter()
        .filter_map(|row| Some((row.supersedes.as_deref()?, row)))
        .collect();
    let mut rows = Vec::new();
    for row in log.rows.iter().filter(|row| row.step != EventRowStep::Cancelled) {
        let end = ended.get(row.event_id.as_str()).copied();
        let state = match end.map(|end| end.step) {
            None => EventState::InForce,
            Some(EventRowStep::Cancelled) => EventState::Cancelled,
            Some(_) => EventState::Superseded,
        };
        let wanted = |words: &[String], word: &String| words.is_empty() || words.contains(word);
        if wanted(&args.event, &row.event)
            && wanted(&args.key, &row.key)
            && (args.state.is_empty() || args.state.contains(&state))
        {
            rows.push(shown(row, end, state, &log));
        }
    }
    each_form(&args.table, COLUMNS, |table| {
        rows.iter().try_for_each(|row| table.write(row.clone()))
    })?;
    Ok(Exit::Done)
}

fn shown(row: &EventRow, end: Option<&EventRow>, state: EventState, log: &EventLog) -> Row {
    let instant = |at: i64| {
        Timestamp::from_microsecond(at)
            .map(|at| at.to_string())
            .unwrap_or_default()
    };
    let decides = log.register.date(&row.event, &row.key).map(|date| date.to_string());
    let value = json!({
        "event_id": row.event_id,
        "type": row.event,
        "key": row.key,
        "date": row.date,
        "state": state.as_str(),
        "counts": state == EventState::InForce && decides == row.date,
        "asserter": row.asserter,
        "recorded_at": instant(row.recorded_at),
        "confirmed_by": row.confirmed_by,
        "accepted": row.accepted,
        "evidence": row.evidence,
        "evidence_digest": row.evidence_digest,
        "reason": row.reason,
        "supersedes": row.supersedes,
        "ended_by": end.map(|end| &end.event_id),
        "ended_at": end.map(|end| instant(end.recorded_at)),
        "ended_reason": end.and_then(|end| end.reason.as_ref()),
        "solo": row.solo,
    });
    value.as_object().cloned().unwrap_or_default()
}
