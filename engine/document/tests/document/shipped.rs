//! The documents in this repository.

use std::fs;
use std::path::{Path, PathBuf};

use lexhold_document::Diagnostics;

use crate::support::load_text;

#[test]
fn every_shipped_document_is_the_same_to_serde_yaml() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    for folder in ["policies", "rulesets"] {
        yaml_files(&root.join(folder), &mut paths);
    }
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        if !text.contains("\nlexhold: 1") && !text.starts_with("lexhold: 1") {
            continue;
        }
        crate::layout::assert_stable(&text);
        let loaded = load_text(&text);
        for document in &loaded.documents {
            assert!(document.is_sound(), "{path:?}: {:?}", loaded.lines());
            if text.contains("${") {
                continue;
            }
            let ours: serde_yaml::Value = document.typed(&mut Diagnostics::new()).unwrap();
            assert_eq!(
                ours,
                serde_yaml::from_str::<serde_yaml::Value>(&text).unwrap(),
                "{path:?}"
            );
        }
        assert_eq!(loaded.documents.len(), 1, "{path:?}: {:?}", loaded.lines());
    }
}

fn yaml_files(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            yaml_files(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            paths.push(path);
        }
    }
}
