//! Cases as the journal has them now: the catalog, and what the journal has beyond it.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_catalog::payload::{CaseAdded, CaseClosed, CaseItem, CaseOpened};
use lexhold_model::Key;
use lexhold_store::{Entry, EntryKind, Home, Journal, StoreError};
use serde::de::DeserializeOwned;

use crate::failure::{Exit, Failure};
use crate::home;
use crate::settings::Settings;

/// Whether a case is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has closed it.
    Open,
    /// It is over.
    Closed,
}

/// Every case that ever was.
pub struct CaseLog {
    cases: BTreeMap<String, (Standing, BTreeSet<Key>)>,
    /// The last journal entry that was looked at.
    seq: u64,
}

impl CaseLog {
    /// Reads it from catalog and journal.
    pub fn load(settings: &Settings, home: &Home) -> anyhow::Result<Self> {
        let catalog = home::catalog(settings, home)?;
        let mut log = Self {
            cases: BTreeMap::new(),
            seq: catalog.applied_seq()?.unwrap_or(0),
        };
        for case in catalog.cases()? {
            let standing = match case.closed_at {
                None => Standing::Open,
                Some(_) => Standing::Closed,
            };
            let messages = catalog.case_messages(&case.name)?;
            let families = messages.into_iter().map(|message| message.family).collect();
            log.cases.insert(case.name, (standing, families));
        }
        drop(catalog);
        for entry in home.journal().entries(log.seq + 1)? {
            let entry = entry?;
            log.seq = entry.seq;
            match entry.kind {
                EntryKind::CaseOpened => {
                    let CaseOpened { case, items, .. } = payload(home, &entry)?;
                    log.cases.insert(case, (Standing::Open, families(&items)));
                }
                EntryKind::CaseAdded => {
                    let CaseAdded { case, items, .. } = payload(home, &entry)?;
                    if let Some((_, known)) = log.cases.get_mut(&case) {
                        known.extend(families(&items));
                    }
                }
                EntryKind::CaseClosed => {
                    let CaseClosed { case, .. } = payload(home, &entry)?;
                    if let Some((standing, _)) = log.cases.get_mut(&case) {
                        *standing = Standing::Closed;
                    }
                }
                _ => {}
            }
        }
        Ok(log)
    }

    /// Where a case stands; none where there never was one of this name.
    pub fn standing(&self, name: &str) -> Option<Standing> {
        self.cases.get(name).map(|(standing, _)| *standing)
    }

    /// Whether a case has a message already.
    pub fn has(&self, name: &str, family: Key) -> bool {
        self.cases.get(name).is_some_and(|(_, known)| known.contains(&family))
    }

    /// Whether the journal has nothing of cases that was not read.
    pub fn is_current(&self, journal: &Journal) -> Result<bool, StoreError> {
        for entry in journal.entries(self.seq + 1)? {
            if matches!(
                entry?.kind,
                EntryKind::CaseOpened | EntryKind::CaseAdded | EntryKind::CaseClosed
            ) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn families(items: &[CaseItem]) -> BTreeSet<Key> {
    items.iter().map(|item| item.family).collect()
}

fn payload<T: DeserializeOwned>(home: &Home, entry: &Entry) -> anyhow::Result<T> {
    let lost = || Failure::new(Exit::Data, format!("journal entry {} has lost its case", entry.seq));
    Ok(home.journal().payload_json(entry)?.ok_or_else(lost)?)
}
