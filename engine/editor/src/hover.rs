//! What something in a document is and means, in Markdown.

use std::ops::Range;

use jiff::Timestamp;
use lexhold_document::{Diagnostics, Document, Kind, Node, Place, Seg, Value, path};
use lexhold_retention::{Assigned, Clocks, Outcome, Triggers, compile};
use lexhold_rules::operator_keys;

use crate::complete::Known;
use crate::index::Target;
use crate::names::{Sort, is_condition, pattern};
use crate::{cedar, shapes};

/// What is at a byte of a file, and which bytes of it that is. Schedules are worked out for a message sent at `now`.
pub fn hover(known: Known<'_>, path: &str, text: &str, byte: usize, now: Timestamp) -> Option<(Range<usize>, String)> {
    if known.index.text(path) != Some(text) {
        // Half-typed: what was known of it stands elsewhere by now.
        return None;
    }
    if let Some(target) = known.index.target(path, byte)
        && let Some(text) = named(known, &target, now)
    {
        return Some((target.place, text));
    }
    let document = known.index.document(path)?;
    let (place, is_key, bytes) = at(&document.root, byte);
    let words = pattern(&place);
    if !is_key && is_condition(document.kind, &words) {
        let attribute = cedar::attribute(text, byte)?;
        let doc = cedar::doc(known.schemas, &text[attribute.clone()])?;
        return Some((attribute.clone(), format!("`{}`\n\n{doc}", &text[attribute])));
    }
    let key = place.iter().rposition(|seg| matches!(seg, Seg::Key(_)))?;
    let place = &place[..=key];
    Some((bytes, of_key(document.kind, place)?))
}

/// The key or value at a byte of a document: its path, and whether it is the key.
fn at(root: &Node, byte: usize) -> (Vec<Seg>, bool, Range<usize>) {
    let (mut path, mut node) = (Vec::new(), root);
    'down: loop {
        let within = |place: Place| place.start <= byte && byte <= place.end;
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    if within(entry.key_place) || within(entry.node.place) {
                        path.push(Seg::from(entry.key.as_str()));
                        if within(entry.key_place) {
                            return (path, true, entry.key_place.start..entry.key_place.end);
                        }
                        node = &entry.node;
                        continue 'down;
                    }
                }
            }
            Value::List(items) => {
                if let Some((index, item)) = items.iter().enumerate().find(|(_, item)| within(item.place)) {
                    path.push(Seg::from(index));
                    node = item;
                    continue 'down;
                }
            }
            _ => {}
        }
        return (path, false, node.place.start..node.place.end);
    }
}

/// What a key is for.
fn of_key(kind: Kind, place: &[Seg]) -> Option<String> {
    let Some(Seg::Key(key)) = place.last() else { return None };
    if let [Seg::Key(only)] = place
        && only == kind.key()
    {
        return Some(format!("`{key}`: {}", kind.doc()));
    }
    if let Some(field) = shapes::field(kind, place) {
        let required = if field.required { " It has to be there." } else { "" };
        return Some(format!(
            "`{key}`: {}.{required}\n\nExpected: {}.",
            field.doc,
            shapes::describe(&field.shape)
        ));
    }
    let operators = pattern(place)
        .iter()
        .any(|part| matches!(*part, "match" | "query" | "support"));
    let groups = ["", "near", "not_near", "regex", "unless"]
        .into_iter()
        .flat_map(operator_keys);
    let found = groups.filter(|_| operators).find(|(name, _)| name == key)?;
    Some(format!("`{key}`: {}.", found.1))
}

/// What is known of what a name is the name of.
fn named(known: Known<'_>, target: &Target, now: Timestamp) -> Option<String> {
    let title = format!("**{}** `{}`", target.sort.title(), target.name);
    if target.sort == Sort::Regulation {
        return match known.laws.get(&target.name) {
            Some(law) => Some(format!("{title}\n\n{}", law.text)),
            None => Some(format!("{title}\n\nThe table of regulations has no such entry.")),
        };
    }
    let mut lines = vec![title];
    match known.index.defining(target) {
        Some((_, document)) => lines.extend(described(known, document, target, now)),
        None if target.sort == Sort::File => return None,
        None => {}
    }
    if target.sort == Sort::Group {
        lines.push(members(known, &target.name));
    }
    if matches!(
        target.sort,
        Sort::Group | Sort::Person | Sort::Channel | Sort::Label | Sort::Operator
    ) {
        lines.push(match known.index.references(target).len() {
            1 => "Named once.".to_owned(),
            n_places => format!("Named in {n_places} places."),
        });
    }
    Some(lines.join("\n\n"))
}

/// How many entries of people a group has, in every directory.
fn members(known: Known<'_>, group: &str) -> String {
    let directories = known
        .index
        .documents()
        .filter(|(_, document)| document.kind == Kind::Directory);
    let people = directories.flat_map(|(_, document)| {
        let people = document.root.get("people").and_then(Node::as_list);
        people.unwrap_or_default()
    });
    let is_in = |person: &&Node| {
        let groups = person.get("groups").and_then(Node::as_list).unwrap_or_default();
        said(person, "desk") == Some(group) || groups.iter().any(|one| one.as_text() == Some(group))
    };
    format!("Entries of people in it: {}.", people.filter(is_in).count())
}

