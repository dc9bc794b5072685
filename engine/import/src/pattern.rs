//! Foreign patterns in our syntax, and what can be said about them without running them.
//!
//! Perl, Python, RE2 and Hyperscan agree with the crate `regex` on most patterns. Where the same characters mean
//! something else there (`\<`, `[[a]`, `[a&&b]`, octal escapes) they are written so that they mean the same; comments in
//! `(?#…)` are left out. Look-around and back-references stay, for the rule language to refuse.

use std::iter::Peekable;
use std::ops::Range;
use std::str::Chars;

use regex_syntax::ParserBuilder;
use regex_syntax::ast::{self, Ast};
use regex_syntax::hir::{Class, Hir, HirKind};

/// What a byte above 0x7f in a pattern stands for where the pattern comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// A character.
    Characters,
    /// A byte of some encoding, which ours knows nothing of.
    Bytes,
}

/// A foreign pattern in our syntax; `None` if it speaks of bytes.
pub(crate) fn translate(source: &str, escapes: Escapes) -> Option<String> {
    let mut rewriter = Rewriter {
        chars: source.chars().peekable(),
        escapes,
        verbose: is_verbose(source),
        out: String::with_capacity(source.len()),
    };
    rewriter.run()?;
    Some(tidied(rewriter.out))
}

/// Whether white space and comments in a pattern mean nothing, by flags it begins with.
fn is_verbose(source: &str) -> bool {
    let mut rest = source.trim_start();
    while let Some(flags) = rest.strip_prefix("(?") {
        let Some((flags, after)) = flags.split_once(')') else {
            return false;
        };
        if flags.is_empty() || !flags.chars().all(|c| c.is_ascii_alphabetic()) {
            return false;
        }
        if flags.contains('x') {
            return true;
        }
        rest = after.trim_start();
    }
    false
}

/// Without blanks at the ends of lines and around the whole, where they mean nothing.
fn tidied(pattern: String) -> String {
    let lines: Vec<&str> = pattern
        .trim()
        .lines()
        .map(trimmed)
        .filter(|line| !line.is_empty())
        .collect();
    let tidy = lines.join("\n");
    let parsed = |text: &str| regex_syntax::parse(text).ok();
    if parsed(&tidy).is_some_and(|hir| Some(hir) == parsed(&pattern)) {
        tidy
    } else {
        pattern
    }
}

/// A line without the blanks at its end, but for an escaped one.
fn trimmed(line: &str) -> &str {
    let short = line.trim_end();
    let is_escaped = short.ends_with('\\') && line.len() > short.len();
    &line[..short.len() + usize::from(is_escaped)]
}

struct Rewriter<'s> {
    chars: Peekable<Chars<'s>>,
    escapes: Escapes,
    verbose: bool,
    out: String,
}

