//! `report over-retention`: what must be gone soon, what should have gone, and why it has not.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use lexhold_catalog::Catalog;
use lexhold_model::Key;
use lexhold_retention::{Duty, DutyKind, Limit, Resolved, Schedule};
use serde_json::json;

use super::sight::Sight;
use super::table::{Columns, Kind, Row, TableWriter};
use crate::dates::{Dates, Grounds, Group};
use crate::failure::{Exit, Failure};

/// The columns, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("status", Kind::Text),
        ("ceiling", Kind::Text),
        ("document", Kind::Text),
        ("version", Kind::Text),
        ("cites", Kind::Texts),
        ("ground", Kind::Text),
        ("kept_by", Kind::Text),
        ("kept_by_cites", Kind::Texts),
        ("conflict", Kind::Bool),
        ("first_by", Kind::Text),
        ("last_by", Kind::Text),
        ("messages", Kind::Int),
    ],
    shown: &["status", "ceiling", "ground", "kept_by", "first_by", "messages"],
};

/// How near a ceiling is that reports speak of unless told otherwise.
pub const SOON: &str = "P90D";

/// How a ceiling stands to an instant; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Disposal has taken longer than it may.
    Overdue,
    /// The ceiling has passed.
    Past,
    /// It passes soon.
    Near,
}

impl Status {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Past => "past",
            Self::Near => "near",
        }
    }
}

/// Why messages are still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// For no reason: they wait for disposal.
    None,
    /// A duty to keep, to which the ceiling yields or with which it is in conflict.
    Duty,
    /// Something of them could not be evaluated.
    Indeterminate,
    /// An open case or alert.
    Case,
    /// A hold.
    Hold,
}

impl Ground {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Duty => "duty",
            Self::Indeterminate => "indeterminate",
            Self::Case => "case",
            Self::Hold => "hold",
        }
    }
}

/// What messages have in common: status, ceiling, ground, the duty that keeps them, whether that is a conflict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// How the ceiling stands.
    pub status: Status,
    /// The schedule of the ceiling.
    pub ceiling: Key,
    /// Why they are still there.
    pub ground: Ground,
    /// The schedule that keeps them.
    pub kept_by: Option<Key>,
    /// The duty outlasts the ceiling, and nothing says that the ceiling yields.
    pub conflict: bool,
}

/// How many they are, and by when they must be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub n_messages: u64,
    /// The first last day.
    pub first: Date,
    /// The last one.
    pub last: Date,
}

/// The messages under ceilings that have passed or pass before `until`.
pub fn count(
    catalog: &Catalog,
    grounds: &Grounds,
    as_of: Timestamp,
    until: Timestamp,
    sight: &Sight,
) -> anyhow::Result<BTreeMap<Case, Sum>> {
    let dates = Dates::open(catalog, grounds, as_of)?;
    let mut sums: BTreeMap<Case, Sum> = BTreeMap::new();
    dates.each_group(catalog, None, |group| {
        if sight.hides(&group.covered, as_of) {
            return;
        }
        let Some((case, last)) = case(group, as_of, until) else {
            return;
        };
        let sum = sums.entry(case).or_insert(Sum {
            n_messages: 0,
            first: last,
            last,
        });
        sum.n_messages += group.n_messages;
        sum.first = sum.first.min(last);
        sum.last = sum.last.max(last);
    })?;
    Ok(sums)
}

/// Where a group stands under its first ceiling that still binds.
fn case(group: &Group, as_of: Timestamp, until: Timestamp) -> Option<(Case, Date)> {
    let resolved = &group.dates.resolved;
    let binds = |duty: &&Duty| {
        duty.kind == DutyKind::Ceiling && duty.lapses.is_none_or(|lapses| lapses > as_of) && duty.ends.until().is_some()
    };
    let ceiling = resolved.duties.iter().filter(binds).min_by_key(|duty| duty.ends)?;
    let Limit::Through { last, until: gone } = ceiling.ends else {
        return None;
    };
    let status = if resolved.overdue_from.is_some_and(|from| from <= as_of) {
        Status::Overdue
    } else if gone <= as_of {
        Status::Past
    } else if gone <= until {
        Status::Near
    } else {
        return None;
    };
    let kept = keeper(resolved, gone.max(as_of));
    let ground = if group.is_held() {
        Ground::Hold
    } else if group.covered.in_case {
        Ground::Case
    } else if group.dates.is_doubtful() || resolved.is_indeterminate() {
        Ground::Indeterminate
    } else if kept.is_some() {
        Ground::Duty
    } else {
        Ground::None
    };
    let conflict = resolved.conflicts.iter().any(|conflict| {
        resolved.duties[conflict.ceiling].schedule == ceiling.schedule && !resolved.eligible_from.limit.is_over(as_of)
    });
    let case = Case {
        status,
        ceiling: ceiling.schedule,
        ground,
        kept_by: kept.map(|duty| duty.schedule),
        conflict,
    };
    Some((case, last))
}

/// The duty that keeps a message longest, if any keeps it at an instant.
fn keeper(resolved: &Resolved, at: Timestamp) -> Option<&Duty> {
    let retains = resolved.duties.iter().filter(|duty| duty.kind == DutyKind::Retain);
    retains
        .filter(|duty| !duty.ends.is_over(at))
        .max_by_key(|duty| duty.ends)
}

/// The end of a period from an instant on, in UTC.
pub fn end_of(within: &str, as_of: Timestamp) -> anyhow::Result<Timestamp> {
    let wrong = || {
        Failure::new(
            Exit::Usage,
            format!("--within `{}` is no period", lexhold_document::printable(within)),
        )
        .help("write P90D, P3M or P1Y")
    };
    let span: Span = within.parse().map_err(|_| wrong())?;
    if span.is_negative() {
        return Err(wrong().into());
    }
    let end = as_of.to_zoned(TimeZone::UTC).checked_add(span);
    Ok(end.map_err(|_| wrong())?.timestamp())
}

/// Writes a row for each ceiling, status and ground, the gravest first.
pub fn write(
    catalog: &Catalog,
    as_of: Timestamp,
    until: Timestamp,
    sight: &Sight,
    table: &mut TableWriter,
) -> anyhow::Result<()> {
    let grounds = Grounds::read(catalog, as_of)?;
    let schedule = |key: Key| {
        let position = grounds.ledger.position(key)?;
        grounds.ledger.schedules().get(position)
    };
    let id = |of: Option<&Schedule>| of.map(|schedule| schedule.id.clone());
    for (case, sum) in count(catalog, &grounds, as_of, until, sight)? {
        let (ceiling, kept_by) = (schedule(case.ceiling), case.kept_by.and_then(schedule));
        let value = json!({
            "status": case.status.as_str(),
            "ceiling": id(ceiling),
            "document": ceiling.map(|schedule| &schedule.document),
            "version": ceiling.map(|schedule| &schedule.version),
            "cites": ceiling.map(|schedule| &schedule.cites),
            "ground": case.ground.as_str(),
            "kept_by": id(kept_by),
            "kept_by_cites": kept_by.map(|schedule| &schedule.cites),
            "conflict": case.conflict,
            "first_by": sum.first.to_string(),
            "last_by": sum.last.to_string(),
            "messages": sum.n_messages,
        });
        table.write(value.as_object().cloned().unwrap_or_else(Row::new))?;
    }
    Ok(())
}
