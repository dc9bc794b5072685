//! `stem`: a word stands for its inflected forms, which are listed when a rule is compiled.
//!
//! Nothing is stemmed when a message is scanned: the forms are terms like any others, `check -v` prints them, and a
//! change to them is a change to this file that its tests show. The forms of a verb and of a noun are listed side by
//! side, since a word alone does not tell which it is; a form that nobody writes costs nothing and finds nothing.
//!
//! The tables are our own: the inflection crates that there are either know nouns only, or carry data whose every
//! update would change what rules find.

use std::collections::BTreeSet;

use lexhold_document::{Diagnostic, Node, Place, did_you_mean};

use crate::TextView;
use crate::codes;
use crate::expression::Expression;
use crate::operator::Reader;
use crate::term::Term;

mod english;

/// The languages whose words can be inflected.
pub(crate) const LANGUAGES: [&str; 1] = ["en"];

/// A word that a rule wrote under `stem`, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stem {
    /// Where the word stands.
    pub place: Place,
    /// The word and its forms, which are what is matched.
    pub forms: Vec<String>,
}

/// Why a word has no forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The language is not known.
    Language,
    /// The word is not one word in the letters of the language.
    Word,
}

/// A word and its inflected forms, the word first, each once.
pub(crate) fn forms(language: &str, word: &str) -> Result<Vec<String>, Refusal> {
    if !LANGUAGES.contains(&language) {
        return Err(Refusal::Language);
    }
    english::forms(word).ok_or(Refusal::Word)
}

impl Reader<'_, '_> {
    /// Reads `stem: {en: guarantee}`, or a list of words.
    pub(crate) fn stem(&mut self, node: &Node) -> Option<Expression> {
        let Some(entries) = node.as_map().filter(|entries| !entries.is_empty()) else {
            let message = format!("`stem` wants words under their language, not {}", node.type_name());
            let error = Diagnostic::error(codes::OPERAND, message).at(node.place, "");
            return self.refuse(error.help("stem: {en: [guarantee, promise]}"));
        };
        // Words of one list may share a form, as `lie` and `lay` do.
        let mut listed = BTreeSet::new();
        let mut sound = true;
        for entry in entries {
            let words = entry.node.as_list().unwrap_or(std::slice::from_ref(&entry.node));
            for word in words {
                match forms(&entry.key, word.as_text().unwrap_or_default()) {
                    Ok(forms) => {
                        listed.extend(forms.iter().cloned());
                        // A rule on the skeleton is read on the folded view too.
                        if self.leaves.view != TextView::Skeleton {
                            let place = word.place;
                            self.leaves.stems.push(Stem { place, forms });
                        }
                    }
                    Err(refusal) => {
                        self.diagnostics
                            .push(refused(refusal, &entry.key, entry.key_place, word));
                        sound = false;
                        break;
                    }
                }
            }
        }
        let terms = listed
            .iter()
            .filter_map(|form| Term::read(form, self.leaves.view).ok())
            .collect();
        sound.then(|| Expression::Leaf(self.leaves.terms(terms)))
    }
}

fn refused(refusal: Refusal, language: &str, language_place: Place, word: &Node) -> Diagnostic {
    match refusal {
        Refusal::Language => {
            let message = format!("words of the language `{language}` cannot be inflected");
            let help = did_you_mean(language, LANGUAGES);
            Diagnostic::error(codes::STEM_LANGUAGE, message)
                .at(language_place, format!("there is {}", LANGUAGES.join(", ")))
                .maybe_help(help)
                .help("list the forms as terms")
        }
        Refusal::Word => {
            let message = match word.as_text() {
                Some(text) => format!("`{text}` is not one word of two letters or more"),
                None => format!("a word has to be text, not {}", word.type_name()),
            };
            Diagnostic::error(codes::STEM_WORD, message)
                .at(word.place, "")
                .help("for a phrase, put `stem` beside the other words under `before`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{diagnostics, hits, program};

    #[test]
    fn k2_forms_are_a_closed_list() {
        let listed = |word: &str| forms("en", word).unwrap().join(" ");
        let cases = [
            // Regular, and the spelling rules.
            "guarantee guarantees guaranteed guaranteeing",
            "promise promises promised promising",
            "delete deletes deleted deleting",
            "pass passes passed passing",
            "box boxes boxed boxing",
            "wash washes washed washing",
            "bribe bribes bribed bribing",
            "bury buries buried burying",
            "relay relays relayed relaying",
            "stop stops stopped stopping",
            "chat chats chatted chatting",
            "trade trades traded trading",
            "order orders ordered ordering",
            "transfer transfers transferred transferring",
            "deposit deposits deposited depositing",
            "cancel cancels canceled cancelled canceling cancelling",
            "panic panics panicked panicking",
            "tie ties tied tying",
            "agree agrees agreed agreeing",
            "spoof spoofs spoofed spoofing",
            "echo echoes echoed echoing",
            "stomach stomachs stomached stomaching",
            "fix fixes fixed fixing",
            "show shows showed shown showing",
            "quiz quizzes quizzed quizzing",
            // Irregular verbs.
            "take takes took taken taking",
            "go goes went gone going",
            "be am is are was were been being",
            "have has had having",
            "buy buys bought buying",
            "sell sells sold selling",
            "hide hides hid hidden hiding",
            "mislead misleads misled misleading",
            "withdraw withdraws withdrew withdrawn withdrawing",
            "put puts putting",
            "lie lies lied lay lain lying",
            "learn learns learned learnt learning",
            // Irregular nouns.
            "child children childed childing",
            "knife knives knifes knifed knifing",
            "basis bases basised basising",
            "salesman salesmen salesmaned salesmaning",
            "index indexes indices indexed indexing",
        ];
        for case in cases {
            assert_eq!(listed(case.split(' ').next().unwrap()), case);
        }
    }

    #[test]
    fn k2_case_and_folding_are_no_matter() {
        assert_eq!(forms("en", "Guarantee"), forms("en", "guarantee"));
        let matched = "{stem: {en: Guarantee}}";
        let text = "I GUARANTEED it; guarantees; guaranteeing. unguaranteed guarantor";
        assert_eq!(hits(matched, text), ["GUARANTEED", "guarantees", "guaranteeing"]);
    }

    #[test]
    fn k2_stems_stand_in_lists_and_beside_other_words() {
        assert_eq!(
            hits("{stem: {en: [lie, lay]}}", "they lay there, lying, laid"),
            ["lay", "lying", "laid"]
        );
        let matched = "{before: {of: [{stem: {en: delete}}, this], within: 2}}";
        assert_eq!(hits(matched, "he deleted all this"), ["deleted all this"]);
    }

    #[test]
    fn k2_what_cannot_be_inflected_is_refused_at_its_place() {
        assert_eq!(diagnostics("{stem: {de: Garantie}}"), ["LX0453: de"]);
        for word in ["tip off", "a", "'7'", "garantía", "don't", "''"] {
            assert_eq!(
                diagnostics(&format!("{{stem: {{en: {word}}}}}"))[0][..6],
                *"LX0454",
                "{word}"
            );
        }
        assert_eq!(diagnostics("{stem: guarantee}"), ["LX0402: guarantee"]);
        assert_eq!(diagnostics("{stem: {en: 7}}"), ["LX0454: 7"]);
    }

    #[test]
    fn k2_the_program_prints_what_it_listed() {
        let program = program(&["{stem: {en: [put, child]}}"]);
        let shown: Vec<String> = program.stems().iter().map(|stem| stem.forms.join(" ")).collect();
        assert_eq!(shown, ["put puts putting", "child children childed childing"]);
    }
}
