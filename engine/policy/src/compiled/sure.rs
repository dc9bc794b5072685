//! What a compiled expression surely gives, whatever a message is like: its type, and that it cannot fail.
//!
//! Rests on two promises. The facts of a message fit the built-in part of the schema, because [`crate::Facts`] has no
//! room for anything else; the firm's own attributes promise nothing, since a stored row may be older than they are.
//! And no condition reads an optional attribute without having asked for it, because Cedar's type check refuses that.

use super::expr::{Binary, Expr, Test};
use super::time::TimeOp;
use super::value::{Kind, Literal};

/// A type that an expression surely has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    Long,
    Text,
    Entity(Kind),
    Texts,
    Entities,
    OtherSet,
    Instant,
    Span,
    Audience,
    Attachments,
    Local,
    /// Of the firm, or written in the condition: a record with who knows what in it.
    Record,
}

impl Type {
    fn is_set(self) -> bool {
        matches!(self, Self::Texts | Self::Entities | Self::OtherSet)
    }

    /// Whether the type of a field or attribute is known, and is this.
    fn field(self, name: &str) -> Option<Self> {
        match self {
            Self::Entity(kind) => of_entity(kind, name),
            Self::Audience => match name {
                "people" | "groups" => Some(Self::Entities),
                "domains" => Some(Self::Texts),
                "external" => Some(Self::Bool),
                "count" => Some(Self::Long),
                _ => None,
            },
            Self::Attachments => match name {
                "count" | "bytes" => Some(Self::Long),
                "media_types" | "extensions" => Some(Self::Texts),
                _ => None,
            },
            Self::Local => match name {
                "hour" => Some(Self::Long),
                "weekday" => Some(Self::Text),
                "business_day" => Some(Self::Bool),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether something can be asked for with `has`.
    fn can_have(self) -> bool {
        matches!(
            self,
            Self::Entity(_) | Self::Audience | Self::Attachments | Self::Local | Self::Record
        )
    }
}

fn of_entity(kind: Kind, name: &str) -> Option<Type> {
    match (kind, name) {
        (Kind::Person, "external" | "departed") | (Kind::Channel, "listed" | "approved") => Some(Type::Bool),
        (Kind::Person, "domains" | "licences") => Some(Type::Texts),
        (Kind::Person, "jurisdiction") => Some(Type::Text),
        (Kind::Person | Kind::Message, "firm") => Some(Type::Record),
        (Kind::Message, "platform" | "kind" | "conversation_kind" | "direction") => Some(Type::Text),
        (Kind::Message, "channel") => Some(Type::Entity(Kind::Channel)),
        (Kind::Message, "sender") => Some(Type::Entity(Kind::Person)),
        (Kind::Message, "external" | "business") => Some(Type::Bool),
        (Kind::Message, "accounts" | "labels") => Some(Type::Texts),
        (Kind::Message, "recipients" | "participants") => Some(Type::Audience),
        (Kind::Message, "attachments") => Some(Type::Attachments),
        (Kind::Message, "sent_at") => Some(Type::Instant),
        (Kind::Message, "sender_local") => Some(Type::Local),
        _ => None,
    }
}

/// Whether a test cannot fail.
pub(crate) fn sure(test: &Test) -> bool {
    match test {
        Test::Const(_) | Test::Atom(_) => true,
        Test::Not(test) => sure(test),
        Test::All(tests) | Test::Any(tests) => tests.iter().all(sure),
        Test::If(branches) => branches.iter().all(sure),
        Test::Fails(_) => false,
        Test::Value(expr) => type_of(expr) == Some(Type::Bool),
    }
}

/// The type of an expression that cannot fail.
fn type_of(expr: &Expr) -> Option<Type> {
    match expr {
        Expr::Literal(literal) => Some(of_literal(literal)),
        Expr::Principal => Some(Type::Entity(Kind::Person)),
        Expr::Resource => Some(Type::Entity(Kind::Message)),
        Expr::Attr(of, name) => of_known(of)?.field(name),
        Expr::Has(of, names) => {
            let (_, before) = names.split_last()?;
            let mut of = type_of(of)?;
            for name in before {
                of = of.field(name)?;
            }
            of.can_have().then_some(Type::Bool)
        }
        Expr::Like(of, _) => (type_of(of)? == Type::Text).then_some(Type::Bool),
        Expr::Is(of, _) => matches!(type_of(of)?, Type::Entity(_)).then_some(Type::Bool),
        Expr::IsEmpty(of) => type_of(of)?.is_set().then_some(Type::Bool),
        Expr::Negative(_) => None,
        Expr::If(branches) => {
            let (condition, then, otherwise) = &**branches;
            let branch = type_of(then)?;
            (sure(condition) && type_of(otherwise)? == branch).then_some(branch)
        }
        Expr::Test(test) => sure(test).then_some(Type::Bool),
        Expr::Set(elements) => {
            let types: Vec<Type> = elements.iter().map(type_of).collect::<Option<_>>()?;
            Some(of_elements(&types))
        }
        Expr::Record(fields) => {
            let surely = fields.iter().all(|(_, of)| type_of(of).is_some());
            surely.then_some(Type::Record)
        }
        Expr::Binary(operator, operands) => of_binary(*operator, type_of(&operands.0)?, type_of(&operands.1)?),
        Expr::Time(operator, operands) => match (operator, type_of(operands.first()?)?) {
            (TimeOp::ToTime, Type::Instant) => Some(Type::Span),
            (TimeOp::Units(_), Type::Span) => Some(Type::Long),
            _ => None,
        },
    }
}

/// The type of what an attribute is read from: only entities that a request carries, not those that a condition names.
fn of_known(expr: &Expr) -> Option<Type> {
    match expr {
        Expr::Literal(_) | Expr::If(_) => None,
        expr => type_of(expr),
    }
}

fn of_binary(operator: Binary, left: Type, right: Type) -> Option<Type> {
    let sure = match operator {
        Binary::Equal => true,
        Binary::Less | Binary::LessOrEqual => left == right && matches!(left, Type::Long | Type::Instant | Type::Span),
        Binary::Add | Binary::Subtract | Binary::Multiply => false,
        Binary::In => matches!(left, Type::Entity(_)) && matches!(right, Type::Entity(_) | Type::Entities),
        Binary::Contains => left.is_set(),
        Binary::ContainsAll | Binary::ContainsAny => left.is_set() && right.is_set(),
    };
    sure.then_some(Type::Bool)
}

fn of_literal(literal: &Literal) -> Type {
    match literal {
        Literal::Bool(_) => Type::Bool,
        Literal::Long(_) => Type::Long,
        Literal::Text(_) => Type::Text,
        Literal::Entity(kind, _) => Type::Entity(*kind),
        Literal::Instant(_) => Type::Instant,
        Literal::Span(_) => Type::Span,
        Literal::Set(elements) => of_elements(&elements.iter().map(of_literal).collect::<Vec<_>>()),
    }
}

fn of_elements(types: &[Type]) -> Type {
    if types.iter().all(|of| matches!(of, Type::Entity(_))) {
        Type::Entities
    } else if types.iter().all(|of| *of == Type::Text) {
        Type::Texts
    } else {
        Type::OtherSet
    }
}
