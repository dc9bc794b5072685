//! Making strings safe to show.

/// The string with everything escaped that could move, hide or reorder what a terminal shows:
/// control characters, line breaks, bidirectional controls, invisible characters and tags.
///
/// ```
/// use lexhold_document::printable;
/// assert_eq!(printable("plain, ünd 🙂"), "plain, ünd 🙂");
/// assert_eq!(printable("\u{1b}[31m\n\u{202e}"), r"\u{1b}[31m\n\u{202e}");
/// ```
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Joiners (U+200C, U+200D) stay: emoji and Indic scripts need them, and they move nothing.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_moves_or_hides_text() {
        for c in [
            '\0',
            '\t',
            '\r',
            '\u{7f}',
            '\u{85}',
            '\u{2029}',
            '\u{2066}',
            '\u{e0041}',
        ] {
            let shown = printable(&format!("a{c}b"));
            assert!(
                shown.is_ascii() && shown.starts_with("a\\") && shown.ends_with('b'),
                "{shown}"
            );
        }
    }

    #[test]
    fn leaves_text_alone() {
        let text = "日本語 \u{5e9}\u{5dc} e\u{301} 👩\u{200d}💻 <script> ::error::";
        assert_eq!(printable(text), text);
    }
}
