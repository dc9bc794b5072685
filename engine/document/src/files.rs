//! The arena of texts that places point into.

use std::collections::HashMap;

use crate::{Diagnostic, Diagnostics, codes};

/// A file in an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A half-open range of bytes in a file as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// Texts by path.
///
/// Paths are relative to the project root, with `/` between their parts, so that an import can be
/// followed from one file to another by its path alone.
#[derive(Debug, Default)]
pub struct Files {
    files: Vec<File>,
    by_path: HashMap<String, FileId>,
}

#[derive(Debug)]
struct File {
    path: String,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Files {
    /// An empty arena.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text under its path; a text added later under the same path takes its place there.
    pub fn add(&mut self, path: &str, text: String) -> FileId {
        let id = self.add_unread(path, text);
        self.by_path.insert(path.to_owned(), id);
        id
    }

    /// Adds a text to point into that is not to be found by its path.
    fn add_unread(&mut self, path: &str, text: String) -> FileId {
        #[expect(clippy::expect_used, reason = "four billion files do not fit into memory")]
        let id = FileId(u32::try_from(self.files.len()).expect("fewer than four billion files"));
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        self.files.push(File {
            path: path.to_owned(),
            text,
            lines,
        });
        id
    }

    /// Adds the bytes of a file, or reports why they are not text.
    pub fn add_bytes(&mut self, path: &str, bytes: Vec<u8>, diagnostics: &mut Diagnostics) -> Option<FileId> {
        match text(bytes) {
            Ok(text) => Some(self.add(path, text)),
            Err(reason) => {
                let diagnostic = reason.diagnostic(self, path);
                diagnostics.push(diagnostic);
                None
            }
        }
    }

    /// The file at a path, if it is here.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// Every file, in the order in which they came.
    pub fn ids(&self) -> impl Iterator<Item = FileId> {
        (0..).map(FileId).take(self.files.len())
    }

    /// A file's path.
    pub fn path(&self, id: FileId) -> &str {
        &self.file(id).path
    }

    /// A file's text, as stored.
    pub fn text(&self, id: FileId) -> &str {
        &self.file(id).text
    }

    /// The text at a place.
    pub fn slice(&self, place: Place) -> &str {
        self.text(place.file).get(place.start..place.end).unwrap_or_default()
    }

    /// The line and column where a place begins, both counted from one.
    ///
    /// # Units
    /// Columns are Unicode scalar values; a byte-order mark takes none.
    pub fn position(&self, place: Place) -> (usize, usize) {
        self.position_at(place.file, place.start)
    }

    /// The line and column of a byte, both counted from one; see [`Files::position`].
    pub fn position_at(&self, id: FileId, byte: usize) -> (usize, usize) {
        let file = self.file(id);
        let line = file.lines.partition_point(|start| *start <= byte);
        let start = file.lines[line - 1];
        let before = file.text.get(start..byte).unwrap_or_default();
        (line, 1 + before.trim_start_matches(BOM).chars().count())
    }

    fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }
}

/// The byte-order mark, which some editors put in front.
pub(crate) const BOM: char = '\u{feff}';

/// Why some bytes are not the text of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotText {
    /// What can be read, with U+FFFD in place of the rest.
    lossy: String,
    /// Where the first byte that is not UTF-8 stands.
    offset: usize,
    /// That byte.
    byte: u8,
    /// Whether the file begins with the byte-order mark of UTF-16.
    utf16: bool,
}

/// Reads bytes as UTF-8.
///
/// # Errors
/// [`NotText`] says where they stop being UTF-8.
pub fn text(bytes: Vec<u8>) -> Result<String, NotText> {
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        NotText {
            offset,
            byte: error.as_bytes()[offset],
            utf16,
            lossy: String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    })
}

impl NotText {
    /// Adds what can be read of the file, and points into it.
    pub(crate) fn diagnostic(self, files: &mut Files, path: &str) -> Diagnostic {
        let NotText {
            lossy,
            offset,
            byte,
            utf16,
        } = self;
        let file = files.add_unread(path, lossy);
        let place = Place {
            file,
            start: offset,
            end: offset + char::REPLACEMENT_CHARACTER.len_utf8(),
        };
        let (line, _) = files.position(place);
        let diagnostic = Diagnostic::error(
            codes::NOT_UTF8,
            format!("not valid UTF-8: byte 0x{byte:02x} at offset {offset}, line {line}"),
        )
        .at(place, "not UTF-8 from here on");
        match utf16 {
            true => diagnostic
                .note("the file looks like UTF-16")
                .help("save the file as UTF-8"),
            false => diagnostic.help("save the file as UTF-8; it may be in Latin-1 or Windows-1252 now"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let mut files = Files::new();
        let file = files.add("a.yaml", "\u{feff}é: x\r\nÜb\n".to_owned());
        let at = |needle: &str| {
            let start = files.text(file).find(needle).unwrap();
            files.position_at(file, start)
        };
        assert_eq!(at("é"), (1, 1));
        assert_eq!(at("x"), (1, 4));
        assert_eq!(at("b"), (2, 2));
        assert_eq!(files.position_at(file, files.text(file).len()), (3, 1));
    }

    #[test]
    fn latin1_is_refused_at_its_byte() {
        let mut files = Files::new();
        let mut found = Diagnostics::new();
        assert_eq!(
            files.add_bytes("l.yaml", b"a: b\ncaf\xe9: 1\n".to_vec(), &mut found),
            None
        );
        let found = found.sorted(&files);
        assert_eq!(found[0].code, codes::NOT_UTF8);
        assert_eq!(found[0].message, "not valid UTF-8: byte 0xe9 at offset 8, line 2");
        assert_eq!(files.position(found[0].place.unwrap()), (2, 4));
    }

    #[test]
    fn utf16_is_told_apart() {
        let reason = text(b"\xff\xfel\0e\0".to_vec()).unwrap_err();
        let diagnostic = reason.diagnostic(&mut Files::new(), "u.yaml");
        assert_eq!(diagnostic.helps, ["save the file as UTF-8"]);
        assert_eq!(diagnostic.notes, ["the file looks like UTF-16"]);
    }
}
