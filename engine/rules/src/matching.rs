//! Conditions on a whole message: `same_message`, and what stands above it.
//!
//! Whether such a condition holds is known only when every part has been looked at. So a part is first asked which of
//! the conditions below `same_message` hold in it; once all have answered, the parts of a message in which there is
//! something to report are looked at again.

use crate::combine::spots;
use crate::expression::Expression;
use crate::found::Found;
use crate::spot::{Spot, order};

/// What a rule looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Matching {
    /// In each part by itself.
    Part(Expression),
    /// In a whole message.
    Message(Tree),
}

/// A condition on a whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    /// A condition on one part.
    Part(Expression),
    Any(Vec<Tree>),
    All(Vec<Tree>),
    /// All of these, each in some part.
    Same(Vec<Tree>),
}

/// Which of the conditions on one part hold in it, in the order of the tree.
pub(crate) type Answers = Box<[bool]>;

/// Which of the `Same` of a tree hold, inner ones before outer ones.
pub(crate) type Truths = Vec<bool>;

impl Matching {
    pub(crate) fn new(expression: Expression) -> Self {
        if expression.spans_message() {
            Matching::Message(Tree::new(expression))
        } else {
            Matching::Part(expression)
        }
    }

    pub(crate) fn for_each_leaf(&self, found: &mut impl FnMut(u32)) {
        match self {
            Matching::Part(expression) => expression.for_each_leaf(found),
            Matching::Message(tree) => tree.for_each_part(&mut |part| part.for_each_leaf(found)),
        }
    }
}

impl Tree {
    fn new(expression: Expression) -> Self {
        let all = |items: Vec<Expression>| items.into_iter().map(Tree::new).collect();
        match expression {
            Expression::Message(items) => Tree::Same(all(items)),
            Expression::Any(items) if items.iter().any(Expression::spans_message) => Tree::Any(all(items)),
            Expression::All(items) if items.iter().any(Expression::spans_message) => Tree::All(all(items)),
            expression => Tree::Part(expression),
        }
    }

    fn for_each_part(&self, found: &mut impl FnMut(&Expression)) {
        match self {
            Tree::Part(expression) => found(expression),
            Tree::Any(items) | Tree::All(items) | Tree::Same(items) => {
                items.iter().for_each(|item| item.for_each_part(found));
            }
        }
    }

    /// Which of the conditions on one part hold in this one.
    pub(crate) fn answers(&self, found: &Found<'_>) -> Answers {
        let mut answers = Vec::new();
        self.for_each_part(&mut |part| answers.push(!spots(part, found).is_empty()));
        answers.into()
    }

    /// Which `Same` hold in a message whose parts gave these answers, and in which parts there is something to report.
    pub(crate) fn truths(&self, parts: &[&[bool]]) -> (Truths, Vec<bool>) {
        let mut truths = Truths::new();
        let holds = self.settle(parts, &mut 0, &mut truths);
        let something = |(holds, answers): (bool, &&[bool])| holds && answers.contains(&true);
        (truths, holds.into_iter().zip(parts).map(something).collect())
    }

    /// In which parts the condition holds.
    fn settle(&self, parts: &[&[bool]], slot: &mut usize, truths: &mut Truths) -> Vec<bool> {
        let mut each =
            |items: &[Tree]| -> Vec<Vec<bool>> { items.iter().map(|item| item.settle(parts, slot, truths)).collect() };
        match self {
            Tree::Part(_) => {
                let here = *slot;
                *slot += 1;
                parts.iter().map(|answers| answers[here]).collect()
            }
            Tree::Any(items) => {
                let each = each(items);
                (0..parts.len())
                    .map(|part| each.iter().any(|item| item[part]))
                    .collect()
            }
            Tree::All(items) => {
                let each = each(items);
                (0..parts.len())
                    .map(|part| each.iter().all(|item| item[part]))
                    .collect()
            }
            Tree::Same(items) => {
                let truth = each(items).iter().all(|item| item.contains(&true));
                truths.push(truth);
                vec![truth; parts.len()]
            }
        }
    }

    /// The spots of a part, given which `Same` hold.
    pub(crate) fn spots(&self, found: &Found<'_>, truths: &Truths) -> Vec<Spot> {
        let mut spots = self.in_part(found, truths, &mut 0).unwrap_or_default();
        order(&mut spots);
        spots
    }

