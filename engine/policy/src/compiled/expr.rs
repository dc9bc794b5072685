//! Compiled expressions, evaluated as Cedar does: from left to right, stopping where Cedar stops, failing where Cedar
//! fails.

use std::cell::OnceCell;
use std::rc::Rc;

use jiff::tz::TimeZone;

use crate::entities::Principal;
use crate::facts::{Facts, LocalTime, PersonFacts};

use super::pattern::Pattern;
use super::time::{self, TimeOp};
use super::value::{Kind, Literal, Record, Set, Value};
use super::{Bits, Fault};

/// An expression that is true or false.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    Const(bool),
    /// Whether an attribute is, or has among it, a word: a bit of the message. Never fails.
    Atom(u32),
    Not(Box<Test>),
    All(Box<[Test]>),
    Any(Box<[Test]>),
    If(Box<[Test; 3]>),
    /// Always fails, for this reason.
    Fails(Box<str>),
    Value(Box<Expr>),
}

/// An expression of any type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Literal(Literal),
    Principal,
    Resource,
    Attr(Box<Expr>, Box<str>),
    Has(Box<Expr>, Box<[Box<str>]>),
    Like(Box<Expr>, Pattern),
    Is(Box<Expr>, Kind),
    IsEmpty(Box<Expr>),
    Negative(Box<Expr>),
    If(Box<(Test, Expr, Expr)>),
    Test(Box<Test>),
    Set(Box<[Expr]>),
    /// In the order of the names.
    Record(Box<[(Box<str>, Expr)]>),
    Binary(Binary, Box<(Expr, Expr)>),
    Time(TimeOp, Box<[Expr]>),
}

/// Operators with two operands that are both evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Equal,
    Less,
    LessOrEqual,
    Add,
    Subtract,
    Multiply,
    In,
    Contains,
    ContainsAll,
    ContainsAny,
}

/// A message and the person asked about.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub facts: &'a Facts,
    pub principal: Principal<'a>,
    pub bits: &'a Bits,
    pub moment: &'a Moment<'a>,
}

/// When a message was sent, as far as that is known at this stage.
pub(crate) enum Moment<'a> {
    /// Not known yet: what asks for it stops with [`Fault::NeedsTime`].
    Later,
    Now {
        sent_at_us: Option<i64>,
        zone: &'a TimeZone,
        local: OnceCell<Option<LocalTime>>,
    },
}

