//! The policies and rulesets that Lexhold ships: they compile, prove themselves by their own examples, and cite what is in
//! the table of regulations.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lexhold_document::{Diagnostics, Document, FileId, Files, Kind, Node, Place};
use lexhold_evaluate::{Bundle, CaseResult, Outcome, run_documents};
use lexhold_policy::Schemas;

mod calendars;
mod false_hits;
mod packs;
mod together;

/// The table that packs cite lies among the policies without being a document.
const TABLE: &str = "policies/regulations.yaml";

struct Shipped {
    files: Files,
    documents: Vec<Document>,
    bundle: Bundle,
}

impl Shipped {
    /// Everything under `policies/` and `rulesets/`, compiled together without a warning.
    fn compiled() -> Self {
        let mut files = Files::new();
        let roots: Vec<FileId> = paths().iter().map(|path| files.add(path, read(path))).collect();
        let mut diagnostics = Diagnostics::new();
        let mut no_imports = |path: &str| panic!("{path} is imported, but not among the shipped files");
        let documents = lexhold_document::load(&mut files, &roots, &mut no_imports, &mut diagnostics);
        let bundle = Bundle::compile(&documents, &Schemas::built_in(), &mut diagnostics);
        let told: Vec<String> = diagnostics
            .sorted(&files)
            .iter()
            .map(|d| format!("{} {}: {} {:?}", d.code, place(&files, d.place), d.message, d.helps))
            .collect();
        assert!(
            told.is_empty(),
            "the shipped content has problems:\n{}",
            told.join("\n")
        );
        Self {
            files,
            documents,
            bundle: bundle.expect("no diagnostics, so there is a bundle"),
        }
    }

    /// Every rule and schedule with its document.
    fn items(&self) -> impl Iterator<Item = (&Document, &Node)> {
        self.documents.iter().flat_map(|document| {
            let lists = ["rules", "schedules"]
                .into_iter()
                .filter_map(|key| document.root.get(key)?.as_list());
            lists.flatten().map(move |item| (document, item))
        })
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
}

/// Every document, by its path from the root of the repository.
fn paths() -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["policies", "rulesets"] {
        walk(folder, &mut found);
    }
    found.retain(|path| path != TABLE);
    found.sort();
    found
}

fn walk(folder: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(root().join(folder)).expect("a shipped folder") {
        let entry = entry.expect("a readable folder");
        let path = format!("{folder}/{}", entry.file_name().to_str().expect("a plain name"));
        if entry.path().is_dir() {
            walk(&path, found);
        } else if path.ends_with(".yaml") {
            found.push(path);
        }
    }
}

fn place(files: &Files, place: Option<Place>) -> String {
    place.map_or_else(String::new, |place| {
        let line = 1 + files.text(place.file)[..place.start].matches('\n').count();
        format!("{}:{line}", files.path(place.file))
    })
}

fn id(item: &Node) -> &str {
    item.get("id")
        .and_then(Node::as_text)
        .expect("every rule and schedule has an id")
}

/// Runs what documents say of themselves; what did not come out as written, a line each, and how many tests there are.
fn run(shipped: &Shipped, documents: &[Document], files: &Files) -> (Vec<String>, usize) {
    let mut diagnostics = Diagnostics::new();
    let results = run_documents(&shipped.bundle, &Schemas::built_in(), documents, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let failed = results.iter().filter(|result| result.outcome != Outcome::Pass);
    let line = |result: &CaseResult| {
        format!(
            "{}: {}: {:?}",
            place(files, Some(result.place)),
            result.name,
            result.outcome
        )
    };
    (failed.map(line).collect(), results.len())
}

#[test]
fn shipped_content_proves_itself() {
    let shipped = Shipped::compiled();
    let (failures, n_run) = run(&shipped, &shipped.documents, &shipped.files);
    assert!(
        failures.is_empty(),
        "{} of {n_run} cases fail:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(n_run > 800, "only {n_run} cases were run");
}

#[test]
fn every_pattern_rule_has_three_hits_and_three_misses() {
    for rule in Shipped::compiled().bundle.rules().rules() {
        assert!(
            rule.hits.len() >= 3 && rule.misses.len() >= 3,
            "{} has too few examples",
            rule.id
        );
        assert!(
            rule.risk.is_some() && !rule.labels.is_empty(),
            "{} says too little",
            rule.id
        );
    }
}

#[test]
fn every_schedule_and_supervision_rule_is_proved_twice() {
    let shipped = Shipped::compiled();
    for document in shipped
        .documents
        .iter()
        .filter(|document| document.kind != Kind::Ruleset)
    {
        let count = |key: &str| document.root.get(key).and_then(Node::as_list).map_or(0, <[Node]>::len);
        let n_items = count("rules") + count("schedules");
        assert!(
            count("tests") >= 2 * n_items,
            "{} has {n_items} items but {} tests",
            document.name,
            count("tests")
        );
    }
    for (document, item) in shipped.items().filter(|(document, _)| document.kind != Kind::Ruleset) {
        let full = format!("{}.{}", document.name, id(item));
        assert!(
            shipped.files.text(document.file).contains(&full),
            "no test expects {full}"
        );
    }
}

#[test]
fn everything_cites_what_is_in_the_table() {
    let table = read(TABLE);
    let known: BTreeSet<&str> = table.lines().filter_map(|line| line.strip_prefix("- id: ")).collect();
    let shipped = Shipped::compiled();
    for (document, item) in shipped.items() {
        let cites = item.get("cites").and_then(Node::as_list).unwrap_or_default();
        // The table has no law on how people treat each other, nor on minors.
        let is_covered = !["conduct", "minors"].contains(&document.name.as_str());
        assert_eq!(
            !cites.is_empty(),
            is_covered,
            "{}.{} and what it cites",
            document.name,
            id(item)
        );
        for cite in cites.iter().filter_map(Node::as_text) {
            assert!(
                known.contains(cite),
                "{}.{} cites {cite}, which {TABLE} does not have",
                document.name,
                id(item)
            );
        }
    }
}
