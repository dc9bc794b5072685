//! Which documents differ between two bundles.

use std::collections::BTreeMap;

use lexhold_document::printable;
use lexhold_evaluate::Bundle;
use serde::Serialize;

/// A document that one bundle has otherwise than another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedDocument {
    /// What it describes.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Added, removed or changed in what it says; where only layout or comments differ it is none of these.
    pub change: &'static str,
    /// Its version before.
    pub from: Option<String>,
    /// Its version after.
    pub to: Option<String>,
}

impl ChangedDocument {
    /// The same for people.
    pub fn words(&self) -> String {
        let version = |version: &Option<String>| version.clone().unwrap_or_default();
        let versions = match (version(&self.from), version(&self.to)) {
            (from, to) if from == to => from,
            (from, to) => [from, to]
                .into_iter()
                .filter(|one| !one.is_empty())
                .collect::<Vec<_>>()
                .join(" -> "),
        };
        printable(&format!("{} {} {} {versions}", self.change, self.kind, self.name))
            .trim_end()
            .to_owned()
    }
}

/// The documents that differ, by kind and name.
pub fn changed(old: &Bundle, new: &Bundle) -> Vec<ChangedDocument> {
    let mut all: BTreeMap<_, (Option<_>, Option<_>)> = BTreeMap::new();
    for document in &old.documents {
        all.entry((document.kind, &document.name)).or_default().0 = Some(document);
    }
    for document in &new.documents {
        all.entry((document.kind, &document.name)).or_default().1 = Some(document);
    }
    let changed = all.into_iter().filter_map(|((kind, name), (old, new))| {
        let change = match (old, new) {
            (None, _) => "added",
            (_, None) => "removed",
            (Some(old), Some(new)) if old.digest != new.digest => "changed",
            _ => return None,
        };
        Some(ChangedDocument {
            kind: kind.to_owned(),
            name: name.clone(),
            change,
            from: old.and_then(|old| old.version.clone()),
            to: new.and_then(|new| new.version.clone()),
        })
    });
    changed.collect()
}
