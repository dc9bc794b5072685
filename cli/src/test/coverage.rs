//! What tests have seen of the documents under test.

use std::collections::BTreeMap;

use lexhold_document::{Files, printable};
use lexhold_evaluate::coverage::{Survey, Unit, What};
use rayon::prelude::*;

use super::gather::Gathered;
use super::text::at;

/// Every unit of the documents under test, in the order of files and places.
pub struct Coverage {
    /// The units.
    pub units: Vec<Counted>,
}

/// A unit, and how many tests have seen each of its sides.
pub struct Counted {
    /// The unit.
    pub unit: Unit,
    /// By side.
    pub seen: Vec<u64>,
}

/// Characters of a name that are shown.
const NAME: usize = 90;

/// How much of something has been seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// So many sides.
    pub seen: u64,
    /// Of so many.
    pub of: u64,
}

impl Share {
    /// Whether it is at least so many percent, counted exactly.
    pub fn reaches(self, percent: u64) -> bool {
        self.seen * 100 >= percent * self.of
    }

    /// Rounded down, so that only all is 100 %.
    pub fn percent(self) -> String {
        let tenths = (self.seen * 1000).checked_div(self.of).unwrap_or(1000);
        format!("{}.{} %", tenths / 10, tenths % 10)
    }

    fn add(&mut self, counted: &Counted) {
        self.of += counted.seen.len() as u64;
        self.seen += counted.seen.iter().filter(|seen| **seen > 0).count() as u64;
    }
}

/// Looks at what every test sees. Runs on the pool that it is called in.
pub fn measure(gathered: &Gathered) -> Coverage {
    let files = &gathered.project.files;
    let mut counted: BTreeMap<_, Counted> = BTreeMap::new();
    for group in &gathered.groups {
        let survey = Survey::new(&group.bundle, &group.documents, &group.cases);
        let trials = group.trials();
        let sightings: Vec<Vec<_>> = trials.par_iter().map(|trial| survey.of(*trial)).collect();
        let mut seen: Vec<Vec<u64>> = survey
            .units()
            .iter()
            .map(|unit| vec![0; unit.what.sides().len()])
            .collect();
        for (unit, side) in sightings.into_iter().flatten() {
            seen[unit][side] += 1;
        }
        let all = survey.units().iter().zip(seen);
        for (unit, seen) in all.filter(|(unit, _)| gathered.under_test.contains(&unit.place.file)) {
            let key = (
                files.path(unit.place.file).to_owned(),
                unit.place.start,
                unit.place.end,
                unit.what,
            );
            let known = counted.entry(key).or_insert_with(|| Counted {
                unit: unit.clone(),
                seen: vec![0; seen.len()],
            });
            known.seen.iter_mut().zip(seen).for_each(|(known, more)| *known += more);
        }
    }
    Coverage {
        units: counted.into_values().collect(),
    }
}

impl Coverage {
    /// How much has been seen of everything.
    pub fn total(&self) -> Share {
        let mut share = Share::default();
        self.units.iter().for_each(|counted| share.add(counted));
        share
    }

    /// How much has been seen of each file, by path.
    pub fn by_file(&self, files: &Files) -> BTreeMap<String, Share> {
        let mut shares: BTreeMap<String, Share> = BTreeMap::new();
        for counted in &self.units {
            let path = files.path(counted.unit.place.file).to_owned();
            shares.entry(path).or_default().add(counted);
        }
        shares
    }

    /// The sides that no test has seen, each with its unit.
    pub fn unseen(&self) -> impl Iterator<Item = (&Unit, &'static str)> {
        self.units.iter().flat_map(|counted| {
            let sides = counted.unit.what.sides().iter().zip(&counted.seen);
            sides
                .filter(|(_, seen)| **seen == 0)
                .map(|(side, _)| (&counted.unit, *side))
        })
    }

    /// The sides that no test has seen, a line each.
    pub fn lines(&self, files: &Files) -> Vec<String> {
        let line = |(unit, side): (&Unit, &str)| {
            let of = match unit.what {
                What::Alternative => "an alternative of ",
                What::Exclusion => "an exclusion of ",
                What::Condition => "the condition of ",
                What::Rule | What::Schedule | What::Event | What::Operand => "",
            };
            let never = if side == "not chosen" {
                "always chosen".to_owned()
            } else {
                format!("never {side}")
            };
            format!(
                "uncovered: {of}{} ({never}) {}",
                shortened(&printable(&unit.name)),
                at(files, unit.place)
            )
        };
        self.unseen().map(line).collect()
    }
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(NAME) {
        Some((end, _)) => format!("{} …", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn nearly_all_is_not_all() {
        let share = |seen, of| Share { seen, of };
        assert!(!share(999, 1000).reaches(100) && share(1000, 1000).reaches(100));
        assert!(share(999, 1000).reaches(99) && share(0, 0).reaches(100));
        assert_eq!(share(9_999, 10_000).percent(), "99.9 %");
        assert_eq!(share(1, 3).percent(), "33.3 %");
        assert_eq!(share(7, 7).percent(), "100.0 %");
        assert_eq!(share(0, 0).percent(), "100.0 %");
    }
}
