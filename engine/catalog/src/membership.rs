//! Which of the messages that the catalog has a hold covers, by what is stored of them: no body is read.
//!
//! What a condition says, and whom facts name, is asked once for each distinct input and joined with the messages. Truth has
//! three values, ordered: 0 is no, 1 is unknown, 2 is yes; "and" is the least of them, "or" the greatest.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, Int8Array, Int64Array, RecordBatch, StringArray};
use lexhold_model::Key;
use lexhold_model::tables::Table;

use crate::error::{CatalogError, Doing, ErrorKind, Result};
use crate::open::Catalog;
use crate::rows::{collect, sql_text, stream};

/// What a hold asks of messages, as far as SQL answers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldQuestion {
    /// The hold.
    pub hold: String,
    /// Whether it covers every message.
    pub everything: bool,
    /// Whether it names any custodian.
    pub names_custodians: bool,
    /// Handles of custodians, each with its platform; `*` stands for all.
    pub handles: Vec<(String, String)>,
    /// Conversations that it names.
    pub conversations: Vec<String>,
    /// Messages that it names, by either id.
    pub ids: Vec<String>,
    /// The first instant of its content range and the first one behind it, in microseconds since 1970 in UTC.
    pub from: Option<i64>,
    /// The first instant behind its content range.
    pub to: Option<i64>,
    /// Whether its condition tells instants apart.
    pub by_instant: bool,
    /// Whether every distinct input has an answer. Otherwise those without one name no custodian, and there is no condition.
    pub all_answered: bool,
}

/// What a hold says of one distinct input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldAnswer {
    /// The facts.
    pub facts_id: Key,
    /// Whether the text could not be scanned to its end.
    pub scan_incomplete: bool,
    /// When messages with it were sent, where that is told apart, in microseconds since 1970 in UTC.
    pub sent_at: Option<i64>,
    /// Whether the facts name a custodian: 0, 1 or 2.
    pub custodian: i8,
    /// What the condition says: 0, 1 or 2.
    pub condition: i8,
}

/// A message that everything but the text of it makes a member of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldCandidate {
    /// The version.
    pub key: Key,
    /// Whether the hold names its very id.
    pub named: bool,
    /// 1 where that is unknown, 2 where it is known.
    pub level: i8,
    /// Whether the text could not be scanned to its end.
    pub scan_incomplete: bool,
}

