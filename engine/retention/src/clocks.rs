//! What starts the clocks of a message, besides the message itself: its conversation and the register of events.

use std::sync::LazyLock;

use jiff::Timestamp;

use crate::{Days, EventFacts};

/// Everything on which the dates of a message depend, besides the schedules assigned to it.
#[derive(Clone, Copy, Debug)]
pub struct Clocks<'a> {
    /// The message's local days.
    pub days: &'a Days,
    /// When people last wrote or spoke in its conversation; where nobody ever did, the latest capture of its entries.
    /// Without it a schedule that counts from the last activity is indeterminate.
    pub activity: Option<Timestamp>,
    /// What the register of events says of this message.
    pub register: &'a EventFacts,
}

impl<'a> Clocks<'a> {
    /// The clocks of a message of whose conversation and events nothing is known.
    pub fn of(days: &'a Days) -> Self {
        static NOTHING: LazyLock<EventFacts> = LazyLock::new(EventFacts::default);
        Self {
            days,
            activity: None,
            register: &NOTHING,
        }
    }
}
