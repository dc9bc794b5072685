//! What the rules found in one message: counted, thresholds applied, severities raised.

use lexhold_model::Severity;
use rustc_hash::FxHashSet;

use crate::check::{Amount, Check};
use crate::found::Found;
use crate::judge::Judged;
use crate::unicode::is_word;
use crate::view::View;
use crate::{Confidence, Part, Program, RuleHit, RuleOutcome, limits};

/// Collects the hits of one message.
#[derive(Debug)]
pub(crate) struct Tally {
    /// The position in `found` of each rule, one more than it; 0 for none.
    slots: Vec<u32>,
    found: Vec<OfRule>,
    /// The stored hits with the part of each.
    hits: Vec<(usize, RuleHit)>,
    /// Room for folding what was found.
    view: View,
}

/// What is counted of one rule.
#[derive(Debug, Default)]
struct OfRule {
    rule: u32,
    n_hits: u64,
    n_nested: u64,
    n_excluded: u64,
    n_rejected: u64,
    /// Different hits, as many as the rule asks about.
    distinct: FxHashSet<String>,
    evasion: bool,
    confidence: Option<Confidence>,
    /// The exclusion that takes away all hits of the message.
    exclusion: Option<usize>,
    n_stored_excluded: u64,
}

impl Tally {
    /// A tally of this many rules.
    pub(crate) fn new(n_rules: usize) -> Self {
        Tally {
            slots: vec![0; n_rules],
            found: Vec::new(),
            hits: Vec::new(),
            view: View::default(),
        }
    }

