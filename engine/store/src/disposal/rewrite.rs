//! Files again without the rows of some messages: written into staging, read back and compared. Takes no lock.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::Decimal128Type;
use lexhold_model::Key;
use lexhold_model::tables::Table;
use serde_json::{Value, json};

use super::locate::{self, TABLE_KEY};
use super::{Destruction, Intent, Journalled, Located, LocatedSegment, Replaced, STAGED, list_digest, staged_name};
use crate::files::{create_dirs, sync_dir, sync_files};
use crate::{EntryKind, ErrorKind, Faults, Home, Result, RunLock, Stamp, Step, StoreError, StoredFile};
use crate::{batch, gate, parquet_file};

/// Columns that name rows of another table.
type Namers = &'static [(Table, &'static str)];

/// Tables of what several messages of a batch share: a row goes with the last row that names it. Each with its column,
/// and the tables and columns that name it.
///
/// What is left is what the batch would have recorded without the messages. Order matters: sets before schedules.
const SHARED: [(Table, &str, Namers); 5] = [
    (
        Table::Facts,
        "facts_id",
        &[(Table::Assignment, "facts_id"), (Table::Message, "facts_id")],
    ),
    (Table::Days, "days_id", &[(Table::Assignment, "days_id")]),
    (Table::DutySet, "set_id", &[(Table::Assignment, "set_id")]),
    (Table::Schedule, "schedule_id", &[(Table::DutySet, "schedule_id")]),
    (
        Table::Rule,
        "rule_id",
        &[(Table::Hit, "rule_id"), (Table::ConversationEvent, "rule_id")],
    ),
];

/// A rewrite that waits in staging for its intent.
#[derive(Debug)]
pub struct Prepared<'a> {
    pub(super) home: &'a Home,
    pub(super) faults: &'a Faults,
    located: &'a Located,
    pub(super) intent: Intent,
}

impl Home {
    /// Writes segments, and all evaluation files with rows of the same messages, again without these messages.
    ///
    /// `seen` is the last entry of the journal that whoever decided about the messages took into account; `detail` goes
    /// into the intent.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Refused`] where the segments do not hold each of the messages once, or one holds none of them, or for
    /// another home's lock; [`crate::ErrorKind::Corrupt`] where a file is not the one journalled, or what was written does not
    /// read back as it should; when staging cannot be written.
    #[expect(
        clippy::too_many_arguments,
        reason = "what is destroyed, why, and where a test stops it"
    )]
    pub fn prepare_destruction<'a>(
        &'a self,
        lock: &'a RunLock,
        plan: &str,
        located: &'a Located,
        segments: &[LocatedSegment],
        keys: &BTreeSet<Key>,
        seen: u64,
        detail: Value,
        faults: &'a Faults,
    ) -> Result<Prepared<'a>> {
        self.owns(lock)?;
        let has_some = |segment: &LocatedSegment| segment.keys.iter().any(|key| keys.contains(key));
        if keys.is_empty() || !segments.iter().all(has_some) {
            return Err(StoreError::refused("these messages do not lie in these segments"));
        }
        if self.root().join(STAGED).exists() {
            // Either a rewrite that came to nothing, or the only copy of what an intent promised to leave.
            if self.open_intent()?.is_some() {
                return Err(StoreError::refused(
                    "a destruction that was cut short has to be settled first",
                ));
            }
            self.withdraw_objects()?;
            gate::discard_staged(self.root(), Path::new(STAGED))?;
        }
        create_dirs(self.root(), Path::new(STAGED))?;
        let mut rewrite = Rewrite::new(self, keys.iter().copied().collect());
        let mut olds = Vec::new();
        for segment in segments {
            let old = located.current(segment.seq, segment.file.clone());
            olds.push(old.ok_or_else(|| StoreError::refused("nothing is left of that segment"))?);
        }
        rewrite.segments(&olds)?;
        faults.reach(Step::HalfRewritten);
        let entries: BTreeSet<u64> = keys
            .iter()
            .flat_map(|key| located.entries.get(key))
            .flatten()
            .copied()
            .collect();
        for seq in entries {
            let (kind, files) = located.files_of(seq)?;
            rewrite.tables(kind, &files)?;
        }
        let files = rewrite.finish()?;
        faults.reach(Step::Rewritten);
        let keys: Vec<Key> = keys.iter().copied().collect();
        let intent = Intent {
            plan: plan.to_owned(),
            seen,
            files,
            segments: olds.len(),
            keys_digest: list_digest(&keys),
            keys,
            detail,
            amends: None,
        };
        Ok(Prepared {
            home: self,
            faults,
            located,
            intent,
        })
    }
}

