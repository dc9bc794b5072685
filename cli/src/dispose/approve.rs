//! `dispose approve`: one stage of a plan after the other, each by somebody else.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lexhold_catalog::Catalog;
use lexhold_catalog::payload::{DisposalApproved, HoldReleased};
use lexhold_policy::Verb;
use lexhold_store::{EntryKind, Home, Journal, Payload};
use serde_json::json;

use super::plan::{APPROVED_FOR, Plan};
use crate::args::ApproveDisposal;
use crate::failure::{Exit, Failure};
use crate::hold::HoldLog;
use crate::home;
use crate::operators::{Actor, PlanAct};
use crate::settings::Settings;
use crate::terminal::say;

/// Stands by a plan.
pub fn approve(settings: &Settings, args: &ApproveDisposal) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let home = home::open(settings)?;
    let (plan, seen) = read(settings, &home, &args.plan)?;
    plan.refuse_unless_pending()?;
    let now = Timestamp::now();
    let stages = plan.stages();
    let Some((stage, name)) = plan.next_stage(now) else {
        if !settings.quiet {
            say(&format!("{} has been approved, in every stage", args.plan));
        }
        return Ok(Exit::Done);
    };
    let act = act(&plan, now, &home)?;
    let signatures = actor.require_plan(Verb::ApproveDisposal, &act)?;
    let payload = json!(DisposalApproved {
        plan: args.plan.clone(),
        digest: plan.row.digest.clone(),
        stage: stage as u64,
        approvals: signatures.into_iter().map(|approval| json!(approval)).collect(),
        solo: actor.is_solo(),
    });
    append(&home, &actor, EntryKind::DisposalApproved, &payload, seen)?;
    if !settings.quiet {
        let first = plan.lapses_at(now).unwrap_or(Timestamp::MAX).min(now + APPROVED_FOR);
        let day = jiff::tz::TimeZone::UTC.to_datetime(first).date();
        tell(
            &actor,
            &args.plan,
            &name,
            stages.get(stage + 1),
            &format!("stage {} of {}, until {day}", stage + 1, stages.len()),
        );
    }
    Ok(Exit::Done)
}

fn tell(actor: &Actor, plan: &str, stage: &str, next: Option<&String>, how_far: &str) {
    let printable = lexhold_document::printable;
    let then = next.map(|next| format!("; then it is for {}", printable(next)));
    say(&format!(
        "{plan} is approved: {}, {how_far}{}",
        printable(stage),
        then.unwrap_or_default()
    ));
    let verb = if next.is_some() { "approve" } else { "execute" };
    say(&actor.next("somebody else again writes", &format!("lexhold dispose {verb} {plan}")));
}

/// The plan as the catalog has it, and how much of the journal that is.
pub(super) fn read(settings: &Settings, home: &Home, name: &str) -> anyhow::Result<(Plan, u64)> {
    let catalog: Catalog = home::catalog(settings, home)?;
    let seen = catalog.applied_seq()?.unwrap_or(0);
    Ok((Plan::read(&catalog, name)?, seen))
}

/// A plan as governance asks about it.
pub fn act(plan: &Plan, now: Timestamp, home: &Home) -> anyhow::Result<PlanAct> {
    let row = &plan.row;
    let mut since = Timestamp::from_microsecond(row.proposed_at)?;
    if let Some(voided) = row.voided
        && let Some(entry) = home.journal().entries(voided)?.next().transpose()?
    {
        since = since.max(entry.at);
    }
    Ok(PlanAct {
        of: row.digest.clone(),
        since,
        authors: serde_json::from_str(&row.authors)?,
        requesters: BTreeSet::from([row.proposed_by.clone()]),
        approvers: plan
            .standing(now)
            .into_iter()
            .map(|approval| approval.approved_by.clone())
            .collect(),
        stage: plan.next_stage(now).map(|(_, name)| name).unwrap_or_default(),
    })
}

/// Appends what was decided, unless the journal has gone on about disposal or holds meanwhile.
pub(super) fn append(
    home: &Home,
    actor: &Actor,
    kind: EntryKind,
    payload: &serde_json::Value,
    seen: u64,
) -> anyhow::Result<()> {
    loop {
        let tail = home.journal().last_seq()?;
        if has_gone_on(home, seen)? {
            return Err(
                Failure::new(Exit::Busy, "a hold was released or a plan changed this moment")
                    .help("look at the plan again")
                    .into(),
            );
        }
        let payload = Some(Payload::Json(payload));
        let stamp = home::stamp(&actor.id);
        let unchanged = |journal: &Journal| Ok(journal.last_seq()? == tail);
        if home
            .journal()
            .append_if(kind.clone(), payload, stamp, unchanged)?
            .is_some()
        {
            return Ok(());
        }
    }
}

/// Whether the journal says more of disposal than what was looked at, or of a release. That of a silent hold voids no approval, and
/// shows here no more than elsewhere.
fn has_gone_on(home: &Home, seen: u64) -> anyhow::Result<bool> {
    let mut released: Vec<String> = Vec::new();
    for entry in home.journal().entries(seen + 1)? {
        let entry = entry?;
        match entry.kind {
            EntryKind::DisposalApproved | EntryKind::DisposalRejected | EntryKind::DisposalCertified => {
                return Ok(true);
            }
            EntryKind::HoldReleased => {
                let release: Option<HoldReleased> = home.journal().payload_json(&entry)?;
                released.extend(release.map(|release| release.hold));
            }
            _ => {}
        }
    }
    if released.is_empty() {
        return Ok(false);
    }
    let log = HoldLog::read(home)?;
    Ok(log
        .placed()
        .iter()
        .any(|placed| !placed.silent && released.contains(&placed.hold)))
}
