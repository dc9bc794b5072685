//! A slow and obvious engine, and random rules over random hostile text to hold the real one against.
//!
//! Terms are looked for at every token, patterns by the `regex` crate, proximity by trying every choice of spots,
//! and spans are led back by folding every prefix of the original.

use std::collections::BTreeSet;

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::unicode::{fold, is_dropped, is_emoji, is_word};
use crate::{Part, Program, RuleHit, Scanner, testing};

#[derive(Clone, Debug)]
enum Condition {
    Terms(Vec<&'static str>),
    Pattern(&'static str),
    Any(Vec<Condition>),
    All(Vec<Condition>),
    Near(Vec<Condition>, u32, bool),
}

#[derive(Clone, Debug)]
struct Rule {
    condition: Condition,
    unless: Vec<(Condition, u32, &'static str)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    text: String,
    start: usize,
    end: usize,
    word: usize,
    after_break: bool,
}

/// Bytes of the folded text, and the first and last token they touch.
type Spot = (usize, usize, Option<(usize, usize)>);

struct Text {
    folded: String,
    tokens: Vec<Token>,
}

impl Text {
    fn new(source: &str) -> Self {
        let mut folded = String::new();
        let mut breaks = Vec::new();
        let mut n_lines = 0;
        let kept: String = source.chars().filter(|c| !is_dropped(*c)).collect();
        for c in kept.nfkc().map(fold) {
            if !c.is_whitespace() {
                n_lines = 0;
                folded.push(c);
                continue;
            }
            n_lines += usize::from(c == '\n');
            if !folded.ends_with(' ') {
                folded.push(' ');
            }
            if n_lines == 2 {
                breaks.push(folded.len() - 1);
            }
        }
        let tokens = tokens(&folded, &breaks);
        Text { folded, tokens }
    }

    fn spots(&self, condition: &Condition) -> BTreeSet<Spot> {
        match condition {
            Condition::Terms(terms) => terms.iter().flat_map(|term| self.term(term)).collect(),
            Condition::Pattern(source) => {
                let regex = regex::RegexBuilder::new(source).case_insensitive(true).build().unwrap();
                regex
                    .find_iter(&self.folded)
                    .map(|found| self.spot(found.start(), found.end()))
                    .collect()
            }
            Condition::Any(items) => items.iter().flat_map(|item| self.spots(item)).collect(),
            Condition::All(items) => {
                let each: Vec<_> = items.iter().map(|item| self.spots(item)).collect();
                if each.iter().any(BTreeSet::is_empty) {
                    BTreeSet::new()
                } else {
                    each.into_iter().flatten().collect()
                }
            }
            Condition::Near(items, within, ordered) => self.near(items, *within as usize, *ordered),
        }
    }

    fn spot(&self, start: usize, end: usize) -> Spot {
        let touched = |token: &&(usize, &Token)| token.1.start < end && token.1.end > start;
        let touched: Vec<usize> = self
            .tokens
            .iter()
            .enumerate()
            .collect::<Vec<_>>()
            .iter()
            .filter(touched)
            .map(|(n, _)| *n)
            .collect();
        (start, end, touched.first().copied().zip(touched.last().copied()))
    }

    fn term(&self, term: &str) -> Vec<Spot> {
        let wanted = Text::new(term).tokens;
        let matches_at = |at: &usize| {
            wanted.iter().enumerate().all(|(n, want)| {
                let Some(token) = self.tokens.get(at + n) else {
                    return false;
                };
                let joined = n > 0 && want.word == wanted[n - 1].word;
                let same_word = n > 0 && token.word == self.tokens[at + n - 1].word;
                token.text == want.text && (n == 0 || if joined { same_word } else { !token.after_break })
            })
        };
        let at = (0..self.tokens.len()).filter(matches_at);
        at.map(|at| self.spot(self.tokens[at].start, self.tokens[at + wanted.len() - 1].end))
            .collect()
    }

    fn near(&self, items: &[Condition], within: usize, ordered: bool) -> BTreeSet<Spot> {
        let mut choices: Vec<Vec<Spot>> = vec![Vec::new()];
        for item in items {
            let spots: Vec<Spot> = self.spots(item).into_iter().filter(|spot| spot.2.is_some()).collect();
            choices = choices
                .iter()
                .flat_map(|choice| spots.iter().map(|spot| [choice.as_slice(), &[*spot]].concat()))
                .collect();
        }
        let found: BTreeSet<Spot> = choices
            .into_iter()
            .filter_map(|choice| self.interval(choice, within, ordered))
            .collect();
        let minimal = |one: &&Spot| {
            !found
                .iter()
                .any(|other| (other.0, other.1) != (one.0, one.1) && one.0 <= other.0 && other.1 <= one.1)
        };
        found.iter().filter(minimal).copied().collect()
    }

    fn interval(&self, mut choice: Vec<Spot>, within: usize, ordered: bool) -> Option<Spot> {
        let in_order = choice.clone();
        choice.sort_by_key(|spot| spot.2);
        if ordered && choice != in_order {
            return None;
        }
        let mut gaps = 0;
        for pair in choice.windows(2) {
            let ((_, last), (first, _)) = (pair[0].2?, pair[1].2?);
            if last >= first {
                return None;
            }
            gaps += (self.tokens[first].word - self.tokens[last].word).saturating_sub(1);
        }
        let (first, last) = (choice.first()?, choice.last()?);
        (gaps < within).then(|| (first.0, last.1, Some((first.2.unwrap().0, last.2.unwrap().1))))
    }

    /// Hits of a rule as folded ranges, with the exclusion that took each away.
    fn hits(&self, rule: &Rule) -> BTreeSet<(usize, usize, Option<usize>)> {
        let away: Vec<BTreeSet<Spot>> = rule
            .unless
            .iter()
            .map(|(condition, ..)| self.spots(condition))
            .collect();
        let all: Vec<(usize, usize, Option<usize>)> = self
            .spots(&rule.condition)
            .into_iter()
            .map(|hit| {
                let by =
                    (0..away.len()).find(|n| away[*n].iter().any(|other| self.takes(hit, *other, &rule.unless[*n])));
                (hit.0, hit.1, by)
            })
            .collect();
        let covered = |one: &&(usize, usize, Option<usize>)| {
            all.iter().any(|other| {
                other.2 == one.2 && (other.0, other.1) != (one.0, one.1) && other.0 <= one.0 && one.1 <= other.1
            })
        };
        all.iter().filter(|hit| !covered(hit)).copied().collect()
    }

    fn takes(&self, hit: Spot, other: Spot, (_, within, side): &(Condition, u32, &str)) -> bool {
        if other.0 <= hit.0 && hit.1 <= other.1 {
            return true;
        }
        let (Some(hit), Some(other)) = (hit.2, other.2) else {
            return false;
        };
        let close = |from: usize, to: usize| {
            from < to && (self.tokens[to].word - self.tokens[from].word).max(1) <= *within as usize
        };
        (*side != "after" && close(other.1, hit.0)) || (*side != "before" && close(hit.1, other.0))
    }
}

fn tokens(folded: &str, breaks: &[usize]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (word, (at, segment)) in folded.split_word_bound_indices().enumerate() {
        let mut push = |start: usize, end: usize| {
            let before = tokens.last().map_or(0, |token: &Token| token.end);
            let after_break = breaks.iter().any(|at| (before..start).contains(at));
            tokens.push(Token {
                text: folded[start..end].to_owned(),
                start,
                end,
                word,
                after_break,
            });
        };
        if segment.contains(char::is_alphanumeric) {
            let mut start = at;
            for piece in segment.split(|c| !is_word(c)) {
                if piece.contains(char::is_alphanumeric) {
                    push(start, start + piece.len());
                }
                start += piece.len();
                start += folded[start..].chars().next().map_or(0, char::len_utf8);
            }
        } else if segment.contains(is_emoji) {
            push(at, at + segment.len());
        }
    }
    // Distances count words, and what lies between words is none.
    let mut words: Vec<usize> = tokens.iter().map(|token| token.word).collect();
    words.dedup();
    for token in &mut tokens {
        token.word = words.binary_search(&token.word).unwrap();
    }
    tokens
}

/// The original of a folded range: from the longest prefix that folds to no more than what lies before it, to the
/// shortest that folds to all of it.
fn original(source: &str, folded: &str, (start, end): (usize, usize)) -> (usize, usize) {
    let edges = source.char_indices().map(|(at, _)| at).chain([source.len()]);
    let prefixes: Vec<(usize, usize)> = edges
        .map(|at| (at, Text::new(&source[..at]).folded))
        .filter(|(_, prefix)| folded.starts_with(prefix.as_str()))
        .map(|(at, prefix)| (at, prefix.len()))
        .collect();
    let from = prefixes
        .iter()
        .filter(|(_, len)| *len <= start)
        .map(|(at, _)| *at)
        .max();
    let to = prefixes.iter().filter(|(_, len)| *len >= end).map(|(at, _)| *at).min();
    (from.unwrap(), to.unwrap())
}

const TERMS: [&str; 14] = [
    "a",
    "b",
    "c",
    "a b",
    "b c",
    "a b c",
    "a a",
    "fi",
    "caf\u{e9}",
    "a'b",
    "\u{673a}",
    "\u{673a}\u{5bc6} a",
    "\u{1f44d}",
    "a.b c",
];

const PATTERNS: [&str; 8] = [
    "ab+",
    "[a-c]1",
    "(?:ab|b)c?",
    "a[^z]c",
    "fi|\u{e9}",
    "(?i)A B",
    "\u{5bc6}",
    "!+",
];

fn conditions() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        3 => prop::sample::subsequence(&TERMS[..], 1..4).prop_map(Condition::Terms),
        1 => prop::sample::select(&PATTERNS[..]).prop_map(Condition::Pattern),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 1..3).prop_map(Condition::Any),
            1 => prop::collection::vec(inner.clone(), 1..3).prop_map(Condition::All),
            4 => (prop::collection::vec(inner, 2..4), 1..6u32, any::<bool>())
                .prop_map(|(items, within, ordered)| Condition::Near(items, within, ordered)),
        ]
    })
}

