//! What the viewer may see: a silent hold shows nothing of itself to those without the right.

use jiff::Timestamp;
use lexhold_catalog::Covered;

use crate::operators::Actor;

/// What the viewer may see.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    silent: bool,
}

impl Sight {
    /// That of somebody who may know of every hold.
    pub const ALL: Self = Self { silent: true };

    /// That of everybody: no silent hold is known to exist.
    pub const EVERYBODY: Self = Self { silent: false };

    /// What this actor may see.
    pub fn of(actor: &Actor) -> anyhow::Result<Self> {
        Ok(Self {
            silent: actor.sees_silent()?,
        })
    }

    /// Whether silent holds are shown.
    pub fn sees_silent(self) -> bool {
        self.silent
    }

    /// Whether a hold is shown.
    pub fn shows(self, silent: bool) -> bool {
        self.silent || !silent
    }

    /// Whether what is known of messages must be withheld.
    pub fn hides(self, covered: &Covered, as_of: Timestamp) -> bool {
        !self.silent && covered.silently_at(as_of.as_microsecond())
    }

    /// What of the cover may tell on: the grace after a silent hold leaves no trace in dates once it is over.
    #[must_use]
    pub fn seen(self, covered: &Covered) -> Covered {
        Covered {
            silent_grace_until: covered.silent_grace_until.filter(|_| self.silent),
            ..*covered
        }
    }

    /// The instant for which the catalog must leave silent holds out of its counts; none where they are shown.
    pub fn hide_at(self, as_of: Timestamp) -> Option<i64> {
        (!self.silent).then_some(as_of.as_microsecond())
    }
}
