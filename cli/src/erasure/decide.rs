//! `erasure ground`, `erasure grant`: what counsel decides where no ground keeps a message by itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lexhold_catalog::payload::{ErasureDecided, ErasureGrant, ErasureItem};
use lexhold_catalog::{Catalog, ErasureItemRow, ErasureRow, GRANT_PARTS, RetentionRow, Scope};
use lexhold_model::Key;
use lexhold_policy::Verb;
use lexhold_retention::PrivacyLaw;
use lexhold_store::EntryKind;
use serde_json::json;

use super::standing::law_of;
use super::step::told;
use super::{Desk, confirmed, named, seen};
use crate::args::{GrantErasure, GroundErasure, NamedMessages};
use crate::dates::{Dates, Grounds};
use crate::failure::{Exit, Failure, reasoned};
use crate::settings::Settings;
use crate::terminal::counted;

/// Everything that a decision on a confirmed request begins with, once governance lets it pass.
fn deciding<'a>(
    settings: &'a Settings,
    name: &str,
    reason: &str,
    by: &[String],
) -> anyhow::Result<(Desk<'a>, Catalog, ErasureRow)> {
    reasoned("reason", reason)?;
    let desk = Desk::open(settings)?;
    desk.actor.require(Verb::AnswerErasure, name, by)?;
    let catalog = desk.catalog()?;
    let request = confirmed(&catalog, name)?;
    Ok((desk, catalog, request))
}

/// Records the ground on which messages stay.
pub fn ground(settings: &Settings, args: &GroundErasure) -> anyhow::Result<Exit> {
    let by = &args.stands.confirmed_by;
    let (desk, catalog, request) = deciding(settings, &args.name, &args.reason, by)?;
    let law = law_of(&request)?;
    if law.ground(&args.article).is_none() {
        let known: Vec<&str> = law.grounds().iter().map(|ground| ground.article).collect();
        let message = format!(
            "`{}` is no ground under {}",
            lexhold_document::printable(&args.article),
            law.as_str()
        );
        return Err(Failure::new(Exit::Usage, message)
            .help(format!("one of {}", known.join(", ")))
            .into());
    }
    let items = items(&catalog, &request, &args.named)?;
    let seen = seen(&catalog)?;
    drop(catalog);
    let n = items.len();
    let payload = json!(ErasureDecided {
        request: args.name.clone(),
        ground: Some(args.article.clone()),
        waived: Vec::new(),
        reason: args.reason.clone(),
        items: items.into_iter().map(item).collect(),
        grants: Vec::new(),
        confirmed_by: by.clone(),
        solo: desk.actor.is_solo(),
    });
    let seq = desk.append(EntryKind::ErasureDecided, &payload, seen)?;
    told(&format!(
        "{} on record for {}, journal entry {seq}",
        args.article,
        counted(n, "message", "messages")
    ))
}

/// Waives the duties that keep messages, where they may be waived.
pub fn grant(settings: &Settings, args: &GrantErasure) -> anyhow::Result<Exit> {
    let by = &args.stands.confirmed_by;
    let (desk, catalog, request) = deciding(settings, &args.name, &args.reason, by)?;
    let items = items(&catalog, &request, &args.named)?;
    let n = items.len();
    let waived = waived(settings, &catalog, &request, &items)?;
    let seen = seen(&catalog)?;
    drop(catalog);
    let mut alike: BTreeMap<Vec<Key>, Vec<ErasureItem>> = BTreeMap::new();
    for item in items {
        let of = waived.get(&item.family).cloned().unwrap_or_default();
        alike
            .entry(of.into_iter().collect())
            .or_default()
            .push(self::item(item));
    }
    if alike.len() as u64 >= GRANT_PARTS {
        let message = "the messages differ too much in what would be waived for them to be granted together";
        return Err(Failure::new(Exit::Usage, message)
            .help("grant some of them at a time")
            .into());
    }
    let grants = alike.into_iter().map(|(waived, items)| ErasureGrant { waived, items });
    let payload = json!(ErasureDecided {
        request: args.name.clone(),
        ground: None,
        waived: Vec::new(),
        reason: args.reason.clone(),
        items: Vec::new(),
        grants: grants.collect(),
        confirmed_by: by.clone(),
        solo: desk.actor.is_solo(),
    });
    let seq = desk.append(EntryKind::ErasureDecided, &payload, seen)?;
    told(&format!(
        "erasure of {} is granted, journal entry {seq}; what nothing else keeps is queued",
        counted(n, "message", "messages")
    ))
}

