//! All patterns of a lane: which of them could match in a text, and where they do.

use std::ops::Range;

use crate::caches::Caches;
use crate::gate::{Gate, GateScratch};
use crate::pattern::Pattern;
use crate::search::Search;
use crate::tokens::Token;

/// The patterns of a lane, each once, behind their gate. Immutable and shared by all threads.
#[derive(Debug)]
pub(crate) struct Patterns {
    patterns: Vec<Pattern>,
    /// The leaf of each pattern.
    leaves: Vec<u32>,
    gate: Gate,
}

/// What the search for patterns needs beside the text: caches that grow warm, so keep one a lane and thread.
#[derive(Debug, Default)]
pub(crate) struct PatternScratch {
    gate: GateScratch,
    windows: Vec<Range<usize>>,
    caches: Caches,
}

/// How the search in one text went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Whether a limit was reached before all matches were found. "No hit" then means nothing.
    pub(crate) incomplete: bool,
    /// How many stretches looked like a hit of a leaf and were rejected by a validator, for leaves with any.
    pub(crate) rejected: Vec<(u32, u64)>,
}

impl Patterns {
    /// The patterns with the leaf of each, on a view that has case or not.
    pub(crate) fn new(patterns: Vec<(Pattern, u32)>, cased: bool) -> Self {
        let (patterns, leaves): (Vec<Pattern>, Vec<u32>) = patterns.into_iter().unzip();
        let gate = Gate::new(&patterns, cased);
        Patterns { patterns, leaves, gate }
    }

    /// The bytes that the automaton of their literals takes, and what has been built of them.
    pub(crate) fn memory_bytes(&self) -> usize {
        let of_pattern = |pattern: &Pattern| {
            let longest = pattern
                .demands
                .as_ref()
                .map_or(0, |demands| demands.longest.memory_bytes());
            pattern.regex.memory_bytes() + longest
        };
        self.gate.memory_bytes() + self.patterns.iter().map(of_pattern).sum::<usize>()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The leaves of the patterns that have to be run on every text, for they need neither a literal nor digits.
    pub(crate) fn always_run(&self) -> impl Iterator<Item = u32> {
        self.gate.always().iter().map(|pattern| self.leaves[*pattern as usize])
    }

    /// Calls `found` with the leaf and the bytes of every hit in a text, those of one pattern leftmost and not
    /// overlapping. `tokens` gives the tokens of the text; it is asked only if the edges of a hit need them.
    pub(crate) fn find<'t>(
        &self,
        scratch: &mut PatternScratch,
        text: &str,
        tokens: impl Fn() -> &'t [Token],
        mut found: impl FnMut(u32, usize, usize),
    ) -> Outcome {
        let mut outcome = Outcome::default();
        if self.is_empty() {
            return outcome;
        }
        self.gate.pass(&mut scratch.gate, text);
        for at in 0..scratch.gate.candidates.len() {
            let index = scratch.gate.candidates[at];
            self.gate
                .windows(index, &scratch.gate, text.len(), &mut scratch.windows);
            if scratch.windows.is_empty() {
                continue;
            }
            let (pattern, leaf) = (&self.patterns[index as usize], self.leaves[index as usize]);
            let mut caches = scratch.caches.take(index as usize);
            let mut search = Search::new(pattern, &mut caches, text, &tokens);
            outcome.incomplete |= !search.run(&scratch.windows, |start, end| found(leaf, start, end));
            if search.n_rejected > 0 {
                outcome.rejected.push((leaf, search.n_rejected));
            }
            scratch.caches.put(index as usize, caches);
        }
        outcome
    }
}