impl Test {
    pub(crate) fn holds<'a>(&'a self, asked: &Asked<'a>) -> Result<bool, Fault<'a>> {
        match self {
            Self::Const(value) => Ok(*value),
            Self::Atom(atom) => Ok(asked.bits.has(*atom)),
            Self::Not(test) => Ok(!test.holds(asked)?),
            Self::All(tests) => {
                for test in tests {
                    if !test.holds(asked)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(tests) => {
                for test in tests {
                    if test.holds(asked)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::If(branches) => {
                let [condition, then, otherwise] = &**branches;
                if condition.holds(asked)? {
                    then.holds(asked)
                } else {
                    otherwise.holds(asked)
                }
            }
            Self::Fails(reason) => Err(Fault::Known(reason)),
            Self::Value(expr) => match expr.value(asked)? {
                Value::Bool(value) => Ok(value),
                _ => Err(Fault::Type),
            },
        }
    }
}

impl Expr {
    pub(crate) fn value<'a>(&'a self, asked: &Asked<'a>) -> Result<Value<'a>, Fault<'a>> {
        Ok(match self {
            Self::Literal(literal) => literal.value(),
            Self::Principal => Value::Entity(Kind::Person, asked.principal.id),
            Self::Resource => Value::Entity(Kind::Message, MESSAGE),
            Self::Attr(of, name) => return attribute(of.value(asked)?, name, asked),
            Self::Has(of, names) => Value::Bool(has(of.value(asked)?, names, asked)?),
            Self::Like(of, pattern) => match of.value(asked)? {
                Value::Text(text) => Value::Bool(pattern.matches(text)),
                _ => return Err(Fault::Type),
            },
            Self::Is(of, kind) => match of.value(asked)? {
                Value::Entity(found, _) => Value::Bool(found == *kind),
                _ => return Err(Fault::Type),
            },
            Self::IsEmpty(of) => Value::Bool(as_set(of.value(asked)?)?.is_empty()),
            Self::Negative(of) => match of.value(asked)? {
                Value::Long(value) => Value::Long(value.checked_neg().ok_or(Fault::Overflow)?),
                _ => return Err(Fault::Type),
            },
            Self::If(branches) => {
                let (condition, then, otherwise) = &**branches;
                return if condition.holds(asked)? { then } else { otherwise }.value(asked);
            }
            Self::Test(test) => Value::Bool(test.holds(asked)?),
            Self::Set(elements) => {
                let elements: Result<Rc<[_]>, _> = elements.iter().map(|element| element.value(asked)).collect();
                Value::Set(Set::Made(elements?))
            }
            Self::Record(fields) => {
                let fields = fields.iter().map(|(name, of)| Ok((&**name, of.value(asked)?)));
                Value::Record(Record::Made(fields.collect::<Result<Rc<[_]>, Fault<'a>>>()?))
            }
            Self::Binary(operator, operands) => {
                let left = operands.0.value(asked)?;
                let right = operands.1.value(asked)?;
                return binary(*operator, left, right, asked);
            }
            Self::Time(operator, operands) => {
                let operands: Result<Vec<_>, _> = operands.iter().map(|operand| operand.value(asked)).collect();
                return time::apply(*operator, &operands?);
            }
        })
    }
}

/// Conditions cannot name a message, so that all of them may share one id.
const MESSAGE: &str = "message";

fn binary<'a>(operator: Binary, left: Value<'a>, right: Value<'a>, asked: &Asked<'a>) -> Result<Value<'a>, Fault<'a>> {
    Ok(match operator {
        Binary::Equal => Value::Bool(left == right),
        Binary::Less | Binary::LessOrEqual => Value::Bool(ordered(operator, &left, &right)?),
        Binary::Add | Binary::Subtract | Binary::Multiply => {
            let (Value::Long(left), Value::Long(right)) = (left, right) else {
                return Err(Fault::Type);
            };
            let result = match operator {
                Binary::Add => left.checked_add(right),
                Binary::Subtract => left.checked_sub(right),
                _ => left.checked_mul(right),
            };
            Value::Long(result.ok_or(Fault::Overflow)?)
        }
        Binary::In => Value::Bool(is_in(&left, &right, asked)?),
        Binary::Contains => Value::Bool(as_set(left)?.contains(&right)),
        Binary::ContainsAll => Value::Bool(as_set(left)?.contains_all(&as_set(right)?)),
        Binary::ContainsAny => Value::Bool(as_set(left)?.contains_any(&as_set(right)?)),
    })
}

fn ordered<'a>(operator: Binary, left: &Value<'_>, right: &Value<'_>) -> Result<bool, Fault<'a>> {
    match (left, right) {
        (Value::Long(left), Value::Long(right))
        | (Value::Instant(left), Value::Instant(right))
        | (Value::Span(left), Value::Span(right)) => Ok(match operator {
            Binary::Less => left < right,
            _ => left <= right,
        }),
        _ => Err(Fault::Type),
    }
}

fn as_set<'a>(value: Value<'a>) -> Result<Set<'a>, Fault<'a>> {
    match value {
        Value::Set(set) => Ok(set),
        _ => Err(Fault::Type),
    }
}

fn is_in<'a>(left: &Value<'a>, right: &Value<'a>, asked: &Asked<'a>) -> Result<bool, Fault<'a>> {
    let &Value::Entity(kind, id) = left else {
        return Err(Fault::Type);
    };
    let groups = match kind {
        Kind::Person => person(id, asked).map(|facts| &facts.groups),
        Kind::Group | Kind::Channel | Kind::Message => None,
    };
    let within = |other: &Value<'_>| match other {
        Value::Entity(Kind::Group, group) if groups.is_some_and(|groups| groups.contains(*group)) => true,
        other => left == other,
    };
    match right {
        Value::Entity(..) => Ok(within(right)),
        // Cedar looks at the types of all elements before it looks at any of them.
        Value::Set(set) if set.all(|element| matches!(element, Value::Entity(..))) => {
            Ok(!set.all(|element| !within(&element)))
        }
        _ => Err(Fault::Type),
    }
}

/// What is known of a person: of the one asked about and of the sender, of nobody else.
fn person<'a>(id: &str, asked: &Asked<'a>) -> Option<&'a PersonFacts> {
    if id == asked.principal.id {
        return Some(asked.principal.facts);
    }
    let sender = &asked.facts.sender;
    (id == sender.id).then_some(&sender.facts)
}

