//! The tables of the catalog: those of an evaluation, and those that journal entries fill.
//!
//! No table has a primary key. Keys are 16-byte numbers that join fast without an index, and uniqueness is kept
//! where rows come in.

use arrow::datatypes::{DataType, Field, TimeUnit};
use duckdb::Connection;
use lexhold_model::tables::Table;

use crate::error::{CatalogError, Doing, ErrorKind, Result};
use crate::numbers;

/// The version of these tables. Raised whenever a column changes, so that an old catalog is rebuilt, not misread.
pub const SCHEMA_VERSION: i64 = 8;

/// Columns that the catalog adds to `message`: the journal entry that brought it, and the numbers of what it shares with
/// others (see `numbers`), so that dates of a whole archive are counted without a join of large tables.
const MESSAGE_EXTRA: &str = "seq BIGINT NOT NULL, origin_no INTEGER, days_no INTEGER, conversation_no INTEGER NOT NULL, place_no INTEGER NOT NULL, message_no INTEGER NOT NULL";

/// The column that the catalog adds to people of messages: their message by its number, which is compared with millions several
/// times as fast as its key.
const PEOPLE_EXTRA: &str = "message_no INTEGER NOT NULL";

/// The column that the catalog adds to assignments: the journal entry that brought them. Reassignments of activations
/// before it are not theirs.
const SEQ_EXTRA: &str = "seq BIGINT NOT NULL";

/// Tables that journal entries fill, the families whose assignments have to be united from several rows, and the
/// input files, which are a view: what was read of them is said by the batches alone.
const OWN_TABLES: &str = "
CREATE TABLE meta (schema_version BIGINT NOT NULL, applied_seq BIGINT, applied_leaf VARCHAR);
CREATE TABLE activation (seq BIGINT NOT NULL, activated_at TIMESTAMPTZ NOT NULL, actor VARCHAR NOT NULL, bundle VARCHAR NOT NULL,
    documents VARCHAR NOT NULL);
CREATE TABLE correction (
    seq BIGINT NOT NULL, corrected_at TIMESTAMPTZ NOT NULL, actor VARCHAR NOT NULL, document VARCHAR NOT NULL,
    version VARCHAR NOT NULL, digest VARCHAR NOT NULL, reason VARCHAR NOT NULL, cites VARCHAR NOT NULL,
    approved_by VARCHAR NOT NULL, simulation VARCHAR NOT NULL);
CREATE TABLE resolution (
    seq BIGINT NOT NULL, resolved_at TIMESTAMPTZ NOT NULL, actor VARCHAR NOT NULL, family DECIMAL(38,0) NOT NULL,
    message_id VARCHAR NOT NULL, document VARCHAR NOT NULL, schedules VARCHAR NOT NULL, set_id DECIMAL(38,0) NOT NULL,
    replaces VARCHAR NOT NULL, reason VARCHAR NOT NULL, confirmed_by VARCHAR NOT NULL);
CREATE TABLE case_file (
    name VARCHAR NOT NULL, seq BIGINT NOT NULL, opened_at TIMESTAMPTZ NOT NULL, opened_by VARCHAR NOT NULL,
    matter VARCHAR NOT NULL, reason VARCHAR NOT NULL, solo BOOLEAN NOT NULL);
CREATE TABLE case_message (
    name VARCHAR NOT NULL, seq BIGINT NOT NULL, item BIGINT NOT NULL, added_at TIMESTAMPTZ NOT NULL, added_by VARCHAR NOT NULL,
    family DECIMAL(38,0) NOT NULL, message_id VARCHAR NOT NULL, alert_id DECIMAL(38,0), reason VARCHAR NOT NULL);
CREATE TABLE case_closing (
    name VARCHAR NOT NULL, seq BIGINT NOT NULL, closed_at TIMESTAMPTZ NOT NULL, closed_by VARCHAR NOT NULL,
    reason VARCHAR NOT NULL, confirmed_by VARCHAR, solo BOOLEAN NOT NULL);
CREATE TABLE erasure (
    request VARCHAR NOT NULL, seq BIGINT NOT NULL, requested_at TIMESTAMPTZ NOT NULL, requested_by VARCHAR NOT NULL,
    subject VARCHAR NOT NULL, law VARCHAR NOT NULL, located VARCHAR NOT NULL, established VARCHAR NOT NULL,
    received VARCHAR NOT NULL, zone VARCHAR NOT NULL, due VARCHAR NOT NULL, chosen_by VARCHAR NOT NULL,
    digest VARCHAR NOT NULL, solo BOOLEAN NOT NULL);
CREATE TABLE erasure_item (
    request VARCHAR NOT NULL, seq BIGINT NOT NULL, item BIGINT NOT NULL, family DECIMAL(38,0) NOT NULL,
    message_id VARCHAR NOT NULL, others BIGINT NOT NULL);
