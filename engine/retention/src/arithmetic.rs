//! The arithmetic of dates: cut-off, period, month end, roll, in this order.
//!
//! Every function answers `None` where the calendar ends, in the year 9999. A duty that would end beyond it never
//! ends.

use std::sync::Arc;

use jiff::civil::{Date, Weekday, date};
use serde::{Deserialize, Serialize};

use crate::RetentionPeriod;
use crate::calendar::{Calendar, shared};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cutoff {
    /// The end of the month.
    Month,
    /// The end of the calendar quarter.
    Quarter,
    /// The end of the calendar year.
    Year,
    /// The end of the fiscal year, by a calendar.
    Fiscal(#[serde(with = "shared")] Arc<Calendar>),
}

impl Cutoff {
    /// The cut-off day for a trigger on this day.
    pub fn day(&self, trigger: Date) -> Option<Date> {
        let month = match self {
            Cutoff::Month => trigger.month(),
            Cutoff::Quarter => (trigger.month() + 2) / 3 * 3,
            Cutoff::Year => 12,
            Cutoff::Fiscal(calendar) => return calendar.fiscal_year_end(trigger),
        };
        Some(date(trigger.year(), month, 1).last_of_month())
    }

    /// What the cut-off day of a trigger is, in words: `end of year`.
    pub fn words(&self, trigger: Date) -> String {
        match self {
            Cutoff::Month => "end of month".to_owned(),
            Cutoff::Quarter => "end of quarter".to_owned(),
            Cutoff::Year => "end of year".to_owned(),
            Cutoff::Fiscal(calendar) if calendar.fiscal_years(trigger).is_some() => {
                format!("end of fiscal year ({} {})", calendar.calendar, calendar.version)
            }
            Cutoff::Fiscal(calendar) => format!(
                "{} {} has no fiscal year on {trigger}, which ends within a year:",
                calendar.calendar, calendar.version
            ),
        }
    }
}

/// How a period that ends on a day off is prolonged; never shortened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Roll {
    /// To the next business day of a calendar.
    Following(BusinessDays),
}

impl Roll {
    /// This day, or the next one that is a business day.
    pub fn apply(&self, day: Date) -> Option<Date> {
        let Roll::Following(business) = self;
        let days_off = match (business, day.weekday()) {
            (BusinessDays::Calendar(calendar), _) => return calendar.next_business_day(day),
            (BusinessDays::Weekends, Weekday::Saturday) => 2,
            (BusinessDays::Weekends, Weekday::Sunday) => 1,
            (BusinessDays::Weekends, _) => 0,
        };
        plus_days(day, days_off)
    }

    /// What there is to say of a period that would end on one day and ends on another for it; nothing if the days are
    /// the same, and known to be.
    pub fn words(&self, matching: Date, last: Date) -> Option<String> {
        let Roll::Following(business) = self;
        let next = (matching != last).then(|| format!("next business day {last}"));
        match business {
            BusinessDays::Calendar(calendar) if !calendar.covers(matching, last) => Some(format!(
                "{} {} does not cover {last}, so only weekends count{}",
                calendar.calendar,
                calendar.version,
                next.map_or_else(String::new, |next| format!(": {next}"))
            )),
            BusinessDays::Calendar(calendar) => {
                next.map(|next| format!("{next} ({} {})", calendar.calendar, calendar.version))
            }
            BusinessDays::Weekends => next,
        }
    }
}

