//! Which messages open cases rest on: those in a case that nobody has closed, and those of alerts that nobody has.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use lexhold_catalog::{AlertMessage, Catalog, Hits, RetentionRow};
use lexhold_evaluate::review::{ReviewEntry, ReviewMember, ReviewState, stand};
use lexhold_model::Key;

use crate::report::resolve::judge_conversations;
use crate::review;

/// All of them, worked out once for an open catalog.
pub fn all(catalog: &Catalog) -> anyhow::Result<HashSet<Key>> {
    if let Some(families) = catalog.kept_in_case()? {
        return Ok(families.into_iter().collect());
    }
    let mut found = Found::read(catalog)?;
    found.look(catalog, Hits::All)?;
    catalog.keep_in_case(found.families.iter().copied())?;
    Ok(found.families)
}

/// Those among some messages: quick where they are few.
pub fn among(catalog: &Catalog, messages: &[RetentionRow]) -> anyhow::Result<HashSet<Key>> {
    let mut with_hits = Vec::new();
    for message in messages {
        if catalog.has_hits(message.key)? {
            with_hits.push(message.key);
        }
    }
    if with_hits.is_empty() {
        return Ok(catalog.in_open_cases()?.into_iter().collect());
    }
    let mut found = Found::read(catalog)?;
    for key in with_hits {
        found.look(catalog, Hits::InMessage(key))?;
    }
    Ok(found.families)
}

/// What is found, and what people decided on alerts.
struct Found {
    families: HashSet<Key>,
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
            families: catalog.in_open_cases()?.into_iter().collect(),
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

    /// Adds the messages of an alert unless a person has closed it. One that was set aside for a time is still open.
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
        if stand(&members, &log, |_| None, Timestamp::MIN).decided != ReviewState::Closed {
            self.families.extend(alert.iter().map(|message| message.family));
        }
    }
}
