//! `report alerts`: what a reviewer gets.

use jiff::Timestamp;
use lexhold_catalog::{Catalog, Hits};
use lexhold_evaluate::review::{Because, ReviewStanding};
use lexhold_evaluate::{Alert, AlertMember, AlertPlace};
use lexhold_model::PartKind;
use lexhold_rules::Confidence;
use serde_json::{Value, json};

use super::resolve::each_alert;
use super::table::{Columns, Kind, Row, TableWriter};
use crate::review::ReviewLog;

/// The columns, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("alert_id", Kind::Text),
        ("aliases", Kind::Texts),
        ("rule", Kind::Text),
        ("document", Kind::Text),
        ("version", Kind::Text),
        ("digest", Kind::Text),
        ("view", Kind::Text),
        ("severity", Kind::Text),
        ("base_severity", Kind::Text),
        ("confidence", Kind::Text),
        ("labels", Kind::Texts),
        ("message_ids", Kind::Texts),
        ("echoes", Kind::Texts),
        ("custodians", Kind::Texts),
        ("conversation", Kind::Text),
        ("sender", Kind::Text),
        ("sent_at", Kind::Text),
        ("truncated", Kind::Bool),
        ("spans", Kind::Json),
        ("quoted", Kind::Bool),
        ("evasion", Kind::Bool),
        ("state", Kind::Text),
        ("state_reason", Kind::Text),
        ("assignee", Kind::Text),
        ("due_at", Kind::Text),
        ("suppressed_until", Kind::Text),
        ("indeterminate", Kind::Text),
    ],
    shown: &[
        "severity",
        "state",
        "rule",
        "sent_at",
        "sender",
        "conversation",
        "message_ids",
    ],
};

/// The columns that somebody who works through alerts looks at.
pub const WORKLIST: &[&str] = &[
    "severity",
    "state",
    "state_reason",
    "due_at",
    "assignee",
    "rule",
    "sent_at",
    "sender",
    "alert_id",
];

/// Writes every alert that no exclusion took away, the gravest first, then the oldest.
pub fn write(catalog: &Catalog, log: &ReviewLog, table: &mut TableWriter) -> anyhow::Result<()> {
    each_alert(catalog, Hits::All, None, |alert| {
        if alert.excluded_by.is_none() {
            table.write(row(&alert, &log.standing(&alert)))
        } else {
            Ok(())
        }
    })
}

/// An alert as a row.
pub fn row(alert: &Alert, standing: &ReviewStanding) -> Row {
    let rule = &alert.rule;
    let ids = |of: &dyn Fn(&AlertMember) -> bool| -> Vec<&str> {
        let members = alert.members.iter().filter(|member| of(member));
        members.map(|member| member.message_id.as_str()).collect()
    };
    let value = json!({
        "alert_id": alert.id,
        "aliases": alert.aliases,
        "rule": rule.id,
        "document": rule.document,
        "version": rule.version,
        "digest": rule.digest,
        "view": rule.view,
        "severity": alert.severity,
        "base_severity": rule.severity,
        "confidence": alert.confidence.map(Confidence::as_str),
        "labels": rule.labels,
        "message_ids": ids(&|_| true),
        "echoes": ids(&|member| member.echo),
        "custodians": alert.custodians,
        "conversation": alert.conversation,
        "sender": alert.sender,
        "sent_at": alert.sent_at().and_then(|at| Timestamp::from_microsecond(at).ok()).map(|at| at.to_string()),
        "truncated": alert.truncated,
        "spans": alert.places.iter().map(span).collect::<Vec<_>>(),
        "quoted": alert.quoted,
        "evasion": alert.evasion,
        "state": standing.state().as_str(),
        "state_reason": standing.because.map(Because::as_str),
        "assignee": standing.assignee,
        "due_at": standing.due_at.map(|due| due.to_string()),
        "suppressed_until": standing.suppressed_until.map(|until| until.to_string()),
        "indeterminate": alert.indeterminate,
    });
    match value {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

/// Where a hit is, with what is said of it where there is something to say.
pub fn span(place: &AlertPlace) -> Value {
    let mut span =
        json!({"message_id": place.message_id, "field": place.field, "start": place.start, "end": place.end});
    if let Some(part) = place.part.filter(|part| *part != PartKind::Authored) {
        span["part"] = json!(part);
    }
    if place.evasion {
        span["evasion"] = json!(true);
    }
    if let Some(confidence) = place.confidence {
        span["confidence"] = json!(confidence.as_str());
    }
    if let Some(support) = place
        .support
        .as_deref()
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
    {
        span["support"] = support;
    }
    span
}
