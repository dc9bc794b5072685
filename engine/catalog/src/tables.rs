//! Whole tables: out as Arrow, and compared by fingerprint.

use arrow::array::RecordBatch;
use lexhold_model::tables::Table;

use crate::error::{CatalogError, Result};
use crate::open::Catalog;
use crate::rows::{collect, stream};
use crate::schema::columns;

/// What a fingerprint takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fingerprint {
    /// Everything: for a rebuilt catalog against the original.
    Everything,
    /// What was decided about messages, apart from runs, times and places in the journal: for a run that was killed and
    /// resumed against an undisturbed one.
    Decisions,
}

/// The fingerprint of one table: equal rows, however ordered, have equal ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFingerprint {
    /// The table.
    pub table: String,
    /// How many rows it has.
    pub n_rows: u64,
    /// A hash of all of them, comparable between catalogs that the same program reads.
    pub hash: String,
}

impl Catalog {
    /// Hands over a table of evaluations, with the columns of [`Table::schema`], in no particular order.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn table<E: From<CatalogError>>(
        &self,
        table: Table,
        each: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!("SELECT {} FROM {}", columns(table, ""), table.name());
        stream(self.connection(), &sql, "reading a table", each)
    }

    /// The fingerprints of all tables.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn fingerprint(&self, of: Fingerprint) -> Result<Vec<TableFingerprint>> {
        let evaluations = Table::ALL.into_iter().map(|table| {
            let (columns, from) = evaluation_columns(table, of);
            (table.name(), columns, from)
        });
        let own = OWN_TABLES.into_iter().filter_map(|(name, all, decisions)| match of {
            Fingerprint::Everything => Some((name, all.to_owned(), own_rows(name))),
            Fingerprint::Decisions => Some((name, decisions?.to_owned(), own_rows(name))),
        });
        evaluations
            .chain(own)
            .map(|(name, columns, from)| self.table_fingerprint(name, &columns, &from))
            .collect()
    }

    fn table_fingerprint(&self, table: &str, columns: &str, from: &str) -> Result<TableFingerprint> {
        // A sum of hashes: neither the order of rows nor the number of threads matters, and memory stays small.
        let sql = format!("SELECT count(*), coalesce(sum(hash({columns})::HUGEINT), 0)::VARCHAR FROM {from}");
        let rows = collect(self.connection(), &sql, "fingerprinting a table", |row| {
            Ok((row.count(0)?, row.owned(1)?))
        })?;
        let (n_rows, hash) = rows.into_iter().next().unwrap_or_default();
        Ok(TableFingerprint {
            table: table.to_owned(),
            n_rows,
            hash,
        })
    }
}

/// What the numbers of a message, and of a member of a united family, stand for: which numbers they are depends on messages
/// that are long gone.
const NUMBERED: &str = "LEFT JOIN origin o USING (origin_no) LEFT JOIN day_set d USING (days_no)
    LEFT JOIN conversation c USING (conversation_no)";
/// The message that bears a number.
const BEARER: &str = "LEFT JOIN (SELECT key AS bears, message_no FROM message) n USING (message_no)";
const MEANING: &str =
    "o.set_id, o.facts_id, o.scan_incomplete, o.after, o.resolved, d.days_id, d.suspect, c.platform, c.conversation";

