//! The catalog from outside: journal entries and evaluation files in, rows out.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

mod bodies;
mod disposals;
mod erasures;
mod events;
mod fixture;
mod lookups;
mod opening;
mod periods;
mod projection;
mod questions;
mod reviews;
mod samples;
