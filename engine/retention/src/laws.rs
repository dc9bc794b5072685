//! Laws that hold whatever is written and recorded, and the slow way of counting that the quick one has to agree with.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, Weekday, date};
use jiff::{Span, Timestamp};
use lexhold_model::Digest;
use proptest::prelude::*;

use crate::calendar::{Calendar, Covers, DayOfYear, FiscalYears};
use crate::testing::{schedule, term};
use crate::{
    Assigned, BusinessDays, Circumstances, Clocks, Cutoff, Days, EventFacts, EventKey, EventState, Extend, Length,
    Mode, MonthEnd, Outcome, Resolved, Roll, Schedule, Schedules, Standing, State, Tier, Triggers, Zone, state, unite,
};

/// The calendar that the schedules here count with: two fiscal years, three holidays in a row, two years covered.
fn calendar() -> Arc<Calendar> {
    let ends = |text: &str| DayOfYear::try_from(text.to_owned()).unwrap();
    Arc::new(Calendar {
        calendar: "firm".into(),
        version: "1.0.0".into(),
        digest: Digest::of(b"firm"),
        weekend: vec![Weekday::Saturday.into(), Weekday::Sunday.into()],
        covers: Some(Covers {
            from: date(2024, 1, 1),
            to: date(2025, 12, 31),
        }),
        holidays: vec![date(2024, 12, 25), date(2024, 12, 26), date(2024, 12, 27)],
        fiscal_years: vec![
            FiscalYears {
                from: date(2018, 1, 1),
                ends: ends("02-29"),
            },
            FiscalYears {
                from: date(2023, 3, 1),
                ends: ends("06-30"),
            },
        ],
    })
}

fn event() -> EventKey {
    EventKey {
        event: "account_closed".into(),
        key: "accounts".into(),
    }
}

fn any_day() -> impl Strategy<Value = Date> {
    (0i32..4500, any::<bool>()).prop_map(|(days, end)| {
        let day = date(2015, 1, 1).checked_add(Span::new().days(days)).unwrap();
        if end { day.last_of_month() } else { day }
    })
}

/// The end of a stretch, found by walking on until the next day begins another.
fn walked_cutoff(cutoff: &Cutoff, trigger: Date) -> Date {
    let begins = |day: Date| match cutoff {
        Cutoff::Month => day.day() == 1,
        Cutoff::Quarter => day.day() == 1 && day.month() % 3 == 1,
        Cutoff::Year => day.day() == 1 && day.month() == 1,
        // 1 March is the day after the last of February, leap year or not.
        Cutoff::Fiscal(_) if trigger >= date(2023, 3, 1) => (day.month(), day.day()) == (7, 1),
        Cutoff::Fiscal(_) if trigger >= date(2018, 1, 1) => (day.month(), day.day()) == (3, 1),
        // Nobody knows the year then, so it takes as long as a year can.
        Cutoff::Fiscal(_) => {
            let anniversary = (trigger.month(), trigger.day());
            let lost = anniversary == (2, 29) && !day.in_leap_year();
            day > trigger && (day.month(), day.day()) == if lost { (2, 28) } else { anniversary }
        }
    };
    let mut day = trigger;
    while !begins(day.tomorrow().unwrap()) {
        day = day.tomorrow().unwrap();
    }
    day
}

fn walked_roll(day: Date, calendar: Option<&Calendar>) -> Date {
    let mut day = day;
    loop {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let holiday = calendar.is_some_and(|calendar| calendar.holidays.contains(&day));
        if !weekend && !holiday {
            return day;
        }
        day = day.tomorrow().unwrap();
    }
}

fn any_cutoff() -> impl Strategy<Value = Option<Cutoff>> {
    prop_oneof![
        Just(None),
        Just(Some(Cutoff::Month)),
        Just(Some(Cutoff::Quarter)),
        Just(Some(Cutoff::Year)),
        Just(Some(Cutoff::Fiscal(calendar()))),
    ]
}

fn any_roll() -> impl Strategy<Value = Option<Roll>> {
    prop_oneof![
        Just(None),
        Just(Some(Roll::Following(BusinessDays::Weekends))),
        Just(Some(Roll::Following(BusinessDays::Calendar(calendar())))),
    ]
}

