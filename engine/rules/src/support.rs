//! Supporting evidence: what has to stand near a hit for the rule to be surer of it.

use crate::beside::{Beside, Window};
use crate::combine::{is_missing, spots};
use crate::expression::Expression;
use crate::found::Found;
use crate::spot::Spot;

/// One sort of supporting evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Supporting {
    pub(crate) name: Box<str>,
    pub(crate) expression: Expression,
    pub(crate) window: Window,
    pub(crate) unit: Unit,
    /// Whether text of the hit itself counts too.
    pub(crate) itself: bool,
}

/// What a window is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Words,
    /// Characters of the view. Neighbours are 1 apart.
    Characters,
}

/// The evidence of one sort in a part, arranged so that each hit asks in logarithmic time.
pub(crate) struct Evidence<'a> {
    supporting: &'a Supporting,
    found: &'a Found<'a>,
    beside: Beside<'a>,
    /// By end, then start.
    by_end: Vec<Spot>,
    /// By start, then end; with the position of the one with the farthest end so far.
    by_start: Vec<(Spot, usize)>,
}

impl<'a> Evidence<'a> {
    /// `None` if there is none in the part.
    pub(crate) fn new(supporting: &'a Supporting, found: &'a Found<'a>) -> Option<Self> {
        if is_missing(&supporting.expression, found) {
            return None;
        }
        let spots = spots(&supporting.expression, found);
        let mut by_end = spots.clone();
        by_end.sort_unstable_by_key(|spot| (spot.end, spot.start));
        let mut farthest = 0;
        let with_farthest = spots.iter().enumerate().map(|(at, spot)| {
            if spot.end > spots[farthest].end {
                farthest = at;
            }
            (*spot, farthest)
        });
        Some(Evidence {
            supporting,
            found,
            beside: Beside::new(&spots, found.tokens),
            by_end,
            by_start: with_farthest.collect(),
        })
    }

