//! `activate`: makes a bundle the active one.
//!
//! `refuse` says what may not be activated at all; `guard` wants a second look at what frees messages; `reassign` asks the bundle about the messages that the home has; `earlier` keeps
//! the versions that it supersedes binding where they bind. One journal entry makes the change, with everything that follows from
//! it: whoever is killed before it leaves the old bundle active, whoever is killed after it the new one.

pub mod earlier;
pub mod guard;
pub mod reassign;
mod refuse;

use std::io::Write;

use lexhold_catalog::Catalog;
use lexhold_evaluate::{Bundle, record_reassignments};
use lexhold_model::Key;
use lexhold_policy::Verb;
use lexhold_store::EntryKind;
use serde_json::{Value, json};

use crate::args::{Activate, SummaryFormat};
use crate::failure::Exit;
use crate::ledger::{Activation, History};
use crate::operators::{Act, Actor};
use crate::settings::Settings;
use crate::terminal::say;
use crate::{home, load, run};

/// How long what an activation or accepted events newly free has to wait before its disposal may be proposed.
pub const FREED_WAIT: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);

/// Activates.
pub fn activate(settings: &Settings, args: &Activate) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let (project, bundle) = load::bundle(settings)?;
    let faults = run::faults()?;
    let home = home::open_or_create(settings, &actor.id)?;
    let lock = home.lock_run("activate", settings.wait, home::stamp(&actor.id))?;
    home.recover(&lock, home::stamp(&actor.id))?;
    home::catch_up(settings, &home, &faults)?;
    let catalog = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, &home)?)?;
    let history = History::read(&catalog)?;
    let before = history.active().cloned();
    if before.as_ref().is_some_and(|before| before.bundle == bundle.digest) {
        if !settings.quiet {
            say(&format!(
                "bundle {} is active already; nothing is changed",
                bundle.digest.short()
            ));
        }
        return Ok(Exit::Done);
    }
    refuse::reused_version(&history, &bundle)?;
    refuse::leaving_compliance(&history, &bundle)?;
    drop(catalog);
    let comparison = guard::simulate(settings, &home, before.as_ref(), &bundle)?;
    refuse::early_effect(&history, &Activation::of(&bundle, settings.now), &comparison.retention)?;
    let shortens = guard::pass(settings, args, &actor, &comparison)?;
    let of = bundle.digest.to_string();
    let act = Act {
        of: &of,
        confirmed_by: args.approved_by.iter().map(String::as_str).collect(),
        shortens,
        ..Act::default()
    };
    actor.require_act(Verb::Activate, &act)?;
    let reassigned = {
        let catalog = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, &home)?)?;
        reassign::reassign(&catalog, &bundle, before.as_ref())?
    };
    let activation = Activation::of(&bundle, settings.now);
    let id = staging_id(settings, "activate")?;
    let mut writer = home.stage(&lock, &id, 1, &faults)?;
    for (table, rows) in record_reassignments(&bundle, &reassigned.rows, &reassigned.sets) {
        writer.table(table, &rows)?;
    }
    let mut detail = json!({
        "bundle": bundle.digest,
        "sources": home.bundles().put(project.bundle_sources())?,
        "documents": activation.documents,
        "approved_by": args.approved_by,
        "simulation": comparison.simulation(),
        "simulation_digest": comparison.digest(),
        "governance": if actor.is_solo() { "solo" } else { "operators" },
    });
    if comparison.retention.newly_eligible > 0 || shortens {
        let until = home::latest(&home, settings.now)?.checked_add(FREED_WAIT);
        detail["freed_until"] = json!(until.unwrap_or(jiff::Timestamp::MAX).to_string());
    }
    if let Some(shipped) = &project.shipped {
        detail["shipped"] = shipped.record();
    }
    if let Some(reason) = &args.reason {
        detail["reason"] = json!(reason);
    }
    writer.commit_as(EntryKind::Activation, detail, home::stamp(&actor.id))?;
    home::catch_up(settings, &home, &faults)?;
    answer(args, &bundle, before.as_ref(), &activation, &reassigned)?;
    Ok(Exit::Done)
}

/// An id that sorts by time and that no two changes of duties share.
pub fn staging_id(settings: &Settings, of: &str) -> anyhow::Result<String> {
    let mut random = [0; 8];
    home::dice(&mut random)?;
    let time = settings.now.strftime("%Y%m%dT%H%M%SZ");
    let random = Key::of("lexhold activation", [random.as_slice()]).to_string();
    Ok(format!("{time}-{of}-{}", &random[..8]))
}

/// What became of documents, each with the versions before and after.
fn changes(
    before: Option<&Activation>,
    after: &Activation,
) -> Vec<(&'static str, String, Option<String>, Option<String>)> {
    let none = Vec::new();
    let old = before.map_or(&none, |before| &before.documents);
    let same = |one: &crate::ledger::ActivatedDocument, other: &crate::ledger::ActivatedDocument| {
        (&one.kind, &one.name) == (&other.kind, &other.name)
    };
    let name = |document: &crate::ledger::ActivatedDocument| format!("{} {}", document.kind, document.name);
    let mut changes = Vec::new();
    for document in &after.documents {
        match old.iter().find(|one| same(one, document)) {
            None => changes.push(("new", name(document), None, document.version.clone())),
            Some(one) if one.digest != document.digest => {
                changes.push(("changed", name(document), one.version.clone(), document.version.clone()));
            }
            Some(_) => {}
        }
    }
    let dropped = old
        .iter()
        .filter(|one| !after.documents.iter().any(|document| same(one, document)));
    changes.extend(dropped.map(|document| ("dropped", name(document), document.version.clone(), None)));
    changes
}

fn answer(
    args: &Activate,
    bundle: &Bundle,
    before: Option<&Activation>,
    after: &Activation,
    reassigned: &reassign::Reassigned,
) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let changes = changes(before, after);
    if args.format == SummaryFormat::Json {
        let changes = changes
            .iter()
            .map(|(what, document, from, to)| json!({"what": what, "document": document, "from": from, "to": to}));
        let answer = json!({
            "schema": "lexhold/activate/1",
            "bundle": bundle.digest,
            "before": before.map(|before| before.bundle),
            "documents": changes.collect::<Vec<Value>>(),
            "inputs": reassigned.n_inputs,
            "reassigned": reassigned.rows.len(),
        });
        return writeln!(out, "{answer}");
    }
    let was = before.map_or_else(String::new, |before| format!(" in place of {}", before.bundle.short()));
    writeln!(out, "bundle {} is active{was}", bundle.digest.short())?;
    for (what, document, from, to) in changes {
        let versions: Vec<String> = [from, to].into_iter().flatten().collect();
        writeln!(out, "  {what:8} {document} {}", versions.join(" -> "))?;
    }
    if reassigned.n_inputs > 0 {
        writeln!(
            out,
            "  {} of {} distinct facts on record have new duties; no message was scanned again",
            reassigned.rows.len(),
            reassigned.n_inputs
        )?;
    }
    Ok(())
}
