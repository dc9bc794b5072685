//! A bucket that speaks S3.

use std::fmt::Write as _;
use std::fs::File;
use std::future::Future;
use std::io::Read as _;
use std::path::Path;
use std::pin::Pin;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::header::IF_NONE_MATCH;
use http::{HeaderValue, Method};
use jiff::Timestamp;
use object_store::aws::AmazonS3;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use object_store::{ClientOptions, MultipartUpload, ObjectStore as _, ObjectStoreExt as _, PutMode, PutPayload};
use quick_xml::escape::escape;

use crate::address::{path, server};
use crate::error::Kind;
use crate::wire::{Call, Wire};
use crate::xml::Element;
use crate::{AT_ONCE, Lock, Mode, Object, PIECE_BYTES, RemoteError, Result, Version};

/// How many versions one request may delete.
const DELETED_AT_ONCE: usize = 1000;
/// How many parts an upload may have.
const MOST_PARTS: u64 = 10_000;

#[derive(Debug)]
pub(crate) struct Bucket {
    name: String,
    store: AmazonS3,
    wire: Wire,
}

impl Bucket {
    pub(crate) fn open(name: &str, options: &[(String, String)]) -> Result<Self> {
        let (builder, client) = server(options)?;
        let builder = builder.with_bucket_name(name).with_http_connector(Connector);
        let failed = |error| RemoteError::refused(format!("s3://{name}: {error}"));
        let client = ReqwestConnector::default().connect(&client).map_err(failed)?;
        let store = builder.clone().build().map_err(failed)?;
        let wire = Wire::new(&builder, name, store.credentials().clone(), client);
        Ok(Self {
            name: name.to_owned(),
            store,
            wire,
        })
    }

    /// The objects by `object_store`, if anybody lets us.
    pub(crate) async fn store(&self, key: &str) -> Result<&AmazonS3> {
        self.wire.credential(&self.url(key)).await?;
        Ok(&self.store)
    }

    /// Every object whose key begins with a prefix, by whole keys. The empty ones that stand for a folder are passed over.
    pub(crate) async fn list(&self, prefix: &str) -> Result<Vec<Object>> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let mut query = vec![("list-type", "2".to_owned()), ("prefix", prefix.to_owned())];
            query.extend(token.map(|token: String| ("continuation-token", token)));
            let page = self.wire.send(&self.url(prefix), &Call::get(query)).await?;
            for entry in page.children.iter().filter(|child| child.name == "Contents") {
                let object = object(entry).ok_or_else(|| self.unclear(prefix))?;
                if !object.key.ends_with('/') || object.bytes > 0 {
                    found.push(object);
                }
            }
            token = page.said("NextContinuationToken").map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Every version and delete marker whose key begins with a prefix, by whole keys.
    pub(crate) async fn versions(&self, prefix: &str) -> Result<Vec<Version>> {
        let mut found = Vec::new();
        let mut next = Vec::new();
        loop {
            let mut query = vec![("versions", String::new()), ("prefix", prefix.to_owned())];
            query.append(&mut next);
            let page = self.wire.send(&self.url(prefix), &Call::get(query)).await?;
            for entry in &page.children {
                if matches!(entry.name.as_str(), "Version" | "DeleteMarker") {
                    found.push(version(entry).ok_or_else(|| self.unclear(prefix))?);
                }
            }
            let markers = [
                ("key-marker", "NextKeyMarker"),
                ("version-id-marker", "NextVersionIdMarker"),
            ];
            let said = markers.map(|(name, element)| Some((name, page.said(element)?.to_owned())));
            next = said.into_iter().flatten().collect();
            if page.said("IsTruncated") != Some("true") || next.is_empty() {
                return Ok(found);
            }
        }
    }

