//! Loading documents in tests.

use std::collections::BTreeMap;

use lexhold_document::{Diagnostic, Diagnostics, Document, FileId, Files, OpenError, load};

/// What came of loading some files.
pub struct Loaded {
    pub files: Files,
    pub documents: Vec<Document>,
    pub found: Vec<Diagnostic>,
}

impl Loaded {
    /// The diagnostics as `path:line:column: code message`.
    pub fn lines(&self) -> Vec<String> {
        let line = |d: &Diagnostic| match d.place {
            Some(place) => {
                let (line, column) = self.files.position(place);
                format!(
                    "{}:{line}:{column}: {} {}",
                    self.files.path(place.file),
                    d.code,
                    d.message
                )
            }
            None => format!("{} {}", d.code, d.message),
        };
        self.found.iter().map(line).collect()
    }
}

/// Loads the first of some files; the others can be imported.
pub fn load_files(all: &[(&str, &str)]) -> Loaded {
    load_roots(all, &[all[0].0])
}

/// Loads these roots out of some files.
pub fn load_roots(all: &[(&str, &str)], roots: &[&str]) -> Loaded {
    let mut files = Files::new();
    let mut found = Diagnostics::new();
    let all: BTreeMap<&str, &str> = all.iter().copied().collect();
    let roots: Vec<FileId> = roots.iter().map(|path| files.add(path, all[path].to_owned())).collect();
    let mut open = |path: &str| all.get(path).map(|text| (*text).to_owned()).ok_or(OpenError::NotFound);
    let documents = load(&mut files, &roots, &mut open, &mut found);
    let found = found.sorted(&files);
    Loaded {
        files,
        documents,
        found,
    }
}

/// Loads one file.
pub fn load_text(text: &str) -> Loaded {
    load_files(&[("a.yaml", text)])
}

/// Loads one file that has nothing wrong with it.
pub fn sound(text: &str) -> (Files, Document) {
    let mut loaded = load_text(text);
    assert_eq!(loaded.lines(), Vec::<String>::new());
    (loaded.files, loaded.documents.remove(0))
}

/// What is told about one file, as `line:column: code message`.
pub fn told(text: &str) -> Vec<String> {
    load_text(text)
        .lines()
        .into_iter()
        .map(|line| line.trim_start_matches("a.yaml:").to_owned())
        .collect()
}
