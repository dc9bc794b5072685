//! From the keys of one schedule to what it demands.

use std::sync::Arc;

use lexhold_document::{Diagnostic, Entry, Node, Place, did_you_mean};

use crate::calendar_compile::WEEKENDS;
use crate::lints::is_longer;
use crate::read::{Reader, date, key_place, text, texts, word};
use crate::{
    Action, BusinessDays, Calendar, Ceiling, Cutoff, Dispose, DisposeAfter, EventKey, Extend, InForce, Length,
    MonthEnd, Retain, Roll, Term, Trigger, codes,
};

/// What a schedule demands, apart from what it is called and whom it is for.
pub struct Parts {
    pub in_force: InForce,
    pub retain: Option<Retain>,
    pub extend: Option<Extend>,
    pub dispose: Option<Dispose>,
    pub ceiling: Option<Ceiling>,
}

/// Something is wrong, and has been reported.
pub struct Reported;

/// What stands under a schedule's keys, or a sign that something there has been reported.
pub fn read_parts(reader: &mut Reader<'_>, node: &Node) -> Result<Parts, Reported> {
    let (from, to) = reader.days(node.get("in_force"));
    let month_end = word(node, "month_end").or_else(|| word(reader.root(), "month_end"));
    let month_end: MonthEnd = month_end.unwrap_or_default();
    let retain = part(node, "retain", |entry| read_retain(reader, entry, month_end));
    let dispose = part(node, "dispose", |entry| read_dispose(reader, node, entry, month_end));
    let ceiling = part(node, "ceiling", |entry| read_ceiling(reader, entry));
    if ["retain", "dispose", "ceiling"]
        .iter()
        .all(|key| node.get(key).is_none())
    {
        reader.report(
            Diagnostic::error(codes::NO_DUTY, "a schedule that neither keeps nor deletes")
                .at(node.get("id").map_or(node.place, |id| id.place), "")
                .help("add `retain`, `dispose` or `ceiling`"),
        );
        return Err(Reported);
    }
    let retain = retain?;
    let extend = part(node, "extend", |entry| read_extend(reader, entry, retain.as_ref()))?;
    Ok(Parts {
        in_force: InForce { from, to },
        retain,
        extend,
        dispose: dispose?,
        ceiling: ceiling?,
    })
}

/// What stands under a key, if anything; what is not a map there has been reported with its shape.
fn part<T>(node: &Node, key: &str, read: impl FnOnce(&Entry) -> Result<T, Reported>) -> Result<Option<T>, Reported> {
    match node.entry(key) {
        None => Ok(None),
        Some(entry) if entry.node.as_map().is_some() => read(entry).map(Some),
        Some(_) => Err(Reported),
    }
}

fn read_retain(reader: &mut Reader<'_>, entry: &Entry, month_end: MonthEnd) -> Result<Retain, Reported> {
    let node = &entry.node;
    let term = read_term(reader, entry, "for", month_end);
    let accessible = reader.period_at(node, "accessible");
    let expect_within = reader.period_at(node, "expect_within");
    let term = term?;
    if let (Some(reach), Length::Period(kept)) = (accessible, term.length)
        && is_longer(reach, kept)
    {
        reader.report(
            Diagnostic::warning(
                codes::REACH_TOO_LONG,
                format!("`{reach}` within easy reach, but kept for `{kept}`"),
            )
            .at(value_place(node, "accessible"), "longer than it is kept")
            .also(value_place(node, "for"), "kept for this long"),
        );
    }
    if let (Some(_), false) = (node.get("expect_within"), matches!(term.from, Trigger::Event(_))) {
        reader.report(
            Diagnostic::warning(codes::NO_EVENT, "`expect_within` without an event to expect")
                .at(key_place(node, "expect_within"), "")
                .help("count `from` an event, or leave it out"),
        );
    }
    Ok(Retain {
        term,
        accessible,
        expect_within,
    })
}

