//! Which alerts two bundles raise on the archived messages.
//!
//! A hit is the same under both if rule, message and the words matched are; where it stands in the text does not matter. Of a
//! sample, rules over several messages are left out: what they look for may lie in messages that were not drawn.

use std::collections::{BTreeMap, HashMap};

use lexhold_evaluate::{Bundle, Evaluation, Evaluator, Facts, HoldSet, RuleRef};
use lexhold_model::{Digest, Key, Severity};
use lexhold_store::{Home, StoredFile};
use rayon::prelude::*;
use serde::Serialize;

use super::conversations::{self, Events};

/// What becomes of the alerts of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleFigures {
    /// Hits under the old bundle.
    pub before: u64,
    /// Hits under the new bundle.
    pub after: u64,
    /// Hits that only the new bundle has.
    pub gained: u64,
    /// Hits that only the old bundle has.
    pub lost: u64,
    /// Hits that both have with another severity.
    pub reclassified: u64,
}

/// What becomes of alerts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AlertFigures {
    /// How many messages were read.
    pub messages: u64,
    /// How many of all messages: below one for a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
    /// All rules together.
    pub total: RuleFigures,
    /// By rule; those that nothing changes for are left out.
    pub by_rule: BTreeMap<String, RuleFigures>,
}

/// How a sample was drawn, and how far it can be relied on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// How many messages were wanted.
    pub wanted: u64,
    /// What fixes the choice.
    pub seed: u64,
    /// How many messages there are.
    pub of: u64,
    /// With 95 % confidence at most so many hits are lost among all messages.
    pub lost_at_most: u64,
    /// With 95 % confidence at most so many hits are gained.
    pub gained_at_most: u64,
}

/// Which messages are read.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// How many; all without it.
    pub sample: Option<u64>,
    /// What fixes the choice.
    pub seed: u64,
    /// How many messages the home has.
    pub of: u64,
}

impl Choice {
    fn takes(&self, key: Key) -> bool {
        let Some(wanted) = self.sample.filter(|wanted| *wanted < self.of) else {
            return true;
        };
        let hash = Digest::of(format!("lexhold diff sample\n{}\n{key}", self.seed).as_bytes());
        let number = hash.0[..8]
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        u128::from(number) * u128::from(self.of) < u128::from(wanted) << 64
    }
}

/// Whether anything that raises alerts differs.
pub fn differ(old: &Bundle, new: &Bundle) -> bool {
    let alerting = |bundle: &Bundle| -> Vec<Digest> {
        let mine = bundle
            .documents
            .iter()
            .filter(|document| !matches!(document.kind, "retention" | "calendar" | "sampling"));
        mine.map(|document| document.digest).collect()
    };
    alerting(old) != alerting(new)
}

type Hits = HashMap<(String, Key, Key), Severity>;

/// What one segment has.
#[derive(Default)]
struct Part {
    figures: AlertFigures,
    before: Events,
    after: Events,
}

impl Part {
    fn merge(&mut self, other: Self) {
        self.figures.merge(&other.figures);
        self.before.merge(other.before);
        self.after.merge(other.after);
    }
}

/// Reads the archive under both bundles. `facts` are those of today: the directory as given.
pub fn compare(home: &Home, old: &Bundle, new: &Bundle, facts: &Facts, choice: Choice) -> anyhow::Result<AlertFigures> {
    let mut segments: Vec<StoredFile> = Vec::new();
    for batch in home.batches(1)? {
        segments.extend(batch?.1.files.into_iter().filter(StoredFile::is_segment));
    }
    let parts: Vec<anyhow::Result<Part>> = segments
        .par_iter()
        .map_init(
            || (Evaluator::new(old, facts), Evaluator::new(new, facts)),
            |(of_old, of_new), segment| {
                let mut part = Part::default();
                for archived in home.archive().read(segment)? {
                    let archived = archived?;
                    let taken: Vec<bool> = archived.keys.iter().map(|key| choice.takes(*key)).collect();
                    let keys: Vec<Key> = archived
                        .keys
                        .iter()
                        .zip(&taken)
                        .filter(|(_, taken)| **taken)
                        .map(|(key, _)| *key)
                        .collect();
                    let batch = archived.messages.filter(&taken);
                    part.figures.messages += keys.len() as u64;
                    let (before, after) = (of_old.evaluate(&batch), of_new.evaluate(&batch));
                    part.figures
                        .compare(&hits(old, &before, &keys), &hits(new, &after, &keys));
                    part.before.note(&batch, &before);
                    part.after.note(&batch, &after);
                }
                Ok(part)
            },
        )
        .collect();
    let mut whole = Part::default();
    for part in parts {
        whole.merge(part?);
    }
    let mut all = whole.figures;
    let sample = choice.sample.filter(|wanted| *wanted < choice.of);
    if sample.is_none() {
        conversations::compare(&mut all, (old, whole.before), (new, whole.after));
    }
    all.by_rule
        .retain(|_, rule| rule.gained + rule.lost + rule.reclassified > 0);
    if let Some(wanted) = sample {
        let at_most = |n: u64| at_most(n, all.messages, choice.of);
        all.sample = Some(Sample {
            wanted,
            seed: choice.seed,
            of: choice.of,
            lost_at_most: at_most(all.total.lost),
            gained_at_most: at_most(all.total.gained),
        });
    }
    Ok(all)
}

