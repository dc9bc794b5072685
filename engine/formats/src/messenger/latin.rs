//! Text that was UTF-8, was taken for Latin-1, and escaped byte by byte: `\u00c3\u00a9` for `é`.

/// JSON with the texts repaired that are damaged so; `None` when there are none.
///
/// A text is damaged if all of it is in Latin-1 and its bytes are UTF-8; any other text stays as it is.
pub(super) fn repaired(json: &str) -> Option<String> {
    let bytes = json.as_bytes();
    if bytes.is_ascii() && memchr::memmem::find(bytes, b"\\u00").is_none() {
        return None;
    }
    let mut whole = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(open) = memchr::memchr(b'"', &bytes[at..]) {
        let start = at + open + 1;
        let Some(end) = end_of_text(bytes, start) else { break };
        if let Some(text) = text(&json[start..end]) {
            whole.push_str(&json[copied..start]);
            whole.push_str(&text);
            copied = end;
        }
        at = end + 1;
    }
    (copied > 0).then(|| whole + &json[copied..])
}

/// Where the quote stands that ends a text.
fn end_of_text(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// One text, repaired, with its other escapes as they were.
fn text(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    let mut damaged = false;
    while let Some(char) = rest.chars().next() {
        let (code, length) = match rest.strip_prefix("\\u") {
            Some(digits) => (u32::from_str_radix(digits.get(..4)?, 16).ok()?, 6),
            None => (u32::from(char), char.len_utf8()),
        };
        let byte = u8::try_from(code).ok()?;
        let escape = if char == '\\' { length.max(2) } else { length };
        if byte.is_ascii() {
            bytes.extend_from_slice(rest.get(..escape)?.as_bytes());
        } else {
            bytes.push(byte);
            damaged = true;
        }
        rest = &rest[escape..];
    }
    String::from_utf8(bytes).ok().filter(|_| damaged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_damaged_is_repaired_and_nothing_else() {
        for (json, expected) in [
            (r#"{"a":"J\u00e2\u009d\u00a4"}"#, Some(r#"{"a":"J❤"}"#)),
            (
                r#"{"\u00c3\u00a9":"\"\\ \n \u0041\u00c3\u00a9"}"#,
                Some(r#"{"é":"\"\\ \n \u0041é"}"#),
            ),
            (r#""Ã©""#, Some(r#""é""#)),
            (r#""\u00e9""#, None),
            (r#""\u00c3\u00a9 \u20ac""#, None),
            (r#""\ud83d\ude00\u00c3\u00a9""#, None),
            (r#""plain""#, None),
            (r#""\\u00c3\\u00a9""#, None),
            (r#""\u00c3\u00a9"#, None),
            (r#""é""#, None),
            (r#""\u00zz\u00c3\u00a9""#, None),
            ("\"\\é", None),
        ] {
            assert_eq!(repaired(json).as_deref(), expected, "{json}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// What was damaged as Facebook damages it comes back as it was.
        #[test]
        fn every_text_comes_back(text in "[a-z\"\\\\\n❤é😀 ]{0,12}") {
            let json = serde_json::to_string(&text).unwrap();
            let damaged: String = json
                .bytes()
                .map(|byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("\\u{byte:04x}") })
                .collect();
            let whole = repaired(&damaged).unwrap_or(damaged);
            prop_assert_eq!(serde_json::from_str::<String>(&whole).unwrap(), text);
        }

        /// Any text ends, without a panic.
        #[test]
        fn any_text_comes_to_an_end(text in "[\"\\\\u0cé€]{0,20}") {
            let _ = repaired(&text);
        }
    }
}