fn rules() -> impl Strategy<Value = Rule> {
    let unless = (
        conditions(),
        0..4u32,
        prop::sample::select(vec!["before", "after", "both"]),
    );
    (conditions(), prop::collection::vec(unless, 0..3)).prop_map(|(condition, unless)| Rule { condition, unless })
}

/// Text in which the terms come up often, with much that folding and splitting stumble over.
fn texts() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "b",
        "c",
        "A",
        "B",
        "a b",
        "b c",
        "\u{fb01}",
        "fi",
        "cafe\u{301}",
        "CAF\u{c9}",
        "a'b",
        "A.B",
        "1",
        "\u{673a}",
        "\u{5bc6}",
        "\u{1f44d}\u{1f3fd}",
        "\u{200b}",
        "\u{ad}",
        "\u{ff21}",
        " ",
        " ",
        " ",
        " ",
        "\n",
        "\n\n",
        "\u{3000}",
        ",",
        ".",
        "'",
        "-",
        "!",
        "x",
        "\u{130}",
        "_",
    ];
    let few = [
        "a",
        "b",
        "c",
        "a b",
        " ",
        " ",
        " ",
        "\n\n",
        "\n \u{200b}\n",
        ".",
        "'",
        "\u{673a}",
    ];
    let of = |pieces: &[&'static str]| {
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..24).prop_map(|pieces| pieces.concat())
    };
    prop_oneof![of(&pieces), of(&few)]
}

