//! From schedules and days to dates.

use std::cmp::Ordering;

use jiff::Timestamp;
use lexhold_model::Key;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::disposal::{self, Deletion};
use crate::summary::summarise;
use crate::{Clocks, Duty, DutyKind, Limit, Mode, Part, Resolved, Schedule, Schedules, Standing, Tier};

/// A schedule that a message matches, or may match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Assigned {
    /// Its position in [`Schedules::iter`].
    pub schedule: usize,
    /// How sure that is.
    pub outcome: Outcome,
    /// When a later activation brought it; none where it was assigned at the capture.
    pub since: Option<Timestamp>,
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

impl Outcome {
    /// The word for it in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Outcome::Assigned => "assigned",
            Outcome::ByPattern => "by_pattern",
            Outcome::Indeterminate { .. } => "indeterminate",
        }
    }

    /// Why it could not be evaluated.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Outcome::Indeterminate { reason } => Some(reason),
            Outcome::Assigned | Outcome::ByPattern => None,
        }
    }
}

impl Schedules {
    /// The key of a set of assignments, whatever their order.
    ///
    /// # Panics
    /// If a position is not one of [`Schedules::indexes`].
    pub fn set_key(&self, assigned: &[Assigned]) -> Key {
        let mut lines: Vec<String> = assigned
            .iter()
            .map(|assigned| {
                let outcome = &assigned.outcome;
                let reason = outcome.reason().unwrap_or_default();
                format!("{}\t{}\t{reason}", self.key_at(assigned.schedule), outcome.as_str())
            })
            .collect();
        lines.sort();
        lines.dedup();
        Key::of("lexhold duty set 1", lines.iter().map(String::as_bytes))
    }

    /// The dates of a message from the schedules assigned to it and its clocks.
    ///
    /// The order of `assigned` changes nothing, nor does naming a schedule twice. A zone that its days lack makes the
    /// message indeterminate.
    ///
    /// # Panics
    /// If a position is not one of [`Schedules::indexes`].
    pub fn resolve(&self, assigned: &[Assigned], clocks: &Clocks<'_>) -> Resolved {
        self.resolve_with(assigned, clocks, true)
    }

    /// The same dates as [`Schedules::resolve`] without the arithmetic in words, for when there are millions.
    ///
    /// # Panics
    /// If a position is not one of [`Schedules::indexes`].
    pub fn resolve_dates(&self, assigned: &[Assigned], clocks: &Clocks<'_>) -> Resolved {
        self.resolve_with(assigned, clocks, false)
    }

    /// When the duties of one schedule end: its duty to keep, its deletion, its ceiling, as far as it has them.
    ///
    /// Of the days only the one in the schedule's zone is looked at, of the clocks only what its triggers name.
    ///
    /// # Panics
    /// If the position is not one of [`Schedules::indexes`].
    pub fn ends(&self, assigned: &Assigned, clocks: &Clocks<'_>) -> [Option<Limit>; 3] {
        let mut ends = [None; 3];
        for found in self.duties(assigned, clocks, false) {
            ends[found.duty.kind as usize] = Some(found.duty.ends);
        }
        ends
    }

