//! `dispose propose`: what may go is listed once, frozen, and from then on known by its digest.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lexhold_catalog::payload::{DisposalPlan, ReasonCount, ScheduleCount};
use lexhold_catalog::{Catalog, ItemRow, PlanRow, RetentionRow};
use lexhold_model::Key;
use lexhold_model::tables::Table;
use lexhold_policy::Verb;
use lexhold_retention::{Duty, DutyKind, Schedule, Trigger};
use lexhold_store::EntryKind;
use serde_json::{Value, json};

use super::judge::{Judge, Verdict, torn};
use super::plan::{self, by_schedule, leaf, tree};
use super::{settle_holds, transfer};
use crate::args::{ProposeDisposal, SummaryFormat};
use crate::dates::{Grounds, MessageDates};
use crate::failure::Exit;
use crate::home;
use crate::operators::Actor;
use crate::report::ViewerSight;
use crate::report::table::{writable, write_whole};
use crate::run::faults;
use crate::settings::Settings;
use crate::terminal::{counted, say};

/// What may go, and what is held back for which reason.
struct Found {
    items: Vec<ItemRow>,
    held_back: BTreeMap<&'static str, u64>,
    seen: u64,
}

/// Freezes a plan, or names the pending one that has these very items.
pub fn propose(settings: &Settings, args: &ProposeDisposal) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let faults = faults()?;
    let home = home::open(settings)?;
    actor.require(Verb::ProposeDisposal, home.id(), &[])?;
    args.out.as_deref().map(writable).transpose()?;
    let lock = home.lock_run("dispose propose", settings.wait, home::stamp(&actor.id))?;
    home.recover(&lock, home::stamp(&actor.id))?;
    let (found, plans, also_in, authors) = loop {
        settle_holds(settings, &actor, &home, &lock, &faults)?;
        home::catch_up(settings, &home, &faults)?;
        let catalog = Catalog::open_reader(&home.catalog_path(), &home::judging_settings(settings, &home)?)?;
        // A hold that was placed this moment may cover anything until it has been asked.
        let judge = Judge::read(&home, &catalog, settings.as_of)?;
        if !judge.is_unasked() {
            let (found, plans) = (find(settings, args, &judge, &catalog)?, catalog.plans()?);
            let also_in = overlapping(&catalog, &plans, &found.items)?;
            break (found, plans, also_in, authors(&catalog)?);
        }
    };
    let digest = tree(&found.items).head().root.to_string();
    // What was sent back returns only by a new plan.
    let pending = |plan: &&PlanRow| {
        plan.rejected.is_none() && plan.certified.is_none() && plan.n_sent_back == 0 && plan.digest == digest
    };
    let (name, new) = match plans.iter().find(pending) {
        Some(same) => (same.plan.clone(), false),
        None if found.items.is_empty() => {
            answer(settings, args, &actor, (None, &digest), &found, &[])?;
            return Ok(Exit::Done);
        }
        None => (format!("plan-{}", home.journal().last_seq()? + 1), true),
    };
    if new {
        let detail = DisposalPlan {
            plan: name.clone(),
            digest: digest.clone(),
            as_of: settings.as_of.to_string(),
            frozen_at: found.seen,
            items: found.items.len() as u64,
            by_schedule: schedules(&found.items),
            held_back: reasons(&found),
            authors,
            stages: settings.disposal.stages_of(&found.items)?,
            solo: actor.is_solo(),
        };
        let mut writer = home.stage(&lock, &name, 1, &faults)?;
        writer.table(Table::DisposalItem, &plan::rows(&name, &found.items)?)?;
        writer.commit_as(EntryKind::DisposalProposed, json!(detail), home::stamp(&actor.id))?;
        home::catch_up(settings, &home, &faults)?;
    }
    if let Some(path) = &args.out {
        let document = json!({
            "schema": "lexhold/disposal-plan/1", "plan": name, "digest": digest, "as_of": settings.as_of.to_string(),
            "by_schedule": schedules(&found.items), "held_back": reasons(&found),
            "items": found.items.iter().map(leaf).collect::<Vec<_>>(),
        });
        write_whole(path, |mut out| Ok(writeln!(out, "{document:#}")?))?;
    }
    let also_in = if new { also_in } else { Vec::new() };
    answer(settings, args, &actor, (Some(&name), &digest), &found, &also_in)?;
    Ok(if new && args.detailed_exitcode {
        Exit::Changed
    } else {
        Exit::Done
    })
}

