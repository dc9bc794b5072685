//! Reading the journal in order, from any entry on.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

use super::entry::{Entry, Line, Link};
use super::tail::Tail;
use crate::files::{cannot, open};
use crate::{Result, StoreError};

/// Below this distance reading on is as quick as searching.
const NEAR_BYTES: u64 = 8192;

/// The entries of a journal in order. After an error there are no more.
#[derive(Debug)]
pub struct Entries {
    path: PathBuf,
    lines: Option<Take<BufReader<File>>>,
    from_seq: u64,
    /// What the next line must follow. Unknown at a place found by searching.
    before: Before,
}

#[derive(Debug)]
enum Before {
    Known(Option<Link>),
    Unknown,
}

impl Entries {
    pub(super) fn from(path: &Path, from_seq: u64) -> Result<Self> {
        let tail = Tail::read(path)?;
        let mut entries = Self {
            path: path.to_owned(),
            lines: None,
            from_seq,
            before: Before::Known(None),
        };
        if tail.last.is_some_and(|last| last.seq >= from_seq) {
            let mut file = open(path)?;
            let start = find(&mut file, tail.end, from_seq, path)?;
            if start > 0 {
                entries.before = Before::Unknown;
            }
            file.seek(SeekFrom::Start(start)).map_err(cannot("read", path))?;
            // Whole lines never change, so what lies before `end` can be read at leisure and without a lock.
            entries.lines = Some(std::io::Read::take(BufReader::new(file), tail.end - start));
        }
        Ok(entries)
    }

    /// The next entry with its line, without the line feed.
    pub(crate) fn next_line(&mut self) -> Result<Option<(Entry, Vec<u8>)>> {
        while let Some((entry, text)) = self.read()? {
            if entry.seq >= self.from_seq {
                return Ok(Some((entry, text)));
            }
        }
        Ok(None)
    }

    fn read(&mut self) -> Result<Option<(Entry, Vec<u8>)>> {
        let Some(lines) = &mut self.lines else { return Ok(None) };
        let mut text = Vec::new();
        lines.read_until(b'\n', &mut text).map_err(cannot("read", &self.path))?;
        if text.pop().is_none() {
            return Ok(None);
        }
        let line = Line::parse(&text).map_err(|error| error.at(&self.path))?;
        if let Before::Known(before) = self.before
            && !line.follows(before)
        {
            let message = format!(
                "entry {} of the journal does not follow from the one before it",
                line.seq
            );
            return Err(StoreError::corrupt(message, &self.path));
        }
        let entry = line.into_entry(&text);
        self.before = Before::Known(Some(entry.link()));
        Ok(Some((entry, text)))
    }
}

impl Iterator for Entries {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let read = self.read().transpose();
            match read {
                Some(Ok((entry, _))) if entry.seq < self.from_seq => {}
                Some(Ok((entry, _))) => return Some(Ok(entry)),
                ended => {
                    self.lines = None;
                    return ended.map(|read| read.map(|(entry, _)| entry));
                }
            }
        }
    }
}

/// The start of some line at or shortly before the one with this number, by bisection over the file's bytes.
fn find(file: &mut File, end: u64, seq: u64, path: &Path) -> Result<u64> {
    // INVARIANT: `low` is the start of a line whose number is at most `seq`. Reading goes on from there, so `high`
    // only bounds the search.
    let (mut low, mut high) = (0, end);
    while high - low > NEAR_BYTES {
        let middle = low + (high - low) / 2;
        match line_after(file, middle, high).map_err(cannot("read", path))? {
            None => high = middle,
            Some((start, text)) => {
                let line = Line::parse(&text).map_err(|error| error.at(path))?;
                if line.seq <= seq { low = start } else { high = start }
            }
        }
    }
    Ok(low)
}

/// The first whole line that starts behind `middle` and before `high`, with its start.
fn line_after(file: &mut File, middle: u64, high: u64) -> std::io::Result<Option<(u64, Vec<u8>)>> {
    file.seek(SeekFrom::Start(middle))?;
    let (mut reader, mut text) = (BufReader::new(file), Vec::new());
    let start = middle + reader.read_until(b'\n', &mut text)? as u64;
    if start >= high {
        return Ok(None);
    }
    text.clear();
    reader.read_until(b'\n', &mut text)?;
    text.pop();
    Ok(Some((start, text)))
}
