//! `hold list` and `hold show`.

use std::io::Write;

use jiff::Timestamp;
use lexhold_catalog::HoldRow;
use serde_json::{Value, json};

use super::log::HoldLog;
use super::{compiled, one};
use crate::args::{ListHolds, ShowHold};
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::Actor;
use crate::report::table::{Columns, Kind, Row};
use crate::report::{HoldFigures, ViewerSight, each_form, seen_holds};
use crate::settings::Settings;

/// The columns, a contract.
const COLUMNS: Columns = Columns {
    all: &[
        ("hold", Kind::Text),
        ("matter", Kind::Text),
        ("state", Kind::Text),
        ("silent", Kind::Bool),
        ("applied", Kind::Bool),
        ("held", Kind::Int),
        ("unevaluable", Kind::Int),
        ("custodians", Kind::Texts),
        ("placed_at", Kind::Text),
        ("placed_by", Kind::Text),
        ("released_at", Kind::Text),
        ("grace_until", Kind::Text),
    ],
    shown: &[
        "hold",
        "matter",
        "state",
        "held",
        "unevaluable",
        "placed_at",
        "placed_by",
    ],
};

/// Lists holds.
pub fn list(settings: &Settings, args: &ListHolds) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let sight = ViewerSight::of(&actor)?;
    let log = HoldLog::read(&home)?;
    let waiting: Vec<&str> = log
        .not_yet_applied()
        .iter()
        .map(|placed| placed.hold.as_str())
        .collect();
    let holds = seen_holds(&home::catalog(settings, &home)?, settings.as_of, &sight)?;
    let wanted = |hold: &&HoldRow| {
        (args.all || hold.is_active()) && (args.matter.is_empty() || args.matter.contains(&hold.matter))
    };
    each_form(&args.table, COLUMNS, |table| {
        holds.iter().filter(wanted).try_for_each(|hold| {
            let value = row(hold, !waiting.contains(&hold.hold.as_str()));
            table.write(value.as_object().cloned().unwrap_or_else(Row::new))
        })
    })?;
    Ok(Exit::Done)
}

fn row(hold: &HoldRow, applied: bool) -> Value {
    let instant = |at: i64| Timestamp::from_microsecond(at).map(|at| at.to_string()).ok();
    json!({
        "hold": hold.hold,
        "matter": hold.matter,
        "state": if hold.is_active() { "in_force" } else { "released" },
        "silent": hold.silent,
        "applied": applied,
        "held": hold.n_held,
        "unevaluable": hold.n_unevaluable,
        "custodians": HoldFigures::custodians(hold),
        "placed_at": instant(hold.placed_at),
        "placed_by": hold.placed_by,
        "released_at": hold.release.as_ref().and_then(|release| instant(release.released_at)),
        "grace_until": hold.release.as_ref().and_then(|release| instant(release.grace_until)),
    })
}

/// Shows everything about one hold.
pub fn show(settings: &Settings, args: &ShowHold) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let log = HoldLog::read(&home)?;
    let placed = one(&actor, &log, &args.name)?;
    let directory = compiled::directory(settings, &home)?;
    let catalog = home::catalog(settings, &home)?;
    let name = &placed.hold;
    let holds = seen_holds(&catalog, settings.as_of, &ViewerSight::of(&actor)?)?;
    let found = holds.into_iter().find(|hold| hold.hold == *name);
    let hold = found.ok_or_else(|| Failure::new(Exit::Busy, format!("the catalog does not know `{name}` yet")))?;
    let figures = HoldFigures::of(&catalog, &directory, settings.as_of)?;
    drop(catalog);
    let applied = !log.not_yet_applied().iter().any(|placed| placed.hold == *name);
    let mut shown = row(&hold, applied);
    shown["schema"] = json!("lexhold/hold/1");
    shown["digest"] = json!(hold.digest);
    shown["document"] = placed.document.clone();
    shown["reason"] = json!(hold.release.as_ref().map(|release| &release.reason));
    shown["released_by"] = json!(hold.release.as_ref().map(|release| &release.released_by));
    shown["narrows"] = json!(hold.narrows);
    shown["narrowed_to"] = json!(hold.release.as_ref().and_then(|release| release.narrowed_to.as_ref()));
    shown["by_custodian"] = json!(figures.by_custodian(&hold));
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{shown:#}")?;
        return Ok(Exit::Done);
    }
    let fields = [
        "hold",
        "matter",
        "state",
        "applied",
        "held",
        "unevaluable",
        "placed_at",
        "placed_by",
        "released_at",
        "released_by",
        "reason",
        "grace_until",
    ];
    for field in fields {
        let text = match &shown[field] {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        writeln!(out, "{}", lexhold_document::printable(&format!("{field:<14}{text}")))?;
    }
    for one in figures.by_custodian(&hold) {
        let text = format!("custodian     {}: {}", one.custodian, one.words());
        writeln!(out, "{}", lexhold_document::printable(&text))?;
    }
    writeln!(out)?;
    for line in placed.text.lines() {
        writeln!(out, "  {}", lexhold_document::printable(line))?;
    }
    Ok(Exit::Done)
}
