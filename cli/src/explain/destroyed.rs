//! What is left to say of a message that was destroyed.

use lexhold_catalog::TombstoneRow;
use serde_json::{Value, json};

use crate::home;
use crate::report::table::instant;
use crate::settings::Settings;

/// As one JSON document.
pub fn value(settings: &Settings, rows: &[TombstoneRow]) -> Value {
    let version = |row: &TombstoneRow| {
        json!({
            "version": row.version,
            "plan": row.plan,
            "schedules": row.schedules,
            "triggers": row.triggers,
            "eligible_from": row.eligible_from,
            "seq": row.seq,
            "destroyed_at": instant(row.destroyed_at),
            "destroyed_by": row.destroyed_by,
            "certificate": row.certified.then(|| home::certificate_path(settings, &row.plan)),
        })
    };
    json!({
        "schema": "lexhold/explain-destroyed/1",
        "message_id": rows[0].message_id,
        "state": "destroyed",
        "versions": rows.iter().map(version).collect::<Vec<_>>(),
    })
}

/// In words.
pub fn text(settings: &Settings, rows: &[TombstoneRow]) -> String {
    let mut lines = vec![format!("message {}", rows[0].message_id)];
    for row in rows {
        lines.push(format!(
            "├─ version {} was due under {}, {}, eligible from {}",
            row.version,
            row.schedules.join(", "),
            row.triggers.join(", "),
            row.eligible_from
        ));
        lines.push(format!(
            "│  destroyed {} by {}, plan {}, announced by journal entry {}",
            instant(row.destroyed_at),
            row.destroyed_by,
            row.plan,
            row.seq
        ));
    }
    let last = &rows[rows.len() - 1];
    lines.push(match last.certified {
        true => format!(
            "└─ destroyed, certificate {}",
            home::certificate_path(settings, &last.plan)
        ),
        false => "└─ destroyed, not certified yet".to_owned(),
    });
    lines
        .iter()
        .map(|line| lexhold_document::printable(line) + "\n")
        .collect()
}
