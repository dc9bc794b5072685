//! Hits with the messages they are in and the alerts they belong to, in the order in which people see alerts.
//!
//! Which alert a hit belongs to is a function of all hits of the home. What is done here with sorts and joins, so that memory
//! does not grow with their number, `evaluate::alerts_of_set` does for a handful of messages; a test holds one against the
//! other.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use lexhold_model::Key;
use lexhold_model::tables::KEY;

use crate::error::{CatalogError, Doing, Result};
use crate::open::Catalog;
use crate::rows::{Row, collect, each_row, sql_key};

/// Which alerts are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hits {
    /// Every alert of the home.
    All,
    /// One alert, by its id or an alias.
    OfAlert(Key),
    /// Those that a message is part of.
    InMessage(Key),
}

/// One hit of an alert, with what the alert says of the message it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitRow {
    /// The alert it belongs to.
    pub alert_id: Key,
    /// Other names of the alert, sorted, told with one of its hits alone.
    pub aliases: Vec<Key>,
    /// The rule of the alert: see [`Catalog::rules`].
    pub rule_id: Key,
    /// The message.
    pub key: Key,
    /// The family of the message's versions.
    pub family: Key,
    /// The message's id in reports.
    pub message_id: String,
    /// The message's platform.
    pub platform: String,
    /// The message's conversation.
    pub conversation: String,
    /// The message's sender.
    pub sender: String,
    /// The message's custodians, sorted.
    pub custodians: Vec<String>,
    /// When it was sent, in microseconds since 1970 in UTC.
    pub sent_at: Option<i64>,
    /// When it was captured, in microseconds since 1970 in UTC.
    pub captured_at: i64,
    /// `text`, `subject`, `attachment:0`; none for supervision rules.
    pub field: Option<String>,
    /// The half-open byte range in the stored field; none for supervision rules.
    pub span: Option<(i64, i64)>,
    /// What the part is that it lies in; none for supervision rules.
    pub part: Option<String>,
    /// Whether it quotes a hit of the alert, and is nothing more.
    pub echo: bool,
    /// Whether only a view that undoes disguises shows it.
    pub evasion: bool,
    /// The tier of confidence, if its rule has any.
    pub confidence: Option<String>,
    /// Its severity in this message.
    pub severity: String,
    /// The supporting evidence, as JSON.
    pub support: Option<String>,
    /// Whether there is more of the same than is listed.
    pub truncated: bool,
    /// What took it out again, if anything.
    pub excluded_by: Option<String>,
    /// Why it is not certain, if it is not.
    pub indeterminate: Option<String>,
    /// The run that recorded it.
    pub run: String,
}

/// A message of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertMessage {
    /// The alert.
    pub alert_id: Key,
    /// Other names of the alert, sorted, told with the first of its messages alone.
    pub aliases: Vec<Key>,
    /// The message.
    pub key: Key,
    /// The family of the message's versions.
    pub family: Key,
    /// Whether it only quotes what the alert is about.
    pub echo: bool,
}

/// A message of a group that a component of a rule over several messages hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationEventRow {
    /// The group.
    pub group_id: Key,
    /// When the message was sent, in microseconds since 1970 in UTC.
    pub sent_at: Option<i64>,
    /// The message's id in reports.
    pub message_id: String,
    /// The message.
    pub key: Key,
    /// Who sent it.
    pub sender: String,
    /// The position of the component in the rule.
    pub component: u32,
}

/// A time at which a rule over several messages held, as the second pure function found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OccurrenceRow {
    /// The alert.
    pub alert_id: Key,
    /// Its other names.
    pub aliases: Vec<Key>,
    /// Its messages.
    pub members: Vec<Key>,
    /// Whether there are more.
    pub truncated: bool,
    /// Its group, where any message that counts there may belong to it.
    pub crowded: Option<Key>,
    /// Why it is not certain, if it is not.
    pub indeterminate: Option<String>,
}

/// A rule that hits name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRow {
    /// What hits call it.
    pub rule_id: Key,
    /// `pattern`, `supervision` or `conversation`.
    pub kind: String,
    /// `document.rule`.
    pub rule: String,
    /// Its document.
    pub document: String,
    /// The document's version.
    pub version: String,
    /// The document's digest.
    pub digest: String,
    /// Its severity.
    pub severity: String,
    /// Its title.
    pub title: String,
    /// The labels it gives.
    pub labels: Vec<String>,
    /// What it rests on.
    pub cites: Vec<String>,
    /// The view that a pattern rule runs on.
    pub view: Option<String>,
    /// What a rule over several messages looks for, as JSON.
    pub spec: Option<String>,
}

