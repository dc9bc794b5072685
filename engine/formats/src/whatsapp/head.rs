//! The head of a line: `12/24/19, 11:23 PM - ` or `[24.12.19, 23:23:45] `, in whatever way the phone's language writes it.

/// The head of a message, and what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// The three numbers of the date, in the order of the line.
    pub(super) numbers: [u16; 3],
    /// What heads of one phone have in common; their numbers mean the same.
    pub(super) shape: Shape,
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: Option<u8>,
    /// The half of the day, where the clock has twelve hours.
    pub(super) half: Option<Half>,
    /// The date and time as they are written.
    pub(super) written: &'a str,
    /// Name and text, or what WhatsApp itself says.
    pub(super) rest: &'a str,
}

/// How the date of a head is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    pub(super) bracket: bool,
    pub(super) separator: char,
    /// Digits of the first and the last number when they are four, which only a year has.
    pub(super) year_first: bool,
    pub(super) year_last: bool,
}

/// Half of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Morning,
    Afternoon,
    /// A word of a language that is not known here.
    Unknown,
}

/// Marks of direction and the like, which surround heads and names and are no part of them.
pub(super) fn is_mark(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The head that a line begins with.
pub(super) fn parse(line: &str) -> Option<Head<'_>> {
    let mut text = Text(line);
    text.marks();
    let bracket = text.take('[');
    text.marks();
    let start = text.0;
    let (first, first_digits) = text.number(4)?;
    let separator = text.0.chars().next().filter(|char| matches!(char, '/' | '.' | '-'))?;
    text.take(separator);
    text.blank();
    let (second, _) = text.number(2)?;
    text.take(separator).then_some(())?;
    text.blank();
    let (third, third_digits) = text.number(4)?;
    // Some languages end a date with a dot, put a comma after it, or a word such as `um`.
    text.take('.');
    text.marks();
    text.take(',');
    text.marks();
    text.blank().then_some(())?;
    let before = text.half();
    text.blank();
    let word = if before.is_none() { text.word(4) } else { None };
    if word.is_some() {
        text.blank().then_some(())?;
    }
    let (hour, _) = text.number(2)?;
    let minute = text.time_part()?;
    let second_of_minute = text.time_part();
    let half = before.or_else(|| {
        text.blank();
        text.half().or_else(|| text.word(12).map(|_| Half::Unknown))
    });
    let written = start[..start.len() - text.0.len()].trim_end_matches(is_blank);
    text.blank();
    let ends = if bracket {
        text.take(']')
    } else {
        text.take('-') || text.take('–')
    };
    (ends && (text.blank() || text.0.is_empty())).then_some(())?;
    Some(Head {
        numbers: [first, second, third],
        shape: Shape {
            bracket,
            separator,
            year_first: first_digits == 4,
            year_last: third_digits == 4,
        },
        hour: u8::try_from(hour).ok()?,
        minute,
        second: second_of_minute,
        half,
        written,
        rest: text.0,
    })
}

impl Head<'_> {
    /// The hour of a clock of twenty-four hours; `None` where the head does not tell it.
    pub(super) fn hour_of_day(&self) -> Option<u8> {
        match (self.half, self.hour) {
            (None, hour) => Some(hour),
            (Some(Half::Unknown), _) => None,
            // Some phones write 00:08 a. m. and 13:05 p. m.
            (Some(Half::Morning), 12) => Some(0),
            (Some(Half::Morning), hour) => Some(hour),
            (Some(Half::Afternoon), hour) if hour < 12 => Some(hour + 12),
            (Some(Half::Afternoon), hour) => Some(hour),
        }
    }
}

