//! The holds that a run evaluates with: those in force, and those that it places itself.

use std::collections::HashMap;

use arrow::array::RecordBatch;
use lexhold_catalog::Catalog;
use lexhold_evaluate::{Evaluation, Evaluator, Facts, HoldSet, Identity, collision_of, record_holds};
use lexhold_model::tables::Table;
use lexhold_model::{Directory, Key, Message, MessageBatch, MessageBatchBuilder};
use lexhold_policy::Verb;
use lexhold_store::{ArchivedBatch, BatchRecord, Home, SourceFiles};

use crate::args::Run;
use crate::failure::{Exit, Failure};
use crate::hold::{HoldLog, Written, compiled, first_name, journal};
use crate::operators::Actor;
use crate::settings::Settings;
use crate::terminal::say;
use crate::{home, past};

/// Places the holds whose documents a run was given; what they cover is found out behind it.
pub fn place(settings: &Settings, args: &Run, actor: &Actor, home: &Home, directory: &Directory) -> anyhow::Result<()> {
    for path in &args.holds {
        let written = Written::read(settings, path)?;
        let spec = written.spec();
        actor.require_hold(Verb::PlaceHold, "home", &args.confirmed_by, spec.silent)?;
        let new = journal(actor, home, &first_name(spec), None, &written, directory)?;
        if new && !settings.quiet && !spec.silent {
            say(&format!(
                "hold `{}` is placed for matter {}; only a release will end it",
                spec.name, spec.matter
            ));
        }
    }
    Ok(())
}

/// The holds in force, and the sources that replay a run with them.
pub fn in_force(settings: &Settings, home: &Home, directory: &Directory) -> anyhow::Result<(HoldSet, SourceFiles)> {
    let log = HoldLog::read(home)?;
    let mut holds = compiled::on_record(settings, log.active())?;
    refuse_dropped(home, &holds, directory)?;
    let mut sources = SourceFiles::new();
    for placed in log.active() {
        let name = format!("holds/{}.yaml", placed.hold);
        sources.insert(name, placed.text.clone().into_bytes());
    }
    if !holds.custodians().is_empty() {
        let catalog = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, home)?)?;
        let mut handles = compiled::handles(home, Some(&catalog), &holds, directory)?;
        log.active()
            .for_each(|placed| compiled::unite(&mut handles, log.handles(placed)));
        holds.know(&handles);
        sources.insert(past::HOLD_HANDLES.to_owned(), serde_json::to_vec(&handles)?);
    }
    Ok((holds, sources))
}

/// A directory may not lose somebody whom a hold names. It is not to be learned from a refusal whom a silent hold names: for
/// those the handles on record keep them found.
fn refuse_dropped(home: &Home, holds: &HoldSet, directory: &Directory) -> anyhow::Result<()> {
    let known = |directory: &Directory, id: &str| directory.standing(id, None).is_some();
    let open = holds.specs().iter().filter(|hold| !hold.silent);
    let mut lost: Vec<&String> = open
        .flat_map(|hold| &hold.custodians)
        .filter(|id| !known(directory, id))
        .collect();
    if lost.is_empty() {
        return Ok(());
    }
    let Some(before) = compiled::directory_before(home)? else {
        return Ok(());
    };
    lost.retain(|id| known(&before, id));
    lost.sort_unstable();
    lost.dedup();
    if lost.is_empty() {
        return Ok(());
    }
    let lost: Vec<&str> = lost.into_iter().map(String::as_str).collect();
    let message = format!("the directory drops {}, named by a hold in force", lost.join(", "));
    Err(Failure::new(Exit::Refused, message)
        .help("keep the row and give it an end date")
        .into())
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
