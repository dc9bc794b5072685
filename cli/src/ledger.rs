//! The ledger of duties: every schedule version that messages were ever assigned, and how each stands.
//!
//! Bundles come and go, assignments stay. How a version stands is read from the history of activations and corrections; dates
//! are then derived from the ledger, never stored, so that an event or a new version moves them at once.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lexhold_catalog::Catalog;
use lexhold_evaluate::Bundle;
use lexhold_model::{Digest, Key};
use lexhold_retention::{Mode, Schedule, Schedules, Standing, Zone};
use serde::{Deserialize, Serialize};

use crate::failure::{Exit, Failure};

/// How long a correction waits before it takes a version's duties away.
pub const CORRECTION_WAIT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// One document of an activated bundle, as the journal says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivatedDocument {
    /// What it describes.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its version, for kinds that have one.
    #[serde(default)]
    pub version: Option<String>,
    /// The digest of what it says.
    pub digest: Digest,
    /// Whether later versions may shorten; for retention documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// From when on it acts where it shortens; none means from the day of its activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Date>,
    /// The first day on which it takes on no new message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<Date>,
}

/// A bundle that became the active one.
#[derive(Clone, Debug)]
pub struct Activation {
    /// The bundle.
    pub bundle: Digest,
    /// When.
    pub at: Timestamp,
    /// What it was made of.
    pub documents: Vec<ActivatedDocument>,
}

/// A version that was proven wrong.
#[derive(Clone, Debug)]
pub struct Correction {
    /// The document's name.
    pub document: String,
    /// The digest of the version.
    pub digest: Digest,
    /// From when on it has no effect any more.
    pub acts_from: Timestamp,
}

/// What happened to documents, in order.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Every activation, the first one first.
    pub activations: Vec<Activation>,
    /// Every correction.
    pub corrections: Vec<Correction>,
}

impl Activation {
    /// What activating a bundle puts on record.
    pub fn of(bundle: &Bundle, at: Timestamp) -> Self {
        let documents = bundle.documents.iter().map(|document| {
            let mut schedules = bundle.schedules().iter();
            let schedule =
                schedules.find(|schedule| document.kind == "retention" && schedule.document == document.name);
            ActivatedDocument {
                kind: document.kind.to_owned(),
                name: document.name.clone(),
                version: document.version.clone(),
                digest: document.digest,
                mode: schedule.map(|schedule| schedule.mode),
                effective_from: schedule.and_then(|schedule| schedule.effective_from),
                retired: schedule.and_then(|schedule| schedule.retired),
            }
        });
        Self {
            bundle: bundle.digest,
            at,
            documents: documents.collect(),
        }
    }

    /// The retention document of this name.
    pub fn retention(&self, name: &str) -> Option<&ActivatedDocument> {
        let mut documents = self.documents.iter();
        documents.find(|document| document.kind == "retention" && document.name == name)
    }

    /// The day from which a document of this activation acts where it shortens.
    pub fn acts_from(&self, document: &ActivatedDocument) -> Date {
        let day = jiff::tz::TimeZone::UTC.to_datetime(self.at).date();
        document.effective_from.unwrap_or(day)
    }
}

impl History {
    /// The history that a catalog knows.
    pub fn read(catalog: &Catalog) -> anyhow::Result<Self> {
        let activations = catalog.activations()?.into_iter().map(|row| {
            let unreadable = || {
                Failure::new(
                    Exit::Data,
                    format!("journal entry {} does not say what was activated", row.seq),
                )
            };
            Ok(Activation {
                bundle: row.bundle.parse().map_err(|_| unreadable())?,
                at: Timestamp::from_microsecond(row.activated_at).map_err(|_| unreadable())?,
                documents: serde_json::from_str(&row.documents).map_err(|_| unreadable())?,
            })
        });
        let corrections = catalog.corrections()?.into_iter().map(|row| {
            let unreadable = || {
                Failure::new(
                    Exit::Data,
                    format!("journal entry {} does not say what was taken back", row.seq),
                )
            };
            let at = Timestamp::from_microsecond(row.corrected_at).map_err(|_| unreadable())?;
            Ok(Correction {
                document: row.document,
                digest: row.digest.parse().map_err(|_| unreadable())?,
                acts_from: at.checked_add(CORRECTION_WAIT).unwrap_or(Timestamp::MAX),
            })
        });
        Ok(Self {
            activations: activations.collect::<anyhow::Result<_>>()?,
            corrections: corrections.collect::<anyhow::Result<_>>()?,
        })
    }

