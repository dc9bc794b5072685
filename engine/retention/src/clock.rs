//! One schedule's clock for one message: the dates of its duties, and how they came about.

use jiff::civil::Date;
use lexhold_model::Key;

use crate::arithmetic::plus;
use crate::steps::{NoDay, Steps};
use crate::{
    Action, Assigned, Clocks, Day, DisposeAfter, Duty, DutyKind, EventKey, EventState, Extend, Length, Limit, Outcome,
    Reason, RetentionPeriod, Schedule, Term, Trigger, Zone,
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
    /// The key of the schedule.
    pub key: Key,
    /// Whether the arithmetic is told step by step.
    pub told: bool,
}

/// What counting a term came to.
struct Counted {
    trigger_date: Option<Date>,
    /// The cut-off day, else the trigger's own; or why there is none.
    anchor: Result<Date, Reason>,
    ends: Limit,
    steps: Steps,
}

impl Clock<'_> {
    /// The duty to keep, if the schedule has one.
    pub fn retain(&self) -> Option<Duty> {
        let retain = self
            .schedule
            .retain
            .as_ref()
            .filter(|retain| self.concerns(&retain.term))?;
        let counted = self.count_kept(&retain.term);
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
            ..self.eligible(duty, "eligible from")
        })
    }

    /// The deletion, if the schedule has one.
    pub fn dispose(&self) -> Option<Duty> {
        let dispose = self.schedule.dispose.as_ref()?;
        let (term, counted) = match &dispose.after {
            DisposeAfter::Term(term) => (term, self.count(term, None)),
            DisposeAfter::Retain => {
                let term = &self.schedule.retain.as_ref()?.term;
                (term, self.count_kept(term))
            }
        };
        if !self.concerns(term) {
            return None;
        }
        let duty = self.not_before_in_force(self.duty(DutyKind::Dispose, &term.from, counted));
        let action = match self.assigned.outcome {
            Outcome::ByPattern => Action::Review,
            Outcome::Assigned | Outcome::Indeterminate { .. } => dispose.action,
        };
        Some(Duty {
            action: Some(action),
            to: dispose.to.clone().filter(|_| action == Action::Transfer),
            ..self.eligible(duty, "eligible from")
        })
    }

    /// The duty not to keep longer, if the schedule has one.
    pub fn ceiling(&self) -> Option<Duty> {
        let ceiling = self
            .schedule
            .ceiling
            .as_ref()
            .filter(|ceiling| self.concerns(&ceiling.term))?;
        let counted = self.count(&ceiling.term, None);
        let duty = self.not_before_in_force(self.duty(DutyKind::Ceiling, &ceiling.term.from, counted));
        let duty = Duty {
            yields_to: ceiling.yields_to.clone(),
            within: ceiling.within,
            ..duty
        };
        Some(self.while_in_force(duty))
    }

    /// Whether a term says anything of the message.
    fn concerns(&self, term: &Term) -> bool {
        let Trigger::Event(event) = &term.from else { return true };
        self.clocks.register.state(event) != EventState::Unconcerned
    }

    fn duty(&self, kind: DutyKind, trigger: &Trigger, counted: Counted) -> Duty {
        Duty {
            schedule: self.key,
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
            steps: counted.steps.into_words(),
        }
    }

    /// Neither a deletion nor a ceiling acts before its law is in force.
    fn not_before_in_force(&self, mut duty: Duty) -> Duty {
        let (Some(from), Limit::Through { last, .. }) = (self.schedule.in_force.from, duty.ends) else {
            return duty;
        };
        if last.tomorrow().is_ok_and(|next| next < from) {
            self.say(&mut duty, || format!("law in force from {from}"));
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
            self.say(&mut duty, || "law no longer in force then".to_owned());
            duty.ends = Limit::Infinity { reason: Reason::NoRule };
            return duty;
        }
        duty.lapses = lapses;
        self.eligible(duty, "must be gone from")
    }

    fn say(&self, duty: &mut Duty, step: impl FnOnce() -> String) {
        if self.told {
            duty.steps.push(step());
        }
    }

    fn eligible(&self, mut duty: Duty, words: &str) -> Duty {
        if let Some(until) = duty.ends.until() {
            self.say(&mut duty, || format!("{words} {until}"));
        }
        duty
    }

    /// Counts a duty to keep: where an extension is in force, by the longer of both periods.
    fn count_kept(&self, term: &Term) -> Counted {
        let extension = self.schedule.extend.as_ref().filter(|extend| {
            let register = self.clocks.register;
            // A message without the attribute cannot be named by the event, so it is kept as if it were.
            register.is_recorded(&extend.event) || register.state(&extend.event) == EventState::MissingKey
        });
        self.count(term, extension)
    }

    fn count(&self, term: &Term, extension: Option<&Extend>) -> Counted {
        let (trigger_date, anchor) = match self.start(term) {
            Ok(days) => days,
            Err(none) => return self.uncounted(term, none),
        };
        let mut steps = Steps::new(self.told);
        steps.say(|| format!("{trigger_date} ({})", self.schedule.zone.name()));
        if let Some(cutoff) = &term.cutoff {
            steps.say(|| format!("{} {anchor}", cutoff.words(trigger_date)));
        }
        let own = self.end(anchor, term.length, term);
        let longer = extension.map(|extend| (extend, self.end(anchor, extend.to, term)));
        let ends = match longer.filter(|(_, extended)| *extended > own) {
            Some((extend, ends)) => {
                steps.say(|| self.why_extended(extend));
                self.tell_end(anchor, extend.to, term, &mut steps);
                ends
            }
            None => {
                self.tell_end(anchor, term.length, term, &mut steps);
                own
            }
        };
        Counted {
            trigger_date: Some(trigger_date),
            anchor: Ok(anchor),
            ends,
            steps,
        }
    }

    fn why_extended(&self, extend: &Extend) -> String {
        let EventKey { event, key } = &extend.event;
        match self.clocks.register.state(&extend.event) {
            EventState::MissingKey => format!("no `{key}` to look up {event} by, so extended"),
            _ => format!("extended by event {event} by {key}"),
        }
    }

    fn end(&self, anchor: Date, length: Length, term: &Term) -> Limit {
        match length {
            Length::Permanent => PERMANENT,
            Length::Period(period) => through(&self.schedule.zone, last_day(anchor, period, term)),
        }
    }

    fn tell_end(&self, anchor: Date, length: Length, term: &Term, steps: &mut Steps) {
        if !self.told {
            return;
        }
        let Length::Period(period) = length else {
            return steps.say(|| "permanent".to_owned());
        };
        let matching = plus(anchor, period, term.month_end);
        if let Some(matching) = matching {
            steps.say(|| format!("+ {period} = {matching}"));
        }
        let last = last_day(anchor, period, term);
        let rolled = term.roll.as_ref().zip(matching.zip(last));
        if let Some(words) = rolled.and_then(|(roll, (matching, last))| roll.words(matching, last)) {
            steps.say(|| words);
        }
        if through(&self.schedule.zone, last) == PERMANENT {
            steps.say(|| format!("+ {period} is beyond the calendar"));
        }
    }

    /// Nothing to count from. What is kept without end needs no day to count from, unless nobody knows whether it is.
    fn uncounted(&self, term: &Term, none: NoDay<'_>) -> Counted {
        let known = !matches!(none, NoDay::Unevaluated(_));
        let ends = match term.length {
            Length::Permanent if known => Reason::Permanent,
            Length::Permanent | Length::Period(_) => none.reason(),
        };
        let mut steps = Steps::new(self.told);
        steps.say(|| none.words());
        Counted {
            trigger_date: None,
            anchor: Err(none.reason()),
            ends: Limit::Infinity { reason: ends },
            steps,
        }
    }

    /// The trigger's day, and the one from which the period counts.
    fn start<'t>(&'t self, term: &'t Term) -> Result<(Date, Date), NoDay<'t>> {
        if let Outcome::Indeterminate { reason } = &self.assigned.outcome {
            return Err(NoDay::Unevaluated(reason));
        }
        let trigger = self.trigger_date(&term.from)?;
        match &term.cutoff {
            None => Ok((trigger, trigger)),
            Some(cutoff) => Ok((trigger, cutoff.day(trigger).ok_or(NoDay::Beyond(trigger))?)),
        }
    }

    fn trigger_date<'t>(&self, trigger: &'t Trigger) -> Result<Date, NoDay<'t>> {
        let zone = &self.schedule.zone;
        let day = self.day.ok_or(NoDay::Zone);
        match trigger {
            Trigger::Date { date } => Ok(*date),
            Trigger::Captured => Ok(day?.captured),
            Trigger::Sent => day?.sent.ok_or(NoDay::Sent),
            Trigger::LastActivity => self.clocks.activity.map(|at| zone.date(at)).ok_or(NoDay::Activity),
            Trigger::PolicyAssigned => match self.assigned.since {
                Some(since) => Ok(zone.date(since)),
                None => Ok(day?.captured),
            },
            Trigger::Event(event) => match self.clocks.register.state(event) {
                EventState::On(day) => Ok(day),
                EventState::At(at) => Ok(zone.date(at)),
                EventState::MissingKey => Err(NoDay::Key(event)),
                EventState::Awaiting | EventState::Unconcerned => Err(NoDay::Awaiting {
                    partly: self.clocks.register.is_recorded(event),
                }),
            },
        }
    }
}

const PERMANENT: Limit = Limit::Infinity {
    reason: Reason::Permanent,
};

fn last_day(anchor: Date, period: RetentionPeriod, term: &Term) -> Option<Date> {
    let matching = plus(anchor, period, term.month_end)?;
    term.roll.as_ref().map_or(Some(matching), |roll| roll.apply(matching))
}

/// Through this day; forever if it lies beyond the calendar.
fn through(zone: &Zone, last: Option<Date>) -> Limit {
    let until = last.and_then(|last| zone.start_of_day(last.tomorrow().ok()?));
    match (last, until) {
        (Some(last), Some(until)) => Limit::Through { last, until },
        _ => PERMANENT,
    }
}
