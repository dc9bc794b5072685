//! Cedar's values, borrowed from the facts of a message and from the conditions that ask about it.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::facts::{AttachmentFacts, Audience, LocalTime};
use crate::firm::{Extension, Firm, FirmValue};

/// The entity types that a condition can speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    Group,
    Channel,
    Message,
}

impl Kind {
    /// The type of this name in the schema.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "Person" => Some(Self::Person),
            "Group" => Some(Self::Group),
            "Channel" => Some(Self::Channel),
            "Message" => Some(Self::Message),
            _ => None,
        }
    }
}

/// A value while a condition is evaluated.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    Bool(bool),
    Long(i64),
    Text(&'a str),
    Entity(Kind, &'a str),
    /// Milliseconds since 1970.
    Instant(i64),
    /// Milliseconds.
    Span(i64),
    /// A decimal or an address, which compiled conditions only compare with others.
    Opaque(Extension),
    Set(Set<'a>),
    Record(Record<'a>),
}

/// A set of values.
#[derive(Clone, Debug)]
pub(crate) enum Set<'a> {
    Texts(&'a BTreeSet<String>),
    Entities(Kind, &'a BTreeSet<String>),
    Firm(&'a BTreeSet<FirmValue>),
    Literal(&'a [Literal]),
    Made(Rc<[Value<'a>]>),
}

/// A record of values.
#[derive(Clone, Debug)]
pub(crate) enum Record<'a> {
    Audience(&'a Audience),
    Attachments(&'a AttachmentFacts),
    Local(LocalTime),
    Firm(&'a Firm),
    Made(Rc<[(&'a str, Value<'a>)]>),
}

/// A value that stands in a condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Bool(bool),
    Long(i64),
    Text(Box<str>),
    Entity(Kind, Box<str>),
    Instant(i64),
    Span(i64),
    Set(Box<[Literal]>),
}

impl Literal {
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Long(value) => Value::Long(*value),
            Self::Text(text) => Value::Text(text),
            Self::Entity(kind, id) => Value::Entity(*kind, id),
            Self::Instant(at) => Value::Instant(*at),
            Self::Span(span) => Value::Span(*span),
            Self::Set(elements) => Value::Set(Set::Literal(elements)),
        }
    }
}

impl PartialEq for Value<'_> {
    /// Cedar's `==`: values of different types are different.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Long(one), Self::Long(other))
            | (Self::Instant(one), Self::Instant(other))
            | (Self::Span(one), Self::Span(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Entity(kind, one), Self::Entity(other_kind, other)) => kind == other_kind && one == other,
            (Self::Opaque(one), Self::Opaque(other)) => one == other,
            (Self::Set(one), Self::Set(other)) => one.contains_all(other) && other.contains_all(one),
            (Self::Record(one), Self::Record(other)) => one.fields() == other.fields(),
            _ => false,
        }
    }
}

impl<'a> Set<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Texts(texts) | Self::Entities(_, texts) => texts.is_empty(),
            Self::Firm(values) => values.is_empty(),
            Self::Literal(elements) => elements.is_empty(),
            Self::Made(elements) => elements.is_empty(),
        }
    }

    pub(crate) fn contains(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Texts(texts), Value::Text(text)) => texts.contains(*text),
            (Self::Entities(kind, ids), Value::Entity(other, id)) => kind == other && ids.contains(*id),
            (Self::Texts(_) | Self::Entities(..), _) => false,
            (Self::Firm(values), value) => values.iter().any(|element| firm_value(element) == *value),
            (Self::Literal(elements), value) => elements.iter().any(|element| element.value() == *value),
            (Self::Made(elements), value) => elements.iter().any(|element| element == value),
        }
    }

    pub(crate) fn contains_all(&self, other: &Set<'_>) -> bool {
        other.all(|value| self.contains(&value))
    }

    pub(crate) fn contains_any(&self, other: &Set<'_>) -> bool {
        !other.all(|value| !self.contains(&value))
    }

    /// Whether something holds for every element.
    pub(crate) fn all<'s>(&'s self, mut holds: impl FnMut(Value<'s>) -> bool) -> bool {
        match self {
            Self::Texts(texts) => texts.iter().all(|text| holds(Value::Text(text))),
            Self::Entities(kind, ids) => ids.iter().all(|id| holds(Value::Entity(*kind, id))),
            Self::Firm(values) => values.iter().all(|value| holds(firm_value(value))),
            Self::Literal(elements) => elements.iter().all(|element| holds(element.value())),
            Self::Made(elements) => elements.iter().all(|element| holds(element.clone())),
        }
    }
}

impl<'a> Record<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Audience(audience) => audience_field(audience, name),
            Self::Attachments(facts) => match name {
                "count" => Some(Value::Long(facts.count)),
                "bytes" => Some(Value::Long(facts.bytes)),
                "media_types" => Some(Value::Set(Set::Texts(&facts.media_types))),
                "extensions" => Some(Value::Set(Set::Texts(&facts.extensions))),
                _ => None,
            },
            Self::Local(local) => match name {
                "hour" => Some(Value::Long(local.hour)),
                "weekday" => Some(Value::Text(local.weekday)),
                "business_day" => Some(Value::Bool(local.business_day)),
                _ => None,
            },
            Self::Firm(firm) => firm.get(name).map(firm_value),
            Self::Made(fields) => fields
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.clone()),
        }
    }

    /// All fields in the order of their names.
    fn fields(&self) -> Vec<(&'a str, Value<'a>)> {
        let names: &[&str] = match self {
            Self::Audience(_) => &["count", "domains", "external", "groups", "people"],
            Self::Attachments(_) => &["bytes", "count", "extensions", "media_types"],
            Self::Local(_) => &["business_day", "hour", "weekday"],
            Self::Firm(firm) => {
                return firm
                    .iter()
                    .map(|(name, value)| (name.as_str(), firm_value(value)))
                    .collect();
            }
            // Made of a sorted map.
            Self::Made(fields) => return fields.to_vec(),
        };
        let fields = names.iter().filter_map(|name| Some((*name, self.get(name)?)));
        fields.collect()
    }
}

fn audience_field<'a>(audience: &'a Audience, name: &str) -> Option<Value<'a>> {
    match name {
        "people" => Some(Value::Set(Set::Entities(Kind::Person, &audience.people))),
        "groups" => Some(Value::Set(Set::Entities(Kind::Group, &audience.groups))),
        "domains" => Some(Value::Set(Set::Texts(&audience.domains))),
        "external" => Some(Value::Bool(audience.external)),
        "count" => Some(Value::Long(audience.count())),
        _ => None,
    }
}

fn firm_value(value: &FirmValue) -> Value<'_> {
    match value {
        FirmValue::Bool(value) => Value::Bool(*value),
        FirmValue::Long(value) => Value::Long(*value),
        FirmValue::Text(text) => Value::Text(text),
        FirmValue::Texts(texts) => Value::Set(Set::Texts(texts)),
        FirmValue::Set(values) => Value::Set(Set::Firm(values)),
        FirmValue::Extension(Extension::Instant(at)) => Value::Instant(*at),
        FirmValue::Extension(value) => Value::Opaque(*value),
        FirmValue::Record(values) => Value::Record(Record::Firm(values)),
    }
}