fn read_extend(reader: &mut Reader<'_>, entry: &Entry, retain: Option<&Retain>) -> Result<Extend, Reported> {
    let node = &entry.node;
    let to = read_length(reader, node.get("to"));
    let (event, key) = text(node, "event").zip(text(node, "key")).ok_or(Reported)?;
    let to = to?;
    let Some(Length::Period(kept)) = retain.map(|retain| retain.term.length) else {
        reader.report(
            Diagnostic::error(codes::NOTHING_TO_EXTEND, "`extend` without a period to prolong")
                .at(entry.key_place, "")
                .help("give `retain` a period, or leave `extend` out"),
        );
        return Err(Reported);
    };
    if let Length::Period(longer) = to
        && !is_longer(longer, kept)
    {
        reader.report(
            Diagnostic::error(codes::SHORT_EXTENSION, format!("`{longer}` does not prolong `{kept}`"))
                .at(value_place(node, "to"), "")
                .help("give the whole period that counts then, not what is added"),
        );
        return Err(Reported);
    }
    Ok(Extend {
        event: EventKey { event, key },
        to,
    })
}

fn read_dispose(
    reader: &mut Reader<'_>,
    schedule: &Node,
    entry: &Entry,
    month_end: MonthEnd,
) -> Result<Dispose, Reported> {
    let node = &entry.node;
    let action: Action = word(node, "action").unwrap_or_default();
    let to = read_receiver(reader, node, action);
    let kept = schedule.get("retain");
    let follows = node.get("after").and_then(Node::as_text) == Some("retain");
    let forever = kept.and_then(|kept| kept.get("for")?.as_text()) == Some("permanent");
    if forever || (follows && kept.is_none()) {
        let why = if forever {
            "it is kept for ever"
        } else {
            "this schedule has no `retain`"
        };
        let label = if forever { "never comes" } else { why };
        reader.report(
            Diagnostic::error(
                codes::NEVER_DISPOSED,
                format!("the messages are never disposed of: {why}"),
            )
            .at(value_place(node, "after"), label)
            .help("leave `dispose` out, or give a period"),
        );
        return Err(Reported);
    }
    let after = if follows {
        read_no_trigger(reader, node)?;
        DisposeAfter::Retain
    } else {
        DisposeAfter::Term(read_term(reader, entry, "after", month_end)?)
    };
    Ok(Dispose { after, action, to: to? })
}

/// What follows a duty to keep counts as that does.
fn read_no_trigger(reader: &mut Reader<'_>, node: &Node) -> Result<(), Reported> {
    let Some(second) = ["from", "cutoff"].iter().find_map(|key| node.entry(key)) else {
        return Ok(());
    };
    reader.report(
        Diagnostic::error(
            codes::SECOND_TRIGGER,
            format!("`after: retain` together with `{}`", second.key),
        )
        .at(second.key_place, "the duty to keep has its own")
        .help("leave it out, or give `after` a period"),
    );
    Err(Reported)
}

fn read_receiver(reader: &mut Reader<'_>, node: &Node, action: Action) -> Result<Option<String>, Reported> {
    let (message, place, help) = match (node.entry("to"), action) {
        (None, Action::Transfer) => (
            "`action: transfer` does not say to whom",
            value_place(node, "action"),
            "add `to` with the receiver's name",
        ),
        (Some(to), Action::Review | Action::Destroy) => (
            "`to` without `action: transfer`",
            to.key_place,
            "write `action: transfer`, or leave `to` out",
        ),
        _ => return Ok(text(node, "to")),
    };
    reader.report(Diagnostic::error(codes::RECEIVER, message).at(place, "").help(help));
    Err(Reported)
}

/// A ceiling takes neither `roll` nor `next_day`: the law that sets it does not allow another day.
fn read_ceiling(reader: &mut Reader<'_>, entry: &Entry) -> Result<Ceiling, Reported> {
    let node = &entry.node;
    let term = read_term(reader, entry, "for", MonthEnd::LastDay);
    let within = reader.period_at(node, "within");
    let term = term?;
    if term.length == Length::Permanent {
        reader.report(
            Diagnostic::error(codes::PERMANENT_CEILING, "a ceiling that never comes")
                .at(value_place(node, "for"), "")
                .help("give a period, or leave `ceiling` out"),
        );
        return Err(Reported);
    }
    Ok(Ceiling {
        term,
        within,
        yields_to: texts(node, "yields_to"),
    })
}

