//! Groups of messages that share their dates, for figures that need more of them than [`super::Totals`] has.

use std::collections::HashMap;

use jiff::Timestamp;
use lexhold_model::Key;
use lexhold_retention::{Circumstances, State, state};

use super::{Grounds, MessageDates};

/// Messages with the same dates, under the same holds.
pub struct Group {
    /// Their dates.
    pub dates: MessageDates,
    /// Whether a hold covers them that everybody may know of.
    pub held: bool,
    /// Whether a silent hold covers them.
    pub held_silently: bool,
    /// How many they are.
    pub n_messages: u64,
}

impl Group {
    /// Whether any hold covers them.
    pub fn is_held(&self) -> bool {
        self.held || self.held_silently
    }

    /// Their state, as somebody who may see every hold has it.
    pub fn state(&self, as_of: Timestamp) -> State {
        let circumstances = Circumstances {
            held: self.is_held(),
            indeterminate: self.dates.is_doubtful(),
            ..Circumstances::default()
        };
        state(&self.dates.resolved, as_of, &circumstances).0
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
        let schedules = self.ledger.schedules().iter();
        schedules
            .map(|schedule| (schedule.key(), schedule.id.clone()))
            .collect()
    }
}
