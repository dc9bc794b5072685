//! The types of event that some schedule counts from.

use std::collections::BTreeSet;

use lexhold_catalog::Catalog;
use serde_json::Value;

use crate::load::Project;
use crate::settings::Settings;

/// Those of every schedule that a message was ever assigned, and those of the policies at hand.
pub fn known(settings: &Settings, catalog: &Catalog) -> anyhow::Result<BTreeSet<String>> {
    let mut known = BTreeSet::new();
    for row in catalog.schedules()? {
        if let Ok(spec) = serde_json::from_str(&row.spec) {
            collect(&spec, &mut known);
        }
    }
    let there: Vec<_> = settings.policies.iter().filter(|path| path.exists()).cloned().collect();
    if let Some(bundle) = Project::read(settings, &there)
        .ok()
        .and_then(|mut project| project.compile())
    {
        for schedule in bundle.schedules().iter() {
            known.extend(schedule.events().map(|event| event.event.clone()));
        }
    }
    Ok(known)
}

/// Every `{event: TYPE, key: ATTRIBUTE}` within a schedule, wherever it stands: what it counts from, what extends it.
fn collect(value: &Value, known: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let (Some(event), true) = (map.get("event").and_then(Value::as_str), map.contains_key("key")) {
                known.insert(event.to_owned());
            }
            map.values().for_each(|value| collect(value, known));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, known)),
        _ => {}
    }
}
