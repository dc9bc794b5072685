//! What a rule looks for, compiled: a tree whose leaves are lists of terms and patterns.

use crate::near::Nearness;

/// A condition on one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    /// Some term of a list, or a pattern: the leaf with this number.
    Leaf(u32),
    /// One of these.
    Any(Vec<Expression>),
    /// All of these, in one part.
    All(Vec<Expression>),
    /// All of these, close to one another.
    Near(Vec<Expression>, Nearness),
}

/// What takes a hit away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exclusion {
    /// What is looked for.
    pub(crate) expression: Expression,
    /// How far it may lie before the hit, in words; 0 for not at all.
    pub(crate) before: u32,
    /// How far it may lie behind the hit; 0 for not at all.
    pub(crate) after: u32,
    /// How reports name it.
    pub(crate) label: Box<str>,
}

impl Expression {
    /// Calls `found` with every leaf of the tree.
    pub(crate) fn for_each_leaf(&self, found: &mut impl FnMut(u32)) {
        match self {
            Expression::Leaf(leaf) => found(*leaf),
            Expression::Any(items) | Expression::All(items) | Expression::Near(items, _) => {
                items.iter().for_each(|item| item.for_each_leaf(found));
            }
        }
    }
}
