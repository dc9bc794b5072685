//! The append-only log of everything that people decide and runs do.
//!
//! One line an entry, RFC 8785 JSON, chained by RFC 6962 leaf hashes; what is personal lies in payload files that
//! the line only digests. Appending takes a short lock and reads one line, however long the journal is. Reading
//! takes no lock: a line that ends in a line feed never changes.

mod entry;
pub(crate) mod payload;
mod read;
mod tail;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use lexhold_model::Digest;
use serde::de::DeserializeOwned;

pub use entry::{Entry, EntryKind};
pub(crate) use entry::{Line, Link};
pub use payload::Payload;
pub use read::Entries;

use crate::evidence::{MerkleTree, TreeHead, tree};
use crate::files::{cannot, mode_within, sync_dir, sync_files};
use crate::{ErrorKind, Result, Stamp, StoreError, gate, lock};
use tail::Tail;

pub(crate) const FILE: &str = "journal/log.ndjson";
const FOLDER: &str = "journal";
const LOCK: &str = "locks/journal.lock";

/// Actors are names of operators; what is longer is a mistake, and lines stay short.
const MAX_ACTOR_BYTES: usize = 1024;

/// The journal of one home.
#[derive(Debug)]
pub struct Journal {
    root: PathBuf,
    path: PathBuf,
}

/// The journal, while nobody else can append.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    journal: &'a Journal,
    _alone: (File, lock::OfFolder),
}

impl Held<'_> {
    /// Appends an entry whose payload, if any, is written already.
    pub(crate) fn append(&self, kind: &EntryKind, payload: Option<Digest>, stamp: Stamp<'_>) -> Result<Entry> {
        let tail = self.journal.mended_tail()?;
        let line = Line::after(tail.last.as_ref().map(Entry::link), kind.as_str(), payload, stamp);
        let text = line.text();
        if let Err(error) = self.journal.write_line(&text) {
            // Part of the line may have gone out, as on a full disk; if it cannot be cut now, the next append does.
            let _ = self.journal.mended_tail();
            return Err(error);
        }
        Ok(line.into_entry(&text))
    }
}

impl Held<'_> {
    /// Takes over a line of a journal that went on from this one. It lasts once [`Self::sync`] has returned.
    pub(crate) fn adopt(&self, text: &[u8]) -> Result<()> {
        let (journal, tail) = (self.journal, self.journal.mended_tail()?);
        if !Line::parse(text)?.follows(tail.last.as_ref().map(Entry::link)) {
            return Err(StoreError::corrupt(
                "a line does not follow from the journal's last",
                &journal.path,
            ));
        }
        let line = [text, b"\n"].concat();
        let mut file = OpenOptions::new()
            .append(true)
            .open(&journal.path)
            .map_err(cannot("open", &journal.path))?;
        file.write_all(&line).map_err(cannot("append to", &journal.path))
    }

    /// Makes everything that was taken over last.
    pub(crate) fn sync(&self) -> Result<()> {
        sync_files(std::slice::from_ref(&self.journal.path))
    }
}

