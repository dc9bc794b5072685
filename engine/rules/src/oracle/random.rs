//! Random rules, as data and as YAML, and random text in which they match.

use proptest::prelude::*;

use super::{Condition, Raise, Rule, Support, Tier, Unless};

const TERMS: [&str; 14] = [
    "a",
    "b",
    "c",
    "a b",
    "b c",
    "a b c",
    "a a",
    "fi",
    "caf\u{e9}",
    "a'b",
    "\u{673a}",
    "\u{673a}\u{5bc6} a",
    "\u{1f44d}",
    "a.b c",
];

const PATTERNS: [&str; 8] = [
    "ab+",
    "[a-c]1",
    "(?:ab|b)c?",
    "a[^z]c",
    "fi|\u{e9}",
    "(?i)A B",
    "\u{5bc6}",
    "!+",
];

const SIDES: [&str; 3] = ["before", "after", "both"];

fn conditions() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        3 => prop::sample::subsequence(&TERMS[..], 1..4).prop_map(Condition::Terms),
        1 => prop::sample::select(&PATTERNS[..]).prop_map(Condition::Pattern),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 1..3);
        let operands = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            1 => some.clone().prop_map(Condition::Any),
            1 => some.prop_map(Condition::All),
            4 => (operands.clone(), 1..6u32, any::<bool>())
                .prop_map(|(items, within, ordered)| Condition::Near(items, within, ordered)),
            2 => (inner.clone(), inner, 1..4u32, prop::sample::select(&SIDES[..]))
                .prop_map(|(of, without, within, side)| Condition::NotNear(Box::new((of, without)), within, side)),
            1 => operands.clone().prop_map(Condition::SameSentence),
            1 => operands.prop_map(Condition::SameParagraph),
        ]
    })
}

/// Conditions that may look at whole messages.
fn message_conditions() -> impl Strategy<Value = Condition> {
    let spanning = conditions().prop_recursive(3, 8, 3, |inner| {
        let some = prop::collection::vec(inner, 1..4);
        prop_oneof![
            1 => some.clone().prop_map(Condition::Any),
            1 => some.clone().prop_map(Condition::All),
            2 => some.prop_map(Condition::SameMessage),
        ]
    });
    prop_oneof![2 => conditions(), 1 => spanning]
}

pub(super) fn rules() -> impl Strategy<Value = Rule> {
    let side = || prop::sample::select(&SIDES[..]);
    let unless = (conditions(), 0..4u32, side(), prop::bool::weighted(0.15)).prop_map(
        |(condition, within, side, whole_message)| Unless {
            condition,
            within,
            side,
            whole_message,
        },
    );
    let unit = prop::sample::select(vec!["within", "characters"]);
    let support =
        (conditions(), unit, 1..6u32, side(), any::<bool>()).prop_map(|(condition, unit, within, side, itself)| {
            Support {
                condition,
                unit,
                within,
                side,
                itself,
            }
        });
    let support = prop::collection::vec(support, 0..3);
    let raise = prop_oneof![
        (1..4usize).prop_map(Raise::Total),
        (1..3usize).prop_map(Raise::Distinct),
        Just(Raise::High),
    ];
    let amounts = (
        prop_oneof![3 => Just(0), 1 => 1..4usize],
        prop_oneof![3 => Just(0), 1 => 1..3usize],
    );
    let demands = prop::array::uniform3(prop::option::of((0..3usize, any::<bool>())));
    (
        message_conditions(),
        prop::collection::vec(unless, 0..3),
        support,
        demands,
        amounts,
        prop::option::of(raise),
    )
        .prop_map(|(condition, unless, support, demands, (total, distinct), raise)| {
            let n = support.len();
            // A tier that demands nothing hides the lower ones.
            let tier = |(at, demand): (usize, Option<(usize, bool)>)| {
                let (n_all, one_more) = demand?;
                let tier = Tier {
                    n_all: n_all.min(n),
                    one_more: one_more && n_all < n,
                };
                (at == 0 || tier.n_all > 0 || tier.one_more).then_some(tier)
            };
            let mut tiers = demands.into_iter().enumerate().map(tier);
            let tiers: [Option<Tier>; 3] = std::array::from_fn(|_| tiers.next().flatten());
            let raise = raise.filter(|raise| !matches!(raise, Raise::High) || tiers[2].is_some());
            Rule {
                condition,
                unless,
                support,
                tiers,
                total,
                distinct,
                raise,
            }
        })
}

