//! The requests of S3 that `object_store` does not make, signed with its signer and sent by its client: listings, versions, locks,
//! and deleting by version.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use md5::Md5;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsAuthorizer, AwsCredential, AwsCredentialProvider};
use object_store::client::{HttpClient, HttpRequestBody};
use object_store::{BackoffConfig, RetryConfig};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::address::is_true;
use crate::error::Kind;
use crate::xml::Element;
use crate::{RemoteError, Result};

/// What a signature leaves as it is in a path or a query.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ENCODED_IN_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// How often a request is sent before its failure is believed, and how long we wait after the first, doubled after each: 13 s in all.
const ATTEMPTS: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// The same for the requests of `object_store`, with some chance in its waits.
pub(crate) fn retries() -> RetryConfig {
    RetryConfig {
        max_retries: ATTEMPTS as usize - 1,
        backoff: BackoffConfig {
            init_backoff: FIRST_WAIT,
            max_backoff: LONGEST_WAIT,
            base: 2.0,
        },
        ..RetryConfig::default()
    }
}

/// A way to one bucket.
pub(crate) struct Wire {
    client: HttpClient,
    /// Nobody's where the bucket is open to all.
    credentials: Option<AwsCredentialProvider>,
    region: String,
    bucket_url: String,
    is_paid_by_us: bool,
}

/// A request. Every one of them can be made twice without harm.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// The whole key; none for the bucket itself.
    pub(crate) key: Option<&'a str>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Call<'_> {
    pub(crate) fn get(query: Vec<(&'static str, String)>) -> Self {
        Self {
            method: Method::GET,
            key: None,
            query,
            body: String::new(),
        }
    }
}

impl Wire {
    /// The way to the bucket that the builder is about. `credentials` are those that the builder has found.
    pub(crate) fn new(
        builder: &AmazonS3Builder,
        bucket: &str,
        credentials: AwsCredentialProvider,
        client: HttpClient,
    ) -> Self {
        let option = |key| builder.get_config_value(&key);
        let is_set = |key| option(key).is_some_and(|value| is_true(&value));
        let region = option(AmazonS3ConfigKey::Region)
            .or_else(|| option(AmazonS3ConfigKey::DefaultRegion))
            .unwrap_or_else(|| "us-east-1".to_owned());
        let endpoint = option(AmazonS3ConfigKey::S3Endpoint).or_else(|| option(AmazonS3ConfigKey::Endpoint));
        // As the builder has it.
        let bucket_url = match (endpoint, is_set(AmazonS3ConfigKey::VirtualHostedStyleRequest)) {
            (Some(endpoint), true) => endpoint.trim_end_matches('/').to_owned(),
            (Some(endpoint), false) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            (None, true) => format!("https://{bucket}.s3.{region}.amazonaws.com"),
            (None, false) => format!("https://s3.{region}.amazonaws.com/{bucket}"),
        };
        let payer = option(AmazonS3ConfigKey::RequestPayer);
        Self {
            client,
            credentials: (!is_set(AmazonS3ConfigKey::SkipSignature)).then_some(credentials),
            region,
            bucket_url,
            is_paid_by_us: payer.is_some_and(|value| is_true(&value) || value == "requester"),
        }
    }

    /// Sends a request, again where that may help, and takes its answer apart. `name` is what an error speaks of.
    pub(crate) async fn send(&self, name: &str, call: &Call<'_>) -> Result<Element> {
        self.ask(name, call).await.map(|(_, answer)| answer)
    }

    /// The same with the head of the answer.
    pub(crate) async fn ask(&self, name: &str, call: &Call<'_>) -> Result<(HeaderMap, Element)> {
        let mut wait = FIRST_WAIT;
        for _ in 1..ATTEMPTS {
            match self.attempt(name, call).await {
                Err(error) if error.kind() == Kind::Busy => {
                    tracing::info!("{error}; tried again in {} ms", wait.as_millis());
                    tokio::time::sleep(wait).await;
                    wait = LONGEST_WAIT.min(wait * 2);
                }
                done => return done,
            }
        }
        self.attempt(name, call).await
    }

    async fn attempt(&self, name: &str, call: &Call<'_>) -> Result<(HeaderMap, Element)> {
        let failed = |error| RemoteError::new(Kind::Busy, format!("{name}: {error}"));
        let response = self.client.execute(self.request(name, call).await?).await;
        let (head, body) = response.map_err(|error| failed(innermost(&error)))?.into_parts();
        let body = body.bytes().await.map_err(|error| failed(innermost(&error)))?;
        let answer = Element::parse(&body);
        let refusal = answer.as_ref().filter(|answer| answer.name == "Error");
        if !head.status.is_success() || refusal.is_some() {
            let said = |name| refusal.and_then(|refusal| refusal.said(name));
            // A failure that begins only after the head has been sent comes as a success.
            let status = if head.status.is_success() {
                500
            } else {
                head.status.as_u16()
            };
            return Err(RemoteError::answer(name, status, said("Code"), said("Message")));
        }
        match answer {
            Some(answer) => Ok((head.headers, answer)),
            None if body.is_empty() => Ok((head.headers, Element::default())),
            None => Err(RemoteError::new(Kind::Io, format!("{name}: the answer is not XML"))),
        }
    }

    async fn request(&self, name: &str, call: &Call<'_>) -> Result<Request<HttpRequestBody>> {
        let body = Bytes::from(call.body.clone());
        let mut request = Request::builder().method(&call.method).uri(self.url(call));
        if !body.is_empty() {
            request = request
                .header("content-type", "application/xml")
                .header("content-md5", BASE64_STANDARD.encode(Md5::digest(&body)))
                .header("x-amz-sdk-checksum-algorithm", "SHA256")
                .header("x-amz-checksum-sha256", BASE64_STANDARD.encode(Sha256::digest(&body)));
        }
        let mut request = request
            .body(HttpRequestBody::from(body))
            .map_err(|error| RemoteError::refused(format!("{name}: {error}")))?;
        if let Some(credential) = self.credential(name).await? {
            AwsAuthorizer::new(&credential, "s3", &self.region)
                .with_request_payer(self.is_paid_by_us)
                .try_authorize(&mut request, None)
                .map_err(|error| RemoteError::of_store(name, &error))?;
        }
        Ok(request)
    }

    /// Whose leave we have. `object_store` keeps it for as long as it holds, but where there is none its errors speak of a page that
    /// was not found.
    pub(crate) async fn credential(&self, name: &str) -> Result<Option<Arc<AwsCredential>>> {
        let Some(credentials) = &self.credentials else {
            return Ok(None);
        };
        let found = credentials.get_credential().await;
        let none = |error| {
            RemoteError::new(
                Kind::Denied,
                format!("{name}: nobody gives us credentials: {}", innermost(&error)),
            )
        };
        found.map(Some).map_err(none)
    }

    fn url(&self, call: &Call<'_>) -> String {
        let mut url = self.bucket_url.clone();
        if let Some(key) = call.key {
            url.push('/');
            url.extend(utf8_percent_encode(key, ENCODED_IN_PATH));
        }
        for (at, (name, value)) in call.query.iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(value, ENCODED));
        }
        url
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.bucket_url)
    }
}

/// The cause at the bottom, which says what went wrong rather than who noticed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
