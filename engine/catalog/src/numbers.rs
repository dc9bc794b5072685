//! Small numbers for what many messages share, and for messages themselves, so that totals over millions of them group and join on
//! four bytes.
//!
//! Numbers are given in the order of the journal and, within an entry, of what they stand for: the same journal gives
//! the same numbers.

use duckdb::Transaction;

/// What a message's duties come from, its days, its conversation, and where it counts in reports.
///
/// `origin.after` is the last activation before the messages came in: those that follow it may add duties. `origin.resolved` is
/// the first entry after them by which people decided what an indeterminate message is; such an origin is one message's. An instant in
/// `conversation` is microseconds since 1970 in UTC. `united_member` has every assignment of a family that has several; `own_no` is
/// the origin that its message has in `message`, and none where that has none.
pub(crate) const TABLES: &str = "
CREATE TABLE origin (
    origin_no INTEGER NOT NULL, set_id DECIMAL(38,0) NOT NULL, facts_id DECIMAL(38,0) NOT NULL,
    scan_incomplete BOOLEAN NOT NULL, after BIGINT NOT NULL, resolved BIGINT);
CREATE TABLE day_set (days_no INTEGER NOT NULL, days_id DECIMAL(38,0) NOT NULL, suspect BOOLEAN NOT NULL);
CREATE TABLE conversation (
    conversation_no INTEGER NOT NULL, platform VARCHAR NOT NULL, conversation VARCHAR NOT NULL,
    active_at BIGINT, captured_at BIGINT NOT NULL);
CREATE TABLE place (place_no INTEGER NOT NULL, platform VARCHAR NOT NULL, channel VARCHAR, domain VARCHAR);
CREATE TABLE united_member (
    family DECIMAL(38,0) NOT NULL, key DECIMAL(38,0) NOT NULL, origin_no INTEGER NOT NULL, days_no INTEGER NOT NULL,
    conversation_no INTEGER NOT NULL, sent_at BIGINT, captured_at BIGINT NOT NULL, own_no INTEGER, place_no INTEGER NOT NULL,
    message_no INTEGER NOT NULL);
";

/// The domain of a sender's address, as SQL.
const DOMAIN: &str = "nullif(lower(regexp_extract(sender, '@([^@]+)$', 1)), '')";

/// The last activation, as SQL.
const AFTER: &str = "(SELECT coalesce(max(seq), 0) FROM activation)";

/// The entry's messages, each with the number that it gets, as SQL.
pub(crate) fn arrived(messages: &str) -> String {
    format!(
        "SELECT key, ((SELECT coalesce(max(message_no) + 1, 0) FROM message) + row_number() OVER (ORDER BY key) - 1)::INTEGER
                AS message_no FROM (SELECT DISTINCT key FROM {messages})"
    )
}

/// Gives numbers to what the entry's messages and assignments bring for the first time.
pub(crate) fn give(
    transaction: &Transaction<'_>,
    messages: Option<&str>,
    assignments: Option<&str>,
) -> duckdb::Result<()> {
    if let Some(rows) = assignments {
        let origins = format!(
            "SELECT DISTINCT set_id, facts_id, scan_incomplete, {AFTER} AS after, NULL::BIGINT AS resolved FROM {rows}"
        );
        add(
            transaction,
            "origin",
            "origin_no",
            &["set_id", "facts_id", "scan_incomplete", "after", "resolved"],
            "",
            &origins,
        )?;
        let days = format!("SELECT DISTINCT ON (days_id) days_id, trigger_suspect AS suspect FROM {rows}");
        add(transaction, "day_set", "days_no", &["days_id"], ", suspect", &days)?;
    }
    if let Some(rows) = messages {
        let places = format!("SELECT DISTINCT platform, channel, {DOMAIN} AS domain FROM {rows}");
        add(
            transaction,
            "place",
            "place_no",
            &["platform", "channel", "domain"],
            "",
            &places,
        )?;
        note_activity(transaction, rows)?;
    }
    Ok(())
}

