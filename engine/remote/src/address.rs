//! What a URL and the options beside it say: which bucket or folder, at which server, by whose leave.

use std::net::IpAddr;
use std::path::PathBuf;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::path::Path;
use object_store::{ClientConfigKey, ClientOptions};
use url::{Host, Url};

use crate::wire::retries;
use crate::{RemoteError, Result};

/// Where the objects of a URL lie.
pub(crate) enum Address {
    /// A bucket, and what the keys in it begin with.
    Bucket { bucket: String, prefix: String },
    /// A folder, by its path from the root without the first `/`.
    Folder { prefix: String },
}

impl Address {
    /// `s3://bucket/prefix`, taken as it stands, or `file:///folder`, where `%20` is a blank.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let address = if let Some(rest) = url.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.contains('@') {
                // Not shown: what stands before an `@` is somebody's secret.
                return Err(RemoteError::refused(
                    "a URL holds no credentials; they are options of their own",
                ));
            }
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            if bucket.is_empty() || !bucket.bytes().all(legal) {
                return Err(RemoteError::refused(format!("`{url}` names no bucket")));
            }
            Self::Bucket {
                bucket: bucket.to_owned(),
                prefix: prefix.trim_matches('/').to_owned(),
            }
        } else if url.starts_with("file:///") {
            let folder = folder(url).ok_or_else(|| RemoteError::refused(format!("`{url}` names no folder")))?;
            Self::Folder { prefix: folder }
        } else {
            let why = "begins with neither `s3://` nor `file:///`";
            return Err(RemoteError::refused(format!("`{url}` {why}")));
        };
        let (Self::Bucket { prefix, .. } | Self::Folder { prefix }) = &address;
        path(prefix)?;
        Ok(address)
    }
}

/// The folder of a `file:///` URL.
fn folder(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    if url.query().is_some() || url.fragment().is_some() {
        return None;
    }
    let path: PathBuf = url.to_file_path().ok()?;
    Some(path.to_str()?.trim_matches('/').to_owned())
}

/// A key as `object_store` takes it, which would change some keys in silence.
pub(crate) fn path(key: &str) -> Result<Path> {
    match Path::parse(key) {
        Ok(path) if path.as_ref() == key => Ok(path),
        _ => Err(RemoteError::refused(format!(
            "`{}` has an empty part, `.`, `..` or a control character between its `/`",
            key.escape_debug()
        ))),
    }
}

/// A bucket's server as the options say, without a bucket yet, and how any client speaks to it.
///
/// Unencrypted HTTP is for this machine alone, or where `AWS_ALLOW_HTTP` says `true`. Names that mean nothing are passed over, since
/// the environment of the AWS tools has many.
pub(crate) fn server(options: &[(String, String)]) -> Result<(AmazonS3Builder, ClientOptions)> {
    let (mut builder, mut client) = (AmazonS3Builder::new(), ClientOptions::new());
    for (name, value) in options {
        match name.to_ascii_lowercase().parse() {
            Ok(AmazonS3ConfigKey::Client(key)) => client = client.with_config(key, value),
            Ok(key) => builder = builder.with_config(key, value),
            Err(_) => {}
        }
    }
    let option = |key| builder.get_config_value(&key);
    if option(AmazonS3ConfigKey::S3Express).is_some_and(|value| is_true(&value)) {
        return Err(RemoteError::refused(
            "directory buckets (AWS_S3_EXPRESS) are not supported",
        ));
    }
    let allowed = client.get_config_value(&ClientConfigKey::AllowHttp);
    let plain = match option(AmazonS3ConfigKey::S3Endpoint).or_else(|| option(AmazonS3ConfigKey::Endpoint)) {
        Some(endpoint) => is_plain(&endpoint, allowed.is_some_and(|value| is_true(&value)))?,
        None => false,
    };
    let client = client.with_allow_http(plain);
    let builder = builder
        .with_client_options(client.clone())
        .with_retry(retries())
        .with_checksum_algorithm(Checksum::SHA256);
    Ok((builder, client))
}

pub(crate) fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on" | "y")
}

/// Whether a server is spoken to without encryption.
fn is_plain(endpoint: &str, allowed: bool) -> Result<bool> {
    let refused = |why: &str| Err(RemoteError::refused(format!("AWS_ENDPOINT_URL {why}")));
    let Ok(url) = Url::parse(endpoint) else {
        return refused("is not a URL");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refused("holds credentials; they are options of their own");
    }
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => Ok(false),
        ("http", Some(host)) if allowed || is_here(&host) => Ok(true),
        ("http", Some(_)) => refused(
            "is plain HTTP to another machine: name it with https://, or set AWS_ALLOW_HTTP=true where the way there is safe",
        ),
        _ => refused("begins with neither https:// nor http://"),
    }
}

fn is_here(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
    }
}
