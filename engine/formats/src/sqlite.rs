//! SQLite databases from hands that nobody knows. This is the one place that knows the library.
//!
//! A database is never written, not even to recover it: where a log lies beside it, a copy in a temporary folder is opened. Nothing
//! that its schema could run is run: views, triggers, virtual tables and generated columns are passed by, and only columns of
//! true tables are read, in the order of the rows' numbers, a page at a time.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, copy};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lexhold_model::SourcePlace;
use lexhold_source::{Chunks, ErrorKind, Place, Reading, SourceError, text_of};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempDir;

use crate::document::Readings;
use crate::format::{Messages, Part};
use crate::tree::Tree;

/// How every database begins.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// How a journal begins that is due to be rolled back.
const HOT_JOURNAL: &[u8] = &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
/// The name that the number of a row has beside its columns.
const NUMBER: &str = "number of the row";
/// Rows that are held at a time.
const PAGE_ROWS: i64 = 256;
/// The library asks so often whether to go on with one statement …
const PATIENCE_STEPS: i32 = 1_000_000;
/// … and is told no after so many times: damage made on purpose could keep it busy for ever.
const PATIENCE: u32 = 2_000;

/// Whether a file that begins so is a database.
pub(crate) fn is_database(first: &[u8]) -> bool {
    first.starts_with(MAGIC)
}

/// The log that belongs to a database of this path.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// The tables of a database with their columns. Views, virtual tables and generated columns do not count.
#[derive(Default)]
pub(crate) struct Tables(BTreeMap<String, Vec<String>>);

impl Tables {
    /// Whether a table has all of these columns.
    pub(crate) fn has(&self, table: &str, columns: &[&str]) -> bool {
        let has = |found: &Vec<String>| columns.iter().all(|due| found.iter().any(|one| one == due));
        self.0.get(table).is_some_and(has)
    }

    /// The names of all of them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn columns(&self, table: &str) -> &[String] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }
}

/// A database, open to be read.
pub(crate) struct Database {
    connection: Connection,
    pub(crate) tables: Tables,
    /// The file, as messages name it.
    name: String,
    steps: Arc<AtomicU32>,
    /// Holds the copy that is read, where it is one.
    _copy: Option<Arc<TempDir>>,
}

impl Database {
    /// Opens the database that an entry of a tree is.
    ///
    /// # Errors
    /// When it cannot be read at all, or was copied in the middle of a change.
    pub(crate) fn open(tree: &Tree, at: usize, limit_bytes: usize) -> Result<Self, SourceError> {
        let name = tree.full_name(&tree.entries[at]);
        let (path, copy) = place(tree, at)?;
        let failed = |error: &rusqlite::Error| damaged(&name, error);
        let mut connection = connect(&path, copy.is_some()).map_err(|error| failed(&error))?;
        let steps = guard(&mut connection, limit_bytes).map_err(|error| failed(&error))?;
        let tables = tables(&connection).map_err(|error| failed(&error))?;
        Ok(Self {
            connection,
            tables,
            name,
            steps,
            _copy: copy,
        })
    }

    /// The named columns of a table for a statement; those that it lacks are null. All if none are named.
    pub(crate) fn columns(&self, table: &str, wanted: &[&str]) -> String {
        let found = self.tables.columns(table);
        let column = |name: &str| {
            let quoted = name.replace('"', "\"\"");
            if found.iter().any(|one| one == name) {
                format!("\"{table}\".\"{quoted}\" AS \"{quoted}\"")
            } else {
                format!("NULL AS \"{quoted}\"")
            }
        };
        let columns: Vec<String> = match wanted {
            [] => found.iter().map(|name| column(name)).collect(),
            wanted => wanted.iter().map(|name| column(name)).collect(),
        };
        columns.join(", ")
    }

    /// Reads each row that a statement finds between two numbers, its first and second parameter.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(crate) fn between(
        &self,
        sql: &str,
        range: (i64, i64),
        then: impl FnMut(Record<'_>),
    ) -> Result<(), SourceError> {
        self.rows(sql, range, then).map_err(|error| damaged(&self.name, &error))
    }

