//! Named lists of terms, and how any list of terms is read.

use std::rc::Rc;

use lexhold_document::{Diagnostic, Diagnostics, Document, Node, Place, Value};
use rustc_hash::FxHashMap;

use crate::leaves::Leaves;
use crate::term::{Refusal, Term, unmatched};
use crate::{TextView, codes, limits};

/// Lexicons by name.
#[derive(Debug, Default)]
pub(crate) struct Lexicons<'d>(FxHashMap<&'d str, Rc<Lexicon<'d>>>);

/// A lexicon and where its name stands.
#[derive(Debug)]
struct Lexicon<'d> {
    items: Vec<&'d Node>,
    /// Its terms in the folded view; none if something was refused.
    terms: Option<Vec<Term>>,
    place: Place,
}

impl<'d> Lexicons<'d> {
    /// Reads the `lexicon` documents, which every ruleset sees.
    pub(crate) fn shared(documents: &[&'d Document], diagnostics: &mut Diagnostics) -> Self {
        let mut lexicons = Lexicons::default();
        for document in documents {
            let terms = document.root.get("terms");
            lexicons.add(&document.name, document.name_place(), terms, diagnostics);
        }
        lexicons
    }

    /// Reads a ruleset's own lexicons; none may have the name of a shared one.
    pub(crate) fn local(&self, document: &'d Document, diagnostics: &mut Diagnostics) -> Self {
        let mut lexicons = Lexicons(self.0.clone());
        let entries = document.root.get("lexicons").and_then(Node::as_map).unwrap_or_default();
        for entry in entries {
            lexicons.add(&entry.key, entry.key_place, Some(&entry.node), diagnostics);
        }
        lexicons
    }

    /// The leaf of a lexicon: `None` if there is none of this name, `Some(None)` if it was refused.
    pub(crate) fn leaf(&self, name: &str, leaves: &mut Leaves) -> Option<Option<u32>> {
        let lexicon = self.0.get(name)?;
        let read = |terms: &Vec<Term>| leaves.lexicon(lexicon.place, |view| lexicon.read(terms, view));
        Some(lexicon.terms.as_ref().map(read))
    }

    /// The names that a rule may use.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'d str> {
        self.0.keys().copied()
    }

    fn add(&mut self, name: &'d str, place: Place, terms: Option<&'d Node>, diagnostics: &mut Diagnostics) {
        if let Some(first) = self.0.get(name) {
            let error = Diagnostic::error(codes::DUPLICATE_LEXICON, format!("there are two lexicons `{name}`"));
            diagnostics.push(error.at(place, "").also(first.place, "first defined here"));
            return;
        }
        // What is no list has been reported by the shape.
        let items: Vec<&Node> = terms.and_then(Node::as_list).unwrap_or_default().iter().collect();
        let read = read_terms(&items, TextView::Folded, diagnostics).filter(|terms| !terms.is_empty());
        if terms.and_then(Node::as_list).is_some_and(<[Node]>::is_empty) {
            let error = Diagnostic::error(codes::OPERAND, format!("lexicon `{name}` has no terms"));
            diagnostics.push(error.at(place, ""));
        }
        let terms = read;
        self.0.insert(name, Rc::new(Lexicon { items, terms, place }));
    }
}

impl Lexicon<'_> {
    /// The terms in a view, given those in the folded one. What is no term there can match nothing there.
    fn read(&self, folded: &[Term], view: TextView) -> Vec<Term> {
        if view == TextView::Folded {
            return folded.to_vec();
        }
        let texts = self.items.iter().filter_map(|item| item.as_text());
        texts
            .filter_map(|text| Term::read_all(text, view).ok())
            .flatten()
            .collect()
    }
}

