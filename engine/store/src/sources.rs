//! Exact copies of what a person wrote, stored under the digest of all of it: bundles, facts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use lexhold_model::{Digest, canonical_json};
use serde_json::Value;

use crate::files::{cannot, list, slashed};
use crate::{ErrorKind, Result, StoreError, gate};

/// Files by their path, relative and with `/` between the parts.
pub type SourceFiles = BTreeMap<String, Vec<u8>>;

/// One store of source files: `bundles/` or `facts/`.
#[derive(Debug)]
pub struct Sources {
    root: PathBuf,
    folder: &'static str,
}

impl Sources {
    pub(crate) fn new(root: &Path, folder: &'static str) -> Self {
        Self {
            root: root.to_owned(),
            folder,
        }
    }

    /// The digest under which files are stored: of the canonical JSON object from each path to its SHA-256.
    ///
    /// Not the digest of a bundle, which leaves out comments and tests: this one covers every byte.
    pub fn digest(files: &SourceFiles) -> Digest {
        let digests = files
            .iter()
            .map(|(path, bytes)| (path.clone(), Value::from(Digest::of(bytes).to_string())));
        Digest::of(canonical_json(&Value::Object(digests.collect())).as_bytes())
    }

    /// Stores files and returns their digest. Storing the same files again changes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for no files, or a path that is not relative and plain.
    pub fn put(&self, files: &SourceFiles) -> Result<Digest> {
        if files.is_empty() {
            return Err(StoreError::refused("there are no source files to store"));
        }
        if let Some(path) = files.keys().find(|path| !is_plain(path)) {
            return Err(StoreError::refused(format!("`{path}` is not a plain relative path")));
        }
        let digest = Self::digest(files);
        let bytes = files.iter().map(|(path, bytes)| (Path::new(path), bytes.as_slice()));
        gate::place_folder(&self.root, &self.path(&digest), bytes)?;
        Ok(digest)
    }

    /// The files stored under a digest, checked against it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], or [`ErrorKind::Corrupt`] when any byte or name has changed.
    pub fn get(&self, digest: &Digest) -> Result<SourceFiles> {
        let folder = self.path(digest);
        let mut files = SourceFiles::new();
        for path in list(&self.root, &folder)? {
            let full = self.root.join(&path);
            let bytes = fs::read(&full).map_err(cannot("read", &full))?;
            files.insert(slashed(path.strip_prefix(&folder).unwrap_or(&path))?, bytes);
        }
        if files.is_empty() {
            return Err(StoreError::new(ErrorKind::NotFound, "no such sources").at(&self.root.join(&folder)));
        }
        if Self::digest(&files) != *digest {
            return Err(StoreError::corrupt(
                "stored sources have been changed",
                &self.root.join(&folder),
            ));
        }
        Ok(files)
    }

    /// The folder of the files stored under a digest, below the home.
    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        Path::new(self.folder).join(digest.to_string())
    }
}

fn is_plain(path: &str) -> bool {
    let parts = Path::new(path).components();
    !path.is_empty()
        && parts.clone().all(|part| matches!(part, Component::Normal(_)))
        && parts
            .map(|part| part.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/")
            == path
        && !path.contains('\0')
}
