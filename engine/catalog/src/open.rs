//! Opening a catalog: waiting for whoever has it, and a session that depends on nothing around it.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use duckdb::{AccessMode, Config, Connection};

use crate::error::{CatalogError, Doing, ErrorKind, Holder, Result, utf8};
use crate::schema::{self, Found, SCHEMA_VERSION};

/// How a catalog is opened.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long to wait for another process to let go of it.
    pub wait: Duration,
    /// How many threads DuckDB may use.
    pub threads: usize,
    /// How much memory DuckDB may use, in MiB; what needs more goes through `temp`.
    pub memory_mib: usize,
    /// The folder for what does not fit into memory. Only ids, handles and dates ever get there.
    pub temp: PathBuf,
}

/// An open catalog, to ask. One that is open for reading shuts writers out: copy out what is needed and drop it.
#[derive(Debug)]
pub struct Catalog {
    connection: Connection,
    /// Whether it was told which messages open cases rest on.
    pub(crate) knows_cases: std::cell::Cell<Option<bool>>,
    /// Where the catalog stood when the messages of hits were last looked for, if they were.
    pub(crate) hits_through: std::cell::Cell<Option<Option<u64>>>,
    _claim: Claim,
}

/// A catalog open for writing, which nobody else can open meanwhile, not even to read.
#[derive(Debug)]
pub struct Writer {
    catalog: Catalog,
}

/// How large the write-ahead log may grow before DuckDB folds it into the file. At its own default of 16 MB it rewrites
/// every row group several times over: more than twice the work, measured over a million messages.
const CHECKPOINT: &str = "64MB";

impl Catalog {
    /// Opens the catalog at `path` for reading.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`], [`ErrorKind::Missing`], [`ErrorKind::SchemaVersion`], [`ErrorKind::Unreadable`].
    pub fn open_reader(path: &Path, settings: &Settings) -> Result<Self> {
        if !path.try_exists().unwrap_or(true) {
            return Err(CatalogError::new(ErrorKind::Missing, opening(path)));
        }
        let catalog = patiently(settings.wait, || connect(path, AccessMode::ReadOnly, settings))?;
        match schema::find(&catalog.connection)? {
            Found::Current => Ok(catalog),
            Found::Empty => Err(CatalogError::new(ErrorKind::Missing, opening(path))),
            Found::Other(found) => Err(other_version(path, found)),
        }
    }

    /// Opens the catalog at `path` for writing, and creates it where there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`], [`ErrorKind::SchemaVersion`], [`ErrorKind::Unreadable`].
    pub fn open_writer(path: &Path, settings: &Settings) -> Result<Writer> {
        let mut catalog = patiently(settings.wait, || connect(path, AccessMode::ReadWrite, settings))?;
        // A writer comes and goes many times in a run; the log is folded in by size, or at `close`.
        catalog
            .connection
            .execute_batch("PRAGMA disable_checkpoint_on_shutdown")
            .doing("setting up the catalog")?;
        match schema::find(&catalog.connection)? {
            Found::Current => {}
            Found::Empty => schema::create(&mut catalog.connection)?,
            Found::Other(found) => return Err(other_version(path, found)),
        }
        Ok(Writer { catalog })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Writer {
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.catalog.connection
    }

    /// Folds the write-ahead log into the file and closes the catalog: the end of a run or a rebuild.
    ///
    /// Dropping a writer loses nothing, but leaves the log for the next one to read through.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn close(self) -> Result<()> {
        self.catalog
            .connection
            .execute_batch("CHECKPOINT")
            .doing("folding the log into the catalog")
    }
}

impl Deref for Writer {
    type Target = Catalog;

    fn deref(&self) -> &Catalog {
        &self.catalog
    }
}

fn opening(path: &Path) -> String {
    format!("opening {}", path.display())
}

fn other_version(path: &Path, found: Option<i64>) -> CatalogError {
    CatalogError::new(
        ErrorKind::SchemaVersion {
            found,
            expected: SCHEMA_VERSION,
        },
        opening(path),
    )
}

