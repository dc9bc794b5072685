//! `report awaiting`: messages whose event has not come, those that wait too long first.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use lexhold_catalog::{Catalog, OriginCount};
use lexhold_retention::{DutyKind, RetentionPeriod, Schedule, Zone};
use serde_json::json;

use super::sight::Sight;
use super::table::{Columns, Kind, Row, TableWriter};
use crate::dates::{Awaited, Dates, Grounds, Keys};

/// The columns, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("overdue", Kind::Int),
        ("messages", Kind::Int),
        ("type", Kind::Text),
        ("key", Kind::Text),
        ("key_of", Kind::Text),
        ("schedule", Kind::Text),
        ("document", Kind::Text),
        ("version", Kind::Text),
        ("duty", Kind::Text),
        ("expect_within", Kind::Text),
        ("first_sent", Kind::Text),
        ("expected_by", Kind::Text),
    ],
    shown: &["overdue", "messages", "type", "key", "schedule", "expected_by"],
};

/// What waits together: for one type of event about one key, under one duty of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    awaited: Awaited,
    key: String,
}

#[derive(Clone, Debug, Default)]
struct Sum {
    n_messages: u64,
    n_overdue: u64,
    first_at: Option<i64>,
}

impl Sum {
    fn add(&mut self, count: &OriginCount, n_overdue: u64) {
        self.n_messages += count.n_messages;
        self.n_overdue += n_overdue;
        self.first_at = Some(self.first_at.map_or(count.first_at, |at| at.min(count.first_at)));
    }
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Messages that have waited longer than the schedule expects.
    pub n_overdue: u64,
    /// Messages that wait.
    pub n_messages: u64,
    /// The type of event.
    pub event: String,
    /// The key that it has not come for.
    pub key: String,
    /// The attribute of the messages that the key comes from.
    pub key_of: String,
    /// The schedule that waits.
    pub schedule: &'a Schedule,
    /// `retain`, `dispose` or `ceiling`.
    pub duty: &'static str,
    /// The day on which the first of them was sent.
    pub first_sent: Option<Date>,
    /// By when the event of the first of them was expected.
    pub expected_by: Option<Date>,
}

/// What waits for an event: those overdue first, then those that most messages wait for.
pub fn lines<'a>(
    catalog: &Catalog,
    grounds: &'a Grounds,
    as_of: Timestamp,
    sight: &Sight,
) -> anyhow::Result<Vec<Line<'a>>> {
    let dates = Dates::open(catalog, grounds, as_of)?;
    let schedules = grounds.ledger.schedules();
    let mut before: BTreeSet<i64> = BTreeSet::new();
    before.extend(schedules.iter().filter_map(|schedule| expected_since(schedule, as_of)));
    let before: Vec<i64> = before.into_iter().collect();
    let mut sums: BTreeMap<Waiting, Sum> = BTreeMap::new();
    let awaited = dates.awaited();
    for by_conversation in [false, true] {
        let here = |all: &[Awaited]| all.iter().any(|one| one.by_conversation() == by_conversation);
        let origins: Vec<u32> = awaited
            .iter()
            .filter_map(|(origin, all)| here(all).then_some(*origin))
            .collect();
        let keys = Keys::read(catalog, &origins)?;
        catalog.count_origins::<anyhow::Error>(&origins, by_conversation, &before, sight.hide_at(as_of), |count| {
            let conversation = count.conversation.and_then(|number| dates.conversation(number));
            let all = awaited.get(&count.origin).into_iter().flatten();
            for one in all.filter(|one| one.by_conversation() == by_conversation) {
                let n_overdue = schedules
                    .get(one.schedule)
                    .filter(|_| one.kind == DutyKind::Retain)
                    .and_then(|schedule| expected_since(schedule, as_of))
                    .and_then(|since| before.binary_search(&since).ok())
                    .map_or(0, |at| count.n_before[at]);
                let open = |key: &&str| grounds.register.date(&one.event.event, key).is_none();
                let values = keys.values(count.origin, &one.event, conversation);
                for key in values.into_iter().filter(open) {
                    let waiting = Waiting {
                        awaited: one.clone(),
                        key: key.to_owned(),
                    };
                    sums.entry(waiting).or_default().add(&count, n_overdue);
                }
            }
            Ok(())
        })?;
    }
    let mut lines: Vec<Line<'a>> = sums
        .into_iter()
        .filter_map(|(waiting, sum)| Some(line(schedules.get(waiting.awaited.schedule)?, waiting, &sum)))
        .collect();
    lines.sort_by(|one, other| {
        let most = (other.n_overdue, other.n_messages).cmp(&(one.n_overdue, one.n_messages));
        most.then_with(|| (&one.event, &one.key, &one.schedule.id).cmp(&(&other.event, &other.key, &other.schedule.id)))
    });
    Ok(lines)
}

fn line<'a>(schedule: &'a Schedule, waiting: Waiting, sum: &Sum) -> Line<'a> {
    let Waiting { awaited, key } = waiting;
    let instant = sum.first_at.and_then(|at| Timestamp::from_microsecond(at).ok());
    let first_sent = instant.map(|at| schedule.zone.date(at));
    let expected = expect_within(schedule).filter(|_| awaited.kind == DutyKind::Retain);
    Line {
        n_overdue: sum.n_overdue,
        n_messages: sum.n_messages,
        event: awaited.event.event,
        key,
        key_of: awaited.event.key,
        schedule,
        duty: awaited.kind.as_str(),
        first_sent,
        expected_by: first_sent.zip(expected).and_then(|(day, within)| plus(day, within)),
    }
}

fn expect_within(schedule: &Schedule) -> Option<RetentionPeriod> {
    schedule.retain.as_ref()?.expect_within
}

/// The instant in microseconds: messages sent before it have waited longer than the schedule expects.
fn expected_since(schedule: &Schedule, as_of: Timestamp) -> Option<i64> {
    let within = expect_within(schedule)?;
    let zone: &Zone = &schedule.zone;
    let today = zone.date(as_of);
    // Months differ in length, so the way back is only near: from there on, day by day.
    let mut since = today
        .checked_sub(Span::new().months(within.months()).days(within.days()))
        .ok()?;
    while plus(since, within).is_some_and(|expected| expected < today) {
        since = since.tomorrow().ok()?;
    }
    Some(zone.start_of_day(since)?.as_microsecond())
}

fn plus(day: Date, within: RetentionPeriod) -> Option<Date> {
    let months = day.checked_add(Span::new().months(within.months())).ok()?;
    months.checked_add(Span::new().days(within.days())).ok()
}

/// Writes a row for each type of event, key and schedule.
pub fn write(catalog: &Catalog, as_of: Timestamp, sight: &Sight, table: &mut TableWriter) -> anyhow::Result<()> {
    let grounds = Grounds::read(catalog, as_of)?;
    for line in lines(catalog, &grounds, as_of, sight)? {
        let value = json!({
            "overdue": line.n_overdue,
            "messages": line.n_messages,
            "type": line.event,
            "key": line.key,
            "key_of": line.key_of,
            "schedule": line.schedule.id,
            "document": line.schedule.document,
            "version": line.schedule.version,
            "duty": line.duty,
            "expect_within": expect_within(line.schedule).map(|within| within.to_string()),
            "first_sent": line.first_sent.map(|day| day.to_string()),
            "expected_by": line.expected_by.map(|day| day.to_string()),
        });
        table.write(value.as_object().cloned().unwrap_or_else(Row::new))?;
    }
    Ok(())
}