/// Notes when people last wrote or spoke in each conversation: not reactions, system entries or what bots do. A date
/// that is not believed gives way to the capture.
fn note_activity(transaction: &Transaction<'_>, rows: &str) -> duckdb::Result<()> {
    let active = format!(
        "SELECT platform, conversation, max(epoch_us(captured_at)) AS captured_at,
                max(epoch_us(CASE WHEN trigger_suspect OR sent_at IS NULL THEN captured_at ELSE sent_at END))
                    FILTER (kind IN ('message', 'call')) AS active_at
         FROM {rows} GROUP BY platform, conversation"
    );
    transaction.execute_batch(&format!(
        "UPDATE conversation c SET captured_at = greatest(c.captured_at, n.captured_at),
                                   active_at = greatest(c.active_at, n.active_at)
         FROM ({active}) n WHERE c.platform = n.platform AND c.conversation = n.conversation
         AND (n.captured_at > c.captured_at OR n.active_at > coalesce(c.active_at, n.active_at - 1))"
    ))?;
    add(
        transaction,
        "conversation",
        "conversation_no",
        &["platform", "conversation"],
        ", active_at, captured_at",
        &active,
    )
}

/// Adds rows under the next numbers, those left out that are there by identity.
fn add(
    transaction: &Transaction<'_>,
    table: &str,
    number: &str,
    identity: &[&str],
    more: &str,
    rows: &str,
) -> duckdb::Result<()> {
    let ids = identity.join(", ");
    let same: Vec<String> = identity
        .iter()
        .map(|id| format!("o.{id} IS NOT DISTINCT FROM n.{id}"))
        .collect();
    transaction.execute_batch(&format!(
        "INSERT INTO {table} ({number}, {ids}{more})
         SELECT (SELECT coalesce(max({number}) + 1, 0) FROM {table}) + row_number() OVER (ORDER BY {ids}) - 1, {ids}{more}
         FROM ({rows}) n WHERE NOT EXISTS (SELECT 1 FROM {table} o WHERE {})",
        same.join(" AND ")
    ))
}

/// Lists the entry's messages in the temporary table `numbered`, each with the numbers of what it shares, given their
/// assignments.
///
/// By itself, before anything wide is read: joins over whole messages would take most of the catalog's memory.
pub(crate) fn number(transaction: &Transaction<'_>, messages: &str, assignments: Option<&str>) -> duckdb::Result<()> {
    let none = "SELECT NULL::DECIMAL(38,0) AS key, NULL::DECIMAL(38,0) AS set_id, NULL::DECIMAL(38,0) AS days_id,
                       NULL::DECIMAL(38,0) AS facts_id, false AS scan_incomplete WHERE false";
    let first = assignments.map_or_else(
        || none.to_owned(),
        |rows| {
            format!(
                "SELECT DISTINCT ON (key) key, set_id, days_id, facts_id, scan_incomplete FROM {rows}
                 ORDER BY key, set_id, days_id, facts_id, scan_incomplete"
            )
        },
    );
    // Few rows of each table are the entry's: only these are joined, however many there are.
    transaction.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE numbered AS
         SELECT m.key, o.origin_no, d.days_no, c.conversation_no, p.place_no, n.message_no
         FROM (SELECT key, platform, conversation, channel, {DOMAIN} AS domain FROM {messages}) m
         JOIN arrived n ON n.key = m.key
         LEFT JOIN ({first}) a ON a.key = m.key
         LEFT JOIN (SELECT * FROM origin WHERE after = {AFTER} AND resolved IS NULL AND facts_id IN (SELECT facts_id FROM ({first}))) o
             ON o.set_id = a.set_id AND o.facts_id = a.facts_id AND o.scan_incomplete = a.scan_incomplete
         LEFT JOIN (SELECT * FROM day_set WHERE days_id IN (SELECT days_id FROM ({first}))) d ON d.days_id = a.days_id
         JOIN (SELECT * FROM conversation WHERE conversation IN (SELECT conversation FROM {messages})) c
             ON c.platform = m.platform AND c.conversation = m.conversation
         JOIN place p ON p.platform = m.platform AND p.channel IS NOT DISTINCT FROM m.channel
             AND p.domain IS NOT DISTINCT FROM m.domain"
    ))
}

