//! Which messages cases and alerts rest on: those that nobody has closed keep their messages, and the end of the last may be
//! what a period counts from.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use lexhold_catalog::{AlertMessage, CaseEnds, Catalog, Hits, OPEN, RetentionRow};
use lexhold_evaluate::review::{ReviewEntry, ReviewMember, ReviewState, ReviewStep, stand};
use lexhold_model::Key;

use crate::report::resolve::judge_conversations;
use crate::review;

/// What rests on messages, by their families.
#[derive(Default)]
pub struct Cases {
    /// Those that open cases and alerts rest on.
    pub open: HashSet<Key>,
    /// When the last of each kind was closed, of all that any rests on.
    pub ends: HashMap<Key, CaseEnds>,
}

/// All of them, which the catalog is told of too: the ends only where dates `count` from them.
pub fn all(catalog: &Catalog, count: bool) -> anyhow::Result<Cases> {
    if let Some((open, ends)) = catalog.kept_in_case(count)? {
        return Ok(Cases {
            open: open.into_iter().collect(),
            ends: ends.into_iter().collect(),
        });
    }
    let mut found = Found::read(catalog)?;
    found.look(catalog, Hits::All)?;
    let mut cases = found.cases;
    if !count {
        cases.ends.clear();
    }
    let ends = cases.ends.iter().map(|(family, ends)| (*family, *ends));
    catalog.keep_in_case(count, cases.open.iter().copied(), ends)?;
    Ok(cases)
}

/// Those among some messages: quick where they are few.
pub fn among(catalog: &Catalog, messages: &[RetentionRow]) -> anyhow::Result<Cases> {
    let mut with_hits = Vec::new();
    for message in messages {
        if catalog.has_hits(message.key)? {
            with_hits.push(message.key);
        }
    }
    if with_hits.is_empty() {
        return of_cases(catalog);
    }
    let mut found = Found::read(catalog)?;
    for key in with_hits {
        found.look(catalog, Hits::InMessage(key))?;
    }
    Ok(found.cases)
}

/// Those of cases, without alerts.
fn of_cases(catalog: &Catalog) -> anyhow::Result<Cases> {
    let mut cases = Cases::default();
    for (family, end) in catalog.case_ends()? {
        cases.open.extend((end == OPEN).then_some(family));
        cases.ends.entry(family).or_default().case = Some(end);
    }
    Ok(cases)
}

/// What is found, and what people decided on alerts.
struct Found {
    cases: Cases,
    decided: HashMap<Key, Vec<ReviewEntry>>,
}

impl Found {
    fn read(catalog: &Catalog) -> anyhow::Result<Self> {
        let mut decided: HashMap<Key, Vec<ReviewEntry>> = HashMap::new();
        for row in catalog.reviews()?.iter().filter(|row| row.object == review::ALERT) {
            if let Some(entry) = review::entry(row) {
                decided.entry(entry.alert).or_default().push(entry);
            }
        }
        judge_conversations(catalog)?;
        Ok(Self {
            cases: of_cases(catalog)?,
            decided,
        })
    }

    fn look(&mut self, catalog: &Catalog, which: Hits) -> anyhow::Result<()> {
        let mut alert: Vec<AlertMessage> = Vec::new();
        catalog.alert_messages::<anyhow::Error>(which, |message| {
            if alert.first().is_some_and(|first| first.alert_id != message.alert_id) {
                self.take(&alert);
                alert.clear();
            }
            alert.push(message);
            Ok(())
        })?;
        self.take(&alert);
        Ok(())
    }

    /// Adds the messages of an alert: as open unless a person has closed it. One that was set aside for a time is still open.
    fn take(&mut self, alert: &[AlertMessage]) {
        let Some(first) = alert.first() else { return };
        let ids = std::iter::once(first.alert_id).chain(first.aliases.iter().copied());
        let log: Vec<ReviewEntry> = ids.filter_map(|id| self.decided.get(&id)).flatten().cloned().collect();
        let member = |message: &AlertMessage| ReviewMember {
            key: message.key,
            raised_at: Timestamp::MIN,
            echo: message.echo,
        };
        let members: Vec<ReviewMember> = alert.iter().map(member).collect();
        // When a decision is due is no matter here: no alert closes by time.
        let is_closed = stand(&members, &log, |_| None, Timestamp::MIN).decided == ReviewState::Closed;
        let closings = log.iter().filter(|entry| entry.step == ReviewStep::Close);
        let end = closings.map(|entry| entry.at.as_microsecond()).max();
        let end = end.filter(|_| is_closed).unwrap_or(OPEN);
        for message in alert {
            self.cases.open.extend((!is_closed).then_some(message.family));
            let ends = self.cases.ends.entry(message.family).or_default();
            ends.alert = ends.alert.max(Some(end));
        }
    }
}
