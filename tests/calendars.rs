//! The shipped calendar of holidays against the rules of the law that makes them.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};
use lexhold_document::Node;

use crate::Shipped;

const FEDERAL: &str = "us-federal-holidays";
const YEARS: std::ops::RangeInclusive<i16> = 2020..=2030;

/// The legal public holidays of one year (5 U.S.C. 6103(a)), each on its own day.
fn holidays(year: i16) -> Vec<Date> {
    let nth = |month, nth, weekday| {
        date(year, month, 1)
            .nth_weekday_of_month(nth, weekday)
            .expect("it exists")
    };
    let mut days = vec![
        date(year, 1, 1),
        nth(1, 3, Weekday::Monday),
        nth(2, 3, Weekday::Monday),
        nth(5, -1, Weekday::Monday),
        date(year, 7, 4),
        nth(9, 1, Weekday::Monday),
        nth(10, 2, Weekday::Monday),
        date(year, 11, 11),
        nth(11, 4, Weekday::Thursday),
        date(year, 12, 25),
    ];
    if year >= 2021 {
        days.push(date(year, 6, 19));
    }
    days
}

/// The day on which a holiday is observed by those who work from Monday to Friday.
fn observed(day: Date) -> Date {
    match day.weekday() {
        Weekday::Saturday => day - 1.day(),
        Weekday::Sunday => day + 1.day(),
        _ => day,
    }
}

#[test]
fn federal_holidays_follow_from_the_law() {
    let shipped = Shipped::compiled();
    let calendar = shipped.documents.iter().find(|document| document.name == FEDERAL);
    let listed = calendar
        .and_then(|document| document.root.get("holidays")?.as_list())
        .expect("a list");
    let listed: Vec<Date> = listed
        .iter()
        .map(|item| item.get("date").and_then(Node::as_text).expect("a date"))
        .map(|text| text.parse().expect("a date"))
        .collect();
    // New Year's Day of the year after may be observed in the last year.
    let by_law = YEARS.chain([YEARS.end() + 1]).flat_map(holidays).map(observed);
    let by_law: BTreeSet<Date> = by_law.filter(|day| YEARS.contains(&day.year())).collect();
    assert!(listed.is_sorted_by(|one, next| one < next), "not in order, or twice");
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), by_law);
}