/// How many alerts a rule raised in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertMonth {
    /// `2024-05`.
    pub month: String,
    /// The alert's severity.
    pub severity: String,
    /// `document.rule`.
    pub rule: String,
    /// How many alerts have a hit that nothing excludes, by the month of their first message.
    pub n_alerts: u64,
}

/// The grades of severity, lowest first, and the grade of a hit in `told`.
const GRADES: &str = "['info', 'low', 'medium', 'high', 'critical']";
const GRADE: &str = "list_position(['info', 'low', 'medium', 'high', 'critical'], told.severity)";

/// What `Catalog::hits` reads of rules over several messages, besides the tables: filled by `add_occurrences`.
const OCCURRENCE_TABLES: &str = "
CREATE OR REPLACE TEMP TABLE occurrence (alert_id DECIMAL(38,0), rule_id DECIMAL(38,0), key DECIMAL(38,0),
                                         truncated BOOLEAN, indeterminate VARCHAR);
CREATE OR REPLACE TEMP TABLE occurrence_alias (alert_id DECIMAL(38,0), alias DECIMAL(38,0));
CREATE OR REPLACE TEMP TABLE occurrence_crowd (alert_id DECIMAL(38,0), rule_id DECIMAL(38,0), group_id DECIMAL(38,0));
CREATE OR REPLACE TEMP TABLE component (rule_id DECIMAL(38,0), component VARCHAR);
";

/// The messages that hits are in, and those that count for rules over several: few among many, and looked for once.
const HIT_MESSAGE: &str = "
CREATE OR REPLACE TEMP TABLE hit_message AS
    SELECT key, family, message_id, platform, conversation, sender, sent_at, captured_at, seq FROM message
    WHERE rowid IN (SELECT m.rowid FROM message m SEMI JOIN (
        SELECT key FROM hit UNION SELECT key FROM conversation_event) h USING (key))";

/// Quotes and forwards whose original is on record, each with its own alert and the one that it joins; and hits in signatures that
/// everybody has seen. Both are few among many hits.
const SETTLED: &str = "
CREATE OR REPLACE TEMP TABLE joined AS
WITH own AS (SELECT rowid AS place, rule_id, key, part, alert_id, evidence, block FROM hit
             WHERE alert_id IS NOT NULL AND excluded_by IS NULL),
later AS (SELECT * FROM own WHERE part IN ('quoted', 'forwarded') AND block IS NOT NULL),
original AS (
    SELECT o.rule_id, o.evidence, o.block,
           min({'at': m.sent_at, 'id': m.message_id, 'key': o.key, 'alert': o.alert_id}) AS earliest
    FROM own o SEMI JOIN later l ON l.rule_id = o.rule_id AND l.evidence = o.evidence AND l.block = o.block
    JOIN hit_message m ON m.key = o.key
    WHERE o.part = 'authored' AND m.sent_at IS NOT NULL
    GROUP BY o.rule_id, o.evidence, o.block)
SELECT l.place, l.alert_id AS own, o.earliest.alert AS alert
FROM later l JOIN hit_message m ON m.key = l.key
JOIN original o ON o.rule_id = l.rule_id AND o.evidence = l.evidence AND o.block = l.block
WHERE m.sent_at IS NOT NULL AND {'at': o.earliest.at, 'id': o.earliest.id, 'key': o.earliest.key}
                              < {'at': m.sent_at, 'id': m.message_id, 'key': l.key};
CREATE OR REPLACE TEMP TABLE worn_out AS
WITH signature AS (
    SELECT h.rowid AS place, p.key, p.hash FROM hit h
    JOIN part p ON p.key = h.key AND p.kind = 'signature' AND p.span_start <= h.span_start AND h.span_end <= p.span_end
    WHERE h.part = 'signature' AND h.alert_id IS NOT NULL),
signed AS (
    SELECT DISTINCT p.key, p.hash, m.platform, m.sender, m.sent_at, m.message_id FROM part p JOIN message m ON m.key = p.key
    WHERE p.kind = 'signature' AND m.sent_at IS NOT NULL AND p.hash IN (SELECT hash FROM signature)),
