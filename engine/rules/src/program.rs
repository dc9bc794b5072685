//! The compiled program: what the rules say, ready to be scanned for.

use lexhold_document::{Place, Seg};
use lexhold_model::{Digest, Severity};
use rustc_hash::FxHashMap;

use crate::check::Check;
use crate::conversation::ConversationRule;
use crate::disclaimer::Disclaimers;
use crate::lane::{Lane, lay};
use crate::stem::Stem;
use crate::{Confidence, PartSet};

/// All rules of a bundle, compiled. Immutable and shared by all threads.
#[derive(Debug)]
pub struct Program {
    pub(crate) rules: Vec<RuleInfo>,
    pub(crate) conversations: Vec<ConversationRule>,
    pub(crate) stems: Vec<Stem>,
    /// The patterns that need nothing of a text, by where they stand, with whether they have a longest match.
    pub(crate) needing_nothing: FxHashMap<Place, bool>,
    pub(crate) disclaimers: Disclaimers,
    /// What each rule looks for, beside `rules`.
    pub(crate) checks: Vec<Check>,
    /// The rules that each leaf can make match.
    pub(crate) uses: Vec<Vec<u32>>,
    /// What is looked for in each view, in the order of [`TextView::ALL`].
    pub(crate) lanes: Vec<Lane>,
}

/// What a rule says about itself.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// `document.rule`, unique in a bundle.
    pub id: String,
    /// The name of the ruleset.
    pub document: String,
    /// The rule's id within its ruleset.
    pub rule: String,
    /// The version of the ruleset.
    pub version: String,
    /// The digest of the ruleset.
    pub digest: Digest,
    /// How grave a hit is.
    pub severity: Severity,
    /// One line for people; the id where the rule gives none.
    pub title: String,
    /// The risk that the rule speaks of.
    pub risk: Option<String>,
    /// Why somebody should look.
    pub why: String,
    /// The paragraphs that the rule rests on.
    pub cites: Vec<String>,
    /// What a message with a hit is labelled.
    pub labels: Vec<String>,
    /// How settled the rule is.
    pub status: Status,
    /// The view of the text that it runs on.
    pub view: TextView,
    /// The parts of a message that it looks at.
    pub parts: PartSet,
    /// Whether its hits make alerts; otherwise they are labels and the parts of conversation rules.
    pub alerts: bool,
    /// The Cedar condition under which the rule counts, as written.
    pub when: Option<Condition>,
    /// Texts that the rule has to hit.
    pub hits: Vec<Example>,
    /// Texts that it must not hit.
    pub misses: Vec<Example>,
    /// Where the rule's id stands.
    pub place: Place,
}

/// A message that a rule has to hit or must not hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Its parts in their order: the name of each, as under `parts`, and its text.
    pub parts: Vec<(&'static str, String)>,
    /// The tier of confidence that its hits have to reach.
    pub confidence: Option<Confidence>,
    /// The severity that its hits have to have.
    pub severity: Option<Severity>,
    /// Where it stands.
    pub place: Place,
}

/// A Cedar condition, not yet compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The condition as written.
    pub text: String,
    /// The position of its document in the slice that was compiled.
    pub document: usize,
    /// The path of its scalar in that document.
    pub path: Vec<Seg>,
}

/// What is made of a text before a rule runs on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextView {
    /// Folded: in NFKC, without case and ignorable characters, white space as single spaces.
    #[default]
    Folded,
    /// As stored.
    Raw,
    /// Folded, and disguises undone.
    Skeleton,
    /// As stored, with every decimal digit in ASCII.
    Digits,
}

impl TextView {
    /// All views, the default first.
    pub const ALL: [TextView; 4] = [TextView::Folded, TextView::Raw, TextView::Skeleton, TextView::Digits];

    /// Whether texts keep their case in it.
    pub(crate) fn has_case(self) -> bool {
        matches!(self, TextView::Raw | TextView::Digits)
    }

    /// What this view makes of a text.
    pub fn of(self, text: &str) -> String {
        lay(text, self).0.text().to_owned()
    }

    /// The view's name as rules write it.
    pub fn as_str(self) -> &'static str {
        match self {
            TextView::Folded => "folded",
            TextView::Raw => "raw",
            TextView::Skeleton => "skeleton",
            TextView::Digits => "digits",
        }
    }
}

/// How settled a rule is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// On trial: runs like a stable one.
    Experimental,
    /// In use.
    #[default]
    Stable,
    /// Kept for the record: never matches.
    Retired,
}

impl Program {
    /// How many tokens of a text could be part of a term's beginning, by the first look that the scanner takes at
    /// every text of ASCII. For measuring that look alone.
    pub fn candidates(&self, text: &str) -> usize {
        self.lanes.iter().map(|lane| lane.trie.n_candidates(text)).sum()
    }

    /// The bytes that terms and patterns take. A regex is built when the first text needs it, and counts from then on.
    pub fn memory_bytes(&self) -> usize {
        let of_lane = |lane: &Lane| lane.trie.memory_bytes() + lane.patterns.memory_bytes();
        self.lanes.iter().map(of_lane).sum()
    }

    /// The rules, in the order of the documents; a [`crate::RuleHit`] names one by its position.
    pub fn rules(&self) -> &[RuleInfo] {
        &self.rules
    }

    /// The words under `stem` with the forms that are matched, in the order of the documents.
    pub fn stems(&self) -> &[Stem] {
        &self.stems
    }

    /// The rules over several messages, in the order of the documents.
    pub fn conversations(&self) -> &[ConversationRule] {
        &self.conversations
    }

    /// The rules with a pattern that has to be run on every text, for it needs neither a literal nor digits.
    pub fn always_run(&self) -> Vec<u32> {
        let leaves = self.lanes.iter().flat_map(|lane| lane.patterns.always_run());
        let mut rules: Vec<u32> = leaves
            .flat_map(|leaf| self.uses[leaf as usize].iter().copied())
            .collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}
