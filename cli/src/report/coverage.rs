//! `report coverage`: what no schedule governs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lexhold_catalog::{Catalog, CoverageRow, Dimension};
use serde_json::json;

use super::sight::Sight;
use super::table::{Columns, Kind, Row, TableWriter};
use crate::dates::{Governed, Grounds, Keys};

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
    let rows = rows(catalog, as_of, sight.hide_at(as_of))?;
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
pub fn rows(catalog: &Catalog, as_of: Timestamp, hide_silent_at: Option<i64>) -> anyhow::Result<Vec<CoverageRow>> {
    let grounds = Grounds::read(catalog, as_of)?;
    Governed::read(catalog, &grounds, hide_silent_at.is_some())?.classify(catalog)?;
    Ok(catalog.coverage(hide_silent_at)?)
}

fn name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Platform => "platform",
        Dimension::Channel => "channel",
        Dimension::SenderDomain => "sender_domain",
        Dimension::Year => "year",
    }
}

/// Names shown of each kind.
const NAMED: usize = 20;

/// The domains, channels and people whose messages no schedule governs, a line each, those with most messages first.
pub fn ungoverned(catalog: &Catalog, as_of: Timestamp, sight: &Sight) -> anyhow::Result<Vec<String>> {
    let hide_silent_at = sight.hide_at(as_of);
    let coverage = rows(catalog, as_of, hide_silent_at)?;
    let of = |dimension: Dimension| {
        let rows = coverage.iter().filter(move |row| row.dimension == dimension);
        let open = rows.filter(|row| row.n_ungoverned > 0);
        open.map(|row| (row.value.clone().unwrap_or_else(|| "none".to_owned()), row.n_ungoverned))
            .collect()
    };
    let lines = [
        ("domains", of(Dimension::SenderDomain)),
        ("channels", of(Dimension::Channel)),
        ("people", ungoverned_people(catalog, as_of, hide_silent_at)?),
    ];
    let lines = lines.into_iter().filter(|(_, found)| !found.is_empty());
    Ok(lines.map(|(name, found)| named(name, found)).collect())
}

fn named(name: &str, mut found: Vec<(String, u64)>) -> String {
    found.sort_by(|(one, n), (other, m)| m.cmp(n).then_with(|| one.cmp(other)));
    let shown: Vec<String> = found
        .iter()
        .take(NAMED)
        .map(|(value, n)| format!("{value} ({n})"))
        .collect();
    let more = match found.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    lexhold_document::printable(&format!("{name}: {}{more}", shown.join(", ")))
}

/// Insiders whose messages are ungoverned; where a message has none, its sender.
fn ungoverned_people(
    catalog: &Catalog,
    as_of: Timestamp,
    hide_silent_at: Option<i64>,
) -> anyhow::Result<Vec<(String, u64)>> {
    let grounds = Grounds::read(catalog, as_of)?;
    Governed::read(catalog, &grounds, hide_silent_at.is_some())?.classify(catalog)?;
    let mut counts: Vec<(u32, u64)> = Vec::new();
    catalog.ungoverned_origins::<anyhow::Error>(hide_silent_at, |origin, n| {
        counts.push((origin, n));
        Ok(())
    })?;
    let origins: Vec<u32> = counts.iter().map(|(origin, _)| *origin).collect();
    let keys = Keys::read(catalog, &origins)?;
    let mut people: BTreeMap<String, u64> = BTreeMap::new();
    for (origin, n) in counts {
        for person in keys.people(origin) {
            *people.entry(person.to_owned()).or_default() += n;
        }
    }
    Ok(people.into_iter().collect())
}
