//! By when an alert has to be decided on: so many business days after it was raised, by severity.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use lexhold_model::Severity;
use lexhold_retention::{BusinessDays, RetentionPeriod, Roll, Zone};

/// The most business days that a review may be given: two years of them.
const MOST_DAYS: i64 = 520;

/// How long each severity may wait.
///
/// A period `P2D` ends with the second business day (Monday to Friday in the home's zone) after the day on which the
/// alert was raised: a high alert of Friday evening is due when Tuesday ends. `P0D` is the same day, or on a weekend the
/// Monday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlines {
    zone: Zone,
    days: BTreeMap<Severity, Option<i64>>,
}

impl Deadlines {
    /// Critical one business day, high two, medium five, low ten, info never.
    pub fn new(zone: Zone) -> Self {
        let days = Severity::ALL.into_iter().map(|severity| {
            let days = match severity {
                Severity::Info => None,
                Severity::Low => Some(10),
                Severity::Medium => Some(5),
                Severity::High => Some(2),
                Severity::Critical => Some(1),
            };
            (severity, days)
        });
        Self {
            days: days.collect(),
            zone,
        }
    }

    /// The same with another period for one severity; `none` means that it is never due.
    ///
    /// # Errors
    /// What is wrong with the period.
    pub fn with(mut self, severity: Severity, period: &str) -> Result<Self, String> {
        let days = match period {
            "none" => None,
            text => Some(days(text)?),
        };
        self.days.insert(severity, days);
        Ok(self)
    }

    /// When a decision on an alert raised then is due: the first instant after its last day.
    pub fn due(&self, severity: Severity, raised_at: Timestamp) -> Option<Timestamp> {
        let days = (*self.days.get(&severity)?)?;
        let mut day = self.zone.date(raised_at);
        if days == 0 {
            day = Roll::Following(BusinessDays::Weekends).apply(day)?;
        }
        for _ in 0..days {
            day = next_business_day(day)?;
        }
        self.zone.start_of_day(day.tomorrow().ok()?)
    }
}

fn next_business_day(day: Date) -> Option<Date> {
    Roll::Following(BusinessDays::Weekends).apply(day.tomorrow().ok()?)
}

fn days(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no number of business days such as P2D, nor `none`");
    // The only period without a single day is one that `RetentionPeriod` has no use for.
    if text == "P0D" {
        return Ok(0);
    }
    let period: RetentionPeriod = text.parse().map_err(|_| wrong())?;
    if period.months() > 0 {
        return Err(wrong());
    }
    if period.days() > MOST_DAYS {
        return Err(format!("`{text}` is more than P{MOST_DAYS}D"));
    }
    Ok(period.days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadlines(zone: &str) -> Deadlines {
        Deadlines::new(Zone::named(zone).unwrap())
    }

    #[test]
    fn a9_due_dates_follow_severity_and_business_days() {
        let friday_evening = "2026-11-20T23:30:00Z".parse().unwrap();
        for (severity, want) in [
            (Severity::Critical, Some("2026-11-24T00:00:00Z")),
            (Severity::High, Some("2026-11-25T00:00:00Z")),
            (Severity::Medium, Some("2026-11-28T00:00:00Z")),
            (Severity::Low, Some("2026-12-05T00:00:00Z")),
            (Severity::Info, None),
        ] {
            let got = deadlines("UTC").due(severity, friday_evening).map(|at| at.to_string());
            assert_eq!(got.as_deref(), want, "{severity}");
        }
    }

    #[test]
    fn a9_the_day_is_that_of_the_zone() {
        // In Tokyo it is Saturday already.
        let at = "2026-11-20T23:30:00Z".parse().unwrap();
        let due = |zone: &str| deadlines(zone).due(Severity::Critical, at).unwrap().to_string();
        assert_eq!(due("Asia/Tokyo"), "2026-11-23T15:00:00Z");
        assert_eq!(due("America/New_York"), "2026-11-24T05:00:00Z");
    }

    #[test]
    fn a9_periods_can_be_set() {
        let monday = "2026-11-23T09:00:00Z".parse().unwrap();
        let saturday = "2026-11-21T09:00:00Z".parse().unwrap();
        let with = |period: &str| deadlines("UTC").with(Severity::Info, period);
        let due = |period: &str, at| with(period).unwrap().due(Severity::Info, at).map(|at| at.to_string());
        assert_eq!(due("P0D", monday).as_deref(), Some("2026-11-24T00:00:00Z"));
        assert_eq!(due("P0D", saturday).as_deref(), Some("2026-11-24T00:00:00Z"));
        assert_eq!(due("P3D", monday).as_deref(), Some("2026-11-27T00:00:00Z"));
        assert_eq!(due("none", monday), None);
        for wrong in ["P1M", "P1Y", "3", "P521D", "", "None"] {
            assert!(with(wrong).is_err(), "{wrong}");
        }
    }
}
