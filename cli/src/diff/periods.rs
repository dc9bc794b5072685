//! Which periods of schedules differ between two bundles, and where the new ones stand.

use std::collections::BTreeMap;

use lexhold_document::{Kind, path, printable};
use lexhold_evaluate::Bundle;
use lexhold_retention::Schedule;
use serde::Serialize;

use super::sides::Side;

/// A period of a schedule that is another than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedPeriod {
    /// The schedule's full id.
    pub schedule: String,
    /// What is counted: `retain`, `extend`, `dispose` or `ceiling`.
    pub of: &'static str,
    /// The period before; none where there was none.
    pub from: Option<String>,
    /// The period after; none where there is none any more.
    pub to: Option<String>,
    /// The file of the period after, or of the schedule that has none any more.
    pub file: String,
    /// Its line there, counted from one.
    pub line: usize,
}

impl ChangedPeriod {
    /// The same for people.
    pub fn words(&self) -> String {
        let word = |period: &Option<String>| period.clone().unwrap_or_else(|| "none".to_owned());
        printable(&format!(
            "{}: {} {} -> {} at {}:{}",
            self.schedule,
            self.of,
            word(&self.from),
            word(&self.to),
            self.file,
            self.line
        ))
    }
}

/// The periods that differ in schedules that both bundles have, by schedule and what is counted.
pub fn changed(old: &Bundle, new: &Side) -> Vec<ChangedPeriod> {
    let before: BTreeMap<&str, &Schedule> = old.schedules().iter().map(|one| (one.id.as_str(), one)).collect();
    let after: BTreeMap<&str, &Schedule> = new
        .bundle
        .schedules()
        .iter()
        .map(|one| (one.id.as_str(), one))
        .collect();
    let both = after
        .into_iter()
        .filter_map(|(id, after)| Some((before.get(id)?, after)));
    both.flat_map(|(before, after)| of_schedule(before, after, new))
        .collect()
}

fn of_schedule(before: &Schedule, after: &Schedule, new: &Side) -> Vec<ChangedPeriod> {
    let mut periods: BTreeMap<[&'static str; 2], [Option<String>; 2]> = BTreeMap::new();
    for (side, schedule) in [before, after].into_iter().enumerate() {
        for (keys, period) in schedule.periods() {
            periods.entry(keys).or_default()[side] = Some(period);
        }
    }
    let mut documents = new.project.documents.iter();
    let document = documents.find(|one| one.kind == Kind::Retention && one.name == after.document);
    let differ = periods.into_iter().filter(|(_, [from, to])| from != to);
    let placed = differ.filter_map(|([of, key], [from, to])| {
        let place = document?.place(&path!["schedules", after.at.1, of, key]);
        Some(ChangedPeriod {
            schedule: after.id.clone(),
            of,
            from,
            to,
            file: new.project.files.path(place.file).to_owned(),
            line: new.project.files.position(place).0,
        })
    });
    placed.collect()
}
