//! Hits with the messages they are in, in the order in which alerts are made of them.

use lexhold_model::Key;

use crate::error::{CatalogError, Result};
use crate::open::Catalog;
use crate::rows::{Row, collect, each_row, sql_key};

/// Which hits are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hits {
    /// Every hit of the home.
    All,
    /// Those of one alert.
    OfAlert(Key),
    /// Those in one message.
    InMessage(Key),
}

/// One hit, with what an alert says of the message it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitRow {
    /// The alert it belongs to.
    pub alert_id: Key,
    /// The rule that hit: see [`Catalog::rules`].
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
    /// Whether only a view that undoes disguises shows it.
    pub evasion: bool,
    /// The tier of confidence, if its rule has any.
    pub confidence: Option<String>,
    /// Its severity in this message.
    pub severity: String,
    /// The supporting evidence, as JSON.
    pub support: Option<String>,
    /// How many hits of the rule the message has, where not all are stored.
    pub n_hits: Option<i64>,
    /// What took it out again, if anything.
    pub excluded_by: Option<String>,
    /// Why it is not certain, if it is not.
    pub indeterminate: Option<String>,
    /// The run that recorded it.
    pub run: String,
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

impl Catalog {
    /// Hands hits over by alert, then by time sent, message and place. Memory does not grow with their number.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn hits<E: From<CatalogError>>(
        &self,
        which: Hits,
        mut each: impl FnMut(HitRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let chosen = match which {
            Hits::All => "alert_id IS NOT NULL".to_owned(),
            Hits::OfAlert(alert) => format!("alert_id = {}", sql_key(alert)),
            Hits::InMessage(key) => format!("alert_id IS NOT NULL AND key = {}", sql_key(key)),
        };
        let sql = format!(
            "WITH chosen AS MATERIALIZED (SELECT * FROM hit WHERE {chosen}),
                  keys AS (SELECT DISTINCT key FROM chosen),
                  who AS (SELECT key, list(handle ORDER BY handle) AS handles FROM custodian SEMI JOIN keys USING (key)
                          GROUP BY key)
             SELECT h.alert_id, h.rule_id, h.key, m.family, m.message_id, m.platform, m.conversation, m.sender,
                    w.handles, epoch_us(m.sent_at), epoch_us(m.captured_at), h.field, h.span_start, h.span_end, h.part,
                    h.evasion, h.confidence, h.severity, h.support, h.n_hits, h.excluded_by, h.indeterminate, b.run
             FROM chosen h JOIN message m USING (key) JOIN batch b ON b.seq = m.seq LEFT JOIN who w ON w.key = h.key
             ORDER BY h.alert_id, m.sent_at NULLS LAST, m.message_id, h.key, h.field NULLS LAST, h.span_start, h.span_end,
                      h.rule_id"
        );
        each_row(self.connection(), &sql, "reading hits", |row| each(hit(row)?))
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

fn hit(row: Row<'_>) -> Result<HitRow> {
    Ok(HitRow {
        alert_id: row.key(0)?,
        rule_id: row.key(1)?,
        key: row.key(2)?,
        family: row.key(3)?,
        message_id: row.owned(4)?,
        platform: row.owned(5)?,
        conversation: row.owned(6)?,
        sender: row.owned(7)?,
        custodians: row.texts(8)?,
        sent_at: row.number_or_null(9)?,
        captured_at: row.number(10)?,
        field: row.owned_or_null(11)?,
        span: row.number_or_null(12)?.zip(row.number_or_null(13)?),
        part: row.owned_or_null(14)?,
        evasion: row.flag(15)?,
        confidence: row.owned_or_null(16)?,
        severity: row.owned(17)?,
        support: row.owned_or_null(18)?,
        n_hits: row.number_or_null(19)?,
        excluded_by: row.owned_or_null(20)?,
        indeterminate: row.owned_or_null(21)?,
        run: row.owned(22)?,
    })
}
