//! Calendars: which days are business days, and when fiscal years end.

use jiff::civil::{Date, Weekday, date};
use lexhold_model::Digest;
use serde::{Deserialize, Serialize};

use crate::arithmetic::plus;
use crate::{MonthEnd, RetentionPeriod};

/// A calendar document, compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Its name.
    pub calendar: String,
    /// Its version.
    pub version: String,
    /// Its digest.
    pub digest: Digest,
    /// The days of the week on which no business is done.
    pub weekend: Vec<DayOfWeek>,
    /// The days of which the holidays are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
    /// The holidays, in order; each lies among the days that are covered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<Date>,
    /// The fiscal years, by their first day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fiscal_years: Vec<FiscalYears>,
}

/// A first and a last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covers {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

/// From when on fiscal years end on which day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiscalYears {
    /// The first trigger day for which this counts.
    pub from: Date,
    /// The last day of each fiscal year.
    pub ends: DayOfYear,
}

/// A day of the week, by its English name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the days of the week explain themselves")]
pub enum DayOfWeek {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<Weekday> for DayOfWeek {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Monday => DayOfWeek::Monday,
            Weekday::Tuesday => DayOfWeek::Tuesday,
            Weekday::Wednesday => DayOfWeek::Wednesday,
            Weekday::Thursday => DayOfWeek::Thursday,
            Weekday::Friday => DayOfWeek::Friday,
            Weekday::Saturday => DayOfWeek::Saturday,
            Weekday::Sunday => DayOfWeek::Sunday,
        }
    }
}

/// A day of every year, written `06-30`. 29 February is the last day of February in other years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DayOfYear {
    month: i8,
    day: i8,
}

impl DayOfYear {
    /// The day of a year.
    fn of(self, year: i16) -> Option<Date> {
        let first = Date::new(year, self.month, 1).ok()?;
        Some(Date::new(year, self.month, self.day).unwrap_or_else(|_| first.last_of_month()))
    }
}

impl TryFrom<String> for DayOfYear {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "not a day of the year such as `06-30`";
        let digits = |part: &str| (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then_some(());
        let (month, day) = text.split_once('-').ok_or(WRONG)?;
        digits(month).and_then(|()| digits(day)).ok_or(WRONG)?;
        let (Ok(month), Ok(day)) = (month.parse(), day.parse()) else {
            return Err(WRONG);
        };
        // In a leap year every day of the year is there.
        Date::new(2024, month, day)
            .map(|_| Self { month, day })
            .map_err(|_| WRONG)
    }
}

impl From<DayOfYear> for String {
    fn from(day: DayOfYear) -> Self {
        format!("{:02}-{:02}", day.month, day.day)
    }
}

impl Calendar {
    /// Whether business is done on this day. Outside the days that are covered only weekends are known to be off.
    pub fn is_business_day(&self, day: Date) -> bool {
        !self.weekend.contains(&day.weekday().into()) && self.holidays.binary_search(&day).is_err()
    }

    /// Whether the holidays of these days are known, the first and the last included.
    pub fn covers(&self, first: Date, last: Date) -> bool {
        self.covers
            .is_some_and(|covers| covers.from <= first && last <= covers.to)
    }

    /// This day, or the next one on which business is done; `None` beyond the calendar of years.
    pub fn next_business_day(&self, day: Date) -> Option<Date> {
        let mut day = day;
        while !self.is_business_day(day) {
            day = day.tomorrow().ok()?;
        }
        Some(day)
    }

    /// The last day of the fiscal year of a trigger: that of the fiscal years in force on that day. A trigger on the
    /// last day itself belongs to the year that it ends.
    ///
    /// Where none is in force, the latest day on which a fiscal year with that trigger could end: no year is longer
    /// than twelve months. `None` beyond the calendar of years.
    pub fn fiscal_year_end(&self, trigger: Date) -> Option<Date> {
        let Some(years) = self.fiscal_years(trigger) else {
            return plus(trigger, RetentionPeriod::YEAR, MonthEnd::LastDay)?
                .yesterday()
                .ok();
        };
        let end = years.ends.of(trigger.year())?;
        if end >= trigger {
            Some(end)
        } else {
            years.ends.of(trigger.year().checked_add(1)?)
        }
    }

    /// The fiscal years in force on a day.
    pub fn fiscal_years(&self, on: Date) -> Option<FiscalYears> {
        self.fiscal_years.iter().rev().find(|years| years.from <= on).copied()
    }

    /// The days covered where a document does not say: the whole years from its first holiday to its last.
    pub(crate) fn years_of(holidays: &[Date]) -> Option<Covers> {
        let (first, last) = (holidays.first()?, holidays.last()?);
        Some(Covers {
            from: date(first.year(), 1, 1),
            to: date(last.year(), 12, 31),
        })
    }
}

/// A calendar that many terms share, written out in each.
pub(crate) mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Calendar;

    pub fn serialize<S: Serializer>(calendar: &Arc<Calendar>, to: S) -> Result<S::Ok, S::Error> {
        calendar.as_ref().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<Calendar>, D::Error> {
        Calendar::deserialize(from).map(Arc::new)
    }
}