    /// The bundle that is active now.
    pub fn active(&self) -> Option<&Activation> {
        self.activations.last()
    }

    /// How a version of a document stands.
    ///
    /// A version that no activation names, such as one of an evaluation that was brought in from elsewhere, counts as
    /// superseded: it keeps what it keeps.
    pub fn standing(&self, schedule: &Schedule, as_of: Timestamp) -> Standing {
        let Schedule {
            document,
            digest,
            mode,
            zone,
            ..
        } = schedule;
        self.standing_of(document, *digest, *mode, zone, as_of)
    }

    fn standing_of(&self, document: &str, digest: Digest, mode: Mode, zone: &Zone, as_of: Timestamp) -> Standing {
        let mut corrections = self.corrections.iter();
        if corrections.any(|correction| {
            correction.document == document && correction.digest == digest && correction.acts_from <= as_of
        }) {
            return Standing::Corrected;
        }
        let today = zone.date(as_of);
        match self.in_force(document, mode, today) {
            None => Standing::Retired,
            Some(version) if version.retired.is_some_and(|retired| retired <= today) => Standing::Retired,
            Some(version) if version.digest == digest => Standing::InForce,
            Some(_) => Standing::Superseded,
        }
    }

    /// The version of a document that is in force: the active one. An operational version that is to act later leaves the one
    /// before it in force until then.
    fn in_force(&self, name: &str, mode: Mode, today: Date) -> Option<&ActivatedDocument> {
        let mut versions = self
            .activations
            .iter()
            .rev()
            .map_while(|activation| activation.retention(name));
        let active = versions.next()?;
        let has_come = |document: &ActivatedDocument| document.effective_from.is_none_or(|from| from <= today);
        if mode == Mode::Compliance || has_come(active) {
            return Some(active);
        }
        Some(versions.find(|version| has_come(version)).unwrap_or(active))
    }
}

/// Every schedule version that messages were assigned, each with its standing.
#[derive(Clone, Debug)]
pub struct Ledger {
    history: History,
    as_of: Timestamp,
    schedules: Schedules,
    positions: HashMap<Key, usize>,
}

impl Ledger {
    /// What a catalog knows, as it stands at an instant. What is on record counts whenever it was recorded; the instant decides
    /// which days have come.
    pub fn read(catalog: &Catalog, as_of: Timestamp) -> anyhow::Result<Self> {
        let schedules = catalog.schedules()?.into_iter().map(|row| {
            Schedule::from_spec(&row.spec).map_err(|error| {
                let message = format!(
                    "the schedule `{}` {} on record cannot be read: {error}",
                    row.schedule, row.version
                );
                anyhow::Error::from(Failure::new(Exit::Data, message))
            })
        });
        Ok(Self::new(
            History::read(catalog)?,
            schedules.collect::<anyhow::Result<_>>()?,
            as_of,
        ))
    }

    fn new(history: History, mut schedules: Vec<Schedule>, as_of: Timestamp) -> Self {
        for schedule in &mut schedules {
            schedule.standing = history.standing(schedule, as_of);
        }
        let positions = schedules.iter().map(Schedule::key).zip(0..).collect();
        Self {
            history,
            as_of,
            schedules: Schedules::new(schedules),
            positions,
        }
    }

    /// The ledger as it would stand if a version were taken back at once.
    pub fn with_correction(&self, document: &str, digest: Digest) -> Self {
        let mut history = self.history.clone();
        history.corrections.push(Correction {
            document: document.to_owned(),
            digest,
            acts_from: self.as_of,
        });
        Self::new(history, self.schedules.iter().cloned().collect(), self.as_of)
    }