const PERIODS: [&str; 16] = [
    "P1Y sent",
    "P3Y",
    "P37M",
    "P400D",
    "P1Y captured",
    "P2Y event",
    "P1Y 2020-02-29",
    "permanent",
    "P1Y activity",
    "P18M assigned",
    "P5Y event",
    "P2Y activity",
    "P6M",
    "P90D",
    "P30D event",
    "P1Y1M1D",
];

fn any_term() -> impl Strategy<Value = crate::Term> {
    let parts = (
        prop::sample::select(PERIODS.to_vec()),
        any_cutoff(),
        any_roll(),
        any::<bool>(),
    );
    parts.prop_map(|(period, cutoff, roll, next_day)| {
        let (length, from) = period.split_once(' ').unwrap_or((period, "sent"));
        let words = match from {
            "sent" | "activity" | "assigned" => length.to_owned(),
            from => format!("{length} {from}"),
        };
        crate::Term {
            from: match from {
                "activity" => crate::Trigger::LastActivity,
                "assigned" => crate::Trigger::PolicyAssigned,
                _ => term(&words).from,
            },
            cutoff,
            roll,
            month_end: if next_day { MonthEnd::NextDay } else { MonthEnd::LastDay },
            ..term(&words)
        }
    })
}

prop_compose! {
    /// A schedule of one of two documents, in one of two versions.
    fn any_schedule(at: usize)(
        document in 0..2usize,
        version in 0..2usize,
        zone in prop::sample::select(vec!["UTC", "America/New_York", "Pacific/Apia"]),
        tier in prop::sample::select(vec![Tier::Organisation, Tier::Scoped, Tier::Label]),
        standing in prop::sample::select(vec![
            Standing::InForce, Standing::InForce, Standing::InForce, Standing::Superseded, Standing::Retired,
            Standing::Corrected,
        ]),
        compliance in any::<bool>(),
        retain in prop::option::of(any_term()),
        extend in any::<bool>(),
        dispose in prop::option::of(prop::option::of(any_term())),
        ceiling in prop::option::weighted(0.2, any_term()),
    ) -> Schedule {
        let name = format!("s{at}");
        let mut schedule = schedule(["a", "b"][document]).zone(zone).tier(tier);
        schedule.name = name;
        schedule.version = ["1.0.0", "2.0.0"][version].into();
        schedule.mode = if compliance { Mode::Compliance } else { Mode::Operational };
        schedule.standing = standing;
        schedule.extend = extend.then(|| Extend { event: event(), to: Length::Period("P9Y".parse().unwrap()) });
        schedule.dispose = dispose.and_then(|after| {
            let mut with = schedule.clone().delete("retain").dispose?;
            if let Some(term) = after {
                with.after = crate::DisposeAfter::Term(term);
            }
            Some(with)
        });
        schedule.retain = retain.and_then(|term| {
            let mut with = schedule.clone().retain("P1Y").retain?;
            with.accessible = Some("P1Y".parse().unwrap());
            with.term = term;
            Some(with)
        });
        schedule.ceiling = ceiling.and_then(|term| {
            let mut with = schedule.clone().ceiling("P1Y").ceiling?;
            with.term = term;
            Some(with)
        });
        schedule
    }
}

fn any_schedules() -> impl Strategy<Value = Vec<Schedule>> {
    (1..6usize).prop_flat_map(|count| (0..count).map(any_schedule).collect::<Vec<_>>())
}

/// Everything that a message's dates depend on, besides its schedules.
#[derive(Clone, Debug)]
struct World {
    triggers: Triggers,
    activity: Option<Timestamp>,
    closed: Option<EventState>,
    recorded: bool,
    since: Option<Timestamp>,
    outcome: Outcome,
}

fn instant(days: i64) -> Timestamp {
    Timestamp::from_second(1_430_000_000 + days * 86_400 + 7_777).unwrap()
}

prop_compose! {
    fn any_world()(
        sent in prop::option::weighted(0.9, 0i64..3000),
        captured in 0i64..3000,
        activity in prop::option::weighted(0.9, 0i64..4000),
        closed in prop::option::of(prop_oneof![
            any_day().prop_map(EventState::On), Just(EventState::Awaiting), Just(EventState::MissingKey),
        ]),
        recorded: bool,
        since in prop::option::of(0i64..4000),
        outcome in prop::sample::select(vec![
            Outcome::Assigned, Outcome::Assigned, Outcome::ByPattern, Outcome::Indeterminate { reason: "because".into() },
        ]),
    ) -> World {
        World {
            triggers: Triggers { sent: sent.map(instant), captured: instant(captured), suspect: false },
            activity: activity.map(instant),
            closed,
            recorded,
            since: since.map(instant),
            outcome,
        }
    }
}

