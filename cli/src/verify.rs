//! `verify`: journal, archive, evaluations and catalog against each other.

use std::io::Write;

use lexhold_catalog::{Catalog, Fingerprint};
use lexhold_store::Faults;

use crate::failure::Exit;
use crate::home;
use crate::settings::Settings;
use crate::terminal::say;

/// Checks the chain, every digest, and that the catalog is what the journal says.
pub fn verify(settings: &Settings) -> anyhow::Result<Exit> {
    let home = home::open(settings)?;
    let verification = home.verify(|_, _| {})?;
    let mut out = std::io::stdout().lock();
    for finding in &verification.findings {
        let entry = finding
            .seq
            .map_or_else(String::new, |seq| format!(" (journal entry {seq})"));
        writeln!(
            out,
            "{}: {}{entry}",
            finding.kind.as_str(),
            lexhold_document::printable(&finding.path.display().to_string())
        )?;
    }
    let differing = catalog_differs(settings, &home)?;
    for table in &differing {
        writeln!(
            out,
            "catalog: table `{table}` is not what journal and evaluations say; lexhold rebuild makes it so"
        )?;
    }
    let sound = verification.is_sound() && differing.is_empty();
    if !settings.quiet {
        let head = verification.head.map_or_else(String::new, |head| {
            format!("{} entries, tree head {}, ", head.size, head.root)
        });
        say(&format!(
            "verify: {head}{} files: {}",
            verification.files,
            if sound { "sound" } else { "NOT sound" }
        ));
    }
    Ok(if sound { Exit::Done } else { Exit::Data })
}

/// Tables of the catalog that differ from a fresh projection.
fn catalog_differs(settings: &Settings, home: &lexhold_store::Home) -> anyhow::Result<Vec<String>> {
    let of = |catalog: &Catalog| catalog.fingerprint(Fingerprint::Everything);
    let have = of(&home::catalog(settings, home)?)?;
    let folder = tempfile::tempdir()?;
    let mut fresh = Catalog::open_writer(
        &folder.path().join("catalog.duckdb"),
        &home::catalog_settings(settings, home)?,
    )?;
    home::project_rest(home, &mut fresh, &Faults::default())?;
    let want = of(&fresh)?;
    let differs = want
        .iter()
        .filter(|table| !have.contains(table))
        .map(|table| table.table.clone());
    Ok(differs.collect())
}