worn AS (
    SELECT key, hash FROM signed
    QUALIFY row_number() OVER (PARTITION BY platform, sender, hash ORDER BY sent_at, message_id, key) > 3) -- as many as `evaluate::resolve` wants
SELECT DISTINCT s.place FROM signature s SEMI JOIN worn w ON w.key = s.key AND w.hash = s.hash";

/// Every hit under its alert, hits of rules over several messages among them, and the other names of alerts.
const TOLD: &str = "
told AS (
    SELECT coalesce(j.alert, h.alert_id) AS alert, h.rule_id, h.key, h.field, h.span_start, h.span_end, h.part,
           j.alert IS NOT NULL AND h.part = 'quoted' AS echo, h.evasion, h.confidence, h.severity, h.support,
           h.n_hits IS NOT NULL AS truncated,
           coalesce(h.excluded_by, CASE WHEN w.place IS NOT NULL THEN 'signature' END) AS excluded, h.indeterminate
    FROM hit h LEFT JOIN joined j ON j.place = h.rowid LEFT JOIN worn_out w ON w.place = h.rowid
    WHERE h.alert_id IS NOT NULL
    UNION ALL
    SELECT e.alert_id, e.rule_id, h.key, h.field, h.span_start, h.span_end, h.part, false, h.evasion, NULL, r.severity,
           h.support, e.truncated, NULL, e.indeterminate
    FROM occurrence e JOIN rule r ON r.rule_id = e.rule_id JOIN component c ON c.rule_id = e.rule_id
    JOIN hit h ON h.key = e.key AND h.excluded_by IS NULL JOIN rule hr ON hr.rule_id = h.rule_id AND hr.rule = c.component),
staying AS (
    SELECT alert_id FROM hit WHERE alert_id IN (SELECT own FROM joined) AND excluded_by IS NULL
        AND rowid NOT IN (SELECT place FROM joined UNION ALL SELECT place FROM worn_out)),
name AS (
    SELECT DISTINCT alert, own AS alias FROM joined WHERE alert <> own AND own NOT IN (FROM staying)
    UNION SELECT alert_id, alias FROM occurrence_alias),
names AS (SELECT alert, list(alias ORDER BY alias) AS aliases FROM name GROUP BY alert)";

/// How many alerts are read at a time, so that what is known of their hits and messages is little.
const ALERTS_AT_ONCE: usize = 4_096;

/// The hits of the alerts that `slice` has, in order, and with one hit of each alert its other names: an alert that thousands of
/// quotes joined has as many, too many to be told with each of them. The slice by itself first: a sort of all hits with all that
/// is known of them, behind as many joins, would not fit into memory.
const SLICE_HITS: &str = "
SELECT h.alert, n.aliases, h.rule_id, h.key, m.family, m.message_id, m.platform, m.conversation, m.sender,
       w.handles, epoch_us(m.sent_at), epoch_us(m.captured_at), h.field, h.span_start, h.span_end, h.part, h.echo,
       h.evasion, h.confidence, h.severity, h.support, h.truncated, h.excluded, h.indeterminate, b.run
FROM slice h JOIN slice_message m ON m.key = h.key JOIN batch b ON b.seq = m.seq
LEFT JOIN (SELECT key, list(handle ORDER BY handle) AS handles FROM lined_custodian WHERE key IN (SELECT key FROM slice)
           GROUP BY key) w ON w.key = h.key
LEFT JOIN (SELECT f.at, n.aliases FROM (SELECT alert, min(rowid) AS at FROM slice GROUP BY alert) f
           JOIN lined_name n ON n.alert = f.alert) n ON n.at = h.rowid
ORDER BY h.nth, m.sent_at NULLS LAST, m.message_id, h.key, h.field NULLS LAST, h.span_start, h.span_end, h.rule_id";

