//! A folder that stands for a bucket. It has no versions and no locks.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::{ObjectMeta, ObjectStore as _, ObjectStoreExt as _};

use crate::address::path;
use crate::{Object, RemoteError, Result};

/// What files begin with that are still being written.
const STAGED: &str = ".lexhold-";

/// The file of a whole key, or every one below it as a folder.
pub(crate) async fn list(files: &LocalFileSystem, below: &str) -> Result<Vec<Object>> {
    let failed = |error| RemoteError::of_store(&url(below), &error);
    let path = path(below)?;
    match files.head(&path).await {
        Ok(found) => return Ok(vec![object(found)]),
        Err(object_store::Error::NotFound { .. }) => {}
        Err(error) => return Err(failed(error)),
    }
    let found: Vec<_> = files.list(Some(&path)).try_collect().await.map_err(failed)?;
    let is_staged = |object: &Object| {
        object
            .key
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with(STAGED))
    };
    Ok(found
        .into_iter()
        .map(object)
        .filter(|object| !is_staged(object))
        .collect())
}

fn object(found: ObjectMeta) -> Object {
    Object {
        key: found.location.to_string(),
        bytes: found.size,
        etag: found.e_tag,
        version: None,
    }
}

/// Copies a file under a whole key, only where nothing is; whether it did. What is there when this returns stays there if the power goes.
pub(crate) fn put_new(key: &str, from: &Path) -> Result<bool> {
    path(key)?;
    let to = file(key);
    let failed = |error| RemoteError::io(&url(key), error);
    let folder = to.parent().unwrap_or(Path::new("/"));
    make(folder).map_err(failed)?;
    let read = |error| RemoteError::io(&from.display().to_string(), error);
    let mut source = File::open(from).map_err(read)?;
    let staged = tempfile::Builder::new().prefix(STAGED).tempfile_in(folder);
    let mut staged = staged.map_err(failed)?;
    io::copy(&mut source, &mut staged).map_err(failed)?;
    staged.as_file().sync_all().map_err(failed)?;
    match staged.persist_noclobber(&to) {
        Ok(_) => sync(folder).map(|()| true).map_err(failed),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(error.error)),
    }
}

/// Removes what is under whole keys.
pub(crate) fn delete<'a>(keys: impl Iterator<Item = &'a str>) -> Result<()> {
    for key in keys {
        path(key)?;
        let (file, failed) = (file(key), |error| RemoteError::io(&url(key), error));
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            done => done.map_err(failed)?,
        }
        sync(file.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
    }
    Ok(())
}

/// Makes a folder and those above it, each on disk before anything is put into it.
fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let Some(above) = folder.parent() else {
        return Ok(());
    };
    make(above)?;
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync(above)
}

/// Windows cannot open a folder to do this.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

fn file(key: &str) -> PathBuf {
    Path::new("/").join(key)
}

fn url(key: &str) -> String {
    format!("file:///{key}")
}
