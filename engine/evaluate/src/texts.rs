//! Documents whose texts are at hand: stored by a home, or handed from one machine to another. They import one another and
//! nothing else.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use lexhold_document::{Diagnostics, Document, Files, Kind, OpenError};
use lexhold_policy::Schemas;

use crate::hold::Handles;
use crate::{Bundle, HoldSet};

/// What was read of texts.
pub struct Texts {
    /// The texts.
    pub files: Files,
    /// The documents that could be read.
    pub documents: Vec<Document>,
    /// What is wrong.
    pub diagnostics: Diagnostics,
    /// The Cedar schema, built in or extended.
    pub schemas: Schemas,
}

impl Texts {
    /// Reads every YAML document among files by their paths; `schema` is the firm's extension of the Cedar schema.
    pub fn read(schema: Option<&[u8]>, sources: &BTreeMap<String, Vec<u8>>) -> Self {
        let (mut files, mut diagnostics) = (Files::new(), Diagnostics::new());
        let mut schemas = Schemas::built_in();
        if let Some(bytes) = schema
            && let Some(id) = files.add_bytes("schema", bytes.to_vec(), &mut diagnostics)
            && let Some(extended) = Schemas::extended(&files, id, &mut diagnostics)
        {
            schemas = extended;
        }
        let mut roots = Vec::new();
        for (path, bytes) in sources.iter().filter(|(path, _)| is_yaml(path)) {
            roots.extend(files.add_bytes(path, bytes.clone(), &mut diagnostics));
        }
        let mut open = |path: &str| {
            let bytes = sources.get(&plain(path)).ok_or(OpenError::NotFound)?;
            lexhold_document::text(bytes.clone()).map_err(OpenError::NotText)
        };
        let documents = lexhold_document::load(&mut files, &roots, &mut open, &mut diagnostics);
        Self {
            files,
            documents,
            diagnostics,
            schemas,
        }
    }

    /// Compiles the bundle; everything that is wrong is in `diagnostics`.
    pub fn compile(&mut self) -> Option<Bundle> {
        Bundle::compile(&self.documents, &self.schemas, &mut self.diagnostics)
    }
}

/// Whether a file's name says that it is YAML.
pub fn is_yaml(path: &str) -> bool {
    let ending = Path::new(path).extension();
    ending.is_some_and(|ending| ending == "yaml" || ending == "yml")
}

fn plain(path: &str) -> String {
    let parts = Path::new(path).components().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The retention documents of stored sources, compiled without the rest: rules that an earlier bundle scanned with bind nobody.
pub fn retention_of(sources: &BTreeMap<String, Vec<u8>>) -> Option<Bundle> {
    let schema = sources.iter().find(|(path, _)| path.ends_with(".cedarschema"));
    let mut texts = Texts::read(schema.map(|(_, bytes)| bytes.as_slice()), sources);
    texts
        .documents
        .retain(|document| matches!(document.kind, Kind::Retention | Kind::Calendar));
    texts.compile()
}

/// The holds whose documents lie at `holds/NAME.yaml`, each under the name of its file: one that was narrowed has a name of its own.
/// None where any does not compile.
pub fn stored_holds(
    schema: Option<&[u8]>,
    sources: &BTreeMap<String, Vec<u8>>,
    handles: Option<&Handles>,
) -> Option<HoldSet> {
    let stored = sources.iter().filter(|(path, _)| path.starts_with("holds/"));
    let stored: BTreeMap<String, Vec<u8>> = stored.map(|(path, bytes)| (path.clone(), bytes.clone())).collect();
    if stored.is_empty() {
        return Some(HoldSet::none());
    }
    let mut texts = Texts::read(schema, &stored);
    let documents = texts.documents.iter().filter(|it| it.kind == Kind::Hold);
    let named = documents.filter_map(|document| {
        let path = texts.files.path(document.file);
        let mut document = document.clone();
        document.name = path.strip_prefix("holds/")?.strip_suffix(".yaml")?.to_owned();
        Some(document)
    });
    let documents: Vec<Document> = named.collect();
    let references: Vec<&Document> = documents.iter().collect();
    let mut holds = HoldSet::compile(&references, &texts.schemas, &mut texts.diagnostics)
        .filter(|holds| holds.specs().len() == stored.len())?;
    if let Some(handles) = handles {
        holds.know(handles);
    }
    Some(holds)
}