impl Catalog {
    /// Finds the messages that a hold covers by its own predicate, and sets them beside the catalog for the questions that
    /// follow. `only` asks about messages of these journal entries, and about those to which they brought custodians.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn ask_hold(&self, question: &HoldQuestion, answers: &[HoldAnswer], only: Option<&[u64]>) -> Result<()> {
        let doing = "asking about a hold";
        if only.is_some_and(<[u64]>::is_empty) {
            let none = "CREATE OR REPLACE TEMP TABLE asked (key DECIMAL(38,0), family DECIMAL(38,0), level TINYINT,
                                                            named BOOLEAN, seq BIGINT, scan_incomplete BOOLEAN)";
            return self.connection().execute_batch(none).doing(doing);
        }
        self.set_answers(answers)?;
        self.set_named(question)?;
        let sql = asked_sql(question, only);
        self.connection().execute_batch(&sql).doing(doing)
    }

    /// Adds what belongs to messages that the hold covers or will: reactions to them and what they react to; with
    /// `threads` all that replies within a conversation tie together.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn expand_hold(&self, hold: &str, threads: bool) -> Result<()> {
        let doing = "following replies and reactions";
        let connection = self.connection();
        let kind = if threads { "" } else { "AND c.kind = 'reaction'" };
        let tied = format!("SELECT count(*) FROM message c WHERE c.reply_to IS NOT NULL {kind}");
        let n_tied: i64 = connection.query_row(&tied, [], |row| row.get(0)).doing(doing)?;
        if n_tied == 0 {
            return Ok(());
        }
        let hold = sql_text(hold);
        // Who is tied to whom is found out once; what follows is a walk over pairs of families.
        connection
            .execute_batch(&format!(
                "CREATE OR REPLACE TEMP TABLE tied_family AS
                     SELECT family, max(level) AS level, 0 AS round FROM (
                         SELECT family, level FROM asked
                         UNION ALL SELECT family, CASE membership WHEN 'held' THEN 2 ELSE 1 END FROM hold_member WHERE hold = {hold})
                     GROUP BY family;
                 CREATE OR REPLACE TEMP TABLE reply AS
                     SELECT family, platform, conversation_no, reply_to FROM message c WHERE reply_to IS NOT NULL {kind};
                 CREATE OR REPLACE TEMP TABLE tie AS
                     SELECT DISTINCT c.family AS one, p.family AS other FROM message p JOIN reply c
                     ON c.reply_to = p.native_id AND c.conversation_no = p.conversation_no AND c.platform = p.platform"
            ))
            .doing(doing)?;
        for round in 0.. {
            let added = connection
                .execute(
                    &format!(
                        "INSERT INTO tied_family SELECT family, max(level), {round} + 1 FROM (
                             SELECT t.other AS family, f.level FROM tied_family f JOIN tie t ON t.one = f.family WHERE f.round = {round}
                             UNION ALL
                             SELECT t.one, f.level FROM tied_family f JOIN tie t ON t.other = f.family WHERE f.round = {round}) n
                         WHERE family NOT IN (SELECT family FROM tied_family) GROUP BY family"
                    ),
                    [],
                )
                .doing(doing)?;
            match added {
                0 if round == 0 => return Ok(()),
                0 => break,
                _ => {}
            }
        }
        connection
            .execute_batch(
                "INSERT INTO asked SELECT m.key, m.family, t.level, false, m.seq, m.scan_incomplete
                 FROM message m JOIN (FROM tied_family WHERE round > 0) t USING (family)
                 WHERE m.key NOT IN (SELECT key FROM asked)",
            )
            .doing(doing)
    }

    /// Leaves of what was asked only what further answers confirm: those that reading the text gave.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn judge_hold(&self, keys: &[Key], levels: &[i8]) -> Result<()> {
        let doing = "putting together what a hold covers";
        self.connection()
            .execute_batch("CREATE OR REPLACE TEMP TABLE judged (key DECIMAL(38,0), level TINYINT)")
            .doing(doing)?;
        self.append(
            "judged",
            vec![
                ("key", decimals(keys.iter().copied()).doing(doing)?),
                ("level", Arc::new(Int8Array::from_iter_values(levels.iter().copied()))),
            ],
        )?;
        self.connection()
            .execute_batch(
                "CREATE OR REPLACE TEMP TABLE asked AS
                     SELECT a.key, a.family, j.level, a.named, a.seq, a.scan_incomplete FROM asked a JOIN judged j USING (key)",
            )
            .doing(doing)
    }

    /// The journal entries that brought the messages which were found.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn hold_batches(&self) -> Result<Vec<u64>> {
        let sql = "SELECT DISTINCT seq FROM asked ORDER BY seq";
        collect(self.connection(), sql, "asking about a hold", |row| row.count(0))
    }

    /// The messages of one journal entry that were found.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn hold_candidates(&self, seq: u64) -> Result<Vec<HoldCandidate>> {
        let sql = format!("SELECT key, named, level::BIGINT, scan_incomplete FROM asked WHERE seq = {seq}");
        collect(self.connection(), &sql, "asking about a hold", |row| {
            Ok(HoldCandidate {
                key: row.key(0)?,
                named: row.flag(1)?,
                level: if row.number(2)? == 2 { 2 } else { 1 },
                scan_incomplete: row.flag(3)?,
            })
        })
    }

    /// Hands over the memberships that were found and are not on record, in the columns of [`Table::HoldMember`], in pieces.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn new_members<E: From<CatalogError>>(
        &self,
        hold: &str,
        mut each: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let hold = sql_text(hold);
        let sql = format!(
            "SELECT {hold} AS hold, a.key, a.family, CASE a.level WHEN 2 THEN 'held' ELSE 'unevaluable' END AS membership
             FROM asked a ANTI JOIN (SELECT key, membership FROM hold_member WHERE hold = {hold}) o
             ON o.key = a.key AND (o.membership = 'held' OR a.level < 2) ORDER BY a.key"
        );
        stream(self.connection(), &sql, "reading what a hold covers", |batch| {
            let batch =
                RecordBatch::try_new(Table::HoldMember.schema(), batch.columns().to_vec()).map_err(|error| {
                    CatalogError::new(ErrorKind::Statement, "reading what a hold covers").because(error)
                })?;
            each(&batch)
        })
    }

    /// How many versions a hold covers for certain, and how many because nobody can tell.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn hold_counts(&self, hold: &str) -> Result<(u64, u64)> {
        let sql = format!(
            "SELECT count(*) FILTER (held), count(*) FILTER (NOT held) FROM (
                 SELECT key, bool_or(membership = 'held') AS held FROM hold_member WHERE hold = {} GROUP BY key)",
            sql_text(hold)
        );
        let counts = collect(self.connection(), &sql, "counting what a hold covers", |row| {
            Ok((row.count(0)?, row.count(1)?))
        })?;
        Ok(counts.into_iter().next().unwrap_or_default())
    }

    /// The handles under which messages with some facts were written: facts, platform, handle.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn senders_of(&self, facts: &[Key]) -> Result<Vec<(Key, String, String)>> {
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        let doing = "reading handles of senders";
        self.connection()
            .execute_batch("CREATE OR REPLACE TEMP TABLE wanted_facts (facts_id DECIMAL(38,0))")
            .doing(doing)?;
        self.append(
            "wanted_facts",
            vec![("facts_id", decimals(facts.iter().copied()).doing(doing)?)],
        )?;
        let sql = "SELECT DISTINCT o.facts_id, m.platform, m.sender FROM message m
                   JOIN (FROM origin SEMI JOIN wanted_facts USING (facts_id)) o USING (origin_no) ORDER BY ALL";
        collect(self.connection(), sql, doing, |row| {
            Ok((row.key(0)?, row.owned(1)?, row.owned(2)?))
        })
    }

    /// Answers, by the small numbers that stand for their inputs in messages.
    fn set_answers(&self, answers: &[HoldAnswer]) -> Result<()> {
        let doing = "asking about a hold";
        self.connection()
            .execute_batch(
                "CREATE OR REPLACE TEMP TABLE hold_answer
                     (facts_id DECIMAL(38,0), scan_incomplete BOOLEAN, sent_at BIGINT, custodian TINYINT, condition TINYINT)",
            )
            .doing(doing)?;
        self.append(
            "hold_answer",
            vec![
                (
                    "facts_id",
                    decimals(answers.iter().map(|one| one.facts_id)).doing(doing)?,
                ),
                (
                    "scan_incomplete",
                    Arc::new(
                        answers
                            .iter()
                            .map(|one| Some(one.scan_incomplete))
                            .collect::<BooleanArray>(),
                    ),
                ),
                (
                    "sent_at",
                    Arc::new(answers.iter().map(|one| one.sent_at).collect::<Int64Array>()),
                ),
                (
                    "custodian",
                    Arc::new(Int8Array::from_iter_values(answers.iter().map(|one| one.custodian))),
                ),
                (
                    "condition",
                    Arc::new(Int8Array::from_iter_values(answers.iter().map(|one| one.condition))),
                ),
            ],
        )?;
        self.connection()
            .execute_batch(
                "CREATE OR REPLACE TEMP TABLE origin_answer AS
                     SELECT o.origin_no, a.sent_at, a.custodian, a.condition
                     FROM origin o JOIN hold_answer a USING (facts_id, scan_incomplete)",
            )
            .doing(doing)
    }

    /// The messages that went to a handle of a custodian, whatever it meant when they came in, and on whatever platform.
    fn set_named(&self, question: &HoldQuestion) -> Result<()> {
        let doing = "asking about a hold";
        self.connection_batch(
            "CREATE OR REPLACE TEMP TABLE wanted_handle (platform VARCHAR, handle VARCHAR);
             CREATE OR REPLACE TEMP TABLE named_no (message_no INTEGER, handle VARCHAR)",
        )?;
        if question.handles.is_empty() {
            return Ok(());
        }
        let texts = |of: fn(&(String, String)) -> &str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(question.handles.iter().map(of)))
        };
        self.append(
            "wanted_handle",
            vec![("platform", texts(|one| &one.0)), ("handle", texts(|one| &one.1))],
        )?;
        let handles = list(&question.distinct_handles());
        for table in ["recipient", "custodian"] {
            let sql =
                format!("INSERT INTO named_no SELECT message_no, handle FROM {table} WHERE handle IN ({handles})");
            self.connection().execute_batch(&sql).doing(doing)?;
        }
        Ok(())
    }
}

