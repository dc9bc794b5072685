//! How a batch of messages becomes part of the home, all of it or nothing.
//!
//! 1. Its files are written into staging and synced.
//! 2. One journal entry names every file with its digest: from here on the batch is part of the home.
//! 3. The files are moved into place.
//!
//! A process that dies before step 2 leaves rubbish, which [`Home::recover`] discards; one that dies later leaves
//! work, which it finishes.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Component, Path, PathBuf};

use arrow::array::RecordBatch;
use jiff::Timestamp;
use lexhold_model::Digest;
use lexhold_model::tables::Table;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::disposal::TABLE_KEY;
use crate::files::{cannot, children, create_dirs, digest, slashed, sync_dir, sync_files};
use crate::{
    ArchivedBatch, Entries, Entry, EntryKind, Faults, Home, Payload, Replacements, Result, RunLock, Stamp, Step,
    StoreError,
};
use crate::{archive, gate, parquet_file};

/// Where batches wait for their journal entry: `staging/runs/<run>/<batch>/`.
pub(crate) const STAGED_RUNS: &str = "staging/runs";
pub(crate) const EVALUATIONS: &str = "evaluations";

/// No segment is made of more than this, in memory; on disk it is smaller. One message alone may be larger.
const MAX_SEGMENT_BYTES: usize = 64 << 20;

/// A file of the home that the journal vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Where it lies below the home, with `/` between the parts.
    pub path: String,
    /// The digest of its bytes.
    pub sha256: Digest,
    /// Its length.
    pub bytes: u64,
    /// The rows in it.
    pub rows: u64,
    /// The table of the evaluation it holds; none for a segment of the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
}

impl StoredFile {
    /// Whether it is a segment of the archive, and so holds bodies.
    pub fn is_segment(&self) -> bool {
        self.table.is_none()
    }

    /// Whether it has a row for each of its messages that stands for all of it: a segment, or, where bodies lie elsewhere, the
    /// table of messages.
    pub(crate) fn holds_messages(&self) -> bool {
        self.is_segment() || self.table.as_deref() == Some(Table::Message.name())
    }

    /// The column by which it names messages.
    pub(crate) fn key_column(&self) -> &'static str {
        if self.is_segment() { archive::KEY } else { TABLE_KEY }
    }

    /// Whether it is the kind of segment in which a message of this platform and instant of sending would lie.
    pub fn may_hold(&self, platform: &str, sent_at_us: Option<i64>) -> bool {
        self.is_segment() && Path::new(&self.path).starts_with(archive::partition(platform, sent_at_us))
    }
}

/// What the journal says of a batch: the payload of an entry that names files, such as [`EntryKind::Batch`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchRecord {
    /// The run.
    #[serde(default)]
    pub run: String,
    /// The batch's number in that run.
    #[serde(default)]
    pub batch: u64,
    /// Its files: segments and evaluation tables. The first activation of a home has none.
    #[serde(default)]
    pub files: Vec<StoredFile>,
    /// What the caller adds, such as counts, input files and conversations. Never content.
    #[serde(default)]
    pub detail: Value,
}

/// What [`Home::recover`] found to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The sequence numbers of batches whose files it moved into place.
    pub published: Vec<u64>,
    /// How many batches it discarded because the journal does not know them.
    pub discarded: u64,
    /// The sequence number of the entry that says what became of a destruction which was cut short.
    pub settled: Option<u64>,
}

/// A batch on its way into the home. Dropped without a commit it leaves files in staging, which the next
/// [`Home::recover`] discards.
#[derive(Debug)]
pub struct BatchWriter<'a> {
    home: &'a Home,
    faults: &'a Faults,
    folder: PathBuf,
    record: BatchRecord,
}

