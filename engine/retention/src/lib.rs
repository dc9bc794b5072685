//! Schedules, their dates, the state of a message, and legal holds.
//!
//! Retention documents become [`Schedules`] ([`compile`]). A message that has been assigned some of them gets its
//! dates from [`Schedules::resolve`], which knows nothing of the message but its [`Clocks`]: the local days on which it
//! was sent and captured, the last activity of its conversation and the events that concern it. Equal clocks give one
//! answer. [`state`] says what the dates mean at an instant. Holds
//! become [`HoldSpec`]s ([`compile_holds`]) whose membership is three-valued ([`member`]).
//!
//! Whatever is in doubt is kept: an event that has not been recorded, a date beyond the calendar or a schedule that
//! could not be evaluated is an infinity, never an absence.
//!
//! `SCHEDULES.md` beside this crate's manifest is the manual of the documents; its examples are compiled by a test.
//!
//! Pure: no disk, no clock, no environment. Which schedules a message matches is left to `policy`, what a query finds
//! to `rules`, and removing anything to the edge; this crate only says when.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod arithmetic;
mod calendar;
mod calendar_compile;
mod clock;
mod clocks;
mod codes;
mod compile;
mod days;
mod disposal;
mod duty;
mod erasure;
mod events;
mod hold;
mod hold_compile;
#[cfg(test)]
mod laws;
mod lints;
#[cfg(test)]
mod manual;
mod parts;
mod period;
mod read;
mod resolve;
mod schedule;
mod shape;
mod spec;
mod state;
mod steps;
mod summary;
#[cfg(test)]
mod testing;
mod tri;
#[cfg(test)]
mod worked;
mod zone;

pub use arithmetic::{BusinessDays, Cutoff, MonthEnd, Roll};
pub use calendar::{Calendar, Covers, DayOfWeek, DayOfYear, FiscalYears};
pub use clocks::Clocks;
pub use codes::ALL as CODES;
pub use compile::{check_event_keys, compile, tests};
pub use days::{Day, Days, Triggers};
pub use duty::{Conflict, Decided, Duty, DutyKind, Limit, Part, Reason, Resolved};
pub use erasure::{Erasure, ErasureStanding, Ground, Meets, PrivacyLaw, deadline};
pub use events::{Event, EventEntry, EventFacts, EventState, EventStep, Register, register};
pub use hold::{Content, HoldInputs, HoldSpec, Membership, Query, member};
pub use hold_compile::compile_holds;
pub use period::{PeriodError, RetentionPeriod};
pub use resolve::{Assigned, Outcome, unite};
pub use schedule::{
    Action, Basis, Ceiling, Condition, Dispose, DisposeAfter, EventKey, Extend, InForce, Length, Mode, OWN_EVENTS,
    Retain, Schedule, Schedules, Standing, Term, Tier, Trigger,
};
pub use shape::{calendar_shape, hold_shape, retention_shape};
pub use spec::SpecError;
pub use state::{Circumstances, State, state};
pub use tri::Tri;
pub use zone::Zone;
