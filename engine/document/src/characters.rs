//! Characters that may not stand in a document: those that readers of YAML disagree about, and
//! those that nobody sees.

use std::ops::Range;

use crate::files::BOM;
use crate::{Diagnostic, codes};

/// Where such characters stand, with what is told about them.
pub(crate) fn refused(text: &str) -> impl Iterator<Item = (Range<usize>, Diagnostic)> {
    leading_tabs(text).chain(controls(text))
}

/// The tabs in the white space that lines begin with.
fn leading_tabs(text: &str) -> impl Iterator<Item = (Range<usize>, Diagnostic)> {
    let mut next = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = next;
        next += line.len();
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        let tab = line[..blank].find('\t')?;
        let diagnostic = Diagnostic::error(codes::TAB, "a line begins with a tab").help("indent with spaces");
        Some((start + tab..start + blank, diagnostic))
    })
}

/// Control characters, and line breaks that only some know.
fn controls(text: &str) -> impl Iterator<Item = (Range<usize>, Diagnostic)> {
    let is_plain = |c: char| c.is_ascii_graphic() || matches!(c, ' ' | '\n' | '\t');
    text.char_indices()
        .filter(move |(_, c)| !is_plain(*c))
        .filter_map(|(at, c)| {
            let reason = match c {
                '\r' if text[at + 1..].starts_with('\n') => return None,
                '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => "is a line break to some readers and not to others",
                BOM | '\u{fffe}' | '\u{ffff}' => "is not allowed here",
                c if c.is_control() => "is a control character",
                _ => return None,
            };
            let message = format!("the character U+{:04X} {reason}", u32::from(c));
            let diagnostic = Diagnostic::error(codes::CONTROL_CHARACTER, message)
                .help("delete it, or write it as an escape in a double-quoted text");
            Some((at..at + c.len_utf8(), diagnostic))
        })
}