fn described(known: Known<'_>, document: &Document, target: &Target, now: Timestamp) -> Vec<String> {
    match target.sort {
        Sort::Document(Kind::Lexicon) => lexicon(document, &target.name),
        Sort::Document(_) => whole(document),
        Sort::Rule | Sort::SupervisionRule => item(document, "rules", target).map_or_else(Vec::new, rule),
        Sort::Schedule => {
            let mut lines = item(document, "schedules", target).map_or_else(Vec::new, schedule);
            lines.extend(worked(known, document, &target.name, now));
            lines
        }
        Sort::Person | Sort::Operator => {
            let items = document.root.get("people").and_then(Node::as_list).unwrap_or_default();
            let found = items.iter().find(|item| said(item, "id") == Some(&target.name));
            found
                .and_then(|person| said(person, "name"))
                .map(str::to_owned)
                .into_iter()
                .collect()
        }
        Sort::Group | Sort::Channel | Sort::Label | Sort::Regulation | Sort::File => Vec::new(),
    }
}

fn said<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key)?.as_text()
}

/// The item of a document's list that has the name's last part for its id.
fn item<'d>(document: &'d Document, list: &str, target: &Target) -> Option<&'d Node> {
    let id = target.name.strip_prefix(&format!("{}.", document.name))?;
    let items = document.root.get(list)?.as_list()?;
    items.iter().find(|item| said(item, "id") == Some(id))
}

fn rule(rule: &Node) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(said(rule, "title").map(str::to_owned));
    lines.extend(said(rule, "why").map(str::to_owned));
    let facts = ["severity", "status", "risk"].map(|key| said(rule, key).map(|value| format!("{key}: {value}")));
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    lines.push(facts.join(" · "));
    lines.extend(cites(rule));
    lines
}

fn schedule(schedule: &Node) -> Vec<String> {
    let mut lines: Vec<String> = said(schedule, "title").map(str::to_owned).into_iter().collect();
    for key in ["retain", "dispose", "ceiling", "extend"] {
        if let Some(entries) = schedule.get(key).and_then(Node::as_map) {
            let facts = entries
                .iter()
                .map(|entry| format!("{} {}", entry.key, plain(&entry.node)));
            lines.push(format!("{key}: {}", facts.collect::<Vec<_>>().join(", ")));
        }
    }
    lines.extend(cites(schedule));
    lines
}

fn cites(node: &Node) -> Option<String> {
    Some(format!("cites: {}", plain(node.get("cites")?)))
}

/// A value on one line.
fn plain(node: &Node) -> String {
    match &node.value {
        Value::Null => "nothing".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Map(entries) => {
            let facts = entries
                .iter()
                .map(|entry| format!("{} {}", entry.key, plain(&entry.node)));
            facts.collect::<Vec<_>>().join(", ")
        }
    }
}

/// The dates of a message that is sent now and has this schedule alone.
fn worked(known: Known<'_>, document: &Document, id: &str, now: Timestamp) -> Vec<String> {
    let calendars = known
        .index
        .documents()
        .map(|(_, other)| other)
        .filter(|other| other.kind == Kind::Calendar);
    let documents: Vec<&Document> = calendars.chain([document]).collect();
    let schedules = compile(&documents, &mut Diagnostics::new());
    let Some(position) = schedules.iter().position(|schedule| schedule.id == id) else {
        return Vec::new();
    };
    let triggers = Triggers {
        sent: Some(now),
        captured: now,
        suspect: false,
    };
    let days = schedules.days(&triggers);
    let assigned = Assigned {
        schedule: position,
        outcome: Outcome::Assigned,
        since: None,
    };
    let resolved = schedules.resolve(&[assigned], &Clocks::of(&days));
    let duties = resolved.duties.iter();
    let lines: Vec<String> = duties
        .map(|duty| format!("- {}: {}", duty.kind.as_str(), duty.explain(Some(&triggers))))
        .collect();
    if lines.is_empty() {
        return lines;
    }
    vec![format!("A message that is sent now:\n\n{}", lines.join("\n"))]
}

fn lexicon(document: &Document, name: &str) -> Vec<String> {
    let own = document.get(&path!["lexicons", name]);
    let terms = own
        .or_else(|| document.root.get("terms"))
        .and_then(Node::as_list)
        .unwrap_or_default();
    let mut lines: Vec<String> = document
        .title()
        .filter(|_| own.is_none())
        .map(str::to_owned)
        .into_iter()
        .collect();
    let mut facts = vec![if terms.len() == 1 {
        "1 term".into()
    } else {
        format!("{} terms", terms.len())
    }];
    facts.extend(document.owner().map(|owner| format!("owner: {owner}")));
    facts.extend(
        said(&document.root, "reviewed")
            .filter(|_| own.is_none())
            .map(|day| format!("reviewed: {day}")),
    );
    lines.push(facts.join(" · "));
    lines
}

fn whole(document: &Document) -> Vec<String> {
    let mut lines: Vec<String> = document.title().map(str::to_owned).into_iter().collect();
    let mut facts: Vec<String> = document
        .version
        .iter()
        .map(|version| format!("version: {version}"))
        .collect();
    facts.extend(document.owner().map(|owner| format!("owner: {owner}")));
    for (key, one, many) in [
        ("rules", "rule", "rules"),
        ("schedules", "schedule", "schedules"),
        ("holidays", "holiday", "holidays"),
        ("people", "entry of people", "entries of people"),
        ("custodians", "custodian", "custodians"),
        ("list", "case", "cases"),
    ] {
        if let Some(items) = document.root.get(key).and_then(Node::as_list) {
            facts.push(format!("{} {}", items.len(), if items.len() == 1 { one } else { many }));
        }
    }
    facts.extend(
        ["matter", "zone"]
            .iter()
            .filter_map(|key| Some(format!("{key}: {}", said(&document.root, key)?))),
    );
    if !facts.is_empty() {
        lines.push(facts.join(" · "));
    }
    lines
}
