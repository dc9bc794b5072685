//! `report sources`: what was read of each source on each day, what became of it, and which numbers are missing.

use lexhold_catalog::{Catalog, SourceRow};
use serde_json::json;

use super::sight::Sight;
use super::table::{Columns, Kind, TableWriter, object};

/// The columns, a contract. `read` is `written`, `duplicate`, `destroyed_before` and `unreadable` together.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("source", Kind::Text),
        ("input", Kind::Text),
        ("digest", Kind::Text),
        ("format", Kind::Text),
        ("complete", Kind::Bool),
        ("day", Kind::Text),
        ("platform", Kind::Text),
        ("read", Kind::Int),
        ("written", Kind::Int),
        ("duplicate", Kind::Int),
        ("destroyed_before", Kind::Int),
        ("unreadable", Kind::Int),
        ("system", Kind::Int),
    ],
    shown: &[
        "source",
        "day",
        "platform",
        "read",
        "written",
        "duplicate",
        "unreadable",
        "system",
        "complete",
    ],
};

/// The columns of missing numbers, a contract.
pub const GAPS: Columns = Columns {
    all: &[
        ("platform", Kind::Text),
        ("conversation", Kind::Text),
        ("after", Kind::Int),
        ("after_day", Kind::Text),
        ("before", Kind::Int),
        ("before_day", Kind::Text),
        ("missing", Kind::Int),
    ],
    shown: &[
        "platform",
        "conversation",
        "after",
        "after_day",
        "before",
        "before_day",
        "missing",
    ],
};

/// The input, with the file or folder inside it.
pub fn name(row: &SourceRow) -> String {
    if row.tally.part.is_empty() {
        return row.path.clone();
    }
    format!("{}/{}", row.path.trim_end_matches('/'), row.tally.part)
}

/// Writes a row for each source, day and platform.
pub fn write(rows: &[SourceRow], table: &mut TableWriter) -> anyhow::Result<()> {
    for row in rows {
        let tally = &row.tally;
        table.write(object(json!({
            "source": name(row),
            "input": row.path,
            "digest": row.digest,
            "format": row.format,
            "complete": row.complete,
            "day": tally.day,
            "platform": tally.platform,
            "read": tally.read,
            "written": tally.written,
            "duplicate": tally.duplicate,
            "destroyed_before": tally.destroyed_before,
            "unreadable": tally.unreadable,
            "system": tally.system,
        })))?;
    }
    Ok(())
}

/// Writes a row for each run of missing numbers. A conversation of which no message is left has the hash of its name.
pub fn write_gaps(catalog: &Catalog, sight: &Sight, table: &mut TableWriter) -> anyhow::Result<()> {
    let gaps = catalog.sequence_gaps()?;
    let names = if gaps.is_empty() {
        Default::default()
    } else {
        catalog.conversations_by_key(!sight.sees_silent())?
    };
    for gap in gaps {
        let conversation = names.get(&gap.conversation).cloned();
        table.write(object(json!({
            "platform": gap.platform,
            "conversation": conversation.unwrap_or_else(|| gap.conversation.to_string()),
            "after": gap.after,
            "after_day": gap.after_day,
            "before": gap.before,
            "before_day": gap.before_day,
            "missing": gap.missing(),
        })))?;
    }
    Ok(())
}
