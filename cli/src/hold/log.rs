//! What the journal says of holds: which are in force, and which of them has not been asked about every message yet.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lexhold_catalog::payload::{HoldApplied, HoldNotice, HoldPlaced, HoldReleased};
use lexhold_evaluate::{Handles, as_mail};
use lexhold_model::Directory;
use lexhold_store::{Entry, EntryKind, Home};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::compiled::unite;
use crate::failure::{Exit, Failure};

/// Everything that the journal says of holds.
///
/// The journal is the authority: a hold counts from the moment it stands there, also while the catalog is busy.
#[derive(Clone, Debug, Default)]
pub struct HoldLog {
    placed: Vec<HoldPlaced>,
    released: BTreeSet<String>,
    /// For each hold, the entry up to which every message was asked about.
    through: HashMap<String, u64>,
    /// For each hold, the handles under which its custodians were looked for in every message.
    sought: HashMap<String, Handles>,
    /// For each run, the holds that it evaluated with.
    evaluated: HashMap<String, BTreeSet<String>>,
    /// Holds that custodians were told of.
    told: BTreeSet<String>,
    /// The batches of messages and their runs.
    batches: BTreeMap<u64, String>,
}

impl HoldLog {
    /// Reads the journal of a home.
    ///
    /// # Errors
    /// When it cannot be read, or an entry has lost what it says.
    pub fn read(home: &Home) -> anyhow::Result<Self> {
        let mut log = Self::default();
        for entry in home.journal().entries(1)? {
            log.add(home, &entry?)?;
        }
        Ok(log)
    }

    fn add(&mut self, home: &Home, entry: &Entry) -> anyhow::Result<()> {
        #[derive(Deserialize)]
        struct Batch {
            run: String,
        }
        #[derive(Deserialize)]
        struct Run {
            run: String,
            holds: Option<BTreeSet<String>>,
        }
        match entry.kind {
            EntryKind::HoldPlaced => self.placed.push(payload(home, entry)?),
            EntryKind::HoldReleased => {
                let HoldReleased { hold, .. } = payload(home, entry)?;
                self.released.insert(hold);
            }
            EntryKind::HoldNotice => {
                let HoldNotice { hold, .. } = payload(home, entry)?;
                self.told.insert(hold);
            }
            EntryKind::HoldApplied => {
                let HoldApplied { detail } = payload(home, entry)?;
                let Some(through) = detail.through else { return Ok(()) };
                for hold in detail.holds {
                    unite(self.sought.entry(hold.clone()).or_default(), detail.handles.clone());
                    let known = self.through.entry(hold).or_default();
                    *known = through.max(*known);
                }
            }
            EntryKind::RunStarted => {
                let Run { run, holds } = payload(home, entry)?;
                // Runs that do not say it evaluated with every hold that stood before them.
                let before = || self.placed.iter().map(|placed| placed.hold.clone()).collect();
                let holds = holds.unwrap_or_else(before);
                self.evaluated.insert(run, holds);
            }
            EntryKind::Batch => {
                let Batch { run } = payload(home, entry)?;
                self.batches.insert(entry.seq, run);
            }
            _ => {}
        }
        Ok(())
    }

    /// Every hold that was ever placed, in the order of the journal.
    pub fn placed(&self) -> &[HoldPlaced] {
        &self.placed
    }

    /// The holds in force, in the order of the journal.
    pub fn active(&self) -> impl Iterator<Item = &HoldPlaced> {
        let released = &self.released;
        self.placed.iter().filter(|placed| !released.contains(&placed.hold))
    }

    /// Whether a hold has been released.
    pub fn is_released(&self, hold: &str) -> bool {
        self.released.contains(hold)
    }

    /// Whether any custodian was told of a hold.
    pub fn has_told(&self, hold: &str) -> bool {
        self.told.contains(hold)
    }

    /// Holds in force that have not been asked about every message of the home: until they have, each of them may cover
    /// anything, and nothing may be destroyed.
    pub fn not_yet_applied(&self) -> Vec<&HoldPlaced> {
        let last = self.last_batch();
        self.active()
            .filter(|placed| self.through(&placed.hold) < last)
            .collect()
    }

    /// Holds in force that have to be asked: those of [`Self::not_yet_applied`], and those whose custodians have handles
    /// by this directory under which nobody has looked for them.
    pub fn to_be_asked(&self, directory: &Directory) -> Vec<&HoldPlaced> {
        let last = self.last_batch();
        self.active()
            .filter(|placed| self.through(&placed.hold) < last || (last > 0 && self.is_unsought(placed, directory)))
            .collect()
    }

