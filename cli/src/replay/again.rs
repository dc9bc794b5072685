//! One run evaluated again, batch by batch, by the evaluator and the table builders of `run`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::concat_batches;
use lexhold_evaluate::{Bundle, Evaluator, Facts, Fate, collision_of, record};
use lexhold_model::tables::Table;
use lexhold_model::{Key, MessageBatch};
use lexhold_store::{BatchRecord, Home};
use rayon::prelude::*;

use super::rows::{Differing, difference, differing, keys};
use crate::failure::{Exit, Failure};
use crate::run::holds;

/// A batch as the journal names it.
pub struct Recorded {
    /// The number of its entry.
    pub seq: u64,
    /// Its files.
    pub record: BatchRecord,
}

/// What came of evaluating again.
#[derive(Default)]
pub struct Answer {
    /// Batches gone through.
    pub batches: u64,
    /// Messages evaluated again.
    pub messages: u64,
    /// Rows of messages that were there before: they have no body of their own.
    pub duplicates: u64,
    /// Tables whose rows differ.
    pub tables: BTreeMap<Table, Differing>,
    /// Tables on record that this version does not make.
    pub unknown_tables: BTreeSet<String>,
    /// What is stored and missing, or not what was stored.
    pub damaged: Vec<String>,
}

impl Answer {
    /// Adds what came of other batches, keeping `limit` examples of each table.
    pub fn add(&mut self, other: Self, limit: usize) {
        self.batches += other.batches;
        self.messages += other.messages;
        self.duplicates += other.duplicates;
        for (table, rows) in other.tables {
            self.tables.entry(table).or_default().add(rows, limit);
        }
        self.unknown_tables.extend(other.unknown_tables);
        self.damaged.extend(other.damaged);
    }

    fn damage(&mut self, error: &anyhow::Error) {
        let said = format!("{error:#}");
        if !self.damaged.contains(&said) {
            self.damaged.push(said);
        }
    }
}

/// What all batches of a run are evaluated with.
pub struct Again<'a> {
    /// The home.
    pub home: &'a Home,
    /// The bundle as it was.
    pub bundle: &'a Bundle,
    /// The facts as they were.
    pub facts: &'a Facts,
    /// Silent holds that whoever asks may not know of: their rows are passed over.
    pub hidden: BTreeSet<String>,
    /// Differing rows to show of each table.
    pub limit: usize,
    /// Threads.
    pub jobs: usize,
}

