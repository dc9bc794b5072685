//! Patterns: regular expressions on the folded view.
//!
//! A pattern is compiled caseless, so that it means the same whether its author writes capitals or not. Unless the
//! rule says `unicode: true`, `\w \d \s \b` and their kin are rewritten to ASCII in the parsed pattern; switching
//! Unicode off in the engine would also reject `.` and `[^a-z]`.

use std::ops::Range;

use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::ast::{self, Ast, ErrorKind};
use regex_syntax::hir::{Hir, translate::TranslatorBuilder};
use unicode_normalization::UnicodeNormalization;

use crate::unicode::is_dropped;
use crate::{codes, limits, literals};

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) regex: Regex,
    /// The longest match in bytes, if there is one.
    pub(crate) longest: Option<usize>,
    /// What every match contains one of; see [`literals`].
    pub(crate) literals: Option<Vec<String>>,
    /// Where the pattern wants what the folded view never has.
    pub(crate) folded_away: Option<Range<usize>>,
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The bytes of the pattern that are wrong; all of it where that cannot be told.
    pub(crate) range: Option<Range<usize>>,
    pub(crate) label: &'static str,
    pub(crate) help: Option<&'static str>,
}

impl Pattern {
    /// Compiles a pattern; `cased` says whether it runs on text that has case.
    pub(crate) fn compile(source: &str, unicode: bool, cased: bool) -> Result<Pattern, Refusal> {
        let mut ast = parse(source, cased)?;
        let folded_away = folded_away(&ast).filter(|_| !cased);
        let folded_away = folded_away.map(|span| span.start.offset..span.end.offset);
        if !unicode {
            to_ascii(&mut ast);
        }
        let hir = translate(source, &ast, cased)?;
        let least = hir.properties().minimum_len();
        if least == Some(0) {
            let refusal = Refusal::new(codes::PATTERN_EMPTY, "pattern can match the empty string");
            let refusal = refusal.label("every message would be a hit");
            return Err(refusal.help("make a part of it required, or use a term"));
        }
        if least.is_none() {
            return Err(Refusal::new(codes::PATTERN_NEVER, "pattern can never match").help("a class in it is empty"));
        }
        let regex = build(&hir)?;
        let literals = literals::required(&hir).filter(|_| !cased);
        Ok(Pattern {
            regex,
            longest: hir.properties().maximum_len(),
            literals,
            folded_away,
        })
    }
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Refusal {
            code,
            message: message.into(),
            range: None,
            label: "",
            help: None,
        }
    }

    fn at(self, span: &ast::Span) -> Self {
        Refusal {
            range: Some(span.start.offset..span.end.offset),
            ..self
        }
    }

    fn label(self, label: &'static str) -> Self {
        Refusal { label, ..self }
    }

    fn help(self, help: &'static str) -> Self {
        Refusal {
            help: Some(help),
            ..self
        }
    }
}

fn parse(source: &str, cased: bool) -> Result<Ast, Refusal> {
    if source.len() > limits::PATTERN_BYTES {
        let message = format!(
            "pattern has {} bytes, more than {}",
            source.len(),
            limits::PATTERN_BYTES
        );
        return Err(Refusal::new(codes::PATTERN_TOO_LONG, message));
    }
    let mut parser = ast::parse::ParserBuilder::new()
        .nest_limit(limits::PATTERN_DEPTH)
        .build();
    let ast = parser.parse(source).map_err(|error| syntax(&error))?;
    match case_switch(&ast).filter(|_| !cased) {
        None => Ok(ast),
        Some(span) => Err(Refusal::new(codes::PATTERN_CASE, "pattern tells upper from lower case")
            .at(&span)
            .label("the folded view has no case")
            .help("leave the flag out")),
    }
}

fn translate(source: &str, ast: &Ast, cased: bool) -> Result<Hir, Refusal> {
    let mut translator = TranslatorBuilder::new()
        .case_insensitive(!cased)
        .unicode(true)
        .utf8(true)
        .build();
    translator.translate(source, ast).map_err(|error| {
        let message = format!("pattern does not compile: {}", decapitalised(&error.kind().to_string()));
        Refusal::new(codes::PATTERN_SYNTAX, message).at(error.span())
    })
}

