//! What a pattern cannot match without.
//!
//! A walk over the parsed pattern finds sets of strings, of each of which every match contains one: the runs of a
//! concatenation, the union over an alternation, the inside of a repetition that is not optional. Classes with few
//! members are written out. Of each set is told how much of a match can lie on either side, so that a search can keep
//! to the neighbourhood of what was found.
//!
//! Texts without case are folded, and so are the strings, which also joins the two cases of a caseless letter again.
//! Texts with case are looked through without regard to the case of ASCII letters, so the strings are put in lower
//! case there; other cases, such as the Kelvin sign for `k`, stay as strings of their own. Either way the sets only
//! say where a pattern *could* match.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use crate::frequency::{self, BIT};
use crate::unicode::fold;

/// Most strings in one set that is written out from parts.
const STRINGS: usize = 64;

/// Most strings in the union over an alternation.
const UNION_STRINGS: usize = 1_024;

/// Longest string, in bytes; a longer one would not be rarer.
const STRING_BYTES: usize = 48;

/// Most members of a class that is written out.
const CLASS_CHARS: usize = 10;

/// Most sets for one pattern: the first says where to search, the others only whether it is worth while.
const SETS: usize = 4;

/// The least cost of a set that is worth looking for: a place in 32.
const WORTH: u32 = 5 * BIT;

/// Strings of which every match contains one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Required {
    /// The strings, in order, each once.
    pub(crate) strings: Vec<String>,
    /// The most bytes of a match that lie before the string, if there is a most.
    pub(crate) before: Option<usize>,
    /// The most bytes of a match that lie behind it.
    pub(crate) after: Option<usize>,
}

/// The useful sets of a pattern, the rarest first. `cased` says whether it runs on text that has case.
pub(crate) fn required(hir: &Hir, cased: bool) -> Vec<Required> {
    let mut sets = Walk { cased }.walk(hir).into_sets();
    sets.retain(|set| set.cost() >= WORTH);
    for set in &mut sets {
        set.strings.sort_unstable();
        set.strings.dedup();
    }
    sets.sort_by_key(|set| (std::cmp::Reverse(set.cost()), set.strings.len()));
    sets.dedup_by(|one, other| one.strings == other.strings);
    sets.truncate(SETS);
    sets
}

impl Required {
    /// How seldom one of the strings is found.
    pub(crate) fn cost(&self) -> u32 {
        frequency::cost_of_any(self.strings.iter().map(String::as_str))
    }

    fn exactly(strings: Vec<String>) -> Self {
        Required {
            strings,
            before: Some(0),
            after: Some(0),
        }
    }

    /// The same within something longer on either side.
    fn within(self, before: Option<usize>, after: Option<usize>) -> Self {
        Required {
            before: sum(self.before, before),
            after: sum(self.after, after),
            ..self
        }
    }
}

/// What is known of a part of a pattern.
#[derive(Default)]
struct Known {
    /// All strings that it matches, if they are few.
    exact: Option<Vec<String>>,
    /// Sets that every match of it contains.
    sets: Vec<Required>,
}

impl Known {
    fn exactly(strings: Vec<String>) -> Known {
        Known {
            exact: Some(strings),
            sets: Vec::new(),
        }
    }

    fn into_sets(self) -> Vec<Required> {
        let mut sets = self.sets;
        sets.extend(self.exact.map(Required::exactly));
        sets
    }

    fn into_best(self) -> Option<Required> {
        let sets = self.into_sets();
        sets.into_iter()
            .max_by_key(|set| (set.cost(), std::cmp::Reverse(set.strings.len())))
    }
}

struct Walk {
    cased: bool,
}

