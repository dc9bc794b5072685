//! Totals by state and by severity, each from the one function that decides it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lexhold_catalog::{Calendar, Catalog, Hits};
use lexhold_evaluate::family;
use lexhold_evaluate::review::ReviewStanding;
use lexhold_model::Severity;
use lexhold_retention::{Circumstances, Resolved, State, state};

use super::resolve::each_alert;
use super::sight::Sight;
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
    let states = states(catalog, Some(run), as_of, &Sight::of(actor)?)?;
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

/// How many messages are in each state, of one run or of all.
pub fn states(
    catalog: &Catalog,
    run: Option<&str>,
    as_of: Timestamp,
    sight: &Sight,
) -> anyhow::Result<BTreeMap<&'static str, u64>> {
    let mut totals = BTreeMap::new();
    let mut calendars = catalog.calendars()?;
    for count in catalog
        .state_counts()?
        .into_iter()
        .filter(|count| run.is_none_or(|run| run == count.run))
    {
        let dates: Vec<_> = count
            .assigned
            .iter()
            .map(|one| calendars.of(*one))
            .collect::<Result<_, _>>()?;
        let dates = Dates::of(dates.iter().map(Option::as_deref));
        let (found, _) = dates.state(as_of, count.held, count.held_silently, sight);
        *totals.entry(found.as_str()).or_default() += count.n_messages;
    }
    Ok(totals)
}

/// The dates of a message, or of its family, as they were recorded.
pub struct Dates {
    /// The dates.
    pub resolved: Resolved,
    /// Something of them could not be read back, so nothing is certain.
    doubtful: bool,
}

impl Dates {
    /// The dates of all assignments of one family, united.
    pub fn of<'a>(calendars: impl Iterator<Item = Option<&'a Calendar>>) -> Self {
        let parsed: Vec<Option<Resolved>> = calendars
            .map(|calendar| serde_json::from_str(&calendar?.detail).ok())
            .collect();
        let sound: Vec<Resolved> = parsed.iter().flatten().cloned().collect();
        let doubtful = sound.is_empty() || sound.len() < parsed.len();
        let resolved = if sound.is_empty() {
            Resolved::withheld()
        } else {
            family(&sound)
        };
        Self { resolved, doubtful }
    }

    /// The state, as this viewer may see it, and the others that hold too. Who may not know of a hold sees a message
    /// that is not yet due, and nothing else.
    pub fn state(&self, as_of: Timestamp, held: bool, held_silently: bool, sight: &Sight) -> (State, Vec<State>) {
        if sight.hides(held_silently) {
            return (State::Retained, Vec::new());
        }
        let standing = Circumstances {
            held: held || held_silently,
            indeterminate: self.doubtful,
            ..Circumstances::default()
        };
        state(&self.resolved, as_of, &standing)
    }
}
