//! What placing a hold answers.

use std::io::Write;

use indicatif::HumanCount;
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
    /// Messages held for certain, and because nobody can tell; none while that is not known yet.
    counts: Option<(u64, u64)>,
    already_destroyed: Vec<Value>,
}

impl Placed {
    /// Asks the catalog, where the hold has been applied.
    pub fn of(settings: &Settings, home: &Home, hold: &str, matter: &str, applied: bool) -> anyhow::Result<Self> {
        let counts = if applied {
            Some(home::catalog(settings, home)?.hold_counts(hold)?)
        } else {
            None
        };
        Ok(Self {
            hold: hold.to_owned(),
            matter: matter.to_owned(),
            counts,
            already_destroyed: Vec::new(),
        })
    }
}

/// Prints the answer; negative where the hold came too late for something.
pub fn print(settings: &Settings, format: SummaryFormat, placed: &Placed) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    let (held, unevaluable) = placed.counts.unzip();
    match format {
        SummaryFormat::Json => {
            let answer = json!({
                "schema": "lexhold/hold-place/1",
                "hold": placed.hold,
                "matter": placed.matter,
                "applied": placed.counts.is_some(),
                "held": held,
                "unevaluable": unevaluable,
                "already_destroyed": placed.already_destroyed,
                "surviving_copies": [],
                "pending_destroy_recalled": [],
            });
            writeln!(out, "{answer}")?;
        }
        SummaryFormat::Text if !settings.quiet => {
            let text = format!("hold {} is in force for matter {}", placed.hold, placed.matter);
            writeln!(out, "{}", lexhold_document::printable(&text))?;
            match (held, unevaluable) {
                (Some(held), Some(unevaluable)) => {
                    writeln!(out, "  held             {}", HumanCount(held))?;
                    writeln!(out, "  unevaluable      {}", HumanCount(unevaluable))?;
                    writeln!(out, "  already destroyed {}", placed.already_destroyed.len())?;
                }
                _ => writeln!(
                    out,
                    "  what it covers is found out once the other process ends; until then it covers everything"
                )?,
            }
        }
        SummaryFormat::Text => {}
    }
    Ok(if placed.already_destroyed.is_empty() {
        Exit::Done
    } else {
        Exit::Negative
    })
}
