//! The tests that documents and case files carry: messages, what is known beside them, and what is to come of them.
//!
//! `tests:` of a document and `list:` of a case file hold the same thing, a [`Case`]; `hits` and `misses` of pattern rules are
//! tests too. Reading ([`read_cases`]) finds what cannot be run, each at its place; running ([`Trial::run`]) is pure, so that
//! trials may go side by side.
//!
//! Beside the messages stand the events that the register has recorded and the holds that are in force, and the calendars of
//! the bundle count. Dates and holds are asked of the first message; the others stand beside it, in its conversation or in
//! another. No alert of a test is anybody's open case: a state is what dates and holds make it.
//!
//! An absent `captured_at` is `sent_at`, and so is an absent `as_of`, so that a case reads as it happened.

mod expect;
mod marks;
mod outcome;
mod read;
mod run;
mod shape;
#[cfg(test)]
mod tests;

use lexhold_document::{Document, FileId, Place};
use lexhold_model::{Directory, Message};
use lexhold_policy::Schemas;

use crate::Bundle;

pub use outcome::{CaseResult, Instead, Mismatch, Outcome};
pub(crate) use read::Body;
pub use read::{Case, read_cases};
pub(crate) use run::known_events;
pub use run::{Trial, run_documents, trials};
pub use shape::{case_shape, cases_shape, check_cases, subjects};

/// What is read from files that a test names, by paths relative to the file that it stands in.
///
/// The answers to the same question MUST be equal. What goes wrong is said in a few words, without a word of any message.
pub trait Beside {
    /// The people, groups and channels of a directory file.
    ///
    /// # Errors
    /// Why there is none.
    fn directory(&mut self, from: FileId, path: &str) -> Result<Directory, String>;

    /// The hold document in a file.
    ///
    /// # Errors
    /// Why there is none.
    fn hold(&mut self, from: FileId, path: &str) -> Result<Document, String>;

    /// The messages of a file in any format that can be read.
    ///
    /// # Errors
    /// Why they cannot be read, all of them.
    fn messages(&mut self, from: FileId, path: &str) -> Result<Vec<Message>, String>;
}

/// No files at all: for tests that name none.
pub struct Alone;

impl Beside for Alone {
    fn directory(&mut self, _: FileId, _: &str) -> Result<Directory, String> {
        Err("there are no files here".into())
    }

    fn hold(&mut self, _: FileId, _: &str) -> Result<Document, String> {
        Err("there are no files here".into())
    }

    fn messages(&mut self, _: FileId, _: &str) -> Result<Vec<Message>, String> {
        Err("there are no files here".into())
    }
}

/// What tests are read against.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The bundle that they are run with.
    pub bundle: &'a Bundle,
    /// The schema that conditions of holds are checked against.
    pub schemas: &'a Schemas,
    /// Holds that are in force in every test beside its own.
    pub holds: &'a [Document],
}

/// Where a rule's example or a test stands, with what it is called.
type Named = (String, Place);
