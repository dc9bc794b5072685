//! Requests for erasure: the messages that somebody asked to have erased, and what people said of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use duckdb::{Transaction, params};
use lexhold_model::{Key, canonical_json};
use serde_json::{Value, json};

use crate::covered::GRANT_PARTS;
use crate::error::{CatalogError, ErrorKind, Result};
use crate::open::Catalog;
use crate::payload::{
    ErasureAnswered, ErasureClosed, ErasureConfirmed, ErasureDecided, ErasureExtended, ErasureItem, ErasureProof,
    ErasureRequested, JournalEntry,
};
use crate::rows::{Row, collect, decimal, sql_key, sql_text};

/// A request for erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureRow {
    /// Its name.
    pub request: String,
    /// When it was frozen, in microseconds since 1970 in UTC.
    pub requested_at: i64,
    /// By whom.
    pub requested_by: String,
    /// Who asked.
    pub subject: String,
    /// The law that it rests on.
    pub law: String,
    /// Where the person is.
    pub located: String,
    /// Where the controller is established.
    pub established: Vec<String>,
    /// The local day on which it came in.
    pub received: String,
    /// The controller's zone.
    pub zone: String,
    /// The last day for an answer, as it was first.
    pub due: String,
    /// How its messages were chosen.
    pub chosen_by: Value,
    /// The digest of the list of messages.
    pub digest: String,
    /// How many they are, each with all its versions.
    pub n_messages: u64,
    /// Whether one person governed alone, in any of its steps.
    pub solo: bool,
    /// What happened since, in the order of the journal.
    pub steps: Vec<ErasureStepRow>,
}

/// A step of a request for erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureStepRow {
    /// `confirmed`, `extended`, `proof_asked`, `proof_received`, `answered`, `closed`.
    pub step: String,
    /// When, in microseconds since 1970 in UTC.
    pub at: i64,
    /// By whom.
    pub by: String,
    /// The last day for an answer from then on.
    pub day: Option<String>,
    /// Why, or on what evidence.
    pub reason: Option<String>,
    /// The day on which the person was told, the days of the wait for proof, the answer, the outcome.
    pub detail: Value,
}

impl ErasureRow {
    /// The last step of a kind.
    pub fn step(&self, step: &str) -> Option<&ErasureStepRow> {
        self.steps.iter().rev().find(|one| one.step == step)
    }

    /// The last day for an answer, as it is now.
    pub fn due(&self) -> &str {
        let days = self.steps.iter().rev().filter_map(|step| step.day.as_deref());
        days.into_iter().next().unwrap_or(&self.due)
    }

    /// The wait for proof of who asked that has not ended: until it does, the time for an answer stands still.
    pub fn awaits_proof(&self) -> Option<&ErasureStepRow> {
        let of_proof = |step: &&ErasureStepRow| step.step.starts_with("proof_");
        self.steps
            .iter()
            .rfind(of_proof)
            .filter(|step| step.step == "proof_asked")
    }
}

/// A message of a request for erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureItemRow {
    /// The family of its versions.
    pub family: Key,
    /// Its id in reports.
    pub message_id: String,
    /// How many others took part in it.
    pub others: u64,
    /// Other requests that name it and have not ended.
    pub also_asked_by: Vec<String>,
    /// What counsel decided last.
    pub decision: Option<DecisionRow>,
    /// Whether it is gone, and nothing of it has come in again.
    pub erased: bool,
    /// The plan under which it went.
    pub plan: Option<String>,
}

/// What counsel decided on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// The article on which it stays; none where its erasure is granted.
    pub ground: Option<String>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub decided_by: String,
}

/// Which messages somebody means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErasureChoice {
    /// Their handles, each with its platform; `*` stands for all. Without any, conversations are meant as a whole.
    pub handles: BTreeSet<(String, String)>,
    /// Only in these conversations; none means all.
    pub conversations: BTreeSet<String>,
    /// Only sent, or captured where that date is not believed, from this instant on: microseconds since 1970 in UTC.
    pub from: Option<i64>,
    /// Only before this instant, likewise.
    pub to: Option<i64>,
}

/// Projects a request.
pub(crate) fn request(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    asked: &ErasureRequested,
) -> duckdb::Result<()> {
    transaction.execute(
        "INSERT INTO erasure VALUES (?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            asked.request,
            entry.seq,
            entry.at,
            entry.actor,
            asked.subject,
            asked.law,
            asked.located,
            canonical_json(&json!(asked.established)),
            asked.received,
            asked.zone,
            asked.due,
            canonical_json(&asked.chosen_by),
            asked.digest,
            asked.solo
        ],
    )?;
    let mut rows = transaction.appender("erasure_item")?;
    for (number, item) in (1_i64..).zip(&asked.items) {
        let ErasureItem {
            family,
            message_id,
            others,
        } = item;
        rows.append_row(params![
            asked.request,
            entry.seq,
            number,
            decimal(*family),
            message_id,
            others
        ])?;
    }
    rows.flush()
}

