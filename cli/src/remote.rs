//! Object stores, as this process may use them: what the environment says of credentials, region and endpoint is read here alone.

use std::sync::Arc;

use lexhold_remote::Remote;
use lexhold_store::Connect;

/// Opens what lies behind a URL.
///
/// # Errors
/// For a URL that is none, or options that contradict each other; whether anybody is there shows when it is used.
pub fn open(url: &str) -> lexhold_remote::Result<Remote> {
    Remote::open(url, &options())
}

/// How a home reaches its archive.
pub fn connect() -> Arc<Connect> {
    Arc::new(open)
}

/// The variables that object stores are configured with: `AWS_ACCESS_KEY_ID`, `AWS_REGION`, `AWS_ENDPOINT_URL` and so on.
fn options() -> Vec<(String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let variables = std::env::vars_os().filter_map(text);
    variables.filter(|(name, _)| name.starts_with("AWS_")).collect()
}