impl Rewriter<'_> {
    fn run(&mut self) -> Option<()> {
        while let Some(c) = self.chars.next() {
            match c {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '(' if self.starts_with("?#") => while self.chars.next().is_some_and(|c| c != ')') {},
                '#' if self.verbose => {
                    self.out.push('#');
                    self.copy_while(|c| c != '\n');
                }
                c => self.literal(c)?,
            }
        }
        Some(())
    }

    fn class(&mut self) -> Option<()> {
        self.out.push('[');
        if self.chars.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        if self.chars.next_if_eq(&']').is_some() {
            self.out.push_str(r"\]");
        }
        let mut last = None;
        while let Some(c) = self.chars.next() {
            match c {
                ']' => {
                    self.out.push(']');
                    return Some(());
                }
                '\\' => self.escape(true)?,
                '[' if self.chars.peek() == Some(&':') => {
                    self.out.push('[');
                    self.copy_while(|c| c != ']');
                    self.out.extend(self.chars.next());
                }
                '[' => self.out.push_str(r"\["),
                '&' | '-' | '~' if last == Some(c) => self.out.extend(['\\', c]),
                c => self.literal(c)?,
            }
            last = Some(c);
        }
        Some(())
    }

    fn literal(&mut self, c: char) -> Option<()> {
        // A text of bytes that was decoded somehow: its characters cannot be told.
        if self.escapes == Escapes::Bytes && ('\u{80}'..='\u{ff}').contains(&c) {
            return None;
        }
        self.out.push(c);
        Some(())
    }

    /// What stands behind a backslash.
    fn escape(&mut self, in_class: bool) -> Option<()> {
        let Some(c) = self.chars.next() else {
            self.out.push('\\');
            return Some(());
        };
        match c {
            '<' | '>' => self.out.push(c),
            'Z' if !in_class => self.out.push_str(r"\z"),
            'h' => self.out.push_str(if in_class { r" \t" } else { r"[ \t]" }),
            'e' => self.out.push_str(r"\x1b"),
            'b' if in_class => self.out.push_str(r"\x08"),
            'x' => {
                let digits = self.hex();
                self.check(&digits, 16)?;
                match digits.len() {
                    2 => self.out.push_str(&format!(r"\x{digits}")),
                    _ => self.out.push_str(&format!(r"\x{{{digits}}}")),
                }
            }
            '0'..='7' => match self.octal(c, in_class) {
                Some(digits) => {
                    let code = self.check(&digits, 8)?;
                    self.out.push_str(&format!(r"\x{code:02x}"));
                }
                None => self.out.extend(['\\', c]),
            },
            c => self.out.extend(['\\', c]),
        }
        Some(())
    }

    /// The digits behind `\x`, in braces or not.
    fn hex(&mut self) -> String {
        let mut digits = String::new();
        if self.chars.next_if_eq(&'{').is_some() {
            while let Some(c) = self.chars.next().filter(|c| *c != '}') {
                digits.push(c);
            }
        } else {
            while digits.len() < 2 {
                let Some(c) = self.chars.next_if(char::is_ascii_hexdigit) else {
                    break;
                };
                digits.push(c);
            }
        }
        digits
    }

    /// The digits of an octal escape, unless it is a back-reference.
    fn octal(&mut self, first: char, in_class: bool) -> Option<String> {
        let mut ahead = self.chars.clone();
        let mut digits = String::from(first);
        while digits.len() < 3 {
            let Some(c) = ahead.next_if(|c| ('0'..='7').contains(c)) else {
                break;
            };
            digits.push(c);
        }
        if first != '0' && digits.len() < 3 && !in_class {
            return None;
        }
        self.chars = ahead;
        Some(digits)
    }

    /// The code of an escaped character; `None` if it is a byte that is none.
    fn check(&self, digits: &str, radix: u32) -> Option<u32> {
        // What cannot be read is left for the rule language to refuse.
        let code = u32::from_str_radix(digits, radix).unwrap_or(0);
        (self.escapes == Escapes::Characters || code < 0x80).then_some(code)
    }

    fn starts_with(&mut self, what: &str) -> bool {
        let mut ahead = self.chars.clone();
        what.chars().all(|c| ahead.next() == Some(c))
    }

    fn copy_while(&mut self, wanted: impl Fn(char) -> bool) {
        while let Some(c) = self.chars.next_if(|c| wanted(*c)) {
            self.out.push(c);
        }
    }
}

/// A pattern without the look-around at its ends, which ours says in other words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edged {
    /// What is left.
    pub(crate) body: String,
    /// What stood in `(?<!…)` at the start.
    pub(crate) not_preceded_by: Vec<String>,
    /// What stood in `(?!…)` at the end.
    pub(crate) not_followed_by: Vec<String>,
}

