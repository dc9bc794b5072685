//! What is named in the project, as far as the editor and the disk know it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lexhold_document::printable;
use lexhold_editor::{Index, Known, Law};
use lexhold_policy::Schemas;
use serde::Deserialize;

use super::buffers::Buffers;
use super::project::is_document;
use crate::files::{real, regulation_table, yaml_files_over};
use crate::settings::Settings;

/// The names of the project and what they stand for.
pub struct Workspace {
    /// The documents.
    pub index: Index,
    /// The Cedar schema of the latest check.
    pub schemas: Schemas,
    /// The table of regulations.
    pub laws: BTreeMap<String, Law>,
    /// The file with that table, where the project has one.
    pub table: Option<PathBuf>,
}

impl Workspace {
    /// A project of which nothing has been read.
    pub fn new() -> Self {
        Self {
            index: Index::default(),
            schemas: Schemas::built_in(),
            laws: BTreeMap::new(),
            table: None,
        }
    }

    /// What is known, for a question.
    pub fn known(&self) -> Known<'_> {
        Known {
            index: &self.index,
            schemas: &self.schemas,
            laws: &self.laws,
        }
    }

    /// Reads what has changed on disk, and takes what is typed in place of what is there.
    pub fn catch_up(&mut self, settings: &Settings, buffers: &Buffers) {
        let unsaved = buffers.unsaved();
        let beside = [&settings.directory, &settings.operators]
            .into_iter()
            .flatten()
            .cloned();
        let paths: Vec<PathBuf> = settings.documents_there().into_iter().chain(beside).collect();
        let found = yaml_files_over(&paths, &unsaved).unwrap_or_default();
        let mut paths: Vec<PathBuf> = found.iter().map(|path| real(path)).collect();
        paths.extend(
            unsaved
                .iter()
                .filter(|(path, text)| is_document(path, text))
                .map(|(path, _)| path.clone()),
        );
        for path in &paths {
            let text = match unsaved.get(path) {
                Some(text) => Some(text.clone()),
                None => std::fs::read_to_string(path).ok(),
            };
            if let Some(text) = text {
                self.take(path, &text);
            }
        }
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        self.index.retain(|path| names.iter().any(|name| name == path));
        if let Ok((table, text)) = regulation_table(&settings.documents_there()) {
            self.laws = laws(&text);
            self.table = table;
        }
    }

    /// Takes a text as it is typed.
    pub fn take(&mut self, path: &Path, text: &str) {
        self.index.put(&path.display().to_string(), text);
    }
}

/// The table of regulations, entry by entry; nothing of a table that cannot be read, which a check says.
fn laws(text: &str) -> BTreeMap<String, Law> {
    #[derive(Deserialize)]
    struct Entry {
        id: String,
        title: Option<String>,
        citation: Option<String>,
        jurisdiction: Option<String>,
        period: Option<String>,
        period_kind: Option<String>,
        trigger: Option<String>,
        accessible_first: Option<String>,
        confidence: Option<String>,
        note: Option<String>,
        official: Option<String>,
    }
    let entries: Vec<Entry> = serde_yaml::from_str(text).unwrap_or_default();
    let law = |entry: Entry| {
        let facts = [
            ("citation", entry.citation),
            ("jurisdiction", entry.jurisdiction),
            ("period", entry.period),
            ("kind of period", entry.period_kind),
            ("from", entry.trigger),
            ("within easy reach", entry.accessible_first),
            ("confidence", entry.confidence),
            ("note", entry.note),
            ("official text", entry.official),
        ];
        let title = printable(&entry.title.unwrap_or_default());
        let mut text = title.clone();
        for (name, fact) in facts {
            if let Some(fact) = fact {
                text += &format!("\n- {name}: {}", printable(&fact));
            }
        }
        (entry.id, Law { title, text })
    };
    entries.into_iter().map(law).collect()
}