fn read_term(reader: &mut Reader<'_>, entry: &Entry, length_key: &str, month_end: MonthEnd) -> Result<Term, Reported> {
    let node = &entry.node;
    let length = read_length(reader, node.get(length_key));
    let from = read_trigger(entry);
    let cutoff = read_cutoff(reader, node);
    let roll = read_roll(reader, node);
    let length = length?;
    let from = match from? {
        Some(from) => from,
        // What is kept without end needs no day to count from; that of the capture is always known.
        None if length == Length::Permanent => Trigger::Captured,
        None => {
            reader.report(
                Diagnostic::error(
                    codes::NO_TRIGGER,
                    format!("`{}` does not say from when the period counts", entry.key),
                )
                .at(entry.key_place, "")
                .help("add `from`, such as `from: sent`"),
            );
            return Err(Reported);
        }
    };
    Ok(Term {
        length,
        from,
        cutoff: cutoff?,
        roll: roll?,
        month_end,
    })
}

fn read_length(reader: &mut Reader<'_>, node: Option<&Node>) -> Result<Length, Reported> {
    let node = node.ok_or(Reported)?;
    if node.as_text() == Some("permanent") {
        return Ok(Length::Permanent);
    }
    reader.period(node).map(Length::Period).ok_or(Reported)
}

fn read_trigger(term: &Entry) -> Result<Option<Trigger>, Reported> {
    let Some(node) = term.node.get("from") else {
        return Ok(None);
    };
    let trigger = match node.as_text() {
        Some("sent") => Some(Trigger::Sent),
        Some("captured") => Some(Trigger::Captured),
        Some("last_activity") => Some(Trigger::LastActivity),
        Some("policy_assigned") => Some(Trigger::PolicyAssigned),
        Some(_) => None,
        None => match (text(node, "event"), text(node, "key")) {
            (Some(event), Some(key)) => Some(Trigger::Event(EventKey { event, key })),
            _ => date(node, "date").map(|date| Trigger::Date { date }),
        },
    };
    trigger.map(Some).ok_or(Reported)
}

fn read_cutoff(reader: &mut Reader<'_>, node: &Node) -> Result<Option<Cutoff>, Reported> {
    let Some(cutoff) = node.get("cutoff") else {
        return Ok(None);
    };
    if let Some(fiscal) = cutoff.get("fiscal") {
        let calendar = read_calendar(reader, fiscal)?;
        if calendar.fiscal_years.is_empty() {
            reader.report(
                Diagnostic::error(
                    codes::NO_FISCAL_YEARS,
                    format!("calendar `{}` has no `fiscal_years`", calendar.calendar),
                )
                .at(fiscal.place, ""),
            );
            return Err(Reported);
        }
        return Ok(Some(Cutoff::Fiscal(calendar)));
    }
    word(node, "cutoff").map(Some).ok_or(Reported)
}

fn read_roll(reader: &mut Reader<'_>, node: &Node) -> Result<Option<Roll>, Reported> {
    let Some(roll) = node.get("roll") else {
        return Ok(None);
    };
    let calendar = roll.get("following").ok_or(Reported)?;
    if calendar.as_text() == Some(WEEKENDS) {
        return Ok(Some(Roll::Following(BusinessDays::Weekends)));
    }
    let found = read_calendar(reader, calendar)?;
    if found.holidays.is_empty() {
        reader.report(
            Diagnostic::warning(
                codes::NO_HOLIDAYS,
                format!("calendar `{}` has no `holidays`", found.calendar),
            )
            .at(calendar.place, "only weekends are passed over"),
        );
    }
    Ok(Some(Roll::Following(BusinessDays::Calendar(found))))
}

fn read_calendar(reader: &mut Reader<'_>, node: &Node) -> Result<Arc<Calendar>, Reported> {
    let name = node.as_text().ok_or(Reported)?;
    if let Some(calendar) = reader.calendars.get(name) {
        return Ok(calendar.clone());
    }
    let help = did_you_mean(name, reader.calendars.keys().map(String::as_str));
    reader.report(
        Diagnostic::error(codes::UNKNOWN_CALENDAR, format!("no calendar is named `{name}`"))
            .at(node.place, "")
            .maybe_help(help),
    );
    Err(Reported)
}

fn value_place(node: &Node, key: &str) -> Place {
    node.get(key).map_or(node.place, |value| value.place)
}
