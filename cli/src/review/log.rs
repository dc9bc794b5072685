//! What people decided so far, and where each alert stands by it.
//!
//! The catalog has most of it; what the journal has beyond that is read from there, so that during a run, when the catalog
//! lags, nobody decides on what somebody else has just decided.

use std::collections::HashMap;

use jiff::Timestamp;
use lexhold_catalog::payload::Review;
use lexhold_catalog::{Catalog, ReviewRow, review_rows};
use lexhold_evaluate::review::{ReviewEntry, ReviewMember, ReviewStanding, ReviewStep, stand};
use lexhold_evaluate::{Alert, Deadlines};
use lexhold_model::Key;
use lexhold_retention::Zone;
use lexhold_store::{EntryKind, Home};

use crate::failure::{Exit, Failure};
use crate::settings::Settings;

/// Everything that the standing of an alert depends on, beside the alert itself.
pub struct ReviewLog {
    rows: Vec<ReviewRow>,
    of_alert: HashMap<Key, Vec<usize>>,
    raised: HashMap<Key, Timestamp>,
    deadlines: Deadlines,
    as_of: Timestamp,
    /// The last journal entry that was looked at.
    pub seq: u64,
}

impl ReviewLog {
    /// Reads it from catalog and journal.
    pub fn load(settings: &Settings, home: &Home, catalog: &Catalog) -> anyhow::Result<Self> {
        let mut log = Self {
            rows: catalog.reviews()?,
            of_alert: HashMap::new(),
            raised: HashMap::new(),
            deadlines: deadlines(settings, home)?,
            as_of: settings.as_of,
            seq: catalog.applied_seq()?.unwrap_or(0),
        };
        log.read_on(home)?;
        for (at, row) in log.rows.iter().enumerate().filter(|(_, row)| row.object == ALERT) {
            if let Ok(id) = row.object_id.parse() {
                log.of_alert.entry(id).or_default().push(at);
            }
        }
        catalog.raised(|key, at| {
            log.raised.insert(key, Timestamp::from_microsecond(at)?);
            Ok::<(), anyhow::Error>(())
        })?;
        Ok(log)
    }

    /// What the journal has beyond the catalog.
    fn read_on(&mut self, home: &Home) -> anyhow::Result<()> {
        for entry in home.journal().entries(self.seq + 1)? {
            let entry = entry?;
            self.seq = entry.seq;
            if entry.kind == EntryKind::Review {
                let review: Review = home.journal().payload_json(&entry)?.ok_or_else(|| {
                    Failure::new(Exit::Data, format!("journal entry {} has lost its review", entry.seq))
                })?;
                self.rows
                    .extend(review_rows(entry.seq, entry.at, &entry.actor, &review));
            }
        }
        Ok(())
    }

    /// Every decision, in the order of the journal.
    pub fn rows(&self) -> &[ReviewRow] {
        &self.rows
    }

    /// What was decided on an alert under its id or an alias, in the order of the journal.
    pub fn of<'a>(&'a self, alert: &Alert) -> Vec<&'a ReviewRow> {
        let mut places: Vec<usize> = ids(alert)
            .filter_map(|id| self.of_alert.get(&id))
            .flatten()
            .copied()
            .collect();
        places.sort_unstable();
        places.into_iter().map(|at| &self.rows[at]).collect()
    }

    /// Where an alert stands.
    pub fn standing(&self, alert: &Alert) -> ReviewStanding {
        let members: Vec<ReviewMember> = alert
            .members
            .iter()
            .map(|member| ReviewMember {
                key: member.key,
                raised_at: self.raised.get(&member.key).copied().unwrap_or(self.as_of),
                echo: member.echo,
            })
            .collect();
        let entries: Vec<ReviewEntry> = self.of(alert).into_iter().filter_map(entry).collect();
        let due = |raised| self.deadlines.due(alert.severity, raised);
        stand(&members, &entries, due, self.as_of)
    }
}

/// What the journal calls an alert.
pub const ALERT: &str = "alert";

/// The alert's id, and those under which it was known before others were joined to it.
pub fn ids(alert: &Alert) -> impl Iterator<Item = Key> {
    std::iter::once(alert.id).chain(alert.aliases.iter().copied())
}

fn deadlines(settings: &Settings, home: &Home) -> anyhow::Result<Deadlines> {
    let unknown = || Failure::new(Exit::Data, format!("the home's zone `{}` is unknown", home.zone()));
    let mut deadlines = Deadlines::new(Zone::named(home.zone()).ok_or_else(unknown)?);
    for (severity, period) in &settings.review_due {
        deadlines = deadlines.with(*severity, period).map_err(|why| {
            Failure::new(
                Exit::Policy,
                format!("{}: review.due.{severity}: {why}", crate::settings::FILE),
            )
        })?;
    }
    Ok(deadlines)
}

/// A decision on an alert, as its standing is reckoned from; none where it cannot be read, so that nothing is closed by it.
pub fn entry(row: &ReviewRow) -> Option<ReviewEntry> {
    let to = || row.assigned_to.clone().unwrap_or_default();
    let step = match row.action.as_str() {
        "assign" => ReviewStep::Assign { to: to() },
        "escalate" => ReviewStep::Escalate { to: to() },
        "close" => ReviewStep::Close,
        "reopen" => ReviewStep::Reopen,
        "suppress" => ReviewStep::Suppress {
            until: Timestamp::from_microsecond(row.until?).ok()?,
        },
        "unsuppress" => ReviewStep::Unsuppress,
        _ => ReviewStep::Comment,
    };
    Some(ReviewEntry {
        seq: row.seq,
        at: Timestamp::from_microsecond(row.reviewed_at).ok()?,
        alert: row.object_id.parse().ok()?,
        step,
        members: row.members.iter().map(|(key, _)| *key).collect(),
    })
}
