//! Legal holds: placed and released by people, in the journal first.

mod log;

pub use log::HoldLog;
