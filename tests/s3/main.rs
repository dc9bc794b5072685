//! The command line and a bucket, at a server of its own. Skipped where no `moto_server` is named.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod archive;
mod inputs;
#[path = "../../engine/remote/tests/support/server.rs"]
#[allow(dead_code, reason = "the tests of `remote` use more of it")]
mod server;
#[path = "../cli/support.rs"]
#[allow(dead_code, reason = "the other tests use more of it")]
mod support;
#[path = "../../engine/remote/tests/support/way.rs"]
#[allow(dead_code, reason = "the tests of `remote` use more of it")]
mod way;