impl Walk {
    fn walk(&self, hir: &Hir) -> Known {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Known::exactly(vec![String::new()]),
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) => Known::exactly(vec![self.spelt(text.chars())]),
                Err(_) => Known::default(),
            },
            HirKind::Class(class) => self.members(class).map_or_else(Known::default, Known::exactly),
            HirKind::Capture(capture) => self.walk(&capture.sub),
            HirKind::Repetition(repetition) => self.repeat(repetition),
            HirKind::Concat(parts) => self.concat(parts),
            HirKind::Alternation(parts) => self.alternate(parts),
        }
    }

    /// A string as it is looked for.
    fn spelt(&self, chars: impl Iterator<Item = char>) -> String {
        if self.cased {
            chars.map(|c| c.to_ascii_lowercase()).collect()
        } else {
            chars.map(fold).collect()
        }
    }

    fn members(&self, class: &Class) -> Option<Vec<String>> {
        let Class::Unicode(class) = class else { return None };
        let n_chars: usize = class.ranges().iter().map(|range| range.len()).sum();
        if n_chars > CLASS_CHARS {
            return None;
        }
        let chars = class.ranges().iter().flat_map(|range| range.start()..=range.end());
        let mut strings: Vec<String> = chars.map(|c| self.spelt(std::iter::once(c))).collect();
        strings.sort_unstable();
        strings.dedup();
        Some(strings)
    }

    fn repeat(&self, repetition: &Repetition) -> Known {
        if repetition.min == 0 {
            return Known::default();
        }
        let longest = repetition.sub.properties().maximum_len();
        // What may follow the first `n` rounds.
        let behind = |n: u32| times(longest, repetition.max.map(|max| max.saturating_sub(n)));
        let Known { exact, sets } = self.walk(&repetition.sub);
        let sets: Vec<Required> = sets.into_iter().map(|set| set.within(Some(0), behind(1))).collect();
        let Some(once) = exact else {
            return Known { exact: None, sets };
        };
        let mut strings = once.clone();
        let mut rounds = 1;
        while rounds < repetition.min
            && let Some(longer) = product(&strings, &once)
        {
            strings = longer;
            rounds += 1;
        }
        if rounds == repetition.min && repetition.max == Some(rounds) {
            return Known {
                exact: Some(strings),
                sets,
            };
        }
        let set = Required::exactly(strings).within(Some(0), behind(rounds));
        Known {
            exact: None,
            sets: [sets, vec![set]].concat(),
        }
    }

    fn concat(&self, parts: &[Hir]) -> Known {
        let longest: Vec<Option<usize>> = parts.iter().map(|part| part.properties().maximum_len()).collect();
        let total = |parts: &[Option<usize>]| parts.iter().copied().fold(Some(0), sum);
        let mut sets = Vec::new();
        let mut run = vec![String::new()];
        let mut from = 0;
        for (at, part) in parts.iter().enumerate() {
            let Known { exact, sets: inner } = self.walk(part);
            let around = |set: Required| set.within(total(&longest[..at]), total(&longest[at + 1..]));
            sets.extend(inner.into_iter().map(around));
            if let Some(longer) = exact.as_ref().and_then(|strings| product(&run, strings)) {
                run = longer;
                continue;
            }
            let before = std::mem::replace(&mut run, vec![String::new()]);
            sets.push(Required::exactly(before).within(total(&longest[..from]), total(&longest[at..])));
            from = at + 1;
            if let Some(strings) = exact {
                run = strings;
                from = at;
            }
        }
        if from == 0 {
            return Known { exact: Some(run), sets };
        }
        sets.push(Required::exactly(run).within(total(&longest[..from]), Some(0)));
        Known { exact: None, sets }
    }

    fn alternate(&self, parts: &[Hir]) -> Known {
        let all: Vec<Known> = parts.iter().map(|part| self.walk(part)).collect();
        if all.iter().all(|known| known.exact.is_some()) {
            let strings: Vec<String> = all.iter().filter_map(|known| known.exact.clone()).flatten().collect();
            if strings.len() <= STRINGS {
                return Known::exactly(strings);
            }
        }
        let best: Option<Vec<Required>> = all.into_iter().map(Known::into_best).collect();
        let union = best.and_then(|sets| sets.into_iter().reduce(joined));
        let sets = union
            .into_iter()
            .filter(|set| set.strings.len() <= UNION_STRINGS)
            .collect();
        Known { exact: None, sets }
    }
}

/// One of either set.
fn joined(mut one: Required, other: Required) -> Required {
    one.strings.extend(other.strings);
    let longer = |one: Option<usize>, other: Option<usize>| Some(one?.max(other?));
    Required {
        before: longer(one.before, other.before),
        after: longer(one.after, other.after),
        ..one
    }
}

fn sum(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    one?.checked_add(other?)
}

