//! The local days of a message: all that its dates depend on.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use lexhold_model::Key;

use crate::{Assigned, Limit, Reason, Schedules, Zone};

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
        let resolved = self.resolve(assigned, &self.days(&believed));
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
