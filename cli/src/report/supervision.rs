//! `report supervision`: per month, person, desk and channel, what was sent and found, what somebody looked at, and what
//! nobody did.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use lexhold_catalog::{Catalog, Hits, Place};
use lexhold_evaluate::review::ReviewState;
use lexhold_model::{Directory, Key};
use serde_json::json;

use super::html::Month;
use super::resolve::each_alert;
use super::table::{Columns, Kind, Row, TableWriter};
use crate::review::ReviewLog;

/// The columns, a contract.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("month", Kind::Text),
        ("person", Kind::Text),
        ("desk", Kind::Text),
        ("platform", Kind::Text),
        ("channel", Kind::Text),
        ("supervisor", Kind::Text),
        ("messages", Kind::Int),
        ("hits", Kind::Int),
        ("alerts", Kind::Int),
        ("drawn", Kind::Int),
        ("reviewed", Kind::Int),
        ("escalated", Kind::Int),
        ("overdue", Kind::Int),
        ("suppressed", Kind::Int),
        ("unreviewed", Kind::Int),
        ("nobody_designated", Kind::Bool),
        ("none_reviewed", Kind::Bool),
        ("attested_by", Kind::Texts),
    ],
    shown: &[
        "month",
        "person",
        "desk",
        "channel",
        "messages",
        "hits",
        "drawn",
        "reviewed",
        "escalated",
        "overdue",
        "nobody_designated",
        "none_reviewed",
        "attested_by",
    ],
};

/// What one row counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// `2026-10`.
    pub month: String,
    /// The person's id, or a handle that the directory does not know.
    pub person: String,
    /// Their desk that day.
    pub desk: Option<String>,
    /// The platform.
    pub platform: String,
    /// The channel.
    pub channel: String,
    /// Who supervised them that day.
    pub supervisor: Option<String>,
    /// Whether the directory knew them.
    pub inside: bool,
}

/// The figures of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Messages.
    pub messages: u64,
    /// Hits that nothing excludes.
    pub hits: u64,
    /// Alerts whose first message it is.
    pub alerts: u64,
    /// Messages drawn for review.
    pub drawn: u64,
    /// Messages that somebody decided on.
    pub reviewed: u64,
    /// Alerts that a person escalated.
    pub escalated: u64,
    /// Alerts that nobody decided on in time.
    pub overdue: u64,
    /// Alerts set aside.
    pub suppressed: u64,
    /// Alerts that wait.
    pub unreviewed: u64,
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.hits += other.hits;
        self.alerts += other.alerts;
        self.drawn += other.drawn;
        self.reviewed += other.reviewed;
        self.escalated += other.escalated;
        self.overdue += other.overdue;
        self.suppressed += other.suppressed;
        self.unreviewed += other.unreviewed;
    }
}

/// The table, by month, person, desk and channel.
pub fn gather(catalog: &Catalog, log: &ReviewLog, directory: &Directory) -> anyhow::Result<BTreeMap<Cell, Figures>> {
    let mut table: BTreeMap<Cell, Figures> = BTreeMap::new();
    catalog.traffic(|traffic| {
        let figures = table.entry(cell(directory, &traffic.place)).or_default();
        figures.messages += traffic.n_messages;
        figures.hits += traffic.n_hits;
        figures.drawn += traffic.n_drawn;
        figures.reviewed += traffic.n_reviewed;
        Ok::<(), anyhow::Error>(())
    })?;
    let places = Places::read(catalog)?;
    each_alert(catalog, Hits::All, None, |alert| {
        let place = alert.members.first().and_then(|member| places.of(member.key));
        if let (None, Some(place)) = (&alert.excluded_by, place) {
            let standing = log.standing(&alert);
            let figures = table.entry(cell(directory, place)).or_default();
            figures.alerts += 1;
            figures.escalated += u64::from(standing.decided == ReviewState::Escalated);
            figures.overdue += u64::from(standing.overdue());
            figures.suppressed += u64::from(standing.suppressed_until.is_some());
            figures.unreviewed += u64::from(standing.waits());
        }
        Ok(())
    })?;
    Ok(table)
}

/// Where messages with hits count, each place once.
#[derive(Default)]
struct Places {
    places: Vec<Place>,
    of: HashMap<Key, usize>,
}