impl Again<'_> {
    /// Evaluates the batches of a run again.
    pub fn run(&self, batches: &[&Recorded]) -> anyhow::Result<Answer> {
        self.all(batches, |evaluator, recorded, answer| {
            self.batch(evaluator, &recorded.record, answer)
        })
    }

    /// Asks a run's new holds again about everything that was in the home before it, by reading every body; `applied` are
    /// the memberships on record that other entries than batches brought. What is held only because of what it replies to
    /// is not asked again.
    pub fn new_holds(
        &self,
        new_holds: &[String],
        before: &[&Recorded],
        applied: &[&Recorded],
    ) -> anyhow::Result<Answer> {
        let added = repeated_custodians(self.home, before)?;
        let mut answer = Answer::default();
        let schema = Table::HoldMember.schema();
        let stored = applied
            .iter()
            .filter_map(|recorded| self.stored(&recorded.record, &mut answer).remove(&Table::HoldMember));
        let stored = concat_batches(&schema, &stored.collect::<Vec<_>>())?;
        let tied = tied(self.home, before)?;
        let found = self.all(before, |evaluator, earlier, answer| {
            answer.batches += 1;
            let evaluations = earlier
                .record
                .files
                .iter()
                .find(|file| file.table.as_deref() == Some("message"));
            let names = match evaluations {
                Some(table) => message_names(&self.home.evaluation(table)?),
                None => HashMap::new(),
            };
            let now = holds::members(self.home, &earlier.record, evaluator, self.facts, new_holds, &added)?;
            let pairs = |rows: &RecordBatch| -> Vec<(String, Key)> {
                let holds = rows.column(0).as_string::<i32>().iter();
                holds
                    .map(|hold| hold.unwrap_or_default().to_owned())
                    .zip(keys(rows, "key"))
                    .collect()
            };
            let found: HashSet<(String, Key)> = now.iter().flat_map(|(_, rows)| pairs(rows)).collect();
            let mine = pairs(&stored).into_iter().map(|pair| {
                let asked = new_holds.contains(&pair.0) && names.contains_key(&pair.1);
                Some(asked && (!tied.contains(&pair.1) || found.contains(&pair)))
            });
            let mine = arrow::compute::filter_record_batch(&stored, &mine.collect::<BooleanArray>())?;
            let mine = BTreeMap::from([(Table::HoldMember, mine)]);
            self.compare(
                &mine,
                &now.into_iter().collect(),
                &names,
                &Duplicates::default(),
                answer,
            )
        })?;
        answer.add(found, self.limit);
        Ok(answer)
    }

    fn all<T: Sync>(
        &self,
        items: &[T],
        each: impl Fn(&mut Evaluator<'_>, &T, &mut Answer) -> anyhow::Result<()> + Sync,
    ) -> anyhow::Result<Answer> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.jobs.max(1)).build()?;
        let answers: Vec<Answer> = pool.install(|| {
            let evaluators = || Evaluator::new(self.bundle, self.facts);
            let answers = items.par_iter().map_init(evaluators, |evaluator, item| {
                let mut answer = Answer::default();
                if let Err(error) = each(evaluator, item, &mut answer) {
                    answer.damage(&error);
                }
                answer
            });
            answers.collect()
        });
        let mut all = Answer::default();
        answers.into_iter().for_each(|answer| all.add(answer, self.limit));
        Ok(all)
    }

    fn batch(&self, evaluator: &mut Evaluator<'_>, recorded: &BatchRecord, answer: &mut Answer) -> anyhow::Result<()> {
        answer.batches += 1;
        let stored = self.stored(recorded, answer);
        let order = stored
            .get(&Table::Message)
            .map_or_else(Vec::new, |rows| keys(rows, "key"));
        let (keys, messages) = self.messages(recorded, &order)?;
        if let Some(key) = order.iter().find(|key| !keys.contains(key)) {
            return Err(Failure::new(Exit::Data, format!("message {key} is on record and not in the archive")).into());
        }
        answer.messages += messages.len() as u64;
        let evaluation = evaluator.evaluate(&messages);
        let identities = evaluation.messages.iter().map(|message| &message.identity);
        // What a message became is on record by its key alone: its own, or the one it got because its own was taken.
        let fates: Vec<Fate> = identities
            .zip(&keys)
            .map(|(own, key)| {
                if own.key == *key {
                    Fate::New
                } else {
                    Fate::Collision(collision_of(own))
                }
            })
            .collect();
        let now = record(self.bundle, self.facts.holds.specs(), &messages, &evaluation, &fates);
        let now: BTreeMap<Table, RecordBatch> = now.into_iter().collect();
        let duplicates = Duplicates::among(&stored, messages.len());
        answer.duplicates += duplicates.n as u64;
        let names = now.get(&Table::Message).map(message_names).unwrap_or_default();
        self.compare(&stored, &now, &names, &duplicates, answer)
    }

    /// The tables on record of a batch. A file that is not the one journalled is said to be so, and read if it can be.
    fn stored(&self, recorded: &BatchRecord, answer: &mut Answer) -> BTreeMap<Table, RecordBatch> {
        let mut tables = BTreeMap::new();
        for file in &recorded.files {
            if let Err(error) = self.home.vouch(file) {
                answer.damage(&error.into());
            }
            let Some(name) = &file.table else { continue };
            let Some(table) = Table::named(name) else {
                answer.unknown_tables.insert(name.clone());
                continue;
            };
            match self.home.evaluation(file) {
                Ok(rows) => drop(tables.insert(table, rows)),
                Err(error) => answer.damage(&error.into()),
            }
        }
        tables
    }

    /// The messages that a batch took in, from the archive, in the order in which they came; with the key of each.
    fn messages(&self, recorded: &BatchRecord, order: &[Key]) -> anyhow::Result<(Vec<Key>, MessageBatch)> {
        let mut pieces = Vec::new();
        let mut places: HashMap<Key, (usize, usize)> = HashMap::new();
        let mut met = Vec::new();
        for segment in recorded.files.iter().filter(|file| file.is_segment()) {
            for archived in self.home.archive().read(segment)? {
                let archived = archived?;
                let numbered = archived.keys.iter().enumerate();
                places.extend(numbered.map(|(row, key)| (*key, (pieces.len(), row))));
                met.extend(archived.keys);
                pieces.push(archived.messages);
            }
        }
        if pieces.is_empty() {
            return Ok((Vec::new(), MessageBatch::empty()));
        }
        // What the archive has beyond the record comes last, and shows as rows that are not on record.
        let listed: HashSet<&Key> = order.iter().collect();
        let beyond = met.iter().filter(|key| !listed.contains(key));
        let keys = order.iter().filter(|key| places.contains_key(*key)).chain(beyond);
        let keys: Vec<Key> = keys.copied().collect();
        let rows: Vec<(usize, usize)> = keys.iter().map(|key| places[key]).collect();
        let pieces: Vec<&RecordBatch> = pieces.iter().map(MessageBatch::as_arrow).collect();
        let messages = arrow::compute::interleave_record_batch(&pieces, &rows)?;
        let messages = MessageBatch::new(messages).map_err(|error| Failure::new(Exit::Data, error.to_string()))?;
        Ok((keys, messages))
    }

    fn compare(
        &self,
        stored: &BTreeMap<Table, RecordBatch>,
        now: &BTreeMap<Table, RecordBatch>,
        names: &HashMap<Key, String>,
        duplicates: &Duplicates,
        answer: &mut Answer,
    ) -> anyhow::Result<()> {
        let mut duplicates = duplicates.clone();
        for table in compared() {
            let empty = RecordBatch::new_empty(table.schema());
            let (stored, now) = (stored.get(&table).unwrap_or(&empty), now.get(&table).unwrap_or(&empty));
            if !same_columns(stored, now) {
                let rows = Differing {
                    only_stored: stored.num_rows() as u64,
                    only_now: now.num_rows() as u64,
                    examples: vec![serde_json::json!({"columns": "the table has other columns now"})],
                    ..Differing::default()
                };
                answer.tables.entry(table).or_default().add(rows, self.limit);
                continue;
            }
            let (stored, now) = (self.shown(table, stored)?, self.shown(table, now)?);
            let (only_stored, only_now) = difference(&stored, &now)?;
            let only_stored = duplicates.unaccounted(table, &only_stored)?;
            let mut rows = differing(table, &only_stored, &only_now, names, self.limit)?;
            rows.only_now += duplicates.missing(table);
            if rows.n() > 0 {
                answer.tables.entry(table).or_default().add(rows, self.limit);
            }
        }
        Ok(())
    }

    /// The rows that whoever asks may know of.
    fn shown(&self, table: Table, rows: &RecordBatch) -> anyhow::Result<RecordBatch> {
        let column = match table {
            Table::HoldMember => "hold",
            Table::Diagnostic => "subject",
            _ => return Ok(rows.clone()),
        };
        let names = rows
            .column_by_name(column)
            .and_then(|names| names.as_string_opt::<i32>());
        let names = names.into_iter().flat_map(|names| names.iter());
        let keep: BooleanArray = names
            .map(|name| Some(!name.is_some_and(|name| self.hidden.contains(name))))
            .collect();
        Ok(arrow::compute::filter_record_batch(rows, &keep)?)
    }
}

