//! The home as verbs open it: with clock, dice and actor, and a catalog that has caught up with the journal.

use std::path::PathBuf;
use std::sync::OnceLock;

use jiff::Timestamp;
use lexhold_catalog::{Catalog, JournalEntry, Settings as CatalogSettings, Writer};
use lexhold_model::tables::Table;
use lexhold_store::{BatchRecord, Entry, EntryKind, ErrorKind, Faults, Home, NewHome, Replacements, Scratch, Stamp};
use serde::Deserialize as _;
use serde_json::Value;
use tempfile::TempDir;

use crate::failure::{Exit, Failure};
use crate::remote;
use crate::settings::Settings;

/// An instant, or the latest time in the journal, whichever comes later: a clock that was set back shortens no wait.
pub fn latest(home: &Home, at: Timestamp) -> anyhow::Result<Timestamp> {
    let mut entries = home.journal().entries(1)?;
    entries.try_fold(at, |latest, entry| Ok(latest.max(entry?.at)))
}

/// Random bytes of the operating system.
pub fn dice(bytes: &mut [u8]) -> std::io::Result<()> {
    getrandom::fill(bytes).map_err(std::io::Error::other)
}

/// Where the certificate of a plan lies, as whoever typed the home can open it.
pub fn certificate_path(settings: &Settings, plan: &str) -> String {
    let path = settings.home.join("certificates").join(format!("{plan}.json"));
    path.display().to_string()
}

/// Who writes, when: the clock is read for each entry.
pub fn stamp(actor: &str) -> Stamp<'_> {
    Stamp {
        at: Timestamp::now(),
        actor,
        entropy: &dice,
    }
}

/// The home, created where there is none.
pub fn open_or_create(settings: &Settings, actor: &str) -> anyhow::Result<Home> {
    let new = NewHome {
        zone: &settings.zone,
        store: settings.store,
        archive: settings.archive.as_ref(),
    };
    Ok(connected(Home::open_or_create(&settings.home, &new, stamp(actor))?))
}

/// The same home, whose archive is reached once it is needed, wherever it lies.
fn connected(home: Home) -> Home {
    home.connect(remote::connect());
    home
}

/// Whether there is no home yet.
pub fn is_missing(settings: &Settings) -> anyhow::Result<bool> {
    match Home::open(&settings.home) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// The home, which must be there.
pub fn open(settings: &Settings) -> anyhow::Result<Home> {
    Home::open(&settings.home)
        .map(connected)
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let message = format!("there is no home at {}", settings.home.display());
                Failure::new(Exit::Data, message)
                    .help("lexhold run makes one; --home says where")
                    .into()
            }
            _ => error.into(),
        })
}

/// Where DuckDB puts what does not fit into memory: a path of this process's own, since two processes in one folder would
/// overwrite each other's pages.
static SCRATCH: OnceLock<Scratch> = OnceLock::new();

/// How the catalog of a home is opened. A process opens one catalog at a time.
///
/// # Errors
/// When the home cannot be written.
pub fn catalog_settings(settings: &Settings, home: &Home) -> anyhow::Result<CatalogSettings> {
    let scratch = own_scratch(home)?;
    let threads = settings.jobs.unwrap_or_else(cores);
    Ok(CatalogSettings {
        wait: settings.wait,
        threads,
        memory_mib: settings.catalog_mib,
        temp: scratch.path().to_owned(),
    })
}

/// What other processes at work have in the home for themselves, such as copies of the catalog.
///
/// # Errors
/// When the home cannot be read, or what ended processes left in it not be removed.
pub fn scratch_of_others(home: &Home) -> anyhow::Result<Vec<PathBuf>> {
    Ok(home.scratch_of_others(own_scratch(home)?)?)
}

