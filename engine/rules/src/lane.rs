//! A lane: what all rules of one view look for, and what was found of it in a part.

use crate::patterns::{PatternScratch, Patterns};
use crate::skeleton;
use crate::spot::Spot;
use crate::tokens::{Token, tokenize};
use crate::trie::Trie;
use crate::view::View;
use crate::{TextView, limits};

/// The terms and patterns that are looked for in one view of a text. Immutable and shared by all threads.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) view: TextView,
    pub(crate) trie: Trie,
    pub(crate) patterns: Patterns,
    /// Whether the skeleton is made from this view and looked at.
    pub(crate) has_skeleton: bool,
}

/// One view of the part at hand. Refilled from part to part.
#[derive(Debug)]
pub(crate) struct LaneScratch {
    pub(crate) view: View,
    pub(crate) tokens: Vec<Token>,
    /// The tokens that a term could begin at.
    starts: Vec<u32>,
    patterns: PatternScratch,
}

/// The spots of the part at hand, leaf by leaf; leaves are numbered through all lanes.
#[derive(Debug)]
pub(crate) struct Spots {
    pub(crate) of_leaves: Vec<Vec<Spot>>,
    /// The leaves that have spots.
    pub(crate) touched: Vec<u32>,
    /// What validators rejected, by leaf.
    pub(crate) rejected: Vec<(u32, u64)>,
    n_spots: usize,
    /// Whether something was left out.
    pub(crate) incomplete: bool,
}

impl Lane {
    /// Whether no rule has anything to look for in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.trie.is_empty() && self.patterns.is_empty()
    }

    /// Whether it is plain to see that nothing of it stands in a text. White space and case of ASCII make no
    /// difference to that.
    fn has_nothing_in(&self, text: &str) -> bool {
        self.view != TextView::Skeleton
            && !self.has_skeleton
            && self.patterns.is_empty()
            && text.is_ascii()
            && !self.trie.could_match(text)
    }
}

impl LaneScratch {
    /// Empty scratch for a lane.
    pub(crate) fn new(lane: &Lane) -> Self {
        LaneScratch {
            view: View::default(),
            tokens: Vec::new(),
            starts: Vec::new(),
            patterns: PatternScratch::new(&lane.patterns),
        }
    }

    /// Finds a lane's terms and patterns in a text. `folded` is the scratch of the folded lane, filled before.
    pub(crate) fn find(&mut self, lane: &Lane, text: &str, folded: Option<&LaneScratch>, spots: &mut Spots) {
        if lane.has_nothing_in(text) {
            self.view.clear();
            self.tokens.clear();
            return;
        }
        match lane.view {
            TextView::Folded => self.view.fill(text),
            TextView::Raw => self.view.fill_raw(text),
            TextView::Digits => self.view.fill_digits(text),
            TextView::Skeleton => folded
                .into_iter()
                .for_each(|folded| skeleton::fill(&mut self.view, &folded.view, &folded.tokens)),
        }
        let text = self.view.text();
        tokenize(&self.view, &mut self.tokens, lane.trie.starts(text, &mut self.starts));
        let tokens = &self.tokens;
        lane.trie.walk(text, tokens, &self.starts, |leaf, first, last| {
            spots.push(leaf, Spot::of_tokens(tokens, first, last))
        });
        let outcome = lane.patterns.find(
            &mut self.patterns,
            text,
            || tokens,
            |leaf, start, end| spots.push(leaf, Spot::of_bytes(tokens, start, end)),
        );
        spots.incomplete |= outcome.incomplete;
        // What a skeleton shows has been rejected in the folded view already.
        if lane.view != TextView::Skeleton {
            spots.rejected.extend(outcome.rejected);
        }
    }
}

impl Spots {
    /// No spots, of so many leaves.
    pub(crate) fn new(n_leaves: usize) -> Self {
        Spots {
            of_leaves: vec![Vec::new(); n_leaves],
            touched: Vec::new(),
            rejected: Vec::new(),
            n_spots: 0,
            incomplete: false,
        }
    }

    fn push(&mut self, leaf: u32, spot: Spot) {
        if self.n_spots == limits::PLACES {
            self.incomplete = true;
            return;
        }
        self.n_spots += 1;
        let spots = &mut self.of_leaves[leaf as usize];
        if spots.is_empty() {
            self.touched.push(leaf);
        }
        spots.push(spot);
    }

    /// Forgets all spots.
    pub(crate) fn clear(&mut self) {
        for leaf in self.touched.drain(..) {
            self.of_leaves[leaf as usize].clear();
        }
        self.rejected.clear();
        (self.n_spots, self.incomplete) = (0, false);
    }
}

