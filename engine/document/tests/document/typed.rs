//! From trees to types.

use serde::Deserialize;

use lexhold_document::{Diagnostics, Kind};

use crate::support::sound;

#[derive(Debug, Deserialize, PartialEq)]
struct Ruleset {
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Rule {
    id: String,
    #[serde(rename = "match")]
    pattern: Pattern,
    within: Option<u8>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Pattern {
    Word(String),
    Any(Vec<Pattern>),
}

const GOOD: &str =
    "lexhold: 1\nruleset: r\nversion: 1.0.0\nrules:\n  - id: a\n    match: {any: [{word: x}, {any: []}]}\n";

#[test]
fn enums_are_maps_with_one_key() {
    let (_, document) = sound(GOOD);
    assert_eq!(document.kind, Kind::Ruleset);
    let typed: Ruleset = document.typed(&mut Diagnostics::new()).unwrap();
    let pattern = Pattern::Any(vec![Pattern::Word("x".into()), Pattern::Any(vec![])]);
    assert_eq!(
        typed.rules,
        [Rule {
            id: "a".into(),
            pattern,
            within: None
        }]
    );
}

#[test]
fn errors_stand_on_the_exact_node() {
    let text = format!("{GOOD}    within: 300\n");
    assert_eq!(error_at(&text), "300");
    assert_eq!(error_at(&GOOD.replace("{word: x}", "{word: [x]}")), "[x]");
    assert_eq!(error_at(&GOOD.replace("id: a", "id: [a]")), "[a]");
}

fn error_at(text: &str) -> String {
    let (files, document) = sound(text);
    let mut found = Diagnostics::new();
    assert_eq!(document.typed::<Ruleset>(&mut found), None);
    let error = found.iter().next().unwrap();
    assert_eq!(error.code, "LX0108");
    let place = error.place.unwrap();
    files.slice(place).to_owned()
}
