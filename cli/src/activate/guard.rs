//! The guard on what an activation frees: whoever shortens, or makes many messages eligible at once, has to have looked.

use std::collections::BTreeSet;

use lexhold_evaluate::Bundle;
use lexhold_model::Digest;
use lexhold_store::Home;

use crate::args::Activate;
use crate::diff::{self, Comparison};
use crate::failure::{Exit, Failure};
use crate::ledger::Activation;
use crate::operators::Actor;
use crate::settings::Settings;

/// What the activation would do to the dates of the messages on record.
pub fn simulate(
    settings: &Settings,
    home: &Home,
    before: Option<&Activation>,
    bundle: &Bundle,
) -> anyhow::Result<Comparison> {
    Ok(Comparison {
        from: before.map_or(bundle.digest, |before| before.bundle),
        to: bundle.digest,
        documents: Vec::new(),
        periods: Vec::new(),
        judged_at: diff::judged_at(settings),
        retention: diff::dates(settings, home, None, bundle)?,
        alerts: None,
    })
}

/// Whether the activation shortens. Refused where it would want a second look that was not taken.
///
/// What a `compliance` document keeps never falls earlier, so only operational documents shorten.
pub fn pass(settings: &Settings, args: &Activate, actor: &Actor, comparison: &Comparison) -> anyhow::Result<bool> {
    let figures = &comparison.retention;
    let why = [
        (figures.operational_earlier > 0).then(|| {
            format!(
                "operational documents keep {} messages for a shorter time",
                figures.operational_earlier
            )
        }),
        settings
            .blast_radius
            .is_exceeded(figures.newly_eligible, figures.messages)
            .then(|| format!("{} messages become eligible for disposal", figures.newly_eligible)),
    ];
    let why: Vec<String> = why.into_iter().flatten().collect();
    if why.is_empty() {
        return Ok(false);
    }
    let accepted = Accepted {
        digest: args.accept_digest.as_deref(),
        approved_by: &args.approved_by,
    };
    accepted.or_refuse(actor, &comparison.digest(), &why.join("; "), "activate", || {
        diff::print_text(comparison)
    })?;
    Ok(true)
}

/// What was accepted, and by whom.
pub struct Accepted<'a> {
    /// The digest of the simulation that was looked at.
    pub digest: Option<&'a str>,
    /// Those who approve.
    pub approved_by: &'a [String],
}

impl Accepted<'_> {
    /// Refuses, once the figures are shown, unless this very simulation was accepted and two others approve.
    pub fn or_refuse(
        &self,
        actor: &Actor,
        digest: &Digest,
        why: &str,
        command: &str,
        show: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let digest = digest.to_string();
        let others: BTreeSet<&String> = self.approved_by.iter().filter(|id| **id != actor.id).collect();
        let same = self.digest == Some(digest.as_str());
        if same && others.len() >= 2 && !actor.is_solo() {
            return Ok(());
        }
        show()?;
        let missing = match self.digest {
            Some(given) if !same => format!("the simulation is {digest}, not {given} any more"),
            _ if actor.is_solo() => "two people have to approve it, and `governance: solo` has but one".to_owned(),
            Some(_) => "two people other than who asks for it have to approve it".to_owned(),
            None => "somebody has to have looked at that, and two others to approve it".to_owned(),
        };
        let help = if actor.is_solo() {
            "write operators.yaml, and name yourself with --as".to_owned()
        } else {
            format!("lexhold {command} --accept-digest {digest} --approved-by OPERATOR --approved-by ANOTHER")
        };
        Err(Failure::new(Exit::Refused, format!("{why}: {missing}"))
            .help(help)
            .into())
    }
}