CREATE TABLE erasure_step (
    request VARCHAR NOT NULL, seq BIGINT NOT NULL, stepped_at TIMESTAMPTZ NOT NULL, stepped_by VARCHAR NOT NULL,
    step VARCHAR NOT NULL, day VARCHAR, reason VARCHAR, detail VARCHAR NOT NULL, confirmed_by VARCHAR NOT NULL,
    solo BOOLEAN NOT NULL);
CREATE TABLE erasure_decision (
    request VARCHAR NOT NULL, seq BIGINT NOT NULL, part BIGINT NOT NULL, decided_at TIMESTAMPTZ NOT NULL, decided_by VARCHAR NOT NULL,
    ground VARCHAR, waived VARCHAR NOT NULL, reason VARCHAR NOT NULL, confirmed_by VARCHAR NOT NULL,
    solo BOOLEAN NOT NULL);
CREATE TABLE erasure_decision_item (seq BIGINT NOT NULL, part BIGINT NOT NULL, family DECIMAL(38,0) NOT NULL);
CREATE TABLE run (
    run VARCHAR NOT NULL, seq BIGINT NOT NULL, actor VARCHAR NOT NULL, started_at TIMESTAMPTZ NOT NULL,
    bundle VARCHAR NOT NULL, facts VARCHAR NOT NULL, as_of TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ, summary VARCHAR);
CREATE TABLE batch (seq BIGINT NOT NULL, run VARCHAR NOT NULL);
CREATE TABLE batch_input (
    seq BIGINT NOT NULL, path VARCHAR NOT NULL, digest VARCHAR NOT NULL, bytes BIGINT NOT NULL,
    messages BIGINT NOT NULL, complete BOOLEAN NOT NULL, format VARCHAR NOT NULL);
CREATE TABLE source_tally (
    seq BIGINT NOT NULL, part VARCHAR NOT NULL, platform VARCHAR, sent_day VARCHAR, n_read BIGINT NOT NULL,
    n_written BIGINT NOT NULL, n_duplicate BIGINT NOT NULL, n_destroyed_before BIGINT NOT NULL,
    n_unreadable BIGINT NOT NULL, n_system BIGINT NOT NULL);
CREATE TABLE sequence_range (
    seq BIGINT NOT NULL, platform VARCHAR NOT NULL, conversation DECIMAL(38,0) NOT NULL, sent_day VARCHAR,
    first_number BIGINT NOT NULL, last_number BIGINT NOT NULL);
CREATE TABLE hold (
    hold VARCHAR NOT NULL, seq BIGINT NOT NULL, matter VARCHAR NOT NULL, zone VARCHAR NOT NULL,
    digest VARCHAR NOT NULL, silent BOOLEAN NOT NULL, document VARCHAR NOT NULL,
    placed_at TIMESTAMPTZ NOT NULL, placed_by VARCHAR NOT NULL, narrows VARCHAR);
CREATE TABLE hold_release (
    hold VARCHAR NOT NULL, seq BIGINT NOT NULL, released_at TIMESTAMPTZ NOT NULL, released_by VARCHAR NOT NULL,
    reason VARCHAR NOT NULL, confirmed_by VARCHAR NOT NULL, solo BOOLEAN NOT NULL, grace_until TIMESTAMPTZ NOT NULL,
    narrowed_to VARCHAR);
CREATE TABLE hold_application (hold VARCHAR NOT NULL, seq BIGINT NOT NULL, applied_at TIMESTAMPTZ NOT NULL, through BIGINT NOT NULL);
CREATE TABLE hold_notice (
    hold VARCHAR NOT NULL, seq BIGINT NOT NULL, noted_at TIMESTAMPTZ NOT NULL, noted_by VARCHAR NOT NULL,
    step VARCHAR NOT NULL, custodian VARCHAR NOT NULL, text VARCHAR);
CREATE TABLE review (
    review_id VARCHAR NOT NULL, seq BIGINT NOT NULL, item BIGINT NOT NULL, reviewed_at TIMESTAMPTZ NOT NULL,
    reviewer VARCHAR NOT NULL, person VARCHAR, on_behalf_of VARCHAR, object VARCHAR NOT NULL, object_id VARCHAR NOT NULL,
    action VARCHAR NOT NULL, assigned_to VARCHAR, until TIMESTAMPTZ, decision VARCHAR, significant BOOLEAN NOT NULL,
    action_taken VARCHAR, reason VARCHAR, due_at TIMESTAMPTZ, approved_by VARCHAR, delegation VARCHAR,
    exceptions VARCHAR NOT NULL, solo BOOLEAN NOT NULL);