impl World {
    fn register(&self) -> EventFacts {
        let mut facts = EventFacts::default();
        if let Some(state) = self.closed {
            facts.set(event(), state);
        }
        if self.recorded {
            facts.set_recorded(event());
        }
        facts
    }

    /// The first schedule comes as the world says, the others are assigned at the capture.
    fn assigned(&self, schedules: &Schedules) -> Vec<Assigned> {
        let assigned = schedules.indexes().map(|schedule| Assigned {
            schedule,
            outcome: if schedule == 0 {
                self.outcome.clone()
            } else {
                Outcome::Assigned
            },
            since: self.since.filter(|_| schedule == 0),
        });
        assigned.collect()
    }

    fn resolved(&self, schedules: &[Schedule]) -> Resolved {
        let schedules = Schedules::new(schedules.to_vec());
        self.resolved_as(&schedules, &self.assigned(&schedules))
    }

    fn resolved_as(&self, schedules: &Schedules, assigned: &[Assigned]) -> Resolved {
        let register = self.register();
        let days = Days::of(schedules.zones(), &self.triggers);
        let clocks = Clocks {
            days: &days,
            activity: self.activity,
            register: &register,
        };
        let told = schedules.resolve(assigned, &clocks);
        let mut untold = told.clone();
        untold.duties.iter_mut().for_each(|duty| duty.steps.clear());
        assert_eq!(schedules.resolve_dates(assigned, &clocks), untold);
        told
    }
}

fn is_due(resolved: &Resolved, as_of: Timestamp) -> bool {
    let (first, also) = state(resolved, as_of, &Circumstances::default());
    first == State::Eligible || also.contains(&State::Eligible)
}