/// A new folder of this process's own in the home, for files that nobody else is to see.
///
/// # Errors
/// When the home cannot be written.
pub fn folder_in_scratch(home: &Home) -> anyhow::Result<TempDir> {
    let own = own_scratch(home)?.path();
    let mut name = own.file_name().unwrap_or_default().to_owned();
    // So that it is swept away with the rest, should we be killed.
    name.push(".");
    let folder = own.parent().unwrap_or(own);
    Ok(tempfile::Builder::new().prefix(&name).tempdir_in(folder)?)
}

/// The path of this process's own.
fn own_scratch(home: &Home) -> anyhow::Result<&'static Scratch> {
    Ok(match SCRATCH.get() {
        Some(scratch) => scratch,
        None => {
            let made = home.scratch()?;
            SCRATCH.get_or_init(|| made)
        }
    })
}

/// The least memory for a catalog that is asked about each of half a million messages by itself, in MiB.
const JUDGING_MIB: usize = 1024;

/// How the catalog is opened to judge the messages of a plan.
///
/// # Errors
/// When the home cannot be written.
pub fn judging_settings(settings: &Settings, home: &Home) -> anyhow::Result<CatalogSettings> {
    let few = catalog_settings(settings, home)?;
    Ok(CatalogSettings {
        memory_mib: few.memory_mib.max(JUDGING_MIB),
        ..few
    })
}

/// How many threads there are to use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The catalog, for asking. A journal that is ahead of it is caught up with first, unless a run is about to do that.
pub fn catalog(settings: &Settings, home: &Home) -> anyhow::Result<Catalog> {
    let behind = match Catalog::open_reader(&home.catalog_path(), &catalog_settings(settings, home)?) {
        Ok(catalog) => {
            require_same_journal(home, &catalog)?;
            if catalog.applied_seq()? == Some(home.journal().last_seq()?) {
                return Ok(catalog);
            }
            true
        }
        Err(error) if error.is_missing() => true,
        Err(error) => return Err(error.into()),
    };
    if behind && home.run_holder()?.is_none() {
        catch_up(settings, home, &Faults::default())?;
    }
    Ok(Catalog::open_reader(
        &home.catalog_path(),
        &catalog_settings(settings, home)?,
    )?)
}

/// The catalog as far as the journal goes, for asking by whoever has the run lock. Entries of kinds that are `beside_the_point` it
/// need not know; where it lacks no others, it is opened once instead of twice.
pub fn caught_up(
    settings: &Settings,
    asking: &CatalogSettings,
    home: &Home,
    faults: &Faults,
    beside_the_point: impl Fn(&EntryKind) -> bool,
) -> anyhow::Result<Catalog> {
    let open = || Catalog::open_reader(&home.catalog_path(), asking);
    match open() {
        Ok(catalog) => {
            let next = catalog.applied_seq()?.map_or(1, |seq| seq + 1);
            let mut lacking = home.journal().entries(next)?;
            let knows_all = lacking.all(|entry| entry.is_ok_and(|entry| beside_the_point(&entry.kind)));
            if knows_all && is_of_journal(home, &catalog)? {
                return Ok(catalog);
            }
        }
        Err(error) if !error.is_missing() => return Err(error.into()),
        Err(_) => {}
    }
    catch_up(settings, home, faults)?;
    Ok(open()?)
}

/// Projects what the journal has and the catalog has not.
pub fn catch_up(settings: &Settings, home: &Home, faults: &Faults) -> anyhow::Result<()> {
    // The evaluation goes on meanwhile: a second thread would win nothing and take memory of its own.
    let alone = CatalogSettings {
        threads: 1,
        ..catalog_settings(settings, home)?
    };
    let mut writer = Catalog::open_writer(&home.catalog_path(), &alone)?;
    project_rest(home, &mut writer, faults)
}

/// The same at the end of a run, with the catalog's log folded into its file.
pub fn close_up(settings: &Settings, home: &Home) -> anyhow::Result<()> {
    let mut writer = Catalog::open_writer(&home.catalog_path(), &catalog_settings(settings, home)?)?;
    project_rest(home, &mut writer, &Faults::default())?;
    Ok(writer.close()?)
}

