//! Numbers, dates and names as people write them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `12,345`
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 alert`, `12,345 alerts`
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// `37 %`, `< 1 %`; never rounded up to the whole or down to nothing.
pub fn share(part: u64, whole: u64) -> String {
    match (part, whole) {
        (0, _) | (_, 0) => "0 %".to_owned(),
        (part, whole) if part >= whole => "100 %".to_owned(),
        (part, whole) => match u128::from(part) * 100 / u128::from(whole) {
            0 => "< 1 %".to_owned(),
            percent => format!("{percent} %"),
        },
    }
}

/// `21 Nov 2026`, in UTC; a dash where there is no date.
pub fn day(microseconds: Option<i64>) -> String {
    written(
        microseconds.and_then(|at| Timestamp::from_microsecond(at).ok()),
        "%-d %b %Y",
    )
}

/// `21 Nov 2026, 14:05`, in UTC.
pub fn minute(microseconds: Option<i64>) -> String {
    written(
        microseconds.and_then(|at| Timestamp::from_microsecond(at).ok()),
        "%-d %b %Y, %H:%M",
    )
}

/// The same of an instant as reports write it.
pub fn minute_of(instant: &str) -> String {
    instant
        .parse()
        .map_or_else(|_| instant.to_owned(), |at| written(Some(at), "%-d %b %Y, %H:%M"))
}

fn written(at: Option<Timestamp>, form: &str) -> String {
    at.map_or_else(
        || "–".to_owned(),
        |at| at.to_zoned(TimeZone::UTC).strftime(form).to_string(),
    )
}

/// `expired_no_action` → `Expired no action`
pub fn title(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first
        .chain(letters)
        .map(|letter| if letter == '_' { ' ' } else { letter })
        .collect()
}

/// The beginning of a digest or key, enough for a person to tell it from others.
pub fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

/// What a state means.
pub fn state(name: &str) -> &'static str {
    match name {
        "destroyed" => "disposed of",
        "held" => "under a hold",
        "in_case" => "an open case rests on it",
        "indeterminate" => "its dates cannot be told, so it is kept",
        "conflict" => "one law keeps it, another ends it; it is kept",
        "restricted" => "erasure asked for, a duty defers it",
        "retained" => "not due",
        "ungoverned" => "no schedule speaks of it, so it is kept",
        "expired_no_action" => "every duty is over, no rule deletes it",
        "eligible" => "due for disposal",
        _ => "",
    }
}
