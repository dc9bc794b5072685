//! Mutants of rulesets: alternatives and exclusions left out.

use lexhold_document::{Document, Node, Value};

use super::Mutant;
use crate::coverage::{alternatives, exclusions};
use crate::tree::{Step, at, remove};

pub(super) fn mutants(document: &Document) -> Vec<Mutant> {
    let rules = document.root.get("rules").and_then(Node::as_list).unwrap_or_default();
    let mut mutants = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        if rule.get("status").and_then(Node::as_text) == Some("retired") {
            continue;
        }
        let id = rule.get("id").and_then(Node::as_text).unwrap_or_default();
        let mut without = |what: &str, path: &[Step]| {
            let path = [&[Step::Key("rules".into()), Step::Operand(index)], path].concat();
            mutants.extend(without(document, index, &path, format!("{what} of `{id}` left out")));
        };
        alternatives(rule)
            .iter()
            .for_each(|path| without("an alternative", path));
        exclusions(rule).iter().for_each(|path| without("an exclusion", path));
    }
    mutants
}

/// The document without the item at the end of a path; a list without items is left out itself.
fn without(document: &Document, rule: usize, path: &[Step], what: String) -> Option<Mutant> {
    let mut document = document.clone();
    let (Step::Alternative(index), to_list) = path.split_last()? else {
        return None;
    };
    let Value::List(items) = &mut at(&mut document.root, to_list)?.value else {
        return None;
    };
    let place = items.get(*index)?.place;
    items.remove(*index);
    if items.is_empty() {
        let (Step::Key(key), to_map) = to_list.split_last()? else {
            return None;
        };
        remove(at(&mut document.root, to_map)?, key);
    }
    Some(Mutant {
        place,
        what,
        rule: Some(rule),
        document,
    })
}
