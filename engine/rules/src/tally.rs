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
        let of_rule = self.of_rule(rule);
        let stored = if judged.excluded_by.is_some() {
            of_rule.n_excluded += 1;
            of_rule.n_excluded <= limits::STORED_HITS
        } else {
            of_rule.n_hits += 1;
            of_rule.evasion |= judged.evasion;
            of_rule.confidence = of_rule.confidence.max(judged.confidence);
            if (of_rule.distinct.len() as u64) < check.most_distinct() {
                of_rule.distinct.insert(normal(judged.evidence(lanes)));
            }
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
fn normal(evidence: &str) -> String {
    let mut view = View::default();
    view.fill(evidence);
    let text: String = view.text().chars().filter(|c| is_word(*c)).collect();
    if text.is_empty() { view.text().to_owned() } else { text }
}