    /// The spots of a condition that holds in a part. One on the whole message may have none there.
    fn in_part(&self, found: &Found<'_>, truths: &Truths, n_same: &mut usize) -> Option<Vec<Spot>> {
        let mut each = |items: &[Tree]| -> Vec<Option<Vec<Spot>>> {
            items.iter().map(|item| item.in_part(found, truths, n_same)).collect()
        };
        let held = |each: Vec<Option<Vec<Spot>>>| -> Vec<Spot> { each.into_iter().flatten().flatten().collect() };
        match self {
            Tree::Part(expression) => Some(spots(expression, found)).filter(|spots| !spots.is_empty()),
            Tree::Any(items) => {
                let each = each(items);
                each.iter().any(Option::is_some).then(|| held(each))
            }
            Tree::All(items) => {
                let each = each(items);
                each.iter().all(Option::is_some).then(|| held(each))
            }
            Tree::Same(items) => {
                let each = each(items);
                *n_same += 1;
                truths[*n_same - 1].then(|| held(each))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lexhold_model::Field;

    use crate::testing::{diagnostics, program};
    use crate::{Part, Scanner};

    /// The hits of one `match` in a message of these parts, as `part: text`.
    fn hits(matched: &str, parts: &[&str]) -> Vec<String> {
        let program = program(&[matched]);
        let named = (0..).zip(parts);
        let given: Vec<Part<'_>> = named
            .map(|(at, text)| Part::authored(Field::AttachmentName(at), text))
            .collect();
        let mut hits = Vec::new();
        let outcome = Scanner::new(&program).scan(&given, &mut hits);
        assert_eq!(
            outcome.rules.iter().map(|rule| rule.n_hits).sum::<u64>(),
            hits.len() as u64
        );
        let shown = hits.iter().map(|hit| {
            let Field::AttachmentName(at) = hit.field else { panic!() };
            format!("{at}: {}", &parts[usize::from(at)][hit.span.start()..hit.span.end()])
        });
        shown.collect()
    }

    #[test]
    fn p7_same_message_combines_parts() {
        let same = "{same_message: [a, b]}";
        assert_eq!(hits(same, &["x a", "b, a", "x"]), ["0: a", "1: b", "1: a"]);
        assert_eq!(hits(same, &["a b"]), ["0: a", "0: b"]);
        assert_eq!(hits(same, &["a", "a", "x"]), [""; 0]);
        assert_eq!(hits(same, &[]), [""; 0]);
    }

    #[test]
    fn p7_its_items_look_at_one_part_each() {
        let same = "{same_message: [{near: {of: [a, b], within: 1}}, c]}";
        assert_eq!(hits(same, &["a", "b", "c"]), [""; 0]);
        assert_eq!(hits(same, &["a b", "c"]), ["0: a b", "1: c"]);
    }

    #[test]
    fn p7_all_wants_its_other_items_in_one_part() {
        let all = "{all: [a, b], same_message: [c]}";
        assert_eq!(hits(all, &["a", "b", "c"]), [""; 0]);
        assert_eq!(hits(all, &["a b", "c"]), ["0: a", "0: b"]);
        assert_eq!(hits(all, &["a b c", "c"]), ["0: a", "0: b", "0: c"]);
    }

    #[test]
    fn p9_conditions_on_messages_nest() {
        let nested = "{same_message: [{any: [a, {same_message: [b, c]}]}, {all: [d, {same_message: [e]}]}]}";
        assert_eq!(hits(nested, &["a", "d", "e"]), ["0: a", "1: d"]);
        assert_eq!(hits(nested, &["b", "c d", "e"]), ["0: b", "1: c", "1: d"]);
        assert_eq!(hits(nested, &["b", "d", "e"]), [""; 0]);
        assert_eq!(hits(nested, &["a", "d"]), [""; 0]);
        assert_eq!(hits("{any: [x, {same_message: [a, b]}]}", &["x a", "a"]), ["0: x"]);
    }

    #[test]
    fn p7_same_message_stands_where_messages_are_looked_at() {
        for matched in [
            "{near: {of: [{same_message: [a, b]}, c], within: 3}}",
            "{same_sentence: [{any: [{same_message: [a, b]}]}, c]}",
            "{not_near: {of: {same_message: [a, b]}, without: c, within: 1}}",
            "{word: c, unless: [{same_message: [a, b]}]}",
            "{word: c}, support: [{name: s, within: 1, match: {same_message: [a, b]}}]",
        ] {
            assert_eq!(diagnostics(matched), ["LX0435: same_message"], "{matched}");
        }
        assert_eq!(diagnostics("{all: [{any: [{same_message: [a, b]}]}, c]}"), [""; 0]);
        assert_eq!(diagnostics("{same_message: []}"), ["LX0402: []"]);
        assert_eq!(diagnostics("{same_message: a}"), ["LX0402: a"]);
    }
}
