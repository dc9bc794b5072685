//! What placing a hold answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;

use indicatif::HumanCount;
use jiff::Timestamp;
use lexhold_catalog::{Catalog, DestroyedRow, PlannedRow};
use lexhold_model::Key;
use lexhold_retention::{Content, HoldSpec};
use lexhold_store::Home;
use serde_json::{Value, json};

use crate::args::SummaryFormat;
use crate::dates::Dates;
use crate::dispose::{Copy, CopyLog, HandedOver, Plan};
use crate::failure::Exit;
use crate::home;
use crate::report::{ViewerSight, seen_holds};
use crate::settings::Settings;

/// How it stands with a hold that was placed.
pub struct Placed {
    hold: String,
    matter: String,
    /// What it covers; none while that is not known yet.
    found: Option<Found>,
}

/// What a hold covers, and what it came too late for.
struct Found {
    held: u64,
    unevaluable: u64,
    already_destroyed: Vec<Value>,
    /// Copies outside the home that still have messages which are destroyed.
    surviving: Vec<Value>,
    /// Destroyed messages of which nothing is left that could tell whether it would have covered them.
    destroyed_untold: u64,
    recalled: Vec<Value>,
}

impl Placed {
    /// Asks the catalog, where the hold has been applied.
    pub fn of(
        settings: &Settings,
        home: &Home,
        sight: &ViewerSight,
        (name, spec): (&str, &HoldSpec),
        applied: bool,
    ) -> anyhow::Result<Self> {
        let of = |catalog: &Catalog| -> anyhow::Result<Found> {
            let withheld = Dates::withheld_now(catalog, settings.as_of, sight)?;
            let unseen: Vec<Key> = withheld.iter().map(|row| row.family).collect();
            let mut found = Found::of(settings, home, catalog, (name, spec), &unseen)?;
            if !catalog.returned()?.is_empty() {
                let seen = seen_holds(catalog, settings.as_of, sight)?;
                found.held = seen
                    .iter()
                    .find(|hold| hold.hold == name)
                    .map_or(found.held, |hold| hold.n_held);
            }
            Ok(found)
        };
        let found = applied.then(|| of(&home::catalog(settings, home)?)).transpose()?;
        Ok(Self {
            hold: name.to_owned(),
            matter: spec.matter.clone(),
            found,
        })
    }
}

impl Found {
    fn of(
        settings: &Settings,
        home: &Home,
        catalog: &Catalog,
        (name, spec): (&str, &HoldSpec),
        unseen: &[Key],
    ) -> anyhow::Result<Self> {
        let (held, unevaluable) = catalog.hold_counts(name)?;
        // What narrows a hold cannot be asked of a tombstone; it never narrows explicit ids.
        let narrowed = spec.content != Content::default() || spec.condition.is_some() || spec.query.is_some();
        let ids: Vec<String> = spec.ids.iter().cloned().collect();
        let conversations: Vec<String> = spec.conversations.iter().filter(|_| !narrowed).cloned().collect();
        let destroyed = catalog.destroyed_of(&ids, &conversations, spec.everything && !narrowed, unseen)?;
        let by_id_alone = spec.custodians.is_empty() && spec.conversations.is_empty() && !spec.everything;
        let destroyed_untold = match by_id_alone {
            true => 0,
            false => catalog.n_destroyed(unseen)?.saturating_sub(destroyed.len() as u64),
        };
        let (gone, recalled) = planned(home, &catalog.planned_of(name)?)?;
        Ok(Self {
            held,
            unevaluable,
            surviving: surviving(settings, home, catalog, &destroyed)?,
            already_destroyed: destroyed
                .iter()
                .map(|row| tombstone(settings, row))
                .chain(gone)
                .collect(),
            destroyed_untold,
            recalled,
        })
    }
}

/// The copies that are still to go of plans by which messages went that the hold would have covered.
fn surviving(
    settings: &Settings,
    home: &Home,
    catalog: &Catalog,
    destroyed: &[DestroyedRow],
) -> anyhow::Result<Vec<Value>> {
    if destroyed.is_empty() {
        return Ok(Vec::new());
    }
    let plans: BTreeSet<&str> = destroyed.iter().map(|row| row.plan.as_str()).collect();
    let log = CopyLog::read(home)?;
    let mut found = BTreeMap::new();
    for plan in plans {
        let copies = log
            .of(settings, home, &Plan::read(catalog, plan)?, settings.now)?
            .into_iter();
        found.extend(copies.filter(Copy::survives).map(|copy| (copy.copy, copy.until)));
    }
    let value = |(copy, until): (String, Option<Timestamp>)| json!({"copy": copy, "until": until});
    Ok(found.into_iter().map(value).collect())
}

