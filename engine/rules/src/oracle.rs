//! A slow and obvious engine, and random rules over random hostile text to hold the real one against.
//!
//! Terms are looked for at every token, patterns by the `regex` crate, proximity by trying every choice of spots,
//! conditions on messages by asking every part, and spans are led back by folding every prefix of the original.

use std::collections::BTreeSet;

use lexhold_model::{ByteSpan, Field, Severity};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use random::{rule_yaml, rules, texts};

use crate::unicode::{fold, is_dropped, is_emoji, is_word};
use crate::{Confidence, Part, Program, RuleHit, RuleOutcome, Scanner, testing};

mod random;

#[derive(Clone, Debug)]
enum Condition {
    Terms(Vec<&'static str>),
    Pattern(&'static str),
    Any(Vec<Condition>),
    All(Vec<Condition>),
    Near(Vec<Condition>, u32, bool),
    NotNear(Box<(Condition, Condition)>, u32, &'static str),
    SameSentence(Vec<Condition>),
    SameParagraph(Vec<Condition>),
    SameMessage(Vec<Condition>),
}

#[derive(Clone, Debug)]
struct Rule {
    condition: Condition,
    unless: Vec<Unless>,
    support: Vec<Support>,
    /// The evidence that each tier demands, lowest first: all of the first, so many of the second.
    tiers: [Option<Tier>; 3],
    total: usize,
    distinct: usize,
    raise: Option<Raise>,
}

#[derive(Clone, Debug)]
struct Unless {
    condition: Condition,
    within: u32,
    side: &'static str,
    whole_message: bool,
}

#[derive(Clone, Debug)]
struct Support {
    condition: Condition,
    unit: &'static str,
    within: u32,
    side: &'static str,
    itself: bool,
}

/// All of the first sorts of evidence, and one of the others.
#[derive(Clone, Debug)]
struct Tier {
    n_all: usize,
    one_more: bool,
}

#[derive(Clone, Debug)]
enum Raise {
    Total(usize),
    Distinct(usize),
    High,
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
    source: String,
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
        Text {
            source: source.to_owned(),
            folded,
            tokens,
        }
    }

    /// The paragraph of each token.
    fn paragraphs(&self) -> Vec<usize> {
        let mut paragraph = 0;
        let count = |token: &Token| {
            paragraph += usize::from(token.after_break);
            paragraph
        };
        self.tokens.iter().map(count).collect()
    }

    /// The sentence of each token: those of UAX #29, with line breaks as spaces, cut at paragraphs.
    fn sentences(&self) -> Vec<usize> {
        let flat = self.source.replace(['\n', '\r'], " ");
        let starts: Vec<usize> = flat.split_sentence_bound_indices().map(|(at, _)| at).collect();
        let number = |(token, paragraph): (&Token, usize)| {
            let (start, _) = original(&self.source, &self.folded, (token.start, token.end));
            paragraph * 1_000 + starts.iter().filter(|at| **at <= start).count()
        };
        self.tokens.iter().zip(self.paragraphs()).map(number).collect()
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
            Condition::Near(items, within, ordered) => {
                let each: Vec<_> = items.iter().map(|item| self.spots(item)).collect();
                self.near(&each, *within as usize, *ordered)
            }
            Condition::NotNear(operands, within, side) => {
                let without = self.spots(&operands.1);
                let stands = |spot: &Spot| !without.iter().any(|other| self.is_beside(*spot, *other, *within, side));
                self.spots(&operands.0).into_iter().filter(stands).collect()
            }
            Condition::SameSentence(items) => self.same(items, &self.sentences()),
            Condition::SameParagraph(items) => self.same(items, &self.paragraphs()),
            Condition::SameMessage(_) => panic!("it looks at more than one part"),
        }
    }

    /// Proximity at any distance, stretch by stretch.
    fn same(&self, items: &[Condition], stretch: &[usize]) -> BTreeSet<Spot> {
        let all: BTreeSet<usize> = stretch.iter().copied().collect();
        let within = |wanted: usize| {
            let inside = |spot: &Spot| {
                spot.2
                    .is_some_and(|(first, last)| stretch[first] == wanted && stretch[last] == wanted)
            };
            let each: Vec<_> = items
                .iter()
                .map(|item| self.spots(item).into_iter().filter(inside).collect())
                .collect();
            self.near(&each, usize::MAX, false)
        };
        all.into_iter().flat_map(within).collect()
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

    fn near(&self, each: &[BTreeSet<Spot>], within: usize, ordered: bool) -> BTreeSet<Spot> {
        let mut choices: Vec<Vec<Spot>> = vec![Vec::new()];
        for spots in each {
            let spots: Vec<Spot> = spots.iter().copied().filter(|spot| spot.2.is_some()).collect();
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

    /// Hits of a rule among these spots, with the exclusion that took each away, and how many more nest in those that
    /// stand.
    fn hits(&self, spots: &BTreeSet<Spot>, rule: &Rule) -> (Vec<(Spot, Option<usize>)>, usize) {
        let away: Vec<BTreeSet<Spot>> = rule
            .unless
            .iter()
            .map(|unless| {
                if unless.whole_message {
                    BTreeSet::new()
                } else {
                    self.spots(&unless.condition)
                }
            })
            .collect();
        let by = |hit: Spot| {
            (0..away.len()).find(|n| {
                let unless = &rule.unless[*n];
                let takes = |other: &Spot| {
                    other.0 <= hit.0 && hit.1 <= other.1 || self.is_beside(hit, *other, unless.within, unless.side)
                };
                away[*n].iter().any(takes)
            })
        };
        let all: Vec<(Spot, Option<usize>)> = spots.iter().map(|hit| (*hit, by(*hit))).collect();
        let is_nested = |one: &(Spot, Option<usize>)| {
            let covers =
                |other: &Spot| (other.0, other.1) != (one.0.0, one.0.1) && other.0 <= one.0.0 && one.0.1 <= other.1;
            all.iter().any(|(other, by)| *by == one.1 && covers(other))
        };
        let n_nested = all.iter().filter(|hit| hit.1.is_none() && is_nested(hit)).count();
        (all.iter().filter(|hit| !is_nested(hit)).copied().collect(), n_nested)
    }

    fn is_beside(&self, hit: Spot, other: Spot, within: u32, side: &str) -> bool {
        let before = self.words_between(other, hit).filter(|_| side != "after");
        let after = self.words_between(hit, other).filter(|_| side != "before");
        before.or(after).is_some_and(|distance| distance <= within as usize)
    }

    /// The distance from the end of one spot to the start of another behind it.
    fn words_between(&self, one: Spot, other: Spot) -> Option<usize> {
        let ((_, last), (first, _)) = (one.2?, other.2?);
        (last < first).then(|| (self.tokens[first].word - self.tokens[last].word).max(1))
    }

    /// The distance in characters.
    fn characters_between(&self, one: Spot, other: Spot) -> Option<usize> {
        (one.1 <= other.0).then(|| self.folded[one.1..other.0].chars().count() + 1)
    }

    /// The evidence of one sort for a hit.
    fn evidence(&self, support: &Support, hit: Spot) -> Option<Spot> {
        let spots = self.spots(&support.condition);
        let before_the_end = spots.iter().filter(|spot| spot.0 < hit.1);
        let farthest = before_the_end.max_by_key(|spot| (spot.1, std::cmp::Reverse(spot.0)));
        if let Some(touching) = farthest.filter(|spot| support.itself && spot.1 > hit.0) {
            return Some(*touching);
        }
        let between = |one, other| match support.unit {
            "within" => self.words_between(one, other),
            _ => self.characters_between(one, other),
        };
        let end = |spot: &Spot| match support.unit {
            "within" => (spot.2.map(|(_, last)| last), spot.0, spot.1),
            _ => (None, spot.1, spot.0),
        };
        let start = |spot: &Spot| match support.unit {
            "within" => (spot.2.map(|(first, _)| first), spot.1, spot.0),
            _ => (None, spot.0, spot.1),
        };
        let before = spots
            .iter()
            .filter(|spot| between(**spot, hit).is_some())
            .max_by_key(|spot| end(spot));
        let after = spots
            .iter()
            .filter(|spot| between(hit, **spot).is_some())
            .min_by_key(|spot| start(spot));
        let before = before
            .filter(|_| support.side != "after")
            .map(|spot| (between(*spot, hit), *spot));
        let after = after
            .filter(|_| support.side != "before")
            .map(|spot| (between(hit, *spot), *spot));
        let near = |found: &(Option<usize>, Spot)| found.0.is_some_and(|distance| distance <= support.within as usize);
        before
            .into_iter()
            .chain(after)
            .filter(near)
            .min_by_key(|found| found.0)
            .map(|found| found.1)
    }
}

impl Condition {
    fn spans_message(&self) -> bool {
        match self {
            Condition::SameMessage(_) => true,
            Condition::Any(items) | Condition::All(items) => items.iter().any(Condition::spans_message),
            _ => false,
        }
    }

    /// The spots in one part of a message, if the condition holds there.
    fn held(&self, parts: &[Text], part: usize) -> Option<BTreeSet<Spot>> {
        if !self.spans_message() {
            return Some(parts[part].spots(self)).filter(|spots| !spots.is_empty());
        }
        let (Condition::Any(items) | Condition::All(items) | Condition::SameMessage(items)) = self else {
            panic!("nothing else spans messages")
        };
        let here: Vec<Option<BTreeSet<Spot>>> = items.iter().map(|item| item.held(parts, part)).collect();
        let holds = match self {
            Condition::Any(_) => here.iter().any(Option::is_some),
            Condition::All(_) => here.iter().all(Option::is_some),
            _ => items
                .iter()
                .all(|item| (0..parts.len()).any(|part| item.held(parts, part).is_some())),
        };
        holds.then(|| here.into_iter().flatten().flatten().collect())
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

/// A hit: its part and bytes there, whether it was excluded, its tier, and its evidence.
type Shown = (
    usize,
    (usize, usize),
    bool,
    Option<Confidence>,
    Vec<(String, usize, usize)>,
);

/// The hits of a rule in a message; how many there are that stand, nest and are excluded; and the severity.
type Result = (BTreeSet<Shown>, [usize; 3], Severity);

fn expected(rule: &Rule, sources: &[String]) -> Result {
    let parts: Vec<Text> = sources.iter().map(|source| Text::new(source)).collect();
    let mut all: Vec<(usize, Spot, Option<usize>)> = Vec::new();
    let mut n_nested = 0;
    for (at, part) in parts.iter().enumerate() {
        let spots = rule.condition.held(&parts, at).unwrap_or_default();
        let (hits, nested) = part.hits(&spots, rule);
        n_nested += nested;
        all.extend(hits.into_iter().map(|(spot, by)| (at, spot, by)));
    }
    let excluded =
        |unless: &Unless| unless.whole_message && parts.iter().any(|part| !part.spots(&unless.condition).is_empty());
    if let Some(by) = rule.unless.iter().position(excluded) {
        n_nested = 0;
        all.iter_mut().for_each(|hit| hit.2 = hit.2.or(Some(by)));
    }
    let mut distinct = BTreeSet::new();
    let mut n_hits = 0;
    for (at, spot, _) in all.iter().filter(|hit| hit.2.is_none()) {
        let text = &parts[*at].folded[spot.0..spot.1];
        let letters: String = text.chars().filter(|c| is_word(*c)).collect();
        distinct.insert(if letters.is_empty() { text.to_owned() } else { letters });
        n_hits += 1;
    }
    if n_hits < rule.total || distinct.len() < rule.distinct {
        (n_hits, n_nested) = (0, 0);
        all.retain(|hit| hit.2.is_some());
    }
    let shown: BTreeSet<Shown> = all.iter().map(|hit| show(rule, &parts, *hit)).collect();
    let sure = shown.iter().any(|hit| !hit.2 && hit.3 == Some(Confidence::High));
    let raised = n_hits > 0
        && match rule.raise {
            None => false,
            Some(Raise::Total(n)) => n_hits >= n,
            Some(Raise::Distinct(n)) => distinct.len() >= n,
            Some(Raise::High) => sure,
        };
    let severity = if raised { Severity::High } else { Severity::Low };
    (shown, [n_hits, n_nested, all.len() - n_hits], severity)
}

fn show(rule: &Rule, parts: &[Text], (at, spot, by): (usize, Spot, Option<usize>)) -> Shown {
    let part = &parts[at];
    let led_back = |spot: Spot| original(&part.source, &part.folded, (spot.0, spot.1));
    let evidence: Vec<Option<Spot>> = rule
        .support
        .iter()
        .map(|support| part.evidence(support, spot))
        .collect();
    let holds = |tier: &Tier| {
        evidence[..tier.n_all].iter().all(Option::is_some)
            && (!tier.one_more || evidence[tier.n_all..].iter().any(Option::is_some))
    };
    let tiers = Confidence::ALL.into_iter().zip(&rule.tiers);
    let confidence = tiers
        .filter(|(_, tier)| tier.as_ref().is_some_and(holds))
        .map(|(name, _)| name)
        .max();
    let named = evidence.iter().enumerate().filter_map(|(at, spot)| {
        let (from, to) = led_back((*spot)?);
        Some((format!("s{at}"), from, to))
    });
    (at, led_back(spot), by.is_some(), confidence, named.collect())
}

const BASE: usize = 7;

fn scanned(scanner: &mut Scanner<'_>, sources: &[String]) -> (Vec<RuleHit>, Vec<RuleOutcome>) {
    let parts = (0..).zip(sources).map(|(at, source)| Part {
        base: BASE,
        ..Part::authored(Field::AttachmentName(at), source)
    });
    let parts: Vec<Part<'_>> = parts.collect();
    let mut hits = Vec::new();
    let outcome = scanner.scan(&parts, &mut hits);
    assert!(!outcome.incomplete);
    (hits, outcome.rules)
}

fn shown((hits, outcomes): &(Vec<RuleHit>, Vec<RuleOutcome>), rule: u32) -> Result {
    let bytes = |span: ByteSpan| (span.start() - BASE, span.end() - BASE);
    let show = |hit: &RuleHit| {
        let Field::AttachmentName(part) = hit.field else {
            panic!("no such part")
        };
        let named = hit.support.iter().map(|support| {
            let (from, to) = bytes(support.span);
            (support.name.to_string(), from, to)
        });
        let excluded = hit.excluded_by.is_some();
        (
            usize::from(part),
            bytes(hit.span),
            excluded,
            hit.confidence,
            named.collect(),
        )
    };
    let of_rule = hits.iter().filter(|hit| hit.rule == rule);
    let outcome = outcomes.iter().find(|outcome| outcome.rule == rule);
    let counts = outcome.map_or([0; 3], |outcome| {
        [outcome.n_hits, outcome.n_nested, outcome.n_excluded].map(|n| usize::try_from(n).unwrap())
    });
    let severity = outcome.map_or(Severity::Low, |outcome| outcome.severity);
    (of_rule.map(show).collect(), counts, severity)
}

fn compiled(rules: &[String]) -> Program {
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let (program, diagnostics) = testing::compiled(&[&testing::ruleset(&rules)]);
    // Exclusions of whole messages are told, and nothing else is.
    assert!(
        diagnostics.iter().all(|told| told.starts_with("LX0437")),
        "{diagnostics:?} {rules:?}"
    );
    program
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_engine_agrees_with_the_oracle(
        rules in prop::collection::vec(rules(), 1..4),
        messages in prop::collection::vec(prop::collection::vec(texts(), 1..4), 1..4),
    ) {
        let written: Vec<String> = rules.iter().map(rule_yaml).collect();
        let program = compiled(&written);
        let mut warm = Scanner::new(&program);
        for message in &messages {
            let found = scanned(&mut warm, message);
            // R3: what was scanned before, or by another scanner, changes nothing.
            prop_assert_eq!(&found, &scanned(&mut Scanner::new(&program), message));
            for (index, rule) in (0..).zip(&rules) {
                prop_assert_eq!(shown(&found, index), expected(rule, message), "{} in {:?}", written[index as usize], message);
            }
        }
    }

    #[test]
    fn r3_the_order_of_rules_changes_nothing(
        rules in prop::collection::vec(rules(), 2..6),
        messages in prop::collection::vec(prop::collection::vec(texts(), 1..4), 1..4),
        seed: u64,
    ) {
        let written: Vec<String> = rules.iter().map(rule_yaml).collect();
        let mut order: Vec<usize> = (0..rules.len()).collect();
        order.sort_by_key(|at| (seed ^ *at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let shuffled: Vec<String> = order.iter().map(|at| written[*at].clone()).collect();
        let (one, other) = (compiled(&written), compiled(&shuffled));
        let (mut one, mut other) = (Scanner::new(&one), Scanner::new(&other));
        for message in &messages {
            let (one, other) = (scanned(&mut one, message), scanned(&mut other, message));
            for (to, from) in (0..).zip(&order) {
                prop_assert_eq!(shown(&one, u32::try_from(*from).unwrap()), shown(&other, to));
            }
        }
    }
}

#[test]
fn r3_threads_and_batches_change_nothing() {
    let rules = [
        "{near: {of: [a, b], within: 3}}, threshold: {total: 2}".to_owned(),
        "{same_message: [a, {same_sentence: [b, c]}]}, support: [{name: s, match: c, characters: 9}], confidence: {high: {all: s}}".to_owned(),
        "{regex: '[a-c] [a-c]'}, raise: {to: high, when: {distinct: 2}}".to_owned(),
    ];
    let program = compiled(&rules);
    let piece = |n: usize| ["a b. ", "b c ", "c\n\n", "x ", "A, b "][n % 5];
    let message = |n: usize| -> Vec<String> {
        (0..n % 4 + 1)
            .map(|part| (0..n % 7).map(|at| piece(n * 31 + part * 17 + at * at)).collect())
            .collect()
    };
    let messages: Vec<Vec<String>> = (0..400).map(message).collect();
    let alone: Vec<_> = messages
        .iter()
        .map(|message| scanned(&mut Scanner::new(&program), message))
        .collect();
    assert!(alone.iter().filter(|found| !found.0.is_empty()).count() > 50);
    for (n_threads, batch) in [(1, 400), (2, 7), (8, 1), (3, 50)] {
        let batches: Vec<&[Vec<String>]> = messages.chunks(batch).collect();
        let of_thread = |thread: usize| {
            let mut scanner = Scanner::new(&program);
            let mine = batches
                .iter()
                .enumerate()
                .filter(move |(at, _)| at % n_threads == thread);
            mine.map(|(at, batch)| {
                (
                    at,
                    batch
                        .iter()
                        .map(|message| scanned(&mut scanner, message))
                        .collect::<Vec<_>>(),
                )
            })
            .collect::<Vec<_>>()
        };
        let mut found: Vec<(usize, Vec<_>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..n_threads)
                .map(|thread| scope.spawn(move || of_thread(thread)))
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        found.sort_by_key(|(at, _)| *at);
        let found: Vec<_> = found.into_iter().flat_map(|(_, found)| found).collect();
        assert!(found == alone, "{n_threads} threads, batches of {batch}");
    }
}
