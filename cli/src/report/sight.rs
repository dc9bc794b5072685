//! What the viewer may see: a silent hold shows nothing of itself to those without the right.

use lexhold_policy::Verb;

use crate::operators::Actor;

/// What the viewer may see.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    silent: bool,
}

impl Sight {
    /// What this actor may see.
    pub fn of(actor: &Actor) -> anyhow::Result<Self> {
        Ok(Self {
            silent: actor.may(Verb::ShowSilentHold, "home", &[])?.allowed,
        })
    }

    /// Whether silent holds are shown.
    pub fn sees_silent(self) -> bool {
        self.silent
    }

    /// Whether what is known of a message must be withheld.
    pub fn hides(self, held_silently: bool) -> bool {
        held_silently && !self.silent
    }
}
