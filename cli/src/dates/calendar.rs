//! When duties end, by schedule and day, counted beforehand, so that each of millions of messages takes a few look-ups.
//!
//! A schedule sees of a message one day: sent, captured, or that of the last activity. All ends that a schedule's duties can
//! have are therefore few, and are ranked among each other once. Of a message only the ranks are looked up.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use lexhold_catalog::Instants;
use lexhold_retention::{Assigned, Clocks, Day, Days, EventFacts, EventState, Limit, Schedule, Trigger, Zone};
use rayon::prelude::*;

use super::{Class, Dates};

/// The most schedules of a class that is looked up: what has more is resolved day by day.
const SCHEDULES: usize = 10;
/// Room for the duties of so many schedules.
pub const DUTIES: usize = 3 * SCHEDULES;
/// The rank of a duty that a schedule does not have.
pub const ABSENT: u32 = u32::MAX;

/// The ranks of a schedule's three duties: to keep, to delete, not to keep longer.
type Ranks = [u32; 3];
/// The ends that they stand for.
type Ends = [Option<Limit>; 3];

/// Every end that duties can have, and where to find it.
pub struct Calendar {
    /// All ends, sorted: a rank is a position here.
    limits: Vec<Limit>,
    /// For each end, the UTC and the local month in which it lets go.
    months: Vec<u32>,
    /// How many of them are over.
    n_over: u32,
    /// Where infinity begins.
    infinite: u32,
    legs: Vec<Leg>,
    /// The legs of each class, by its number; none where it is resolved day by day.
    classes: Vec<Option<Box<[u32]>>>,
    /// By zone, where the days of messages stand in a leg.
    places: Vec<Places>,
}

/// One schedule as it was assigned, with what the register says of its events.
struct Leg {
    zone: usize,
    by: By,
    /// By the place of the day.
    ranks: Vec<Ranks>,
}

/// Which day of a message a schedule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// None.
    Nothing,
    Sent,
    Captured,
    Activity,
}

/// The distinct days of messages in one zone; a place is a position among them.
#[derive(Default)]
struct Places {
    sent_days: Vec<Option<Date>>,
    captured_days: Vec<Option<Date>>,
    active_days: Vec<Option<Date>>,
    /// By the number of the days, and of the conversation.
    sent: Vec<u32>,
    captured: Vec<u32>,
    active: Vec<u32>,
}

/// By what legs are told apart.
type LegKey = (Assigned, Vec<(EventState, bool)>);

impl Calendar {
    /// Counts every end that messages of these dates can have.
    pub fn of(dates: &Dates<'_>) -> Self {
        let zones: Vec<Zone> = dates.schedules.zones().to_vec();
        let places: Vec<Places> = zones.par_iter().map(|zone| Places::of(dates, zone)).collect();
        let mut numbers: HashMap<LegKey, u32> = HashMap::new();
        let mut wanted: Vec<(LegKey, EventFacts, usize, By)> = Vec::new();
        let mut leg = |assigned: &Assigned, events: &EventFacts| -> Option<u32> {
            let schedule = dates.schedules.get(assigned.schedule)?;
            let by = looks_at(schedule, assigned)?;
            let zone = zones.iter().position(|zone| *zone == schedule.zone)?;
            let asked = schedule.asked_events();
            let states = asked
                .map(|event| (events.state(event), events.is_recorded(event)))
                .collect();
            let key: LegKey = (assigned.clone(), states);
            let next = u32::try_from(numbers.len()).ok()?;
            let number = *numbers.entry(key).or_insert_with_key(|key| {
                wanted.push((key.clone(), events.clone(), zone, by));
                next
            });
            Some(number)
        };
        let classes = dates.classes.iter().map(|class| {
            let assigned = class.assigned(None);
            if !is_plain(class) || assigned.len() > SCHEDULES {
                return None;
            }
            assigned.iter().map(|one| leg(one, &class.events)).collect()
        });
        let classes: Vec<Option<Box<[u32]>>> = classes.collect();
        let ends: Vec<Vec<Ends>> = wanted
            .par_iter()
            .map(|((assigned, _), events, zone, by)| {
                ends(dates, assigned, events, &zones[*zone], places[*zone].days(*by))
            })
            .collect();
        let mut limits: Vec<Limit> = ends.iter().flatten().flatten().copied().flatten().collect();
        limits.par_sort_unstable();
        limits.dedup();
        let rank = |end: &Option<Limit>| {
            let found = end.as_ref().and_then(|end| limits.binary_search(end).ok());
            found.and_then(|at| u32::try_from(at).ok()).unwrap_or(ABSENT)
        };
        let ranks: Vec<Vec<Ranks>> = ends
            .par_iter()
            .map(|ends| {
                ends.iter()
                    .map(|ends| [rank(&ends[0]), rank(&ends[1]), rank(&ends[2])])
                    .collect()
            })
            .collect();
        let legs = wanted.into_iter().zip(ranks);
        let legs = legs.map(|((_, _, zone, by), ranks)| Leg { zone, by, ranks }).collect();
        let before =
            |is: &dyn Fn(&Limit) -> bool| u32::try_from(limits.partition_point(|limit| is(limit))).unwrap_or(ABSENT);
        Self {
            months: limits.iter().map(|limit| months(*limit)).collect(),
            n_over: before(&|limit| *limit == Limit::None || limit.is_over(dates.as_of)),
            infinite: before(&|limit| limit.reason().is_none()),
            limits,
            legs,
            classes,
            places,
        }
    }

