//! Mapping documents, which say what the columns of a foreign table are.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::tz::TimeZone;
use lexhold_document::{Diagnostic, Diagnostics, Document, Kind, Seg, check_shape, codes};
use lexhold_evaluate::mapping_shape;
use lexhold_source::{DateFormat, Mapping, Target};
use serde::Deserialize;

use crate::failure::{Exit, Failure};
use crate::load::Project;
use crate::settings::Settings;

/// A document as it is written.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    table: Table,
    columns: BTreeMap<String, Names>,
    #[serde(default)]
    constants: BTreeMap<String, String>,
    dates: Option<Dates>,
    #[serde(default)]
    separators: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
struct Table {
    delimiter: Option<String>,
    encoding: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Dates {
    format: String,
    zone: Option<String>,
}

/// The mapping of a file, or an error after everything that is wrong with it was printed.
pub fn read(settings: &Settings, path: &Path) -> anyhow::Result<Mapping> {
    let mut project = Project::read(settings, &[])?;
    let document = project.read_one(&settings.root, path)?;
    let mapping = document.and_then(|document| compile(&document, &mut project.diagnostics));
    project.report(settings, "the mapping")?;
    mapping.ok_or_else(|| {
        let why = format!("{} holds no `mapping:` document", path.display());
        let help = "`lexhold sources csv` shows one, `lexhold schema mapping` says what may stand in it";
        Failure::new(Exit::Policy, why).help(help).into()
    })
}

/// The mapping that a document says; `None` when anything is wrong, all of which is in `diagnostics`.
pub fn compile(document: &Document, diagnostics: &mut Diagnostics) -> Option<Mapping> {
    if document.kind != Kind::Mapping {
        return None;
    }
    let before = diagnostics.len();
    check_shape(document, &mapping_shape(), diagnostics);
    if diagnostics.len() > before {
        return None;
    }
    let written: Written = document.typed(diagnostics)?;
    let mut checked = Checked { document, diagnostics };
    let mapping = checked.mapping(&written);
    (diagnostics.len() == before).then_some(mapping)
}

/// Reports what a shape cannot say.
struct Checked<'a> {
    document: &'a Document,
    diagnostics: &'a mut Diagnostics,
}

impl Checked<'_> {
    fn wrong(&mut self, path: [&str; 2], message: &str, label: &str, help: &str) {
        let path = path.map(Seg::from);
        self.diagnostics.push(
            Diagnostic::error(codes::UNUSABLE, message)
                .at(self.document.place(&path), label)
                .help(help),
        );
    }

    fn mapping(&mut self, written: &Written) -> Mapping {
        let delimiter = written.table.delimiter.as_deref().and_then(|text| self.delimiter(text));
        if let Some(label) = written
            .table
            .encoding
            .as_deref()
            .filter(|label| !Mapping::is_encoding(label))
        {
            let message = format!("no encoding is called `{label}`");
            self.wrong(
                ["table", "encoding"],
                &message,
                "",
                "`utf-8`, `utf-16`, `windows-1252` and `shift_jis` are some",
            );
        }
        let targets: Vec<Target> = Mapping::FIELDS
            .iter()
            .filter_map(|field| target(field, written))
            .collect();
        if !targets.iter().any(|target| target.field == "platform") {
            let help = "add `constants: { platform: … }`, or name its column under `columns`";
            self.wrong(
                ["columns", ""],
                "nothing says on which platform the messages were written",
                "",
                help,
            );
        }
        Mapping {
            name: self.document.name.clone(),
            digest: self.document.digest,
            delimiter,
            encoding: written.table.encoding.clone(),
            targets,
            dates: written.dates.as_ref().and_then(|dates| self.format(&dates.format)),
            zone: written
                .dates
                .as_ref()
                .and_then(|dates| self.zone(dates.zone.as_deref()?)),
        }
    }

    fn delimiter(&mut self, text: &str) -> Option<u8> {
        match text.as_bytes() {
            b"tab" => Some(b'\t'),
            [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'"' | b'\n' | b'\r') => {
                Some(*byte)
            }
            _ => {
                let help = "write one sign, such as `\";\"` or `\"|\"`, or the word `tab`";
                self.wrong(
                    ["table", "delimiter"],
                    "this cannot separate fields",
                    "not one sign",
                    help,
                );
                None
            }
        }
    }

    fn format(&mut self, text: &str) -> Option<DateFormat> {
        DateFormat::new(text)
            .map_err(|why| {
                let help = "write directives such as `%d/%m/%Y %H:%M:%S`, or `unix`, or `unix_ms`";
                self.wrong(["dates", "format"], "this is no format of dates", &why, help);
            })
            .ok()
    }

    fn zone(&mut self, name: &str) -> Option<TimeZone> {
        TimeZone::get(name)
            .map_err(|_| {
                let message = format!("no time zone is called `{name}`");
                self.wrong(
                    ["dates", "zone"],
                    &message,
                    "",
                    "write one such as `Europe/London` or `UTC`",
                );
            })
            .ok()
    }
}

/// What a field is made of, if anything.
fn target(field: &str, written: &Written) -> Option<Target> {
    let columns = written.columns.get(field).cloned();
    let constant = written.constants.get(field).cloned();
    if columns.is_none() && constant.is_none() {
        return None;
    }
    Some(Target {
        field: field.to_owned(),
        columns: match columns {
            None => Vec::new(),
            Some(Names::One(name)) => vec![name],
            Some(Names::Many(names)) => names,
        },
        constant,
        separator: written.separators.get(field).cloned(),
    })
}
