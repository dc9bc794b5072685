//! Parameters: values put in for `${name}`.
//!
//! A document declares its parameters with defaults; whoever imports it may give other values.
//! `${name}` stands in any text of the document, never in a key. A plain scalar that is nothing
//! but `${name}` becomes the value itself, number and boolean included; anywhere else the value
//! is put in as text. (Within brackets YAML asks for quotes, since `{` opens a map there.) `$${`
//! stands for the characters `${`. A value is put in as it is: what looks like a parameter in it
//! stays.

use std::collections::BTreeMap;

use crate::inner::{self, Piece};
use crate::{Diagnostic, Diagnostics, Entry, Node, Place, Style, Value, codes, did_you_mean, limits};

/// The values of one document's parameters.
pub(crate) type Values = BTreeMap<String, Value>;

/// The declared parameters with their defaults.
pub(crate) fn declared(root: &Node) -> Values {
    let entries = root.get("parameters").and_then(Node::as_map).unwrap_or_default();
    entries
        .iter()
        .map(|entry| (entry.key.clone(), entry.node.value.clone()))
        .collect()
}

/// Reports parameters whose names could not be written as `${name}`.
pub(crate) fn check_names(root: &Node, diagnostics: &mut Diagnostics) {
    let entries = root.get("parameters").and_then(Node::as_map).unwrap_or_default();
    for entry in entries.iter().filter(|entry| !is_name(&entry.key)) {
        diagnostics.push(
            Diagnostic::error(
                codes::PARAMETER_NAME,
                format!("`{}` is not the name of a parameter", entry.key),
            )
            .at(entry.key_place, "")
            .help("use small letters, digits, `_` and `-`, beginning with a letter"),
        );
    }
}

/// Puts values in everywhere below a document's root; false if one is not declared.
pub(crate) fn put_in(root: &mut Node, values: &Values, diagnostics: &mut Diagnostics) -> bool {
    let Value::Map(entries) = &mut root.value else {
        return true;
    };
    let mut filler = Filler {
        values,
        diagnostics,
        complete: true,
        errors: 0,
        bytes: 0,
    };
    for entry in entries {
        if entry.key == "parameters" {
            set(entry, values);
        } else {
            filler.node(&mut entry.node);
        }
    }
    filler.complete
}

/// Replaces the defaults by the values that are in use.
fn set(parameters: &mut Entry, values: &Values) {
    let Value::Map(entries) = &mut parameters.node.value else {
        return;
    };
    for entry in entries {
        if let Some(value) = values.get(&entry.key) {
            entry.node.value = value.clone();
        }
    }
}

/// Reports a parameter that the document does not declare.
pub(crate) fn unknown(name: &str, place: Place, values: &Values) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(codes::UNKNOWN_PARAMETER, format!("unknown parameter `{name}`")).at(place, "not declared");
    match did_you_mean(name, values.keys().map(String::as_str)) {
        Some(help) => diagnostic.help(help),
        None if values.is_empty() => diagnostic.note("the document declares no `parameters`"),
        None => {
            let known: Vec<String> = values.keys().map(|name| format!("`{name}`")).collect();
            diagnostic.note(format!("the document declares {}", known.join(", ")))
        }
    }
}

struct Filler<'v, 'd> {
    values: &'v Values,
    diagnostics: &'d mut Diagnostics,
    complete: bool,
    errors: usize,
    /// How much has been put in so far.
    bytes: usize,
}

