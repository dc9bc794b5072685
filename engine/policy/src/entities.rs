//! Facts as Cedar's entities.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::str::FromStr;
use std::sync::LazyLock;

use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression};

use crate::facts::{Audience, Facts, LocalTime, PersonFacts};
use crate::firm::{Extension, Firm, FirmValue};
use crate::{Action, FactsRow};

/// The person about whom a request asks.
#[derive(Clone, Copy)]
pub(crate) struct Principal<'a> {
    pub id: &'a str,
    pub facts: &'a PersonFacts,
}

/// A request and the entities that it speaks of.
pub(crate) struct Question {
    pub request: Request,
    pub entities: Entities,
}

type Attributes = HashMap<String, RestrictedExpression>;

static PERSON: LazyLock<EntityTypeName> = LazyLock::new(|| type_name("Person"));
static GROUP: LazyLock<EntityTypeName> = LazyLock::new(|| type_name("Group"));
static CHANNEL: LazyLock<EntityTypeName> = LazyLock::new(|| type_name("Channel"));
static MESSAGE: LazyLock<EntityTypeName> = LazyLock::new(|| type_name("Message"));
static ACTION: LazyLock<EntityTypeName> = LazyLock::new(|| type_name("Action"));

#[expect(
    clippy::expect_used,
    reason = "called with the five names of the schema, each an identifier"
)]
fn type_name(name: &str) -> EntityTypeName {
    EntityTypeName::from_str(name).expect("an identifier")
}

fn uid(of: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}

/// The entity of an action in the schema.
pub(crate) fn action_uid(action: Action) -> EntityUid {
    uid(&ACTION, action.as_str())
}

/// Puts a message and one of its people to Cedar; `None` when the facts contradict themselves, as a stored row
/// may that somebody changed.
pub(crate) fn question(
    action: Action,
    principal: Principal<'_>,
    row: &FactsRow,
    sent_at_us: Option<i64>,
) -> Option<Question> {
    // Conditions cannot name a message, so that all of them may share one id.
    let resource = uid(&MESSAGE, "message");
    let facts = &row.facts;
    let mut entities = vec![
        Entity::new(resource.clone(), message(row, sent_at_us), HashSet::new()).ok()?,
        Entity::new(uid(&CHANNEL, &facts.channel.id), channel(facts), HashSet::new()).ok()?,
        person(principal.id, principal.facts)?,
    ];
    if facts.sender.id != principal.id || facts.sender.facts != *principal.facts {
        entities.push(person(&facts.sender.id, &facts.sender.facts)?);
    }
    let request = Request::new(
        uid(&PERSON, principal.id),
        action_uid(action),
        resource,
        Context::empty(),
        None,
    )
    .ok()?;
    Some(Question {
        request,
        entities: Entities::from_entities(entities, None).ok()?,
    })
}

fn message(row: &FactsRow, sent_at_us: Option<i64>) -> Attributes {
    let facts = &row.facts;
    let mut attributes: Attributes = [
        ("platform", text(&facts.platform)),
        ("kind", text(&facts.kind)),
        ("conversation_kind", text(&facts.conversation_kind)),
        ("direction", text(facts.direction.as_str())),
        (
            "channel",
            RestrictedExpression::new_entity_uid(uid(&CHANNEL, &facts.channel.id)),
        ),
        (
            "sender",
            RestrictedExpression::new_entity_uid(uid(&PERSON, &facts.sender.id)),
        ),
        ("external", RestrictedExpression::new_bool(facts.external)),
        ("business", RestrictedExpression::new_bool(facts.business)),
        ("accounts", texts(&facts.accounts)),
        ("labels", texts(&facts.labels)),
        ("recipients", audience(&facts.recipients)),
        ("participants", audience(&facts.participants)),
        ("attachments", attachments(facts)),
        ("firm", firm(&facts.firm)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if let Some(instant) = sent_at_us.and_then(instant) {
        attributes.insert("sent_at".to_owned(), instant);
    }
    if let Some(local) = sent_at_us.and_then(|at| LocalTime::of(at, &row.zone)) {
        attributes.insert("sender_local".to_owned(), local_time(local));
    }
    attributes
}

/// The instant to the millisecond, rounded down, as Cedar knows it; years beyond four digits have no such form.
fn instant(sent_at_us: i64) -> Option<RestrictedExpression> {
    let at = jiff::Timestamp::from_millisecond(sent_at_us.div_euclid(1000)).ok()?;
    let year = at.to_zoned(jiff::tz::TimeZone::UTC).year();
    (0..=9999)
        .contains(&year)
        .then(|| RestrictedExpression::new_datetime(at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()))
}

fn channel(facts: &Facts) -> Attributes {
    [("listed", facts.channel.listed), ("approved", facts.channel.approved)]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), RestrictedExpression::new_bool(value)))
        .collect()
}