/// The messages of the request that somebody named.
fn items(catalog: &Catalog, request: &ErasureRow, wanted: &NamedMessages) -> anyhow::Result<Vec<ErasureItemRow>> {
    let families = named(catalog, wanted)?;
    if families.is_empty() {
        return Err(Failure::new(Exit::Usage, "no message is named")
            .help("--message ID, or --messages FILE with one on each line")
            .into());
    }
    let frozen = catalog.erasure_items(&request.request, None)?;
    let mut frozen: HashMap<Key, ErasureItemRow> = frozen.into_iter().map(|row| (row.family, row)).collect();
    let mut items = Vec::new();
    for family in families {
        let stranger = || {
            Failure::new(
                Exit::Usage,
                format!("a message that was named is none of `{}`", request.request),
            )
            .help(format!("lexhold erasure status {} lists its messages", request.request))
        };
        items.push(frozen.remove(&family).ok_or_else(stranger)?);
    }
    items.sort_by(|one, other| (&one.message_id, one.family).cmp(&(&other.message_id, other.family)));
    Ok(items)
}

/// A message as the journal names it.
fn item(row: ErasureItemRow) -> ErasureItem {
    ErasureItem {
        family: row.family,
        message_id: row.message_id,
        others: row.others,
    }
}

/// The schedule versions that are waived for each message: those whose duties keep it now, and those that were waived before.
///
/// # Errors
/// Refused where one of them may not be waived, by the law of any request that names the message.
fn waived(
    settings: &Settings,
    catalog: &Catalog,
    request: &ErasureRow,
    items: &[ErasureItemRow],
) -> anyhow::Result<HashMap<Key, BTreeSet<Key>>> {
    let grounds = Grounds::read(catalog, settings.now)?;
    let schedules = grounds.versions();
    let laws: HashMap<String, PrivacyLaw> = catalog
        .erasures()?
        .iter()
        .map(|request| Ok((request.request.clone(), law_of(request)?)))
        .collect::<anyhow::Result<_>>()?;
    let families: Vec<Key> = items.iter().map(|item| item.family).collect();
    let mut rows: HashMap<Key, RetentionRow> = HashMap::new();
    catalog.choose_families(&families)?;
    catalog.retention::<anyhow::Error>(Scope::Chosen, |row| {
        rows.entry(row.family).or_insert(row);
        Ok(())
    })?;
    let all: Vec<RetentionRow> = rows.values().cloned().collect();
    let mut dates = Dates::for_messages(catalog, &grounds, settings.now, &all)?;
    let mut waived = HashMap::new();
    for item in items {
        let Some(row) = rows.get(&item.family) else { continue };
        let asking = std::iter::once(&request.request).chain(&item.also_asked_by);
        let asking: Vec<PrivacyLaw> = asking.filter_map(|name| laws.get(name).copied()).collect();
        let dates = dates.of_message(row);
        let mut of_item: BTreeSet<Key> = dates.erasure().waived.clone();
        for duty in dates.erasure().keeping(&dates.resolved, settings.now) {
            let schedule = schedules.get(&duty.schedule);
            let waivable = schedule.is_some_and(|schedule| asking.iter().all(|law| law.may_waive(duty, schedule.mode)));
            if !waivable {
                let name = schedule.map_or("a schedule", |schedule| &schedule.id);
                let message = format!("`{name}` keeps {}, and is not to be waived", item.message_id);
                return Err(Failure::new(Exit::Refused, lexhold_document::printable(&message))
                    .help("law that binds, and documents in `mode: compliance`, go before a request; lexhold erasure ground records why a message stays")
                    .into());
            }
            of_item.insert(duty.schedule);
        }
        waived.insert(item.family, of_item);
    }
    Ok(waived)
}
