//! The arrows between the crates go one way, and each outside library has one home.
//!
//! What clippy's banned methods do for calls (`clippy.toml`), this does for the manifests.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What each crate may depend on among ours. `cli`, `tests` and `benches` may use anything; nothing may use them.
const ARROWS: &[(&str, &[&str])] = &[
    ("lexhold-model", &[]),
    ("lexhold-document", &["lexhold-model"]),
    ("lexhold-rules", &["lexhold-model", "lexhold-document"]),
    (
        "lexhold-import",
        &["lexhold-model", "lexhold-document", "lexhold-rules"],
    ),
    ("lexhold-policy", &["lexhold-model", "lexhold-document"]),
    ("lexhold-retention", &["lexhold-model", "lexhold-document"]),
    (
        "lexhold-evaluate",
        &[
            "lexhold-model",
            "lexhold-document",
            "lexhold-rules",
            "lexhold-policy",
            "lexhold-retention",
        ],
    ),
    (
        "lexhold-editor",
        &[
            "lexhold-document",
            "lexhold-rules",
            "lexhold-policy",
            "lexhold-retention",
            "lexhold-evaluate",
        ],
    ),
    ("lexhold-bundle", &["lexhold-model", "lexhold-document"]),
    ("lexhold-source", &["lexhold-model"]),
    ("lexhold-formats", &["lexhold-model", "lexhold-source"]),
    ("lexhold-remote", &[]),
    ("lexhold-store", &["lexhold-model", "lexhold-remote"]),
    ("lexhold-catalog", &["lexhold-model"]),
    (
        "lexhold-python",
        &[
            "lexhold-model",
            "lexhold-document",
            "lexhold-rules",
            "lexhold-evaluate",
            "lexhold-bundle",
            "lexhold-source",
        ],
    ),
];

/// What a crate asks of another for its tests alone: the catalog's DuckDB has a second opinion on the dates of schedules.
const FOR_TESTS: &[(&str, &str)] = &[("lexhold-catalog", "lexhold-retention")];

/// Libraries that show outside their home only in tests and benchmarks.
const HOMES: &[(&str, &[&str])] = &[
    ("cedar-policy", &["lexhold-policy"]),
    ("ed25519-dalek", &["lexhold-model"]),
    ("ct-merkle", &["lexhold-store"]),
    ("duckdb", &["lexhold-catalog"]),
    ("aho-corasick", &["lexhold-rules"]),
    ("regex-automata", &["lexhold-rules"]),
    // `rules` compiles patterns, `import` rewrites foreign ones.
    ("regex-syntax", &["lexhold-rules", "lexhold-import"]),
    ("daachorse", &["lexhold-rules"]),
    ("toml", &["lexhold-import"]),
    ("granit-parser", &["lexhold-document"]),
    ("annotate-snippets", &["lexhold"]),
    ("anyhow", &["lexhold"]),
    ("askama", &["lexhold"]),
    ("clap", &["lexhold"]),
    ("comfy-table", &["lexhold"]),
    ("indicatif", &["lexhold"]),
    ("gen-lsp-types", &["lexhold"]),
    ("lsp-server", &["lexhold"]),
    // Bundles are written as tar, exports are read from it.
    ("tar", &["lexhold-bundle", "lexhold-formats"]),
    ("rawzip", &["lexhold-formats"]),
    ("mail-parser", &["lexhold-formats"]),
    ("rusqlite", &["lexhold-formats"]),
    ("plist", &["lexhold-formats"]),
    ("object_store", &["lexhold-remote"]),
    ("tokio", &["lexhold-remote"]),
    ("http", &["lexhold-remote"]),
    ("pyo3", &["lexhold-python"]),
    ("self_cell", &["lexhold-python"]),
];

/// Crates that touch no disk, clock or environment, so that the workspace's own clippy.toml has to bind them.
const PURE: &[&str] = &[
    "model",
    "document",
    "rules",
    "import",
    "policy",
    "retention",
    "evaluate",
    "bundle",
    "editor",
];

