//! What the dates of a message mean at an instant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{DutyKind, Erasure, Part, Resolved};

/// The state of a message; the first that applies in this order is the one it is said to be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is gone.
    Destroyed,
    /// An active hold covers it.
    Held,
    /// An open case or alert rests on it.
    InCase,
    /// Something that decides its dates could not be evaluated.
    Indeterminate,
    /// One law says it must be kept, another that it must be gone; it is kept.
    Conflict,
    /// Someone has asked for its erasure, and a duty, a hold or a case defers it.
    Restricted,
    /// It is not due.
    Retained,
    /// No schedule speaks of it.
    Ungoverned,
    /// Every duty to keep it is over, and no rule deletes it.
    ExpiredNoAction,
    /// It is due for disposal.
    Eligible,
}

impl State {
    /// Every state, in order of precedence.
    pub const ALL: [State; 10] = [
        State::Destroyed,
        State::Held,
        State::InCase,
        State::Indeterminate,
        State::Conflict,
        State::Restricted,
        State::Retained,
        State::Ungoverned,
        State::ExpiredNoAction,
        State::Eligible,
    ];

    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Destroyed => "destroyed",
            State::Held => "held",
            State::InCase => "in_case",
            State::Indeterminate => "indeterminate",
            State::Conflict => "conflict",
            State::Restricted => "restricted",
            State::Retained => "retained",
            State::Ungoverned => "ungoverned",
            State::ExpiredNoAction => "expired_no_action",
            State::Eligible => "eligible",
        }
    }
}

/// What else is known about a message, besides its dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Circumstances<'a> {
    /// It has been destroyed.
    pub destroyed: bool,
    /// An active hold covers it, or could not be found not to.
    pub held: bool,
    /// An open case or alert rests on it.
    pub in_case: bool,
    /// Something about the message itself could not be evaluated, such as the date it was sent.
    pub indeterminate: bool,
    /// A request for its erasure, confirmed and not withdrawn.
    pub erasure: Option<Erasure<'a>>,
    /// The end of the grace after the release of a hold, for which it stays whatever its dates say.
    pub grace_until: Option<Timestamp>,
}

/// The state at an instant, and the other states that hold too, in order.
pub fn state(resolved: &Resolved, as_of: Timestamp, circumstances: &Circumstances<'_>) -> (State, Vec<State>) {
    let mut applying = State::ALL
        .into_iter()
        .filter(|state| applies(*state, resolved, as_of, circumstances));
    // INVARIANT: some state always applies, since each part is ungoverned, retained, expired or eligible. What has no
    // part at all is not to be let go either.
    let first = applying.next().unwrap_or(State::Indeterminate);
    (first, applying.collect())
}

fn applies(state: State, resolved: &Resolved, as_of: Timestamp, circumstances: &Circumstances<'_>) -> bool {
    let erasure = circumstances.erasure;
    let clock = |part: &Part| clock(resolved, part, as_of, erasure);
    let clocks = |wanted: State| resolved.parts.iter().any(|part| clock(part) == wanted);
    let in_grace = circumstances.grace_until.is_some_and(|until| as_of < until);
    match state {
        State::Destroyed => circumstances.destroyed,
        State::Held => circumstances.held,
        State::InCase => circumstances.in_case,
        State::Indeterminate => circumstances.indeterminate || resolved.is_indeterminate(),
        State::Conflict => {
            let in_force = |ceiling: usize| !lapsed(resolved, ceiling, as_of);
            let waived = |retain: usize| erasure.is_some_and(|asked| asked.waives(&resolved.duties[retain]));
            let mut conflicts = resolved.conflicts.iter();
            let conflicts = conflicts.any(|one| in_force(one.ceiling) && !waived(one.retain));
            conflicts && !resolved.eligible_from.limit.is_over(as_of)
        }
        State::Restricted => {
            let kept = circumstances.held || circumstances.in_case || in_grace || clocks(State::Retained);
            erasure.is_some_and(|asked| kept || asked.grounded && clocks(State::ExpiredNoAction))
        }
        State::Retained => in_grace || clocks(state),
        State::Ungoverned | State::ExpiredNoAction => clocks(state),
        State::Eligible => {
            let all = resolved.parts.iter().all(|part| clock(part) == state);
            all && !in_grace
                && !resolved.parts.is_empty()
                && !resolved.is_indeterminate()
                && !circumstances.indeterminate
        }
    }
}

