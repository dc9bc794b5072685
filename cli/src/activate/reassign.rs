//! What a bundle makes of the messages that the home has, from the facts that were stored with them.

use std::collections::{BTreeSet, HashMap};

use lexhold_catalog::{AssignmentInput, Catalog};
use lexhold_evaluate::{Assigner, Bundle, DutySet, Inputs, Reassignment};
use lexhold_model::Key;
use lexhold_policy::FactsRow;
use lexhold_retention::Assigned;

use crate::failure::{Exit, Failure};
use crate::ledger::Activation;

/// The sets that a bundle adds to what was assigned before.
#[derive(Debug, Default)]
pub struct Reassigned {
    /// One for each distinct input that gets anything new, sorted.
    pub rows: Vec<Reassignment>,
    /// The sets that they name.
    pub sets: Vec<DutySet>,
    /// How many distinct inputs were looked at.
    pub n_inputs: u64,
    /// How often Cedar was asked.
    pub evaluations: u64,
}

/// The positions of the schedules that the bundle active before did not have. What it had it has given to the same facts
/// already, at capture or when it was activated itself.
fn new_schedules(bundle: &Bundle, before: Option<&Activation>) -> BTreeSet<usize> {
    let Some(before) = before else { return BTreeSet::new() };
    let had = |kind: &str, name: &str, digest| {
        let mut documents = before.documents.iter();
        documents.any(|document| document.kind == kind && document.name == name && document.digest == digest)
    };
    // A schedule counts with calendars: another calendar makes it another schedule.
    let mut calendars = bundle.documents.iter().filter(|document| document.kind == "calendar");
    let same_calendars = calendars.all(|calendar| had("calendar", &calendar.name, calendar.digest));
    let all = bundle.schedules().iter().enumerate();
    all.filter(|(_, schedule)| !(same_calendars && had("retention", &schedule.document, schedule.digest)))
        .map(|(at, _)| at)
        .collect()
}

/// Asks a bundle about every distinct input that assignments were made from.
///
/// Cedar is asked once for what its conditions can tell apart, however many messages share it.
pub fn reassign(catalog: &Catalog, bundle: &Bundle, before: Option<&Activation>) -> anyhow::Result<Reassigned> {
    let new = new_schedules(bundle, before);
    if new.is_empty() {
        return Ok(Reassigned::default());
    }
    let mut assigner = Assigner::new(bundle);
    let mut done = Reassigned::default();
    let mut sets: HashMap<Vec<Assigned>, Key> = HashMap::new();
    let mut facts: Option<(Key, FactsRow)> = None;
    let by_instant = bundle.reads_instant(&new);
    catalog.assignment_inputs::<anyhow::Error>(by_instant, None, |input| {
        if facts.as_ref().is_none_or(|(id, _)| *id != input.facts_id) {
            facts = Some((input.facts_id, read(&input)?));
        }
        let Some((_, row)) = &facts else { return Ok(()) };
        done.n_inputs += 1;
        let mut assigned = assigner.assign(
            row,
            Inputs {
                sent_at: input.sent_at,
                captured_at: None,
                scan_incomplete: input.scan_incomplete,
            },
        );
        assigned.retain(|one| new.contains(&one.schedule));
        if assigned.is_empty() {
            return Ok(());
        }
        let set_id = *sets.entry(assigned).or_insert_with_key(|assigned| {
            let id = bundle.schedules().set_key(assigned);
            done.sets.push(DutySet {
                id,
                assigned: assigned.clone(),
            });
            id
        });
        done.rows.push(Reassignment {
            facts_id: input.facts_id,
            scan_incomplete: input.scan_incomplete,
            sent_at: input.sent_at,
            set_id,
        });
        Ok(())
    })?;
    done.evaluations = assigner.evaluations();
    done.sets.sort_by_key(|set| set.id);
    Ok(done)
}

fn read(input: &AssignmentInput<'_>) -> anyhow::Result<FactsRow> {
    let row = FactsRow::from_json(input.facts);
    row.map_err(|error| {
        let message = format!("the facts {} on record cannot be read: {error}", input.facts_id);
        Failure::new(Exit::Data, message)
            .help("lexhold verify says what is wrong with the home")
            .into()
    })
}