/// Text in which the terms come up often, with much that folding and splitting stumble over.
pub(super) fn texts() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "b",
        "c",
        "A",
        "B",
        "a b",
        "b c",
        "\u{fb01}",
        "fi",
        "cafe\u{301}",
        "CAF\u{c9}",
        "a'b",
        "A.B",
        "1",
        "\u{673a}",
        "\u{5bc6}",
        "\u{1f44d}\u{1f3fd}",
        "\u{200b}",
        "\u{ad}",
        "\u{ff21}",
        " ",
        " ",
        " ",
        " ",
        "\n",
        "\n\n",
        "\u{3000}",
        ",",
        ".",
        "'",
        "-",
        "!",
        "x",
        "\u{130}",
        "_",
    ];
    let few = [
        "a",
        "b",
        "c",
        "a b",
        " ",
        " ",
        " ",
        "\n\n",
        "\n \u{200b}\n",
        ".",
        "'",
        "\u{673a}",
    ];
    let of = |pieces: &[&'static str]| {
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..24).prop_map(|pieces| pieces.concat())
    };
    prop_oneof![of(&pieces), of(&few)]
}

fn yaml(condition: &Condition) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let list = |items: &[Condition]| items.iter().map(yaml).collect::<Vec<_>>().join(", ");
    match condition {
        Condition::Terms(terms) => format!(
            "[{}]",
            terms.iter().map(|term| quoted(term)).collect::<Vec<_>>().join(", ")
        ),
        Condition::Pattern(source) => format!("{{regex: {}}}", quoted(source)),
        Condition::Any(items) => format!("{{any: [{}]}}", list(items)),
        Condition::All(items) => format!("{{all: [{}]}}", list(items)),
        Condition::Near(items, within, ordered) => {
            let name = if *ordered { "before" } else { "near" };
            format!("{{{name}: {{of: [{}], within: {within}}}}}", list(items))
        }
        Condition::NotNear(operands, within, side) => {
            let (of, without) = (yaml(&operands.0), yaml(&operands.1));
            format!("{{not_near: {{of: {of}, without: {without}, within: {within}, side: {side}}}}}")
        }
        Condition::SameSentence(items) => format!("{{same_sentence: [{}]}}", list(items)),
        Condition::SameParagraph(items) => format!("{{same_paragraph: [{}]}}", list(items)),
        Condition::SameMessage(items) => format!("{{same_message: [{}]}}", list(items)),
    }
}

pub(super) fn rule_yaml(rule: &Rule) -> String {
    let unless = rule.unless.iter().map(|unless| {
        let window = match unless {
            Unless {
                whole_message: true, ..
            } => ", scope: message, acknowledge_bypass: true, approved_by: you@example.com".to_owned(),
            Unless { within: 0, .. } => String::new(),
            Unless { within, side, .. } => format!(", within: {within}, side: {side}"),
        };
        format!("{{any: [{}]{window}}}", yaml(&unless.condition))
    });
    let unless: Vec<String> = unless.collect();
    let matched = format!("{{all: [{}], unless: [{}]}}", yaml(&rule.condition), unless.join(", "));
    let support = rule.support.iter().enumerate().map(|(at, support)| {
        let Support {
            unit,
            within,
            side,
            itself,
            ..
        } = support;
        let condition = yaml(&support.condition);
        format!("{{name: s{at}, match: {condition}, {unit}: {within}, side: {side}, itself: {itself}}}")
    });
    let support: Vec<String> = support.collect();
    let names = |range: std::ops::Range<usize>| range.map(|at| format!("s{at}")).collect::<Vec<_>>().join(", ");
    let tier = |(name, tier): (&str, &Option<Tier>)| {
        let Tier { n_all, one_more } = tier.clone()?;
        let one = if one_more {
            format!(", any: 1, of: [{}]", names(n_all..rule.support.len()))
        } else {
            String::new()
        };
        Some(format!("{name}: {{all: [{}]{one}}}", names(0..n_all)))
    };
    let tiers: Vec<String> = ["low", "medium", "high"]
        .into_iter()
        .zip(&rule.tiers)
        .filter_map(tier)
        .collect();
    let amounts = [("total", rule.total), ("distinct", rule.distinct)];
    let amounts: Vec<String> = amounts
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| format!("{name}: {n}"))
        .collect();
    let threshold = if amounts.is_empty() {
        String::new()
    } else {
        format!(", threshold: {{{}}}", amounts.join(", "))
    };
    let raise = match rule.raise {
        None => String::new(),
        Some(Raise::Total(n)) => format!(", raise: {{to: high, when: {{total: {n}}}}}"),
        Some(Raise::Distinct(n)) => format!(", raise: {{to: high, when: {{distinct: {n}}}}}"),
        Some(Raise::High) => ", raise: {to: high, when: {confidence: high}}".to_owned(),
    };
    format!(
        "{matched}, support: [{}], confidence: {{{}}}{threshold}{raise}",
        support.join(", "),
        tiers.join(", ")
    )
}
