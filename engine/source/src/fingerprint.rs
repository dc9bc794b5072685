//! The digest of a whole file, as the journal names it.

use std::io::{self, Read};
use std::path::Path;

use lexhold_model::Digest;
use sha2::{Digest as _, Sha256};

use crate::input::open_file;
use crate::{ErrorKind, SourceError};

/// The SHA-256 of a file's bytes as they are stored, and how many there are.
///
/// # Errors
/// When it cannot be read. Standard input can be read only once, so it has no fingerprint.
pub fn fingerprint(path: &Path) -> Result<(Digest, u64), SourceError> {
    let name = path.display().to_string();
    if path.as_os_str() == "-" {
        let why = "standard input can be read only once, so its fingerprint cannot be taken beforehand";
        return Err(SourceError::new(ErrorKind::Unsupported, &name, why));
    }
    let (mut file, _) = open_file(path)?;
    digest(&mut file).map_err(|error| SourceError::io(&name, error))
}

/// The SHA-256 of all that is left of a stream, and how many bytes that is.
///
/// # Errors
/// When it cannot be read to its end.
pub fn digest(from: &mut dyn Read) -> io::Result<(Digest, u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut total_bytes = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok((Digest(hasher.finalize().into()), total_bytes)),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                total_bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