    /// Whether any hold in force names custodians.
    pub fn names_custodians(&self) -> bool {
        self.active().any(|placed| custodians(placed).next().is_some())
    }

    /// Whether a custodian of a hold has a handle under which nobody has looked for them: one that a directory knows, or the address
    /// that they are named by, as mail writes it.
    pub fn is_unsought(&self, placed: &HoldPlaced, directory: &Directory) -> bool {
        let sought = self.sought.get(&placed.hold);
        let is_known = |custodian: &str, handle: &(String, String)| {
            let known = sought.and_then(|sought| sought.get(custodian));
            known.is_some_and(|known| known.contains(handle))
        };
        if custodians(placed).any(|custodian| as_mail(custodian).any(|handle| !is_known(custodian, &handle))) {
            return true;
        }
        let people = directory.people().iter();
        let mut people = people.filter(|person| custodians(placed).any(|custodian| custodian == person.id));
        people.any(|person| person.each_handle().any(|handle| !is_known(&person.id, &handle)))
    }

    /// Every handle under which a hold's custodians are on record.
    pub fn handles(&self, placed: &HoldPlaced) -> Handles {
        let mut all = placed.handles.clone();
        unite(&mut all, self.sought.get(&placed.hold).cloned().unwrap_or_default());
        all
    }

    /// The entries of all batches of messages.
    pub fn batches(&self) -> Vec<u64> {
        self.batches.keys().copied().collect()
    }

    /// The entry of the last batch of messages; 0 for none.
    pub fn last_batch(&self) -> u64 {
        self.batches.keys().next_back().copied().unwrap_or(0)
    }

    /// The entry up to which a hold was asked about every message.
    pub fn through(&self, hold: &str) -> u64 {
        self.through.get(hold).copied().unwrap_or(0)
    }

    /// The batches that came in without being asked about a hold, and since it was last asked about all.
    pub fn unevaluated(&self, hold: &str) -> Vec<u64> {
        let knew = |run: &String| self.evaluated.get(run).is_some_and(|holds| holds.contains(hold));
        let since = self.batches.range(self.through(hold) + 1..);
        since.filter(|(_, run)| !knew(run)).map(|(seq, _)| *seq).collect()
    }
}

fn custodians(placed: &HoldPlaced) -> impl Iterator<Item = &str> {
    let named = placed.document["custodians"].as_array().into_iter().flatten();
    named.filter_map(Value::as_str)
}

fn payload<T: DeserializeOwned>(home: &Home, entry: &Entry) -> anyhow::Result<T> {
    let lost = || {
        let message = format!(
            "journal entry {} has lost what it says of a hold, a run or a batch",
            entry.seq
        );
        Failure::new(Exit::Data, message).help("lexhold verify says what is wrong with the home")
    };
    Ok(home.journal().payload_json(entry)?.ok_or_else(lost)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hold_that_was_asked_before_letters_did_not_matter_is_asked_again() {
        let handles = |of: &[&str]| -> BTreeSet<(String, String)> {
            of.iter()
                .flat_map(|handle| as_mail(handle))
                .chain([("slack".to_owned(), "ann".to_owned())])
                .collect()
        };
        // The custodian as named, the handles under which they were sought, whether that is too few.
        let cases = [
            ("Ann@firm.example", None, true),
            ("Ann@firm.example", Some(handles(&[])), true),
            ("Ann@firm.example", Some(handles(&["Ann@firm.example"])), false),
            ("ann@firm.example", None, false),
        ];
        for (custodian, sought, unsought) in cases {
            let placed = HoldPlaced {
                hold: "h".to_owned(),
                matter: "M".to_owned(),
                zone: "UTC".to_owned(),
                digest: String::new(),
                silent: false,
                document: json!({"custodians": [custodian]}),
                text: String::new(),
                narrows: None,
                handles: Handles::new(),
            };
            let of_hold = sought.map(|handles| (placed.hold.clone(), [(custodian.to_owned(), handles)].into()));
            let log = HoldLog {
                sought: of_hold.into_iter().collect(),
                ..HoldLog::default()
            };
            assert_eq!(log.is_unsought(&placed, &Directory::default()), unsought, "{custodian}");
        }
    }
}