/// What the dates of one message alone say. Whoever asked for its erasure need not wait for a rule that deletes it, unless there
/// is a ground on which it stays.
fn clock(resolved: &Resolved, part: &Part, as_of: Timestamp, erasure: Option<Erasure<'_>>) -> State {
    if part.duties.is_empty() {
        return State::Ungoverned;
    }
    let over = |duty: &usize| resolved.duties[*duty].ends.is_over(as_of);
    let of_kind = |kind| {
        part.duties
            .iter()
            .filter(move |duty| resolved.duties[**duty].kind == kind)
    };
    let waived = |duty: &usize| erasure.is_some_and(|asked| asked.waives(&resolved.duties[*duty]));
    let protected = !of_kind(DutyKind::Retain).all(|duty| over(duty) || waived(duty));
    let deleted = erasure.is_some_and(|asked| !asked.grounded) || part.deletion.iter().any(over);
    let mut ceilings = of_kind(DutyKind::Ceiling);
    let forbidden = ceilings.any(|ceiling| over(ceiling) && !lapsed(resolved, *ceiling, as_of));
    match (protected, deleted || forbidden) {
        (true, _) => State::Retained,
        (false, true) => State::Eligible,
        (false, false) if part.deletion.is_empty() => State::ExpiredNoAction,
        (false, false) => State::Retained,
    }
}

