//! `retention correct`: takes back a version that was proven wrong, or that the law has shortened.
//!
//! The ratchet keeps what any version ever promised, so a slip such as P70Y for P7Y would last for ever. Whoever takes it back
//! shows first what that frees, finds two others who approve, and waits thirty days.

use jiff::Timestamp;
use lexhold_catalog::Catalog;
use lexhold_catalog::payload::RetentionCorrected;
use lexhold_model::{Digest, canonical_json};
use lexhold_policy::Verb;
use lexhold_store::{EntryKind, Faults, Payload};
use serde_json::json;

use crate::activate::guard;
use crate::args::{Retention, RetentionCorrect, RetentionVerb};
use crate::dates::Grounds;
use crate::diff::{self, figures::Figures, simulate};
use crate::failure::{Exit, Failure};
use crate::home;
use crate::ledger::{ActivatedDocument, CORRECTION_WAIT, History, Ledger};
use crate::operators::{Act, Actor};
use crate::settings::Settings;
use crate::terminal::say;

/// Runs the verb.
pub fn retention(settings: &Settings, args: &Retention) -> anyhow::Result<Exit> {
    match &args.verb {
        RetentionVerb::Correct(args) => correct(settings, args),
        RetentionVerb::Resolve(args) => crate::resolution::resolve(settings, args),
    }
}

fn correct(settings: &Settings, args: &RetentionCorrect) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let lock = home.lock_run("retention correct", settings.wait, home::stamp(&actor.id))?;
    home.recover(&lock, home::stamp(&actor.id))?;
    home::catch_up(settings, &home, &Faults::default())?;
    let (version, figures) = {
        let catalog = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, &home)?)?;
        let version = wrong(&History::read(&catalog)?, &args.document)?;
        let figures = simulate(settings, &catalog, &version)?;
        (version, figures)
    };
    let digest = Digest::of(canonical_json(&json!({"takes_back": version.digest, "retention": figures})).as_bytes());
    let accepted = guard::Accepted {
        digest: args.accept_digest.as_deref(),
        approved_by: &args.approved_by,
    };
    let command = format!("retention correct {} --reason …", args.document);
    accepted.or_refuse(&actor, &digest, "a version is taken back", &command, || {
        diff::print_figures(&format!("without {}", args.document), &figures, &digest)
    })?;
    let act = Act {
        of: &args.document,
        confirmed_by: args.approved_by.iter().map(String::as_str).collect(),
        shortens: true,
        ..Act::default()
    };
    actor.require_act(Verb::CorrectRetention, &act)?;
    let stamp = home::stamp(&actor.id);
    let counted_from = home::latest(&home, stamp.at)?;
    let payload = json!(RetentionCorrected {
        document: version.name,
        version: version.version.unwrap_or_default(),
        digest: version.digest.to_string(),
        reason: args.reason.clone(),
        cites: args.cites.clone(),
        approved_by: args.approved_by.clone(),
        simulation_digest: digest.to_string(),
        counted_from: Some(counted_from.to_string()),
    });
    let acts_from = counted_from.checked_add(CORRECTION_WAIT).unwrap_or(Timestamp::MAX);
    home.journal()
        .append(EntryKind::RetentionCorrected, Some(Payload::Json(&payload)), stamp)?;
    home::catch_up(settings, &home, &Faults::default())?;
    if !settings.quiet {
        let day = jiff::tz::TimeZone::UTC.to_datetime(acts_from).date();
        say(&format!(
            "{} is taken back; it keeps what it keeps until {day}",
            args.document
        ));
    }
    Ok(Exit::Done)
}

/// The version that is named, which must have been active once, be so no more, and not have been taken back.
fn wrong(history: &History, name: &str) -> anyhow::Result<ActivatedDocument> {
    let usage = || Failure::new(Exit::Usage, format!("`{name}` names no version")).help("write DOCUMENT@VERSION");
    let (document, version) = name.rsplit_once('@').ok_or_else(usage)?;
    let mut seen = history
        .activations
        .iter()
        .filter_map(|activation| activation.retention(document));
    let unknown = || Failure::new(Exit::Policy, format!("`{name}` was never active here"));
    let found = seen
        .find(|seen| seen.version.as_deref() == Some(version))
        .ok_or_else(unknown)?;
    let active = history.active().and_then(|active| active.retention(document));
    if active.is_some_and(|active| active.digest == found.digest) {
        let help = "activate a version that is right first; then take this one back";
        return Err(Failure::new(Exit::Refused, format!("`{name}` is in force"))
            .help(help)
            .into());
    }
    let mut taken_back = history.corrections.iter();
    if taken_back.any(|correction| correction.document == document && correction.digest == found.digest) {
        return Err(Failure::new(Exit::Refused, format!("`{name}` has been taken back already")).into());
    }
    Ok(found.clone())
}

/// What becomes of dates once the correction acts, judged as a `diff` of today judges.
fn simulate(settings: &Settings, catalog: &Catalog, version: &ActivatedDocument) -> anyhow::Result<Figures> {
    let judged_at = diff::judged_at(settings);
    let before = Grounds::read(catalog, judged_at)?;
    let after = Grounds {
        ledger: Ledger::read(catalog, judged_at)?.with_correction(&version.name, version.digest),
        register: before.register.clone(),
    };
    simulate::compare_on(catalog, &before, (catalog, &after), judged_at)
}
