//! Totals by state and by severity, each from the one function that decides it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lexhold_catalog::{Catalog, Hits};
use lexhold_evaluate::review::ReviewStanding;
use lexhold_model::Severity;

use super::resolve::each_alert;
use super::sight::Sight;
use crate::dates::{Dates, Grounds, Totals};
use crate::operators::Actor;
use crate::review::ReviewLog;

/// What the end of a run says of its messages.
pub struct RunFigures {
    /// Alerts that a message of the run is part of, by severity.
    pub alerts_by_severity: BTreeMap<Severity, u64>,
    /// Messages of the run by state.
    pub states: BTreeMap<&'static str, u64>,
    /// Handles in the whole home that the directory did not know.
    pub unknown_handles: u64,
}

/// The figures of one run.
pub fn of_run(catalog: &Catalog, run: &str, as_of: Timestamp, actor: &Actor) -> anyhow::Result<RunFigures> {
    let mut alerts_by_severity = BTreeMap::new();
    each_alert(catalog, Hits::All, Some(run), |alert| {
        if alert.excluded_by.is_none() {
            *alerts_by_severity.entry(alert.severity).or_default() += 1;
        }
        Ok(())
    })?;
    let states = totals(catalog, Some(run), as_of, &Sight::of(actor)?)?.states;
    Ok(RunFigures {
        alerts_by_severity,
        states,
        unknown_handles: catalog.status()?.n_unknown_handles,
    })
}

/// How many alerts wait for somebody, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReviewFigures {
    /// Alerts in each state, as shown: open, assigned, escalated, closed.
    pub states: [u64; 4],
    /// Those that wait for somebody.
    pub unreviewed: u64,
    /// Those of them that nobody decided on in time.
    pub overdue: u64,
    /// Those set aside.
    pub suppressed: u64,
}

impl ReviewFigures {
    /// Counts one more.
    pub fn add(&mut self, standing: &ReviewStanding) {
        self.states[standing.state() as usize] += 1;
        self.unreviewed += u64::from(standing.waits());
        self.overdue += u64::from(standing.overdue());
        self.suppressed += u64::from(standing.suppressed_until.is_some());
    }
}

/// How many alerts of the home wait for somebody.
pub fn reviews(catalog: &Catalog, log: &ReviewLog) -> anyhow::Result<ReviewFigures> {
    let mut figures = ReviewFigures::default();
    each_alert(catalog, Hits::All, None, |alert| {
        if alert.excluded_by.is_none() {
            figures.add(&log.standing(&alert));
        }
        Ok(())
    })?;
    Ok(figures)
}

/// Messages by state and by the month in which they fall due, of one run or of all.
pub fn totals(catalog: &Catalog, run: Option<&str>, as_of: Timestamp, sight: &Sight) -> anyhow::Result<Totals> {
    let grounds = Grounds::read(catalog, as_of)?;
    let dates = Dates::open(catalog, &grounds, as_of)?;
    Totals::count(catalog, &dates, run, sight)
}
