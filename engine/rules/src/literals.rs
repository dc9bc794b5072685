//! What a pattern cannot match without.
//!
//! A walk over the parsed pattern finds a set of strings one of which every match contains: the best child of a
//! concatenation, the union over an alternation, the inside of a repetition that is not optional. Classes with few
//! members are written out. Texts are searched in the folded view, so the strings are folded, which also joins the
//! two cases of a caseless letter again.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use crate::unicode::fold;

/// Most strings in one set.
const STRINGS: usize = 64;

/// Longest string, in bytes; a longer one would not be rarer.
const STRING_BYTES: usize = 48;

/// Most members of a class that is written out.
const CLASS_CHARS: usize = 10;

/// The least [`rarity`] that makes looking for a set worth while.
const WORTH: u32 = 4;

/// Folded strings one of which every match in a folded text contains; `None` if there are no useful ones.
pub(crate) fn required(hir: &Hir) -> Option<Vec<String>> {
    walk(hir).best().filter(|strings| rarity(strings) >= WORTH)
}

/// What is known of a part of a pattern.
struct Known {
    /// All strings that it matches, if they are few.
    exact: Option<Vec<String>>,
    /// Strings one of which every match contains.
    within: Option<Vec<String>>,
}

impl Known {
    const NOTHING: Known = Known {
        exact: None,
        within: None,
    };

    fn exactly(strings: Vec<String>) -> Known {
        Known {
            exact: Some(strings),
            within: None,
        }
    }

    fn best(self) -> Option<Vec<String>> {
        rarer(self.exact, self.within)
    }
}

fn walk(hir: &Hir) -> Known {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::exactly(vec![String::new()]),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => Known::exactly(vec![text.chars().map(fold).collect()]),
            Err(_) => Known::NOTHING,
        },
        HirKind::Class(class) => members(class).map_or(Known::NOTHING, Known::exactly),
        HirKind::Capture(capture) => walk(&capture.sub),
        HirKind::Repetition(repetition) => repeat(repetition),
        HirKind::Concat(parts) => concat(parts),
        HirKind::Alternation(parts) => alternate(parts),
    }
}

fn members(class: &Class) -> Option<Vec<String>> {
    let Class::Unicode(class) = class else { return None };
    let n_chars: usize = class.ranges().iter().map(|range| range.len()).sum();
    if n_chars > CLASS_CHARS {
        return None;
    }
    let chars = class.ranges().iter().flat_map(|range| range.start()..=range.end());
    let mut strings: Vec<String> = chars.map(|c| fold(c).to_string()).collect();
    strings.sort_unstable();
    strings.dedup();
    Some(strings)
}

fn repeat(repetition: &Repetition) -> Known {
    if repetition.min == 0 {
        return Known::NOTHING;
    }
    let Known { exact, within } = walk(&repetition.sub);
    let Some(once) = exact else {
        return Known { exact: None, within };
    };
    let mut strings = once.clone();
    for _ in 1..repetition.min {
        match product(&strings, &once) {
            Some(longer) => strings = longer,
            None => {
                return Known {
                    exact: None,
                    within: Some(strings),
                };
            }
        }
    }
    if repetition.max == Some(repetition.min) {
        Known::exactly(strings)
    } else {
        Known {
            exact: None,
            within: Some(strings),
        }
    }
}

fn concat(parts: &[Hir]) -> Known {
    let mut best = None;
    let mut run = vec![String::new()];
    let mut whole = true;
    for part in parts {
        let Known { exact, within } = walk(part);
        best = rarer(best, within);
        let longer = exact.as_ref().and_then(|strings| product(&run, strings));
        whole &= longer.is_some();
        match (longer, exact) {
            (Some(longer), _) => run = longer,
            (None, exact) => {
                best = rarer(best, Some(run));
                run = exact.unwrap_or_else(|| vec![String::new()]);
            }
        }
    }
    if whole {
        Known {
            exact: Some(run),
            within: best,
        }
    } else {
        Known {
            exact: None,
            within: rarer(best, Some(run)),
        }
    }
}

