//! Objects behind a URL: in a bucket that speaks S3, or in a folder.
//!
//! The one home of `object_store` and of its runtime: everything here blocks. What `object_store` does not speak of, versions and
//! Object Lock, is asked for by requests of our own (`wire`), signed and sent with its means. Every request is tried again where that
//! may help, and none replaces an object.
//!
//! Nothing here reads the environment; whose credentials are used is the caller's to say.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")
)]

mod address;
mod bucket;
mod error;
mod folder;
mod wire;
mod xml;

use std::fmt;
use std::fs::File;
use std::future::Future;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};
use tokio::runtime::Runtime;

use crate::address::{Address, path};
use crate::bucket::Bucket;
pub use crate::error::{Kind, RemoteError};

/// What every function of this crate returns.
pub type Result<T> = std::result::Result<T, RemoteError>;

/// How much of an object is asked for or sent at once, and how many such pieces are on the way.
const PIECE_BYTES: u64 = 8 << 20;
const AT_ONCE: usize = 4;

/// The objects below a URL. A clone shares connections and credentials with it.
#[derive(Clone)]
pub struct Remote(Arc<Inner>);

struct Inner {
    url: String,
    /// What whole keys have before ours, with a `/` at the end unless it is empty.
    prefix: String,
    place: Place,
    runtime: Runtime,
}

enum Place {
    Bucket(Bucket),
    Folder(LocalFileSystem),
}

/// An object as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key after the URL, with `/` between its parts.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Changes when the object does.
    pub etag: Option<String>,
    /// The id of this version, where versions are kept and this is not from a list.
    pub version: Option<String>,
}

/// A version of an object, or the mark that says that it is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The object's key after the URL.
    pub key: String,
    /// Its id. A folder has no versions, and so no ids.
    pub id: Option<String>,
    /// Whether it is a delete marker.
    pub is_marker: bool,
    /// Whether it is what one sees who asks for no version.
    pub is_latest: bool,
}

/// Who may end a retention before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Those whom the bucket's owner allows to.
    Governance,
    /// Nobody.
    Compliance,
}

/// What Object Lock says of a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// How it is retained, and until when; also when that has passed.
    pub retained: Option<(Mode, Timestamp)>,
    /// Whether it is under a legal hold, which has no end.
    pub legal_hold: bool,
}

impl Lock {
    /// Whether the version cannot be deleted at an instant.
    pub fn keeps(&self, at: Timestamp) -> bool {
        self.legal_hold || self.retained.is_some_and(|(_, until)| until > at)
    }
}

impl Remote {
    /// Objects below `s3://bucket/prefix` or `file:///folder`. Nothing is asked of the server yet, and a folder need not be there.
    ///
    /// Options have the names of the environment of the AWS tools (`AWS_ACCESS_KEY_ID`, `AWS_REGION`, `AWS_ENDPOINT_URL`); others than
    /// those that mean something are passed over. With an endpoint the bucket is part of the path, unless
    /// `AWS_VIRTUAL_HOSTED_STYLE_REQUEST` says that the endpoint has it. Unencrypted HTTP is for servers on this machine, unless
    /// `AWS_ALLOW_HTTP` says `true`.
    ///
    /// # Errors
    /// `Kind::Refused` for a URL or an option that makes no sense.
    pub fn open(url: &str, options: &[(String, String)]) -> Result<Self> {
        let (prefix, place) = match Address::parse(url)? {
            Address::Bucket { bucket, prefix } => (prefix, Place::Bucket(Bucket::open(&bucket, options)?)),
            Address::Folder { prefix } => (prefix, Place::Folder(LocalFileSystem::new())),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| RemoteError::io("cannot start the thread that speaks to servers", error))?;
        Ok(Self(Arc::new(Inner {
            url: url.trim_end_matches('/').to_owned(),
            prefix: if prefix.is_empty() { prefix } else { prefix + "/" },
            place,
            runtime,
        })))
    }

    /// The URL that it was opened with, without a `/` at the end.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The URL of an object.
    pub fn url_of(&self, key: &str) -> String {
        format!("{}/{key}", self.0.url)
    }

