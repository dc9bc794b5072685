//! Where rules, policy and retention meet: one batch of messages in, everything that is to be recorded out.
//!
//! [`Bundle`] is what compliance wrote, compiled; [`Facts`] is what the firm knows besides: people, holds in force, the
//! home's zone and key. [`evaluate`] is a pure function of both and one batch: no disk, no clock, no look-ups, no order
//! dependence. Whatever depends on other messages is for [`resolve`], the second pure function, over sets of results.
//!
//! The way of one message stands in `message.rs`: text to hits, hits to labels, labels and people to facts, facts to
//! Cedar's answers, answers to breaches, duty sets and hold memberships.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod alert;
mod assign;
mod block;
mod bundle;
mod cases;
mod cites;
pub mod codes;
mod conditioned;
mod counts;
pub mod coverage;
mod directory;
mod evaluation;
mod event_keys;
mod facts;
mod hits;
mod hold;
mod identity;
mod mapping;
mod message;
pub mod mutation;
mod occurrence;
mod parts;
pub mod portable;
mod resolve;
pub mod review;
mod review_due;
mod review_independence;
mod review_mandate;
pub mod rows;
pub mod sampling;
mod shapes;
mod supervision;
mod tables;
#[cfg(test)]
mod testing;
mod texts;
mod tree;

pub use alert::{Alert, AlertHit, AlertMember, AlertPlace, AlertRule, alerts};
pub use assign::{Assigner, Inputs, assign};
pub use bundle::{Bundle, DocumentInfo, Earlier, RuleKind, RuleSummary, is_part};
pub use cases::{
    Alone, Beside, Case, CaseResult, Instead, Mismatch, Outcome, Trial, World, case_shape, cases_shape, check_cases,
    read_cases, run_documents, subjects, trials,
};
pub use cites::{Regulations, lint_cites};
pub use conditioned::Conditioned;
pub use counts::{ExpectedCount, compile_counts, counts_shape};
pub use directory::{compile_directory, directory_shape};
pub use evaluation::{
    DaysRow, DiagnosticRow, DutySet, Evaluation, EventRow, HitRow, HoldRow, MessageRow, PartRow, Reassignment, RuleRef,
};
pub use event_keys::event_keys;
pub use facts::{Facts, HoldSet};
pub use hold::{Handles, HoldAsker, as_mail};
pub use identity::{Fate, Identity, collision_of, plain_hash};
pub use mapping::mapping_shape;
pub use message::{Evaluator, evaluate};
pub use occurrence::{ConversationJudge, GroupEvent, Look, Occurrence};
pub use parts::{Range, Reason};
pub use resolve::{FamilyMember, alerts_of_set, family};
pub use review_due::Deadlines;
pub use review_independence::{Conflict, Subject, conflicts};
pub use review_mandate::{Delegation, Exception, Mandates, delegation_shape, exception_shape};
pub use shapes::shape_of;
pub use supervision::{SupervisionRule, supervision_shape};
pub use tables::{record, record_holds, record_reassignments};
pub use texts::{Texts, is_yaml, retention_of, stored_holds};

use lexhold_document::{Diagnostics, Document, Shape};

/// Holds a document against its shape; says whether it fits.
fn fits(document: &Document, shape: &Shape, diagnostics: &mut Diagnostics) -> bool {
    let before = diagnostics.len();
    lexhold_document::check_shape(document, shape, diagnostics);
    diagnostics.len() == before
}
