//! Disclaimers: registered texts whose own words raise no alert.
//!
//! A disclaimer is found in a part where at least 95 of 100 of its tokens stand in their order, each with its neighbours
//! in a run of three or more. Only these runs are masked: a word that somebody put between its lines, or in place of
//! one of its words, stays visible, and so does a hit that reaches out of a run. Line breaks, quote marks and other
//! punctuation are no tokens, so that a disclaimer is found however it was wrapped.
//!
//! Runs are found by their shingles, three tokens that occur once in the disclaimer: a part is passed once, and only if
//! something was hit in it.

use lexhold_document::{Diagnostic, Diagnostics, Document, Kind, check_shape};
use rustc_hash::FxHashMap;

use crate::tokens::{Token, tokenize};
use crate::view::View;
use crate::vocabulary::UNKNOWN;
use crate::{codes, limits, shape};

/// Tokens in a shingle, and in the shortest run that counts.
const SHINGLE: usize = 3;

/// How many of 100 tokens have to be there.
const OVERLAP: usize = 95;

/// The registered disclaimers of a bundle.
#[derive(Debug, Default)]
pub(crate) struct Disclaimers {
    all: Vec<Disclaimer>,
    ids: FxHashMap<Box<str>, u32>,
    /// The disclaimers that have a shingle once, and where.
    shingles: FxHashMap<[u32; SHINGLE], Vec<(u32, u32)>>,
}

#[derive(Debug)]
struct Disclaimer {
    /// How reports name it.
    label: Box<str>,
    tokens: Vec<u32>,
}

impl Disclaimers {
    /// Reads the disclaimers among the documents.
    pub(crate) fn read(documents: &[&Document], diagnostics: &mut Diagnostics) -> Self {
        let mut disclaimers = Disclaimers::default();
        for document in documents.iter().filter(|document| document.kind == Kind::Disclaimer) {
            check_shape(document, &shape::disclaimer(), diagnostics);
            disclaimers.add(document, diagnostics);
        }
        disclaimers
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn add(&mut self, document: &Document, diagnostics: &mut Diagnostics) {
        let Some((node, text)) = document.root.get("text").and_then(|node| Some((node, node.as_text()?))) else {
            return;
        };
        if self.all.len() == limits::DISCLAIMERS {
            let message = format!("there are more than {} disclaimers", limits::DISCLAIMERS);
            diagnostics.push(Diagnostic::error(codes::TOO_MANY_DISCLAIMERS, message).at(document.name_place(), ""));
            return;
        }
        let mut scratch = Masks::default();
        scratch.tokenize(text);
        let tokens: Vec<u32> = scratch.words().map(|word| self.id(word)).collect();
        if !limits::DISCLAIMER_TOKENS.contains(&tokens.len()) {
            let (least, most) = (limits::DISCLAIMER_TOKENS.start(), limits::DISCLAIMER_TOKENS.end());
            let message = format!("a disclaimer has {least} to {most} words, not {}", tokens.len());
            let error = Diagnostic::error(codes::DISCLAIMER_LENGTH, message).at(node.place, "");
            diagnostics.push(error.help("for a phrase that is to raise no alert use `unless`"));
            return;
        }
        let at = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let single = single_shingles(&tokens);
        if single.is_empty() {
            let message = "a disclaimer that only repeats itself cannot be found";
            diagnostics.push(Diagnostic::error(codes::DISCLAIMER_REPEATS, message).at(node.place, ""));
        }
        for (shingle, from) in single {
            self.shingles.entry(shingle).or_default().push((at, from));
        }
        let label = format!("disclaimer {}", document.name).into();
        self.all.push(Disclaimer { label, tokens });
    }

    fn id(&mut self, word: &str) -> u32 {
        let next = u32::try_from(self.ids.len()).unwrap_or(UNKNOWN);
        *self.ids.entry(word.into()).or_insert(next)
    }
}

/// The shingles that occur once, and where they begin.
fn single_shingles(tokens: &[u32]) -> FxHashMap<[u32; SHINGLE], u32> {
    let mut counts: FxHashMap<[u32; SHINGLE], (u32, usize)> = FxHashMap::default();
    for (at, window) in (0..).zip(tokens.windows(SHINGLE)) {
        let shingle = std::array::from_fn(|more| window[more]);
        counts.entry(shingle).or_insert((at, 0)).1 += 1;
    }
    let single = counts.into_iter().filter(|(_, (_, count))| *count == 1);
    single.map(|(shingle, (at, _))| (shingle, at)).collect()
}

/// What disclaimers mask in one part. Looked for when the first hit asks.
#[derive(Debug, Default)]
pub(crate) struct Masks {
    view: View,
    tokens: Vec<Token>,
    /// What the disclaimers call each token.
    ids: Vec<u32>,
    /// By disclaimer, the runs that could be one occurrence of it.
    occurrences: FxHashMap<u32, Occurrence>,
    /// Masked bytes of the original part by their start, each with the farthest end so far and the disclaimer there.
    masked: Vec<(usize, usize, u32)>,
    is_filled: bool,
}

/// Runs of one disclaimer, in its order.
#[derive(Debug, Default)]
struct Occurrence {
    runs: Vec<Run>,
    /// One past the last token of the part that belongs to a run of this disclaimer.
    passed: usize,
}

/// Tokens that stand in a part as they do in a disclaimer.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// The first token in the part.
    part: usize,
    /// The first token in the disclaimer.
    disclaimer: usize,
    n_tokens: usize,
}

