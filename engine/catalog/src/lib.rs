//! The catalog: a DuckDB projection of journal and evaluations, for questions. The only home of DuckDB and SQL.
//!
//! It holds ids, handles, dates, spans and labels, never a message's body, and it is an authority on nothing:
//! [`Writer::project`] makes all of it again from the journal's entries and the evaluation files they name. What dates
//! and states follow from its rows is for the pure crates; it neither opens the journal nor reads the clock.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed"))]

mod error;
mod open;
pub mod payload;
mod schema;

pub use error::{CatalogError, ErrorKind, Holder, Result};
pub use open::{Catalog, Settings, Writer};
pub use payload::JournalEntry;
pub use schema::SCHEMA_VERSION;