    /// The ledger as it stood after the first so many activations.
    pub fn after_activations(&self, n: usize) -> Self {
        let mut history = self.history.clone();
        history.activations.truncate(n);
        Self::new(history, self.schedules.iter().cloned().collect(), self.as_of)
    }

    /// What happened to documents.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The schedules, to resolve with.
    pub fn schedules(&self) -> &Schedules {
        &self.schedules
    }

    /// The position of a schedule version among [`Self::schedules`].
    pub fn position(&self, id: Key) -> Option<usize> {
        self.positions.get(&id).copied()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
pub mod tests {
    use super::*;

    /// A document of an activation: version `1` of `desk` with a mode and a day from which it acts.
    pub fn document(version: &str, mode: Mode, effective_from: Option<&str>) -> ActivatedDocument {
        ActivatedDocument {
            kind: "retention".into(),
            name: "desk".into(),
            version: Some(version.into()),
            digest: Digest::of(version.as_bytes()),
            mode: Some(mode),
            effective_from: effective_from.map(|day| day.parse().unwrap()),
            retired: None,
        }
    }

    /// Activations, each of one document or none, on these days.
    pub fn history(activations: &[(&str, Option<ActivatedDocument>)]) -> History {
        let activations = activations.iter().map(|(day, document)| Activation {
            bundle: Digest::of(day.as_bytes()),
            at: format!("{day}T12:00:00Z").parse().unwrap(),
            documents: document.iter().cloned().collect(),
        });
        History {
            activations: activations.collect(),
            corrections: Vec::new(),
        }
    }

    fn standing(history: &History, version: &str, mode: Mode, day: &str) -> Standing {
        let zone = lexhold_retention::Zone::named("UTC").unwrap();
        let as_of = format!("{day}T12:00:00Z").parse().unwrap();
        history.standing_of("desk", Digest::of(version.as_bytes()), mode, &zone, as_of)
    }

    #[test]
    fn how_versions_stand() {
        use Mode::{Compliance, Operational};
        use Standing::{Corrected, InForce, Retired, Superseded};
        let of = |mode, from| {
            history(&[
                ("2020-01-01", Some(document("1", mode, None))),
                ("2021-01-01", Some(document("2", mode, from))),
            ])
        };
        let plain = of(Compliance, Some("2030-01-01"));
        assert_eq!(standing(&plain, "1", Compliance, "2022-01-01"), Superseded);
        assert_eq!(
            standing(&plain, "2", Compliance, "2022-01-01"),
            InForce,
            "extending does not wait for its day"
        );
        assert_eq!(
            standing(&plain, "0", Compliance, "2022-01-01"),
            Superseded,
            "from elsewhere"
        );
        let pending = of(Operational, Some("2030-01-01"));
        assert_eq!(standing(&pending, "1", Operational, "2029-12-31"), InForce);
        assert_eq!(standing(&pending, "2", Operational, "2029-12-31"), Superseded);
        assert_eq!(standing(&pending, "1", Operational, "2030-01-01"), Superseded);
        assert_eq!(standing(&pending, "2", Operational, "2030-01-01"), InForce);
        let mut dropped = of(Compliance, None);
        dropped.activations.extend(history(&[("2023-01-01", None)]).activations);
        assert_eq!(standing(&dropped, "2", Compliance, "2024-01-01"), Retired);
        let mut ending = of(Compliance, None);
        ending.activations[1].documents[0].retired = Some("2025-01-01".parse().unwrap());
        assert_eq!(standing(&ending, "2", Compliance, "2024-12-31"), InForce);
        assert_eq!(standing(&ending, "1", Compliance, "2025-01-01"), Retired);
        let mut corrected = of(Compliance, None);
        corrected.corrections.push(Correction {
            document: "desk".into(),
            digest: Digest::of(b"1"),
            acts_from: "2023-01-31T00:00:00Z".parse().unwrap(),
        });
        assert_eq!(standing(&corrected, "1", Compliance, "2023-01-30"), Superseded);
        assert_eq!(standing(&corrected, "1", Compliance, "2023-01-31"), Corrected);
        assert_eq!(standing(&corrected, "2", Compliance, "2023-01-31"), InForce);
    }
}
