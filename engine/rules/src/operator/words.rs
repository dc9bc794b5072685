//! What the keys under `match` are for, in a line each: for editors.

/// What may stand under `match`, and what stands beside it or in it.
const WORDS: [(&str, &[(&str, &str)]); 6] = [
    (
        "",
        &[
            ("word", "one word, or a list of words"),
            ("stem", "a word under its language, in all of its forms"),
            ("phrase", "words that follow one another"),
            ("lexicon", "the terms of a lexicon, or of several"),
            ("regex", "a pattern, in single quotes"),
            ("near", "operands close to one another, in any order"),
            ("before", "operands close to one another, in this order"),
            ("not_near", "a place without another one beside it"),
            ("same_sentence", "operands within one sentence"),
            ("same_paragraph", "operands within one paragraph"),
            ("same_message", "conditions that some part of the message meets, each"),
            ("any", "one of these conditions at least"),
            ("all", "all of these conditions, in one part"),
            ("unless", "what takes hits away"),
        ],
    ),
    ("near", PROXIMITY),
    ("before", PROXIMITY),
    (
        "not_near",
        &[
            ("of", "what to find"),
            ("without", "what must not stand beside it"),
            ("within", "how far away it may not stand, in words"),
            ("side", "on which side: `before`, `after` or `both`"),
        ],
    ),
    (
        "regex",
        &[
            ("unicode", "`true`: word edges and digits of every script"),
            ("edge", "`word` for a match that no letter or digit touches"),
            ("not_preceded_by", "what must not stand in front of it"),
            ("not_followed_by", "what must not stand behind it"),
            ("starts_with", "how it has to begin"),
            ("ends_with", "how it has to end"),
            ("validate", "a check of digits that it has to pass"),
        ],
    ),
    (
        "unless",
        &[
            ("within", "how far away the exclusion reaches, in words"),
            ("side", "on which side: `before`, `after` or `both`"),
            ("scope", "`message` for an exclusion of whole messages"),
            (
                "acknowledge_bypass",
                "`true`: whoever knows the words can write what he likes",
            ),
            ("approved_by", "who approved it"),
        ],
    ),
];

const PROXIMITY: &[(&str, &str)] = &[
    ("of", "what to find, 2 to 8 operands"),
    ("within", "how far apart they may stand, in words"),
];

/// The keys that may stand under `match`, or in an operator that has keys of its own, each with a line that says what it is for.
///
/// Beside `regex` stand its qualifiers; under `unless` everything that may stand under `match`, and keys of its own.
pub fn operator_keys(operator: &str) -> &'static [(&'static str, &'static str)] {
    let known = WORDS.iter().find(|(name, _)| *name == operator);
    known.map_or(&[], |(_, keys)| keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::{OPERATORS, UNLESS};

    #[test]
    fn every_operator_has_its_line() {
        let named: Vec<&str> = operator_keys("").iter().map(|(name, _)| *name).collect();
        let known: Vec<&str> = OPERATORS.iter().copied().chain([UNLESS]).collect();
        assert_eq!(named, known);
    }
}
