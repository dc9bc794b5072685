//! The scanner: a program's scratch and caches, one for each thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lexhold_model::ByteSpan;

use crate::combine::{Found, Hits, hits};
use crate::disclaimer::Masks;
use crate::lane::{LaneScratch, Spots};
use crate::program::Check;
use crate::spot::Spot;
use crate::{Part, Program, RuleHit, RuleOutcome, ScanOutcome, limits};

/// Scans messages with one program. Its caches grow warm, so keep one a thread.
#[derive(Debug)]
pub struct Scanner<'p> {
    program: &'p Program,
    scratch: Scratch,
    /// Hits of each rule in the message at hand.
    counts: Vec<Counts>,
    counted: Vec<u32>,
}

/// What is counted of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    hits: u64,
    nested: u64,
    excluded: u64,
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
    masks: Masks,
}

impl<'p> Scanner<'p> {
    /// A scanner with empty caches.
    pub fn new(program: &'p Program) -> Self {
        let n_rules = program.rules().len();
        Scanner {
            program,
            scratch: Scratch::new(program),
            counts: vec![Counts::default(); n_rules],
            counted: Vec::new(),
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
        for part in parts {
            incomplete |= !self.scan_part(*part, hits);
        }
        ScanOutcome {
            incomplete,
            rules: self.take_outcomes(),
        }
    }

    /// Appends the hits of one part and says whether it was scanned in full.
    fn scan_part(&mut self, part: Part<'_>, hits: &mut Vec<RuleHit>) -> bool {
        if part.text.len() > limits::PART_BYTES {
            return false;
        }
        let n_before = hits.len();
        let run = || {
            let complete = self.scratch.find(self.program, part.text);
            self.push_hits(part, hits);
            complete
        };
        // A rule that fails must neither end the run nor pass for "no hit".
        let complete = match catch_unwind(AssertUnwindSafe(run)) {
            Ok(complete) => {
                self.scratch.clear();
                complete
            }
            Err(_) => {
                self.scratch = Scratch::new(self.program);
                false
            }
        };
        hits[n_before..].sort_unstable_by_key(|hit| (hit.span, hit.rule, hit.excluded_by.is_some()));
        complete
    }

    fn push_hits(&mut self, part: Part<'_>, hits: &mut Vec<RuleHit>) {
        for at in 0..self.scratch.rules.len() {
            self.push_rule(self.scratch.rules[at], part, hits);
        }
    }

    fn push_rule(&mut self, rule: u32, part: Part<'_>, out: &mut Vec<RuleHit>) {
        if !self.program.rules[rule as usize].parts.contains(&part) {
            return;
        }
        let check = &self.program.checks[rule as usize];
        let plain = self.scratch.hits(check);
        let evasive = check.evasive.as_deref().map(|evasive| {
            let mut hits = self.scratch.hits(evasive);
            self.scratch.keep_untouched(&mut hits, evasive, &plain, check);
            (evasive, hits)
        });
        self.push_found(rule, part, (check, plain), false, out);
        if let Some(evasive) = evasive {
            self.push_found(rule, part, evasive, true, out);
        }
    }

    fn push_found(
        &mut self,
        rule: u32,
        part: Part<'_>,
        (check, found): (&Check, Hits),
        evasion: bool,
        out: &mut Vec<RuleHit>,
    ) {
        let n_nested = found.n_nested as u64;
        if n_nested > 0 {
            self.counts_of(rule).nested += n_nested;
        }
        let lane = check.view as usize;
        for spot in found.standing {
            let disclaimer = self.scratch.disclaimer(self.program, lane, part, spot);
            let is_stored = match disclaimer {
                None => self.count(rule, |counts| &mut counts.hits),
                Some(_) => self.count(rule, |counts| &mut counts.excluded),
            };
            if is_stored {
                let hit = hit(&self.scratch.lanes[lane], rule, part, spot);
                let excluded_by = disclaimer.map(Box::from);
                out.push(RuleHit {
                    evasion,
                    excluded_by,
                    ..hit
                });
            }
        }
        for (spot, exclusion) in found.excluded {
            if self.count(rule, |counts| &mut counts.excluded) {
                let hit = hit(&self.scratch.lanes[lane], rule, part, spot);
                let excluded_by = Some(check.exclusions[exclusion].label.clone());
                out.push(RuleHit {
                    evasion,
                    excluded_by,
                    ..hit
                });
            }
        }
    }

    /// Counts a hit and says whether it is still to be stored.
    fn count(&mut self, rule: u32, sort: impl FnOnce(&mut Counts) -> &mut u64) -> bool {
        let count = sort(self.counts_of(rule));
        *count += 1;
        *count <= limits::STORED_HITS
    }

    fn counts_of(&mut self, rule: u32) -> &mut Counts {
        let counts = &mut self.counts[rule as usize];
        if *counts == Counts::default() {
            self.counted.push(rule);
        }
        counts
    }

    fn take_outcomes(&mut self) -> Vec<RuleOutcome> {
        self.counted.sort_unstable();
        let outcomes = self.counted.drain(..).map(|rule| {
            let counts = std::mem::take(&mut self.counts[rule as usize]);
            RuleOutcome {
                rule,
                severity: self.program.rules[rule as usize].severity,
                n_hits: counts.hits,
                n_nested: counts.nested,
                n_excluded: counts.excluded,
                n_rejected: 0,
                truncated: counts.hits.max(counts.excluded) > limits::STORED_HITS,
            }
        });
        outcomes.collect()
    }
}

impl Scratch {
    fn new(program: &Program) -> Self {
        Scratch {
            lanes: program.lanes.iter().map(LaneScratch::new).collect(),
            spots: Spots::new(program.uses.len()),
            rules: Vec::new(),
            is_due: vec![false; program.checks.len()],
            masks: Masks::default(),
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

    fn hits(&self, check: &Check) -> Hits {
        let found = Found {
            tokens: &self.lanes[check.view as usize].tokens,
            leaves: &self.spots.of_leaves,
        };
        hits(&check.expression, &check.exclusions, found)
    }

    /// Drops the evasive hits that lie where there are plain ones, standing or excluded.
    fn keep_untouched(&self, evasive: &mut Hits, evasive_check: &Check, plain: &Hits, plain_check: &Check) {
        let lane = &self.lanes[plain_check.view as usize];
        let mut ranges: Vec<(usize, usize)> = plain.spots().map(|spot| lane.original(spot)).collect();
        ranges.sort_unstable();
        // Of the ranges that begin before a place, how far the farthest reaches.
        let mut reach = 0;
        for (_, end) in &mut ranges {
            reach = reach.max(*end);
            *end = reach;
        }
        let lane = &self.lanes[evasive_check.view as usize];
        let is_untouched = |spot: Spot| {
            let (start, end) = lane.original(spot);
            let n_before = ranges.partition_point(|range| range.0 < end);
            n_before == 0 || ranges[n_before - 1].1 <= start
        };
        evasive.standing.retain(|spot| is_untouched(*spot));
        evasive.excluded.retain(|(spot, _)| is_untouched(*spot));
    }

    /// The disclaimer whose words a spot lies in.
    fn disclaimer<'p>(&mut self, program: &'p Program, lane: usize, part: Part<'_>, spot: Spot) -> Option<&'p str> {
        if program.disclaimers.is_empty() {
            return None;
        }
        let (start, end) = self.lanes[lane].original(spot);
        self.masks.cover(&program.disclaimers, part.text, start, end)
    }

    fn clear(&mut self) {
        self.spots.clear();
        self.masks.clear();
        for rule in self.rules.drain(..) {
            self.is_due[rule as usize] = false;
        }
    }
}

/// A plain hit that nothing excludes.
#[expect(
    clippy::expect_used,
    reason = "every view maps a range that is not empty to one that is not empty"
)]
fn hit(lane: &LaneScratch, rule: u32, part: Part<'_>, spot: Spot) -> RuleHit {
    let (start, end) = lane.original(spot);
    RuleHit {
        rule,
        field: part.field,
        span: ByteSpan::new(part.base + start, part.base + end).expect("a hit ends behind its start"),
        part: part.kind,
        evasion: false,
        confidence: None,
        support: Box::default(),
        excluded_by: None,
        evidence: Box::from(lane.text(spot)),
    }
}

#[cfg(test)]
mod tests {
    use lexhold_model::{Field, PartKind, Severity};

    use super::*;
    use crate::expression::Expression;
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
        let two = ("{near: {of: [a, b], within: 9}}", "a b ".repeat(250_000));
        let four = ("{near: {of: [a, b, c, [a, b]], within: 9}}", "a b c ".repeat(20_000));
        for (matched, text) in [two, four] {
            let program = program(&[matched]);
            let mut hits = Vec::new();
            let outcome = Scanner::new(&program).scan(&[part(Field::Text, 0, &text)], &mut hits);
            assert_eq!(
                (outcome.incomplete, outcome.rules[0].truncated, hits.len()),
                (false, true, 1_000)
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
        program.checks[0].expression = Expression::Leaf(u32::MAX);
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
