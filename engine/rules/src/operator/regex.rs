//! `regex` and what stands beside it.

use std::ops::Range;

use lexhold_document::{Diagnostic, Entry, Node, Style, Value};

use super::{Reader, one_or_many, wrong};
use crate::expression::Expression;
use crate::pattern::{PatternSpec, Refusal};
use crate::qualifiers::Short;
use crate::{codes, validators};

/// What stands beside `regex` and qualifies it.
pub(crate) const BESIDE: [&str; 7] = [
    "unicode",
    "edge",
    "not_preceded_by",
    "not_followed_by",
    "starts_with",
    "ends_with",
    "validate",
];

/// What double quotes make of an escape that patterns know, and how that is written.
const UNESCAPED: [(char, &str); 2] = [('\u{8}', "\\b"), ('\u{2029}', "\\P")];

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
            let source = self.pattern(node)?;
            match Short::compile(source, unicode, self.leaves.view.has_case()) {
                Ok(_) => Some(source.to_owned()),
                Err(refusal) => self.refuse(refused(node, refusal)),
            }
        };
        let shorts: Vec<Option<String>> = nodes.into_iter().map(read).collect();
        shorts.into_iter().collect()
    }

    /// The text of a pattern, as it was meant.
    fn pattern<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        let Some(source) = node.as_text() else {
            let message = format!("a pattern has to be text, not {}", node.type_name());
            return self.refuse(wrong(node, message).fix(node.as_text_fix()));
        };
        let lost = match node.style {
            Style::DoubleQuoted => UNESCAPED
                .iter()
                .find_map(|(found, meant)| Some((source.find(*found)?, *found, *meant))),
            _ => None,
        };
        let Some((at, found, meant)) = lost else {
            return Some(source);
        };
        let message = format!("`{meant}` in double quotes is the character U+{:04X}", u32::from(found));
        self.refuse(
            Diagnostic::error(codes::PATTERN_UNESCAPED, message)
                .at(
                    node.inner(at..at + found.len_utf8()),
                    "the pattern never sees the backslash",
                )
                .help("use 'single quotes', in which a backslash is a backslash")
                .fix(node.as_pattern_fix()),
        )
    }

    /// Warns of a list of one pattern: `[a-z]` without quotes is the pattern `a-z`.
    pub(super) fn set_in_list(&mut self, node: &Node) {
        let Some([item]) = node.as_list().filter(|_| node.style == Style::Flow) else {
            return;
        };
        if let Some(text) = item.as_text().filter(|_| item.style == Style::Plain) {
            self.diagnostics.push(
                Diagnostic::warning(
                    codes::PATTERN_IN_LIST,
                    format!("this is a list, and the pattern is `{text}`"),
                )
                .at(node.place, "without quotes, brackets are a list")
                .help(format!(
                    "write '[{text}]' for a set of characters, or {text} alone for the pattern"
                ))
                .fix(node.as_quoted_fix()),
            );
        }
    }

    /// Reads a pattern, given what stands beside it.
    pub(super) fn regex(&mut self, node: &Node, beside: &PatternSpec) -> Option<Expression> {
        let source = self.pattern(node)?;
        let spec = PatternSpec {
            source: source.to_owned(),
            ..beside.clone()
        };
        match self.leaves.pattern(spec, node.place) {
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

#[cfg(test)]
mod tests {
    use crate::testing::{diagnostics, hits, program, scan};

    #[test]
    fn r1_qualifiers_stand_beside_regex() {
        assert_eq!(diagnostics("{word: a, edge: word}"), ["LX0402: edge"]);
        assert_eq!(diagnostics("{regex: a, edge: line}"), ["LX0402: line"]);
        assert_eq!(diagnostics("{regex: ab, not_followed_by: 'c+'}"), ["LX0470: 'c+'"]);
        assert_eq!(diagnostics("{regex: ab, not_followed_by: 'c?'}"), ["LX0414: 'c?'"]);
        assert_eq!(diagnostics("{regex: ab, starts_with: [a, 'b(']}"), ["LX0412: ("]);
        assert_eq!(diagnostics("{regex: ab, ends_with: []}"), ["LX0402: []"]);
        assert_eq!(diagnostics("{regex: ab, ends_with: 7}"), ["LX0402: 7"]);
        assert_eq!(diagnostics("{regex: ab, not_before: a}"), ["LX0401: not_before"]);
    }

    #[test]
    fn a_pattern_is_what_it_looks_like() {
        // In double quotes, `\b` and `\P` are characters; other escapes say the same in the pattern.
        assert_eq!(diagnostics(r#"{regex: "\bcall\b"}"#), [r"LX0427: \b"]);
        assert_eq!(diagnostics(r#"{regex: "\P{L}x"}"#), [r"LX0427: \P"]);
        assert_eq!(diagnostics(r#"{regex: ab, starts_with: "\ba"}"#), [r"LX0427: \b"]);
        assert_eq!(diagnostics(r#"{regex: "a\\bb\x63"}"#), [""; 0]);
        // A list of one pattern is no set of characters.
        assert_eq!(diagnostics("{regex: [a-z]}"), ["LX0428: [a-z]"]);
        for meant in ["{regex: ['a-z']}", "{regex: [a-z, b]}", "{regex: '[a-z]b'}"] {
            assert_eq!(diagnostics(meant), [""; 0], "{meant}");
        }
        for empty in ["{phrase: []}", "{word: []}", "{regex: []}", "{any: []}"] {
            assert_eq!(diagnostics(empty), ["LX0402: []"], "{empty}");
        }
    }

    #[test]
    fn r1_edges_are_those_of_tokens() {
        assert_eq!(hits("{regex: 'a|ab', edge: word}", "ab abc x_ab"), ["ab"]);
        assert_eq!(
            hits("{regex: '\\d+', edge: word}", "x12 12x 12\u{e9} 12, \u{673a}12"),
            ["12", "12"]
        );
        assert_eq!(
            hits("{regex: '[a-z]+', not_followed_by: '\\d'}", "abc1 abc"),
            ["ab", "abc"]
        );
        assert_eq!(
            hits("{regex: [ab, cd], not_preceded_by: 'x '}", "x ab ab x cd cd"),
            ["ab", "cd"]
        );
    }

    #[test]
    fn v1_validators_are_read() {
        let validate = |validate: &str| diagnostics(&format!("{{regex: '[0-9]{{4}}', validate: {validate}}}"));
        let sound = [
            "luhn",
            "[luhn, not_all_same]",
            "{weighted: {weights: [3, 2, 1], modulus: 11, position: 4}}",
            "{weighted: {weights: [3, 2, 1, 1], modulus: 11, remainder: 1, layout: '00-0.0'}}",
            "[{date: {format: MMDDYY}}, {entropy: {min: 2.5}}]",
        ];
        for sound in sound {
            assert_eq!(validate(sound), [""; 0], "{sound}");
        }
        assert_eq!(validate("lunh"), ["LX0471: lunh"]);
        assert_eq!(validate("weighted"), ["LX0471: weighted"]);
        assert_eq!(
            validate("[luhn, 7, {date: {format: YMD}}]"),
            ["LX0471: 7", "LX0471: YMD"]
        );
        assert_eq!(validate("{weighted: {weights: [1, 2], modulus: 0}}"), ["LX0471: 0"]);
        assert_eq!(
            validate("{weighted: {weights: [1, 2], modulus: 7, position: 4}}"),
            ["LX0471: 4"]
        );
        assert_eq!(
            validate("{weighted: {weights: [1, 2], modulus: 7, ten: zero}}"),
            ["LX0471: zero"]
        );
        assert_eq!(validate("{weighted: {weights: [1, 2], modulo: 7}}"), ["LX0471: modulo"]);
        assert_eq!(validate("{weighted: {modulus: 7}}"), ["LX0471: weighted"]);
        assert_eq!(validate("{entropy: {min: 9}}"), ["LX0471: 9"]);
        assert_eq!(validate("{luhn: {}}"), ["LX0471: luhn"]);
    }

    #[test]
    fn v2_rejected_hits_are_no_hits() {
        let program = program(&["{regex: '[0-9]{16}', validate: luhn}", "{regex: '[0-9]{16}'}"]);
        let rules: Vec<u32> = scan(&program, "4111111111111111 4111111111111112")
            .iter()
            .map(|hit| hit.rule)
            .collect();
        assert_eq!(rules, [0, 1, 1]);
    }
}
