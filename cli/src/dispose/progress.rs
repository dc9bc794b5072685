//! How far the disposal of each message has come.

use std::collections::HashMap;

use jiff::Timestamp;
use lexhold_catalog::Catalog;
use lexhold_model::Key;

use super::plan::{Plan, item_state};

/// The state of each version that a plan names which is under way, and that nobody sent back.
pub fn progress(catalog: &Catalog, now: Timestamp) -> anyhow::Result<HashMap<Key, String>> {
    let mut found = HashMap::new();
    let plans = catalog.plans()?.into_iter();
    for row in plans.filter(|plan| plan.rejected.is_none() && plan.certified.is_none()) {
        let plan = Plan::of(catalog, row)?;
        let state = plan.state(now);
        found.extend(plan.remaining().map(|item| (item.key, item_state(item, &state))));
    }
    Ok(found)
}
