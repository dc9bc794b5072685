//! Which of the messages that come in the catalog has already.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Decimal128Array, RecordBatch};
use arrow::datatypes::{Field, Schema};
use lexhold_model::Key;
use lexhold_model::tables::KEY;

use crate::error::{CatalogError, Doing, Result};
use crate::open::Catalog;
use crate::rows::{collect, each_row};

/// What the catalog knows of a message whose key was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The keyed hash of its content.
    pub content_hash: Key,
    /// The family of its versions.
    pub family: Key,
    /// Which version it is.
    pub version: i32,
    /// How that version came about: `original`, `edit`, `delete`, `collision`.
    pub version_kind: String,
    /// The facts it was last evaluated with.
    pub facts_id: Key,
}

/// Says of nearly every key that the catalog lacks that it does, without asking DuckDB.
///
/// Takes four bytes a key at three quarters full, and errs about once in a hundred million questions, always to the
/// safe side: a key that the catalog has is never denied. A run builds one at its start and adds to it what it takes
/// in; only keys that it cannot deny go to [`Catalog::known`].
#[derive(Debug)]
pub struct KeyFilter {
    /// Open-addressed tables of 32-bit marks, each twice the one before; only the last one grows.
    tables: Vec<Marks>,
}

#[derive(Debug)]
struct Marks {
    /// 0 is free.
    slots: Vec<u32>,
    taken: usize,
}

impl Catalog {
    /// What the catalog knows of these keys; those it lacks are left out.
    ///
    /// # Errors
    /// When DuckDB fails.
    pub fn known(&self, keys: &[Key]) -> Result<HashMap<Key, Known>> {
        let (doing, connection) = ("looking messages up", self.connection());
        self.want(keys)?;
        // Row numbers first: hashes and facts are then read only where a row was found.
        let sql = "SELECT key, content_hash, family, version, version_kind, facts_id FROM message
                   WHERE rowid IN (SELECT m.rowid FROM message m SEMI JOIN wanted USING (key))";
        let rows = collect(connection, sql, doing, |row| {
            let known = Known {
                content_hash: row.key(1)?,
                family: row.key(2)?,
                version: row.int(3)?,
                version_kind: row.owned(4)?,
                facts_id: row.key(5)?,
            };
            Ok((row.key(0)?, known))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Sets the messages that the next question is about.
    pub(crate) fn want(&self, keys: &[Key]) -> Result<()> {
        let doing = "looking messages up";
        let connection = self.connection();
        connection
            .execute_batch("CREATE OR REPLACE TEMP TABLE wanted (key DECIMAL(38,0))")
            .doing(doing)?;
        let mut appender = connection
            .appender_to_catalog_and_db("wanted", "temp", "main")
            .doing(doing)?;
        appender
            .append_record_batch(one_column(keys).doing(doing)?)
            .doing(doing)?;
        appender.flush().doing(doing)
    }

    /// A filter over all keys of the catalog, those of destroyed messages among them.
    ///
    /// # Errors
    /// When DuckDB fails.
    pub fn key_filter(&self) -> Result<KeyFilter> {
        let doing = "reading the keys of all messages";
        let counts = collect(self.connection(), "SELECT count(*) FROM message", doing, |row| {
            row.count(0)
        })?;
        let mut filter = KeyFilter::for_keys(usize::try_from(counts.iter().sum::<u64>()).unwrap_or(usize::MAX));
        let keys = "SELECT key FROM message UNION ALL SELECT key FROM tombstone";
        each_row::<CatalogError>(self.connection(), keys, doing, |row| {
            filter.insert(row.key(0)?);
            Ok(())
        })?;
        Ok(filter)
    }
}

impl KeyFilter {
    const SMALLEST: usize = 1 << 16;

    fn for_keys(n_keys: usize) -> Self {
        Self {
            tables: vec![Marks::new(
                (n_keys + n_keys / 2).next_power_of_two().max(Self::SMALLEST),
            )],
        }
    }

    /// Whether the catalog may have this key; `false` is certain.
    pub fn may_hold(&self, key: Key) -> bool {
        let (place, mark) = place_and_mark(key);
        self.tables.iter().any(|table| table.find(place, mark).is_ok())
    }

    /// Adds a key that the catalog is about to have.
    pub fn insert(&mut self, key: Key) {
        let (place, mark) = place_and_mark(key);
        if self.tables.iter().any(|table| table.find(place, mark).is_ok()) {
            return;
        }
        let size = self.tables.last().map_or(Self::SMALLEST, |table| table.slots.len());
        if self.tables.last().is_none_or(|table| table.taken >= size / 4 * 3) {
            self.tables.push(Marks::new(size * 2));
        }
        if let Some(table) = self.tables.last_mut() {
            table.insert(place, mark);
        }
    }
}

impl Marks {
    fn new(size: usize) -> Self {
        Self {
            slots: vec![0; size],
            taken: 0,
        }
    }

    /// The slot that holds the mark, or else the free one where it would go. One is always free.
    fn find(&self, place: u64, mark: u32) -> Result<usize, usize> {
        let last = self.slots.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "only the low bits of a place are used")]
        let mut slot = place as usize & last;
        loop {
            match self.slots[slot] {
                0 => return Err(slot),
                found if found == mark => return Ok(slot),
                _ => slot = (slot + 1) & last,
            }
        }
    }

    fn insert(&mut self, place: u64, mark: u32) {
        if let Err(free) = self.find(place, mark) {
            self.slots[free] = mark;
            self.taken += 1;
        }
    }
}

/// Keys are hashes, so that their bits are as good as any: some say where to look, others what to find there.
fn place_and_mark(key: Key) -> (u64, u32) {
    let bits = key.as_i128().cast_unsigned();
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
    let (place, mark) = (bits as u64, (bits >> 64) as u32);
    (place, mark.max(1))
}

fn one_column(keys: &[Key]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let numbers =
        Decimal128Array::from_iter_values(keys.iter().map(|key| key.as_i128())).with_precision_and_scale(38, 0)?;
    RecordBatch::try_new(
        Arc::new(Schema::new(vec![Field::new("key", KEY, false)])),
        vec![Arc::new(numbers)],
    )
}