fn syntax(error: &ast::Error) -> Refusal {
    let refusal = match error.kind() {
        ErrorKind::UnsupportedLookAround => {
            let help = "say what must not stand beside it under `unless` with `within: 1` and a `side`, and what must \
                        with `before`";
            Refusal::new(codes::PATTERN_LOOK_AROUND, "look-around is not supported").help(help)
        }
        ErrorKind::UnsupportedBackreference => {
            let help = "write out the alternatives, or use `near` with the same operand twice";
            Refusal::new(codes::PATTERN_LOOK_AROUND, "back-references are not supported").help(help)
        }
        kind => {
            let message = format!("pattern does not compile: {}", decapitalised(&kind.to_string()));
            Refusal::new(codes::PATTERN_SYNTAX, message)
        }
    };
    refusal.at(error.span())
}

fn decapitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_lowercase().chain(chars).collect())
        .unwrap_or_default()
}

fn build(hir: &Hir) -> Result<Regex, Refusal> {
    let config = Config::new()
        .nfa_size_limit(Some(limits::COMPILED_BYTES))
        .hybrid_cache_capacity(limits::LAZY_STATES_BYTES)
        .which_captures(WhichCaptures::Implicit)
        .onepass(false);
    Regex::builder()
        .configure(config)
        .build_from_hir(hir)
        .map_err(|error| match error.size_limit() {
            Some(_) => {
                let message = format!("pattern is larger than {} bytes once compiled", limits::COMPILED_BYTES);
                Refusal::new(codes::PATTERN_TOO_LARGE, message).help("use smaller repetitions, or terms")
            }
            None => Refusal::new(codes::PATTERN_SYNTAX, format!("pattern does not compile: {error}")),
        })
}

/// The first literal, outside classes and not optional, that the folded view never has.
fn folded_away(ast: &Ast) -> Option<ast::Span> {
    match ast {
        Ast::Literal(literal) => (!survives(&[literal.c])).then_some(literal.span),
        Ast::Repetition(repetition) => match repetition.op.kind {
            ast::RepetitionKind::ZeroOrOne | ast::RepetitionKind::ZeroOrMore => None,
            _ => folded_away(&repetition.ast),
        },
        Ast::Group(group) => folded_away(&group.ast),
        Ast::Alternation(alternation) => alternation.asts.iter().find_map(folded_away),
        Ast::Concat(concat) => concat
            .asts
            .iter()
            .find_map(folded_away)
            .or_else(|| concat.asts.windows(2).find_map(pair_folded_away)),
        _ => None,
    }
}

fn pair_folded_away(pair: &[Ast]) -> Option<ast::Span> {
    let [Ast::Literal(one), Ast::Literal(other)] = pair else {
        return None;
    };
    (!survives(&[one.c, other.c])).then(|| ast::Span::new(one.span.start, other.span.end))
}

/// Whether characters stand in the folded view, case apart, where they stand in the original.
fn survives(chars: &[char]) -> bool {
    let white = |c: char| c != ' ' && c.is_whitespace();
    chars != [' ', ' ']
        && !chars.iter().any(|c| white(*c) || is_dropped(*c))
        && chars.iter().copied().nfkc().eq(chars.iter().copied())
}

/// Where a pattern switches caselessness off.
fn case_switch(ast: &Ast) -> Option<ast::Span> {
    let in_flags =
        |flags: &ast::Flags| (flags.flag_state(ast::Flag::CaseInsensitive) == Some(false)).then_some(flags.span);
    match ast {
        Ast::Flags(set) => in_flags(&set.flags),
        Ast::Group(group) => group.flags().and_then(in_flags).or_else(|| case_switch(&group.ast)),
        Ast::Repetition(repetition) => case_switch(&repetition.ast),
        Ast::Alternation(alternation) => alternation.asts.iter().find_map(case_switch),
        Ast::Concat(concat) => concat.asts.iter().find_map(case_switch),
        _ => None,
    }
}