    /// Whether messages of a class are looked up.
    pub fn has(&self, class: u32) -> bool {
        self.legs_of(class).is_some()
    }

    fn legs_of(&self, class: u32) -> Option<&[u32]> {
        self.classes.get(usize::try_from(class).ok()?)?.as_deref()
    }

    /// Looks up the ranks of a message's duties, and says how many there are room for; none where its class or its days are
    /// not in the calendar.
    pub fn look_up(&self, class: u32, days: u32, conversation: u32, ranks: &mut [u32; DUTIES]) -> Option<usize> {
        let legs = self.legs_of(class)?;
        for (to, leg) in ranks.as_chunks_mut::<3>().0.iter_mut().zip(legs) {
            let leg = self.legs.get(*leg as usize)?;
            let place = self.places.get(leg.zone)?.of_message(leg.by, days, conversation)?;
            *to = *leg.ranks.get(place as usize)?;
        }
        Some(legs.len() * 3)
    }

    /// The end of this rank.
    pub fn limit(&self, rank: u32) -> Option<Limit> {
        self.limits.get(rank as usize).copied()
    }

    /// What the end of a rank comes to in a forecast: the same number for the same months.
    pub fn months(&self, rank: u32) -> u32 {
        self.months.get(rank as usize).copied().unwrap_or(0)
    }

    /// The order in which duties end and which of them are over, as text: one to a duty, equal for all ranks that differ in
    /// nothing else.
    pub fn order(&self, ranks: &[u32]) -> [u8; DUTIES] {
        let mut sorted = [0_u64; DUTIES];
        for (at, (to, rank)) in sorted.iter_mut().zip(ranks).enumerate() {
            *to = u64::from(*rank) << 8 | at as u64;
        }
        let sorted = &mut sorted[..ranks.len()];
        sorted.sort_unstable();
        let mut order = [u8::MAX; DUTIES];
        let (mut place, mut last) = (0_u8, ABSENT);
        for one in sorted {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "what was put together above is taken apart"
            )]
            let (rank, at) = ((*one >> 8) as u32, (*one & 0xff) as usize);
            if rank == ABSENT {
                break;
            }
            if rank != last {
                // Ends of one instant on two local days count as one instant in some places and as two in others.
                let together = last != ABSENT && rank < self.infinite && self.until(rank) == self.until(last);
                place += if together { 2 } else { 1 };
                last = rank;
            }
            order[at] = match rank {
                rank if rank < self.n_over => place,
                rank if rank < self.infinite => place | 0x40,
                #[expect(clippy::cast_possible_truncation, reason = "there are five reasons")]
                rank => 0x80 | (rank - self.infinite) as u8,
            };
        }
        order
    }

    fn until(&self, rank: u32) -> Option<Timestamp> {
        self.limit(rank).and_then(Limit::until)
    }
}