/// Plans under way that have some of these items too, each with how many.
fn overlapping(catalog: &Catalog, plans: &[PlanRow], items: &[ItemRow]) -> anyhow::Result<Vec<(String, u64)>> {
    let keys: HashSet<Key> = items.iter().map(|item| item.key).collect();
    let mut overlapping = Vec::new();
    for plan in plans {
        if plan.rejected.is_some() || plan.certified.is_some() {
            continue;
        }
        let items = catalog.plan_items(&plan.plan)?;
        let pending = items
            .iter()
            .filter(|item| item.sent_back.is_none() && item.intent.is_none());
        let n = pending.filter(|item| keys.contains(&item.key)).count();
        if n > 0 {
            overlapping.push((plan.plan.clone(), n as u64));
        }
    }
    Ok(overlapping)
}

/// Everything that may go, in the order of ids and versions.
fn find(settings: &Settings, args: &ProposeDisposal, judge: &Judge<'_>, catalog: &Catalog) -> anyhow::Result<Found> {
    let grounds = Grounds::read(catalog, settings.as_of)?;
    let schedules = grounds.versions();
    let mut found = Found {
        items: Vec::new(),
        held_back: BTreeMap::new(),
        seen: catalog.applied_seq()?.unwrap_or(0),
    };
    let mut stay = Vec::new();
    judge.each(&grounds, None, |row, dates, verdict| {
        let goes = verdict == Verdict::Go && is_asked_for(args, dates, &schedules);
        stay.push((row.family, goes));
        match verdict {
            Verdict::Go if goes => found.items.push(item(row, dates, &schedules)),
            Verdict::Kept(reason) => *found.held_back.entry(reason).or_default() += 1,
            Verdict::Go | Verdict::NotDue => {}
        }
        Ok(())
    })?;
    let torn = torn(stay.into_iter());
    found.items.retain(|item| !torn.contains(&item.family));
    limit(&mut found.items, args.limit);
    let keys: Vec<Key> = found.items.iter().map(|item| item.key).collect();
    let known = catalog.known(&keys)?;
    for (number, item) in (0..).zip(&mut found.items) {
        item.item = number;
        item.content_hash = known
            .get(&item.key)
            .ok_or_else(|| anyhow::anyhow!("a message is not on record"))?
            .content_hash;
    }
    Ok(found)
}

/// Cuts behind a number of items, between messages.
fn limit(items: &mut Vec<ItemRow>, limit: Option<u64>) {
    let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else {
        return;
    };
    let mut families: HashSet<Key> = HashSet::new();
    let mut end = 0;
    for item in items.iter() {
        if families.insert(item.family) && end >= limit {
            break;
        }
        end += 1;
    }
    let whole: HashSet<Key> = items.iter().skip(end).map(|item| item.family).collect();
    items.truncate(end);
    items.retain(|item| !whole.contains(&item.family));
}

fn is_asked_for(args: &ProposeDisposal, dates: &MessageDates, schedules: &HashMap<Key, &Schedule>) -> bool {
    let mut ids = dates
        .resolved
        .duties
        .iter()
        .filter_map(|duty| schedules.get(&duty.schedule));
    args.schedule.is_empty() || ids.any(|schedule| args.schedule.contains(&schedule.id))
}

