//! `verify`: journal, archive, evaluations and catalog against each other, and against checkpoints kept elsewhere.

mod certificate;

use std::io::Write;

use lexhold_catalog::{Catalog, Fingerprint};
use lexhold_store::{Agreement, Checkpoint, Faults, Home, TreeHead};

use crate::args::Verify;
use crate::checkpoint;
use crate::failure::Exit;
use crate::home;
use crate::settings::Settings;
use crate::terminal::say;

/// Checks the chain, every digest, and that the catalog is what the journal says.
pub fn verify(settings: &Settings, args: &Verify) -> anyhow::Result<Exit> {
    if let (Some(path), Some(key)) = (&args.certificate, &args.key) {
        return certificate::verify(path, key, &args.checkpoint);
    }
    let mut checkpoints = Vec::new();
    for path in &args.checkpoint {
        checkpoints.extend(checkpoint::read(path)?);
    }
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
    let in_catalog = catalog_findings(settings, &home)?;
    for finding in &in_catalog {
        writeln!(out, "catalog: {finding}")?;
    }
    let agrees = agrees(&home, &checkpoints)?;
    let sound = verification.is_sound() && in_catalog.is_empty() && agrees;
    if home.is_open_to_others()? {
        let root = home.root().display();
        say(&format!(
            "warning: everybody on this machine can read the home, messages included: chmod o= {root}"
        ));
    }
    if !settings.quiet {
        let head = verification.head.map_or_else(String::new, |head| {
            format!("{} entries, tree head {}, ", head.size, head.root)
        });
        // How many files there are would tell of what a silent hold has found.
        let verdict = if sound { "sound" } else { "NOT sound" };
        say(&format!("verify: {head}archive, evaluations and catalog: {verdict}"));
        if let Some(head) = verification.head.filter(|_| sound) {
            say(&vouched(head, &checkpoints));
        }
    }
    Ok(if sound { Exit::Done } else { Exit::Data })
}

/// Whether the journal is the one that checkpoints kept elsewhere speak of; says where it is not.
fn agrees(home: &Home, checkpoints: &[Checkpoint]) -> anyhow::Result<bool> {
    let mut out = std::io::stdout().lock();
    let mut all = true;
    for (checkpoint, agreement) in checkpoints.iter().zip(home.agreements(checkpoints)?) {
        if agreement != Agreement::Agrees {
            writeln!(out, "checkpoint of {} entries: {agreement}", checkpoint.head().size)?;
            all = false;
        }
    }
    Ok(all)
}

/// How far somebody besides the home itself vouches for the journal.
fn vouched(head: TreeHead, checkpoints: &[Checkpoint]) -> String {
    let last = head.size;
    match checkpoints.iter().map(|checkpoint| checkpoint.head().size).max() {
        Some(size) if size == last => format!("        the checkpoint vouches for every entry to the last, {last}"),
        Some(size) => format!(
            "        the checkpoint vouches for entries 1 to {size}, each later one for those before it, and nothing for the last, {last}"
        ),
        None => format!(
            "        each entry vouches for those before it, and nothing for the last, {last}, or for the journal as a whole: \
             a checkpoint kept elsewhere does (lexhold checkpoint export, verify --checkpoint)"
        ),
    }
}

/// What is wrong with the catalog: it was made of another journal, or tables of it differ from a fresh projection.
fn catalog_findings(settings: &Settings, home: &Home) -> anyhow::Result<Vec<String>> {
    let as_it_is = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, home)?);
    if let Ok(catalog) = as_it_is
        && !home::is_of_journal(home, &catalog)?
    {
        return Ok(vec![home::OF_ANOTHER_JOURNAL.to_owned()]);
    }
    let of = |catalog: &Catalog| catalog.fingerprint(Fingerprint::Everything);
    let have = of(&home::catalog(settings, home)?)?;
    let folder = tempfile::tempdir()?;
    let mut fresh = Catalog::open_writer(
        &folder.path().join("catalog.duckdb"),
        &home::catalog_settings(settings, home)?,
    )?;
    home::project_rest(home, &mut fresh, &Faults::default())?;
    let want = of(&fresh)?;
    let differs = want.iter().filter(|table| !have.contains(table)).map(|table| {
        let table = &table.table;
        format!("table `{table}` is not what journal and evaluations say; lexhold rebuild makes it so")
    });
    Ok(differs.collect())
}