impl Home {
    /// Writes the old files of an intent again without its messages, as was done when it was prepared, those at least that are
    /// there and whose new ones are not. Hands over, for each file of the intent, where the new one waits if it came out as it
    /// did then.
    pub(crate) fn rewrite_again(&self, journalled: &Journalled) -> Result<Vec<Option<PathBuf>>> {
        let files = &journalled.intent().files;
        gate::discard_staged(self.root(), Path::new(STAGED))?;
        create_dirs(self.root(), Path::new(STAGED))?;
        let mut rewrite = Rewrite::new(self, journalled.intent().keys.iter().copied().collect());
        let mut in_place: HashSet<String> = HashSet::new();
        for file in files {
            if let Some(new) = &file.new
                && self.places().exists(Path::new(&new.path))?
            {
                in_place.insert(file.old.path.clone());
            }
        }
        for Replaced { old, new } in journalled.segments() {
            if new.is_some() && !in_place.contains(&old.path) {
                if_there(rewrite.segment(old).map(|_| ()))?;
            }
        }
        rewrite.in_place = Some(in_place);
        rewrite.tables_named(journalled)?;
        let rewritten = rewrite.finish()?;
        let staged = |file: &Replaced| {
            let number = rewritten.iter().position(|one| file.new.is_some() && one == file);
            number.map(staged_name)
        };
        Ok(files.iter().map(staged).collect())
    }

    /// What is left of an intent once only these segments of it are gone, with these messages: its evaluation files are written
    /// again without them alone.
    pub(super) fn rewrite_tables(
        &self,
        journalled: &Journalled,
        gone: Vec<Replaced>,
        keys: HashSet<Key>,
    ) -> Result<Intent> {
        gate::discard_staged(self.root(), Path::new(STAGED))?;
        create_dirs(self.root(), Path::new(STAGED))?;
        let (segments, mut rewrite) = (gone.len(), Rewrite::new(self, keys));
        rewrite.files = gone;
        rewrite.tables_named(journalled)?;
        let keys: Vec<Key> = rewrite
            .keys
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        Ok(Intent {
            files: rewrite.finish()?,
            segments,
            keys_digest: list_digest(&keys),
            keys,
            amends: Some(journalled.seq),
            ..journalled.intent().clone()
        })
    }
}

impl Prepared<'_> {
    /// Bytes of the files that go and of those that take their place.
    pub fn bytes(&self) -> (u64, u64) {
        let files = self.intent.files.iter();
        let old = files.clone().map(|file| file.old.bytes).sum();
        (
            old,
            files.filter_map(|file| file.new.as_ref()).map(|file| file.bytes).sum(),
        )
    }

    /// Destroys the messages, unless something has come since the preparation that could matter.
    ///
    /// # Errors
    /// When journal or files cannot be written. Afterwards, as after a kill, the intent may or may not be journalled;
    /// [`Home::recover`] settles it.
    pub fn destroy(self, stamp: Stamp<'_>) -> Result<Destruction> {
        let Self {
            home,
            faults,
            located,
            intent,
        } = self;
        let journal = home.journal();
        let digest = journal.write_payload(&json!(intent), stamp)?;
        let doomed = home.put_objects(&intent.files[..intent.segments])?;
        let (journalled, locked) = {
            let held = journal.held()?;
            let since = Instant::now();
            if let Some(by) = home.unsettling(located.unchecked_from(intent.seen))? {
                drop(held);
                home.withdraw_objects()?;
                return Ok(Destruction::Voided { by });
            }
            faults.reach(Step::TailClean);
            let entry = held.append(&EntryKind::DisposalIntent, Some(digest), stamp)?;
            faults.reach(Step::Intended);
            let journalled = Journalled::appended(&entry, digest, intent)?;
            home.swap_segments(&journalled, doomed.as_ref(), faults)?;
            (journalled, since.elapsed())
        };
        faults.reach(Step::BodiesGone);
        home.sync_segments(&journalled)?;
        home.confirm_gone(&journalled)?;
        home.swap_tables(&journalled, faults)?;
        faults.reach(Step::TablesSwapped);
        let done = home.conclude(journalled.seq, true, stamp)?;
        home.withdraw_objects()?;
        gate::discard_staged(home.root(), Path::new(STAGED))?;
        located.note(&journalled);
        Ok(Destruction::Done {
            intent: journalled.seq,
            done: done.seq,
            locked,
        })
    }
}

