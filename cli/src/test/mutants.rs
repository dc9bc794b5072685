//! Which changes of the documents under test no test would notice.

use std::collections::BTreeMap;

use lexhold_document::{Allowed, Diagnostic, Diagnostics, Files, allow, printable};
use lexhold_evaluate::codes::SURVIVOR;
use lexhold_evaluate::mutation::{Fate, Mutant, Surroundings, mutants};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::gather::Gathered;
use super::text::at;
use crate::render;

/// What became of all mutants.
pub struct Mutants {
    /// Those that no test noticed, in the order of files and places.
    pub survivors: Vec<Diagnostic>,
    /// Those that comments let live, each with a reason.
    pub allowed: Vec<Allowed>,
    /// What is wrong with such comments.
    pub wrong: Vec<Diagnostic>,
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
    let (mut noticed, mut stillborn, mut survived) = (0, 0, Diagnostics::new());
    for (mutant, fates) in fates.into_values() {
        // Of the bundles that a document is tested in, one that notices is enough.
        if fates.contains(&Fate::Noticed) {
            noticed += 1;
        } else if fates.contains(&Fate::Survived) {
            survived.push(mutant.survivor());
        } else {
            stillborn += 1;
        }
    }
    let under_test: Vec<_> = gathered.under_test.iter().copied().collect();
    let known = |code: &str| crate::codes::all().any(|(known, _)| *known == code);
    let (kept, allowed) = allow(files, &under_test, known, |code| code == SURVIVOR, survived);
    let (survivors, wrong) = kept.into_iter().partition(|one| one.code == SURVIVOR);
    Mutants {
        survivors,
        allowed,
        wrong,
        noticed,
        stillborn,
    }
}

impl Mutants {
    /// The survivors, a line each; with those that are let live, where all are wanted.
    pub fn lines(&self, files: &Files, all: bool) -> Vec<String> {
        let line = |one: &Diagnostic| format!("{}: {}", place_of(files, one), printable(&one.message));
        let allowed = self.allowed.iter().filter(|_| all);
        let allowed = allowed.map(|one| format!("allowed: {}: {}", line(&one.diagnostic), printable(&one.reason)));
        let survived = self.survivors.iter().map(|one| format!("survived: {}", line(one)));
        survived.chain(allowed).collect()
    }

    /// All of it for machines.
    pub fn json(&self, files: &Files) -> Value {
        let survivor = |one: &Diagnostic, reason: Option<&str>| {
            json!({
                "what": one.message,
                "file": one.place.map(|place| files.path(place.file)),
                "span": one.place.map(|place| render::span(files, place)),
                "reason": reason,
            })
        };
        let survived = self.survivors.iter().map(|one| survivor(one, None));
        let allowed = self
            .allowed
            .iter()
            .map(|one| survivor(&one.diagnostic, Some(&one.reason)));
        json!({
            "noticed": self.noticed,
            "stillborn": self.stillborn,
            "survived": survived.collect::<Vec<_>>(),
            "allowed": allowed.collect::<Vec<_>>(),
        })
    }

    /// How many there are of each fate.
    pub fn summary(&self) -> String {
        let more = [(self.allowed.len(), "allowed"), (self.stillborn, "do not compile")];
        let more = more.iter().filter(|(count, _)| *count > 0);
        let more: String = more.map(|(count, words)| format!(", {count} {words}")).collect();
        format!(
            "mutants: {} noticed, {} survived{more}",
            self.noticed,
            self.survivors.len()
        )
    }
}

fn place_of(files: &Files, one: &Diagnostic) -> String {
    one.place.map_or_else(String::new, |place| at(files, place))
}
