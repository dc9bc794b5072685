//! What the dates of a message mean at an instant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{DutyKind, Part, Resolved};

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
    /// Someone has asked for its erasure, and a duty defers it.
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
pub struct Standing {
    /// It has been destroyed.
    pub destroyed: bool,
    /// An active hold covers it, or could not be found not to.
    pub held: bool,
    /// An open case or alert rests on it.
    pub in_case: bool,
    /// Something about the message itself could not be evaluated, such as the date it was sent.
    pub indeterminate: bool,
    /// A deferred request for erasure names it.
    pub restricted: bool,
}

/// The state at an instant, and the other states that hold too, in order.
pub fn state(resolved: &Resolved, as_of: Timestamp, standing: &Standing) -> (State, Vec<State>) {
    let mut applying = State::ALL
        .into_iter()
        .filter(|state| applies(*state, resolved, as_of, standing));
    // INVARIANT: some state always applies, since each part is ungoverned, retained, expired or eligible. What has no
    // part at all is not to be let go either.
    let first = applying.next().unwrap_or(State::Indeterminate);
    (first, applying.collect())
}

fn applies(state: State, resolved: &Resolved, as_of: Timestamp, standing: &Standing) -> bool {
    let clocks = |wanted: State| resolved.parts.iter().any(|part| clock(resolved, part, as_of) == wanted);
    match state {
        State::Destroyed => standing.destroyed,
        State::Held => standing.held,
        State::InCase => standing.in_case,
        State::Indeterminate => standing.indeterminate || resolved.is_indeterminate(),
        State::Conflict => {
            let in_force = |ceiling: usize| !lapsed(resolved, ceiling, as_of);
            let conflicts = resolved.conflicts.iter().any(|conflict| in_force(conflict.ceiling));
            conflicts && !resolved.eligible_from.limit.is_over(as_of)
        }
        State::Restricted => standing.restricted,
        State::Retained | State::Ungoverned | State::ExpiredNoAction => clocks(state),
        State::Eligible => {
            let all = resolved.parts.iter().all(|part| clock(resolved, part, as_of) == state);
            all && !resolved.parts.is_empty() && !resolved.is_indeterminate() && !standing.indeterminate
        }
    }
}

/// What the dates of one message alone say.
fn clock(resolved: &Resolved, part: &Part, as_of: Timestamp) -> State {
    if part.duties.is_empty() {
        return State::Ungoverned;
    }
    let over = |duty: &usize| resolved.duties[*duty].ends.is_over(as_of);
    let of_kind = |kind| {
        part.duties
            .iter()
            .filter(move |duty| resolved.duties[**duty].kind == kind)
    };
    let protected = !of_kind(DutyKind::Retain).all(over);
    let deleted = part.deletion.iter().any(over);
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
