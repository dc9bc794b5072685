//! What a case is to rest on: messages by id, and those of alerts.

use std::collections::BTreeMap;

use lexhold_catalog::payload::CaseItem;
use lexhold_model::Key;
use lexhold_store::Home;

use crate::args::Evidence;
use crate::failure::{Exit, Failure};
use crate::find;
use crate::home;
use crate::review::{self, ReviewLog};
use crate::settings::Settings;

/// The messages that are named, each once, by id.
pub fn read(settings: &Settings, home: &Home, evidence: &Evidence) -> anyhow::Result<Vec<CaseItem>> {
    let catalog = home::catalog(settings, home)?;
    let mut items: BTreeMap<Key, CaseItem> = BTreeMap::new();
    for (family, message_id) in find::families(&catalog, &evidence.message, evidence.messages.as_deref())? {
        let item = CaseItem {
            family,
            message_id,
            alert: None,
        };
        items.insert(family, item);
    }
    if !evidence.alert.is_empty() {
        let log = ReviewLog::load(settings, home, &catalog)?;
        for selected in review::named(&catalog, &log, &evidence.alert)? {
            for member in &selected.alert.members {
                if let Some(header) = catalog.header(member.key)? {
                    items.entry(header.family).or_insert(CaseItem {
                        family: header.family,
                        message_id: header.message_id,
                        alert: Some(selected.alert.id),
                    });
                }
            }
        }
    }
    let mut items: Vec<CaseItem> = items.into_values().collect();
    items.sort_by(|one, other| (&one.message_id, one.family).cmp(&(&other.message_id, other.family)));
    if items.is_empty() {
        return Err(Failure::new(Exit::Usage, "a case rests on messages, and none is named")
            .help("--message ID, --messages FILE or --alert ALERT")
            .into());
    }
    Ok(items)
}