/// Every table, those first that say which rows belong to duplicates.
fn compared() -> [Table; Table::ALL.len()] {
    let mut order = Table::ALL;
    order.sort_by_key(|table| match table {
        Table::Source => 0,
        Table::Assignment => 1,
        Table::DutySet => 2,
        _ => 3,
    });
    order
}

/// Rows of a batch that belong to messages which were there before. Their bodies are not stored a second time, and what
/// was different about them (when they were captured, whose they are) decided their rows; so these are accounted for by
/// one another, not evaluated again.
#[derive(Clone, Default)]
struct Duplicates {
    n: usize,
    n_assigned: usize,
    messages: HashSet<Key>,
    sets: HashSet<Key>,
    days: HashSet<Key>,
    facts: HashSet<Key>,
    schedules: HashSet<Key>,
}

impl Duplicates {
    /// Every message read has one source, every message taken in one row: the rest were there before.
    fn among(stored: &BTreeMap<Table, RecordBatch>, n_messages: usize) -> Self {
        let n_sources = stored.get(&Table::Source).map_or(0, RecordBatch::num_rows);
        Self {
            n: n_sources.saturating_sub(n_messages),
            ..Self::default()
        }
    }

    /// How many rows there should be of duplicates and are not; each was assigned its duties.
    fn missing(&self, table: Table) -> u64 {
        if table == Table::Assignment {
            (self.n - self.n_assigned) as u64
        } else {
            0
        }
    }

    /// The rows, on record alone, that no duplicate accounts for.
    fn unaccounted(&mut self, table: Table, rows: &RecordBatch) -> anyhow::Result<RecordBatch> {
        if self.n == 0 || rows.num_rows() == 0 {
            return Ok(rows.clone());
        }
        let known = match table {
            Table::Source => {
                self.messages.extend(keys(rows, "key"));
                return Ok(rows.slice(0, rows.num_rows().saturating_sub(self.n)));
            }
            Table::Assignment => {
                self.n_assigned = rows.num_rows().min(self.n);
                let mine = rows.slice(0, self.n_assigned);
                self.sets.extend(keys(&mine, "set_id"));
                self.days.extend(keys(&mine, "days_id"));
                self.facts.extend(keys(&mine, "facts_id"));
                if rows.num_rows() > self.n {
                    return Ok(rows.slice(self.n, rows.num_rows() - self.n));
                }
                ("key", &self.messages)
            }
            Table::DutySet => {
                let named = keys(rows, "set_id").into_iter().zip(keys(rows, "schedule_id"));
                let named = named.filter(|(set, _)| self.sets.contains(set));
                self.schedules.extend(named.map(|(_, schedule)| schedule));
                ("set_id", &self.sets)
            }
            Table::Custodian | Table::HoldMember => ("key", &self.messages),
            Table::Days => ("days_id", &self.days),
            Table::Facts => ("facts_id", &self.facts),
            Table::Schedule => ("schedule_id", &self.schedules),
            Table::Handle => return Ok(rows.slice(0, 0)),
            _ => return Ok(rows.clone()),
        };
        let (column, known) = known;
        let keep: BooleanArray = keys(rows, column)
            .iter()
            .map(|key| Some(!known.contains(key)))
            .collect();
        Ok(arrow::compute::filter_record_batch(rows, &keep)?)
    }
}

