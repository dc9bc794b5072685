//! `dispose status` and `report disposal`: the plans, and the register of what they named.

use jiff::Timestamp;
use lexhold_catalog::{Catalog, ItemRow};
use lexhold_store::Home;
use serde_json::{Value, json};

use super::copies::{Copy, CopyLog};
use super::external::HandedOver;
use super::plan::{Plan, item_state};
use super::transfer::Transfers;
use crate::args::TableReport;
use crate::failure::Exit;
use crate::home;
use crate::report::each_form;
use crate::report::table::{Columns, Kind, Row, TableWriter, instant, object};
use crate::settings::Settings;

/// The columns of the plans, a contract.
const PLANS: Columns = Columns {
    all: &[
        ("plan", Kind::Text),
        ("state", Kind::Text),
        ("proposed_at", Kind::Text),
        ("proposed_by", Kind::Text),
        ("as_of", Kind::Text),
        ("digest", Kind::Text),
        ("items", Kind::Int),
        ("destroyed", Kind::Int),
        ("sent_back", Kind::Int),
        ("stages", Kind::Texts),
        ("next_stage", Kind::Text),
        ("approved_by", Kind::Texts),
        ("approved_until", Kind::Text),
        ("complete", Kind::Bool),
        ("copies", Kind::Json),
        ("by_schedule", Kind::Json),
        ("held_back", Kind::Json),
        ("rejected", Kind::Text),
        ("solo", Kind::Bool),
    ],
    shown: &[
        "plan",
        "state",
        "next_stage",
        "proposed_by",
        "approved_by",
        "items",
        "destroyed",
        "sent_back",
        "complete",
    ],
};

/// The columns of the register, a contract.
pub const REGISTER: Columns = Columns {
    all: &[
        ("plan", Kind::Text),
        ("message_id", Kind::Text),
        ("version", Kind::Int),
        ("disposal_state", Kind::Text),
        ("reason", Kind::Text),
        ("schedules", Kind::Texts),
        ("triggers", Kind::Texts),
        ("retain_until", Kind::Text),
        ("eligible_from", Kind::Text),
        ("action", Kind::Text),
        ("approved_by", Kind::Texts),
        ("destroyed_at", Kind::Text),
        ("seq", Kind::Int),
        ("content_hash", Kind::Text),
        ("solo", Kind::Bool),
    ],
    shown: &[
        "plan",
        "message_id",
        "disposal_state",
        "reason",
        "schedules",
        "eligible_from",
        "destroyed_at",
    ],
};

/// Lists the plans.
pub fn status(settings: &Settings, args: &TableReport) -> anyhow::Result<Exit> {
    let home = home::open(settings)?;
    let catalog = home::catalog(settings, &home)?;
    let plans = plans(&catalog)?;
    drop(catalog);
    let log = CopyLog::read(&home)?;
    each_form(args, PLANS, |table| {
        plans.iter().try_for_each(|plan| {
            let copies = log.of(settings, &home, plan, settings.now)?;
            table.write(plan_row(plan, &copies, settings.now))
        })
    })?;
    Ok(Exit::Done)
}

fn plans(catalog: &Catalog) -> anyhow::Result<Vec<Plan>> {
    let names = catalog.plans()?.into_iter();
    names.map(|row| Plan::of(catalog, row)).collect()
}

fn plan_row(plan: &Plan, copies: &[Copy], now: Timestamp) -> Row {
    let row = &plan.row;
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    object(json!({
        "plan": row.plan,
        "state": plan.state(now),
        "proposed_at": instant(row.proposed_at),
        "proposed_by": row.proposed_by,
        "as_of": instant(row.as_of),
        "digest": row.digest,
        "items": row.n_items,
        "destroyed": row.n_destroyed,
        "sent_back": row.n_sent_back,
        "stages": plan.stages(),
        "next_stage": plan.next_stage(now).map(|(_, name)| name),
        "approved_by": approvers(plan),
        "approved_until": plan.lapses_at(now).map(|at| at.to_string()),
        "complete": row.certified.is_some() && !copies.iter().any(Copy::is_pending),
        "copies": copies,
        "by_schedule": parsed(&row.by_schedule),
        "held_back": parsed(&row.held_back),
        "rejected": row.rejected,
        "solo": plan.is_solo(),
    }))
}

/// Writes every item of every plan.
pub fn write_register(home: &Home, catalog: &Catalog, table: &mut TableWriter) -> anyhow::Result<()> {
    for plan in plans(catalog)? {
        let approved_by = approvers(&plan);
        let now = Timestamp::now();
        let state = plan.state(now);
        let handed = HandedOver::read(home, &plan.row.plan)?;
        let transfers = Transfers::read(home, &plan.row.plan)?;
        let may_go_on = plan.may_go_on(now);
        for item in &plan.items {
            let is_left = item.intent.is_none() && item.sent_back.is_none() && may_go_on;
            let state = match (handed.get(item.key), transfers.state(item)) {
                (Some(handed), _) if item.intent.is_none() => handed.state(now),
                (_, Some(state)) if is_left => state.to_owned(),
                _ => item_state(item, &state),
            };
            table.write(item_row(&plan, item, &approved_by, &state))?;
        }
    }
    Ok(())
}

fn item_row(plan: &Plan, item: &ItemRow, approved_by: &[&str], disposal_state: &str) -> Row {
    object(json!({
        "plan": plan.row.plan,
        "message_id": item.message_id,
        "version": item.version,
        "disposal_state": disposal_state,
        "reason": item.sent_back.as_ref().or(plan.row.rejected.as_ref()),
        "schedules": item.schedules,
        "triggers": item.triggers,
        "retain_until": item.retain_until,
        "eligible_from": item.eligible_from,
        "action": item.action,
        "approved_by": approved_by,
        "destroyed_at": item.destroyed_at.map(instant),
        "seq": item.intent,
        "content_hash": item.content_hash,
        "solo": plan.is_solo(),
    }))
}

fn approvers(plan: &Plan) -> Vec<&str> {
    plan.approvals
        .iter()
        .map(|approval| approval.approved_by.as_str())
        .collect()
}
