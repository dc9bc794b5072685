//! What a change of the register frees at once, and the guard that stops it when that is very much.
//!
//! One bad feed must not free a decade: whoever frees more than the `blast_radius` of `lexhold.yaml` has to say, by the digest
//! of the figures, that they have seen them.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_catalog::payload::EventItem;
use lexhold_catalog::{Catalog, EventRowStep};
use lexhold_model::{Digest, canonical_json};
use lexhold_retention::{EventEntry, EventStep, Register, Schedule, Schedules, State};
use serde_json::json;

use crate::args::Stands;
use crate::dates::{CONVERSATION, Dates, Grounds};
use crate::failure::{Exit, Failure};
use crate::ledger::Ledger;
use crate::settings::{BlastRadius, Settings};
use crate::terminal::say;

/// Keys of events that are looked for in facts; for more all messages are counted.
const KEYS: usize = 50;

/// How many messages may go now, by the schedule that decided last; of some origins, or of all.
fn eligible(
    settings: &Settings,
    catalog: &Catalog,
    grounds: &Grounds,
    touched: Option<&[u32]>,
) -> anyhow::Result<BTreeMap<String, u64>> {
    let dates = match touched {
        Some(origins) => Dates::for_origins(catalog, grounds, settings.now, origins.to_vec())?,
        None => Dates::open(catalog, grounds, settings.now)?,
    };
    let names = grounds.names();
    let mut counts = BTreeMap::new();
    dates.each_month(catalog, None, |group| {
        // Whoever may not know of a silent hold counts what it covers as not eligible, as those who may.
        if group.state(settings.now) == State::Eligible {
            let schedule = group.decided_by(&names).unwrap_or_default().to_owned();
            *counts.entry(schedule).or_default() += group.n_messages;
        }
    })?;
    Ok(counts)
}

/// The origins whose messages entries of the register may bear on; none where these may be any.
fn touched(catalog: &Catalog, schedules: &Schedules, entries: &[EventEntry]) -> anyhow::Result<Option<Vec<u32>>> {
    let keys: BTreeSet<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    // What stands in facts as it is written: anything else might be written in another way.
    let is_plain = |key: &&str| {
        key.bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
    };
    let mut asked = schedules.iter().flat_map(Schedule::asked_events);
    let by_conversation =
        asked.any(|event| event.key == CONVERSATION && entries.iter().any(|entry| entry.event == event.event));
    if by_conversation || keys.len() > KEYS || !keys.iter().all(is_plain) {
        return Ok(None);
    }
    let keys: Vec<&str> = keys.into_iter().collect();
    Ok(Some(catalog.origins_naming(&keys)?))
}

/// What a change of the register frees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Messages of the home.
    pub n_messages: u64,
    /// Messages that are eligible with the change and were not without, by the clock.
    pub n_newly_eligible: u64,
    /// It may free messages, at once or later: some are newly eligible, or what kept them longer is taken back.
    pub frees: bool,
    /// Those, by the schedule that decided.
    pub by_schedule: BTreeMap<String, u64>,
}

impl Effect {
    /// Counts what the entries of a change free, by the clock.
    ///
    /// What is eligible with them is held against what is eligible with those of them alone that can only keep messages
    /// longer, the events of extensions, so that one part of a file cannot hide what another frees.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn of(
        settings: &Settings,
        catalog: &Catalog,
        before: &Register,
        entries: &[EventEntry],
    ) -> anyhow::Result<Self> {
        let n_messages = catalog.status()?.n_messages;
        let mut grounds = Grounds {
            ledger: Ledger::read(catalog, settings.now)?,
            register: before.clone(),
        };
        let schedules = || grounds.ledger.schedules().iter();
        let is_asked = |entry: &&EventEntry| {
            let mut asked = schedules().flat_map(Schedule::asked_events);
            asked.any(|event| event.event == entry.event)
        };
        let only_extends = |entry: &EventEntry| {
            let mut starts = schedules().flat_map(Schedule::events);
            matches!(entry.step, EventStep::Recorded(_)) && !starts.any(|event| event.event == entry.event)
        };
        let ends_extension = entries.iter().any(|entry| {
            let mut extensions = schedules().filter_map(|schedule| schedule.extend.as_ref());
            matches!(entry.step, EventStep::Cancelled { .. })
                && extensions.any(|extend| extend.event.event == entry.event)
        });
        let asked: Vec<EventEntry> = entries.iter().filter(is_asked).cloned().collect();
        let (keeping, freeing): (Vec<_>, Vec<_>) = asked.into_iter().partition(only_extends);
        let none = Self {
            n_messages,
            frees: ends_extension,
            ..Self::default()
        };
        if freeing.is_empty() {
            return Ok(none);
        }
        // What no entry bears on is as eligible with them as without.
        let touched = touched(catalog, grounds.ledger.schedules(), &freeing)?;
        grounds.register = before.with(keeping);
        let without = eligible(settings, catalog, &grounds, touched.as_deref())?;
        grounds.register = grounds.register.with(freeing);
        let with = eligible(settings, catalog, &grounds, touched.as_deref())?;
        let more = with.into_iter().filter_map(|(schedule, n)| {
            let before = without.get(&schedule).copied().unwrap_or(0);
            Some((schedule, n.checked_sub(before).filter(|more| *more > 0)?))
        });
        let by_schedule: BTreeMap<String, u64> = more.collect();
        let n_newly_eligible = by_schedule.values().sum();
        Ok(Self {
            n_newly_eligible,
            frees: ends_extension || n_newly_eligible > 0,
            by_schedule,
            ..none
        })
    }

    /// The digest of the figures and of what leads to them.
    pub fn digest(&self, step: EventRowStep, items: &[EventItem]) -> Digest {
        let figures = json!({
            "schema": "lexhold/event-effect/1",
            "step": step.as_str(),
            "events": items,
            "messages": self.n_messages,
            "newly_eligible": self.n_newly_eligible,
            "by_schedule": self.by_schedule,
        });
        Digest::of(canonical_json(&figures).as_bytes())
    }

    /// Refuses what frees very much, unless its very figures were accepted.
    pub fn guard(
        &self,
        radius: BlastRadius,
        digest: &Digest,
        stands: &Stands,
        step: EventRowStep,
    ) -> anyhow::Result<()> {
        let digest = digest.to_string();
        match &stands.accept_digest {
            Some(accepted) if *accepted == digest => return Ok(()),
            None if !radius.is_exceeded(self.n_newly_eligible, self.n_messages) => return Ok(()),
            _ => {}
        }
        say(&format!(
            "{} of {} messages may go at once: more than {}, or {} in a hundred, has to be accepted",
            self.n_newly_eligible, self.n_messages, radius.messages, radius.percent
        ));
        for (schedule, n) in &self.by_schedule {
            say(&lexhold_document::printable(&format!("{n:>10} by {schedule}")));
        }
        say(&format!("digest {digest}"));
        let message = match &stands.accept_digest {
            Some(_) => format!(
                "the figures are not those that were accepted; nothing was {}",
                step.as_str()
            ),
            None => format!("this frees too much to pass unseen; nothing was {}", step.as_str()),
        };
        Err(Failure::new(Exit::Refused, message)
            .help(format!("if that is right, say so: --accept-digest {digest}"))
            .into())
    }
}
