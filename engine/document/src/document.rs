//! One document: its kind, its name, its resolved tree.

use std::ops::Range;

use lexhold_model::Digest;
use serde::de::DeserializeOwned;

use crate::{Diagnostics, FileId, Kind, Node, Place, Seg};

/// A document as [`crate::load`] hands it over: parameters put in, imports resolved.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file that it is the only document of.
    pub file: FileId,
    /// What it describes.
    pub kind: Kind,
    /// Its name, unique among documents of its kind.
    pub name: String,
    /// Its version, for the kinds that have one.
    pub version: Option<String>,
    /// SHA-256 of what it says; see [`crate::load`] for what counts.
    pub digest: Digest,
    /// The whole resolved map, front keys included.
    pub root: Node,
    /// The documents that it imports, in the order of its `imports:`.
    pub imports: Vec<FileId>,
    /// Whether nothing in the file was refused while reading it.
    pub(crate) sound: bool,
}

impl Document {
    /// Reads the whole resolved map into a type; errors are placed on the exact node.
    ///
    /// Keys that the type does not know are skipped (their report is [`crate::check_shape`]'s),
    /// so the type need not list the front keys. `None` without a further error if something in
    /// the file was refused before, which has been reported.
    pub fn typed<T: DeserializeOwned>(&self, diagnostics: &mut Diagnostics) -> Option<T> {
        if !self.sound {
            return None;
        }
        self.root.typed(diagnostics)
    }

    /// Whether nothing in the file was refused while reading it.
    pub fn is_sound(&self) -> bool {
        self.sound
    }

    /// Where the node at the end of a path stands, or the nearest one above it that exists.
    pub fn place(&self, path: &[Seg]) -> Place {
        self.root.nearest(path).place
    }

    /// Where the key at the end of a path stands; falls back to [`Document::place`].
    pub fn key_place(&self, path: &[Seg]) -> Place {
        let Some((Seg::Key(key), parents)) = path.split_last() else {
            return self.place(path);
        };
        match self.get(parents).and_then(|parent| parent.entry(key)) {
            Some(entry) => entry.key_place,
            None => self.place(path),
        }
    }

    /// The node at the end of a path.
    pub fn get(&self, path: &[Seg]) -> Option<&Node> {
        path.iter().try_fold(&self.root, |node, seg| node.step(seg))
    }

    /// Where a byte range of a decoded scalar stands in the file; see [`Node::inner`].
    pub fn inner(&self, path: &[Seg], range: Range<usize>) -> Place {
        match self.get(path) {
            Some(node) => node.inner(range),
            None => self.place(path),
        }
    }

    /// Where the document's name stands.
    pub fn name_place(&self) -> Place {
        self.place(&[Seg::from(self.kind.key())])
    }

    /// Who answers for the document.
    pub fn owner(&self) -> Option<&str> {
        self.root.get("owner")?.as_text()
    }

    /// The document's title.
    pub fn title(&self) -> Option<&str> {
        self.root.get("title")?.as_text()
    }
}
