//! Plain scalars: what they say, and whether text is written as an id, date, duration or version.

use crate::Value;

/// Why a plain scalar is refused: readers of YAML disagree about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `yes`, `no`, `on`, `off`, and the boolean that YAML 1.1 takes it for.
    Boolean(bool),
    /// Text that begins with `?` or `:`, which in brackets marks a key or a value to some.
    Mark,
    /// A number, with what is wrong with it.
    Number(&'static str),
}

/// The largest integer that a JSON number holds exactly, 2^53 - 1.
const MAX_INT: i64 = 9_007_199_254_740_991;

/// What a plain scalar says.
pub(crate) fn resolve(text: &str) -> Result<Value, Refusal> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Ok(Value::Null),
        "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Err(Refusal::Boolean(true)),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Err(Refusal::Boolean(false)),
        _ if text.starts_with(['?', ':']) => Err(Refusal::Mark),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => number(text),
        _ => Ok(Value::Text(text.to_owned())),
    }
}

/// What a scalar says that begins as a number does.
fn number(text: &str) -> Result<Value, Refusal> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_digits = unsigned.bytes().all(|b| b.is_ascii_digit());
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Err(Refusal::Number("is not finite"));
    }
    if is_radix(unsigned) {
        return Err(Refusal::Number("is not decimal"));
    }
    if is_digits && unsigned.len() > 1 && unsigned.starts_with('0') {
        return Err(Refusal::Number("begins with a zero, which some take for octal"));
    }
    if is_digits && !unsigned.is_empty() {
        return match text.parse::<i64>() {
            Ok(int) if int.abs() <= MAX_INT => Ok(Value::Int(int)),
            _ => Err(Refusal::Number("is too large to be exact")),
        };
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(Value::Float(float)),
        Ok(_) if unsigned.contains(|c: char| c.is_ascii_digit()) => Err(Refusal::Number("is too large")),
        _ => Ok(Value::Text(text.to_owned())),
    }
}

fn is_radix(unsigned: &str) -> bool {
    let digits = |prefix, radix| {
        unsigned
            .strip_prefix(prefix)
            .is_some_and(|rest: &str| !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix)))
    };
    digits("0x", 16) || digits("0o", 8) || digits("0b", 2)
}

/// Whether text is an id: `[a-z0-9][a-z0-9._-]*`.
pub(crate) fn is_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.bytes().next().is_some_and(plain) && text.bytes().all(|b| plain(b) || b"._-".contains(&b))
}

/// Whether text is a civil date, `2026-11-21`.
pub(crate) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2)) else {
        return false;
    };
    (1..=days_in(year, month)).contains(&day)
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Whether text is an instant of RFC 3339, `2026-11-21T09:30:00Z`.
pub(crate) fn is_instant(text: &str) -> bool {
    let Some((date, rest)) = text.split_once('T') else {
        return false;
    };
    let Some(zone_at) = rest.find(['Z', '+', '-']) else {
        return false;
    };
    let (time, zone) = rest.split_at(zone_at);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let (hours_minutes, seconds) = time.rsplit_once(':').unwrap_or(("", ""));
    is_date(date)
        && is_clock(hours_minutes)
        && digits(seconds, 2).is_some_and(|seconds| seconds <= 60)
        && (1..=9).contains(&fraction.len())
        && fraction.bytes().all(|b| b.is_ascii_digit())
        && (zone == "Z" || is_clock(&zone[1..]))
}

/// Whether text is hours and minutes, `09:30`.
fn is_clock(text: &str) -> bool {
    let Some((hours, minutes)) = text.split_once(':') else {
        return false;
    };
    digits(hours, 2).is_some_and(|hours| hours < 24) && digits(minutes, 2).is_some_and(|minutes| minutes < 60)
}

/// Whether text is an ISO 8601 duration of whole units, `P7Y` or `PT36H`.
pub(crate) fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else {
        return false;
    };
    let (days, time) = match rest.split_once('T') {
        Some((days, time)) => (days, Some(time)),
        None => (rest, None),
    };
    match time {
        Some(time) => has_units(time, "HMS") && (days.is_empty() || has_units(days, "YMWD")),
        None => has_units(days, "YMWD"),
    }
}

/// Whether text is one or more amounts with these units, in this order.
fn has_units(text: &str, units: &str) -> bool {
    let mut left = units;
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| !c.is_ascii_digit()) {
        let unit = rest[at..].chars().next();
        let Some((_, later)) = unit.and_then(|unit| left.split_once(unit)) else {
            return false;
        };
        if at == 0 || at > 9 {
            return false;
        }
        left = later;
        rest = &rest[at + 1..];
    }
    rest.is_empty() && left != units
}

