//! Which changes of the documents under test no test would notice.

use std::collections::BTreeMap;

use lexhold_document::{Files, printable};
use lexhold_evaluate::mutation::{Fate, Mutant, Surroundings, mutants};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::gather::Gathered;
use super::text::at;
use crate::render;

/// What became of all mutants.
pub struct Mutants {
    /// Those that no test noticed, in the order of files and places.
    pub survivors: Vec<Mutant>,
    /// How many a test noticed.
    pub noticed: usize,
    /// How many do not compile.
    pub stillborn: usize,
}

/// Tries every mutant of the documents under test. Runs on the pool that it is called in.
pub fn try_all(gathered: &Gathered) -> Mutants {
    let files = &gathered.project.files;
    let mut fates: BTreeMap<_, (Mutant, Vec<Fate>)> = BTreeMap::new();
    for group in &gathered.groups {
        let under_test: Vec<_> = group
            .documents
            .iter()
            .filter(|document| gathered.under_test.contains(&document.file))
            .collect();
        let tried = under_test.par_iter().flat_map(|document| {
            let surroundings = Surroundings::of(document, &group.documents, &group.cases, &gathered.schemas);
            let all = mutants(document).into_par_iter();
            all.map(|mutant| (surroundings.fate(&mutant), mutant))
                .collect::<Vec<_>>()
        });
        for (fate, mutant) in tried.collect::<Vec<_>>() {
            let key = (
                files.path(mutant.place.file).to_owned(),
                mutant.place,
                mutant.what.clone(),
            );
            fates.entry(key).or_insert_with(|| (mutant, Vec::new())).1.push(fate);
        }
    }
    let mut all = Mutants {
        survivors: Vec::new(),
        noticed: 0,
        stillborn: 0,
    };
    for (mutant, fates) in fates.into_values() {
        // Of the bundles that a document is tested in, one that notices is enough.
        if fates.contains(&Fate::Noticed) {
            all.noticed += 1;
        } else if fates.contains(&Fate::Survived) {
            all.survivors.push(mutant);
        } else {
            all.stillborn += 1;
        }
    }
    all
}

impl Mutants {
    /// The survivors, a line each.
    pub fn lines(&self, files: &Files) -> Vec<String> {
        let line = |mutant: &Mutant| format!("survived: {}: {}", at(files, mutant.place), printable(&mutant.what));
        self.survivors.iter().map(line).collect()
    }

    /// All of it for machines.
    pub fn json(&self, files: &Files) -> Value {
        let survivor = |mutant: &Mutant| {
            json!({
                "what": mutant.what,
                "file": files.path(mutant.place.file),
                "span": render::span(files, mutant.place),
            })
        };
        json!({
            "noticed": self.noticed,
            "stillborn": self.stillborn,
            "survived": self.survivors.iter().map(survivor).collect::<Vec<_>>(),
        })
    }

    /// How many there are of each fate.
    pub fn summary(&self) -> String {
        let stillborn = match self.stillborn {
            0 => String::new(),
            n => format!(", {n} do not compile"),
        };
        format!(
            "mutants: {} noticed, {} survived{stillborn}",
            self.noticed,
            self.survivors.len()
        )
    }
}
