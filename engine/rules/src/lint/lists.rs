//! Rules that look for a list of terms and nothing else.

use std::collections::BTreeSet;

use lexhold_document::{Document, Kind, Node, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::normal;
use crate::stem;

/// The lexicons of all documents, by the ruleset that alone sees them.
#[derive(Default)]
pub(super) struct Lists {
    lexicons: FxHashMap<(Option<usize>, String), Lexicon>,
}

type Lexicon = FxHashSet<String>;

/// Alternatives: terms, and lexicons by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Alternatives {
    pub(super) terms: BTreeSet<String>,
    pub(super) lexicons: BTreeSet<(Option<usize>, String)>,
}

impl Lists {
    pub(super) fn new(documents: &[&Document]) -> Self {
        let mut lists = Lists::default();
        for (at, document) in documents.iter().enumerate() {
            match document.kind {
                Kind::Lexicon => {
                    let key = (None, document.name.clone());
                    lists
                        .lexicons
                        .insert(key, document.root.get("terms").map(terms).unwrap_or_default());
                }
                Kind::Ruleset => {
                    let local = document.root.get("lexicons").and_then(Node::as_map).unwrap_or_default();
                    for entry in local {
                        lists.lexicons.insert((Some(at), entry.key.clone()), terms(&entry.node));
                    }
                }
                _ => {}
            }
        }
        lists
    }

    /// The alternatives under a condition of a ruleset; `None` if it is more than that.
    pub(super) fn alternatives(&self, document: usize, node: &Node) -> Option<Alternatives> {
        let mut all = Alternatives::default();
        self.gather(document, node, &mut all)?;
        Some(all)
    }

    fn gather(&self, document: usize, node: &Node, all: &mut Alternatives) -> Option<()> {
        match &node.value {
            Value::Text(text) => {
                all.terms.insert(normal::term(text));
            }
            Value::List(items) => items.iter().try_for_each(|item| self.gather(document, item, all))?,
            Value::Map(entries) => {
                let mut entries = entries.iter().filter(|entry| entry.key != "unless");
                let only = entries.next().filter(|_| entries.next().is_none())?;
                match only.key.as_str() {
                    "word" | "phrase" | "any" => self.gather(document, &only.node, all)?,
                    "lexicon" => {
                        let names = only.node.as_list().unwrap_or(std::slice::from_ref(&only.node));
                        for name in names {
                            all.lexicons.insert(self.named(document, name.as_text()?)?);
                        }
                    }
                    "stem" => {
                        for entry in only.node.as_map()? {
                            let words = entry.node.as_list().unwrap_or(std::slice::from_ref(&entry.node));
                            for word in words {
                                all.terms.extend(stem::forms(&entry.key, word.as_text()?).ok()?);
                            }
                        }
                    }
                    _ => return None,
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// The lexicon that a name means in a ruleset.
    fn named(&self, document: usize, name: &str) -> Option<(Option<usize>, String)> {
        let keys = [(Some(document), name.to_owned()), (None, name.to_owned())];
        keys.into_iter().find(|key| self.lexicons.contains_key(key))
    }

    /// Whether a term is one of the alternatives.
    pub(super) fn has(&self, alternatives: &Alternatives, term: &str) -> bool {
        alternatives.terms.contains(term)
            || alternatives
                .lexicons
                .iter()
                .any(|key| self.lexicons.get(key).is_some_and(|lexicon| lexicon.contains(term)))
    }

    /// How many words there are, if all of the alternatives are single words.
    pub(super) fn n_words(&self, alternatives: &Alternatives) -> Option<usize> {
        let mut words: FxHashSet<&str> = FxHashSet::default();
        for term in self.terms_of(alternatives) {
            if term.contains([' ', '=', '+']) {
                return None;
            }
            words.insert(term);
        }
        Some(words.len())
    }

    /// All terms of the alternatives, those of lexicons too.
    pub(super) fn terms_of<'a>(&'a self, alternatives: &'a Alternatives) -> impl Iterator<Item = &'a str> {
        let lexicons = alternatives.lexicons.iter().filter_map(|key| self.lexicons.get(key));
        let in_lexicons = lexicons.flatten().map(String::as_str);
        alternatives.terms.iter().map(String::as_str).chain(in_lexicons)
    }

    /// Every lexicon with its terms.
    pub(super) fn lexicons(&self) -> impl Iterator<Item = (&(Option<usize>, String), &Lexicon)> {
        self.lexicons.iter()
    }
}

fn terms(node: &Node) -> Lexicon {
    let items = node.as_list().unwrap_or_default().iter();
    items.filter_map(Node::as_text).map(normal::term).collect()
}