impl Places {
    fn read(catalog: &Catalog) -> anyhow::Result<Self> {
        let mut places = Self::default();
        let mut known: HashMap<Place, usize> = HashMap::new();
        catalog.places(|key, place| {
            let next = known.len();
            let at = *known.entry(place).or_insert(next);
            places.of.insert(key, at);
            Ok::<(), anyhow::Error>(())
        })?;
        let mut sorted: Vec<(Place, usize)> = known.into_iter().collect();
        sorted.sort_by_key(|(_, at)| *at);
        places.places = sorted.into_iter().map(|(place, _)| place).collect();
        Ok(places)
    }

    fn of(&self, key: Key) -> Option<&Place> {
        self.places.get(*self.of.get(&key)?)
    }
}

fn cell(directory: &Directory, place: &Place) -> Cell {
    let at = place
        .day
        .parse::<Date>()
        .ok()
        .and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    let at = at.map(|at| at.timestamp().as_microsecond());
    let id = directory.person_with_handle(&place.platform, &place.sender);
    let standing = id.and_then(|id| directory.standing(id, at));
    Cell {
        month: place.day.get(..7).unwrap_or(&place.day).to_owned(),
        person: id.unwrap_or(&place.sender).to_owned(),
        desk: standing.and_then(|standing| standing.person.desk.clone()),
        platform: place.platform.clone(),
        channel: place.channel.clone(),
        supervisor: standing.and_then(|standing| standing.person.supervisor.clone()),
        inside: standing.is_some(),
    }
}

/// Writes the table.
pub fn write(catalog: &Catalog, log: &ReviewLog, directory: &Directory, table: &mut TableWriter) -> anyhow::Result<()> {
    for (cell, figures) in gather(catalog, log, directory)? {
        table.write(row(&cell, figures, log))?;
    }
    Ok(())
}

/// The same by month for people, the latest first.
pub fn months(catalog: &Catalog, log: &ReviewLog, directory: &Directory) -> anyhow::Result<Vec<Month>> {
    let mut months: BTreeMap<String, (Month, BTreeSet<String>)> = BTreeMap::new();
    for (cell, figures) in gather(catalog, log, directory)? {
        let (month, undesignated) = months.entry(cell.month.clone()).or_insert_with(|| {
            let month = Month {
                month: cell.month.clone(),
                figures: Figures::default(),
                n_undesignated: 0,
                attested_by: attested_by(log, &cell.month, None),
            };
            (month, BTreeSet::new())
        });
        month.figures.add(figures);
        if cell.inside && cell.supervisor.is_none() {
            undesignated.insert(cell.person);
        }
    }
    let months = months.into_values().rev().map(|(month, undesignated)| Month {
        n_undesignated: undesignated.len() as u64,
        ..month
    });
    Ok(months.collect())
}

/// Who attested a month, as a whole or for a desk.
fn attested_by(log: &ReviewLog, month: &str, desk: Option<&str>) -> Vec<String> {
    let fits = |object_id: &str| match object_id.split_once('/') {
        None => object_id == month,
        Some((of, attested)) => of == month && Some(attested) == desk,
    };
    let attestations = log
        .rows()
        .iter()
        .filter(|row| row.action == "attest" && fits(&row.object_id));
    let people: BTreeSet<&String> = attestations.map(|row| &row.reviewer).collect();
    people.into_iter().cloned().collect()
}

fn row(cell: &Cell, figures: Figures, log: &ReviewLog) -> Row {
    let value = json!({
        "month": cell.month,
        "person": cell.person,
        "desk": cell.desk,
        "platform": cell.platform,
        "channel": cell.channel,
        "supervisor": cell.supervisor,
        "messages": figures.messages,
        "hits": figures.hits,
        "alerts": figures.alerts,
        "drawn": figures.drawn,
        "reviewed": figures.reviewed,
        "escalated": figures.escalated,
        "overdue": figures.overdue,
        "suppressed": figures.suppressed,
        "unreviewed": figures.unreviewed,
        "nobody_designated": cell.inside && cell.supervisor.is_none(),
        "none_reviewed": figures.reviewed == 0,
        "attested_by": attested_by(log, &cell.month, cell.desk.as_deref()),
    });
    value.as_object().cloned().unwrap_or_default()
}
