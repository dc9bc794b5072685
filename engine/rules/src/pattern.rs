//! Patterns: regular expressions on one view of a text.
//!
//! On a view without case a pattern is compiled caseless, so that it means the same whether its author writes capitals
//! or not; on one with case it obeys the author's `(?i)`. Unless the rule says `unicode: true`, `\w \d \s \b` and
//! their kin are rewritten to ASCII in the parsed pattern; switching Unicode off in the engine would also reject `.`
//! and `[^a-z]`.

use std::ops::Range;

use regex_automata::MatchKind;
use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::ast::{self, Ast, ErrorKind};
use regex_syntax::hir::{Hir, translate::TranslatorBuilder};
use unicode_normalization::UnicodeNormalization;

use crate::digits::Shape;
use crate::lazy::Lazy;
use crate::literals::{self, Required};
use crate::qualifiers::{Edges, Qualifiers};
use crate::unicode::is_dropped;
use crate::validators::Validator;
use crate::{codes, limits};

/// A pattern as written, with what stands beside it. Two that are equal are one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PatternSpec {
    /// The pattern.
    pub(crate) source: String,
    /// Whether `\w \d \s \b` mean all of Unicode.
    pub(crate) unicode: bool,
    /// Whether it runs on a view that has case.
    pub(crate) cased: bool,
    /// What has to hold at the edges of a hit.
    pub(crate) qualifiers: Qualifiers,
    /// What a hit has to pass.
    pub(crate) validators: Vec<Validator>,
}

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) regex: Lazy,
    /// The shortest match in bytes.
    pub(crate) shortest: usize,
    /// The longest match in bytes, if there is one.
    pub(crate) longest: Option<usize>,
    /// What every match contains; see [`literals`].
    pub(crate) required: Vec<Required>,
    /// The digits that every match holds; see [`crate::digits`].
    pub(crate) shape: Option<Shape>,
    /// What a match has to pass to be a hit, if there is anything.
    pub(crate) demands: Option<Box<Demands>>,
    /// Where the pattern wants what the folded view never has.
    pub(crate) folded_away: Option<Range<usize>>,
}

/// What a match has to pass to be a hit.
#[derive(Debug)]
pub(crate) struct Demands {
    pub(crate) edges: Edges,
    pub(crate) validators: Vec<Validator>,
    /// The pattern once more, preferring the longest match: for the other ends of a match that was not passed.
    pub(crate) longest: Lazy,
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
    /// Compiles a pattern.
    pub(crate) fn compile(spec: &PatternSpec) -> Result<Pattern, Refusal> {
        let (hir, folded_away) = parse(&spec.source, spec.unicode, spec.cased)?;
        let (required, shape) = (literals::required(&hir, spec.cased), Shape::of(&hir));
        let (shortest, longest) = (hir.properties().minimum_len(), hir.properties().maximum_len());
        let regex = Lazy::new(hir)?;
        let demands = if spec.qualifiers.is_empty() && spec.validators.is_empty() {
            None
        } else {
            Some(Box::new(Demands {
                edges: Edges::compile(&spec.qualifiers, spec.unicode, spec.cased)?,
                validators: spec.validators.clone(),
                longest: regex.longest(),
            }))
        };
        Ok(Pattern {
            regex,
            shortest: shortest.unwrap_or(0),
            longest,
            required,
            shape,
            demands,
            folded_away,
        })
    }

    /// Whether every text has to be searched for it: there is no text, and no run of digits, that every match contains.
    pub(crate) fn needs_nothing(&self) -> bool {
        self.required.is_empty() && self.shape.is_none()
    }
}

/// Reads a pattern that cannot match nothing, and tells where it wants what the folded view never has.
pub(crate) fn parse(source: &str, unicode: bool, cased: bool) -> Result<(Hir, Option<Range<usize>>), Refusal> {
    let mut ast = syntax_tree(source, cased)?;
    let folded_away = (!cased).then(|| folded_away(&ast)).flatten();
    if !unicode {
        to_ascii(&mut ast);
    }
    let hir = translate(source, &ast, cased)?;
    match hir.properties().minimum_len() {
        Some(0) => Err(Refusal::new(codes::PATTERN_EMPTY, "pattern can match the empty string")
            .label("every message would be a hit")
            .help("make a part of it required, or use a term")),
        None => Err(Refusal::new(codes::PATTERN_NEVER, "pattern can never match").help("a class in it is empty")),
        Some(_) => Ok((hir, folded_away.map(|span| span.start.offset..span.end.offset))),
    }
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
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

    pub(crate) fn help(self, help: &'static str) -> Self {
        Refusal {
            help: Some(help),
            ..self
        }
    }
}

