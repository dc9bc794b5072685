//! The operators under `match`: from nodes to expressions.

use lexhold_document::{Diagnostic, Diagnostics, Entry, Node, Value, did_you_mean};

use crate::expression::{Exclusion, Expression, Scope};
use crate::leaves::Leaves;
use crate::lexicons::{Lexicons, read_terms};
use crate::pattern::PatternSpec;
use crate::term::Term;
use crate::{TextView, codes, limits};

mod proximity;
mod regex;
mod support;
mod unless;
mod words;

pub use words::operator_keys;

pub(crate) use regex::BESIDE as BESIDE_REGEX;

/// The operators, each of which is a condition.
pub(crate) const OPERATORS: [&str; 13] = [
    "word",
    "stem",
    "phrase",
    "lexicon",
    "regex",
    "near",
    "before",
    "not_near",
    "same_sentence",
    "same_paragraph",
    "same_message",
    "any",
    "all",
];

/// What stands beside the conditions of a rule and takes hits away.
const UNLESS: &str = "unless";

/// Reads conditions and reports what is wrong with them.
pub(crate) struct Reader<'a, 'd> {
    pub(crate) lexicons: &'a Lexicons<'d>,
    pub(crate) leaves: &'a mut Leaves,
    pub(crate) diagnostics: &'a mut Diagnostics,
    /// Who answers for the rules; nobody for a hold's query.
    pub(crate) owner: Option<&'a str>,
    /// How deep operators are nested at the moment.
    depth: usize,
    /// Whether an operator above looks at one part.
    in_part: bool,
}

impl<'a, 'd> Reader<'a, 'd> {
    /// A reader at the top of a `match`.
    pub(crate) fn new(lexicons: &'a Lexicons<'d>, leaves: &'a mut Leaves, diagnostics: &'a mut Diagnostics) -> Self {
        Reader {
            lexicons,
            leaves,
            diagnostics,
            owner: None,
            depth: 0,
            in_part: false,
        }
    }

    /// Reads what stands under `match`. `None` if something in it was refused, which has been reported.
    pub(crate) fn rule(&mut self, node: &Node) -> Option<(Expression, Vec<Exclusion>)> {
        let expression = self.without(node, &[UNLESS]);
        let exclusions = node
            .get(UNLESS)
            .map_or(Some(Vec::new()), |unless| self.exclusions(unless));
        Some((expression?, exclusions?))
    }

    /// Reads one condition: a term, a list of alternatives, or a map of operators.
    fn expression(&mut self, node: &Node) -> Option<Expression> {
        self.without(node, &[])
    }

    /// Reads one condition whose map may hold some keys that are no operators.
    fn without(&mut self, node: &Node, aside: &[&str]) -> Option<Expression> {
        if self.depth == limits::MATCH_DEPTH {
            let message = format!("operators are nested deeper than {}", limits::MATCH_DEPTH);
            return self.refuse(Diagnostic::error(codes::TOO_DEEP, message).at(node.place, ""));
        }
        self.depth += 1;
        let expression = match &node.value {
            Value::List(items) => self.alternatives(node, items),
            Value::Map(entries) => self.conditions(node, entries, aside),
            _ => self.terms(&[node]),
        };
        self.depth -= 1;
        expression
    }

    /// Reads operators side by side, which all have to hold.
    fn conditions(&mut self, node: &Node, entries: &[Entry], aside: &[&str]) -> Option<Expression> {
        let beside_regex = self.beside_regex(entries);
        let is_operator = |key: &str| !regex::BESIDE.contains(&key) && !aside.contains(&key);
        let operators = entries.iter().filter(|entry| is_operator(&entry.key));
        let all: Vec<Option<Expression>> = operators
            .map(|entry| self.operator(entry, beside_regex.as_ref()))
            .collect();
        let mut all: Vec<Expression> = all.into_iter().collect::<Option<_>>()?;
        beside_regex?;
        match all.len() {
            0 => self.refuse(
                Diagnostic::error(codes::NOTHING_TO_MATCH, "there is nothing to match")
                    .at(node.place, "")
                    .help(format!("use one of {}", OPERATORS.join(", "))),
            ),
            1 => all.pop(),
            _ => Some(Expression::All(all)),
        }
    }

    /// Reads one operator; `beside_regex` is what qualifies `regex`, if that could be read.
    fn operator(&mut self, entry: &Entry, beside_regex: Option<&PatternSpec>) -> Option<Expression> {
        match entry.key.as_str() {
            "word" => self.words(&entry.node),
            "stem" => self.stem(&entry.node),
            "phrase" => {
                let terms = self.some(&entry.node)?;
                self.terms(&terms)
            }
            "lexicon" => self.each(&entry.node, Self::lexicon),
            "regex" => {
                let spec = beside_regex.cloned().unwrap_or_default();
                self.set_in_list(&entry.node);
                self.each(&entry.node, |reader, node| reader.regex(node, &spec))
            }
            "near" => self.near(entry, false),
            "before" => self.near(entry, true),
            "not_near" => self.not_near(entry),
            "same_sentence" => self.same_stretch(entry, Scope::Sentence),
            "same_paragraph" => self.same_stretch(entry, Scope::Paragraph),
            "same_message" => self.same_message(entry),
            "any" => self.list(entry).and_then(|items| self.alternatives(&entry.node, items)),
            "all" => self.list(entry).and_then(|items| self.every(&entry.node, items)),
            "not" | "none" | "none_of" | "without" => self.refuse(
                Diagnostic::error(codes::LONE_NEGATION, format!("operator `{}` is not known", entry.key))
                    .at(entry.key_place, "the lack of something is found in most messages")
                    .help("say beside what it must not stand, with `not_near` or `unless`"),
            ),
            UNLESS => self.refuse(
                Diagnostic::error(codes::MISPLACED_UNLESS, "`unless` stands directly under `match` only")
                    .at(entry.key_place, "")
                    .help("write it beside the outermost operators, or make a rule of its own"),
            ),
            key => {
                let error = Diagnostic::error(codes::UNKNOWN_OPERATOR, format!("operator `{key}` is not known"));
                let help = did_you_mean(key, OPERATORS.into_iter().chain(regex::BESIDE).chain([UNLESS]));
                let help = help.or_else(|| Some(format!("there are {}", OPERATORS.join(", "))));
                self.refuse(error.at(entry.key_place, "").maybe_help(help))
            }
        }
    }

