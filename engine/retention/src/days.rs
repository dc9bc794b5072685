//! The local days of a message: all that its dates depend on.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use lexhold_model::Key;

use crate::{Assigned, Clocks, Limit, Reason, Schedules, Zone};

/// The instants of a message that start clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Triggers {
    /// When it was sent, by its own account.
    pub sent: Option<Timestamp>,
    /// When it was captured.
    pub captured: Timestamp,
    /// Whether `sent` is not to be believed, so that `captured` stands in for it; see [`Schedules::suspect`].
    pub suspect: bool,
}

/// The days of one message in one zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Day {
    /// The zone.
    pub zone: Zone,
    /// The local day from which `sent` counts: that of the capture where the date sent is suspect.
    pub sent: Option<Date>,
    /// The local day of the capture.
    pub captured: Date,
}

/// The days of one message in every zone that matters. Messages with equal days and equal schedules have equal dates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Days {
    /// Whether the date sent is suspect.
    pub suspect: bool,
    /// One row a zone, in the order of [`Schedules::zones`].
    pub rows: Vec<Day>,
}

impl Days {
    /// The days of a message in these zones.
    pub fn of(zones: &[Zone], triggers: &Triggers) -> Self {
        let sent = if triggers.suspect {
            Some(triggers.captured)
        } else {
            triggers.sent
        };
        let rows = zones.iter().map(|zone| Day {
            zone: zone.clone(),
            sent: sent.map(|at| zone.date(at)),
            captured: zone.date(triggers.captured),
        });
        Self {
            suspect: triggers.suspect,
            rows: rows.collect(),
        }
    }

    /// The days in one zone.
    pub fn at(&self, zone: &Zone) -> Option<&Day> {
        self.rows.iter().find(|row| row.zone == *zone)
    }

    /// The key of these days.
    pub fn key(&self) -> Key {
        let mut text = String::from(if self.suspect { "suspect" } else { "" });
        for Day { zone, sent, captured } in &self.rows {
            let sent = sent.map(|day| day.to_string()).unwrap_or_default();
            text += &format!("\n{}\t{sent}\t{captured}", zone.name());
        }
        Key::of("lexhold days 1", [text.as_bytes()])
    }
}

impl Schedules {
    /// The days of a message in every zone of these schedules.
    pub fn days(&self, triggers: &Triggers) -> Days {
        Days::of(self.zones(), triggers)
    }

    /// Whether the date sent is not to be believed.
    ///
    /// It is when it lies more than a day after the capture or more than a year before it, and when it lies more than a
    /// day before the capture and the message would be eligible within thirty days of the capture: a forged date must
    /// never make a message eligible at once. A batch that was declared a backfill is believed; do not ask for it.
    pub fn suspect(&self, assigned: &[Assigned], sent: Timestamp, captured: Timestamp) -> bool {
        let apart = captured.duration_since(sent);
        if apart < -DAY || is_over_a_year(sent, captured) {
            return true;
        }
        apart > DAY && self.would_soon_be_eligible(assigned, sent, captured)
    }