/// Projects a confirmation.
pub(crate) fn confirm(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    confirmed: &ErasureConfirmed,
) -> duckdb::Result<()> {
    let ErasureConfirmed {
        request,
        digest,
        evidence,
        solo,
    } = confirmed;
    let detail = json!({ "digest": digest });
    step(
        transaction,
        entry,
        (request, "confirmed"),
        (None, Some(evidence)),
        &detail,
        (&[], *solo),
    )
}

/// Projects more time for an answer.
pub(crate) fn extend(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    extended: &ErasureExtended,
) -> duckdb::Result<()> {
    let ErasureExtended {
        request,
        due,
        notified,
        reason,
    } = extended;
    let detail = json!({ "notified": notified });
    let said = (Some(due.as_str()), Some(reason.as_str()));
    step(transaction, entry, (request, "extended"), said, &detail, (&[], false))
}

/// Projects the beginning or the end of a wait for proof.
pub(crate) fn proof(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    proof: &ErasureProof,
) -> duckdb::Result<()> {
    let ErasureProof {
        request,
        asked,
        received,
        reason,
    } = proof;
    let (name, came, due) = match received {
        None => ("proof_asked", None, None),
        Some((came, due)) => ("proof_received", Some(came), Some(due.as_str())),
    };
    let detail = json!({ "asked": asked, "received": came });
    let said = (due, reason.as_deref());
    step(transaction, entry, (request, name), said, &detail, (&[], false))
}

/// Projects an answer.
pub(crate) fn answer(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    answered: &ErasureAnswered,
) -> duckdb::Result<()> {
    let of = (answered.request.as_str(), "answered");
    let stands = (answered.confirmed_by.as_slice(), answered.solo);
    step(transaction, entry, of, (None, None), &answered.answer, stands)
}

/// Projects the end of a request.
pub(crate) fn close(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    closed: &ErasureClosed,
) -> duckdb::Result<()> {
    let of = (closed.request.as_str(), "closed");
    let detail = json!({ "outcome": closed.outcome });
    let stands = (closed.confirmed_by.as_slice(), closed.solo);
    step(transaction, entry, of, (None, Some(&closed.reason)), &detail, stands)
}

fn step(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    (request, step): (&str, &str),
    (day, reason): (Option<&str>, Option<&str>),
    detail: &Value,
    (confirmed_by, solo): (&[String], bool),
) -> duckdb::Result<()> {
    transaction.execute(
        "INSERT INTO erasure_step VALUES (?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?, ?, ?, ?)",
        params![
            request,
            entry.seq,
            entry.at,
            entry.actor,
            step,
            day,
            reason,
            canonical_json(detail),
            confirmed_by.join(" "),
            solo
        ],
    )?;
    Ok(())
}

/// Projects what counsel decided, a row for each part that waives something else.
pub(crate) fn decide(
    transaction: &Transaction<'_>,
    entry: &JournalEntry<'_>,
    decided: &ErasureDecided,
) -> duckdb::Result<()> {
    for (part, (waived, _)) in (0_i64..).zip(decided.parts()) {
        transaction.execute(
            "INSERT INTO erasure_decision VALUES (?, ?, ?, ?::TIMESTAMPTZ, ?, ?, ?, ?, ?, ?)",
            params![
                decided.request,
                entry.seq,
                part,
                entry.at,
                entry.actor,
                decided.ground,
                canonical_json(&json!(waived)),
                decided.reason,
                decided.confirmed_by.join(" "),
                decided.solo
            ],
        )?;
    }
    let mut rows = transaction.appender("erasure_decision_item")?;
    for (part, (_, items)) in (0_i64..).zip(decided.parts()) {
        for item in items {
            rows.append_row(params![entry.seq, part, decimal(item.family)])?;
        }
    }
    rows.flush()
}

fn parsed(text: &str) -> Result<Value> {
    let unreadable = || CatalogError::new(ErrorKind::Unreadable, "reading requests for erasure".to_owned());
    serde_json::from_str(text).map_err(|error| unreadable().because(error))
}

