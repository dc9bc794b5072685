//! What messages of every product are put together from.

use lexhold_model::{Message, Part as TextPart, PartKind, Participant, Role};

use crate::format::Part;

/// Puts words behind a text, on a line of their own, and marks what they are.
pub(crate) fn add(message: &mut Message, text: &mut String, words: &str, kind: Option<PartKind>) {
    if words.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let start = text.len() as u64;
    text.push_str(words);
    message.parts.extend(kind.map(|kind| TextPart {
        kind,
        start,
        end: text.len() as u64,
    }));
}

/// Everybody but the sender, as members of the conversation.
pub(crate) fn others<'a>(people: impl IntoIterator<Item = &'a String>, sender: &str) -> Vec<Participant> {
    let others = people.into_iter().filter(|one| *one != sender);
    others
        .map(|handle| Participant {
            handle: handle.clone(),
            role: Role::Member,
        })
        .collect()
}

/// What a talk between two is called, the same in the export of either: both handles in order.
pub(crate) fn pair(one: &str, other: &str) -> String {
    let (first, second) = if one <= other { (one, other) } else { (other, one) };
    format!("{first},{second}")
}

/// The size and digest of a file that an export names from its own folder, if it holds it. Programs on Windows write `\`.
pub(crate) fn bytes_of(part: &Part, path: &str) -> (Option<u64>, Option<String>) {
    let tree = &part.tree;
    let found = tree.find(&format!("{}{}", part.root, path.replace('\\', "/")));
    found.and_then(|at| tree.hash(&tree.entries[at]).ok()).unzip()
}