fn attribute<'a>(of: Value<'a>, name: &'a str, asked: &Asked<'a>) -> Result<Value<'a>, Fault<'a>> {
    match of {
        Value::Record(record) => record.get(name).ok_or(Fault::NoField(name)),
        Value::Entity(kind, id) if exists(kind, id, asked) => {
            of_entity(kind, id, name, asked)?.ok_or(Fault::NoAttribute)
        }
        Value::Entity(..) => Err(Fault::NoEntity),
        _ => Err(Fault::Type),
    }
}

fn has<'a>(mut of: Value<'a>, names: &'a [Box<str>], asked: &Asked<'a>) -> Result<bool, Fault<'a>> {
    for name in names {
        let next = match of {
            Value::Record(record) => record.get(name),
            Value::Entity(kind, id) => of_entity(kind, id, name, asked)?,
            _ => return Err(Fault::Type),
        };
        match next {
            Some(next) => of = next,
            None => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether anything is known of an entity.
fn exists(kind: Kind, id: &str, asked: &Asked<'_>) -> bool {
    match kind {
        Kind::Person => person(id, asked).is_some(),
        Kind::Channel => id == asked.facts.channel.id,
        Kind::Message => id == MESSAGE,
        Kind::Group => false,
    }
}

fn of_entity<'a>(kind: Kind, id: &str, name: &str, asked: &Asked<'a>) -> Result<Option<Value<'a>>, Fault<'a>> {
    let facts = asked.facts;
    Ok(match kind {
        Kind::Person => person(id, asked).and_then(|facts| of_person(facts, name)),
        Kind::Channel if id == facts.channel.id => match name {
            "listed" => Some(Value::Bool(facts.channel.listed)),
            "approved" => Some(Value::Bool(facts.channel.approved)),
            _ => None,
        },
        Kind::Message if id == MESSAGE => return of_message(name, asked),
        Kind::Channel | Kind::Message | Kind::Group => None,
    })
}

fn of_person<'a>(facts: &'a PersonFacts, name: &str) -> Option<Value<'a>> {
    match name {
        "external" => Some(Value::Bool(facts.external)),
        "departed" => Some(Value::Bool(facts.departed)),
        "domains" => Some(Value::Set(Set::Texts(&facts.domains))),
        "licences" => Some(Value::Set(Set::Texts(&facts.licences))),
        "jurisdiction" => facts.jurisdiction.as_deref().map(Value::Text),
        "firm" => Some(Value::Record(Record::Firm(&facts.firm))),
        _ => None,
    }
}

fn of_message<'a>(name: &str, asked: &Asked<'a>) -> Result<Option<Value<'a>>, Fault<'a>> {
    let facts = asked.facts;
    Ok(Some(match name {
        "platform" => Value::Text(&facts.platform),
        "kind" => Value::Text(&facts.kind),
        "conversation_kind" => Value::Text(&facts.conversation_kind),
        "direction" => Value::Text(facts.direction.as_str()),
        "channel" => Value::Entity(Kind::Channel, &facts.channel.id),
        "sender" => Value::Entity(Kind::Person, &facts.sender.id),
        "external" => Value::Bool(facts.external),
        "business" => Value::Bool(facts.business),
        "accounts" => Value::Set(Set::Texts(&facts.accounts)),
        "labels" => Value::Set(Set::Texts(&facts.labels)),
        "recipients" => Value::Record(Record::Audience(&facts.recipients)),
        "participants" => Value::Record(Record::Audience(&facts.participants)),
        "attachments" => Value::Record(Record::Attachments(&facts.attachments)),
        "firm" => Value::Record(Record::Firm(&facts.firm)),
        "sent_at" => return Ok(asked.moment.instant()?.map(Value::Instant)),
        "sender_local" => return Ok(asked.moment.local()?.map(|local| Value::Record(Record::Local(local)))),
        _ => return Ok(None),
    }))
}

impl Moment<'_> {
    fn instant<'a>(&self) -> Result<Option<i64>, Fault<'a>> {
        match self {
            Self::Later => Err(Fault::NeedsTime),
            Self::Now { sent_at_us, .. } => Ok(sent_at_us.and_then(time::instant)),
        }
    }

    fn local<'a>(&self) -> Result<Option<LocalTime>, Fault<'a>> {
        match self {
            Self::Later => Err(Fault::NeedsTime),
            Self::Now {
                sent_at_us,
                zone,
                local,
            } => Ok(*local.get_or_init(|| sent_at_us.and_then(|at| LocalTime::of(at, zone)))),
        }
    }
}
