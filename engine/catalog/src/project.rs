//! From the journal to the tables: one entry, one short transaction, the same for a commit and for a rebuild.

use std::path::{Path, PathBuf};

use duckdb::{Connection, Transaction, params};
use lexhold_model::tables::Table;
use lexhold_model::{Digest, canonical_json};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{CatalogError, Doing, ErrorKind, Result, utf8};
use crate::events::EventRowStep;
use crate::open::Writer;
use crate::payload::{
    Activation, Batch, JournalEntry, RetentionResolved, Review, RunFinished, RunStarted, SampleCommitted, Viewed, kind,
};
use crate::schema::columns;
use crate::{cases, corrections, disposals, erasures, events, holds, numbers, resolutions, reviews, samples, sources};

/// Whether an entry left something in the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projected {
    /// It was applied now.
    Applied,
    /// It had been applied before, and nothing was done.
    Before,
}

impl Writer {
    /// Applies one journal entry with the evaluation files that it names, in one transaction.
    ///
    /// Entries come in the order of the journal. One that has been applied before is skipped, so that whoever is not
    /// sure where the catalog stands may start anywhere before that.
    ///
    /// # Errors
    /// [`ErrorKind::Gap`] when entries are missing, [`ErrorKind::Entry`] when the payload does not say what it must,
    /// [`ErrorKind::Path`], and [`ErrorKind::Statement`] when a file is missing or damaged or the disk is full. The
    /// catalog is then as it was before the entry.
    pub fn project(&mut self, entry: &JournalEntry<'_>, files: &[(Table, PathBuf)]) -> Result<Projected> {
        let doing = doing(entry);
        if !is_next(self.applied_seq()?, entry)? {
            return Ok(Projected::Before);
        }
        stage(self.connection_mut(), files, &doing)?;
        let mut together = self.together()?;
        together.apply(entry)?;
        apply_files(&together.transaction, entry.seq, files, &doing)?;
        together.commit()?;
        Ok(Projected::Applied)
    }

    /// Begins to apply several entries without files in one transaction: steps of a destruction, of which there may be
    /// thousands behind each other, and each of which by itself would read every table through.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn together(&mut self) -> Result<Together<'_>> {
        let applied = self.applied_seq()?;
        let transaction = self.connection_mut().transaction();
        Ok(Together {
            transaction: transaction.doing("projecting journal entries")?,
            applied,
            leaf: None,
            gone: Vec::new(),
        })
    }
}

/// Entries that are applied all at once, or none of them: see [`Writer::together`].
#[derive(Debug)]
pub struct Together<'w> {
    transaction: Transaction<'w>,
    applied: Option<u64>,
    /// The line of the last entry that was added.
    leaf: Option<Digest>,
    /// The entries that say that messages are gone.
    gone: Vec<u64>,
}

impl Together<'_> {
    /// Adds an entry, under the rules of [`Writer::project`].
    ///
    /// # Errors
    /// As there.
    pub fn project(&mut self, entry: &JournalEntry<'_>) -> Result<Projected> {
        if !is_next(self.applied, entry)? {
            return Ok(Projected::Before);
        }
        self.apply(entry)?;
        Ok(Projected::Applied)
    }

    fn apply(&mut self, entry: &JournalEntry<'_>) -> Result<()> {
        apply_entry(&self.transaction, entry, &doing(entry))?;
        if entry.kind == kind::DISPOSAL_DONE {
            self.gone.push(entry.seq);
        }
        (self.applied, self.leaf) = (Some(entry.seq), Some(entry.leaf));
        Ok(())
    }

    /// Makes all that was added last.
    ///
    /// # Errors
    /// [`ErrorKind::Statement`] when the disk is full; the catalog is then as it was before the first of them.
    pub fn commit(self) -> Result<()> {
        let doing = "projecting journal entries";
        if !self.gone.is_empty() {
            disposals::forget(&self.transaction, &self.gone).doing(doing)?;
        }
        if let (Some(applied), Some(leaf)) = (self.applied, self.leaf) {
            self.transaction
                .execute(
                    "UPDATE meta SET applied_seq = ?, applied_leaf = ?",
                    params![applied, leaf.to_string()],
                )
                .doing(doing)?;
        }
        self.transaction.commit().doing(doing)
    }
}

fn doing(entry: &JournalEntry<'_>) -> String {
    format!("projecting journal entry {}", entry.seq)
}

/// Whether an entry is the next to be applied; not so where it was before.
fn is_next(applied: Option<u64>, entry: &JournalEntry<'_>) -> Result<bool> {
    match (applied, entry.seq) {
        (Some(applied), seq) if seq <= applied => Ok(false),
        (Some(applied), seq) if seq == applied + 1 => Ok(true),
        (None, _) if entry.kind == kind::HOME_CREATED => Ok(true),
        (applied, found) => {
            let expected = applied.map(|applied| applied + 1);
            Err(CatalogError::new(ErrorKind::Gap { expected, found }, doing(entry)))
        }
    }
}