    /// Reads these columns of each row of a table, if it is there, in the order of the rows' numbers.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(crate) fn each(&self, table: &str, wanted: &[&str], then: impl FnMut(Record<'_>)) -> Result<(), SourceError> {
        if self.tables.columns(table).is_empty() {
            return Ok(());
        }
        let columns = self.columns(table, wanted);
        let sql = format!("SELECT {columns} FROM \"{table}\" WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid");
        self.between(&sql, (i64::MIN, i64::MAX), then)
    }

    /// Reads what a table says of the rows with these numbers, if it is there: those that its column names.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(crate) fn beside(
        &self,
        table: &str,
        column: &str,
        range: (i64, i64),
        mut then: impl FnMut(i64, Record<'_>),
    ) -> Result<(), SourceError> {
        if !self.tables.has(table, &[column]) {
            return Ok(());
        }
        let columns = self.columns(table, &[]);
        let sql = format!(
            "SELECT {columns} FROM \"{table}\" WHERE \"{column}\" BETWEEN ?1 AND ?2 ORDER BY \"{column}\", rowid"
        );
        self.between(&sql, range, |mut record| {
            if let Some(number) = record.whole(column) {
                then(number, record);
            }
        })
    }

    fn rows(&self, sql: &str, range: (i64, i64), mut then: impl FnMut(Record<'_>)) -> rusqlite::Result<()> {
        self.steps.store(0, Ordering::Relaxed);
        let mut statement = self.connection.prepare(sql)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([range.0, range.1])?;
        while let Some(row) = rows.next()? {
            then(Record::of(row, &names)?);
        }
        Ok(())
    }

    /// The numbers of the next rows of a table after this one.
    fn numbers(&self, table: &str, after: i64) -> rusqlite::Result<Vec<i64>> {
        let sql = format!("SELECT rowid FROM \"{table}\" WHERE rowid > ?1 ORDER BY rowid LIMIT ?2");
        let mut numbers: Vec<i64> = Vec::new();
        self.steps.store(0, Ordering::Relaxed);
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([after, PAGE_ROWS])?;
        while let Some(row) = rows.next()? {
            let number = row.get(0)?;
            // Where damage makes rows come round again, there is no more to be had.
            if number <= numbers.last().copied().unwrap_or(after) {
                break;
            }
            numbers.push(number);
        }
        Ok(numbers)
    }
}

/// Where the database of an entry can be opened: in its place, or as a copy that has its log.
fn place(tree: &Tree, at: usize) -> Result<(PathBuf, Option<Arc<TempDir>>), SourceError> {
    let entry = &tree.entries[at];
    let name = tree.full_name(entry);
    let failed = |error| SourceError::io(&name, error);
    let begins = |ending: &str| -> Result<Vec<u8>, SourceError> {
        let mut first = Vec::new();
        if let Some(file) = tree.beside(entry, ending)? {
            file.take(HOT_JOURNAL.len() as u64)
                .read_to_end(&mut first)
                .map_err(failed)?;
        }
        Ok(first)
    };
    if begins("-journal")? == HOT_JOURNAL {
        let why = "it was copied in the middle of a change, its journal lies beside it; open it once where it comes from, \
                   close it, and copy it again";
        return Err(SourceError::new(ErrorKind::Unsupported, &name, why));
    }
    let has_log = !begins("-wal")?.is_empty();
    if let Some(path) = entry.disk_path().filter(|_| !has_log) {
        return Ok((path.to_owned(), None));
    }
    let folder = tree.copy_of(at, || {
        let folder = TempDir::new().map_err(failed)?;
        spill(tree.read(entry)?, folder.path(), "db").map_err(failed)?;
        if let Some(log) = tree.beside(entry, "-wal")? {
            spill(log, folder.path(), "db-wal").map_err(failed)?;
        }
        Ok(folder)
    })?;
    Ok((folder.path().join("db"), Some(folder)))
}

/// Writes bytes into a new file, which goes with its folder.
fn spill(mut from: impl Read, folder: &Path, name: &str) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(name).rand_bytes(0).disable_cleanup(true);
    copy(&mut from, &mut builder.tempfile_in(folder)?)?;
    Ok(())
}

/// Opens a file. One in its place counts as one that never changes, so that nothing is locked or written beside it.
fn connect(path: &Path, is_copy: bool) -> rusqlite::Result<Connection> {
    if is_copy {
        // The log is carried over when the copy is first read.
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "query_only", true)?;
        return Ok(connection);
    }
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?mode=ro&immutable=1");
    Connection::open_with_flags(uri, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
}

