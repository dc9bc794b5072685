//! Warnings about rules that compile and still are not what somebody meant.
//!
//! Works on documents without errors. Every check costs time linear in the size of the documents: what belongs
//! together is looked up, and no rule is held against all others.

use jiff::civil::Date;
use lexhold_document::{Diagnostic, Diagnostics, Document, Kind, Node, Place, Value};
use lexhold_model::Severity;
use rustc_hash::FxHashSet;

use crate::conversation::{ConversationRule, Grouping};
use crate::{Program, Status, TextView, codes, limits};

mod lists;
mod normal;
mod patterns;
mod repeats;
mod unless;

use lists::{Alternatives, Lists};

/// A rule that is in use, as it is written.
struct Rule<'d> {
    id: String,
    place: Place,
    severity: Severity,
    /// Whether a hit is an alert of its own.
    alerts: bool,
    view: TextView,
    /// The position of its document.
    document: usize,
    node: &'d Node,
    matched: &'d Node,
    /// The alternatives that it looks for, if it looks for nothing else.
    alternatives: Option<Alternatives>,
}

/// Warns of rules that can never hit, repeat others or cost too much, of exclusions that take too much or nothing, and of
/// lexicons that nobody has reviewed for a year.
///
/// `program` is what the documents compile to, without errors. Without `today` nothing is said about reviews.
pub fn lint(documents: &[&Document], program: &Program, today: Option<Date>, diagnostics: &mut Diagnostics) {
    let lists = Lists::new(documents);
    let rules = rules(documents, program, &lists);
    for rule in &rules {
        patterns::check(rule, program, diagnostics);
        unless::check(rule, &lists, diagnostics);
        too_many_wanted(rule, &lists, diagnostics);
    }
    repeats::check(&rules, &lists, diagnostics);
    let retired = program.rules().iter().filter(|rule| rule.status == Status::Retired);
    let retired: FxHashSet<&str> = retired.map(|rule| rule.id.as_str()).collect();
    for rule in program.conversations() {
        conversation(rule, &retired, diagnostics);
    }
    if let Some(today) = today {
        let lexicons = documents.iter().filter(|document| document.kind == Kind::Lexicon);
        diagnostics.extend(lexicons.filter_map(|lexicon| not_reviewed(lexicon, today)));
    }
}

/// The rules with `match` that are in use, in the order of the program.
fn rules<'d>(documents: &[&'d Document], program: &Program, lists: &Lists) -> Vec<Rule<'d>> {
    let mut known = program.rules().iter();
    let mut rules = Vec::new();
    for (at, document) in documents.iter().enumerate() {
        if document.kind != Kind::Ruleset {
            continue;
        }
        let nodes = document.root.get("rules").and_then(Node::as_list).unwrap_or_default();
        for (node, matched) in nodes.iter().filter_map(|node| Some((node, node.get("match")?))) {
            let Some(info) = known.next() else { return rules };
            if info.status != Status::Retired {
                rules.push(Rule {
                    id: info.id.clone(),
                    place: info.place,
                    severity: info.severity,
                    alerts: info.alerts,
                    view: info.view,
                    document: at,
                    node,
                    matched,
                    alternatives: lists.alternatives(at, matched),
                });
            }
        }
    }
    rules
}

/// Warns of a rule that wants more different hits than it has words.
fn too_many_wanted(rule: &Rule<'_>, lists: &Lists, diagnostics: &mut Diagnostics) {
    let words = rule.alternatives.as_ref().filter(|_| rule.view == TextView::Folded);
    let Some(n_words) = words.and_then(|alternatives| lists.n_words(alternatives)) else {
        return;
    };
    let raises = rule
        .node
        .get("raise")
        .map_or(&[][..], |raise| raise.as_list().unwrap_or(std::slice::from_ref(raise)));
    let amounts = raises.iter().filter_map(|raise| raise.get("when"));
    for distinct in amounts
        .chain(rule.node.get("threshold"))
        .filter_map(|amounts| amounts.get("distinct"))
    {
        let wanted = match distinct.value {
            Value::Int(wanted) => usize::try_from(wanted).unwrap_or(0),
            _ => continue,
        };
        if wanted > n_words {
            let message = format!("`{}` wants {wanted} different hits and has {n_words} words", rule.id);
            diagnostics.push(
                Diagnostic::warning(codes::UNSATISFIABLE, message)
                    .at(distinct.place, "this is never reached")
                    .help("want less, or use `total`"),
            );
        }
    }
}

