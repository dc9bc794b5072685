//! The scanner: a program's scratch and caches, one for each thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::disclaimer::Masks;
use crate::found::Found;
use crate::lane::{LaneScratch, Spots};
use crate::matching::{Answers, Truths};
use crate::tally::Tally;
use crate::{Part, Program, RuleHit, ScanOutcome, limits};

/// Scans messages with one program. Its caches grow warm, so keep one a thread.
#[derive(Debug)]
pub struct Scanner<'p> {
    program: &'p Program,
    scratch: Scratch,
    message: Message,
}

/// What one part needs while it is scanned. Empty between parts, but for what was allocated.
#[derive(Debug)]
struct Scratch {
    /// One a view, in the order of [`crate::TextView::ALL`].
    lanes: Vec<LaneScratch>,
    spots: Spots,
    /// The rules that have a leaf with spots.
    rules: Vec<u32>,
    is_due: Vec<bool>,
}

/// What is known of the message at hand.
#[derive(Debug)]
struct Message {
    tally: Tally,
    /// What the parts say to the rules that look at whole messages.
    answers: Vec<OfPart>,
    /// What disclaimers mask in the part at hand.
    masks: Masks,
}

/// What one part says to a rule that looks at whole messages.
#[derive(Debug)]
struct OfPart {
    rule: u32,
    part: usize,
    answers: Vec<Answers>,
}

/// A part in which a rule that looks at whole messages has something to report.
#[derive(Debug)]
struct Visit {
    part: usize,
    rule: u32,
    truths: Vec<Truths>,
}

/// A part that has been looked at.
#[derive(Clone, Copy)]
struct Seen<'a> {
    program: &'a Program,
    at: usize,
    part: &'a Part<'a>,
    lanes: &'a [Found<'a>],
}

impl<'p> Scanner<'p> {
    /// A scanner with empty caches.
    pub fn new(program: &'p Program) -> Self {
        Scanner {
            program,
            scratch: Scratch::new(program),
            message: Message {
                tally: Tally::new(program.rules().len()),
                answers: Vec::new(),
                masks: Masks::default(),
            },
        }
    }

    /// The program that it scans with.
    pub fn program(&self) -> &'p Program {
        self.program
    }

    /// Appends the hits of one message, ordered by part, start, end and rule.
    ///
    /// Hits of one rule never nest within a part, unless one of them is excluded and the other stands. A part that
    /// goes over a limit or makes a rule fail leaves the outcome incomplete; the other parts are scanned all the
    /// same.
    pub fn scan(&mut self, parts: &[Part<'_>], hits: &mut Vec<RuleHit>) -> ScanOutcome {
        let mut incomplete = false;
        for (at, part) in parts.iter().enumerate() {
            incomplete |= !self.look_at(at, part, |seen, message, spots, due| {
                message.count_rejected(seen, &spots.rejected);
                due.iter().for_each(|rule| message.judge_due(seen, *rule, parts.len()));
            });
        }
        for visits in self
            .message
            .visits(self.program)
            .chunk_by(|one, next| one.part == next.part)
        {
            let at = visits[0].part;
            incomplete |= !self.look_at(at, &parts[at], |seen, message, _, _| {
                visits
                    .iter()
                    .for_each(|visit| message.judge(seen, visit.rule, &visit.truths));
            });
        }
        ScanOutcome {
            incomplete,
            rules: self.message.tally.finish(self.program, hits),
        }
    }

    /// Finds what stands in one part, has it judged, and says whether the part was scanned in full.
    fn look_at(
        &mut self,
        at: usize,
        part: &Part<'_>,
        judge: impl FnOnce(Seen<'_>, &mut Message, &Spots, &[u32]),
    ) -> bool {
        if part.text.len() > limits::PART_BYTES {
            return false;
        }
        let run = || {
            self.message.masks.clear();
            let complete = self.scratch.find(self.program, part.text);
            let lanes = self.scratch.found(part.text);
            let seen = Seen {
                program: self.program,
                at,
                part,
                lanes: &lanes,
            };
            judge(seen, &mut self.message, &self.scratch.spots, &self.scratch.rules);
            complete
        };
        // A rule that fails must neither end the run nor pass for "no hit".
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(complete) => {
                self.scratch.clear();
                complete
            }
            Err(_) => {
                self.scratch = Scratch::new(self.program);
                false
            }
        }
    }
}

