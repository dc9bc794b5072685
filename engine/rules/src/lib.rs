//! Pattern rules: compiled once from ruleset and lexicon documents, run over text.
//!
//! The way of a rule, file by file:
//!
//! 1. [`shape`] says which keys a document has; [`compile`] reads rules into trees of operators (`operator`,
//!    `expression`, `matching`), terms (`lexicons`, `term`), patterns (`pattern`, `literals`) and what a rule makes of its
//!    hits (`grading`, `check`), and reports all that is wrong;
//! 2. the compiled [`Program`] is immutable and shared: a trie of words (`trie`, `vocabulary`), patterns behind an
//!    automaton of the literals that they need (`patterns`, `gate`), and one tree a rule;
//! 3. a [`Scanner`] borrows the program and owns what changes: it makes the folded view of each part (`view`),
//!    splits it into tokens (`tokens`), finds terms and patterns (`found`), combines them (`combine`, `near`), judges
//!    what comes of it rule by rule (`judge`, `support`) and message by message (`tally`), and gives [`RuleHit`]s whose
//!    spans count in the original text;
//! 4. rules over several messages ([`conversation`]) judge the hits of a group, as a function of the set of them.
//!
//! `LANGUAGE.md` beside this crate's manifest is the manual of the language; its examples are compiled by a test.
//! What a rule's `when` means is left to the policy crate, which hits become alerts to `evaluate`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod codes;
pub mod conversation;
pub mod limits;
pub mod shape;

mod automaton;
mod beside;
mod blocks;
mod caches;
mod check;
mod combine;
mod compile;
mod digits;
mod disclaimer;
mod examples;
mod expression;
mod found;
mod frequency;
mod gate;
mod grading;
mod hit;
mod judge;
mod lane;
mod lazy;
mod leaves;
mod lexicons;
mod lint;
mod literals;
#[cfg(test)]
mod manual;
mod matching;
mod near;
mod operator;
#[cfg(test)]
mod oracle;
mod parts;
mod pattern;
mod patterns;
mod program;
mod qualifiers;
mod reach;
mod runs;
mod scanner;
mod search;
mod sieve;
mod skeleton;
mod spot;
mod stem;
mod support;
mod tally;
mod term;
#[cfg(test)]
mod testing;
mod tokens;
mod trie;
mod unicode;
mod validators;
mod variants;
mod view;
mod vocabulary;
mod wildcard;

pub use compile::{compile, compile_query};
pub use examples::{ExampleFailure, Expected, check_examples, example_part};
pub use hit::{Confidence, Part, RuleHit, RuleOutcome, ScanOutcome, Support};
pub use lint::lint;
pub use operator::operator_keys;
pub use parts::PartSet;
pub use program::{Condition, Example, Program, RuleInfo, Status, TextView};
pub use scanner::Scanner;
pub use stem::Stem;
pub use unicode::{REGEX_SYNTAX_VERSION, UNICODE_VERSIONS};
pub use validators::{VERSION as VALIDATORS_VERSION, validators};
