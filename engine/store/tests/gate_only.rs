//! Bytes of a home go through the gate alone: no other source file of the engine or the command line removes,
//! truncates, moves or overwrites files, but for those listed here with their reason.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that reads the sources"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What a source file would have to say to remove, truncate, move or overwrite.
const CALLS: [&str; 13] = [
    "remove_file(",
    "remove_dir(",
    "remove_dir_all(",
    "fs::rename(",
    "set_len(",
    "truncate(true)",
    "File::create(",
    "fs::write(",
    "fs::copy(",
    "hard_link(",
    ".persist(",
    "set_permissions(",
    // Objects, by way of `remote`.
    "remote.delete(",
];

/// File, call, and why it does not touch a home.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "cli/src/checkpoint.rs",
        "set_len(",
        "half a checkpoint goes from the end of a file that the user keeps outside the home",
    ),
    (
        "cli/src/files.rs",
        ".persist(",
        "a document or report is written beside its place, outside the home, and moved there",
    ),
    (
        "cli/src/files.rs",
        "fs::write(",
        "a report goes into a pipe that the user names",
    ),
    (
        "cli/src/files.rs",
        "set_permissions(",
        "that document keeps the permissions it had",
    ),
    (
        "cli/src/import.rs",
        ".persist(",
        "a ruleset is written beside its place, outside the home, and moved there",
    ),
    (
        "cli/src/diff/simulate.rs",
        "fs::copy(",
        "the catalog is copied into a temporary folder, where a bundle is tried out",
    ),
    (
        "cli/src/diff/simulate.rs",
        "File::create(",
        "what that bundle assigns, in the same temporary folder",
    ),
    (
        "cli/src/dispose/transfer.rs",
        ".persist(",
        "what another keeper is to have is written beside the place that was named for it, and moved there",
    ),
    (
        "cli/src/past.rs",
        "fs::write(",
        "a stored directory is laid out in a temporary folder to be read as it was",
    ),
    (
        "engine/remote/src/folder.rs",
        "remove_file(",
        "what stands behind `remote.delete(` where objects are files",
    ),
    (
        "cli/src/report/table.rs",
        ".persist(",
        "a report is written beside its place, outside the home, and moved there",
    ),
    (
        "cli/src/report/table.rs",
        "set_permissions(",
        "the same report, readable as any file the user creates",
    ),
    (
        "cli/src/testing.rs",
        "File::create(",
        "tables of a test in its own temporary folder",
    ),
];

const GATE: &str = "engine/store/src/gate.rs";

#[test]
fn only_the_gate_removes_or_overwrites() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["engine", "cli"] {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 20, "the sources are where this test looks for them");
    let mut met = BTreeSet::new();
    for path in files {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        for call in calls(&fs::read_to_string(&path).unwrap()) {
            met.insert((name.clone(), call));
        }
    }
    let gate = |name: &str| name == GATE;
    assert!(met.iter().any(|(name, _)| gate(name)), "the gate itself is found");
    let allowed: BTreeSet<_> = ALLOWED
        .iter()
        .map(|(name, call, _)| ((*name).to_owned(), *call))
        .collect();
    let new: Vec<_> = met
        .iter()
        .filter(|(name, call)| !gate(name) && !allowed.contains(&(name.clone(), call)))
        .collect();
    assert!(
        new.is_empty(),
        "go through the gate, or list with a reason what is no part of a home: {new:?}"
    );
    let stale: Vec<_> = allowed.iter().filter(|item| !met.contains(*item)).collect();
    assert!(stale.is_empty(), "listed but no longer there: {stale:?}");
}

/// The calls in a file, without its comments and its tests.
fn calls(text: &str) -> Vec<&'static str> {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines: Vec<_> = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    CALLS
        .into_iter()
        .filter(|call| lines.iter().any(|line| line.contains(call)))
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "tests" && name != "target" {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "build.rs" {
            found.push(path);
        }
    }
}

#[test]
fn the_search_itself_finds_and_overlooks_what_it_should() {
    assert_eq!(calls("fn f() { std::fs::remove_file(path) }"), ["remove_file("]);
    assert_eq!(
        calls("// fs::rename(a, b)\n#[cfg(test)]\nmod tests { fn f() { fs::write(a, b) } }"),
        [""; 0]
    );
}
