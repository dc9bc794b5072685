//! What a rule looks for, written in one way.

use lexhold_document::{Node, Value};

use crate::TextView;
use crate::term::Term;

/// Keys whose value is alternatives, as a list is.
const ALTERNATIVES: [&str; 3] = ["word", "phrase", "any"];

/// A term by its tokens, so that terms that match the same are equal.
pub(super) fn term(text: &str) -> String {
    match Term::read(text, TextView::Folded) {
        Ok(term) => {
            let steps = term.steps().iter();
            let tokens = steps.map(|step| format!("{}{}", if step.joined { "+" } else { "" }, step.token));
            tokens.collect::<Vec<_>>().join(" ")
        }
        // What is no plain term is told apart by its letters.
        Err(_) => format!("= {text}"),
    }
}

/// A condition, so that conditions that say the same are equal: terms folded, alternatives and keys sorted.
pub(super) fn condition(node: &Node) -> String {
    written(node, true, false)
}

fn written(node: &Node, is_term: bool, in_order: bool) -> String {
    match &node.value {
        Value::Text(text) if is_term => format!("{:?}", term(text)),
        Value::Text(text) => format!("{text:?}"),
        Value::List(items) => {
            let mut items: Vec<String> = items.iter().map(|item| written(item, is_term, false)).collect();
            if !in_order {
                items.sort_unstable();
                items.dedup();
            }
            match items.as_slice() {
                [only] if !in_order => only.clone(),
                items => format!("[{}]", items.join(",")),
            }
        }
        Value::Map(entries) => match entries.as_slice() {
            [only] if ALTERNATIVES.contains(&only.key.as_str()) => written(&only.node, true, false),
            entries => {
                let entry = |entry: &lexhold_document::Entry| {
                    let key = entry.key.as_str();
                    let is_term = !matches!(key, "regex" | "lexicon" | "side" | "validate" | "scope");
                    // `near` may repeat an operand, and the order of `before` matters.
                    let in_order = key == "of" || key == "all";
                    format!("{key}:{}", written(&entry.node, is_term, in_order))
                };
                let mut entries: Vec<String> = entries.iter().map(entry).collect();
                entries.sort_unstable();
                format!("{{{}}}", entries.join(","))
            }
        },
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
    }
}
