//! `report alerts`: what a reviewer gets.

use lexhold_catalog::{Catalog, Hits};
use lexhold_evaluate::Alert;
use serde_json::json;

use super::figures::each_alert;
use super::table::{Columns, Kind, Row, TableWriter};

/// The columns, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("alert_id", Kind::Text),
        ("rule", Kind::Text),
        ("document", Kind::Text),
        ("version", Kind::Text),
        ("digest", Kind::Text),
        ("severity", Kind::Text),
        ("base_severity", Kind::Text),
        ("labels", Kind::Texts),
        ("message_ids", Kind::Texts),
        ("custodians", Kind::Texts),
        ("conversation", Kind::Text),
        ("sender", Kind::Text),
        ("sent_at", Kind::Text),
        ("spans", Kind::Json),
        ("quoted", Kind::Bool),
        ("evasion", Kind::Bool),
        ("state", Kind::Text),
        ("indeterminate", Kind::Text),
    ],
    shown: &["severity", "rule", "sent_at", "sender", "conversation", "message_ids"],
};

/// Writes every alert that no exclusion took away, by alert id.
pub fn write(catalog: &Catalog, table: &mut TableWriter) -> anyhow::Result<()> {
    each_alert(catalog, Hits::All, None, |alert| {
        if alert.excluded_by.is_none() {
            table.write(row(&alert))
        } else {
            Ok(())
        }
    })
}

/// An alert as a row.
pub fn row(alert: &Alert) -> Row {
    let first = &alert.first;
    let spans: Vec<_> = alert
        .spans
        .iter()
        .map(|(message, field, start, end)| json!({"message_id": message, "field": field, "start": start, "end": end}))
        .collect();
    let value = json!({
        "alert_id": first.alert_id,
        "rule": first.rule,
        "document": first.document,
        "version": first.version,
        "digest": first.digest,
        "severity": first.severity,
        "base_severity": first.severity,
        "labels": first.labels,
        "message_ids": alert.message_ids,
        "custodians": alert.custodians,
        "conversation": first.conversation,
        "sender": first.sender,
        "sent_at": Some(&first.sent_at).filter(|at| !at.is_empty()),
        "spans": spans,
        "quoted": alert.quoted,
        "evasion": false,
        "state": "open",
        "indeterminate": first.indeterminate,
    });
    match value {
        serde_json::Value::Object(row) => row,
        _ => Row::new(),
    }
}