/// Rewrites Perl classes and word boundaries to their ASCII meaning.
fn to_ascii(ast: &mut Ast) {
    match ast {
        Ast::Assertion(assertion) if is_word_edge(&assertion.kind) => {
            let span = assertion.span;
            let inner = Ast::Assertion(assertion.clone());
            *ast = Ast::group(ast::Group {
                span,
                kind: ast::GroupKind::NonCapturing(no_unicode(span)),
                ast: Box::new(inner),
            });
        }
        Ast::ClassPerl(class) => {
            let item = ast::ClassSetItem::Ascii(ascii_class(class));
            let kind = ast::ClassSet::Item(item);
            *ast = Ast::class_bracketed(ast::ClassBracketed {
                span: class.span,
                negated: false,
                kind,
            });
        }
        Ast::ClassBracketed(class) => set_to_ascii(&mut class.kind),
        Ast::Repetition(repetition) => to_ascii(&mut repetition.ast),
        Ast::Group(group) => to_ascii(&mut group.ast),
        Ast::Alternation(alternation) => alternation.asts.iter_mut().for_each(to_ascii),
        Ast::Concat(concat) => concat.asts.iter_mut().for_each(to_ascii),
        Ast::Empty(_) | Ast::Flags(_) | Ast::Literal(_) | Ast::Dot(_) | Ast::Assertion(_) | Ast::ClassUnicode(_) => {}
    }
}

fn set_to_ascii(set: &mut ast::ClassSet) {
    match set {
        ast::ClassSet::Item(item) => item_to_ascii(item),
        ast::ClassSet::BinaryOp(operation) => {
            set_to_ascii(&mut operation.lhs);
            set_to_ascii(&mut operation.rhs);
        }
    }
}

fn item_to_ascii(item: &mut ast::ClassSetItem) {
    match item {
        ast::ClassSetItem::Perl(class) => *item = ast::ClassSetItem::Ascii(ascii_class(class)),
        ast::ClassSetItem::Bracketed(class) => set_to_ascii(&mut class.kind),
        ast::ClassSetItem::Union(union) => union.items.iter_mut().for_each(item_to_ascii),
        _ => {}
    }
}

fn is_word_edge(kind: &ast::AssertionKind) -> bool {
    use ast::AssertionKind::{EndLine, EndText, StartLine, StartText};
    !matches!(kind, StartLine | EndLine | StartText | EndText)
}

fn ascii_class(class: &ast::ClassPerl) -> ast::ClassAscii {
    let kind = match class.kind {
        ast::ClassPerlKind::Digit => ast::ClassAsciiKind::Digit,
        ast::ClassPerlKind::Space => ast::ClassAsciiKind::Space,
        ast::ClassPerlKind::Word => ast::ClassAsciiKind::Word,
    };
    ast::ClassAscii {
        span: class.span,
        kind,
        negated: class.negated,
    }
}