impl Masks {
    /// Forgets the part at hand.
    pub(crate) fn clear(&mut self) {
        self.masked.clear();
        self.is_filled = false;
    }

    /// The label of the disclaimer within whose words a range of a part lies. `part` is the same text until
    /// [`Masks::clear`].
    pub(crate) fn cover<'d>(
        &mut self,
        disclaimers: &'d Disclaimers,
        part: &str,
        start: usize,
        end: usize,
    ) -> Option<&'d str> {
        if !self.is_filled {
            self.fill(disclaimers, part);
        }
        let n_before = self.masked.partition_point(|(from, ..)| *from <= start);
        let (_, farthest, at) = *self.masked.get(n_before.checked_sub(1)?)?;
        (farthest >= end).then(|| &*disclaimers.all[at as usize].label)
    }

    fn fill(&mut self, disclaimers: &Disclaimers, part: &str) {
        self.is_filled = true;
        self.tokenize(part);
        let id = |word: &str| disclaimers.ids.get(word).copied().unwrap_or(UNKNOWN);
        self.ids = self.words().map(id).collect();
        for at in 0..self.ids.len().saturating_sub(SHINGLE - 1) {
            let shingle: [u32; SHINGLE] = std::array::from_fn(|more| self.ids[at + more]);
            for (disclaimer, from) in disclaimers.shingles.get(&shingle).into_iter().flatten() {
                self.run(disclaimers, *disclaimer, at, *from as usize);
            }
        }
        for (disclaimer, occurrence) in std::mem::take(&mut self.occurrences) {
            self.end(disclaimers, disclaimer, &occurrence.runs);
        }
        self.masked.sort_unstable();
        let mut farthest = (0, 0);
        for (_, end, disclaimer) in &mut self.masked {
            farthest = farthest.max((*end, *disclaimer));
            (*end, *disclaimer) = farthest;
        }
    }

    /// Takes the run around a shingle, unless it has been taken.
    fn run(&mut self, disclaimers: &Disclaimers, disclaimer: u32, part: usize, from: usize) {
        let words = &disclaimers.all[disclaimer as usize].tokens;
        let occurrence = self.occurrences.entry(disclaimer).or_default();
        if part < occurrence.passed {
            return;
        }
        let mut before = Vec::new();
        if occurrence
            .runs
            .last()
            .is_some_and(|last| from < last.disclaimer + last.n_tokens)
        {
            before = std::mem::take(&mut occurrence.runs);
        }
        let least = occurrence.runs.last().map_or(0, |last| last.disclaimer + last.n_tokens);
        let ahead = self.ids[part..].iter().zip(&words[from..]);
        let n_ahead = ahead.take_while(|(token, word)| token == word).count();
        let behind = self.ids[occurrence.passed..part]
            .iter()
            .rev()
            .zip(words[least..from].iter().rev());
        let n_behind = behind.take_while(|(token, word)| token == word).count();
        occurrence.passed = part + n_ahead;
        occurrence.runs.push(Run {
            part: part - n_behind,
            disclaimer: from - n_behind,
            n_tokens: n_behind + n_ahead,
        });
        self.end(disclaimers, disclaimer, &before);
    }

    /// Masks the runs if they make up enough of the disclaimer.
    fn end(&mut self, disclaimers: &Disclaimers, disclaimer: u32, runs: &[Run]) {
        let n_words = disclaimers.all[disclaimer as usize].tokens.len();
        let n_found: usize = runs.iter().map(|run| run.n_tokens).sum();
        if n_found * 100 < n_words * OVERLAP {
            return;
        }
        for adjacent in runs.chunk_by(|one, next| one.part + one.n_tokens == next.part) {
            let (first, last) = (adjacent[0], adjacent[adjacent.len() - 1]);
            let start = self.tokens[first.part].start as usize;
            let end = self.tokens[last.part + last.n_tokens - 1].end as usize;
            self.masked
                .push((self.view.original_start(start), self.view.original_end(end), disclaimer));
        }
    }

    fn tokenize(&mut self, text: &str) {
        self.view.fill(text);
        tokenize(&self.view, &mut self.tokens, |_, _, _| ());
    }

    /// The folded tokens.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.tokens
            .iter()
            .map(|token| &self.view.text()[token.start as usize..token.end as usize])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::limits;
    use crate::testing::{compiled, ruleset, scan};

    /// A disclaimer of words `w0`, `w1`, …, one of which is replaced by what a rule looks for.
    fn words(n: usize) -> Vec<String> {
        (0..n).map(|at| format!("w{at}")).collect()
    }

    fn document(name: &str, text: &str) -> String {
        format!("lexhold: 1\ndisclaimer: {name}\nowner: me@example.com\ntext: >-\n  {text}\n")
    }

    /// The hits of `word` in a text beside some disclaimers: what stands, and what took the others away.
    fn hits(word: &str, disclaimers: &[&str], text: &str) -> Vec<Option<String>> {
        let documents: Vec<String> = (0..)
            .zip(disclaimers)
            .map(|(n, text)| document(&format!("d{n}"), text))
            .collect();
        let rules = ruleset(&[word]);
        let all: Vec<&str> = documents.iter().map(String::as_str).chain([rules.as_str()]).collect();
        let (program, diagnostics) = compiled(&all);
        assert_eq!(diagnostics, [""; 0]);
        scan(&program, text)
            .into_iter()
            .map(|hit| hit.excluded_by.map(String::from))
            .collect()
    }

    fn masked(name: &str) -> Option<String> {
        Some(format!("disclaimer {name}"))
    }

    const NOTICE: &str =
        "This message is confidential. Past performance does not guarantee future results; returns are not guaranteed.";

    #[test]
    fn e4_its_own_words_raise_no_alert_and_are_counted() {
        let documents = [document("notice", NOTICE), ruleset(&["[guarantee, guaranteed]"])];
        let (program, _) = compiled(&[&documents[0], &documents[1]]);
        let mut found = Vec::new();
        let text = format!("I guarantee it.\n\n{NOTICE}");
        let outcome =
            crate::Scanner::new(&program).scan(&[crate::Part::authored(lexhold_model::Field::Text, &text)], &mut found);
        let excluded: Vec<bool> = found.iter().map(|hit| hit.excluded_by.is_some()).collect();
        assert_eq!(excluded, [false, true, true]);
        assert_eq!((outcome.rules[0].n_hits, outcome.rules[0].n_excluded), (1, 2));
    }

    #[test]
    fn e4_at_95_of_100_words_it_is_masked_and_at_94_it_is_not() {
        let words = words(100);
        let text = |n_changed: usize| {
            let changed = |at: usize| at % 10 == 5 && at / 10 < n_changed;
            let shown: Vec<&str> = (0..100)
                .map(|at| if changed(at) { "other" } else { &*words[at] })
                .collect();
            shown.join(" ")
        };
        let disclaimer = words.join(" ");
        assert_eq!(hits("w99", &[&disclaimer], &text(5)), [masked("d0")]);
        assert_eq!(hits("w99", &[&disclaimer], &text(6)), [None]);
    }

    #[test]
    fn e4_words_of_the_author_stay_visible() {
        let first = "this message may hold statements that we guarantee to nobody at all";
        let second = "and whoever reads it by mistake is kindly asked to guarantee its deletion";
        let disclaimer = format!("{first} {second}");
        let text = format!("{first}\nI guarantee you ten percent, call me\n{second}");
        assert_eq!(
            hits("guarantee", &[&disclaimer], &text),
            [masked("d0"), None, masked("d0")]
        );
        // A word in place of one of its words, and a hit that reaches out of its words.
        let changed = disclaimer.replace("kindly", "guarantee");
        assert_eq!(
            hits("guarantee", &[&disclaimer], &changed),
            [masked("d0"), None, masked("d0")]
        );
        assert_eq!(hits("its deletion", &[&disclaimer], &disclaimer), [masked("d0")]);
        assert_eq!(
            hits("deletion now", &[&disclaimer], &format!("{disclaimer} now")),
            [None]
        );
    }

    #[test]
    fn e4_wrapping_quoting_and_case_are_no_matter() {
        let quoted = format!("> > {}", NOTICE.to_uppercase().replace(' ', " \n> > "));
        assert_eq!(hits("guarantee", &[NOTICE], &quoted), [masked("d0")]);
        let hyphened = NOTICE.replace("guarantee ", "gua\u{ad}rantee ");
        assert_eq!(hits("guarantee", &[NOTICE], &hyphened), [masked("d0")]);
    }

    #[test]
    fn e4_part_of_it_is_no_disclaimer() {
        let half = &NOTICE[..NOTICE.find("; returns").unwrap()];
        assert_eq!(hits("guarantee", &[NOTICE], half), [None]);
        // Said once in part, then in full; and twice in full.
        assert_eq!(
            hits("guarantee", &[NOTICE], &format!("{half} {NOTICE}")),
            [None, masked("d0")]
        );
        assert_eq!(
            hits("guarantee", &[NOTICE], &format!("{NOTICE} {NOTICE}")),
            [masked("d0"), masked("d0")]
        );
    }

    #[test]
    fn e4_variants_stand_side_by_side() {
        let longer = format!("{NOTICE} It is meant for professional clients only, and for nobody else in this place.");
        assert_eq!(hits("guarantee", &[NOTICE, &longer], &longer).len(), 1);
        assert_eq!(
            hits("professional clients", &[NOTICE, &longer], &longer),
            [masked("d1")]
        );
        assert_eq!(
            hits(
                "professional clients",
                &[NOTICE, &longer],
                &format!("{NOTICE} professional clients")
            ),
            [None]
        );
    }

    #[test]
    fn e4_parts_of_one_message_are_no_disclaimer_together() {
        let (program, _) = compiled(&[&document("notice", NOTICE), &ruleset(&["guarantee"])]);
        let (one, other) = NOTICE.split_at(NOTICE.find("future").unwrap());
        let parts = [one, other].map(|text| crate::Part::authored(lexhold_model::Field::Text, text));
        let mut found = Vec::new();
        crate::Scanner::new(&program).scan(&parts, &mut found);
        assert_eq!(
            found.iter().map(|hit| hit.excluded_by.is_some()).collect::<Vec<_>>(),
            [false]
        );
    }

    #[test]
    fn g5_length() {
        let of = |n: usize| compiled(&[&document("d", &words(n).join(" ")), &ruleset(&["a"])]).1;
        assert_eq!(of(10), [""; 0]);
        assert_eq!(of(10_000), [""; 0]);
        assert_eq!(of(9)[0][..6], *"LX0456");
        assert_eq!(of(10_001)[0][..6], *"LX0456");
        let repeats = document("d", &"no ".repeat(20));
        assert_eq!(compiled(&[&repeats, &ruleset(&["a"])]).1[0][..6], *"LX0457");
    }

    #[test]
    fn g5_number() {
        let of = |n: usize| {
            let documents: Vec<String> = (0..n)
                .map(|at| document(&format!("d{at}"), &format!("number {at} {}", words(10).join(" "))))
                .collect();
            compiled(&documents.iter().map(String::as_str).collect::<Vec<_>>()).1
        };
        assert_eq!(of(limits::DISCLAIMERS), [""; 0]);
        assert_eq!(of(limits::DISCLAIMERS + 1)[0][..6], *"LX0458");
    }

    #[test]
    fn e4_long_hostile_texts() {
        // Every shingle of the text begins a run that soon breaks off.
        let disclaimer = words(2_000).join(" ");
        let text: String = (0..200_000)
            .map(|at| format!("w{} ", (at / 4) * 7 % 1_990 + at % 4))
            .collect();
        let documents = [document("d", &disclaimer), ruleset(&["w7"])];
        let (program, _) = compiled(&[&documents[0], &documents[1]]);
        assert!(scan(&program, &text).iter().all(|hit| hit.excluded_by.is_none()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Nothing but the disclaimer's own words is masked, wherever words are put between them.
        #[test]
        fn e4_inserted_words_are_never_masked(cuts in prop::collection::btree_set(3..57usize, 0..6)) {
            let words = words(60);
            let mut text = Vec::new();
            for (at, word) in words.iter().enumerate() {
                if cuts.contains(&at) {
                    text.push("insider".to_owned());
                }
                text.push(word.clone());
            }
            let found = hits("[insider, w0]", &[&words.join(" ")], &text.join(" "));
            prop_assert_eq!(found.iter().filter(|excluded| excluded.is_none()).count() >= cuts.len(), true);
            let runs_hold = cuts.iter().zip(cuts.iter().skip(1)).all(|(one, next)| next - one >= 3);
            prop_assert!(!runs_hold || found[0].is_some());
        }
    }
}
