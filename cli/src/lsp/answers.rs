//! What is answered to each request.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gen_lsp_types as lsp;
use jiff::Timestamp;
use lexhold_document::{Diagnostics, Files, Style, format};
use lexhold_editor::{Lines, NotRenamed, Part, Proposed, Sort, Spotted, Target, complete, hover, outline};
use lexhold_evaluate::shape_of;
use lsp_server::ErrorCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::buffers::{Buffer, Buffers, spot};
use super::session::Refusal;
use super::told::{Manner, Mending, range};
use super::workspace::Workspace;
use crate::codes;
use crate::files::real;

/// What the editor can be told.
pub struct Answers<'a> {
    /// The project.
    pub workspace: &'a Workspace,
    /// What is open.
    pub buffers: &'a mut Buffers,
    /// How the editor wants things told.
    pub manner: Manner,
    /// What it was last told of each file.
    pub published: &'a BTreeMap<PathBuf, (Option<i32>, Vec<lsp::Diagnostic>)>,
    /// Now.
    pub now: Timestamp,
}

/// A place in a text that is open.
struct At {
    path: PathBuf,
    byte: usize,
}

type Answer = Result<Value, Refusal>;

impl Answers<'_> {
    /// The answer to a request; nothing if there is no such request.
    pub fn answer(&mut self, method: &str, params: Value) -> Option<Answer> {
        Some(match method {
            "textDocument/hover" => self.at(params, Self::hover),
            "textDocument/completion" => self.at(params, Self::completion),
            "textDocument/definition" => self.at(params, Self::definition),
            "textDocument/references" => self.references(params),
            "textDocument/prepareRename" => self.at(params, Self::prepare_rename),
            "textDocument/rename" => self.rename(params),
            "textDocument/documentSymbol" => self.document_symbols(params),
            "textDocument/formatting" => self.formatting(params),
            "textDocument/codeAction" => self.code_actions(params),
            _ => return None,
        })
    }

    fn at(&mut self, params: Value, then: fn(&Self, &At) -> Answer) -> Answer {
        let params: lsp::TextDocumentPositionParams = read(params)?;
        match self.place(&params) {
            Some(at) => then(self, &at),
            None => Ok(Value::Null),
        }
    }

    fn place(&mut self, params: &lsp::TextDocumentPositionParams) -> Option<At> {
        let path = self.buffers.path(&params.text_document.uri)?;
        let byte = self.lines(&path)?.byte(spot(params.position));
        Some(At { path, byte })
    }

    fn buffer(&self, path: &Path) -> Option<&Buffer> {
        self.buffers.get(path)
    }

    fn lines(&self, path: &Path) -> Option<Lines<'_>> {
        Some(Lines::new(&self.buffer(path)?.text, self.manner.encoding))
    }

    /// What is named at a place, in a text that can be read.
    fn target(&self, at: &At) -> Option<Target> {
        self.workspace.index.target(&name(&at.path), at.byte)
    }

    fn hover(&self, at: &At) -> Answer {
        let Some(text) = self.buffer(&at.path).map(|buffer| buffer.text.as_str()) else {
            return Ok(Value::Null);
        };
        let told = code_at(text, at.byte).or_else(|| {
            let found = hover(self.workspace.known(), &name(&at.path), text, at.byte, self.now);
            let codes = self.codes_at(at);
            let pages = codes.iter().filter_map(|code| codes::page_of(code));
            let (place, first) = found.unzip();
            let parts: Vec<String> = first.into_iter().chain(pages).collect();
            (!parts.is_empty()).then(|| (place.unwrap_or(at.byte..at.byte), parts.join("\n\n---\n\n")))
        });
        let Some((place, markdown)) = told else {
            return Ok(Value::Null);
        };
        let lines = Lines::new(text, self.manner.encoding);
        Ok(json!({
            "contents": { "kind": "markdown", "value": markdown },
            "range": range(&lines, place.start, place.end),
        }))
    }

    /// The codes of what is wrong at a place.
    fn codes_at(&self, at: &At) -> Vec<String> {
        let Some(lines) = self.lines(&at.path) else {
            return Vec::new();
        };
        let Some((_, diagnostics)) = self.published.get(&at.path) else {
            return Vec::new();
        };
        let mut codes = Vec::new();
        for diagnostic in diagnostics {
            let (start, end) = (
                lines.byte(spot(diagnostic.range.start)),
                lines.byte(spot(diagnostic.range.end)),
            );
            if let Some(lsp::Code::String(code)) = &diagnostic.code
                && (start..=end).contains(&at.byte)
                && !codes.contains(code)
            {
                codes.push(code.clone());
            }
        }
        codes
    }

    fn completion(&self, at: &At) -> Answer {
        let Some(text) = self.buffer(&at.path).map(|buffer| buffer.text.as_str()) else {
            return Ok(Value::Null);
        };
        let (place, proposals) = complete(self.workspace.known(), &name(&at.path), text, at.byte);
        let lines = Lines::new(text, self.manner.encoding);
        // A value wants a space behind the colon of its key.
        let space = if text[..place.start].ends_with(':') { " " } else { "" };
        let items = proposals.into_iter().map(|proposal| {
            let kind = match proposal.sort {
                Proposed::Key => lsp::CompletionItemKind::Property,
                Proposed::Word => lsp::CompletionItemKind::EnumMember,
                Proposed::Name => lsp::CompletionItemKind::Reference,
                Proposed::Attribute => lsp::CompletionItemKind::Field,
            };
            json!({
                "label": proposal.label,
                "kind": kind,
                "detail": proposal.detail,
                "textEdit": {
                    "range": range(&lines, place.start, place.end),
                    "newText": format!("{space}{}", proposal.text),
                },
            })
        });
        Ok(items.collect())
    }

    fn definition(&self, at: &At) -> Answer {
        let Some(target) = self.target(at) else {
            return Ok(Value::Null);
        };
        match target.sort {
            Sort::File => {
                let path = at.path.parent().map(|folder| real(&folder.join(&target.name)));
                let path = path.filter(|path| path.is_file());
                let uri = path.and_then(|path| self.buffers.uri(&path));
                Ok(uri.map_or(
                    Value::Null,
                    |uri| json!([{ "uri": uri, "range": lsp::Range::default() }]),
                ))
            }
            Sort::Regulation => Ok(self.law(&target.name).unwrap_or_default()),
            _ => Ok(self.locations(&self.workspace.index.definitions(&target))),
        }
    }

    /// Where the table of regulations has an entry.
    fn law(&self, id: &str) -> Option<Value> {
        let table = real(self.workspace.table.as_ref()?);
        let text = std::fs::read_to_string(&table).ok()?;
        let start = text.find(&format!("\n- id: {id}\n"))? + "\n- id: ".len();
        let lines = Lines::new(&text, self.manner.encoding);
        let uri = self.buffers.uri(&table)?;
        Some(json!([{ "uri": uri, "range": range(&lines, start, start + id.len()) }]))
    }

    fn references(&mut self, params: Value) -> Answer {
        let params: lsp::ReferenceParams = read(params)?;
        let Some(at) = self.place(&params.text_document_position_params) else {
            return Ok(Value::Null);
        };
        let Some(target) = self.target(&at) else {
            return Ok(Value::Null);
        };
        let index = &self.workspace.index;
        let mut spots = index.references(&target);
        if !params.context.include_declaration {
            let definitions = index.definitions(&target);
            spots.retain(|spot| !definitions.contains(spot));
        }
        Ok(self.locations(&spots))
    }

    fn locations(&self, spots: &[Spotted]) -> Value {
        let located = spots.iter().filter_map(|spotted| {
            let uri = self.buffers.uri(Path::new(&spotted.path))?;
            Some(json!({ "uri": uri, "range": self.range(spotted)? }))
        });
        located.collect()
    }

    fn range(&self, spotted: &Spotted) -> Option<lsp::Range> {
        let text = self.workspace.index.text(&spotted.path)?;
        let lines = Lines::new(text, self.manner.encoding);
        Some(range(&lines, spotted.place.start, spotted.place.end))
    }

    fn prepare_rename(&self, at: &At) -> Answer {
        let target = self.target(at).filter(|target| target.sort.is_renamed_here());
        let (Some(target), Some(lines)) = (target, self.lines(&at.path)) else {
            return Ok(Value::Null);
        };
        Ok(json!(range(&lines, target.place.start, target.place.end)))
    }

    fn rename(&mut self, params: Value) -> Answer {
        let params: lsp::RenameParams = read(params)?;
        let at = self.place(&params.text_document_position_params);
        let target = at.as_ref().and_then(|at| self.target(at));
        let no_name = || Refusal::new(ErrorCode::RequestFailed, "nothing here has a name that can be changed");
        let target = target.ok_or_else(no_name)?;
        let changes = self
            .workspace
            .index
            .rename(&target, &params.new_name)
            .map_err(|reason| match reason {
                NotRenamed::NoName => no_name(),
                NotRenamed::NotAnId => Refusal::new(
                    ErrorCode::InvalidParams,
                    "use small letters, digits, `.`, `_` and `-`, beginning with a letter or digit",
                ),
                NotRenamed::Taken => Refusal::new(
                    ErrorCode::RequestFailed,
                    format!("there is a {} of this name", target.sort.title()),
                ),
                NotRenamed::Unreadable(path) => Refusal::new(
                    ErrorCode::RequestFailed,
                    format!(
                        "{} cannot be read at the moment; mend it first",
                        lexhold_document::printable(&path)
                    ),
                ),
            })?;
        let mut files: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (spotted, text) in &changes {
            let edit = json!({ "range": self.range(spotted), "newText": text });
            files.entry(&spotted.path).or_default().push(edit);
        }
        Ok(self.workspace_edit(files))
    }

    /// Changes of several files, each for the very state that it was made for, where the editor knows of states.
    fn workspace_edit(&self, files: BTreeMap<&str, Vec<Value>>) -> Value {
        let files = files.into_iter().filter_map(|(path, edits)| {
            let path = Path::new(path);
            Some((
                self.buffers.uri(path)?,
                self.buffer(path).map(|buffer| buffer.version),
                edits,
            ))
        });
        if !self.manner.versioned {
            let changes: serde_json::Map<String, Value> = files
                .map(|(uri, _, edits)| (uri.to_string(), Value::from(edits)))
                .collect();
            return json!({ "changes": changes });
        }
        let changes = files
            .map(|(uri, version, edits)| json!({ "textDocument": { "uri": uri, "version": version }, "edits": edits }));
        json!({ "documentChanges": changes.collect::<Vec<_>>() })
    }

    fn document_symbols(&mut self, params: Value) -> Answer {
        let params: lsp::DocumentSymbolParams = read(params)?;
        let Some(path) = self.buffers.path(&params.text_document.uri) else {
            return Ok(Value::Null);
        };
        let index = &self.workspace.index;
        let (Some(document), Some(text)) = (index.document(&name(&path)), index.text(&name(&path))) else {
            return Ok(Value::Null);
        };
        let lines = Lines::new(text, self.manner.encoding);
        Ok(json!([symbol(&lines, &outline(document), lsp::SymbolKind::Module)]))
    }

    fn formatting(&mut self, params: Value) -> Answer {
        let params: lsp::DocumentFormattingParams = read(params)?;
        let path = self.buffers.path(&params.text_document.uri);
        let Some(text) = path.and_then(|path| Some(self.buffer(&path)?.text.clone())) else {
            return Ok(Value::Null);
        };
        let mut files = Files::new();
        let file = files.add("document", text.clone());
        // What cannot be read stays as it is; why has been said.
        let Ok(laid_out) = format(&files, file, shape_of, &mut Diagnostics::new()) else {
            return Ok(Value::Null);
        };
        let lines = Lines::new(&text, self.manner.encoding);
        Ok(match change(&text, &laid_out) {
            Some((start, end, new)) => json!([{ "range": range(&lines, start, end), "newText": new }]),
            None => json!([]),
        })
    }

    fn code_actions(&mut self, params: Value) -> Answer {
        let params: lsp::CodeActionParams = read(params)?;
        let Some(path) = self.buffers.path(&params.text_document.uri) else {
            return Ok(Value::Null);
        };
        let (Some(buffer), Some((version, diagnostics))) = (self.buffer(&path), self.published.get(&path)) else {
            return Ok(json!([]));
        };
        if *version != Some(buffer.version) {
            // What is wrong with an earlier state may stand elsewhere by now.
            return Ok(json!([]));
        }
        let touches =
            |one: &&lsp::Diagnostic| one.range.start <= params.range.end && params.range.start <= one.range.end;
        let wanted = |kind: &str| {
            let only = params.context.only.as_ref();
            only.is_none_or(|only| only.iter().any(|one| is_within(kind, &String::from(one.clone()))))
        };
        let mut actions = Vec::new();
        for diagnostic in diagnostics.iter().filter(touches).filter(|_| wanted(QUICK)) {
            for mending in Mending::of(diagnostic) {
                let mut action = self.action(&path, QUICK, &mending.title, json!(mending.edits));
                action["diagnostics"] = json!([diagnostic]);
                action["isPreferred"] = json!(mending.safe);
                actions.push(action);
            }
            if let Some((title, edit)) = self.allowance(&path, diagnostic) {
                let mut action = self.action(&path, QUICK, &title, json!([edit]));
                action["diagnostics"] = json!([diagnostic]);
                actions.push(action);
            }
        }
        let safe = all_safe(diagnostics);
        if wanted(ALL) && !safe.is_empty() {
            actions.push(self.action(&path, ALL, "Mend whatever is sure, as `check --fix` does", json!(safe)));
        }
        Ok(json!(actions))
    }

    fn action(&self, path: &Path, kind: &str, title: &str, edits: Value) -> Value {
        let edits = edits.as_array().cloned().unwrap_or_default();
        let edit = self.workspace_edit(BTreeMap::from([(name(path).as_str(), edits)]));
        json!({ "title": title, "kind": kind, "edit": edit })
    }

    /// A comment that lets a warning stand, for somebody to say why.
    fn allowance(&self, path: &Path, diagnostic: &lsp::Diagnostic) -> Option<(String, Value)> {
        let Some(lsp::Code::String(code)) = &diagnostic.code else {
            return None;
        };
        let is_warning = diagnostic.severity == Some(lsp::DiagnosticSeverity::Warning);
        let of_comments = [
            lexhold_document::codes::ALLOW_MALFORMED,
            lexhold_document::codes::ALLOW_UNUSED,
        ];
        if !is_warning || of_comments.contains(&code.as_str()) || self.is_in_block(path, diagnostic) {
            return None;
        }
        let text = &self.buffer(path)?.text;
        let lines = self.lines(path)?;
        let byte = lines.byte(spot(diagnostic.range.start));
        let start = text[..byte].rfind('\n').map_or(0, |at| at + 1);
        let indent = &text[start..start + text[start..].len() - text[start..].trim_start_matches(' ').len()];
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let comment = format!("{indent}# lexhold: allow {code}, say why here{newline}");
        let edit = json!({ "range": range(&lines, start, start), "newText": comment });
        Some((format!("Allow {code} here, for a reason"), edit))
    }

    /// Whether something stands in a block scalar, where a comment would be text.
    fn is_in_block(&self, path: &Path, diagnostic: &lsp::Diagnostic) -> bool {
        let (Some(document), Some(lines)) = (self.workspace.index.document(&name(path)), self.lines(path)) else {
            return true;
        };
        let byte = lines.byte(spot(diagnostic.range.start));
        is_in_block(&document.root, byte)
    }
}