    /// Uploads a file under a whole key, only where nothing is.
    pub(crate) async fn put_new(&self, key: &str, from: &Path) -> Result<()> {
        let to = path(key)?;
        let failed = |error| RemoteError::io(&from.display().to_string(), error);
        let mut file = File::open(from).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        if bytes <= PIECE_BYTES {
            let whole = piece(&mut file, PIECE_BYTES).map_err(failed)?;
            let put = self
                .store(key)
                .await?
                .put_opts(&to, whole, PutMode::Create.into())
                .await;
            put.map_err(|error| self.failed(key, &error))?;
            return Ok(());
        }
        let part_bytes = PIECE_BYTES.max(bytes.div_ceil(MOST_PARTS));
        let upload = self.store(key).await?.put_multipart(&to).await;
        let mut upload = upload.map_err(|error| self.failed(key, &error))?;
        let done = match self
            .parts(
                key,
                from,
                &mut file,
                bytes.div_ceil(part_bytes),
                part_bytes,
                upload.as_mut(),
            )
            .await
        {
            Ok(()) => upload.complete().await.map_err(|error| self.failed(key, &error)),
            Err(error) => Err(error),
        };
        if done.is_err()
            && let Err(error) = upload.abort().await
        {
            let error = self.failed(key, &error);
            tracing::warn!("{error}; the parts that were uploaded stay until the bucket's own rules remove them");
        }
        done.map(|_| ())
    }

    async fn parts(
        &self,
        key: &str,
        from: &Path,
        file: &mut File,
        n: u64,
        part_bytes: u64,
        upload: &mut dyn MultipartUpload,
    ) -> Result<()> {
        let sent = stream::iter(0..n).map(|_| {
            let part = piece(file, part_bytes).map(|part| upload.put_part(part));
            async {
                let part = part.map_err(|error| RemoteError::io(&from.display().to_string(), error))?;
                part.await.map_err(|error| self.failed(key, &error))
            }
        });
        sent.buffered(AT_ONCE).try_collect::<()>().await
    }

    /// Deletes versions of whole keys. What is refused is told after the others are gone.
    pub(crate) async fn delete(&self, versions: &[Version]) -> Result<()> {
        let mut refused = Vec::new();
        for some in versions.chunks(DELETED_AT_ONCE) {
            let call = Call {
                method: Method::POST,
                key: None,
                query: vec![("delete", String::new())],
                body: deletion(some),
            };
            let answer = self.wire.send(&self.url(""), &call).await?;
            refused.extend(answer.children.into_iter().filter(|child| child.name == "Error"));
        }
        let Some(first) = refused.first() else {
            return Ok(());
        };
        let names: Vec<&str> = refused.iter().filter_map(|error| error.said("Key")).collect();
        let said = |name| first.said(name).unwrap_or_default();
        let message = format!(
            "{}: {} of {} versions were not deleted ({}: {}): {}",
            self.url(""),
            refused.len(),
            versions.len(),
            said("Code"),
            said("Message"),
            names.join(", ")
        );
        Err(RemoteError::new(self.why_refused(first, versions).await, message))
    }

    /// Servers say the same of what is locked and of what one may not do, and not all of them which version it is.
    async fn why_refused(&self, error: &Element, versions: &[Version]) -> Kind {
        for version in versions
            .iter()
            .filter(|version| error.said("Key") == Some(&version.key))
        {
            match self.lock_of(version).await {
                Ok(lock) if lock != Lock::default() => return Kind::Locked,
                _ => {}
            }
        }
        match error.said("Code") {
            Some("AccessDenied") => Kind::Denied,
            _ => Kind::Io,
        }
    }

