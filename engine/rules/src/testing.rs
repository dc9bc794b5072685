//! What the tests of several files share: rules from YAML, hits as text.

use lexhold_document::{Diagnostics, Files, OpenError, load};
use lexhold_model::Field;

use crate::{Part, Program, RuleHit, Scanner, compile};

/// Compiles documents given as text, with all diagnostics as `code: what they point at`.
pub(crate) fn compiled(texts: &[&str]) -> (Program, Vec<String>) {
    let mut files = Files::new();
    let mut diagnostics = Diagnostics::new();
    let roots: Vec<_> = (0..)
        .zip(texts)
        .map(|(n, text)| files.add(&format!("{n}.yaml"), (*text).to_owned()))
        .collect();
    let documents = load(&mut files, &roots, &mut |_| Err(OpenError::NotFound), &mut diagnostics);
    let documents: Vec<_> = documents.iter().collect();
    let program = compile(&documents, &mut diagnostics);
    let shown = diagnostics.sorted(&files).into_iter().map(|diagnostic| {
        let at = diagnostic
            .place
            .map_or("", |place| files.slice(place))
            .trim()
            .to_owned();
        let also: String = diagnostic
            .secondary
            .iter()
            .map(|(place, _)| format!(" <- {}", files.slice(*place).trim()))
            .collect();
        format!("{}: {at}{also}", diagnostic.code)
    });
    (program, shown.collect())
}

/// The head of a ruleset with one lexicon.
const HEAD: &str = "lexhold: 1\nruleset: test\nversion: 1.0.0\nowner: me@example.com\nlexicons:\n  messengers: [whatsapp, signal, we chat]\nrules:\n";

/// A ruleset of rules named `r0`, `r1`, …, each given by its `match` in flow style.
pub(crate) fn ruleset(matches: &[&str]) -> String {
    let rule = |(n, matched): (usize, &&str)| {
        format!("- {{id: r{n}, severity: low, why: test, match: {matched}, hits: [a, b], misses: [c, d]}}\n")
    };
    format!("{HEAD}{}", matches.iter().enumerate().map(rule).collect::<String>())
}

/// A program of such rules.
pub(crate) fn program(matches: &[&str]) -> Program {
    let (program, diagnostics) = compiled(&[&ruleset(matches)]);
    assert_eq!(diagnostics, [""; 0]);
    program
}

/// The diagnostics of one `match`.
pub(crate) fn diagnostics(matched: &str) -> Vec<String> {
    compiled(&[&ruleset(&[matched])]).1
}

/// All hits of a program in one text.
pub(crate) fn scan(program: &Program, text: &str) -> Vec<RuleHit> {
    let mut hits = Vec::new();
    let part = Part::authored(Field::Text, text);
    assert!(!Scanner::new(program).scan(&[part], &mut hits).incomplete);
    hits
}

/// The original text under each hit of one `match`; excluded ones in brackets.
pub(crate) fn hits<'t>(matched: &str, text: &'t str) -> Vec<String> {
    let hits = scan(&program(&[matched]), text);
    let shown = |hit: &RuleHit| {
        let text: &'t str = &text[hit.span.start()..hit.span.end()];
        if hit.excluded_by.is_some() {
            format!("({text})")
        } else {
            text.to_owned()
        }
    };
    hits.iter().map(shown).collect()
}

/// The validator of a name.
pub(crate) fn validators(name: &str) -> Vec<crate::validators::Validator> {
    let named = crate::validators::NAMED.iter().find(|named| named.name == name);
    vec![crate::validators::Validator::Named(named.unwrap())]
}
