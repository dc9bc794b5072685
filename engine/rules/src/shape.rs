//! The keys of a ruleset and of a lexicon.

use lexhold_document::{Shape, choice, either, list, map, one_or_many, open, optional, required};

use crate::conversation;
use crate::parts::PART_NAMES;

/// The grades of severity, as documents write them.
pub(crate) const SEVERITIES: &[&str] = &["info", "low", "medium", "high", "critical"];

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
            open(list(Shape::Any)),
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
        required("terms", list(Shape::Any), "words and phrases"),
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
            "view",
            choice(&["folded", "raw", "skeleton", "digits"]),
            "what is made of the text before the rule runs on it",
        ),
        optional(
            "parts",
            one_or_many(choice(&PART_NAMES)),
            "the parts of a message that the rule looks at; default all",
        ),
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
        required("match", Shape::Any, "what to look for"),
        optional(
            "labels",
            one_or_many(Shape::Text),
            "what a message with a hit is labelled",
        ),
        required("hits", list(Shape::Text), "texts that the rule has to hit, two or more"),
        required("misses", list(Shape::Text), "texts that it must not hit, two or more"),
    ])
}