/// Changes for what is wrong in one place.
const QUICK: &str = "quickfix";
/// All changes of a file that are sure.
const ALL: &str = "source.fixAll.lexhold";

/// Whether a kind of action is of a kind that an editor asks for: kinds nest as `source.fixAll.lexhold` does.
fn is_within(kind: &str, asked: &str) -> bool {
    let rest = kind.strip_prefix(asked);
    rest.is_some_and(|rest| asked.is_empty() || rest.is_empty() || rest.starts_with('.'))
}

/// The first sure change for each thing that is wrong, as far as none touches one before it.
fn all_safe(diagnostics: &[lsp::Diagnostic]) -> Vec<lsp::TextEdit> {
    let mut all: Vec<lsp::TextEdit> = Vec::new();
    for diagnostic in diagnostics {
        if let Some(mending) = Mending::of(diagnostic).into_iter().find(|mending| mending.safe) {
            let apart = |one: &lsp::TextEdit, other: &lsp::TextEdit| {
                one.range.end < other.range.start || other.range.end < one.range.start
            };
            if mending
                .edits
                .iter()
                .all(|edit| all.iter().all(|other| apart(edit, other)))
            {
                all.extend(mending.edits);
            }
        }
    }
    all
}

fn is_in_block(node: &lexhold_document::Node, byte: usize) -> bool {
    use lexhold_document::Value;
    if byte < node.place.start || byte > node.place.end {
        return false;
    }
    match &node.value {
        Value::Map(entries) => entries.iter().any(|entry| is_in_block(&entry.node, byte)),
        Value::List(items) => items.iter().any(|item| is_in_block(item, byte)),
        _ => node.multiline || matches!(node.style, Style::Literal | Style::Folded),
    }
}