    /// Reads alternatives. The terms among them become one leaf.
    fn alternatives(&mut self, node: &Node, items: &[Node]) -> Option<Expression> {
        if items.is_empty() {
            return self.refuse(wrong(node, "the list is empty"));
        }
        let is_term = |item: &&Node| !matches!(item.value, Value::List(_) | Value::Map(_));
        let (terms, others): (Vec<&Node>, Vec<&Node>) = items.iter().partition(is_term);
        let leaf = (!terms.is_empty()).then(|| self.terms(&terms));
        let any: Vec<Option<Expression>> = leaf
            .into_iter()
            .chain(others.into_iter().map(|item| self.expression(item)))
            .collect();
        let mut any: Vec<Expression> = any.into_iter().collect::<Option<_>>()?;
        if any.len() == 1 {
            any.pop()
        } else {
            Some(Expression::Any(any))
        }
    }

    /// Reads the items of `all`.
    fn every(&mut self, node: &Node, items: &[Node]) -> Option<Expression> {
        if items.is_empty() {
            return self.refuse(wrong(node, "the list is empty"));
        }
        let all: Vec<Option<Expression>> = items.iter().map(|item| self.expression(item)).collect();
        Some(Expression::All(all.into_iter().collect::<Option<_>>()?))
    }

    /// Reads one value or a list of alternatives.
    fn each(&mut self, node: &Node, read: impl Fn(&mut Self, &Node) -> Option<Expression>) -> Option<Expression> {
        let any: Vec<Option<Expression>> = one_or_many(node).into_iter().map(|item| read(self, item)).collect();
        let mut any: Vec<Expression> = any.into_iter().collect::<Option<_>>()?;
        match any.len() {
            0 => self.refuse(wrong(node, "the list is empty")),
            1 => any.pop(),
            _ => Some(Expression::Any(any)),
        }
    }

    /// Reads terms as alternatives.
    fn terms(&mut self, nodes: &[&Node]) -> Option<Expression> {
        let terms = read_terms(nodes, self.leaves.view, self.diagnostics)?;
        Some(Expression::Leaf(self.leaves.terms(terms)))
    }

    /// Reads terms of one word each.
    fn words(&mut self, node: &Node) -> Option<Expression> {
        let nodes = self.some(node)?;
        let phrases = nodes.iter().filter(|node| {
            node.as_text()
                .and_then(|text| Term::read_all(text, TextView::Folded).ok())
                .is_some_and(|terms| !terms.iter().all(Term::is_word))
        });
        let mut sound = true;
        for phrase in phrases {
            let message = format!("`{}` is not one word", phrase.as_text().unwrap_or_default());
            let error = Diagnostic::error(codes::NOT_ONE_WORD, message).at(phrase.place, "");
            self.diagnostics.push(error.help("use `phrase`"));
            sound = false;
        }
        let words = self.terms(&nodes)?;
        sound.then_some(words)
    }

    /// One value or the items of a list, of which there has to be one.
    fn some<'n>(&mut self, node: &'n Node) -> Option<Vec<&'n Node>> {
        let nodes = one_or_many(node);
        match nodes.is_empty() {
            true => self.refuse(wrong(node, "the list is empty")),
            false => Some(nodes),
        }
    }

    fn lexicon(&mut self, node: &Node) -> Option<Expression> {
        let Some(name) = node.as_text() else {
            return self.refuse(wrong(
                node,
                format!("a lexicon is named by text, not {}", node.type_name()),
            ));
        };
        let Some(leaf) = self.lexicons.leaf(name, self.leaves) else {
            let error = Diagnostic::error(codes::UNKNOWN_LEXICON, format!("there is no lexicon `{name}`"));
            return self.refuse(
                error
                    .at(node.place, "")
                    .maybe_help(did_you_mean(name, self.lexicons.names())),
            );
        };
        leaf.map(Expression::Leaf)
    }

    /// The items of `any` or `all`.
    fn list<'n>(&mut self, entry: &'n Entry) -> Option<&'n [Node]> {
        match entry.node.as_list() {
            Some(items) => Some(items),
            None => {
                let message = format!("`{}` has to be a list, not {}", entry.key, entry.node.type_name());
                self.refuse(wrong(&entry.node, message))
            }
        }
    }

    pub(crate) fn refuse<T>(&mut self, error: Diagnostic) -> Option<T> {
        self.diagnostics.push(error);
        None
    }
}

fn one_or_many(node: &Node) -> Vec<&Node> {
    match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    }
}

fn wrong(node: &Node, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(codes::OPERAND, message).at(node.place, "")
}