CREATE TABLE review_member (seq BIGINT NOT NULL, item BIGINT NOT NULL, ordinal BIGINT NOT NULL, key DECIMAL(38,0) NOT NULL, message_id VARCHAR NOT NULL);
CREATE TABLE viewing (
    seq BIGINT NOT NULL, viewed_at TIMESTAMPTZ NOT NULL, viewer VARCHAR NOT NULL, object VARCHAR NOT NULL,
    object_id VARCHAR NOT NULL, content VARCHAR NOT NULL);
CREATE TABLE sample_commitment (
    sample VARCHAR NOT NULL, period VARCHAR NOT NULL, seq BIGINT NOT NULL, committed_at TIMESTAMPTZ NOT NULL,
    begins_at TIMESTAMPTZ NOT NULL, ends_at TIMESTAMPTZ NOT NULL, commitment VARCHAR NOT NULL, plan VARCHAR NOT NULL);
CREATE TABLE sample_draw (
    sample VARCHAR NOT NULL, period VARCHAR NOT NULL, seq BIGINT NOT NULL, drawn_at TIMESTAMPTZ NOT NULL,
    drawn_by VARCHAR NOT NULL, tallies VARCHAR NOT NULL);
CREATE TABLE sample_item (
    sample VARCHAR NOT NULL, period VARCHAR NOT NULL, seq BIGINT NOT NULL, key DECIMAL(38,0) NOT NULL,
    message_id VARCHAR NOT NULL, stratum VARCHAR NOT NULL, draw VARCHAR NOT NULL, hash VARCHAR NOT NULL);
CREATE TABLE event (
    event_id VARCHAR NOT NULL, seq BIGINT NOT NULL, item BIGINT NOT NULL, recorded_at TIMESTAMPTZ NOT NULL,
    asserter VARCHAR NOT NULL, step VARCHAR NOT NULL, event VARCHAR NOT NULL, key VARCHAR NOT NULL, effective_on VARCHAR,
    supersedes VARCHAR, evidence VARCHAR, evidence_digest VARCHAR, reason VARCHAR, confirmed_by VARCHAR, accepted VARCHAR,
    solo BOOLEAN NOT NULL);
CREATE VIEW suppression AS
    SELECT s.review_id, s.object_id AS alert_id, s.reviewed_at AS began_at, s.until, s.reviewer, s.approved_by, s.reason,
           (SELECT min(e.reviewed_at) FROM review e WHERE e.object = s.object AND e.object_id = s.object_id
            AND e.seq > s.seq AND e.action IN ('unsuppress', 'close')) AS ended_at
    FROM review s WHERE s.action = 'suppress';
CREATE TABLE disposal (
    plan VARCHAR NOT NULL, seq BIGINT NOT NULL, proposed_at TIMESTAMPTZ NOT NULL, proposed_by VARCHAR NOT NULL,
    digest VARCHAR NOT NULL, as_of TIMESTAMPTZ NOT NULL, frozen_at BIGINT NOT NULL, n_items BIGINT NOT NULL, by_schedule VARCHAR NOT NULL,
    held_back VARCHAR NOT NULL, authors VARCHAR NOT NULL, solo BOOLEAN NOT NULL, stages VARCHAR NOT NULL);
CREATE TABLE disposal_approval (
    plan VARCHAR NOT NULL, seq BIGINT NOT NULL, approved_at TIMESTAMPTZ NOT NULL, approved_by VARCHAR NOT NULL,
    signed BOOLEAN NOT NULL, solo BOOLEAN NOT NULL, stage BIGINT NOT NULL);
CREATE TABLE disposal_rejection (
    plan VARCHAR NOT NULL, seq BIGINT NOT NULL, rejected_at TIMESTAMPTZ NOT NULL, rejected_by VARCHAR NOT NULL, reason VARCHAR NOT NULL);
CREATE TABLE disposal_sent_back (plan VARCHAR NOT NULL, seq BIGINT NOT NULL, sent_back_by VARCHAR NOT NULL, key DECIMAL(38,0) NOT NULL, reason VARCHAR NOT NULL, until TIMESTAMPTZ);
CREATE TABLE disposal_step (seq BIGINT NOT NULL, plan VARCHAR NOT NULL, intended_at TIMESTAMPTZ NOT NULL, executor VARCHAR NOT NULL, n_bytes BIGINT NOT NULL);
CREATE TABLE disposal_step_key (seq BIGINT NOT NULL, key DECIMAL(38,0) NOT NULL);
CREATE TABLE disposal_step_activity (seq BIGINT NOT NULL, conversation VARCHAR NOT NULL, active_at BIGINT, captured_at BIGINT NOT NULL);
CREATE TABLE disposal_certificate (plan VARCHAR NOT NULL, seq BIGINT NOT NULL, certified_at TIMESTAMPTZ NOT NULL);
CREATE TABLE blind_restore (seq BIGINT NOT NULL);
CREATE TABLE tombstone (
    key DECIMAL(38,0) NOT NULL, family DECIMAL(38,0) NOT NULL, message_id VARCHAR NOT NULL, version INTEGER NOT NULL,
    content_hash DECIMAL(38,0) NOT NULL, plan VARCHAR NOT NULL, item BIGINT NOT NULL, schedules VARCHAR[] NOT NULL,
    action VARCHAR NOT NULL, triggers VARCHAR[] NOT NULL, retain_until VARCHAR NOT NULL, eligible_from VARCHAR NOT NULL,
    dispose_at VARCHAR NOT NULL, must_dispose_by VARCHAR NOT NULL, executor VARCHAR NOT NULL, intent_seq BIGINT NOT NULL,
    intended_at TIMESTAMPTZ NOT NULL, done_seq BIGINT NOT NULL, destroyed_at TIMESTAMPTZ NOT NULL);