/// Lists the assignments of families that have several, for the families that the entry brought any for.
///
/// `here` says that all of their rows came with the entry, so that nothing older has to be looked through.
pub(crate) fn unite(transaction: &Transaction<'_>, seq: u64, assignments: &str, here: bool) -> duckdb::Result<()> {
    let only = if here {
        format!("WHERE seq = {seq}")
    } else {
        String::new()
    };
    transaction.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE touched AS
             SELECT DISTINCT family FROM {assignments} SEMI JOIN united USING (family);
         CREATE OR REPLACE TEMP TABLE touched_assignment AS
             SELECT family, key, set_id, days_id, facts_id, scan_incomplete, seq FROM (FROM assignment {only})
             WHERE family IN (SELECT family FROM touched);
         CREATE OR REPLACE TEMP TABLE touched_message AS
             SELECT key, conversation_no, epoch_us(sent_at) AS sent_at, epoch_us(captured_at) AS captured_at, origin_no, place_no,
                    message_no
             FROM (FROM message {only}) WHERE key IN (SELECT key FROM touched_assignment);
         CREATE OR REPLACE TEMP TABLE touched_origin AS
             SELECT * FROM origin WHERE facts_id IN (SELECT facts_id FROM touched_assignment);
         DELETE FROM united_member WHERE family IN (SELECT family FROM touched);
         INSERT INTO united_member
             SELECT a.family, a.key, o.origin_no, d.days_no, m.conversation_no, m.sent_at, m.captured_at, m.origin_no, m.place_no,
                    m.message_no
             FROM touched_assignment a JOIN touched_message m ON m.key = a.key
             JOIN (SELECT x.seq, coalesce(max(v.seq), 0) AS after FROM touched_assignment x
                   LEFT JOIN activation v ON v.seq < x.seq GROUP BY x.seq) e ON e.seq = a.seq
             LEFT JOIN (SELECT x.family, x.seq, min(r.seq) AS resolved FROM touched_assignment x
                        JOIN resolution r ON r.family = x.family AND r.seq > x.seq GROUP BY ALL) r
                 ON r.family = a.family AND r.seq = a.seq
             JOIN touched_origin o ON o.set_id = a.set_id AND o.facts_id = a.facts_id
                 AND o.scan_incomplete = a.scan_incomplete AND o.after = e.after AND o.resolved IS NOT DISTINCT FROM r.resolved
             JOIN (SELECT * FROM day_set WHERE days_id IN (SELECT days_id FROM touched_assignment)) d ON d.days_id = a.days_id"
    ))
}

/// Gives a message whose duties people have decided on an origin of its own.
pub(crate) fn resolve(transaction: &Transaction<'_>, seq: u64, family: &str) -> duckdb::Result<()> {
    transaction.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE resolving AS
             SELECT * FROM origin WHERE resolved IS NULL AND origin_no IN (
                 SELECT origin_no FROM message WHERE family = {family}
                 UNION SELECT origin_no FROM united_member WHERE family = {family});
         INSERT INTO origin (origin_no, set_id, facts_id, scan_incomplete, after, resolved)
             SELECT (SELECT max(origin_no) FROM origin) + row_number() OVER (ORDER BY origin_no), set_id, facts_id,
                    scan_incomplete, after, {seq} FROM resolving;
         CREATE OR REPLACE TEMP TABLE resolved_as AS
             SELECT r.origin_no AS old, o.origin_no AS new FROM resolving r JOIN origin o ON o.resolved = {seq}
                 AND o.set_id = r.set_id AND o.facts_id = r.facts_id AND o.scan_incomplete = r.scan_incomplete
                 AND o.after = r.after;
         UPDATE message SET origin_no = a.new FROM resolved_as a WHERE family = {family} AND origin_no = a.old;
         UPDATE united_member SET origin_no = a.new FROM resolved_as a WHERE family = {family} AND origin_no = a.old;
         UPDATE united_member SET own_no = a.new FROM resolved_as a WHERE family = {family} AND own_no = a.old"
    ))
}
