//! What the catalog's file still has of messages that are gone: deleted rows stay in its pages until they are written over, so
//! that all that is left is copied into a new file, which takes the old one's place.

use lexhold_catalog::Catalog;
use lexhold_model::tables::Table;
use lexhold_store::{Faults, Home, RunLock, Step};

use crate::home;
use crate::settings::Settings;

/// Copies, reads back, and swaps. A process that dies on the way leaves the catalog as it was, and the same again mends it.
pub fn retire(settings: &Settings, home: &Home, lock: &RunLock, faults: &Faults) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for batch in home.batches(1)? {
        let named = batch?.1.files.into_iter();
        files.extend(
            named.filter_map(|file| Some((Table::named(file.table.as_deref()?)?, home.root().join(&file.path)))),
        );
    }
    let path = home.rebuilt_catalog_path(lock)?;
    let mut writer = Catalog::open_writer(&home.catalog_path(), &home::judging_settings(settings, home)?)?;
    home::project_rest(home, &mut writer, faults)?;
    writer.forget_unshared(&files)?;
    writer.copy_to(&path)?;
    drop(writer);
    faults.reach(Step::CatalogCopied);
    // Whoever reads the old catalog now keeps what they opened; the next to open gets the new one.
    home.replace_catalog(lock)?;
    faults.reach(Step::CatalogReplaced);
    Ok(())
}