struct Rewrite<'a> {
    home: &'a Home,
    keys: HashSet<Key>,
    files: Vec<Replaced>,
    /// What should be left of those files that are written here, by their numbers.
    left: Vec<(usize, RecordBatch)>,
    /// Where a destruction is carried out again: the old files whose new ones are in place. Entries of which a file is lost are
    /// passed over then.
    in_place: Option<HashSet<String>>,
}

/// An evaluation file with its rows before and after.
struct Shrunk<'r> {
    file: &'r StoredFile,
    before: RecordBatch,
    after: RecordBatch,
}

/// The evaluation files of one entry, by table.
type Tables<'r> = BTreeMap<&'r str, Shrunk<'r>>;

impl<'a> Rewrite<'a> {
    fn new(home: &'a Home, keys: HashSet<Key>) -> Self {
        let (files, left) = (Vec::new(), Vec::new());
        Self {
            home,
            keys,
            files,
            left,
            in_place: None,
        }
    }

    /// The segments, which have to hold each of the messages once.
    fn segments(&mut self, olds: &[StoredFile]) -> Result<()> {
        let mut missing = self.keys.clone();
        for old in olds {
            let mut twice = false;
            for key in self.segment(old)? {
                twice |= !missing.remove(&key);
            }
            if twice {
                return Err(StoreError::refused("a message that goes lies there twice").at(Path::new(&old.path)));
            }
        }
        match missing.is_empty() {
            true => Ok(()),
            false => Err(StoreError::refused("segments must hold every message that goes")),
        }
    }

    /// One segment. Hands over which of the messages it holds.
    fn segment(&mut self, old: &StoredFile) -> Result<Vec<Key>> {
        let rows = self.home.rows(old)?;
        let keys = locate::keys(&rows, old.key_column()).ok_or_else(|| unreadable(old))?;
        self.add(old, filtered(&rows, &self.kept(&keys), old)?)?;
        Ok(keys
            .into_iter()
            .flatten()
            .filter(|key| self.keys.contains(key))
            .collect())
    }

    /// The evaluation files that an intent names, as they were when it was prepared.
    fn tables_named(&mut self, journalled: &Journalled) -> Result<()> {
        let named: HashSet<&str> = journalled.tables().iter().map(|file| file.old.path.as_str()).collect();
        for batch in self.home.batches(1)? {
            let (entry, mut record) = batch?;
            if self.in_place.is_some() {
                record.files.iter_mut().for_each(|file| as_it_was(file, journalled));
            }
            if record.files.iter().any(|file| named.contains(file.path.as_str())) {
                let done = self.tables(&entry.kind, &record.files);
                if self.in_place.is_some() {
                    if_there(done)?
                } else {
                    done?
                };
            }
        }
        Ok(())
    }