/// The page of a code that is written at a byte.
fn code_at(text: &str, byte: usize) -> Option<(std::ops::Range<usize>, String)> {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    let start = text[..byte].trim_end_matches(is_part).len();
    let end = text.len() - text[byte..].trim_start_matches(is_part).len();
    let page = codes::page_of(&text[start..end])?;
    Some((start..end, page))
}

/// The lines in which two texts differ: from where to where in the first, and what stands there in the second.
fn change<'t>(old: &str, new: &'t str) -> Option<(usize, usize, &'t str)> {
    if old == new {
        return None;
    }
    let same = |one: (&str, &str)| one.0 == one.1;
    let before: usize = old
        .split_inclusive('\n')
        .zip(new.split_inclusive('\n'))
        .take_while(|pair| same(*pair))
        .map(|(line, _)| line.len())
        .sum();
    let (old_rest, new_rest) = (&old[before..], &new[before..]);
    let after: usize = old_rest
        .split_inclusive('\n')
        .rev()
        .zip(new_rest.split_inclusive('\n').rev())
        .take_while(|pair| same(*pair))
        .map(|(line, _)| line.len())
        .sum();
    Some((before, old.len() - after, &new_rest[..new_rest.len() - after]))
}

fn symbol(lines: &Lines<'_>, part: &Part, kind: lsp::SymbolKind) -> Value {
    let inner = match kind {
        lsp::SymbolKind::Module => lsp::SymbolKind::Array,
        _ => lsp::SymbolKind::Object,
    };
    let parts: Vec<Value> = part.parts.iter().map(|part| symbol(lines, part, inner)).collect();
    json!({
        "name": lexhold_document::printable(&part.name),
        "detail": lexhold_document::printable(&part.detail),
        "kind": kind,
        "range": range(lines, part.place.start, part.place.end),
        "selectionRange": range(lines, part.name_place.start, part.name_place.end),
        "children": parts,
    })
}

/// The name of a file among the documents.
fn name(path: &Path) -> String {
    path.display().to_string()
}

/// Reads what a request says.
pub fn read<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|error| Refusal::new(ErrorCode::InvalidParams, error.to_string()))
}
