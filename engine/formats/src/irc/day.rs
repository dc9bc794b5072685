//! Days: those that logs write, and those in the names of files.

use jiff::civil::Date;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The day of irssi's `Sat Jan 08 23:33:54 2005` or `Sun Jan 09 2005`.
pub(super) fn of_words(words: &str) -> Option<Date> {
    let mut words = words.split_whitespace();
    words.next()?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)?;
    let day = words.next()?.parse().ok()?;
    let year = words.next_back()?.parse().ok()?;
    Date::new(year, i8::try_from(month + 1).ok()?, day).ok()
}

/// The day in a path: the last `2024-01-31`, `2024_01_31`, `2024.01.31`, `2024/01/31` or `20240131` that no other digit touches.
pub(super) fn of_path(path: &str) -> Option<Date> {
    find(path).map(|(date, _)| date)
}

/// The day in a path, and where it stands.
pub(super) fn find(path: &str) -> Option<(Date, std::ops::Range<usize>)> {
    let bytes = path.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).rev().find_map(|start| {
        if !is_digit(start) || (start > 0 && is_digit(start - 1)) {
            return None;
        }
        let (length, places) = match bytes.get(start + 4)? {
            mark @ (b'-' | b'_' | b'.' | b'/') if bytes.get(start + 7) == Some(mark) => (10, [5, 8]),
            byte if byte.is_ascii_digit() => (8, [4, 6]),
            _ => return None,
        };
        let number = |from: usize, digits: usize| {
            let digits = bytes.get(start + from..start + from + digits)?;
            let all = digits.iter().all(u8::is_ascii_digit);
            all.then(|| {
                digits
                    .iter()
                    .fold(0_i16, |number, digit| number * 10 + i16::from(digit - b'0'))
            })
        };
        let (year, month, day) = (number(0, 4)?, number(places[0], 2)?, number(places[1], 2)?);
        let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        let plausible = (1988..2200).contains(&year) && !is_digit(start + length);
        plausible.then_some((date, start..start + length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_names_and_lines() {
        for (path, day) in [
            ("logs/2007-12-17.train-a.raw.txt", Some("2007-12-17")),
            ("logs/2007/12/17/#ubuntu.txt", Some("2007-12-17")),
            ("#chan_20240131.log", Some("2024-01-31")),
            ("supybot_2012_10_17.log", Some("2012-10-17")),
            ("2011-01-01/2012-02-02.log", Some("2012-02-02")),
            ("2011-13-01.log", None),
            ("12024-01-31.log", None),
            ("99990101.log", None),
            ("x.log", None),
        ] {
            assert_eq!(of_path(path).map(|day| day.to_string()).as_deref(), day, "{path}");
        }
        for (words, day) in [
            ("Sat Jan 08 23:33:54 2005", Some("2005-01-08")),
            ("Sun Feb 29 2004", Some("2004-02-29")),
            ("Sun Feb 30 2004", None),
            ("So Okt 09 2005", None),
            ("", None),
        ] {
            assert_eq!(of_words(words).map(|day| day.to_string()).as_deref(), day, "{words}");
        }
    }
}