impl Filler<'_, '_> {
    fn node(&mut self, node: &mut Node) {
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| self.node(item)),
            Value::Map(entries) => entries.iter_mut().for_each(|entry| self.node(&mut entry.node)),
            Value::Text(text) if text.contains("${") => {
                let text = std::mem::take(text);
                self.text(node, &text);
            }
            _ => {}
        }
    }

    fn text(&mut self, node: &mut Node, text: &str) {
        let parts = split(text);
        if self.report_unknown(node, text, &parts) || self.report_too_large(node, &parts) {
            *node = Node::refused(node.place);
            self.complete = false;
            return;
        }
        match parts[..] {
            [Part { name: Some(name), .. }] if node.style == Style::Plain => {
                node.value = self.values[name].clone();
                node.pieces = Some(Box::new([whole(node)]));
            }
            _ => self.join(node, text, &parts),
        }
    }

    fn report_unknown(&mut self, node: &Node, text: &str, parts: &[Part<'_>]) -> bool {
        let before = self.errors;
        let pieces = inner::all_pieces(node, text);
        for part in parts {
            let Some(name) = part.name.filter(|name| !self.values.contains_key(*name)) else {
                continue;
            };
            self.errors += 1;
            if self.errors <= limits::ERRORS {
                let place = inner::place(node.place, &pieces, part.range.clone());
                let help = "write `$${` for the characters `${`";
                self.diagnostics.push(unknown(name, place, self.values).help(help));
            }
        }
        self.errors > before
    }

    /// Reports a document that its values would blow up.
    fn report_too_large(&mut self, node: &Node, parts: &[Part<'_>]) -> bool {
        let lengths = parts
            .iter()
            .filter_map(|part| Some(shown_len(&self.values[part.name?])));
        let fitted = self.bytes <= limits::FILE_BYTES;
        self.bytes += lengths.sum::<usize>();
        let fits = self.bytes <= limits::FILE_BYTES;
        if fitted && !fits {
            self.diagnostics.push(
                Diagnostic::error(
                    codes::FILE_TOO_LARGE,
                    "with its parameters put in, the document is larger than 16 MiB",
                )
                .at(node.place, "one value too many"),
            );
        }
        !fits
    }

    /// Puts the text together again, and notes where each part of it stands.
    fn join(&self, node: &mut Node, text: &str, parts: &[Part<'_>]) {
        let before = inner::all_pieces(node, text).into_owned();
        let mut joined = String::new();
        let mut pieces: Vec<Piece> = Vec::new();
        for part in parts {
            let start = joined.len();
            match part.name {
                Some(name) => {
                    joined.push_str(&shown(&self.values[name]));
                    let place = inner::place(node.place, &before, part.range.clone());
                    pieces.push(Piece {
                        text: start..joined.len(),
                        source: place.start..place.end,
                        exact: false,
                    });
                }
                None => {
                    joined.push_str(&text[part.range.clone()]);
                    let first = before.partition_point(|piece| piece.text.end <= part.range.start);
                    let inside = before[first..].iter().map_while(|piece| piece.cut(&part.range));
                    let moved = |at: usize| at - part.range.start + start;
                    pieces.extend(inside.map(|piece| Piece {
                        text: moved(piece.text.start)..moved(piece.text.end),
                        ..piece
                    }));
                }
            }
        }
        pieces.retain(|piece| !piece.text.is_empty());
        node.value = Value::Text(joined);
        node.pieces = Some(pieces.into_boxed_slice());
    }
}

/// One piece for a scalar that was nothing but a parameter.
fn whole(node: &Node) -> Piece {
    Piece {
        text: 0..node.as_text().map_or(0, str::len),
        source: node.place.start..node.place.end,
        exact: false,
    }
}

/// A stretch of text that stays, or a `${name}`.
struct Part<'t> {
    range: std::ops::Range<usize>,
    name: Option<&'t str>,
}

/// Splits text at its parameters; the escape `$${` loses its first character.
fn split(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut stay = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find("${").map(|found| at + found) {
        if text[stay..found].ends_with('$') {
            parts.push(Part {
                range: stay..found - 1,
                name: None,
            });
            stay = found;
            at = found + 2;
        } else if let Some(name) = name_at(&text[found + 2..]) {
            let end = found + 2 + name.len() + 1;
            parts.push(Part {
                range: stay..found,
                name: None,
            });
            parts.push(Part {
                range: found..end,
                name: Some(name),
            });
            stay = end;
            at = end;
        } else {
            at = found + 2;
        }
    }
    parts.push(Part {
        range: stay..text.len(),
        name: None,
    });
    parts.retain(|part| !part.range.is_empty());
    parts
}

/// What stands before the closing brace, if it can be meant as a name.
///
/// `${2,3}` cannot: to a regex it is a repeated end of line.
fn name_at(rest: &str) -> Option<&str> {
    let (name, _) = rest.split_at(rest.find(['{', '}', '\n'])?);
    let is_meant = name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == ' ');
    (is_meant && rest[name.len()..].starts_with('}')).then_some(name)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
}

/// How long a value is as text; numbers and booleans are short.
fn shown_len(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        _ => 0,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        // What is not a scalar has been reported with the front of the document.
        Value::Null | Value::List(_) | Value::Map(_) => String::new(),
    }
}
