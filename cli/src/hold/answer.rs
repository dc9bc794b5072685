//! What placing a hold answers.

use std::io::Write;

use indicatif::HumanCount;
use lexhold_catalog::{Catalog, DestroyedRow};
use lexhold_retention::{Content, HoldSpec};
use lexhold_store::Home;
use serde_json::{Value, json};

use crate::args::SummaryFormat;
use crate::failure::Exit;
use crate::home;
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
    /// Destroyed messages of which nothing is left that could tell whether it would have covered them.
    destroyed_untold: u64,
    recalled: Vec<Value>,
}

impl Placed {
    /// Asks the catalog, where the hold has been applied.
    pub fn of(settings: &Settings, home: &Home, spec: &HoldSpec, applied: bool) -> anyhow::Result<Self> {
        let found = applied
            .then(|| Found::of(settings, &home::catalog(settings, home)?, spec))
            .transpose()?;
        Ok(Self {
            hold: spec.name.clone(),
            matter: spec.matter.clone(),
            found,
        })
    }
}

impl Found {
    fn of(settings: &Settings, catalog: &Catalog, spec: &HoldSpec) -> anyhow::Result<Self> {
        let (held, unevaluable) = catalog.hold_counts(&spec.name)?;
        // What narrows a hold cannot be asked of a tombstone; it never narrows explicit ids.
        let narrowed = spec.content != Content::default() || spec.condition.is_some() || spec.query.is_some();
        let ids: Vec<String> = spec.ids.iter().cloned().collect();
        let conversations: Vec<String> = spec.conversations.iter().filter(|_| !narrowed).cloned().collect();
        let destroyed = catalog.destroyed_of(&ids, &conversations, spec.everything && !narrowed)?;
        let by_id_alone = spec.custodians.is_empty() && spec.conversations.is_empty() && !spec.everything;
        let destroyed_untold = match by_id_alone {
            true => 0,
            false => catalog.n_destroyed()?.saturating_sub(destroyed.len() as u64),
        };
        let recalled = catalog.recalled_by(&spec.name)?.into_iter();
        Ok(Self {
            held,
            unevaluable,
            already_destroyed: destroyed.iter().map(|row| tombstone(settings, row)).collect(),
            destroyed_untold,
            recalled: recalled
                .map(|(id, plan)| json!({"message_id": id, "plan": plan}))
                .collect(),
        })
    }
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
                // Lexhold keeps no copies of bodies beside the archive's own.
                "surviving_copies": [],
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
