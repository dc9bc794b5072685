//! The scanner: a program's scratch and caches, one for each thread.

use crate::{Part, Program, RuleHit, ScanOutcome};

/// Scans messages with one program. Cheap to keep, so make one a thread.
#[derive(Debug)]
pub struct Scanner<'p> {
    program: &'p Program,
}

impl<'p> Scanner<'p> {
    /// A scanner with empty caches.
    pub fn new(program: &'p Program) -> Self {
        Scanner { program }
    }

    /// The program that it scans with.
    pub fn program(&self) -> &'p Program {
        self.program
    }

    /// Appends the hits of one message's parts, ordered by part, start, end and rule.
    pub fn scan(&mut self, _parts: &[Part<'_>], _hits: &mut Vec<RuleHit>) -> ScanOutcome {
        ScanOutcome::default()
    }
}
