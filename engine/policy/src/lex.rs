//! Just enough of Cedar's tokens to find comments and entity names in a condition.

use std::ops::Range;

/// A token that matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// `// …` to the end of the line.
    Comment(Range<usize>),
    /// An identifier.
    Word(Range<usize>),
    /// `::`.
    Path,
    /// A string with its quotes.
    Text(Range<usize>),
    /// `;`, at this byte.
    End(usize),
    /// Anything else but space.
    Other,
}

/// The tokens of a text that need not be Cedar at all.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = if first.is_whitespace() {
            (None, first.len_utf8())
        } else if rest.starts_with("//") {
            let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
            (Some(Token::Comment(at..at + length)), length)
        } else if rest.starts_with("::") {
            (Some(Token::Path), 2)
        } else if first == ';' {
            (Some(Token::End(at)), 1)
        } else if first == '"' {
            let length = string_length(rest);
            (Some(Token::Text(at..at + length)), length)
        } else if first == '_' || first.is_ascii_alphabetic() {
            let length = rest
                .find(|c: char| c != '_' && !c.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            (Some(Token::Word(at..at + length)), length)
        } else {
            (Some(Token::Other), first.len_utf8())
        };
        tokens.extend(token);
        at += length;
    }
    tokens
}

/// The bytes of a string literal, its quotes included; to the end where it is never closed.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Where the first comment stands.
pub(crate) fn first_comment(text: &str) -> Option<Range<usize>> {
    tokens(text).into_iter().find_map(|token| match token {
        Token::Comment(range) => Some(range),
        _ => None,
    })
}

/// The entity names of a text, `Group::"banking"`: type, string with its quotes, and where both stand together.
pub(crate) fn entity_names(text: &str) -> Vec<(String, String, Range<usize>)> {
    let tokens: Vec<Token> = tokens(text)
        .into_iter()
        .filter(|token| !matches!(token, Token::Comment(_)))
        .collect();
    let mut names = Vec::new();
    let mut path: Option<(String, usize)> = None;
    for (at, token) in tokens.iter().enumerate() {
        let after_path = at > 0 && tokens[at - 1] == Token::Path;
        path = match (token, path) {
            (Token::Word(range), Some((name, start))) if after_path => {
                Some((format!("{name}::{}", &text[range.clone()]), start))
            }
            (Token::Word(range), _) => Some((text[range.clone()].to_owned(), range.start)),
            (Token::Path, path) => path,
            (Token::Text(range), Some((name, start))) if after_path => {
                names.push((name, text[range.clone()].to_owned(), start..range.end));
                None
            }
            _ => None,
        };
    }
    names
}

/// The policies of a file, each with its `;`; what follows the last one, if it is more than comments, comes last.
pub(crate) fn statements(text: &str) -> Vec<Range<usize>> {
    let mut statements = Vec::new();
    let (mut start, mut begun) = (0, false);
    for token in tokens(text) {
        match token {
            Token::End(at) => {
                statements.push(start..at + 1);
                (start, begun) = (at + 1, false);
            }
            Token::Comment(_) => {}
            _ => begun = true,
        }
    }
    if begun {
        statements.push(start..text.len());
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_found_outside_strings_only() {
        assert_eq!(first_comment(r#"a == "http://x" && b // see"#), Some(21..27));
        assert_eq!(first_comment(r#"a == "\" // no""#), None);
        assert_eq!(first_comment("a // x\n b"), Some(2..6));
    }

    #[test]
    fn entity_names_are_found_with_their_places() {
        let text = r#"principal in Group :: "a\"b" || x == Firm::Desk::"rates" && "Group::\"no\"" == y"#;
        let found = entity_names(text);
        let plain: Vec<_> = found.iter().map(|(kind, id, _)| (kind.as_str(), id.as_str())).collect();
        assert_eq!(plain, [("Group", r#""a\"b""#), ("Firm::Desk", r#""rates""#)]);
        assert_eq!(&text[found[1].2.clone()], r#"Firm::Desk::"rates""#);
    }

    #[test]
    fn a_file_falls_into_its_policies() {
        let text = "a \"x;y\"; // b;\n b; // end";
        let each: Vec<_> = statements(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(each, ["a \"x;y\";", " // b;\n b;"]);
        assert_eq!(statements("a; b").len(), 2);
        assert!(statements("// nothing").is_empty());
    }

    #[test]
    fn any_text_at_all_is_walked_to_its_end() {
        for text in ["\"", "\"\\", "::\"x\"", "é//é", "//", "a::", ""] {
            assert!(tokens(text).len() <= text.len(), "{text}");
            entity_names(text);
        }
    }
}
