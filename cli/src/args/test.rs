//! `test`

use std::path::PathBuf;

use clap::Args;

/// `test`
#[derive(Debug, Args)]
pub struct Test {
    /// Files or folders whose tests are run [default: the policies and rulesets]
    pub paths: Vec<PathBuf>,
    /// Only tests with this in their name or file
    #[arg(long, value_name = "TEXT", env = "LEXHOLD_TEST_FILTER")]
    pub filter: Option<String>,
}