impl Home {
    /// Begins a batch. Run ids are letters, digits, `-`, `_` and `.`; a pair of run and number is used once.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Refused`] for a run id of another form; when staging cannot be written, or an archive of objects not reached.
    pub fn stage<'a>(
        &'a self,
        lock: &'a RunLock,
        run: &str,
        batch: u64,
        faults: &'a Faults,
    ) -> Result<BatchWriter<'a>> {
        self.owns(lock)?;
        if !is_run_id(run) {
            return Err(StoreError::refused(format!("`{run}` is not a run id")));
        }
        // A store that cannot be reached is known before anything is on record.
        self.places().require_archive()?;
        let folder = Path::new(STAGED_RUNS).join(run).join(batch.to_string());
        gate::discard_staged(self.root(), &folder)?;
        create_dirs(self.root(), &folder)?;
        let record = BatchRecord {
            run: run.to_owned(),
            batch,
            files: Vec::new(),
            detail: Value::Null,
        };
        Ok(BatchWriter {
            home: self,
            faults,
            folder,
            record,
        })
    }

    /// The batches that the journal records from a sequence number on, with the files that stand for theirs now.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn batches(&self, from_seq: u64) -> Result<Batches<'_>> {
        Ok(Batches {
            home: self,
            entries: self.journal().entries(from_seq)?,
            replacements: self.replacements(from_seq)?,
        })
    }

    /// The batches of which something has been destroyed, by sequence number.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn shrunk_batches(&self) -> Result<BTreeSet<u64>> {
        let replacements = self.replacements(1)?;
        let mut shrunk = BTreeSet::new();
        if !replacements.is_empty() {
            for batch in self.recorded()? {
                let (entry, record) = batch?;
                let mut now = record.clone();
                replacements.apply(entry.seq, &mut now);
                if now.files != record.files {
                    shrunk.insert(entry.seq);
                }
            }
        }
        Ok(shrunk)
    }

    /// The same with the files that they were recorded with.
    fn recorded(&self) -> Result<Batches<'_>> {
        Ok(Batches {
            home: self,
            entries: self.journal().entries(1)?,
            replacements: Replacements::default(),
        })
    }

    /// Finishes batches that are journalled but not in place, and discards those that are not journalled. Finishes or
    /// recalls a destruction that was cut short: whoever waits for that signs the entry that says so.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Corrupt`] when a file of a journalled batch is neither in staging nor in place.
    pub fn recover(&self, lock: &RunLock, stamp: Stamp<'_>) -> Result<Recovered> {
        self.owns(lock)?;
        gate::sweep_scratch(self.root())?;
        let mut staged = self.staged()?;
        let mut recovered = Recovered::default();
        if !staged.is_empty() {
            for batch in self.recorded()? {
                let (entry, record) = batch?;
                let folder = Path::new(STAGED_RUNS).join(&record.run).join(record.batch.to_string());
                if let Some(at) = staged.iter().position(|staged| *staged == folder) {
                    publish_again(self, &staged.swap_remove(at), &record, stamp.at)?;
                    recovered.published.push(entry.seq);
                }
            }
        }
        recovered.discarded = staged.len() as u64;
        for (run, _) in children(&self.root().join(STAGED_RUNS))? {
            gate::discard_staged(self.root(), &Path::new(STAGED_RUNS).join(run))?;
        }
        recovered.settled = self.settle(stamp)?.map(|entry| entry.seq);
        Ok(recovered)
    }

    /// The folders of batches in staging.
    fn staged(&self) -> Result<Vec<PathBuf>> {
        let mut folders = Vec::new();
        let runs = children(&self.root().join(STAGED_RUNS))?;
        for (run, _) in runs.into_iter().filter(|(_, is_dir)| *is_dir) {
            let run = Path::new(STAGED_RUNS).join(run);
            folders.extend(
                children(&self.root().join(&run))?
                    .into_iter()
                    .map(|(batch, _)| run.join(batch)),
            );
        }
        Ok(folders)
    }
}