/// Reads a list of terms; `None` if one of them was refused, which has been reported.
pub(crate) fn read_terms(items: &[&Node], view: TextView, diagnostics: &mut Diagnostics) -> Option<Vec<Term>> {
    if items.len() > limits::LEXICON_TERMS {
        let message = format!("list has {} terms, more than {}", items.len(), limits::LEXICON_TERMS);
        let first_over = &items[limits::LEXICON_TERMS];
        let error = Diagnostic::error(codes::TOO_MANY_TERMS, message).at(first_over.place, "the first one too many");
        diagnostics.push(error.help("split the list into several lexicons"));
        return None;
    }
    let mut seen: FxHashMap<Term, &Node> = FxHashMap::default();
    let mut sound = true;
    let mut terms = Vec::with_capacity(items.len());
    for item in items.iter().copied() {
        let Some(variants) = read_term(item, view, diagnostics) else {
            sound = false;
            continue;
        };
        for term in variants {
            // Terms that only a skeleton makes equal are two ways to write, not one term twice.
            if view != TextView::Skeleton
                && let Some(first) = seen.insert(term.clone(), item)
            {
                diagnostics.push(duplicate(item, first));
                sound = false;
            }
            terms.push(term);
        }
    }
    sound.then_some(terms)
}

/// Reads one term in all its variants, or reports why it is none.
fn read_term(node: &Node, view: TextView, diagnostics: &mut Diagnostics) -> Option<Vec<Term>> {
    let Value::Text(text) = &node.value else {
        let error = Diagnostic::error(
            codes::OPERAND,
            format!("a term has to be text, not {}", node.type_name()),
        );
        let help = match node.value {
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some("put it in quotes".to_owned()),
            _ => None,
        };
        diagnostics.push(error.at(node.place, "").maybe_help(help).fix(node.as_text_fix()));
        return None;
    };
    match Term::read_all(text, view) {
        Ok(terms) => {
            warn_of_unmatched(node, text, diagnostics);
            Some(terms)
        }
        Err(refusal) => {
            diagnostics.push(refused(node, text, refusal));
            None
        }
    }
}

/// Two terms that are equal after folding.
fn duplicate(second: &Node, first: &Node) -> Diagnostic {
    let text = second.as_text().unwrap_or_default();
    let message = format!("term `{text}` is equal to an earlier one after folding");
    Diagnostic::error(codes::DUPLICATE_TERM, message)
        .at(second.place, "")
        .also(first.place, "the earlier one")
}

fn refused(node: &Node, text: &str, refusal: Refusal) -> Diagnostic {
    match refusal {
        Refusal::Empty => Diagnostic::error(codes::EMPTY_TERM, format!("term `{text}` holds no word"))
            .at(node.place, "nothing to match")
            .help("use `regex` for punctuation and symbols"),
        Refusal::Wildcard(range) => {
            let message = format!("too little of a word with `{}` is fixed", &text[range.clone()]);
            Diagnostic::error(codes::WILDCARD, message)
                .at(node.inner(range), "it needs three letters or digits beside")
                .help("list the forms, or leave the sign out: punctuation is not matched")
        }
        Refusal::Variants => {
            let message = format!("the variants of term `{text}` cannot be told");
            Diagnostic::error(codes::VARIANTS, message)
                .at(node.place, "")
                .help(format!(
                    "parentheses around `|` have to match, and there may be {} variants",
                    limits::TERM_VARIANTS
                ))
        }
        Refusal::TooLong => {
            let message = format!("term has more than {} words", limits::TERM_TOKENS);
            Diagnostic::error(codes::TERM_TOO_LONG, message).at(node.place, "")
        }
    }
}

fn warn_of_unmatched(node: &Node, text: &str, diagnostics: &mut Diagnostics) {
    if let Some(range) = unmatched(text) {
        let message = format!("`{}` is not matched: terms are words", &text[range.clone()]);
        let warning = Diagnostic::warning(codes::UNMATCHED_CHARACTERS, message).at(node.inner(range), "");
        diagnostics.push(warning.help("use `regex` where it matters, or leave it out"));
    }
}
