//! The texts that an editor holds open, and the names that it has for files.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use gen_lsp_types::{TextDocumentContentChangeEvent, Uri};
use lexhold_editor::{Encoding, Lines, Spot};

use crate::files::{Unsaved, real};

/// A text that is open.
pub struct Buffer {
    /// The editor's own name for it.
    pub uri: Uri,
    /// The editor's number for this state of it.
    pub version: i32,
    /// The text.
    pub text: String,
}

/// Every text that is open, by the real path of its file.
#[derive(Default)]
pub struct Buffers {
    open: BTreeMap<PathBuf, Buffer>,
    paths: HashMap<Uri, PathBuf>,
}

impl Buffers {
    /// The real path of a file that the editor names; nothing for what is no file.
    pub fn path(&mut self, uri: &Uri) -> Option<PathBuf> {
        if let Some(path) = self.paths.get(uri) {
            return Some(path.clone());
        }
        let path = real(&uri.to_file_path().ok()?);
        self.paths.insert(uri.clone(), path.clone());
        Some(path)
    }

    /// The editor's name for a file.
    pub fn uri(&self, path: &Path) -> Option<Uri> {
        match self.open.get(path) {
            Some(buffer) => Some(buffer.uri.clone()),
            None => Uri::from_file_path(path).ok(),
        }
    }

    /// The text of a file that is open.
    pub fn get(&self, path: &Path) -> Option<&Buffer> {
        self.open.get(path)
    }

    /// Every open text.
    pub fn iter(&self) -> impl Iterator<Item = (&PathBuf, &Buffer)> {
        self.open.iter()
    }

    /// Takes a text in place of its file.
    pub fn open(&mut self, uri: Uri, version: i32, text: String) -> Option<PathBuf> {
        let path = self.path(&uri)?;
        self.open.insert(path.clone(), Buffer { uri, version, text });
        Some(path)
    }

    /// Changes a text, step by step; nothing if it is not open.
    pub fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> Option<PathBuf> {
        let path = self.path(uri)?;
        let buffer = self.open.get_mut(&path)?;
        buffer.version = version;
        for change in changes {
            apply(&mut buffer.text, change, encoding);
        }
        Some(path)
    }

    /// Goes back to what is on disk.
    pub fn close(&mut self, uri: &Uri) -> Option<PathBuf> {
        let path = self.path(uri)?;
        self.paths.remove(uri);
        self.open.remove(&path)?;
        Some(path)
    }

    /// The texts that stand for files.
    pub fn unsaved(&self) -> Unsaved {
        let texts = self
            .open
            .iter()
            .map(|(path, buffer)| (path.clone(), buffer.text.clone()));
        texts.collect()
    }
}

fn apply(text: &mut String, change: TextDocumentContentChangeEvent, encoding: Encoding) {
    match change {
        TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => *text = whole.text,
        TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
            let lines = Lines::new(text, encoding);
            let (start, end) = (lines.byte(spot(part.range.start)), lines.byte(spot(part.range.end)));
            text.replace_range(start..end.max(start), &part.text);
        }
    }
}

/// The editor's position in the engine's words.
pub fn spot(position: gen_lsp_types::Position) -> Spot {
    Spot {
        line: position.line,
        column: position.character,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn edits_outside_of_the_text_change_its_end() {
        let at = |from: (u32, u32), to: (u32, u32), text: &str| {
            serde_json::from_value(json!({
                "range": {
                    "start": { "line": from.0, "character": from.1 },
                    "end": { "line": to.0, "character": to.1 },
                },
                "text": text,
            }))
            .unwrap()
        };
        for (from, to, expected) in [
            ((0, 3), (0, 5), "a: x\r\nb\n"),
            ((0, 5), (1, 0), "a: 😀xb\n"),
            ((1, 0), (9, 9), "a: 😀\r\nx"),
            ((7, 7), (8, 8), "a: 😀\r\nb\nx"),
            ((1, 1), (0, 0), "a: 😀\r\nbx\n"),
            ((0, 4), (0, 4), "a: x😀\r\nb\n"),
        ] {
            let mut text = "a: 😀\r\nb\n".to_owned();
            apply(&mut text, at(from, to, "x"), Encoding::Utf16);
            assert_eq!(text, expected, "{from:?} to {to:?}");
        }
    }
}
