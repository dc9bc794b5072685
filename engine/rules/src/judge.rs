//! One rule in one part: its hits, with what the rule makes of each.

use std::ops::Range;

use lexhold_model::ByteSpan;

use crate::check::{Body, Check};
use crate::combine::{Hits, hits, is_missing, spots};
use crate::expression::Reach;
use crate::found::Found;
use crate::matching::{Answers, Matching, Truths};
use crate::spot::Spot;
use crate::support::Evidence;
use crate::{Confidence, Part, RuleHit, Support};

/// A hit that is not yet written out.
#[derive(Clone, Debug)]
pub(crate) struct Judged<'c> {
    body: &'c Body,
    spot: Spot,
    /// Whether only a later lane has it.
    pub(crate) evasion: bool,
    pub(crate) confidence: Option<Confidence>,
    /// The evidence, as the position of its sort and its place.
    support: Vec<(usize, Spot)>,
    /// What took it away.
    pub(crate) excluded_by: Option<&'c str>,
}

impl Check {
    /// The exclusion of whole messages that a part gives cause for.
    pub(crate) fn message_exclusion(&self, lanes: &[Found<'_>]) -> Option<usize> {
        let gives_cause = |body: &Body, at: usize| {
            let (exclusion, found) = (&body.exclusions[at], &lanes[body.lane]);
            exclusion.reach == Reach::Message
                && !is_missing(&exclusion.expression, found)
                && !spots(&exclusion.expression, found).is_empty()
        };
        let n_exclusions = self.bodies.first()?.exclusions.len();
        (0..n_exclusions).find(|at| self.bodies.iter().any(|body| gives_cause(body, *at)))
    }

    /// What a part says to the conditions on whole messages, by body. `None` if the rule has none.
    pub(crate) fn answers(&self, lanes: &[Found<'_>]) -> Option<Vec<Answers>> {
        let of_body = |body: &Body| match &body.matching {
            Matching::Part(_) => None,
            Matching::Message(tree) => Some(tree.answers(&lanes[body.lane])),
        };
        self.bodies.iter().map(of_body).collect()
    }

    /// Which conditions on whole messages hold, by body, given what each part says; and in which parts there is
    /// something to report.
    pub(crate) fn truths(&self, parts: &[&[Answers]]) -> (Vec<Truths>, Vec<bool>) {
        let mut reports = vec![false; parts.len()];
        let mut of_body = |(at, body): (usize, &Body)| {
            let Matching::Message(tree) = &body.matching else {
                return Truths::new();
            };
            let answers: Vec<&[bool]> = parts.iter().map(|answers| &*answers[at]).collect();
            let (truths, here) = tree.truths(&answers);
            reports.iter_mut().zip(here).for_each(|(all, here)| *all |= here);
            truths
        };
        let truths = self.bodies.iter().enumerate().map(&mut of_body).collect();
        (truths, reports)
    }

    /// Calls `sink` with every hit of a part, and returns how many more lie inside others. `truths` are needed by
    /// rules with conditions on whole messages.
    pub(crate) fn judge<'c>(
        &'c self,
        lanes: &[Found<'_>],
        truths: &[Truths],
        mut sink: impl FnMut(Judged<'c>),
    ) -> usize {
        let mut n_nested = 0;
        let mut taken = Ranges::default();
        for (at, body) in self.bodies.iter().enumerate() {
            let found = &lanes[body.lane];
            let spots = match &body.matching {
                Matching::Part(expression) => spots(expression, found),
                Matching::Message(tree) => truths.get(at).map_or(Vec::new(), |truths| tree.spots(found, truths)),
            };
            let mut hits = hits(spots, &body.exclusions, found);
            let is_new = |spot: Spot| !taken.touch(original(spot, found));
            hits.standing.retain(|spot| is_new(*spot));
            hits.excluded.retain(|(spot, _)| is_new(*spot));
            // The nested hits of a later lane are those of the first one over again.
            if taken.is_empty() {
                n_nested += hits.n_nested;
            }
            if at + 1 < self.bodies.len() {
                taken.add(&hits, found);
            }
            self.judge_hits(at, &hits, found, &mut sink);
        }
        n_nested
    }

    fn judge_hits<'c>(&'c self, at: usize, hits: &Hits, found: &Found<'_>, sink: &mut impl FnMut(Judged<'c>)) {
        let body = &self.bodies[at];
        if hits.standing.is_empty() && hits.excluded.is_empty() {
            return;
        }
        let evidence: Vec<Option<Evidence<'_>>> = body
            .support
            .iter()
            .map(|supporting| Evidence::new(supporting, found))
            .collect();
        let mut push = |spot: Spot, excluded_by| {
            let nearest = |evidence: &Option<Evidence<'_>>| evidence.as_ref().and_then(|sort| sort.nearest(spot));
            let nearest: Vec<Option<Spot>> = evidence.iter().map(nearest).collect();
            sink(Judged {
                body,
                spot,
                evasion: at > 0,
                confidence: self.confidence(|name| nearest[name].is_some()),
                support: nearest
                    .into_iter()
                    .enumerate()
                    .filter_map(|(at, spot)| Some((at, spot?)))
                    .collect(),
                excluded_by,
            });
        };
        hits.standing.iter().for_each(|spot| push(*spot, None));
        hits.excluded
            .iter()
            .for_each(|(spot, exclusion)| push(*spot, Some(&*body.exclusions[*exclusion].label)));
    }
}

impl Judged<'_> {
    /// The matched text in the rule's view.
    pub(crate) fn evidence<'f>(&self, lanes: &'f [Found<'_>]) -> &'f str {
        &lanes[self.body.lane].view.text()[self.spot.start as usize..self.spot.end as usize]
    }

    /// The bytes of the part that it covers.
    pub(crate) fn original(&self, lanes: &[Found<'_>]) -> (usize, usize) {
        let Range { start, end } = original(self.spot, &lanes[self.body.lane]);
        (start, end)
    }

    /// Writes the hit out.
    pub(crate) fn hit(self, rule: u32, part: &Part<'_>, lanes: &[Found<'_>]) -> RuleHit {
        let found = &lanes[self.body.lane];
        let support = self.support.iter().map(|(at, spot)| Support {
            name: self.body.support[*at].name.clone(),
            field: part.field,
            span: span(*spot, part, found),
        });
        RuleHit {
            rule,
            field: part.field,
            span: span(self.spot, part, found),
            part: part.kind,
            evasion: self.evasion,
            confidence: self.confidence,
            support: support.collect(),
            excluded_by: self.excluded_by.map(Box::from),
            evidence: self.evidence(lanes).into(),
        }
    }
}

/// The bytes of the original that a spot covers.
fn original(spot: Spot, found: &Found<'_>) -> Range<usize> {
    found.view.original_start(spot.start as usize)..found.view.original_end(spot.end as usize)
}

#[expect(
    clippy::expect_used,
    reason = "a view maps a range that is not empty to one that is not empty"
)]
fn span(spot: Spot, part: &Part<'_>, found: &Found<'_>) -> ByteSpan {
    let Range { start, end } = original(spot, found);
    ByteSpan::new(part.base + start, part.base + end).expect("a hit ends behind its start")
}

/// Ranges of the original, by start, each with the farthest end so far.
#[derive(Debug, Default)]
struct Ranges(Vec<(usize, usize)>);

impl Ranges {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, hits: &Hits, found: &Found<'_>) {
        let excluded = hits.excluded.iter().map(|(spot, _)| *spot);
        let ranges = hits
            .standing
            .iter()
            .copied()
            .chain(excluded)
            .map(|spot| original(spot, found));
        self.0.extend(ranges.map(|range| (range.start, range.end)));
        self.0.sort_unstable();
        let mut farthest = 0;
        for (_, end) in &mut self.0 {
            farthest = farthest.max(*end);
            *end = farthest;
        }
    }

    fn touch(&self, range: Range<usize>) -> bool {
        let n_before = self.0.partition_point(|(start, _)| *start < range.end);
        n_before > 0 && self.0[n_before - 1].1 > range.start
    }
}
