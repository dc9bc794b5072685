//! What is kept and why: states, due dates, schedules, coverage, holds.

use std::collections::BTreeMap;

use lexhold_catalog::{CoverageRow, Dimension, HoldRow, ScheduleRow};

use super::timeline::{Source, Timeline, bar};
use super::words::{self, day, number, share, title};
use crate::dates::DueMonth;

/// Schedules that have a colour of their own.
const COLOURS: usize = 5;
/// Values shown of one dimension.
const VALUES_SHOWN: usize = 30;

/// How many messages are in one state.
pub struct StateBar {
    /// `Retained`
    pub name: String,
    /// What it means.
    pub meaning: &'static str,
    /// How many.
    pub n: String,
    /// Of all.
    pub share: String,
    /// The bar's length.
    pub width: String,
}

/// A schedule.
pub struct ScheduleLine<'a> {
    /// `document.schedule`
    pub schedule: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its document's version.
    pub version: &'a str,
    /// Whose law.
    pub jurisdiction: &'a str,
    /// What it rests on.
    pub cites: &'a [String],
    /// Messages that fall due some day and whose date it decides.
    pub n_due: String,
}

/// One dimension of coverage.
pub struct Coverage<'a> {
    /// `Platform`
    pub name: &'static str,
    /// The largest values.
    pub rows: Vec<CoverageLine<'a>>,
    /// The sum of the others.
    pub rest: Option<CoverageLine<'a>>,
    /// How many others there are.
    pub n_rest: String,
}

/// Coverage of one value.
pub struct CoverageLine<'a> {
    /// The value; none where messages have none.
    pub value: Option<&'a str>,
    /// All messages.
    pub messages: String,
    /// Those that no schedule speaks of.
    pub ungoverned: String,
    /// Their share.
    pub share: String,
    /// Their share as a length.
    pub width: String,
    /// Those that a schedule may or may not speak of.
    pub indeterminate: String,
}

/// A hold.
pub struct HoldLine<'a> {
    /// Its name.
    pub hold: &'a str,
    /// Its matter.
    pub matter: &'a str,
    /// Whether only some may know of it.
    pub silent: bool,
    /// Messages it covers.
    pub held: String,
    /// Messages it covers because nobody can tell.
    pub unevaluable: String,
    /// When the first was sent.
    pub first: String,
    /// When the last was sent.
    pub last: String,
    /// When it was placed.
    pub placed: String,
    /// By whom.
    pub placed_by: &'a str,
}

/// States that messages are in, most messages first.
pub fn states(states: &BTreeMap<&'static str, u64>) -> Vec<StateBar> {
    let all = states.values().sum();
    let most = states.values().copied().max().unwrap_or(0);
    let mut states: Vec<_> = states.iter().filter(|(_, n)| **n > 0).collect();
    states.sort_by(|(one, n), (other, m)| m.cmp(n).then(one.cmp(other)));
    let line = |(name, n): (&&str, &u64)| StateBar {
        name: title(name),
        meaning: words::state(name),
        n: number(*n),
        share: share(*n, all),
        width: bar(*n, most),
    };
    states.into_iter().map(line).collect()
}

/// What falls due when, by schedule: the largest ones apart, the others together.
pub fn due(due: &[DueMonth], as_of: &str) -> Option<Timeline> {
    let mut sums: Vec<_> = due_by_schedule(due).into_iter().collect();
    sums.sort_by(|(one, n), (other, m)| m.cmp(n).then(one.cmp(other)));
    let apart = if sums.len() > COLOURS + 1 { COLOURS } else { sums.len() };
    let named = sums.iter().take(apart).map(|(name, _)| (*name).to_owned());
    let other = (sums.len() > apart).then(|| words::counted((sums.len() - apart) as u64, "other", "others"));
    let series = named
        .chain(other)
        .enumerate()
        .map(|(at, name)| (name, format!("series-{at}")));
    let place = |schedule: &str| {
        sums.iter()
            .take(apart)
            .position(|(name, _)| *name == schedule)
            .unwrap_or(apart)
    };
    Timeline::new(&Source {
        id: "due-over-time",
        title: "Messages by the time they fall due, by schedule",
        noun: ("message", "messages"),
        series: series.collect(),
        counts: due
            .iter()
            .map(|month| (month.month.as_str(), place(&month.schedule), month.n_messages))
            .collect(),
        mark: as_of.get(..10),
    })
}