fn connect(path: &Path, mode: AccessMode, settings: &Settings) -> Result<Catalog> {
    let claim = Claim::on(path)?;
    let config = configured(mode, settings)?;
    let connection = Connection::open_with_flags(path, config).map_err(|error| refused(path, error))?;
    session(&connection).doing("setting up the catalog")?;
    Ok(Catalog {
        connection,
        knows_cases: std::cell::Cell::new(None),
        hits_through: std::cell::Cell::new(None),
        _claim: claim,
    })
}

fn configured(mode: AccessMode, settings: &Settings) -> Result<Config> {
    let temp = utf8(&settings.temp, "using the folder")?;
    let setting = || {
        Config::default()
            .access_mode(mode)?
            .enable_autoload_extension(false)?
            .with("allow_community_extensions", "false")?
            .with("threads", settings.threads.max(1).to_string())?
            .with("memory_limit", format!("{}MiB", settings.memory_mib))?
            .with("temp_directory", temp)?
            .with("checkpoint_threshold", CHECKPOINT)
    };
    setting().doing("setting up the catalog")
}

/// Instants are shown in UTC wherever ICU is built in; without it DuckDB knows no other zone. SQL here reckons in
/// microseconds anyway.
fn session(connection: &Connection) -> duckdb::Result<()> {
    let zones: i64 = connection.query_row(
        "SELECT count(*) FROM duckdb_settings() WHERE name = 'TimeZone'",
        [],
        |row| row.get(0),
    )?;
    if zones > 0 {
        connection.execute_batch("SET TimeZone = 'UTC'")?;
    }
    connection.execute_batch("SET lock_configuration = true")
}

fn refused(path: &Path, error: duckdb::Error) -> CatalogError {
    let kind = match holder(&error.to_string()) {
        Some(holder) => ErrorKind::Busy { holder },
        None => ErrorKind::Unreadable,
    };
    CatalogError::new(kind, opening(path)).because(error)
}

/// Who holds the lock, when that is why DuckDB failed: `… Conflicting lock is held in PROGRAM (PID 42) by user …`.
fn holder(message: &str) -> Option<Holder> {
    let lock = message.find("Could not set lock on file")?;
    let number = message[lock..]
        .split("(PID ")
        .nth(1)
        .and_then(|rest| rest.split(')').next()?.parse().ok());
    Some(number.map_or(Holder::Unnamed, Holder::Process))
}

/// Tries until it succeeds, fails for another reason than a busy catalog, or has waited long enough.
fn patiently<T>(wait: Duration, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let mut waited = Duration::ZERO;
    let mut pause = Duration::from_millis(4);
    loop {
        match attempt() {
            Err(error) if error.is_busy() && waited < wait => {
                let now = pause.min(wait - waited);
                std::thread::sleep(now);
                waited += now;
                pause = (pause * 2).min(Duration::from_millis(250));
            }
            other => return other,
        }
    }
}

/// The catalogs that this process has open.
static CLAIMED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The right of this process to open a catalog once.
///
/// DuckDB locks a file against other processes only; a second database on it in the same process would be let in, and
/// closing either would drop the lock of both.
#[derive(Debug)]
struct Claim(PathBuf);

impl Claim {
    fn on(path: &Path) -> Result<Self> {
        let unreadable = |error| CatalogError::new(ErrorKind::Unreadable, opening(path)).because(error);
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let place = folder
            .canonicalize()
            .map_err(unreadable)?
            .join(path.file_name().unwrap_or_default());
        if CLAIMED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(place.clone())
        {
            Ok(Self(place))
        } else {
            Err(CatalogError::new(
                ErrorKind::Busy { holder: Holder::OurOwn },
                opening(path),
            ))
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        CLAIMED.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_read_from_the_words_of_duckdb() {
        let words = "IO Error: Could not set lock on file \"/x/catalog.duckdb\": Conflicting lock is held in \
                     /usr/bin/lexhold (PID 4711) by user root. See also https://duckdb.org/docs/…";
        assert_eq!(holder(words), Some(Holder::Process(4711)));
        assert_eq!(
            holder("Could not set lock on file \"x\": it is held"),
            Some(Holder::Unnamed)
        );
        assert_eq!(holder("IO Error: Cannot open file (PID 3)"), None);
    }
}