impl BatchWriter<'_> {
    /// Adds messages with their bodies: one segment for each platform and year among them.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Full`] and [`crate::ErrorKind::Io`] when they cannot be written;
    /// [`crate::ErrorKind::Refused`] where keys or hashes are not one a message.
    pub fn archive(&mut self, batch: &ArchivedBatch) -> Result<()> {
        for (folder, rows) in archive::partitions(batch)? {
            self.archive_rows(&folder, &rows)?;
        }
        Ok(())
    }

    fn archive_rows(&mut self, folder: &Path, rows: &RecordBatch) -> Result<()> {
        let n = rows.num_rows();
        if n > 1 && bytes_of(rows)? > MAX_SEGMENT_BYTES {
            for (from, length) in [(0, n / 2), (n / 2, n - n / 2)] {
                self.archive_rows(folder, &copied(&rows.slice(from, length))?)?;
            }
            return Ok(());
        }
        self.add(rows, None, |sha256| folder.join(format!("{sha256}.parquet")))
    }

    /// Adds a table of the evaluation. A table without rows is left out.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Refused`] where the columns are not the table's, or the table was added before; otherwise
    /// as [`Self::archive`].
    pub fn table(&mut self, table: Table, rows: &RecordBatch) -> Result<()> {
        let name = table.name();
        if !same_columns(table, rows) {
            return Err(StoreError::refused(format!(
                "these are not the columns of the table `{name}`"
            )));
        }
        if self.record.files.iter().any(|file| file.table.as_deref() == Some(name)) {
            return Err(StoreError::refused(format!(
                "the table `{name}` was added to the batch before"
            )));
        }
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let path = Path::new(EVALUATIONS)
            .join(&self.record.run)
            .join(format!("{:06}-{name}.parquet", self.record.batch));
        self.add(rows, Some(name), |_| path)
    }

    /// Makes the batch part of the home: journals it, then moves its files into place.
    ///
    /// After an error the batch may or may not be journalled, as after a kill; [`Home::recover`] settles it.
    ///
    /// # Errors
    /// When journal or files cannot be written; [`crate::ErrorKind::Refused`] when run and number were used before.
    pub fn commit(self, detail: Value, stamp: Stamp<'_>) -> Result<(Entry, BatchRecord)> {
        self.commit_as(EntryKind::Batch, detail, stamp)
    }

    /// The same for a batch that takes in no messages: [`EntryKind::HoldApplied`] adds memberships of holds,
    /// [`EntryKind::Activation`] what a bundle makes of the facts that the home has, [`EntryKind::RetentionResolved`] the
    /// schedules of one message. The fields of an activation's detail stand in its payload beside the files, where the first
    /// activation, which has none, has them.
    ///
    /// # Errors
    /// As [`Self::commit`]; [`crate::ErrorKind::Refused`] for a kind that names no files.
    pub fn commit_as(mut self, kind: EntryKind, detail: Value, stamp: Stamp<'_>) -> Result<(Entry, BatchRecord)> {
        if !kind.names_files() {
            return Err(StoreError::refused(format!(
                "an entry `{}` names no files",
                kind.as_str()
            )));
        }
        let (root, places) = (self.home.root(), self.home.places());
        self.record.detail = detail;
        for file in &self.record.files {
            // What lies in a bucket is compared where it is found in the way.
            if !places.is_object(Path::new(&file.path)) && root.join(&file.path).exists() {
                check(root, Path::new(&file.path), file)?;
            }
        }
        let staged = (0..self.record.files.len()).map(|number| root.join(staged_name(&self.folder, number)));
        sync_files(&staged.collect::<Vec<_>>())?;
        sync_dir(&root.join(&self.folder))?;
        self.faults.reach(Step::Staged);
        let mut payload = json!(self.record);
        if kind == EntryKind::Activation
            && let (Value::Object(payload), Value::Object(detail)) = (&mut payload, &self.record.detail)
        {
            payload.remove("detail");
            payload.extend(detail.clone());
        }
        let entry = self.home.journal().append(kind, Some(Payload::Json(&payload)), stamp)?;
        self.faults.reach(Step::Journalled);
        publish(self.home, &self.folder, &self.record, stamp.at, self.faults)?;
        self.faults.reach(Step::Published);
        Ok((entry, self.record))
    }

    fn add(&mut self, rows: &RecordBatch, table: Option<&str>, path: impl FnOnce(Digest) -> PathBuf) -> Result<()> {
        let staged = self
            .home
            .root()
            .join(staged_name(&self.folder, self.record.files.len()));
        let (sha256, bytes) = parquet_file::write(&staged, rows)?;
        let path = slashed(&path(sha256))?;
        let (rows, table) = (rows.num_rows() as u64, table.map(str::to_owned));
        self.record.files.push(StoredFile {
            path,
            sha256,
            bytes,
            rows,
            table,
        });
        self.faults.reach(Step::HalfStaged);
        Ok(())
    }
}