    /// The nearest evidence in the window of a hit; of two that are equally near the one before it.
    pub(crate) fn nearest(&self, hit: Spot) -> Option<Spot> {
        if self.supporting.itself
            && let Some(inside) = self.touching(hit)
        {
            return Some(inside);
        }
        let Window { before, after } = self.supporting.window;
        let before = self.before(hit).filter(|(distance, _)| *distance <= before);
        let after = self.after(hit).filter(|(distance, _)| *distance <= after);
        before
            .into_iter()
            .chain(after)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, spot)| spot)
    }

    /// Evidence that shares text with a hit.
    fn touching(&self, hit: Spot) -> Option<Spot> {
        let n_before = self.by_start.partition_point(|(spot, _)| spot.start < hit.end);
        let (_, farthest) = self.by_start[..n_before].last()?;
        let (spot, _) = self.by_start[*farthest];
        (spot.end > hit.start).then_some(spot)
    }

    fn before(&self, hit: Spot) -> Option<(u32, Spot)> {
        if self.supporting.unit == Unit::Words {
            return self.beside.before(hit);
        }
        let n_before = self.by_end.partition_point(|spot| spot.end <= hit.start);
        let nearest = *self.by_end[..n_before].last()?;
        Some((self.characters(nearest.end, hit.start), nearest))
    }

    fn after(&self, hit: Spot) -> Option<(u32, Spot)> {
        if self.supporting.unit == Unit::Words {
            return self.beside.after(hit);
        }
        let n_before = self.by_start.partition_point(|(spot, _)| spot.start < hit.end);
        let (nearest, _) = *self.by_start.get(n_before)?;
        Some((self.characters(hit.end, nearest.start), nearest))
    }

    fn characters(&self, from: u32, to: u32) -> u32 {
        let between = self.found.n_characters(to as usize) - self.found.n_characters(from as usize);
        u32::try_from(between).unwrap_or(u32::MAX).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{diagnostics, program, scan};

    /// The tier and the evidence of every hit of `number` with such support; the tiers are `low` for any, `high` for
    /// all of it.
    fn graded(support: &str, confidence: &str, text: &str) -> Vec<String> {
        let program = program(&[&format!(
            "{{word: number}}, support: [{support}], confidence: {confidence}"
        )]);
        let shown = scan(&program, text).into_iter().map(|hit| {
            let tier = hit.confidence.map_or("none", |tier| tier.as_str());
            let evidence = hit
                .support
                .iter()
                .map(|support| format!(" {}={}", support.name, &text[support.span.start()..support.span.end()]));
            format!("{tier}{}", evidence.collect::<String>())
        });
        shown.collect()
    }

    const HIGH: &str = "{high: {all: [card]}}";

    #[test]
    fn c1_windows_in_words_and_characters_on_either_side() {
        let words = "{name: card, match: [visa, card], within: 2}";
        assert_eq!(graded(words, HIGH, "card x number"), ["high card=card"]);
        assert_eq!(graded(words, HIGH, "number x visa"), ["high card=visa"]);
        let before = "{name: card, match: card, within: 2, side: before}";
        assert_eq!(
            graded(before, HIGH, "number card / card number"),
            ["none", "high card=card"]
        );
        let after = "{name: card, match: card, characters: 9, side: after}";
        assert_eq!(graded(after, HIGH, "card number"), ["none"]);
        assert_eq!(graded(after, HIGH, "number of card"), ["high card=card"]);
    }

    #[test]
    fn c1_any_of_some() {
        let support = "{name: a, match: a, within: 9}, {name: b, match: b, within: 9}, {name: c, match: c, within: 9}";
        let tiers = "{low: {any: 1, of: [a, b, c]}, high: {all: a, any: 1, of: [b, c]}}";
        assert_eq!(graded(support, tiers, "number"), ["none"]);
        assert_eq!(graded(support, tiers, "number b c"), ["low b=b c=c"]);
        assert_eq!(graded(support, tiers, "number a"), ["low a=a"]);
        assert_eq!(graded(support, tiers, "number c a"), ["high a=a c=c"]);
        // The same evidence twice is one sort of it.
        let two = "{low: {any: 2, of: [a, b, c]}}";
        assert_eq!(graded(support, two, "number a a"), ["none a=a"]);
    }

    #[test]
    fn c2_the_highest_tier_that_holds() {
        let support = "{name: a, match: a, within: 9}, {name: b, match: b, within: 9}";
        let tiers = "{low: {}, medium: {all: a}, high: {all: [a, b]}}";
        assert_eq!(graded(support, tiers, "number"), ["low"]);
        assert_eq!(graded(support, tiers, "number b"), ["low b=b"]);
        assert_eq!(graded(support, tiers, "number a"), ["medium a=a"]);
        assert_eq!(graded(support, tiers, "a number b"), ["high a=a b=b"]);
        let none = program(&["{word: number}"]);
        assert_eq!(scan(&none, "number")[0].confidence, None);
    }

    #[test]
    fn c3_edges_are_inclusive() {
        let words = "{name: card, match: card, within: 3}";
        assert_eq!(graded(words, HIGH, "card x x number"), ["high card=card"]);
        assert_eq!(graded(words, HIGH, "card x x x number"), ["none"]);
        assert_eq!(graded(words, HIGH, "number x x card"), ["high card=card"]);
        assert_eq!(graded(words, HIGH, "number x x x card"), ["none"]);
        let characters = "{name: card, match: card, characters: 3}";
        assert_eq!(graded(characters, HIGH, "card, number"), ["high card=card"]);
        assert_eq!(graded(characters, HIGH, "card,- number"), ["none"]);
        assert_eq!(
            graded(characters, HIGH, "number\u{201c}\u{201d}card"),
            ["high card=card"]
        );
        assert_eq!(graded(characters, HIGH, "number\u{201c}-\u{201d}card"), ["none"]);
    }

    #[test]
    fn c4_the_finding_is_not_its_own_evidence() {
        let plain = "{name: card, match: [number, card number], within: 3}";
        assert_eq!(graded(plain, HIGH, "card number"), ["none"]);
        assert_eq!(
            graded(plain, HIGH, "number number"),
            ["high card=number", "high card=number"]
        );
        let itself = "{name: card, match: number, within: 3, itself: true}";
        assert_eq!(graded(itself, HIGH, "number"), ["high card=number"]);
    }

    #[test]
    fn c5_evidence_is_whole_words() {
        let licence = "{name: card, match: lic, within: 3}";
        assert_eq!(graded(licence, HIGH, "duplicate number"), ["none"]);
        assert_eq!(graded(licence, HIGH, "lic. number"), ["high card=lic"]);
    }

    #[test]
    fn c6_the_nearest_evidence_is_listed() {
        let support = "{name: card, match: [visa, card], within: 9}";
        assert_eq!(graded(support, HIGH, "card x x number x visa"), ["high card=visa"]);
        assert_eq!(graded(support, HIGH, "card number visa"), ["high card=card"]);
    }

    #[test]
    fn c1_evidence_lies_in_the_same_part() {
        use crate::{Part, Scanner};
        let program = program(&[&format!(
            "{{word: number}}, support: [{{name: card, match: card, within: 9}}], confidence: {HIGH}"
        )]);
        let mut hits = Vec::new();
        let part = |text| Part::authored(lexhold_model::Field::Text, text);
        Scanner::new(&program).scan(&[part("card"), part("number")], &mut hits);
        assert_eq!((hits.len(), hits[0].confidence), (1, None));
    }

    #[test]
    fn support_and_tiers_are_checked() {
        let of = |rest: &str| diagnostics(&format!("a, {rest}"));
        let s = "support: [{name: s, match: b, within: 3}]";
        assert_eq!(of(s), [""; 0]);
        assert_eq!(of("support: [{name: s, match: b}]"), ["LX0402: {name: s, match: b}"]);
        assert_eq!(of("support: [{name: s, match: b, within: 0}]"), ["LX0423: 0"]);
        assert_eq!(
            of("support: [{name: s, match: b, within: 1}, {name: s, match: c, characters: 1}]"),
            ["LX0440: s <- s"]
        );
        assert_eq!(of(&format!("{s}, confidence: {{high: {{all: t}}}}")), ["LX0439: t"]);
        assert_eq!(
            of(&format!("{s}, confidence: {{high: {{any: 2, of: s}}}}")),
            ["LX0443: 2 <- s"]
        );
        assert_eq!(of(&format!("{s}, confidence: {{high: {{any: 1}}}}")), ["LX0443: 1"]);
        assert_eq!(of("confidence: {high: {}, low: {}}"), ["LX0443: {}"]);
        // What is wrong in evidence is told like all else.
        assert_eq!(
            of("support: [{name: s, match: {wrod: b}, within: 1}]"),
            ["LX0401: wrod"]
        );
    }
}
