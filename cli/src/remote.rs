//! Object stores, as this process may use them: what the environment says of credentials, region and endpoint is read here alone.

use std::path::Path;
use std::sync::Arc;

use lexhold_remote::{Kind, Remote, RemoteError};
use lexhold_store::Connect;

use crate::failure::{Exit, Failure};

/// The URL that a path is, if it is one.
pub fn url(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    ["s3://", "file:///"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
        .then_some(text)
}

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

/// The error with its exit code and what helps; `doing` names the URL.
pub fn failed(doing: impl Into<String>, error: RemoteError) -> anyhow::Error {
    let failure = Failure::new(Exit::Data, doing.into());
    let failure = match help(&error) {
        Some(help) => failure.help(help),
        None => failure,
    };
    anyhow::Error::from(error).context(failure)
}

/// Whether it is about one object, and others may well be read: this one is gone or another now.
pub fn is_lost(error: &anyhow::Error) -> bool {
    let remote = error.chain().find_map(|cause| cause.downcast_ref::<RemoteError>());
    remote.is_some_and(|error| matches!(error.kind(), Kind::Changed | Kind::NotFound))
}

fn help(error: &RemoteError) -> Option<&'static str> {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let has_credentials = [
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    match (error.kind(), error.code()) {
        (Kind::NotFound, Some("NoSuchBucket")) => {
            Some("there is no such bucket at this server; AWS_ENDPOINT_URL and AWS_REGION say which server it is")
        }
        (Kind::Denied, None) if !has_credentials.into_iter().any(is_set) => Some(
            "no credentials are set, and this machine has no role that gives any: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; \
             profiles are not read, `aws configure export-credentials --format env` writes them out",
        ),
        (Kind::Denied, Some("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken" | "InvalidToken")) => {
            Some("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN are not, or no longer, valid together")
        }
        (Kind::Denied, _) => {
            Some("whoever holds these credentials may not do it; reading takes s3:ListBucket and s3:GetObject")
        }
        (Kind::Refused, _) => {
            Some("AWS_REGION must be the bucket's own region, and AWS_ENDPOINT_URL a server that speaks S3")
        }
        (Kind::Changed, _) => Some("somebody writes there; run again when that is over"),
        (Kind::Busy, _) => Some("the server did not answer, or had no time, eight times in a row"),
        _ => None,
    }
}