impl Places {
    fn of(dates: &Dates<'_>, zone: &Zone) -> Self {
        let of_days = |day: fn(&Day) -> Option<Date>| {
            numbered(
                dates
                    .days
                    .iter()
                    .map(|(number, days)| (*number, days.at(zone).and_then(day))),
            )
        };
        let (sent_days, sent) = of_days(|day| day.sent);
        let (captured_days, captured) = of_days(|day| Some(day.captured));
        let active = dates.conversations.iter();
        let (active_days, active) = numbered(active.map(|(number, one)| (*number, Some(zone.date(one.active_at)))));
        Self {
            sent_days,
            captured_days,
            active_days,
            sent,
            captured,
            active,
        }
    }

    fn days(&self, by: By) -> &[Option<Date>] {
        match by {
            By::Nothing => &[None],
            By::Sent => &self.sent_days,
            By::Captured => &self.captured_days,
            By::Activity => &self.active_days,
        }
    }

    fn of_message(&self, by: By, days: u32, conversation: u32) -> Option<u32> {
        let place = match by {
            By::Nothing => return Some(0),
            By::Sent => self.sent.get(days as usize),
            By::Captured => self.captured.get(days as usize),
            By::Activity => self.active.get(conversation as usize),
        };
        place.copied().filter(|place| *place != ABSENT)
    }
}

/// The distinct days, and by number where each stands among them.
fn numbered(days: impl Iterator<Item = (u32, Option<Date>)>) -> (Vec<Option<Date>>, Vec<u32>) {
    let days: Vec<(u32, Option<Date>)> = days.collect();
    let distinct: BTreeSet<Option<Date>> = days.iter().map(|(_, day)| *day).collect();
    let distinct: Vec<Option<Date>> = distinct.into_iter().collect();
    let n = days.iter().map(|(number, _)| *number as usize + 1).max().unwrap_or(0);
    let mut places = vec![ABSENT; n];
    for (number, day) in days {
        let place = distinct.binary_search(&day).ok().and_then(|at| u32::try_from(at).ok());
        places[number as usize] = place.unwrap_or(ABSENT);
    }
    (distinct, places)
}

/// Whether stored days, and the day of the last activity, say all that the dates of a class follow from.
fn is_plain(class: &Class) -> bool {
    class.instants() == Instants::Never && class.conversation_events.is_empty() && !class.is_doubtful()
}

/// The day that a schedule looks at; none where it looks at several.
fn looks_at(schedule: &Schedule, assigned: &Assigned) -> Option<By> {
    let of_trigger = |trigger: &Trigger| match trigger {
        Trigger::Sent => By::Sent,
        Trigger::Captured => By::Captured,
        Trigger::LastActivity => By::Activity,
        Trigger::PolicyAssigned if assigned.since.is_none() => By::Captured,
        Trigger::PolicyAssigned | Trigger::Event(_) | Trigger::Date { .. } => By::Nothing,
    };
    let retired = schedule.retired.map(|_| By::Captured);
    let mut all = schedule
        .triggers()
        .map(of_trigger)
        .chain(retired)
        .filter(|by| *by != By::Nothing);
    let first = all.next().unwrap_or(By::Nothing);
    all.all(|by| by == first).then_some(first)
}

/// The ends of a schedule's duties on each of some days.
fn ends(dates: &Dates<'_>, assigned: &Assigned, events: &EventFacts, zone: &Zone, days: &[Option<Date>]) -> Vec<Ends> {
    let on = |day: &Option<Date>| {
        // Whatever day the schedule looks at, it is this one. A day sent that is missing stays so.
        let captured = day.unwrap_or(Date::MAX);
        let row = Day {
            zone: zone.clone(),
            sent: *day,
            captured,
        };
        let days = Days {
            suspect: false,
            rows: vec![row],
        };
        let clocks = Clocks {
            days: &days,
            activity: day.and_then(|day| zone.start_of_day(day)),
            register: events,
        };
        dates.schedules.ends(assigned, &clocks)
    };
    days.iter().map(on).collect()
}

/// The months in which an end lets go, in UTC and by its own days.
fn months(limit: Limit) -> u32 {
    let Limit::Through { last, until } = limit else {
        return 0;
    };
    let month = |day: Date| {
        let first = date(-9999, 1, 1);
        u32::try_from((i32::from(day.year()) - i32::from(first.year())) * 12 + i32::from(day.month())).unwrap_or(0)
    };
    let utc = month(TimeZone::UTC.to_datetime(until).date());
    let local = month(last.tomorrow().unwrap_or(last));
    utc << 2 | (local + 2 - utc) & 3
}
