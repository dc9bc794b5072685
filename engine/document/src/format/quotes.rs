//! Scalars on one line, with quotes where they are needed.

use crate::{Value, scalar};

/// A scalar as it is to be written, from how it is written and what it says.
///
/// Quotes go where the text is words that no reader of YAML takes for anything else. What looks like a pattern, a place or a
/// number keeps them.
pub(super) fn scalar(written: &str, says: &str) -> String {
    if written.starts_with(['\'', '"']) && needs_none(says) {
        says.to_owned()
    } else {
        written.to_owned()
    }
}

/// What no plain key begins with, or not always.
const INDICATORS: [char; 19] = [
    '-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`',
];

/// A key as it is to be written.
pub(super) fn key(written: &str, says: &str) -> String {
    // A key may be a block, and is then laid out as none.
    let is_plain = written == says && !says.starts_with(INDICATORS) && !says.contains([':', '#', '\n']);
    let is_quoted = !says.contains('\n') && written == format!("'{}'", says.replace('\'', "''"));
    if needs_none(says) {
        says.to_owned()
    } else if is_quoted || is_plain {
        written.to_owned()
    } else {
        serde_json::Value::from(says).to_string()
    }
}

/// Whether a text is words that need no quotes, neither in a block nor in brackets.
fn needs_none(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || " _-./'&@".contains(c);
    let is_word = scalar::resolve(text) == Ok(Value::Text(text.to_owned()));
    let others_read_it = matches!(text, "y" | "Y" | "n" | "N");
    text.starts_with(char::is_alphabetic)
        && text.chars().all(is_plain)
        && !text.ends_with(' ')
        && is_word
        && !others_read_it
}