/// Takes the look-around off the ends of a pattern; what stands within it, or demands something, stays for the rule
/// language to refuse.
pub(crate) fn edged(pattern: &str) -> Edged {
    let mut edged = Edged {
        body: pattern.to_owned(),
        ..Edged::default()
    };
    let Some(groups) = outer_groups(pattern) else {
        return edged;
    };
    let inner = |range: &Range<usize>, open: &str| pattern[range.clone()].strip_prefix(open)?.strip_suffix(')');
    let (mut start, mut end) = (0, pattern.len());
    for range in &groups {
        match inner(range, "(?<!").filter(|_| range.start == start) {
            Some(inside) => edged.not_preceded_by.push(inside.to_owned()),
            None => break,
        }
        start = range.end;
    }
    for range in groups.iter().rev() {
        match inner(range, "(?!").filter(|_| range.end == end && range.start > start) {
            Some(inside) => edged.not_followed_by.insert(0, inside.to_owned()),
            None => break,
        }
        end = range.start;
    }
    edged.body = pattern[start..end].to_owned();
    edged
}

/// Where the outermost groups of a pattern stand; `None` if there are alternatives outside them.
fn outer_groups(pattern: &str) -> Option<Vec<Range<usize>>> {
    let mut groups = Vec::new();
    let (mut depth, mut start, mut in_class) = (0_usize, 0, false);
    let mut chars = pattern.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            // Whoever translated the pattern has escaped all brackets in classes but those of `[:alpha:]`.
            '[' if in_class => chars.by_ref().take_while(|(_, c)| *c != ']').for_each(drop),
            ']' if in_class => in_class = false,
            _ if in_class => {}
            '[' => in_class = true,
            '(' => {
                start = if depth == 0 { at } else { start };
                depth += 1;
            }
            ')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    groups.push(start..at + 1);
                }
            }
            '|' if depth == 0 => return None,
            _ => {}
        }
    }
    Some(groups)
}

/// The part of a match that a foreign rule calls the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// The whole match.
    Whole,
    /// A group: where it stands in the pattern, and the longest text it can match.
    Group { start: usize, end: usize },
}

/// The secret of a pattern: a group, counted from 1, or by default the first one.
pub(crate) fn secret(pattern: &str, group: Option<u32>) -> Option<Secret> {
    let ast = ast::parse::Parser::new().parse(pattern).ok()?;
    let Some(group) = find_group(&ast, group.unwrap_or(1)) else {
        return Some(Secret::Whole);
    };
    if is_all_of(&ast, group.span) {
        return Some(Secret::Whole);
    }
    Some(Secret::Group {
        start: group.span.start.offset,
        end: group.span.end.offset,
    })
}

fn find_group(ast: &Ast, index: u32) -> Option<&ast::Group> {
    match ast {
        Ast::Group(group) if group.capture_index() == Some(index) => Some(group),
        Ast::Group(group) => find_group(&group.ast, index),
        Ast::Repetition(repetition) => find_group(&repetition.ast, index),
        Ast::Concat(concat) => concat.asts.iter().find_map(|ast| find_group(ast, index)),
        Ast::Alternation(alternation) => alternation.asts.iter().find_map(|ast| find_group(ast, index)),
        _ => None,
    }
}

/// Whether nothing but the group at a place takes up text.
fn is_all_of(ast: &Ast, group: ast::Span) -> bool {
    match ast {
        Ast::Group(inner) => inner.span == group || is_all_of(&inner.ast, group),
        Ast::Concat(concat) => {
            let mut taking = concat
                .asts
                .iter()
                .filter(|ast| !matches!(ast, Ast::Assertion(_) | Ast::Flags(_) | Ast::Empty(_)));
            taking.next().is_some_and(|ast| is_all_of(ast, group)) && taking.next().is_none()
        }
        _ => false,
    }
}