    /// Takes a hit of one part, which is stored unless there are too many.
    pub(crate) fn add(
        &mut self,
        rule: u32,
        check: &Check,
        judged: Judged<'_>,
        (at, part): (usize, &Part<'_>),
        lanes: &[Found<'_>],
    ) {
        let asks_for = check.most_distinct();
        let is_asked = judged.excluded_by.is_none() && (self.of_rule(rule).distinct.len() as u64) < asks_for;
        let normal = is_asked.then(|| normal(&mut self.view, judged.evidence(lanes)));
        let of_rule = self.of_rule(rule);
        of_rule.distinct.extend(normal);
        let stored = if judged.excluded_by.is_some() {
            of_rule.n_excluded += 1;
            of_rule.n_excluded <= limits::STORED_HITS
        } else {
            of_rule.n_hits += 1;
            of_rule.evasion |= judged.evasion;
            of_rule.confidence = of_rule.confidence.max(judged.confidence);
            of_rule.n_hits <= limits::STORED_HITS
        };
        if stored {
            self.hits.push((at, judged.hit(rule, part, lanes)));
        }
    }

    pub(crate) fn add_nested(&mut self, rule: u32, n_nested: usize) {
        if n_nested > 0 {
            self.of_rule(rule).n_nested += n_nested as u64;
        }
    }

    pub(crate) fn add_rejected(&mut self, rule: u32, n_rejected: u64) {
        self.of_rule(rule).n_rejected += n_rejected;
    }

    /// Notes that an exclusion takes away all hits of a rule. Of several the first one in the rule counts.
    pub(crate) fn exclude(&mut self, rule: u32, exclusion: usize) {
        let of_rule = self.of_rule(rule);
        of_rule.exclusion = Some(of_rule.exclusion.map_or(exclusion, |before| before.min(exclusion)));
    }

    /// Appends the hits that are left, ordered by part, start, end and rule, and tells of each rule what it found.
    pub(crate) fn finish(&mut self, program: &Program, hits: &mut Vec<RuleHit>) -> Vec<RuleOutcome> {
        let mut found = std::mem::take(&mut self.found);
        for of_rule in &mut found {
            of_rule.settle(&program.checks[of_rule.rule as usize]);
        }
        let key = |(part, hit): &(usize, RuleHit)| (*part, hit.span, hit.rule, hit.excluded_by.is_some());
        self.hits.sort_by_key(key);
        let left = self.hits.drain(..).filter_map(|(_, hit)| {
            let of_rule = &mut found[self.slots[hit.rule as usize] as usize - 1];
            of_rule.pass(hit, &program.checks)
        });
        hits.extend(left);
        found.iter().for_each(|of_rule| self.slots[of_rule.rule as usize] = 0);
        found.sort_unstable_by_key(|of_rule| of_rule.rule);
        let outcome = |of_rule: &OfRule| {
            let rule = of_rule.rule as usize;
            of_rule.outcome(&program.checks[rule], program.rules[rule].severity)
        };
        found.iter().filter_map(outcome).collect()
    }

    fn of_rule(&mut self, rule: u32) -> &mut OfRule {
        let slot = &mut self.slots[rule as usize];
        if *slot == 0 {
            self.found.push(OfRule {
                rule,
                ..OfRule::default()
            });
            *slot = u32::try_from(self.found.len()).unwrap_or(u32::MAX);
        }
        &mut self.found[*slot as usize - 1]
    }
}

impl OfRule {
    /// Decides what becomes of the hits that stand.
    fn settle(&mut self, check: &Check) {
        if self.exclusion.is_some() {
            self.n_excluded += std::mem::take(&mut self.n_hits);
            self.n_nested = 0;
        } else if !self.reaches(check.threshold) {
            (self.n_hits, self.n_nested) = (0, 0);
        }
    }

    /// What becomes of a stored hit.
    fn pass(&mut self, mut hit: RuleHit, checks: &[Check]) -> Option<RuleHit> {
        if hit.excluded_by.is_none() {
            if let Some(exclusion) = self.exclusion {
                let body = checks[hit.rule as usize].bodies.first();
                hit.excluded_by = body.map(|body| body.exclusions[exclusion].label.clone());
            } else if self.n_hits == 0 {
                return None;
            }
        }
        // Where all hits were taken away, those that were before and those that stood share one limit.
        self.n_stored_excluded += u64::from(hit.excluded_by.is_some());
        (self.n_stored_excluded <= limits::STORED_HITS).then_some(hit)
    }

    fn reaches(&self, amount: Amount) -> bool {
        self.n_hits >= amount.total && self.distinct.len() as u64 >= amount.distinct
    }

    /// `None` if nothing is left to tell.
    fn outcome(&self, check: &Check, severity: Severity) -> Option<RuleOutcome> {
        let holds = |raise: &&crate::check::Raise| {
            self.n_hits > 0
                && (!raise.evasion || self.evasion)
                && (raise.confidence.is_none() || self.confidence >= raise.confidence)
                && self.reaches(raise.amount)
        };
        let raised = check.raises.iter().filter(holds).map(|raise| raise.to);
        (self.n_hits + self.n_excluded + self.n_rejected > 0).then(|| RuleOutcome {
            rule: self.rule,
            severity: raised.fold(severity, Severity::max),
            n_hits: self.n_hits,
            n_nested: self.n_nested,
            n_excluded: self.n_excluded,
            n_rejected: self.n_rejected,
            truncated: self.n_hits.max(self.n_excluded) > limits::STORED_HITS,
        })
    }
}

/// What makes hits different: their letters and digits, folded. Hits without any differ as they stand.
fn normal(view: &mut View, evidence: &str) -> String {
    view.fill(evidence);
    let text: String = view.text().chars().filter(|c| is_word(*c)).collect();
    if text.is_empty() { view.text().to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use lexhold_model::{Field, Severity};

    use crate::testing::{compiled, diagnostics, program, ruleset};
    use crate::{Part, RuleHit, RuleOutcome, ScanOutcome, Scanner};

    fn scan(rule: &str, parts: &[&str]) -> (Vec<RuleHit>, ScanOutcome) {
        let (program, diagnostics) = compiled(&[&ruleset(&[rule])]);
        assert!(
            diagnostics.iter().all(|told| told.starts_with("LX0437")),
            "{diagnostics:?}"
        );
        let parts: Vec<Part<'_>> = (0..)
            .zip(parts)
            .map(|(at, text)| Part::authored(Field::AttachmentName(at), text))
            .collect();
        let mut hits = Vec::new();
        let outcome = Scanner::new(&program).scan(&parts, &mut hits);
        (hits, outcome)
    }

    /// How many hits are reported of a rule, and how many of them are excluded.
    fn counts(rule: &str, parts: &[&str]) -> (usize, usize) {
        let (hits, _) = scan(rule, parts);
        let n_excluded = hits.iter().filter(|hit| hit.excluded_by.is_some()).count();
        (hits.len(), n_excluded)
    }

    fn severity(rule: &str, parts: &[&str]) -> Severity {
        scan(rule, parts).1.rules[0].severity
    }

    #[test]
    fn k7_nested_hits_are_counted() {
        let (hits, outcome) = scan("[a b, b, a b c, c]", &["a b c, b", "b c"]);
        assert_eq!(hits.len(), 4);
        assert_eq!((outcome.rules[0].n_hits, outcome.rules[0].n_nested), (4, 3));
    }

    #[test]
    fn s1_total_counts_the_whole_message() {
        let rule = "[a, b], threshold: {total: 3}";
        assert_eq!(counts(rule, &["a a"]), (0, 0));
        assert_eq!(counts(rule, &["a a", "x", "b"]), (3, 0));
        assert_eq!(scan(rule, &["a", "a"]).1, ScanOutcome::default());
        // What lies inside a longer hit is no hit.
        assert_eq!(counts("[a, a b], threshold: {total: 2}", &["a b"]), (0, 0));
    }

    #[test]
    fn s1_distinct_counts_after_normalisation() {
        let rule = "{regex: '[0-9][0-9 -]{3,5}'}, threshold: {distinct: 2}";
        assert_eq!(counts(rule, &["12-34 / 12 34", "x 1234"]), (0, 0));
        assert_eq!(counts(rule, &["12-34", "12 35"]), (2, 0));
        assert_eq!(
            counts(
                "[off the record, tip], threshold: {distinct: 2}",
                &["Off-the-Record, off the record"]
            ),
            (0, 0)
        );
        assert_eq!(counts("[a, b], threshold: {total: 3, distinct: 2}", &["a a a"]), (0, 0));
        assert_eq!(counts("[a, b], threshold: {total: 3, distinct: 2}", &["a b"]), (0, 0));
        assert_eq!(counts("[a, b], threshold: {total: 3, distinct: 2}", &["a b a"]), (3, 0));
    }

    #[test]
    fn s1_excluded_hits_do_not_count() {
        let rule = "{word: a, unless: [{word: not, within: 1}]}, threshold: {total: 2}";
        assert_eq!(counts(rule, &["a", "not a"]), (1, 1));
        assert_eq!(counts(rule, &["a", "not a", "a"]), (3, 1));
    }

    #[test]
    fn s2_severity_is_raised_by_a_condition() {
        let rule = "[a, b], raise: [{to: high, when: {total: 3}}, {to: critical, when: {total: 3, distinct: 2}}]";
        assert_eq!(severity(rule, &["a a"]), Severity::Low);
        assert_eq!(severity(rule, &["a a", "a"]), Severity::High);
        assert_eq!(severity(rule, &["a b", "a"]), Severity::Critical);
        let sure = "{word: a}, support: [{name: s, match: s, within: 1}], confidence: {low: {}, medium: {all: s}}, \
                    raise: {to: high, when: {confidence: medium}}";
        assert_eq!(severity(sure, &["a"]), Severity::Low);
        assert_eq!(severity(sure, &["a", "s a"]), Severity::High);
    }

    #[test]
    fn u5_an_evasion_raises_the_severity() {
        let rule = "{word: whatsapp}, view: skeleton, raise: {to: critical, when: {evasion: true}}";
        assert_eq!(severity(rule, &["WhatsApp"]), Severity::Low);
        assert_eq!(severity(rule, &["WhatsApp", "wh4ts\u{430}pp"]), Severity::Critical);
        let (hits, _) = scan(rule, &["WhatsApp wh4ts\u{430}pp"]);
        assert_eq!(hits.iter().map(|hit| hit.evasion).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn s2_severities_are_only_ever_raised() {
        let of = |rest: &str| diagnostics(&format!("a, {rest}"));
        assert_eq!(of("raise: {to: low, when: {total: 2}}"), ["LX0442: low"]);
        assert_eq!(of("raise: {to: high, when: {}}"), ["LX0442: {}"]);
        assert_eq!(
            of("raise: {to: high, when: {evasion: true}}"),
            ["LX0442: {evasion: true}"]
        );
        assert_eq!(of("view: skeleton, raise: {to: high, when: {evasion: true}}"), [""; 0]);
        assert_eq!(of("raise: {to: high, when: {confidence: low}}"), ["LX0442: low"]);
        assert_eq!(
            of("confidence: {medium: {}}, raise: {to: high, when: {confidence: high}}"),
            ["LX0442: high"]
        );
    }

    #[test]
    fn s3_thresholds_above_the_cap_are_refused() {
        let of = |n: u32| diagnostics(&format!("a, threshold: {{total: {n}, distinct: {n}}}"));
        assert_eq!(of(1_000), [""; 0]);
        assert_eq!(of(1_001), ["LX0441: 1001", "LX0441: 1001"]);
        assert_eq!(of(0), ["LX0441: 0", "LX0441: 0"]);
        assert_eq!(diagnostics("a, threshold: {}"), ["LX0441: {}"]);
        assert_eq!(diagnostics("a, raise: {to: high, when: {total: 1001}}").len(), 2);
    }

    #[test]
    fn s3_at_the_cap_and_one_above() {
        for (n, truncated) in [(1_000, false), (1_001, true)] {
            let text = "a ".repeat(n);
            let (hits, outcome) = scan("a, threshold: {total: 1000}", &[&text]);
            assert_eq!((hits.len(), outcome.rules[0].truncated), (1_000, truncated));
            assert_eq!(outcome.rules[0].n_hits, n as u64);
        }
    }

    const EXCLUDED: &str = "{word: a, unless: [{word: x, within: 1}, {phrase: not for us, scope: message, acknowledge_bypass: true, approved_by: an@other.example}]}";

    #[test]
    fn e3_a_message_is_excluded_as_a_whole() {
        assert_eq!(counts(EXCLUDED, &["a", "x a"]), (2, 1));
        let (hits, outcome) = scan(EXCLUDED, &["a", "x a", "not for us", "a"]);
        let by: Vec<&str> = hits.iter().filter_map(|hit| hit.excluded_by.as_deref()).collect();
        assert_eq!(by, ["phrase: not for us", "word: x", "phrase: not for us"]);
        assert_eq!((outcome.rules[0].n_hits, outcome.rules[0].n_excluded), (0, 3));
        assert_eq!(scan(EXCLUDED, &["not for us"]).1, ScanOutcome::default());
    }

    #[test]
    fn e3_what_is_excluded_shares_one_cap() {
        let (plain, beside) = ("a ".repeat(700), "x a, ".repeat(700));
        let (hits, outcome) = scan(EXCLUDED, &[&plain, &beside, "not for us"]);
        assert_eq!(
            (hits.len(), outcome.rules[0].n_excluded, outcome.rules[0].truncated),
            (1_000, 1_400, true)
        );
        assert_eq!(
            hits.iter().filter(|hit| hit.field == Field::AttachmentName(0)).count(),
            700
        );
    }

    #[test]
    fn e3_it_takes_two_people_and_is_told() {
        let of = |keys: &str| diagnostics(&format!("{{word: a, unless: [{{word: b, scope: message{keys}}}]}}"));
        assert_eq!(of(""), ["LX0436: message"]);
        assert_eq!(of(", acknowledge_bypass: true"), ["LX0436: message"]);
        assert_eq!(of(", acknowledge_bypass: false, approved_by: you"), ["LX0436: message"]);
        assert_eq!(
            of(", acknowledge_bypass: true, approved_by: 'ME@example.com '"),
            ["LX0436: 'ME@example.com '"]
        );
        assert_eq!(
            of(", acknowledge_bypass: true, approved_by: you@example.com"),
            ["LX0437: message"]
        );
        assert_eq!(of(", within: 3"), ["LX0402: within"]);
        let approved = "{word: a, unless: [{word: b, approved_by: you}]}";
        assert_eq!(diagnostics(approved), ["LX0402: approved_by"]);
        assert_eq!(
            diagnostics("{word: a, unless: [{word: b, scope: part}]}"),
            ["LX0402: part"]
        );
    }

    #[test]
    fn q1_a_rule_looks_at_its_parts_alone() {
        use lexhold_model::PartKind;
        let of_kind = |kind, text| Part {
            kind,
            ..Part::authored(Field::Text, text)
        };
        let parts = [
            Part::authored(Field::Subject, "a"),
            Part::authored(Field::Text, "a"),
            of_kind(PartKind::Quoted, "a"),
            of_kind(PartKind::Forwarded, "a"),
            of_kind(PartKind::Signature, "a"),
            of_kind(PartKind::Disclaimer, "a"),
            Part::authored(Field::AttachmentName(0), "a"),
        ];
        let names = [
            "subject",
            "authored",
            "quoted",
            "forwarded",
            "signature",
            "disclaimer",
            "attachment_names",
        ];
        for (at, name) in names.into_iter().enumerate() {
            let program = program(&[&format!("a, parts: [{name}]"), "a"]);
            assert_eq!(program.rules()[0].parts.names().collect::<Vec<_>>(), [name]);
            let mut hits = Vec::new();
            Scanner::new(&program).scan(&parts, &mut hits);
            let of_rule = hits.iter().filter(|hit| hit.rule == 0);
            let found: Vec<_> = of_rule.map(|hit| (hit.field, hit.part)).collect();
            assert_eq!(found, [(parts[at].field, parts[at].kind)]);
            assert_eq!(hits.len(), 1 + parts.len());
            assert_eq!(
                hits.iter().filter(|hit| hit.quoted()).count(),
                2 + usize::from(at == 2 || at == 3)
            );
        }
        // Nothing else of the message changes what the rule finds.
        let program = program(&["{same_message: [a, b]}, parts: subject"]);
        let mut hits = Vec::new();
        let outcome = Scanner::new(&program).scan(
            &[Part::authored(Field::Subject, "a"), Part::authored(Field::Text, "b")],
            &mut hits,
        );
        assert_eq!((hits.len(), outcome), (0, ScanOutcome::default()));
        assert_eq!(diagnostics("a, parts: [body]").len(), 1);
    }

    #[test]
    fn v2_rejected_matches_are_counted() {
        let (hits, outcome) = scan(
            "{regex: '[0-9]{16}', validate: luhn}, view: digits",
            &["4111111111111111", "4111111111111112 and 4111111111111113"],
        );
        assert_eq!(hits.len(), 1);
        let of_rule = |n_hits, n_rejected| RuleOutcome {
            rule: 0,
            severity: Severity::Low,
            n_hits,
            n_nested: 0,
            n_excluded: 0,
            n_rejected,
            truncated: false,
        };
        assert_eq!(outcome.rules, [of_rule(1, 2)]);
        let (_, outcome) = scan(
            "{regex: '[0-9]{16}', validate: luhn}, view: digits",
            &["4111111111111112"],
        );
        assert_eq!(outcome.rules, [of_rule(0, 1)]);
    }
}