fn syntax_tree(source: &str, cased: bool) -> Result<Ast, Refusal> {
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
    let ast = parser.parse(source).map_err(|error| syntax(source, &error))?;
    match case_switch(&ast) {
        Some(span) if !cased => Err(Refusal::new(codes::PATTERN_CASE, "pattern tells upper from lower case")
            .at(&span)
            .label("the folded view has no case")
            .help("leave the flag out, or write `view: raw` in the rule")),
        _ => Ok(ast),
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

fn syntax(source: &str, error: &ast::Error) -> Refusal {
    let span = error.span();
    let refusal = match error.kind() {
        ErrorKind::UnsupportedLookAround => {
            let help = look_around_help(&source[span.start.offset..]);
            Refusal::new(codes::PATTERN_LOOK_AROUND, "look-around is not supported").help(help)
        }
        ErrorKind::UnsupportedBackreference => {
            let help = "write out the alternatives, or use `near` with the same operand twice";
            Refusal::new(codes::PATTERN_LOOK_AROUND, "back-references are not supported").help(help)
        }
        kind => {
            let message = format!("pattern does not compile: {}", decapitalised(&kind.to_string()));
            let refusal = Refusal::new(codes::PATTERN_SYNTAX, message);
            match syntax_help(&source[span.start.offset..]) {
                Some(help) => refusal.help(help),
                None => refusal,
            }
        }
    };
    refusal.at(span)
}

/// What to write in place of look-around that begins here.
fn look_around_help(from: &str) -> &'static str {
    match from.get(..3) {
        Some("(?!") => "write what must not come behind the hit as `not_followed_by` beside `regex`",
        Some("(?=") => {
            "at the start of a pattern write it as `starts_with` beside `regex`; at its end take it into the pattern"
        }
        _ if from.starts_with("(?<!") => {
            "write what must not come before the hit as `not_preceded_by` beside `regex`; for word edges there is \
             `edge: word`"
        }
        _ => "at the end of a pattern write it as `ends_with` beside `regex`; at its start take it into the pattern",
    }
}

/// What to write in place of syntax that other engines have.
fn syntax_help(from: &str) -> Option<&'static str> {
    const HELP: [(&str, &str); 6] = [
        ("(?#", "write comments with `#` in extended mode: `(?x) a # comment`"),
        ("#", "write comments with `#` in extended mode: `(?x) a # comment`"),
        (
            "(?>",
            "atomic groups make no difference here, where no search goes back: write `(?:…)`",
        ),
        (
            ">",
            "atomic groups make no difference here, where no search goes back: write `(?:…)`",
        ),
        ("\\Z", "write `\\z`"),
        ("\\h", "write `[ \\t]`; in the folded view white space is one space"),
    ];
    HELP.iter()
        .find(|(start, _)| from.starts_with(start))
        .map(|(_, help)| *help)
}

fn decapitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_lowercase().chain(chars).collect())
        .unwrap_or_default()
}

/// Compiles a parsed pattern, within limits.
pub(crate) fn build(hir: &Hir, kind: MatchKind, limit_bytes: usize) -> Result<Regex, Refusal> {
    let config = Config::new()
        .match_kind(kind)
        .nfa_size_limit(Some(limit_bytes))
        .hybrid_cache_capacity(limits::LAZY_STATES_BYTES)
        .which_captures(WhichCaptures::Implicit)
        .onepass(false);
    Regex::builder()
        .configure(config)
        .build_from_hir(hir)
        .map_err(|error| match error.size_limit() {
            Some(_) => too_large(),
            None => Refusal::new(codes::PATTERN_SYNTAX, format!("pattern does not compile: {error}")),
        })
}

/// A pattern that is too large once compiled.
pub(crate) fn too_large() -> Refusal {
    let message = format!("pattern is larger than {} bytes once compiled", limits::COMPILED_BYTES);
    Refusal::new(codes::PATTERN_TOO_LARGE, message).help("use smaller repetitions, or terms")
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

    fn compile(source: &str) -> Result<Pattern, Refusal> {
        Pattern::compile(&spec(source))
    }

    fn spec(source: &str) -> PatternSpec {
        PatternSpec {
            source: source.to_owned(),
            ..PatternSpec::default()
        }
    }

    fn finds(source: &str, unicode: bool, text: &str) -> Option<Range<usize>> {
        Pattern::compile(&PatternSpec {
            unicode,
            ..spec(source)
        })
        .unwrap()
        .regex
        .regex()
        .unwrap()
        .find(text)
        .map(|found| found.range())
    }

    fn refused(source: &str) -> (&'static str, Option<Range<usize>>) {
        let refusal = compile(source).unwrap_err();
        (refusal.code, refusal.range)
    }

    #[test]
    fn r1_look_around_and_back_references_name_what_to_use() {
        assert_eq!(refused("a(?!b)"), (codes::PATTERN_LOOK_AROUND, Some(1..4)));
        assert_eq!(refused("(?<!x)a").0, codes::PATTERN_LOOK_AROUND);
        assert_eq!(refused(r"(a)\1"), (codes::PATTERN_LOOK_AROUND, Some(3..5)));
        let helps = [
            ("(?=a)b", "`starts_with`"),
            ("a(?!b)", "`not_followed_by`"),
            ("(?<!a)b", "`not_preceded_by`"),
            ("b(?<=a)", "`ends_with`"),
            ("(?#note)b", "(?x)"),
            ("(?>a+)b", "(?:"),
        ];
        for (source, help) in helps {
            let given = compile(source).unwrap_err().help;
            assert!(given.is_some_and(|given| given.contains(help)), "{source}: {given:?}");
        }
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
    fn u1_patterns_on_raw_text_have_case() {
        let finds = |source: &str, text: &str| {
            let spec = PatternSpec {
                cased: true,
                ..spec(source)
            };
            Pattern::compile(&spec)
                .unwrap()
                .regex
                .regex()
                .unwrap()
                .find(text)
                .map(|found| found.range())
        };
        assert_eq!(finds("GDP", "gdp GDP"), Some(4..7));
        assert_eq!(finds("(?i)GDP", "gdp GDP"), Some(0..3));
        assert_eq!(finds("(?i)a(?-i:B)", "ab AB"), Some(3..5));
    }

    #[test]
    fn g5_limits() {
        assert!(compile(&"a".repeat(limits::PATTERN_BYTES)).is_ok());
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
            let pattern = compile(source).unwrap();
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