/// The pattern whose secret is another one: what matches it is a match of `pattern` with such a secret.
///
/// `None` unless `allowed` can only match the secret from end to end: it has to be anchored on both sides, or as long as
/// the secret can be.
pub(crate) fn with_secret(pattern: &str, group: Option<u32>, allowed: &str) -> Option<String> {
    let ast = ast::parse::Parser::new().parse(pattern).ok()?;
    let (start, end) = match find_group(&ast, group.unwrap_or(1)) {
        Some(group) => (group.span.start.offset, group.span.end.offset),
        None => (0, pattern.len()),
    };
    let inner = allowed.strip_prefix('^').and_then(|inner| inner.strip_suffix('$'));
    let covers = inner.is_some_and(|inner| !inner.ends_with('\\') && is_one_branch(inner));
    // Classes are ASCII there as they are here.
    let parse = |pattern: &str| {
        ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(pattern)
            .ok()
    };
    let longest = parse(&pattern[start..end])?.properties().maximum_len();
    let shortest = parse(allowed)?.properties().minimum_len();
    let fills = longest.is_some() && shortest >= longest;
    (covers || fills).then(|| {
        let inner = if covers { inner.unwrap_or(allowed) } else { allowed };
        // What is allowed tells case apart, whatever the pattern around it does.
        let cased = if pattern[..start].contains("(?i") { "-i" } else { "" };
        format!("{}(?{cased}:{inner}){}", &pattern[..start], &pattern[end..])
    })
}

/// Whether a pattern has no alternatives outside groups, so that anchors around it speak of all of it.
fn is_one_branch(pattern: &str) -> bool {
    ast::parse::Parser::new()
        .parse(pattern)
        .is_ok_and(|ast| !matches!(ast, Ast::Alternation(_)))
}

/// Whether every match of a pattern contains one of some texts, case apart.
///
/// Sound, not complete: it follows texts that stand in one piece.
pub(crate) fn always_contains(pattern: &str, keywords: &[String]) -> bool {
    let keywords: Vec<String> = keywords.iter().map(|keyword| keyword.to_lowercase()).collect();
    let parsed = ParserBuilder::new().build().parse(pattern);
    parsed.is_ok_and(|hir| contains(&hir, &keywords))
}

fn contains(hir: &Hir, keywords: &[String]) -> bool {
    let holds = |text: &str| keywords.iter().any(|keyword| text.contains(keyword.as_str()));
    match hir.kind() {
        HirKind::Capture(capture) => contains(&capture.sub, keywords),
        HirKind::Repetition(repetition) => repetition.min > 0 && contains(&repetition.sub, keywords),
        HirKind::Alternation(items) => items.iter().all(|item| contains(item, keywords)),
        HirKind::Concat(items) => {
            let mut run = String::new();
            for item in items {
                match fixed(item) {
                    Some(text) => run.push_str(&text),
                    None if contains(item, keywords) => return true,
                    None => {
                        if holds(&run) {
                            return true;
                        }
                        run.clear();
                    }
                }
            }
            holds(&run)
        }
        _ => fixed(hir).is_some_and(|text| holds(&text)),
    }
}