/// Whether text is a semantic version, `1.2.0` or `1.2.0-rc.1`.
pub(crate) fn is_version(text: &str) -> bool {
    let (rest, build) = text
        .split_once('+')
        .map_or((text, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = rest
        .split_once('-')
        .map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let numbers: Vec<&str> = core.split('.').collect();
    numbers.len() == 3
        && numbers.iter().all(|n| is_number(n))
        && pre.is_none_or(|pre| {
            pre.split('.')
                .all(|part| is_label(part) && (!is_digits(part) || is_number(part)))
        })
        && build.is_none_or(|build| build.split('.').all(is_label))
}

fn is_number(text: &str) -> bool {
    is_digits(text) && (text == "0" || !text.starts_with('0'))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A number of exactly so many digits.
fn digits(text: &str, length: usize) -> Option<u32> {
    (text.len() == length && is_digits(text)).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_say_one_thing_or_are_refused() {
        let text = |text: &str| Ok(Value::Text(text.to_owned()));
        assert_eq!(resolve("~"), Ok(Value::Null));
        assert_eq!(resolve("True"), Ok(Value::Bool(true)));
        assert_eq!(resolve("-12"), Ok(Value::Int(-12)));
        assert_eq!(resolve("1.50"), Ok(Value::Float(1.5)));
        assert_eq!(resolve("9007199254740991"), Ok(Value::Int(MAX_INT)));
        for plain in [
            "1.2.0",
            "2024-02-29",
            "P7Y",
            "-",
            "+",
            ".",
            "y",
            "n",
            "1_000",
            "-inf",
            "nan",
            "09:30",
        ] {
            assert_eq!(resolve(plain), text(plain));
        }
        for (plain, meant) in [("yes", true), ("On", true), ("NO", false), ("off", false)] {
            assert_eq!(resolve(plain), Err(Refusal::Boolean(meant)));
        }
        for plain in [
            "0x1F",
            "0o17",
            "0b1",
            "-0x1f",
            "007",
            "+00",
            ".inf",
            "-.INF",
            ".NaN",
            "9007199254740992",
            "1e999",
        ] {
            assert!(matches!(resolve(plain), Err(Refusal::Number(_))), "{plain}");
        }
    }

    /// Every example must be what it says, and none of the others.
    fn check(is: fn(&str) -> bool, yes: &[&str], no: &[&str]) {
        yes.iter().for_each(|text| assert!(is(text), "{text}"));
        no.iter().for_each(|text| assert!(!is(text), "{text}"));
    }

    #[test]
    fn ids() {
        check(
            is_id,
            &["a", "9", "us-17a.4_b"],
            &["", "-a", "A", "ä", "a b", "a/b", ".a"],
        );
    }

    #[test]
    fn dates() {
        check(
            is_date,
            &["2024-02-29", "2000-02-29", "2026-12-31"],
            &[
                "2023-02-29",
                "1900-02-29",
                "2026-13-01",
                "2026-00-01",
                "2026-01-00",
                "26-01-01",
                "2026-1-1",
                "2026-04-31",
                "+026-01-01",
            ],
        );
    }

    #[test]
    fn instants() {
        check(
            is_instant,
            &[
                "2026-11-21T09:30:00Z",
                "2026-11-21T09:30:00.123456-05:00",
                "2016-12-31T23:59:60Z",
            ],
            &[
                "2026-11-21",
                "2026-11-21T09:30Z",
                "2026-11-21T24:00:00Z",
                "2026-11-21T09:30:00",
                "2026-11-21 09:30:00Z",
                "2026-11-21T09:30:00.Z",
                "2026-11-21T09:30:00+5",
            ],
        );
    }

    #[test]
    fn durations() {
        check(
            is_duration,
            &["P7Y", "P1Y6M", "P2W", "P1DT12H", "PT36H", "PT1H30M5S", "P0D"],
            &[
                "",
                "P",
                "PT",
                "P1",
                "7Y",
                "P1M1Y",
                "P1H",
                "P1DT",
                "P-1D",
                "p7y",
                "P1.5Y",
                "P1Y1Y",
                "P9999999999Y",
                "P1é",
            ],
        );
    }

    #[test]
    fn versions() {
        check(
            is_version,
            &[
                "1.2.0",
                "0.0.1",
                "10.20.30",
                "1.0.0-rc.1",
                "1.0.0+build.5",
                "1.0.0-a-b+c",
            ],
            &[
                "1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "v1.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "",
            ],
        );
    }
}
