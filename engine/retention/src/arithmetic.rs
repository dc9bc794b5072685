//! The arithmetic of dates: cut-off, period, month end, roll, in this order.
//!
//! Every function answers `None` where the calendar ends, in the year 9999. A duty that would end beyond it never
//! ends.

use jiff::civil::{Date, Weekday, date};
use serde::{Deserialize, Serialize};

use crate::RetentionPeriod;

/// Where a period ends in a month that has no such day, as 29 February plus a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MonthEnd {
    /// On the last day of that month.
    ///
    /// # Regulation
    /// Regulation (EEC, Euratom) No 1182/71, article 3(2)(c).
    #[default]
    LastDay,
    /// On the first day of the next month: the safe reading of a minimum in US law.
    NextDay,
}

/// The day on which a file is closed and from which the period counts: the end of the stretch of the calendar that
/// holds the trigger. A trigger on that very day belongs to the stretch it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cutoff {
    /// The end of the month.
    Month,
    /// The end of the calendar quarter.
    Quarter,
    /// The end of the calendar year.
    Year,
}

impl Cutoff {
    /// The cut-off day for a trigger on this day.
    pub fn day(self, trigger: Date) -> Date {
        let month = match self {
            Cutoff::Month => trigger.month(),
            Cutoff::Quarter => (trigger.month() + 2) / 3 * 3,
            Cutoff::Year => 12,
        };
        date(trigger.year(), month, 1).last_of_month()
    }

    /// The word for it in a document.
    pub fn name(self) -> &'static str {
        match self {
            Cutoff::Month => "month",
            Cutoff::Quarter => "quarter",
            Cutoff::Year => "year",
        }
    }
}

/// How a period that ends on a day off is prolonged; never shortened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Roll {
    /// To the next business day of a calendar.
    Following(BusinessDays),
}

impl Roll {
    /// This day, or the next one that is a business day.
    pub fn apply(self, day: Date) -> Option<Date> {
        let Roll::Following(BusinessDays::Weekends) = self;
        let days_off = match day.weekday() {
            Weekday::Saturday => 2,
            Weekday::Sunday => 1,
            _ => 0,
        };
        plus_days(day, days_off)
    }
}

/// Which days are business days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusinessDays {
    /// Monday to Friday, every week of the year.
    Weekends,
}

/// The day on which a period ends: the matching day, or where the month has none, as `month_end` says.
///
/// Years and months are added in one step from the anchor, then the days. The anchor itself is not counted.
pub fn plus(anchor: Date, period: RetentionPeriod, month_end: MonthEnd) -> Option<Date> {
    plus_days(plus_months(anchor, period.months(), month_end)?, period.days())
}

fn plus_months(anchor: Date, months: i64, month_end: MonthEnd) -> Option<Date> {
    let count = i64::from(anchor.year()) * 12 + i64::from(anchor.month()) - 1 + months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    let first = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()?;
    match Date::new(first.year(), first.month(), anchor.day()) {
        Ok(day) => Some(day),
        Err(_) if month_end == MonthEnd::NextDay => first.last_of_month().tomorrow().ok(),
        Err(_) => Some(first.last_of_month()),
    }
}

fn plus_days(day: Date, days: i64) -> Option<Date> {
    day.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}