fn alternate(parts: &[Hir]) -> Known {
    let all: Vec<Known> = parts.iter().map(walk).collect();
    if all.iter().all(|known| known.exact.is_some()) {
        let strings: Vec<String> = all.iter().filter_map(|known| known.exact.clone()).flatten().collect();
        if strings.len() <= STRINGS {
            return Known::exactly(strings);
        }
    }
    let union: Option<Vec<Vec<String>>> = all.into_iter().map(Known::best).collect();
    let within = union
        .map(|sets| sets.concat())
        .filter(|strings| strings.len() <= STRINGS);
    Known { exact: None, within }
}

/// Each string of one set with each of the other behind it, if that stays small.
fn product(heads: &[String], tails: &[String]) -> Option<Vec<String>> {
    let longest = |strings: &[String]| strings.iter().map(String::len).max().unwrap_or(0);
    if heads.len() * tails.len() > STRINGS || longest(heads) + longest(tails) > STRING_BYTES {
        return None;
    }
    Some(
        heads
            .iter()
            .flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}")))
            .collect(),
    )
}

/// The set that will be found in fewer texts.
fn rarer(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let key = |strings: &[String]| (rarity(strings), usize::MAX - strings.len());
            Some(if key(&other) > key(&one) { other } else { one })
        }
        (one, other) => one.or(other),
    }
}

/// How seldom the commonest string of a set is, roughly: the sum of weights of its characters.
fn rarity(strings: &[String]) -> u32 {
    let weight = |c: char| match c {
        ' ' | '.' | ',' => 1,
        'a' | 'e' | 'i' | 'o' | 'n' | 'r' | 's' | 't' => 2,
        'a'..='z' | '0'..='9' => 3,
        _ => 4,
    };
    strings
        .iter()
        .map(|string| string.chars().map(weight).sum())
        .min()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_syntax::ParserBuilder;

    use super::*;

    fn of(pattern: &str) -> Option<Vec<String>> {
        required(
            &ParserBuilder::new()
                .case_insensitive(true)
                .build()
                .parse(pattern)
                .unwrap(),
        )
    }

    #[test]
    fn inner_literals_are_found() {
        let strings = |pattern: &str| of(pattern).map(|strings| strings.join(" "));
        assert_eq!(strings(r"\w+ skype \w+").as_deref(), Some(" skype "));
        assert_eq!(
            strings(r"\b(call|ring) me on \+?[0-9]{7}").as_deref(),
            Some("call me on  ring me on ")
        );
        assert_eq!(strings(r"[a-z0-9.]+@[a-z0-9]+\.[a-z]{2,}").as_deref(), Some("@"));
        assert_eq!(strings(r"(?:whats\s?app)+").as_deref(), Some("whats"));
        assert_eq!(strings(r"gr[ae]y").as_deref(), Some("gray grey"));
        assert_eq!(strings(r"(?:ab){2,}c?").as_deref(), Some("abab"));
    }

    #[test]
    fn patterns_without_literals_have_none() {
        for pattern in [r"\d{16}", r"\w+ \w+", "(?:skype)?x", "a|skype|[0-9]{3}", "."] {
            assert_eq!(of(pattern), None, "{pattern}");
        }
    }

    /// Patterns over a small alphabet.
    fn patterns() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            prop::sample::select(vec![
                "a", "k", "xyz", "@q", "[xyz]", "[a-z]", ".", r"\d", r"\b", "s\u{df}"
            ])
            .prop_map(String::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
                (inner, prop::sample::select(vec!["?", "*", "+", "{2}", "{2,}", "{1,3}"]))
                    .prop_map(|(part, times)| format!("(?:{part}){times}")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn every_match_contains_a_required_literal(pattern in patterns(), text in "[akxyz@qs\u{df} 1]{0,12}") {
            let found = regex::RegexBuilder::new(&pattern).case_insensitive(true).build().unwrap();
            if let Some(strings) = of(&pattern) {
                for found in found.find_iter(&text) {
                    prop_assert!(strings.iter().any(|string| found.as_str().contains(string)), "{:?}", strings);
                }
            }
        }
    }
}