/// Which days are business days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusinessDays {
    /// Monday to Friday, every week of the year.
    Weekends,
    /// Those of a calendar.
    #[serde(untagged)]
    Calendar(#[serde(with = "shared")] Arc<Calendar>),
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

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn after(anchor: &str, period: &str, month_end: MonthEnd) -> String {
        plus(day(anchor), period.parse().unwrap(), month_end)
            .unwrap()
            .to_string()
    }

    #[test]
    fn periods_end_on_the_matching_day() {
        let golden = [
            ("2024-01-31", "P1M", "2024-02-29"),
            ("2023-08-31", "P6M", "2024-02-29"),
            ("2024-02-29", "P1Y", "2025-02-28"),
            ("2020-02-29", "P4Y", "2024-02-29"),
            ("2020-02-29", "P6Y", "2026-02-28"),
            ("2018-01-31", "P37M", "2021-02-28"),
            ("2017-03-01", "P7Y", "2024-03-01"),
            ("2017-03-01", "P2555D", "2024-02-28"),
            ("2024-01-31", "P2M", "2024-03-31"),
            ("2024-02-29", "P1M", "2024-03-29"),
            ("2019-12-31", "P1M1D", "2020-02-01"),
            ("2024-01-31", "P1M1D", "2024-03-01"),
        ];
        for (anchor, period, last) in golden {
            assert_eq!(after(anchor, period, MonthEnd::LastDay), last, "{anchor} + {period}");
        }
    }

    #[test]
    fn next_day_protects_through_the_first_of_the_next_month() {
        assert_eq!(after("2024-02-29", "P3Y", MonthEnd::NextDay), "2027-03-01");
        assert_eq!(after("2024-02-29", "P4Y", MonthEnd::NextDay), "2028-02-29");
        assert_eq!(after("2024-01-31", "P1M", MonthEnd::NextDay), "2024-03-01");
        assert_eq!(after("2023-10-31", "P1M1D", MonthEnd::NextDay), "2023-12-02");
        assert_eq!(after("2024-02-28", "P3Y", MonthEnd::NextDay), "2027-02-28");
    }

    #[test]
    fn a_trigger_on_the_cutoff_day_belongs_to_the_stretch_it_ends() {
        let cases = [
            (Cutoff::Month, "2024-02-01", "2024-02-29"),
            (Cutoff::Month, "2024-02-29", "2024-02-29"),
            (Cutoff::Quarter, "2024-01-01", "2024-03-31"),
            (Cutoff::Quarter, "2024-06-30", "2024-06-30"),
            (Cutoff::Quarter, "2024-07-01", "2024-09-30"),
            (Cutoff::Quarter, "2024-11-02", "2024-12-31"),
            (Cutoff::Year, "2019-03-15", "2019-12-31"),
            (Cutoff::Year, "2018-12-31", "2018-12-31"),
            (Cutoff::Year, "9999-12-31", "9999-12-31"),
            (Cutoff::Quarter, "-009999-01-01", "-009999-03-31"),
        ];
        for (cutoff, trigger, closed) in cases {
            assert_eq!(cutoff.day(day(trigger)), Some(day(closed)), "{cutoff:?} {trigger}");
        }
    }

    #[test]
    fn a_german_letter_is_kept_six_years_from_the_end_of_its_year() {
        let closed = Cutoff::Year.day(day("2019-03-15")).unwrap();
        assert_eq!(
            plus(closed, "P6Y".parse().unwrap(), MonthEnd::LastDay),
            Some(day("2025-12-31"))
        );
    }

    #[test]
    fn a_weekend_rolls_to_monday() {
        let roll = |text: &str| Roll::Following(BusinessDays::Weekends).apply(day(text));
        assert_eq!(roll("2026-02-27"), Some(day("2026-02-27")));
        assert_eq!(roll("2026-02-28"), Some(day("2026-03-02")));
        assert_eq!(roll("2026-03-01"), Some(day("2026-03-02")));
        // The calendar ends on a Friday; the Saturday after it cannot be written.
        assert_eq!(roll("9999-12-31"), Some(day("9999-12-31")));
    }

    #[test]
    fn the_end_of_the_calendar_is_no_end() {
        for (anchor, period) in [
            ("9999-12-31", "P1D"),
            ("9999-01-31", "P1Y"),
            ("2024-01-01", "P4294967295Y"),
            ("2024-01-01", "P4294967295D"),
            ("2024-01-01", "P4294967295Y4294967295M4294967295D"),
        ] {
            assert_eq!(plus(day(anchor), period.parse().unwrap(), MonthEnd::LastDay), None);
        }
        assert_eq!(after("-009999-01-31", "P1M", MonthEnd::LastDay), "-009999-02-28");
        assert_eq!(after("-000001-12-31", "P2M", MonthEnd::LastDay), "0000-02-29");
        assert_eq!(after("-000001-12-31", "P2M", MonthEnd::NextDay), "0000-03-01");
    }

    /// Slow and obvious: walks the calendar a day at a time and counts what it passes.
    fn walked(anchor: Date, months: i64, days: i64, month_end: MonthEnd) -> Date {
        let mut day = anchor;
        let mut left = months;
        // To the first of the month that is so many months later.
        while left > 0 || day.day() != 1 {
            let next = day.tomorrow().unwrap();
            left -= i64::from(next.month() != day.month());
            day = next;
            if left == 0 && months > 0 {
                break;
            }
        }
        let month = day.month();
        // To the matching day, unless the month is over before.
        while months > 0 && day.day() != anchor.day() {
            let next = day.tomorrow().unwrap();
            if next.month() != month {
                day = if month_end == MonthEnd::NextDay { next } else { day };
                break;
            }
            day = next;
        }
        let start = if months == 0 { anchor } else { day };
        (0..days).fold(start, |day, _| day.tomorrow().unwrap())
    }

    fn any_day() -> impl Strategy<Value = Date> {
        // Ends of months are where it goes wrong, so half of the days are such.
        let days = -4000i32..20_000;
        (days, any::<bool>()).prop_map(|(days, month_end)| {
            let day = date(1990, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            if month_end { day.last_of_month() } else { day }
        })
    }

    proptest! {
        #[test]
        fn agrees_with_a_walk_day_by_day(anchor in any_day(), months in 0i64..130, days in 0i64..400, next: bool) {
            prop_assume!(months + days > 0);
            let month_end = if next { MonthEnd::NextDay } else { MonthEnd::LastDay };
            let period = format!("P{months}M{days}D").parse().unwrap();
            prop_assert_eq!(plus(anchor, period, month_end), Some(walked(anchor, months, days, month_end)));
        }

        #[test]
        fn a_later_trigger_never_ends_earlier(one in any_day(), other in any_day(), months in 1u32..200, next: bool) {
            let month_end = if next { MonthEnd::NextDay } else { MonthEnd::LastDay };
            let period = format!("P{months}M").parse().unwrap();
            let (first, second) = (one.min(other), one.max(other));
            prop_assert!(plus(first, period, month_end) <= plus(second, period, month_end));
        }

        #[test]
        fn next_day_never_ends_before_last_day(anchor in any_day(), months in 0u32..200, days in 1u32..40) {
            let period: RetentionPeriod = format!("P{months}M{days}D").parse().unwrap();
            prop_assert!(plus(anchor, period, MonthEnd::LastDay) <= plus(anchor, period, MonthEnd::NextDay));
        }

        #[test]
        fn a_cutoff_is_never_before_the_trigger_and_closes_on_itself(trigger in any_day()) {
            for cutoff in [Cutoff::Month, Cutoff::Quarter, Cutoff::Year] {
                let closed = cutoff.day(trigger).unwrap();
                prop_assert!(closed >= trigger);
                prop_assert_eq!(cutoff.day(closed), Some(closed));
                prop_assert_ne!(cutoff.day(closed.tomorrow().unwrap()), Some(closed));
            }
        }

        #[test]
        fn no_day_and_no_period_panics(
            year in -9999i16..=9999, month in 1i8..=12, day in 1i8..=31, years: u32, months: u32, days in 1u32..,
        ) {
            let period: RetentionPeriod = format!("P{years}Y{months}M{days}D").parse().unwrap();
            if let Ok(anchor) = Date::new(year, month, day) {
                for month_end in [MonthEnd::LastDay, MonthEnd::NextDay] {
                    let last = plus(anchor, period, month_end);
                    prop_assert!(last.is_none_or(|last| last > anchor));
                }
            }
        }
    }
}
