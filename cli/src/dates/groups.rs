//! Groups of messages that share their dates, for figures that need more of them than [`super::Totals`] has.

use std::collections::HashMap;

use jiff::Timestamp;
use lexhold_catalog::Covered;
use lexhold_model::Key;
use lexhold_retention::{Schedule, Schedules, State};

use super::{Grounds, MessageDates};
use crate::report::ViewerSight;

/// Messages with the same dates, under the same holds.
pub struct Group {
    /// Their dates.
    pub dates: MessageDates,
    /// How holds cover them.
    pub covered: Covered,
    /// How many they are.
    pub n_messages: u64,
}

impl Group {
    /// Whether any hold covers them.
    pub fn is_held(&self) -> bool {
        self.covered.is_held()
    }

    /// Their state, as somebody who may see every hold has it.
    pub fn state(&self, as_of: Timestamp) -> State {
        self.dates.state(as_of, &self.covered, &ViewerSight::ALL).0
    }

    /// The schedule that decides when they may go: the first, where several end together.
    pub fn decided_by<'n>(&self, names: &'n HashMap<Key, String>) -> Option<&'n str> {
        let resolved = &self.dates.resolved;
        let deciding = resolved.eligible_from.by.iter().map(|at| resolved.duties[*at].schedule);
        deciding.filter_map(|key| names.get(&key).map(String::as_str)).min()
    }
}

impl Grounds {
    /// What reports call each schedule version: `document.schedule`.
    pub fn names(&self) -> HashMap<Key, String> {
        names(self.ledger.schedules())
    }
}

/// What reports call each schedule version: `document.schedule`.
pub(super) fn names(schedules: &Schedules) -> HashMap<Key, String> {
    let name = |schedule: &Schedule| (schedule.key(), schedule.id.clone());
    schedules.iter().map(name).collect()
}
