//! `retention resolve`: two people say which schedules an indeterminate message has.
//!
//! What they decide takes the place of what could not be evaluated, for this message and for what is on record of it now.
//! Whatever comes later, another version of it or another bundle, is judged for itself, and its doubts are doubts again.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use lexhold_catalog::payload::{Replaced, ResolvedDocument, ResolvedMessage};
use lexhold_catalog::{CaseEnds, Catalog, RetentionRow, Scope};
use lexhold_evaluate::{Bundle, DutySet, record_reassignments};
use lexhold_model::Key;
use lexhold_policy::Verb;
use lexhold_retention::{Assigned, Outcome, Reason};
use lexhold_store::{EntryKind, Faults, Home};
use serde_json::json;

use crate::activate::{earlier, staging_id};
use crate::args::RetentionResolve;
use crate::dates::{Dates, Grounds};
use crate::failure::{Exit, Failure};
use crate::ledger::History;
use crate::operators::{Act, Actor};
use crate::settings::Settings;
use crate::{find, home, past};

/// Runs the verb.
pub fn resolve(settings: &Settings, args: &RetentionResolve) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let lock = home.lock_run("retention resolve", settings.wait, home::stamp(&actor.id))?;
    home.recover(&lock, home::stamp(&actor.id))?;
    home::catch_up(settings, &home, &Faults::default())?;
    let (bundle, doubts, wanted) = {
        let catalog = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, &home)?)?;
        let bundle = active_bundle(&home, &catalog)?;
        let wanted = Wanted::of(args, &bundle)?;
        let doubts = Doubts::of(settings, &catalog, &args.message)?;
        (bundle, doubts, wanted)
    };
    wanted.answer(&doubts)?;
    let (documents, sets) = wanted.decided(&bundle, &doubts);
    let signs = signed_as(&doubts.message_id, &documents);
    let act = Act {
        of: &doubts.message_id,
        signs: Some(&signs),
        confirmed_by: args.confirmed_by.iter().map(String::as_str).collect(),
        shortens: true,
        ..Act::default()
    };
    actor.require_act(Verb::ResolveIndeterminate, &act)?;
    let id = staging_id(settings, "resolve")?;
    let faults = Faults::default();
    let mut writer = home.stage(&lock, &id, 1, &faults)?;
    for (table, rows) in record_reassignments(&bundle, &[], &sets) {
        writer.table(table, &rows)?;
    }
    let detail = ResolvedMessage {
        family: doubts.family,
        message_id: doubts.message_id.clone(),
        documents,
        reason: args.reason.clone(),
        confirmed_by: args.confirmed_by.clone(),
    };
    let (entry, _) = writer.commit_as(EntryKind::RetentionResolved, json!(detail), home::stamp(&actor.id))?;
    home::catch_up(settings, &home, &faults)?;
    let mut left = doubts.of_document;
    left.retain(|document, _| !wanted.0.contains_key(document));
    tell(args, &detail, entry.seq, left.keys())?;
    Ok(Exit::Done)
}

/// The bundle in force, compiled from what was stored when it was activated.
fn active_bundle(home: &Home, catalog: &Catalog) -> anyhow::Result<Bundle> {
    let lost = || {
        Failure::new(Exit::Data, "the active bundle cannot be compiled as it was stored")
            .help("lexhold verify says what is wrong with the home")
    };
    let history = History::read(catalog)?;
    let active = history.active().ok_or_else(lost)?;
    let sources = past::bundle_sources(home, &active.bundle.to_string())?.ok_or_else(lost)?;
    Ok(earlier::retention_of(&sources).ok_or_else(lost)?)
}

/// What was asked for: of each document, the schedules that apply, by position.
struct Wanted(BTreeMap<String, BTreeMap<usize, String>>);

impl Wanted {
    fn of(args: &RetentionResolve, bundle: &Bundle) -> anyhow::Result<Self> {
        let mut wanted: BTreeMap<String, BTreeMap<usize, String>> = BTreeMap::new();
        for name in &args.schedule {
            let mut schedules = bundle.schedules().iter().enumerate();
            let Some((at, schedule)) = schedules.find(|(_, schedule)| schedule.id == *name) else {
                let ids = bundle.schedules().iter().map(|schedule| schedule.id.as_str());
                let help = lexhold_document::did_you_mean(name, ids)
                    .unwrap_or_else(|| "write DOCUMENT.SCHEDULE, as reports name it".to_owned());
                let message = format!(
                    "the active bundle has no schedule `{}`",
                    lexhold_document::printable(name)
                );
                return Err(Failure::new(Exit::Policy, message).help(help).into());
            };
            let named = wanted.entry(schedule.document.clone()).or_default();
            named.insert(at, schedule.id.clone());
        }
        for document in &args.none {
            if wanted
                .insert(document.clone(), BTreeMap::new())
                .is_some_and(|named| !named.is_empty())
            {
                let message = format!("--schedule names a schedule of `{document}`, and --none says that none applies");
                return Err(Failure::new(Exit::Usage, message).into());
            }
        }
        Ok(Self(wanted))
    }

    /// Refuses what is no answer to a doubt.
    fn answer(&self, doubts: &Doubts) -> anyhow::Result<()> {
        let open: Vec<&str> = doubts.of_document.keys().map(String::as_str).collect();
        if let Some(document) = self.0.keys().find(|document| !doubts.may_decide(document)) {
            let message = format!(
                "nothing of `{}` is in doubt for {}",
                lexhold_document::printable(document),
                doubts.message_id
            );
            let help = if open.is_empty() {
                "lexhold explain --message says what its dates follow from".to_owned()
            } else {
                format!("in doubt: {}", open.join(", "))
            };
            return Err(Failure::new(Exit::Usage, message).help(help).into());
        }
        Ok(())
    }