fn apply_entry(transaction: &Transaction<'_>, entry: &JournalEntry<'_>, doing: &str) -> Result<()> {
    let JournalEntry { seq, at, actor, .. } = *entry;
    let done = match entry.kind {
        kind::ACTIVATION => {
            let Activation { bundle, documents } = payload(entry, doing)?;
            transaction.execute(
                "INSERT INTO activation VALUES (?, ?::TIMESTAMPTZ, ?, ?, ?)",
                params![seq, at, actor, bundle, canonical_json(&Value::Array(documents))],
            )
        }
        kind::RETENTION_CORRECTED => {
            return corrections::apply(transaction, entry, &payload(entry, doing)?).doing(doing);
        }
        kind::RETENTION_RESOLVED => {
            let RetentionResolved { detail } = payload(entry, doing)?;
            return resolutions::apply(transaction, entry, &detail).doing(doing);
        }
        kind::CASE_OPENED => return cases::open(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::CASE_ADDED => return cases::add(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::CASE_CLOSED => return cases::close(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::ERASURE_REQUESTED => return erasures::request(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::ERASURE_CONFIRMED => return erasures::confirm(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::ERASURE_EXTENDED => return erasures::extend(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::ERASURE_PROOF => return erasures::proof(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::ERASURE_DECIDED => return erasures::decide(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::ERASURE_ANSWERED => return erasures::answer(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::ERASURE_CLOSED => return erasures::close(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::RUN_STARTED => {
            let RunStarted {
                run,
                bundle,
                facts,
                as_of,
            } = payload(entry, doing)?;
            transaction.execute(
                "INSERT INTO run VALUES (?, ?, ?, ?::TIMESTAMPTZ, ?, ?, ?::TIMESTAMPTZ, NULL, NULL)",
                params![run, seq, actor, at, bundle, facts, as_of],
            )
        }
        kind::BATCH => return apply_batch(transaction, seq, &payload(entry, doing)?).doing(doing),
        kind::RUN_FINISHED => {
            let RunFinished { run, summary } = payload(entry, doing)?;
            transaction.execute(
                "UPDATE run SET finished_at = ?::TIMESTAMPTZ, summary = ? WHERE run = ?",
                params![at, canonical_json(&summary), run],
            )
        }
        kind::HOLD_PLACED => return holds::placed(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::HOLD_APPLIED => return holds::applied(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::HOLD_RELEASED => return holds::released(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::HOLD_NOTICE => return holds::noted(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::REVIEW => {
            let review: Review = payload(entry, doing)?;
            return reviews::apply(transaction, entry, &review).doing(doing);
        }
        kind::VIEWED => {
            let Viewed {
                object,
                object_id,
                content,
            } = payload(entry, doing)?;
            transaction.execute(
                "INSERT INTO viewing VALUES (?, ?::TIMESTAMPTZ, ?, ?, ?, ?)",
                params![seq, at, actor, object, object_id, content],
            )
        }
        kind::SAMPLE_COMMITTED => {
            let committed: SampleCommitted = payload(entry, doing)?;
            transaction.execute(
                "INSERT INTO sample_commitment VALUES (?, ?, ?, ?::TIMESTAMPTZ, ?::TIMESTAMPTZ, ?::TIMESTAMPTZ, ?, ?)",
                params![
                    committed.sample,
                    committed.period,
                    seq,
                    at,
                    committed.begins_at,
                    committed.ends_at,
                    committed.commitment,
                    canonical_json(&committed.plan)
                ],
            )
        }
        kind::EVENT_RECORDED | kind::EVENT_CORRECTED | kind::EVENT_CANCELLED => {
            let step = EventRowStep::of_kind(entry.kind).unwrap_or_default();
            return events::apply(transaction, entry, step, &payload(entry, doing)?).doing(doing);
        }
        kind::DISPOSAL_PROPOSED => {
            return disposals::proposed(transaction, entry, &payload(entry, doing)?).doing(doing);
        }
        kind::DISPOSAL_APPROVED => {
            return disposals::approved(transaction, entry, &payload(entry, doing)?).doing(doing);
        }
        kind::DISPOSAL_REJECTED => {
            return disposals::rejected(transaction, entry, &payload(entry, doing)?).doing(doing);
        }
        kind::DISPOSAL_INTENT => return disposals::intended(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::DISPOSAL_DONE => return disposals::done(transaction, entry, &payload(entry, doing)?).doing(doing),
        kind::DISPOSAL_CERTIFIED => {
            return disposals::certified(transaction, entry, &payload(entry, doing)?).doing(doing);
        }
        kind::RESTORED => return disposals::restored(transaction, seq, payload(entry, doing)?).doing(doing),
        kind::SAMPLE_DRAWN => return samples::apply(transaction, entry, &payload(entry, doing)?).doing(doing),
        _ => return Ok(()),
    };
    done.doing(doing).map(|_| ())
}

fn apply_batch(transaction: &Transaction<'_>, seq: u64, batch: &Batch) -> duckdb::Result<()> {
    transaction.execute("INSERT INTO batch VALUES (?, ?)", params![seq, batch.run])?;
    for input in &batch.detail.inputs {
        transaction.execute(
            "INSERT INTO batch_input VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![
                seq,
                input.path,
                input.digest,
                input.bytes,
                input.messages,
                input.complete,
                input.format
            ],
        )?;
    }
    sources::apply(transaction, seq, &batch.detail)
}

fn payload<T: DeserializeOwned>(entry: &JournalEntry<'_>, doing: &str) -> Result<T> {
    T::deserialize(entry.payload)
        .map_err(|error| CatalogError::new(ErrorKind::Entry { seq: entry.seq }, doing).because(error))
}

/// Lists the messages that arrive with the entry. Rows that speak of them cannot be in the catalog yet; only the few
/// that speak of older messages have to be compared with millions.
fn stage(connection: &Connection, files: &[(Table, PathBuf)], doing: &str) -> Result<()> {
    let arrived = match source(files, Table::Message)? {
        Some(messages) => numbers::arrived(&messages),
        None => "SELECT NULL::DECIMAL(38,0) AS key, NULL::INTEGER AS message_no WHERE false".to_owned(),
    };
    connection
        .execute_batch(&format!("CREATE OR REPLACE TEMP TABLE arrived AS {arrived}"))
        .doing(doing)
}

fn apply_files(transaction: &Transaction<'_>, seq: u64, files: &[(Table, PathBuf)], doing: &str) -> Result<()> {
    let (messages, assignments) = (source(files, Table::Message)?, source(files, Table::Assignment)?);
    numbers::give(transaction, messages.as_deref(), assignments.as_deref()).doing(doing)?;
    for table in Table::ALL {
        let Some(rows) = source(files, table)? else { continue };
        match table {
            Table::Message => add_messages(transaction, seq, &rows, assignments.as_deref()),
            Table::Assignment => add_assignments(transaction, seq, &rows),
            Table::Reassignment => add_reassignments(transaction, seq, &rows),
            Table::Recipient | Table::Custodian => add_rows(transaction, table, &rows, &Beside::Message).map(|_| ()),
            Table::Source
            | Table::Hit
            | Table::Part
            | Table::ConversationEvent
            | Table::HoldMember
            | Table::Diagnostic => add_rows(transaction, table, &rows, &Beside::Nothing).map(|_| ()),
            Table::DisposalItem => {
                let own = columns(table, "");
                transaction.execute_batch(&format!("INSERT INTO disposal_item ({own}) SELECT {own} FROM {rows}"))
            }
            Table::Facts | Table::Rule | Table::Schedule | Table::DutySet | Table::Days | Table::Handle => {
                add_new(transaction, table, &rows, identity(table).unwrap_or_default())
            }
        }
        .doing(doing)?;
    }
    Ok(())
}

/// By which columns rows that many messages share are told apart; none where rows belong to one message.
pub(crate) fn identity(table: Table) -> Option<&'static [&'static str]> {
    match table {
        Table::Facts => Some(&["facts_id"]),
        Table::Rule => Some(&["rule_id"]),
        Table::Schedule => Some(&["schedule_id"]),
        Table::DutySet => Some(&["set_id", "ordinal"]),
        Table::Days => Some(&["days_id", "zone"]),
        Table::Handle => Some(&["platform", "handle", "known"]),
        _ => None,
    }
}

fn add_messages(
    transaction: &Transaction<'_>,
    seq: u64,
    messages: &str,
    assignments: Option<&str>,
) -> duckdb::Result<()> {
    let names = columns(Table::Message, "");
    let own = columns(Table::Message, "m.");
    numbers::number(transaction, messages, assignments)?;
    transaction.execute_batch(&format!(
        "INSERT INTO message ({names}, seq, origin_no, days_no, conversation_no, place_no, message_no)
         SELECT {own}, {seq}, n.origin_no, n.days_no, n.conversation_no, n.place_no, n.message_no
         FROM {messages} m JOIN numbered n ON n.key = m.key"
    ))
}

/// Adds assignments, and marks the families that now have more than the one that came with the message itself.
fn add_assignments(transaction: &Transaction<'_>, seq: u64, rows: &str) -> duckdb::Result<()> {
    let late = add_rows(transaction, Table::Assignment, rows, &Beside::Entry(seq))?;
    let late_families = if late { "UNION SELECT family FROM late" } else { "" };
    transaction.execute_batch(&format!(
        "INSERT INTO united
         SELECT family FROM (
             SELECT family FROM {rows} WHERE key IN (SELECT key FROM arrived) GROUP BY family
             HAVING count(DISTINCT (set_id, days_id, facts_id, scan_incomplete)) > 1 OR count(DISTINCT key) > 1
                 OR min(key) <> family
             {late_families}) n
         WHERE NOT EXISTS (SELECT 1 FROM united u WHERE u.family = n.family)"
    ))?;
    let older = format!(
        "SELECT count(*) FROM (SELECT DISTINCT family FROM {rows} SEMI JOIN united USING (family)) n
         WHERE NOT EXISTS (SELECT 1 FROM arrived a WHERE a.key = n.family)"
    );
    let here = !late && transaction.query_row(&older, [], |row| row.get::<_, i64>(0))? == 0;
    numbers::unite(transaction, seq, rows, here)
}

/// Adds what a newly active bundle makes of the facts that the home has.
fn add_reassignments(transaction: &Transaction<'_>, seq: u64, rows: &str) -> duckdb::Result<()> {
    let own = columns(Table::Reassignment, "");
    transaction.execute_batch(&format!(
        "INSERT INTO reassignment ({own}, seq) SELECT DISTINCT {own}, {seq} FROM {rows}"
    ))
}

/// What a table has beside the columns of its files.
enum Beside {
    Nothing,
    /// The number of the entry.
    Entry(u64),
    /// The number of the message.
    Message,
}

/// Adds rows that belong to messages, each once. Says whether any spoke of an older message; the temporary table `late` then holds
/// those that were new.
fn add_rows(transaction: &Transaction<'_>, table: Table, rows: &str, beside: &Beside) -> duckdb::Result<bool> {
    let (name, own) = (table.name(), columns(table, ""));
    let (column, value, join, of_message) = match beside {
        Beside::Nothing => ("", String::new(), "SEMI JOIN", ""),
        Beside::Entry(seq) => (", seq", format!(", {seq}"), "SEMI JOIN", ""),
        Beside::Message => {
            let number = ", message_no";
            (
                number,
                number.to_owned(),
                "JOIN",
                "JOIN (SELECT key, message_no FROM message) USING (key)",
            )
        }
    };
    transaction.execute_batch(&format!(
        "INSERT INTO {name} ({own}{column}) SELECT DISTINCT {own}{value} FROM {rows} {join} arrived USING (key)"
    ))?;
    // The keys first, and by themselves: what is compared with them streams by, however much there is.
    transaction.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE late_key AS
             SELECT DISTINCT key FROM {rows} WHERE key NOT IN (SELECT key FROM arrived WHERE key IS NOT NULL)"
    ))?;
    if transaction.query_row("SELECT count(*) FROM late_key", [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(false);
    }
    transaction.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE late AS
             SELECT {own} FROM {rows} WHERE key IN (SELECT key FROM late_key)
             EXCEPT SELECT {own} FROM {name} WHERE key IN (SELECT key FROM late_key);
         INSERT INTO {name} ({own}{column}) SELECT {own}{value} FROM late {of_message}"
    ))?;
    Ok(true)
}

/// Adds rows that describe something shared by many messages, once for each identity.
fn add_new(transaction: &Transaction<'_>, table: Table, rows: &str, identity: &[&str]) -> duckdb::Result<()> {
    let (name, own, ids) = (table.name(), columns(table, ""), identity.join(", "));
    let same: Vec<String> = identity.iter().map(|id| format!("o.{id} = n.{id}")).collect();
    let same = same.join(" AND ");
    transaction.execute_batch(&format!(
        "INSERT INTO {name} ({own}) SELECT DISTINCT ON ({ids}) {own} FROM {rows} n
         WHERE NOT EXISTS (SELECT 1 FROM {name} o WHERE {same})"
    ))
}

/// The files of one table as something to select from; `None` when the entry has none.
pub(crate) fn source(files: &[(Table, PathBuf)], table: Table) -> Result<Option<String>> {
    let of_table = files.iter().filter(|(of, _)| *of == table);
    let paths: Vec<String> = of_table.map(|(_, path)| literal(path)).collect::<Result<_>>()?;
    Ok((!paths.is_empty()).then(|| format!("read_parquet([{}])", paths.join(", "))))
}

/// A path as an SQL string that means this very file: DuckDB takes `*`, `?` and `[` for patterns, a bracket of one
/// character stands for itself.
fn literal(path: &Path) -> Result<String> {
    let mut text = String::from("'");
    for character in utf8(path, "reading")?.chars() {
        match character {
            '\'' => text.push_str("''"),
            '*' | '?' | '[' => text.extend(['[', character, ']']),
            other => text.push(other),
        }
    }
    text.push('\'');
    Ok(text)
}