/// A message as an item, but for its place and the hash of its content.
pub(super) fn item(row: &RetentionRow, dates: &MessageDates, schedules: &HashMap<Key, &Schedule>) -> ItemRow {
    let resolved = &dates.resolved;
    let named = |duty: &Duty| {
        let schedule = schedules.get(&duty.schedule)?;
        Some(format!("{}@{}", schedule.id, schedule.version))
    };
    let deciding = || resolved.decided_by().into_iter().map(|at| &resolved.duties[at]);
    let names: BTreeSet<String> = deciding().filter_map(named).collect();
    let asked = row
        .asked
        .filter(|asked| !asked.grounded)
        .and_then(|asked| Timestamp::from_microsecond(asked.since).ok());
    let asked = asked.map(|at| format!("erasure_request {}", TimeZone::UTC.to_datetime(at).date()));
    let action = match asked {
        Some(_) => "erase".to_owned(),
        None => match &resolved.to {
            Some(to) => format!("{}{to}", transfer::ACTION),
            None => json!(resolved.action).as_str().unwrap_or_default().to_owned(),
        },
    };
    let triggers: BTreeSet<String> = deciding()
        .filter(|duty| duty.kind != DutyKind::Ceiling || resolved.duties.len() == 1)
        .map(|duty| trigger(&duty.trigger, duty))
        .chain(asked)
        .collect();
    ItemRow {
        item: 0,
        key: row.key,
        family: row.family,
        message_id: row.message_id.clone(),
        version: row.version,
        content_hash: row.key,
        schedules: names.into_iter().collect(),
        action,
        triggers: triggers.into_iter().collect(),
        retain_until: resolved.retain_until.limit.day_text(),
        eligible_from: dates
            .eligible_from(&ViewerSight::EVERYBODY.seen(&row.covered()))
            .instant_text(),
        dispose_at: resolved.dispose_at.limit.day_text(),
        must_dispose_by: resolved.must_dispose_by.limit.day_text(),
        sent_back: None,
        intent: None,
        done: None,
        destroyed_at: None,
    }
}

fn trigger(trigger: &Trigger, duty: &Duty) -> String {
    let day = duty.trigger_date.map_or_else(String::new, |day| format!(" {day}"));
    let what = match trigger {
        Trigger::Sent if duty.suspect => "captured".to_owned(),
        Trigger::Sent => "sent".to_owned(),
        Trigger::Captured => "captured".to_owned(),
        Trigger::LastActivity => "last_activity".to_owned(),
        Trigger::PolicyAssigned => "policy_assigned".to_owned(),
        Trigger::Event(event) => event.event.clone(),
        Trigger::Date { .. } => "fixed_date".to_owned(),
    };
    what + &day
}

/// Who put the schedules into force.
fn authors(catalog: &Catalog) -> anyhow::Result<Vec<String>> {
    let actors: BTreeSet<String> = catalog
        .activations()?
        .into_iter()
        .map(|activation| activation.actor)
        .collect();
    Ok(actors.into_iter().collect())
}

fn schedules(items: &[ItemRow]) -> Vec<ScheduleCount> {
    let counts = by_schedule(items).into_iter();
    counts
        .map(|(schedule, items)| ScheduleCount { schedule, items })
        .collect()
}

fn reasons(found: &Found) -> Vec<ReasonCount> {
    let counts = found.held_back.iter();
    counts
        .map(|(reason, count)| ReasonCount {
            reason: (*reason).to_owned(),
            count: *count,
        })
        .collect()
}

fn answer(
    settings: &Settings,
    args: &ProposeDisposal,
    actor: &Actor,
    (name, digest): (Option<&str>, &str),
    found: &Found,
    also_in: &[(String, u64)],
) -> anyhow::Result<()> {
    let value: Value = json!({
        "plan": name,
        "digest": name.map(|_| digest),
        "as_of": settings.as_of.to_string(),
        "items": found.items.len(),
        "by_schedule": schedules(&found.items),
        "held_back": reasons(found),
        "also_in": also_in.iter().map(|(plan, items)| json!({"plan": plan, "items": items})).collect::<Vec<_>>(),
    });
    let mut out = std::io::stdout().lock();
    if args.format == SummaryFormat::Json {
        return Ok(writeln!(out, "{value}")?);
    }
    match name {
        None => writeln!(out, "nothing may go")?,
        Some(name) => writeln!(
            out,
            "{name}: {}, digest {digest}",
            counted(found.items.len(), "message", "messages")
        )?,
    }
    for (schedule, n) in by_schedule(&found.items) {
        writeln!(out, "  {n:>8}  {schedule}")?;
    }
    for (reason, n) in &found.held_back {
        writeln!(out, "  {n:>8}  held back: {reason}")?;
    }
    if let (Some(name), false) = (name, settings.quiet) {
        for (plan, n) in also_in {
            say(&format!(
                "warning: {plan}, which is under way, has {} too; lexhold dispose reject {plan} ends it",
                counted(*n, "of these messages", "of these messages")
            ));
        }
        say(&actor.next("somebody else writes", &format!("lexhold dispose approve {name}")));
        if actor.is_solo() {
            return Ok(());
        }
        say(&format!(
            "      with a signature: lexhold sign {digest} --action approve_disposal"
        ));
    }
    Ok(())
}