    fn resolve_with(&self, assigned: &[Assigned], clocks: &Clocks<'_>, told: bool) -> Resolved {
        let mut found: Vec<Found<'_>> = once_each(assigned)
            .into_iter()
            .flat_map(|assigned| self.duties(assigned, clocks, told))
            .collect();
        found.sort_by(|one, other| order(&one.duty, &other.duty).then(other.tier.cmp(&one.tier)));
        found.dedup_by(|one, other| is_same(&one.duty, &other.duty));
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

    fn duties(
        &self,
        assigned: &Assigned,
        clocks: &Clocks<'_>,
        told: bool,
    ) -> impl Iterator<Item = Found<'_>> + use<'_> {
        let schedule = self.at(assigned.schedule);
        let day = clocks.days.at(&schedule.zone);
        let clock = Clock {
            schedule,
            assigned,
            day,
            clocks,
            key: self.key_at(assigned.schedule),
            told,
        };
        let is_too_late = |retired| day.is_some_and(|day| day.captured >= retired);
        let effect = match schedule.retired {
            Some(retired) if is_too_late(retired) => Effect::NONE,
            _ => Effect::of(schedule),
        };
        let duties = [
            effect.retain.then(|| clock.retain()).flatten(),
            effect.dispose.then(|| clock.dispose()).flatten(),
            effect.ceiling.then(|| clock.ceiling()).flatten(),
        ];
        let tier = match assigned.outcome {
            Outcome::ByPattern => schedule.tier.min(Tier::Scoped),
            Outcome::Assigned | Outcome::Indeterminate { .. } => schedule.tier,
        };
        let duties = duties.into_iter().flatten();
        duties.map(move |duty| Found { schedule, tier, duty })
    }
}

/// What a version of a schedule still does, by the standing of its document's version.
struct Effect {
    retain: bool,
    dispose: bool,
    ceiling: bool,
}

impl Effect {
    const NONE: Self = Self {
        retain: false,
        dispose: false,
        ceiling: false,
    };

