//! What a rule looks for, compiled: a tree whose leaves are lists of terms and patterns.

use crate::beside::Window;
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
    /// All of these, in one sentence or paragraph.
    Within(Vec<Expression>, Scope),
    /// The first, where the second is not beside it.
    NotNear(Box<(Expression, Expression)>, Window),
    /// All of these, each in some part of the message. Stands under `Any`, `All` and `Message` only.
    Message(Vec<Expression>),
}

/// A stretch of text that operands have to share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Sentence,
    Paragraph,
}

/// What takes a hit away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exclusion {
    /// What is looked for.
    pub(crate) expression: Expression,
    /// Where.
    pub(crate) reach: Reach,
    /// How reports name it.
    pub(crate) label: Box<str>,
}

/// How far an exclusion reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It takes away hits that lie inside it, and those that have it in their window.
    Window(Window),
    /// It takes away every hit of the message.
    Message,
}

impl Expression {
    /// Calls `found` with every leaf of the tree.
    pub(crate) fn for_each_leaf(&self, found: &mut impl FnMut(u32)) {
        match self {
            Expression::Leaf(leaf) => found(*leaf),
            Expression::Any(items)
            | Expression::All(items)
            | Expression::Near(items, _)
            | Expression::Within(items, _)
            | Expression::Message(items) => items.iter().for_each(|item| item.for_each_leaf(found)),
            // What must not be near makes nothing match.
            Expression::NotNear(operands, _) => operands.0.for_each_leaf(found),
        }
    }

    /// Whether it depends on other parts of the message.
    pub(crate) fn spans_message(&self) -> bool {
        match self {
            Expression::Message(_) => true,
            Expression::Any(items) | Expression::All(items) => items.iter().any(Expression::spans_message),
            _ => false,
        }
    }
}
