//! Writing YAML that people can read and the guarded reader takes as it was meant.
//!
//! One way to write each text: plain where nobody can take it for anything else, in single quotes on one line, as a
//! literal block over several, and in double quotes where a character has to be escaped. A test writes any tree and
//! reads it back.

use std::fmt::Write as _;

/// A value to write.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Yaml {
    /// A whole number.
    Int(i64),
    /// A finite number with a fraction.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// Text.
    Text(String),
    /// A list, one item a line.
    List(Vec<Yaml>),
    /// A map, one key a line.
    Map(Vec<(&'static str, Yaml)>),
    /// A list or map of scalars, in brackets.
    Flow(Box<Yaml>),
}

impl Yaml {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Yaml {
        Yaml::Text(text.into())
    }

    /// A list of texts, one a line.
    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Yaml {
        Yaml::List(texts.into_iter().map(Yaml::text).collect())
    }
}

/// A whole document.
pub(crate) fn write(entries: &[(&'static str, Yaml)]) -> String {
    let mut out = String::new();
    map(entries, 0, &mut out);
    out
}

fn map(entries: &[(&'static str, Yaml)], depth: usize, out: &mut String) {
    for (n, (key, value)) in entries.iter().enumerate() {
        if n > 0 {
            indent(depth, out);
        }
        out.push_str(key);
        out.push(':');
        below(value, depth, out);
    }
}

/// What stands behind a key.
fn below(value: &Yaml, depth: usize, out: &mut String) {
    match value {
        Yaml::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            indent(depth + 1, out);
            map(entries, depth + 1, out);
        }
        Yaml::List(items) if !items.is_empty() => {
            out.push('\n');
            for item in items {
                indent(depth + 1, out);
                out.push('-');
                item_below(item, depth + 1, out);
            }
        }
        value => {
            out.push(' ');
            scalar_or_flow(value, depth + 1, out);
            out.push('\n');
        }
    }
}

/// What stands behind the dash of an item.
fn item_below(item: &Yaml, depth: usize, out: &mut String) {
    out.push(' ');
    match item {
        Yaml::Map(entries) if !entries.is_empty() => map(entries, depth + 1, out),
        Yaml::List(items) if !items.is_empty() => {
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    indent(depth + 1, out);
                }
                out.push('-');
                item_below(item, depth + 1, out);
            }
        }
        value => {
            scalar_or_flow(value, depth + 1, out);
            out.push('\n');
        }
    }
}

fn scalar_or_flow(value: &Yaml, depth: usize, out: &mut String) {
    match value {
        Yaml::Text(value) => text(value, Some(depth), out),
        value => flow(value, out),
    }
}

fn flow(value: &Yaml, out: &mut String) {
    match value {
        Yaml::Int(number) => out.push_str(&number.to_string()),
        Yaml::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Yaml::Float(number) => out.push_str(&format!("{number:?}")),
        Yaml::Text(value) => text(value, None, out),
        Yaml::Flow(inner) => flow(inner, out),
        Yaml::List(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                flow(item, out);
            }
            out.push(']');
        }
        Yaml::Map(entries) => {
            out.push('{');
            for (n, (key, value)) in entries.iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { " " });
                out.push_str(key);
                out.push_str(": ");
                flow(value, out);
            }
            out.push_str(if entries.is_empty() { "}" } else { " }" });
        }
    }
}

/// A text; a literal block only where a depth to write it at is given.
fn text(text: &str, block: Option<usize>, out: &mut String) {
    // `${` opens a parameter in any text of a document.
    let text = &text.replace("${", "$${");
    match block {
        _ if is_plain(text, block.is_none()) => out.push_str(text),
        Some(depth) if is_block(text) => {
            out.push_str("|-");
            for line in text.split('\n') {
                out.push('\n');
                if !line.is_empty() {
                    indent(depth, out);
                    out.push_str(line);
                }
            }
        }
        _ if text.chars().all(is_visible) => {
            out.push('\'');
            out.push_str(&text.replace('\'', "''"));
            out.push('\'');
        }
        _ => double_quoted(text, out),
    }
}