fn lapsed(resolved: &Resolved, ceiling: usize, as_of: Timestamp) -> bool {
    resolved.duties[ceiling].lapses.is_some_and(|lapses| lapses <= as_of)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{instant, resolved, schedule, sent};
    use crate::{Clocks, Days, Outcome, Schedule, Schedules, Tier, Triggers, unite};

    const SENT: &str = "2020-03-10T12:00:00Z";

    fn at(schedules: impl IntoIterator<Item = Schedule>, as_of: &str) -> (State, Vec<State>) {
        state(
            &resolved(schedules, &sent(SENT)),
            instant(as_of),
            &Circumstances::default(),
        )
    }

    fn alone(state: State) -> (State, Vec<State>) {
        (state, Vec::new())
    }

    #[test]
    fn eligible_at_the_very_instant_and_not_a_microsecond_before() {
        let x = || [schedule("x").retain("P6Y").delete("retain")];
        assert_eq!(at(x(), "2026-03-10T23:59:59.999999Z"), alone(State::Retained));
        assert_eq!(at(x(), "2026-03-11T00:00:00Z"), alone(State::Eligible));
    }

    #[test]
    fn kept_without_a_rule_to_delete() {
        let x = || [schedule("x").retain("P6Y")];
        assert_eq!(at(x(), "2026-03-10T12:00:00Z"), alone(State::Retained));
        assert_eq!(at(x(), "2026-03-11T00:00:00Z"), alone(State::ExpiredNoAction));
        assert_eq!(at([], "2026-03-11T00:00:00Z"), alone(State::Ungoverned));
    }

    #[test]
    fn kept_until_the_deletion_even_after_the_duty() {
        let x = || [schedule("x").retain("P1Y"), schedule("y").delete("P3Y")];
        assert_eq!(at(x(), "2022-01-01T00:00:00Z"), alone(State::Retained));
        assert_eq!(at(x(), "2023-03-11T00:00:00Z"), alone(State::Eligible));
    }

    #[test]
    fn an_event_that_is_not_recorded_retains() {
        let far = "9000-01-01T00:00:00Z";
        assert_eq!(
            at([schedule("x").retain("P6Y event").delete("retain")], far),
            alone(State::Retained)
        );
        assert_eq!(at([schedule("x").delete("P6Y event")], far), alone(State::Retained));
        assert_eq!(at([schedule("x").retain("permanent")], far), alone(State::Retained));
    }

    #[test]
    fn a_passed_ceiling_makes_eligible_without_a_deletion() {
        let x = || [schedule("x").retain("P1Y"), schedule("y").ceiling("P3Y")];
        assert_eq!(at(x(), "2021-01-01T00:00:00Z"), alone(State::Retained));
        assert_eq!(at(x(), "2022-01-01T00:00:00Z"), alone(State::ExpiredNoAction));
        assert_eq!(at(x(), "2023-03-11T00:00:00Z"), alone(State::Eligible));
    }

    #[test]
    fn a_ceiling_whose_law_has_ended_frees_nothing_more() {
        let x = || {
            [schedule("y")
                .ceiling("P3Y")
                .with(|schedule| schedule.in_force.to = Some(date(2024, 12, 31)))]
        };
        assert_eq!(at(x(), "2024-12-31T23:59:59Z"), alone(State::Eligible));
        assert_eq!(at(x(), "2025-01-01T00:00:00Z"), alone(State::ExpiredNoAction));
    }

    #[test]
    fn a_conflict_lasts_while_the_message_is_kept() {
        let x = || [schedule("x").retain("P6Y"), schedule("y").ceiling("P3Y")];
        assert_eq!(
            at(x(), "2021-01-01T00:00:00Z"),
            (State::Conflict, vec![State::Retained])
        );
        assert_eq!(
            at(x(), "2024-01-01T00:00:00Z"),
            (State::Conflict, vec![State::Retained])
        );
        assert_eq!(at(x(), "2026-03-11T00:00:00Z"), alone(State::Eligible));
    }

    #[test]
    fn the_clock_runs_on_under_a_hold() {
        let x = resolved([schedule("x").retain("P6Y").delete("retain")], &sent(SENT));
        let held = Circumstances {
            held: true,
            in_case: true,
            ..Circumstances::default()
        };
        let during = state(&x, instant("2026-06-01T00:00:00Z"), &held);
        assert_eq!(during, (State::Held, vec![State::InCase, State::Eligible]));
        assert_eq!(x.retain_until.limit.day_text(), "2026-03-10");
    }

    #[test]
    fn the_grace_after_a_release_keeps_what_is_due_to_the_very_instant() {
        let x = resolved([schedule("x").retain("P6Y").delete("retain")], &sent(SENT));
        let released = Circumstances {
            grace_until: Some(instant("2027-06-01T00:00:00Z")),
            ..Circumstances::default()
        };
        let of = |as_of| state(&x, instant(as_of), &released);
        assert_eq!(of("2027-05-31T23:59:59.999999Z"), alone(State::Retained));
        assert_eq!(of("2027-06-01T00:00:00Z"), alone(State::Eligible));
        let ungoverned = resolved([], &sent(SENT));
        let during = state(&ungoverned, instant("2027-05-31T00:00:00Z"), &released);
        assert_eq!(during, (State::Retained, vec![State::Ungoverned]));
    }

    #[test]
    fn the_first_that_applies() {
        let x = resolved([schedule("x").retain("P6Y"), schedule("y").ceiling("P3Y")], &sent(SENT));
        let mut circumstances = Circumstances {
            destroyed: true,
            held: true,
            in_case: true,
            indeterminate: true,
            erasure: Some(Erasure::default()),
            grace_until: None,
        };
        let mut first = |change: fn(&mut Circumstances)| {
            let found = state(&x, instant("2021-01-01T00:00:00Z"), &circumstances).0;
            change(&mut circumstances);
            found
        };
        assert_eq!(first(|circumstances| circumstances.destroyed = false), State::Destroyed);
        assert_eq!(first(|circumstances| circumstances.held = false), State::Held);
        assert_eq!(first(|circumstances| circumstances.in_case = false), State::InCase);
        assert_eq!(
            first(|circumstances| circumstances.indeterminate = false),
            State::Indeterminate
        );
        assert_eq!(first(|_| ()), State::Conflict);
        let y = resolved([schedule("x").retain("P6Y")], &sent(SENT));
        let during = state(&y, instant("2021-01-01T00:00:00Z"), &circumstances);
        assert_eq!(during, (State::Restricted, vec![State::Retained]));
        let after = state(&y, instant("2026-06-01T00:00:00Z"), &circumstances);
        assert_eq!(after, alone(State::Eligible));
    }

    #[test]
    fn a_family_is_as_safe_as_its_safest_version() {
        let eligible = resolved([schedule("x").delete("P1Y")], &sent(SENT));
        let ungoverned = resolved([], &sent(SENT));
        let retained = resolved([schedule("x").delete("P9Y")], &sent(SENT));
        let as_of = instant("2025-01-01T00:00:00Z");
        let of = |members: &[Resolved]| state(&unite(members), as_of, &Circumstances::default());
        assert_eq!(of(&[eligible.clone(), eligible.clone()]), alone(State::Eligible));
        assert_eq!(of(&[eligible.clone(), retained.clone()]), alone(State::Retained));
        assert_eq!(of(&[eligible.clone(), ungoverned.clone()]), alone(State::Ungoverned));
        assert_eq!(of(&[ungoverned, retained]), (State::Retained, vec![State::Ungoverned]));
    }

    #[test]
    fn states_have_the_names_and_the_order_of_reports() {
        for window in State::ALL.windows(2) {
            assert!(window[0] < window[1]);
        }
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }

    const ZONES: [&str; 4] = ["UTC", "America/New_York", "Pacific/Apia", "Asia/Kolkata"];

    fn any_period() -> impl Strategy<Value = String> {
        prop_oneof![
            (1..8u32).prop_map(|years| format!("P{years}Y")),
            (1..90u32).prop_map(|months| format!("P{months}M")),
            (1..900u32).prop_map(|days| format!("P{days}D captured")),
            Just("P2Y event".to_owned()),
            Just("P1Y 2020-02-29".to_owned()),
        ]
    }

    prop_compose! {
        fn any_schedule(name: String)(
            zone in 0..ZONES.len(),
            tier in prop::sample::select(vec![Tier::Organisation, Tier::Scoped, Tier::Label]),
            retain in prop::option::of(any_period()),
            delete in prop::option::of(any_period()),
            ceiling in prop::option::of(any_period()),
            from in prop::option::of(0i16..12),
        ) -> Schedule {
            let mut schedule = schedule(&name).zone(ZONES[zone]).tier(tier);
            schedule.retain = retain.and_then(|period| schedule.clone().retain(&period).retain);
            schedule.dispose = delete.and_then(|period| schedule.clone().delete(&period).dispose);
            schedule.ceiling = ceiling.and_then(|period| schedule.clone().ceiling(&period).ceiling);
            schedule.in_force.from = from.map(|years| date(2018 + years, 7, 10));
            schedule
        }
    }

    fn any_schedules() -> impl Strategy<Value = Vec<Schedule>> {
        (0..5usize).prop_flat_map(|count| (0..count).map(|at| any_schedule(format!("s{at}"))).collect::<Vec<_>>())
    }

    prop_compose! {
        fn any_triggers()(sent in 0i64..3000, delay in 0i64..400, known: bool, suspect: bool) -> Triggers {
            let day = |days: i64| Timestamp::from_second(1_550_000_000 + days * 86_400 + 3_333).unwrap();
            Triggers { sent: known.then(|| day(sent)), captured: day(sent + delay), suspect: suspect && known }
        }
    }

    prop_compose! {
        fn any_circumstances()(held: bool, in_case: bool, indeterminate: bool, asked: bool) -> Circumstances<'static> {
            let erasure = asked.then(Erasure::default);
            Circumstances { destroyed: false, held, in_case, indeterminate, erasure, grace_until: None }
        }
    }

    fn any_instant() -> impl Strategy<Value = Timestamp> {
        (0i64..9000).prop_map(|days| Timestamp::from_second(1_550_000_000 + days * 86_400).unwrap())
    }

    proptest! {
        #[test]
        fn a_new_hold_never_frees(
            schedules in any_schedules(), triggers in any_triggers(), circumstances in any_circumstances(), as_of in any_instant(),
        ) {
            let resolved = resolved(schedules, &triggers);
            let held = Circumstances { held: true, ..circumstances };
            prop_assert_eq!(state(&resolved, as_of, &held).0, State::Held);
        }

        #[test]
        fn later_never_makes_due_not_due(
            schedules in any_schedules(), triggers in any_triggers(), circumstances in any_circumstances(),
            one in any_instant(), other in any_instant(),
        ) {
            let resolved = resolved(schedules, &triggers);
            let due = |as_of| {
                let (first, also) = state(&resolved, as_of, &circumstances);
                first == State::Eligible || also.contains(&State::Eligible)
            };
            prop_assert!(!due(one.min(other)) || due(one.max(other)));
        }

        #[test]
        fn eligible_is_exactly_from_eligible_from_on(
            schedules in any_schedules(), triggers in any_triggers(), as_of in any_instant(),
        ) {
            let resolved = resolved(schedules, &triggers);
            let over = |as_of| resolved.eligible_from.limit.is_over(as_of);
            let eligible = |as_of| state(&resolved, as_of, &Circumstances::default()).0 == State::Eligible;
            prop_assert_eq!(eligible(as_of), over(as_of));
            if let Some(from) = resolved.eligible_from.limit.until() {
                prop_assert!(eligible(from));
                prop_assert!(!eligible(from - jiff::SignedDuration::from_micros(1)));
            }
        }

        #[test]
        fn whatever_is_indeterminate_or_ungoverned_is_never_eligible(
            schedules in any_schedules(), triggers in any_triggers(), as_of in any_instant(), doubtful in 0..5usize,
        ) {
            let schedules = Schedules::new(schedules);
            let mut assigned = crate::testing::all(&schedules);
            let Some(assigned_doubtful) = assigned.get_mut(doubtful) else { return Ok(()) };
            assigned_doubtful.outcome = Outcome::Indeterminate { reason: "because".into() };
            let doubtful = assigned_doubtful.schedule;
            let resolved = schedules.resolve(&assigned, &Clocks::of(&Days::of(schedules.zones(), &triggers)));
            let speaks = schedules.at(doubtful).retain.is_some() || schedules.at(doubtful).dispose.is_some()
                || schedules.at(doubtful).ceiling.is_some();
            let found = state(&resolved, as_of, &Circumstances::default()).0;
            prop_assert!(!speaks || found == State::Indeterminate);
            prop_assert!(!resolved.duties.is_empty() || found == State::Ungoverned);
        }

        #[test]
        fn the_order_of_schedules_changes_nothing(
            (schedules, shuffled) in any_schedules()
                .prop_flat_map(|schedules| (Just(schedules.clone()), Just(schedules).prop_shuffle())),
            triggers in any_triggers(),
        ) {
            prop_assert_eq!(resolved(schedules, &triggers), resolved(shuffled, &triggers));
        }

        #[test]
        fn another_duty_to_keep_never_ends_earlier(
            schedules in any_schedules(), more in any_schedule("more".into()), triggers in any_triggers(),
        ) {
            let before = resolved(schedules.clone(), &triggers);
            let more = Schedule { dispose: None, ceiling: None, ..more };
            let after = resolved(schedules.into_iter().chain([more]), &triggers);
            prop_assert!(after.retain_until.limit >= before.retain_until.limit);
            prop_assert!(before.duties.is_empty() || after.eligible_from.limit >= before.eligible_from.limit);
        }

        #[test]
        fn a_family_is_never_eligible_before_its_members(
            schedules in any_schedules(), triggers in any_triggers(), others in any_triggers(), as_of in any_instant(),
        ) {
            let members = [resolved(schedules.clone(), &triggers), resolved(schedules, &others)];
            let family = unite(&members);
            let eligible = |resolved: &Resolved| state(resolved, as_of, &Circumstances::default()).0 == State::Eligible;
            prop_assert_eq!(eligible(&family), members.iter().all(eligible));
            let latest = members.iter().map(|member| member.eligible_from.limit).max();
            prop_assert_eq!(Some(family.eligible_from.limit.until()), latest.map(|limit| limit.until()));
        }
    }
}
