//! Every step from every state, and what late messages, echoes, aliases and time do.

use super::*;

fn key(name: &str) -> Key {
    Key::of("test", [name.as_bytes()])
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn member(name: &str) -> ReviewMember {
    ReviewMember {
        key: key(name),
        raised_at: at("2026-03-02T09:00:00Z"),
        echo: false,
    }
}

fn echo(name: &str) -> ReviewMember {
    ReviewMember {
        echo: true,
        ..member(name)
    }
}

fn assign() -> ReviewStep {
    ReviewStep::Assign { to: "ria".into() }
}

fn escalate() -> ReviewStep {
    ReviewStep::Escalate { to: "sup".into() }
}

fn suppress() -> ReviewStep {
    ReviewStep::Suppress {
        until: at("2026-06-01T00:00:00Z"),
    }
}

/// A log of steps taken for one alert while it had these messages.
fn log(steps: &[(ReviewStep, &[&str])]) -> Vec<ReviewEntry> {
    log_of("alert", 1, steps)
}

fn log_of(alert: &str, first_seq: u64, steps: &[(ReviewStep, &[&str])]) -> Vec<ReviewEntry> {
    let entry = |(seq, (step, members)): (u64, &(ReviewStep, &[&str]))| ReviewEntry {
        seq,
        at: at("2026-03-03T09:00:00Z"),
        alert: key(alert),
        step: step.clone(),
        members: members.iter().map(|name| key(name)).collect(),
    };
    (first_seq..).zip(steps).map(entry).collect()
}

/// Due two days after it was raised.
fn due(raised: Timestamp) -> Option<Timestamp> {
    raised.checked_add(48.hours()).ok()
}

const IN_TIME: &str = "2026-03-03T12:00:00Z";

fn standing(members: &[ReviewMember], log: &[ReviewEntry], as_of: &str) -> ReviewStanding {
    stand(members, log, due, at(as_of))
}

/// The alert `a`, brought into a state by the shortest way.
fn in_state(state: ReviewState) -> Vec<ReviewEntry> {
    match state {
        ReviewState::Open => vec![],
        ReviewState::Assigned => log(&[(assign(), &["a"])]),
        ReviewState::Escalated => log(&[(escalate(), &["a"])]),
        ReviewState::Closed => log(&[(ReviewStep::Close, &["a"])]),
    }
}

#[test]
fn a5_every_step_from_every_state() {
    use ReviewState::{Assigned, Closed, Escalated, Open};
    let table: [(ReviewStep, [Option<ReviewState>; 4]); 7] = [
        //                           from open        assigned         escalated        closed
        (assign(), [Some(Assigned), Some(Assigned), Some(Assigned), None]),
        (escalate(), [Some(Escalated), Some(Escalated), Some(Escalated), None]),
        (ReviewStep::Close, [Some(Closed), Some(Closed), Some(Closed), None]),
        (ReviewStep::Reopen, [None, None, None, Some(Open)]),
        (suppress(), [Some(Open), Some(Assigned), Some(Escalated), None]),
        (ReviewStep::Unsuppress, [None, None, None, None]),
        (
            ReviewStep::Comment,
            [Some(Open), Some(Assigned), Some(Escalated), Some(Closed)],
        ),
    ];
    for (step, row) in table {
        for (from, want) in ReviewState::ALL.into_iter().zip(row) {
            let mut entries = in_state(from);
            let before = standing(&[member("a")], &entries, IN_TIME);
            assert_eq!(before.state(), from);
            let allowed = permitted(&before, &step, at(IN_TIME));
            assert_eq!(allowed.is_ok(), want.is_some(), "{step:?} from {from}: {allowed:?}");
            let Some(want) = want else { continue };
            entries.extend(log_of("alert", 9, &[(step.clone(), &["a"])]));
            assert_eq!(
                standing(&[member("a")], &entries, IN_TIME).state(),
                want,
                "{step:?} from {from}"
            );
        }
    }
}

#[test]
fn a5_a_refusal_says_what_to_do() {
    let closed = standing(&[member("a")], &in_state(ReviewState::Closed), IN_TIME);
    let words = permitted(&closed, &assign(), at(IN_TIME)).unwrap_err().to_string();
    assert_eq!(words, "`assign` is not for a closed alert; reopen it first");
    let open = standing(&[member("a")], &[], IN_TIME);
    let words = permitted(&open, &ReviewStep::Reopen, at(IN_TIME))
        .unwrap_err()
        .to_string();
    assert_eq!(words, "`reopen` is not for an alert that is open");
}

#[test]
fn a5_the_assignee_is_the_last_one_named() {
    let to = |who: &str| ReviewStep::Assign { to: who.into() };
    let entries = log(&[(to("ria"), &["a"]), (to("bea"), &["a"])]);
    assert_eq!(
        standing(&[member("a")], &entries, IN_TIME).assignee.as_deref(),
        Some("bea")
    );
    let entries = log(&[
        (to("ria"), &["a"]),
        (ReviewStep::Close, &["a"]),
        (ReviewStep::Reopen, &["a"]),
    ]);
    assert_eq!(standing(&[member("a")], &entries, IN_TIME).assignee, None);
}

#[test]
fn a3_a_message_that_joins_later_reopens() {
    let entries = in_state(ReviewState::Closed);
    let late = standing(&[member("a"), member("b")], &entries, IN_TIME);
    assert_eq!(
        (late.state(), late.because),
        (ReviewState::Open, Some(Because::LateMessage))
    );
    let again = log(&[(ReviewStep::Close, &["a"]), (ReviewStep::Close, &["a", "b"])]);
    assert_eq!(
        standing(&[member("a"), member("b")], &again, IN_TIME).state(),
        ReviewState::Closed
    );
    let fewer = standing(&[member("a")], &again, IN_TIME);
    assert_eq!(fewer.state(), ReviewState::Closed, "what was reviewed stays reviewed");
}

#[test]
fn a2_an_echo_keeps_the_state() {
    for state in ReviewState::ALL {
        let entries = in_state(state);
        let with_echo = standing(&[member("a"), echo("b")], &entries, IN_TIME);
        assert_eq!(with_echo, standing(&[member("a")], &entries, IN_TIME), "{state}");
    }
    let only_echoes = standing(&[echo("b")], &[], IN_TIME);
    assert_eq!(only_echoes.state(), ReviewState::Open, "nobody has reviewed anything");
}

#[test]
fn a3_joined_alerts_are_closed_only_where_all_of_them_are() {
    let both = [member("a"), member("b")];
    let one = log_of("x", 1, &[(ReviewStep::Close, &["a"])]);
    let other = log_of("y", 2, &[(ReviewStep::Close, &["b"])]);
    let of = |logs: &[&Vec<ReviewEntry>]| {
        let all: Vec<ReviewEntry> = logs.iter().flat_map(|log| log.iter().cloned()).collect();
        standing(&both, &all, IN_TIME).state()
    };
    assert_eq!(of(&[&one]), ReviewState::Open);
    assert_eq!(of(&[&one, &other]), ReviewState::Closed);
    assert_eq!(of(&[&other, &one]), ReviewState::Closed, "whatever the order");
    let assigned = log_of("y", 2, &[(assign(), &["b"])]);
    assert_eq!(of(&[&one, &assigned]), ReviewState::Assigned);
    let commented = log_of("y", 2, &[(ReviewStep::Comment, &["b"])]);
    let over_both = log_of("x", 3, &[(ReviewStep::Close, &["a", "b"])]);
    assert_eq!(
        of(&[&commented, &over_both]),
        ReviewState::Closed,
        "a comment decides nothing"
    );
    let reopened = log_of("y", 2, &[(ReviewStep::Close, &["b"]), (ReviewStep::Reopen, &["b"])]);
    assert_eq!(of(&[&one, &reopened]), ReviewState::Open);
}

#[test]
fn a9_overdue_escalates_and_never_closes() {
    let last_moment = "2026-03-04T08:59:59Z";
    let over = "2026-03-04T09:00:00Z";
    for state in ReviewState::ALL {
        let entries = in_state(state);
        assert_eq!(standing(&[member("a")], &entries, last_moment).state(), state);
        let late = standing(&[member("a")], &entries, over);
        if state == ReviewState::Closed {
            assert_eq!((late.state(), late.due_at), (ReviewState::Closed, None));
        } else {
            assert_eq!((late.state(), late.decided), (ReviewState::Escalated, state));
            assert!(late.overdue());
            assert!(
                permitted(&late, &ReviewStep::Close, at(over)).is_ok(),
                "a person may still decide"
            );
        }
    }
    let never = stand(&[member("a")], &[], |_| None, at("2036-01-01T00:00:00Z"));
    assert_eq!((never.state(), never.due_at), (ReviewState::Open, None));
}

#[test]
fn a9_time_counts_from_what_nobody_has_decided_on() {
    let mut late = member("b");
    late.raised_at = at("2026-03-10T09:00:00Z");
    let entries = in_state(ReviewState::Closed);
    let reopened = standing(&[member("a"), late], &entries, "2026-03-10T10:00:00Z");
    assert_eq!(reopened.due_at, Some(at("2026-03-12T09:00:00Z")));
    let mut entries = in_state(ReviewState::Closed);
    entries.extend(log_of("alert", 5, &[(ReviewStep::Reopen, &["a"])]));
    entries[1].at = at("2026-03-20T09:00:00Z");
    let by_hand = standing(&[member("a")], &entries, "2026-03-20T10:00:00Z");
    assert_eq!(
        (by_hand.state(), by_hand.due_at),
        (ReviewState::Open, Some(at("2026-03-22T09:00:00Z")))
    );
}

#[test]
fn a4_a_suppression_ends_by_itself_and_can_be_undone() {
    let entries = log(&[(suppress(), &["a"])]);
    let set_aside = standing(&[member("a")], &entries, "2026-05-31T23:59:59Z");
    assert_eq!(set_aside.suppressed_until, Some(at("2026-06-01T00:00:00Z")));
    assert!(!set_aside.waits() && !set_aside.overdue());
    assert_eq!(set_aside.state(), ReviewState::Open, "it is not closed");
    let back = standing(&[member("a")], &entries, "2026-06-01T00:00:00Z");
    assert!(back.waits() && back.overdue(), "the time it had is over");
    let undone = log(&[(suppress(), &["a"]), (ReviewStep::Unsuppress, &["a"])]);
    assert!(standing(&[member("a")], &undone, IN_TIME).waits());
    assert_eq!(
        permitted(&set_aside, &suppress(), at(IN_TIME)),
        Err(Refused::Suppressed)
    );
    assert!(permitted(&set_aside, &ReviewStep::Unsuppress, at(IN_TIME)).is_ok());
    assert_eq!(
        permitted(&back, &ReviewStep::Unsuppress, at(IN_TIME)),
        Err(Refused::NotSuppressed)
    );
}

#[test]
fn a4_a_suppression_lasts_a_year_at_most() {
    let open = standing(&[member("a")], &[], IN_TIME);
    let until = |text: &str| {
        permitted(
            &open,
            &ReviewStep::Suppress { until: at(text) },
            at("2028-02-29T12:00:00Z"),
        )
    };
    assert_eq!(until("2029-02-28T12:00:00Z"), Ok(()));
    assert_eq!(until("2029-02-28T12:00:01Z"), Err(Refused::Expiry));
    assert_eq!(
        until("2028-02-29T12:00:00Z"),
        Err(Refused::Expiry),
        "not before it begins"
    );
}

#[test]
fn a4_closing_ends_a_suppression() {
    let entries = log(&[(suppress(), &["a"]), (ReviewStep::Close, &["a"])]);
    let late = standing(&[member("a"), member("b")], &entries, IN_TIME);
    assert_eq!((late.state(), late.suppressed_until), (ReviewState::Open, None));
}

#[test]
fn a3_what_is_decided_on_joined_alerts_goes_for_all_of_them() {
    let both = [member("a"), member("b")];
    let parts = [(assign(), "x", 1), (escalate(), "y", 2), (suppress(), "y", 3)];
    let mut entries: Vec<ReviewEntry> = parts
        .iter()
        .flat_map(|(step, alert, seq)| log_of(alert, *seq, &[(step.clone(), &[if *alert == "x" { "a" } else { "b" }])]))
        .collect();
    let joined = standing(&both, &entries, IN_TIME);
    assert_eq!(
        (joined.decided, joined.suppressed_until.is_some()),
        (ReviewState::Escalated, true)
    );
    let mut undone = entries.clone();
    undone.extend(log_of("x", 4, &[(ReviewStep::Unsuppress, &["a", "b"])]));
    let back = standing(&both, &undone, IN_TIME);
    assert_eq!((back.decided, back.suppressed_until), (ReviewState::Escalated, None));
    assert_eq!(back.assignee.as_deref(), Some("sup"));
    let mut half = entries.clone();
    half.extend(log_of("x", 4, &[(ReviewStep::Close, &["a"])]));
    assert_eq!(
        standing(&both, &half, IN_TIME).decided,
        ReviewState::Escalated,
        "only of one of them"
    );
    entries.extend(log_of("x", 4, &[(ReviewStep::Close, &["a", "b"])]));
    let closed = standing(&both, &entries, IN_TIME);
    assert_eq!((closed.decided, closed.suppressed_until), (ReviewState::Closed, None));
    entries.extend(log_of("x", 5, &[(ReviewStep::Reopen, &["a", "b"])]));
    assert_eq!(standing(&both, &entries, IN_TIME).decided, ReviewState::Open);
}
