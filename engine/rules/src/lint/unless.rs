//! Exclusions that take too much away, or nothing.

use lexhold_document::{Diagnostic, Diagnostics, Node};

use super::Rule;
use super::lists::{Alternatives, Lists};
use crate::codes;

/// Warns of exclusions that name what the rule looks for, and of those that can take nothing away.
pub(super) fn check(rule: &Rule<'_>, lists: &Lists, diagnostics: &mut Diagnostics) {
    let (Some(wanted), Some(unless)) = (&rule.alternatives, rule.matched.get("unless")) else {
        return;
    };
    for item in unless.as_list().unwrap_or(std::slice::from_ref(unless)) {
        let Some(node) = operator(item) else { continue };
        let Some(away) = lists.alternatives(rule.document, node) else {
            continue;
        };
        if let Some(term) = lists.terms_of(&away).filter(|term| lists.has(wanted, term)).min() {
            let message = format!("the exclusion takes every hit of `{}` away", shown(term));
            diagnostics.push(
                Diagnostic::warning(codes::EXCLUSION_TAKES_ALL, message)
                    .at(item.place, "it holds the very term that the rule looks for")
                    .help("exclude something longer, or leave the term out of the rule"),
            );
        } else if item.get("within").is_none() && item.get("scope").is_none() && !surrounds(&away, wanted, lists) {
            diagnostics.push(
                Diagnostic::warning(codes::EXCLUSION_TAKES_NOTHING, "the exclusion can take nothing away")
                    .at(item.place, "no term of the rule lies within it")
                    .help("add `within` for a window beside the hit"),
            );
        }
    }
}

/// What an item of `unless` looks for: the item, or its only operator where windows stand beside it.
fn operator(item: &Node) -> Option<&Node> {
    let Some(entries) = item.as_map() else {
        return Some(item);
    };
    let aside = ["within", "side", "scope", "acknowledge_bypass", "approved_by"];
    let mut operators = entries.iter().filter(|entry| !aside.contains(&entry.key.as_str()));
    let only = operators.next().filter(|_| operators.next().is_none())?;
    match only.key.as_str() {
        "word" | "phrase" | "any" => Some(&only.node),
        _ if entries.len() == 1 => Some(item),
        _ => None,
    }
}

/// Whether some term of the rule lies within one of the exclusion.
fn surrounds(away: &Alternatives, wanted: &Alternatives, lists: &Lists) -> bool {
    lists.terms_of(away).any(|term| {
        let tokens: Vec<&str> = term.split(' ').collect();
        let inner = |from: usize, to: usize| tokens[from..to].join(" ").trim_start_matches('+').to_owned();
        // What is not read as plain words could lie around anything.
        term.starts_with('=')
            || (0..tokens.len()).any(|from| (from + 1..=tokens.len()).any(|to| lists.has(wanted, &inner(from, to))))
    })
}

fn shown(term: &str) -> String {
    term.replace(" +", "'")
}