impl Message {
    /// Judges a rule in a part of a message of so many parts, or keeps what the part says to it.
    fn judge_due(&mut self, seen: Seen<'_>, rule: u32, n_parts: usize) {
        if !seen.is_looked_at_by(rule) {
            return;
        }
        let check = &seen.program.checks[rule as usize];
        if let Some(exclusion) = check.message_exclusion(seen.lanes) {
            self.tally.exclude(rule, exclusion);
        }
        match check.answers(seen.lanes) {
            None => self.judge(seen, rule, &[]),
            Some(answers) if n_parts == 1 => self.judge(seen, rule, &check.truths(&[&answers]).0),
            Some(answers) => self.answers.push(OfPart {
                rule,
                part: seen.at,
                answers,
            }),
        }
    }

    /// Judges a rule in a part. What lies in a disclaimer is taken away before anything is counted.
    fn judge(&mut self, seen: Seen<'_>, rule: u32, truths: &[Truths]) {
        let check = &seen.program.checks[rule as usize];
        let n_nested = check.judge(seen.lanes, truths, |mut judged| {
            if judged.excluded_by.is_none() && !seen.program.disclaimers.is_empty() {
                let (start, end) = judged.original(seen.lanes);
                judged.excluded_by = self.masks.cover(&seen.program.disclaimers, seen.part.text, start, end);
            }
            self.tally.add(rule, check, judged, (seen.at, seen.part), seen.lanes);
        });
        self.tally.add_nested(rule, n_nested);
    }

    fn count_rejected(&mut self, seen: Seen<'_>, rejected: &[(u32, u64)]) {
        for (leaf, n_rejected) in rejected {
            for rule in &seen.program.uses[*leaf as usize] {
                if seen.is_looked_at_by(*rule) {
                    self.tally.add_rejected(*rule, *n_rejected);
                }
            }
        }
    }

    /// Where rules that look at whole messages have something to report, by part.
    fn visits(&mut self, program: &Program) -> Vec<Visit> {
        let mut answers = std::mem::take(&mut self.answers);
        answers.sort_unstable_by_key(|of_part| (of_part.rule, of_part.part));
        let mut visits = Vec::new();
        for of_rule in answers.chunk_by(|one, next| one.rule == next.rule) {
            let rule = of_rule[0].rule;
            let parts: Vec<&[Answers]> = of_rule.iter().map(|of_part| &*of_part.answers).collect();
            let (truths, holds) = program.checks[rule as usize].truths(&parts);
            let there = of_rule.iter().zip(holds).filter(|(_, holds)| *holds);
            visits.extend(there.map(|(of_part, _)| Visit {
                part: of_part.part,
                rule,
                truths: truths.clone(),
            }));
        }
        visits.sort_unstable_by_key(|visit| (visit.part, visit.rule));
        visits
    }
}

impl Seen<'_> {
    fn is_looked_at_by(self, rule: u32) -> bool {
        self.program.rules[rule as usize].parts.contains(self.part)
    }
}

impl Scratch {
    fn new(program: &Program) -> Self {
        Scratch {
            lanes: program.lanes.iter().map(LaneScratch::new).collect(),
            spots: Spots::new(program.uses.len()),
            rules: Vec::new(),
            is_due: vec![false; program.checks.len()],
        }
    }

    /// Fills the leaves with their spots in a text, and says whether it got through all of it.
    fn find(&mut self, program: &Program, text: &str) -> bool {
        for (index, lane) in program.lanes.iter().enumerate().filter(|(_, lane)| !lane.is_empty()) {
            let (before, here) = self.lanes.split_at_mut(index);
            here[0].find(lane, text, before.first(), &mut self.spots);
        }
        for leaf in &self.spots.touched {
            for rule in &program.uses[*leaf as usize] {
                if !std::mem::replace(&mut self.is_due[*rule as usize], true) {
                    self.rules.push(*rule);
                }
            }
        }
        !self.spots.incomplete
    }

    /// What was found in a text, by lane.
    fn found<'a>(&'a self, text: &'a str) -> Vec<Found<'a>> {
        let found = |lane: &'a LaneScratch| Found::new(text, &lane.view, &lane.tokens, &self.spots.of_leaves);
        self.lanes.iter().map(found).collect()
    }

