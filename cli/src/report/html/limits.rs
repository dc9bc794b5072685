//! What waits for an event, and what must be gone.

use super::super::{awaiting, over_retention};
use super::timeline::bar;
use super::words::{self, number};

/// Lines shown of each.
const SHOWN: usize = 30;

/// What waits and what must be gone, in the order of their reports.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// What waits for an event.
    pub awaiting: Vec<Awaiting>,
    /// What must be gone soon, or should have gone.
    pub ceilings: Vec<Ceiling>,
}

/// Messages that wait for one event.
#[derive(Clone, Debug)]
pub struct Awaiting {
    /// The type of event.
    pub event: String,
    /// The key that it has not come for.
    pub key: String,
    /// The schedule that waits.
    pub schedule: String,
    /// By when the first of them was expected to have it.
    pub expected_by: Option<String>,
    /// How many wait.
    pub n_messages: u64,
    /// How many of them wait too long.
    pub n_overdue: u64,
}

/// Messages under a ceiling.
#[derive(Clone, Debug)]
pub struct Ceiling {
    /// `overdue`, `past` or `near`.
    pub status: &'static str,
    /// Its schedule.
    pub schedule: String,
    /// Why they are still there.
    pub ground: &'static str,
    /// The schedule that keeps them.
    pub kept_by: Option<String>,
    /// Ceiling and duty cannot both be met.
    pub conflict: bool,
    /// The first and the last day on which they must be gone.
    pub days: (String, String),
    /// How many they are.
    pub n_messages: u64,
}

impl From<&awaiting::Line<'_>> for Awaiting {
    fn from(line: &awaiting::Line<'_>) -> Self {
        Self {
            event: line.event.clone(),
            key: line.key.clone(),
            schedule: line.schedule.id.clone(),
            expected_by: line.expected_by.map(|day| day.to_string()),
            n_messages: line.n_messages,
            n_overdue: line.n_overdue,
        }
    }
}

impl Ceiling {
    /// From a case of the report, with the names of its schedules.
    pub fn of(
        case: &over_retention::Case,
        sum: &over_retention::Sum,
        name: impl Fn(lexhold_model::Key) -> Option<String>,
    ) -> Self {
        Self {
            status: case.status.as_str(),
            schedule: name(case.ceiling).unwrap_or_default(),
            ground: case.ground.as_str(),
            kept_by: case.kept_by.and_then(name),
            conflict: case.conflict,
            days: (sum.first.to_string(), sum.last.to_string()),
            n_messages: sum.n_messages,
        }
    }
}

/// A bar with what it says.
pub struct LimitLine<'a> {
    /// The type of event, or the ceiling's schedule.
    pub name: &'a str,
    /// The key of the event, or how the ceiling stands.
    pub word: &'a str,
    /// The schedule that waits, or why the messages are still there.
    pub because: String,
    /// By when.
    pub by: String,
    /// What makes it urgent; empty if nothing does.
    pub caution: String,
    /// How many.
    pub n: String,
    /// The bar's length.
    pub width: String,
}

/// The events that messages wait for, and how many more there are.
pub fn awaiting(all: &[Awaiting]) -> (Vec<LimitLine<'_>>, Option<String>) {
    let most = all.iter().map(|one| one.n_messages).max().unwrap_or(0);
    let lines = all.iter().take(SHOWN).map(|one| LimitLine {
        name: &one.event,
        word: &one.key,
        because: one.schedule.clone(),
        by: one.expected_by.clone().unwrap_or_else(|| "–".to_owned()),
        caution: match one.n_overdue {
            0 => String::new(),
            n => format!("{} overdue", number(n)),
        },
        n: number(one.n_messages),
        width: bar(one.n_messages, most),
    });
    (lines.collect(), more(all.len()))
}

/// The ceilings that are near or past, and how many more there are.
pub fn ceilings(all: &[Ceiling]) -> (Vec<LimitLine<'_>>, Option<String>) {
    let most = all.iter().map(|one| one.n_messages).max().unwrap_or(0);
    let lines = all.iter().take(SHOWN).map(|one| {
        let because = match (one.ground, &one.kept_by) {
            ("none", _) => "waits for disposal".to_owned(),
            ("duty", Some(by)) => format!("kept by {by}"),
            ("hold", _) => "under a hold".to_owned(),
            ("case", _) => "in an open case".to_owned(),
            (ground, _) => ground.to_owned(),
        };
        let (first, last) = &one.days;
        LimitLine {
            name: &one.schedule,
            word: one.status,
            because,
            by: if first == last {
                first.clone()
            } else {
                format!("{first} to {last}")
            },
            caution: if one.conflict {
                "conflict".to_owned()
            } else {
                String::new()
            },
            n: number(one.n_messages),
            width: bar(one.n_messages, most),
        }
    });
    (lines.collect(), more(all.len()))
}

fn more(n: usize) -> Option<String> {
    let left = n.checked_sub(SHOWN).filter(|left| *left > 0)?;
    Some(words::counted(left as u64, "more line", "more lines"))
}