fn times(longest: Option<usize>, rounds: Option<u32>) -> Option<usize> {
    match (longest, rounds) {
        (_, Some(0)) | (Some(0), _) => Some(0),
        (longest, rounds) => longest?.checked_mul(rounds? as usize),
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_syntax::ParserBuilder;

    use super::*;

    fn of(pattern: &str, cased: bool) -> Vec<Required> {
        let hir = ParserBuilder::new()
            .case_insensitive(!cased)
            .build()
            .parse(pattern)
            .unwrap();
        required(&hir, cased)
    }

    #[test]
    fn inner_literals_are_found() {
        let strings = |pattern: &str| of(pattern, false).first().map(|set| set.strings.join("/"));
        assert_eq!(strings(r"\w+ skype \w+").as_deref(), Some(" skype "));
        assert_eq!(
            strings(r"\b(call|ring) me on \+?[0-9]{7}").as_deref(),
            Some("call me on /ring me on ")
        );
        assert_eq!(strings(r"[a-z0-9.]+@[a-z0-9]+\.[a-z]{2,}").as_deref(), Some("@"));
        assert_eq!(strings(r"(?:whats\s?app)+").as_deref(), Some("whats"));
        assert_eq!(strings(r"gr[ae]y").as_deref(), Some("gray/grey"));
        assert_eq!(strings(r"(?:ab){2,}c?").as_deref(), Some("abab"));
    }

    #[test]
    fn several_sets_are_found_with_their_neighbourhood() {
        let sets = of(r"slack.{0,20}(?:token|key)=\w+", false);
        let shown: Vec<_> = sets
            .iter()
            .map(|set| (set.strings.join("/"), set.before, set.after))
            .collect();
        assert_eq!(
            shown,
            [("key=/token=".into(), Some(88), None), ("slack".into(), Some(0), None)]
        );
    }

    #[test]
    fn cased_patterns_have_strings_in_lower_case() {
        assert_eq!(of("AKIA[A-Z0-9]{16}", true)[0].strings, ["akia"]);
        assert_eq!(
            of("(?i)skpr", true)[0].strings,
            ["skpr", "s\u{212a}pr", "\u{17f}kpr", "\u{17f}\u{212a}pr"]
        );
    }

    #[test]
    fn patterns_without_literals_have_none() {
        for pattern in [r"\d{16}", r"\w+ \w+", "(?:skype)?x*.", "a|skype|[0-9]{3}", "."] {
            assert_eq!(of(pattern, false), [], "{pattern}");
        }
    }

    #[test]
    fn long_alternations_are_one_set() {
        let words: Vec<String> = (0..500).map(|n| format!("{}word{n}", ["b", "m"][n % 2])).collect();
        assert_eq!(
            of(&format!(r"\b(?:{})\b \d", words.join("|")), false)[0].strings.len(),
            500
        );
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

    /// Whether a match has one of the strings where the set says.
    fn is_kept(set: &Required, found: &str, spelt: impl Fn(&str) -> String) -> bool {
        let edges = |from: usize| (from..=found.len()).filter(|at| found.is_char_boundary(*at));
        edges(0).any(|from| {
            edges(from).any(|to| {
                let in_reach = set.before.is_none_or(|before| from <= before)
                    && set.after.is_none_or(|after| found.len() - to <= after);
                in_reach && set.strings.contains(&spelt(&found[from..to]))
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn every_match_contains_what_is_required(pattern in patterns(), text in "[akxyz@qs\u{df} 1]{0,12}") {
            let regex = regex::RegexBuilder::new(&pattern).case_insensitive(true).build().unwrap();
            for set in of(&pattern, false) {
                for found in regex.find_iter(&text) {
                    let fold = |text: &str| text.chars().map(crate::unicode::fold).collect();
                    prop_assert!(is_kept(&set, found.as_str(), fold), "{:?} in {:?}", set, found.as_str());
                }
            }
        }

        #[test]
        fn every_match_of_either_case_contains_what_is_required(
            pattern in patterns(),
            caseless in any::<bool>(),
            text in "[aAkK\u{212a}xyZ@qs\u{17f} 1]{0,12}",
        ) {
            let pattern = if caseless { format!("(?i){pattern}") } else { pattern };
            let regex = regex::Regex::new(&pattern).unwrap();
            for set in of(&pattern, true) {
                for found in regex.find_iter(&text) {
                    prop_assert!(is_kept(&set, found.as_str(), str::to_ascii_lowercase), "{:?}", set);
                }
            }
        }
    }
}
