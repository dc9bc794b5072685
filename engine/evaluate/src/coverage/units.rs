//! The units of documents.

use std::collections::BTreeMap;

use lexhold_document::{Document, Kind, Node, Place, path};
use lexhold_policy::{Action, Probe};

use super::{Unit, What};

/// Units, each once.
#[derive(Default)]
pub(super) struct Units {
    pub all: Vec<Unit>,
    known: BTreeMap<(Place, What), usize>,
}

impl Units {
    /// The position of a unit.
    pub(super) fn note(&mut self, place: Place, what: What, name: String) -> usize {
        *self.known.entry((place, what)).or_insert_with(|| {
            self.all.push(Unit { place, what, name });
            self.all.len() - 1
        })
    }
}

/// The conditions of one rule, schedule or hold.
pub(super) struct Asked {
    pub action: Action,
    /// Where they stand.
    pub document: Place,
    pub probe: Probe,
    /// The units of its clauses; none for one that says `true` or `false`.
    pub clauses: Vec<Option<usize>>,
    /// The units of its operands; none where a clause is one operand.
    pub operands: Vec<Option<usize>>,
}

/// An event that a schedule asks for: the schedule's full id, the event and its key, the unit.
pub(super) struct AskedEvent {
    pub schedule: String,
    pub event: String,
    pub key: String,
    pub unit: usize,
}

/// The conditions of a document.
pub(super) fn conditions(document: &Document, units: &mut Units) -> Vec<Asked> {
    let scope = document.get(&path!["scope"]);
    let (list, action, keys): (_, _, &[&str]) = match document.kind {
        Kind::Retention => ("schedules", Action::Retain, &["scope", "when"]),
        Kind::Supervision => ("rules", Action::Communicate, &["when", "forbid"]),
        Kind::Ruleset => ("rules", Action::Scan, &["when"]),
        Kind::Hold => {
            let when = document.get(&path!["when"]).map(|node| (document.name.as_str(), node));
            return asked(document, Action::Hold, when, units).into_iter().collect();
        }
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    for item in items(document, list) {
        let id = full_id(document, item);
        let clauses = keys.iter().filter_map(|key| {
            let of_document = scope.filter(|_| *key == "scope" && document.kind == Kind::Retention);
            let own = item.get(key).map(|node| (id.as_str(), node));
            own.or(of_document.map(|node| (document.name.as_str(), node)))
        });
        found.extend(asked(document, action, clauses, units));
    }
    found
}

/// Clauses that are asked together, each with what it is called.
fn asked<'n>(
    document: &Document,
    action: Action,
    clauses: impl IntoIterator<Item = (&'n str, &'n Node)>,
    units: &mut Units,
) -> Option<Asked> {
    let named: Vec<(&str, &Node)> = clauses.into_iter().collect();
    if named.is_empty() {
        return None;
    }
    let nodes: Vec<&Node> = named.iter().map(|(_, node)| *node).collect();
    let probe = Probe::of(action, &nodes);
    let is_literal = |node: &Node| matches!(node.as_text().map(str::trim), Some("true" | "false"));
    let mut clause = |(id, node): &(&str, &Node)| {
        (!is_literal(node)).then(|| units.note(node.place, What::Condition, (*id).to_owned()))
    };
    let clauses = named.iter().map(&mut clause).collect();
    let all = probe.operands();
    let alone = |clause: usize| all.iter().filter(|operand| operand.clause == clause).count() == 1;
    let operands = all.iter().map(|operand| {
        let words: Vec<&str> = operand.text.split_whitespace().collect();
        let name = || format!("{}: {}", named[operand.clause].0, words.join(" "));
        (!alone(operand.clause)).then(|| units.note(operand.place, What::Operand, name()))
    });
    let operands = operands.collect();
    Some(Asked {
        action,
        document: document.name_place(),
        probe,
        clauses,
        operands,
    })
}

/// The events that the schedules of a document ask for.
pub(super) fn events(document: &Document, units: &mut Units) -> Vec<AskedEvent> {
    let mut found = Vec::new();
    if document.kind == Kind::Retention {
        for item in items(document, "schedules") {
            events_below(item, &full_id(document, item), units, &mut found);
        }
    }
    found
}

fn events_below(node: &Node, schedule: &str, units: &mut Units, found: &mut Vec<AskedEvent>) {
    let text = |key: &str| node.get(key).and_then(Node::as_text);
    if let (Some(event), Some(key)) = (text("event"), text("key")) {
        found.push(AskedEvent {
            schedule: schedule.to_owned(),
            event: event.to_owned(),
            key: key.to_owned(),
            unit: units.note(node.place, What::Event, format!("{schedule}: {event}")),
        });
    }
    for entry in node.as_map().unwrap_or_default() {
        events_below(&entry.node, schedule, units, found);
    }
}

/// The items of a list of a document.
pub(super) fn items<'d>(document: &'d Document, list: &str) -> &'d [Node] {
    document.root.get(list).and_then(Node::as_list).unwrap_or_default()
}

/// `document.item`
pub(super) fn full_id(document: &Document, item: &Node) -> String {
    let id = item.get("id").and_then(Node::as_text).unwrap_or_default();
    format!("{}.{id}", document.name)
}