impl Catalog {
    /// Hands hits over alert by alert, the gravest alerts first, then the oldest, then by id; within an alert by time,
    /// message and place. Memory does not grow with their number.
    ///
    /// Rules over several messages take part with what was given to [`Catalog::add_occurrences`].
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn hits<E: From<CatalogError>>(
        &self,
        which: Hits,
        mut each: impl FnMut(HitRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let n_alerts = self.line_up(which).map_err(E::from)?;
        for from in (0..n_alerts).step_by(ALERTS_AT_ONCE) {
            let doing = "reading hits";
            let slice = format!(
                "CREATE OR REPLACE TEMP TABLE slice AS SELECT * FROM lined_hit WHERE nth > {from} AND nth <= {};
                 CREATE OR REPLACE TEMP TABLE slice_message AS SELECT * FROM hit_message WHERE key IN (SELECT key FROM slice)",
                from + ALERTS_AT_ONCE
            );
            self.connection().execute_batch(&slice).doing(doing)?;
            each_row(self.connection(), SLICE_HITS, doing, |row| each(hit(row)?))?;
        }
        Ok(())
    }

    /// Sets the hits that are asked for beside the catalog, each with the place of its alert among these. Returns how many alerts
    /// there are.
    fn line_up(&self, which: Hits) -> Result<usize> {
        let chosen = chosen(which, "told");
        let doing = "reading hits";
        self.set_up_hits()?;
        let steps = format!(
            "CREATE OR REPLACE TEMP TABLE lined_alert AS
             WITH {TOLD}
             SELECT alert, row_number() OVER (ORDER BY grade DESC, sent_at NULLS LAST, alert) AS nth FROM (
                 SELECT alert, coalesce(max({GRADE}) FILTER (excluded IS NULL), max({GRADE})) AS grade,
                        CASE WHEN bool_or(excluded IS NULL) THEN min(m.sent_at) FILTER (excluded IS NULL)
                             ELSE min(m.sent_at) END AS sent_at
                 FROM told JOIN hit_message m USING (key) WHERE {chosen} GROUP BY alert);
             CREATE OR REPLACE TEMP TABLE lined_hit AS WITH {TOLD} SELECT told.*, nth FROM told JOIN lined_alert USING (alert);
             CREATE OR REPLACE TEMP TABLE lined_name AS WITH {TOLD} SELECT * FROM names;
             CREATE OR REPLACE TEMP TABLE lined_custodian AS
                 SELECT key, handle FROM custodian WHERE key IN (SELECT key FROM lined_hit)"
        );
        self.connection().execute_batch(&steps).doing(doing)?;
        let counts = collect(self.connection(), "SELECT count(*) FROM lined_alert", doing, |row| {
            row.count(0)
        })?;
        Ok(usize::try_from(counts.iter().sum::<u64>()).unwrap_or(usize::MAX))
    }

    /// Whether any rule hit a message; one without a hit is part of no alert.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn has_hits(&self, key: Key) -> Result<bool> {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM hit WHERE key = {} LIMIT 1)",
            sql_key(key)
        );
        let counts = collect(self.connection(), &sql, "looking for hits", |row| row.count(0))?;
        Ok(counts.iter().sum::<u64>() > 0)
    }

    /// Hands over the messages of every alert, alert by alert. Hits that something took out count for nothing. Where the
    /// list of an alert is not certain to be whole, every message that may belong to it is among them.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn alert_messages<E: From<CatalogError>>(
        &self,
        which: Hits,
        mut each: impl FnMut(AlertMessage) -> Result<(), E>,
    ) -> Result<(), E> {
        let chosen = chosen(which, "rests");
        let sql = format!(
            "WITH {TOLD},
             rests AS MATERIALIZED (
                 SELECT alert, key, echo FROM told WHERE excluded IS NULL
                 UNION ALL SELECT c.alert_id, e.key, false
                 FROM occurrence_crowd c JOIN conversation_event e ON e.rule_id = c.rule_id AND e.group_id = c.group_id),
             resting AS MATERIALIZED (
                 SELECT alert, key, m.family, bool_and(r.echo) AS echo FROM rests r JOIN hit_message m USING (key)
                 WHERE {chosen} GROUP BY alert, key, m.family),
             named AS (SELECT alert, f.key, n.aliases FROM (SELECT alert, min(key) AS key FROM resting GROUP BY alert) f
                       JOIN names n USING (alert))
             SELECT alert, n.aliases, key, family, echo FROM resting LEFT JOIN named n USING (alert, key) ORDER BY alert, key"
        );
        self.set_up_hits()?;
        each_row(self.connection(), &sql, "reading alerts", |row| {
            each(AlertMessage {
                alert_id: row.key(0)?,
                aliases: row.keys(1)?,
                key: row.key(2)?,
                family: row.key(3)?,
                echo: row.flag(4)?,
            })
        })
    }

    /// Alerts by month, severity and rule. Rules over several messages take part as in [`Catalog::hits`].
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn alerts_by_month(&self) -> Result<Vec<AlertMonth>> {
        let sql = format!(
            "WITH {TOLD},
             ruled AS (SELECT rule_id, rule, dense_rank() OVER (ORDER BY rule) AS nth FROM rule),
             alert AS (
                 SELECT alert, min(r.nth) AS nth, min(coalesce(m.sent_at, m.captured_at)) AS first, max({GRADE}) AS grade
                 FROM told JOIN hit_message m USING (key) JOIN ruled r USING (rule_id) WHERE excluded IS NULL GROUP BY alert)
             SELECT strftime(make_timestamp(epoch_us(first)), '%Y-%m') AS month, {GRADES}[grade] AS severity, rule, count(*)
             FROM alert JOIN (SELECT DISTINCT nth, rule FROM ruled) USING (nth) GROUP BY ALL ORDER BY ALL"
        );
        self.set_up_hits()?;
        collect(self.connection(), &sql, "counting alerts", |row| {
            Ok(AlertMonth {
                month: row.owned(0)?,
                severity: row.owned(1)?,
                rule: row.owned(2)?,
                n_alerts: row.count(3)?,
            })
        })
    }

    /// Hands over what messages contribute to one rule over several messages: by group, undated ones first, then by time,
    /// message and component. Memory does not grow with their number.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn conversation_events<E: From<CatalogError>>(
        &self,
        rule_id: Key,
        mut each: impl FnMut(ConversationEventRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT e.group_id, epoch_us(m.sent_at), m.message_id, m.key, m.sender, e.component
             FROM conversation_event e JOIN hit_message m ON m.key = e.key WHERE e.rule_id = {}
             ORDER BY e.group_id, m.sent_at NULLS FIRST, m.message_id, m.key, e.component",
            sql_key(rule_id)
        );
        self.set_up_hits()?;
        each_row(
            self.connection(),
            &sql,
            "reading what conversations are made of",
            |row| {
                each(ConversationEventRow {
                    group_id: row.key(0)?,
                    sent_at: row.number_or_null(1)?,
                    message_id: row.owned(2)?,
                    key: row.key(3)?,
                    sender: row.owned(4)?,
                    component: u32::try_from(row.int(5)?).unwrap_or(u32::MAX),
                })
            },
        )
    }

    /// Forgets occurrences that were set before.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn forget_occurrences(&self) -> Result<()> {
        self.connection()
            .execute_batch(OCCURRENCE_TABLES)
            .doing("setting up for conversations")
    }

    /// Adds occurrences of one rule, for [`Catalog::hits`] to put in their place among other alerts; they are kept with the
    /// connection, not in the catalog. `components` are the full ids of the rules whose hits are shown.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn add_occurrences(&self, rule_id: Key, components: &[String], found: &[OccurrenceRow]) -> Result<()> {
        let members = || {
            found
                .iter()
                .flat_map(|one| one.members.iter().map(move |key| (one, *key)))
        };
        let aliases = || {
            found
                .iter()
                .flat_map(|one| one.aliases.iter().map(move |alias| (one.alert_id, *alias)))
        };
        let texts = |texts: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(texts)) };
        self.append(
            "occurrence",
            vec![
                ("alert_id", keys(members().map(|(one, _)| one.alert_id))),
                ("rule_id", keys(members().map(|_| rule_id))),
                ("key", keys(members().map(|(_, key)| key))),
                (
                    "truncated",
                    Arc::new(members().map(|(one, _)| Some(one.truncated)).collect::<BooleanArray>()),
                ),
                (
                    "indeterminate",
                    texts(members().map(|(one, _)| one.indeterminate.as_deref()).collect()),
                ),
            ],
        )?;
        self.append(
            "occurrence_alias",
            vec![
                ("alert_id", keys(aliases().map(|(alert, _)| alert))),
                ("alias", keys(aliases().map(|(_, alias)| alias))),
            ],
        )?;
        let crowded = || found.iter().filter_map(|one| Some((one.alert_id, one.crowded?)));
        self.append(
            "occurrence_crowd",
            vec![
                ("alert_id", keys(crowded().map(|(alert, _)| alert))),
                ("rule_id", keys(crowded().map(|_| rule_id))),
                ("group_id", keys(crowded().map(|(_, group)| group))),
            ],
        )?;
        self.append(
            "component",
            vec![
                ("rule_id", keys(components.iter().map(|_| rule_id))),
                (
                    "component",
                    texts(components.iter().map(|one| Some(one.as_str())).collect()),
                ),
            ],
        )
    }

    pub(crate) fn append(&self, table: &str, columns: Vec<(&str, ArrayRef)>) -> Result<()> {
        let doing = "setting rows beside the catalog";
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
            .collect();
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).doing(doing)?;
        let mut appender = self
            .connection()
            .appender_to_catalog_and_db(table, "temp", "main")
            .doing(doing)?;
        appender.append_record_batch(batch).doing(doing)?;
        appender.flush().doing(doing)
    }

    /// Makes sure that the messages of hits are at hand as the catalog now stands, and a place for occurrences.
    fn set_up_hits(&self) -> Result<()> {
        let applied = self.applied_seq()?;
        if self.hits_through.get() != Some(applied) {
            let steps = format!("{HIT_MESSAGE}; {SETTLED}");
            self.connection().execute_batch(&steps).doing("reading hits")?;
            self.hits_through.set(Some(applied));
        }
        let sql = "SELECT count(*) FROM duckdb_tables() WHERE temporary AND table_name = 'occurrence'";
        let counts = collect(self.connection(), sql, "reading hits", |row| row.count(0))?;
        if counts.iter().sum::<u64>() == 0 {
            self.forget_occurrences()?;
        }
        Ok(())
    }

    /// Every rule that a hit may name.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn rules(&self) -> Result<Vec<RuleRow>> {
        let sql = "SELECT rule_id, kind, rule, document, version, digest, severity, title, labels, cites, view, spec FROM rule
                   ORDER BY rule, version, digest";
        collect(self.connection(), sql, "reading rules", |row| {
            Ok(RuleRow {
                rule_id: row.key(0)?,
                kind: row.owned(1)?,
                rule: row.owned(2)?,
                document: row.owned(3)?,
                version: row.owned(4)?,
                digest: row.owned(5)?,
                severity: row.owned(6)?,
                title: row.owned(7)?,
                labels: row.texts(8)?,
                cites: row.texts(9)?,
                view: row.owned_or_null(10)?,
                spec: row.owned_or_null(11)?,
            })
        })
    }
}

