//! The catalog: a DuckDB projection of journal and evaluations, for questions. The only home of DuckDB and SQL.
//!
//! It holds ids, handles, dates, spans and labels, never a message's body, and it is an authority on nothing:
//! [`Writer::project`] makes all of it again from the journal's entries and the evaluation files they name. What dates
//! and states follow from its rows is for the pure crates; it neither opens the journal nor reads the clock.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")
)]

mod alerts;
mod by_origin;
mod cases;
mod combinations;
mod copy;
mod corrections;
mod counts;
mod covered;
mod disposals;
mod erasures;
mod error;
mod events;
mod find;
mod holds;
mod inputs;
mod known;
mod membership;
mod numbers;
mod open;
pub mod payload;
mod project;
mod resolutions;
mod retention;
mod reviews;
mod rows;
mod samples;
mod schedules;
mod schema;
mod sources;
mod status;
mod tables;
mod tombstones;
mod too_late;

pub use alerts::{AlertMessage, AlertMonth, ConversationEventRow, HitRow, Hits, OccurrenceRow, RuleRow};
pub use by_origin::OriginCount;
pub use cases::{CaseEnds, CaseMessageRow, CaseRow, KeptCases, OPEN};
pub use combinations::{
    ApartCount, Combination, CombinationCount, ConversationRow, Cover, DayRow, Instants, MessageNumbers, NumberedRows,
    OriginClass, OriginRow, ReassignmentRow, Sign,
};
pub use corrections::CorrectionRow;
pub use counts::{CoverageRow, Dimension, UnknownHandle};
pub use covered::{Asked, Covered, GRANT_PARTS, HeldPart};
pub use disposals::{ApprovalRow, ItemRow, PlanRow};
pub use erasures::{DecisionRow, ErasureChoice, ErasureItemRow, ErasureRow, ErasureStepRow};
pub use error::{CatalogError, ErrorKind, Holder, Result};
pub use events::{EventRow, EventRowStep, event_rows};
pub use find::{FoundMessage, Header, PartRow, Surroundings};
pub use holds::{HoldName, HoldNoticeRow, HoldRow, ReleaseRow};
pub use inputs::AssignmentInput;
pub use known::{KeyFilter, Known};
pub use membership::{HoldAnswer, HoldCandidate, HoldQuestion};
pub use open::{Catalog, Settings, Writer};
pub use payload::JournalEntry;
pub use project::{Projected, Together};
pub use resolutions::ResolutionRow;
pub use retention::{Held, RetentionRow, Scope};
pub use reviews::{Participants, Place, ReviewRow, Traffic, ViewingRow, review_rows};
pub use samples::{SampleItemRow, SampleRow, Sampled};
pub use schedules::{DutyRow, ScheduleRow};
pub use schema::SCHEMA_VERSION;
pub use sources::{GapRow, SourceRow};
pub use status::{ActivationRow, ActiveBundle, IngestedFile, RunRow, Status};
pub use tables::{Fingerprint, TableFingerprint};
pub use tombstones::TombstoneRow;
pub use too_late::{DestroyedRow, PlannedRow};
