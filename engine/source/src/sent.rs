//! Dates as sources write them, to microseconds since 1970 in UTC.

/// Why a text is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateProblem {
    /// A date and perhaps a time, but nobody says in which zone.
    Zoneless,
    /// Not a date of the calendar between the years 0000 and 9999, or not written as RFC 3339 asks.
    Impossible,
}

impl DateProblem {
    /// What became of the date.
    pub fn reason(self, field: &str) -> String {
        match self {
            Self::Zoneless => format!("`{field}` names no zone and was left out"),
            Self::Impossible => format!("`{field}` is not a possible RFC 3339 date and was left out"),
        }
    }
}

const MICROS: i64 = 1_000_000;
const DAY_SECONDS: i64 = 86_400;

/// The instant of an RFC 3339 text with any offset.
///
/// Digits beyond microseconds are cut off, a leap second counts as the second before it, and the space
/// between date and time and the offset without a colon, both common, are understood.
///
/// # Errors
/// What is wrong with the text.
pub fn instant(text: &str) -> Result<i64, DateProblem> {
    let bytes = text.trim().as_bytes();
    let day = bytes.get(..10).and_then(date).ok_or(DateProblem::Impossible)?;
    let Some(rest) = bytes[10..]
        .strip_prefix(b"T")
        .or(bytes[10..].strip_prefix(b"t"))
        .or(bytes[10..].strip_prefix(b" "))
    else {
        return Err(if bytes.len() == 10 {
            DateProblem::Zoneless
        } else {
            DateProblem::Impossible
        });
    };
    let (of_day, zone) = time(rest).ok_or(DateProblem::Impossible)?;
    let offset = offset(zone)?;
    in_range(Some((day * DAY_SECONDS - offset) * MICROS + of_day))
}

/// An instant that an RFC 3339 text can show, or the problem it is.
pub(crate) fn in_range(micros: Option<i64>) -> Result<i64, DateProblem> {
    const FIRST: i64 = -62_167_219_200 * MICROS;
    const END: i64 = 253_402_300_800 * MICROS;
    micros
        .filter(|micros| (FIRST..END).contains(micros))
        .ok_or(DateProblem::Impossible)
}

/// An instant in RFC 3339.
pub fn show(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |instant| instant.to_string())
}

fn date(bytes: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *bytes else {
        return None;
    };
    let year = i64::from(pair(y1, y2)?) * 100 + i64::from(pair(y3, y4)?);
    let (month, day) = (pair(m1, m2)?, pair(d1, d2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u8::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    (1..=length).contains(&day).then(|| days_since_1970(year, month, day))
}

/// Days of the proleptic Gregorian calendar, with years that begin in March so that the leap day comes last.
fn days_since_1970(year: i64, month: u8, day: u8) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let month_from_march = i64::from((month + 9) % 12);
    let in_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + in_year - 719_468
}

/// Microseconds of the day, and what stands after them.
fn time(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2, ref rest @ ..] = bytes else {
        return None;
    };
    let (hour, minute, second) = (pair(h1, h2)?, pair(m1, m2)?, pair(s1, s2)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second.min(59));
    let Some(fraction) = rest.strip_prefix(b".").or(rest.strip_prefix(b",")) else {
        return Some((seconds * MICROS, rest));
    };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let first_six = fraction[..digits]
        .iter()
        .map(|digit| i64::from(digit - b'0'))
        .chain(std::iter::repeat(0))
        .take(6);
    let micros = first_six.fold(0, |sum, digit| sum * 10 + digit);
    (digits > 0).then_some((seconds * MICROS + micros, &fraction[digits..]))
}

/// Seconds east of UTC.
fn offset(bytes: &[u8]) -> Result<i64, DateProblem> {
    let (sign, hours, minutes) = match *bytes {
        [] => return Err(DateProblem::Zoneless),
        [b'Z' | b'z'] => return Ok(0),
        [sign, h1, h2, b':', m1, m2] | [sign, h1, h2, m1, m2] => (sign, pair(h1, h2), pair(m1, m2)),
        [sign, h1, h2] => (sign, pair(h1, h2), Some(0)),
        _ => return Err(DateProblem::Impossible),
    };
    let seconds = match (hours, minutes) {
        (Some(hours @ ..=23), Some(minutes @ ..=59)) => i64::from(hours) * 3600 + i64::from(minutes) * 60,
        _ => return Err(DateProblem::Impossible),
    };
    match sign {
        b'+' => Ok(seconds),
        b'-' => Ok(-seconds),
        _ => Err(DateProblem::Impossible),
    }
}

fn pair(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn agrees_with_jiff_on_every_offset_and_fraction() {
        for text in [
            "2024-02-29T12:34:56Z",
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "2000-12-31T23:59:59.123456789+05:30",
            "0001-01-01T00:00:00Z",
            "2018-11-04 01:00:00.5-03:00",
            "9999-12-30T00:00:00Z",
            "2016-12-31T23:59:59-12:00",
        ] {
            let expected = text.parse::<Timestamp>().unwrap().as_nanosecond().div_euclid(1000);
            assert_eq!(instant(text).map(i128::from), Ok(expected), "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut day = jiff::civil::date(1899, 12, 31);
        let mut expected = days_since_1970(1899, 12, 31);
        while day.year() < 2301 {
            assert_eq!(date(day.to_string().as_bytes()), Some(expected), "{day}");
            day = day.tomorrow().unwrap();
            expected += 1;
        }
    }

    #[test]
    fn the_last_second_of_the_calendar_is_fine_and_the_next_one_is_not() {
        assert_eq!(instant("9999-12-31T23:59:59Z"), Ok(253_402_300_799 * MICROS));
        assert_eq!(instant("9999-12-31T23:59:59-00:01"), Err(DateProblem::Impossible));
        assert_eq!(instant("0000-01-01T00:00:00+00:01"), Err(DateProblem::Impossible));
    }

    #[test]
    fn other_spellings_are_understood() {
        let expected = instant("2024-05-06T07:08:09Z");
        for text in [
            "2024-05-06t07:08:09z",
            " 2024-05-06 07:08:09Z ",
            "2024-05-06T09:08:09+0200",
            "2024-05-06T09:08:09+02",
        ] {
            assert_eq!(instant(text), expected, "{text}");
        }
        assert_eq!(instant("2016-12-31T23:59:60Z"), instant("2016-12-31T23:59:59Z"));
    }

    #[test]
    fn what_is_no_instant_says_why() {
        for text in ["2024-05-06T07:08:09", "2024-05-06", "2024-05-06 07:08:09.123"] {
            assert_eq!(instant(text), Err(DateProblem::Zoneless), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-10T00:00:00Z",
            "2024-05-06T24:00:00Z",
            "2024-05-06T07:08Z",
            "1715000000",
            "10000-01-01T00:00:00Z",
            "2024-05-06T07:08:09.Z",
            "2024-05-06T07:08:09+25:00",
            "2024-05-06T07:08:09 Z",
            "2024-05-06T07:08:09ZZ",
            "2024-05-0éT07:08:09Z",
            "２０２４-05-06T07:08:09Z",
        ] {
            assert_eq!(instant(text), Err(DateProblem::Impossible), "{text}");
        }
    }
}