    /// Whether the bucket has Object Lock. A server that has never heard of it has none.
    pub(crate) async fn locking(&self) -> Result<bool> {
        let call = Call::get(vec![("object-lock", String::new())]);
        match self.wire.send(&self.url(""), &call).await {
            Ok(answer) => Ok(answer.said("ObjectLockEnabled") == Some("Enabled")),
            Err(error) if error.code() == Some("NoSuchBucket") => Err(error),
            Err(error) if matches!(error.kind(), Kind::NotFound) || error.code() == Some("NotImplemented") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What keeps a version of a whole key. Delete markers are kept by nothing.
    pub(crate) async fn lock_of(&self, version: &Version) -> Result<Lock> {
        if version.is_marker {
            return Ok(Lock::default());
        }
        let call = Call {
            method: Method::HEAD,
            key: Some(&version.key),
            ..Call::get(of_version(None, version))
        };
        let (head, _) = self.wire.ask(&self.url(&version.key), &call).await?;
        let said = |name: &str| head.get(name).and_then(|value| value.to_str().ok());
        let until = |until: Option<&str>| until?.parse().ok();
        let unclear = || self.unclear(&version.key);
        let retained = match said("x-amz-object-lock-mode") {
            None => None,
            Some(mode) => {
                let until = until(said("x-amz-object-lock-retain-until-date")).ok_or_else(unclear)?;
                Some((Mode::parse(mode).ok_or_else(unclear)?, until))
            }
        };
        Ok(Lock {
            retained,
            legal_hold: said("x-amz-object-lock-legal-hold") == Some("ON"),
        })
    }

    pub(crate) async fn retain(&self, version: &Version, mode: Mode, until: Timestamp) -> Result<()> {
        let mode = mode.word();
        let body = format!("<Retention><Mode>{mode}</Mode><RetainUntilDate>{until:.0}</RetainUntilDate></Retention>");
        self.lock(version, "retention", body).await
    }

    pub(crate) async fn set_legal_hold(&self, version: &Version, on: bool) -> Result<()> {
        let status = if on { "ON" } else { "OFF" };
        let body = format!("<LegalHold><Status>{status}</Status></LegalHold>");
        self.lock(version, "legal-hold", body).await
    }

    async fn lock(&self, version: &Version, what: &'static str, body: String) -> Result<()> {
        let call = Call {
            method: Method::PUT,
            key: Some(&version.key),
            query: of_version(Some(what), version),
            body,
        };
        self.wire.send(&self.url(&version.key), &call).await.map(|_| ())
    }

    fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    fn failed(&self, key: &str, error: &object_store::Error) -> RemoteError {
        RemoteError::of_store(&self.url(key), error)
    }

    fn unclear(&self, key: &str) -> RemoteError {
        RemoteError::new(
            Kind::Io,
            format!("{}: the server's answer lacks what it has to say", self.url(key)),
        )
    }
}

/// The next piece of a file.
fn piece(file: &mut File, bytes: u64) -> std::io::Result<PutPayload> {
    let mut piece = Vec::new();
    file.take(bytes).read_to_end(&mut piece)?;
    Ok(piece.into())
}

fn of_version(what: Option<&'static str>, version: &Version) -> Vec<(&'static str, String)> {
    let what = what.map(|what| (what, String::new()));
    what.into_iter()
        .chain(version.id.clone().map(|id| ("versionId", id)))
        .collect()
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Self::Governance => "GOVERNANCE",
            Self::Compliance => "COMPLIANCE",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Governance, Self::Compliance]
            .into_iter()
            .find(|mode| mode.word() == word)
    }
}

fn object(entry: &Element) -> Option<Object> {
    Some(Object {
        key: entry.said("Key")?.to_owned(),
        bytes: entry.said("Size")?.parse().ok()?,
        etag: entry.said("ETag").map(str::to_owned),
        version: None,
    })
}

fn version(entry: &Element) -> Option<Version> {
    Some(Version {
        key: entry.said("Key")?.to_owned(),
        id: Some(entry.said("VersionId")?.to_owned()),
        is_marker: entry.name == "DeleteMarker",
        is_latest: entry.said("IsLatest") == Some("true"),
    })
}

fn deletion(versions: &[Version]) -> String {
    let mut body = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>".to_owned();
    for version in versions {
        let id = version
            .id
            .as_ref()
            .map(|id| format!("<VersionId>{}</VersionId>", escape(id)));
        // Writing into a string never fails.
        let _ = write!(
            body,
            "<Object><Key>{}</Key>{}</Object>",
            escape(&version.key),
            id.unwrap_or_default()
        );
    }
    body + "</Delete>"
}

/// Makes clients by which no upload in parts ever replaces an object: `object_store` asks for that only where it puts an object in
/// one piece.
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(NeverReplacing(client)))
    }
}

#[derive(Debug)]
struct NeverReplacing(HttpClient);

type Answer<'a> = Pin<Box<dyn Future<Output = std::result::Result<HttpResponse, HttpError>> + Send + 'a>>;

impl HttpService for NeverReplacing {
    fn call<'client, 'answer>(&'client self, mut request: HttpRequest) -> Answer<'answer>
    where
        'client: 'answer,
        Self: 'answer,
    {
        let query = request.uri().query().unwrap_or_default();
        if request.method() == Method::POST && query.starts_with("uploadId=") {
            let headers = request.headers_mut();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
        }
        Box::pin(self.0.execute(request))
    }
}
