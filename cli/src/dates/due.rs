//! Which of millions of messages may be due, so that only these are looked at one by one.

use lexhold_catalog::{Catalog, NumberedRows};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Dates;
use super::months::Counter;

/// Messages that one thread looks at together.
const SHARE: usize = 1 << 15;

impl Dates<'_> {
    /// Chooses, for [`lexhold_catalog::Scope::Due`], every message whose time may be over, all that is united of several
    /// assignments, and all that somebody asked to have erased. What is not chosen is not due, whatever covers it.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn choose_due(&self, catalog: &Catalog) -> anyhow::Result<()> {
        let counter = Counter::of(self);
        let mut due: Vec<i64> = Vec::new();
        catalog.each_numbered::<anyhow::Error>(|rows| {
            due.par_extend(found(&counter, &rows));
            Ok(())
        })?;
        Ok(catalog.choose_due(due)?)
    }
}

fn found<'r>(counter: &'r Counter<'_>, rows: &'r NumberedRows) -> impl ParallelIterator<Item = i64> + 'r {
    let NumberedRows { rows, numbers } = rows;
    let shares = rows.par_chunks(SHARE).zip(numbers.origins.par_chunks(SHARE));
    let shares = shares.zip(
        numbers
            .days
            .par_chunks(SHARE)
            .zip(numbers.conversations.par_chunks(SHARE)),
    );
    shares.flat_map_iter(move |((rows, origins), (days, conversations))| {
        let mut known = FxHashMap::default();
        let messages = origins.iter().zip(days).zip(conversations);
        let all = rows.iter().zip(messages);
        let due = all.filter(|(_, ((origin, days), conversation))| {
            counter.may_be_due(&mut known, [**origin, **days, **conversation])
        });
        due.map(|(row, _)| *row).collect::<Vec<i64>>()
    })
}