impl HoldQuestion {
    /// The handles, each once, whatever the platform.
    fn distinct_handles(&self) -> Vec<String> {
        let handles: BTreeSet<&String> = self.handles.iter().map(|(_, handle)| handle).collect();
        handles.into_iter().cloned().collect()
    }
}

/// Finds the messages: `asked` has those that may be members.
fn asked_sql(question: &HoldQuestion, only: Option<&[u64]>) -> String {
    let HoldQuestion {
        everything,
        names_custodians,
        conversations,
        ids,
        by_instant,
        all_answered,
        ..
    } = question;
    // An origin whose facts nobody could ask about is in doubt, unless only those that matter were asked.
    let unasked = if *all_answered { 1 } else { 0 };
    let conversation = (!conversations.is_empty()).then(|| {
        let names = list(conversations);
        format!("m.conversation_no IN (SELECT conversation_no FROM conversation WHERE conversation IN ({names}))")
    });
    let named = (!ids.is_empty()).then(|| {
        let ids = list(ids);
        format!("(m.message_id IN ({ids}) OR coalesce(m.native_id IN ({ids}), false))")
    });
    // Without a condition, everything is in scope.
    let (decides, undecided) = match (everything, all_answered) {
        (true, true) => ("condition", unasked),
        (true, false) => ("condition", 1),
        (false, _) => ("custodian", unasked),
    };
    // One pass over millions of messages for those that may be in scope, and one for what is asked of them.
    let mut may = vec![
        "m.origin_no IN (SELECT origin_no FROM origin_scope)".to_owned(),
        "m.origin_no IS NULL".to_owned(),
    ];
    may.extend(conversation.clone());
    may.extend(named.clone());
    let (mut sought, mut columns) = (String::new(), String::new());
    if *names_custodians {
        may.push(format!(
            "m.sender IN ({}, 'unknown')",
            list(&question.distinct_handles())
        ));
        sought.push_str(" UNION ALL SELECT message_no FROM named_no");
        columns.push_str(", m.sender, m.platform");
    }
    if conversation.is_some() {
        columns.push_str(", m.conversation_no");
    }
    if named.is_some() {
        columns.push_str(", m.message_id, m.native_id");
    }
    if *by_instant || (question.from, question.to) != (None, None) {
        columns.push_str(", m.sent_at, m.captured_at, m.trigger_suspect, m.sent_precision");
    }
    let custodian = if *names_custodians {
        let by_facts = format!("coalesce(a.custodian, CASE WHEN m.origin_no IS NULL THEN 1 ELSE {unasked} END)");
        format!(
            "CASE WHEN m.message_no IN (SELECT message_no FROM named) THEN 2 WHEN m.sender = 'unknown' THEN greatest({by_facts}, 1) ELSE {by_facts} END"
        )
    } else {
        "0".to_owned()
    };
    let within = conversation.unwrap_or_else(|| "false".to_owned());
    let named = named.unwrap_or_else(|| "false".to_owned());
    let range = range_sql(question);
    let condition = if *all_answered { "coalesce(a.condition, 1)" } else { "2" };
    let scope = format!("CASE WHEN {everything} OR {within} THEN 2 ELSE {custodian} END");
    let level = format!("CASE WHEN {named} THEN 2 ELSE least({scope}, {range}, {condition}) END");
    let entries = only.map(|entries| entries.iter().map(u64::to_string).collect::<Vec<_>>().join(", "));
    let only = entries.map_or_else(
        || "true".to_owned(),
        |entries| format!("(m.seq IN ({entries}) OR m.key IN (SELECT key FROM assignment WHERE seq IN ({entries})))"),
    );
    let instant = |sent: &str| {
        by_instant
            .then(|| format!("AND a.sent_at IS NOT DISTINCT FROM {sent}"))
            .unwrap_or_default()
    };
    let of_handles = if *names_custodians { NAMED } else { "" };
    let found = format!("m.key, m.family, {level} AS level, {named} AS named, m.seq, m.scan_incomplete");
    format!(
        "CREATE OR REPLACE TEMP TABLE origin_scope AS
             SELECT DISTINCT origin_no FROM origin LEFT JOIN origin_answer a USING (origin_no)
             WHERE coalesce(a.{decides}, {undecided}) > 0;
         CREATE OR REPLACE TEMP TABLE united_scope AS FROM united_member SEMI JOIN origin_scope USING (origin_no);
         CREATE OR REPLACE TEMP TABLE sought_no AS
             SELECT message_no FROM united_scope{sought} UNION ALL SELECT message_no FROM message m WHERE {};
         CREATE OR REPLACE TEMP TABLE may_be AS
             SELECT m.message_no, m.key, m.family, m.origin_no, m.seq, m.scan_incomplete{columns}
             FROM message m SEMI JOIN sought_no USING (message_no) WHERE {only};
         {of_handles}
         CREATE OR REPLACE TEMP TABLE asked AS
             SELECT key, any_value(family) AS family, max(level)::TINYINT AS level, bool_or(named) AS named,
                    any_value(seq) AS seq, bool_or(scan_incomplete) AS scan_incomplete
             FROM (SELECT {found} FROM may_be m LEFT JOIN origin_answer a ON a.origin_no = m.origin_no {}
                   UNION ALL
                   SELECT {found} FROM united_scope u JOIN may_be m ON m.message_no = u.message_no
                   LEFT JOIN origin_answer a ON a.origin_no = u.origin_no {})
             WHERE level > 0 GROUP BY key",
        may.join(" OR "),
        instant("epoch_us(m.sent_at)"),
        instant("u.sent_at"),
    )
}

