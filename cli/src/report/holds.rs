//! `report holds`: holds and what they cover, by matter; for each custodian what they were told.

use jiff::{SignedDuration, Timestamp};
use lexhold_catalog::{Catalog, HoldNoticeRow, HoldRow, Scope};
use lexhold_model::Directory;
use serde::Serialize;
use serde_json::{Value, json};

use super::sight::Sight;
use super::table::{Columns, Kind, Row, TableWriter};
use crate::dates::Dates;

/// The columns, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("hold", Kind::Text),
        ("matter", Kind::Text),
        ("state", Kind::Text),
        ("zone", Kind::Text),
        ("digest", Kind::Text),
        ("silent", Kind::Bool),
        ("anticipated_on", Kind::Text),
        ("placed_at", Kind::Text),
        ("placed_by", Kind::Text),
        ("days_late", Kind::Int),
        ("applied_at", Kind::Text),
        ("released_at", Kind::Text),
        ("released_by", Kind::Text),
        ("reason", Kind::Text),
        ("grace_until", Kind::Text),
        ("narrows", Kind::Text),
        ("narrowed_to", Kind::Text),
        ("held", Kind::Int),
        ("unevaluable", Kind::Int),
        ("first_sent_at", Kind::Text),
        ("last_sent_at", Kind::Text),
        ("custodians", Kind::Texts),
        ("unacknowledged", Kind::Texts),
        ("leavers", Kind::Texts),
        ("not_told_of_end", Kind::Texts),
        ("by_custodian", Kind::Json),
    ],
    shown: &[
        "matter",
        "hold",
        "state",
        "held",
        "unevaluable",
        "placed_at",
        "placed_by",
        "unacknowledged",
        "leavers",
    ],
};

/// How long after the last notice custodians are reminded.
const REMINDED_AFTER: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What custodians of holds were told, and who of them has left.
pub struct HoldFigures<'d> {
    notices: Vec<HoldNoticeRow>,
    directory: &'d Directory,
    as_of: Timestamp,
}

/// How it stands with one custodian of a hold.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ToldOfHold {
    /// The custodian.
    pub custodian: String,
    /// When they were first told.
    pub issued_at: Option<Timestamp>,
    /// When they were last reminded.
    pub reminded_at: Option<Timestamp>,
    /// When those above them were last told.
    pub escalated_at: Option<Timestamp>,
    /// When they acknowledged what they were told.
    pub acknowledged_at: Option<Timestamp>,
    /// When they were told that the hold has ended.
    pub released_at: Option<Timestamp>,
    /// When they are to be reminded.
    pub reminder_due: Option<Timestamp>,
    /// The version of the notice.
    pub text: Option<String>,
    /// Whether they have left the firm.
    pub left: bool,
}

impl ToldOfHold {
    /// Whether it is time to remind them.
    pub fn reminder_is_due(&self, now: Timestamp) -> bool {
        self.reminder_due.is_some_and(|due| due <= now)
    }

    /// How it stands, in words.
    pub fn words(&self) -> String {
        let steps = [
            ("told", self.issued_at),
            ("reminded", self.reminded_at),
            ("escalated", self.escalated_at),
            ("acknowledged", self.acknowledged_at),
            ("told of its end", self.released_at),
        ];
        let mut words: Vec<String> = steps
            .iter()
            .filter_map(|(word, at)| at.map(|at| format!("{word} {}", at.strftime("%Y-%m-%d"))))
            .collect();
        if words.is_empty() {
            words.push("not told".to_owned());
        }
        if self.left {
            words.push("has left".to_owned());
        }
        words.join(", ")
    }
}

impl<'d> HoldFigures<'d> {
    /// What the catalog and the directory know at an instant.
    pub fn of(catalog: &Catalog, directory: &'d Directory, as_of: Timestamp) -> anyhow::Result<Self> {
        Ok(Self {
            notices: catalog.hold_notices()?,
            directory,
            as_of,
        })
    }

    /// The custodians whom a hold names.
    pub fn custodians(hold: &HoldRow) -> Vec<String> {
        serde_json::from_str(&hold.document).map_or_else(|_| Vec::new(), |document| Self::custodians_of(&document))
    }

    /// The custodians whom a document names.
    pub fn custodians_of(document: &Value) -> Vec<String> {
        let named = document["custodians"].as_array().into_iter().flatten();
        let mut named: Vec<String> = named.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        named.sort();
        named.dedup();
        named
    }

    /// How it stands with the custodians of a hold.
    pub fn by_custodian(&self, hold: &HoldRow) -> Vec<ToldOfHold> {
        let custodians = Self::custodians(hold).into_iter();
        custodians.map(|custodian| self.told(&hold.hold, custodian)).collect()
    }

    /// How it stands with the custodians whom the document of a hold names.
    pub fn by_custodian_of(&self, hold: &str, document: &Value) -> Vec<ToldOfHold> {
        let custodians = Self::custodians_of(document).into_iter();
        custodians.map(|custodian| self.told(hold, custodian)).collect()
    }

