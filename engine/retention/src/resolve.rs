//! From schedules and days to dates.

use std::cmp::Ordering;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::arithmetic::plus;
use crate::disposal::{self, Deletion};
use crate::summary::summarise;
use crate::{
    Action, Day, Days, DisposeAfter, Duty, DutyKind, Length, Limit, Part, Reason, Resolved, RetentionPeriod, Schedule,
    Schedules, Term, Tier, Trigger, Zone,
};

/// A schedule that a message matches, or may match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Assigned {
    /// Its position in [`Schedules::iter`].
    pub schedule: usize,
    /// How sure that is.
    pub outcome: Outcome,
}

/// How a schedule came to be assigned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Its conditions hold.
    Assigned,
    /// Its conditions hold only by a label that a pattern rule set: its duty to keep stands, while its deletion counts
    /// as scoped and asks for review.
    ByPattern,
    /// Its conditions could not be evaluated, or an event's key is missing.
    Indeterminate {
        /// Why, without any of the message's text.
        reason: String,
    },
}

impl Schedules {
    /// The dates of a message from the schedules assigned to it and its days.
    ///
    /// The order of `assigned` changes nothing, nor does naming a schedule twice. A zone that `days` lacks makes the
    /// message indeterminate.
    ///
    /// # Panics
    /// If a position is not one of [`Schedules::indexes`].
    pub fn resolve(&self, assigned: &[Assigned], days: &Days) -> Resolved {
        let mut found: Vec<Found<'_>> = assigned
            .iter()
            .flat_map(|assigned| duties(self.at(assigned.schedule), &assigned.outcome, days))
            .collect();
        found.sort_by(|one, other| order(&one.duty, &other.duty));
        found.dedup_by(|one, other| one.duty == other.duty);
        let deletions: Vec<Deletion<'_>> = found
            .iter()
            .enumerate()
            .filter(|(_, found)| found.duty.kind == DutyKind::Dispose)
            .map(|(at, found)| found.deletion(at))
            .collect();
        let part = Part {
            duties: (0..found.len()).collect(),
            deletion: disposal::choose(&deletions),
        };
        summarise(found.into_iter().map(|found| found.duty).collect(), vec![part])
    }
}

/// The dates of a family of versions, which goes as one: the latest of each.
pub fn unite(members: &[Resolved]) -> Resolved {
    let mut duties: Vec<Duty> = members
        .iter()
        .flat_map(|member| member.duties.iter().cloned())
        .collect();
    duties.sort_by(order);
    duties.dedup();
    let parts = members.iter().flat_map(|member| {
        let moved = |positions: &[usize]| -> Vec<usize> {
            let mut moved: Vec<usize> = positions
                .iter()
                .filter_map(|at| duties.iter().position(|duty| *duty == member.duties[*at]))
                .collect();
            moved.sort_unstable();
            moved
        };
        member.parts.iter().map(move |part| Part {
            duties: moved(&part.duties),
            deletion: moved(&part.deletion),
        })
    });
    let mut parts: Vec<Part> = parts.collect();
    parts.sort_by(|one, other| (&one.duties, &one.deletion).cmp(&(&other.duties, &other.deletion)));
    parts.dedup();
    summarise(duties, parts)
}

/// A duty with what decides its rank.
struct Found<'a> {
    schedule: &'a Schedule,
    tier: Tier,
    duty: Duty,
}

impl<'a> Found<'a> {
    fn deletion(&self, duty: usize) -> Deletion<'a> {
        Deletion {
            document: &self.schedule.document,
            version: &self.schedule.version,
            tier: self.tier,
            limit: self.duty.ends,
            duty,
        }
    }
}

/// An order in which equal duties stand together, whatever they came from.
fn order(one: &Duty, other: &Duty) -> Ordering {
    let key = |duty: &Duty| {
        (
            duty.kind,
            duty.schedule,
            duty.ends,
            duty.trigger_date,
            duty.action,
            duty.suspect,
        )
    };
    key(one).cmp(&key(other)).then_with(|| one.steps.cmp(&other.steps))
}

