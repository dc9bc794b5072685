//! The comments of a file, told from `#` in texts by the parser itself.

use granit_parser::{Event, Parser};

use crate::files::BOM;
use crate::{FileId, Files, Place, read};

/// A comment and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// From its `#` to the end of the line.
    pub place: Place,
    /// Whether nothing but white space stands before it on its line.
    pub own_line: bool,
}

/// Every comment of a file, in order; of a file that is not YAML, those before the place where it stops being it.
pub fn comments(files: &Files, file: FileId) -> Vec<Comment> {
    let text = files.text(file);
    let body = text.strip_prefix(BOM).unwrap_or(text);
    let base = text.len() - body.len();
    let mut found: Vec<Comment> = Parser::new_from_str_with_options(body, read::options(true))
        .map_while(Result::ok)
        .filter(|(event, _)| matches!(event, Event::Comment(..)))
        .filter_map(|(_, span)| {
            let range = span.byte_range()?;
            let before = body[..range.start].rsplit('\n').next().unwrap_or_default();
            Some(Comment {
                place: Place {
                    file,
                    start: base + range.start,
                    end: base + range.start + body[range].trim_end().len(),
                },
                own_line: before.trim().is_empty(),
            })
        })
        .collect();
    found.sort_by_key(|comment| comment.place.start);
    found
}
