//! How each message of a request stands: gone, queued, or kept and on which ground.

use std::collections::HashMap;

use anyhow::Context as _;
use jiff::Timestamp;
use lexhold_catalog::{Catalog, ErasureItemRow, ErasureRow, RetentionRow, Scope};
use lexhold_model::Key;
use lexhold_retention::{ErasureStanding, Ground, Limit, Meets, PrivacyLaw, Zone, deadline};
use serde_json::{Value, json};

use crate::dates::{Dates, Grounds, MessageDates};

/// A message of a request.
pub struct ItemStanding {
    /// What is on record of it.
    pub row: ErasureItemRow,
    /// How it stands; none where it is gone.
    pub standing: Option<ErasureStanding>,
    /// When the duties end that keep it; none where anything else does.
    pub deferred_until: Option<Timestamp>,
}

impl ItemStanding {
    /// The word for it in reports.
    pub fn word(&self) -> &'static str {
        match &self.standing {
            _ if self.row.erased => "erased",
            Some(standing) => standing.as_str(),
            // Neither it nor its tombstone is on record: nobody knows what became of it.
            None => "not_on_record",
        }
    }

    /// On which grounds it stays.
    pub fn grounds(&self) -> &[Ground] {
        self.standing.as_ref().map_or(&[], ErasureStanding::grounds)
    }

    /// Whether it waits for somebody to write a schedule, or to say what it is.
    pub fn waits_for_schedule(&self) -> bool {
        let waits = [ErasureStanding::Ungoverned, ErasureStanding::Indeterminate];
        self.standing.as_ref().is_some_and(|standing| waits.contains(standing))
    }
}

/// How the messages of a request stand at an instant, in the order in which they were frozen.
pub fn of_request(
    catalog: &Catalog,
    grounds: &Grounds,
    request: &ErasureRow,
    as_of: Timestamp,
) -> anyhow::Result<Vec<ItemStanding>> {
    let law = law_of(request)?;
    let items = catalog.erasure_items(&request.request, None)?;
    catalog.choose_asked(&request.request)?;
    let mut dates = Dates::open(catalog, grounds, as_of)?;
    let recorded: HashMap<Key, Option<Ground>> = items.iter().map(|item| (item.family, recorded(law, item))).collect();
    let mut found: HashMap<Key, (ErasureStanding, Option<Timestamp>)> = HashMap::new();
    catalog.retention::<anyhow::Error>(Scope::Chosen, |row| {
        if let Some(recorded) = recorded.get(&row.family)
            && !found.contains_key(&row.family)
        {
            let of = dates.of_message(&row);
            found.insert(row.family, standing(law, &row, &of, *recorded, as_of));
        }
        Ok(())
    })?;
    let standing = |row: ErasureItemRow| {
        let (standing, deferred_until) = found.remove(&row.family).unzip();
        ItemStanding {
            standing,
            deferred_until: deferred_until.flatten(),
            row,
        }
    };
    Ok(items.into_iter().map(standing).collect())
}

/// How a message stands to each request that names it and is not over.
pub fn of_message(
    catalog: &Catalog,
    row: &RetentionRow,
    dates: &MessageDates,
    as_of: Timestamp,
) -> anyhow::Result<Vec<Value>> {
    let named = catalog.erasures_of(row.family)?;
    let mut all = Vec::new();
    for request in catalog.erasures()? {
        if !named.contains(&request.request) || request.step("closed").is_some() {
            continue;
        }
        let law = law_of(&request)?;
        let items = catalog.erasure_items(&request.request, Some(row.family))?;
        let recorded = items.first().and_then(|item| recorded(law, item));
        let (standing, _) = standing(law, row, dates, recorded, as_of);
        all.push(json!({
            "request": request.request,
            "law": request.law,
            "confirmed": request.step("confirmed").is_some(),
            "standing": standing.as_str(),
            "grounds": words(standing.grounds()),
        }));
    }
    Ok(all)
}

fn recorded(law: PrivacyLaw, item: &ErasureItemRow) -> Option<Ground> {
    law.ground(item.decision.as_ref()?.ground.as_deref()?)
}

fn standing(
    law: PrivacyLaw,
    row: &RetentionRow,
    dates: &MessageDates,
    recorded: Option<Ground>,
    as_of: Timestamp,
) -> (ErasureStanding, Option<Timestamp>) {
    let covered = dates.covered(row);
    let at = as_of.as_microsecond();
    let meets = Meets {
        law,
        resolved: &dates.resolved,
        erasure: dates.erasure(),
        held: covered.held,
        kept: covered.silently_at(at) || covered.grace().is_some_and(|until| at < until),
        doubtful: dates.is_doubtful(),
        recorded,
    };
    (meets.standing(as_of), meets.deferred_until(as_of))
}

/// Grounds as reports have them.
pub fn words(grounds: &[Ground]) -> Vec<String> {
    grounds
        .iter()
        .map(|ground| match *ground {
            Ground::EXAMINED => ground.limb.to_owned(),
            Ground { article, limb } => format!("{article} {limb}"),
        })
        .collect()
}

/// The law of a request on record.
pub fn law_of(request: &ErasureRow) -> anyhow::Result<PrivacyLaw> {
    PrivacyLaw::named(&request.law).with_context(|| format!("the law of `{}` is none that is known", request.request))
}

/// The last day for an answer, and the instant after it.
pub fn due_of(request: &ErasureRow) -> anyhow::Result<Limit> {
    let zone = Zone::named(&request.zone).with_context(|| format!("the zone of `{}` is none", request.request))?;
    Ok(deadline(request.due().parse().ok(), &zone))
}