fn yaml(condition: &Condition) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let list = |items: &[Condition]| items.iter().map(yaml).collect::<Vec<_>>().join(", ");
    match condition {
        Condition::Terms(terms) => format!(
            "[{}]",
            terms.iter().map(|term| quoted(term)).collect::<Vec<_>>().join(", ")
        ),
        Condition::Pattern(source) => format!("{{regex: {}}}", quoted(source)),
        Condition::Any(items) => format!("{{any: [{}]}}", list(items)),
        Condition::All(items) => format!("{{all: [{}]}}", list(items)),
        Condition::Near(items, within, ordered) => {
            let name = if *ordered { "before" } else { "near" };
            format!("{{{name}: {{of: [{}], within: {within}}}}}", list(items))
        }
    }
}

fn rule_yaml(rule: &Rule) -> String {
    let unless = rule.unless.iter().map(|(condition, within, side)| match within {
        0 => format!("{{any: [{}]}}", yaml(condition)),
        _ => format!("{{any: [{}], within: {within}, side: {side}}}", yaml(condition)),
    });
    let unless: Vec<String> = unless.collect();
    format!("{{all: [{}], unless: [{}]}}", yaml(&rule.condition), unless.join(", "))
}

type Shown = (usize, usize, bool);

fn expected(rule: &Rule, source: &str) -> BTreeSet<Shown> {
    let text = Text::new(source);
    let hits = text.hits(rule).into_iter().map(|(start, end, by)| {
        let (from, to) = original(source, &text.folded, (start, end));
        (from, to, by.is_some())
    });
    hits.collect()
}

fn scanned<'p>(scanner: &mut Scanner<'p>, source: &str) -> Vec<RuleHit> {
    let mut hits = Vec::new();
    let part = Part::authored(lexhold_model::Field::Text, source);
    assert!(!scanner.scan(&[part], &mut hits).incomplete);
    hits
}

fn shown(hits: &[RuleHit], rule: u32) -> BTreeSet<Shown> {
    let of_rule = hits.iter().filter(|hit| hit.rule == rule);
    of_rule
        .map(|hit| (hit.span.start(), hit.span.end(), hit.excluded_by.is_some()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_engine_agrees_with_the_oracle(
        rules in prop::collection::vec(rules(), 1..4),
        texts in prop::collection::vec(texts(), 1..6),
    ) {
        let written: Vec<String> = rules.iter().map(rule_yaml).collect();
        let written: Vec<&str> = written.iter().map(String::as_str).collect();
        let program: Program = testing::program(&written);
        let mut warm = Scanner::new(&program);
        for text in &texts {
            let hits = scanned(&mut warm, text);
            // R3: what was scanned before, or by another scanner, changes nothing.
            prop_assert_eq!(&hits, &scanned(&mut Scanner::new(&program), text));
            for (index, rule) in (0..).zip(&rules) {
                prop_assert_eq!(shown(&hits, index), expected(rule, text), "{} in {:?}", written[index as usize], text);
            }
        }
    }
}
