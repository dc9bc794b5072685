//! What changes in a text, as patches show it.

use lexhold_document::printable;
use similar::TextDiff;

/// The unified difference between two states of a file.
pub fn unified(path: &str, before: &str, after: &str) -> String {
    let path = printable(path);
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().header(&path, &path).to_string()
}
