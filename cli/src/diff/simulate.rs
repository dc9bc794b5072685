//! What a bundle would do to the dates of the messages that the home has.
//!
//! Nothing is reckoned in another way here: the bundle is activated in a copy of the catalog, and each message's dates are
//! derived from both.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lexhold_catalog::{Catalog, JournalEntry, Scope};
use lexhold_evaluate::{Bundle, record_reassignments};
use lexhold_model::tables::Table;
use lexhold_store::Home;
use serde_json::json;
use tempfile::TempDir;

use super::figures::{Change, Figures};
use crate::activate::reassign;
use crate::dates::{Dates, Grounds};
use crate::failure::{Exit, OrExit};
use crate::home;
use crate::ledger::{Activation, History};
use crate::settings::Settings;

/// A catalog in which a bundle is the active one, though the home knows nothing of it.
pub struct Supposed {
    _folder: TempDir,
    path: PathBuf,
}

impl Supposed {
    /// Copies a catalog and activates a bundle in the copy.
    pub fn active(
        settings: &Settings,
        home: &Home,
        catalog: &Path,
        bundle: &Bundle,
        at: Timestamp,
    ) -> anyhow::Result<Self> {
        let options = home::catalog_settings(settings, home)?;
        let folder = beside(&options.temp)?;
        let path = folder.path().join("catalog.duckdb");
        // Nobody writes to a catalog that somebody reads.
        let reader = Catalog::open_reader(catalog, &options)?;
        let history = History::read(&reader)?;
        let reassigned = reassign::reassign(&reader, bundle, history.active())?;
        let seq = reader.applied_seq()?.map_or(1, |seq| seq + 1);
        for ending in ["", ".wal"] {
            let of = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
            if of(catalog).exists() {
                std::fs::copy(of(catalog), of(&path)).or_exit(Exit::Data, "copying the catalog")?;
            }
        }
        drop(reader);
        let mut files: Vec<(Table, PathBuf)> = Vec::new();
        for (table, rows) in record_reassignments(bundle, &reassigned.rows, &reassigned.sets) {
            let file = folder.path().join(format!("{}.parquet", table.name()));
            write(&file, &rows)?;
            files.push((table, file));
        }
        let documents = Activation::of(bundle, at).documents;
        let payload = json!({"bundle": bundle.digest, "documents": documents});
        let at = at.to_string();
        let entry = JournalEntry {
            seq,
            leaf: bundle.digest,
            kind: lexhold_catalog::payload::kind::ACTIVATION,
            at: &at,
            actor: "supposed",
            payload: &payload,
        };
        Catalog::open_writer(&path, &options)?.project(&entry, &files)?;
        Ok(Self { _folder: folder, path })
    }

    /// Where the copy is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A folder of this process's own where the home keeps what is needed for a while.
fn beside(scratch: &Path) -> anyhow::Result<TempDir> {
    let folder = scratch.parent().unwrap_or(scratch);
    std::fs::create_dir_all(folder).or_exit(Exit::Data, "making room for a copy of the catalog")?;
    let mut name = scratch.file_name().unwrap_or_default().to_owned();
    name.push(".");
    let made = tempfile::Builder::new().prefix(&name).tempdir_in(folder);
    made.or_exit(Exit::Data, "making room for a copy of the catalog")
}

fn write(path: &Path, rows: &arrow::array::RecordBatch) -> anyhow::Result<()> {
    let mut writer = parquet::arrow::ArrowWriter::try_new(std::fs::File::create(path)?, rows.schema(), None)?;
    writer.write(rows)?;
    writer.close()?;
    Ok(())
}

/// Compares the dates of every message on two catalogs of the same messages, judged at one instant.
pub fn compare(
    settings: &Settings,
    home: &Home,
    old: &Path,
    new: &Path,
    judged_at: Timestamp,
) -> anyhow::Result<Figures> {
    let options = home::catalog_settings(settings, home)?;
    let old_catalog = Catalog::open_reader(old, &options)?;
    let old_grounds = Grounds::read(&old_catalog, judged_at)?;
    if old == new {
        return Figures::unchanged(&old_catalog);
    }
    let new_catalog = Catalog::open_reader(new, &options)?;
    let new_grounds = Grounds::read(&new_catalog, judged_at)?;
    compare_on(&old_catalog, &old_grounds, (&new_catalog, &new_grounds), judged_at)
}

/// The same on grounds that are at hand.
pub fn compare_on(
    catalog: &Catalog,
    old: &Grounds,
    (new_catalog, new): (&Catalog, &Grounds),
    judged_at: Timestamp,
) -> anyhow::Result<Figures> {
    let before = Dates::open(catalog, old, judged_at)?;
    let after = Dates::open(new_catalog, new, judged_at)?;
    let mut figures = Figures::default();
    let mut remembered = std::collections::HashMap::new();
    catalog.retention::<anyhow::Error>(Scope::All, |row| {
        let of = |dates: &Dates<'_>| row.assigned.iter().map(|one| dates.essence(one)).collect::<Vec<_>>();
        let same = (of(&before), of(&after));
        if let Some(change) = remembered.get(&same) {
            figures.add(change);
            return Ok(());
        }
        let change = Change::between(
            (&old.ledger, &before.of_message_briefly(&row)),
            (&new.ledger, &after.of_message_briefly(&row)),
            judged_at,
        );
        figures.add(&change);
        if remembered.len() >= KEPT {
            remembered.clear();
        }
        remembered.insert(same, change);
        Ok(())
    })?;
    Ok(figures)
}

/// Changes that are remembered before the memo starts anew.
const KEPT: usize = 65_536;
