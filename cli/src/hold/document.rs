//! A hold as somebody wrote it: a file, or flags that say the same.

use lexhold_document::{Diagnostics, Document, Kind};
use lexhold_evaluate::HoldSet;
use lexhold_retention::HoldSpec;
use serde_json::{Value, json};

use super::compiled;
use crate::args::PlaceHold;
use crate::failure::{Exit, Failure};
use crate::load::Project;
use crate::settings::Settings;

/// A hold that compiles.
pub struct Written {
    /// The hold.
    pub holds: HoldSet,
    /// Its document.
    pub document: Document,
    /// Its text.
    pub text: String,
}

impl Written {
    /// Reads a file.
    pub fn read(settings: &Settings, path: &std::path::Path) -> anyhow::Result<Self> {
        let mut project = Project::read(settings, &[])?;
        let document = project.read_one(&settings.root, path)?;
        project.report(settings, "the hold")?;
        let document = document.filter(|document| document.kind == Kind::Hold);
        let none = || Failure::new(Exit::Policy, format!("{} is no `hold:` document", path.display()));
        let document = document.ok_or_else(none)?;
        Self::compiled(settings, project, document)
    }

    /// Makes the document that flags say.
    pub fn from_flags(settings: &Settings, args: &PlaceHold) -> anyhow::Result<Self> {
        let mut project = Project::read(settings, &[])?;
        let document = project.take(&settings.root, "the flags of this hold", &text_of(args));
        project.report(settings, "the hold")?;
        let document = document.ok_or_else(|| Failure::new(Exit::Usage, "the flags make no hold"))?;
        Self::compiled(settings, project, document)
    }

    fn compiled(settings: &Settings, mut project: Project, document: Document) -> anyhow::Result<Self> {
        let holds = compiled::compile(settings, &mut project, std::slice::from_ref(&document))?;
        let text = project.files.text(document.file).to_owned();
        Ok(Self { holds, document, text })
    }

    /// The hold.
    pub fn spec(&self) -> &HoldSpec {
        &self.holds.specs()[0]
    }

    /// The document as a value.
    pub fn value(&self) -> Value {
        self.document
            .typed::<Value>(&mut Diagnostics::new())
            .unwrap_or_default()
    }
}

/// The document that flags say. A value of JSON is one of YAML, and quoted it is nothing but text.
fn text_of(args: &PlaceHold) -> String {
    let mut text = "lexhold: 1\n".to_owned();
    let mut line = |key: &str, value: String| {
        text.push_str(key);
        text.push_str(": ");
        text.push_str(&value);
        text.push('\n');
    };
    let quoted = |value: &Option<String>| value.as_ref().map(|value| json!(value).to_string());
    let many = |values: &[String]| (!values.is_empty()).then(|| json!(values).to_string());
    let ends = [("from", &args.from), ("to", &args.to)];
    let content: Vec<String> = ends
        .iter()
        .filter_map(|(key, day)| Some(format!("{key}: {}", day.as_ref()?)))
        .collect();
    let query = args
        .query
        .as_ref()
        .map(|query| match query.trim_start().starts_with('{') {
            true => query.clone(),
            false => json!({"any": [query]}).to_string(),
        });
    let lines = [
        ("hold", quoted(&args.name)),
        ("matter", quoted(&args.matter)),
        ("zone", quoted(&args.zone)),
        ("custodians", many(&args.custodian)),
        ("conversations", many(&args.conversation)),
        ("ids", many(&args.id)),
        ("scope", quoted(&args.scope)),
        (
            "content",
            (!content.is_empty()).then(|| format!("{{ {} }}", content.join(", "))),
        ),
        ("when", quoted(&args.when)),
        ("query", query),
        ("silent", args.silent.then(|| "true".to_owned())),
        ("expand", quoted(&args.expand)),
        ("anticipated_on", args.anticipated_on.clone()),
    ];
    for (key, value) in lines {
        if let Some(value) = value {
            line(key, value);
        }
    }
    text
}