    fn of(schedule: &Schedule) -> Self {
        let standing = schedule.standing;
        let in_force = standing == Standing::InForce;
        let (retain, dispose) = match schedule.mode {
            Mode::Operational => (in_force, in_force),
            Mode::Compliance => (
                standing != Standing::Corrected,
                in_force || standing == Standing::Superseded,
            ),
        };
        // A document with a day of retirement deletes nothing more.
        let deletes = schedule.retired.is_none();
        Self {
            retain,
            dispose: dispose && deletes,
            ceiling: in_force && deletes,
        }
    }
}

/// Every schedule and outcome once, from the first time that it was assigned.
fn once_each(assigned: &[Assigned]) -> Vec<&Assigned> {
    let mut once: Vec<&Assigned> = assigned.iter().collect();
    once.sort_unstable_by_key(|assigned| (assigned.schedule, &assigned.outcome, assigned.since));
    once.dedup_by_key(|assigned| (assigned.schedule, &assigned.outcome));
    once
}

/// The dates of a family of versions, which goes as one: the latest of each.
pub fn unite(members: &[Resolved]) -> Resolved {
    let mut duties: Vec<Duty> = members
        .iter()
        .flat_map(|member| member.duties.iter().cloned())
        .collect();
    duties.sort_by(order);
    duties.dedup_by(|one, other| is_same(one, other));
    let parts = members.iter().flat_map(|member| {
        let moved = |positions: &[usize]| -> Vec<usize> {
            let mut moved: Vec<usize> = positions
                .iter()
                .filter_map(|at| duties.iter().position(|duty| is_same(duty, &member.duties[*at])))
                .collect();
            moved.sort_unstable();
            moved.dedup();
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
            schedule: &self.schedule.name,
            in_force: self.schedule.standing == Standing::InForce,
            tier: self.tier,
            limit: self.duty.ends,
            duty,
        }
    }
}

/// Whether two duties differ in nothing but words.
fn is_same(one: &Duty, other: &Duty) -> bool {
    let key = |duty: &Duty| {
        let dates = (duty.trigger_date, duty.ends, duty.accessible, duty.lapses);
        (duty.kind, duty.schedule, dates, duty.action, duty.suspect)
    };
    key(one) == key(other)
}

/// An order in which equal duties stand together, whatever they came from.
fn order(one: &Duty, other: &Duty) -> Ordering {
    let key = |duty: &Duty| {
        (
            duty.kind,
            duty.schedule,
            duty.ends,
            duty.trigger_date,
            (duty.accessible, duty.lapses),
            duty.action,
            duty.suspect,
        )
    };
    key(one).cmp(&key(other)).then_with(|| one.steps.cmp(&other.steps))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;
    use crate::testing::{all, instant, resolved, schedule, sent};
    use crate::{Action, Basis, BusinessDays, Cutoff, Days, InForce, MonthEnd, Reason, Roll, Triggers, Zone};

    /// `retain_until`, `dispose_at` and `eligible_from`, as reports show them.
    fn dates(resolved: &Resolved) -> [String; 3] {
        [
            resolved.retain_until.limit.day_text(),
            resolved.dispose_at.limit.day_text(),
            resolved.eligible_from.limit.instant_text(),
        ]
    }

    fn check(schedules: impl IntoIterator<Item = Schedule>, at: &str, expected: [&str; 3]) {
        assert_eq!(dates(&resolved(schedules, &sent(at))), expected);
    }

    fn a() -> Schedule {
        schedule("a").delete("P3Y")
    }

    fn b() -> Schedule {
        schedule("b").tier(Tier::Scoped).retain("P5Y").delete("retain")
    }

    fn c() -> Schedule {
        schedule("c").tier(Tier::Label).retain("P7Y").delete("retain")
    }

    const DAY: &str = "2023-11-15T12:00:00Z";

    #[test]
    fn worked_label_beats_scoped_beats_organisation() {
        check([a(), b()], DAY, ["2028-11-15", "2028-11-15", "2028-11-16T00:00:00Z"]);
        check(
            [a(), b(), c()],
            DAY,
            ["2030-11-15", "2030-11-15", "2030-11-16T00:00:00Z"],
        );
        check([a()], DAY, ["none", "2026-11-15", "2026-11-16T00:00:00Z"]);
    }

    #[test]
    fn worked_a_longer_duty_keeps_past_a_scoped_deletion() {
        let keep = schedule("keep").retain("P7Y");
        check([b(), keep], DAY, ["2030-11-15", "2028-11-15", "2030-11-16T00:00:00Z"]);
    }

    #[test]
    fn worked_deletions_without_duties() {
        let scoped = |name, period| schedule(name).tier(Tier::Scoped).delete(period);
        let org = |name, period| schedule(name).delete(period);
        let label = schedule("label").tier(Tier::Label).delete("P7Y");
        check(
            [scoped("x", "P1Y"), org("y", "P3Y")],
            DAY,
            ["none", "2024-11-15", "2024-11-16T00:00:00Z"],
        );
        check(
            [scoped("x", "P1Y"), scoped("y", "P3Y")],
            DAY,
            ["none", "2024-11-15", "2024-11-16T00:00:00Z"],
        );
        check(
            [label, org("x", "P5Y"), org("y", "P10Y")],
            DAY,
            ["none", "2030-11-15", "2030-11-16T00:00:00Z"],
        );
    }

    #[test]
    fn worked_two_versions_of_one_document_come_to_the_later() {
        let version = |version: &str, period| {
            schedule("a").delete(period).with(|schedule| {
                schedule.version = version.into();
                schedule.digest = lexhold_model::Digest::of(version.as_bytes());
            })
        };
        let both = [version("1.0.0", "P1Y"), version("2.0.0", "P3Y")];
        check(both, DAY, ["none", "2026-11-15", "2026-11-16T00:00:00Z"]);
    }

    #[test]
    fn golden_a_trigger_on_new_years_eve_in_new_york() {
        let at = "2019-01-01T04:30:00Z";
        let york = || schedule("x").zone("America/New_York").retain("P3Y").delete("retain");
        check([york()], at, ["2021-12-31", "2021-12-31", "2022-01-01T05:00:00Z"]);
        check(
            [york().zone("UTC")],
            at,
            ["2022-01-01", "2022-01-01", "2022-01-02T00:00:00Z"],
        );
        let year_end = |zone: &str| {
            york().retain("P6Y").zone(zone).with(|schedule| {
                schedule.retain.as_mut().unwrap().term.cutoff = Some(Cutoff::Year);
            })
        };
        check(
            [year_end("America/New_York")],
            at,
            ["2024-12-31", "2024-12-31", "2025-01-01T05:00:00Z"],
        );
        check(
            [year_end("UTC")],
            at,
            ["2025-12-31", "2025-12-31", "2026-01-01T00:00:00Z"],
        );
    }

    #[test]
    fn golden_a_weekend_rolls_forward_and_only_where_it_says_so() {
        let rolling = |roll| {
            schedule("x").retain("P6Y").delete("retain").with(|schedule| {
                schedule.retain.as_mut().unwrap().term.roll = roll;
            })
        };
        let at = "2020-02-29T08:00:00Z";
        let weekends = Some(Roll::Following(BusinessDays::Weekends));
        check(
            [rolling(weekends)],
            at,
            ["2026-03-02", "2026-03-02", "2026-03-03T00:00:00Z"],
        );
        check(
            [rolling(None)],
            at,
            ["2026-02-28", "2026-02-28", "2026-03-01T00:00:00Z"],
        );
    }

    #[test]
    fn golden_the_safe_reading_of_a_us_minimum() {
        let next_day = schedule("x").retain("P3Y").delete("retain").with(|schedule| {
            schedule.retain.as_mut().unwrap().term.month_end = MonthEnd::NextDay;
        });
        check(
            [next_day],
            "2024-02-29T20:00:00Z",
            ["2027-03-01", "2027-03-01", "2027-03-02T00:00:00Z"],
        );
    }

    #[test]
    fn across_zones_the_later_instant_decides() {
        // The Kiritimati date is the later one, and yet the Pago Pago day ends later.
        let east = schedule("east").zone("Pacific/Kiritimati").retain("P1Y");
        let west = schedule("west").zone("Pacific/Pago_Pago").retain("P1Y");
        let both = resolved([east, west], &sent("2024-06-01T11:00:00Z"));
        assert_eq!(both.retain_until.limit.instant_text(), "2025-06-02T11:00:00Z");
        assert_eq!(both.retain_until.limit.day_text(), "2025-06-01");
        assert_eq!(both.duties[both.retain_until.by[0]].zone.name(), "Pacific/Pago_Pago");
        let days: Vec<_> = both.duties.iter().map(|duty| duty.ends.day_text()).collect();
        assert!(days.contains(&"2025-06-02".to_owned()), "{days:?}");
    }

    #[test]
    fn accessible_counts_from_the_cutoff() {
        // Rule 204-2(e) with a calendar year: the first two years of five within easy reach.
        let adviser = schedule("x").retain("P5Y").with(|schedule| {
            let retain = schedule.retain.as_mut().unwrap();
            retain.term.cutoff = Some(Cutoff::Year);
            retain.accessible = Some("P2Y".parse().unwrap());
        });
        let resolved = resolved([adviser, schedule("y").retain("P1Y")], &sent("2021-08-14T10:00:00Z"));
        assert_eq!(resolved.accessible_until.limit.day_text(), "2023-12-31");
        assert_eq!(resolved.retain_until.limit.day_text(), "2026-12-31");
    }

    #[test]
    fn an_event_that_is_not_recorded_is_infinity_with_its_reason() {
        let terms = schedule("x").retain("P6Y event").delete("retain").with(|schedule| {
            schedule.retain.as_mut().unwrap().accessible = Some("P2Y".parse().unwrap());
        });
        let open = resolved([terms, schedule("y").delete("P1Y")], &sent(DAY));
        let awaiting = Limit::Infinity {
            reason: Reason::AwaitingEvent,
        };
        assert_eq!(open.retain_until.limit, awaiting);
        assert_eq!(open.accessible_until.limit, awaiting);
        assert_eq!(open.eligible_from.limit, awaiting);
        assert_eq!(open.dispose_at.limit.day_text(), "2024-11-15");
        assert!(!open.is_indeterminate());
        let duty = &open.duties[open.retain_until.by[0]];
        assert_eq!(
            duty.explain(Some(&sent(DAY))),
            "event account_closed by accounts -> not recorded yet"
        );
    }

    #[test]
    fn no_date_sent_is_indeterminate_where_it_counts() {
        let captured = Triggers {
            sent: None,
            ..sent(DAY)
        };
        let by_sent = resolved([schedule("x").delete("P1Y"), schedule("y").retain("P3Y")], &captured);
        assert!(by_sent.is_indeterminate());
        assert_eq!(by_sent.eligible_from.limit.reason(), Some(Reason::Indeterminate));
        assert_eq!(by_sent.retain_until.limit.reason(), Some(Reason::Indeterminate));
        let by_capture = resolved([schedule("x").delete("P1Y captured")], &captured);
        assert!(!by_capture.is_indeterminate());
        assert_eq!(by_capture.dispose_at.limit.day_text(), "2024-11-15");
        let forever = resolved([schedule("x").retain("permanent")], &captured);
        assert_eq!(forever.retain_until.limit.reason(), Some(Reason::Permanent));
    }

    #[test]
    fn a_schedule_that_could_not_be_evaluated_keeps() {
        let schedules = Schedules::new(vec![schedule("x").delete("P1Y"), schedule("y").ceiling("P1Y")]);
        for doubtful in [0, 1] {
            let mut assigned = all(&schedules);
            assigned[doubtful].outcome = Outcome::Indeterminate {
                reason: "attribute `accounts` is missing".into(),
            };
            let resolved = schedules.resolve(&assigned, &Clocks::of(&Days::of(schedules.zones(), &sent(DAY))));
            assert!(resolved.is_indeterminate());
            assert_eq!(resolved.eligible_from.limit.reason(), Some(Reason::Indeterminate));
            assert!(
                resolved
                    .duties
                    .iter()
                    .any(|duty| duty.steps[0].contains("`accounts` is missing"))
            );
        }
    }

    #[test]
    fn a_date_names_the_duties_that_decide_it() {
        let kinds = |found: &Resolved, by: &[usize]| -> Vec<_> { by.iter().map(|at| found.duties[*at].kind).collect() };
        let found = resolved([b(), c(), schedule("x").ceiling("P9Y")], &sent(DAY));
        assert_eq!(
            kinds(&found, &found.eligible_from.by),
            [DutyKind::Retain, DutyKind::Dispose]
        );
        assert_eq!(
            kinds(&found, &found.decided_by()),
            [DutyKind::Retain, DutyKind::Dispose, DutyKind::Ceiling]
        );
        // The deletion with the duty's own end was not chosen.
        let other = resolved([b(), schedule("x").tier(Tier::Scoped).delete("P1Y")], &sent(DAY));
        assert_eq!(kinds(&other, &other.eligible_from.by), [DutyKind::Retain]);
    }

    #[test]
    fn equal_sets_have_equal_keys() {
        let schedules = Schedules::new(vec![a(), b(), c()]);
        let assigned = all(&schedules);
        let reversed: Vec<_> = assigned.iter().chain(&assigned[..1]).rev().cloned().collect();
        assert_eq!(schedules.set_key(&assigned), schedules.set_key(&reversed));
        assert_ne!(schedules.set_key(&assigned), schedules.set_key(&assigned[1..]));
        let mut by_pattern = assigned.clone();
        by_pattern[2].outcome = Outcome::ByPattern;
        assert_ne!(schedules.set_key(&assigned), schedules.set_key(&by_pattern));
    }

    #[test]
    fn a_zone_without_days_keeps() {
        let schedules = Schedules::new(vec![schedule("x").delete("P1Y")]);
        let elsewhere = Days::of(&[Zone::named("Europe/Berlin").unwrap()], &sent(DAY));
        assert!(
            schedules
                .resolve(&all(&schedules), &Clocks::of(&elsewhere))
                .is_indeterminate()
        );
    }

    #[test]
    fn beyond_the_calendar_is_permanent() {
        check([schedule("x").retain("P9999Y").delete("retain")], DAY, ["infinity"; 3]);
        let far = resolved(
            [schedule("x").retain("P1D").delete("retain")],
            &sent("9999-12-29T00:00:00Z"),
        );
        assert_eq!(far.retain_until.limit.reason(), Some(Reason::Permanent));
        assert!(
            far.duties[0]
                .steps
                .iter()
                .any(|step| step.contains("beyond the calendar"))
        );
        check(
            [schedule("x").delete("P1Y")],
            "-009999-01-05T00:00:00Z",
            ["none", "-009998-01-05", "-009998-01-06T00:00:00Z"],
        );
    }

    #[test]
    fn without_a_deletion_there_is_no_day_of_disposal() {
        let kept = resolved([schedule("x").retain("P1Y")], &sent(DAY));
        assert_eq!(dates(&kept), ["2024-11-15", "none", "infinity"]);
        assert_eq!(kept.eligible_from.limit.reason(), Some(Reason::NoRule));
        let nothing = resolved([], &sent(DAY));
        assert_eq!(dates(&nothing), ["none", "none", "infinity"]);
    }

    #[test]
    fn the_earliest_ceiling_makes_eligible_for_review() {
        let ceilings = [
            schedule("x").ceiling("P2Y"),
            schedule("y").ceiling("P4Y"),
            schedule("z").delete("P5Y"),
        ];
        let found = resolved(ceilings, &sent(DAY));
        assert_eq!(found.must_dispose_by.limit.day_text(), "2025-11-15");
        assert_eq!(found.eligible_from.limit.instant_text(), "2025-11-16T00:00:00Z");
        assert_eq!(found.action, Action::Review);
        assert!(found.conflicts.is_empty());
        assert_eq!(found.overdue_from, Some(instant("2025-11-16T00:00:00Z")));
    }

    #[test]
    fn overdue_counts_from_the_later_of_eligible_and_the_ceiling() {
        let ceiling = |period| {
            schedule("x").ceiling(period).with(|schedule| {
                schedule.ceiling.as_mut().unwrap().within = Some("P30D".parse().unwrap());
            })
        };
        let after_ceiling = resolved([ceiling("P2Y"), schedule("y").delete("P1Y")], &sent(DAY));
        assert_eq!(after_ceiling.overdue_from, Some(instant("2025-12-16T00:00:00Z")));
        let after_duty = resolved([ceiling("P2Y"), schedule("y").retain("P3Y")], &sent(DAY));
        assert_eq!(after_duty.overdue_from, Some(instant("2026-12-16T00:00:00Z")));
        let never = resolved([ceiling("P2Y"), schedule("y").retain("permanent")], &sent(DAY));
        assert_eq!(never.overdue_from, None);
    }

    #[test]
    fn a_ceiling_before_the_end_of_a_duty_is_a_conflict_unless_it_yields() {
        let ceiling = |yields_to: &[&str]| {
            schedule("ceiling").ceiling("P2Y").with(|schedule| {
                schedule.ceiling.as_mut().unwrap().yields_to = yields_to.iter().map(|&of| of.to_owned()).collect();
            })
        };
        let law = || schedule("law").retain("P3Y");
        let contract = || law().with(|schedule| schedule.basis = Some(Basis::Contract));
        let conflicts = |one: Schedule, other: Schedule| resolved([one, other], &sent(DAY)).conflicts.len();
        assert_eq!(conflicts(ceiling(&[]), law()), 1);
        assert_eq!(conflicts(ceiling(&["DE"]), law()), 1);
        assert_eq!(conflicts(ceiling(&["DE", "US"]), law()), 0);
        assert_eq!(conflicts(ceiling(&["US"]), contract()), 1);
        assert_eq!(conflicts(ceiling(&[]), schedule("y").retain("P2Y")), 0);
        assert_eq!(conflicts(ceiling(&[]), schedule("y").retain("permanent")), 1);
        let kept = resolved([ceiling(&[]), law()], &sent(DAY));
        assert_eq!(kept.eligible_from.limit.instant_text(), "2026-11-16T00:00:00Z");
        let conflict = kept.conflicts[0];
        assert_eq!(kept.duties[conflict.ceiling].kind, DutyKind::Ceiling);
        assert_eq!(kept.duties[conflict.retain].kind, DutyKind::Retain);
    }

    #[test]
    fn a_ceiling_binds_inside_the_dates_of_its_law() {
        let within = |from: Option<Date>, to: Option<Date>| {
            schedule("x")
                .ceiling("P2Y")
                .with(|schedule| schedule.in_force = InForce { from, to })
        };
        let day = |schedule| {
            let resolved = resolved([schedule], &sent(DAY));
            (
                resolved.must_dispose_by.limit.day_text(),
                resolved.eligible_from.limit.instant_text(),
            )
        };
        let bound = |last: &str, from: &str| (last.to_owned(), from.to_owned());
        assert_eq!(day(within(None, None)), bound("2025-11-15", "2025-11-16T00:00:00Z"));
        assert_eq!(
            day(within(Some(date(2020, 1, 1)), None)),
            bound("2025-11-15", "2025-11-16T00:00:00Z")
        );
        assert_eq!(
            day(within(Some(date(2027, 7, 10)), None)),
            bound("2027-07-09", "2027-07-10T00:00:00Z")
        );
        assert_eq!(
            day(within(None, Some(date(2025, 11, 16)))),
            bound("2025-11-15", "2025-11-16T00:00:00Z")
        );
        assert_eq!(
            day(within(None, Some(date(2025, 11, 15)))),
            bound("infinity", "infinity")
        );
        let lapsed = resolved([within(None, Some(date(2025, 11, 15)))], &sent(DAY));
        assert_eq!(lapsed.must_dispose_by.limit.reason(), Some(Reason::NoRule));
    }

    #[test]
    fn a_retired_document_keeps_what_it_has_and_deletes_nothing() {
        let retired = |day| {
            schedule("x")
                .retain("P1Y")
                .delete("retain")
                .ceiling("P2Y")
                .with(|schedule| schedule.retired = Some(day))
        };
        check([retired(date(2024, 1, 1))], DAY, ["2024-11-15", "none", "infinity"]);
        check([retired(date(2023, 11, 15))], DAY, ["none", "none", "infinity"]);
        let governed = resolved([retired(date(2024, 1, 1))], &sent(DAY));
        assert_eq!(governed.must_dispose_by.limit, Limit::None);
    }

    #[test]
    fn a_label_from_a_pattern_rule_keeps_but_deletes_only_as_scoped_and_under_review() {
        let schedules = Schedules::new(vec![
            schedule("label").tier(Tier::Label).retain("P7Y").delete("retain"),
            schedule("scoped").tier(Tier::Scoped).delete("P1Y"),
        ]);
        let days = Days::of(schedules.zones(), &sent(DAY));
        let mut assigned = all(&schedules);
        let by_person = schedules.resolve(&assigned, &Clocks::of(&days));
        assert_eq!(
            (by_person.dispose_at.limit.day_text().as_str(), by_person.action),
            ("2030-11-15", Action::Destroy)
        );
        assigned[0].outcome = Outcome::ByPattern;
        let by_pattern = schedules.resolve(&assigned, &Clocks::of(&days));
        assert_eq!(by_pattern.dispose_at.limit.day_text(), "2024-11-15");
        assert_eq!(by_pattern.retain_until.limit.day_text(), "2030-11-15");
        let alone = schedules.resolve(&assigned[..1], &Clocks::of(&days));
        assert_eq!(alone.action, Action::Review);
    }

    #[test]
    fn the_most_careful_of_equal_deletions_is_the_action() {
        let with = |name: &str, action, to: Option<&str>| {
            schedule(name).delete("P1Y").with(|schedule| {
                let dispose = schedule.dispose.as_mut().unwrap();
                dispose.action = action;
                dispose.to = to.map(str::to_owned);
            })
        };
        let action = |one: Schedule, other: Schedule| {
            let resolved = resolved([one, other], &sent(DAY));
            (resolved.action, resolved.to)
        };
        let transfer = |name, to| with(name, Action::Transfer, Some(to));
        let destroy = |name| with(name, Action::Destroy, None);
        assert_eq!(action(destroy("x"), destroy("y")), (Action::Destroy, None));
        assert_eq!(
            action(destroy("x"), with("y", Action::Review, None)),
            (Action::Review, None)
        );
        assert_eq!(
            action(destroy("x"), transfer("y", "archive")),
            (Action::Transfer, Some("archive".into()))
        );
        assert_eq!(
            action(transfer("x", "archive"), transfer("y", "museum")),
            (Action::Review, None)
        );
    }

    #[test]
    fn a_family_takes_the_latest() {
        let schedules = Schedules::new(vec![a(), b(), c()]);
        let days = |at| Days::of(schedules.zones(), &sent(at));
        let assigned = all(&schedules);
        let original = schedules.resolve(&assigned[..1], &Clocks::of(&days(DAY)));
        let edit = schedules.resolve(&assigned[..2], &Clocks::of(&days("2023-12-24T00:00:00Z")));
        let family = unite(&[original.clone(), edit.clone()]);
        assert_eq!(dates(&family), ["2028-12-24", "2028-12-24", "2028-12-25T00:00:00Z"]);
        assert_eq!(unite(&[edit.clone(), original.clone()]), family);
        assert_eq!(unite(&[family.clone(), original.clone()]), family);
        assert_eq!(unite(std::slice::from_ref(&edit)), edit);
        let ungoverned = schedules.resolve(&[], &Clocks::of(&days(DAY)));
        assert_eq!(
            unite(&[edit, ungoverned]).eligible_from.limit.reason(),
            Some(Reason::NoRule)
        );
    }

    #[test]
    fn what_is_stored_parses_back() {
        let schedules = [
            a(),
            b(),
            c().zone("Europe/Berlin"),
            schedule("d").retain("P1Y event").ceiling("P1Y"),
        ];
        let before = resolved(schedules, &sent(DAY));
        let json = serde_json::to_string(&before).unwrap();
        assert_eq!(serde_json::from_str::<Resolved>(&json).unwrap(), before);
    }

    #[test]
    fn the_arithmetic_is_told_step_by_step() {
        let york = schedule("x").zone("America/New_York").retain("P3Y");
        let triggers = sent("2019-01-01T04:30:00Z");
        let plain = resolved([york.clone()], &triggers);
        assert_eq!(
            plain.duties[0].explain(Some(&triggers)),
            "sent 2019-01-01T04:30:00Z -> 2018-12-31 (America/New_York) -> + P3Y = 2021-12-31 -> eligible from \
             2022-01-01T05:00:00Z"
        );
        let rolled = york.with(|schedule| {
            let term = &mut schedule.retain.as_mut().unwrap().term;
            term.cutoff = Some(Cutoff::Quarter);
            term.roll = Some(Roll::Following(BusinessDays::Weekends));
        });
        let doubtful = Triggers {
            suspect: true,
            ..sent("2020-06-29T16:00:00Z")
        };
        assert_eq!(
            resolved([rolled], &doubtful).duties[0].explain(None),
            "captured (the date sent is suspect) -> 2020-06-29 (America/New_York) -> end of quarter 2020-06-30 -> + P3Y \
             = 2023-06-30 -> eligible from 2023-07-01T04:00:00Z"
        );
    }
}