/// Warns of a rule over several messages that can never hit.
fn conversation(rule: &ConversationRule, retired: &FxHashSet<&str>, diagnostics: &mut Diagnostics) {
    let info = &rule.info;
    if info.status == Status::Retired {
        return;
    }
    let conversation = &rule.conversation;
    if let Some(id) = conversation.components.iter().find(|id| retired.contains(id.as_str())) {
        diagnostics.push(
            Diagnostic::warning(codes::UNSATISFIABLE, format!("`{}` counts hits of `{id}`", info.id))
                .at(info.place, "a retired rule never hits")
                .help("leave it out, or name another rule"),
        );
    }
    let by = &conversation.by;
    let people = match (by.contains(&Grouping::Sender), by.contains(&Grouping::Pair)) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => u32::MAX,
    };
    if conversation.participants > people {
        let wanted = conversation.participants;
        let message = format!(
            "`{}` wants {wanted} senders, and its groups have at most {people}",
            info.id
        );
        diagnostics.push(
            Diagnostic::warning(codes::UNSATISFIABLE, message)
                .at(info.place, "")
                .help("group by `conversation` or `desk`, or want fewer participants"),
        );
    }
}

fn not_reviewed(lexicon: &Document, today: Date) -> Option<Diagnostic> {
    let reviewed = lexicon.root.get("reviewed");
    let day: Option<Date> = reviewed.and_then(Node::as_text).and_then(|day| day.parse().ok());
    let oldest = today.saturating_sub(jiff::Span::new().months(limits::REVIEW_MONTHS));
    if day.is_some_and(|day| day >= oldest) {
        return None;
    }
    let name = &lexicon.name;
    let message = match day {
        Some(day) => format!("lexicon `{name}` was last reviewed on {day}"),
        None => format!("lexicon `{name}` does not say when it was reviewed"),
    };
    let place = reviewed.map_or_else(|| lexicon.name_place(), |node| node.place);
    Some(
        Diagnostic::warning(codes::LEXICON_REVIEW, message)
            .at(place, format!("is to be done every {} months", limits::REVIEW_MONTHS))
            .help("go through its terms, then write the day as `reviewed`"),
    )
}

#[cfg(test)]
mod tests {
    use lexhold_document::{Diagnostics, Files, OpenError, load};

    use super::*;
    use crate::compile;
    use crate::testing::ruleset;