impl Journal {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            path: root.join(FILE),
        }
    }

    /// Appends an entry, which is on disk when this returns. Several processes may do so at once.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Full`] and [`crate::ErrorKind::Io`] when it cannot be written,
    /// [`crate::ErrorKind::Busy`] when another process does not give up the journal's lock, and
    /// [`crate::ErrorKind::Refused`] for a kind this version does not know or an actor without measure.
    pub fn append(&self, kind: EntryKind, payload: Option<Payload<'_>>, stamp: Stamp<'_>) -> Result<Entry> {
        let appended = self.append_if(kind, payload, stamp, |_| Ok(true))?;
        appended.ok_or_else(|| StoreError::refused("an entry without a condition was not appended"))
    }

    /// The same, if the condition holds once nobody else can append: for whoever decided by what the journal said a
    /// moment ago. `None` and nothing written where it does not hold.
    ///
    /// # Errors
    /// As [`Self::append`], and those of the condition.
    pub fn append_if(
        &self,
        kind: EntryKind,
        payload: Option<Payload<'_>>,
        stamp: Stamp<'_>,
        condition: impl FnOnce(&Self) -> Result<bool>,
    ) -> Result<Option<Entry>> {
        if matches!(kind, EntryKind::Unknown(_)) {
            return Err(StoreError::refused(format!(
                "`{}` is not a kind of entry",
                kind.as_str()
            )));
        }
        if stamp.actor.len() > MAX_ACTOR_BYTES {
            return Err(StoreError::refused(format!(
                "an actor's name has at most {MAX_ACTOR_BYTES} bytes"
            )));
        }
        let payload = payload
            .map(|payload| payload::write(&self.root, payload, stamp))
            .transpose()?;
        let held = self.held()?;
        if !condition(self)? {
            return Ok(None);
        }
        held.append(&kind, payload, stamp).map(Some)
    }

    /// Keeps everybody else from appending until this is dropped. A line that lacks nothing but its line feed is whole
    /// from here on: whoever decides by what the journal says has to see it.
    pub(crate) fn held(&self) -> Result<Held<'_>> {
        let alone = self.alone()?;
        self.mended_tail()?;
        Ok(Held {
            journal: self,
            _alone: alone,
        })
    }

    fn alone(&self) -> Result<(File, lock::OfFolder)> {
        lock::exclusive_in(&self.root.join(FOLDER), &self.root.join(LOCK))
    }

    /// Writes a payload for an entry that is appended under [`Self::held`], before others are kept waiting.
    pub(crate) fn write_payload(&self, value: &serde_json::Value, stamp: Stamp<'_>) -> Result<Digest> {
        payload::write(&self.root, Payload::Json(value), stamp)
    }

    /// The entries from a sequence number on, in order; the chain between them is checked on the way.
    ///
    /// Ends at what was whole when this was called.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn entries(&self, from_seq: u64) -> Result<Entries> {
        Entries::from(&self.path, from_seq)
    }

    /// The sequence number of the last entry: the number of entries, 0 for none.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn last_seq(&self) -> Result<u64> {
        Ok(Tail::read(&self.path)?.last.map_or(0, |last| last.seq))
    }

    /// What an entry's payload holds; `None` where the entry has none or it has been erased.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Corrupt`] when it is not what was written.
    pub fn payload(&self, entry: &Entry) -> Result<Option<Vec<u8>>> {
        match &entry.payload {
            Some(digest) => payload::read(&self.root, digest),
            None => Ok(None),
        }
    }

    /// The same with the nonce before it, as 32 hexadecimal digits: for whoever has to show that this is what the line
    /// has the digest of.
    pub(crate) fn opened_payload(&self, entry: &Entry) -> Result<Option<(String, Vec<u8>)>> {
        match &entry.payload {
            Some(digest) => payload::open(&self.root, digest),
            None => Ok(None),
        }
    }

    /// An entry's payload as the value it was written from; `None` as with [`Self::payload`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::Corrupt`] when it is not what was written or not such a value.
    pub fn payload_json<T: DeserializeOwned>(&self, entry: &Entry) -> Result<Option<T>> {
        let Some(bytes) = self.payload(entry)? else {
            return Ok(None);
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|cause| {
            let message = format!("the payload of entry {} is not of its kind", entry.seq);
            StoreError::corrupt(message, &self.path).because(cause)
        })
    }

    /// The RFC 6962 tree head over all entries, each line a leaf.
    ///
    /// # Errors
    /// When the journal cannot be read or its chain is broken.
    pub fn tree_head(&self) -> Result<TreeHead> {
        tree::head(self.entries(1)?.map(|entry| entry.map(|entry| entry.leaf)))
    }

    /// The tree over the first so many entries, or over all, for proofs: 64 bytes of memory an entry.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there are fewer; when the journal cannot be read or its chain is broken.
    pub fn tree(&self, size: Option<u64>) -> Result<MerkleTree> {
        let entries = self
            .entries(1)?
            .take(size.unwrap_or(u64::MAX).try_into().unwrap_or(usize::MAX));
        let leaves: Vec<Digest> = entries.map(|entry| Ok(entry?.leaf)).collect::<Result<_>>()?;
        match size {
            Some(size) if leaves.len() as u64 != size => {
                let message = format!("the journal has {} entries, not {size}", leaves.len());
                Err(StoreError::new(ErrorKind::NotFound, message))
            }
            _ => Ok(MerkleTree::over(leaves)),
        }
    }

    /// The proof that an entry's line is in the tree over the first `size` entries: see
    /// [`crate::verify_inclusion`], where the entry's number counts from 0.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is no such entry among them.
    pub fn inclusion_proof(&self, seq: u64, size: u64) -> Result<Vec<Digest>> {
        let none = || StoreError::new(ErrorKind::NotFound, "there is no such entry");
        self.tree(Some(size))?.proof(seq.wrapping_sub(1)).ok_or_else(none)
    }

    /// The proof that the tree over the first `to` entries begins with that over the first `from`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there are fewer.
    pub fn consistency_proof(&self, from: u64, to: u64) -> Result<Vec<Digest>> {
        let none = || {
            StoreError::new(
                ErrorKind::NotFound,
                "a longer journal is not the beginning of a shorter one",
            )
        };
        self.tree(Some(to))?.consistency(from).ok_or_else(none)
    }

    /// An entry's line as it stands, without its line feed.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is no such entry.
    pub fn line(&self, seq: u64) -> Result<String> {
        let none = || StoreError::new(ErrorKind::NotFound, "there is no such entry");
        let (_, text) = self.entries(seq)?.next_line()?.ok_or_else(none)?;
        String::from_utf8(text).map_err(|cause| StoreError::corrupt("a line is no text", &self.path).because(cause))
    }

    /// Cuts or completes a last line that was being written when its process was killed.
    pub(crate) fn mend(&self) -> Result<()> {
        if Tail::read(&self.path)?.torn.is_empty() {
            return Ok(());
        }
        let _alone = self.alone()?;
        self.mended_tail().map(drop)
    }

    /// The end of the journal after any torn line is gone. The caller holds the lock.
    fn mended_tail(&self) -> Result<Tail> {
        let tail = Tail::read(&self.path)?;
        if tail.torn.is_empty() {
            return Ok(tail);
        }
        if tail.torn_is_whole(&self.path)? {
            self.write_line(b"")?;
        } else {
            gate::cut_torn_tail(&self.root, tail.end)?;
        }
        Tail::read(&self.path)
    }

    fn write_line(&self, text: &[u8]) -> Result<()> {
        let created = !self.path.exists();
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(mode_within(&self.path))
            .open(&self.path)
            .map_err(cannot("open", &self.path))?;
        let line = [text, b"\n"].concat();
        file.write_all(&line)
            .and_then(|()| file.sync_all())
            .map_err(cannot("append to", &self.path))?;
        if created {
            sync_dir(&self.root.join(FOLDER))?;
        }
        Ok(())
    }
}