/// The batches of a journal in order, each with its entry.
#[derive(Debug)]
pub struct Batches<'a> {
    home: &'a Home,
    entries: Entries,
    replacements: Replacements,
}

impl Batches<'_> {
    fn record(&self, entry: Entry) -> Result<(Entry, BatchRecord)> {
        let record = self.home.journal().payload_json(&entry)?;
        let mut record: BatchRecord = record.ok_or_else(|| {
            StoreError::corrupt(
                format!("entry {} records a batch, but its payload is gone", entry.seq),
                self.home.root(),
            )
        })?;
        self.replacements.apply(entry.seq, &mut record);
        Ok((entry, record))
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<(Entry, BatchRecord)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = self
                .entries
                .find(|entry| entry.as_ref().map_or(true, |entry| entry.kind.names_files()))?;
            match entry.and_then(|entry| self.record(entry)) {
                Ok((entry, record)) if entry.kind == EntryKind::Activation && record.files.is_empty() => {}
                other => return Some(other),
            }
        }
    }
}

/// Moves a journalled batch's files into place, as far as they are not there yet, and clears its staging folder.
fn publish(home: &Home, folder: &Path, record: &BatchRecord, at: Timestamp, faults: &Faults) -> Result<()> {
    let (root, places) = (home.root(), home.places());
    let mut filled = BTreeSet::new();
    for (number, file) in record.files.iter().enumerate() {
        let (staged, place) = (staged_name(folder, number), Path::new(&file.path));
        if !(root.join(&staged).exists() && gate::publish_file(places, &staged, place)?) {
            places.check(place, file)?;
        }
        match places.is_object(place) {
            true => places.retain(place, at)?,
            false => filled.extend(place.parent()),
        }
        faults.reach(Step::HalfPublished);
    }
    filled.into_iter().try_for_each(|folder| sync_dir(&root.join(folder)))?;
    gate::discard_staged(root, folder)
}

/// As [`publish`], for a batch that another process staged: what changed since then is not moved.
fn publish_again(home: &Home, folder: &Path, record: &BatchRecord, at: Timestamp) -> Result<()> {
    let root = home.root();
    for (number, file) in record.files.iter().enumerate() {
        let staged = staged_name(folder, number);
        if root.join(&staged).exists() {
            check(root, &staged, file)?;
        }
    }
    publish(home, folder, record, at, &Faults::default())
}

/// The name under which a batch's n-th file waits in staging.
pub(crate) fn staged_name(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("{number}.parquet"))
}

/// Refuses a file that is not the one meant. Segments are named by content, so the same one may be in place.
pub(crate) fn check(root: &Path, path: &Path, file: &StoredFile) -> Result<()> {
    let path = root.join(path);
    let length = File::open(&path)
        .and_then(|file| file.metadata())
        .map_err(cannot("read", &path))?
        .len();
    if length == file.bytes && digest(&path)?.0 == file.sha256 {
        return Ok(());
    }
    Err(StoreError::corrupt(
        "a file of the home is not the one that was journalled",
        &path,
    ))
}

/// The bytes of the rows' values.
fn bytes_of(rows: &RecordBatch) -> Result<usize> {
    let bytes: std::result::Result<usize, _> = rows
        .columns()
        .iter()
        .map(|column| column.to_data().get_slice_memory_size())
        .sum();
    bytes.map_err(|cause| StoreError::refused("messages that cannot be measured").because(cause))
}

/// The same rows in memory of their own, so that their size is theirs alone.
fn copied(rows: &RecordBatch) -> Result<RecordBatch> {
    arrow::compute::concat_batches(&rows.schema(), [rows])
        .map_err(|cause| StoreError::refused("messages that cannot be split").because(cause))
}

fn same_columns(table: Table, rows: &RecordBatch) -> bool {
    let (want, have) = (table.schema(), rows.schema());
    want.fields().len() == have.fields().len()
        && want
            .fields()
            .iter()
            .zip(have.fields())
            .all(|(want, have)| want.name() == have.name() && want.data_type().equals_datatype(have.data_type()))
}

fn is_run_id(run: &str) -> bool {
    run.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && matches!(
            Path::new(run).components().collect::<Vec<_>>()[..],
            [Component::Normal(_)]
        )
}