impl PatternScratch {
    /// Empty caches for some patterns.
    pub(crate) fn new(patterns: &Patterns) -> Self {
        PatternScratch {
            caches: Caches::new(patterns.patterns.len()),
            ..PatternScratch::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_automata::meta::Regex as Matches;
    use regex_automata::util::syntax;
    use regex_automata::{Anchored, Input, MatchKind};

    use super::*;
    use crate::TextView;
    use crate::lane::lay;
    use crate::pattern::PatternSpec;
    use crate::qualifiers::Qualifiers;

    fn patterns(specs: &[PatternSpec]) -> Patterns {
        let cased = specs.iter().any(|spec| spec.cased);
        Patterns::new(
            (0..)
                .zip(specs)
                .map(|(leaf, spec)| (Pattern::compile(spec).unwrap(), leaf))
                .collect(),
            cased,
        )
    }

    fn spec(source: &str) -> PatternSpec {
        PatternSpec {
            source: source.to_owned(),
            ..PatternSpec::default()
        }
    }

    type Hits = Vec<(u32, usize, usize)>;

    fn find(patterns: &Patterns, scratch: &mut PatternScratch, text: &str) -> (Hits, Outcome) {
        let (_, tokens) = lay(text, TextView::Raw);
        let mut hits = Vec::new();
        let outcome = patterns.find(
            scratch,
            text,
            || &tokens,
            |leaf, start, end| hits.push((leaf, start, end)),
        );
        hits.sort_unstable();
        (hits, outcome)
    }

    fn hits(patterns: &Patterns, text: &str) -> Hits {
        find(patterns, &mut PatternScratch::new(patterns), text).0
    }

    /// How the hits of a pattern without demands are defined.
    fn plain(specs: &[PatternSpec], text: &str) -> Hits {
        let of = |(leaf, spec): (u32, &PatternSpec)| {
            let regex = regex::RegexBuilder::new(&spec.source)
                .case_insensitive(!spec.cased)
                .build()
                .unwrap();
            regex
                .find_iter(text)
                .map(|found| (leaf, found.start(), found.end()))
                .collect::<Hits>()
        };
        (0..).zip(specs).flat_map(of).collect()
    }

    const PIECES: [&str; 16] = [
        "a", "b", "ab", "kk", "xyz", "@q", "[xyz]", "[a-z]", ".", "[0-9]", "[0-9]{4}", "-", "^", "$", "(?:b|ba)", "12",
    ];

    fn sources() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(PIECES.to_vec()).prop_map(String::from);
        let any = leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..5).prop_map(|parts| parts.concat()),
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
                (
                    inner,
                    prop::sample::select(vec!["?", "*", "+", "+?", "{2}", "{2,}", "{1,3}", "{0,4}?"])
                )
                    .prop_map(|(part, times)| format!("(?:{part}){times}")),
            ]
        });
        any.prop_filter("a pattern", |source| Pattern::compile(&spec(source)).is_ok())
    }

    const TEXT: &str = "[abkxyz@q0129 -]{0,60}";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(120))]

        #[test]
        fn r3_windows_find_what_a_search_of_all_of_the_text_finds(
            sources in prop::collection::vec(sources(), 1..5),
            texts in prop::collection::vec(TEXT, 1..4),
        ) {
            let specs: Vec<PatternSpec> = sources.iter().map(|source| spec(source)).collect();
            let patterns = patterns(&specs);
            let mut scratch = PatternScratch::new(&patterns);
            for text in &texts {
                let (found, outcome) = find(&patterns, &mut scratch, text);
                prop_assert_eq!(outcome, Outcome::default());
                prop_assert_eq!(found, plain(&specs, text), "{:?} in {:?}", sources, text);
            }
        }

        #[test]
        fn r3_windows_on_text_with_case(
            source in sources(),
            caseless in any::<bool>(),
            text in "[aAbBkK\u{212a}xXyzZ@q09 ]{0,60}",
        ) {
            let source = if caseless { format!("(?i){source}") } else { source };
            let specs = [PatternSpec { cased: true, ..spec(&source) }];
            prop_assert_eq!(hits(&patterns(&specs), &text), plain(&specs, &text), "{}", source);
        }

        #[test]
        fn r1_demands_are_as_defined(
            source in sources(),
            edge in any::<bool>(),
            others in prop::collection::vec(prop::sample::select(vec!["", "a", "[0-9]", "-|b", "[a-z]{1,3}"]), 4),
            text in TEXT,
        ) {
            let list = |n: usize| Some(others[n].to_owned()).filter(|other| !other.is_empty()).into_iter().collect();
            let qualifiers = Qualifiers {
                word_edges: edge,
                not_preceded_by: list(0),
                not_followed_by: list(1),
                starts_with: list(2),
                ends_with: list(3),
            };
            let spec = PatternSpec { qualifiers, ..spec(&source) };
            let found = hits(&patterns(std::slice::from_ref(&spec)), &text);
            prop_assert_eq!(found, by_definition(&spec, &text), "{:?} in {:?}", spec, text);
        }
    }

    /// The hits of a pattern with qualifiers, tried at every place and length.
    fn by_definition(spec: &PatternSpec, text: &str) -> Hits {
        let whole = |source: &str| {
            let matches = Matches::builder()
                .configure(Matches::config().match_kind(MatchKind::All))
                .syntax(syntax::Config::new().case_insensitive(true))
                .build(source)
                .unwrap();
            // Look-around sees the text around, so that the search is cut and not the text.
            move |from: usize, to: usize| {
                let input = Input::new(text).range(from..to).anchored(Anchored::Yes);
                matches.find(input).is_some_and(|found| found.end() == to)
            }
        };
        let (_, tokens) = lay(text, TextView::Raw);
        let inside = |at: usize| {
            tokens
                .iter()
                .any(|token| (token.start as usize) < at && at < token.end as usize)
        };
        let qualifiers = &spec.qualifiers;
        let any = |sources: &[String], at: &mut dyn Iterator<Item = (usize, usize)>| {
            let places: Vec<(usize, usize)> = at.collect();
            let tried = |is_whole: &dyn Fn(usize, usize) -> bool| places.iter().any(|(from, to)| is_whole(*from, *to));
            sources.iter().any(|source| tried(&whole(source)))
        };
        let holds = |from: usize, to: usize| {
            !(qualifiers.word_edges && (inside(from) || inside(to)))
                && !any(&qualifiers.not_preceded_by, &mut (0..=from).map(|start| (start, from)))
                && !any(&qualifiers.not_followed_by, &mut (to..=text.len()).map(|end| (to, end)))
                && (qualifiers.starts_with.is_empty()
                    || any(&qualifiers.starts_with, &mut (from..=to).map(|end| (from, end))))
                && (qualifiers.ends_with.is_empty()
                    || any(&qualifiers.ends_with, &mut (from..=to).map(|start| (start, to))))
        };
        let preferred = regex::RegexBuilder::new(&spec.source)
            .case_insensitive(true)
            .build()
            .unwrap();
        let is_match = whole(&spec.source);
        let (mut found, mut at) = (Vec::new(), 0);
        while at < text.len() {
            let Some(start) = preferred.find_at(text, at).map(|found| found.start()) else {
                break;
            };
            let first = preferred.find_at(text, at).map(|found| found.end());
            let ends = first.into_iter().chain((start + 1..=text.len()).rev());
            let end = ends.into_iter().find(|end| is_match(start, *end) && holds(start, *end));
            found.extend(end.map(|end| (0, start, end)));
            at = end.unwrap_or(start + 1);
        }
        found
    }

    fn with_validator(source: &str, name: &str, edge: bool) -> PatternSpec {
        let validators = crate::testing::validators(name);
        let qualifiers = Qualifiers {
            word_edges: edge,
            ..Qualifiers::default()
        };
        PatternSpec {
            validators,
            qualifiers,
            ..spec(source)
        }
    }

    #[test]
    fn v2_rejected_hits_are_counted_and_hide_no_other() {
        let patterns = patterns(&[with_validator(r"[0-9][0-9 -]{11,18}[0-9]", "luhn", true)]);
        let mut scratch = PatternScratch::new(&patterns);
        let mut of = |text: &str| {
            let (hits, outcome) = find(&patterns, &mut scratch, text);
            let hits: Vec<String> = hits.iter().map(|hit| text[hit.1..hit.2].to_owned()).collect();
            (hits, outcome.rejected)
        };
        assert_eq!(of("4111 1111 1111 1111"), (vec!["4111 1111 1111 1111".into()], vec![]));
        assert_eq!(of("4111 1111 1111 1112"), (vec![], vec![(0, 1)]));
        assert_eq!(of("ref 1234 4111 1111 1111 1111").0, ["4111 1111 1111 1111"]);
        assert_eq!(of("4111 1111 1111 1111 12").0, ["4111 1111 1111 1111"]);
        assert_eq!(of("4111111111111111 1 2").0, ["4111111111111111"]);
        assert_eq!(of("4111-1111 1111 1111"), (vec![], vec![(0, 1)]));
        assert_eq!(of("x41111111111111111").0, [""; 0]);
    }

    #[test]
    fn b2_patterns_that_reread_the_text_stop_at_the_budget() {
        let patterns = patterns(&[spec(".*[^A-Z]|[A-Z]")]);
        let mut scratch = PatternScratch::new(&patterns);
        let (short, long) = ("a".repeat(2_000), "a".repeat(50_000));
        let (hits, outcome) = find(&patterns, &mut scratch, &short);
        assert_eq!((hits.len(), outcome.incomplete), (2_000, false));
        let (hits, outcome) = find(&patterns, &mut scratch, &long);
        assert!(
            outcome.incomplete && (10..1_000).contains(&hits.len()),
            "{}",
            hits.len()
        );
    }

    #[test]
    fn b2_patterns_with_a_longest_match_get_all_their_hits() {
        let patterns = patterns(&[spec("(?:a.{0,300}b|a)c?")]);
        let text = "ac".repeat(20_000);
        let (hits, outcome) = find(&patterns, &mut PatternScratch::new(&patterns), &text);
        assert_eq!((hits.len(), outcome.incomplete), (20_000, false));
    }

    #[test]
    fn b4_floods_of_candidates_change_nothing() {
        let specs = [spec("skype.{0,3}x"), spec("x.{0,9}skype")];
        let patterns = patterns(&specs);
        let text = format!("{}x{}", "skype".repeat(500), "skype ".repeat(500));
        assert_eq!(hits(&patterns, &text), plain(&specs, &text));
    }

    #[test]
    fn b3_caches_are_bounded_together() {
        let specs: Vec<PatternSpec> = (0..60)
            .map(|n| spec(&format!("(?:[a-z]{{3,40}}x[a-z]{{{n},60}}|[a-z]{{80}})q")))
            .collect();
        let patterns = patterns(&specs);
        let mut scratch = PatternScratch::new(&patterns);
        let text: String = (0..6_000u32).map(|n| char::from(b'a' + (n * n % 26) as u8)).collect();
        find(&patterns, &mut scratch, &text);
        assert!(scratch.caches.bytes() <= crate::limits::CACHES_BYTES);
    }
}
