//! `report coverage`: what no schedule governs.

use lexhold_catalog::{Catalog, Dimension};
use serde_json::json;

use super::sight::Sight;
use super::table::{Columns, Kind, Row, TableWriter};

/// The columns, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("dimension", Kind::Text),
        ("value", Kind::Text),
        ("messages", Kind::Int),
        ("governed", Kind::Int),
        ("ungoverned", Kind::Int),
        ("indeterminate", Kind::Int),
    ],
    shown: &[
        "dimension",
        "value",
        "messages",
        "governed",
        "ungoverned",
        "indeterminate",
    ],
};

/// Writes a row for each platform, channel, domain of senders, and year; returns how many messages are ungoverned.
pub fn write(catalog: &Catalog, sight: &Sight, table: &mut TableWriter) -> anyhow::Result<u64> {
    let rows = catalog.coverage(!sight.sees_silent())?;
    for row in &rows {
        let value = json!({
            "dimension": name(row.dimension),
            "value": row.value,
            "messages": row.n_messages,
            "governed": row.n_messages - row.n_ungoverned,
            "ungoverned": row.n_ungoverned,
            "indeterminate": row.n_indeterminate,
        });
        table.write(value.as_object().cloned().unwrap_or_else(Row::new))?;
    }
    Ok(rows
        .iter()
        .filter(|row| row.dimension == Dimension::Platform)
        .map(|row| row.n_ungoverned)
        .sum())
}

fn name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Platform => "platform",
        Dimension::Channel => "channel",
        Dimension::SenderDomain => "sender_domain",
        Dimension::Year => "year",
    }
}
