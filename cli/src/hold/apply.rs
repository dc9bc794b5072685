//! What holds cover of the messages that the home has: found by what the catalog stores of them, and, for a pattern query
//! alone, by reading the messages that everything else makes members.

use lexhold_catalog::payload::HoldPlaced;
use std::collections::{HashMap, HashSet};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use jiff::civil::Date;
use lexhold_catalog::{Catalog, HoldAnswer, HoldCandidate, HoldQuestion};
use lexhold_evaluate::{HoldAsker, HoldSet};
use lexhold_model::tables::Table;
use lexhold_model::{Directory, Key};
use lexhold_policy::FactsRow;
use lexhold_retention::{HoldSpec, Tri};
use lexhold_store::{EntryKind, Faults, Home, RunLock};
use serde_json::{Value, json};

use super::compiled::{self, unreadable};
use super::log::HoldLog;
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;

/// Memberships that go into one journal entry at most.
const ROWS: usize = 262_144;

/// Whoever applies holds.
pub struct Applier<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// Who does it.
    pub actor: &'a Actor,
    /// The home.
    pub home: &'a Home,
    /// Nobody else takes messages in meanwhile.
    pub lock: &'a RunLock,
    /// Where a test wants the process killed.
    pub faults: &'a Faults,
}

impl Applier<'_> {
    /// Asks every hold in force about the messages that it has not been asked about, and puts what they cover on record:
    /// under `run`, a name that is used once. Afterwards the catalog knows it.
    ///
    /// # Errors
    /// Those of the home; busy while another process has the catalog.
    pub fn settle(&self, run: &str, directory: &Directory) -> anyhow::Result<()> {
        let Self { settings, home, .. } = self;
        let log = HoldLog::read(home)?;
        let waiting = log.to_be_asked(directory);
        if waiting.is_empty() {
            return Ok(());
        }
        let mut holds = compiled::on_record(settings, waiting.iter().copied())?;
        let mut parts = Parts {
            of: self,
            run,
            n_parts: 0,
        };
        let sought;
        {
            let asking = home::catalog_settings(settings, home)?;
            // What was asked of messages is journalled before it is projected: that a hold was placed says nothing of them.
            let is_placement = |kind: &EntryKind| *kind == EntryKind::HoldPlaced;
            let catalog = home::caught_up(settings, &asking, home, self.faults, is_placement)?;
            let unsought: HashSet<&str> = waiting
                .iter()
                .filter(|placed| log.is_unsought(placed, directory))
                .map(|placed| placed.hold.as_str())
                .collect();
            let is_asked =
                |placed: &&HoldPlaced| unsought.contains(&*placed.hold) || !log.unevaluated(&placed.hold).is_empty();
            let on_record = waiting.iter().any(is_asked).then_some(&catalog);
            let mut handles = compiled::handles(home, on_record, &holds, directory)?;
            waiting
                .iter()
                .for_each(|placed| compiled::unite(&mut handles, log.handles(placed)));
            holds.know(&handles);
            sought = handles;
            for (at, hold) in holds.specs().iter().enumerate() {
                let entries = match unsought.contains(&*hold.name) {
                    true => log.batches(),
                    false => log.unevaluated(&hold.name),
                };
                let all = unsought.contains(&*hold.name) || (log.through(&hold.name) == 0 && !entries.is_empty());
                self.ask(&catalog, &holds, at, &entries, all)?;
                catalog.expand_hold(&hold.name, hold.whole_threads)?;
                parts.write_all(&catalog, &hold.name)?;
            }
        }
        let names: Vec<&str> = holds.specs().iter().map(|hold| hold.name.as_str()).collect();
        parts.write(
            &json!({"holds": names, "through": log.last_batch(), "handles": sought}),
            &[],
        )?;
        home::catch_up(settings, home, self.faults)
    }

    /// Asks one hold about the messages of some entries, or of all.
    fn ask(&self, catalog: &Catalog, holds: &HoldSet, at: usize, entries: &[u64], all: bool) -> anyhow::Result<()> {
        let spec = &holds.specs()[at];
        let mut question = question(holds, at);
        let mut asker = HoldAsker::new(holds);
        let mut answers = Vec::new();
        if !entries.is_empty() {
            let mentioned = mentioned(holds, at);
            question.all_answered = mentioned.is_none();
            catalog.assignment_inputs::<anyhow::Error>(question.by_instant, mentioned.as_deref(), |input| {
                let facts =
                    FactsRow::from_json(input.facts).map_err(|error| unreadable(input.facts_id, &error.to_string()))?;
                let condition = asker.condition(at, &facts, input.sent_at, input.scan_incomplete);
                answers.push(HoldAnswer {
                    facts_id: input.facts_id,
                    scan_incomplete: input.scan_incomplete,
                    sent_at: input.sent_at,
                    custodian: level(asker.custodian(at, &facts)),
                    condition: level(condition),
                });
                Ok(())
            })?;
        }
        catalog.ask_hold(&question, &answers, (!all).then_some(entries))?;
        if holds.reads_text(at) {
            self.read_texts(catalog, &mut asker, at)?;
        }
        let name = if spec.silent { "a silent hold" } else { &spec.name };
        tracing::debug!(hold = name, inputs = answers.len(), "asked");
        Ok(())
    }

    /// Reads the messages that were found, and keeps those that the query matches or may match.
    fn read_texts(&self, catalog: &Catalog, asker: &mut HoldAsker<'_>, at: usize) -> anyhow::Result<()> {
        let wanted = catalog.hold_batches()?;
        let (mut keys, mut levels) = (Vec::new(), Vec::new());
        for batch in self.home.batches(1)? {
            let (entry, record) = batch?;
            if wanted.binary_search(&entry.seq).is_err() {
                continue;
            }
            let candidates = catalog.hold_candidates(entry.seq)?;
            let mut open: HashMap<Key, HoldCandidate> = candidates.into_iter().map(|one| (one.key, one)).collect();
            for segment in record.files.iter().filter(|file| file.is_segment()) {
                for archived in self.home.archive().read(segment)? {
                    let archived = archived?;
                    for (row, key) in archived.messages.rows().zip(&archived.keys) {
                        let Some(candidate) = open.remove(key) else { continue };
                        let found = match candidate.named {
                            true => 2,
                            false => level(asker.query(at, row, candidate.scan_incomplete)).min(candidate.level),
                        };
                        if found > 0 {
                            keys.push(*key);
                            levels.push(found);
                        }
                    }
                }
            }
            // What cannot be read may well match.
            for candidate in open.into_values() {
                keys.push(candidate.key);
                levels.push(if candidate.named { 2 } else { 1 });
            }
        }
        Ok(catalog.judge_hold(&keys, &levels)?)
    }
}

