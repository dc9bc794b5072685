//! What `lexhold.yaml` says of disposal.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_catalog::ItemRow;
use serde::Deserialize;

use super::copies::DeclaredCopy;
use crate::failure::{Exit, Failure};
use crate::settings::FILE;

/// The one stage that every plan has where nothing is said.
const STAGE: &str = "approval";

/// `disposal:`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisposalSettings {
    /// The stages that a plan passes before it may be carried out, in order; by each of them another person.
    stages: Option<Vec<String>>,
    /// Stages of items under a schedule, `document.schedule`, instead of those.
    #[serde(default)]
    schedules: BTreeMap<String, Vec<String>>,
    /// How long backups are kept, where nothing is said when one is made.
    pub backups: Option<String>,
    /// Copies outside the home.
    #[serde(default)]
    pub copies: Vec<DeclaredCopy>,
}

impl DisposalSettings {
    /// The stages of a plan: those of every plan, then those of schedules that decide on any of its items, each name once.
    ///
    /// # Errors
    /// Where a list is empty: nothing is destroyed without an approval.
    pub fn stages_of(&self, items: &[ItemRow]) -> anyhow::Result<Vec<String>> {
        let usual = self.stages.clone().unwrap_or_else(|| vec![STAGE.to_owned()]);
        let decided = |item: &ItemRow| -> Vec<String> {
            let ids = item.schedules.iter();
            ids.map(|name| name.split('@').next().unwrap_or_default().to_owned())
                .collect()
        };
        let ids: BTreeSet<Vec<String>> = items.iter().map(decided).collect();
        let own: BTreeSet<&String> = ids
            .iter()
            .flatten()
            .filter(|id| self.schedules.contains_key(*id))
            .collect();
        let is_usual = |ids: &Vec<String>| !ids.iter().any(|id| self.schedules.contains_key(id));
        let mut lists: Vec<(&str, &[String])> = Vec::new();
        if own.is_empty() || ids.iter().any(is_usual) {
            lists.push(("stages", &usual));
        }
        lists.extend(own.into_iter().map(|id| (id.as_str(), self.schedules[id].as_slice())));
        let mut stages: Vec<String> = Vec::new();
        for (name, list) in lists {
            if list.is_empty() || list.iter().any(|stage| stage.trim().is_empty()) {
                let message = format!("{FILE}: `disposal`: `{name}` has no stage, or one without a name");
                return Err(Failure::new(Exit::Policy, message)
                    .help("what is destroyed takes one approval at least")
                    .into());
            }
            for stage in list {
                if !stages.contains(stage) {
                    stages.push(stage.clone());
                }
            }
        }
        Ok(stages)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;
    use crate::dispose::plan::tests::item;

    #[test]
    fn stages_come_of_the_schedules_of_a_plan() {
        let usual =
            r#"{"stages": ["one", "two"], "schedules": {"a.x": ["head", "two"], "b.y": ["counsel"], "c.z": []}}"#;
        // Settings, the schedules of two items, the stages of their plan.
        let cases: [(&str, [&str; 2], &[&str]); 7] = [
            ("{}", ["a.x@1", "b.y@1"], &["approval"]),
            (usual, ["d.d@1", "d.d@2"], &["one", "two"]),
            (usual, ["a.x@1", "a.x@2"], &["head", "two"]),
            (usual, ["a.x@1", "b.y@1"], &["head", "two", "counsel"]),
            (usual, ["b.y@1", "d.d@1"], &["one", "two", "counsel"]),
            (usual, ["c.z@1", "d.d@1"], &[]),
            (r#"{"stages": []}"#, ["a.x@1", "a.x@1"], &[]),
        ];
        for (settings, schedules, stages) in cases {
            let settings: DisposalSettings = serde_json::from_str(settings).unwrap();
            let items = schedules.map(item);
            assert_eq!(settings.stages_of(&items).unwrap_or_default(), stages, "{schedules:?}");
        }
    }
}
