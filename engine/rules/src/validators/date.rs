//! Dates inside numbers.

/// A date of digits at a place in a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DateCheck {
    /// `Y`, `M` and `D` for each digit of year, month and day; the year has four or two.
    pub(super) format: String,
    /// How many characters of the number stand before it.
    pub(super) offset: usize,
}

impl DateCheck {
    /// Whether a format has a day, a month and a year of two or four digits, each in one piece, and nothing else.
    pub(super) fn is_format(format: &str) -> bool {
        let pieces = |piece: &str| format.matches(piece).count() == 1;
        let long = pieces("YYYY") && format.len() == 8;
        let short = pieces("YY") && format.len() == 6;
        pieces("MM") && pieces("DD") && (long || short)
    }

    /// Whether the number has a date of the calendar there. A year of two digits is a leap year if it is in either
    /// century that it can mean.
    pub(super) fn accepts(&self, number: &str) -> bool {
        let Some(digits) = number.get(self.offset..self.offset + self.format.len()) else {
            return false;
        };
        let Some(digits) = super::check_digits::digits(digits) else {
            return false;
        };
        let field = |letter: char| {
            let digits = self.format.chars().zip(&digits).filter(|(c, _)| *c == letter);
            digits.fold(0, |value, (_, digit)| value * 10 + digit)
        };
        let (year, month, day) = (field('Y'), field('M'), field('D'));
        let is_leap = |year: u32| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let leap = if self.format.contains("YYYY") {
            is_leap(year)
        } else {
            is_leap(1900 + year) || is_leap(2000 + year)
        };
        let last = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        (1..=last).contains(&day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(format: &str, offset: usize, number: &str) -> bool {
        DateCheck {
            format: format.to_owned(),
            offset,
        }
        .accepts(number)
    }

    #[test]
    fn v1_dates_of_the_calendar() {
        assert!(accepts("YYYYMMDD", 6, "11010519491231002X"));
        assert!(accepts("YYMMDD", 0, "000229"));
        assert!(accepts("DDMMYY", 0, "290204xx"));
        assert!(!accepts("DDMMYYYY", 0, "29021900"));
        assert!(!accepts("YYMMDD", 0, "010229"));
        assert!(!accepts("YYMMDD", 0, "011301"));
        assert!(!accepts("YYMMDD", 0, "010100"));
        assert!(!accepts("YYMMDD", 1, "010101"));
        assert!(!accepts("YYMMDD", usize::MAX - 9, "010101"));
    }

    #[test]
    fn formats() {
        for format in ["YYYYMMDD", "DDMMYY", "MMDDYYYY"] {
            assert!(DateCheck::is_format(format), "{format}");
        }
        for format in ["", "YYYY", "YYMMD", "DDMMYYYYY", "YMDYMD", "YYMMDDHH", "yymmdd"] {
            assert!(!DateCheck::is_format(format), "{format}");
        }
    }
}