/// Journal entries that hold memberships.
struct Parts<'a> {
    of: &'a Applier<'a>,
    run: &'a str,
    n_parts: u64,
}

impl Parts<'_> {
    fn write_all(&mut self, catalog: &Catalog, hold: &str) -> anyhow::Result<()> {
        let detail = json!({"holds": [hold]});
        let (mut pending, mut rows) = (Vec::new(), 0);
        catalog.new_members::<anyhow::Error>(hold, |batch| {
            rows += batch.num_rows();
            pending.push(batch.clone());
            if rows >= ROWS {
                self.write(&detail, &std::mem::take(&mut pending))?;
                rows = 0;
            }
            Ok(())
        })?;
        if rows > 0 {
            self.write(&detail, &pending)?;
        }
        Ok(())
    }

    fn write(&mut self, detail: &Value, members: &[RecordBatch]) -> anyhow::Result<()> {
        let Applier {
            home,
            lock,
            faults,
            actor,
            ..
        } = self.of;
        self.n_parts += 1;
        let mut writer = home.stage(lock, self.run, self.n_parts, faults)?;
        let schema = Table::HoldMember.schema();
        writer.table(Table::HoldMember, &concat_batches(&schema, members)?)?;
        writer.commit_as(EntryKind::HoldApplied, detail.clone(), home::stamp(&actor.id))?;
        Ok(())
    }
}

/// What SQL answers of a hold's question.
fn question(holds: &HoldSet, at: usize) -> HoldQuestion {
    let spec = &holds.specs()[at];
    let any = |handle: &String| ("*".to_owned(), handle.clone());
    let handles = spec.custodians.iter().map(any).chain(holds.handles(at).iter().cloned());
    HoldQuestion {
        hold: spec.name.clone(),
        everything: spec.everything,
        names_custodians: !spec.custodians.is_empty(),
        handles: handles.collect(),
        conversations: spec.conversations.iter().cloned().collect(),
        ids: spec.ids.iter().cloned().collect(),
        from: spec.content.from.and_then(|day| start(spec, day)),
        to: spec.content.to.and_then(|day| start(spec, day.tomorrow().ok()?)),
        by_instant: holds.reads_instant(at),
        all_answered: true,
    }
}

/// The first instant of a local day; beyond the calendar there is no bound.
fn start(spec: &HoldSpec, day: Date) -> Option<i64> {
    spec.zone.start_of_day(day).map(|at| at.as_microsecond())
}

/// What facts must mention for a hold without a condition to be worth asking; none where all have to be asked.
fn mentioned(holds: &HoldSet, at: usize) -> Option<Vec<String>> {
    let spec = &holds.specs()[at];
    let known = holds.handles(at).iter().map(|(_, handle)| handle);
    spec.condition.is_none().then(|| {
        let names = spec.custodians.iter().chain(known);
        names.map(|name| json!(name).to_string()).collect()
    })
}

fn level(truth: Tri) -> i8 {
    match truth {
        Tri::False => 0,
        Tri::Unknown => 1,
        Tri::True => 2,
    }
}
