//! A rule, compiled: what it looks for, and what it makes of what it finds.

use lexhold_model::Severity;

use crate::Confidence;
use crate::expression::{Exclusion, Reach};
use crate::matching::Matching;
use crate::support::Supporting;

/// A compiled rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Check {
    /// What it looks for, by lane. A hit of a later one counts only where no hit of an earlier one is.
    pub(crate) bodies: Vec<Body>,
    /// The tiers of confidence, the highest first.
    pub(crate) tiers: Vec<Tier>,
    /// How much has to be found in a message before any of it is reported.
    pub(crate) threshold: Amount,
    /// What raises the severity.
    pub(crate) raises: Vec<Raise>,
}

/// What a rule looks for in one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    /// The position of the lane in the program.
    pub(crate) lane: usize,
    pub(crate) matching: Matching,
    pub(crate) exclusions: Vec<Exclusion>,
    /// Supporting evidence, in the order of the rule.
    pub(crate) support: Vec<Supporting>,
}

/// A tier of confidence and what it demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tier {
    pub(crate) confidence: Confidence,
    /// Supporting evidence that all has to be there, by position.
    pub(crate) all: Vec<usize>,
    /// How many of `of` have to be there.
    pub(crate) any: usize,
    pub(crate) of: Vec<usize>,
}

/// How much was found of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    /// The least number of hits.
    pub(crate) total: u64,
    /// The least number of different hits.
    pub(crate) distinct: u64,
}

/// A severity, and what has to be true of a message for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Raise {
    pub(crate) to: Severity,
    /// A hit that only a view shows that undoes disguises.
    pub(crate) evasion: bool,
    /// A hit of this tier or a higher one.
    pub(crate) confidence: Option<Confidence>,
    pub(crate) amount: Amount,
}

impl Check {
    /// The tier of a hit with this evidence.
    pub(crate) fn confidence(&self, is_there: impl Fn(usize) -> bool) -> Option<Confidence> {
        let holds = |tier: &&Tier| {
            tier.all.iter().all(|name| is_there(*name))
                && tier.of.iter().filter(|name| is_there(**name)).count() >= tier.any
        };
        self.tiers.iter().find(holds).map(|tier| tier.confidence)
    }

    /// The largest number of different hits that the rule asks about.
    pub(crate) fn most_distinct(&self) -> u64 {
        let raises = self.raises.iter().map(|raise| raise.amount.distinct);
        raises.fold(self.threshold.distinct, u64::max)
    }

    /// Calls `found` with every leaf that the rule has to look at when it is there.
    pub(crate) fn for_each_leaf(&self, found: &mut impl FnMut(u32)) {
        for body in &self.bodies {
            body.matching.for_each_leaf(found);
            let of_message = body
                .exclusions
                .iter()
                .filter(|exclusion| exclusion.reach == Reach::Message);
            of_message.for_each(|exclusion| exclusion.expression.for_each_leaf(found));
        }
    }
}
