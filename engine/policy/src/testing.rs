//! Documents, conditions and facts for the tests of this crate.

use lexhold_document::{Diagnostic, Diagnostics, Document, FileId, Files, Level, OpenError, load, path};

use crate::facts::{Facts, FactsRow};
use crate::{Action, Condition, Schemas};

/// A document that imports nothing.
pub(crate) fn document(yaml: &str) -> (Files, Document) {
    let mut files = Files::new();
    let file = files.add("test.yaml", yaml.to_owned());
    let mut diagnostics = Diagnostics::new();
    let mut open = |_: &str| -> Result<String, OpenError> { unreachable!("nothing is imported") };
    let documents = load(&mut files, &[file], &mut open, &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    (files, documents.into_iter().next().unwrap())
}

/// A file that is no document.
pub(crate) fn file(text: &str) -> (Files, FileId) {
    let mut files = Files::new();
    let file = files.add("test.cedar", text.to_owned());
    (files, file)
}

/// Compiles the list `clauses` of a document, which follows the three lines of its head.
pub(crate) fn compile_in(
    schemas: &Schemas,
    action: Action,
    clauses: &str,
) -> (Files, Option<Condition>, Vec<Diagnostic>) {
    let (files, document) = document(&format!(
        "lexhold: 1\nsupervision: test\nversion: 1.0.0\nclauses:\n{clauses}"
    ));
    let mut diagnostics = Diagnostics::new();
    let nodes: Vec<_> = document
        .get(&path!["clauses"])
        .unwrap()
        .as_list()
        .unwrap()
        .iter()
        .collect();
    let condition = Condition::compile(schemas, "test.rule", action, &nodes, &mut diagnostics);
    let sorted = diagnostics.sorted(&files);
    (files, condition, sorted)
}

/// Compiles clauses that each become a `|` block.
pub(crate) fn compile(schemas: &Schemas, action: Action, clauses: &[&str]) -> Result<Condition, Vec<Diagnostic>> {
    let blocks = clauses
        .iter()
        .map(|clause| format!("  - |\n    {}\n", clause.replace('\n', "\n    ")));
    let list = if clauses.is_empty() {
        "  []".to_owned()
    } else {
        blocks.collect()
    };
    let (_, condition, diagnostics) = compile_in(schemas, action, &list);
    condition.ok_or(diagnostics)
}

/// A condition without warnings.
pub(crate) fn condition(action: Action, clause: &str) -> Condition {
    compile(&Schemas::built_in(), action, &[clause]).unwrap_or_else(|wrong| panic!("{clause}: {wrong:#?}"))
}

/// A diagnostic as one line: `code line:column-column message (label) help: …`.
pub(crate) fn line(files: &Files, diagnostic: &Diagnostic) -> String {
    let place = diagnostic.place.unwrap();
    let (line, column) = files.position(place);
    let level = if diagnostic.level == Level::Warning {
        "warning "
    } else {
        ""
    };
    let token = files.slice(place).replace('\n', "⏎");
    let mut text = format!(
        "{level}{} {line}:{column} `{token}` {}",
        diagnostic.code, diagnostic.message
    );
    if !diagnostic.label.is_empty() {
        text.push_str(&format!(" ({})", diagnostic.label));
    }
    diagnostic
        .helps
        .iter()
        .for_each(|help| text.push_str(&format!(" help: {help}")));
    text
}

/// A facts row in New York.
pub(crate) fn row(facts: Facts) -> FactsRow {
    FactsRow::new(Facts {
        zone: "America/New_York".into(),
        ..facts
    })
    .unwrap()
}

/// A set of texts.
pub(crate) fn set(texts: &[&str]) -> std::collections::BTreeSet<String> {
    texts.iter().map(ToString::to_string).collect()
}
