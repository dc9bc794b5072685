//! What holds ask of a message: each part of the question by itself, so that what is stored can be asked without a body.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_model::{Directory, Row};
use lexhold_policy::{Answer, Decider, Facts, FactsRow};
use lexhold_retention::Tri;
use lexhold_rules::{Part, Scanner};

use crate::HoldSet;
use crate::directory::MAIL;
use crate::hits::parts_of;
use crate::message::error_at;
use crate::parts::split;

/// Handles that a person has or ever had, each with its platform; `*` stands for all of them.
pub type Handles = BTreeMap<String, BTreeSet<(String, String)>>;

/// A handle that somebody wrote in capitals, as messages of mail have it: addresses are stored in lower case.
pub fn as_mail(handle: &str) -> impl Iterator<Item = (String, String)> {
    let lower = handle.to_lowercase();
    let platforms = MAIL.iter().filter(|_| lower != handle);
    let platforms: Vec<&str> = platforms.copied().collect();
    platforms
        .into_iter()
        .map(move |platform| (platform.to_owned(), lower.clone()))
}

/// Asks holds about what is stored of messages: one for each thread.
pub struct HoldAsker<'a> {
    holds: &'a HoldSet,
    decider: Decider<'a>,
    scanners: Vec<Option<Scanner<'a>>>,
}

impl HoldSet {
    /// Adds handles under which custodians are known.
    pub fn know(&mut self, handles: &Handles) {
        for (hold, known) in self.specs.iter().zip(&mut self.handles) {
            let of_hold = hold.custodians.iter().filter_map(|custodian| handles.get(custodian));
            for (platform, handle) in of_hold.flatten() {
                known.insert((platform.clone(), handle.clone()));
                if platform == "*" {
                    known.extend(as_mail(handle));
                }
            }
        }
    }

    /// The handles under which a directory knows the custodians of these holds.
    pub fn handles_in(&self, directory: &Directory) -> Handles {
        let mut found = Handles::new();
        for person in directory
            .people()
            .iter()
            .filter(|person| self.custodians().contains(person.id.as_str()))
        {
            found.entry(person.id.clone()).or_default().extend(person.each_handle());
        }
        found
    }

    /// Handles of a hold's custodians that are known, with their platforms.
    pub fn handles(&self, hold: usize) -> &BTreeSet<(String, String)> {
        &self.handles[hold]
    }

    /// Whether a hold reads the text of messages.
    pub fn reads_text(&self, hold: usize) -> bool {
        self.queries[hold].is_some()
    }

    /// Whether the condition of a hold reads the instant at which a message was sent.
    pub fn reads_instant(&self, hold: usize) -> bool {
        self.condition_of[hold].is_some_and(|at| self.conditions.conditions()[at].reads().time())
    }

    /// What the condition of a hold says, and what went wrong. It is unknown where it reads labels that may be missing.
    pub(crate) fn condition<'e>(&self, hold: usize, answer: &'e Answer, incomplete: bool) -> (Tri, Option<&'e str>) {
        let Some(position) = self.condition_of[hold] else {
            return (Tri::True, None);
        };
        match error_at(answer, position) {
            Some(error) => (Tri::Unknown, Some(error)),
            None if incomplete && self.conditions.conditions()[position].reads().labels() => (Tri::Unknown, None),
            None => (Tri::from(answer.determining.contains(&position)), None),
        }
    }

    /// Whether a handle is one of a custodian's.
    pub(crate) fn is_handle(&self, hold: usize, platform: &str, handle: &str) -> bool {
        let known = |platform: &str| self.handles[hold].contains(&(platform.to_owned(), handle.to_owned()));
        self.specs[hold].custodians.contains(handle)
            || (!self.handles[hold].is_empty() && (known(platform) || known("*")))
    }

    /// Whether stored facts name a custodian of a hold, by id or by a handle that nobody knew then.
    fn facts_name(&self, hold: usize, facts: &Facts) -> bool {
        let mut people = facts.participants.people.iter();
        people.any(|person| self.is_handle(hold, &facts.platform, person))
    }
}

impl<'a> HoldAsker<'a> {
    /// An asker for some holds.
    pub fn new(holds: &'a HoldSet) -> Self {
        Self {
            holds,
            decider: Decider::new(&holds.conditions),
            scanners: holds
                .queries
                .iter()
                .map(|query| query.as_ref().map(Scanner::new))
                .collect(),
        }
    }

    /// Whether stored facts name a custodian of a hold.
    pub fn custodian(&self, hold: usize, facts: &FactsRow) -> Tri {
        Tri::from(self.holds.facts_name(hold, &facts.facts))
    }

    /// What the condition of a hold says of stored facts.
    pub fn condition(&mut self, hold: usize, facts: &FactsRow, sent_at: Option<i64>, incomplete: bool) -> Tri {
        if self.holds.condition_of[hold].is_none() {
            return Tri::True;
        }
        let answer = self.decider.decide(facts, sent_at);
        self.holds.condition(hold, &answer, incomplete).0
    }

    /// What the pattern query of a hold says of a message; `doubtful` says that its text was not read to the end before.
    pub fn query(&mut self, hold: usize, row: Row<'_>, doubtful: bool) -> Tri {
        let ranges = split(row);
        let parts = parts_of(row, &ranges);
        let whole = if ranges.is_empty() {
            Vec::new()
        } else {
            parts_of(row, &[])
        };
        query(
            self.scanners[hold].as_mut(),
            &[&parts, &whole],
            doubtful || row.undecodable(),
        )
    }
}

/// Whether a query matches one of several readings of a message.
pub(crate) fn query(scanner: Option<&mut Scanner<'_>>, readings: &[&[Part<'_>]], doubtful: bool) -> Tri {
    let Some(scanner) = scanner else { return Tri::True };
    let mut hits = Vec::new();
    let mut incomplete = doubtful;
    for parts in readings {
        incomplete |= scanner.scan(parts, &mut hits).incomplete;
        if hits.iter().any(|hit| hit.excluded_by.is_none()) {
            return Tri::True;
        }
    }
    if incomplete { Tri::Unknown } else { Tri::False }
}