/// Tables beside those of evaluations: all columns, and those that say what was decided, if any does.
const OWN_TABLES: [(&str, &str, Option<&str>); 44] = [
    (
        "meta",
        "schema_version, applied_seq, applied_leaf",
        Some("schema_version"),
    ),
    (
        "activation",
        "seq, activated_at, actor, bundle, documents",
        Some("bundle, documents"),
    ),
    (
        "correction",
        "seq, corrected_at, actor, document, version, digest, reason, cites, approved_by, simulation",
        Some("actor, document, version, digest, reason, cites, approved_by, simulation"),
    ),
    (
        "resolution",
        "seq, resolved_at, actor, family, message_id, document, schedules, set_id, replaces, reason, confirmed_by",
        Some("actor, family, message_id, document, schedules, set_id, replaces, reason, confirmed_by"),
    ),
    (
        "case_file",
        "name, seq, opened_at, opened_by, matter, reason, solo",
        Some("name, opened_by, matter, reason, solo"),
    ),
    (
        "case_message",
        "name, seq, item, added_at, added_by, family, message_id, alert_id, reason",
        Some("name, item, added_by, family, message_id, alert_id, reason"),
    ),
    (
        "case_closing",
        "name, seq, closed_at, closed_by, reason, confirmed_by, solo",
        Some("name, closed_by, reason, confirmed_by, solo"),
    ),
    (
        "erasure",
        "request, seq, requested_at, requested_by, subject, law, located, established, received, zone, due, chosen_by, \
         digest, solo",
        Some("request, requested_by, subject, law, located, established, received, zone, due, chosen_by, digest, solo"),
    ),
    (
        "erasure_item",
        "request, seq, item, family, message_id, others",
        Some("request, item, family, message_id, others"),
    ),
    (
        "erasure_step",
        "request, seq, stepped_at, stepped_by, step, day, reason, detail, confirmed_by, solo",
        Some("request, stepped_by, step, day, reason, confirmed_by, solo"),
    ),
    (
        "erasure_decision",
        "request, seq, part, decided_at, decided_by, ground, waived, reason, confirmed_by, solo",
        Some("request, part, decided_by, ground, waived, reason, confirmed_by, solo"),
    ),
    ("erasure_decision_item", "seq, part, family", Some("part, family")),
    (
        "run",
        "run, seq, actor, started_at, bundle, facts, as_of, finished_at, summary",
        None,
    ),
    ("batch", "seq, run", None),
    ("batch_input", "seq, path, digest, bytes, messages, complete", None),
    (
        "ingested_file",
        "digest, path, bytes, messages, complete",
        Some("digest, path, bytes, messages, complete"),
    ),
    (
        "hold",
        "hold, seq, matter, zone, digest, silent, document, placed_at, placed_by, narrows",
        Some("hold, matter, zone, digest, silent, document, narrows"),
    ),
    (
        "hold_release",
        "hold, seq, released_at, released_by, reason, confirmed_by, solo, grace_until, narrowed_to",
        Some("hold, released_by, reason, confirmed_by, solo, narrowed_to"),
    ),
    ("hold_application", "hold, seq, applied_at, through", None),
    (
        "hold_notice",
        "hold, seq, noted_at, noted_by, step, custodian, text",
        Some("hold, noted_by, step, custodian, text"),
    ),
    (
        "disposal",
        "plan, seq, proposed_at, proposed_by, digest, as_of, frozen_at, n_items, by_schedule, held_back, authors, solo",
        Some("proposed_by, digest, n_items, by_schedule, held_back, authors, solo"),
    ),
    (
        "disposal_approval",
        "plan, seq, approved_at, approved_by, signed, solo",
        None,
    ),
    (
        "disposal_rejection",
        "plan, seq, rejected_at, rejected_by, reason",
        None,
    ),
    ("disposal_sent_back", "plan, seq, sent_back_by, key, reason", None),
    ("disposal_step", "seq, plan, intended_at, executor, n_bytes", None),
    ("disposal_step_key", "seq, key", None),
    (
        "disposal_step_activity",
        "seq, conversation, active_at, captured_at",
        None,
    ),
    ("disposal_certificate", "plan, seq, certified_at", None),
    ("blind_restore", "seq", None),
    (
        "tombstone",
        "key, family, message_id, version, content_hash, plan, item, schedules, action, triggers, retain_until, \
         eligible_from, dispose_at, must_dispose_by, executor, intent_seq, intended_at, done_seq, destroyed_at",
        Some(
            "key, family, message_id, version, content_hash, schedules, action, triggers, retain_until, eligible_from, \
             dispose_at, must_dispose_by",
        ),
    ),
    ("united", "family", Some("family")),
    // Which origins there are depends on how messages came in batches, which is no decision.
    ("origin", "set_id, facts_id, scan_incomplete, after, resolved", None),
    ("day_set", "days_id, suspect", Some("days_id, suspect")),
    (
        "conversation",
        "platform, conversation, active_at, captured_at",
        Some("platform, conversation, active_at, captured_at"),
    ),
    ("place", "platform, channel, domain", Some("platform, channel, domain")),
    (
        "united_member",
        "m.family, m.key, n.bears, m.sent_at, m.captured_at, o.set_id, o.facts_id, o.scan_incomplete, o.after, o.resolved, \
         d.days_id, d.suspect, c.platform, c.conversation",
        Some("m.family, m.key, m.sent_at, m.captured_at"),
    ),
    (
        "review",
        "review_id, seq, item, reviewed_at, reviewer, person, on_behalf_of, object, object_id, action, assigned_to, until, \
         decision, significant, action_taken, reason, due_at, approved_by, delegation, exceptions, solo",
        Some(
            "item, reviewer, person, on_behalf_of, object, object_id, action, assigned_to, decision, significant, \
             action_taken, reason, approved_by, delegation, exceptions, solo",
        ),
    ),
    (
        "review_member",
        "seq, item, ordinal, key, message_id",
        Some("item, ordinal, key, message_id"),
    ),
    ("viewing", "seq, viewed_at, viewer, object, object_id, content", None),
    (
        "sample_commitment",
        "sample, period, seq, committed_at, begins_at, ends_at, commitment, plan",
        None,
    ),
    ("sample_draw", "sample, period, seq, drawn_at, drawn_by, tallies", None),
    (
        "sample_item",
        "sample, period, seq, key, message_id, stratum, draw, hash",
        None,
    ),
    (
        "event",
        "event_id, seq, item, recorded_at, asserter, step, event, key, effective_on, supersedes, evidence, \
         evidence_digest, reason, confirmed_by, accepted, solo",
        Some(
            "item, asserter, step, event, key, effective_on, evidence, evidence_digest, reason, confirmed_by, \
             accepted, solo",
        ),
    ),
    (
        "suppression",
        "review_id, alert_id, began_at, until, reviewer, approved_by, reason, ended_at",
        None,
    ),
];

