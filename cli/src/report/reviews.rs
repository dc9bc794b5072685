//! `report reviews`: who decided on what, when, and what was done about it.
//!
//! # Regulation
//! FINRA Rule 3110.07: evidence of review names the reviewer, the communication, the date, and the action taken on a
//! significant issue. Having opened a message is no review, and is not in here.

use jiff::Timestamp;
use lexhold_catalog::ReviewRow;
use serde_json::json;

use super::table::{Columns, Kind, Row, TableWriter};
use crate::review::ReviewLog;

/// The columns, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("review_id", Kind::Text),
        ("object", Kind::Text),
        ("object_id", Kind::Text),
        ("message_ids", Kind::Texts),
        ("reviewer", Kind::Text),
        ("person", Kind::Text),
        ("on_behalf_of", Kind::Text),
        ("reviewed_at", Kind::Text),
        ("action", Kind::Text),
        ("decision", Kind::Text),
        ("significant", Kind::Bool),
        ("action_taken", Kind::Text),
        ("reason", Kind::Text),
        ("assigned_to", Kind::Text),
        ("escalated_to", Kind::Text),
        ("suppressed_until", Kind::Text),
        ("approved_by", Kind::Text),
        ("due_at", Kind::Text),
        ("delegation", Kind::Text),
        ("exceptions", Kind::Texts),
        ("solo", Kind::Bool),
    ],
    shown: &[
        "reviewed_at",
        "reviewer",
        "action",
        "decision",
        "action_taken",
        "reason",
        "object",
        "object_id",
    ],
};

/// Writes every decision, in the order of the journal.
pub fn write(log: &ReviewLog, table: &mut TableWriter) -> anyhow::Result<()> {
    log.rows().iter().try_for_each(|one| table.write(row(one)))
}

/// A decision as a row.
pub fn row(of: &ReviewRow) -> Row {
    let instant = |at: Option<i64>| {
        at.and_then(|at| Timestamp::from_microsecond(at).ok())
            .map(|at| at.to_string())
    };
    let to = |action: &str| of.assigned_to.as_ref().filter(|_| of.action == action);
    let value = json!({
        "review_id": of.review_id,
        "object": of.object,
        "object_id": of.object_id,
        "message_ids": of.members.iter().map(|(_, id)| id).collect::<Vec<_>>(),
        "reviewer": of.reviewer,
        "person": of.person,
        "on_behalf_of": of.on_behalf_of,
        "reviewed_at": instant(Some(of.reviewed_at)),
        "action": of.action,
        "decision": of.decision,
        "significant": of.decision.as_ref().map(|_| of.significant),
        "action_taken": of.action_taken,
        "reason": of.reason,
        "assigned_to": to("assign"),
        "escalated_to": to("escalate"),
        "suppressed_until": instant(of.until),
        "approved_by": of.approved_by,
        "due_at": instant(of.due_at),
        "delegation": of.delegation,
        "exceptions": of.exceptions,
        "solo": of.solo,
    });
    value.as_object().cloned().unwrap_or_default()
}