/// Projects, entry by entry, what the journal has and this catalog has not; steps of a destruction that stand behind each other
/// at once.
pub fn project_rest(home: &Home, writer: &mut Writer, faults: &Faults) -> anyhow::Result<()> {
    require_same_journal(home, writer)?;
    let next = writer.applied_seq()?.map_or(1, |seq| seq + 1);
    let replacements = home.replacements(next)?;
    let is_step = |entry: &Entry| matches!(entry.kind, EntryKind::DisposalIntent | EntryKind::DisposalDone);
    let mut entries = home.journal().entries(next)?.peekable();
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let (told, files) = payload(home, &entry, &replacements)?;
        if is_step(&entry) {
            let mut together = writer.together()?;
            together.project(&of(&entry, &entry.at.to_string(), &told))?;
            while let Some(step) = entries.next_if(|next| next.as_ref().is_ok_and(is_step)) {
                let step = step?;
                let (told, _) = payload(home, &step, &replacements)?;
                together.project(&of(&step, &step.at.to_string(), &told))?;
            }
            together.commit()?;
        } else {
            writer.project(&of(&entry, &entry.at.to_string(), &told), &files)?;
        }
        faults.reach(lexhold_store::Step::Projected);
    }
    Ok(())
}

/// What is said of a catalog that [`is_of_journal`] denies.
pub const OF_ANOTHER_JOURNAL: &str =
    "the catalog knows entries that the journal does not have: it was put back, or cut";

/// Whether the last entry that a catalog knows stands in this journal. Where the journal was put back or cut it does not, and new
/// entries bear numbers that the catalog takes for those it has.
pub fn is_of_journal(home: &Home, catalog: &Catalog) -> anyhow::Result<bool> {
    let Some(seq) = catalog.applied_seq()? else {
        return Ok(true);
    };
    let entry = home.journal().entries(seq)?.next().transpose()?;
    Ok(entry.map(|entry| entry.leaf.to_string()) == catalog.applied_leaf()?)
}

fn require_same_journal(home: &Home, catalog: &Catalog) -> anyhow::Result<()> {
    if is_of_journal(home, catalog)? {
        return Ok(());
    }
    Err(Failure::new(Exit::Data, OF_ANOTHER_JOURNAL)
        .help("bring the newer journal back; where it is lost, lexhold rebuild goes on without, and nothing is destroyed before lexhold clock attest")
        .into())
}

fn of<'a>(entry: &'a Entry, at: &'a str, payload: &'a Value) -> JournalEntry<'a> {
    JournalEntry {
        seq: entry.seq,
        leaf: entry.leaf,
        kind: entry.kind.as_str(),
        at,
        actor: &entry.actor,
        payload,
    }
}

/// What an entry says, and its evaluation files as they are now, byte for byte what was journalled: a membership that somebody took
/// out of a file would free what a hold covers.
fn payload(home: &Home, entry: &Entry, replacements: &Replacements) -> anyhow::Result<(Value, Vec<(Table, PathBuf)>)> {
    let payload: Value = home.journal().payload_json(entry)?.unwrap_or_default();
    if !entry.kind.names_files() {
        return Ok((payload, Vec::new()));
    }
    let mut record = BatchRecord::deserialize(&payload).map_err(|_| {
        Failure::new(
            Exit::Data,
            format!("journal entry {} has lost its list of files", entry.seq),
        )
    })?;
    replacements.apply(entry.seq, &mut record);
    for file in record.files.iter().filter(|file| !file.is_segment()) {
        home.vouch(file)?;
    }
    let tables = record
        .files
        .iter()
        .filter_map(|file| Some((Table::named(file.table.as_deref()?)?, home.root().join(&file.path))));
    let files = tables.collect();
    Ok((payload, files))
}
