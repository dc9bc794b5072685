//! Which number of a date is the day. Told by the numbers, by the order of the messages, by dates in the names of attached files;
//! where none of them decides, it has to be said.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::head::{Head, Shape};
use crate::format::DateOrder;

const ORDERS: [DateOrder; 3] = [
    DateOrder::DayMonthYear,
    DateOrder::MonthDayYear,
    DateOrder::YearMonthDay,
];

/// What is known of the heads of a file, shape by shape: a phone may have changed its language.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    shapes: BTreeMap<Shape, [Evidence; 3]>,
}

/// What speaks for and against one order.
#[derive(Clone, Copy, Debug, Default)]
struct Evidence {
    /// How many heads have no date in this order.
    impossible: u64,
    /// How often the dates go back by more than a day.
    backwards: u64,
    /// How many attached files carry the very date in their names.
    confirmed: u64,
    last: Option<Date>,
}

impl Calendar {
    /// Takes a head into account.
    pub(super) fn see(&mut self, head: &Head<'_>) {
        let evidence = self.shapes.entry(head.shape).or_default();
        let named = in_name(head.rest);
        for (order, evidence) in ORDERS.into_iter().zip(evidence) {
            let Some(date) = date(order, head) else {
                evidence.impossible += 1;
                continue;
            };
            let days = |last: Date| (date - last).get_days();
            evidence.backwards += u64::from(evidence.last.is_some_and(|last| days(last) < -1));
            evidence.last = Some(date);
            evidence.confirmed += u64::from(named.is_some_and(|named| (date - named).get_days().abs() <= 1));
        }
    }

    /// The order of each shape.
    ///
    /// # Errors
    /// When it cannot be told and was not said.
    pub(super) fn decide(&self, said: Option<DateOrder>) -> Result<BTreeMap<Shape, DateOrder>, &'static str> {
        let decide = |(shape, evidence): (&Shape, &[Evidence; 3])| {
            let order = order_of(evidence, said)
                .ok_or("its dates could be day first or month first; say which with --source-dates dmy, mdy or ymd")?;
            Ok((*shape, order))
        };
        self.shapes.iter().map(decide).collect()
    }
}

fn order_of(evidence: &[Evidence; 3], said: Option<DateOrder>) -> Option<DateOrder> {
    let mut left: Vec<(DateOrder, &Evidence)> = ORDERS.into_iter().zip(evidence).collect();
    let impossible = left.iter().map(|(_, evidence)| evidence.impossible).min()?;
    left.retain(|(_, evidence)| evidence.impossible == impossible);
    if let Some((order, _)) = left.iter().find(|(order, _)| Some(*order) == said) {
        return Some(*order);
    }
    let confirmed = left.iter().map(|(_, evidence)| evidence.confirmed).max()?;
    left.retain(|(_, evidence)| evidence.confirmed == confirmed);
    let backwards = left.iter().map(|(_, evidence)| evidence.backwards).min()?;
    left.retain(|(_, evidence)| evidence.backwards == backwards);
    match left[..] {
        [(order, _)] => Some(order),
        _ => None,
    }
}

/// The date of a head if its numbers stand in this order.
pub(super) fn date(order: DateOrder, head: &Head<'_>) -> Option<Date> {
    let [first, second, third] = head.numbers;
    let (year, month, day, whole) = match order {
        DateOrder::DayMonthYear => (third, second, first, head.shape.year_last),
        DateOrder::MonthDayYear => (third, first, second, head.shape.year_last),
        DateOrder::YearMonthDay => (first, second, third, head.shape.year_first),
    };
    // WhatsApp is of this century.
    let year = if whole { year } else { 2000 + year };
    let small = |number: u16| i8::try_from(number).ok();
    if !whole && (head.shape.year_first || head.shape.year_last || year > 2099) {
        return None;
    }
    Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()
}

/// The date in the name of an attached file: `IMG-20241201-WA0001.jpg`, `00000012-PHOTO-2024-12-07-11-15-53.jpg`.
fn in_name(text: &str) -> Option<Date> {
    let (_, name) = text.split_once(": ")?;
    memchr::memmem::find(name.as_bytes(), b"20")?;
    let name = name
        .split_whitespace()
        .find(|word| word.contains('.') && word.contains('-'))?;
    name.match_indices("20").find_map(|(at, _)| {
        let digits: String = name[at..].chars().filter(char::is_ascii_digit).take(8).collect();
        let compact = name[at..].get(..8)?;
        let dashed = name[at..].get(..10).unwrap_or_default();
        let whole = compact == digits || dashed.replace('-', "") == digits;
        let begins = !name[..at].ends_with(|char: char| char.is_ascii_digit());
        (whole && begins).then(|| digits.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::whatsapp::head::parse;

    fn order(lines: &[&str], said: Option<DateOrder>) -> Option<DateOrder> {
        let mut calendar = Calendar::default();
        lines.iter().for_each(|line| calendar.see(&parse(line).unwrap()));
        calendar.decide(said).ok()?.into_values().next()
    }

    #[test]
    fn numbers_order_and_file_names_tell_the_day() {
        use DateOrder::{DayMonthYear, MonthDayYear, YearMonthDay};
        for (lines, expected) in [
            (&["13/01/2019, 1:00 - x"][..], Some(DayMonthYear)),
            // Two digits in front could be a year.
            (&["13/01/19, 1:00 - x"], None),
            (&["01/13/2019, 1:00 - x"], Some(MonthDayYear)),
            (&["2019-01-02, 1:00 - x"], Some(YearMonthDay)),
            (&["01/02/2019, 1:00 - x"], None),
            // Day first they would go back to January after February.
            (&["01/02/2019, 1:00 - x", "02/01/2019, 1:00 - x"], Some(MonthDayYear)),
            (
                &["[15-01-20 2:00] x", "[15-01-30 2:00] x", "[15-02-01 2:00] x"],
                Some(YearMonthDay),
            ),
            (
                &["07/12/2024, 1:00 - J: IMG-20241207-WA0005.jpg (file attached)"],
                Some(DayMonthYear),
            ),
            (
                &["07/12/2024, 1:00 - J: <attached: 00000012-PHOTO-2024-07-12-11-15-53.jpg>"],
                Some(MonthDayYear),
            ),
        ] {
            assert_eq!(order(lines, None), expected, "{lines:?}");
        }
        assert_eq!(order(&["01/02/2019, 1:00 - x"], Some(MonthDayYear)), Some(MonthDayYear));
        assert_eq!(
            order(&["13/02/2019, 1:00 - x"], Some(MonthDayYear)),
            Some(DayMonthYear),
            "the numbers know better"
        );
    }
}
