//! A hold that is placed covers what the home has already, not only what comes in later.

use std::collections::HashMap;

use arrow::array::RecordBatch;
use lexhold_catalog::Catalog;
use lexhold_evaluate::{Bundle, Evaluation, Evaluator, Facts, Identity, collision_of, record_holds};
use lexhold_model::tables::Table;
use lexhold_model::{Key, Message, MessageBatch, MessageBatchBuilder};
use lexhold_store::{ArchivedBatch, BatchRecord, EntryKind, Faults, Home, RunLock};
use serde_json::json;

use crate::hold::HoldLog;
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;

/// Evaluates newly placed holds over the archive; facts must hold them all.
#[expect(clippy::too_many_arguments, reason = "a run is made of these")]
pub fn apply_to_archive(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    lock: &RunLock,
    run: &str,
    bundle: &Bundle,
    facts: &Facts,
    new_holds: &[String],
    faults: &Faults,
) -> anyhow::Result<()> {
    home::catch_up(settings, home, faults)?;
    let added = {
        let catalog = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, home)?)?;
        catalog.custodians_of_repeated()?
    };
    let mut evaluator = Evaluator::new(bundle, facts);
    let batches: Vec<_> = home.batches(1)?.collect::<Result<_, _>>()?;
    let n_batches = batches.len() as u64;
    for (number, (_, record)) in (1..).zip(batches) {
        let mut writer = home.stage(lock, &run_of(run), number, faults)?;
        if let Some((table, rows)) = members(home, &record, &mut evaluator, facts, new_holds, &added)? {
            writer.table(table, &rows)?;
            writer.commit_as(
                EntryKind::HoldApplied,
                json!({"holds": new_holds}),
                home::stamp(&actor.id),
            )?;
        }
    }
    let through = HoldLog::read(home)?.last_batch();
    let writer = home.stage(lock, &run_of(run), n_batches + 1, faults)?;
    let detail = json!({"holds": new_holds, "through": through});
    writer.commit_as(EntryKind::HoldApplied, detail, home::stamp(&actor.id))?;
    home::catch_up(settings, home, faults)
}

/// The name under which a run records what its new holds cover of earlier messages.
pub fn run_of(run: &str) -> String {
    format!("{run}-holds")
}

/// What new holds cover of the messages that a batch took in; `added` has the custodians that duplicates brought.
pub fn members(
    home: &Home,
    record: &BatchRecord,
    evaluator: &mut Evaluator<'_>,
    facts: &Facts,
    new_holds: &[String],
    added: &HashMap<Key, Vec<String>>,
) -> anyhow::Result<Option<(Table, RecordBatch)>> {
    let mut found = Found::default();
    for segment in record.files.iter().filter(|file| file.is_segment()) {
        for archived in home.archive().read(segment)? {
            found.add(evaluator, &archived?, added);
        }
    }
    found
        .rows
        .retain(|row| new_holds.contains(&facts.holds.specs()[row.hold].name));
    Ok(record_holds(facts.holds.specs(), &found.rows, |row| {
        &found.identities[row]
    }))
}

/// Memberships found so far, with the identities that their rows point at.
#[derive(Default)]
struct Found {
    identities: Vec<Identity>,
    rows: Vec<lexhold_evaluate::HoldRow>,
}

impl Found {
    fn add(&mut self, evaluator: &mut Evaluator<'_>, archived: &ArchivedBatch, added: &HashMap<Key, Vec<String>>) {
        let batch = with_custodians(archived, added);
        let Evaluation { messages, holds, .. } = evaluator.evaluate(&batch);
        let first = self.identities.len();
        self.identities
            .extend(messages.into_iter().zip(&archived.keys).map(|(message, key)| {
                // A message that came in under a taken id has an identity of its own since then.
                if message.identity.key == *key {
                    message.identity
                } else {
                    collision_of(&message.identity)
                }
            }));
        self.rows
            .extend(holds.into_iter().map(|hold| lexhold_evaluate::HoldRow {
                row: first + hold.row,
                ..hold
            }));
    }
}

/// The messages with the custodians that duplicates brought: the archive has those of the first copy alone.
fn with_custodians(archived: &ArchivedBatch, added: &HashMap<Key, Vec<String>>) -> MessageBatch {
    if !archived.keys.iter().any(|key| added.contains_key(key)) {
        return archived.messages.clone();
    }
    let mut builder = MessageBatchBuilder::new();
    for (row, key) in archived.messages.rows().zip(&archived.keys) {
        let mut message: Message = row.to_message();
        message.custodians.extend(added.get(key).into_iter().flatten().cloned());
        message.custodians.sort();
        message.custodians.dedup();
        builder.push(&message);
    }
    builder.finish()
}