    fn clear(&mut self) {
        self.spots.clear();
        for rule in self.rules.drain(..) {
            self.is_due[rule as usize] = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use lexhold_model::{Field, PartKind, Severity};

    use super::*;
    use crate::RuleOutcome;
    use crate::expression::Expression;
    use crate::matching::Matching;
    use crate::testing::{hits, program, scan};

    fn part(field: Field, base: usize, text: &str) -> Part<'_> {
        Part {
            base,
            ..Part::authored(field, text)
        }
    }

    #[test]
    fn k1_words_match_whole_words() {
        assert_eq!(
            hits("insider", "Insider, INSIDER insiders outsider insider's"),
            ["Insider", "INSIDER", "insider"]
        );
    }

    #[test]
    fn k3_wildcards_stay_within_words() {
        let text = "Guaranteed guarantee's aguarantee women womn insider, in-sider reinsider";
        assert_eq!(hits("['guarante*']", text), ["Guaranteed", "guarantee"]);
        assert_eq!(
            hits("['wom?n', '*sider']", text),
            ["women", "insider", "sider", "reinsider"]
        );
        assert_eq!(
            hits(
                "['call* me', 'off the rec?rd']",
                "calling me, off the record, off the rec-rd"
            ),
            ["calling me", "off the record"]
        );
        assert_eq!(hits("['*арант*']", "Гарантирую"), ["Гарантирую"]);
    }

    #[test]
    fn k6_variants_are_terms() {
        let variants = "['(mkt|market) lvl', \"I'll|I will\"]";
        assert_eq!(
            hits(variants, "mkt lvl Market LVL I'll I will mkt|lvl"),
            ["mkt lvl", "Market LVL", "I'll", "I will", "mkt|lvl"]
        );
    }

    #[test]
    fn k4_phrases_match_tokens_in_order() {
        let text = "off the record. Off-the-record: off\nthe\nrecord; off the the record";
        assert_eq!(
            hits("off the record", text),
            ["off the record", "Off-the-record", "off\nthe\nrecord"]
        );
    }

    #[test]
    fn k7_overlapping_hits_are_kept_and_nested_ones_are_not() {
        assert_eq!(hits("[a b, b c]", "a b c"), ["a b", "b c"]);
        assert_eq!(hits("[a b, b, a b c]", "a b c b"), ["a b c", "b"]);
    }

    #[test]
    fn t2_edges_of_unspaced_scripts() {
        assert_eq!(hits("[机密, document]", "机密document"), ["机密", "document"]);
        assert_eq!(
            hits("机密document", "机密document 机密 document"),
            ["机密document", "机密 document"]
        );
        assert_eq!(hits("insider", "insider_x xinsider insider2 done.insider"), ["insider"]);
    }

    #[test]
    fn t3_phrases_cross_punctuation_but_no_paragraph() {
        assert_eq!(hits("call me", "call, (me) call\n\nme"), ["call, (me"]);
        assert_eq!(hits("don't", "don\u{2019}t DON'T don t"), ["don\u{2019}t", "DON'T"]);
    }

    #[test]
    fn u2_hits_are_cut_from_the_original() {
        assert_eq!(hits("file", "a \u{fb01}le"), ["\u{fb01}le"]);
        assert_eq!(
            hits("insider", "\u{ff29}n\u{ad}s\u{200b}ider"),
            ["\u{ff29}n\u{ad}s\u{200b}ider"]
        );
        assert_eq!(hits("caf\u{e9}", "CAFE\u{301}!"), ["CAFE\u{301}"]);
    }

    #[test]
    fn p1_distance() {
        let near = |within| format!("{{near: {{of: [a, b], within: {within}}}}}");
        assert_eq!(hits(&near(2), "a x b"), ["a x b"]);
        assert_eq!(hits(&near(1), "a x b, b a"), ["b, b a"[3..].to_owned()]);
        assert_eq!(hits("{before: {of: [a, b], within: 2}}", "b a x b"), ["a x b"]);
        assert_eq!(hits(&near(2), "a don't b"), ["a don't b"]);
    }

    #[test]
    fn p2_gaps_of_several_operands_add_up() {
        assert_eq!(hits("{near: {of: [a, b, c], within: 3}}", "a x b x c"), ["a x b x c"]);
        assert_eq!(hits("{near: {of: [a, b, c], within: 2}}", "a x b x c"), [""; 0]);
        // The words of an operand are no gap.
        assert_eq!(
            hits("{near: {of: [a, we chat now, b], within: 1}}", "b we chat now a"),
            ["b we chat now a"]
        );
    }

    #[test]
    fn p3_intervals_are_minimal() {
        assert_eq!(hits("{near: {of: [a, b], within: 5}}", "a a b b a"), ["a b", "b a"]);
    }

    #[test]
    fn p3_a_longer_operand_may_be_nearer() {
        let near = "{near: {of: [[x y z, y], w], within: 2}}";
        assert_eq!(hits(near, "x y z w"), ["y z w"]);
        assert_eq!(hits("{near: {of: [[x y z, y], w], within: 1}}", "x y z w"), ["x y z w"]);
    }

    #[test]
    fn p4_operands_use_different_tokens() {
        assert_eq!(hits("{near: {of: [x, x], within: 5}}", "x"), [""; 0]);
        assert_eq!(hits("{near: {of: [x, x], within: 5}}", "x y x"), ["x y x"]);
        assert_eq!(hits("{near: {of: [a b, b c], within: 5}}", "a b c"), [""; 0]);
    }

    #[test]
    fn p5_ordered() {
        assert_eq!(
            hits("{before: {of: [a, b, c], within: 4}}", "a b a c a b c"),
            ["a b a c", "a b c"]
        );
    }

    #[test]
    fn p8_nothing_crosses_parts() {
        let program = program(&[
            "{near: {of: [a, b], within: 5}}",
            "a b",
            "{all: [a, b]}",
            "{same_paragraph: [a, b]}",
            "{same_sentence: [a, b]}",
            "{regex: 'a b'}",
        ]);
        let mut hits = Vec::new();
        Scanner::new(&program).scan(&[part(Field::Text, 0, "a"), part(Field::Text, 1, " b")], &mut hits);
        assert_eq!(hits, []);
    }

    #[test]
    fn p9_nesting_means_the_tree() {
        let matched = "{near: {of: [{before: {of: [a, b], within: 1}}, {any: [c, {regex: 'd+'}]}], within: 2}}";
        assert_eq!(hits(matched, "a b x c / b a c / ddd a b"), ["a b x c", "ddd a b"]);
    }

    #[test]
    fn p10_long_alternating_texts() {
        let megabyte = "a b ".repeat(250_000);
        let alternating = "a b ".repeat(30_000);
        let lines = "a b. A b\n".repeat(15_000);
        let dense = "{near: {of: [a, b, c, [a, b]], within: 9}}";
        for (matched, text) in [
            ("{near: {of: [a, b], within: 9}}", &megabyte),
            ("{near: {of: [a, b], within: 10000}}", &alternating),
            ("{before: {of: [a, b], within: 10000}}", &alternating),
            ("{not_near: {of: [a, b], without: c, within: 10000}}", &alternating),
            ("{same_sentence: [a, b]}", &alternating),
            ("{same_sentence: [a, b]}", &lines),
            ("{same_paragraph: [a, b]}", &lines),
            ("{same_message: [a, b]}", &alternating),
            ("{word: a, unless: [{word: c, within: 10000}]}", &alternating),
            ("a, support: [{name: b, match: b, characters: 10000}]", &lines),
            (dense, &"a b c ".repeat(10_000)),
        ] {
            let program = program(&[matched]);
            let mut hits = Vec::new();
            let outcome = Scanner::new(&program).scan(&[part(Field::Text, 0, text)], &mut hits);
            let truncated = outcome.rules[0].truncated;
            assert_eq!(
                (outcome.incomplete, truncated, hits.len()),
                (false, true, 1_000),
                "{matched}"
            );
        }
    }

    #[test]
    fn conditions_side_by_side_have_to_hold_in_one_part() {
        let matched = "{word: insider, lexicon: messengers}";
        assert_eq!(hits(matched, "insider on We Chat"), ["insider", "We Chat"]);
        assert_eq!(hits(matched, "insider"), [""; 0]);
    }

    #[test]
    fn r3_pattern_hits_are_leftmost_and_do_not_overlap() {
        assert_eq!(hits("{regex: 'ab|b+'}", "ABBB bb"), ["AB", "BB", "bb"]);
    }

    #[test]
    fn r4_unicode_stands_beside_the_pattern() {
        assert_eq!(hits(r"{regex: '\bt\w+'}", "\u{e9}ta Tata"), ["ta", "Tata"]);
        assert_eq!(
            hits(r"{regex: '\bt\w+', unicode: true}", "\u{e9}ta T\u{e4}"),
            ["T\u{e4}"]
        );
    }

    #[test]
    fn e1_exclusions_take_hits_inside_and_beside() {
        let beside = "{word: move, unless: [{phrase: do not, within: 1, side: before}]}";
        assert_eq!(
            hits(beside, "do not move, do not now move, move do not"),
            ["(move)", "move", "move"]
        );
        let inside = "{word: street, unless: [wall street journal]}";
        assert_eq!(hits(inside, "Wall Street Journal, Wall Street"), ["(Street)", "Street"]);
        let overlap = "{phrase: a b, unless: [b c]}";
        assert_eq!(hits(overlap, "a b c"), ["a b"]);
        let both = "{word: a, unless: [{word: x, within: 2}]}";
        assert_eq!(hits(both, "x y a y y a y x, y y a"), ["(a)", "(a)", "a"]);
    }

    #[test]
    fn e2_a_long_excluded_hit_covers_no_short_one() {
        let matched = "{any: [a b c, b], unless: [{word: x, within: 1, side: before}]}";
        assert_eq!(hits(matched, "x a b c"), ["(a b c)", "b"]);
    }

    #[test]
    fn e2_exclusions_are_named() {
        let program = program(&["{word: a, unless: [{phrase: do not, within: 1}, {lexicon: messengers, within: 1}]}"]);
        let by: Vec<_> = scan(&program, "do not a signal a")
            .into_iter()
            .map(|hit| hit.excluded_by.unwrap())
            .collect();
        assert_eq!(by, ["phrase: do not".into(), "lexicon: messengers".into()]);
    }

    #[test]
    fn hits_are_ordered_and_count_from_their_field() {
        let program = program(&["b", "a"]);
        let parts = [
            Part {
                field: Field::Text,
                base: 10,
                text: "a b",
                kind: PartKind::Quoted,
            },
            part(Field::AttachmentName(3), 0, "B.xlsx"),
        ];
        let mut hits = Vec::new();
        Scanner::new(&program).scan(&parts, &mut hits);
        let shown: Vec<_> = hits
            .iter()
            .map(|hit| (hit.rule, hit.field, hit.span.start(), hit.span.end(), hit.quoted()))
            .collect();
        assert_eq!(
            shown,
            [
                (1, Field::Text, 10, 11, true),
                (0, Field::Text, 12, 13, true),
                (0, Field::AttachmentName(3), 0, 1, false)
            ]
        );
        assert_eq!(&*hits[2].evidence, "b");
    }

    #[test]
    fn s3_the_true_count_is_kept() {
        let program = program(&["a", "b"]);
        let text = "a ".repeat(700);
        let mut hits = Vec::new();
        let parts = [
            part(Field::Text, 0, &text),
            part(Field::Text, 1_400, &text),
            part(Field::Subject, 0, "b"),
        ];
        let mut scanner = Scanner::new(&program);
        let outcome = scanner.scan(&parts, &mut hits);
        let outcome_of = |rule, n_hits, truncated| RuleOutcome {
            rule,
            severity: Severity::Low,
            n_hits,
            n_nested: 0,
            n_excluded: 0,
            n_rejected: 0,
            truncated,
        };
        assert_eq!(outcome.rules, [outcome_of(0, 1_400, true), outcome_of(1, 1, false)]);
        assert_eq!(hits.len(), 1_001);
        assert_eq!(scanner.scan(&parts[..1], &mut hits).rules, [outcome_of(0, 700, false)]);
    }

    #[test]
    fn b3_memory_follows_the_terms() {
        let terms = |n: usize| (0..n).map(|n| format!("word{n} of{n}")).collect::<Vec<_>>().join(", ");
        let bytes = |n: usize| program(&[&format!("[{}]", terms(n))]).memory_bytes();
        assert!(bytes(10_000) > 4 * bytes(1_000));
        // 64 MB for 20,000 terms.
        assert!(bytes(10_000) < 32_000_000, "{}", bytes(10_000));
    }

    #[test]
    fn b6_over_the_limit_is_incomplete() {
        let program = program(&["a"]);
        let long = "a".repeat(limits::PART_BYTES + 1);
        let mut hits = Vec::new();
        let outcome =
            Scanner::new(&program).scan(&[part(Field::Text, 0, &long), part(Field::Subject, 0, "a")], &mut hits);
        assert!(outcome.incomplete);
        assert_eq!(hits.len(), 1);
    }

    #[test]
    fn b7_a_failing_rule_is_incomplete_and_the_next_message_is_not() {
        let mut program = program(&["a", "b"]);
        program.checks[0].bodies[0].matching = Matching::Part(Expression::Leaf(u32::MAX));
        let mut scanner = Scanner::new(&program);
        let mut hits = Vec::new();
        assert!(scanner.scan(&[part(Field::Text, 0, "a b")], &mut hits).incomplete);
        hits.clear();
        assert!(!scanner.scan(&[part(Field::Text, 0, "b")], &mut hits).incomplete);
        assert_eq!(hits.len(), 1);
    }

    #[test]
    fn a_retired_rule_never_matches() {
        let text = crate::testing::ruleset(&["a"]).replace("why: test", "why: test, status: retired");
        let (program, diagnostics) = crate::testing::compiled(&[&text]);
        assert_eq!(diagnostics, [""; 0]);
        assert_eq!(scan(&program, "a"), []);
        assert_eq!(crate::check_examples(&program, 0), []);
    }
}
