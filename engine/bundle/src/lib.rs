//! A bundle as one signed file: policies and rulesets that travel, and whether what came is what somebody stands by.
//!
//! `archive` is the file, `manifest` what it says of itself and who has signed that, `versions` what reads it. Whom to trust is
//! for the caller to say, and the time too: nothing here opens a file or asks a clock.

mod archive;
pub mod codes;
mod manifest;
mod versions;

pub use archive::{Files, pack};
pub use manifest::{Manifest, Parts, SCHEMA};
pub use versions::{DOCUMENTS, Versions};

/// Why a bundle does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code that `lexhold explain` has a page of.
    pub code: &'static str,
    /// Why, in a line.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: &'static str, message: String) -> Self {
        Self { code, message }
    }
}