/// The one text that an expression matches, case apart.
fn fixed(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(String::new()),
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(str::to_lowercase),
        HirKind::Capture(capture) => fixed(&capture.sub),
        HirKind::Concat(items) => items.iter().map(fixed).collect(),
        HirKind::Class(Class::Unicode(class)) => {
            // All that the class has, but for K's and s's relatives in Unicode, is one letter in both cases.
            let mut letters = class
                .ranges()
                .iter()
                .flat_map(|range| range.start()..=range.end())
                .filter(|c| !matches!(c, '\u{17f}' | '\u{212a}'))
                .take(3)
                .map(|c| c.to_ascii_lowercase());
            let first = letters.next()?;
            letters.all(|c| c == first).then(|| first.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(source: &str) -> String {
        translate(source, Escapes::Characters).unwrap()
    }

    #[test]
    fn what_means_something_else_is_rewritten() {
        let cases = [
            (r"\<a\>", "<a>"),
            ("[[(<]", r"[\[(<]"),
            ("[[:alnum:]_]", "[[:alnum:]_]"),
            ("[a&&b]", r"[a&\&b]"),
            ("[+--]", r"[+-\-]"),
            ("[]a]", r"[\]a]"),
            ("[^]a]", r"[^\]a]"),
            (r"\042[\042\b]", r"\x22[\x22\x08]"),
            (r"(a)\1", r"(a)\1"),
            (r"a\Z", r"a\z"),
            (r"\x60\x{1F600}\x9", r"\x60\x{1F600}\x{9}"),
            ("a(?# not ( this)b", "ab"),
            ("(?x) a # it's [1\n b", "(?x) a # it's [1\n b"),
            ("(?x)   \n a\\ \n b   \n\n", "(?x)\n a\\ \n b"),
            (r"a\/\_\-", r"a\/\_\-"),
        ];
        for (source, expected) in cases {
            assert_eq!(ours(source), expected, "{source}");
        }
    }

    #[test]
    fn bytes_are_no_characters() {
        assert_eq!(translate(r"[\xc0-\xff]", Escapes::Bytes), None);
        assert_eq!(translate(r"\223", Escapes::Bytes), None);
        assert_eq!(translate(r"\x7f", Escapes::Bytes).as_deref(), Some(r"\x7f"));
        assert_eq!(translate(r"\xc0", Escapes::Characters).as_deref(), Some(r"\xc0"));
    }

    #[test]
    fn look_around_at_the_ends_is_taken_off() {
        let shown = |pattern: &str| {
            let edged = edged(pattern);
            format!(
                "{} {} {}",
                edged.not_preceded_by.join(","),
                edged.body,
                edged.not_followed_by.join(",")
            )
        };
        for (pattern, expected) in [
            (r"(?<!\d)(?<![a-z)])\d{9}(?!\d)", r"\d,[a-z)] \d{9} \d"),
            (r"(?<!a(b|c))x", "a(b|c) x "),
            (r"x(?!a)(?!b)", " x a,b"),
            (r"x(?!a)y", " x(?!a)y "),
            (r"(?<!a)x|y", " (?<!a)x|y "),
            (r"(?<!a)(?:x|y)", "a (?:x|y) "),
            (r"(?<=a)x(?=b)", " (?<=a)x(?=b) "),
            (r"x\(?!a)", r" x\(?!a) "),
            (r"(?!a)", " (?!a) "),
        ] {
            assert_eq!(shown(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn the_secret_is_a_group_or_everything() {
        assert_eq!(secret(r"\b(a[bc]{3})\b", None), Some(Secret::Whole));
        assert_eq!(secret(r"(?i)(?:\b(a))$", None), Some(Secret::Whole));
        assert_eq!(secret("abc", None), Some(Secret::Whole));
        assert_eq!(secret("k=(a)(?:;|$)", None), Some(Secret::Group { start: 2, end: 5 }));
        assert_eq!(secret("(a)(b)", Some(2)), Some(Secret::Group { start: 3, end: 6 }));
    }

    #[test]
    fn allowed_secrets_are_put_in_place() {
        assert_eq!(with_secret("k=([a-z]+);", None, "^abc$").as_deref(), Some("k=(?:abc);"));
        assert_eq!(
            with_secret("(?i)k=([a-z]+);", None, "^abc$").as_deref(),
            Some("(?i)k=(?-i:abc);")
        );
        assert_eq!(with_secret("k=([a-z]{3});", None, "abc").as_deref(), Some("k=(?:abc);"));
        assert_eq!(with_secret(r"k=(\w{3});", None, "abc").as_deref(), Some("k=(?:abc);"));
        assert_eq!(with_secret("k=([a-z]{3});", None, "ab"), None);
        assert_eq!(with_secret("k=([a-z]+);", None, "^a|b$"), None);
        assert_eq!(with_secret(r"k=(\S+);", None, r"^a\$"), None);
    }

    #[test]
    fn keywords_that_every_match_has() {
        let keywords = ["abc".to_owned(), "xyz".to_owned()];
        for (pattern, expected) in [
            ("(?i)q.abcd", true),
            ("(?:abc|xyz)", true),
            ("(?:abc|xy)", false),
            (r"a\bbc", true),
            ("a(?:b)c", true),
            ("ab?c", false),
            ("(?:abc)+", true),
            ("(?:abc)*", false),
            ("a[Bb]c", true),
            ("a[xb]c", false),
        ] {
            assert_eq!(always_contains(pattern, &keywords), expected, "{pattern}");
        }
    }
}
