//! Holds as they are asked: compiled from the texts on record, under every handle by which their custodians are known.

use lexhold_catalog::payload::HoldPlaced;
use std::collections::BTreeSet;

use lexhold_catalog::Catalog;
use lexhold_document::Document;
use lexhold_evaluate::{Handles, HoldSet, as_mail};
use lexhold_model::{Directory, Key, Person};
use lexhold_policy::FactsRow;
use lexhold_store::{EntryKind, Home};
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::load::Project;
use crate::settings::Settings;
use crate::{past, review};

/// Compiles holds that were placed, each under the hold's own name. Nothing is said of them, not even that there are any: some are
/// silent, and every run asks them.
pub fn on_record<'a>(settings: &Settings, placed: impl Iterator<Item = &'a HoldPlaced>) -> anyhow::Result<HoldSet> {
    let mut project = Project::read(settings, &[])?;
    let documents = placed.map(|placed| {
        let document = project.take(&settings.root, &format!("holds/{}.yaml", placed.hold), &placed.text);
        let mut document = document.ok_or_else(|| {
            Failure::new(Exit::Data, "a document on record cannot be read")
                .help("lexhold verify says what is wrong with the home")
        })?;
        document.name.clone_from(&placed.hold);
        Ok(document)
    });
    let documents = documents.collect::<anyhow::Result<Vec<Document>>>()?;
    let references: Vec<&Document> = documents.iter().collect();
    let holds = HoldSet::compile(&references, &project.schemas, &mut project.diagnostics);
    let damaged = || {
        Failure::new(Exit::Policy, "a condition on record does not compile under this schema")
            .help("bring back what the schema had when it was put on record")
    };
    Ok(holds.ok_or_else(damaged)?)
}

/// Compiles documents of holds that are to be placed; what is wrong has been said.
pub fn compile(settings: &Settings, project: &mut Project, documents: &[Document]) -> anyhow::Result<HoldSet> {
    let references: Vec<&Document> = documents.iter().collect();
    let holds = HoldSet::compile(&references, &project.schemas, &mut project.diagnostics);
    project.report(settings, "the holds")?;
    Ok(holds.ok_or_else(|| Failure::new(Exit::Policy, "the holds do not compile"))?)
}

/// The handles by which custodians are known: those of the directory given, those of the directory of the last run, and
/// those under which they wrote messages that the home has.
pub fn handles(
    home: &Home,
    catalog: Option<&Catalog>,
    holds: &HoldSet,
    directory: &Directory,
) -> anyhow::Result<Handles> {
    let mut all = holds.handles_in(directory);
    let custodians = holds.custodians();
    if custodians.is_empty() {
        return Ok(all);
    }
    // Put down, so that holds that were asked before addresses were sought in any letters can be told from those asked since.
    for custodian in &custodians {
        let of_mail: BTreeSet<_> = as_mail(custodian).collect();
        if !of_mail.is_empty() {
            all.entry((*custodian).to_owned()).or_default().extend(of_mail);
        }
    }
    if let Some(before) = directory_before(home)? {
        unite(&mut all, holds.handles_in(&before));
    }
    if let Some(catalog) = catalog {
        unite(&mut all, handles_on_record(catalog, &custodians)?);
    }
    Ok(all)
}

/// The handles that a person has or ever had: by the directory, by that of the last run, and by what is on record.
pub fn handles_of_person(
    home: &Home,
    catalog: &Catalog,
    person: &str,
    directory: &Directory,
) -> anyhow::Result<BTreeSet<(String, String)>> {
    let before = directory_before(home)?;
    let rows = std::iter::once(directory).chain(&before).flat_map(Directory::people);
    let of_person = rows.filter(|row| row.id == person);
    let mut all: BTreeSet<(String, String)> = of_person.flat_map(Person::each_handle).collect();
    all.extend(
        handles_on_record(catalog, &BTreeSet::from([person]))?
            .into_values()
            .flatten(),
    );
    Ok(all)
}

/// Adds handles to others.
pub fn unite(all: &mut Handles, more: Handles) {
    for (custodian, handles) in more {
        all.entry(custodian).or_default().extend(handles);
    }
}

/// The handles under which people wrote messages that the home has.
fn handles_on_record(catalog: &Catalog, people: &BTreeSet<&str>) -> anyhow::Result<Handles> {
    let mentioning: Vec<String> = people
        .iter()
        .map(|person| serde_json::json!(person).to_string())
        .collect();
    let mut senders: Vec<(Key, String)> = Vec::new();
    catalog.assignment_inputs::<anyhow::Error>(false, Some(&mentioning), |input| {
        let facts = FactsRow::from_json(input.facts).map_err(|error| unreadable(input.facts_id, &error.to_string()))?;
        if people.contains(facts.facts.sender.id.as_str()) {
            senders.push((input.facts_id, facts.facts.sender.id));
        }
        Ok(())
    })?;
    senders.dedup();
    let ids: Vec<Key> = senders.iter().map(|(id, _)| *id).collect();
    let mut found = Handles::new();
    for (facts, platform, handle) in catalog.senders_of(&ids)? {
        let of = senders.iter().filter(|(id, _)| *id == facts);
        for (_, person) in of {
            found
                .entry(person.clone())
                .or_default()
                .insert((platform.clone(), handle.clone()));
        }
    }
    Ok(found)
}

/// Facts on record that cannot be read.
pub fn unreadable(facts: Key, why: &str) -> Failure {
    Failure::new(Exit::Data, format!("the facts {facts} on record cannot be read: {why}"))
        .help("lexhold verify says what is wrong with the home")
}

/// The directory that is given, else that of the last run.
pub fn directory(settings: &Settings, home: &Home) -> anyhow::Result<Directory> {
    match settings.directory {
        Some(_) => review::directory(settings),
        None => Ok(directory_before(home)?.unwrap_or_default()),
    }
}

/// The directory of the last run, from the facts that were stored with it.
///
/// # Errors
/// Where it cannot be read: handles by which a custodian is known would be missing, and what was written under them free.
pub fn directory_before(home: &Home) -> anyhow::Result<Option<Directory>> {
    let mut last = None;
    for entry in home.journal().entries(1)? {
        let entry = entry?;
        if entry.kind == EntryKind::Facts {
            last = Some(entry);
        }
    }
    let Some(entry) = last else { return Ok(None) };
    let lost = || {
        let message = format!(
            "the directory of the last run, journal entry {}, cannot be read, and who is known by which handle is in it",
            entry.seq
        );
        Failure::new(Exit::Data, message).help("lexhold verify says what is wrong with the home; a backup may have it")
    };
    let payload = home.journal().payload_json::<Value>(&entry)?;
    let digest = payload.and_then(|payload| payload["sources"].as_str()?.parse().ok());
    let directory = past::directory(&home.facts().get(&digest.ok_or_else(lost)?)?);
    Ok(Some(directory.ok_or_else(lost)?))
}