    /// The object of a key and all below it as a folder, as they are now, by key; all there are where `below` is empty.
    ///
    /// # Errors
    /// When the server cannot be asked or has no such bucket.
    pub fn list(&self, below: &str) -> Result<Vec<Object>> {
        let below = self.whole(below.trim_end_matches('/'));
        let mut found = match &self.0.place {
            Place::Bucket(bucket) => self.wait(bucket.list(&below))?,
            Place::Folder(files) => self.wait(folder::list(files, &below))?,
        };
        found.retain_mut(|object| is_below(&object.key, &below) && self.shorten(&mut object.key));
        found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    /// The object of a key as it is now, if there is one.
    ///
    /// # Errors
    /// When the server cannot be asked. That there is no such bucket shows in `list` alone.
    pub fn head(&self, key: &str) -> Result<Option<Object>> {
        let whole = self.path(key)?;
        match self.wait(async { Ok(self.store(key).await?.head(&whole).await) })? {
            Ok(found) => Ok(Some(Object {
                key: key.to_owned(),
                bytes: found.size,
                etag: found.e_tag,
                version: found.version,
            })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(key, &error)),
        }
    }

    /// Writes the object of a key into a file, in pieces; see [`Remote::fetch_this`].
    ///
    /// # Errors
    /// As there, and `Kind::NotFound` where there is none.
    pub fn fetch(&self, key: &str, into: &mut File) -> Result<Object> {
        let Some(object) = self.head(key)? else {
            return Err(RemoteError::new(
                Kind::NotFound,
                format!("{}: there is no such object", self.url_of(key)),
            ));
        };
        self.fetch_this(&object, into)?;
        Ok(object)
    }

    /// Writes an object into a file, in pieces. What has been written when this fails is worth nothing.
    ///
    /// # Errors
    /// `Kind::Changed` when it is no longer the object that it was.
    pub fn fetch_this(&self, object: &Object, into: &mut File) -> Result<()> {
        let whole = self.path(&object.key)?;
        let n = object.bytes.div_ceil(PIECE_BYTES);
        let pieces = stream::iter(0..n).map(|at| {
            let range = at * PIECE_BYTES..object.bytes.min((at + 1) * PIECE_BYTES);
            self.piece(object, &whole, range)
        });
        self.wait(async {
            let mut pieces = std::pin::pin!(pieces.buffered(AT_ONCE));
            while let Some(piece) = pieces.try_next().await? {
                let written = into.write_all(&piece);
                written.map_err(|error| RemoteError::io("cannot write what was fetched", error))?;
            }
            Ok(())
        })
    }

    async fn piece(&self, object: &Object, whole: &ObjectPath, range: Range<u64>) -> Result<Bytes> {
        let options = GetOptions::new()
            .with_range(Some(GetRange::Bounded(range.clone())))
            .with_if_match(object.etag.clone());
        let failed = |error| self.failed(&object.key, &error);
        let store = self.store(&object.key).await?;
        let answer = store.get_opts(whole, options).await.map_err(failed)?;
        let piece = answer.bytes().await.map_err(failed)?;
        if piece.len() as u64 == range.end - range.start {
            return Ok(piece);
        }
        let changed = format!("{}: the object has another size than before", self.url_of(&object.key));
        Err(RemoteError::new(Kind::Changed, changed))
    }

    /// Puts a file under a key where nothing is; `false` where something is, which stays as it is.
    ///
    /// What is there may be this very file: when the answer to a request is lost on its way, the next one finds what the first has
    /// put. Who has to know asks what is there.
    ///
    /// # Errors
    /// When the file cannot be read, or the object not be written. Nothing is under the key then, or what another has put there.
    pub fn put_new(&self, key: &str, from: &Path) -> Result<bool> {
        // Also for servers that do not know the condition.
        if self.head(key)?.is_some() {
            return Ok(false);
        }
        let bucket = match &self.0.place {
            Place::Bucket(bucket) => bucket,
            Place::Folder(_) => return folder::put_new(&self.whole(key), from),
        };
        match self.wait(bucket.put_new(&self.whole(key), from)) {
            Ok(()) => Ok(true),
            // Another was quicker. An upload in parts that is no longer there has been completed, or given up by somebody.
            Err(error) if matches!(error.kind(), Kind::Changed | Kind::NotFound) => match self.head(key)? {
                Some(_) => Ok(false),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Every version and delete marker of a key and of all below it as a folder, by key, the latest first. Where no versions are
    /// kept, the one there is.
    ///
    /// # Errors
    /// When the server cannot be asked or has no such bucket.
    pub fn versions(&self, below: &str) -> Result<Vec<Version>> {
        let bucket = match &self.0.place {
            Place::Bucket(bucket) => bucket,
            Place::Folder(_) => return Ok(self.list(below)?.into_iter().map(only_version).collect()),
        };
        let below = self.whole(below.trim_end_matches('/'));
        let mut found = self.wait(bucket.versions(&below))?;
        found.retain_mut(|version| is_below(&version.key, &below) && self.shorten(&mut version.key));
        found.sort_by(|a, b| a.key.cmp(&b.key).then(b.is_latest.cmp(&a.is_latest)));
        Ok(found)
    }

    /// Deletes versions for good. Those that are not there are as they should be.
    ///
    /// # Errors
    /// When any is refused, naming them, after all others are gone: `Kind::Locked` where a retention or a legal hold keeps it.
    pub fn delete(&self, versions: &[Version]) -> Result<()> {
        let whole: Vec<Version> = versions.iter().map(|version| self.whole_version(version)).collect();
        match &self.0.place {
            Place::Bucket(bucket) => self.wait(bucket.delete(&whole)),
            Place::Folder(_) => folder::delete(whole.iter().map(|version| version.key.as_str())),
        }
    }

    /// Whether versions can be locked here.
    ///
    /// # Errors
    /// When the server cannot be asked, or does not let us know.
    pub fn locking(&self) -> Result<bool> {
        match &self.0.place {
            Place::Bucket(bucket) => self.wait(bucket.locking()),
            Place::Folder(_) => Ok(false),
        }
    }

    /// What keeps a version from being deleted, as far as we may see it: S3 leaves out what `s3:GetObjectRetention` and
    /// `s3:GetObjectLegalHold` do not allow us to know, and refuses to delete all the same.
    ///
    /// # Errors
    /// When the server cannot be asked, or there is no such version.
    pub fn lock_of(&self, version: &Version) -> Result<Lock> {
        match &self.0.place {
            Place::Bucket(bucket) => self.wait(bucket.lock_of(&self.whole_version(version))),
            Place::Folder(_) => Ok(Lock::default()),
        }
    }

    /// Keeps a version from being deleted until an instant, which is cut to the second.
    ///
    /// # Errors
    /// `Kind::Denied` when it would shorten a retention in compliance mode, `Kind::Refused` where there are no locks.
    pub fn retain(&self, version: &Version, mode: Mode, until: Timestamp) -> Result<()> {
        let bucket = self.with_locks()?;
        self.wait(bucket.retain(&self.whole_version(version), mode, until))
    }

    /// Puts a version under a legal hold, or ends that.
    ///
    /// # Errors
    /// `Kind::Denied` where that is not ours to do, `Kind::Refused` where there are no locks.
    pub fn set_legal_hold(&self, version: &Version, on: bool) -> Result<()> {
        let bucket = self.with_locks()?;
        self.wait(bucket.set_legal_hold(&self.whole_version(version), on))
    }

    fn with_locks(&self) -> Result<&Bucket> {
        match &self.0.place {
            Place::Bucket(bucket) => Ok(bucket),
            Place::Folder(_) => Err(RemoteError::refused(format!("{}: a folder has no locks", self.0.url))),
        }
    }

    async fn store(&self, key: &str) -> Result<&dyn ObjectStore> {
        Ok(match &self.0.place {
            Place::Bucket(bucket) => bucket.store(&self.whole(key)).await?,
            Place::Folder(files) => files,
        })
    }

    /// Where the object of a key lies.
    fn path(&self, key: &str) -> Result<ObjectPath> {
        if key.is_empty() {
            return Err(RemoteError::refused(format!("{}: names no object", self.0.url)));
        }
        path(&self.whole(key))
    }

    /// The key as the bucket or the disk has it.
    fn whole(&self, key: &str) -> String {
        let whole = format!("{}{key}", self.0.prefix);
        if key.is_empty() {
            return whole.trim_end_matches('/').to_owned();
        }
        whole
    }

    fn whole_version(&self, version: &Version) -> Version {
        Version {
            key: self.whole(&version.key),
            ..version.clone()
        }
    }

    /// Takes the prefix from a whole key; whether it had it.
    fn shorten(&self, key: &mut String) -> bool {
        match key.strip_prefix(&self.0.prefix) {
            Some(rest) if !rest.is_empty() => *key = rest.to_owned(),
            _ => return false,
        }
        true
    }

    fn failed(&self, key: &str, error: &object_store::Error) -> RemoteError {
        RemoteError::of_store(&self.url_of(key), error)
    }

    fn wait<T>(&self, done: impl Future<Output = T>) -> T {
        self.0.runtime.block_on(done)
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.0.url).finish()
    }
}

fn only_version(object: Object) -> Version {
    Version {
        key: object.key,
        id: None,
        is_marker: false,
        is_latest: true,
    }
}

/// Whether a key is one itself or lies below it as a folder.
fn is_below(key: &str, folder: &str) -> bool {
    let rest = key.strip_prefix(folder);
    rest.is_some_and(|rest| folder.is_empty() || rest.is_empty() || rest.starts_with('/'))
}