fn is_blank(char: char) -> bool {
    matches!(char, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// What is left of a line.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn take(&mut self, char: char) -> bool {
        let rest = self.0.strip_prefix(char);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn marks(&mut self) {
        self.0 = self.0.trim_start_matches(is_mark);
    }

    /// Passes by blanks; whether there were any.
    fn blank(&mut self) -> bool {
        let rest = self.0.trim_start_matches(|char| is_blank(char) || is_mark(char));
        let any = rest.len() < self.0.len();
        self.0 = rest;
        any
    }

    /// A number of one, two or four digits, up to so many, and how many it has.
    fn number(&mut self, most: usize) -> Option<(u16, usize)> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let number = ((1..=most).contains(&digits) && digits != 3).then(|| self.0[..digits].parse().ok())??;
        self.0 = &self.0[digits..];
        Some((number, digits))
    }

    /// Minutes or seconds: two digits behind a colon or a dot.
    fn time_part(&mut self) -> Option<u8> {
        let rest = self.0.strip_prefix([':', '.'])?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = (digits == 2).then(|| rest[..2].parse().ok())??;
        self.0 = &rest[2..];
        Some(number)
    }

    /// A word for half of a day that is known.
    fn half(&mut self) -> Option<Half> {
        const HALVES: &[(&str, Half)] = &[
            ("am", Half::Morning),
            ("pm", Half::Afternoon),
            ("上午", Half::Morning),
            ("下午", Half::Afternoon),
            ("오전", Half::Morning),
            ("오후", Half::Afternoon),
            ("午前", Half::Morning),
            ("午後", Half::Afternoon),
            ("fm", Half::Morning),
            ("em", Half::Afternoon),
            ("πμ", Half::Morning),
            ("μμ", Half::Afternoon),
            ("ص", Half::Morning),
            ("م", Half::Afternoon),
            ("öö", Half::Morning),
            ("ös", Half::Afternoon),
        ];
        let mut word = String::new();
        let mut end = 0;
        for (at, char) in self.0.char_indices() {
            if char.is_alphabetic() {
                word.extend(char.to_lowercase());
                end = at + char.len_utf8();
            } else if char == '.' || (is_blank(char) && word.chars().count() < 2) {
                end = if char == '.' { at + 1 } else { end };
            } else {
                break;
            }
            if let Some((_, half)) = HALVES.iter().find(|(known, _)| *known == word) {
                let rest = &self.0[end..];
                let dot = rest.strip_prefix('.').unwrap_or(rest);
                if !dot.starts_with(char::is_alphabetic) {
                    self.0 = dot;
                    return Some(*half);
                }
            }
        }
        None
    }

    /// A word of letters and dots of no more than so many characters.
    fn word(&mut self, most: usize) -> Option<&'a str> {
        let word = self.0.split(|char: char| !char.is_alphabetic() && char != '.').next()?;
        if word.is_empty() || word.chars().count() > most {
            return None;
        }
        self.0 = &self.0[word.len()..];
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_many_phones() {
        for (line, numbers, time, rest) in [
            (
                "12/24/19, 11:23 - John: x",
                [12, 24, 19],
                (Some(11), 23, None),
                "John: x",
            ),
            (
                "9/24/2019 11:30 p.m. - J: x",
                [9, 24, 2019],
                (Some(23), 30, None),
                "J: x",
            ),
            (
                "11/27/2019 9:30 p. m. - J: x",
                [11, 27, 2019],
                (Some(21), 30, None),
                "J: x",
            ),
            (
                "09/10/22, 10:37 p.\u{a0}m. - J: x",
                [9, 10, 22],
                (Some(22), 37, None),
                "J: x",
            ),
            ("1/2/24, 3:04\u{202f}AM - J: x", [1, 2, 24], (Some(3), 4, None), "J: x"),
            ("1/2/24, 12:04 AM - J: x", [1, 2, 24], (Some(0), 4, None), "J: x"),
            ("1/2/24, 12:04 PM - J: x", [1, 2, 24], (Some(12), 4, None), "J: x"),
            (
                "06/20/2020, 00:08 a. m. - J: x",
                [6, 20, 2020],
                (Some(0), 8, None),
                "J: x",
            ),
            (
                "[10.21.21, 15:21:45] J: x",
                [10, 21, 21],
                (Some(15), 21, Some(45)),
                "J: x",
            ),
            (
                "\u{200e}[05/12/2024, 8:00:15 AM] \u{200e}J: x",
                [5, 12, 2024],
                (Some(8), 0, Some(15)),
                "J: x",
            ),
            (
                "[15-01-20 02:22:56] Mary: x",
                [15, 1, 20],
                (Some(2), 22, Some(56)),
                "Mary: x",
            ),
            ("[01/01/19 11:25] J: x", [1, 1, 19], (Some(11), 25, None), "J: x"),
            ("2019/01/01, 11:25 - J: x", [2019, 1, 1], (Some(11), 25, None), "J: x"),
            ("15.04.16 um 15.04 - J: x", [15, 4, 16], (Some(15), 4, None), "J: x"),
            ("15/04/2016 à 15:04 - J: x", [15, 4, 2016], (Some(15), 4, None), "J: x"),
            ("2019/1/1 下午3:02 - J: x", [2019, 1, 1], (Some(15), 2, None), "J: x"),
            ("2021. 3. 4. 오전 9:05 - J: x", [2021, 3, 4], (Some(9), 5, None), "J: x"),
            ("1/2/24, 3:04 nóin - J: x", [1, 2, 24], (None, 4, None), "J: x"),
            ("1/2/24, 3:04 - ", [1, 2, 24], (Some(3), 4, None), ""),
        ] {
            let head = parse(line).unwrap_or_else(|| panic!("no head: {line}"));
            assert_eq!(head.numbers, numbers, "{line}");
            assert_eq!((head.hour_of_day(), head.minute, head.second), time, "{line}");
            assert_eq!(head.rest, rest, "{line}");
        }
    }

    #[test]
    fn other_lines_have_none() {
        for line in [
            "",
            "this is a",
            "12/24/19",
            "12/24/19, 11:23",
            "12/24/19, 11:23: x",
            "[12:03] <nick> text",
            "12/24/19 - John",
            "[2024-01-02] note",
            "12.24, 11:23 - x",
            "123/45/6, 11:23 - x",
            "2012-10-17T09:16:29+0000  <nick> x",
            "[12/24/19, 11:23",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
