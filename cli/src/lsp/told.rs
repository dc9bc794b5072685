//! What is wrong with documents, in the words of the protocol.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gen_lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    Position, Range, TextEdit, Uri,
};
use lexhold_document::{FileId, Files, Fix, Level, Place, codes, printable};
use lexhold_editor::{Encoding, Lines, Spot};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::buffers::Buffers;
use super::project::Findings;
use crate::files::real;

/// How an editor wants things told.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// In what it counts columns.
    pub encoding: Encoding,
    /// Whether it knows changes of files by their states.
    pub versioned: bool,
    /// Whether it shows places that matter beside the one that is wrong.
    pub related: bool,
}

/// A change of one file that mends what is wrong there.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Mending {
    /// What is done, as an order.
    pub title: String,
    /// Whether it may be made unasked.
    pub safe: bool,
    /// Where what is put instead.
    pub edits: Vec<TextEdit>,
}

impl Mending {
    /// The changes that mend something.
    pub fn of(diagnostic: &Diagnostic) -> Vec<Self> {
        let data = diagnostic.data.clone().unwrap_or_default();
        serde_json::from_value(data).unwrap_or_default()
    }
}

/// What is wrong, file by file.
pub type Told = BTreeMap<PathBuf, Vec<Diagnostic>>;

/// Says what was found; what has no place is told of `nowhere`.
pub fn tell(findings: &[Findings], buffers: &Buffers, manner: Manner, nowhere: &Path) -> Told {
    let mut told = Told::new();
    for Findings {
        files,
        diagnostics,
        only,
    } in findings
    {
        let mut teller = Teller {
            files,
            buffers,
            manner,
            known: BTreeMap::new(),
        };
        for diagnostic in diagnostics {
            let path = match diagnostic.place {
                Some(place) => real(Path::new(files.path(place.file))),
                None => nowhere.to_owned(),
            };
            if only.as_ref().is_none_or(|only| *only == path) {
                let one = teller.diagnostic(diagnostic);
                told.entry(path).or_default().push(one);
            }
        }
    }
    told
}

struct Teller<'f> {
    files: &'f Files,
    buffers: &'f Buffers,
    manner: Manner,
    known: BTreeMap<FileId, (Lines<'f>, Option<Uri>)>,
}

impl<'f> Teller<'f> {
    fn diagnostic(&mut self, found: &lexhold_document::Diagnostic) -> Diagnostic {
        let mut lines = vec![printable(&found.message)];
        lines.extend((!found.label.is_empty()).then(|| printable(&found.label)));
        lines.extend(found.notes.iter().map(|note| format!("note: {}", printable(note))));
        lines.extend(found.helps.iter().map(|help| format!("help: {}", printable(help))));
        let mut related = Vec::new();
        for (place, label) in &found.secondary {
            let message = printable(label);
            match self.location(*place).filter(|_| self.manner.related) {
                Some(location) => related.push(DiagnosticRelatedInformation { location, message }),
                None => {
                    let (line, column) = self.files.position(*place);
                    let path = printable(self.files.path(place.file));
                    lines.push(format!("{path}:{line}:{column}: {message}"));
                }
            }
        }
        Diagnostic {
            range: found.place.map(|place| self.range(place)).unwrap_or_default(),
            severity: Some(match found.level {
                Level::Error => DiagnosticSeverity::Error,
                Level::Warning => DiagnosticSeverity::Warning,
            }),
            code: Some(Code::String(found.code.to_owned())),
            code_description: page(found.code).map(|href| CodeDescription { href }),
            source: Some("lexhold".to_owned()),
            message: lines.join("\n").into(),
            tags: (found.code == codes::ALLOW_UNUSED).then(|| vec![DiagnosticTag::Unnecessary]),
            related_information: (!related.is_empty()).then_some(related),
            data: self.fixes(found),
        }
    }

    /// The changes that mend it, for [`Mending`] to read when the editor asks for them.
    fn fixes(&mut self, found: &lexhold_document::Diagnostic) -> Option<serde_json::Value> {
        let fixes: Vec<Mending> = found.fixes.iter().map(|fix| self.mending(fix)).collect();
        (!fixes.is_empty()).then(|| json!(fixes))
    }

    fn mending(&mut self, fix: &Fix) -> Mending {
        let edits = fix.edits.iter().map(|edit| TextEdit {
            range: self.range(edit.place),
            new_text: edit.text.clone(),
        });
        Mending {
            edits: edits.collect(),
            title: printable(&fix.title),
            safe: fix.if_safe().is_some(),
        }
    }

    fn location(&mut self, place: Place) -> Option<Location> {
        let range = self.range(place);
        let uri = self.file(place.file).1.clone()?;
        Some(Location { uri, range })
    }

    fn range(&mut self, place: Place) -> Range {
        let lines = &self.file(place.file).0;
        range(lines, place.start, place.end)
    }

    fn file(&mut self, file: FileId) -> &(Lines<'f>, Option<Uri>) {
        let (files, manner, buffers) = (self.files, self.manner, self.buffers);
        self.known.entry(file).or_insert_with(|| {
            let lines = Lines::new(files.text(file), manner.encoding);
            (lines, buffers.uri(&real(Path::new(files.path(file)))))
        })
    }
}

/// The stretch between two bytes.
pub fn range(lines: &Lines<'_>, start: usize, end: usize) -> Range {
    Range {
        start: position(lines.spot(start)),
        end: position(lines.spot(end)),
    }
}

/// A spot in the words of the protocol.
fn position(spot: Spot) -> Position {
    Position {
        line: spot.line,
        character: spot.column,
    }
}

/// Where the page of a code can be read.
fn page(code: &str) -> Option<Uri> {
    let repository = env!("CARGO_PKG_REPOSITORY");
    let file = crate::codes::file(code)?;
    let anchor = code.to_lowercase();
    Uri::parse(&format!("{repository}/blob/main/cli/src/codes/pages/{file}#{anchor}")).ok()
}
