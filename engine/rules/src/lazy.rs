//! Regexes that are built when a text first has a place for them.
//!
//! Most patterns of a large collection never have one. What compiling would find wrong with a pattern is found before:
//! its automaton is built once within the limits, and dropped.

use std::sync::{Arc, OnceLock};

use regex_automata::MatchKind;
use regex_automata::meta::Regex;
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
use regex_syntax::hir::Hir;

use crate::pattern::{self, Refusal};
use crate::reach::Reach;
use crate::{codes, limits};

/// A parsed pattern, whose engines are built when first asked for.
#[derive(Debug)]
pub(crate) struct Lazy {
    hir: Arc<Hir>,
    kind: MatchKind,
    regex: OnceLock<Option<Box<Regex>>>,
    reach: OnceLock<Option<Reach>>,
}

impl Lazy {
    /// Checks that a parsed pattern can be built within the limits.
    pub(crate) fn new(hir: Hir) -> Result<Lazy, Refusal> {
        let config = Config::new()
            .nfa_size_limit(Some(limits::COMPILED_BYTES))
            .which_captures(WhichCaptures::None);
        Compiler::new()
            .configure(config)
            .build_from_hir(&hir)
            .map_err(|error| match error.size_limit() {
                Some(_) => pattern::too_large(),
                None => Refusal::new(codes::PATTERN_SYNTAX, format!("pattern does not compile: {error}")),
            })?;
        Ok(Lazy {
            hir: Arc::new(hir),
            kind: MatchKind::LeftmostFirst,
            regex: OnceLock::new(),
            reach: OnceLock::new(),
        })
    }

    /// The same pattern, preferring the longest match.
    pub(crate) fn longest(&self) -> Lazy {
        Lazy {
            hir: Arc::clone(&self.hir),
            kind: MatchKind::All,
            regex: OnceLock::new(),
            reach: OnceLock::new(),
        }
    }

    /// The bytes that what has been built of it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.regex
            .get()
            .and_then(Option::as_deref)
            .map_or(0, Regex::memory_usage)
    }

    /// The regex. `None` if it is too large after all, read backwards: then no search is complete.
    pub(crate) fn regex(&self) -> Option<&Regex> {
        let build = || pattern::build(&self.hir, self.kind, BACKWARDS * limits::COMPILED_BYTES).ok();
        self.regex.get_or_init(|| build().map(Box::new)).as_deref()
    }

    /// What tells how far a match can reach.
    pub(crate) fn reach(&self) -> Option<&Reach> {
        self.reach.get_or_init(|| Reach::new(&self.hir, self.kind)).as_ref()
    }
}

/// How much larger than the limit an automaton may be that reads backwards, where UTF-8 shares less.
const BACKWARDS: usize = 8;
