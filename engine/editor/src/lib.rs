//! What an editor asks about documents that somebody is typing: where, what, and what could stand here.
//!
//! Pure: texts come in, answers go out as places and words. The protocol by which an editor asks, and the files, are for `cli`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod cedar;
mod complete;
mod cursor;
mod hover;
mod index;
mod names;
mod outline;
mod positions;
mod shapes;

pub use complete::{Known, Law, Proposal, Proposed, complete};
pub use hover::hover;
pub use index::{Index, NotRenamed, Spotted, Target};
pub use names::Sort;
pub use outline::{Part, outline};
pub use positions::{Encoding, Lines, Spot};