fn double_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_visible(c) => out.push(c),
            c => {
                let code = u32::from(c);
                // Writing into a string cannot fail.
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push('"');
}

/// Whether no reader of YAML can take a text for anything but this text.
fn is_plain(text: &str, in_brackets: bool) -> bool {
    const MEANT_OTHERWISE: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let inside = |c: char| {
        c.is_alphanumeric()
            || matches!(c, ' ' | '_' | '-' | '.' | '/' | '@' | '+')
            || !in_brackets && matches!(c, ',' | '(' | ')' | ';' | '!' | '?' | '=' | '\'')
    };
    is_version(text)
        || text.starts_with(char::is_alphabetic)
            && text.chars().all(|c| inside(c) && is_visible(c))
            && !text.ends_with(' ')
            && !MEANT_OTHERWISE.contains(&text.to_lowercase().as_str())
}

/// Whether a text is three numbers, which is no number.
fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(is_number)
}

/// Whether a text can stand as a literal block without an indentation of its own.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\t', '\n'])
        && !text.ends_with('\n')
        && text.split('\n').all(|line| {
            line.chars().all(is_visible) && !line.starts_with('\t') && (line.is_empty() || !line.trim().is_empty())
        })
}

/// Whether a character shows as itself, and is no line break.
fn is_visible(c: char) -> bool {
    let mut buffer = [0; 4];
    let shown: &str = c.encode_utf8(&mut buffer);
    lexhold_document::printable(shown) == shown
        && (!c.is_whitespace() || c == ' ')
        && !matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{fffe}' | '\u{ffff}')
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use lexhold_document::{Diagnostics, Files, Node, OpenError, Value, load};
    use proptest::prelude::*;

    use super::*;

    /// What the guarded reader makes of a text.
    fn read(yaml: &str) -> Result<Node, String> {
        let mut files = Files::new();
        let mut diagnostics = Diagnostics::new();
        let file = files.add("a.yaml", yaml.to_owned());
        let mut documents = load(&mut files, &[file], &mut |_| Err(OpenError::NotFound), &mut diagnostics);
        if diagnostics.has_errors() {
            return Err(format!("{diagnostics:?}\n{yaml}"));
        }
        documents
            .pop()
            .map(|document| document.root)
            .ok_or_else(|| yaml.to_owned())
    }

    fn same(node: &Node, yaml: &Yaml) -> bool {
        match (&node.value, yaml) {
            (Value::Int(read), Yaml::Int(written)) => read == written,
            (Value::Float(read), Yaml::Float(written)) => read == written,
            (Value::Bool(read), Yaml::Bool(written)) => read == written,
            (Value::Text(read), Yaml::Text(written)) => read == written,
            (Value::List(read), Yaml::List(written)) => {
                read.len() == written.len() && read.iter().zip(written).all(|(node, yaml)| same(node, yaml))
            }
            (Value::Map(read), Yaml::Map(written)) => {
                read.len() == written.len()
                    && read
                        .iter()
                        .zip(written)
                        .all(|(entry, (key, yaml))| entry.key == *key && same(&entry.node, yaml))
            }
            (_, Yaml::Flow(inner)) => same(node, inner),
            _ => false,
        }
    }

    fn document(value: Yaml) -> Vec<(&'static str, Yaml)> {
        vec![
            ("lexhold", Yaml::Int(1)),
            ("lexicon", Yaml::text("words")),
            ("terms", value),
        ]
    }

    fn survives(value: Yaml) -> Result<(), String> {
        let yaml = write(&document(value.clone()));
        let root = read(&yaml)?;
        let read = root.get("terms").ok_or("no terms")?;
        if same(read, &value) {
            Ok(())
        } else {
            Err(format!("{:?} is not {value:?} in\n{yaml}", read.value))
        }
    }

    #[test]
    fn texts_that_others_take_for_something_else() {
        let hard = [
            "",
            " ",
            "~",
            "null",
            "No",
            "y",
            "0x1f",
            "1_000",
            "007",
            "1.5",
            "1e3",
            "-",
            "- a",
            "? a",
            ": a",
            "a: b",
            "a #b",
            "#",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "'",
            "''",
            "\"",
            "\\",
            "{a",
            "[a",
            "a, b",
            "}",
            "=",
            "<<",
            "${name}",
            "$${name}",
            "$$${",
            "a\n",
            "\na",
            "a\n\nb",
            " a\nb",
            "a \nb ",
            "a\tb",
            "\ta\nb",
            "a\r\nb",
            "\u{85}",
            "\u{2028}",
            "\u{feff}a",
            "\u{200b}",
            "e\u{301}",
            "\u{ad}",
            "\0",
            "\u{1b}[0m",
            "\u{202e}x",
            "2026-11-22",
            "---",
            "...",
            "--- a",
            "a\n--- b",
            "a\n...",
            "a\n#b",
            "a:\nb",
            "🧑\u{200d}🚀",
            "\u{e000}",
            "\u{fffe}",
            "\u{10ffff}",
            "true",
            "TRUE",
            "<<: a",
            "a:",
            "a\n  b\n c",
        ];
        for text in hard {
            for value in [
                Yaml::text(text),
                Yaml::List(vec![Yaml::text(text), Yaml::text("b")]),
                Yaml::Flow(Box::new(Yaml::texts([text, text]))),
                Yaml::Map(vec![("a", Yaml::text(text)), ("b", Yaml::List(vec![Yaml::text(text)]))]),
            ] {
                survives(value).unwrap();
            }
        }
    }

    #[test]
    fn what_it_looks_like() {
        let rule = Yaml::Map(vec![
            ("id", Yaml::text("a.b")),
            ("match", Yaml::Map(vec![("regex", Yaml::text("(?x)\n a  # b\n c"))])),
            (
                "unless",
                Yaml::List(vec![Yaml::Map(vec![
                    ("regex", Yaml::text(r"\bit's")),
                    ("within", Yaml::Int(1)),
                ])]),
            ),
            (
                "validate",
                Yaml::Flow(Box::new(Yaml::Map(vec![("min", Yaml::Float(3.0))]))),
            ),
            ("labels", Yaml::Flow(Box::new(Yaml::texts(["a b", "on", "a,b"])))),
        ]);
        let expected = r"lexhold: 1
lexicon: words
terms:
  - id: a.b
    match:
      regex: |-
        (?x)
         a  # b
         c
    unless:
      - regex: '\bit''s'
        within: 1
    validate: { min: 3.0 }
    labels: [a b, 'on', 'a,b']
";
        assert_eq!(write(&document(Yaml::List(vec![rule]))), expected);
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[ a\\n\\t:#'\"$\\{\\}\\-?|>&*!%@`\\\\,\\[\\]~0-9.]{0,12}",
        ]
    }

    fn any_yaml() -> impl Strategy<Value = Yaml> {
        let scalar = prop_oneof![
            any_text().prop_map(Yaml::Text),
            (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Yaml::Int),
            (-1e9..1e9).prop_map(Yaml::Float),
            any::<bool>().prop_map(Yaml::Bool),
        ];
        scalar.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Yaml::List),
                prop::collection::vec(inner.clone(), 0..4)
                    .prop_map(|values| Yaml::Map(["a", "b", "c", "d"].into_iter().zip(values).collect())),
                prop::collection::vec(any_text().prop_map(Yaml::Text), 0..4)
                    .prop_map(|texts| Yaml::Flow(Box::new(Yaml::List(texts)))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn what_is_written_is_read_back(value in any_yaml()) {
            survives(value).map_err(TestCaseError::fail)?;
        }
    }
}
