//! The keys of a ruleset and of a lexicon.

use lexhold_document::{Field, Shape, choice, closer, either, list, map, one_or_many, open, optional, required};

use crate::conversation;
use crate::examples;
use crate::parts::PART_NAMES;

mod matched;

use matched::condition;
pub use matched::matched;

/// The grades of severity, as documents write them.
pub(crate) static SEVERITIES: &[&str] = &["info", "low", "medium", "high", "critical"];

/// How settled a rule is, as documents write it.
pub(crate) const STATUSES: &[&str] = &["experimental", "stable", "retired"];

/// The keys of a `ruleset` document.
pub fn ruleset() -> Shape {
    map([
        required("owner", Shape::Text, "who answers for the rules"),
        optional("title", Shape::Text, "one line for people"),
        optional("description", Shape::Text, "what the ruleset is for"),
        optional(
            "lexicons",
            open(list(closer("term", || Shape::Text))),
            "named lists of terms that only this ruleset sees",
        ),
        required(
            "rules",
            list(either([rule(), conversation::shape()])),
            "one item a rule",
        ),
        optional("tests", Shape::Any, "cases beside the rules"),
    ])
}

/// The keys of a `lexicon` document.
pub fn lexicon() -> Shape {
    map([
        required("owner", Shape::Text, "who answers for the terms"),
        optional("title", Shape::Text, "one line for people"),
        optional("description", Shape::Text, "what the terms have in common"),
        optional(
            "reviewed",
            Shape::Date,
            "the day on which somebody last went through the terms",
        ),
        required("terms", list(closer("term", || Shape::Text)), "words and phrases"),
    ])
}

/// The keys of a `disclaimer` document.
pub fn disclaimer() -> Shape {
    map([
        required("owner", Shape::Text, "who answers for the text"),
        optional("title", Shape::Text, "one line for people"),
        optional(
            "description",
            Shape::Text,
            "where the text stands, and why it raises no alert",
        ),
        required("text", Shape::Text, "the text itself, 10 words or more"),
    ])
}

/// The keys of a rule with `match`.
pub(crate) fn rule() -> Shape {
    map([
        required("id", Shape::Id, "unique within the ruleset"),
        optional("title", Shape::Text, "one line for people"),
        required("severity", choice(SEVERITIES), "how grave a hit is"),
        optional("status", choice(STATUSES), "how settled the rule is"),
        optional(
            "alerts",
            Shape::Bool,
            "`false` for a rule that only labels, or is part of a conversation rule",
        ),
        optional("risk", Shape::Text, "the risk that the rule speaks of"),
        required("why", Shape::Text, "why somebody should look"),
        optional(
            "cites",
            one_or_many(Shape::Text),
            "the paragraphs that the rule rests on",
        ),
        optional("when", Shape::Text, "a Cedar condition for the action `scan`"),
        optional(
            "view",
            choice(&["folded", "raw", "skeleton", "digits"]),
            "what is made of the text before the rule runs on it",
        ),
        optional(
            "parts",
            one_or_many(choice(&PART_NAMES)),
            "the parts of a message that the rule looks at; default all",
        ),
        required("match", closer("match", matched), "what to look for"),
        optional(
            "support",
            list(support()),
            "evidence beside a hit that makes the rule surer of it",
        ),
        optional(
            "confidence",
            confidence(),
            "the tiers of confidence, and the evidence that each demands",
        ),
        optional(
            "threshold",
            map(amounts()),
            "how much a message has to hold before any hit counts",
        ),
        optional("raise", one_or_many(raise()), "what raises the severity"),
        optional(
            "labels",
            one_or_many(Shape::Text),
            "what a message with a hit is labelled",
        ),
        required(
            "hits",
            list(examples::shape(true)),
            "texts that the rule has to hit, two or more",
        ),
        required(
            "misses",
            list(examples::shape(false)),
            "texts that it must not hit, two or more",
        ),
    ])
}

/// One sort of supporting evidence.
fn support() -> Shape {
    map([
        required("name", Shape::Text, "what tiers of confidence call it"),
        required("match", closer("condition-of-evidence", condition), "what to look for"),
        optional("within", Shape::Integer, "how far away it may stand, in words"),
        optional("characters", Shape::Integer, "how far away it may stand, in characters"),
        optional("side", choice(&["before", "after", "both"]), "on which side of the hit"),
        optional("itself", Shape::Bool, "whether text of the hit itself counts too"),
    ])
}

fn confidence() -> Shape {
    let tier = || {
        map([
            optional("all", one_or_many(Shape::Text), "evidence that all has to be there"),
            optional("any", Shape::Integer, "how many of `of` have to be there"),
            optional("of", one_or_many(Shape::Text), "evidence of which some has to be there"),
        ])
    };
    map([
        optional("low", tier(), "what the lowest tier demands"),
        optional("medium", tier(), "what the middle tier demands"),
        optional("high", tier(), "what the highest tier demands"),
    ])
}

fn amounts() -> [Field; 2] {
    [
        optional("total", Shape::Integer, "the least number of hits"),
        optional("distinct", Shape::Integer, "the least number of different hits"),
    ]
}

fn raise() -> Shape {
    let [total, distinct] = amounts();
    let when = map([
        optional("evasion", Shape::Bool, "`true`: a hit that was disguised"),
        optional(
            "confidence",
            choice(&["low", "medium", "high"]),
            "a hit of this tier or a higher one",
        ),
        total,
        distinct,
    ]);
    map([
        required("to", choice(SEVERITIES), "the higher severity"),
        required("when", when, "what all has to be true of the message"),
    ])
}
