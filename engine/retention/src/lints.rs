//! What a records manager wants to be told of, though it can be done.

use jiff::civil::{Date, date};
use lexhold_document::{Diagnostic, Place};

use crate::arithmetic::plus;
use crate::read::Reader;
use crate::{DisposeAfter, Length, MonthEnd, RetentionPeriod, Schedule, Term, Trigger, codes};
use lexhold_document::path;

/// Whether one period ends later than another that begins on the same day.
pub fn is_longer(one: RetentionPeriod, other: RetentionPeriod) -> bool {
    let end = |period| plus(ANCHOR, period, MonthEnd::LastDay);
    // Beyond the calendar there is no end, which is the latest of all.
    match (end(one), end(other)) {
        (Some(one), Some(other)) => one > other,
        (None, other) => other.is_some(),
        (Some(_), None) => false,
    }
}

const ANCHOR: Date = date(2001, 1, 1);

/// Warns of what one document's schedules do to each other.
pub fn warn(reader: &mut Reader<'_>, schedules: &[Schedule]) {
    for schedule in schedules {
        warn_of_channels(reader, schedule);
        warn_of_early_disposal(reader, schedule);
        for other in schedules.iter().filter(|other| can_meet(schedule, other)) {
            warn_of_low_ceiling(reader, schedule, other);
        }
    }
}

fn place(reader: &Reader<'_>, schedule: &Schedule, section: &'static str, key: &'static str) -> Place {
    reader.document.place(&path!["schedules", schedule.at.1, section, key])
}

/// A channel is never silent, so nothing in it is ever due.
fn warn_of_channels(reader: &mut Reader<'_>, schedule: &Schedule) {
    let conditions = [&schedule.scope, &schedule.when].into_iter().flatten();
    let on_channels = conditions
        .map(|condition| condition.text.split_whitespace().collect::<String>())
        .any(|text| text.contains("conversation_kind==\"channel\""));
    if !on_channels {
        return;
    }
    let counting = schedule.terms().filter(|(_, term)| term.from == Trigger::LastActivity);
    for section in counting.map(|(section, _)| section).collect::<Vec<_>>() {
        let place = place(reader, schedule, section, "from");
        reader.report(
            Diagnostic::warning(
                codes::CHANNEL_ACTIVITY,
                "the last activity of a channel, in which people go on writing",
            )
            .at(place, "may never come to rest")
            .help("count from `sent`"),
        );
    }
}

fn warn_of_early_disposal(reader: &mut Reader<'_>, schedule: &Schedule) {
    let after = schedule.dispose.as_ref().map(|dispose| &dispose.after);
    let (Some(DisposeAfter::Term(dispose)), Some(retain)) = (after, &schedule.retain) else {
        return;
    };
    if let Some((kept, gone)) = outlasts(&retain.term, dispose) {
        let (at, also) = (
            place(reader, schedule, "dispose", "after"),
            place(reader, schedule, "retain", "for"),
        );
        reader.report(
            Diagnostic::warning(
                codes::EARLY_DISPOSAL,
                format!("disposed of after `{gone}`, but kept for `{kept}`"),
            )
            .at(at, "it is kept until its own duty ends")
            .also(also, "kept for this long")
            .help("write `after: retain`, or a longer period"),
        );
    }
}

fn warn_of_low_ceiling(reader: &mut Reader<'_>, schedule: &Schedule, other: &Schedule) {
    let (Some(ceiling), Some(retain)) = (&schedule.ceiling, &other.retain) else {
        return;
    };
    let is_law = other.basis == Some(crate::Basis::Law);
    let yields = is_law
        && other
            .jurisdiction
            .as_ref()
            .is_some_and(|of| ceiling.yields_to.contains(of));
    if let Some((kept, gone)) = outlasts(&retain.term, &ceiling.term).filter(|_| !yields) {
        let (at, also) = (
            place(reader, schedule, "ceiling", "for"),
            place(reader, other, "retain", "for"),
        );
        reader.report(
            Diagnostic::warning(
                codes::CEILING_BELOW_DUTY,
                format!("gone after `{gone}`, but `{}` keeps for `{kept}`", other.id),
            )
            .at(at, "every message under both is a conflict, and is kept")
            .also(also, "kept for this long")
            .help("let the ceiling yield with `yields_to`, or change one of them"),
        );
    }
}

/// Whether a message can fall under both, as far as that is plain to see.
fn can_meet(one: &Schedule, other: &Schedule) -> bool {
    let condition = |schedule: &Schedule| {
        let when = schedule.when.as_ref().map(|when| when.text.clone());
        (when, schedule.label.clone())
    };
    let (one, other) = (condition(one), condition(other));
    one == other || one == (None, None) || other == (None, None)
}

/// The two lengths, if both count alike and the first ends later than the second.
fn outlasts(kept: &Term, gone: &Term) -> Option<(String, String)> {
    let Length::Period(until) = gone.length else {
        return None;
    };
    let is_longer = match kept.length {
        Length::Permanent => true,
        Length::Period(kept) => is_longer(kept, until),
    };
    let word = |length| match length {
        Length::Permanent => "permanent".to_owned(),
        Length::Period(period) => period.to_string(),
    };
    (is_longer && kept.from == gone.from && kept.cutoff == gone.cutoff).then(|| (word(kept.length), word(gone.length)))
}
