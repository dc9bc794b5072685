//! `case list`, `case show`.

use jiff::Timestamp;
use lexhold_catalog::CaseRow;
use serde_json::json;

use crate::args::TableReport;
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::Actor;
use crate::report::each_form;
use crate::report::table::{Columns, Kind, Row, instant};
use crate::settings::Settings;

/// The columns of `case list`, a contract.
const CASES: Columns = Columns {
    all: &[
        ("case", Kind::Text),
        ("matter", Kind::Text),
        ("state", Kind::Text),
        ("age_days", Kind::Int),
        ("messages", Kind::Int),
        ("opened_at", Kind::Text),
        ("opened_by", Kind::Text),
        ("reason", Kind::Text),
        ("closed_at", Kind::Text),
        ("closed_by", Kind::Text),
        ("closed_because", Kind::Text),
        ("confirmed_by", Kind::Text),
    ],
    shown: &[
        "case",
        "matter",
        "state",
        "age_days",
        "messages",
        "opened_at",
        "opened_by",
    ],
};

/// The columns of `case show`, a contract.
const MESSAGES: Columns = Columns {
    all: &[
        ("case", Kind::Text),
        ("message_id", Kind::Text),
        ("alert_id", Kind::Text),
        ("added_at", Kind::Text),
        ("added_by", Kind::Text),
        ("reason", Kind::Text),
    ],
    shown: &["message_id", "alert_id", "added_at", "added_by", "reason"],
};

/// Whose cases somebody is shown. Whoever may not know of silent holds is shown what they wrote themselves: what is in no case
/// and yet is not due would give a silent hold away.
struct Seen {
    /// Nobody where all are shown.
    only_of: Option<String>,
}

impl Seen {
    fn by(settings: &Settings) -> anyhow::Result<Self> {
        let actor = Actor::resolve(settings)?;
        let only_of = (!actor.sees_silent()?).then_some(actor.id);
        Ok(Self { only_of })
    }

    fn shows(&self, written_by: &str) -> bool {
        self.only_of.as_deref().is_none_or(|id| id == written_by)
    }
}

/// Lists cases.
pub fn cases(settings: &Settings, all: bool, table: &TableReport) -> anyhow::Result<Exit> {
    let seen = Seen::by(settings)?;
    let home = home::open(settings)?;
    let cases = home::catalog(settings, &home)?.cases()?;
    each_form(table, CASES, |table| {
        let wanted = cases
            .iter()
            .filter(|case| (all || case.closed_at.is_none()) && seen.shows(&case.opened_by));
        wanted
            .map(|case| row(case, settings.as_of))
            .try_for_each(|row| table.write(row))
    })?;
    Ok(Exit::Done)
}

/// Lists the messages of a case.
pub fn messages(settings: &Settings, name: &str, table: &TableReport) -> anyhow::Result<Exit> {
    let seen = Seen::by(settings)?;
    let home = home::open(settings)?;
    let catalog = home::catalog(settings, &home)?;
    let mut messages = catalog.case_messages(name)?;
    messages.retain(|message| seen.shows(&message.added_by));
    let is_shown = |case: &CaseRow| case.name == name && (seen.shows(&case.opened_by) || !messages.is_empty());
    if !catalog.cases()?.iter().any(is_shown) {
        let message = format!("no case is called `{}`", lexhold_document::printable(name));
        return Err(Failure::new(Exit::Policy, message)
            .help("lexhold case list --all names them")
            .into());
    }
    drop(catalog);
    each_form(table, MESSAGES, |table| {
        for message in &messages {
            let value = json!({
                "case": name,
                "message_id": message.message_id,
                "alert_id": message.alert,
                "added_at": instant(message.added_at),
                "added_by": message.added_by,
                "reason": message.reason,
            });
            table.write(value.as_object().cloned().unwrap_or_else(Row::new))?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn row(case: &CaseRow, as_of: Timestamp) -> Row {
    let until = case.closed_at.unwrap_or(as_of.as_microsecond());
    let value = json!({
        "case": case.name,
        "matter": case.matter,
        "state": if case.closed_at.is_none() { "open" } else { "closed" },
        "age_days": (until - case.opened_at).div_euclid(DAY).max(0),
        "messages": case.n_messages,
        "opened_at": instant(case.opened_at),
        "opened_by": case.opened_by,
        "reason": case.reason,
        "closed_at": case.closed_at.map(instant),
        "closed_by": case.closed_by,
        "closed_because": case.closed_because,
        "confirmed_by": case.confirmed_by,
    });
    value.as_object().cloned().unwrap_or_else(Row::new)
}

/// Microseconds of a day of twenty-four hours.
const DAY: i64 = 86_400_000_000;
