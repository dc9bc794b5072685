//! Patterns that cost more than they need to.

use lexhold_document::{Diagnostic, Diagnostics, Node, Value};
use regex_syntax::ast::{self, Ast, RepetitionKind, RepetitionRange};

use super::Rule;
use crate::{Program, codes, limits};

/// Warns of the patterns of a rule, wherever they stand in it.
pub(super) fn check(rule: &Rule<'_>, program: &Program, diagnostics: &mut Diagnostics) {
    for node in [Some(rule.matched), rule.node.get("support")].into_iter().flatten() {
        walk(node, program, diagnostics);
    }
}

fn walk(node: &Node, program: &Program, diagnostics: &mut Diagnostics) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| walk(item, program, diagnostics)),
        Value::Map(entries) => {
            for entry in entries {
                if entry.key != "regex" {
                    walk(&entry.node, program, diagnostics);
                    continue;
                }
                let patterns = entry.node.as_list().unwrap_or(std::slice::from_ref(&entry.node));
                for pattern in patterns {
                    endless(pattern, diagnostics);
                    costly(pattern, program, diagnostics);
                }
            }
        }
        _ => {}
    }
}

/// Warns of `.*`, `.+` and `.{n,}`.
fn endless(node: &Node, diagnostics: &mut Diagnostics) {
    // Most patterns have no dot, and need not be parsed.
    let Some(source) = node.as_text().filter(|source| source.contains('.')) else {
        return;
    };
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
fn costly(node: &Node, program: &Program, diagnostics: &mut Diagnostics) {
    let Some(has_longest) = program.needing_nothing.get(&node.place) else {
        return;
    };
    let warning = if *has_longest {
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
