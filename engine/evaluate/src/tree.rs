//! Steps into the tree of a document that is to be changed.

use lexhold_document::{Node, Value};

/// A step into a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a map.
    Key(String),
    /// To an item that has to hold together with the others of its list.
    Operand(usize),
    /// To an item that is enough by itself.
    Alternative(usize),
}

/// The node at the end of a path.
pub(crate) fn at<'n>(node: &'n mut Node, path: &[Step]) -> Option<&'n mut Node> {
    path.iter().try_fold(node, |node, step| match (step, &mut node.value) {
        (Step::Key(key), Value::Map(entries)) => {
            let entry = entries.iter_mut().find(|entry| entry.key == *key)?;
            Some(&mut entry.node)
        }
        (Step::Operand(index) | Step::Alternative(index), Value::List(items)) => items.get_mut(*index),
        _ => None,
    })
}

/// Takes a key out of a map.
pub(crate) fn remove(node: &mut Node, key: &str) {
    if let Value::Map(entries) = &mut node.value {
        entries.retain(|entry| entry.key != key);
    }
}