/// Takes from a connection what a hostile schema could use. What comes back counts the steps of a statement.
fn guard(connection: &mut Connection, limit_bytes: usize) -> rusqlite::Result<Arc<AtomicU32>> {
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    connection.pragma_update(None, "cell_size_check", true)?;
    let limit_bytes = i32::try_from(limit_bytes).unwrap_or(i32::MAX);
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, limit_bytes)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    let steps = Arc::new(AtomicU32::new(0));
    let counted = steps.clone();
    let enough = move || counted.fetch_add(1, Ordering::Relaxed) > PATIENCE;
    connection.progress_handler(PATIENCE_STEPS, Some(enough))?;
    Ok(steps)
}

fn tables(connection: &Connection) -> rusqlite::Result<Tables> {
    let mut tables = Tables::default();
    let mut statement =
        connection.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0")?;
    for name in names.into_iter().filter(|name| !name.contains('"')) {
        let columns = statement
            .query_map([&name], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        tables.0.insert(name, columns);
    }
    Ok(tables)
}

/// The instant of milliseconds since 1970, unless there is none or it lies beyond the calendar.
pub(crate) fn micros_of_millis(millis: i64) -> Option<i64> {
    let micros = Some(millis).filter(|millis| *millis != 0)?.checked_mul(1000)?;
    jiff::Timestamp::from_microsecond(micros).is_ok().then_some(micros)
}

/// The error of a whole database. The library's own words could quote the schema.
fn damaged(name: &str, error: &rusqlite::Error) -> SourceError {
    SourceError::new(
        ErrorKind::Corrupt,
        name,
        format!("the database cannot be read: {}", why(error)),
    )
}

fn why(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => "it is damaged",
        Some(ErrorCode::NotADatabase) => "it is encrypted or no database",
        Some(ErrorCode::TooBig) => "a value is longer than the limit",
        Some(ErrorCode::OperationInterrupted) => "it keeps the reader busy without end",
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => "a file cannot be read",
        Some(ErrorCode::OutOfMemory) => "there is not enough memory",
        _ => "its tables are not as they should be",
    }
}

/// A row, from which a reader takes what it knows; the rest is kept under the names of its columns.
pub(crate) struct Record<'a> {
    values: BTreeMap<&'a str, ValueRef<'a>>,
    /// Whether bytes of what was taken had to be replaced.
    pub(crate) mended: bool,
}

impl<'a> Record<'a> {
    fn of(row: &'a rusqlite::Row<'_>, names: &'a [String]) -> rusqlite::Result<Self> {
        let mut values = BTreeMap::new();
        for (at, name) in names.iter().enumerate() {
            let value = row.get_ref(at)?;
            if value != ValueRef::Null {
                values.insert(name.as_str(), value);
            }
        }
        Ok(Self { values, mended: false })
    }