/// Every schedule with what falls due under it.
pub fn schedules<'a>(schedules: &'a [ScheduleRow], due: &[DueMonth]) -> Vec<ScheduleLine<'a>> {
    let sums = due_by_schedule(due);
    let line = |row: &'a ScheduleRow| ScheduleLine {
        schedule: &row.schedule,
        title: &row.title,
        version: &row.version,
        jurisdiction: row.jurisdiction.as_deref().unwrap_or("–"),
        cites: &row.cites,
        n_due: number(sums.get(row.schedule.as_str()).copied().unwrap_or(0)),
    };
    schedules.iter().map(line).collect()
}

fn due_by_schedule(due: &[DueMonth]) -> BTreeMap<&str, u64> {
    let mut sums = BTreeMap::new();
    for month in due {
        *sums.entry(month.schedule.as_str()).or_default() += month.n_messages;
    }
    sums
}

/// Coverage by each dimension that has values, largest ones first, years in order.
pub fn coverage(rows: &[CoverageRow]) -> Vec<Coverage<'_>> {
    let dimensions = [
        (Dimension::Platform, "Platform"),
        (Dimension::SenderDomain, "Sender’s domain"),
        (Dimension::Year, "Year sent"),
        (Dimension::Channel, "Channel"),
    ];
    let one = |(dimension, name)| {
        one_dimension(
            rows.iter().filter(|row| row.dimension == dimension).collect(),
            dimension,
            name,
        )
    };
    dimensions
        .into_iter()
        .map(one)
        .filter(|coverage| !coverage.rows.is_empty())
        .collect()
}

fn one_dimension<'a>(mut rows: Vec<&'a CoverageRow>, dimension: Dimension, name: &'static str) -> Coverage<'a> {
    rows.sort_by(|one, other| {
        other
            .n_messages
            .cmp(&one.n_messages)
            .then_with(|| one.value.cmp(&other.value))
    });
    let rest = rows.split_off(rows.len().min(VALUES_SHOWN));
    if dimension == Dimension::Year {
        rows.sort_by(|one, other| other.value.cmp(&one.value));
    }
    Coverage {
        name,
        rows: rows
            .into_iter()
            .map(|row| CoverageLine::of(std::slice::from_ref(&row), row.value.as_deref()))
            .collect(),
        rest: (!rest.is_empty()).then(|| CoverageLine::of(&rest, None)),
        n_rest: words::counted(rest.len() as u64, "other", "others"),
    }
}

impl<'a> CoverageLine<'a> {
    fn of(rows: &[&'a CoverageRow], value: Option<&'a str>) -> Self {
        let sum = |count: fn(&CoverageRow) -> u64| rows.iter().map(|row| count(row)).sum::<u64>();
        let (all, ungoverned) = (sum(|row| row.n_messages), sum(|row| row.n_ungoverned));
        Self {
            value,
            messages: number(all),
            ungoverned: number(ungoverned),
            share: share(ungoverned, all),
            width: bar(ungoverned, all),
            indeterminate: number(sum(|row| row.n_indeterminate)),
        }
    }
}

impl<'a> HoldLine<'a> {
    /// From the catalog's row.
    pub fn of(row: &'a HoldRow) -> Self {
        Self {
            hold: &row.hold,
            matter: &row.matter,
            silent: row.silent,
            held: number(row.n_held),
            unevaluable: number(row.n_unevaluable),
            first: day(row.first_sent_at),
            last: day(row.last_sent_at),
            placed: day(Some(row.placed_at)),
            placed_by: &row.placed_by,
        }
    }
}
