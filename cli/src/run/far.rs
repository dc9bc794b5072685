//! Inputs that lie behind a URL. Each is fetched whole when its turn comes, and what was fetched is gone when it has been read.

use std::fs::File;
use std::path::{Path, PathBuf};

use lexhold_remote::{Kind, Object, Remote, RemoteError};
use lexhold_store::Home;
use tempfile::TempDir;

use super::interrupted;
use crate::failure::{Exit, Failure};
use crate::{home, remote};

/// An object, or all below a URL that ends in `/`, as it was when it was looked at. What has changed since is not read.
#[derive(Clone, Debug)]
pub struct Far {
    url: String,
    remote: Remote,
    objects: Vec<Object>,
    is_folder: bool,
}

/// A file or folder that can be read, for as long as this is there.
pub struct Near {
    /// Where it is.
    pub path: PathBuf,
    _fetched: Option<TempDir>,
}

impl Near {
    /// What lies here anyway.
    pub fn here(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            _fetched: None,
        }
    }
}

impl Far {
    /// Looks what is behind a URL.
    ///
    /// # Errors
    /// When the server cannot be asked, or nothing is there.
    pub fn look(url: &str) -> anyhow::Result<Self> {
        let cannot = |error: RemoteError| remote::failed(format!("cannot read {url}"), error);
        let (folder, key) = split(url);
        let remote = remote::open(folder).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        let objects = match key {
            None => remote.list("").map_err(cannot)?,
            Some(key) => match remote.head(key).map_err(cannot)? {
                Some(object) => vec![object],
                // That there is no such bucket shows in a list alone.
                None => return Err(nothing(url, !remote.list(key).map_err(cannot)?.is_empty())),
            },
        };
        if objects.is_empty() {
            return Err(nothing(url, false));
        }
        Ok(Self {
            url: url.to_owned(),
            remote,
            objects,
            is_folder: key.is_none(),
        })
    }

    /// The size of all of it.
    pub fn bytes(&self) -> u64 {
        self.objects.iter().map(|object| object.bytes).sum()
    }

    /// Fetches it, into the scratch of a home where there is one, or else where the system has temporary files.
    ///
    /// # Errors
    /// When it cannot be fetched, or is not what it was; see [`remote::is_lost`].
    pub fn fetch(&self, home: Option<&Home>) -> anyhow::Result<Near> {
        let cannot = |error: RemoteError| {
            let message = match error.kind() {
                Kind::Changed | Kind::NotFound => {
                    format!("{} changed while it was read; nothing of it is taken in", self.url)
                }
                _ => format!("cannot read {}", self.url),
            };
            remote::failed(message, error)
        };
        let scratch = match home {
            Some(home) => home::folder_in_scratch(home)?,
            None => tempfile::Builder::new().prefix("lexhold-").tempdir()?,
        };
        for object in &self.objects {
            if interrupted() {
                break;
            }
            let path = scratch.path().join(&object.key);
            let folder = path.parent().unwrap_or(scratch.path());
            let here = |error| {
                Failure::new(
                    Exit::Data,
                    format!("cannot fetch {}: {error}", self.remote.url_of(&object.key)),
                )
            };
            std::fs::create_dir_all(folder).map_err(here)?;
            let mut file = File::create_new(&path).map_err(here)?;
            self.remote.fetch_this(object, &mut file).map_err(cannot)?;
        }
        let path = match &self.objects[..] {
            [only] if !self.is_folder => scratch.path().join(&only.key),
            _ => scratch.path().to_owned(),
        };
        Ok(Near {
            path,
            _fetched: Some(scratch),
        })
    }
}

/// The folder of a URL, and the key of one object in it unless it is a folder itself.
fn split(url: &str) -> (&str, Option<&str>) {
    match url.rsplit_once('/') {
        Some((folder, key)) if !key.is_empty() && !folder.ends_with('/') => (folder, Some(key)),
        _ => (url, None),
    }
}

fn nothing(url: &str, is_folder: bool) -> anyhow::Error {
    let failure = Failure::new(Exit::Data, format!("cannot read {url}: not found"));
    let help = if is_folder {
        format!("it is a folder of objects: write {url}/")
    } else {
        "the name of an object is read as it stands; with a `/` at the end all below it is one input, as a folder"
            .to_owned()
    };
    failure.help(help).into()
}