    fn decided(&self, bundle: &Bundle, doubts: &Doubts) -> (Vec<ResolvedDocument>, Vec<DutySet>) {
        let mut sets = Vec::new();
        let documents = self.0.iter().map(|(document, schedules)| {
            let assigned: Vec<Assigned> = schedules
                .keys()
                .map(|schedule| Assigned {
                    schedule: *schedule,
                    outcome: Outcome::Assigned,
                    since: None,
                })
                .collect();
            let set_id = bundle.schedules().set_key(&assigned);
            sets.push(DutySet { id: set_id, assigned });
            ResolvedDocument {
                document: document.clone(),
                schedules: schedules.values().cloned().collect(),
                set_id,
                replaces: doubts.of_document.get(document).cloned().unwrap_or_default(),
            }
        });
        (documents.collect(), sets)
    }
}

/// What is in doubt of a message.
struct Doubts {
    message_id: String,
    family: Key,
    /// What is indeterminate, by document.
    of_document: BTreeMap<String, Vec<Replaced>>,
    /// Documents that people have decided on before, and may decide on again.
    decided: BTreeSet<String>,
}

impl Doubts {
    fn of(settings: &Settings, catalog: &Catalog, id: &str) -> anyhow::Result<Self> {
        let header = find::message(catalog, id)?.swap_remove(0);
        let mut rows: Vec<RetentionRow> = Vec::new();
        catalog.retention(Scope::Family(header.family), |row| {
            rows.push(row);
            Ok::<(), anyhow::Error>(())
        })?;
        let resolutions = catalog.resolutions()?.into_iter();
        let decided = resolutions.filter(|row| row.family == header.family);
        Ok(Self {
            of_document: in_doubt(settings, catalog, &rows)?,
            decided: decided.map(|row| row.document).collect(),
            message_id: header.message_id,
            family: header.family,
        })
    }

    fn may_decide(&self, document: &str) -> bool {
        self.of_document.contains_key(document) || self.decided.contains(document)
    }
}

/// The assignments of a message that are indeterminate: their condition could not be evaluated, or for every version of the
/// message an event's key or a date is missing.
fn in_doubt(
    settings: &Settings,
    catalog: &Catalog,
    rows: &[RetentionRow],
) -> anyhow::Result<BTreeMap<String, Vec<Replaced>>> {
    let grounds = Grounds::read(catalog, settings.now)?;
    let mut dates = Dates::for_messages(catalog, &grounds, settings.now, rows)?;
    let schedules = grounds.ledger.schedules();
    let (mut open, mut certain) = (BTreeSet::new(), BTreeSet::new());
    for combination in rows.iter().flat_map(|row| &row.assigned).collect::<BTreeSet<_>>() {
        let resolved = dates.of(combination, CaseEnds::default());
        for one in dates.assigned(combination) {
            let Some(schedule) = schedules.get(one.schedule) else {
                continue;
            };
            let key = schedule.key();
            let mut duties = resolved.duties.iter().filter(|duty| duty.schedule == key);
            let is_open = matches!(one.outcome, Outcome::Indeterminate { .. })
                || duties.any(|duty| duty.ends.reason() == Some(Reason::Indeterminate));
            let of = (schedule.document.clone(), key, one.outcome.as_str());
            if is_open {
                open.insert(of)
            } else {
                certain.insert(of)
            };
        }
    }
    let mut by_document: BTreeMap<String, Vec<Replaced>> = BTreeMap::new();
    for (document, schedule_id, outcome) in open.difference(&certain) {
        by_document.entry(document.clone()).or_default().push(Replaced {
            schedule_id: *schedule_id,
            outcome: (*outcome).to_owned(),
        });
    }
    Ok(by_document)
}

/// What a signature of a decision is over: the message, and of each document what applies.
fn signed_as(message: &str, documents: &[ResolvedDocument]) -> String {
    let of = |one: &ResolvedDocument| match one.schedules.as_slice() {
        [] => format!("no:{}", one.document),
        schedules => schedules.join(","),
    };
    let of: Vec<String> = documents.iter().map(of).collect();
    format!("{message}={}", of.join(","))
}

fn tell<'d>(
    args: &RetentionResolve,
    detail: &ResolvedMessage,
    entry: u64,
    left: impl Iterator<Item = &'d String>,
) -> anyhow::Result<()> {
    let left: Vec<&str> = left.map(String::as_str).collect();
    let mut out = std::io::stdout().lock();
    if args.json {
        let documents = detail
            .documents
            .iter()
            .map(|one| json!({"document": one.document, "schedules": one.schedules}));
        let answer = json!({
            "message_id": detail.message_id,
            "entry": entry,
            "documents": documents.collect::<Vec<_>>(),
            "in_doubt": left,
        });
        return Ok(writeln!(out, "{answer}")?);
    }
    writeln!(
        out,
        "{} is resolved, journal entry {entry}",
        lexhold_document::printable(&detail.message_id)
    )?;
    for one in &detail.documents {
        match one.schedules.as_slice() {
            [] => writeln!(out, "  no schedule of {} applies", one.document)?,
            schedules => writeln!(out, "  {} applies", schedules.join(", "))?,
        }
    }
    if !left.is_empty() {
        writeln!(out, "  still in doubt: {}", left.join(", "))?;
    }
    Ok(())
}