impl Catalog {
    /// Every request for erasure, in the order of the journal.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn erasures(&self) -> Result<Vec<ErasureRow>> {
        let doing = "reading requests for erasure";
        let sql = "SELECT e.request, epoch_us(e.requested_at), e.requested_by, e.subject, e.law, e.located, e.established,
                          e.received, e.zone, e.due, e.chosen_by, e.digest, coalesce(i.n, 0)::BIGINT,
                          e.solo OR coalesce(s.solo, false) OR coalesce(d.solo, false)
                   FROM erasure e
                   LEFT JOIN (SELECT request, count(*) AS n FROM erasure_item GROUP BY request) i USING (request)
                   LEFT JOIN (SELECT request, bool_or(solo) AS solo FROM erasure_step GROUP BY request) s USING (request)
                   LEFT JOIN (SELECT request, bool_or(solo) AS solo FROM erasure_decision GROUP BY request) d USING (request)
                   ORDER BY e.seq";
        let mut requests = collect(self.connection(), sql, doing, erasure)?;
        let sql = "SELECT request, step, epoch_us(stepped_at), stepped_by, day, reason, detail
                   FROM erasure_step ORDER BY seq";
        let steps = collect(self.connection(), sql, doing, |row| {
            let step = ErasureStepRow {
                step: row.owned(1)?,
                at: row.number(2)?,
                by: row.owned(3)?,
                day: row.owned_or_null(4)?,
                reason: row.owned_or_null(5)?,
                detail: parsed(row.text(6)?)?,
            };
            Ok((row.owned(0)?, step))
        })?;
        for (request, step) in steps {
            if let Some(of) = requests.iter_mut().find(|one| one.request == request) {
                of.steps.push(step);
            }
        }
        Ok(requests)
    }

    /// The messages of a request, or one of them, in the order in which they were frozen.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn erasure_items(&self, request: &str, family: Option<Key>) -> Result<Vec<ErasureItemRow>> {
        let request = sql_text(request);
        let only = family.map_or_else(String::new, |family| format!("AND i.family = {}", sql_key(family)));
        let sql = format!(
            "SELECT i.family, i.message_id, i.others, d.seq, d.ground, d.reason, d.decided_by,
                    t.family IS NOT NULL AND m.family IS NULL, t.plan, coalesce(a.requests, [])
             FROM erasure_item i
             LEFT JOIN (SELECT o.*, x.family FROM erasure_decision o JOIN erasure_decision_item x USING (seq, part)
                        WHERE o.request = {request}
                        QUALIFY row_number() OVER (PARTITION BY x.family ORDER BY o.seq DESC) = 1) d ON d.family = i.family
             LEFT JOIN (SELECT family, arg_max(plan, done_seq) AS plan FROM tombstone GROUP BY family) t ON t.family = i.family
             LEFT JOIN (SELECT DISTINCT family FROM message SEMI JOIN (SELECT family FROM erasure_item WHERE request = {request}) n
                        USING (family)) m ON m.family = i.family
             LEFT JOIN (SELECT family, list(DISTINCT request ORDER BY request) AS requests FROM erasure_item
                        WHERE request <> {request} AND request NOT IN (SELECT request FROM erasure_step WHERE step = 'closed')
                        GROUP BY family) a ON a.family = i.family
             WHERE i.request = {request} {only} ORDER BY i.item"
        );
        collect(self.connection(), &sql, "reading a request for erasure", item)
    }

    /// Chooses everything of the messages of a request, for [`crate::Scope::Chosen`].
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn choose_asked(&self, request: &str) -> Result<()> {
        self.connection_batch(&format!(
            "CREATE OR REPLACE TEMP TABLE chosen_family AS SELECT DISTINCT family FROM erasure_item WHERE request = {}",
            sql_text(request)
        ))
    }

    /// The requests that name a message.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn erasures_of(&self, family: Key) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT request FROM erasure_item WHERE family = {} ORDER BY seq",
            sql_key(family)
        );
        collect(self.connection(), &sql, "reading requests for erasure", |row| {
            row.owned(0)
        })
    }

    /// The schedule versions whose duties each part of a grant waived, by the number of the part: see [`Asked::granted`](crate::Asked).
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn waived(&self) -> Result<HashMap<u64, BTreeSet<Key>>> {
        let sql = format!("SELECT seq * {GRANT_PARTS} + part, waived FROM erasure_decision WHERE ground IS NULL");
        let rows = collect(self.connection(), &sql, "reading what was waived", |row| {
            let waived = serde_json::from_value(parsed(row.text(1)?)?).unwrap_or_default();
            Ok((row.count(0)?, waived))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// The messages that somebody means, by id; those with one of their handles as sender, recipient or custodian.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn choose_for_erasure(&self, choice: &ErasureChoice) -> Result<Vec<ErasureItem>> {
        self.set_handles(choice)?;
        let mut only = vec!["true".to_owned()];
        if !choice.handles.is_empty() {
            only.push(format!(
                "m.family IN (SELECT family FROM message SEMI JOIN ({NAMED}) USING (key))"
            ));
        }
        if !choice.conversations.is_empty() {
            let named: Vec<String> = choice.conversations.iter().map(|one| sql_text(one)).collect();
            only.push(format!("m.conversation IN ({})", named.join(", ")));
        }
        let moment = "epoch_us(CASE WHEN m.trigger_suspect OR m.sent_at IS NULL THEN m.captured_at ELSE m.sent_at END)";
        only.extend(choice.from.map(|from| format!("{moment} >= {from}")));
        only.extend(choice.to.map(|to| format!("{moment} < {to}")));
        let chosen = format!("SELECT DISTINCT m.family FROM message m WHERE {}", only.join(" AND "));
        self.erasure_candidates(&chosen)
    }

    /// These messages, as a request would name them.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn named_for_erasure(&self, families: &[Key], choice: &ErasureChoice) -> Result<Vec<ErasureItem>> {
        self.set_handles(choice)?;
        self.want(families)?;
        self.erasure_candidates("SELECT key AS family FROM wanted")
    }

    fn erasure_candidates(&self, chosen: &str) -> Result<Vec<ErasureItem>> {
        let sql = format!(
            "WITH chosen AS MATERIALIZED ({chosen}),
                  of AS MATERIALIZED (SELECT m.key, m.family, m.message_id, m.platform, m.sender FROM message m SEMI JOIN chosen USING (family)),
                  part AS (SELECT family, platform, sender AS handle FROM of
                           UNION SELECT o.family, o.platform, r.handle FROM of o JOIN recipient r USING (key)
                           UNION SELECT o.family, o.platform, c.handle FROM of o JOIN custodian c USING (key)),
                  other AS (SELECT p.family, count(*) AS n FROM part p
                            WHERE NOT EXISTS (SELECT 1 FROM erased_handle h WHERE h.handle = p.handle AND h.platform IN ('*', p.platform))
                            GROUP BY p.family)
             SELECT o.family, min(o.message_id), coalesce(any_value(x.n), 0)::BIGINT
             FROM of o LEFT JOIN other x USING (family) GROUP BY o.family ORDER BY 2, 1"
        );
        collect(self.connection(), &sql, "choosing messages for erasure", |row| {
            Ok(ErasureItem {
                family: row.key(0)?,
                message_id: row.owned(1)?,
                others: row.count(2)?,
            })
        })
    }

    fn set_handles(&self, choice: &ErasureChoice) -> Result<()> {
        self.connection_batch("CREATE OR REPLACE TEMP TABLE erased_handle (platform VARCHAR, handle VARCHAR)")?;
        let texts = |of: fn(&(String, String)) -> &str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(choice.handles.iter().map(of)))
        };
        self.append(
            "erased_handle",
            vec![("platform", texts(|one| &one.0)), ("handle", texts(|one| &one.1))],
        )
    }
}

