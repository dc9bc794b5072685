//! Times of a clock whose zone the source does not name.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// How exact a time in an hour is that a clock change doubles or skips.
const CLOCK_CHANGE: &str = "hour of a clock change";

/// The instant at which a clock in this zone shows a time, in microseconds since 1970, and how exact it is when not to the second.
///
/// An hour that a clock change doubles counts as the later one, which keeps a message longer. `None` is a time beyond the calendar.
pub fn local_instant(local: DateTime, zone: &TimeZone) -> Option<(i64, Option<&'static str>)> {
    let ambiguous = zone.to_ambiguous_zoned(local);
    let precision = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        _ => Some(CLOCK_CHANGE),
    };
    let at = ambiguous.later().ok()?;
    Some((at.timestamp().as_microsecond(), precision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_that_is_doubled_or_skipped_is_the_later_one_and_says_so() {
        let zone = TimeZone::get("Europe/London").unwrap();
        for (local, utc, precision) in [
            ("2024-07-01T12:00:00", "2024-07-01T11:00:00Z", None),
            ("2024-10-27T01:30:00", "2024-10-27T01:30:00Z", Some(CLOCK_CHANGE)),
            ("2024-03-31T01:30:00", "2024-03-31T01:30:00Z", Some(CLOCK_CHANGE)),
        ] {
            let expected = crate::instant(utc).unwrap();
            assert_eq!(
                local_instant(local.parse().unwrap(), &zone),
                Some((expected, precision)),
                "{local}"
            );
        }
    }
}