fn duties<'a>(schedule: &'a Schedule, outcome: &Outcome, days: &Days) -> Vec<Found<'a>> {
    let day = days.at(&schedule.zone);
    if let (Some(day), Some(retired)) = (day, schedule.retired)
        && day.captured >= retired
    {
        return Vec::new();
    }
    let clock = Clock {
        schedule,
        outcome,
        day,
        suspect: days.suspect,
    };
    let deletes = schedule.retired.is_none();
    let duties = [
        clock.retain(),
        deletes.then(|| clock.dispose()).flatten(),
        deletes.then(|| clock.ceiling()).flatten(),
    ];
    let tier = match outcome {
        Outcome::ByPattern => schedule.tier.min(Tier::Scoped),
        Outcome::Assigned | Outcome::Indeterminate { .. } => schedule.tier,
    };
    let duties = duties.into_iter().flatten();
    duties.map(|duty| Found { schedule, tier, duty }).collect()
}

/// One schedule's clock for one message.
struct Clock<'a> {
    schedule: &'a Schedule,
    outcome: &'a Outcome,
    day: Option<&'a Day>,
    suspect: bool,
}

/// What counting a term came to.
struct Counted {
    trigger_date: Option<Date>,
    /// The cut-off day, else the trigger's own; or why there is none.
    anchor: Result<Date, Reason>,
    ends: Limit,
    steps: Vec<String>,
}

impl Clock<'_> {
    fn retain(&self) -> Option<Duty> {
        let retain = self.schedule.retain.as_ref()?;
        let counted = self.count(&retain.term);
        let accessible = match (retain.accessible, counted.anchor) {
            (None, _) => Limit::None,
            (Some(period), Ok(anchor)) => through(&self.schedule.zone, last_day(anchor, period, &retain.term)),
            (Some(_), Err(reason)) => Limit::Infinity { reason },
        };
        let duty = self.duty(DutyKind::Retain, &retain.term.from, counted);
        Some(Duty {
            accessible,
            basis: self.schedule.basis,
            jurisdiction: self.schedule.jurisdiction.clone(),
            ..eligible(duty, "eligible from")
        })
    }

    fn dispose(&self) -> Option<Duty> {
        let dispose = self.schedule.dispose.as_ref()?;
        let term = match &dispose.after {
            DisposeAfter::Term(term) => term,
            DisposeAfter::Retain => &self.schedule.retain.as_ref()?.term,
        };
        let duty = self.not_before_in_force(self.duty(DutyKind::Dispose, &term.from, self.count(term)));
        let action = match self.outcome {
            Outcome::ByPattern => Action::Review,
            Outcome::Assigned | Outcome::Indeterminate { .. } => dispose.action,
        };
        Some(Duty {
            action: Some(action),
            to: dispose.to.clone().filter(|_| action == Action::Transfer),
            ..eligible(duty, "eligible from")
        })
    }

    fn ceiling(&self) -> Option<Duty> {
        let ceiling = self.schedule.ceiling.as_ref()?;
        let counted = self.count(&ceiling.term);
        let duty = self.not_before_in_force(self.duty(DutyKind::Ceiling, &ceiling.term.from, counted));
        let duty = Duty {
            yields_to: ceiling.yields_to.clone(),
            within: ceiling.within,
            ..duty
        };
        Some(self.while_in_force(duty))
    }

    fn duty(&self, kind: DutyKind, trigger: &Trigger, counted: Counted) -> Duty {
        Duty {
            schedule: self.schedule.key(),
            kind,
            trigger: trigger.clone(),
            trigger_date: counted.trigger_date,
            suspect: self.suspect && *trigger == Trigger::Sent,
            ends: counted.ends,
            accessible: Limit::None,
            lapses: None,
            zone: self.schedule.zone.clone(),
            basis: None,
            jurisdiction: None,
            yields_to: Vec::new(),
            within: None,
            action: None,
            to: None,
            steps: counted.steps,
        }
    }

    /// Neither a deletion nor a ceiling acts before its law is in force.
    fn not_before_in_force(&self, mut duty: Duty) -> Duty {
        let (Some(from), Limit::Through { last, .. }) = (self.schedule.in_force.from, duty.ends) else {
            return duty;
        };
        if last.tomorrow().is_ok_and(|next| next < from) {
            duty.steps.push(format!("law in force from {from}"));
            duty.ends = through(&duty.zone, from.yesterday().ok());
        }
        duty
    }

    /// A ceiling binds only while its law is in force.
    fn while_in_force(&self, mut duty: Duty) -> Duty {
        let end = self.schedule.in_force.to.and_then(|to| to.tomorrow().ok());
        let lapses = end.and_then(|end| duty.zone.start_of_day(end));
        if let (Some(until), Some(lapses)) = (duty.ends.until(), lapses)
            && lapses <= until
        {
            duty.steps.push("law no longer in force then".to_owned());
            duty.ends = Limit::Infinity { reason: Reason::NoRule };
            return duty;
        }
        duty.lapses = lapses;
        eligible(duty, "must be gone from")
    }

    fn count(&self, term: &Term) -> Counted {
        let (trigger_date, mut steps) = match self.trigger_date(&term.from) {
            Ok(date) => (date, vec![format!("{date} ({})", self.schedule.zone.name())]),
            Err((reason, step)) => return uncounted(term, reason, step),
        };
        let anchor = term.cutoff.map_or(trigger_date, |cutoff| cutoff.day(trigger_date));
        if let Some(cutoff) = term.cutoff {
            steps.push(format!("end of {} {anchor}", cutoff.name()));
        }
        let ends = match term.length {
            Length::Permanent => {
                steps.push("permanent".to_owned());
                PERMANENT
            }
            Length::Period(period) => self.end(anchor, period, term, &mut steps),
        };
        Counted {
            trigger_date: Some(trigger_date),
            anchor: Ok(anchor),
            ends,
            steps,
        }
    }

    fn end(&self, anchor: Date, period: RetentionPeriod, term: &Term, steps: &mut Vec<String>) -> Limit {
        let matching = plus(anchor, period, term.month_end);
        let last = last_day(anchor, period, term);
        if let Some(matching) = matching {
            steps.push(format!("+ {period} = {matching}"));
        }
        if let Some(last) = last.filter(|_| last != matching) {
            steps.push(format!("next business day {last}"));
        }
        let ends = through(&self.schedule.zone, last);
        if ends == PERMANENT {
            steps.push(format!("+ {period} is beyond the calendar"));
        }
        ends
    }

    fn trigger_date(&self, trigger: &Trigger) -> Result<Date, (Reason, String)> {
        if let Outcome::Indeterminate { reason } = self.outcome {
            return Err((Reason::Indeterminate, format!("indeterminate: {reason}")));
        }
        let no_day = || (Reason::Indeterminate, "indeterminate: no local day".to_owned());
        match trigger {
            Trigger::Date { date } => Ok(*date),
            Trigger::Captured => self.day.map(|day| day.captured).ok_or_else(no_day),
            Trigger::Sent => {
                let day = self.day.ok_or_else(no_day)?;
                day.sent
                    .ok_or_else(|| (Reason::Indeterminate, "indeterminate: no date sent".to_owned()))
            }
            Trigger::Event(_) => Err((Reason::AwaitingEvent, "not recorded yet".to_owned())),
        }
    }
}

