//! Which schedules govern messages, whatever their days: what origins come to, and neither days nor conversations.

use std::collections::BTreeSet;

use lexhold_catalog::{Catalog, Cover};
use lexhold_retention::Schedules;

use super::classes::{Class, Classes};
use super::{Grounds, early_days, open_cases, resolve_on};

/// The origins of a catalog and what governs them.
pub struct Governed<'a> {
    schedules: &'a Schedules,
    classes: Classes,
}

impl<'a> Governed<'a> {
    /// Reads them. Where `hides`, the catalog is told of open cases too, which look like silent holds.
    ///
    /// # Errors
    /// Those of the catalog; facts that cannot be read.
    pub fn read(catalog: &Catalog, grounds: &'a Grounds, hides: bool) -> anyhow::Result<Self> {
        if hides {
            open_cases::all(catalog, grounds.count_ends())?;
        }
        // Which zones stored days have is no matter where days are none.
        let classes = Classes::read(catalog, grounds, &BTreeSet::new(), None)?;
        Ok(Self {
            schedules: grounds.ledger.schedules(),
            classes,
        })
    }

    /// Tells the catalog how origins are covered.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn classify(&self, catalog: &Catalog) -> anyhow::Result<()> {
        classify(catalog, self.schedules, &self.classes, &|_| false)
    }
}

/// Tells the catalog how origins are covered and what they have in common; `streamed` says of which classes it hands
/// messages over one by one.
pub(super) fn classify(
    catalog: &Catalog,
    schedules: &Schedules,
    classes: &Classes,
    streamed: &dyn Fn(u32) -> bool,
) -> anyhow::Result<()> {
    let covers: Vec<Cover> = classes.iter().map(|class| cover(schedules, class)).collect();
    Ok(catalog.classify_origins(&classes.for_catalog(&covers, streamed))?)
}

/// How the messages of a class are covered.
fn cover(schedules: &Schedules, class: &Class) -> Cover {
    let resolved = resolve_on(schedules, class, &early_days(class));
    if resolved.duties.is_empty() {
        Cover::Ungoverned
    } else if resolved.is_indeterminate() {
        Cover::Indeterminate
    } else {
        Cover::Governed
    }
}