/// The alerts that are asked for, as SQL; `of` has messages by alert.
fn chosen(which: Hits, of: &str) -> String {
    match which {
        Hits::All => "true".to_owned(),
        Hits::OfAlert(alert) => {
            let id = sql_key(alert);
            format!("alert = {id} OR alert IN (SELECT alert FROM name WHERE alias = {id})")
        }
        Hits::InMessage(key) => format!("alert IN (SELECT alert FROM {of} WHERE key = {})", sql_key(key)),
    }
}

pub(crate) fn keys(keys: impl Iterator<Item = Key>) -> ArrayRef {
    let array: Decimal128Array = keys.map(|key| Some(key.as_i128())).collect();
    Arc::new(array.with_data_type(KEY))
}

fn hit(row: Row<'_>) -> Result<HitRow> {
    Ok(HitRow {
        alert_id: row.key(0)?,
        aliases: row.keys(1)?,
        rule_id: row.key(2)?,
        key: row.key(3)?,
        family: row.key(4)?,
        message_id: row.owned(5)?,
        platform: row.owned(6)?,
        conversation: row.owned(7)?,
        sender: row.owned(8)?,
        custodians: row.texts(9)?,
        sent_at: row.number_or_null(10)?,
        captured_at: row.number(11)?,
        field: row.owned_or_null(12)?,
        span: row.number_or_null(13)?.zip(row.number_or_null(14)?),
        part: row.owned_or_null(15)?,
        echo: row.flag(16)?,
        evasion: row.flag(17)?,
        confidence: row.owned_or_null(18)?,
        severity: row.owned(19)?,
        support: row.owned_or_null(20)?,
        truncated: row.flag(21)?,
        excluded_by: row.owned_or_null(22)?,
        indeterminate: row.owned_or_null(23)?,
        run: row.owned(24)?,
    })
}
