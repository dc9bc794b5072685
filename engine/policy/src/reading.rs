//! What a condition read of a message, with the values: for whoever asks why it decided as it did.

use serde_json::{Map, Value, json};

use crate::asked::Cast;
use crate::facts::LocalTime;
use crate::{Condition, FactsRow};

impl Condition {
    /// What it reads of a message that was sent at this instant (µs since 1970, UTC), by path, with the values.
    ///
    /// What is missing is null. What is read of the people asked about stands under their ids.
    pub fn facts_read(&self, row: &FactsRow, sent_at_us: Option<i64>) -> Map<String, Value> {
        let facts = serde_json::to_value(&row.facts).unwrap_or_default();
        let cast = Cast::of(self.action(), row);
        let read = self.reads.0.keys().map(|slot| {
            let value = match *slot {
                "principal#id" => cast.people().map(|person| person.principal.id).collect(),
                "resource.sent_at" => json!(sent_at_us.and_then(|at| jiff::Timestamp::from_microsecond(at).ok())),
                "resource.sender_local" => local(sent_at_us, row),
                "resource.recipients.count" => json!(row.facts.recipients.count()),
                "resource.participants.count" => json!(row.facts.participants.count()),
                slot => match slot.strip_prefix("principal") {
                    Some(attribute) => of_people(cast, &attribute[1..]),
                    None => facts.pointer(&pointer(slot)).cloned().unwrap_or_default(),
                },
            };
            (words(slot), value)
        });
        read.collect()
    }
}

/// The path as a condition has it; groups stand in no path.
fn words(slot: &str) -> String {
    match slot.split_once('#') {
        Some((of, "groups")) => format!("groups of {of}"),
        Some((of, _)) => of.to_owned(),
        None => slot.to_owned(),
    }
}

fn of_people(cast: Cast<'_>, attribute: &str) -> Value {
    let each = cast.people().map(|person| {
        let facts = serde_json::to_value(person.principal.facts).unwrap_or_default();
        (person.principal.id.to_owned(), facts[attribute].clone())
    });
    Value::Object(each.collect())
}

/// Where an attribute of the message stands among its facts.
fn pointer(slot: &str) -> String {
    let path = slot.replace(['.', '#'], "/");
    let path = path.trim_start_matches("resource");
    match path.strip_prefix("/sender/") {
        Some(of) if of != "id" => format!("/sender/facts/{of}"),
        _ => path.to_owned(),
    }
}

fn local(sent_at_us: Option<i64>, row: &FactsRow) -> Value {
    let local = sent_at_us.and_then(|at| LocalTime::of(at, &row.zone));
    local.map_or(
        Value::Null,
        |local| json!({"hour": local.hour, "weekday": local.weekday, "business_day": local.business_day}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Action;
    use crate::facts::{Facts, Insiders, PersonFacts, Sender};
    use crate::reads::SLOTS;
    use crate::testing::{condition, row, set};

    fn facts() -> Facts {
        let person = |groups: &[&str]| PersonFacts {
            groups: set(groups),
            ..PersonFacts::default()
        };
        Facts {
            labels: set(&["a"]),
            sender: Sender {
                id: "sue".into(),
                facts: person(&["banking"]),
            },
            insiders: vec![Insiders {
                ids: set(&["ann", "bob"]),
                facts: person(&["research"]),
            }],
            ..Facts::default()
        }
    }

    #[test]
    fn what_is_read_is_told_with_its_values_and_nothing_else() {
        let clause = r#"(principal in Group::"research" || principal has jurisdiction || resource.sender in Group::"x")
            && resource.labels.contains("a") && resource.recipients.count == 0 && resource has sent_at
            && resource has sender_local.hour && resource.sender == principal"#;
        let read = condition(Action::Hold, clause).facts_read(&row(facts()), Some(0));
        let expected = json!({
            "groups of principal": {"ann": ["research"], "bob": ["research"]},
            "principal": ["ann", "bob"],
            "principal.jurisdiction": {"ann": null, "bob": null},
            "resource.sender": "sue",
            "groups of resource.sender": ["banking"],
            "resource.labels": ["a"],
            "resource.recipients.count": 0,
            "resource.sent_at": "1970-01-01T00:00:00Z",
            "resource.sender_local": {"hour": 19, "weekday": "wednesday", "business_day": true},
        });
        assert_eq!(Value::Object(read), expected);
    }

    #[test]
    fn every_attribute_is_found_among_the_facts() {
        let facts = serde_json::to_value(facts()).unwrap();
        let elsewhere = |slot: &str| {
            let own = [
                "resource.sent_at",
                "resource.sender_local",
                "resource.sender.jurisdiction",
            ];
            slot.starts_with("principal") || slot.ends_with(".count") || own.contains(&slot)
        };
        for slot in SLOTS.into_iter().filter(|slot| !elsewhere(slot)) {
            assert!(facts.pointer(&pointer(slot)).is_some(), "{slot}");
        }
    }
}
