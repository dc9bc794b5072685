//! What may stand under `match`, for schemas: the reader of operators tells more of what is wrong than a shape could.

use std::sync::LazyLock;

use lexhold_document::{Field, Shape, choice, counted, either, map, named, one_or_many, optional, required};

use crate::limits;
use crate::operator::OPERATORS;
use crate::stem::LANGUAGES;
use crate::validators::NAMED;

/// What stands beside `regex` and qualifies it.
const BESIDE: &[&str] = &crate::operator::BESIDE_REGEX;

/// Names of validators without parameters.
static VALIDATORS: LazyLock<Vec<&str>> = LazyLock::new(|| NAMED.iter().map(|named| named.name).collect());

/// What stands under the `match` of a rule, or under the `query` of a hold.
pub fn matched() -> Shape {
    either([Shape::Text, alternatives(), operators([unless()])])
}

/// A condition inside another, or that of supporting evidence.
pub(super) fn condition() -> Shape {
    named("condition", || either([Shape::Text, alternatives(), operators([])]))
}

fn alternatives() -> Shape {
    some(condition())
}

/// A list with something in it.
fn some(items: Shape) -> Shape {
    counted(items, 1, None)
}

/// One, or a list with something in it.
fn one_or_some(items: Shape) -> Shape {
    either([items.clone(), some(items)])
}

fn operators<const N: usize>(aside: [Field; N]) -> Shape {
    let fields = conditions().into_iter().chain(beside_regex()).chain(aside);
    map(fields).at_least_one(&OPERATORS).needing(BESIDE, "regex")
}

/// The operators, each of which is a condition.
fn conditions() -> [Field; 13] {
    let operands = || counted(condition(), 2, Some(limits::NEAR_OPERANDS));
    let near = || {
        map([
            required("of", operands(), "what has to stand together"),
            required(
                "within",
                Shape::Integer,
                "how far apart at most; neighbours are 1 apart",
            ),
        ])
    };
    let not_near = map([
        required("of", condition(), "what to find"),
        required("without", condition(), "what must not stand beside it"),
        required("within", Shape::Integer, "how far away, in words"),
        optional("side", sides(), "on which side"),
    ]);
    let words = |language: &'static str| optional(language, one_or_many(Shape::Text), "words of this language");
    let stem = map(LANGUAGES.map(words)).at_least_one(&LANGUAGES);
    [
        optional("word", one_or_some(Shape::Text), "single words"),
        optional("stem", stem, "words in all their forms, by language"),
        optional("phrase", one_or_some(Shape::Text), "words in a row"),
        optional("lexicon", one_or_some(Shape::Text), "named lists of terms"),
        optional("regex", one_or_some(Shape::Text), "regular expressions"),
        optional("near", near(), "conditions close to each other, in any order"),
        optional("before", near(), "conditions close to each other, in this order"),
        optional("not_near", not_near, "a condition without another beside it"),
        optional("same_sentence", operands(), "conditions in one sentence"),
        optional("same_paragraph", operands(), "conditions in one paragraph"),
        optional(
            "same_message",
            some(condition()),
            "conditions in one message, in whatever part",
        ),
        optional("any", some(condition()), "conditions of which one has to hold"),
        optional("all", some(condition()), "conditions that all have to hold"),
    ]
}

fn beside_regex() -> [Field; 7] {
    let short = || one_or_some(Shape::Text);
    [
        optional(
            "unicode",
            Shape::Bool,
            "`true`: classes such as `\\w` mean all of Unicode",
        ),
        optional(
            "edge",
            choice(&["word"]),
            "`word`: a hit begins and ends at the edge of a word",
        ),
        optional("not_preceded_by", short(), "what must not stand right before a hit"),
        optional("not_followed_by", short(), "what must not stand right behind a hit"),
        optional("starts_with", short(), "what a hit has to begin with"),
        optional("ends_with", short(), "what a hit has to end with"),
        optional(
            "validate",
            one_or_some(validator()),
            "what numbers in a hit have to pass",
        ),
    ]
}

fn validator() -> Shape {
    named("validator", || {
        let weighted = map([
            required(
                "weights",
                counted(Shape::Integer, 2, None),
                "the weight of each character",
            ),
            required("modulus", Shape::Integer, "what the sum is divided by"),
            optional("position", Shape::Integer, "where the check character stands, from 1"),
            optional("remainder", Shape::Integer, "what has to be left over; default 0"),
            optional("ten", choice(&["zero"]), "`zero`: a check of 10 is written 0"),
            optional("layout", Shape::Text, "how the number is written, with its separators"),
        ]);
        let date = map([
            required("format", Shape::Text, "`YYYY` or `YY`, `MM` and `DD`"),
            optional("offset", Shape::Integer, "how many digits stand before the date"),
        ]);
        let entropy = map([required("min", Shape::Number, "bits a character, from 0 to 8")]);
        let with_parameters = map([
            optional("weighted", weighted, "a weighted sum"),
            optional("date", date, "a date that exists"),
            optional("entropy", entropy, "characters that are hard to foretell"),
        ]);
        let one = with_parameters.exactly_one(&["weighted", "date", "entropy"]);
        either([choice(&VALIDATORS), one])
    })
}

fn sides() -> Shape {
    choice(&["before", "after", "both"])
}

/// What takes hits away.
fn unless() -> Field {
    let exclusion = operators([
        optional("within", Shape::Integer, "how far from the hit, in words"),
        optional("side", sides(), "on which side of the hit"),
        optional("scope", choice(&["message"]), "`message`: passes over whole messages"),
        optional(
            "acknowledge_bypass",
            Shape::Bool,
            "`true`: it is known that whole messages are passed over",
        ),
        optional("approved_by", Shape::Text, "who has approved that; not the owner"),
    ])
    .needing(&["side"], "within")
    .needing(&["acknowledge_bypass", "approved_by"], "scope")
    .needing(&["scope"], "acknowledge_bypass")
    .needing(&["scope"], "approved_by");
    let exclusion = either([Shape::Text, alternatives(), exclusion]);
    optional(
        "unless",
        one_or_many(exclusion),
        "what takes hits away beside which it stands",
    )
}