struct Dependency {
    name: String,
    dev: bool,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// Every crate of the workspace with what its manifest asks for.
fn manifests() -> BTreeMap<String, Vec<Dependency>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs, since it runs this test");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let name = |value: &Value| value["name"].as_str().expect("everything has a name").to_owned();
    let list = |value: &Value| value.as_array().expect("cargo writes lists").clone();
    list(&metadata["packages"])
        .iter()
        .map(|package| {
            let dependencies = list(&package["dependencies"]);
            let asked = dependencies
                .iter()
                .map(|d| Dependency {
                    name: name(d),
                    dev: d["kind"] == "dev",
                })
                .collect();
            (name(package), asked)
        })
        .collect()
}

#[test]
fn arrows_between_crates_go_one_way() {
    let manifests = manifests();
    for (name, allowed) in ARROWS {
        let asked = manifests
            .get(*name)
            .unwrap_or_else(|| panic!("{name} is no longer in the workspace"));
        for dependency in asked.iter().filter(|d| d.name.starts_with("lexhold")) {
            let for_tests = dependency.dev && FOR_TESTS.contains(&(*name, &dependency.name));
            assert!(
                for_tests || allowed.contains(&dependency.name.as_str()),
                "{name} may not know {}: see the picture in engine/README.md",
                dependency.name
            );
        }
    }
}

#[test]
fn every_crate_has_its_place_in_the_picture() {
    let edge = ["lexhold", "lexhold-tests", "lexhold-benches"];
    for name in manifests().keys() {
        let known = ARROWS.iter().any(|(crate_name, _)| crate_name == name);
        assert!(known || edge.contains(&name.as_str()), "{name} is missing from ARROWS");
    }
}

#[test]
fn each_outside_library_has_one_home() {
    for (name, asked) in manifests() {
        if name == "lexhold-tests" || name == "lexhold-benches" {
            continue;
        }
        for dependency in asked.iter().filter(|d| !d.dev) {
            let homes = HOMES
                .iter()
                .find(|(library, _)| *library == dependency.name)
                .map(|(_, homes)| *homes);
            assert!(
                homes.is_none_or(|homes| homes.contains(&name.as_str())),
                "{name} may not use {}",
                dependency.name
            );
        }
    }
}

#[test]
fn no_crate_escapes_the_lints() {
    for name in PURE {
        let own = root().join("engine").join(name).join("clippy.toml");
        assert!(
            !own.exists(),
            "{} would lift the layering of /clippy.toml",
            own.display()
        );
    }
    let folders = [
        "model",
        "document",
        "rules",
        "import",
        "policy",
        "retention",
        "evaluate",
        "bundle",
        "editor",
        "source",
        "formats",
        "remote",
        "store",
        "catalog",
        "python",
    ];
    let engine = folders.iter().map(|name| root().join("engine").join(name));
    for folder in engine.chain(["cli", "tests", "benches"].map(|name| root().join(name))) {
        let manifest = folder.join("Cargo.toml");
        let inherits = read(&manifest).contains("[lints]\nworkspace = true\n");
        assert!(
            inherits,
            "{} does not take the lints of the workspace",
            manifest.display()
        );
    }
}

#[test]
fn the_pinned_library_is_the_one_the_crate_is_made_for() {
    let lock = read(&root().join("engine/catalog/duckdb.lock"));
    let version = lock
        .lines()
        .find_map(|line| line.strip_prefix("version "))
        .expect("duckdb.lock names a version");
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().expect("a number")).collect();
    // The crate writes DuckDB 1.5.5 as 1.10505.x.
    let expected = format!(
        "duckdb = {{ version = \"=1.{}.",
        parts[0] * 10_000 + parts[1] * 100 + parts[2]
    );
    let manifest = read(&root().join("Cargo.toml"));
    assert!(
        manifest.contains(&expected),
        "Cargo.toml should ask for `{expected}…` to go with DuckDB {version}"
    );
}

#[test]
fn the_version_of_regexes_on_record_is_the_one_that_is_built() {
    let record = read(&root().join("engine/rules/src/unicode.rs"));
    let built = read(&root().join("Cargo.lock"));
    let version = built
        .split("name = \"regex-syntax\"\nversion = \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("Cargo.lock names it");
    let expected = format!("REGEX_SYNTAX_VERSION: &str = \"{version}\"");
    assert!(
        record.contains(&expected),
        "engine/rules/src/unicode.rs should say {expected}"
    );
}