/// The columns of a table, and what to read them from.
fn evaluation_columns(table: Table, of: Fingerprint) -> (String, String) {
    let (name, own) = (table.name(), columns(table, ""));
    match (table, of) {
        (Table::Message, Fingerprint::Everything) => {
            let columns = format!(
                "{}, m.seq, {MEANING}, p.platform, p.channel, p.domain",
                columns(table, "m.")
            );
            (
                columns,
                format!("message m {NUMBERED} LEFT JOIN place p USING (place_no)"),
            )
        }
        (Table::Recipient | Table::Custodian, Fingerprint::Everything) => {
            (format!("{own}, bears"), format!("{name} {BEARER}"))
        }
        (Table::Assignment | Table::Reassignment, Fingerprint::Everything) => (format!("{own}, seq"), name.to_owned()),
        _ => (own, name.to_owned()),
    }
}

/// What to read a table beside those of evaluations from. A number that nothing bears any more says nothing.
fn own_rows(name: &str) -> String {
    let borne = |number: &str| {
        format!(
            "{name} SEMI JOIN (SELECT {number} FROM message UNION SELECT {number} FROM united_member) USING ({number})"
        )
    };
    match name {
        "origin" => borne("origin_no"),
        "day_set" => borne("days_no"),
        "united_member" => format!("united_member m {NUMBERED} {BEARER}"),
        _ => name.to_owned(),
    }
}
