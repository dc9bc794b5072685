//! `report coverage`: what no schedule governs.

use lexhold_catalog::{Catalog, CoverageRow, Dimension};
use serde_json::json;

use jiff::Timestamp;

use super::sight::Sight;
use super::table::{Columns, Kind, Row, TableWriter};
use crate::dates::{Dates, Grounds};

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
pub fn write(catalog: &Catalog, as_of: Timestamp, sight: &Sight, table: &mut TableWriter) -> anyhow::Result<u64> {
    let rows = rows(catalog, as_of, !sight.sees_silent())?;
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

/// How the whole ledger covers messages: what came in without a schedule may have one by a later bundle.
pub fn rows(catalog: &Catalog, as_of: Timestamp, hide_silent: bool) -> anyhow::Result<Vec<CoverageRow>> {
    let grounds = Grounds::read(catalog, as_of)?;
    Dates::open(catalog, &grounds, as_of)?.classify(catalog)?;
    Ok(catalog.coverage(hide_silent)?)
}

fn name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Platform => "platform",
        Dimension::Channel => "channel",
        Dimension::SenderDomain => "sender_domain",
        Dimension::Year => "year",
    }
}
