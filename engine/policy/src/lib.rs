//! Cedar: conditions on messages, and who may do what in a home.
//!
//! The only crate that knows Cedar's types. A condition of a document becomes a [`Condition`], the conditions
//! of one action a [`Program`], and a message with its directory the [`Facts`] that a [`Decider`] asks about.
//! What an answer means for a rule, a schedule or a hold is for `evaluate`; who may do what is decided by
//! [`Governance`], over policies of its own.
//!
//! Conditions are compiled to tests over interned facts (`compiled`); Cedar's authorizer takes what is not compiled and
//! is the oracle of the rest (`official`, `differential`). What each attribute is stands in `FACTS.md`.
//!
//! Pure: text comes in, nothing is opened. Attributes come from [`FactsMaker`] alone, so that the catalog's
//! facts rows hold whatever a hold placed years later may ask.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod action;
mod approval;
mod asked;
mod clause;
pub mod codes;
mod compiled;
mod condition;
#[cfg(test)]
mod differential;
mod entities;
mod facts;
mod firm;
mod governance;
mod lex;
mod make;
#[cfg(test)]
mod manual;
mod official;
mod operators;
mod people;
mod probe;
mod program;
mod project;
mod reach;
mod reading;
mod reads;
mod schema;
#[cfg(test)]
mod testing;
mod trouble;

pub use action::Action;
pub use approval::{Approval, Statement, public_key};
pub use condition::{Condition, Mention, Named};
pub use facts::{
    AttachmentFacts, Audience, ChannelFacts, Direction, Facts, FactsError, FactsRow, Insiders, LocalTime, PersonFacts,
    Sender,
};
pub use firm::{Extension, Firm, FirmValue};
pub use governance::{Circumstances, Governance, GovernanceAnswer, Verb};
pub use make::FactsMaker;
pub use official::Oracle;
pub use operators::{Operator, Operators, operators_shape};
pub use probe::{ConditionMutant, Operand, Probe, Seen, condition_mutants};
pub use program::{Answer, Decider, Program};
pub use reads::Reads;
pub use schema::{FirmTypes, Schemas, cedar_version};