    /// The evaluation files of one entry: rows of the messages go, and with them what nothing else of the entry names.
    fn tables(&mut self, kind: &EntryKind, files: &[StoredFile]) -> Result<()> {
        let mut tables: Tables<'_> = BTreeMap::new();
        for file in files.iter().filter(|file| !file.is_segment()) {
            let before = self.home.rows(file)?;
            let after = match before.column_by_name(TABLE_KEY) {
                Some(_) => {
                    let keys = locate::keys(&before, TABLE_KEY).ok_or_else(|| unreadable(file))?;
                    filtered(&before, &self.kept(&keys), file)?
                }
                None => before.clone(),
            };
            tables.insert(
                file.table.as_deref().unwrap_or_default(),
                Shrunk { file, before, after },
            );
        }
        if *kind == EntryKind::Batch {
            for (shared, column, namers) in SHARED {
                let Some(Shrunk { file, before, .. }) = tables.get(shared.name()) else {
                    continue;
                };
                let keep = still_named(&tables, before, column, namers).ok_or_else(|| unreadable(file))?;
                let after = filtered(before, &keep, file)?;
                tables.entry(shared.name()).and_modify(|table| table.after = after);
            }
            if let Some(Shrunk { file, before, .. }) = tables.get(Table::Handle.name()) {
                let keep = handles_named(&tables, before).ok_or_else(|| unreadable(file))?;
                let after = filtered(before, &keep, file)?;
                tables
                    .entry(Table::Handle.name())
                    .and_modify(|table| table.after = after);
            }
        }
        // A table that stands for a segment has been written already.
        let mut written: HashSet<String> = self.files.iter().map(|file| file.old.path.clone()).collect();
        written.extend(self.in_place.iter().flatten().cloned());
        let changed = tables
            .into_values()
            .filter(|table| table.after.num_rows() < table.before.num_rows() && !written.contains(&table.file.path));
        for Shrunk { file, after, .. } in changed {
            self.add(file, after)?;
        }
        Ok(())
    }

    /// Which rows stay: those of other messages.
    fn kept(&self, keys: &[Option<Key>]) -> BooleanArray {
        let goes = |key: &Option<Key>| key.is_some_and(|key| self.keys.contains(&key));
        keys.iter().map(|key| Some(!goes(key))).collect()
    }

    fn add(&mut self, old: &StoredFile, rows: RecordBatch) -> Result<()> {
        gate::destructible(self.home.root(), old)?;
        let staged = self.home.root().join(staged_name(self.files.len()));
        let mut new = None;
        if rows.num_rows() > 0 {
            let (sha256, bytes) = parquet_file::write(&staged, &rows)?;
            let path = locate::place(old, &sha256);
            if self.home.places().exists(Path::new(&path))? {
                return Err(
                    StoreError::refused("a rewritten file would take the place of another").at(Path::new(&path))
                );
            }
            new = Some(StoredFile {
                path,
                sha256,
                bytes,
                rows: rows.num_rows() as u64,
                table: old.table.clone(),
            });
            self.left.push((self.files.len(), rows));
        }
        self.files.push(Replaced { old: old.clone(), new });
        Ok(())
    }

    /// Makes what was written last, reads it back, and hands the list of files over.
    fn finish(self) -> Result<Vec<Replaced>> {
        let root = self.home.root();
        let staged: Vec<_> = self
            .left
            .iter()
            .map(|(number, _)| root.join(staged_name(*number)))
            .collect();
        sync_files(&staged)?;
        sync_dir(&root.join(STAGED))?;
        self.read_back()?;
        Ok(self.files)
    }

    /// Compares what is on disk, row for row, with what should be left of the old files.
    fn read_back(&self) -> Result<()> {
        for (number, left) in &self.left {
            let Some(new) = &self.files[*number].new else { continue };
            let staged = staged_name(*number);
            batch::check(self.home.root(), &staged, new)?;
            let file = StoredFile {
                path: staged.to_string_lossy().into_owned(),
                ..new.clone()
            };
            let read = self.home.all_rows(&file)?;
            let left_over = locate::keys(&read, new.key_column()).into_iter().flatten().flatten();
            if read != *left || left_over.into_iter().any(|key| self.keys.contains(&key)) {
                return Err(StoreError::corrupt(
                    "a rewritten file does not read back as what should be left",
                    &self.home.root().join(staged),
                ));
            }
        }
        Ok(())
    }
}

impl Home {
    /// All rows of a file, which must be the one that was journalled.
    fn rows(&self, file: &StoredFile) -> Result<RecordBatch> {
        self.vouch(file)?;
        self.all_rows(file)
    }
}

/// Passes over what is lost or not what was journalled.
fn if_there(done: Result<()>) -> Result<()> {
    match done {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Corrupt) => Ok(()),
        done => done,
    }
}

