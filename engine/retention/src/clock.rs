//! One schedule's clock for one message: the dates of its duties, and how they came about.

use jiff::civil::Date;

use crate::arithmetic::plus;
use crate::{
    Action, Assigned, Clocks, Day, DisposeAfter, Duty, DutyKind, EventKey, EventState, Length, Limit, Outcome, Reason,
    RetentionPeriod, Schedule, Term, Trigger, Zone,
};

/// One schedule's clock for one message.
pub struct Clock<'a> {
    /// The schedule.
    pub schedule: &'a Schedule,
    /// How it came to be assigned, and when.
    pub assigned: &'a Assigned,
    /// The message's days in the schedule's zone, if they are known.
    pub day: Option<&'a Day>,
    /// What else starts a clock.
    pub clocks: &'a Clocks<'a>,
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
    /// The duty to keep, if the schedule has one.
    pub fn retain(&self) -> Option<Duty> {
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

    /// The deletion, if the schedule has one.
    pub fn dispose(&self) -> Option<Duty> {
        let dispose = self.schedule.dispose.as_ref()?;
        let term = match &dispose.after {
            DisposeAfter::Term(term) => term,
            DisposeAfter::Retain => &self.schedule.retain.as_ref()?.term,
        };
        let duty = self.not_before_in_force(self.duty(DutyKind::Dispose, &term.from, self.count(term)));
        let action = match self.assigned.outcome {
            Outcome::ByPattern => Action::Review,
            Outcome::Assigned | Outcome::Indeterminate { .. } => dispose.action,
        };
        Some(Duty {
            action: Some(action),
            to: dispose.to.clone().filter(|_| action == Action::Transfer),
            ..eligible(duty, "eligible from")
        })
    }

    /// The duty not to keep longer, if the schedule has one.
    pub fn ceiling(&self) -> Option<Duty> {
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
            suspect: self.clocks.days.suspect && *trigger == Trigger::Sent,
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
        if let Outcome::Indeterminate { reason } = &self.assigned.outcome {
            let unknown = Reason::Indeterminate;
            return uncounted(unknown, unknown, format!("indeterminate: {reason}"));
        }
        let (trigger_date, mut steps) = match self.trigger_date(&term.from) {
            Ok(date) => (date, vec![format!("{date} ({})", self.schedule.zone.name())]),
            // What is kept without end needs no day to count from.
            Err((reason, step)) if term.length == Length::Permanent => {
                return uncounted(Reason::Permanent, reason, step);
            }
            Err((reason, step)) => return uncounted(reason, reason, step),
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
        let no_day = || (Reason::Indeterminate, "indeterminate: no local day".to_owned());
        match trigger {
            Trigger::Date { date } => Ok(*date),
            Trigger::Captured => self.day.map(|day| day.captured).ok_or_else(no_day),
            Trigger::Sent => {
                let day = self.day.ok_or_else(no_day)?;
                day.sent
                    .ok_or_else(|| (Reason::Indeterminate, "indeterminate: no date sent".to_owned()))
            }
            Trigger::LastActivity => self
                .clocks
                .activity
                .map(|at| self.schedule.zone.date(at))
                .ok_or_else(|| (Reason::Indeterminate, "indeterminate: no activity known".to_owned())),
            Trigger::PolicyAssigned => match self.assigned.since {
                Some(since) => Ok(self.schedule.zone.date(since)),
                None => self.day.map(|day| day.captured).ok_or_else(no_day),
            },
            Trigger::Event(event) => self.event_day(event),
        }
    }

    fn event_day(&self, event: &EventKey) -> Result<Date, (Reason, String)> {
        match self.clocks.register.state(event) {
            EventState::On(day) => Ok(day),
            EventState::Awaiting if self.clocks.register.is_recorded(event) => {
                Err((Reason::AwaitingEvent, "not recorded yet for every key".to_owned()))
            }
            EventState::Awaiting => Err((Reason::AwaitingEvent, "not recorded yet".to_owned())),
            EventState::MissingKey => Err((
                Reason::Indeterminate,
                format!("indeterminate: the message has no `{}`", event.key),
            )),
        }
    }
}

/// Nothing to count from.
fn uncounted(ends: Reason, anchor: Reason, step: String) -> Counted {
    Counted {
        trigger_date: None,
        anchor: Err(anchor),
        ends: Limit::Infinity { reason: ends },
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
