//! Times as Apple counts them: from the first day of 2001.

const MICROS: i64 = 1_000_000;
/// 2001-01-01T00:00:00Z.
const EPOCH_SECONDS: i64 = 978_307_200;
/// Larger numbers are nanoseconds, as since High Sierra; smaller ones seconds, up to the year 33000.
const LARGEST_SECONDS: i64 = 1_000_000_000_000;

/// The instant of a column, in microseconds since 1970. Zero says that there is none.
pub(super) fn micros(value: i64) -> Option<i64> {
    match value {
        0 => None,
        seconds if seconds.abs() <= LARGEST_SECONDS => (seconds + EPOCH_SECONDS).checked_mul(MICROS),
        nanos => Some(nanos.div_euclid(1000) + EPOCH_SECONDS * MICROS),
    }
    .filter(|micros| jiff::Timestamp::from_microsecond(*micros).is_ok())
}

/// The instant of seconds with a fraction.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked, and a fraction of a microsecond is nothing"
)]
pub(super) fn micros_of_seconds(seconds: f64) -> Option<i64> {
    let micros = (seconds * 1e6).round();
    (micros.abs() < 1e17).then(|| micros as i64 + EPOCH_SECONDS * MICROS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_nanoseconds_are_told_apart() {
        let day = 1_678_307_200_000_000;
        assert_eq!(micros(700_000_000), Some(day));
        assert_eq!(micros(700_000_000_000_000_000), Some(day));
        assert_eq!(micros(726_362_122_374_000_128), Some(1_704_669_322_374_000));
        assert_eq!(micros(-1), Some(978_307_199_000_000), "2000-12-31T23:59:59Z");
        assert_eq!(micros(0), None);
        assert_eq!(micros(LARGEST_SECONDS), None, "beyond the calendar");
        assert_eq!(micros_of_seconds(690_513_474.272_551_1), Some(1_668_820_674_272_551));
        assert_eq!(micros_of_seconds(f64::NAN), None);
        assert_eq!(micros_of_seconds(1e300), None);
    }
}
