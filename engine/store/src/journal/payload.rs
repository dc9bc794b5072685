//! What an entry speaks of, in a file of its own that can be erased without breaking the chain.

use std::path::{Path, PathBuf};

use lexhold_model::{Digest, canonical_json};
use serde_json::Value;

use crate::files::read_if_there;
use crate::{Result, Stamp, StoreError, gate};

pub(crate) const FOLDER: &str = "journal/payload";

/// Random bytes in front, so that the digest in the line tells nothing about a short payload.
const NONCE_BYTES: usize = 16;

/// What is to be written beside an entry.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// A value, written as canonical JSON.
    Json(&'a Value),
    /// Bytes as they are.
    Bytes(&'a [u8]),
}

/// Writes a payload and says under which digest. A payload without an entry, after a crash, means nothing.
pub(super) fn write(root: &Path, payload: Payload<'_>, stamp: Stamp<'_>) -> Result<Digest> {
    let mut bytes = stamp.random::<NONCE_BYTES>()?.to_vec();
    match payload {
        Payload::Json(value) => bytes.extend_from_slice(canonical_json(value).as_bytes()),
        Payload::Bytes(content) => bytes.extend_from_slice(content),
    }
    let digest = Digest::of(&bytes);
    gate::place(root, &path(&digest), &bytes, false)?;
    Ok(digest)
}

/// The content of a payload, without its nonce; `None` once it has been erased.
pub(super) fn read(root: &Path, digest: &Digest) -> Result<Option<Vec<u8>>> {
    Ok(open(root, digest)?.map(|(_, content)| content))
}

/// The same with its nonce, in hexadecimal digits.
pub(super) fn open(root: &Path, digest: &Digest) -> Result<Option<(String, Vec<u8>)>> {
    let path = root.join(path(digest));
    let Some(mut bytes) = read_if_there(&path)? else {
        return Ok(None);
    };
    if Digest::of(&bytes) != *digest || bytes.len() < NONCE_BYTES {
        return Err(StoreError::corrupt("a payload of the journal has been changed", &path));
    }
    let content = bytes.split_off(NONCE_BYTES);
    let nonce = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Some((nonce, content)))
}

/// Where a payload lies.
pub(crate) fn path(digest: &Digest) -> PathBuf {
    Path::new(FOLDER).join(digest.to_string())
}
