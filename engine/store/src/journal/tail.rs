//! The end of the journal, read backwards, so that its length does not matter.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::entry::{Entry, Line};
use crate::files::cannot;
use crate::{Result, StoreError};

/// Lines hold ids and digests only; nothing that this version writes comes near.
const MAX_LINE_BYTES: u64 = 1 << 20;
const STEP_BYTES: u64 = 4096;

/// How the journal ends.
#[derive(Debug)]
pub(super) struct Tail {
    /// One past the last line feed.
    pub(super) end: u64,
    /// The last whole line.
    pub(super) last: Option<Entry>,
    /// What stands behind the last line feed: the beginning of a line that was never finished.
    pub(super) torn: Vec<u8>,
}

impl Tail {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    end: 0,
                    last: None,
                    torn: Vec::new(),
                });
            }
            Err(cause) => return Err(cannot("read", path)(cause)),
        };
        let length = file.metadata().map_err(cannot("read", path))?.len();
        let end = before(&mut file, length, path)?;
        let torn = between(&mut file, end, length).map_err(cannot("read", path))?;
        let last = match end.checked_sub(1) {
            None => None,
            Some(feed) => {
                let start = before(&mut file, feed, path)?;
                let text = between(&mut file, start, feed).map_err(cannot("read", path))?;
                Some(Line::parse(&text).map_err(|error| error.at(path))?.into_entry(&text))
            }
        };
        Ok(Self { end, last, torn })
    }

    /// Whether the torn line lacks nothing but its line feed. What is neither that nor the beginning of a line
    /// was not left by an interrupted write.
    pub(super) fn torn_is_whole(&self, path: &Path) -> Result<bool> {
        match Line::parse(&self.torn) {
            Ok(line) if line.text() == self.torn && line.follows(self.last.as_ref().map(Entry::link)) => Ok(true),
            _ if is_beginning(&self.torn) => Ok(false),
            _ => Err(StoreError::corrupt(
                "the journal ends in something that is not a line",
                path,
            )),
        }
    }
}

/// Whether bytes are JSON as far as they go.
fn is_beginning(bytes: &[u8]) -> bool {
    let read: serde_json::Result<serde_json::Map<String, serde_json::Value>> = serde_json::from_slice(bytes);
    read.is_err_and(|error| error.is_eof())
}

/// One past the last line feed before `to`, or 0.
fn before(file: &mut File, to: u64, path: &Path) -> Result<u64> {
    let mut start = to;
    while start > 0 {
        if to - start > MAX_LINE_BYTES {
            return Err(StoreError::corrupt("the journal has a line of over a mebibyte", path));
        }
        let from = start.saturating_sub(STEP_BYTES);
        let piece = between(file, from, start).map_err(cannot("read", path))?;
        if let Some(feed) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + feed as u64 + 1);
        }
        start = from;
    }
    Ok(0)
}

/// The bytes in a range.
fn between(file: &mut File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(to - from).read_to_end(&mut bytes)?;
    Ok(bytes)
}