/// The facts for evaluating without holds.
pub fn facts(home: &Home, directory: lexhold_model::Directory) -> anyhow::Result<Facts> {
    Ok(Facts {
        directory,
        holds: HoldSet::none(),
        zone: crate::run::zone(home.zone())?,
        key: home.content_key()?,
        backfill: true,
    })
}

fn hits(bundle: &Bundle, evaluation: &Evaluation, keys: &[Key]) -> Hits {
    let alerting = evaluation.hits.iter().filter(|hit| {
        let summary = bundle.rule(hit.rule);
        hit.excluded_by.is_none() && summary.alerts && !matches!(hit.rule, RuleRef::Conversation(_))
    });
    let identified = alerting.map(|hit| {
        let rule = bundle.rule(hit.rule).id.to_owned();
        ((rule, keys[hit.row], hit.evidence), hit.severity)
    });
    let mut hits = Hits::new();
    for (identity, severity) in identified {
        let kept = hits.entry(identity).or_insert(severity);
        *kept = severity.max(*kept);
    }
    hits
}

impl AlertFigures {
    fn compare(&mut self, old: &Hits, new: &Hits) {
        for ((rule, message, evidence), severity) in old {
            let other = new.get(&(rule.clone(), *message, *evidence));
            self.count_old(rule, *severity, other.copied());
        }
        for identity in new.keys() {
            self.count_new(&identity.0, !old.contains_key(identity));
        }
    }

    /// Counts what the old bundle has, with the severity that the new one gives it, if it has it too.
    pub fn count_old(&mut self, rule: &str, severity: Severity, other: Option<Severity>) {
        self.count(rule, |figures| {
            figures.before += 1;
            figures.lost += u64::from(other.is_none());
            figures.reclassified += u64::from(other.is_some_and(|other| other != severity));
        });
    }

    /// Counts what the new bundle has.
    pub fn count_new(&mut self, rule: &str, is_gained: bool) {
        self.count(rule, |figures| {
            figures.after += 1;
            figures.gained += u64::from(is_gained);
        });
    }

    fn count(&mut self, rule: &str, mut add: impl FnMut(&mut RuleFigures)) {
        add(&mut self.total);
        add(self.by_rule.entry(rule.to_owned()).or_default());
    }

    fn merge(&mut self, other: &Self) {
        self.messages += other.messages;
        self.total.merge(&other.total);
        for (rule, figures) in &other.by_rule {
            self.by_rule.entry(rule.clone()).or_default().merge(figures);
        }
    }
}

impl RuleFigures {
    fn merge(&mut self, other: &Self) {
        self.before += other.before;
        self.after += other.after;
        self.gained += other.gained;
        self.lost += other.lost;
        self.reclassified += other.reclassified;
    }
}

/// The upper end of a 95 % interval (Wilson's, one-sided at 1.645; three for none at all) for the number among all, given the
/// number in a sample.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate, of counts far below 2^53"
)]
fn at_most(found: u64, sampled: u64, of: u64) -> u64 {
    if sampled == 0 {
        return of;
    }
    let (n, share) = (sampled as f64, found as f64 / sampled as f64);
    let z = 1.645_f64;
    let centre = share + z * z / (2.0 * n);
    let spread = z * (share * (1.0 - share).max(0.0) / n + z * z / (4.0 * n * n)).sqrt();
    let upper = if found == 0 {
        3.0 / n
    } else {
        (centre + spread) / (1.0 + z * z / n)
    };
    ((upper * of as f64).ceil() as u64).max(found)
}
