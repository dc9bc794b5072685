//! Mutants of retention and supervision documents.

use lexhold_document::{Document, Node, Place, Value};
use lexhold_policy::condition_mutants;

use super::Mutant;
use crate::tree::{Step, at, remove};

/// Schedules left out, periods, triggers and all that hangs on them, scope and conditions.
pub(super) fn retention(document: &Document) -> Vec<Mutant> {
    let mut editor = Editor::new(document);
    let root = &document.root;
    if let Some(scope) = root.get("scope") {
        editor.remove(&[], "scope", scope.place);
        editor.condition(&[key("scope")], scope);
    }
    for schedule in 0..list(root, "schedules").len() {
        let path = [key("schedules"), Step::Operand(schedule)];
        let item = &list(root, "schedules")[schedule];
        editor.leave_out("schedules", schedule, item);
        for part in ["extend", "ceiling", "dispose", "in_force", "label"] {
            if let Some(entry) = item.entry(part) {
                editor.remove(&path, part, entry.key_place);
            }
        }
        for part in ["scope", "when"] {
            if let Some(condition) = item.get(part) {
                editor.remove(&path, part, condition.place);
                editor.condition(&[&path[..], &[key(part)]].concat(), condition);
            }
        }
        for part in ["retain", "dispose", "ceiling", "extend"] {
            if let Some(node) = item.get(part) {
                editor.dates(&[&path[..], &[key(part)]].concat(), node);
            }
        }
    }
    editor.mutants
}

/// Rules left out, and their conditions.
pub(super) fn supervision(document: &Document) -> Vec<Mutant> {
    let mut editor = Editor::new(document);
    for (index, item) in list(&document.root, "rules").iter().enumerate() {
        editor.leave_out("rules", index, item);
        for part in ["when", "forbid"] {
            if let Some(condition) = item.get(part) {
                editor.condition(&[key("rules"), Step::Operand(index), key(part)], condition);
            }
        }
    }
    editor.mutants
}

struct Editor<'d> {
    document: &'d Document,
    mutants: Vec<Mutant>,
}

impl<'d> Editor<'d> {
    fn new(document: &'d Document) -> Self {
        Self {
            document,
            mutants: Vec::new(),
        }
    }

    fn edit(&mut self, path: &[Step], place: Place, what: String, change: impl FnOnce(&mut Node)) {
        let mut document = self.document.clone();
        if let Some(node) = at(&mut document.root, path) {
            change(node);
            self.mutants.push(Mutant {
                place,
                what,
                rule: None,
                document,
            });
        }
    }

    fn leave_out(&mut self, in_list: &str, index: usize, item: &Node) {
        let id = item.get("id").and_then(Node::as_text).unwrap_or_default();
        let place = item.get("id").map_or(item.place, |id| id.place);
        self.edit(&[key(in_list)], place, format!("`{id}` left out"), |node| {
            if let Value::List(items) = &mut node.value {
                items.remove(index);
            }
        });
    }

    fn remove(&mut self, path: &[Step], name: &str, place: Place) {
        self.edit(path, place, format!("`{name}` left out"), |node| remove(node, name));
    }

    fn replace(&mut self, path: &[Step], place: Place, old: &str, new: String) {
        let what = format!("`{new}` in place of `{old}`");
        self.edit(path, place, what, |node| node.value = Value::Text(new));
    }

    fn condition(&mut self, path: &[Step], node: &Node) {
        for mutant in condition_mutants(node.as_text().unwrap_or_default()) {
            let place = node.inner(mutant.range);
            self.edit(path, place, mutant.what, |node| node.value = Value::Text(mutant.text));
        }
    }

    /// The periods, triggers and ends of one part of a schedule.
    fn dates(&mut self, path: &[Step], part: &Node) {
        for entry in part.as_map().unwrap_or_default() {
            let below = [path, &[key(&entry.key)]].concat();
            let (node, place) = (&entry.node, entry.node.place);
            match (entry.key.as_str(), node.as_text()) {
                // How long disposal may take once it is due, `within`, shows in reports alone: no test can ask for it.
                ("for" | "after" | "to" | "accessible", Some(period)) => {
                    for other in neighbours(period) {
                        self.replace(&below, place, period, other);
                    }
                }
                ("from", Some("captured")) => self.replace(&below, place, "captured", "sent".into()),
                ("from", Some(other)) => self.replace(&below, place, other, "captured".into()),
                ("from", None) => self.replace(&below, place, "an event", "sent".into()),
                ("cutoff" | "roll" | "yields_to", _) => self.remove(path, &entry.key, entry.key_place),
                _ => {}
            }
        }
    }
}

/// A period that is one unit longer, and one that is one shorter.
fn neighbours(period: &str) -> Vec<String> {
    let digits = |c: char| c.is_ascii_digit();
    let Some(start) = period.find(digits) else {
        return Vec::new();
    };
    let end = period[start..]
        .find(|c| !digits(c))
        .map_or(period.len(), |length| start + length);
    let Ok(number) = period[start..end].parse::<u32>() else {
        return Vec::new();
    };
    let others = [number.saturating_add(1), number.saturating_sub(1)]
        .into_iter()
        .filter(|other| *other > 0);
    others
        .map(|other| format!("{}{other}{}", &period[..start], &period[end..]))
        .collect()
}

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

fn list<'n>(node: &'n Node, name: &str) -> &'n [Node] {
    node.get(name).and_then(Node::as_list).unwrap_or_default()
}