fn same_columns(one: &RecordBatch, other: &RecordBatch) -> bool {
    let (one, other) = (one.schema(), other.schema());
    let column = |field: &arrow::datatypes::FieldRef| (field.name().clone(), field.data_type().clone());
    one.fields().iter().map(column).eq(other.fields().iter().map(column))
}

fn message_names(rows: &RecordBatch) -> HashMap<Key, String> {
    let names = rows
        .column_by_name("message_id")
        .and_then(|names| names.as_string_opt::<i32>());
    let names = names
        .into_iter()
        .flat_map(|names| names.iter().map(|name| name.unwrap_or_default().to_owned()));
    keys(rows, "key").into_iter().zip(names).collect()
}

/// Messages that reply to another, and those that another replies to.
fn tied(home: &Home, batches: &[&Recorded]) -> anyhow::Result<HashSet<Key>> {
    let mut replied: HashSet<String> = HashSet::new();
    let mut messages: Vec<(Key, Option<String>, bool)> = Vec::new();
    for recorded in batches {
        let files = recorded.record.files.iter();
        for file in files.filter(|file| file.table.as_deref() == Some("message")) {
            let rows = home.evaluation(file)?;
            let texts = |name: &str| -> Vec<Option<String>> {
                let column = rows
                    .column_by_name(name)
                    .and_then(|column| column.as_string_opt::<i32>());
                column
                    .into_iter()
                    .flatten()
                    .map(|text| text.map(str::to_owned))
                    .collect()
            };
            let (native, reply_to) = (texts("native_id"), texts("reply_to"));
            replied.extend(reply_to.iter().flatten().cloned());
            let rows = keys(&rows, "key").into_iter().zip(native).zip(reply_to);
            messages.extend(rows.map(|((key, native), reply_to)| (key, native, reply_to.is_some())));
        }
    }
    let is_tied = |native: &Option<String>| native.as_ref().is_some_and(|native| replied.contains(native));
    let tied = messages
        .iter()
        .filter(|(_, native, replies)| *replies || is_tied(native));
    Ok(tied.map(|(key, ..)| *key).collect())
}

/// The custodians of messages that came in more than once, as they stood after these batches.
fn repeated_custodians(home: &Home, batches: &[&Recorded]) -> anyhow::Result<HashMap<Key, Vec<String>>> {
    let table = |recorded: &Recorded, table: Table| -> anyhow::Result<Option<RecordBatch>> {
        let file = recorded
            .record
            .files
            .iter()
            .find(|file| file.table.as_deref() == Some(table.name()));
        Ok(file.map(|file| home.evaluation(file)).transpose()?)
    };
    let mut repeated: HashSet<Key> = HashSet::new();
    for recorded in batches {
        let messages = table(recorded, Table::Message)?.map_or_else(Vec::new, |rows| keys(&rows, "key"));
        let sources = table(recorded, Table::Source)?.map_or_else(Vec::new, |rows| keys(&rows, "key"));
        if sources.len() > messages.len() {
            let mut first: HashSet<Key> = messages.into_iter().collect();
            repeated.extend(sources.into_iter().filter(|key| !first.remove(key)));
        }
    }
    let mut custodians: HashMap<Key, Vec<String>> = HashMap::new();
    for recorded in batches.iter().filter(|_| !repeated.is_empty()) {
        let Some(rows) = table(recorded, Table::Custodian)? else {
            continue;
        };
        let handles = rows
            .column_by_name("handle")
            .and_then(|handles| handles.as_string_opt::<i32>());
        let handles = handles.into_iter().flat_map(|handles| handles.iter().flatten());
        for (key, handle) in keys(&rows, "key").into_iter().zip(handles) {
            if repeated.contains(&key) {
                custodians.entry(key).or_default().push(handle.to_owned());
            }
        }
    }
    Ok(custodians)
}
