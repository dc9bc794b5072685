//! Periods of the calendar: years, months and days, never seconds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A period such as `P7Y`, `P1Y6M` or `P30D`.
///
/// Years and months are counted together as months, then days; see [`crate::Term`] for what a period counts from.
///
/// # Units
/// Calendar years, months and days.
///
/// # Example
/// ```
/// use lexhold_retention::RetentionPeriod;
///
/// let period: RetentionPeriod = "P1Y6M".parse()?;
/// assert_eq!((period.months(), period.days()), (18, 0));
/// assert_eq!(period.to_string(), "P1Y6M");
/// # Ok::<(), lexhold_retention::PeriodError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RetentionPeriod {
    years: u32,
    months: u32,
    days: u32,
}

impl RetentionPeriod {
    /// One year.
    pub(crate) const YEAR: Self = Self {
        years: 1,
        months: 0,
        days: 0,
    };

    /// So many months, and so many days after them.
    pub(crate) const fn of(months: u32, days: u32) -> Self {
        Self { years: 0, months, days }
    }

    /// Years and months together, as months.
    pub fn months(self) -> i64 {
        i64::from(self.years) * 12 + i64::from(self.months)
    }

    /// The days that are added after the months.
    pub fn days(self) -> i64 {
        i64::from(self.days)
    }

    /// The number of years that someone may have meant by a period of days alone: 2555 or 2556 or 2557 days are
    /// seven years, give or take leap days.
    pub fn disguised_years(self) -> Option<u32> {
        let years = self.days / 365;
        let leap_days = self.days % 365;
        (self.months() == 0 && years > 0 && leap_days <= years.div_ceil(4)).then_some(years)
    }
}

impl fmt::Display for RetentionPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        for (number, unit) in [(self.years, 'Y'), (self.months, 'M'), (self.days, 'D')] {
            if number > 0 {
                write!(f, "{number}{unit}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for RetentionPeriod {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RetentionPeriod {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a text is not a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeriodError {
    /// It is not `P`, then years, months and days in this order.
    Form,
    /// It counts weeks, hours or smaller units.
    Unit,
    /// A number in it is larger than the calendar could ever use.
    TooLarge,
    /// It is of no length.
    Empty,
}

impl PeriodError {
    /// What to write instead.
    pub fn help(self) -> &'static str {
        match self {
            PeriodError::Form => "write years, months and days in this order, such as `P7Y`, `P1Y6M` or `P30D`",
            PeriodError::Unit => "count years, months and days only; two weeks are `P14D`",
            PeriodError::TooLarge => "for a period without end write `permanent`",
            PeriodError::Empty => "give a period of at least one day",
        }
    }
}

impl fmt::Display for PeriodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PeriodError::Form => "not a period",
            PeriodError::Unit => "a period counts no weeks, hours, minutes or seconds",
            PeriodError::TooLarge => "the number is too large for a period",
            PeriodError::Empty => "a period of no length",
        })
    }
}

impl std::error::Error for PeriodError {}

impl FromStr for RetentionPeriod {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let mut rest = text.strip_prefix('P').ok_or(PeriodError::Form)?;
        let mut numbers = [0; 3];
        let mut next = 0;
        while !rest.is_empty() {
            let (number, unit, after) = number_and_unit(rest)?;
            let at = next + "YMD"[next..].find(unit).ok_or(PeriodError::Form)?;
            numbers[at] = number.parse().map_err(|_| PeriodError::TooLarge)?;
            next = at + 1;
            rest = after;
        }
        match numbers {
            _ if next == 0 => Err(PeriodError::Form),
            [0, 0, 0] => Err(PeriodError::Empty),
            [years, months, days] => Ok(Self { years, months, days }),
        }
    }
}

/// Splits `7Y6M` into `7`, `Y` and `6M`.
fn number_and_unit(text: &str) -> Result<(&str, char, &str), PeriodError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    let unit = rest.chars().next().ok_or(PeriodError::Form)?;
    match unit {
        'T' | 'W' | 'H' | 'S' => Err(PeriodError::Unit),
        _ if digits == 0 => Err(PeriodError::Form),
        _ => Ok((number, unit, &rest[unit.len_utf8()..])),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<RetentionPeriod, PeriodError> {
        text.parse()
    }

    #[test]
    fn years_months_and_days_in_this_order() {
        let period = parse("P2Y3M10D").unwrap();
        assert_eq!((period.months(), period.days()), (27, 10));
        assert_eq!(parse("P37M").unwrap().months(), 37);
        for text in [
            "", "P", "7Y", "P7", "PY", "P7y", "P1M1Y", "P1Y1Y", "P-7Y", "P7Y ", "P1.5Y", "P７Y", "p7y",
        ] {
            assert_eq!(parse(text), Err(PeriodError::Form), "{text}");
        }
    }

    #[test]
    fn weeks_and_hours_are_named_as_such() {
        for text in ["P2W", "PT36H", "P1DT1H"] {
            assert_eq!(parse(text), Err(PeriodError::Unit), "{text}");
        }
    }

    #[test]
    fn no_length_and_too_great_a_length() {
        assert_eq!(parse("P0D"), Err(PeriodError::Empty));
        assert_eq!(parse("P99999999999Y"), Err(PeriodError::TooLarge));
        assert_eq!(parse("P4294967295Y").unwrap().months(), 51_539_607_540);
    }

    #[test]
    fn days_that_stand_for_years() {
        for (text, years) in [
            ("P365D", 1),
            ("P366D", 1),
            ("P730D", 2),
            ("P2555D", 7),
            ("P2557D", 7),
            ("P2192D", 6),
        ] {
            assert_eq!(parse(text).unwrap().disguised_years(), Some(years), "{text}");
        }
        for text in ["P30D", "P90D", "P364D", "P367D", "P400D", "P1Y", "P1M365D"] {
            assert_eq!(parse(text).unwrap().disguised_years(), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn prints_what_it_parses(years: u32, months: u32, days in 1..u32::MAX) {
            let period = RetentionPeriod { years, months, days };
            prop_assert_eq!(period.to_string().parse(), Ok(period));
        }

        #[test]
        fn any_text_is_a_period_or_an_error(text in "P?[0-9YMDWTé]{0,12}") {
            if let Ok(period) = text.parse::<RetentionPeriod>() {
                prop_assert_eq!(period.to_string().parse(), Ok(period));
            }
        }
    }
}
