//! `regex` and what stands beside it.

use std::ops::Range;

use lexhold_document::{Diagnostic, Entry, Node, Value};

use super::{Reader, one_or_many, wrong};
use crate::expression::Expression;
use crate::pattern::{PatternSpec, Refusal};
use crate::qualifiers::Short;
use crate::{codes, validators};

/// What stands beside `regex` and qualifies it.
pub(super) const BESIDE: [&str; 7] = [
    "unicode",
    "edge",
    "not_preceded_by",
    "not_followed_by",
    "starts_with",
    "ends_with",
    "validate",
];

impl Reader<'_, '_> {
    /// Reads what qualifies the `regex` of a map: a pattern that lacks its source.
    pub(super) fn beside_regex(&mut self, entries: &[Entry]) -> Option<PatternSpec> {
        let mut spec = PatternSpec::default();
        let has_regex = entries.iter().any(|entry| entry.key == "regex");
        let mut sound = true;
        // First of all, for the other qualifiers are read by it.
        for entry in entries.iter().filter(|entry| entry.key == "unicode") {
            sound &= self.flag(entry).map(|unicode| spec.unicode = unicode).is_some();
        }
        for entry in entries.iter().filter(|entry| BESIDE.contains(&entry.key.as_str())) {
            if !has_regex {
                let error = Diagnostic::error(codes::OPERAND, format!("`{}` stands beside `regex`", entry.key));
                self.diagnostics.push(error.at(entry.key_place, ""));
                sound = false;
            } else {
                sound &= self.qualifier(entry, &mut spec).is_some();
            }
        }
        sound.then_some(spec)
    }

    fn qualifier(&mut self, entry: &Entry, spec: &mut PatternSpec) -> Option<()> {
        let unicode = spec.unicode;
        let qualifiers = &mut spec.qualifiers;
        match entry.key.as_str() {
            "edge" if entry.node.as_text() == Some("word") => qualifiers.word_edges = true,
            "edge" => return self.refuse(wrong(&entry.node, "`edge` has to be `word`")),
            "not_preceded_by" => qualifiers.not_preceded_by = self.shorts(entry, unicode)?,
            "not_followed_by" => qualifiers.not_followed_by = self.shorts(entry, unicode)?,
            "starts_with" => qualifiers.starts_with = self.shorts(entry, unicode)?,
            "ends_with" => qualifiers.ends_with = self.shorts(entry, unicode)?,
            "validate" => match validators::read(&entry.node) {
                Ok(validators) => spec.validators = validators,
                Err(errors) => {
                    self.diagnostics.extend(errors);
                    return None;
                }
            },
            _ => {}
        }
        Some(())
    }

    fn flag(&mut self, entry: &Entry) -> Option<bool> {
        match entry.node.value {
            Value::Bool(flag) => Some(flag),
            _ => self.refuse(wrong(
                &entry.node,
                format!("`{}` has to be `true` or `false`", entry.key),
            )),
        }
    }

    /// Reads one short pattern or a list of alternatives.
    fn shorts(&mut self, entry: &Entry, unicode: bool) -> Option<Vec<String>> {
        let nodes = one_or_many(&entry.node);
        if nodes.is_empty() {
            return self.refuse(wrong(&entry.node, "the list is empty"));
        }
        let read = |node: &Node| -> Option<String> {
            let Some(source) = node.as_text() else {
                return self.refuse(wrong(
                    node,
                    format!("a pattern has to be text, not {}", node.type_name()),
                ));
            };
            match Short::compile(source, unicode, self.leaves.view.has_case()) {
                Ok(_) => Some(source.to_owned()),
                Err(refusal) => self.refuse(refused(node, refusal)),
            }
        };
        let shorts: Vec<Option<String>> = nodes.into_iter().map(read).collect();
        shorts.into_iter().collect()
    }

    /// Reads a pattern, given what stands beside it.
    pub(super) fn regex(&mut self, node: &Node, beside: &PatternSpec) -> Option<Expression> {
        let Some(source) = node.as_text() else {
            return self.refuse(wrong(
                node,
                format!("a pattern has to be text, not {}", node.type_name()),
            ));
        };
        let spec = PatternSpec {
            source: source.to_owned(),
            ..beside.clone()
        };
        match self.leaves.pattern(spec) {
            Ok((leaf, folded_away)) => {
                self.diagnostics.extend(folded_away.map(|range| lost(node, range)));
                Some(Expression::Leaf(leaf))
            }
            Err(refusal) => self.refuse(refused(node, refusal)),
        }
    }
}

fn refused(node: &Node, refusal: Refusal) -> Diagnostic {
    let place = refusal.range.map_or(node.place, |range| node.inner(range));
    Diagnostic::error(refusal.code, refusal.message)
        .at(place, refusal.label)
        .maybe_help(refusal.help.map(String::from))
}

fn lost(node: &Node, range: Range<usize>) -> Diagnostic {
    Diagnostic::warning(codes::PATTERN_FOLDED_AWAY, "this part of the pattern cannot match")
        .at(node.inner(range), "the folded view has none of it")
        .note("a run of spaces, tabs and line breaks is one space there, and every character is in NFKC")
        .help("write it as it looks when folded; for white space one space, or `\\s`")
}
