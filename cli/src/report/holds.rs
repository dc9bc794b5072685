//! `report holds`: holds in force and what they cover.

use jiff::Timestamp;
use lexhold_catalog::Catalog;
use serde_json::json;

use super::sight::Sight;
use super::table::{Columns, Kind, Row, TableWriter};

/// The columns, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("hold", Kind::Text),
        ("matter", Kind::Text),
        ("zone", Kind::Text),
        ("digest", Kind::Text),
        ("silent", Kind::Bool),
        ("placed_at", Kind::Text),
        ("placed_by", Kind::Text),
        ("held", Kind::Int),
        ("unevaluable", Kind::Int),
        ("first_sent_at", Kind::Text),
        ("last_sent_at", Kind::Text),
    ],
    shown: &[
        "hold",
        "matter",
        "held",
        "unevaluable",
        "first_sent_at",
        "last_sent_at",
        "placed_at",
        "placed_by",
    ],
};

/// Writes a row for each hold that the viewer may know of.
pub fn write(catalog: &Catalog, sight: &Sight, table: &mut TableWriter) -> anyhow::Result<()> {
    let instant = |at: Option<i64>| {
        at.and_then(|at| Timestamp::from_microsecond(at).ok())
            .map(|at| at.to_string())
    };
    for hold in catalog.holds()?.into_iter().filter(|hold| sight.shows(hold.silent)) {
        let value = json!({
            "hold": hold.hold,
            "matter": hold.matter,
            "zone": hold.zone,
            "digest": hold.digest,
            "silent": hold.silent,
            "placed_at": instant(Some(hold.placed_at)),
            "placed_by": hold.placed_by,
            "held": hold.n_held,
            "unevaluable": hold.n_unevaluable,
            "first_sent_at": instant(hold.first_sent_at),
            "last_sent_at": instant(hold.last_sent_at),
        });
        table.write(value.as_object().cloned().unwrap_or_else(Row::new))?;
    }
    Ok(())
}