    fn would_soon_be_eligible(&self, assigned: &[Assigned], sent: Timestamp, captured: Timestamp) -> bool {
        let believed = Triggers {
            sent: Some(sent),
            captured,
            suspect: false,
        };
        let soon = captured.checked_add(DAY * 30).unwrap_or(Timestamp::MAX);
        let days = self.days(&believed);
        // Whoever forges a date forges the activity with it.
        let clocks = Clocks {
            activity: Some(sent),
            ..Clocks::of(&days)
        };
        let resolved = self.resolve(assigned, &clocks);
        // Without a rule that deletes there is no day of disposal yet, but one may be written tomorrow: then the end of
        // the duties counts.
        let end = match resolved.eligible_from.limit {
            Limit::Infinity { reason: Reason::NoRule } => resolved.retain_until.limit,
            limit => limit,
        };
        end.until().is_some_and(|end| end <= soon)
    }
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn is_over_a_year(sent: Timestamp, captured: Timestamp) -> bool {
    let year_later = TimeZone::UTC.to_datetime(sent).checked_add(Span::new().years(1));
    year_later.is_ok_and(|limit| TimeZone::UTC.to_datetime(captured) > limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schedule;
    use crate::testing::{all, instant, schedule, sent};

    const CAPTURED: &str = "2024-06-15T12:00:00Z";

    fn suspect(schedules: impl IntoIterator<Item = Schedule>, sent: &str) -> bool {
        let schedules = Schedules::new(schedules.into_iter().collect());
        schedules.suspect(&all(&schedules), instant(sent), instant(CAPTURED))
    }

    #[test]
    fn more_than_a_day_after_the_capture() {
        assert!(!suspect([], "2024-06-16T12:00:00Z"));
        assert!(suspect([], "2024-06-16T12:00:00.000001Z"));
        assert!(suspect([], "9999-12-30T00:00:00Z"));
    }

    #[test]
    fn more_than_a_year_before_the_capture() {
        assert!(!suspect([], "2023-06-15T12:00:00Z"));
        assert!(suspect([], "2023-06-15T11:59:59.999999Z"));
        assert!(suspect([], "-009999-06-01T00:00:00Z"));
        let leap = Schedules::default();
        assert!(!leap.suspect(&[], instant("2024-02-29T10:00:00Z"), instant("2025-02-28T10:00:00Z")));
        assert!(leap.suspect(&[], instant("2024-02-29T10:00:00Z"), instant("2025-02-28T10:00:01Z")));
    }

    #[test]
    fn a_date_that_would_make_it_eligible_within_thirty_days() {
        let p90d = || [schedule("x").retain("P90D").delete("retain")];
        // Ninety days from 15 April end with 14 July: eligible on 15 July at midnight, within thirty days of noon.
        assert!(suspect(p90d(), "2024-04-15T12:00:00Z"));
        assert!(!suspect(p90d(), "2024-04-16T12:00:00Z"));
        // Eligible exactly thirty days after the capture is still within them.
        let schedules = Schedules::new(p90d().into());
        let at_midnight =
            |captured| schedules.suspect(&all(&schedules), instant("2024-04-15T12:00:00Z"), instant(captured));
        assert!(at_midnight("2024-06-15T00:00:00Z"));
        assert!(!at_midnight("2024-06-14T23:59:59.999999Z"));
        // A day or less of delay is believed whatever the schedule.
        let p1d = || [schedule("x").delete("P1D")];
        assert!(!suspect(p1d(), "2024-06-14T12:00:00Z"));
        assert!(suspect(p1d(), "2024-06-14T11:59:59Z"));
    }

    #[test]
    fn without_a_deletion_the_end_of_the_duties_counts() {
        assert!(suspect([schedule("x").retain("P90D")], "2024-04-15T12:00:00Z"));
        assert!(!suspect([schedule("x").retain("P3Y")], "2023-07-01T12:00:00Z"));
        assert!(!suspect(
            [schedule("x").retain("P90D").delete("P3Y")],
            "2024-04-15T12:00:00Z"
        ));
        assert!(suspect([schedule("x").ceiling("P90D")], "2024-04-15T12:00:00Z"));
        assert!(!suspect([schedule("x").retain("P90D event")], "2024-04-15T12:00:00Z"));
        assert!(!suspect([], "2024-04-15T12:00:00Z"));
    }

    #[test]
    fn a_suspect_date_counts_from_the_capture() {
        let triggers = Triggers {
            sent: Some(instant("1999-01-01T00:00:00Z")),
            captured: instant(CAPTURED),
            suspect: true,
        };
        let schedules = Schedules::new(vec![schedule("x").delete("P1Y")]);
        let resolved = schedules.resolve(&all(&schedules), &Clocks::of(&schedules.days(&triggers)));
        assert_eq!(resolved.dispose_at.limit.day_text(), "2025-06-15");
        assert!(resolved.duties[0].suspect);
    }

    #[test]
    fn equal_days_have_equal_keys() {
        let schedules = Schedules::new(vec![schedule("x").zone("Europe/Berlin"), schedule("y").zone("UTC")]);
        let key = |at: &str| schedules.days(&sent(at)).key();
        assert_eq!(key("2024-06-15T00:00:00Z"), key("2024-06-15T21:59:59Z"));
        assert_ne!(key("2024-06-15T21:59:59Z"), key("2024-06-15T22:00:00Z"));
        let triggers = sent("2024-06-15T00:00:00Z");
        let doubtful = Triggers {
            suspect: true,
            ..triggers
        };
        assert_ne!(schedules.days(&triggers).key(), schedules.days(&doubtful).key());
        assert_eq!(schedules.days(&triggers).rows.len(), 2);
    }
}
