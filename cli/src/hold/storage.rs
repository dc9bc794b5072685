//! The object store's own legal holds: on each segment of the archive with messages under a hold, where its store has such a thing.
//!
//! They keep what goes past Lexhold from deleting it. What was put is on record, so that a legal hold which somebody else put is
//! told apart, and stays. Silent holds are not carried over: who administers a bucket is to see nothing of them. The grace after a
//! release counts as held.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_catalog::HeldPart;
use lexhold_store::{EntryKind, Home, Payload};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;
use crate::terminal::say;

/// The payload of [`EntryKind::StorageHeld`]: paths of segments.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Changed {
    put: Vec<String>,
    lifted: Vec<String>,
}

/// The segments on which this home has put a legal hold.
pub fn on_record(home: &Home) -> anyhow::Result<BTreeSet<String>> {
    let mut held = BTreeSet::new();
    for entry in home.journal().entries(1)? {
        let entry = entry?;
        if entry.kind == EntryKind::StorageHeld {
            let Changed { put, lifted } = home.journal().payload_json(&entry)?.unwrap_or_default();
            held.extend(put);
            held.retain(|path| !lifted.contains(path));
        }
    }
    Ok(held)
}

/// Puts and lifts legal holds as the catalog wants them. A hold stands whether or not the store can be reached: where it cannot,
/// that is said, and the next call tries again.
pub fn follow(settings: &Settings, actor: &Actor, home: &Home) -> anyhow::Result<()> {
    if home.object_archive().is_none() {
        return Ok(());
    }
    let (changed, failed) = changes(settings, home)?;
    if !changed.put.is_empty() || !changed.lifted.is_empty() {
        let stamp = home::stamp(&actor.id);
        home.journal()
            .append(EntryKind::StorageHeld, Some(Payload::Json(&json!(changed))), stamp)?;
    }
    if let Err(error) = failed {
        say(&format!(
            "warning: legal holds in the archive's own store are not as they should be: {error:#}; lexhold hold apply tries again"
        ));
    }
    Ok(())
}

/// What was put and lifted, and what stopped that.
fn changes(settings: &Settings, home: &Home) -> anyhow::Result<(Changed, anyhow::Result<()>)> {
    let parts = home::catalog(settings, home)?.held_parts(settings.now.as_microsecond())?;
    let known = on_record(home)?;
    let mut changed = Changed::default();
    if parts.is_empty() && known.is_empty() {
        return Ok((changed, Ok(())));
    }
    let mut wanted: BTreeMap<u64, Vec<HeldPart>> = BTreeMap::new();
    for part in parts {
        wanted.entry(part.seq).or_default().push(part);
    }
    let failed = change(home, &wanted, &known, &mut changed);
    Ok((changed, failed))
}

fn change(
    home: &Home,
    wanted: &BTreeMap<u64, Vec<HeldPart>>,
    known: &BTreeSet<String>,
    changed: &mut Changed,
) -> anyhow::Result<()> {
    if !home.has_storage_locks()? {
        return Ok(());
    }
    let mut there = BTreeSet::new();
    for batch in home.batches(1)? {
        let (entry, record) = batch?;
        let parts = wanted.get(&entry.seq).map(Vec::as_slice).unwrap_or_default();
        for file in record.files.into_iter().filter(|file| file.is_segment()) {
            let is_held = parts.iter().any(|part| file.may_hold(&part.platform, part.sent_at));
            if is_held != known.contains(&file.path) {
                home.set_legal_hold(&file, is_held)?;
                if is_held { &mut changed.put } else { &mut changed.lifted }.push(file.path.clone());
            }
            there.insert(file.path);
        }
    }
    // Of a segment that is gone its legal hold is too.
    changed.lifted.extend(known.difference(&there).cloned());
    Ok(())
}