/// The versions in which a chosen handle takes part, as SQL.
const NAMED: &str = "
    SELECT m.key FROM message m JOIN erased_handle h ON h.handle = m.sender AND h.platform IN ('*', m.platform)
    UNION SELECT r.key FROM recipient r JOIN erased_handle h USING (handle) JOIN message m ON m.key = r.key
          WHERE h.platform IN ('*', m.platform)
    UNION SELECT c.key FROM custodian c JOIN erased_handle h USING (handle) JOIN message m ON m.key = c.key
          WHERE h.platform IN ('*', m.platform)";

fn erasure(row: Row<'_>) -> Result<ErasureRow> {
    Ok(ErasureRow {
        request: row.owned(0)?,
        requested_at: row.number(1)?,
        requested_by: row.owned(2)?,
        subject: row.owned(3)?,
        law: row.owned(4)?,
        located: row.owned(5)?,
        established: serde_json::from_value(parsed(row.text(6)?)?).unwrap_or_default(),
        received: row.owned(7)?,
        zone: row.owned(8)?,
        due: row.owned(9)?,
        chosen_by: parsed(row.text(10)?)?,
        digest: row.owned(11)?,
        n_messages: row.count(12)?,
        solo: row.flag(13)?,
        steps: Vec::new(),
    })
}

fn item(row: Row<'_>) -> Result<ErasureItemRow> {
    let decision = match row.number_or_null(3)? {
        None => None,
        Some(_) => Some(DecisionRow {
            ground: row.owned_or_null(4)?,
            reason: row.owned(5)?,
            decided_by: row.owned(6)?,
        }),
    };
    Ok(ErasureItemRow {
        family: row.key(0)?,
        message_id: row.owned(1)?,
        others: row.count(2)?,
        decision,
        erased: row.flag(7)?,
        plan: row.owned_or_null(8)?,
        also_asked_by: row.texts(9)?,
    })
}
