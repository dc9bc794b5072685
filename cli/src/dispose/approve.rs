//! `dispose approve`, `dispose reject`: what others than the proposer say of a plan.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lexhold_catalog::Catalog;
use lexhold_catalog::payload::{DisposalApproved, DisposalRejected, SentBack};
use lexhold_policy::Verb;
use lexhold_store::{EntryKind, Home, Payload};
use serde_json::json;

use super::plan::Plan;
use crate::args::{ApproveDisposal, RejectDisposal};
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::{Actor, PlanAct};
use crate::settings::Settings;
use crate::terminal::{counted, say};

/// Stands by a plan.
pub fn approve(settings: &Settings, args: &ApproveDisposal) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let home = home::open(settings)?;
    let (plan, seen) = read(settings, &home, &args.plan)?;
    plan.refuse_unless_pending()?;
    let now = Timestamp::now();
    let act = act(&plan, now, &home)?;
    let signatures = actor.require_plan(Verb::ApproveDisposal, &act)?;
    let payload = json!(DisposalApproved {
        plan: args.plan.clone(),
        digest: plan.row.digest.clone(),
        approvals: signatures.into_iter().map(|approval| json!(approval)).collect(),
        solo: actor.is_solo(),
    });
    append(&home, &actor, EntryKind::DisposalApproved, &payload, seen)?;
    if !settings.quiet {
        let lapses = now + jiff::SignedDuration::from_hours(30 * 24);
        let day = jiff::tz::TimeZone::UTC.to_datetime(lapses).date();
        say(&format!("{} is approved until {day}", args.plan));
        say(&format!(
            "next: somebody else again writes: lexhold dispose execute {}",
            args.plan
        ));
    }
    Ok(Exit::Done)
}

/// Rejects a plan, or takes items out of it.
pub fn reject(settings: &Settings, args: &RejectDisposal) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let (plan, seen) = read(settings, &home, &args.plan)?;
    plan.refuse_unless_pending()?;
    if args.reason.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "a rejection needs a reason").into());
    }
    actor.require_rejection(&plan.row.digest)?;
    let items = excluded(&plan, &args.exclude, &args.reason)?;
    let n = items.len();
    let payload = json!(DisposalRejected {
        plan: args.plan.clone(),
        reason: args.exclude.is_empty().then(|| args.reason.clone()),
        items,
    });
    append(&home, &actor, EntryKind::DisposalRejected, &payload, seen)?;
    if !settings.quiet {
        match n {
            0 => say(&format!("{} is rejected", args.plan)),
            n => say(&format!(
                "sent back from {}: {}",
                args.plan,
                counted(n, "item", "items")
            )),
        }
    }
    Ok(Exit::Done)
}

/// The items of these messages, all versions of each.
fn excluded(plan: &Plan, ids: &[String], reason: &str) -> anyhow::Result<Vec<SentBack>> {
    let mut items = Vec::new();
    for id in ids {
        let before = items.len();
        let families: BTreeSet<_> = plan
            .items
            .iter()
            .filter(|item| item.message_id == *id)
            .map(|item| item.family)
            .collect();
        let of = plan.items.iter().filter(|item| families.contains(&item.family));
        items.extend(of.map(|item| SentBack {
            key: item.key,
            reason: reason.to_owned(),
        }));
        if items.len() == before {
            return Err(Failure::new(Exit::Usage, format!("`{id}` is no item of {}", plan.row.plan)).into());
        }
    }
    Ok(items)
}

/// The plan as the catalog has it, and how much of the journal that is.
fn read(settings: &Settings, home: &Home, name: &str) -> anyhow::Result<(Plan, u64)> {
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
    })
}

/// Appends what was decided, unless the journal has gone on about disposal or holds meanwhile.
fn append(home: &Home, actor: &Actor, kind: EntryKind, payload: &serde_json::Value, seen: u64) -> anyhow::Result<()> {
    let stamp = home::stamp(&actor.id);
    let appended = home
        .journal()
        .append_if(kind, Some(Payload::Json(payload)), stamp, |journal| {
            for entry in journal.entries(seen + 1)? {
                let kind = entry?.kind;
                if matches!(
                    kind,
                    EntryKind::HoldReleased | EntryKind::DisposalRejected | EntryKind::DisposalCertified
                ) {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
    appended.map(drop).ok_or_else(|| {
        Failure::new(Exit::Busy, "a hold was released or a plan changed this moment")
            .help("look at the plan again")
            .into()
    })
}