    /// Takes a text; numbers count as one, since columns of ids have lost their type in many a schema. Empty text counts as none.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let text = match *self.values.get(name)? {
            ValueRef::Text(bytes) => self.decode(bytes),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(_) | ValueRef::Blob(_) | ValueRef::Null => return None,
        };
        self.values.remove(name);
        Some(text).filter(|text| !text.is_empty())
    }

    /// Takes a whole number; anything else stays.
    pub(crate) fn whole(&mut self, name: &str) -> Option<i64> {
        let ValueRef::Integer(number) = *self.values.get(name)? else {
            return None;
        };
        self.values.remove(name);
        Some(number)
    }

    /// Takes a whole number that is not 0.
    pub(crate) fn some(&mut self, name: &str) -> Option<i64> {
        self.whole(name).filter(|number| *number != 0)
    }

    /// Whether a number is there that is not 0; it is taken.
    pub(crate) fn is(&mut self, name: &str) -> bool {
        self.some(name).is_some()
    }

    /// The bytes of a value, which stays.
    pub(crate) fn bytes(&self, name: &str) -> Option<&'a [u8]> {
        match *self.values.get(name)? {
            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Leaves a column out, because it says nothing that is not kept elsewhere.
    pub(crate) fn drop(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// Everything that was not taken. Zero and empty text are how columns say nothing; bytes are in base 64.
    pub(crate) fn into_metadata(mut self) -> BTreeMap<String, String> {
        let values = std::mem::take(&mut self.values).into_iter();
        let told = values.filter_map(|(name, value)| {
            let value = match value {
                ValueRef::Null | ValueRef::Integer(0) => return None,
                ValueRef::Text([]) | ValueRef::Blob([]) => return None,
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                ValueRef::Text(bytes) => self.decode(bytes),
                ValueRef::Blob(bytes) => BASE64.encode(bytes),
            };
            Some((name.to_owned(), value))
        });
        told.collect()
    }

    fn decode(&mut self, bytes: &[u8]) -> String {
        let text = text_of(bytes);
        self.mended |= matches!(text, std::borrow::Cow::Owned(_));
        text.into_owned()
    }
}

/// What a format knows of its tables.
pub(crate) trait Schema: Send {
    /// The tables whose rows are messages, in the order in which they are read.
    fn tables(&self) -> &'static [&'static str];

    /// Gathers what other tables say of the rows of a page, from its first to its last number.
    ///
    /// # Errors
    /// When it cannot be read.
    fn page(&mut self, database: &Database, table: &str, range: (i64, i64)) -> Result<(), SourceError>;

    /// The messages of a row with this number.
    fn read(&mut self, table: &str, number: i64, record: Record<'_>, place: SourcePlace) -> Readings;
}

/// The rows of a database under way.
pub(crate) struct Walk<S> {
    database: Database,
    schema: S,
    part: Part,
    /// The path inside the input, for reports.
    path: Arc<str>,
    tables: VecDeque<&'static str>,
    after: i64,
    read: VecDeque<(Place, Result<Reading, String>)>,
}

impl<S: Schema> Walk<S> {
    pub(crate) fn new(part: Part, database: Database, schema: S) -> Self {
        let tables = schema.tables().iter().copied();
        Self {
            tables: tables
                .filter(|table| !database.tables.columns(table).is_empty())
                .collect(),
            path: part.tree.entries[part.entries[0]].path.as_str().into(),
            database,
            schema,
            part,
            after: i64::MIN,
            read: VecDeque::new(),
        }
    }

    /// Reads the next rows of a table; false at its end.
    fn page(&mut self, table: &'static str) -> Result<bool, SourceError> {
        let (database, name) = (&self.database, &self.database.name);
        let numbers = database
            .numbers(table, self.after)
            .map_err(|error| damaged(name, &error))?;
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
            return Ok(false);
        };
        self.schema.page(database, table, (*first, *last))?;
        let columns = database.columns(table, &[]);
        let sql = format!(
            "SELECT rowid AS \"{NUMBER}\", {columns} FROM \"{table}\" WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid"
        );
        let mut left = numbers.as_slice();
        while let [first, ..] = left {
            let (schema, read) = (&mut self.schema, &mut self.read);
            let mut done = 0;
            let found = database.rows(&sql, (*first, *last), |mut record| {
                let Some(number) = record.whole(NUMBER) else { return };
                done += 1;
                let place = SourcePlace {
                    file: name.clone(),
                    offset: offset(number),
                };
                let readings = schema.read(table, number, record, place);
                read.extend(readings.into_iter().map(|reading| (row(number), reading)));
            });
            left = left.get(done..).unwrap_or_default();
            // The row that could not be read is told, and those after it are read.
            if let (Err(error), [lost, rest @ ..]) = (found, left) {
                self.read
                    .push_back((row(*lost), Err(format!("cannot be read: {}", why(&error)))));
                left = rest;
            } else {
                break;
            }
        }
        self.after = *last;
        Ok(true)
    }
}

impl<S: Schema> Messages for Walk<S> {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        if let Some((place, reading)) = self.read.pop_front() {
            if self.path.is_empty() {
                to.push(place, reading);
            } else {
                to.push_in(&self.path, place, reading);
            }
            return Ok(true);
        }
        let Some(table) = self.tables.front() else {
            return Ok(false);
        };
        if !self.page(table)? {
            self.tables.pop_front();
            self.after = i64::MIN;
            if self.tables.is_empty() {
                self.part.tree.pass(&self.part.tree.entries[self.part.entries[0]]);
            }
        }
        Ok(true)
    }
}

fn offset(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn row(number: i64) -> Place {
    Place::Rows(offset(number), offset(number))
}
