//! Rules that say what another rule says.

use lexhold_document::{Diagnostic, Diagnostics, Node};
use rustc_hash::FxHashMap;

use super::lists::{Alternatives, Lists};
use super::{Rule, normal};
use crate::codes;

/// Keys that say where and when a rule looks, or what its hits have to amount to.
const SCOPE: [&str; 5] = ["view", "parts", "when", "threshold", "alerts"];

/// How many rules with a term in common one rule is held against.
const CANDIDATES: usize = 16;

/// Warns of rules that look for the same in the same places, and of lists that lie wholly within another rule's list.
pub(super) fn check(rules: &[Rule<'_>], lists: &Lists, diagnostics: &mut Diagnostics) {
    let scopes: Vec<String> = rules.iter().map(|rule| scope(rule.node)).collect();
    let mut seen: FxHashMap<(&str, String), &Rule<'_>> = FxHashMap::default();
    let mut first_of_its_kind = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let key = (scopes[at].as_str(), form(rule));
        match seen.get(&key) {
            Some(first) => {
                let message = format!("`{}` looks for the same as `{}`", rule.id, first.id);
                diagnostics.push(
                    Diagnostic::warning(codes::DUPLICATE_MATCH, message)
                        .at(rule.place, "")
                        .also(first.place, "the same here"),
                );
            }
            None => {
                seen.insert(key, rule);
                first_of_its_kind.push(at);
            }
        }
    }
    shadowed(rules, &scopes, &first_of_its_kind, lists, diagnostics);
}

/// What a rule looks for. Rules of two rulesets that name a lexicon may mean two.
fn form(rule: &Rule<'_>) -> String {
    let condition = normal::condition(rule.matched);
    let is_shared = |alternatives: &Alternatives| alternatives.lexicons.iter().all(|(document, _)| document.is_none());
    if condition.contains("lexicon:") && !rule.alternatives.as_ref().is_some_and(is_shared) {
        format!("{} {condition}", rule.document)
    } else {
        condition
    }
}

fn scope(rule: &Node) -> String {
    let written = |key: &&str| rule.get(key).map(|node| format!("{key}:{}", normal::condition(node)));
    SCOPE.iter().filter_map(written).collect::<Vec<_>>().join(",")
}

fn shadowed(rules: &[Rule<'_>], scopes: &[String], candidates: &[usize], lists: &Lists, diagnostics: &mut Diagnostics) {
    let listed: Vec<(usize, &Alternatives)> = candidates
        .iter()
        .filter_map(|at| Some((*at, rules[*at].alternatives.as_ref()?)))
        .collect();
    // Which rules have a term, themselves or by a lexicon.
    let mut with_term: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    let mut with_lexicon: FxHashMap<&(Option<usize>, String), Vec<usize>> = FxHashMap::default();
    for (at, alternatives) in &listed {
        for term in &alternatives.terms {
            with_term.entry(term).or_default().push(*at);
        }
        for lexicon in &alternatives.lexicons {
            with_lexicon.entry(lexicon).or_default().push(*at);
        }
    }
    for (key, lexicon) in lists.lexicons() {
        let Some(users) = with_lexicon.get(key) else { continue };
        for term in lexicon {
            if let Some(with) = with_term.get_mut(term.as_str()) {
                with.extend(users.iter().take(CANDIDATES));
            }
        }
    }
    for (at, alternatives) in listed.iter().filter(|(at, _)| rules[*at].alerts) {
        let of_terms = alternatives
            .terms
            .iter()
            .filter_map(|term| with_term.get(term.as_str()));
        let of_lexicons = alternatives.lexicons.iter().filter_map(|key| with_lexicon.get(key));
        let Some(rarest) = of_terms.chain(of_lexicons).min_by_key(|with| with.len()) else {
            continue;
        };
        let mut rarest: Vec<usize> = rarest.clone();
        rarest.sort_unstable();
        rarest.dedup();
        let covers = |other: &&usize| {
            let (rule, other_rule) = (&rules[*at], &rules[**other]);
            **other != *at
                && scopes[**other] == scopes[*at]
                && other_rule.severity >= rule.severity
                && other_rule.matched.get("unless").is_none()
                && other_rule.alternatives.as_ref().is_some_and(|others| {
                    alternatives.lexicons.is_subset(&others.lexicons)
                        && alternatives.terms.iter().all(|term| lists.has(others, term))
                })
        };
        let by = rarest.iter().take(CANDIDATES).find(covers);
        if let Some(by) = by.map(|by| &rules[*by]) {
            let message = format!("every hit of `{}` is one of `{}` too", rules[*at].id, by.id);
            diagnostics.push(
                Diagnostic::warning(codes::SHADOWED_RULE, message)
                    .at(rules[*at].place, "")
                    .also(by.place, "which looks for all of its terms"),
            );
        }
    }
}