/// Tells apart what the firm's own archive has destroyed already, of which the home has all but the bodies, which stays, and what is
/// recalled in time: items of plans under way, and whatever else that archive was told to destroy, by whatever plan, and has not
/// said to be gone.
fn planned(home: &Home, items: &[PlannedRow]) -> anyhow::Result<(Vec<Value>, Vec<Value>)> {
    let handed = HandedOver::by_plan(home)?;
    let ordered: HashMap<&str, _> = handed.iter().map(|(plan, of)| (plan.as_str(), of.messages())).collect();
    let order = |item: &PlannedRow| ordered.get(item.plan.as_str())?.get(item.message_id.as_str()).copied();
    let mut gone: BTreeMap<&str, Value> = BTreeMap::new();
    for item in items {
        if let Some((seq, true)) = order(item) {
            let value = json!({"message_id": item.message_id, "plan": item.plan, "seq": seq});
            gone.entry(&item.message_id).or_insert(value);
        }
    }
    let to_go = |item: &&PlannedRow| item.under_way || order(item).is_some();
    let recalled = items
        .iter()
        .filter(|item| to_go(item) && !gone.contains_key(item.message_id.as_str()))
        .map(|item| json!({"message_id": item.message_id, "plan": item.plan}))
        .collect();
    Ok((gone.into_values().collect(), recalled))
}

fn tombstone(settings: &Settings, row: &DestroyedRow) -> Value {
    let mut value = json!({"message_id": row.message_id, "plan": row.plan, "seq": row.seq});
    if row.certified {
        value["certificate"] = json!(home::certificate_path(settings, &row.plan));
    }
    value
}

/// Prints the answer; negative where the hold came too late for something.
pub fn print(settings: &Settings, format: SummaryFormat, placed: &Placed) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    let found = placed.found.as_ref();
    match format {
        SummaryFormat::Json => {
            let answer = json!({
                "schema": "lexhold/hold-place/1",
                "hold": placed.hold,
                "matter": placed.matter,
                "applied": found.is_some(),
                "held": found.map(|found| found.held),
                "unevaluable": found.map(|found| found.unevaluable),
                "already_destroyed": found.map(|found| &found.already_destroyed),
                "destroyed_untold": found.map(|found| found.destroyed_untold),
                "surviving_copies": found.map(|found| &found.surviving),
                "pending_destroy_recalled": found.map(|found| &found.recalled),
            });
            writeln!(out, "{answer}")?;
        }
        SummaryFormat::Text if !settings.quiet => {
            let text = format!("hold {} is in force for matter {}", placed.hold, placed.matter);
            writeln!(out, "{}", lexhold_document::printable(&text))?;
            match found {
                Some(found) => found.print(&mut out)?,
                None => writeln!(
                    out,
                    "  what it covers is found out once the other process ends; until then it covers everything"
                )?,
            }
        }
        SummaryFormat::Text => {}
    }
    let too_late = found.is_some_and(|found| !found.already_destroyed.is_empty());
    Ok(if too_late { Exit::Negative } else { Exit::Done })
}

impl Found {
    fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "  held              {}", HumanCount(self.held))?;
        writeln!(out, "  unevaluable       {}", HumanCount(self.unevaluable))?;
        writeln!(out, "  already destroyed {}", self.already_destroyed.len())?;
        for destroyed in &self.already_destroyed {
            let text = |key: &str| destroyed[key].as_str().unwrap_or_default();
            let line = format!(
                "    {} by {}, journal entry {}",
                text("message_id"),
                text("plan"),
                destroyed["seq"]
            );
            writeln!(out, "{}", lexhold_document::printable(&line))?;
        }
        if self.destroyed_untold > 0 {
            let n = HumanCount(self.destroyed_untold);
            writeln!(
                out,
                "  destroyed before, and nobody can tell whether it would have covered them: {n}"
            )?;
        }
        for copy in &self.surviving {
            let until = copy["until"]
                .as_str()
                .map_or_else(String::new, |until| format!(" until {until}"));
            let name = copy["copy"].as_str().unwrap_or_default();
            let text = format!("  a copy of those may survive{until}, keep it: {name}");
            writeln!(out, "{}", lexhold_document::printable(&text))?;
        }
        if !self.recalled.is_empty() {
            writeln!(
                out,
                "  recalled from disposal plans under way: {}",
                HumanCount(self.recalled.len() as u64)
            )?;
        }
        Ok(())
    }
}