fn person(id: &str, facts: &PersonFacts) -> Option<Entity> {
    let mut attributes: Attributes = [
        ("external", RestrictedExpression::new_bool(facts.external)),
        ("departed", RestrictedExpression::new_bool(facts.departed)),
        ("domains", texts(&facts.domains)),
        ("licences", texts(&facts.licences)),
        ("firm", firm(&facts.firm)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if let Some(jurisdiction) = &facts.jurisdiction {
        attributes.insert("jurisdiction".to_owned(), text(jurisdiction));
    }
    let groups = facts.groups.iter().map(|group| uid(&GROUP, group)).collect();
    Entity::new(uid(&PERSON, id), attributes, groups).ok()
}

fn audience(audience: &Audience) -> RestrictedExpression {
    record([
        ("people", uids(&PERSON, &audience.people)),
        ("groups", uids(&GROUP, &audience.groups)),
        ("domains", texts(&audience.domains)),
        ("external", RestrictedExpression::new_bool(audience.external)),
        ("count", RestrictedExpression::new_long(audience.count())),
    ])
}

fn attachments(facts: &Facts) -> RestrictedExpression {
    record([
        ("count", RestrictedExpression::new_long(facts.attachments.count)),
        ("bytes", RestrictedExpression::new_long(facts.attachments.bytes)),
        ("media_types", texts(&facts.attachments.media_types)),
        ("extensions", texts(&facts.attachments.extensions)),
    ])
}

fn local_time(local: LocalTime) -> RestrictedExpression {
    record([
        ("hour", RestrictedExpression::new_long(local.hour)),
        ("weekday", text(local.weekday)),
        ("business_day", RestrictedExpression::new_bool(local.business_day)),
    ])
}

fn firm(values: &Firm) -> RestrictedExpression {
    record(values.iter().map(|(name, value)| (name.as_str(), firm_value(value))))
}

fn firm_value(value: &FirmValue) -> RestrictedExpression {
    match value {
        FirmValue::Bool(value) => RestrictedExpression::new_bool(*value),
        FirmValue::Long(value) => RestrictedExpression::new_long(*value),
        FirmValue::Text(value) => text(value),
        FirmValue::Texts(values) => texts(values),
        FirmValue::Set(values) => RestrictedExpression::new_set(values.iter().map(firm_value)),
        FirmValue::Extension(value) => extension(*value),
        FirmValue::Record(values) => firm(values),
    }
}

fn extension(value: Extension) -> RestrictedExpression {
    let (_, text) = value.call();
    match value {
        Extension::Instant(_) => RestrictedExpression::new_datetime(text),
        Extension::Decimal(_) => RestrictedExpression::new_decimal(text),
        Extension::Address(..) => RestrictedExpression::new_ip(text),
    }
}

#[expect(
    clippy::expect_used,
    reason = "field names come from literals above or from the keys of a map"
)]
fn record<'a>(fields: impl IntoIterator<Item = (&'a str, RestrictedExpression)>) -> RestrictedExpression {
    RestrictedExpression::new_record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)))
        .expect("no name stands twice")
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn texts(values: &BTreeSet<String>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.iter().map(|value| text(value)))
}

fn uids(of: &EntityTypeName, ids: &BTreeSet<String>) -> RestrictedExpression {
    RestrictedExpression::new_set(ids.iter().map(|id| RestrictedExpression::new_entity_uid(uid(of, id))))
}