/// Puts in place of what is left of a file by an intent that is not done the file itself.
fn as_it_was(file: &mut StoredFile, journalled: &Journalled) {
    let of_intent = |one: &&Replaced| one.new.as_ref() == Some(&*file);
    if let Some(replaced) = journalled.tables().iter().find(of_intent) {
        *file = replaced.old.clone();
    }
}

/// Which rows of a shared table stay: those that no row named which went, and those that another still names.
fn still_named(tables: &Tables<'_>, rows: &RecordBatch, column: &str, namers: Namers) -> Option<BooleanArray> {
    let (mut before, mut after) = (HashSet::new(), HashSet::new());
    for (table, column) in namers {
        if let Some(table) = tables.get(table.name()) {
            before.extend(values(&table.before, column)?);
            after.extend(values(&table.after, column)?);
        }
    }
    let stays = |value: &&[u8]| after.contains(value) || !before.contains(value);
    Some(values(rows, column)?.iter().map(|value| Some(stays(value))).collect())
}

/// Which handles stay: as other shared rows, but each on its own platform. A row that does not say on which names it on any.
fn handles_named(tables: &Tables<'_>, rows: &RecordBatch) -> Option<BooleanArray> {
    let (before, after) = (
        Named::of(tables, |table| &table.before)?,
        Named::of(tables, |table| &table.after)?,
    );
    let own = values(rows, "platform")?.into_iter().zip(values(rows, "handle")?);
    let stays = |(on, handle)| after.has(on, handle) || !before.has(on, handle);
    Some(own.map(|row| Some(stays(row))).collect())
}

/// Handles that messages name, each on its platform, or on one that is not known.
struct Named<'r>(HashSet<(Option<&'r [u8]>, &'r [u8])>);

impl<'r> Named<'r> {
    fn of(tables: &'r Tables<'_>, rows: for<'t> fn(&'t Shrunk<'_>) -> &'t RecordBatch) -> Option<Self> {
        let rows = |table: Table| tables.get(table.name()).map(rows);
        let mut platforms: HashMap<&[u8], &[u8]> = HashMap::new();
        let mut named = HashSet::new();
        if let Some(messages) = rows(Table::Message) {
            let on = values(messages, "platform")?;
            platforms.extend(values(messages, TABLE_KEY)?.into_iter().zip(on.iter().copied()));
            named.extend(on.into_iter().map(Some).zip(values(messages, "sender")?));
        }
        for people in [Table::Recipient, Table::Custodian].into_iter().filter_map(rows) {
            let keys = values(people, TABLE_KEY)?.into_iter();
            let on = keys.map(|key| platforms.get(key).copied());
            named.extend(on.zip(values(people, "handle")?));
        }
        Some(Self(named))
    }

    fn has(&self, platform: &[u8], handle: &[u8]) -> bool {
        [Some(platform), None].iter().any(|on| self.0.contains(&(*on, handle)))
    }
}

/// The values of a column as bytes; none of them for a row without one.
fn values<'r>(rows: &'r RecordBatch, column: &str) -> Option<Vec<&'r [u8]>> {
    let column = rows.column_by_name(column)?;
    let filled = |row: usize, value: &'r [u8]| if column.is_null(row) { &[] } else { value };
    if let Some(keys) = column.as_primitive_opt::<Decimal128Type>() {
        let bytes = keys.values().inner().as_slice().chunks_exact(size_of::<i128>());
        return Some(bytes.enumerate().map(|(row, value)| filled(row, value)).collect());
    }
    let texts = column.as_string_opt::<i32>()?;
    Some(
        (0..texts.len())
            .map(|row| filled(row, texts.value(row).as_bytes()))
            .collect(),
    )
}

fn filtered(rows: &RecordBatch, keep: &BooleanArray, file: &StoredFile) -> Result<RecordBatch> {
    arrow::compute::filter_record_batch(rows, keep).map_err(|_| unreadable(file))
}

fn unreadable(file: &StoredFile) -> StoreError {
    StoreError::corrupt("a file of the home cannot be rewritten", Path::new(&file.path))
}