    fn told(&self, hold: &str, custodian: String) -> ToldOfHold {
        let left = self
            .directory
            .standing(&custodian, Some(self.as_of.as_microsecond()))
            .is_some_and(|standing| standing.departed);
        let mut told = ToldOfHold {
            left,
            ..ToldOfHold::default()
        };
        let mine = self
            .notices
            .iter()
            .filter(|notice| notice.hold == hold && notice.custodian == custodian);
        for notice in mine {
            let Ok(at) = Timestamp::from_microsecond(notice.noted_at) else {
                continue;
            };
            match notice.step.as_str() {
                "issued" => {
                    told.issued_at = told.issued_at.or(Some(at));
                    // Who is told of other words has not acknowledged those.
                    if told.text.is_some() && told.text != notice.text {
                        told.acknowledged_at = None;
                    }
                    told.text.clone_from(&notice.text);
                    told.reminder_due = at.checked_add(REMINDED_AFTER).ok();
                }
                "reminded" => {
                    told.reminded_at = Some(at);
                    told.reminder_due = at.checked_add(REMINDED_AFTER).ok();
                }
                "escalated" => told.escalated_at = Some(at),
                "released" => told.released_at = Some(at),
                _ => told.acknowledged_at = Some(at),
            }
        }
        ToldOfHold { custodian, ..told }
    }
}

/// The holds that the viewer may know of, in the order of the journal. They count nothing that a silent hold brought back.
pub fn seen(catalog: &Catalog, as_of: Timestamp, sight: &Sight) -> anyhow::Result<Vec<HoldRow>> {
    let withheld = Dates::withheld_members(catalog, as_of, sight)?;
    let mut holds = catalog.holds()?;
    holds.retain(|hold| sight.shows(hold.silent));
    for hold in holds.iter_mut().filter(|hold| withheld.contains_key(&hold.hold)) {
        let families = &withheld[&hold.hold];
        let mut sent: Vec<i64> = Vec::new();
        let mut n_withheld = 0;
        catalog.choose_members(&hold.hold)?;
        catalog.retention::<anyhow::Error>(Scope::Chosen, |row| {
            match families.contains(&row.family) {
                true => n_withheld += 1,
                false => sent.extend(row.assigned.iter().filter_map(|one| one.sent_at)),
            }
            Ok(())
        })?;
        hold.n_held = hold.n_held.saturating_sub(n_withheld);
        (hold.first_sent_at, hold.last_sent_at) = (sent.iter().min().copied(), sent.iter().max().copied());
    }
    Ok(holds)
}

/// Writes a row for each hold that the viewer may know of, by matter.
pub fn write(
    catalog: &Catalog,
    directory: &Directory,
    as_of: Timestamp,
    sight: &Sight,
    table: &mut TableWriter,
) -> anyhow::Result<()> {
    let figures = HoldFigures::of(catalog, directory, as_of)?;
    let mut holds = seen(catalog, as_of, sight)?;
    holds.sort_by(|one, other| (&one.matter, &one.hold).cmp(&(&other.matter, &other.hold)));
    holds.iter().try_for_each(|hold| table.write(row(hold, &figures)))
}

fn row(hold: &HoldRow, figures: &HoldFigures<'_>) -> Row {
    let instant = |at: Option<i64>| {
        at.and_then(|at| Timestamp::from_microsecond(at).ok())
            .map(|at| at.to_string())
    };
    let document: Value = serde_json::from_str(&hold.document).unwrap_or_default();
    let anticipated_on = document["anticipated_on"].as_str();
    let told = figures.by_custodian(hold);
    let open = |one: &&ToldOfHold| hold.is_active() && !hold.silent && one.acknowledged_at.is_none();
    let untold = |one: &&ToldOfHold| !hold.is_active() && one.issued_at.is_some() && one.released_at.is_none();
    let names = |of: &dyn Fn(&&ToldOfHold) -> bool| -> Vec<&str> {
        told.iter().filter(of).map(|one| one.custodian.as_str()).collect()
    };
    let release = hold.release.as_ref();
    let value = json!({
        "hold": hold.hold,
        "matter": hold.matter,
        "state": if hold.is_active() { "in_force" } else { "released" },
        "zone": hold.zone,
        "digest": hold.digest,
        "silent": hold.silent,
        "anticipated_on": anticipated_on,
        "placed_at": instant(Some(hold.placed_at)),
        "placed_by": hold.placed_by,
        "days_late": anticipated_on.and_then(|day| days_late(day, hold)),
        "applied_at": instant(hold.applied_at),
        "released_at": instant(release.map(|release| release.released_at)),
        "released_by": release.map(|release| &release.released_by),
        "reason": release.map(|release| &release.reason),
        "grace_until": instant(release.map(|release| release.grace_until)),
        "narrows": hold.narrows,
        "narrowed_to": release.and_then(|release| release.narrowed_to.as_ref()),
        "held": hold.n_held,
        "unevaluable": hold.n_unevaluable,
        "first_sent_at": instant(hold.first_sent_at),
        "last_sent_at": instant(hold.last_sent_at),
        "custodians": HoldFigures::custodians(hold),
        "unacknowledged": names(&open),
        "leavers": names(&|one: &&ToldOfHold| one.left),
        "not_told_of_end": names(&untold),
        "by_custodian": told,
    });
    value.as_object().cloned().unwrap_or_else(Row::new)
}

/// Days from when a case was to be expected to when deletion stopped, in the hold's zone.
fn days_late(anticipated_on: &str, hold: &HoldRow) -> Option<i64> {
    let anticipated: jiff::civil::Date = anticipated_on.parse().ok()?;
    let zone = lexhold_retention::Zone::named(&hold.zone)?;
    let placed = zone.date(Timestamp::from_microsecond(hold.placed_at).ok()?);
    Some(i64::from((placed - anticipated).get_days()))
}
