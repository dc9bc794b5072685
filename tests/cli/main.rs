//! The command line as a user types it: every test runs the binary on files in a folder of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests panic, say when they skip, and remove files of their own"
)]

mod activate;
mod backup;
mod bad_input;
mod bundle;
mod case;
mod check;
mod check_fix;
mod check_forms;
mod clock;
mod config;
mod convert;
mod copies;
mod corpora;
mod crash;
mod determinism;
mod diff;
mod disk;
mod dispose;
mod editor;
mod erasure;
mod evaluation;
mod event;
mod evidence;
mod explain;
mod external;
mod fmt;
mod governance;
mod hold;
mod holds;
mod import;
mod init;
mod json_schema;
mod lock;
mod lsp;
mod lsp_answers;
mod mapping;
mod model;
mod objects;
mod packaging;
mod processes;
mod races;
mod reconcile;
mod replay;
mod resolution;
mod resolve;
mod review;
mod run;
mod sample;
mod scenarios;
mod schema;
mod signatures;
mod silence;
mod silence_of_verbs;
mod stages;
mod support;
mod tamper;
mod test;
mod totals;
mod transcripts;
mod transfer;
mod urls;
