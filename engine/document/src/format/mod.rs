//! A document in its one layout: what it says and its comments stay, indentation, order of keys and quotes are made alike.
//!
//! [`gather`] joins the tree with the comments, [`print`](self::print) writes both, and the result is read again: it has to say
//! the same, comment for comment, or there is none.

mod gather;
mod print;
mod quotes;

use lexhold_model::canonical_json;

use crate::{Comment, Diagnostics, FileId, Files, Kind, Node, Shape, comments, digest, front, read};

/// Why a document has no layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFormatted {
    /// It cannot be read whole, which has been reported.
    Unreadable,
    /// What came of it would not say the same: a fault of Lexhold.
    Unproven,
}

/// The text of a document in its one layout.
///
/// Keys come in the order of the document's shape, which `shape_of` knows; lists keep theirs. Block scalars are moved, never
/// changed.
///
/// # Errors
/// When it cannot be read whole, or when its layout cannot be proved to say the same.
pub fn format(
    files: &Files,
    file: FileId,
    shape_of: impl Fn(Kind) -> Shape,
    diagnostics: &mut Diagnostics,
) -> Result<String, NotFormatted> {
    let tree = read::read(files, file, diagnostics).filter(|tree| tree.sound);
    let root = tree.ok_or(NotFormatted::Unreadable)?.root;
    // What the front lacks is told by `check`; the layout does not depend on it.
    // A file that does not say that it is a document, settings say, has no order of keys.
    let front = root
        .entry("lexhold")
        .and_then(|_| front::read(&root, &mut Diagnostics::new()));
    let kind = front.map(|front| front.kind);
    let shape = kind.map(|kind| front::layout(kind, shape_of(kind)));
    let notes = comments(files, file);
    let gathered = gather::document(files.text(file), &root, &notes, shape.as_ref());
    let text = print::document(&gathered);
    let mut again = Files::new();
    let printed = again.add(files.path(file), text.clone());
    let tree = read::read(&again, printed, &mut Diagnostics::new()).filter(|tree| tree.sound);
    let tree = tree.ok_or(NotFormatted::Unproven)?;
    if said(files, &root, &notes) == said(&again, &tree.root, &comments(&again, printed)) {
        Ok(text)
    } else {
        Err(NotFormatted::Unproven)
    }
}

/// What a file says: its tree as canonical JSON, and its comments, sorted since keys may change places.
fn said<'f>(files: &'f Files, root: &Node, notes: &[Comment]) -> (String, Vec<&'f str>) {
    let mut notes: Vec<&str> = notes.iter().map(|comment| files.slice(comment.place)).collect();
    notes.sort_unstable();
    (canonical_json(&digest::Plain::of(root)), notes)
}