/// The messages that bear a handle of a custodian where it is theirs: `*` stands for every platform.
const NAMED: &str = "
    CREATE OR REPLACE TEMP TABLE named AS
        SELECT message_no FROM named_no n JOIN may_be m USING (message_no) JOIN wanted_handle w ON w.handle = n.handle
        WHERE w.platform IN ('*', m.platform)
        UNION
        SELECT m.message_no FROM may_be m JOIN wanted_handle w ON w.handle = m.sender WHERE w.platform IN ('*', m.platform);";

fn list(texts: &[String]) -> String {
    texts.iter().map(|text| sql_text(text)).collect::<Vec<_>>().join(", ")
}

/// Whether a message's days lie in the content range: that of a doubtful date if either does.
fn range_sql(question: &HoldQuestion) -> String {
    let HoldQuestion { from, to, .. } = question;
    if (from, to) == (&None, &None) {
        return "2".to_owned();
    }
    let within = |at: &str| {
        let bound = |sign: &str, at_us: &Option<i64>| {
            at_us.map_or_else(|| "true".to_owned(), |us| format!("epoch_us({at}) {sign} {us}"))
        };
        format!("({} AND {})", bound(">=", from), bound("<", to))
    };
    let (sent, captured) = (within("m.sent_at"), within("m.captured_at"));
    format!(
        "CASE WHEN m.sent_at IS NULL THEN CASE WHEN {captured} THEN 2 ELSE 1 END
              WHEN {sent} THEN 2
              WHEN (m.trigger_suspect OR m.sent_precision IS NOT NULL) AND {captured} THEN 2 ELSE 0 END"
    )
}

/// Keys as a column for DuckDB.
pub(crate) fn decimals(keys: impl Iterator<Item = Key>) -> Result<ArrayRef, arrow::error::ArrowError> {
    let numbers = Decimal128Array::from_iter_values(keys.map(|key| key.as_i128()));
    Ok(Arc::new(numbers.with_precision_and_scale(38, 0)?))
}
