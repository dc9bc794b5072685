//! Patterns that cost more than they need to.

use lexhold_document::{Diagnostic, Diagnostics, Node, Value};
use regex_syntax::ast::{self, Ast, RepetitionKind, RepetitionRange};

use super::Rule;
use crate::digits::Shape;
use crate::{codes, limits, literals, pattern};

/// Warns of the patterns of a rule, wherever they stand in it.
pub(super) fn check(rule: &Rule<'_>, diagnostics: &mut Diagnostics) {
    for node in [Some(rule.matched), rule.node.get("support")].into_iter().flatten() {
        walk(rule, node, diagnostics);
    }
}

fn walk(rule: &Rule<'_>, node: &Node, diagnostics: &mut Diagnostics) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| walk(rule, item, diagnostics)),
        Value::Map(entries) => {
            let unicode = node.get("unicode").is_some_and(|node| node.value == Value::Bool(true));
            for entry in entries {
                if entry.key != "regex" {
                    walk(rule, &entry.node, diagnostics);
                    continue;
                }
                let patterns = entry.node.as_list().unwrap_or(std::slice::from_ref(&entry.node));
                for pattern in patterns {
                    endless(pattern, diagnostics);
                    costly(rule, pattern, unicode, diagnostics);
                }
            }
        }
        _ => {}
    }
}

/// Warns of `.*`, `.+` and `.{n,}`.
fn endless(node: &Node, diagnostics: &mut Diagnostics) {
    let Some(source) = node.as_text() else { return };
    let parser = ast::parse::ParserBuilder::new()
        .nest_limit(limits::PATTERN_DEPTH)
        .build()
        .parse(source);
    let Some(span) = parser.ok().as_ref().and_then(gap) else {
        return;
    };
    diagnostics.push(
        Diagnostic::warning(codes::UNBOUNDED_GAP, "the pattern has a gap without an end")
            .at(
                node.inner(span.start.offset..span.end.offset),
                "reaches as far as the message does",
            )
            .help("say how far at most, as in `.{0,40}`, or use `near` or `before`"),
    );
}

/// The first gap without an end.
fn gap(ast: &Ast) -> Option<ast::Span> {
    match ast {
        Ast::Repetition(repetition) => {
            let endless = matches!(
                repetition.op.kind,
                RepetitionKind::ZeroOrMore
                    | RepetitionKind::OneOrMore
                    | RepetitionKind::Range(RepetitionRange::AtLeast(_))
            );
            let is_dot = matches!(&*repetition.ast, Ast::Dot(_));
            (endless && is_dot)
                .then_some(repetition.span)
                .or_else(|| gap(&repetition.ast))
        }
        Ast::Group(group) => gap(&group.ast),
        Ast::Alternation(alternation) => alternation.asts.iter().find_map(gap),
        Ast::Concat(concat) => concat.asts.iter().find_map(gap),
        _ => None,
    }
}

/// Warns of a pattern that every message is searched for.
fn costly(rule: &Rule<'_>, node: &Node, unicode: bool, diagnostics: &mut Diagnostics) {
    let cased = rule.view.has_case();
    let Some(Ok((hir, _))) = node.as_text().map(|source| pattern::parse(source, unicode, cased)) else {
        return;
    };
    if !literals::required(&hir, cased).is_empty() || Shape::of(&hir).is_some() {
        return;
    }
    let warning = if hir.properties().maximum_len().is_some() {
        Diagnostic::warning(codes::NO_LITERAL, "the pattern is searched for in every message")
    } else {
        Diagnostic::warning(codes::STEP_BUDGET, "the pattern may not get through a long message")
            .note("it has no longest match, and a message that it cannot get through counts as not scanned")
    };
    diagnostics.push(
        warning
            .at(node.place, "no text, and no run of digits, that every match contains")
            .help("add words that have to be there, or put it beside a term with `near`"),
    );
}