/// Something that cannot be counted has no end; what is permanent anyway stays so, unless it may not be assigned.
fn uncounted(term: &Term, reason: Reason, step: String) -> Counted {
    let forever = term.length == Length::Permanent && reason == Reason::AwaitingEvent;
    let ends = if forever { PERMANENT } else { Limit::Infinity { reason } };
    Counted {
        trigger_date: None,
        anchor: Err(reason),
        ends,
        steps: vec![step],
    }
}

const PERMANENT: Limit = Limit::Infinity {
    reason: Reason::Permanent,
};

fn last_day(anchor: Date, period: RetentionPeriod, term: &Term) -> Option<Date> {
    let matching = plus(anchor, period, term.month_end)?;
    term.roll.map_or(Some(matching), |roll| roll.apply(matching))
}

/// Through this day; forever if it lies beyond the calendar.
fn through(zone: &Zone, last: Option<Date>) -> Limit {
    let until = last.and_then(|last| zone.start_of_day(last.tomorrow().ok()?));
    match (last, until) {
        (Some(last), Some(until)) => Limit::Through { last, until },
        _ => PERMANENT,
    }
}

fn eligible(mut duty: Duty, words: &str) -> Duty {
    if let Some(until) = duty.ends.until() {
        duty.steps.push(format!("{words} {until}"));
    }
    duty
}