fn no_unicode(span: ast::Span) -> ast::Flags {
    let item = |kind| ast::FlagsItem { span, kind };
    let items = vec![
        item(ast::FlagsItemKind::Negation),
        item(ast::FlagsItemKind::Flag(ast::Flag::Unicode)),
    ];
    ast::Flags { span, items }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(source: &str, unicode: bool, text: &str) -> Option<Range<usize>> {
        Pattern::compile(source, unicode, false)
            .unwrap()
            .regex
            .find(text)
            .map(|found| found.range())
    }

    fn refused(source: &str) -> (&'static str, Option<Range<usize>>) {
        let refusal = Pattern::compile(source, false, false).unwrap_err();
        (refusal.code, refusal.range)
    }

    #[test]
    fn r1_look_around_and_back_references_name_what_to_use() {
        assert_eq!(refused("a(?!b)"), (codes::PATTERN_LOOK_AROUND, Some(1..4)));
        assert_eq!(refused("(?<!x)a").0, codes::PATTERN_LOOK_AROUND);
        assert_eq!(refused(r"(a)\1"), (codes::PATTERN_LOOK_AROUND, Some(3..5)));
        assert!(
            Pattern::compile("(?=a)b", false, false)
                .unwrap_err()
                .help
                .unwrap()
                .contains("`before`")
        );
    }

    #[test]
    fn r1_syntax_errors_have_their_place() {
        assert_eq!(refused("ab(c"), (codes::PATTERN_SYNTAX, Some(2..3)));
        assert_eq!(refused("[z-a]").0, codes::PATTERN_SYNTAX);
        assert_eq!(refused(r"\p{Nope}"), (codes::PATTERN_SYNTAX, Some(0..8)));
    }

    #[test]
    fn r2_matching_nothing_is_refused() {
        for source in ["(call me)?", "a*", r"\b", "^$", "a|"] {
            assert_eq!(refused(source), (codes::PATTERN_EMPTY, None), "{source}");
        }
        assert_eq!(refused("[a&&b]").0, codes::PATTERN_NEVER);
    }

    #[test]
    fn r4_classes_and_edges_are_ascii_unless_asked() {
        assert_eq!(finds(r"\w+", false, "\u{e9}t\u{e9}"), Some(2..3));
        assert_eq!(finds(r"\w+", true, "\u{e9}t\u{e9}"), Some(0..5));
        assert_eq!(finds(r"\d", false, "\u{663}"), None);
        assert_eq!(finds(r"[^\d]", false, "\u{663}"), Some(0..2));
        assert_eq!(finds(r"\D\W", false, "\u{663}\u{e9}"), Some(0..4));
        assert_eq!(finds(r"\bt\b", false, "\u{e9}t\u{e9}"), Some(2..3));
        assert_eq!(finds(r"\bt\b", true, "\u{e9}t\u{e9}"), None);
        assert_eq!(finds(".[^a-z]", false, "\u{e9}\u{e8}"), Some(0..4));
    }

    #[test]
    fn patterns_have_no_case() {
        assert_eq!(finds("CALL Me", false, "call me"), Some(0..7));
        assert_eq!(finds(r"[A-Z]{2}\d", false, "ab1"), Some(0..3));
        assert_eq!(finds("(?i)\u{3a3}", false, "\u{3c3}"), Some(0..2));
        assert_eq!(refused("(?-i)GDP"), (codes::PATTERN_CASE, Some(2..4)));
        assert_eq!(refused("a(?-i:GDP)").0, codes::PATTERN_CASE);
    }

    #[test]
    fn g5_limits() {
        assert!(Pattern::compile(&"a".repeat(limits::PATTERN_BYTES), false, false).is_ok());
        assert_eq!(
            refused(&"a".repeat(limits::PATTERN_BYTES + 1)).0,
            codes::PATTERN_TOO_LONG
        );
        assert_eq!(refused("(?:a{50}){50}{50}").0, codes::PATTERN_TOO_LARGE);
        assert_eq!(
            refused(&format!("{}a{}", "(".repeat(300), ")".repeat(300))).0,
            codes::PATTERN_SYNTAX
        );
    }

    #[test]
    fn what_folding_removes_is_told() {
        let lost = |source: &str| {
            let pattern = Pattern::compile(source, false, false).unwrap();
            pattern.folded_away.map(|range| source[range].to_owned())
        };
        assert_eq!(lost(r"call\nme").as_deref(), Some(r"\n"));
        assert_eq!(lost("call  me").as_deref(), Some("  "));
        assert_eq!(lost("a(b|\u{2116})").as_deref(), Some("\u{2116}"));
        assert_eq!(lost("cafe\u{301}").as_deref(), Some("e\u{301}"));
        for source in [
            r"call\s+me",
            "call me",
            r"a[\r\n ]b",
            "(?x) a  b",
            r"a\n?b",
            "A\u{e9}\u{3c2}",
        ] {
            assert_eq!(lost(source), None, "{source}");
        }
    }
}
