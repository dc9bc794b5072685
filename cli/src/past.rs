//! What a past run evaluated with, made again from the exact sources that were stored: its bundle, its facts.

use std::path::Path;

use lexhold_document::Diagnostics;
use lexhold_evaluate::{Bundle, Facts, HoldSet, compile_directory, stored_holds};
use lexhold_model::Directory;
use lexhold_store::{EntryKind, Home, SourceFiles};
use serde_json::Value;

use crate::activate::earlier;
use crate::failure::{Exit, Failure};
use crate::files::is_yaml;
use crate::load::Project;
use crate::run::zone;

/// The file among the facts of a run that has the handles of those whom holds name.
pub const HOLD_HANDLES: &str = "hold-handles.json";

/// Which sources a run had, as the journal names them.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The run, for messages.
    pub run: &'a str,
    /// The digest of its bundle.
    pub bundle: &'a str,
    /// The digest of its facts' sources.
    pub facts: &'a str,
    /// Whether old dates were declared.
    pub backfill: bool,
}

/// Bundle and facts of a run. Where the sources are whole but do not make the same bundle any more, the inner error says
/// why: a newer Lexhold may read a document in another way.
///
/// # Errors
/// When something stored is missing or damaged.
pub fn restore(home: &Home, of: Sources<'_>) -> anyhow::Result<Result<(Bundle, Facts), String>> {
    let damaged = || Failure::new(Exit::Data, format!("what run {} evaluated with cannot be read", of.run));
    let Some(sources) = bundle_sources(home, of.bundle)? else {
        return Ok(Err(format!(
            "the journal names no sources of bundle {}",
            short(of.bundle)
        )));
    };
    let facts = home.facts().get(&of.facts.parse().map_err(|_| damaged())?)?;
    let schema = below(&facts, "schema/").map(|(_, bytes)| bytes);
    let mut project = Project::stored(schema, &sources);
    let bundle = match project.compile() {
        Some(bundle) if bundle.digest.to_string() == of.bundle => {
            earlier::with_bound(home, bundle, &earlier::bound_in(home, of.run)?)?
        }
        Some(bundle) => {
            let now = bundle.digest.short();
            return Ok(Err(format!(
                "its stored sources make bundle {now}, not {}",
                short(of.bundle)
            )));
        }
        None => {
            return Ok(Err(format!(
                "the stored sources of bundle {} do not compile",
                short(of.bundle)
            )));
        }
    };
    Ok(self::facts(home, &facts, of.backfill)?.map(|facts| (bundle, facts)))
}

/// Facts made again from their sources.
///
/// # Errors
/// When the home has no key or no zone; the inner error says what of the sources makes nothing any more.
pub fn facts(home: &Home, sources: &SourceFiles, backfill: bool) -> anyhow::Result<Result<Facts, String>> {
    let schema = below(sources, "schema/").map(|(_, bytes)| bytes);
    let Some(directory) = directory(sources) else {
        return Ok(Err("its stored directory cannot be read".into()));
    };
    let Some(holds) = holds(schema, sources) else {
        return Ok(Err("its stored holds do not compile".into()));
    };
    Ok(Ok(Facts {
        directory,
        holds,
        zone: zone(home.zone())?,
        key: home.content_key()?,
        backfill,
    }))
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// The exact sources of a bundle that was activated; none where the journal names none.
pub fn bundle_sources(home: &Home, bundle: &str) -> anyhow::Result<Option<SourceFiles>> {
    for entry in home.journal().entries(1)? {
        let entry = entry?;
        if entry.kind != EntryKind::Activation {
            continue;
        }
        let payload: Value = home.journal().payload_json(&entry)?.unwrap_or_default();
        if payload["bundle"] == bundle
            && let Some(sources) = payload["sources"].as_str().and_then(|digest| digest.parse().ok())
        {
            return Ok(Some(home.bundles().get(&sources)?));
        }
    }
    Ok(None)
}

fn below<'a>(sources: &'a SourceFiles, folder: &str) -> Option<(&'a str, &'a [u8])> {
    let mut found = sources.iter().filter(|(name, _)| name.starts_with(folder));
    found.next().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
}

/// The directory among the facts of a run.
pub fn directory(facts: &SourceFiles) -> Option<Directory> {
    let Some((name, bytes)) = below(facts, "directory/") else {
        return Some(Directory::default());
    };
    if !is_yaml(Path::new(name)) {
        let folder = tempfile::tempdir().ok()?;
        let path = folder.path().join(name.rsplit('/').next()?);
        std::fs::write(&path, bytes).ok()?;
        return lexhold_source::read_directory(&path).ok();
    }
    let one = SourceFiles::from([(name.to_owned(), bytes.to_vec())]);
    let project = Project::stored(None, &one);
    let document = project.documents.first()?;
    compile_directory(document, &mut Diagnostics::new())
}

fn holds(schema: Option<&[u8]>, facts: &SourceFiles) -> Option<HoldSet> {
    let handles = facts.get(HOLD_HANDLES).map(|handles| serde_json::from_slice(handles));
    stored_holds(schema, facts, handles.transpose().ok()?.as_ref())
}
