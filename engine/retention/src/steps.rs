//! How a date came about, for whoever wants to hear it.

use jiff::civil::Date;

use crate::{EventKey, Reason};

/// The arithmetic as it goes along, in words, unless nobody listens.
#[derive(Debug)]
pub struct Steps(Option<Vec<String>>);

impl Steps {
    /// Words are kept if `told`.
    pub fn new(told: bool) -> Self {
        Self(told.then(Vec::new))
    }

    /// Adds a step.
    pub fn say(&mut self, step: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.0 {
            steps.push(step());
        }
    }

    /// The words.
    pub fn into_words(self) -> Vec<String> {
        self.0.unwrap_or_default()
    }
}

/// Why there is no day from which a period counts.
#[derive(Clone, Copy, Debug)]
pub enum NoDay<'a> {
    /// It is not known whether the schedule is for the message.
    Unevaluated(&'a str),
    /// The days in the schedule's zone are missing.
    Zone,
    /// There is no usable date sent.
    Sent,
    /// The last activity of the conversation is missing.
    Activity,
    /// The event has not been recorded.
    Awaiting {
        /// Whether it is recorded for another key of the message.
        partly: bool,
    },
    /// The message has no such attribute.
    Key(&'a EventKey),
    /// The end of the stretch lies beyond the year 9999.
    Beyond(Date),
}

impl NoDay<'_> {
    /// Why the date is infinity.
    pub fn reason(self) -> Reason {
        match self {
            NoDay::Awaiting { .. } => Reason::AwaitingEvent,
            NoDay::Beyond(_) => Reason::Permanent,
            NoDay::Unevaluated(_) | NoDay::Zone | NoDay::Sent | NoDay::Activity | NoDay::Key(_) => {
                Reason::Indeterminate
            }
        }
    }

    /// The same in words.
    pub fn words(self) -> String {
        match self {
            NoDay::Unevaluated(reason) => format!("indeterminate: {reason}"),
            NoDay::Zone => "indeterminate: no local day".to_owned(),
            NoDay::Sent => "indeterminate: no date sent".to_owned(),
            NoDay::Activity => "indeterminate: the last activity of the conversation is not known".to_owned(),
            NoDay::Awaiting { partly: false } => "not recorded yet".to_owned(),
            NoDay::Awaiting { partly: true } => "not recorded yet for every key".to_owned(),
            NoDay::Key(event) => format!("indeterminate: the message has no `{}`", event.key),
            NoDay::Beyond(trigger) => format!("{trigger}, whose cut-off is beyond the calendar"),
        }
    }
}