    /// Warnings as `code: what they point at`.
    fn warnings_of(texts: &[&str], today: Option<Date>) -> Vec<String> {
        let mut files = Files::new();
        let mut diagnostics = Diagnostics::new();
        let roots: Vec<_> = (0..)
            .zip(texts)
            .map(|(n, text)| files.add(&format!("{n}.yaml"), (*text).to_owned()))
            .collect();
        let documents = load(&mut files, &roots, &mut |_| Err(OpenError::NotFound), &mut diagnostics);
        let documents: Vec<&Document> = documents.iter().collect();
        let program = compile(&documents, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        lint(&documents, &program, today, &mut diagnostics);
        let shown = diagnostics.sorted(&files).into_iter().map(|diagnostic| {
            let at = diagnostic.place.map_or("", |place| files.slice(place)).trim();
            format!("{}: {at}", diagnostic.code)
        });
        shown.collect()
    }

    fn warnings(matches: &[&str]) -> Vec<String> {
        warnings_of(&[&ruleset(matches)], None)
    }

    #[test]
    fn g4_the_same_rule_twice() {
        assert_eq!(warnings(&["[a, b]", "[B, a]"]), ["LX0480: r1"]);
        assert_eq!(
            warnings(&["a", "{word: A}", "{any: [a]}"]),
            ["LX0480: r1", "LX0480: r2"]
        );
        assert_eq!(
            warnings(&[
                "{near: {of: [[c, a], b], within: 3}}",
                "{near: {within: 3, of: [[A, c], B]}}"
            ]),
            ["LX0480: r1"]
        );
        for differ in [
            ["{near: {of: [a, b], within: 3}}", "{near: {of: [a, b], within: 4}}"],
            ["{before: {of: [a, b], within: 3}}", "{before: {of: [b, a], within: 3}}"],
            ["{near: {of: [a, a, b], within: 3}}", "{near: {of: [a, b], within: 3}}"],
            ["{regex: 'abc'}", "{regex: 'ABC'}"],
            ["{lexicon: messengers}", "{word: messengers}"],
        ] {
            assert_eq!(warnings(&differ), [""; 0], "{differ:?}");
        }
        let scoped = ruleset(&["a", "a"]).replacen("severity: low", "view: raw, severity: low", 1);
        assert_eq!(warnings_of(&[&scoped], None), [""; 0]);
        let retired = ruleset(&["a", "a"]).replacen("severity: low", "status: retired, severity: low", 1);
        assert_eq!(warnings_of(&[&retired], None), [""; 0]);
        let (one, other) = (ruleset(&["{lexicon: messengers}"]), ruleset(&["{lexicon: messengers}"]));
        let other = other
            .replace("ruleset: test", "ruleset: other")
            .replace("signal", "viber");
        assert_eq!(warnings_of(&[&one, &other], None), [""; 0]);
    }

    #[test]
    fn g4_a_list_within_another_rules_list() {
        assert_eq!(warnings(&["[a, b]", "[a, b, c]"]), ["LX0481: r0"]);
        assert_eq!(
            warnings(&["[we chat, SIGNAL]", "{lexicon: messengers}"]),
            ["LX0481: r0"]
        );
        assert_eq!(
            warnings(&["{lexicon: messengers}", "{any: [{lexicon: messengers}, c]}"]),
            ["LX0481: r0"]
        );
        assert_eq!(
            warnings(&["{stem: {en: stop}}", "[stop, stops, stopped, stopping, halt]"]),
            ["LX0481: r0"]
        );
        for apart in [
            ["[a, b]", "[a, c]"],
            ["[a]", "{word: [a, b], unless: [{word: not, within: 1}]}"],
            ["[a]", "{all: [a, b]}"],
        ] {
            assert_eq!(warnings(&apart), [""; 0], "{apart:?}");
        }
        // A graver rule says more.
        let graver = ruleset(&["a", "[a, b]"]).replacen("severity: low", "severity: high", 1);
        assert_eq!(warnings_of(&[&graver], None), [""; 0]);
    }

    #[test]
    fn g4_conditions_that_never_hold() {
        let wants = |distinct: u32| {
            ruleset(&["[a, b]"]).replace(
                "severity: low",
                &format!("threshold: {{distinct: {distinct}}}, severity: low"),
            )
        };
        assert_eq!(warnings_of(&[&wants(2)], None), [""; 0]);
        assert_eq!(warnings_of(&[&wants(3)], None), ["LX0482: 3"]);
        assert_eq!(
            warnings_of(
                &[&wants(3).replace("match: [a, b]", "match: [a, b, {regex: 'cde'}]")],
                None
            ),
            [""; 0]
        );
        let raises = ruleset(&["{lexicon: messengers}"]).replace("we chat", "viber").replace(
            "severity: low",
            "raise: [{to: high, when: {distinct: 4}}], severity: low",
        );
        assert_eq!(warnings_of(&[&raises], None), ["LX0482: 4"]);
    }

    #[test]
    fn g4_conversations_that_never_match() {
        let with = |conversation: &str| {
            let message = "{at: '10:00', from: x, text: a}";
            let examples = format!("hits: [[{message}], [{message}]], misses: [[{message}], [{message}]]");
            format!(
                "{}- {{id: talk, severity: low, why: test, conversation: {conversation}, {examples}}}\n",
                ruleset(&["a", "b"])
            )
        };
        let of = |by: &str, participants: u32| {
            warnings_of(
                &[&with(&format!(
                    "{{ordered: [r0, r1], by: {by}, within: P1D, participants: {participants}}}"
                ))],
                None,
            )
        };
        assert_eq!(of("sender", 2), ["LX0482: talk"]);
        assert_eq!(of("[conversation, pair]", 3), ["LX0482: talk"]);
        assert_eq!((of("pair", 2).len(), of("desk", 3).len()), (0, 0));
        let retired = with("{ordered: [r0, r1], by: pair, within: P1D}");
        let retired = retired.replacen("severity: low", "status: retired, severity: low", 1);
        assert_eq!(warnings_of(&[&retired], None), ["LX0482: talk"]);
    }

    #[test]
    fn g4_patterns_that_cost() {
        assert_eq!(warnings(&["{regex: 'guarantee.*return'}"]), ["LX0484: .*"]);
        assert_eq!(
            warnings(&["{regex: '(?:guarantee|promise)(.{3,}|x)return'}"]),
            ["LX0484: .{3,}"]
        );
        assert_eq!(warnings(&["{regex: 'guarantee.{0,40}return'}"]), [""; 0]);
        assert_eq!(
            warnings(&["{regex: '[a-z]{3} [a-z]{3}'}"]),
            ["LX0483: '[a-z]{3} [a-z]{3}'"]
        );
        assert_eq!(warnings(&["{regex: '[a-z]+ [a-z]+'}"]), ["LX0485: '[a-z]+ [a-z]+'"]);
        assert_eq!(warnings(&[r"{regex: '\d{16}'}"]), [""; 0]);
        assert_eq!(
            warnings(&["{near: {of: [a, {any: [{regex: ['whatsapp', '[a-z]{3} [a-z]{3}']}]}], within: 2}}"]),
            ["LX0483: '[a-z]{3} [a-z]{3}'"]
        );
    }

    #[test]
    fn g4_exclusions_that_take_all_or_nothing() {
        let with = |unless: &str| warnings(&[&format!("{{any: [journal, we chat], unless: [{unless}]}}")]);
        assert_eq!(
            with("[wall street journal, JOURNAL]"),
            ["LX0487: [wall street journal, JOURNAL]"]
        );
        assert_eq!(
            with("{word: journal, within: 3}"),
            ["LX0487: {word: journal, within: 3}"]
        );
        assert_eq!(with("{lexicon: messengers}"), ["LX0487: {lexicon: messengers}"]);
        assert_eq!(with("wall street"), ["LX0488: wall street"]);
        assert_eq!(with("we"), ["LX0488: we"]);
        for sound in [
            "wall street journal",
            "why we chat",
            "{word: not, within: 1}",
            "{regex: 'wall street'}",
        ] {
            assert_eq!(with(sound), [""; 0], "{sound}");
        }
    }

    #[test]
    fn g4_lexicons_are_reviewed_every_year() {
        let lexicon = |reviewed: &str| format!("lexhold: 1\nlexicon: apps\nowner: me\n{reviewed}terms: [viber]\n");
        let at = |text: &str| warnings_of(&[text], Some(jiff::civil::date(2026, 11, 22)));
        assert_eq!(at(&lexicon("reviewed: 2025-11-22\n")), [""; 0]);
        assert_eq!(at(&lexicon("reviewed: 2025-11-21\n")), ["LX0486: 2025-11-21"]);
        assert_eq!(at(&lexicon("")), ["LX0486: apps"]);
        assert_eq!(warnings_of(&[&lexicon("")], None), [""; 0]);
    }

    #[test]
    fn g4_many_rules_may_share_a_term() {
        // Many rules that share a term, each with a list of its own.
        let matches: Vec<String> = (0..5_000).map(|n| format!("[shared, a{n}, b{n}]")).collect();
        let matches: Vec<&str> = matches.iter().map(String::as_str).collect();
        assert_eq!(warnings(&matches), [""; 0]);
    }
}