/// Compliance documents only, none of whose versions has been taken back.
fn ratcheted(mut schedules: Vec<Schedule>) -> Vec<Schedule> {
    for schedule in &mut schedules {
        schedule.mode = Mode::Compliance;
        if schedule.standing == Standing::Corrected {
            schedule.standing = Standing::Superseded;
        }
    }
    schedules
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn cut_off_and_roll_agree_with_a_walk_day_by_day(trigger in any_day(), cutoff in any_cutoff(), roll in any_roll()) {
        if let Some(cutoff) = &cutoff {
            prop_assert_eq!(cutoff.day(trigger), Some(walked_cutoff(cutoff, trigger)), "{:?}", cutoff);
        }
        if let Some(Roll::Following(business)) = &roll {
            let calendar = match business {
                BusinessDays::Weekends => None,
                BusinessDays::Calendar(calendar) => Some(calendar.as_ref()),
            };
            prop_assert_eq!(roll.as_ref().unwrap().apply(trigger), Some(walked_roll(trigger, calendar)));
        }
    }

    #[test]
    fn whole_days_count_by_a_walk(
        trigger in any_day(), cutoff in any_cutoff(), roll in any_roll(), days in 1i32..900,
        zone in prop::sample::select(vec!["UTC", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kolkata"]),
    ) {
        let schedule = schedule("x").zone(zone).retain(&format!("P{days}D {trigger}")).with(|schedule| {
            let term = &mut schedule.retain.as_mut().unwrap().term;
            term.cutoff.clone_from(&cutoff);
            term.roll.clone_from(&roll);
        });
        let mut day = cutoff.as_ref().map_or(trigger, |cutoff| walked_cutoff(cutoff, trigger));
        for _ in 0..days {
            day = day.tomorrow().unwrap();
        }
        let last = match &roll {
            None => day,
            Some(Roll::Following(BusinessDays::Weekends)) => walked_roll(day, None),
            Some(Roll::Following(BusinessDays::Calendar(calendar))) => walked_roll(day, Some(calendar)),
        };
        let world = World {
            triggers: Triggers { sent: None, captured: instant(0), suspect: false },
            activity: None, closed: None, recorded: false, since: None, outcome: Outcome::Assigned,
        };
        let found = world.resolved(&[schedule]);
        prop_assert_eq!(found.retain_until.limit.day_text(), last.to_string());
        // One microsecond before the end it is still that day, or the one that is left out; at the end it is a later one.
        let until = found.retain_until.limit.until().unwrap();
        let zone = Zone::named(zone).unwrap();
        prop_assert!(zone.date(until) > last);
        prop_assert!(zone.date(until - jiff::SignedDuration::from_micros(1)) <= last);
    }

    #[test]
    fn later_never_makes_due_not_due(
        schedules in any_schedules(), world in any_world(), one in 0i64..6000, other in 0i64..6000,
    ) {
        let resolved = world.resolved(&schedules);
        prop_assert!(!is_due(&resolved, instant(one.min(other))) || is_due(&resolved, instant(one.max(other))));
    }

    #[test]
    fn another_version_never_ends_a_duty_earlier(
        schedules in any_schedules(), more in any_schedule(9), world in any_world(),
    ) {
        let schedules = ratcheted(schedules);
        let before = world.resolved(&schedules);
        // Whatever is activated puts the others in its place, or not.
        let mut with = schedules.clone();
        with.extend(ratcheted(vec![more.clone()]));
        for schedule in &mut with {
            if schedule.document == more.document && schedule.name != more.name {
                schedule.standing = Standing::Superseded;
            }
        }
        let after = world.resolved(&with);
        prop_assert!(after.retain_until.limit >= before.retain_until.limit);
    }

    #[test]
    fn a_later_event_never_ends_a_duty_earlier(
        schedules in any_schedules(), world in any_world(), one in any_day(), other in any_day(),
    ) {
        let schedules = ratcheted(schedules);
        let on = |day| World { closed: Some(EventState::On(day)), recorded: true, ..world.clone() }.resolved(&schedules);
        prop_assert!(on(one.min(other)).retain_until.limit <= on(one.max(other)).retain_until.limit);
        // Until it has come it is awaited without end.
        let awaited = World { closed: None, recorded: true, ..world.clone() }.resolved(&schedules);
        prop_assert!(on(one).retain_until.limit <= awaited.retain_until.limit);
    }

    #[test]
    fn a_later_activity_never_ends_a_duty_earlier(
        schedules in any_schedules(), world in any_world(), one in 0i64..4000, other in 0i64..4000,
    ) {
        let at = |days| World { activity: Some(instant(days)), ..world.clone() }.resolved(&schedules);
        prop_assert!(at(one.min(other)).retain_until.limit <= at(one.max(other)).retain_until.limit);
    }

    #[test]
    fn another_assignment_never_ends_a_duty_earlier(
        schedules in any_schedules(), world in any_world(), keep in any::<prop::sample::Index>(),
    ) {
        let schedules = Schedules::new(ratcheted(schedules));
        let all = world.assigned(&schedules);
        let mut fewer = all.clone();
        fewer.remove(keep.index(all.len()));
        let (before, after) = (world.resolved_as(&schedules, &fewer), world.resolved_as(&schedules, &all));
        prop_assert!(after.retain_until.limit >= before.retain_until.limit);
    }

    #[test]
    fn order_and_repetition_change_nothing(
        (schedules, order) in any_schedules().prop_flat_map(|schedules| {
            let order: Vec<usize> = (0..schedules.len()).collect();
            (Just(schedules), Just(order).prop_shuffle())
        }),
        world in any_world(),
    ) {
        let set = Schedules::new(schedules.clone());
        let assigned = world.assigned(&set);
        let first = world.resolved_as(&set, &assigned);
        let moved = Schedules::new(order.iter().map(|at| schedules[*at].clone()).collect());
        let places: BTreeMap<usize, usize> = order.iter().copied().zip(0..).collect();
        let mut again: Vec<Assigned> = assigned
            .iter()
            .chain(&assigned)
            .map(|one| Assigned { schedule: places[&one.schedule], ..one.clone() })
            .collect();
        again.reverse();
        prop_assert_eq!(&world.resolved_as(&moved, &again), &first);
        prop_assert_eq!(unite(&[first.clone(), first.clone()]), first);
    }

    #[test]
    fn what_was_corrected_or_retired_deletes_nothing(schedules in any_schedules(), world in any_world()) {
        let gone = schedules.into_iter().map(|mut schedule| {
            if schedule.standing == Standing::InForce {
                schedule.standing = Standing::Retired;
            }
            schedule
        });
        let resolved = world.resolved(&gone.collect::<Vec<_>>());
        prop_assert!(resolved.eligible_from.limit.until().is_none());
        prop_assert_eq!(resolved.dispose_at.limit.day_text(), "none");
    }
}
