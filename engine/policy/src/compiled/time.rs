//! Cedar's dates and durations.

use super::Fault;
use super::value::Value;

const DAY_MS: i64 = 86_400_000;

/// The beginning of the year 0, before which Cedar can write no date, in milliseconds.
const YEAR_ZERO: i64 = -62_167_219_200_000;

/// Methods of dates and durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeOp {
    Offset,
    DurationSince,
    ToDate,
    ToTime,
    /// The whole units of so many milliseconds.
    Units(i64),
}

/// The instant to the millisecond, rounded down, as Cedar knows it; years beyond four digits have no such form, nor has
/// what lies outside the calendar.
pub(crate) fn instant(sent_at_us: i64) -> Option<i64> {
    let at = sent_at_us.div_euclid(1000);
    (at >= YEAR_ZERO && jiff::Timestamp::from_millisecond(at).is_ok()).then_some(at)
}

/// Applies a method to its receiver and argument.
pub(crate) fn apply<'a>(operator: TimeOp, operands: &[Value<'a>]) -> Result<Value<'a>, Fault<'a>> {
    match (operator, operands) {
        (TimeOp::Offset, [Value::Instant(at), Value::Span(by)]) => {
            at.checked_add(*by).map(Value::Instant).ok_or(Fault::Extension)
        }
        (TimeOp::DurationSince, [Value::Instant(at), Value::Instant(since)]) => {
            at.checked_sub(*since).map(Value::Span).ok_or(Fault::Extension)
        }
        (TimeOp::ToDate, [Value::Instant(at)]) => at
            .checked_sub(at.rem_euclid(DAY_MS))
            .map(Value::Instant)
            .ok_or(Fault::Extension),
        (TimeOp::ToTime, [Value::Instant(at)]) => Ok(Value::Span(at.rem_euclid(DAY_MS))),
        // Truncation in steps, as Cedar divides, is truncation at once.
        (TimeOp::Units(unit), [Value::Span(span)]) => Ok(Value::Long(span / unit)),
        _ => Err(Fault::Type),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_beyond_four_digits_have_no_instant() {
        let year = |year: i16| {
            let date = jiff::civil::date(year, 1, 1).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
            date.timestamp().as_microsecond()
        };
        assert_eq!(instant(year(0)), Some(YEAR_ZERO));
        assert_eq!(instant(year(0) - 1), None);
        assert!(instant(jiff::Timestamp::MAX.as_microsecond() - 1_000_000).is_some());
        assert_eq!(instant(jiff::Timestamp::MAX.as_microsecond() + 1000), None);
        assert_eq!(instant(i64::MAX), None);
    }
}