CREATE TABLE united (family DECIMAL(38,0) NOT NULL);
CREATE VIEW ingested_file AS
    SELECT digest, arg_min(path, seq) AS path, max(bytes) AS bytes, sum(messages)::BIGINT AS messages,
           bool_or(complete) AS complete
    FROM batch_input GROUP BY digest;
";

/// Creates all tables in one transaction; a process that dies in between leaves an empty file.
pub(crate) fn create(connection: &mut Connection) -> Result<()> {
    let doing = "creating the catalog's tables";
    let transaction = connection.transaction().doing(doing)?;
    for table in Table::ALL {
        transaction.execute_batch(&create_table(table)?).doing(doing)?;
    }
    transaction.execute_batch(OWN_TABLES).doing(doing)?;
    transaction.execute_batch(numbers::TABLES).doing(doing)?;
    transaction
        .execute("INSERT INTO meta VALUES (?, NULL, NULL)", [SCHEMA_VERSION])
        .doing(doing)?;
    transaction.commit().doing(doing)
}

/// What a file that DuckDB could open turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A database without a table.
    Empty,
    /// A catalog of this version.
    Current,
    /// Another program's database, or a catalog of another version.
    Other(Option<i64>),
}

pub(crate) fn find(connection: &Connection) -> Result<Found> {
    let doing = "reading the catalog's schema version";
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).doing(doing);
    if count("SELECT count(*) FROM duckdb_tables() WHERE NOT temporary")? == 0 {
        return Ok(Found::Empty);
    }
    if count("SELECT count(*) FROM duckdb_columns() WHERE table_name = 'meta' AND column_name = 'schema_version'")? == 0
    {
        return Ok(Found::Other(None));
    }
    let found = count("SELECT coalesce(max(schema_version), -1)::BIGINT FROM meta")?;
    Ok(if found == SCHEMA_VERSION {
        Found::Current
    } else {
        Found::Other(Some(found))
    })
}

/// The names of an evaluation table's columns, as a list for SQL, each with a prefix such as `m.`.
pub(crate) fn columns(table: Table, prefix: &str) -> String {
    let schema = table.schema();
    let names: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| format!("{prefix}\"{}\"", field.name()))
        .collect();
    names.join(", ")
}

fn create_table(table: Table) -> Result<String> {
    let schema = table.schema();
    let mut columns = schema
        .fields()
        .iter()
        .map(|field| column(field))
        .collect::<Result<Vec<String>>>()?;
    match table {
        Table::Message => columns.push(MESSAGE_EXTRA.to_owned()),
        Table::Recipient | Table::Custodian => columns.push(PEOPLE_EXTRA.to_owned()),
        Table::Assignment | Table::Reassignment => columns.push(SEQ_EXTRA.to_owned()),
        _ => {}
    }
    Ok(format!("CREATE TABLE {} ({});", table.name(), columns.join(", ")))
}

fn column(field: &Field) -> Result<String> {
    let null = if field.is_nullable() { "" } else { " NOT NULL" };
    // Keys are hashes, which packing hardly makes smaller; unpacked, millions are looked through several times as fast.
    let storage = match field.name().as_str() {
        "key" | "family" => " USING COMPRESSION uncompressed",
        _ => "",
    };
    let kind = sql_type(field.data_type())?;
    Ok(format!("\"{}\" {kind}{null}{storage}", field.name()))
}

fn sql_type(data_type: &DataType) -> Result<String> {
    Ok(match data_type {
        DataType::Decimal128(width, scale) => format!("DECIMAL({width},{scale})"),
        DataType::Utf8 => "VARCHAR".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Int32 => "INTEGER".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "TIMESTAMPTZ".to_owned(),
        DataType::List(item) => format!("{}[]", sql_type(item.data_type())?),
        other => {
            return Err(CatalogError::new(
                ErrorKind::Statement,
                format!("no column of the catalog is {other}"),
            ));
        }
    })
}
