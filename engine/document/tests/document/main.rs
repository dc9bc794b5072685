//! The document crate from outside: text in, documents and diagnostics out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod dialect;
mod digests;
mod front;
mod hostile;
mod imports;
mod inside;
mod laws;
mod layout;
mod parameters;
mod shapes;
mod shipped;
mod support;
mod typed;
