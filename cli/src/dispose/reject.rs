//! `dispose reject`, `dispose extend`: a plan is turned down, or some of its items are to stay, for a time or until another plan.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use lexhold_catalog::payload::{DisposalRejected, SentBack};
use lexhold_retention::Zone;
use lexhold_store::{EntryKind, Home};
use serde_json::json;

use super::approve::{append, read};
use super::plan::Plan;
use crate::args::{ExtendDisposal, RejectDisposal};
use crate::failure::{Exit, Failure, reasoned};
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;
use crate::terminal::{counted, say};

/// Rejects a plan, or takes items out of it.
pub fn reject(settings: &Settings, args: &RejectDisposal) -> anyhow::Result<Exit> {
    let given = (args.plan.as_str(), args.reason.as_str());
    let items = (!args.exclude.is_empty()).then_some(args.exclude.as_slice());
    decide(settings, given, items, None)
}

/// Keeps items of a plan beyond their time.
pub fn extend(settings: &Settings, args: &ExtendDisposal) -> anyhow::Result<Exit> {
    let given = (args.plan.as_str(), args.reason.as_str());
    decide(settings, given, Some(&args.message), Some(args.until))
}

/// Sends back the items of these messages, or the whole plan where there is no list; an empty list is all of its items.
fn decide(
    settings: &Settings,
    (name, reason): (&str, &str),
    ids: Option<&[String]>,
    until: Option<Date>,
) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let (plan, seen) = read(settings, &home, name)?;
    plan.refuse_unless_pending()?;
    reasoned("reason", reason)?;
    let until = until.map(|day| end_of(&home, day)).transpose()?;
    actor.require_rejection(&plan.row.digest)?;
    let items = match ids {
        Some(ids) => sent_back(&plan, ids, reason, until)?,
        None => Vec::new(),
    };
    let n = items.len();
    let payload = json!(DisposalRejected {
        plan: name.to_owned(),
        reason: ids.is_none().then(|| reason.to_owned()),
        items,
        found: false,
    });
    append(&home, &actor, EntryKind::DisposalRejected, &payload, seen)?;
    if !settings.quiet {
        say(&match (ids, until) {
            (None, _) => format!("{name} is rejected"),
            (_, None) => format!("sent back from {name}: {}", counted(n, "item", "items")),
            (_, Some(until)) => format!(
                "sent back from {name}: {}, in no plan before {until}",
                counted(n, "item", "items")
            ),
        });
    }
    Ok(Exit::Done)
}

/// The start of the day behind a last day, in the home's zone.
fn end_of(home: &Home, day: Date) -> anyhow::Result<Timestamp> {
    let end = Zone::named(home.zone()).and_then(|zone| zone.start_of_day(day.tomorrow().ok()?));
    let end = end.filter(|end| *end > Timestamp::now());
    Ok(end.ok_or_else(|| Failure::new(Exit::Usage, format!("--until {day} is no day to come")))?)
}

/// The items of these messages, all versions of each; all items where none is named.
fn sent_back(plan: &Plan, ids: &[String], reason: &str, until: Option<Timestamp>) -> anyhow::Result<Vec<SentBack>> {
    let mut families = BTreeSet::new();
    for id in ids {
        let named = plan.items.iter().filter(|item| item.message_id == *id);
        let named: Vec<_> = named.map(|item| item.family).collect();
        if named.is_empty() {
            let message = format!("`{}` is no item of {}", lexhold_document::printable(id), plan.row.plan);
            return Err(Failure::new(Exit::Usage, message)
                .help("lexhold report disposal has their ids")
                .into());
        }
        families.extend(named);
    }
    let of = plan.items.iter().filter(|item| item.intent.is_none());
    let of = of.filter(|item| ids.is_empty() || families.contains(&item.family));
    Ok(of
        .map(|item| SentBack {
            key: item.key,
            reason: reason.to_owned(),
            until: until.map(|until| until.to_string()),
        })
        .collect())
}
