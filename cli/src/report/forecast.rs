//! `report forecast`: what falls due, by month and by the schedule that decides it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use lexhold_catalog::Catalog;
use lexhold_retention::Limit;
use serde_json::json;

use super::sight::Sight;
use super::table::{Columns, Kind, Row, TableWriter};
use crate::dates::{Dates, Grounds};

/// The columns, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("month", Kind::Text),
        ("schedule", Kind::Text),
        ("messages", Kind::Int),
        ("held", Kind::Int),
        ("due", Kind::Bool),
    ],
    shown: &["month", "schedule", "messages", "held", "due"],
};

/// What falls due in one month under one schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Falling {
    /// Messages.
    pub n_messages: u64,
    /// Those of them under a hold or in an open case, which stay nonetheless.
    pub n_held: u64,
    /// Whether the month has begun.
    pub due: bool,
}

/// What falls due, by the first day of the month and by schedule.
pub type Forecast = BTreeMap<(Date, String), Falling>;

/// Counts every message once: in the month in which it may first go, under the schedule that decides that. Messages that wait
/// for an event, are permanent or have no rule are left out, as is what a silent hold covers or an open case rests on for those who may not know.
pub fn count(catalog: &Catalog, as_of: Timestamp, sight: &Sight) -> anyhow::Result<Forecast> {
    let grounds = Grounds::read(catalog, as_of)?;
    let dates = Dates::open(catalog, &grounds, as_of)?;
    let names = grounds.names();
    let today = as_of.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut months = Forecast::new();
    dates.each_month(catalog, None, |group| {
        let Limit::Through { last, .. } = group.dates.eligible_from(&sight.seen(&group.covered)) else {
            return;
        };
        if group.dates.is_doubtful() || sight.hides(&group.covered, as_of) {
            return;
        }
        let month = last.tomorrow().unwrap_or(last).first_of_month();
        let schedule = group.decided_by(&names).unwrap_or_default().to_owned();
        let falling = months.entry((month, schedule)).or_default();
        falling.n_messages += group.n_messages;
        falling.n_held += if group.is_held() || group.covered.in_case {
            group.n_messages
        } else {
            0
        };
        falling.due = month <= today;
    })?;
    Ok(months)
}

/// Writes a row for each month and schedule, of all months or of so many from this one on.
pub fn write(
    catalog: &Catalog,
    as_of: Timestamp,
    sight: &Sight,
    months: Option<u32>,
    table: &mut TableWriter,
) -> anyhow::Result<()> {
    let first = as_of.to_zoned(jiff::tz::TimeZone::UTC).date().first_of_month();
    let end = months.map(|n| first.saturating_add(i64::from(n).months()));
    let forecast = count(catalog, as_of, sight)?;
    let within = |month: &Date| end.is_none_or(|end| (first..end).contains(month));
    for ((month, schedule), falling) in forecast.iter().filter(|((month, _), _)| within(month)) {
        let value = json!({
            "month": month.strftime("%Y-%m").to_string(),
            "schedule": schedule,
            "messages": falling.n_messages,
            "held": falling.n_held,
            "due": falling.due,
        });
        table.write(value.as_object().cloned().unwrap_or_else(Row::new))?;
    }
    Ok(())
}
