//! What an editor asks about documents that somebody is typing: where, what, and what could stand here.
//!
//! Pure: texts come in, answers go out as places and words. The protocol by which an editor asks, and the files, are for `cli`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod positions;

pub use positions::{Encoding, Lines, Spot};