/// Lays out a text in a view, by itself.
pub(crate) fn lay(text: &str, kind: TextView) -> (View, Vec<Token>) {
    let (mut view, mut tokens) = (View::default(), Vec::new());
    match kind {
        TextView::Folded => view.fill(text),
        TextView::Raw => view.fill_raw(text),
        TextView::Digits => view.fill_digits(text),
        TextView::Skeleton => {
            let (folded, tokens) = lay(text, TextView::Folded);
            skeleton::fill(&mut view, &folded, &tokens);
        }
    }
    tokenize(&view, &mut tokens, |_, _, _| ());
    (view, tokens)
}

#[cfg(test)]
mod tests {
    use crate::testing::{compiled, ruleset, scan};

    /// The hits of one `match` on a view; evasions with a `~` in front, excluded hits in brackets.
    fn hits<'t>(view: &str, matched: &str, text: &'t str) -> Vec<String> {
        let rules = ruleset(&[matched]).replace("why: test", &format!("why: test, view: {view}"));
        let (program, diagnostics) = compiled(&[&rules]);
        assert_eq!(diagnostics, [""; 0]);
        let shown = |hit: &crate::RuleHit| {
            let text: &'t str = &text[hit.span.start()..hit.span.end()];
            let text = if hit.excluded_by.is_some() {
                format!("({text})")
            } else {
                text.to_owned()
            };
            if hit.evasion { format!("~{text}") } else { text }
        };
        scan(&program, text).iter().map(shown).collect()
    }

    #[test]
    fn u1_each_rule_runs_on_the_view_that_it_names() {
        assert_eq!(hits("raw", "[US, a b]", "us US A b a\tb a  b"), ["US", "a\tb", "a  b"]);
        assert_eq!(
            hits("raw", "{regex: 'Call\\s\\sme'}", "call  me Call \nme Call me"),
            ["Call \nme"]
        );
        assert_eq!(hits("raw", "{regex: '(?i)gdp'}", "GDP gdp"), ["GDP", "gdp"]);
        assert_eq!(hits("folded", "us", "us US"), ["us", "US"]);
        assert_eq!(
            hits("digits", "{regex: '[0-9]{3}'}", "\u{661}\u{662}\u{663} 456"),
            ["\u{661}\u{662}\u{663}", "456"]
        );
        assert_eq!(
            hits("digits", "[Tel 12]", "Tel \u{ff11}\u{ff12}, tel 12"),
            ["Tel \u{ff11}\u{ff12}"]
        );
    }

    #[test]
    fn u1_lexicons_are_read_in_the_view_of_the_rule() {
        assert_eq!(hits("raw", "{lexicon: messengers}", "WhatsApp whatsapp"), ["whatsapp"]);
        assert_eq!(
            hits("skeleton", "{lexicon: messengers}", "wh\u{430}tsapp"),
            ["~wh\u{430}tsapp"]
        );
    }

    #[test]
    fn u4_joiners_do_not_break_raw_hits() {
        let (family, ksha) = (
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "\u{915}\u{94d}\u{200d}\u{937}",
        );
        for view in ["raw", "folded"] {
            for text in [family, ksha] {
                assert_eq!(
                    hits(view, &format!("['{text}']"), &format!("x {text} y")),
                    [text],
                    "{view}"
                );
            }
        }
        let without = "['\u{915}\u{94d}\u{937}']";
        assert_eq!(hits("folded", without, ksha), [ksha]);
        assert_eq!(hits("raw", without, ksha), [""; 0]);
    }

    #[test]
    fn u5_what_only_the_skeleton_shows_is_an_evasion() {
        let text = "insider, 1nsider, i.n.s.i.d.e.r, \u{456}nsider";
        assert_eq!(
            hits("skeleton", "insider", text),
            ["insider", "~1nsider", "~i.n.s.i.d.e.r", "~\u{456}nsider"]
        );
        assert_eq!(hits("folded", "insider", text), ["insider"]);
    }

    #[test]
    fn u5_plain_hits_are_reported_once() {
        assert_eq!(
            hits("skeleton", "[us dollar, dollar]", "us d0llar dollar"),
            ["~us d0llar", "dollar"]
        );
        let unless = "{word: insider, unless: [{word: not, within: 1, side: before}]}";
        assert_eq!(
            hits("skeleton", unless, "not insider not 1nsider 1nsider"),
            ["(insider)", "~(1nsider)", "~1nsider"]
        );
    }

    #[test]
    fn u5_distances_count_in_the_skeleton() {
        let near = "{near: {of: [call, signal], within: 2}}";
        assert_eq!(hits("skeleton", near, "c.a.l.l on s1gnal"), ["~c.a.l.l on s1gnal"]);
    }
}
